"""The fused likelihood of responses in JAX, for the samplers that run there; the same to rounding.

All rows are computed side by side, at all nodes of the child effect and in all ways in which a
blank yes or no could be filled. JAX takes the gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammaln, logsumexp
from pytensor.link.jax.dispatch import jax_funcify
from scipy import sparse

from bayescich.model.draws import FloatArray
from bayescich.model.hazard.jax_twin import most_summed_by_product
from bayescich.model.response.arrays import IntArray, ResponseArrays
from bayescich.model.response.families import (
    BETA_BINOMIAL,
    BINOMIAL,
    CATEGORICAL,
    CLOGLOG,
    FAR,
    NORMAL,
    ORDINAL,
    RARE,
    TRUNCATED,
)
from bayescich.model.response.operation import LEARNT, ResponseOp

Function = Callable[..., Any]


def register() -> None:
    """Tell PyTensor how the likelihood of responses is computed in JAX."""
    jax_funcify.register(ResponseOp, _funcify_responses)


def _funcify_responses(_op: ResponseOp, **_: Any) -> Function:
    def responses(*inputs: Any) -> Any:
        # the data are constants of the graph, so their sizes can be looked at while tracing
        arrays = ResponseArrays(*(np.asarray(array) for array in inputs[LEARNT:]))
        return fused(arrays)(*inputs[:LEARNT])

    return responses


def fused(arrays: ResponseArrays) -> Function:
    """Return the log-likelihood and its gradient as a function that JAX can differentiate.

    Parameters
    ----------
    arrays : ResponseArrays

    Returns
    -------
    callable
        Takes levels, coefficients, offset, loading, coupling, extra, filled and chance, as the
        kernel does; returns the value and the gradient in each. Its derivative is that of the
        value.
    """
    rows = _Rows.of(arrays)
    both = jax.value_and_grad(
        lambda *learnt: _evaluate(rows, arrays, learnt), argnums=tuple(range(LEARNT))
    )

    @jax.custom_vjp
    def responses(*learnt: Any) -> Any:
        value, gradients = both(*learnt)
        return (value, *gradients)

    def forward(*learnt: Any) -> Any:
        outputs = responses(*learnt)
        return outputs, outputs[1:]

    def backward(gradients: Any, cotangents: Any) -> Any:
        return tuple(cotangents[0] * gradient for gradient in gradients)

    responses.defvjp(forward, backward)
    return responses


@dataclass(frozen=True)
class _Rows:
    """What is worked out of the arrays once."""

    row_of_label: IntArray
    row_of_hole: IntArray
    ways: _Ways
    y: FloatArray
    """(ways, responses); zero where not seen."""
    size: FloatArray
    """(ways, responses); one where not seen."""
    seen: Any

    @classmethod
    def of(cls, arrays: ResponseArrays) -> _Rows:
        ways = _Ways.of(arrays)
        seen = arrays.seen[ways.row] == 1
        return cls(
            row_of_label=_rows_of(arrays.label_start),
            row_of_hole=_rows_of(arrays.hole_start),
            ways=ways,
            y=np.where(seen, arrays.y[ways.row], 0.0),
            size=np.where(seen, arrays.size[ways.row], 1.0),
            seen=seen,
        )


@dataclass(frozen=True)
class _Ways:
    """The ways in which the blank yes-or-noes of each row can be filled; one where none is blank.

    An entry is one blank in one way.
    """

    row: IntArray
    """(ways,)."""
    way: IntArray
    """(entries,) the way of each entry."""
    blank: IntArray
    """(entries,) which of the blanks."""
    yes: Any
    """(entries,)."""

    @classmethod
    def of(cls, arrays: ResponseArrays) -> _Ways:
        start = arrays.flip_start
        blanks = np.diff(start)
        row = np.repeat(np.arange(len(blanks)), 2**blanks)
        first = np.r_[0, np.cumsum(2**blanks)][:-1]
        within = np.arange(len(row)) - first[row]
        way = np.repeat(np.arange(len(row)), blanks[row])
        place = np.arange(len(way)) - np.r_[0, np.cumsum(blanks[row])][:-1][way]
        return cls(row, way, start[row[way]] + place, (within[way] >> place) & 1 == 1)

    @property
    def single(self) -> bool:
        """Whether each row has one way: nothing is blank."""
        return not len(self.way)


def _rows_of(start: IntArray) -> IntArray:
    return np.repeat(np.arange(len(start) - 1), np.diff(start))


def _evaluate(rows: _Rows, arrays: ResponseArrays, learnt: tuple[Any, ...]) -> Any:
    levels, coefficients, offset, loading, coupling, extra, filled, chance = learnt
    eta = offset + _eta(rows, arrays, levels, coefficients, filled)
    log_chance: Any = 0.0
    if not rows.ways.single:
        shift, log_chance = _filled_in(rows.ways, arrays, coefficients, chance)
        eta, log_chance = eta[rows.ways.row] + shift, log_chance[:, None]
    # ways, nodes, linear predictors
    points, log_weights = _nodes(rows, arrays)
    moved = eta[:, None, :] + points[:, :, None] * loading
    each = _of_ways(rows, arrays, moved, coupling, extra) + log_chance + log_weights
    of_way = logsumexp(each, axis=1) if points.shape[1] > 1 else each[:, 0]
    if rows.ways.single:
        return of_way.sum()
    return _log_sum_by(rows.ways.row, of_way, len(arrays.codes)).sum()


def _nodes(rows: _Rows, arrays: ResponseArrays) -> tuple[FloatArray, FloatArray]:
    """Return the nodes of each way: those of its row, or the same for all."""
    if len(arrays.points) == 1:
        return arrays.points, arrays.log_weights
    return arrays.points[rows.ways.row], arrays.log_weights[rows.ways.row]


def _eta(rows: _Rows, arrays: ResponseArrays, levels: Any, coefficients: Any, filled: Any) -> Any:
    count = len(arrays.codes)
    eta = arrays.covariates @ coefficients
    for codes in arrays.codes.T:
        eta = eta + _picked(levels, codes)
    if len(arrays.labels):
        eta = eta + _of_labels(rows, arrays, levels)
    if len(arrays.hole):
        eta = eta + _sum_by(rows.row_of_hole, filled[:, None] * coefficients[arrays.hole], count)
    return eta


def _picked(levels: Any, codes: Any) -> Any:
    """Return each row's level; where there are few, on a GPU, by a product (see the hazard's)."""
    first, last = int(codes.min(initial=0)), int(codes.max(initial=0))
    if 0 < last - first < most_summed_by_product():
        ones = jax.nn.one_hot(codes - first, last - first + 1, dtype=levels.dtype)
        return ones @ levels[first : last + 1]
    return levels[codes]


def _of_labels(rows: _Rows, arrays: ResponseArrays, levels: Any) -> Any:
    count, weights = len(arrays.codes), arrays.label_weight
    first, last = int(arrays.labels.min()), int(arrays.labels.max())
    if last - first < most_summed_by_product():
        shape = (count, last - first + 1)
        matrix = sparse.csr_array((weights, arrays.labels - first, arrays.label_start), shape=shape)
        return matrix.toarray() @ levels[first : last + 1]
    return _sum_by(rows.row_of_label, levels[arrays.labels] * weights[:, None], count)


def _filled_in(ways: _Ways, arrays: ResponseArrays, coefficients: Any, chance: Any) -> Any:
    """Return what the blanks of each way add to η, and the log chance of that way."""
    x = np.where(ways.yes, arrays.flip_high[ways.blank], arrays.flip_low[ways.blank])
    added = x[:, None] * coefficients[arrays.flip[ways.blank]]
    odds = jnp.where(ways.yes, 1.0, -1.0) * chance[ways.blank]
    count = len(ways.row)
    return (
        _sum_by(ways.way, added, count),
        _sum_by(ways.way, -jax.nn.softplus(-odds), count),
    )


def _sum_by(place: IntArray, values: Any, count: int) -> Any:
    """Return the sums of values by place; the places are sorted."""
    return jax.ops.segment_sum(values, place, count, indices_are_sorted=True)


def _log_sum_by(row: IntArray, values: Any, rows: int) -> Any:
    found = jax.ops.segment_max(values, row, rows, indices_are_sorted=True)
    largest = jax.lax.stop_gradient(found)
    return largest + jnp.log(_sum_by(row, jnp.exp(values - largest[row]), rows))


def _of_ways(rows: _Rows, arrays: ResponseArrays, eta: Any, coupling: Any, extra: Any) -> Any:
    """Return the log-likelihood of each way and node, all responses together."""
    total: Any = 0.0
    for j, kind in enumerate(arrays.kind):
        at, e = arrays.column[j], slice(*arrays.extra_start[j : j + 2])
        y, size = rows.y[:, j, None], rows.size[:, j, None]
        if kind == CATEGORICAL:
            part = _categorical(y, eta[:, :, at : at + arrays.width[j]])
        else:
            level = eta[:, :, at]
            if arrays.coupled[j] >= 0:
                level = level + coupling[j] * eta[:, :, arrays.coupled[j]]
            part = _FAMILIES[int(kind)](y, size, arrays.turn[j] * level, extra[e])
        total = total + jnp.where(rows.seen[:, j, None], part, 0.0)
    return total


def _held(eta: Any) -> Any:
    """Return η held within its bounds; the slope is taken there, as the kernel takes it."""
    return eta - jax.lax.stop_gradient(eta - jnp.clip(eta, -FAR, FAR))


def _binomial(y: Any, n: Any, eta: Any, _extra: Any) -> Any:
    return y * eta - n * jax.nn.softplus(eta)


def _cloglog(y: Any, exposure: Any, eta: Any, _extra: Any) -> Any:
    # only the upper bound can be reached by a hazard that matters
    hazard = exposure * jnp.exp(eta - jax.lax.stop_gradient(eta - jnp.minimum(eta, FAR)))
    rare = hazard < RARE
    # whichever form is not taken must not spoil the slope of the one that is
    certain = jnp.log(-jnp.expm1(-jnp.where(rare, 1.0, hazard)))
    return jnp.where(y == 0.0, -hazard, jnp.where(rare, jnp.log(exposure) + eta, certain))


def _beta_binomial(y: Any, n: Any, eta: Any, extra: Any) -> Any:
    eta, total = _held(eta), jnp.exp(extra[0])
    a, b = total * jax.nn.sigmoid(eta), total * jax.nn.sigmoid(-eta)
    return _gamma_ratio(a, y) + _gamma_ratio(b, n - y) - _gamma_ratio(total, n)


def _gamma_ratio(x: Any, k: Any) -> Any:
    return gammaln(x + k) - gammaln(x)


def _truncated(y: Any, n: Any, eta: Any, extra: Any) -> Any:
    none = _beta_binomial(np.zeros_like(y), n, eta, extra)
    return _beta_binomial(y, n, eta, extra) - jnp.log(-jnp.expm1(none))


def _normal(y: Any, known_sd: Any, eta: Any, extra: Any) -> Any:
    z = (y - eta) / (known_sd * jnp.exp(extra[0]))
    return -0.5 * z * z - np.log(known_sd) - extra[0]


def _categorical(y: Any, eta: Any) -> Any:
    first = jnp.zeros((*eta.shape[:2], 1), eta.dtype)
    logs = jax.nn.log_softmax(jnp.concatenate([first, eta], axis=2), axis=2)
    return jnp.take_along_axis(logs, y.astype(np.int64)[:, :, None], axis=2)[:, :, 0]


def _ordinal(y: Any, _size: Any, eta: Any, cut: Any) -> Any:
    last, code = len(cut), y.astype(np.int64)
    upper, lower = cut[np.minimum(code, last - 1)], cut[np.maximum(code - 1, 0)]
    inner = (code > 0) & (code < last)
    gap = jnp.where(inner, upper - lower, 1.0)
    return (
        -jnp.where(code < last, jax.nn.softplus(eta - upper), 0.0)
        - jnp.where(code > 0, jax.nn.softplus(lower - eta), 0.0)
        + jnp.where(inner, jnp.log(-jnp.expm1(-gap)), 0.0)
    )


_FAMILIES: dict[int, Function] = {
    BINOMIAL: _binomial,
    CLOGLOG: _cloglog,
    BETA_BINOMIAL: _beta_binomial,
    TRUNCATED: _truncated,
    ORDINAL: _ordinal,
    NORMAL: _normal,
}
