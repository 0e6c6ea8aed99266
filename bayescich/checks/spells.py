"""The spells of a design: each is one row, or several consecutive ones when spells are split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayescich.design.core import DAYS_PER_YEAR, Design, FloatArray, IntArray
from bayescich.design.outcomes import band_exposure

NONE, NOT_RECORDED = -1, -2
"""Codes of a spell's route, beside 0, 1, …: censored, and an event of unknown route."""


@dataclass(frozen=True)
class Spells:
    """Spells and their pieces, in the order of the design or as chosen.

    Examples
    --------
    >>> pieces = Spells(np.array([0, 2, 3]), np.array([0, 1, 2]), np.zeros(3, dtype=np.int64),
    ...                 np.array([0.0, 90.0, 0.0]), np.array([90.0, 200.0, 50.0]), np.array([0, 1]))
    >>> pieces.size, pieces.days.tolist(), pieces.of_piece.tolist()
    (2, [200.0, 50.0], [0, 0, 1])
    >>> pieces.take(np.array([1, 0])).rows.tolist()
    [2, 0, 1]
    """

    start: IntArray
    """Where each spell's pieces begin, shape (spells + 1,)."""
    rows: IntArray
    """Row of the design of each piece, shape (pieces,)."""
    stratum: IntArray
    """Which baseline each piece has."""
    entry: FloatArray
    """Day since the start of the spell at which each piece begins."""
    end: FloatArray
    """Day at which it ends in the records."""
    route: IntArray
    """How each spell ended: position of the route (0 for a single event), or a code."""
    limit: FloatArray | None = None
    """Day after which none can have been followed (18th birthday, end of the records), if known."""

    @classmethod
    def of(cls, design: Design) -> Spells:
        """Return all spells, in the order of the rows."""
        outcome = design.outcome
        last = np.flatnonzero(design.ends)
        cause = outcome.get("cause", np.where(outcome["event"] == 1, 0, NONE))
        return cls(
            start=np.r_[0, last + 1].astype(np.int64),
            rows=np.arange(design.rows, dtype=np.int64),
            stratum=outcome.get("stratum", np.zeros(design.rows)).astype(np.int64),
            entry=outcome["entry"].astype(np.float64),
            end=outcome["follow_up"].astype(np.float64),
            route=cause[last].astype(np.int64),
        )

    @property
    def size(self) -> int:
        """Number of spells."""
        return len(self.start) - 1

    @property
    def first(self) -> IntArray:
        """Position of each spell's first piece."""
        return self.start[:-1]

    @property
    def last(self) -> IntArray:
        """Position of each spell's last piece."""
        return self.start[1:] - 1

    @property
    def of_piece(self) -> IntArray:
        """Spell of each piece."""
        return np.repeat(np.arange(self.size), np.diff(self.start))

    @property
    def days(self) -> FloatArray:
        """Days from the start of each spell to its end."""
        return self.end[self.last]

    @property
    def event(self) -> IntArray:
        """1 where a spell ended by an event, whatever the route."""
        return (self.route != NONE).astype(np.int64)

    @property
    def from_start(self) -> npt.NDArray[np.bool_]:
        """Which spells were observed from their first day; only these can be drawn again."""
        return np.asarray(self.entry[self.first] == 0)

    def take(self, which: IntArray) -> Spells:
        """Return some of the spells, whole."""
        counts = np.diff(self.start)[which]
        start = np.r_[0, np.cumsum(counts)].astype(np.int64)
        at = np.arange(start[-1]) + np.repeat(self.start[which] - start[:-1], counts)
        limit = None if self.limit is None else self.limit[which]
        return Spells(
            start, self.rows[at], self.stratum[at], self.entry[at], self.end[at],
            self.route[which], limit,
        )  # fmt: skip

    def open_years(self, cuts: tuple[float, ...]) -> FloatArray:
        """Return years by piece and band if every spell's last piece went on for ever."""
        end = self.end.copy()
        end[self.last] = np.inf
        return band_exposure(self.entry, end, cuts)

    def years_until(self, days: FloatArray) -> FloatArray:
        """Return years spent in each piece when the spells end on these days.

        Parameters
        ----------
        days : array, shape (samples, spells)
            A spell that lasts longer than the observed one does so in its last piece.

        Returns
        -------
        array, shape (samples, pieces)
        """
        length = self.end - self.entry
        length[self.last] = np.inf
        return np.clip(days[:, self.of_piece] - self.entry, 0.0, length) / DAYS_PER_YEAR

    def sums(self, values: FloatArray) -> FloatArray:
        """Sum values of the pieces by spell, shape (..., spells)."""
        single = len(self.rows) == self.size
        return values if single else np.add.reduceat(values, self.first, axis=-1)

    def earlier(self, values: FloatArray) -> FloatArray:
        """Return, for each piece, the sum of the values of its spell's earlier pieces."""
        if len(self.rows) == self.size:
            return np.zeros_like(values)
        inner = values.copy()
        # nothing comes after a last piece, and what it holds may be infinite
        inner[..., self.last] = 0.0
        running = np.cumsum(inner, axis=-1) - inner
        return np.asarray(running - running[..., self.first[self.of_piece]])


def from_their_start(design: Design) -> npt.NDArray[np.bool_]:
    """Return which rows are of spells that were observed from their first day."""
    spells = Spells.of(design)
    return np.asarray(spells.from_start[spells.of_piece])


def in_cells(design: Design) -> bool:
    """Return whether rows are cells of many spells, none of which can be drawn again."""
    return "spells" in design.outcome


def nothing_to_replay(design: Design) -> str | None:
    """Return why no spell can be drawn again; nothing where some can, or where rows are no spells.

    Examples
    --------
    >>> from bayescich.design.core import Factor
    >>> unit = Factor("case", ("a",), np.zeros(1, dtype=np.int64))
    >>> nothing_to_replay(Design("m", 1, unit, {}, None, {"value": np.zeros(1)}))
    """
    if "follow_up" not in design.outcome:
        return None
    if in_cells(design):
        return "Rows are cells of many spells, so that no single spell can be drawn again."
    if not from_their_start(design).any():
        return "Every spell was already under way when observation began."
    return None
