"""Which home a child is offered: what is free that day, how near it is, and what the child needs.

The choice is led by recorded needs, but imperfectly: the homes that suit best may be full or far.
``--hidden`` adds a confounder that no record shows, which sends children to the same homes as
acting out does.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.records.code_sets import code_set
from bayescich.simulate.calibration import value
from bayescich.simulate.care.children import ACTING_OUT, DISABILITY, People
from bayescich.simulate.care.practice import Practice
from bayescich.simulate.draws import Flags, Floats, Ints
from bayescich.simulate.settings import Settings
from bayescich.simulate.shapes import Authorities, Homes

SECURE = "Secure children's home"
SCHOOL = "Residential special school (registered as a children's home)"
SCHOOL_BAND, SECURE_BAND = 5, 6
"""Positions after the five size bands."""

_ATTEMPTS = 6


class HomeMarket:
    """The places in homes, filled as children arrive and freed as they leave."""

    def __init__(
        self, settings: Settings, homes: Homes, authorities: Authorities, practice: Practice
    ) -> None:
        frame = homes.frame
        self.opened = frame["opened"].to_numpy(np.int64)
        self.closed = frame["closed"].to_numpy(np.int64)
        self.settings, self.meets = settings, homes.meets.astype(np.float64)
        self.taken = np.zeros(len(frame), dtype=np.int64)
        self.places = _offered(frame["places"].to_numpy(np.int64))
        self.usable = ~frame["short_breaks"].to_numpy(bool)
        self.secure = frame["provision"].eq(SECURE).to_numpy()
        band = _bands(frame["places"].to_numpy(np.int64), frame["provision"].to_numpy(object))
        private = frame["sector"].eq("Private").to_numpy()
        self.suits = _suits(band, private)
        self.by_authority = _log_weights(frame, authorities, practice, band, private)

    def choose(
        self,
        rng: np.random.Generator,
        people: People,
        who: Ints,
        authority: Ints,
        today: Ints,
        not_here: Ints,
        age: Floats,
    ) -> Ints:
        """Choose a home with a free place for each child; -1 where there is none.

        Parameters
        ----------
        who : array of int
            Rows of `people`; the other arrays are aligned with it.
        today : array of int
            Days on which the children arrive.
        not_here : array of int
            Home that each comes from, -1 for none.
        """
        near = np.flatnonzero(
            self.usable & (self.opened <= today.max()) & (self.closed > today.min())
        )
        weight = self._log_weights(people, who, authority, age, near)
        days = today[:, None]
        shut = self.opened[near] > days
        shut |= self.closed[near] <= days + value("journeys.last_admission")
        shut |= near == not_here[:, None]
        weight[shut] = -np.inf
        secure_only = people.factors[who, ACTING_OUT] < value("journeys.secure_at")["acting_out"]
        secure_only |= rng.random(len(who)) > value("journeys.secure_at")["share"]
        weight[np.ix_(secure_only, self.secure[near])] = -np.inf
        return self._fill(rng, weight, near)

    def _log_weights(
        self, people: People, who: Ints, authority: Ints, age: Floats, near: Ints
    ) -> Floats:
        asked, hidden = self.settings.confounding, self.settings.hidden
        factors = people.factors[who]
        seen = np.column_stack(
            [
                asked * np.clip(factors[:, ACTING_OUT], -2, 2.5)
                + hidden * people.frame["hidden"].to_numpy()[who],
                asked * np.clip(factors[:, DISABILITY] - 0.5, 0, 2.5),
                asked * (age >= 15),
            ]
        )
        weight = self.by_authority[np.ix_(authority, near)] + seen @ self.suits[:, near]
        met = people.needs[who].astype(np.float64) @ self.meets[near].T
        weight += asked * value("journeys.needs_met") * met
        return weight

    def _fill(self, rng: np.random.Generator, weight: Floats, near: Ints) -> Ints:
        """Let the children choose at once; where too many choose a home, the last choose again."""
        chosen = np.full(len(weight), -1, dtype=np.int64)
        waiting = np.arange(len(weight))
        for _ in range(_ATTEMPTS):
            free = self.places[near] - self.taken[near]
            with np.errstate(divide="ignore"):
                vacancies = np.where(free > 0, np.log(np.maximum(free, 1)), -np.inf)
            total = weight[waiting] + value("journeys.home_choice")["vacancy"] * vacancies
            found = _weighted_by_logs(rng, total)
            got = found >= 0
            got[got] = _rank(found[got]) < free[found[got]]
            np.add.at(self.taken, near[found[got]], 1)
            chosen[waiting[got]] = near[found[got]]
            # those who found no home at all will find none in the next attempt
            waiting = waiting[~got & (found >= 0)]
            if not len(waiting):
                break
        return chosen


def miles_between(east: Floats, north: Floats, other_east: Floats, other_north: Floats) -> Floats:
    """Return distances in miles, a tenth of a mile at least."""
    return np.maximum(np.hypot(east - other_east, north - other_north), 0.1)


def _offered(places: Ints) -> Ints:
    """Return how many children a home takes at once: homes are seldom full."""
    held = value("journeys.home_choice")["capacity_held"]
    return np.maximum(1, np.round(places * held + 0.25)).astype(np.int64)


def _bands(places: Ints, provision: np.ndarray) -> Ints:
    least = code_set("size_bands")["least_places"].astype(int).to_numpy()
    band = np.searchsorted(least, places, side="right") - 1
    return np.select([provision == SCHOOL, provision == SECURE], [SCHOOL_BAND, SECURE_BAND], band)


def _suits(band: Ints, private: Flags) -> Floats:
    """Return log weights of every home for acting out, disability and older children."""
    suits = value("journeys.home_suits")
    rows = [np.array(suits[name])[band] for name in ("acting_out", "disability", "older")]
    rows[0] = rows[0] + suits["private"]["acting_out"] * private
    return np.array(rows)


def _log_weights(
    frame: pd.DataFrame,
    authorities: Authorities,
    practice: Practice,
    band: Ints,
    private: Flags,
) -> Floats:
    """Return log weights of every home for each authority: distance, ownership, practice."""
    homes = {name: frame[name].to_numpy() for name in ("east", "north", "authority", "sector")}
    choice = value("journeys.home_choice")
    miles = miles_between(
        authorities.east[:, None], authorities.north[:, None], homes["east"], homes["north"]
    )
    own = np.arange(len(authorities.names))[:, None] == homes["authority"]
    council = homes["sector"] == "Local authority"
    weight = -miles / choice["miles"] + own * (choice["inside"] + practice.inside[:, None])
    weight += council * np.where(own, choice["own_council"], choice["other_council"])
    weight += private * practice.private[:, None]
    weight -= practice.size[:, None] * np.minimum(band, 4)
    logs: Floats = weight
    return logs


def _weighted_by_logs(rng: np.random.Generator, logs: Floats) -> Ints:
    """Draw one position per row by its log weights; -1 where every weight is zero."""
    most = logs.max(axis=1, keepdims=True)
    none = ~np.isfinite(most[:, 0])
    most[none] = 0
    cumulative = np.exp(logs - most).cumsum(axis=1)
    aim = rng.random(len(logs)) * cumulative[:, -1]
    found = (cumulative <= aim[:, None]).sum(axis=1)
    found[none] = -1
    return found


def _rank(values: Ints) -> Ints:
    """Number equal values in their order, from zero."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    first = np.searchsorted(ordered, ordered, side="left")
    rank = np.empty(len(values), dtype=np.int64)
    rank[order] = np.arange(len(values)) - first
    return rank
