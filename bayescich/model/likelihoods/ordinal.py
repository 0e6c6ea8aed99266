"""Cumulative logit for ordered categories.

``P(y ≤ k) = logistic(cutpoint_k - η)``: a larger η means a better category. Because

    σ(a) - σ(b) = σ(a) σ(-b) (1 - exp(b - a)),

each row costs two log-sigmoids, and the last factor depends only on the gap between thresholds, so
it enters once per category with its count.

References
----------
McCullagh (1980), Regression models for ordinal data, JRSS B 42.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from scipy.special import expit, log_expit

from bayescich.design.core import Design
from bayescich.model.base import sum_by_unit
from bayescich.model.draws import Draws, FloatArray, Tensor
from bayescich.model.random_variables import random_variable
from bayescich.model.terms import Predictor
from bayescich.spec.priors import PriorSet


@dataclass(frozen=True)
class OrdinalLikelihood:
    """Ordered categories, worst first."""

    categories: tuple[str, ...]
    has_own_level: bool = True

    def declare(self, predictor: Predictor, design: Design, priors: PriorSet) -> None:
        """Declare ``cutpoint`` (dims: cutpoint_between) and the log-likelihood (a potential)."""
        eta = predictor.eta()
        average = predictor.average(np.ones(design.rows), zero_sum_only=True)
        first = random_variable("cutpoint_first_offset", priors.get("cutpoint.first")) + average
        gaps = random_variable("cutpoint_gap", priors.get("cutpoint.gap"), dims="gap")
        cutpoints = pm.Deterministic(
            "cutpoint", first + pt.concatenate([pt.zeros(1), pt.cumsum(gaps)]), dims="threshold"
        )
        category = design.outcome["category"]
        top = len(self.categories) - 1
        below_top, above_bottom = np.flatnonzero(category < top), np.flatnonzero(category > 0)
        upper = pt.sum(_log_sigmoid(cutpoints[category[below_top]] - eta[below_top]))
        lower = pt.sum(_log_sigmoid(eta[above_bottom] - cutpoints[category[above_bottom] - 1]))
        inner = np.bincount(category, minlength=top + 1)[1:top]
        between = pt.sum(inner * pt.log1mexp(-gaps))
        pm.Potential("log_likelihood", upper + lower + between)

    def row_log_likelihood(self, draws: Draws, eta: FloatArray, design: Design) -> FloatArray:
        """Return the log-likelihood by row, shape (samples, rows)."""
        category = design.outcome["category"]
        padded = _padded(draws["cutpoint"])
        upper, lower = padded[:, category + 1], padded[:, category]
        gap = np.log(-np.expm1(lower - upper))
        return log_expit(upper - eta) + log_expit(eta - lower) + gap

    def log_likelihood(self, draws: Draws, eta: FloatArray, design: Design) -> FloatArray:
        """Return the log-likelihood by unit, shape (samples, units)."""
        return sum_by_unit(self.row_log_likelihood(draws, eta, design), design)

    def probabilities(self, draws: Draws, eta: FloatArray) -> FloatArray:
        """Return the probability of each category, shape (samples, ..., categories)."""
        cut = draws["cutpoint"].reshape(draws.size, *([1] * (eta.ndim - 1)), -1)
        at_most = expit(cut - eta[..., None])
        ones = np.ones((*eta.shape, 1))
        return np.diff(np.concatenate([0 * ones, at_most, ones], axis=-1), axis=-1)

    def replicate(
        self, draws: Draws, eta: FloatArray, design: Design, rng: np.random.Generator
    ) -> FloatArray:
        """Draw a category for each row, 0 … K-1, shape (samples, rows)."""
        latent = eta + rng.logistic(size=eta.shape)
        return (latent[..., None] > draws["cutpoint"][:, None, :]).sum(axis=-1).astype(np.float64)

    def observed(self, design: Design) -> FloatArray:
        """Return the category of each row, 0 … K-1."""
        return design.outcome["category"].astype(np.float64)

    @property
    def good_from(self) -> int:
        """First category of the better half: with four grades, Good."""
        return len(self.categories) // 2

    def summary_numerator(self, design: Design) -> FloatArray:
        """Return 1 where the category is in the better half."""
        return (design.outcome["category"] >= self.good_from).astype(np.float64)

    def summary_denominator(self, design: Design) -> FloatArray:
        """Return one a row."""
        return np.ones(design.rows)

    def expected(self, draws: Draws, eta: FloatArray, design: Design) -> FloatArray:
        """Return the probability of the better half."""
        return self.standardised(draws, eta, design, None)

    def standardised(
        self, draws: Draws, eta: FloatArray, design: Design, horizon_days: float | None
    ) -> FloatArray:
        """Return the probability of the better half, shape like ``eta``."""
        cut = draws["cutpoint"][:, self.good_from - 1].reshape(-1, *([1] * (eta.ndim - 1)))
        return expit(eta - cut)

    @property
    def crude_name(self) -> str:
        """Share in the better half."""
        return f"share judged {self.categories[self.good_from]} or better"

    def standardised_name(self, horizon_days: float | None) -> str:
        """Probability of the better half."""
        return f"probability of {self.categories[self.good_from]} or better"


def _log_sigmoid(x: Tensor) -> Tensor:
    return -pt.softplus(-x)


def _padded(cutpoints: FloatArray) -> FloatArray:
    edge = np.full((len(cutpoints), 1), np.inf)
    return np.concatenate([-edge, cutpoints, edge], axis=1)
