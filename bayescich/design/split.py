"""Spells cut where the child's age or the financial year changes (a Lexis diagram).

A cut spell is as many rows as it has pieces. Each but the last is censored where the next begins,
and the next enters there; because all pieces share the child's frailty the likelihood is the same
as that of the whole spell, with age and year free to change on the way.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayescich.design.columns import column, numbers
from bayescich.design.core import DAYS_PER_YEAR, FloatArray, IntArray
from bayescich.errors import DesignError
from bayescich.spec.model import CompetingSpec, HazardTimesSpec, ModelSpec, SplitSpec

ENTRY = "split_entry"
"""Column of a split table: days at which the piece begins."""
CONTINUES = "split_continues"
"""Column of a split table: 1 where the spell goes on in the next row."""
LATE = "split_late"
"""Column of a split table: 1 where the spell was under way when observation began."""


def split_spells(table: pd.DataFrame, spec: ModelSpec) -> pd.DataFrame:
    """Return the table with one row per piece of a spell, when the spec asks for that.

    Raises
    ------
    DesignError
        When a column it needs is missing, blank, or no date or number.
    """
    hazard = spec.likelihood if isinstance(spec.likelihood, HazardTimesSpec) else None
    if hazard is None or hazard.split is None:
        return table
    end = numbers(table, hazard.time, spec)
    entry = numbers(table, hazard.entry, spec) if hazard.entry else np.zeros(len(table))
    row, start, stop = _pieces(entry, end, _cuts(table, spec, hazard.split, end))
    pieces = table.iloc[row].reset_index(drop=True)
    last = np.r_[row[1:] != row[:-1], True]
    first = np.r_[True, last[:-1]]
    pieces[hazard.time] = stop
    pieces[ENTRY] = start
    pieces[CONTINUES] = (~last).astype(np.int64)
    pieces[LATE] = (first & (start > 0)).astype(np.int64)
    event = _event_column(spec)
    none = hazard.censored if isinstance(hazard, CompetingSpec) else 0
    pieces[event] = pieces[event].where(last, none)
    return _attained(pieces, spec, hazard.split)


def _event_column(spec: ModelSpec) -> str:
    return str(getattr(spec.likelihood, "event"))  # noqa: B009 (both hazards have one)


def _cuts(
    table: pd.DataFrame, spec: ModelSpec, split: SplitSpec, end: FloatArray
) -> tuple[IntArray, FloatArray]:
    """Return rows and days since the start at which age or year changes within the spell."""
    rows, days = [], []
    for at in (_birthdays(table, spec, split), _first_of_april(table, spec, split)):
        if at is None:
            continue
        # at most as many changes as the longest spell has years
        for number in range(int(end.max() / DAYS_PER_YEAR) + 2):
            moment = np.floor(at + number * DAYS_PER_YEAR)
            inside = np.flatnonzero((moment > 0) & (moment < end))
            rows.append(inside)
            days.append(moment[inside])
    if not rows:
        return np.zeros(0, np.int64), np.zeros(0)
    return np.concatenate(rows), np.concatenate(days)


def _birthdays(table: pd.DataFrame, spec: ModelSpec, split: SplitSpec) -> FloatArray | None:
    if split.age is None:
        return None
    age = numbers(table, split.age, spec)
    return (np.floor(age) + 1.0 - age) * DAYS_PER_YEAR


def _first_of_april(table: pd.DataFrame, spec: ModelSpec, split: SplitSpec) -> FloatArray | None:
    if split.year is None:
        return None
    start = _dates(table, spec, split.year)
    year = start.astype("datetime64[Y]")
    april = year + np.timedelta64(0, "Y")
    this = april.astype("datetime64[M]") + np.timedelta64(3, "M")
    following = this + np.timedelta64(12, "M")
    # the 1 April after the first day, in days from it
    coming = np.where(this.astype("datetime64[D]") > start, this, following)
    return (coming.astype("datetime64[D]") - start).astype(np.float64)


def _dates(table: pd.DataFrame, spec: ModelSpec, name: str) -> npt.NDArray[np.datetime64]:
    values = pd.to_datetime(column(table, name, spec), errors="coerce")
    bad = values.isna()
    if bad.any():
        raise DesignError(
            f"Column '{name}' is not a date in {int(bad.sum()):,} of {len(table):,} rows.",
            where=f"column '{name}', field likelihood.split.year of '{spec.name}'",
            examples=[repr(value) for value in table[name][bad][:20]],
            why="the financial year of each part of a spell follows from its first day",
            next_step="Write dates as 2019-04-01, or leave split.year out.",
        )
    return values.to_numpy().astype("datetime64[D]")


def _pieces(
    entry: FloatArray, end: FloatArray, cuts: tuple[IntArray, FloatArray]
) -> tuple[IntArray, FloatArray, FloatArray]:
    inner = cuts[1] > entry[cuts[0]]
    row = np.r_[np.arange(len(end)), cuts[0][inner]]
    start = np.r_[entry, cuts[1][inner]]
    order = np.lexsort((start, row))
    row, start = row[order], start[order]
    # a birthday on 1 April is one cut
    fresh = np.r_[True, (row[1:] != row[:-1]) | (start[1:] != start[:-1])]
    row, start = row[fresh], start[fresh]
    last = np.r_[row[1:] != row[:-1], True]
    stop = np.where(last, end[row], np.r_[start[1:], 0.0])
    return row.astype(np.int64), start, stop


def _attained(pieces: pd.DataFrame, spec: ModelSpec, split: SplitSpec) -> pd.DataFrame:
    begins = pieces[ENTRY].to_numpy(np.float64)
    if split.age is not None:
        # half a day: a piece that begins on a birthday is of the new age whatever the rounding
        age = numbers(pieces, split.age, spec) + (begins + 1.0) / DAYS_PER_YEAR
        pieces["age"] = np.clip(np.floor(age), split.youngest, split.oldest).astype(np.int64)
    if split.year is not None:
        day = _dates(pieces, spec, split.year) + begins.astype("timedelta64[D]")
        year = day.astype("datetime64[M]").astype(np.int64) - 3
        ends_in = 1970 + year // 12 + 1
        pieces["year"] = [f"{e - 1}-{e % 100:02d}" for e in ends_in]
    return pieces
