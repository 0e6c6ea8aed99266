"""The fused likelihood in JAX, for the samplers that run there; the same to rounding.

All units are computed side by side. Sums by unit are over sorted rows. The gradient of a gather is
a sum into levels: a scatter, which is slow on a GPU where there are few levels (and was two
thousand times slower in some versions of JAX); there it is a product with a matrix of zeros and
ones instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from pytensor.link.jax.dispatch import jax_funcify

from bayescich.model.hazard.arrays import HazardArrays
from bayescich.model.hazard.kernel import GAMMA, LOG_NORMAL, LOG_WEIGHTS, POINTS, SMALL
from bayescich.model.hazard.operation import LEARNT, HazardOp
from bayescich.model.information import Carrying
from bayescich.model.terms import Stacked

FEW = 200
"""Levels up to which a sum into them is a product with zeros and ones on a GPU."""

_NEWTON_STEPS = 50

Function = Callable[..., Any]


def register() -> None:
    """Tell PyTensor how the package's own operations are computed in JAX."""
    jax_funcify.register(HazardOp, _funcify_hazard)
    jax_funcify.register(Carrying, _funcify_carrying)
    jax_funcify.register(Stacked, _funcify_stacked)


def most_summed_by_product() -> int:
    """Return up to how many levels a sum into them is a product: on a processor never."""
    return 0 if jax.default_backend() == "cpu" else FEW


def _funcify_hazard(op: HazardOp, **_: Any) -> Function:
    def hazard(*inputs: Any) -> Any:
        # the data are constants of the graph, so their sizes can be looked at while tracing
        arrays = HazardArrays(*(np.asarray(array) for array in inputs[LEARNT:]))
        return fused(arrays, op.kind)(*inputs[:LEARNT])

    return hazard


def _funcify_carrying(_op: Carrying, **_: Any) -> Function:
    def carrying(*inputs: Any) -> Any:
        return inputs[0]

    return carrying


def _funcify_stacked(_op: Stacked, **_: Any) -> Function:
    def stacked(*inputs: Any) -> Any:
        return jnp.concatenate(inputs)

    return stacked


def fused(arrays: HazardArrays, kind: int) -> Function:
    """Return the log-likelihood and its gradient as a function that JAX can differentiate.

    Parameters
    ----------
    arrays : HazardArrays
    kind : int
        Of the frailty, as for the kernel.

    Returns
    -------
    callable
        Takes levels, coefficients, log baseline and frailty; returns the value and the gradient in
        each. Its derivative is that of the value.
    """
    rows = _Rows.of(arrays)

    @jax.custom_vjp
    def hazard(*learnt: Any) -> Any:
        return _evaluate(rows, arrays, kind, learnt)

    def forward(*learnt: Any) -> Any:
        outputs = hazard(*learnt)
        return outputs, outputs[1:]

    def backward(gradients: Any, cotangents: Any) -> Any:
        return tuple(cotangents[0] * gradient for gradient in gradients)

    hazard.defvjp(forward, backward)
    return hazard


@dataclass(frozen=True)
class _Sum:
    """Sums values of rows by a level that each row has."""

    level: Any
    """(rows,) numbered from zero."""
    first: int
    """Position of level zero among all."""
    levels: int

    @classmethod
    def of(cls, codes: Any) -> _Sum:
        first = int(codes.min(initial=0)) if len(codes) else 0
        return cls(codes - first, first, int(codes.max(initial=first)) - first + 1)

    def __call__(self, values: Any) -> Any:
        """Return the sums, (levels, routes)."""
        if self.levels <= most_summed_by_product():
            ones = jax.nn.one_hot(self.level, self.levels, axis=0, dtype=values.dtype)
            return ones @ values
        return jax.ops.segment_sum(values, self.level, self.levels)

    def among(self, values: Any, total: int) -> Any:
        """Return the sums in their place among all levels, (total, routes)."""
        after = total - self.first - self.levels
        return jnp.pad(self(values), ((self.first, after), (0, 0)))


