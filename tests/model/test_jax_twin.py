"""The fused likelihood in JAX against the one in numba: value and gradient."""

from typing import Any

import jax
import numpy as np
import pytensor
import pytest

from bayescich.model import make_structure
from bayescich.model.hazard import jax_twin
from bayescich.model.hazard.arrays import HazardArrays
from bayescich.model.hazard.kernel import GAMMA, LOG_NORMAL, NO_FRAILTY
from bayescich.model.hazard.operation import KINDS, kernel_of
from bayescich.sampling.chain import PLAIN
from tests.model.test_hazard_operation import CASES, Problem

jax.config.update("jax_enable_x64", True)


def arrays_of(problem: Problem) -> tuple[HazardArrays, int, int]:
    structure = make_structure(problem.spec)
    layouts = tuple(e.layout(problem.design) for e in structure.effects)
    return (
        structure.likelihood.arrays(problem.design, layouts),
        problem.routes,
        (KINDS[structure.likelihood.family.kind]),
    )


def learnt(arrays: HazardArrays, seed: int, frailty: float = 0.6) -> list[Any]:
    rng = np.random.default_rng(seed)
    shapes = (arrays.level_events, arrays.covariate_events, arrays.band_events)
    levels, slopes, baseline = (0.4 * rng.standard_normal(a.shape) for a in shapes)
    return [levels, slopes, baseline - 0.5, np.float64(frailty)]


def assert_alike(arrays: HazardArrays, routes: int, kind: int, point: list[Any]) -> None:
    ours = kernel_of(routes, kind)(*point[:3], float(point[3]), *arrays.in_order())
    function = jax_twin.fused(arrays, kind)
    theirs = jax.jit(function)(*point)
    # the derivative that a sampler takes is the gradient that came with the value
    derivative = jax.grad(lambda *at: function(*at)[0], argnums=(0, 1, 2, 3))(*point)
    for one, other, third in zip(ours, theirs, [ours[0], *derivative], strict=True):
        largest = max(np.abs(one).max(initial=0.0), 1.0)
        np.testing.assert_allclose(other, one, rtol=1e-8, atol=1e-10 * largest)
        np.testing.assert_allclose(third, one, rtol=1e-8, atol=1e-10 * largest)
        assert np.asarray(other).dtype == np.float64


@pytest.mark.parametrize("name", CASES)
def test_value_and_gradient_are_those_of_numba(name: str) -> None:
    arrays, routes, kind = arrays_of(Problem(**CASES[name]))
    assert_alike(arrays, routes, kind, learnt(arrays, 1))


@pytest.mark.parametrize("kind", [GAMMA, LOG_NORMAL, NO_FRAILTY])
@pytest.mark.parametrize("frailty", [1e-6, 2.0])
def test_little_and_much_frailty(kind: int, frailty: float) -> None:
    arrays, routes, _ = arrays_of(Problem(**CASES["late, divided out"]))
    assert_alike(arrays, routes, kind, learnt(arrays, 2, frailty))


@pytest.mark.parametrize("most", [5, 200])
def test_few_levels_are_summed_by_a_product_as_on_a_gpu(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    assert jax_twin.most_summed_by_product() == 0  # these tests run on a processor
    arrays, routes, kind = arrays_of(Problem(**CASES["routes, late"]))
    monkeypatch.setattr(jax_twin, "most_summed_by_product", lambda: most)
    assert_alike(arrays, routes, kind, learnt(arrays, 3))


def test_chains_side_by_side_are_those_one_by_one() -> None:
    arrays, _, kind = arrays_of(Problem(**CASES["late, log-normal"]))
    points = [learnt(arrays, seed) for seed in (4, 5, 6)]
    together = [np.stack(parts) for parts in zip(*points, strict=True)]
    function = jax_twin.fused(arrays, kind)
    gradient = jax.grad(lambda *at: function(*at)[0], argnums=(0, 3))
    side_by_side = jax.vmap(gradient)(*together)
    for place, point in enumerate(points):
        for many, one in zip(side_by_side, gradient(*point), strict=True):
            np.testing.assert_allclose(many[place], one, rtol=1e-10, atol=1e-10)


def test_a_model_is_the_same_density_in_jax() -> None:
    from pymc.sampling.jax import get_jaxified_logp

    from tests.model.history import history

    jax_twin.register()
    effects = ({"kind": "fixed", "formula": "age"}, {"kind": "needs"}, {"kind": "home_type"})
    a_toy = history(
        (*effects, {"kind": "group", "by": "home", "across_routes": "independent"}),
        competing=True,
        frailty="child",
        entry="entry",
        late_entry="ratio",
        recording="authority",
    )
    density = get_jaxified_logp(a_toy.model)
    values = a_toy.point(7)
    point = [values[v.name] for v in a_toy.model.value_vars]
    there, gradient = jax.value_and_grad(density)(point)
    model = a_toy.model
    slopes = pytensor.grad(model.logp(), model.value_vars)
    parts = [part.sum() for part in model.logp(sum=False)]
    ours = pytensor.function(model.value_vars, [*parts, *slopes], mode=PLAIN)(*point)
    np.testing.assert_allclose(there, sum(ours[: len(parts)]), rtol=1e-10)
    for one, other in zip(gradient, ours[len(parts) :], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-8)
