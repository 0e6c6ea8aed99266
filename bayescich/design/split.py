"""Spells cut where the child's age or the financial year changes (a Lexis diagram).

A cut spell is as many rows as it has pieces. Each but the last is censored where the next begins,
and the next enters there; because all pieces share the child's frailty the likelihood is the same
as that of the whole spell, with age and year free to change on the way.
"""

from __future__ import annotations

from collections.abc import Callable

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

_ROUNDING = 1e-6


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
    for change in _changes(table, spec, split):
        # at most as many changes as the longest spell has years
        for number in range(int(end.max() / DAYS_PER_YEAR) + 2):
            moment = change(number)
            inside = np.flatnonzero((moment > 0) & (moment < end))
            rows.append(inside)
            days.append(moment[inside])
    if not rows:
        return np.zeros(0, np.int64), np.zeros(0)
    return np.concatenate(rows), np.concatenate(days)


def _changes(
    table: pd.DataFrame, spec: ModelSpec, split: SplitSpec
) -> list[Callable[[int], FloatArray]]:
    """Return functions that give the day of the first, second, … change after each start."""
    found: list[Callable[[int], FloatArray]] = []
    if split.age is not None:
        birthday = _birthday(numbers(table, split.age, spec))
        found.append(lambda number: _whole_days(birthday + number * DAYS_PER_YEAR))
    if split.year is not None:
        start = _dates(table, spec, split.year)
        april = _next_april(start)
        found.append(lambda number: _days_between(start, april + np.timedelta64(12 * number, "M")))
    return found


def _birthday(age: FloatArray) -> FloatArray:
    """Return days from the start to the next birthday, with a fraction."""
    return (np.floor(age) + 1.0 - age) * DAYS_PER_YEAR


def _whole_days(days: FloatArray) -> FloatArray:
    # ages are numbers of days over 365.25: what is whole is so but for rounding
    return np.floor(days + _ROUNDING)


def _days_between(
    start: npt.NDArray[np.datetime64], month: npt.NDArray[np.datetime64]
) -> FloatArray:
    return (month.astype("datetime64[D]") - start).astype(np.float64)


def _next_april(start: npt.NDArray[np.datetime64]) -> npt.NDArray[np.datetime64]:
    """Return the first 1 April after each day, as a month."""
    this = start.astype("datetime64[Y]").astype("datetime64[M]") + np.timedelta64(3, "M")
    return np.where(this.astype("datetime64[D]") > start, this, this + np.timedelta64(12, "M"))


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
        age = numbers(pieces, split.age, spec)
        # a day on which a birthday falls, however late, is of the new age
        passed = np.ceil((begins + 1.0 - _birthday(age) - _ROUNDING) / DAYS_PER_YEAR)
        attained = np.floor(age) + np.maximum(passed, 0.0)
        pieces["age"] = np.clip(attained, split.youngest, split.oldest).astype(np.int64)
    if split.year is not None:
        day = _dates(pieces, spec, split.year) + begins.astype("timedelta64[D]")
        year = day.astype("datetime64[M]").astype(np.int64) - 3
        ends_in = 1970 + year // 12 + 1
        pieces["year"] = [f"{e - 1}-{e % 100:02d}" for e in ends_in]
    return pieces