@dataclass(frozen=True)
class _Rows:
    """What is worked out of the arrays once."""

    unit: Any
    """(rows,) unit of each row."""
    row_of_label: Any
    by_code: tuple[_Sum, ...]
    by_label: _Sum
    by_cell: _Sum
    """Baseline and band in which the row ends."""
    by_entry: _Sum
    """The same at entry."""
    late: bool
    ratio: bool
    at_least: Any
    """Units with more than 1, 2, … events."""

    @classmethod
    def of(cls, arrays: HazardArrays) -> _Rows:
        bands = arrays.band_events.shape[1]
        cells = arrays.band_events.shape[0] * bands
        stratum = arrays.stratum.astype(np.int64) * bands
        events = arrays.unit_events
        steps = np.arange(1, max(int(events.max(initial=0)), 1))
        return cls(
            unit=np.repeat(np.arange(len(arrays.first_row) - 1), np.diff(arrays.first_row)),
            row_of_label=np.repeat(np.arange(len(arrays.codes)), np.diff(arrays.label_start)),
            by_code=tuple(_Sum.of(column) for column in arrays.codes.T),
            by_label=_Sum.of(arrays.labels),
            by_cell=_Sum(stratum + arrays.band, 0, cells),
            by_entry=_Sum(stratum + arrays.entry_band, 0, cells),
            late=bool((arrays.entry_into_band > 0).any()),
            ratio=bool((arrays.survived * arrays.entry_into_band > 0).any()),
            at_least=(events[:, None] > steps).sum(axis=0).astype(np.float64),
        )


def _evaluate(rows: _Rows, arrays: HazardArrays, kind: int, learnt: tuple[Any, ...]) -> Any:
    levels, slopes, log_baseline, frailty = learnt
    risk = jnp.exp(_eta(rows, arrays, levels, slopes))
    rate = jnp.exp(log_baseline)
    steps = rate[:, :-1] * arrays.widths[:, None]
    passed = jnp.pad(jnp.cumsum(steps, axis=1), ((0, 0), (1, 0), (0, 0)))

    def lasted(cells: _Sum, into: Any) -> Any:
        flat = (-1, rate.shape[2])
        here, before = rate.reshape(flat)[cells.level], passed.reshape(flat)[cells.level]
        return before + here * into[:, None]

    upto = lasted(rows.by_cell, arrays.into_band)
    # 0 for a row observed from its start: its entry is in the first band, no time into it
    before: Any = lasted(rows.by_entry, arrays.entry_into_band) if rows.late else None
    survived = arrays.survived[:, None]
    at_risk = upto if before is None else upto - (1.0 - survived) * before
    hazard = _by_unit(rows, arrays, risk * at_risk)
    value, slope, in_frailty = _frailty_part(rows, kind, arrays.unit_events, hazard, frailty)
    in_hazard = slope[rows.unit][:, None] * risk
    in_before = None if before is None else -(1.0 - survived) * in_hazard
    if rows.ratio:
        waited = _by_unit(rows, arrays, risk * survived * before)
        nothing = np.zeros_like(arrays.unit_events)
        part, slope, curve = _frailty_part(rows, kind, nothing, waited, frailty, events_seen=False)
        value, in_frailty = value - part, in_frailty - curve
        in_before = in_before - slope[rows.unit][:, None] * risk * survived
    in_eta = in_hazard * upto
    in_eta = in_eta if before is None else in_eta + in_before * before
    value = value + (arrays.level_events * levels).sum()
    value = value + (arrays.covariate_events * slopes).sum()
    value = value + (arrays.band_events * log_baseline).sum()
    return (
        value,
        arrays.level_events + _in_levels(rows, arrays, in_eta),
        arrays.covariate_events + arrays.covariates.T @ in_eta,
        arrays.band_events + rate * _in_rate(rows, arrays, in_hazard, in_before),
        in_frailty,
    )


def _eta(rows: _Rows, arrays: HazardArrays, levels: Any, slopes: Any) -> Any:
    eta = arrays.covariates @ slopes
    for codes in arrays.codes.T:
        eta = eta + levels[codes]
    if len(arrays.labels):
        picked = levels[arrays.labels] * arrays.label_weight[:, None]
        count = len(arrays.codes)
        eta = eta + jax.ops.segment_sum(picked, rows.row_of_label, count, indices_are_sorted=True)
    return eta


def _in_levels(rows: _Rows, arrays: HazardArrays, in_eta: Any) -> Any:
    total = len(arrays.level_events)
    gradient = jnp.zeros(arrays.level_events.shape)
    for by_code in rows.by_code:
        gradient = gradient + by_code.among(in_eta, total)
    if len(arrays.labels):
        of_label = in_eta[rows.row_of_label] * arrays.label_weight[:, None]
        gradient = gradient + rows.by_label.among(of_label, total)
    return gradient


