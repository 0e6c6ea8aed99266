"""Piecewise-exponential hazard with dense band exposures and an integrated gamma frailty.

One row is one spell. With ``E`` the (rows × bands) years at risk and ``α`` the baseline,

    H_r = exp(η_r) (E exp(α))_r,

which is one matrix product instead of one Poisson row per spell and band, and the event part needs
only ``Σ event·η`` and the number of events per band.

References
----------
Holford (1980), Biometrics 36; Laird & Olivier (1981), JASA 76; docs/methods.md section 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayescich.design.core import DAYS_PER_YEAR, Design
from bayescich.design.outcomes import band_exposure
from bayescich.model.base import sum_by_unit
from bayescich.model.draws import Draws, FloatArray, Tensor
from bayescich.model.effects.baseline import declare_baseline
from bayescich.model.effects.frailty import draw_frailty, frailty_graph, frailty_log_likelihood
from bayescich.model.random_variables import random_variable
from bayescich.spec.priors import PriorSet


@dataclass(frozen=True)
class HazardLikelihood:
    """Time to a move; see the module docstring for the form."""

    cuts: tuple[float, ...]
    """Inner band limits in days."""
    frailty: str | None
    """Column of the frailty's unit; none for a model without frailty."""
    event_name: str = "move"
    has_own_level: bool = True

    def declare(self, eta: Tensor, average: Tensor, design: Design, priors: PriorSet) -> None:
        """Declare baseline, frailty variance and the log-likelihood (a potential)."""
        baseline = declare_baseline(self.cuts, average, priors)
        event = design.outcome["event"]
        events_per_band = np.bincount(
            design.outcome["event_band"][event == 1], minlength=len(self.cuts) + 1
        )
        seen = pt.dot(event.astype(float), eta) + pt.dot(events_per_band.astype(float), baseline)
        exposure = pt.constant(design.outcome["exposure"])
        hazard = pt.exp(eta) * pt.dot(exposure, pt.exp(baseline))
        pm.Potential("log_likelihood", seen + self._survival(hazard, design, priors))

    def _survival(self, hazard: Tensor, design: Design, priors: PriorSet) -> Tensor:
        if self.frailty is None:
            return -pt.sum(hazard)
        variance = random_variable("frailty_variance", priors.get("frailty.variance"))
        factor = design.factors[self.frailty]
        by_unit = pt.inc_subtensor(pt.zeros(factor.size)[factor.codes], hazard)
        events = np.bincount(factor.codes, design.outcome["event"], factor.size).astype(np.int64)
        return frailty_graph(events, by_unit, variance)

    def cumulative_hazard(self, draws: Draws, eta: FloatArray, design: Design) -> FloatArray:
        """Return ``H_r`` at frailty 1 over the observed exposure, shape (samples, rows)."""
        return np.exp(eta) * (np.exp(draws["baseline"]) @ design.outcome["exposure"].T)

    def log_likelihood(self, draws: Draws, eta: FloatArray, design: Design) -> FloatArray:
        """Return the log-likelihood by unit, the frailty integrated out; (samples, units).

        The unit must be the frailty's own, or rows of one unit would not be independent of others.
        """
        hazard = self.cumulative_hazard(draws, eta, design)
        at_event = eta + draws["baseline"][:, design.outcome["event_band"]]
        seen = sum_by_unit(at_event * design.outcome["event"], design)
        if self.frailty is None:
            return seen - sum_by_unit(hazard, design)
        events = sum_by_unit(design.outcome["event"], design).astype(np.int64)
        by_unit = sum_by_unit(hazard, design)
        return seen + frailty_log_likelihood(events, by_unit, draws["frailty_variance"])

    def frailties(
        self, draws: Draws, eta: FloatArray, design: Design, rng: np.random.Generator
    ) -> FloatArray:
        """Draw each row's frailty given the data of its unit, shape (samples, rows)."""
        if self.frailty is None:
            return np.ones_like(eta)
        factor = design.factors[self.frailty]
        hazard = factor.sums(self.cumulative_hazard(draws, eta, design))
        events = factor.sums(design.outcome["event"].astype(float)).astype(np.int64)
        drawn = draw_frailty(events, hazard, draws["frailty_variance"], rng)
        return drawn[:, factor.codes]

    def new_frailties(self, draws: Draws, design: Design, rng: np.random.Generator) -> FloatArray:
        """Draw the frailties of new children, one a row, shape (samples, rows)."""
        if self.frailty is None:
            return np.ones((draws.size, design.rows))
        shape = 1.0 / draws["frailty_variance"][:, None]
        return rng.gamma(shape, size=(draws.size, design.rows)) / shape

    def replicate(
        self, draws: Draws, eta: FloatArray, design: Design, rng: np.random.Generator
    ) -> FloatArray:
        """Draw events of the same children within the observed exposure, (samples, rows).

        Not for comparing totals between homes: the observed exposure ended with the observed
        event. Such checks draw whole spells by :meth:`replicate_durations`.
        """
        hazard = self.cumulative_hazard(draws, eta, design)
        return rng.poisson(hazard * self.frailties(draws, eta, design, rng)).astype(np.float64)

    def replicate_durations(
        self, draws: Draws, eta: FloatArray, frailty: FloatArray, rng: np.random.Generator
    ) -> FloatArray:
        """Draw days until the move by inverting the cumulative hazard, (samples, rows)."""
        target = rng.exponential(size=eta.shape) / (frailty * np.exp(eta))
        rate = np.exp(draws["baseline"]) / DAYS_PER_YEAR
        return _invert(target, rate, self.cuts)

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
        self, draws: Draws, eta: FloatArray, design: Design, horizon_days: float | None
    ) -> FloatArray:
        """Return the probability of the event within the horizon, averaged over new children."""
        days = np.array([float(horizon_days or DAYS_PER_YEAR)])
        years = band_exposure(np.zeros(1), days, self.cuts)[0]
        level = np.exp(draws["baseline"]) @ years
        hazard = np.exp(eta) * level.reshape(-1, *([1] * (eta.ndim - 1)))
        if self.frailty is None:
            return -np.expm1(-hazard)
        phi = draws["frailty_variance"].reshape(-1, *([1] * (eta.ndim - 1)))
        return -np.expm1(-np.log1p(phi * hazard) / phi)

    @property
    def crude_name(self) -> str:
        """Events per year at risk."""
        return f"{self.event_name}s per year at risk"

    def standardised_name(self, horizon_days: float | None) -> str:
        """Probability within the horizon."""
        return f"probability of a {self.event_name} within {horizon_days or 365} days"


def _invert(target: FloatArray, rate: FloatArray, cuts: tuple[float, ...]) -> FloatArray:
    # walk the bands once: the remaining cumulative hazard is spent band by band
    lower = np.array([0.0, *cuts])
    widths = np.diff([*lower, np.inf])
    days = np.zeros_like(target)
    left = target.copy()
    for band, width in enumerate(widths):
        band_rate = rate[:, band][:, None]
        spent = np.minimum(left, band_rate * width)
        days += spent / band_rate
        left -= spent
    return days
