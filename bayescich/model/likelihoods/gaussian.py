"""A measurement with normal error: its standard deviation learnt, or known row by row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pymc as pm
from scipy.stats import norm

from bayescich.design.core import Design
from bayescich.model.base import sum_by_unit
from bayescich.model.draws import Draws, FloatArray
from bayescich.model.random_variables import random_variable
from bayescich.model.terms import Predictor
from bayescich.spec.priors import PriorSet


@dataclass(frozen=True)
class GaussianLikelihood:
    """``value ~ Normal(η, residual_sd)``, or with the standard error of each row."""

    outcome_name: str = "outcome"
    has_own_level: bool = False

    def declare(self, predictor: Predictor, design: Design, priors: PriorSet) -> None:
        """Declare ``residual_sd`` unless it is known, and the observed values."""
        known = design.outcome.get("known_sd")
        sd = random_variable("residual_sd", priors.get("residual.sd")) if known is None else known
        pm.Normal("value", predictor.eta(), sd, observed=design.outcome["value"])

    def log_likelihood(self, draws: Draws, eta: FloatArray, design: Design) -> FloatArray:
        """Return the log-likelihood by unit, shape (samples, units)."""
        by_row = norm.logpdf(design.outcome["value"], eta, _sd(draws, design))
        return sum_by_unit(by_row, design)

    def replicate(
        self, draws: Draws, eta: FloatArray, design: Design, rng: np.random.Generator
    ) -> FloatArray:
        """Draw values, shape (samples, rows)."""
        return eta + _sd(draws, design) * rng.standard_normal(eta.shape)

    def observed(self, design: Design) -> FloatArray:
        """Return the values."""
        return design.outcome["value"].astype(np.float64)

    def expected(self, draws: Draws, eta: FloatArray, design: Design) -> FloatArray:
        """Return the mean."""
        return eta

    def summary_numerator(self, design: Design) -> FloatArray:
        """Return the values."""
        return self.observed(design)

    def summary_denominator(self, design: Design) -> FloatArray:
        """Return one a row."""
        return np.ones(design.rows)

    def standardised(
        self, draws: Draws, eta: FloatArray, design: Design, horizon_days: float | None
    ) -> FloatArray:
        """Return the mean, shape like ``eta``."""
        return eta

    @property
    def crude_name(self) -> str:
        """Mean of the outcome."""
        return f"mean {self.outcome_name}"

    def standardised_name(self, horizon_days: float | None) -> str:
        """Mean of the outcome."""
        return f"mean {self.outcome_name}"


def _sd(draws: Draws, design: Design) -> FloatArray:
    if "known_sd" in design.outcome:
        return design.outcome["known_sd"].astype(np.float64)
    return draws["residual_sd"][:, None]
