"""Log-likelihood and slopes of a single response, compiled: what the fused kernel is made of.

Each function takes the outcome and the linear predictor and returns the log-likelihood, up to a
constant of the data, with its slopes. ``log Γ`` and its derivative come together from Stirling's
series, which is twice as fast as two calls of a library.
"""

from __future__ import annotations

import math
from typing import Any

import numba

BINOMIAL, CLOGLOG, BETA_BINOMIAL, TRUNCATED, CATEGORICAL, ORDINAL, NORMAL = range(7)
"""Kinds of response: binomial counts with a logit link; an event within a time of exposure; beta-
binomial counts; the same known to be above zero; one of several categories; one of several that
have an order; a measurement."""

_SHIFT = 8.0
"""From where Stirling's series is good to 1e-12."""
_FEW = 10
"""Up to so many factors a ratio of gamma functions is multiplied out."""
FAR = 30.0
"""Linear predictors beyond are held there: their chances differ from 0 or 1 by rounding."""
RARE = 1e-8
"""Cumulated hazards below are as good as the chance of an event."""
_HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)

_compiled = numba.njit(nogil=True, error_model="numpy", cache=True, inline="never")


@_compiled
def log_gamma(x: float) -> Any:
    """Return log Γ(x) and its derivative, x > 0."""
    factors, sums = 1.0, 0.0
    while x < _SHIFT:
        # 1/x + 1/(x + 1) + … as one fraction, so that it is divided once
        sums = sums * x + factors
        factors *= x
        x += 1.0
    r = 1.0 / x
    s = r * r
    logged = math.log(x)
    value = (x - 0.5) * logged - x + _HALF_LOG_TWO_PI
    slope = logged - 0.5 * r
    if factors != 1.0 or sums != 0.0:
        value -= math.log(factors)
        slope -= sums / factors
    value += r * (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s / 1188))))
    slope -= s * (1 / 12 - s * (1 / 120 - s * (1 / 252 - s * (1 / 240 - s / 132))))
    return value, slope


@_compiled
def gamma_ratio(x: float, k: float) -> Any:
    """Return ``log Γ(x + k) - log Γ(x)`` for a whole k, and its derivative in x."""
    if k <= _FEW:
        return few_factors(x, k)
    upper, upper_slope = log_gamma(x + k)
    lower, lower_slope = log_gamma(x)
    return upper - lower, upper_slope - lower_slope


@_compiled
def few_factors(x: float, k: float) -> Any:
    """Return the same multiplied out."""
    factors, sums = 1.0, 0.0
    for j in range(int(k)):
        sums = sums * (x + j) + factors
        factors *= x + j
    return math.log(factors), sums / factors


@_compiled
def softplus(x: float) -> float:
    """Return log(1 + exp(x))."""
    if x > 0.0:
        return x + math.log1p(math.exp(-x))
    return math.log1p(math.exp(x))


@_compiled
def binomial(y: float, n: float, eta: float) -> Any:
    """Return ``y η - n log(1 + e^η)`` and its slope."""
    small = math.exp(-abs(eta))
    less = small / (1.0 + small)
    chance = 1.0 - less if eta > 0.0 else less
    return y * eta - n * (max(eta, 0.0) + math.log1p(small)), y - n * chance


@_compiled
def cloglog(y: float, exposure: float, eta: float) -> Any:
    """Return the log chance of (no) event within the exposure at rate ``e^η``, and its slope."""
    hazard = exposure * math.exp(min(eta, FAR))
    if y == 0.0:
        return -hazard, -hazard
    if hazard < RARE:
        return math.log(hazard), 1.0
    return math.log(-math.expm1(-hazard)), hazard / math.expm1(hazard)


@_compiled
def of_trials(n: float, log_dispersion: float) -> Any:
    """Return what a beta-binomial's log-likelihood has that is the same whatever η is.

    Its value and its slope in the log dispersion: many rows have as many trials, and with a child
    effect a row is evaluated at many η.
    """
    total = math.exp(log_dispersion)
    value, slope = gamma_ratio(total, n)
    return value, total * slope


