"""SSDA903 returns (children looked after) as authorities export them: Header and Episodes.

A file is recognised by its columns, wherever it lies under the folder given. Two layouts
are read: *stacked* files that carry the columns ``LA`` and ``YEAR``, and files as exported,
in a folder per authority and collection year (``<LA>/<year>/episodes.csv``), from whose
names both are then taken.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from bayescich.account import Account
from bayescich.errors import RecordsError
from bayescich.records.ssda903_schema import (
    EPISODE_CODES,
    EPISODE_COLUMNS,
    EPISODES_SCHEMA,
    HEADER_CODES,
    HEADER_COLUMNS,
    HEADER_SCHEMA,
    ORIGIN_COLUMNS,
    OTHER_MODULES,
    code_set,
)
from bayescich.records.tabular import (
    SPREADSHEET_SUFFIXES,
    RawTable,
    clean_heading,
    parse_dates,
    read_tables,
)

UNSTATED_LA = "unstated"
"""The authority of files that name none, neither in a column nor by a folder."""

_SOURCE, _ROW = "_source", "_row"
_DATES = {"header": ("DOB", "MC_DOB"), "episodes": ("DECOM", "DEC")}
_NEVER_BLANK = {"header": ("CHILD", "DOB"), "episodes": ("CHILD", "DECOM")}
_COLUMNS = {"header": HEADER_COLUMNS, "episodes": EPISODE_COLUMNS}
_LAYOUTS = (
    "Give a folder that holds, at any depth, CSV files with the columns "
    f"{', '.join(EPISODE_COLUMNS)} (Episodes) and {', '.join(HEADER_COLUMNS)} (Header): either "
    "stacked, with the columns LA and YEAR added, or as exported in a folder per authority "
    "and year, e.g. Northshire/2024-25/episodes.csv."
)


@dataclass(frozen=True)
class Ssda903Records:
    """The returns of one or more authorities and collection years."""

    header: pd.DataFrame
    """One row per child and collection year (``HEADER_SCHEMA``)."""
    episodes: pd.DataFrame
    """One row per episode and collection year (``EPISODES_SCHEMA``)."""
    account: Account
    """What was read, repaired and left out."""


@dataclass(frozen=True)
class _File:
    """One recognised file, before its rows are understood."""

    kind: str
    raw: RawTable
    la: str
    year: int | None
    bare_year: bool
    """The year comes from a name such as ``2017``, which may be the year's start or its end."""


def read_ssda903(folder: Path) -> Ssda903Records:
    """Read the Header and Episodes tables of the SSDA903 returns under a folder.

    Parameters
    ----------
    folder : Path
        Searched at any depth; other tables of the return, and other files, are counted.

    Returns
    -------
    Ssda903Records
        Codes in upper case, dates as dates, blank cells missing, ``SEX`` as M, F or U, and
        ``PLACE_CLASS`` with the placement's class, in which H5, P2 and K3 are one.

    Raises
    ------
    RecordsError
        If there is no such table, a column is missing, the collection year cannot be told, a
        date cannot be read or a code has never existed.
    """
    found, account = _recognised(folder)
    found, account = _years_settled(found, account)
    header, account = _table("header", found, account)
    header["SEX"] = header["SEX"].map(code_set("sex").group).astype("str")
    episodes, account = _table("episodes", found, account)
    classes = episodes["PLACE"].map(code_set("place").group).astype("str")
    episodes = EPISODES_SCHEMA.validate(episodes.assign(PLACE_CLASS=classes))
    return Ssda903Records(HEADER_SCHEMA.validate(header), episodes, account)


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


def collection_year_label(year: pd.Series) -> pd.Series:
    """Write collection years as people say them.

    Examples
    --------
    >>> collection_year_label(pd.Series([2020])).item()
    '2019-20'
    """
    return (year - 1).astype(str) + "-" + (year % 100).astype(str).str.zfill(2)


