"""Journeys through care: a semi-Markov process in which the children compete for places in homes.

Time runs in slices of four weeks. In each, the children who need a placement are placed all at
once, those who move on within the slice again, until nobody is left. A place that is given up is
free from the next slice on, so a home never holds more children than it may.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayescich.simulate.calibration import value
from bayescich.simulate.care.children import ACTING_OUT, People
from bayescich.simulate.care.destinations import Destinations
from bayescich.simulate.care.hazards import (
    RECS,
    leave_trend,
    leaver_weights,
    leaving_hazards,
    moving_hazards,
    of_home,
    piecewise_days,
    reasons_for_move,
)
from bayescich.simulate.care.home_effects import HomeEffects
from bayescich.simulate.care.market import HomeMarket
from bayescich.simulate.care.practice import Practice
from bayescich.simulate.draws import YEAR, Flags, Floats, Ints, weighted
from bayescich.simulate.settings import Settings
from bayescich.simulate.shapes import CUSTODY, HOME, KIN, KINDS, NEVER, Authorities, Homes
from bayescich.simulate.truth import Truth

SLICE = 28
"""Days of a slice."""

OUTCOMES = ("moved", "left", "taken over", "birthday", "open")
MOVED, LEFT, TAKEN_OVER, BIRTHDAY, OPEN = range(len(OUTCOMES))

NONE = -1
_X1, _STILL_OPEN, _E3, _E8, _E15 = (RECS.index(c) for c in ("X1", "", "E3", "E8", "E15"))


@dataclass
class Standing:
    """Where everyone stands: one entry per person, changed as the slices go by."""

    ready: Ints
    """Day on which the next placement begins; NEVER when there will be none."""
    authority: Ints
    period: Ints
    earlier: Ints
    """Placements before the next one."""
    at_first_home: Ints
    """Placements before the first home; NONE until there is one."""
    kind: Ints
    """Of the placement before in this period of care; NONE at its start."""
    home: Ints
    planned: Flags
    """Whether the move that is under way was planned."""
    carried: Flags
    """Whether the child goes on in the same place, taken over by another authority."""

    @classmethod
    def at_entry(cls, people: People) -> Standing:
        """Return how everyone stands before the first day."""
        number = len(people.frame)
        entry = people.frame["entry"].to_numpy(np.int64).copy()
        authority = people.frame["authority"].to_numpy(np.int64).copy()
        return cls(
            ready=entry,
            authority=authority,
            period=np.zeros(number, np.int64),
            earlier=np.zeros(number, np.int64),
            at_first_home=np.full(number, NONE),
            kind=np.full(number, NONE),
            home=np.full(number, NONE),
            planned=np.zeros(number, np.bool_),
            carried=np.zeros(number, np.bool_),
        )


class Journeys:
    """Draws the placements of everyone, slice by slice."""

    def __init__(
        self,
        rng: np.random.Generator,
        settings: Settings,
        people: People,
        homes: Homes,
        authorities: Authorities,
        truth: Truth,
    ) -> None:
        self.rng, self.settings, self.people = rng, settings, people
        self.practice = practice = truth.practice
        self.market = HomeMarket(settings, homes, authorities, practice)
        self.destinations = Destinations(people, practice)
        self.effects = HomeEffects(people.frame, people.needs, homes, truth)
        self.planned_type = truth.planned_type.to_numpy()
        self.share_of_children = authorities.share_of_children
        self.closes = homes.frame["closed"].to_numpy(np.int64)
        self.born = people.frame["born"].to_numpy(np.int64)
        self.adult = people.frame["adult"].to_numpy(np.int64)
        self.frailty = people.frame["frailty"].to_numpy(np.float64)
        self.uasc = people.frame["uasc"].to_numpy(np.float64)
        self.acting_out = people.factors[:, ACTING_OUT]
        self.rec_practice = _rec_practice(practice)
        self.now = Standing.at_entry(people)

    def placements(self) -> pd.DataFrame:
        """Draw every placement until each child has left care or the records end.

        Returns
        -------
        DataFrame
            One row per placement, ordered by person and start: person, authority, period, start,
            end (the last day of the records when open), kind, home, earlier, at_first_home (NONE
            for no home yet), log_hazard (of moving from a home; baseline and frailty left out),
            planned, outcome, rec and reason (codes of `OUTCOMES`, ``hazards.RECS`` and
            ``hazards.REASONS``).
        """
        first, last = int(self.now.ready.min()), self.settings.last_day
        slices = (last - first) // SLICE + 1
        departures = np.zeros((slices + 1, len(self.closes)), dtype=np.int32)
        rounds = []
        for number in range(slices):
            until = min(first + (number + 1) * SLICE, last)
            who = np.flatnonzero(self.now.ready < until)
            while len(who):
                placed = self._round(who)
                rounds.append(placed)
                at_home = np.flatnonzero(placed["home"] >= 0)
                ends = np.minimum((placed["end"][at_home] - first) // SLICE, slices)
                np.add.at(departures, (ends, placed["home"][at_home]), 1)
                who = who[self.now.ready[who] < until]
            self.market.taken -= departures[number]
        columns = {name: np.concatenate([r[name] for r in rounds]) for name in rounds[0]}
        order = np.lexsort((columns["start"], columns["person"]))
        return pd.DataFrame({name: column[order] for name, column in columns.items()})

    def _round(self, who: Ints) -> dict[str, np.ndarray]:
        now = self.now
        start, authority = now.ready[who], now.authority[who]
        age = (start - self.born[who]) / YEAR
        kind, home = self._places(who, start, age)
        first_home = (kind == HOME) & (now.at_first_home[who] < 0)
        now.at_first_home[who[first_home]] = now.earlier[who[first_home]]
        hazard = self._log_hazard(who, kind, home, start, age)
        reasons = self._leaving(who, kind, home, age)
        end, outcome = self._ends(who, kind, home, start, hazard, reasons)
        closed = (outcome == MOVED) & (home >= 0) & (end == self.closes[home])
        planned = self._planned(who, kind, home, end - start) & (outcome == MOVED) & ~closed
        rec = self._recs(who, kind, end, outcome, reasons)
        outcome = np.where(rec == _E3, TAKEN_OVER, outcome)
        placed = {
            "person": who, "authority": authority, "period": now.period[who], "start": start,
            "end": end, "kind": kind, "home": home, "earlier": now.earlier[who],
            "at_first_home": now.at_first_home[who], "log_hazard": hazard, "planned": planned,
            "closed": closed, "outcome": outcome, "rec": rec,
        }  # fmt: skip
        self._go_on(placed)
        return placed

    def _places(self, who: Ints, start: Ints, age: Floats) -> tuple[Ints, Ints]:
        """Choose the kind of placement, and the home; a child whom no home can take goes on."""
        now = self.now
        carried = now.carried[who]
        kind = self.destinations.choose(
            self.rng, who, age, now.authority[who], now.kind[who], now.planned[who], start
        )
        kind = np.where(carried, now.kind[who], kind)
        home = np.where(carried, now.home[who], NONE)
        np.add.at(self.market.taken, home[home >= 0], 1)
        new = np.flatnonzero((kind == HOME) & ~carried)
        if len(new):
            rows = who[new]
            home[new] = self.market.choose(
                self.rng, self.people, rows, now.authority[rows], start[new], now.home[rows],
                age[new],
            )  # fmt: skip
        nowhere = (kind == HOME) & (home < 0)
        kind[nowhere] = self.destinations.instead_of_home(self.rng, age[nowhere])
        return kind, home

    def _log_hazard(self, who: Ints, kind: Ints, home: Ints, start: Ints, age: Floats) -> Floats:
        """Return log multipliers of the hazard of moving; the children's frailty left out."""
        now = self.now
        ages = self.destinations.age_group(age)
        log = np.log(moving_hazards()[1][kind, ages])
        log += value("journeys.acting_out_moves") * np.clip(self.acting_out[who], -2, 3)
        before = value("journeys.earlier_moves")
        earlier = now.earlier[who]
        log += before["first"] * (earlier == 0) + before["each"] * np.minimum(
            earlier, before["most"]
        )
        log += value("journeys.uasc_moves") * self.uasc[who]
        log += self.practice.moves[now.authority[who]]
        at = np.flatnonzero(kind == HOME)
        rows = who[at]
        log[at] = self.effects.log_hazard(
            rows, home[at], now.authority[rows], start[at], age[at], now.at_first_home[rows]
        )
        return log

    def _leaving(self, who: Ints, kind: Ints, home: Ints, age: Floats) -> Floats:
        """Return exits per year by each reason, as on the first day: placements by ``RECS``.

        A home raises or lowers the hazard of each route by its own effects.
        """
        rates = leaving_hazards()[0][kind, self.destinations.age_group(age)]
        guardianship = self.practice.special_guardianship[self.now.authority[who]]
        rates = rates * np.exp(np.where(kind == KIN, guardianship, 0.0))
        never = np.zeros(len(kind), np.bool_)
        practice = self.rec_practice[self.now.authority[who]]
        by_reason = rates[:, None] * leaver_weights(kind, age, never, practice)
        at = np.flatnonzero(kind == HOME)
        by_reason[at] *= of_home(self.effects.exits[home[at]])
        return by_reason

    def _ends(
        self, who: Ints, kind: Ints, home: Ints, start: Ints, hazard: Floats, reasons: Floats
    ) -> tuple[Ints, Ints]:
        """Let moving, leaving care, the 18th birthday and the end of the records compete."""
        multiplier = np.exp(hazard) * np.where(kind == HOME, self.frailty[who], 1.0)
        move = piecewise_days(
            self.rng.exponential(size=len(who)) / multiplier, moving_hazards()[0], kind
        )
        leaving = reasons.sum(axis=1) * leave_trend(start)
        to_go = self.rng.exponential(size=len(who)) / leaving
        leave = piecewise_days(to_go, leaving_hazards()[1], kind)
        # nobody leaves on the day of arrival
        lasted = np.maximum(np.ceil(np.minimum(move, leave)), 1).astype(np.int64)
        moves = move < leave
        closes = np.where(home >= 0, self.closes[home], NEVER)
        moves |= start + lasted >= closes
        end = np.minimum(start + lasted, closes)
        adult, last = self.adult[who], self.settings.last_day
        wall = np.minimum(adult, last)
        outcome = np.select(
            [end >= wall, moves], [np.where(adult <= last, BIRTHDAY, OPEN), MOVED], LEFT
        )
        return np.minimum(end, wall), outcome

    def _planned(self, who: Ints, kind: Ints, home: Ints, days: Ints) -> Flags:
        share = np.array([value("journeys.planned")[name] for name in KINDS])[kind]
        effects = value("journeys.planned_effects")
        log_odds = np.log(share / (1 - share)) + effects["acting_out"] * self.acting_out[who]
        log_odds += effects["log_days"] * np.log(np.maximum(days, 1) / 180)
        log_odds += np.where(kind == HOME, self.planned_type[self.effects.type[home]], 0.0)
        drawn: Flags = self.rng.random(len(who)) < 1 / (1 + np.exp(-log_odds))
        return drawn

    def _recs(self, who: Ints, kind: Ints, end: Ints, outcome: Ints, reasons: Floats) -> Ints:
        """Draw why care ceased: from homes by the hazards of the first day, else by age then."""
        at_18 = outcome == BIRTHDAY
        age = (end - self.born[who]) / YEAR
        weights = leaver_weights(kind, age, at_18, self.rec_practice[self.now.authority[who]])
        from_home = (kind == HOME) & ~at_18
        weights[from_home] = reasons[from_home]
        rec = weighted(self.rng, weights)
        # an age assessment is of those who came alone
        rec = np.where((rec == _E15) & (self.uasc[who] == 0), _E8, rec)
        return np.select([outcome == MOVED, outcome == OPEN], [_X1, _STILL_OPEN], rec)

    def _go_on(self, placed: dict[str, np.ndarray]) -> None:
        """Move everyone who was placed to where they stand when the placement has ended."""
        now, who, end, rec = self.now, placed["person"], placed["end"], placed["rec"]
        moved = placed["outcome"] == MOVED
        taken_over = (placed["outcome"] == TAKEN_OVER) & (
            self.rng.random(len(who)) < value("journeys.taken_over_followed")
        )
        returns = np.array([value("journeys.may_return").get(code, 0.0) for code in RECS])[rec]
        returning = (placed["outcome"] == LEFT) & (self.rng.random(len(who)) < returns)
        away = 2 + self.rng.exponential(value("journeys.days_until_return"), len(who))
        back = end + away.astype(np.int64)
        returning &= back < np.minimum(self.adult[who], self.settings.last_day)
        ready = np.select([moved | taken_over, returning], [end, back], NEVER)
        now.ready[who] = ready
        now.period[who] += returning | taken_over
        # the new authority's records begin with the child's arrival there
        now.earlier[who] = np.where(taken_over, 0, placed["earlier"] + 1)
        now.at_first_home[who[taken_over]] = NONE
        now.kind[who] = np.where(returning, NONE, placed["kind"])
        now.home[who] = np.where(returning, NONE, placed["home"])
        now.planned[who] = placed["planned"]
        # a home that closes cannot be gone on in
        now.carried[who] = taken_over & ~placed["closed"]
        movers = who[taken_over]
        now.authority[movers] = self._another_authority(now.authority[movers])

    def _another_authority(self, authority: Ints) -> Ints:
        number = len(self.share_of_children)
        other = self.rng.choice(number, len(authority), p=self.share_of_children)
        same = other == authority
        other[same] = (other[same] + 1) % number
        return other


