"""Log-likelihood and gradient of a piecewise-exponential hazard in two sweeps of a unit's rows.

With ``Λ_r`` the cumulative baseline of row r (a function of the band in which it ends and the time
into it, so no matrix of exposures is read) and ``H_i = Σ_r Σ_m exp(η_rm) Λ_rm`` the first sweep
adds up ``H_i``, the frailty gives ``v_i`` and ``∂v_i/∂H_i``, and the second sweep hands that on to
everything η and Λ are made of. The part of the events needs no rows: it is a product with counts.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

NO_FRAILTY, GAMMA, LOG_NORMAL = 0, 1, 2

NODES = 15
"""Of the adaptive Gauss-Hermite rule of the log-normal frailty."""

POINTS, _W = np.polynomial.hermite_e.hermegauss(NODES)
LOG_WEIGHTS = np.log(_W / np.sqrt(2.0 * np.pi)) + 0.5 * POINTS**2
SMALL = 1e-3
"""Variance times hazard below which the slope in the variance is a series."""


@numba.njit(nogil=True, error_model="numpy", cache=True)
def gamma_part(events: float, hazard: float, variance: float) -> Any:
    """Return log-likelihood, its slope in the hazard and in the variance, of one unit."""
    x = variance * hazard
    logged = math.log1p(x)
    value = -(1.0 / variance + events) * logged if x > 1e-12 else -hazard
    slope = -(1.0 + variance * events) / (1.0 + x)
    # log1p(x)/φ² - H/(φ(1+x)) = H² (1/2 - 2x/3 + 3x²/4 - …) without its cancellation
    if x < SMALL:
        curve = hazard * hazard * (0.5 - x * (2.0 / 3.0 - x * (0.75 - x * 0.8)))
    else:
        curve = logged / variance**2 - hazard / (variance * (1.0 + x))
    in_variance = curve - events * hazard / (1.0 + x)
    for j in range(1, int(events)):
        value += math.log1p(variance * j)
        in_variance += j / (1.0 + variance * j)
    return value, slope, in_variance


@numba.njit(nogil=True, error_model="numpy", cache=True)
def log_normal_part(events: float, hazard: float, sd: float) -> Any:
    """Return the same for a log-normal frailty by adaptive Gauss-Hermite quadrature."""
    # the mode of d·sd·z - H·exp(sd·z) - z²/2, by Newton from where the two sides of it cross
    z = 0.0
    if hazard > 0.0:
        z = math.log((events + 0.5) / (hazard + 0.5)) * sd / (1.0 + sd * sd)
    for _ in range(50):
        grown = hazard * math.exp(sd * z)
        step = (events * sd - sd * grown - z) / (sd * sd * grown + 1.0)
        step = min(max(step, -1.0), 1.0)
        z += step
        if abs(step) < 1e-10:
            break
    scale = 1.0 / math.sqrt(sd * sd * hazard * math.exp(sd * z) + 1.0)
    largest = -np.inf
    terms = np.empty(NODES)
    for k in range(NODES):
        at = z + scale * POINTS[k]
        terms[k] = events * sd * at - hazard * math.exp(sd * at) - 0.5 * at * at + LOG_WEIGHTS[k]
        largest = max(largest, terms[k])
    total, grown_mean, in_sd = 0.0, 0.0, 0.0
    for k in range(NODES):
        at = z + scale * POINTS[k]
        weight = math.exp(terms[k] - largest)
        grown = math.exp(sd * at)
        total += weight
        grown_mean += weight * grown
        in_sd += weight * at * (events - hazard * grown)
    return largest + math.log(total * scale), -grown_mean / total, in_sd / total


@numba.njit(nogil=True, error_model="numpy", cache=True)
def _part(kind: int, events: float, hazard: float, frailty: float) -> Any:
    if kind == GAMMA:
        return gamma_part(events, hazard, frailty)
    if kind == LOG_NORMAL:
        return log_normal_part(events, hazard, frailty)
    return -hazard, -1.0, 0.0


@numba.njit(nogil=True, error_model="numpy", cache=True)
def unit_parts(kind: int, events: Any, hazard: Any, frailty: float) -> Any:
    """Return the first result of the frailty of each unit, shape (units,)."""
    out = np.empty(len(hazard))
    for i in range(len(hazard)):
        out[i] = _part(kind, events[i], hazard[i], frailty)[0]
    return out


def make_kernel(routes: int, kind: int) -> Any:
    """Return the compiled function for so many routes and this kind of frailty.

    Both are constants of the compiled code: with one route the inner loops vanish.

    Returns
    -------
    callable
        Takes levels (T, M), coefficients (P, M), log baseline (S, B, M), frailty (), then
        :class:`~bayescich.model.hazard.arrays.HazardArrays` in order; returns the log-likelihood
        and its gradient in the first four, and works in float64 throughout.
    """

    @numba.njit(nogil=True, error_model="numpy", cache=True)
    def hazard_kernel(
        levels: Any,
        coefficients: Any,
        log_baseline: Any,
        frailty: Any,
        codes: Any,
        label_start: Any,
        labels: Any,
        label_weight: Any,
        covariates: Any,
        first_row: Any,
        unit_events: Any,
        band: Any,
        into_band: Any,
        entry_band: Any,
        entry_into_band: Any,
        survived: Any,
        stratum: Any,
        widths: Any,
        level_events: Any,
        covariate_events: Any,
        band_events: Any,
        repeats: Any,
    ) -> Any:
        gathered, covariate_count = codes.shape[1], covariates.shape[1]
        strata, bands = log_baseline.shape[0], log_baseline.shape[1]
        rate = np.exp(log_baseline)
        passed = np.zeros_like(rate)
        for s in range(strata):
            for b in range(1, bands):
                for m in range(routes):
                    passed[s, b, m] = passed[s, b - 1, m] + rate[s, b - 1, m] * widths[b - 1]
        value = (
            (level_events * levels).sum()
            + (covariate_events * coefficients).sum()
            + (band_events * log_baseline).sum()
        )
        in_levels = level_events.copy()
        in_coefficients = covariate_events.copy()
        in_baseline = band_events.copy()
        in_frailty = 0.0
        whole = np.zeros_like(rate)
        partial = np.zeros_like(rate)
        units = first_row.shape[0] - 1
        longest = 0
        for i in range(units):
            longest = max(longest, first_row[i + 1] - first_row[i])
        risk = np.empty((longest, routes))
        upto = np.empty((longest, routes))
        before = np.zeros((longest, routes))
        pending = np.zeros(routes)
        for i in range(units):
            start = first_row[i]
            rows = first_row[i + 1] - start
            hazard = 0.0
            survived_hazard = 0.0
            any_late = False
            for k in range(rows):
                r = start + k
                b, s = band[r], stratum[r]
                late = entry_into_band[r] > 0.0
                any_late = any_late or late
                for m in range(routes):
                    if repeats[r]:
                        x = risk[k - 1, m]
                    else:
                        eta = 0.0
                        for g in range(gathered):
                            eta += levels[codes[r, g], m]
                        for j in range(label_start[r], label_start[r + 1]):
                            eta += label_weight[j] * levels[labels[j], m]
                        for p in range(covariate_count):
                            eta += covariates[r, p] * coefficients[p, m]
                        x = math.exp(eta)
                    risk[k, m] = x
                    upto[k, m] = passed[s, b, m] + rate[s, b, m] * into_band[r]
                    if late:
                        e = entry_band[r]
                        before[k, m] = passed[s, e, m] + rate[s, e, m] * entry_into_band[r]
                        hazard += x * (upto[k, m] - (1.0 - survived[r]) * before[k, m])
                        survived_hazard += x * survived[r] * before[k, m]
                    else:
                        hazard += x * upto[k, m]
            part, slope, curve = _part(kind, unit_events[i], hazard, frailty)
            value += part
            in_frailty += curve
            survived_slope = 0.0
            if any_late and survived_hazard > 0.0:
                # the chance of having been there to be seen is divided out
                part, survived_slope, curve = _part(kind, 0.0, survived_hazard, frailty)
                value -= part
                in_frailty -= curve
            for k in range(rows):
                r = start + k
                b, s = band[r], stratum[r]
                late = entry_into_band[r] > 0.0
                for m in range(routes):
                    w = slope * risk[k, m]
                    whole[s, b, m] += w
                    partial[s, b, m] += w * into_band[r]
                    g_eta = w * upto[k, m]
                    if late:
                        v = slope * (1.0 - survived[r]) + survived_slope * survived[r]
                        v = -v * risk[k, m]
                        e = entry_band[r]
                        whole[s, e, m] += v
                        partial[s, e, m] += v * entry_into_band[r]
                        g_eta += v * before[k, m]
                    pending[m] += g_eta
                if k < rows - 1 and repeats[r + 1]:
                    continue
                for m in range(routes):
                    g_eta, pending[m] = pending[m], 0.0
                    for g in range(gathered):
                        in_levels[codes[r, g], m] += g_eta
                    for j in range(label_start[r], label_start[r + 1]):
                        in_levels[labels[j], m] += label_weight[j] * g_eta
                    for p in range(covariate_count):
                        in_coefficients[p, m] += g_eta * covariates[r, p]
        for s in range(strata):
            for m in range(routes):
                later = 0.0
                for back in range(bands):
                    b = bands - 1 - back
                    through = later * widths[b] if b < bands - 1 else 0.0
                    in_baseline[s, b, m] += rate[s, b, m] * (partial[s, b, m] + through)
                    later += whole[s, b, m]
        return value, in_levels, in_coefficients, in_baseline, in_frailty

    return hazard_kernel
