"""The fused likelihood of responses in JAX against the one in numba: value and gradient."""

from dataclasses import replace
from typing import Any

import jax
import numpy as np
import pytensor
import pytest

from bayescich.model.hazard import jax_twin as hazard_twin
from bayescich.model.response import jax_twin
from bayescich.model.response.arrays import ResponseArrays
from bayescich.model.response.families import (
    BETA_BINOMIAL,
    BINOMIAL,
    CATEGORICAL,
    CLOGLOG,
    NORMAL,
    ORDINAL,
    TRUNCATED,
)
from bayescich.model.response.operation import kernel_of
from bayescich.model.response.quadrature import common_nodes
from bayescich.sampling.chain import PLAIN
from tests.model.toy import toy

jax.config.update("jax_enable_x64", True)

ROWS, LEVELS, COVARIATES = 40, 9, 3
WIDTH = {CATEGORICAL: 3}
EXTRAS = {BETA_BINOMIAL: 1, TRUNCATED: 1, NORMAL: 1, ORDINAL: 3}
TRIALS = 12

ALONE = {
    "binomial": (BINOMIAL,),
    "cloglog": (CLOGLOG,),
    "beta-binomial": (BETA_BINOMIAL,),
    "truncated": (TRUNCATED,),
    "categorical": (CATEGORICAL,),
    "ordinal": (ORDINAL,),
    "normal": (NORMAL,),
}
TOGETHER = {
    "hurdle": (BINOMIAL, TRUNCATED),
    "all": (BINOMIAL, CLOGLOG, BETA_BINOMIAL, TRUNCATED, CATEGORICAL, ORDINAL, NORMAL),
}


def cells(rng: np.random.Generator, most: int) -> tuple[Any, Any]:
    """Blanks of each row, up to ``most``: where they begin, and which covariate."""
    count = rng.integers(0, most + 1, ROWS)
    start = np.r_[0, np.cumsum(count)].astype(np.int64)
    return start, rng.integers(0, COVARIATES, start[-1]).astype(np.int32)


def outcomes(rng: np.random.Generator, kind: int) -> tuple[Any, Any]:
    """Values of one response, and its trials, exposure or known error."""
    ones = np.ones(ROWS)
    if kind in (BINOMIAL, BETA_BINOMIAL):
        size = rng.integers(1, 3 * TRIALS, ROWS).astype(float)
        return np.floor(rng.random(ROWS) * (size + 1.0)), size
    if kind == TRUNCATED:
        return rng.integers(1, TRIALS + 1, ROWS).astype(float), TRIALS * ones
    if kind == CLOGLOG:
        return rng.integers(0, 2, ROWS).astype(float), rng.uniform(0.1, 3.0, ROWS)
    if kind == NORMAL:
        return rng.standard_normal(ROWS), rng.uniform(0.5, 2.0, ROWS)
    return rng.integers(0, 4, ROWS).astype(float), ones


def problem(
    kinds: tuple[int, ...],
    *,
    nodes: int = 1,
    holes: int = 0,
    flips: int = 0,
    coupled: bool = False,
    turned: bool = False,
) -> tuple[ResponseArrays, list[Any]]:
    """Return arrays of every sort, and a point at which to evaluate them."""
    rng = np.random.default_rng(11)
    widths = np.array([WIDTH.get(kind, 1) for kind in kinds])
    starts = np.r_[0, np.cumsum(widths)]
    extra_start = np.r_[0, np.cumsum([EXTRAS.get(kind, 0) for kind in kinds])].astype(np.int64)
    label_start = np.r_[0, np.cumsum(rng.integers(0, 3, ROWS))].astype(np.int64)
    hole_start, hole = cells(rng, holes)
    flip_start, flip = cells(rng, flips)
    y, size = (np.stack(x, axis=1) for x in zip(*(outcomes(rng, k) for k in kinds), strict=True))
    seen = rng.random(y.shape) < 0.8
    seen[0] = False  # a row that says nothing
    rule = common_nodes(nodes)
    coupling = np.full(len(kinds), -1)
    if coupled:
        coupling[0] = starts[1]  # the first is whether the second is recorded
    arrays = ResponseArrays(
        codes=np.stack([rng.integers(0, 4, ROWS), rng.integers(4, 6, ROWS)], 1).astype(np.int32),
        label_start=label_start,
        labels=rng.integers(6, LEVELS, label_start[-1]).astype(np.int32),
        label_weight=rng.random(label_start[-1]),
        covariates=rng.standard_normal((ROWS, COVARIATES)),
        hole_start=hole_start,
        hole=hole,
        flip_start=flip_start,
        flip=flip,
        flip_low=np.full(len(flip), -0.4),
        flip_high=np.full(len(flip), 0.6),
        y=y,
        size=size,
        seen=seen.astype(np.int8),
        kind=np.array(kinds, dtype=np.int64),
        column=starts[:-1].astype(np.int64),
        width=widths.astype(np.int64),
        extra_start=extra_start,
        coupled=coupling.astype(np.int64),
        turn=np.full(len(kinds), -1.0 if turned else 1.0),
        points=rule.points,
        log_weights=rule.log_weights,
    )
    return arrays, point_of(arrays, int(starts[-1]), kinds, seed=1)