def _recognised(folder: Path) -> tuple[list[_File], Account]:
    if not folder.is_dir():
        raise RecordsError("There is no such folder.", where=str(folder), next_step=_LAYOUTS)
    found: list[_File] = []
    others: Counter[str] = Counter()
    strangers: list[str] = []
    for path in _spreadsheets(folder):
        where = path.relative_to(folder).as_posix()
        tables = read_tables(path, _is_903)
        strangers += [] if tables else [where]
        for raw in map(_with_upper_headings, tables):
            kind = str(_kind(raw.frame.columns))
            if kind in _COLUMNS:
                found.append(_placed(kind, replace(raw, source=where), path, folder))
            else:
                others[kind] += len(raw.frame)
    for kind in _COLUMNS:
        if not any(file.kind == kind for file in found):
            what = f"No {kind.title()} table of an SSDA903 return was found."
            raise RecordsError(what, where=str(folder), next_step=_LAYOUTS)
    return found, _left_out(others, strangers)


def _left_out(others: Counter[str], strangers: list[str]) -> Account:
    account = Account().excluded(
        "files", "no table of an SSDA903 return", len(strangers), strangers
    )
    for module, rows in sorted(others.items()):
        rule = f"{module} table: not used by any model yet"
        account = account.excluded("other tables of the return", rule, rows)
    return account


def _spreadsheets(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SPREADSHEET_SUFFIXES and not path.name.startswith((".", "~"))
    )


def _is_903(cells: Sequence[str]) -> bool:
    return _kind(clean_heading(cell).upper() for cell in cells) is not None


def _kind(headings: Iterable[str]) -> str | None:
    names = set(headings)
    if "CHILD" not in names:
        return None
    if "DECOM" in names:
        return "episodes"
    if "ETHNIC" in names:
        return "header"
    return next((module for column, module in OTHER_MODULES.items() if column in names), None)


def _with_upper_headings(raw: RawTable) -> RawTable:
    return replace(raw, frame=raw.frame.rename(columns=str.upper))


def _placed(kind: str, raw: RawTable, path: Path, folder: Path) -> _File:
    """Take authority and year from the names of the file and the folders it lies in."""
    missing = [c for c in _COLUMNS[kind] if c not in raw.frame.columns]
    if missing:
        raise RecordsError(
            f"The {kind.title()} table lacks the column {', '.join(missing)}.",
            where=raw.source,
            why="the file is recognised by its other columns, and none can be left out",
            next_step="Export the table again with the column names of the SSDA903 guide.",
        )
    parents = list(path.relative_to(folder).parent.parts)
    named = [part for part in parents if collection_year(part) is None]
    years = [collection_year(part) for part in (path.name, *reversed(parents))]
    year, bare = next((y for y in years if y is not None), (None, False))
    return _File(kind, raw, named[-1] if named else UNSTATED_LA, year, bare)


def _years_settled(files: list[_File], account: Account) -> tuple[list[_File], Account]:
    """Decide whether names such as ``2017`` mean the year's end (the standard) or its start."""
    named = [f for f in files if f.bare_year and "YEAR" not in f.raw.frame.columns]
    starts = [(f, parse_dates(f.raw.frame["DECOM"])) for f in named if f.kind == "episodes"]
    rows = sum(len(dates) for _, dates in starts)
    late = sum(int((dates > pd.Timestamp(f.year or 0, 3, 31)).sum()) for f, dates in starts)
    if late <= 0.05 * rows:
        return files, account
    moved = [replace(f, year=(f.year or 0) + 1) if f in named else f for f in files]
    rule = "the year in the file's name is the one in which the collection year starts"
    return moved, account.repaired("episodes", rule, rows)


