"""New homes whose places are taken for as long as those of the observed ones.

A home whose children leave soon has a place free soon, and takes another child. So the number of
its stays tells of its effect: in data made by a right model the homes with many stays are those
with high hazards. New homes must not inherit these numbers. With the stays of another home, one
that keeps its children would be open for far longer, and weigh more, than any such home could, and
new homes would look more alike than homes are: by a factor of ``exp(-sd² / 2)`` where every stay
is seen to its end. What a home's effect does not change is for how long its places are taken. So
a new home takes the children of the observed one, in any order and again from the first, until
they have spent as much time there; the last stay is cut then.

References
----------
Cox & Isham (1980), Point Processes (time, not number, is what a process is observed for).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bayescich.checks.spells import Spells
from bayescich.checks.walk import Replicates
from bayescich.design.core import DAYS_PER_YEAR, Factor, FloatArray, IntArray

MOST_ROUNDS = 200
"""Times that the children of a home are taken again; a round is a day at least."""

_TINY = 1e-9

Replay = Callable[[IntArray], Replicates]
"""Draws the spells at these positions again; several samples at once."""


@dataclass(frozen=True)
class Places:
    """The places of homes: who took them, and for how long in all."""

    who: IntArray
    """Positions of the spells observed from their start, home by home."""
    home: IntArray
    """Home of each of them, increasing."""
    years: FloatArray
    """Years for which they took the places of each home, shape (homes,)."""

    @classmethod
    def of(cls, spells: Spells, factor: Factor) -> Places:
        """Add up the time of the spells that can be drawn again.

        Examples
        --------
        >>> zeros = np.zeros(3, dtype=np.int64)
        >>> spells = Spells(np.arange(4), np.arange(3), zeros, np.array([0.0, 9.0, 0.0]),
        ...                 np.array([730.5, 99.0, 365.25]), zeros)
        >>> places = Places.of(spells, Factor("home", ("a", "b"), np.array([1, 0, 1])))
        >>> places.who.tolist(), places.years.tolist()
        ([0, 2], [0.0, 3.0])
        """
        home = factor.codes[spells.rows[spells.last]]
        whole = np.flatnonzero(spells.from_start)
        who = whole[np.argsort(home[whole], kind="stable")]
        years = np.bincount(home[who], spells.days[who] / DAYS_PER_YEAR, factor.size)
        return cls(who, home[who], years)

    def filled(self, replay: Replay, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Return events and years of the spells with which new homes are filled.

        Returns
        -------
        events, years : array, shape (samples, len(who))
            Of all the times that each spell was drawn, together.
        """
        events, years, left = np.zeros((1, 1)), np.zeros((1, 1)), self.years[None, :]
        for number in range(MOST_ROUNDS):
            # homes that are full in every sample take nobody
            some = np.flatnonzero((left > _TINY).any(axis=0)[self.home])
            if not len(some):
                break
            drawn = replay(self.who[some])
            if number == 0:
                events, years = (np.zeros((len(drawn.days), len(self.who))) for _ in range(2))
            left = np.broadcast_to(left, (len(drawn.days), left.shape[1]))
            stayed, ended = _let_in(drawn, self.home[some], left, rng)
            events[:, some] += ended
            years[:, some] += stayed
            left = left - _by_home(stayed, self.home[some], left.shape[1])
        return events, years


def _let_in(
    drawn: Replicates, home: IntArray, left: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return the years that each drawn spell gets, and its event if there is time for it."""
    # homes stay in their order, the spells of each are shuffled
    order = np.argsort(home + rng.random(drawn.days.shape), axis=1)
    lasts = np.take_along_axis(drawn.days, order, axis=1) / DAYS_PER_YEAR
    room = left[:, home] - _earlier_there(lasts, home)
    stayed, ended = np.empty_like(lasts), np.empty_like(lasts)
    np.put_along_axis(stayed, order, np.clip(lasts, 0.0, np.maximum(room, 0.0)), axis=1)
    in_time = (room > _TINY) & (lasts <= room + _TINY)
    np.put_along_axis(ended, order, in_time.astype(np.float64), axis=1)
    return stayed, ended * drawn.event


def _earlier_there(lasts: FloatArray, home: IntArray) -> FloatArray:
    """Return, for each spell, the years of those before it in its home."""
    running = np.cumsum(lasts, axis=1) - lasts
    first = np.searchsorted(home, home, side="left")
    return np.asarray(running - running[:, first])


def _by_home(values: FloatArray, home: IntArray, homes: int) -> FloatArray:
    return np.stack([np.bincount(home, own, homes) for own in values])
