"""Homes and other settings lived in, by days: the exposure that outcomes depend on.

The window opens at the 11th birthday or, if later, on the first day in a home at 11 or over (of
a child who was in none by then: the first day in care at 11 or over), as in
``histories.cohorts``. Days out of care have no effect but are days of the window all the same.
"""

from __future__ import annotations

import numpy as np

from bayescich.histories.dates import birthday
from bayescich.simulate.draws import Flags, Floats, Ints
from bayescich.simulate.shapes import HOME, NEVER
from bayescich.simulate.shard import Shard

FIRST_AGE = 11
"""Age at which the window opens at the earliest."""

_BEYOND = np.int64(1 << 21)
"""More than any day: a number of a child times this, plus a day, is a key of both."""


class Exposure:
    """Answers what placements up to a day add to each outcome of a child.

    Parameters
    ----------
    shard : Shard
        Its placements, sorted by child and start, do not overlap.
    """

    def __init__(self, shard: Shard) -> None:
        rows = shard.placements
        self.child, self.start, self.kind, self.home = (
            rows[name].to_numpy(np.int64) for name in ("child", "start", "kind", "home")
        )
        self.adult = shard.children["adult"].to_numpy(np.int64)
        still_open = rows["outcome"].to_numpy(object) == "open"
        # a placement that goes on beyond the records goes on to the 18th birthday
        self.end = np.where(still_open, self.adult[self.child], rows["end"].to_numpy(np.int64))
        registration = rows["registration"].to_numpy(np.int64)
        owners = shard.homes.registrations["owner"].to_numpy(np.int64)
        owner = (
            np.where(registration >= 0, owners[registration], -1) if len(owners) else registration
        )
        effects = shard.truth.outcomes
        self.effect = effects.of_placements(self.kind, self.home, owner)
        self._weighted = (self.end - self.start)[:, None] * self.effect
        self._before = np.vstack([np.zeros_like(self._weighted[:1]), self._weighted]).cumsum(axis=0)
        self._key = self.child * _BEYOND + self.start
        self._first = np.searchsorted(self.child, np.arange(len(self.adult) + 1))
        eleven = birthday(shard.children["DOB"], FIRST_AGE).to_numpy().astype("datetime64[D]")
        self.eleven: Ints = eleven.astype(np.int64)
        in_home, anywhere = self.kind == HOME, np.ones(len(self.kind), np.bool_)
        never = np.full(len(self.adult), -NEVER)
        self._homes = self._first_day(in_home, self.eleven), self._first_day(in_home, never)
        self._care = self._first_day(anywhere, self.eleven), self._first_day(anywhere, never)

    def opens(self, child: Ints, until: Ints) -> Ints:
        """Return the day on which the window up to a day opens, NEVER where it does not.

        Parameters
        ----------
        child : array of int, shape (rows,)
        until : array of int, shape (rows,)
            First day that is not in the window; up to the 11th birthday, all of the child's life
            counts.
        """
        older = until > self.eleven[child]
        home, care = (
            np.where(older, from_eleven[child], ever[child])
            for from_eleven, ever in (self._homes, self._care)
        )
        return np.where(home < until, home, np.where(care < until, care, NEVER))

    def mean_effects(self, child: Ints, until: Ints) -> Floats:
        """Return the effects of settings, weighted by their share of the days of the window.

        Returns
        -------
        array, shape (rows, outcomes)
        """
        opens = self.opens(child, until)
        in_window = opens < until
        opens = np.where(in_window, opens, until)
        days = np.where(in_window, until - opens, 1)
        mean: Floats = (self._up_to(child, until) - self._up_to(child, opens)) / days[:, None]
        return mean

    def moves_before(self, child: Ints, until: Ints) -> Ints:
        """Count the placements that began before the window up to a day opens."""
        day = np.minimum(self.opens(child, until), until)
        return np.searchsorted(self._key, child * _BEYOND + day) - self._first[child]

    def placement_on(self, child: Ints, day: Ints) -> Ints:
        """Return the row of the placement that each child is in on a day; -1 if in none."""
        at = np.searchsorted(self._key, child * _BEYOND + day, side="right") - 1
        row = np.maximum(at, 0)
        there = (at >= 0) & (self.child[row] == child) & (day < self.end[row])
        return np.where(there, row, -1)

    def home_on(self, child: Ints, day: Ints) -> Ints:
        """Return the home that each child lives in on a day; -1 if in none."""
        row = self.placement_on(child, day)
        return np.where(row >= 0, self.home[row], -1)

    def first_stay(self, child: Ints) -> Ints:
        """Return the row of the first placement of each child."""
        return self._first[child]

    def first_home(self) -> Ints:
        """Return the first day each child lives in a home; NEVER if it does not."""
        return self._homes[1]

    def _up_to(self, child: Ints, day: Ints) -> Floats:
        """Return effects times days since birth, up to a day that is not counted itself."""
        row, spent = self._reached(child, day)
        before = self._before[row] - self._before[self._first[child]]
        total: Floats = before + spent[:, None] * self.effect[row]
        return total

    def _reached(self, child: Ints, day: Ints) -> tuple[Ints, Ints]:
        """Return the last placement begun before a day, and its days up to then (0 for none)."""
        at = np.searchsorted(self._key, child * _BEYOND + day) - 1
        begun = at >= self._first[child]
        row = np.where(begun, at, np.minimum(self._first[child], len(self.start) - 1))
        spent = np.where(begun, np.minimum(self.end[row], day) - self.start[row], 0)
        return row, spent

    def _first_day(self, which: Flags, earliest: Ints) -> Ints:
        first = np.full(len(self.adult), NEVER)
        rows = np.flatnonzero(which & (self.end > earliest[self.child]))
        child, at = np.unique(self.child[rows], return_index=True)
        first[child] = np.maximum(self.start[rows[at]], earliest[child])
        return first
