"""Which authority and collection year a table is of: from its columns, else from names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bayescich.account import Account
from bayescich.errors import RecordsError
from bayescich.records.tables import ORIGIN, Table
from bayescich.records.tabular import RawTable, parse_dates
from bayescich.records.typed import Stack

LATE_SHARE = 0.05
"""When more episodes than this start after 31 March of the year in a file's name, that is the
year in which the collection starts."""


@dataclass(frozen=True)
class Found:
    """One recognised table of a source, its cells still text."""

    table: Table
    raw: RawTable
    la: str
    year: int | None
    bare_year: bool
    """The year comes from a name such as ``2017``, which may be the year's start or its end."""


def years_settled(found: Sequence[Found]) -> tuple[list[Found], Account]:
    """Decide which collection year each file is of.

    Names such as ``2017`` mean the year in which the collection ends (the standard), unless more
    episodes than `LATE_SHARE` start after that 31 March. Files that name no year anywhere get that
    of the latest date in their Episodes, if they are one return.

    Parameters
    ----------
    found : sequence of Found

    Returns
    -------
    list of Found
        With the years settled.
    Account
        What was read otherwise than it is written.

    Raises
    ------
    RecordsError
        If the year of a file cannot be told.
    """
    named = [f for f in found if f.bare_year and _is_return(f) and _needs_year(f)]
    rows, late = _late_starts([f for f in named if f.table.name == "episodes"])
    if late <= LATE_SHARE * rows:
        return _years_from_dates(found)
    moved = {id(f): replace(f, year=(f.year or 0) + 1) for f in named}
    rule = "the year in the file's name is the one in which the collection year starts"
    settled, account = _years_from_dates([moved.get(id(f), f) for f in found])
    return settled, Account().repaired("episodes", rule, rows) + account


def _late_starts(episodes: Sequence[Found]) -> tuple[int, int]:
    """Count episodes, and those that start after 31 March of the year in their file's name."""
    if not episodes:
        return 0, 0
    cells = pd.DataFrame(
        {
            "year": np.repeat(
                [f.year or 0 for f in episodes], [len(f.raw.frame) for f in episodes]
            ),
            "start": pd.concat([_column(f, "DECOM") for f in episodes], ignore_index=True),
        }
    )
    distinct = cells.value_counts().rename("rows").reset_index()
    years_end = pd.to_datetime(distinct["year"].astype(str) + "-03-31")
    late = parse_dates(distinct["start"].astype("str")) > years_end
    return len(cells), int(distinct.loc[late, "rows"].sum())


def _column(found: Found, name: str) -> pd.Series:
    return found.raw.frame[found.table.columns_of(found.raw.frame.columns)[name]]


def _is_return(found: Found) -> bool:
    """Say whether a year is a collection year, not one of a school."""
    return "CHILD" in found.table.key


def _needs_year(found: Found) -> bool:
    return found.table.origin and "YEAR" not in found.table.columns_of(found.raw.frame.columns)


def _years_from_dates(found: Sequence[Found]) -> tuple[list[Found], Account]:
    """Give files that name no year anywhere that of the latest date, if they are one return."""
    undated = [f for f in found if _needs_year(f) and f.year is None]
    if not undated:
        return list(found), Account()
    episodes = [f for f in undated if f.table.name == "episodes"]
    if len(episodes) != 1 or not all(_is_return(f) for f in undated):
        raise _no_year(undated)
    cells = pd.concat([_column(episodes[0], name) for name in ("DECOM", "DEC")])
    distinct = parse_dates(pd.Series(cells.unique(), dtype="str"))
    latest = distinct[distinct <= pd.Timestamp.now()].max()
    if pd.isna(latest):
        raise _no_year(undated)
    year = int(latest.year + (latest.month > 3))
    rule = f"no file says which collection year it is of; taken as {year}, from the latest date"
    dated = {id(f): replace(f, year=year) for f in undated}
    rows = len(episodes[0].raw.frame)
    return [dated.get(id(f), f) for f in found], Account().repaired("episodes", rule, rows)


def _no_year(undated: list[Found]) -> RecordsError:
    return RecordsError(
        "The collection year of a table cannot be told.",
        where="; ".join(f.raw.source for f in undated[:5])
        + (f" and {len(undated) - 5} more" if len(undated) > 5 else ""),
        why="an open episode is returned again every year, so the order of years must be known",
        next_step="Add a column YEAR, or put the file in a folder named after the year, "
        "e.g. 2024-25.",
    )


def with_origin(stack: Stack, found: Sequence[Found]) -> Stack:
    """Return stacked cells with authority and year, where their files have none of their own.

    Parameters
    ----------
    stack : Stack
        The cells of the files found, in the same order.
    found : sequence of Found
    """
    if not found[0].table.origin:
        return stack
    frame = stack.frame
    columns = found[0].table.columns_of(frame.columns)
    named = {"LA": [f.la for f in found], "YEAR": [str(f.year or "") for f in found]}
    for name in ORIGIN:
        of_file = np.array(named[name], dtype=object)[stack.file]
        given = pd.Series(of_file, index=frame.index, dtype="str")
        if name in columns:
            own = frame[columns[name]]
            frame = frame.assign(**{columns[name]: own.where(own.str.strip().ne(""), given)})
        else:
            frame = frame.assign(**{name: given})
    return replace(stack, frame=frame)


def origin_shown(found: Found) -> tuple[str, str]:
    """Say where authority and year of a file come from."""
    if not found.table.origin:
        return "", ""
    columns = found.table.columns_of(found.raw.frame.columns)
    la = "in the file" if "LA" in columns else found.la
    return la, "in the file" if "YEAR" in columns else str(found.year)
