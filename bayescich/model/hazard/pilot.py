"""A quick penalised fit: where the sampler starts, and what the data say about each level.

The prior SDs are held at rough values and the rest is maximised with the fused likelihood, which
takes some hundred evaluations. It decides nothing but the geometry: any pilot gives the same
posterior (:mod:`bayescich.model.information`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import minimize

from bayescich.model.draws import FloatArray
from bayescich.model.hazard.arrays import HazardArrays, Int32Array
from bayescich.model.hazard.operation import KINDS, kernel_of
from bayescich.model.information import Information, Known, Location
from bayescich.model.pilot import Pilot, stacked_sds, values_of
from bayescich.model.terms import Covaried, Layout
from bayescich.spec.model import FrailtyFamily

ROUGH_FRAILTY = 0.5
ROUGH_STEP = 0.5
MOST_STEPS = 150


@dataclass(frozen=True)
class _Shapes:
    levels: tuple[int, int]
    coefficients: tuple[int, int]
    baseline: tuple[int, int, int]

    def parts(self, point: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        sizes = [int(np.prod(shape)) for shape in (self.levels, self.coefficients)]
        levels, coefficients, baseline = np.split(point, np.cumsum(sizes))
        return (
            levels.reshape(self.levels),
            coefficients.reshape(self.coefficients),
            baseline.reshape(self.baseline),
        )


def pilot_fit(
    arrays: HazardArrays,
    layouts: tuple[Layout, ...],
    rough_sds: tuple[FloatArray, ...],
    frailty: FrailtyFamily | None,
) -> Pilot:
    """Maximise the penalised likelihood.

    Parameters
    ----------
    arrays : HazardArrays
    layouts : tuple of Layout
        Of the effects, in the order in which they were stacked.
    rough_sds : tuple of array
        About how large the values of each effect are.
    frailty : {None, "gamma", "log_normal"}
    """
    routes = arrays.level_events.shape[1]
    kernel = kernel_of(routes, KINDS[frailty])
    shapes = _Shapes(
        arrays.level_events.shape, arrays.covariate_events.shape, arrays.band_events.shape
    )
    level_sd, slope_sd = stacked_sds(layouts, rough_sds)
    data = arrays.in_order()

    def objective(point: FloatArray) -> tuple[float, FloatArray]:
        levels, slopes, baseline = shapes.parts(point)
        value, *slope_of, _ = kernel(levels, slopes, baseline, ROUGH_FRAILTY, *data)
        step = np.diff(baseline, axis=1)
        pull = np.zeros_like(baseline)
        pull[:, 1:] += step
        pull[:, :-1] -= step
        value -= 0.5 * (np.sum((levels / level_sd) ** 2) + np.sum((slopes / slope_sd) ** 2))
        value -= 0.5 * np.sum(step**2) / ROUGH_STEP**2
        gradient = (
            slope_of[0] - levels / level_sd**2,
            slope_of[1] - slopes / slope_sd**2,
            slope_of[2] - pull / ROUGH_STEP**2,
        )
        return -value, -np.concatenate([part.ravel() for part in gradient])

    # steps are measured in rough SDs, so that no coordinate is stiffer than another by its unit
    scale = np.concatenate(
        [
            np.broadcast_to(level_sd, shapes.levels).ravel(),
            np.broadcast_to(slope_sd, shapes.coefficients).ravel(),
            np.full(arrays.band_events.size, 0.3),
        ]
    )
    start = np.concatenate(
        [np.zeros(arrays.level_events.size + arrays.covariate_events.size), _crude(arrays)]
    )

    def scaled(z: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = objective(start + scale * z)
        return value, gradient * scale

    found = minimize(
        scaled, np.zeros_like(start), jac=True, method="L-BFGS-B",
        options={"maxiter": MOST_STEPS, "maxcor": 20, "ftol": 1e-8},
    )  # fmt: skip
    point = start + scale * found.x
    parts = shapes.parts(point)
    weights = _expected_rows(parts, arrays)
    known = _known(kernel, parts, arrays, layouts, weights)
    return Pilot(known, values_of(parts[:2], layouts), weights, parts[2][0])


def _known(
    kernel: Any,
    point: tuple[FloatArray, ...],
    arrays: HazardArrays,
    layouts: tuple[Layout, ...],
    weights: FloatArray,
) -> tuple[Known, ...]:
    levels = point[0]
    slope = kernel(*point, ROUGH_FRAILTY, *arrays.in_order())[1]
    # slope = events - expected at the fit; without the level's own value it is exp(value) less
    expected = np.maximum(arrays.level_events - slope, 1e-8) * np.exp(-levels)
    found: list[Known] = []
    offset, column = 0, 0
    for layout in layouts:
        if isinstance(layout, Covaried):
            own = slice(column, column + layout.size)
            column += layout.size
            precision = np.stack([(layout.values.T * w) @ layout.values for w in weights.T])
            found.append(Location(point[1][own], precision))
            continue
        own = slice(offset, offset + layout.size)
        offset += layout.size
        found.append(Information.of_counts(arrays.level_events[own], expected[own]))
    return tuple(found)


def _expected_rows(point: tuple[FloatArray, ...], arrays: HazardArrays) -> FloatArray:
    """Return expected events by row and route at the fit, the frailty as in a gamma model."""
    levels, slopes, baseline = point
    labels = sparse.csr_array(
        (arrays.label_weight, arrays.labels, arrays.label_start),
        shape=(len(arrays.codes), len(levels)),
    )
    eta = levels[arrays.codes].sum(axis=1) + labels @ levels + arrays.covariates @ slopes
    rate = np.exp(baseline)
    closed = np.cumsum(rate[:, :-1] * arrays.widths[:, None], axis=1)
    passed = np.concatenate([np.zeros_like(closed[:, :1]), closed], axis=1)

    def upto(band: Int32Array, years: FloatArray) -> FloatArray:
        return passed[arrays.stratum, band] + rate[arrays.stratum, band] * years[:, None]

    at_risk = upto(arrays.band, arrays.into_band) - upto(arrays.entry_band, arrays.entry_into_band)
    hazard = np.exp(eta) * at_risk
    by_unit = np.add.reduceat(hazard.sum(axis=1), arrays.first_row[:-1])
    weight = (1.0 + ROUGH_FRAILTY * arrays.unit_events) / (1.0 + ROUGH_FRAILTY * by_unit)
    return hazard * np.repeat(weight, np.diff(arrays.first_row))[:, None]


def _crude(arrays: HazardArrays) -> FloatArray:
    bands = np.r_[0.0, np.cumsum(arrays.widths)]
    years = float((bands[arrays.band] + arrays.into_band).sum())
    events = arrays.band_events.sum(axis=(0, 1)) + 0.5
    rate = np.log(events / years)
    return np.broadcast_to(rate, arrays.band_events.shape).ravel()