@_compiled
def beta_binomial(
    y: float, n: float, eta: float, log_dispersion: float, both: float, both_slope: float
) -> Any:
    """Return a beta-binomial's log-likelihood, its slopes in η and in the log dispersion.

    Mean ``logistic(η)``, with ``a + b = exp(log_dispersion)``; the last two arguments are what
    :func:`of_trials` returns.
    """
    eta = min(max(eta, -FAR), FAR)
    total = math.exp(log_dispersion)
    share = 1.0 / (1.0 + math.exp(-eta))
    a, b = share * total, total / (1.0 + math.exp(eta))
    up, up_slope = gamma_ratio(a, y)
    down, down_slope = gamma_ratio(b, n - y)
    # b / total is what 1 - share would be without its rounding
    in_eta = share * b * (up_slope - down_slope)
    return up + down - both, in_eta, a * up_slope + b * down_slope - both_slope


@_compiled
def truncated(
    y: float, n: float, eta: float, log_dispersion: float, both: float, both_slope: float
) -> Any:
    """Return the same for a count known to be above zero."""
    eta = min(max(eta, -FAR), FAR)
    total = math.exp(log_dispersion)
    share = 1.0 / (1.0 + math.exp(-eta))
    a, b = share * total, total / (1.0 + math.exp(eta))
    up, up_slope = gamma_ratio(a, y)
    lowest, lowest_slope = log_gamma(b)
    if n - y <= _FEW:
        down, down_slope = few_factors(b, n - y)
    else:
        down, down_slope = log_gamma(b + n - y)
        down, down_slope = down - lowest, down_slope - lowest_slope
    if n <= _FEW:
        all_down, all_slope = few_factors(b, n)
    else:
        all_down, all_slope = log_gamma(b + n)
        all_down, all_slope = all_down - lowest, all_slope - lowest_slope
    none = all_down - both
    above = -math.expm1(none)
    odds = math.exp(none) / above
    return (
        up + down - both - math.log(above),
        share * b * (up_slope - down_slope - odds * all_slope),
        a * up_slope + b * down_slope - both_slope + odds * (b * all_slope - both_slope),
    )


@_compiled
def normal(y: float, known_sd: float, eta: float, log_sd: float) -> Any:
    """Return a normal's log-likelihood without its constant, its slopes in η and in log SD."""
    sd = known_sd * math.exp(log_sd)
    z = (y - eta) / sd
    return -0.5 * z * z - math.log(sd), z / sd, z * z - 1.0


@_compiled
def categorical(y: int, eta: Any, slope: Any) -> float:
    """Return the log chance of category y, of which the first has η = 0; fill in the slopes."""
    largest = 0.0
    for k in range(len(eta)):
        largest = max(largest, eta[k])
    total = math.exp(-largest)
    for k in range(len(eta)):
        slope[k] = math.exp(eta[k] - largest)
        total += slope[k]
    for k in range(len(eta)):
        slope[k] = -slope[k] / total
    logged = -largest - math.log(total)
    if y == 0:
        return logged
    slope[y - 1] += 1.0
    return eta[y - 1] + logged


@_compiled
def ordinal(y: int, eta: float, cut: Any, in_cut: Any) -> Any:
    """Return the log chance of category y between two thresholds and its slope in η.

    The slopes in the thresholds are added to ``in_cut``.
    """
    last = len(cut)
    value, slope = 0.0, 0.0
    if y < last:
        u = cut[y] - eta
        value -= softplus(-u)
        below = 1.0 / (1.0 + math.exp(u))
        slope -= below
        in_cut[y] += below
    if y > 0:
        low = cut[y - 1] - eta
        value -= softplus(low)
        above = 1.0 / (1.0 + math.exp(-low))
        slope += above
        in_cut[y - 1] -= above
    if 0 < y < last:
        gap = cut[y] - cut[y - 1]
        value += math.log(-math.expm1(-gap))
        curve = 1.0 / math.expm1(gap)
        in_cut[y] += curve
        in_cut[y - 1] -= curve
    return value, slope
