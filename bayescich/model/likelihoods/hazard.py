"""Piecewise-exponential hazard of one event, with a frailty that is integrated out.

One row is one spell, or a piece of one. With ``Λ_r`` the cumulative baseline over its time at risk,
``H_r = exp(η_r) Λ_r``: no Poisson row per spell and band is made, and the event part needs only
``Σ event·η`` and the number of events per band. Value and gradient are one operation
(:mod:`bayescich.model.hazard`).

References
----------
Holford (1980), Biometrics 36; Laird & Olivier (1981), JASA 76; docs/methods.md section 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pymc as pm

from bayescich.design.core import DAYS_PER_YEAR, Design
from bayescich.model.base import sum_by_unit
from bayescich.model.draws import Draws, FloatArray, Tensor
from bayescich.model.effects.baseline import declare_baseline, declare_departures, log_baseline
from bayescich.model.hazard.operation import hazard_log_likelihood
from bayescich.model.likelihoods.times import HazardTimes, years_until
from bayescich.model.terms import Predictor, stacked_values
from bayescich.spec.priors import PriorSet


@dataclass(frozen=True)
class HazardLikelihood(HazardTimes):
    """Time to a move; see the module docstring for the form."""

    event_name: str = "move"
    has_own_level: bool = True

    def declare(self, predictor: Predictor, design: Design, priors: PriorSet) -> None:
        """Declare baseline, frailty and the log-likelihood (a potential)."""
        rough = predictor.rough_baseline
        level = predictor.level
        if level is None:
            level = self.declare_level(predictor, design, priors)
        baseline = declare_baseline(self.cuts, self.band_events(design), level, priors, rough)
        parameter = self.family.declare(priors)
        levels, coefficients = stacked_values(predictor.terms, 1)
        arrays = self.arrays(design, tuple(term.layout for term in predictor.terms))
        value = hazard_log_likelihood(
            levels, coefficients, self._strata(baseline, design, priors)[:, :, None], parameter,
            arrays, self.family.kind,
        )  # fmt: skip
        pm.Potential("log_likelihood", value)

    def _strata(self, baseline: Tensor, design: Design, priors: PriorSet) -> Tensor:
        if "baseline" not in design.coords:
            return baseline[None]
        strata = len(design.coords["baseline"])
        return baseline[None] + declare_departures(self.cuts, strata, 0, priors)

    def log_likelihood(self, draws: Draws, eta: FloatArray, design: Design) -> FloatArray:
        """Return the log-likelihood by unit, the frailty integrated out; (samples, units)."""
        outcome = design.outcome
        stratum = outcome.get("stratum", np.zeros(design.rows, dtype=np.int64))
        at_event = eta + log_baseline(draws)[:, stratum, outcome["event_band"]]
        seen = sum_by_unit(at_event * outcome["event"], design)
        return seen + self.unit_log_likelihood(draws, eta, design)

    def replicate(
        self, draws: Draws, eta: FloatArray, design: Design, rng: np.random.Generator
    ) -> FloatArray:
        """Draw events of the same children within the observed exposure, (samples, rows).

        Not for comparing totals between homes: the observed exposure ended with the observed
        event. Such checks draw whole spells (``checks/walk.py``).
        """
        hazard = self.cumulative_hazard(draws, eta, design)
        return rng.poisson(hazard * self.frailties(draws, eta, design, rng)).astype(np.float64)

    def observed(self, design: Design) -> FloatArray:
        """Return the event of each spell, 0 or 1."""
        return design.outcome["event"].astype(np.float64)

    def expected(self, draws: Draws, eta: FloatArray, design: Design) -> FloatArray:
        """Return expected events over the observed exposure at the mean frailty."""
        return self.cumulative_hazard(draws, eta, design)

    def summary_numerator(self, design: Design) -> FloatArray:
        """Return events."""
        return design.outcome["event"].astype(np.float64)

    def summary_denominator(self, design: Design) -> FloatArray:
        """Return years at risk."""
        return design.outcome["exposure"].sum(axis=1)

    def standardised(
        self,
        draws: Draws,
        eta: FloatArray,
        design: Design,
        horizon_days: float | None,
        stratum: int | None = None,
    ) -> FloatArray:
        """Return the probability of the event within the horizon, averaged over new children.

        With a baseline for each type, ``stratum`` says whose; the common one otherwise.
        """
        years = years_until(float(horizon_days or DAYS_PER_YEAR), self.cuts)
        rates = draws["baseline"] if stratum is None else log_baseline(draws)[:, stratum]
        level = np.exp(rates) @ years
        hazard = np.exp(eta) * level.reshape(-1, *([1] * (eta.ndim - 1)))
        return 1.0 - self.family.survival(draws, hazard)

    @property
    def crude_name(self) -> str:
        """Events per year at risk."""
        return f"{self.event_name}s per year at risk"

    def standardised_name(self, horizon_days: float | None) -> str:
        """Probability within the horizon."""
        return f"probability of a {self.event_name} within {horizon_days or 365} days"
