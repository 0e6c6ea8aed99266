"""How much authorities differ in a share, beyond chance: the SD of a binomial logit-normal model.

The same function gave the published figures, of the Department's tables by authority. It is fitted
to single years, all with one SD, so that what it measures depends on no number of years.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logsumexp, xlogy

Floats = NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
_NEWTON_STEPS = 8
_LOG_SD = (-4.6, 1.1)
"""SDs between 0.01 and 3 are looked at."""


@dataclass(frozen=True)
class Counts:
    """Of one year, by authority: children counted, of how many."""

    count: Floats
    children: Floats


def logit_sd(years: Sequence[Counts]) -> float:
    """Return the SD between authorities on the logit scale, by maximum likelihood.

    Parameters
    ----------
    years : sequence of Counts
        Each year has a mean of its own; all have one SD. Authorities of no child are passed over.

    Returns
    -------
    float
        Not a number where no year has two authorities, or nobody or everybody is counted.

    Examples
    --------
    >>> same = Counts(np.full(50, 20.0), np.full(50, 100.0))
    >>> logit_sd([same]) < 0.05
    True
    """
    usable = [_with_children(year) for year in years]
    usable = [year for year in usable if _varies(year)]
    if not usable:
        return float("nan")
    levels = [np.log(y.count.sum() / (y.children.sum() - y.count.sum())) for y in usable]
    begin = np.array([*levels, np.log(0.3)])
    bounds = [(None, None)] * len(levels) + [_LOG_SD]
    options = {"ftol": 1e-12, "gtol": 1e-6}
    fitted = minimize(_minus_log_likelihood, begin, args=(usable,), bounds=bounds, options=options)
    return float(np.exp(fitted.x[-1]))


def _with_children(year: Counts) -> Counts:
    some = year.children > 0
    return Counts(year.count[some].astype(np.float64), year.children[some].astype(np.float64))


def _varies(year: Counts) -> bool:
    return len(year.children) > 1 and bool(0 < year.count.sum() < year.children.sum())


def _minus_log_likelihood(at: Floats, years: Sequence[Counts]) -> float:
    sd = float(np.exp(at[-1]))
    parts = zip(years, at[:-1], strict=True)
    return -sum(_log_likelihood(year, float(mean), sd) for year, mean in parts)


def _log_likelihood(year: Counts, mean: float, sd: float) -> float:
    """Integrate over each authority's effect, the nodes put where its likelihood is.

    It is relative to the likelihood at the observed shares: large counts would hide what matters.
    """
    mode, width = _mode(year, mean, sd)
    effect = mode[:, None] + width[:, None] * _NODES
    log_density = _of_counts(year, mean + effect.T).T - _at_best(year)[:, None]
    log_density += -0.5 * (effect / sd) ** 2 - np.log(sd) + 0.5 * _NODES**2
    integral = logsumexp(log_density, axis=1, b=_WEIGHTS) + np.log(width)
    return float(integral.sum())


def _of_counts(year: Counts, level: Floats) -> Floats:
    others = year.children - year.count
    likelihood: Floats = -year.count * np.logaddexp(0, -level) - others * np.logaddexp(0, level)
    return likelihood


def _at_best(year: Counts) -> Floats:
    others = year.children - year.count
    best: Floats = xlogy(year.count, year.count / year.children)
    return best + xlogy(others, others / year.children)


def _mode(year: Counts, mean: float, sd: float) -> tuple[Floats, Floats]:
    effect = np.zeros(len(year.count))
    for _ in range(_NEWTON_STEPS):
        share = expit(mean + effect)
        slope = year.count - year.children * share - effect / sd**2
        curvature = year.children * share * (1 - share) + 1 / sd**2
        effect = effect + np.clip(slope / curvature, -1, 1)
    share = expit(mean + effect)
    return effect, 1 / np.sqrt(year.children * share * (1 - share) + 1 / sd**2)
