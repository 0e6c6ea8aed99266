"""What happens within a stay: temporary placements, and changes with the same carer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayescich.simulate.calibration import value
from bayescich.simulate.draws import Flags, Floats, Ints, Texts, labels
from bayescich.simulate.shapes import FOSTER, KIN, KINDS

LONG_ENOUGH = 60
"""Days a stay lasts before anything happens within it."""


@dataclass(frozen=True)
class Stays:
    """Placements, as arrays with one entry each."""

    child: Ints
    start: Ints
    end: Ints
    kind: Ints
    post: Ints

    @classmethod
    def of(cls, placements: pd.DataFrame) -> Stays:
        """Return the stays of a shard's placements."""
        names = ("child", "start", "end", "kind", "post")
        return cls(*(placements[name].to_numpy(np.int64) for name in names))

    @property
    def days(self) -> Ints:
        """Length of each."""
        return self.end - self.start

    def chosen(self, rng: np.random.Generator, shares: dict[str, float]) -> Flags:
        """Choose long stays with the share of their kind."""
        share: Floats = np.array([shares.get(kind, 0.0) for kind in KINDS])
        return (self.days >= LONG_ENOUGH) & (rng.random(len(self.kind)) < share[self.kind])


def interruptions(rng: np.random.Generator, stays: Stays) -> tuple[Ints, Ints, Ints, Texts]:
    """Break some longer stays by a temporary placement and a return.

    Returns
    -------
    tuple of array
        Rows of `stays`, the day on which the child leaves, that of the return, and the code.
    """
    rows = np.flatnonzero(stays.chosen(rng, value("episodes.temporary")))
    code = labels(rng, value("episodes.temporary_codes"), len(rows))
    fostered = np.isin(stays.kind[rows], (FOSTER, KIN))
    code[(code == "T3") & ~fostered] = "T4"
    most = np.select([code == "T1", code == "T3"], [30, 21], 7)
    length = 2 + (rng.random(len(rows)) * (most - 1)).astype(np.int64)
    at = 0.15 + 0.25 * rng.random(len(rows))
    leaves = stays.start[rows] + np.maximum((at * stays.days[rows]).astype(np.int64), 1)
    # away for a third of the stay at most, so that everything else comes before or after
    returns = np.minimum(leaves + length, leaves + stays.days[rows] // 3)
    return rows, leaves, returns, code


def status_changes(rng: np.random.Generator, stays: Stays) -> tuple[Ints, Ints, Flags]:
    """Let some longer stays change status, or the household move house, late in the stay.

    Returns
    -------
    tuple of array
        Rows of `stays`, the day, and whether it is the household that moves.
    """
    moves = stays.chosen(rng, value("episodes.address_changes"))
    changes = stays.chosen(rng, value("episodes.status_only")) & ~moves
    rows = np.flatnonzero(moves | changes)
    at = 0.78 + 0.2 * rng.random(len(rows))
    # children are approved for long-term care after half a year or so, not at the end of a decade
    days = np.minimum(at * stays.days[rows], 200 + 300 * rng.random(len(rows)))
    days = np.maximum(days, 0.78 * np.minimum(stays.days[rows], 250))
    return rows, stays.start[rows] + days.astype(np.int64), moves[rows]
