"""Outcomes of one row: the graph that is sampled, its gradient, and its numpy twin."""

import numpy as np
import pytensor
import pytest

from bayescich.sampling.chain import PLAIN
from tests.model.responses import (
    BLANK,
    OTHERS,
    OUTCOMES,
    density_and_gradient,
    of_outcomes,
    response_toy,
)
from tests.model.toy import Toy


def along_directions(a_toy: Toy, seed: int) -> tuple[list[float], list[float]]:
    """The slope along random directions, by the gradient and by differences."""
    point = a_toy.point(seed)
    _, gradient = density_and_gradient(a_toy, point)
    rng, step = np.random.default_rng(seed), 1e-6
    stated, found = [], []
    for _ in range(3):
        away = {name: rng.standard_normal(np.shape(value)) for name, value in point.items()}
        stated.append(sum(float(np.sum(gradient[name] * away[name])) for name in point))
        ahead, behind = (
            density_and_gradient(a_toy, {n: v + h * away[n] for n, v in point.items()})[0]
            for h in (step, -step)
        )
        found.append((ahead - behind) / (2 * step))
    return stated, found


@pytest.mark.parametrize("name", OUTCOMES)
def test_the_graph_is_its_twin_and_its_gradient_that_of_differences(name: str) -> None:
    a_toy = response_toy(name)
    for seed in (1, 2):
        point = a_toy.point(seed)
        draws = a_toy.draws(point)
        eta = a_toy.structure.linear_predictor(draws, a_toy.design)
        by_unit = a_toy.likelihood.log_likelihood(draws, eta, a_toy.design)
        assert by_unit.shape == (1, a_toy.design.unit.size)
        np.testing.assert_allclose(by_unit.sum(), of_outcomes(a_toy, point), rtol=1e-10)
    stated, found = along_directions(a_toy, 3)
    np.testing.assert_allclose(stated, found, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("name", ["measurement", "hurdle", "activity", "grade recorded", "joint"])
def test_with_blanks_the_gradient_is_that_of_differences(name: str) -> None:
    a_toy = response_toy(name, (BLANK, *OTHERS))
    assert a_toy.design.fixed is not None
    assert [hole.is_binary for hole in a_toy.design.fixed.holes] == [False, True]
    stated, found = along_directions(a_toy, 4)
    np.testing.assert_allclose(stated, found, rtol=1e-6, atol=1e-5)


def test_compiled_with_the_graph_it_is_the_same() -> None:
    # one case of all: a child effect, turned outcomes, blanks of both kinds
    a_toy = response_toy("joint", ({**BLANK, "means_by": None}, OTHERS[0]))
    model, point = a_toy.model, a_toy.point(5)
    outcomes = [p for p in model.potentials if p.name == "log_likelihood"]
    (graph,) = model.replace_rvs_by_values(outcomes)
    slopes = pytensor.grad(graph, model.value_vars, disconnected_inputs="ignore")
    values = [point[v.name] for v in model.value_vars]
    both = [
        pytensor.function(model.value_vars, [graph, *slopes], mode=mode, on_unused_input="ignore")(
            *values
        )
        for mode in ("NUMBA", PLAIN)
    ]
    for ours, theirs in zip(*both, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-11)