def _in_rate(rows: _Rows, arrays: HazardArrays, in_hazard: Any, in_before: Any) -> Any:
    """Return the gradient in the rate of each baseline and band."""
    shape = arrays.band_events.shape
    whole = rows.by_cell(in_hazard)
    partial = rows.by_cell(in_hazard * arrays.into_band[:, None])
    if in_before is not None:
        whole = whole + rows.by_entry(in_before)
        partial = partial + rows.by_entry(in_before * arrays.entry_into_band[:, None])
    whole, partial = whole.reshape(shape), partial.reshape(shape)
    # a row that ends in a later band lasted through the whole of this one
    upwards = jnp.cumsum(whole[:, ::-1], axis=1)[:, ::-1]
    through = upwards[:, 1:] * arrays.widths[:, None]
    return partial + jnp.pad(through, ((0, 0), (0, 1), (0, 0)))


def _by_unit(rows: _Rows, arrays: HazardArrays, values: Any) -> Any:
    units = len(arrays.unit_events)
    return jax.ops.segment_sum(values.sum(axis=1), rows.unit, units, indices_are_sorted=True)


def _frailty_part(
    rows: _Rows, kind: int, events: Any, hazard: Any, frailty: Any, *, events_seen: bool = True
) -> tuple[Any, Any, Any]:
    """Return the log-likelihood, its slope by unit, and its slope in the frailty."""
    if kind == GAMMA:
        return _gamma_part(
            rows.at_least if events_seen else rows.at_least[:0], events, hazard, frailty
        )
    if kind == LOG_NORMAL:
        return _log_normal_part(events, hazard, frailty)
    return -hazard.sum(), -jnp.ones_like(hazard), jnp.zeros_like(frailty)


def _gamma_part(at_least: Any, events: Any, hazard: Any, variance: Any) -> tuple[Any, Any, Any]:
    x = variance * hazard
    logged = jnp.log1p(x)
    steps = np.arange(1.0, 1.0 + len(at_least))
    value = jnp.where(x > 1e-12, -(1.0 / variance + events) * logged, -hazard).sum()
    value = value + (at_least * jnp.log1p(variance * steps)).sum()
    slope = -(1.0 + variance * events) / (1.0 + x)
    small = hazard**2 * (0.5 - x * (2.0 / 3.0 - x * (0.75 - x * 0.8)))
    large = logged / variance**2 - hazard / (variance * (1.0 + x))
    curve = jnp.where(x < SMALL, small, large) - events * hazard / (1.0 + x)
    return value, slope, curve.sum() + (at_least * steps / (1.0 + variance * steps)).sum()


def _log_normal_part(events: Any, hazard: Any, sd: Any) -> tuple[Any, Any, Any]:
    mode = _mode(events, hazard, sd)
    scale = 1.0 / jnp.sqrt(sd * sd * hazard * jnp.exp(sd * mode) + 1.0)
    at = mode[:, None] + scale[:, None] * POINTS
    grown = hazard[:, None] * jnp.exp(sd * at)
    terms = events[:, None] * sd * at - grown - 0.5 * at * at + LOG_WEIGHTS
    total = logsumexp(terms, axis=1)
    share = jnp.exp(terms - total[:, None])
    slope = -(share * jnp.exp(sd * at)).sum(axis=1)
    in_sd = (share * at * (events[:, None] - grown)).sum()
    return (total + jnp.log(scale)).sum(), slope, in_sd


def _mode(events: Any, hazard: Any, sd: Any) -> Any:
    start = jnp.log((events + 0.5) / (hazard + 0.5)) * sd / (1.0 + sd * sd)

    def unfinished(state: tuple[Any, Any, Any]) -> Any:
        count, _, step = state
        return (count < _NEWTON_STEPS) & (jnp.abs(step).max() >= 1e-10)

    def improve(state: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
        count, z, _ = state
        grown = hazard * jnp.exp(sd * z)
        step = jnp.clip((events * sd - sd * grown - z) / (sd * sd * grown + 1.0), -1.0, 1.0)
        return count + 1, z + step, step

    begin = (0, jnp.where(hazard > 0.0, start, 0.0), jnp.ones_like(hazard))
    return jax.lax.while_loop(unfinished, improve, begin)[1]
