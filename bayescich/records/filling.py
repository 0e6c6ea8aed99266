"""Filling a blank from the same unit's nearest record in time."""

from __future__ import annotations

import pandas as pd


def fill_nearest(table: pd.DataFrame, column: str, *, unit: str, time: str) -> pd.Series:
    """Fill the blanks of a column from the same unit's nearest row in time.

    Parameters
    ----------
    table : DataFrame
        At most one row per unit and time.
    column, unit, time : str
        The column to fill, the column of the unit's id, the column of the time (a number).

    Returns
    -------
    Series
        As `table` is indexed; still blank where the unit's value is never known. Of two rows
        equally near, the later one is taken.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {"home": ["A", "A", "A"], "year": [2015, 2018, 2025], "owner": [None, "Old", "New"]}
    ... )
    >>> fill_nearest(table, "owner", unit="home", time="year").tolist()
    ['Old', 'Old', 'New']
    """
    ordered = table[[unit, time, column]].sort_values([unit, time])
    known_at = ordered[time].where(ordered[column].notna())
    groups = ordered[unit]
    before, after = (known_at.groupby(groups).ffill(), known_at.groupby(groups).bfill())
    value_before = ordered[column].groupby(groups).ffill()
    value_after = ordered[column].groupby(groups).bfill()
    later_is_nearer = (after - ordered[time]) <= (ordered[time] - before)
    take_after = before.isna() | (after.notna() & later_is_nearer)
    return value_after.where(take_after, value_before).reindex(table.index)
