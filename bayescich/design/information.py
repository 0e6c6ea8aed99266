"""How much the data say about the levels of a factor: what decides between parametrisations.

Orders of magnitude are enough here, so crude rates stand in for the model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayescich.design.core import Design, Factor, FloatArray


@dataclass(frozen=True)
class CrudeLevels:
    """Crude estimates of the levels of one factor on the scale of the linear predictor."""

    estimate: FloatArray
    """Shape (levels,): log rate, logit or mean."""
    variance: FloatArray
    """Sampling variance of each, shape (levels,)."""

    def signal(self) -> float:
        """Return the between-level variance in units of the typical sampling variance.

        The method of moments: the variance of the estimates less what sampling alone would give.
        Above about twenty the levels are known well enough to be sampled directly (centred); near
        zero a centred effect is a funnel.
        """
        between = max(float(np.var(self.estimate) - np.mean(self.variance)), 0.0)
        return between / float(np.median(self.variance))


def crude_levels(design: Design, factor: Factor) -> CrudeLevels:
    """Return crude estimates by level, each moved a little towards the overall rate.

    Examples
    --------
    >>> factor = Factor("home", ("a", "b"), np.array([0, 1]))
    >>> design = Design("m", 2, factor, {}, None,
    ...                 {"successes": np.array([10, 90]), "trials": np.array([100, 100])})
    >>> crude_levels(design, factor).estimate.round(1).tolist()
    [-2.2, 2.2]
    """
    arrays = design.outcome
    if "event" in arrays:
        return _rates(factor.sums(arrays["event"].astype(float)), arrays["exposure"], factor)
    if "category" in arrays:
        good = arrays["category"] >= len(design.coords["category"]) // 2
        return _shares(factor.sums(good.astype(float)), factor.counts().astype(float))
    if "successes" in arrays:
        trials = factor.sums(arrays["trials"].astype(float))
        return _shares(factor.sums(arrays["successes"].astype(float)), trials)
    return _means(arrays["value"], arrays.get("known_sd"), factor)


def _rates(events: FloatArray, exposure: FloatArray, factor: Factor) -> CrudeLevels:
    years = factor.sums(exposure.sum(axis=1))
    overall = events.sum() / years.sum()
    return CrudeLevels(np.log((events + 0.5) / (years + 0.5 / overall)), 1 / (events + 0.5))


def _shares(successes: FloatArray, trials: FloatArray) -> CrudeLevels:
    failures = trials - successes
    estimate = np.log((successes + 0.5) / (failures + 0.5))
    return CrudeLevels(estimate, 1 / (successes + 0.5) + 1 / (failures + 0.5))


def _means(value: FloatArray, known_sd: FloatArray | None, factor: Factor) -> CrudeLevels:
    weight = np.ones_like(value) if known_sd is None else known_sd**-2.0
    total = factor.sums(weight)
    means = factor.sums(weight * value) / total
    if known_sd is not None:
        return CrudeLevels(means, 1.0 / total)
    freedom = len(value) - factor.size
    # with one row a level nothing separates levels from residual: all of it may be residual
    residual = np.sum((value - means[factor.codes]) ** 2) / freedom if freedom else np.var(value)
    return CrudeLevels(means, max(float(residual), 1e-12) / total)