def _table(kind: str, files: list[_File], account: Account) -> tuple[pd.DataFrame, Account]:
    """Stack the files of one kind and type their columns."""
    own = [file for file in files if file.kind == kind]
    text = pd.concat([_stackable(file) for file in own], ignore_index=True)
    named = own[0].raw.source if len(own) == 1 else f"{len(own)} files"
    account = account.read(kind, f"{kind.title()} table: {named}", len(text))
    text, account = _without_blank_keys(text, kind, account)
    rows = _Rows(text[_SOURCE], text[_ROW], text["CHILD"])
    table = text.drop(columns=[_SOURCE, _ROW]).assign(YEAR=_years(text["YEAR"], rows))
    for column in _DATES[kind]:
        table[column] = _dates(table[column], rows)
    plain = [c for c in _COLUMNS[kind] if c not in _DATES[kind]]
    table[plain] = table[plain].apply(lambda c: c.str.upper()).replace("", None)
    for column, name in (HEADER_CODES if kind == "header" else EPISODE_CODES).items():
        account = _checked_codes(table, column, name, kind, rows, account)
    return table, account


def _stackable(file: _File) -> pd.DataFrame:
    """Return the file's cells as text, with where they come from."""
    frame = file.raw.frame
    blank = pd.Series("", index=frame.index, dtype="str")
    la, year = (frame[c] if c in frame.columns else blank for c in ORIGIN_COLUMNS)
    if file.year is None and year.eq("").any():
        raise RecordsError(
            "The collection year of a table cannot be told.",
            where=file.raw.source,
            why="an open episode is returned again every year, so the order of years must be known",
            next_step="Add a column YEAR, or put the file in a folder named after the year, "
            "e.g. 2024-25.",
        )
    stacked = frame[list(_COLUMNS[file.kind])].copy()
    stacked.insert(0, "LA", la.mask(la.eq(""), file.la))
    stacked.insert(1, "YEAR", year.mask(year.eq(""), str(file.year)))
    stacked[_SOURCE] = file.raw.source
    stacked[_ROW] = frame.index.astype(str)
    return stacked


@dataclass(frozen=True)
class _Rows:
    """Where each row was read, for messages."""

    source: pd.Series
    row: pd.Series
    child: pd.Series

    def refuse(self, values: pd.Series, bad: pd.Series, what: str, allowed: str) -> None:
        if not bad.any():
            return
        first = self.source[bad].iloc[0]
        rows = self.row[bad & self.source.eq(first)].head(5)
        raise RecordsError(
            f"{int(bad.sum()):,} of {len(values):,} values of {values.name} cannot be read: "
            f"each {what}.",
            where=f"{first}, column {values.name}, row {', '.join(rows)}",
            examples=[
                f"{v} (child {c})" for v, c in zip(values[bad], self.child[bad], strict=True)
            ],
            why="a value that is guessed at would change a child's history",
            next_step=f"Mend these values; allowed: {allowed}.",
        )


def _without_blank_keys(
    text: pd.DataFrame, kind: str, account: Account
) -> tuple[pd.DataFrame, Account]:
    for column in _NEVER_BLANK[kind]:
        blank = text[column].eq("")
        where = text[_SOURCE] + " row " + text[_ROW]
        account = account.excluded(kind, f"{column} is blank", int(blank.sum()), where[blank])
        text = text[~blank]
    return text, account


def _years(text: pd.Series, rows: _Rows) -> pd.Series:
    read = {value: collection_year(value) for value in text.unique()}
    bad = text.isin([value for value, year in read.items() if year is None])
    rows.refuse(text, bad, "is not a collection year", "such as 2025 or 2024-25")
    return text.map({value: year[0] for value, year in read.items() if year}).astype("int64")


def _dates(text: pd.Series, rows: _Rows) -> pd.Series:
    dates = parse_dates(text)
    bad = dates.isna() & text.ne("")
    rows.refuse(text, bad, "is not a date", "dd/mm/yyyy, a day that exists")
    return dates


def _checked_codes(
    table: pd.DataFrame, column: str, name: str, kind: str, rows: _Rows, account: Account
) -> Account:
    codes = code_set(name)
    unknown = table[column].notna() & ~table[column].isin(codes.table.index)
    rows.refuse(table[column], unknown, "is not a code", ", ".join(codes.table.index))
    old = codes.outside_its_years(table[column], table["YEAR"])
    which = ", ".join(sorted(table.loc[old, column].unique()))
    rule = f"{column} {which} outside its collection years: read as it is"
    return account.repaired(kind, rule, int(old.sum()), table.loc[old, "CHILD"])
