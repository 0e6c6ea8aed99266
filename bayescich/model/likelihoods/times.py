"""What every piecewise-exponential hazard shares: clock, baselines, frailty."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bayescich.design.core import Design
from bayescich.design.outcomes import band_exposure
from bayescich.model.base import sum_by_unit
from bayescich.model.draws import Draws, FloatArray, Tensor
from bayescich.model.effects.baseline import declare_level, log_baseline
from bayescich.model.effects.frailty import Frailty, NoFrailty
from bayescich.model.hazard.arrays import HazardArrays, hazard_arrays, route_events
from bayescich.model.terms import Layout, Predictor, stack
from bayescich.spec.priors import PriorSet


@dataclass(frozen=True)
class HazardTimes:
    """The clock of a hazard; η has shape (samples, rows), or (samples, routes, rows)."""

    cuts: tuple[float, ...]
    """Inner band limits in days."""
    frailty: str | None = None
    """Column of the frailty's unit; none for a model without frailty."""
    family: Frailty = field(default_factory=NoFrailty)
    ratio: bool = False
    """Whether a spell that enters late conditions on having lasted until then."""

    def arrays(self, design: Design, layouts: tuple[Layout, ...]) -> HazardArrays:
        """Lay the design out for the fused likelihood."""
        return hazard_arrays(design, stack(layouts, design.rows), self.cuts, ratio=self.ratio)

    def band_events(self, design: Design) -> FloatArray:
        """Return the events by band, (bands,), or by band and route."""
        event, bands = route_events(design), len(self.cuts) + 1
        columns = [np.bincount(design.outcome["event_band"], e, bands) for e in event.T]
        return np.stack(columns, axis=1) if design.routes else columns[0]

    def declare_level(self, predictor: Predictor, design: Design, priors: PriorSet) -> Tensor:
        """Declare the level of the average row; return that of a row with all effects zero."""
        event = route_events(design) + 1e-12
        average = predictor.average(event if design.routes else event[:, 0])
        return declare_level(self.band_events(design), average, priors, predictor.rough_baseline)

    def hazard_over(
        self, draws: Draws, eta: FloatArray, design: Design, exposure: FloatArray
    ) -> FloatArray:
        """Return the cumulative hazard at frailty 1 over years at risk by band, shaped like η.

        Parameters
        ----------
        exposure : array, shape (rows, bands)
        """
        rate = np.exp(log_baseline(draws))
        if rate.ndim == 4:
            rate = np.moveaxis(rate, 3, 1)
        stratum = design.outcome.get("stratum", np.zeros(design.rows, dtype=np.int64))
        level = np.empty(eta.shape)
        for which in range(rate.shape[-2]):
            rows = np.flatnonzero(stratum == which)
            level[..., rows] = rate[..., which, :] @ exposure[rows].T
        return np.exp(eta) * level

    def cumulative_hazard(self, draws: Draws, eta: FloatArray, design: Design) -> FloatArray:
        """Return the same over the observed time at risk."""
        return self.hazard_over(draws, eta, design, design.outcome["exposure"])

    def unit_log_likelihood(self, draws: Draws, eta: FloatArray, design: Design) -> FloatArray:
        """Return the part of the time at risk by unit, the frailty integrated out.

        The unit is that of the frailty, or rows of one unit would not be independent of others.
        """
        events = sum_by_unit(design.outcome["event"], design).astype(np.int64)
        by_unit, survived = self._by_unit(draws, eta, design)
        value = self.family.log_likelihood(draws, events, by_unit)
        if survived is None:
            return value
        return value - self.family.log_likelihood(draws, np.zeros_like(events), survived)

    def frailties(
        self, draws: Draws, eta: FloatArray, design: Design, rng: np.random.Generator
    ) -> FloatArray:
        """Draw each row's frailty given the data of its unit, shape (samples, rows)."""
        events = sum_by_unit(design.outcome["event"], design).astype(np.int64)
        by_unit, _ = self._by_unit(draws, eta, design)
        return self.family.draw(draws, events, by_unit, rng)[:, design.unit.codes]

    def _by_unit(
        self, draws: Draws, eta: FloatArray, design: Design
    ) -> tuple[FloatArray, FloatArray | None]:
        hazard = _over_routes(self.cumulative_hazard(draws, eta, design))
        late = design.outcome.get("late")
        if not self.ratio or late is None or not late.any():
            return sum_by_unit(hazard, design), None
        entry = np.where(late == 1, design.outcome["entry"], 0.0)
        earlier = band_exposure(np.zeros_like(entry), entry, self.cuts)
        before = _over_routes(self.hazard_over(draws, eta, design, earlier))
        return sum_by_unit(hazard + before, design), sum_by_unit(before, design)


def _over_routes(hazard: FloatArray) -> FloatArray:
    return hazard if hazard.ndim == 2 else hazard.sum(axis=1)


def years_until(days: float, cuts: tuple[float, ...]) -> FloatArray:
    """Return the years spent in each band up to a day, shape (bands,)."""
    return band_exposure(np.zeros(1), np.array([float(days)]), cuts)[0]