def with_reasons(
    rng: np.random.Generator, placements: pd.DataFrame, people: People
) -> pd.DataFrame:
    """Add the true reason of each move, as a position in ``hazards.REASONS``; 0 for none."""
    moved = (placements["outcome"] == MOVED).to_numpy()
    born = people.frame["born"].to_numpy()[placements["person"].to_numpy()]
    following = placements["kind"].shift(-1, fill_value=NONE).to_numpy()
    reason = reasons_for_move(
        rng,
        placements["kind"].to_numpy(),
        (placements["end"].to_numpy() - born) / YEAR,
        placements["planned"].to_numpy(),
        placements["closed"].to_numpy(),
        following == CUSTODY,
    )
    return placements.assign(reason=np.where(moved, reason, 0))


def _rec_practice(practice: Practice) -> Floats:
    """Return log weights of the reasons for ceasing: authorities by ``RECS``."""
    groups = {
        "returns_home": ("E4A",),
        "special_guardianship": ("E45", "E46", "E47", "E48"),
        "adoption": ("E11", "E12"),
        "stays_put": ("E17",),
        "independence": ("E5",),
    }
    logs = np.zeros((len(practice.home), len(RECS)))
    for name, codes in groups.items():
        for code in codes:
            logs[:, RECS.index(code)] = getattr(practice, name)
    return logs
