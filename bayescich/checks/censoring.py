"""When spells would have been censored: seen for some, drawn for the others.

A spell that was censored says when. One that ended by an event could have been followed until the
child's 18th birthday or the end of the records, which are known where the table has dates, unless
something else had censored it before; that time is drawn from the Kaplan-Meier curve of all other
censoring, given that it came later than the event. Without dates all censoring is drawn.

References
----------
Kaplan & Meier (1958), JASA 53; Schemper & Smith (1996), A note on quantifying follow-up (reverse
Kaplan-Meier), Controlled Clinical Trials 17.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bayescich.checks.spells import Spells
from bayescich.design.core import FloatArray, IntArray
from bayescich.histories.dates import birthday
from bayescich.histories.exits import nearly_18
from bayescich.sampling.fit import Fit


@dataclass(frozen=True)
class Censoring:
    """The distribution of potential censoring times, by Kaplan-Meier.

    Examples
    --------
    >>> censoring = Censoring.learn(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 0, 1, 0]))
    >>> censoring.times.tolist(), censoring.survival.round(3).tolist()
    ([1.0, 2.0, 3.0, 4.0], [1.0, 0.667, 0.667, 0.0])
    """

    times: FloatArray
    """Distinct ends of spells in days, increasing."""
    survival: FloatArray
    """Probability of being censored later than each of them."""

    @classmethod
    def learn(cls, days: FloatArray, event: IntArray) -> Censoring:
        """Estimate it from ends and events; at equal times events come first."""
        times, codes = np.unique(days, return_inverse=True)
        events = np.bincount(codes, event, len(times))
        censored = np.bincount(codes, 1 - event, len(times))
        exposed = np.cumsum((events + censored)[::-1])[::-1] - events
        leaving = np.divide(censored, exposed, out=np.zeros(len(times)), where=exposed > 0)
        return cls(times, np.cumprod(1.0 - leaving))

    @classmethod
    def other(cls, spells: Spells) -> Censoring:
        """Estimate it for all but the known limits: who reached one might have gone on."""
        seen = spells.event
        if spells.limit is not None:
            seen = np.where(spells.days >= spells.limit, 1, seen)
        return cls.learn(spells.days, seen)

    def potential(self, spells: Spells, rng: np.random.Generator) -> FloatArray:
        """Return a potential censoring time for each spell, none beyond its known limit."""
        drawn = self.draw(spells.days, spells.event, rng)
        if spells.limit is None:
            return drawn
        return np.where(spells.event == 1, np.minimum(drawn, spells.limit), drawn)

    def draw(self, days: FloatArray, event: IntArray, rng: np.random.Generator) -> FloatArray:
        """Return a potential censoring time for each spell: its own, or one after the event.

        Where follow-up never reaches far enough, the longest time seen stands for it.
        """
        reached = np.r_[1.0, self.survival][np.searchsorted(self.times, days, side="right")]
        return np.where(event == 1, self._after(reached * rng.random(len(days))), days)

    def _after(self, target: FloatArray) -> FloatArray:
        position = np.searchsorted(-self.survival, -target, side="left")
        return self.times[np.minimum(position, len(self.times) - 1)]


def all_spells(fit: Fit) -> Spells:
    """Return the spells of a fit, with the day after which none can have been followed.

    It is known where the table has dates of birth, of the start and of the end: the child's 18th
    birthday (the wall before it, for routes of exit) or the last day of the records.
    """
    spells, table = Spells.of(fit.design), fit.table
    if not {"born", "start", "end"} <= set(table.columns):
        return spells
    # spells keep the order of the table within the units, by which the design is sorted
    units = table[fit.spec.unit].astype(str).to_numpy()
    rows = table[["born", "start", "end"]].iloc[np.argsort(units, kind="stable")]
    wall = nearly_18(rows["born"]) if fit.spec.data == "exits" else birthday(rows["born"], 18)
    to_wall = (wall - rows["start"]).dt.days
    to_end = (pd.to_datetime(rows["end"]).max() - rows["start"]).dt.days
    days = np.minimum(to_wall.to_numpy(np.float64), to_end.to_numpy(np.float64))
    # a stay of a single day lasts longer than the day it has
    limit = np.where(np.isfinite(days), np.maximum(days, spells.days), np.inf)
    return replace(spells, limit=limit)
