"""Tables of returns and extracts: how one is recognised, and where a file says it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import pandera.pandas as pa

from bayescich.records.fields import meaning_of
from bayescich.records.tabular import clean_heading, label_key

NEAR_SHARE = 0.5
"""A file with so many of a table's columns is probably meant to be that table."""

ORIGIN = ("LA", "YEAR")
"""Columns that say which authority made a return and for which collection year."""


@dataclass(frozen=True, eq=False)
class Table:
    """One table of a return, a register or an extract."""

    name: str
    """Its name here and in the account, e.g. ``episodes``."""
    title: str
    """Its name for people, e.g. ``Episodes (SSDA903)``."""
    schema: pa.DataFrameSchema
    """Its columns, in order, made with ``records.fields``; also its data dictionary."""
    known_by: tuple[str, ...]
    """Columns that a file must have, all of them, to be taken for this table."""
    key: tuple[str, ...]
    """Columns without which a row says nothing: rows where one is blank are left out, counted."""
    origin: bool = False
    """Whether rows belong to an authority and a collection year (columns ``LA`` and ``YEAR``,
    else the names of the folders a file lies in)."""

    def columns_of(self, headings: Iterable[str]) -> dict[str, str]:
        """Map the name of each column that a file has to its heading there."""
        columns: dict[str, tuple[int, str]] = {}
        for heading in headings:
            name, rank = _spellings(self).get(_key(heading), ("", 0))
            if name and (name not in columns or rank < columns[name][0]):
                columns[name] = (rank, heading)
        return {name: columns[name][1] for name in self.schema.columns if name in columns}

    def year_of(self, headings: Iterable[str]) -> int | None:
        """Return the collection year that the headings themselves carry; most carry none."""
        return None

    def unread_headings(self, headings: Iterable[str]) -> list[str]:
        """List the headings that should have been columns of this table; most tables say none."""
        return []


@cache
def _spellings(table: Table) -> dict[str, tuple[str, int]]:
    """Map every spelling of a heading to its column and its rank among that column's spellings."""
    spellings: dict[str, tuple[str, int]] = {}
    for name, column in table.schema.columns.items():
        for rank, spelling in enumerate((str(name), *meaning_of(column).headings)):
            spellings.setdefault(_key(spelling), (str(name), rank))
    return spellings


@lru_cache(maxsize=10_000)
def _key(heading: str) -> str:
    return label_key(clean_heading(heading))


def recognise(headings: Sequence[str], tables: Sequence[Table]) -> Table | None:
    """Return the table that a row of headings is the header of, by its columns.

    Of several that it could be, the one with most of its columns there.
    """
    best: tuple[int, Table] | None = None
    for table in tables:
        columns = table.columns_of(headings)
        known = columns and all(name in columns for name in table.known_by)
        if known and (best is None or len(columns) > best[0]):
            best = (len(columns), table)
    return best[1] if best else None


def nearest(headings: Sequence[str], tables: Sequence[Table]) -> Table | None:
    """Return the table of which a row of headings holds most columns, and at least half of them.

    For a table that `recognise` does not know, because a column that it is known by is missing.
    """
    shares = [
        (len(table.columns_of(headings)) / len(table.schema.columns), -position)
        for position, table in enumerate(tables)
    ]
    share, position = max(shares, default=(0.0, 0))
    return tables[-position] if share >= NEAR_SHARE else None


def collection_year(text: str) -> tuple[int, bool] | None:
    """Read a collection year from a name or a cell.

    Parameters
    ----------
    text : str
        Such as ``2024-25``, ``2024/2025``, ``202425``, ``2025`` or ``2025-episodes.csv``.

    Returns
    -------
    (int, bool) or None
        The year in which the collection ends, and whether only one year was written, so
        that it may be meant as the year in which the collection starts; None if there is none.

    Examples
    --------
    >>> collection_year("2024-25"), collection_year("2017-episodes.csv"), collection_year("north")
    ((2025, False), (2017, True), None)
    """
    for first, last in re.findall(r"(?<!\d)(20\d\d)[-_/ ]?(20\d\d|\d\d)(?!\d)", text):
        if (int(first) + 1) % 100 == int(last) % 100:
            return int(first) + 1, False
    alone = re.search(r"(?<!\d)(20\d\d)(?!\d)", text)
    return (int(alone.group(1)), True) if alone else None