def point_of(arrays: ResponseArrays, columns: int, kinds: tuple[int, ...], seed: int) -> list[Any]:
    rng = np.random.default_rng(seed)
    shapes = ((LEVELS, columns), (COVARIATES, columns), (columns,), (columns,), (len(kinds),))
    levels, coefficients, offset, loading, coupling = (
        0.5 * rng.standard_normal(shape) for shape in shapes
    )
    extra = 0.5 * rng.standard_normal(arrays.extra_start[-1])
    for kind, start in zip(kinds, arrays.extra_start[:-1], strict=True):
        if kind == ORDINAL:
            extra[start : start + 3] = -1.0, 0.2, 1.3
    filled = rng.standard_normal(len(arrays.hole))
    chance = rng.standard_normal(len(arrays.flip))
    return [levels, coefficients, offset, loading, coupling, extra, filled, chance]


def assert_alike(arrays: ResponseArrays, point: list[Any]) -> None:
    *ours, _ = kernel_of(len(point[2]))(*point, *arrays.in_order())
    function = jax_twin.fused(arrays)
    # the derivative that a sampler takes is the gradient that came with the value
    slopes = jax.grad(lambda *at: function(*at)[0], argnums=tuple(range(8)))
    theirs, derivative = jax.jit(lambda *at: (function(*at), slopes(*at)))(*point)
    assert np.isfinite(ours[0])
    for one, other, third in zip(ours, theirs, [ours[0], *derivative], strict=True):
        largest = max(np.abs(one).max(initial=0.0), 1.0)
        np.testing.assert_allclose(other, one, rtol=1e-9, atol=1e-11 * largest)
        np.testing.assert_allclose(third, one, rtol=1e-9, atol=1e-11 * largest)
        assert np.asarray(other).dtype == np.float64


@pytest.mark.parametrize("name", ALONE)
def test_each_kind_of_response_is_that_of_numba(name: str) -> None:
    arrays, point = problem(ALONE[name])
    assert_alike(arrays, point)


@pytest.mark.parametrize("name", [name for name in ALONE if name != "truncated"])
def test_far_from_the_data_too(name: str) -> None:
    arrays, point = problem(ALONE[name], turned=True)
    # linear predictors of up to 50 either way, where chances are 0 or 1 to rounding
    point[0] = point[0] * 40.0
    assert_alike(arrays, point)


@pytest.mark.parametrize("name", TOGETHER)
@pytest.mark.parametrize("nodes", [1, 5])
def test_several_together_with_and_without_a_child_effect(name: str, nodes: int) -> None:
    arrays, point = problem(TOGETHER[name], nodes=nodes, turned=True)
    assert_alike(arrays, point)


@pytest.mark.parametrize("nodes", [1, 5])
def test_blanks_are_filled_in_and_summed_over(nodes: int) -> None:
    arrays, point = problem(TOGETHER["all"], nodes=nodes, holes=2, flips=3)
    assert np.diff(arrays.flip_start).max() == 3
    assert_alike(arrays, point)


def test_being_recorded_may_depend_on_the_outcome() -> None:
    arrays, point = problem(TOGETHER["hurdle"], flips=1, coupled=True)
    assert_alike(arrays, point)
    assert np.abs(np.asarray(jax_twin.fused(arrays)(*point)[5])[0]) > 0.1


@pytest.mark.parametrize("most", [3, 200])
def test_few_levels_are_summed_by_a_product_as_on_a_gpu(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    assert hazard_twin.most_summed_by_product() == 0  # these tests run on a processor
    arrays, point = problem(TOGETHER["hurdle"], nodes=3)
    monkeypatch.setattr(jax_twin, "most_summed_by_product", lambda: most)
    assert_alike(arrays, point)


def test_chains_side_by_side_are_those_one_by_one() -> None:
    kinds = TOGETHER["hurdle"]
    arrays, _ = problem(kinds, nodes=3, flips=1)
    points = [point_of(arrays, 2, kinds, seed) for seed in (4, 5, 6)]
    together = [np.stack(parts) for parts in zip(*points, strict=True)]
    function = jax_twin.fused(arrays)
    gradient = jax.grad(lambda *at: function(*at)[0], argnums=(0, 3, 7))
    side_by_side = jax.vmap(gradient)(*together)
    for place, point in enumerate(points):
        for many, one in zip(side_by_side, gradient(*point), strict=True):
            np.testing.assert_allclose(many[place], one, rtol=1e-10, atol=1e-10)


def test_rows_that_say_nothing_change_nothing() -> None:
    arrays, point = problem(TOGETHER["all"], nodes=3)
    silent = replace(arrays, seen=np.zeros_like(arrays.seen))
    value, *gradients = jax_twin.fused(silent)(*point)
    assert abs(float(value)) < 1e-12
    assert all(np.abs(np.asarray(g)).max(initial=0.0) < 1e-12 for g in gradients)


@pytest.mark.parametrize("likelihood", ["ordinal", "gaussian", "binomial"])
def test_a_model_is_the_same_density_in_jax(likelihood: str) -> None:
    from bayescich.sampling.jax_density import jax_density

    a_toy = toy(likelihood)
    values = a_toy.point(7)
    model = a_toy.model
    point = [values[v.name] for v in model.value_vars]
    there, gradient = jax.value_and_grad(jax_density(model))(point)
    slopes = pytensor.grad(model.logp(), model.value_vars)
    parts = [part.sum() for part in model.logp(sum=False)]
    ours = pytensor.function(model.value_vars, [*parts, *slopes], mode=PLAIN)(*point)
    np.testing.assert_allclose(there, sum(ours[: len(parts)]), rtol=1e-10)
    for one, other in zip(gradient, ours[len(parts) :], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-8)
