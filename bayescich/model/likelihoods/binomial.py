"""Binomial counts, and with one trial a yes or no, with a logit link."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pymc as pm
from scipy.special import expit
from scipy.stats import binom

from bayescich.design.core import Design
from bayescich.model.base import sum_by_unit
from bayescich.model.draws import Draws, FloatArray
from bayescich.model.terms import Predictor
from bayescich.spec.priors import PriorSet


@dataclass(frozen=True)
class BinomialLikelihood:
    """``successes ~ Binomial(trials, logistic(η))``."""

    success_name: str = "success"
    has_own_level: bool = False

    def declare(self, predictor: Predictor, design: Design, priors: PriorSet) -> None:
        """Declare the observed counts."""
        arrays = design.outcome
        pm.Binomial(
            "successes", n=arrays["trials"], logit_p=predictor.eta(), observed=arrays["successes"]
        )

    def log_likelihood(self, draws: Draws, eta: FloatArray, design: Design) -> FloatArray:
        """Return the log-likelihood by unit, shape (samples, units)."""
        arrays = design.outcome
        by_row = binom.logpmf(arrays["successes"], arrays["trials"], expit(eta))
        return sum_by_unit(by_row, design)

    def replicate(
        self, draws: Draws, eta: FloatArray, design: Design, rng: np.random.Generator
    ) -> FloatArray:
        """Draw counts, shape (samples, rows)."""
        return rng.binomial(design.outcome["trials"], expit(eta)).astype(np.float64)

    def observed(self, design: Design) -> FloatArray:
        """Return the successes."""
        return design.outcome["successes"].astype(np.float64)

    def expected(self, draws: Draws, eta: FloatArray, design: Design) -> FloatArray:
        """Return expected successes."""
        return expit(eta) * design.outcome["trials"]

    def summary_numerator(self, design: Design) -> FloatArray:
        """Return the successes."""
        return self.observed(design)

    def summary_denominator(self, design: Design) -> FloatArray:
        """Return the trials."""
        return design.outcome["trials"].astype(np.float64)

    def standardised(
        self, draws: Draws, eta: FloatArray, design: Design, horizon_days: float | None
    ) -> FloatArray:
        """Return the probability, shape like ``eta``."""
        return expit(eta)

    @property
    def crude_name(self) -> str:
        """Share of trials."""
        return f"share with {self.success_name}"

    def standardised_name(self, horizon_days: float | None) -> str:
        """Probability."""
        return f"probability of {self.success_name}"
