"""How much the data say about the levels of a factor: what decides between parametrisations.

Orders of magnitude are enough here, so crude rates stand in for the model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayescich.design.core import Design, FloatArray, Grouping


@dataclass(frozen=True)
class CrudeLevels:
    """Crude estimates of the levels of one factor on the scale of the linear predictor."""

    estimate: FloatArray
    """Shape (levels,): log rate or logit."""
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


def crude_levels(design: Design, factor: Grouping) -> CrudeLevels:
    """Return crude estimates by level, each moved a little towards the overall rate.

    Examples
    --------
    >>> from bayescich.design.core import Factor
    >>> factor = Factor("home", ("a", "b"), np.array([0, 1]))
    >>> outcome = {"event": np.array([2, 20]), "exposure": np.array([[10.0], [10.0]])}
    >>> design = Design("m", 2, factor, {}, None, outcome)
    >>> crude_levels(design, factor).estimate.round(1).tolist()   # log of a rate a year
    [-1.4, 0.7]
    """
    arrays = design.outcome
    if "event" in arrays:
        return _rates(factor.sums(arrays["event"].astype(float)), arrays["exposure"], factor)
    good = arrays["category"] >= len(design.coords["category"]) // 2
    return _shares(factor.sums(good.astype(float)), factor.counts().astype(float))


def _rates(events: FloatArray, exposure: FloatArray, factor: Grouping) -> CrudeLevels:
    years = factor.sums(exposure.sum(axis=1))
    overall = events.sum() / years.sum()
    return CrudeLevels(np.log((events + 0.5) / (years + 0.5 / overall)), 1 / (events + 0.5))


def _shares(successes: FloatArray, trials: FloatArray) -> CrudeLevels:
    failures = trials - successes
    estimate = np.log((successes + 0.5) / (failures + 0.5))
    return CrudeLevels(estimate, 1 / (successes + 0.5) + 1 / (failures + 0.5))
