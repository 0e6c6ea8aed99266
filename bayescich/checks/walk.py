"""Whole spells drawn again: an event or a potential censoring, whichever comes first.

Counting events within the *observed* time at risk is not enough for checks: that time ended with
the event. Here the duration itself is drawn by walking through the bands and the pieces of a spell
until its cumulative hazard is spent. Each piece has its own η, as age and year had them; beyond
the observed end the spell goes on as in its last piece (nothing is known of later years).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayescich.checks.spells import NONE, Spells
from bayescich.design.core import DAYS_PER_YEAR, FloatArray, IntArray
from bayescich.model.draws import Draws
from bayescich.model.effects.baseline import log_baseline
from bayescich.model.likelihoods.times import HazardTimes


@dataclass(frozen=True)
class Replicates:
    """Spells drawn again; arrays have shape (samples, spells)."""

    spells: Spells
    event: FloatArray
    """0 or 1."""
    days: FloatArray
    """End of the spell; in whole days, as records have it, unless asked otherwise."""
    route: IntArray
    """Position of the route (0 for a single event), -1 where censored."""
    piece: IntArray
    """Position of the piece in which an event falls."""

    def events_by_piece(self) -> FloatArray:
        """Return events in each piece, shape (samples, pieces)."""
        found = np.zeros((len(self.event), len(self.spells.rows)))
        sample, spell = np.nonzero(self.event)
        found[sample, self.piece[sample, spell]] = 1.0
        return found

    def years_by_piece(self) -> FloatArray:
        """Return years at risk in each piece, shape (samples, pieces)."""
        return self.spells.years_until(self.days)


def replicate_spells(
    likelihood: HazardTimes,
    draws: Draws,
    eta: FloatArray,
    frailty: FloatArray,
    spells: Spells,
    censored_at: FloatArray,
    rng: np.random.Generator,
    whole_days: bool = True,
) -> Replicates:
    """Draw whole spells.

    Parameters
    ----------
    likelihood : HazardTimes
    draws : Draws
    eta : array, shape (samples, pieces) or (samples, routes, pieces)
        Of each piece of ``spells``.
    frailty : array, shape (samples, spells)
    spells : Spells
    censored_at : array, shape (spells,) or (samples, spells)
        Potential censoring in days.
    rng : Generator
    whole_days : bool, default True
        Whether a spell ends with its day, as in records, or at the moment of the hazard's.
    """
    risk = np.exp(eta)
    reached = _walk(likelihood, draws, risk, frailty, spells, rng)
    ended_at = np.ceil(reached.days) if whole_days else reached.days
    event = ended_at <= censored_at
    route = np.zeros(event.shape, dtype=np.int64)
    if risk.ndim == 3:
        route = _routes(draws, risk, spells, reached, rng)
    return Replicates(
        spells=spells,
        event=event.astype(np.float64),
        days=np.minimum(ended_at, censored_at),
        route=np.where(event, route, NONE),
        piece=reached.piece,
    )


@dataclass(frozen=True)
class _Reached:
    """Where each spell's cumulative hazard is spent; (samples, spells)."""

    days: FloatArray
    piece: IntArray
    band: IntArray


def _walk(
    likelihood: HazardTimes,
    draws: Draws,
    risk: FloatArray,
    frailty: FloatArray,
    spells: Spells,
    rng: np.random.Generator,
) -> _Reached:
    # within a band time runs piece by piece: what is left at its start is spent by them in turn
    left = rng.exponential(size=frailty.shape) / frailty
    of_piece, time = spells.of_piece, spells.open_years(likelihood.cuts)
    years = np.zeros(left.shape)
    piece = np.broadcast_to(spells.last, left.shape).copy()
    band = np.full(left.shape, time.shape[1] - 1)
    for number in range(time.shape[1]):
        hazard = _hazard(draws, risk, spells.stratum, number)
        # an open last band: no hazard is ever enough, and none is spent where no time is
        grown = np.zeros_like(hazard)
        np.multiply(hazard, time[:, number], out=grown, where=time[:, number] > 0)
        room = left[:, of_piece] - spells.earlier(grown)
        spent = np.clip(room, 0.0, grown)
        years += spells.sums(spent / hazard)
        left = left - spells.sums(spent)
        sample, where = np.nonzero((room >= 0.0) & (room < grown))
        piece[sample, of_piece[where]] = where
        band[sample, of_piece[where]] = number
        # those have ended, whatever rounding leaves
        left[sample, of_piece[where]] = -1.0
    return _Reached(spells.entry[spells.first] + years * DAYS_PER_YEAR, piece, band)


def _hazard(draws: Draws, risk: FloatArray, stratum: IntArray, band: int) -> FloatArray:
    """Return the hazard a year of each piece in one band, all routes together."""
    rate = np.exp(log_baseline(draws)[:, :, band])
    if risk.ndim == 2:
        return risk * (rate[:, stratum] if rate.shape[1] > 1 else rate)
    total = np.zeros((len(risk), risk.shape[2]))
    for route in range(risk.shape[1]):
        of_route = rate[:, :, route]
        total += risk[:, route] * (of_route[:, stratum] if rate.shape[1] > 1 else of_route)
    return total


def _routes(
    draws: Draws, risk: FloatArray, spells: Spells, reached: _Reached, rng: np.random.Generator
) -> IntArray:
    """Draw the route of each event by the hazards where it happens."""
    rate = np.exp(log_baseline(draws))
    sample = np.arange(len(risk))[:, None]
    at_baseline = rate[sample, spells.stratum[reached.piece], reached.band]
    at_risk = np.moveaxis(risk, 1, 2)[sample, reached.piece]
    chance = np.cumsum(at_baseline * at_risk, axis=2)
    drawn = rng.random(reached.days.shape)[..., None] * chance[..., -1:]
    return np.minimum((drawn > chance).sum(axis=2), risk.shape[1] - 1)
