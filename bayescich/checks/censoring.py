"""When spells would have been censored: seen for some, drawn for the others.

A spell that was censored says when; for one that ended by an event the time is drawn from the
Kaplan-Meier curve of censoring, given that it came later.

References
----------
Kaplan & Meier (1958), JASA 53; Schemper & Smith (1996), A note on quantifying follow-up (reverse
Kaplan-Meier), Controlled Clinical Trials 17.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayescich.design.core import FloatArray, IntArray


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

    def draw(self, days: FloatArray, event: IntArray, rng: np.random.Generator) -> FloatArray:
        """Return a potential censoring time for each spell: its own, or one after the event.

        Where follow-up never reaches far enough, the longest time seen stands for it.
        """
        reached = np.r_[1.0, self.survival][np.searchsorted(self.times, days, side="right")]
        return np.where(event == 1, self._after(reached * rng.random(len(days))), days)

    def draw_new(self, size: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
        """Return potential censoring times of spells nothing is known of."""
        return self._after(rng.random(size))

    def _after(self, target: FloatArray) -> FloatArray:
        position = np.searchsorted(-self.survival, -target, side="left")
        return self.times[np.minimum(position, len(self.times) - 1)]
