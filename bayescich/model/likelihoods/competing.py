"""Cause-specific hazards of competing routes, sharing exposure, frailty and the operation.

Route m has a hazard ``λ_m = exp(α_m,b + η_m)`` of its own; the spell ends by whichever comes first,
and for each route the others censor. With the total hazard in the frailty's closed form the
log-likelihood is

    Σ_events (α_m + η_m)  +  frailty part of  H_i = Σ_m Σ_r exp(η_rm) Λ_rm.

An event whose route was not recorded contributes the sum of the routes' hazards, each times the
chance that an event by it is not recorded:

    log Σ_m λ_m ω_lm,      ω_lm = logistic(r_l + shift · (m - (M - 1)/2)),

with ``r_l`` the recorder's (the authority's) own log odds, partially pooled; an event that was
recorded contributes ``log(1 - ω_lm)``. Without a shift, not recording says nothing about the route.

References
----------
Prentice et al. (1978), The analysis of failure times in the presence of competing risks,
Biometrics 34; Dewanji & Sengupta (2003), Estimation of competing risks with general missing
pattern in failure types, Biometrics 59; docs/methods.md section 2.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from scipy.special import expit, logsumexp

from bayescich.design.core import DAYS_PER_YEAR, Design, IntArray
from bayescich.design.outcomes import UNKNOWN
from bayescich.model.base import sum_by_unit
from bayescich.model.draws import Draws, FloatArray, Tensor
from bayescich.model.effects.baseline import declare_baseline, declare_departures, log_baseline
from bayescich.model.hazard.arrays import route_events
from bayescich.model.hazard.operation import hazard_log_likelihood
from bayescich.model.likelihoods.times import HazardTimes
from bayescich.model.random_variables import random_variable
from bayescich.model.terms import Predictor, stacked_values
from bayescich.spec.priors import PriorSet

_POINTS = 8
"""Points a band at which incidence is taken for restricted mean times."""


@dataclass(frozen=True)
class CompetingLikelihood(HazardTimes):
    """Routes out of a home; η has shape (samples, routes, rows)."""

    routes: tuple[str, ...] = ()
    recorded_by: str | None = None
    """Column of who records the route, when the share not recorded is learnt."""
    shifted: bool = False
    """Whether being recorded may depend on the route."""
    event_name: str = "exit"
    has_own_level: bool = True

    def declare(self, predictor: Predictor, design: Design, priors: PriorSet) -> None:
        """Declare baselines, frailty, recording and the log-likelihood (potentials)."""
        routes, rough = len(self.routes), predictor.rough_baseline
        level = predictor.level
        if level is None:
            level = self.declare_level(predictor, design, priors)
        baseline = declare_baseline(self.cuts, self.band_events(design), level, priors, rough)
        strata = baseline[None]
        if "baseline" in design.coords:
            count = len(design.coords["baseline"])
            strata = strata + declare_departures(self.cuts, count, routes, priors)
        parameter = self.family.declare(priors)
        levels, coefficients = stacked_values(predictor.terms, routes)
        arrays = self.arrays(design, tuple(term.layout for term in predictor.terms))
        value = hazard_log_likelihood(
            levels, coefficients, strata, parameter, arrays, self.family.kind
        )
        pm.Potential("log_likelihood", value)
        unknown = np.flatnonzero(design.outcome["cause"] == UNKNOWN).astype(np.int64)
        if len(unknown):
            self._declare_unknown(predictor, strata, unknown, design, priors)

    def _declare_unknown(
        self,
        predictor: Predictor,
        strata: Tensor,
        unknown: IntArray,
        design: Design,
        priors: PriorSet,
    ) -> None:
        stratum = _stratum(design)[unknown]
        at_event = strata[stratum, design.outcome["event_band"][unknown]]
        if predictor.terms:
            at_event = predictor.take(unknown).eta() + at_event
        if self.recorded_by is None:
            pm.Potential("unknown_route", pt.sum(pt.logsumexp(at_event, axis=1)))
            return
        logits = self._declare_recording(design, priors)
        missed = -pt.softplus(-logits)[design.outcome["recorder"][unknown]]
        pm.Potential("unknown_route", pt.sum(pt.logsumexp(at_event + missed, axis=1)))
        pm.Potential("known_route", pt.sum(_recorded(design) * -pt.softplus(logits)))

    def _declare_recording(self, design: Design, priors: PriorSet) -> Tensor:
        level = random_variable("recording_level", priors.get("recording.level"))
        sd = random_variable("recording_sd", priors.get("recording.sd"))
        each = pm.Normal("recording_offset", 0.0, 1.0, dims="recorder")
        own = pm.Deterministic("recording_logit", level + sd * each, dims="recorder")
        if not self.shifted:
            return own[:, None] + np.zeros(len(self.routes))
        shift = random_variable("recording_shift", priors.get("recording.shift"))
        return own[:, None] + shift * _position(len(self.routes))

    def log_likelihood(self, draws: Draws, eta: FloatArray, design: Design) -> FloatArray:
        """Return the log-likelihood by unit, the frailty integrated out; (samples, units)."""
        outcome = design.outcome
        at_event = eta + np.moveaxis(
            log_baseline(draws)[:, _stratum(design), outcome["event_band"]], 2, 1
        )
        missed = self._log_missed(draws, design)
        known = np.einsum("smr,rm->sr", at_event + missed[1], route_events(design))
        unknown = logsumexp(at_event + missed[0], axis=1) * (outcome["cause"] == UNKNOWN)
        seen = sum_by_unit(known + unknown, design)
        return seen + self.unit_log_likelihood(draws, eta, design)

    def _log_missed(self, draws: Draws, design: Design) -> tuple[FloatArray, FloatArray]:
        """Return the log chance of a route not being, and being, recorded; (samples, m, rows)."""
        if "recording_logit" not in draws:
            return np.zeros((1, 1, 1)), np.zeros((1, 1, 1))
        logits = draws["recording_logit"][:, None, design.outcome["recorder"]]
        if "recording_shift" in draws:
            place = _position(len(self.routes))
            logits = logits + draws["recording_shift"][:, None, None] * place[:, None]
        return np.log(expit(logits)), np.log(expit(-logits))

    def not_recorded(self, draws: Draws, recorder: IntArray, route: IntArray) -> FloatArray:
        """Return the chance that the record of an event does not say its route.

        Parameters
        ----------
        draws : Draws
            Of a model that learns the share not recorded.
        recorder : array of int, shape (events,)
        route : array of int, shape (samples, events)
        """
        logits = draws["recording_logit"][:, recorder]
        if "recording_shift" in draws:
            place = _position(len(self.routes))[route]
            logits = logits + draws["recording_shift"][:, None] * place
        return np.asarray(expit(logits))

    def replicate(
        self, draws: Draws, eta: FloatArray, design: Design, rng: np.random.Generator
    ) -> FloatArray:
        """Draw whether an event happens within the observed exposure, (samples, rows)."""
        total = self.cumulative_hazard(draws, eta, design).sum(axis=1)
        return rng.poisson(total * self.frailties(draws, eta, design, rng)).astype(np.float64)

    def observed(self, design: Design) -> FloatArray:
        """Return the event of each spell, 0 or 1."""
        return design.outcome["event"].astype(np.float64)

    def expected(self, draws: Draws, eta: FloatArray, design: Design) -> FloatArray:
        """Return expected events of any route over the observed exposure at the mean frailty."""
        return self.cumulative_hazard(draws, eta, design).sum(axis=1)

    def summary_numerator(self, design: Design) -> FloatArray:
        """Return events."""
        return self.observed(design)

    def summary_denominator(self, design: Design) -> FloatArray:
        """Return years at risk."""
        return design.outcome["exposure"].sum(axis=1)

    def standardised(
        self, draws: Draws, eta: FloatArray, design: Design, horizon_days: float | None
    ) -> FloatArray:
        """Return the incidence of each route within the horizon, shape like ``eta``.

        ``eta`` has shape (samples, routes, ...); the incidence is averaged over new children.
        """
        days = np.array([float(horizon_days or DAYS_PER_YEAR)])
        return self.incidence(draws, eta, days)[..., 0]

    def incidence(
        self, draws: Draws, eta: FloatArray, days: FloatArray, stratum: int | None = None
    ) -> FloatArray:
        """Return the cumulative incidence of each route, averaged over new children.

        Parameters
        ----------
        draws : Draws
        eta : array, shape (samples, routes, ...)
        days : array, shape (times,)
            Days since the placement started, increasing.
        stratum : int, optional
            Which baseline, when there are several.

        Returns
        -------
        array, shape (samples, routes, ..., times)
            The frailty multiplies all routes alike, so the shares of the routes within a band do
            not depend on it and only survival is averaged over it.
        """
        rates = draws["baseline"] if stratum is None else log_baseline(draws)[:, stratum]
        rate = np.moveaxis(np.exp(rates), 2, 1)
        edges = np.unique(np.r_[0.0, [c for c in self.cuts if c < days[-1]], days])
        found = np.zeros((*eta.shape, len(days)))
        risk = np.exp(eta)
        passed = np.zeros((len(eta), *eta.shape[2:]))
        alive, gone = self.family.survival(draws, passed), np.zeros_like(eta)
        for start, stop in itertools.pairwise(edges):
            band = int(np.searchsorted(self.cuts, stop, side="left"))
            here = rate[:, :, band].reshape(*eta.shape[:2], *([1] * (eta.ndim - 2))) * risk
            total = here.sum(axis=1)
            passed = passed + total * (stop - start) / DAYS_PER_YEAR
            later = self.family.survival(draws, passed)
            gone = gone + here / total[:, None] * (alive - later)[:, None]
            alive = later
            found[..., days == stop] = gone[..., None]
        return found

    def time_lost(
        self, draws: Draws, eta: FloatArray, days: float, stratum: int | None = None
    ) -> FloatArray:
        """Return the mean days lost to each route by that day, shape like ``eta``.

        The area under the incidence: of the days until then, how many a child has already left by
        that route.
        """
        grid = self._grid(days)
        incidence = self.incidence(draws, eta, grid, stratum)
        whole = np.concatenate([np.zeros_like(incidence[..., :1]), incidence], axis=-1)
        return np.asarray(np.trapezoid(whole, np.r_[0.0, grid], axis=-1))

    def _grid(self, days: float) -> FloatArray:
        edges = np.unique(np.r_[0.0, [c for c in self.cuts if c < days], days])
        steps = [np.linspace(a, b, _POINTS + 1)[1:] for a, b in itertools.pairwise(edges)]
        return np.concatenate(steps)

    @property
    def crude_name(self) -> str:
        """Events per year at risk."""
        return f"{self.event_name}s per year at risk"

    def standardised_name(self, horizon_days: float | None) -> str:
        """Incidence within the horizon."""
        return f"probability of each route within {horizon_days or 365} days"


def _stratum(design: Design) -> IntArray:
    return design.outcome.get("stratum", np.zeros(design.rows, dtype=np.int64))


def _position(routes: int) -> FloatArray:
    return np.arange(float(routes)) - (routes - 1) / 2.0


def _recorded(design: Design) -> FloatArray:
    recorder = design.outcome["recorder"]
    count = len(design.coords["recorder"])
    columns = [np.bincount(recorder, column, count) for column in route_events(design).T]
    return np.stack(columns, axis=1)
