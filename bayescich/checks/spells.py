"""Whole spells drawn again: a move or a potential censoring, whichever comes first.

Counting events within the *observed* time at risk is not enough for checks: that time ended with
the event. Here the duration itself is drawn, and compared with the time at which the spell would
have been censored: known for spells that were, and for the others drawn from the Kaplan-Meier
curve of censoring, given that it came after the move.

References
----------
Kaplan & Meier (1958), JASA 53; Schemper & Smith (1996), A note on quantifying follow-up (reverse
Kaplan-Meier), Controlled Clinical Trials 17.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayescich.design.core import DAYS_PER_YEAR, Design
from bayescich.model.draws import Draws, FloatArray
from bayescich.model.likelihoods.hazard import HazardLikelihood

IntArray = npt.NDArray[np.int64]


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
        """Return a potential censoring time for each spell: its own, or one after the move.

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


def from_their_start(design: Design) -> npt.NDArray[np.bool_]:
    """Return which spells were observed from their first day; only these can be drawn again."""
    return np.asarray(design.outcome["entry"] == 0)


def replicate_spells(
    likelihood: HazardLikelihood,
    draws: Draws,
    eta: FloatArray,
    frailty: FloatArray,
    censored_at: FloatArray,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Draw whole spells.

    Parameters
    ----------
    eta, frailty : array, shape (samples, rows)
    censored_at : array, shape (rows,) or (samples, rows)
        Potential censoring in days.

    Returns
    -------
    event, days : array, shape (samples, rows)
        0 or 1, and the end of the spell in whole days as records have it.
    """
    moved_at = np.ceil(likelihood.replicate_durations(draws, eta, frailty, rng))
    event = (moved_at <= censored_at).astype(np.float64)
    return event, np.minimum(moved_at, censored_at)


def years(days: FloatArray) -> FloatArray:
    """Return days as years at risk."""
    return days / DAYS_PER_YEAR


def kaplan_meier(days: FloatArray, event: FloatArray, grid: IntArray) -> FloatArray:
    """Return the Kaplan-Meier survival at whole days.

    Parameters
    ----------
    days : array, shape (samples, spells)
        Whole days, at least 1.
    event : array, shape (samples, spells)
    grid : array of int
        Days at which the curve is read.

    Returns
    -------
    array, shape (samples, grid)

    Examples
    --------
    >>> days, event = np.array([[1.0, 2.0, 2.0, 3.0]]), np.array([[1.0, 1.0, 0.0, 1.0]])
    >>> kaplan_meier(days, event, np.array([0, 1, 2, 3])).round(3).tolist()
    [[1.0, 0.75, 0.5, 0.0]]
    """
    samples, spells = days.shape
    last = int(max(days.max(), grid.max()))
    cells = (np.arange(samples)[:, None] * (last + 1) + days.astype(np.int64)).ravel()
    shape = (samples, last + 1)
    ended = np.bincount(cells, minlength=samples * (last + 1)).reshape(shape)
    moved = np.bincount(cells, event.ravel(), samples * (last + 1)).reshape(shape)
    at_risk = spells - np.cumsum(ended, axis=1) + ended
    curve = np.cumprod(1.0 - moved / np.maximum(at_risk, 1), axis=1)
    return np.asarray(curve[:, grid], dtype=np.float64)
