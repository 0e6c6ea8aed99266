"""SSDA903 returns (children looked after) as authorities export them: all twelve tables.

A file is recognised by its columns, wherever it lies under the folder given. Two layouts are
read: *stacked* files that carry the columns ``LA`` and ``YEAR``, and files as exported, in a
folder per authority and collection year (``<LA>/<year>/episodes.csv``), from whose names both
are then taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pandas as pd

from bayescich.account import EXAMPLES, Account
from bayescich.errors import RecordsError
from bayescich.records.fields import meaning_of
from bayescich.records.sources import Reading, read_tables_of
from bayescich.records.ssda903_codes import PREFIX, code_set
from bayescich.records.ssda903_derived import possible_dates, with_derived
from bayescich.records.ssda903_schema import EPISODE_COLUMNS, HEADER_COLUMNS, SSDA903_TABLES
from bayescich.records.tables import Table
from bayescich.records.typed import empty_frame

_MUST_BE_FOUND = ("header", "episodes")
_REWRITTEN = "SEX"
"""The reader writes this column anew, so that a code does not tell of which year it is."""

_LAYOUTS = (
    "Give a folder that holds, at any depth, files with the columns "
    f"{', '.join(EPISODE_COLUMNS)} (Episodes) and {', '.join(HEADER_COLUMNS)} (Header): either "
    "stacked, with the columns LA and YEAR added, or as exported in a folder per authority "
    "and year, e.g. Northshire/2024-25/episodes.csv."
)


def _empty(name: str) -> pd.DataFrame:
    table = next(table for table in SSDA903_TABLES if table.name == name)
    return with_derived(name, empty_frame(table))


@dataclass(frozen=True, eq=False)
class Ssda903Records:
    """The returns of one or more authorities and collection years.

    Every table begins with LA, YEAR (the year in which the collection ends) and CHILD; one that
    was not returned has its columns and no rows.
    """

    header: pd.DataFrame
    """One row per child and collection year."""
    episodes: pd.DataFrame
    """One row per episode and collection year: an open episode is returned again next year."""
    account: Account
    """What was read, noted, repaired and left out."""
    oc2: pd.DataFrame = field(default_factory=partial(_empty, "oc2"))
    """Health and conduct of children looked after for 12 months, with SDQ_BAND."""
    oc3: pd.DataFrame = field(default_factory=partial(_empty, "oc3"))
    """Care leavers, with ACTIV_GROUP, ACCOM_SETTING and SUITABLE."""
    missing: pd.DataFrame = field(default_factory=partial(_empty, "missing"))
    """Spells missing or away without authorisation."""
    reviews: pd.DataFrame = field(default_factory=partial(_empty, "reviews"))
    """Reviews, and how the child took part."""
    uasc: pd.DataFrame = field(default_factory=partial(_empty, "uasc"))
    """Unaccompanied asylum-seeking children."""
    previous_permanence: pd.DataFrame = field(
        default_factory=partial(_empty, "previous_permanence")
    )
    """Permanence arrangements before care, with DATE_PERM_EARLIEST and DATE_PERM_LATEST."""
    placed_for_adoption: pd.DataFrame = field(
        default_factory=partial(_empty, "placed_for_adoption")
    )
    """Decisions that a child should be placed for adoption."""
    adoptions: pd.DataFrame = field(default_factory=partial(_empty, "adoptions"))
    """Adopted children (AD1)."""
    social_workers: pd.DataFrame = field(default_factory=partial(_empty, "social_workers"))
    """Social worker episodes."""
    deprivations: pd.DataFrame = field(default_factory=partial(_empty, "deprivations"))
    """Deprivation of liberty orders."""


def read_ssda903(source: Path | str) -> Ssda903Records:
    """Read the SSDA903 returns of a folder, a file or a database.

    Parameters
    ----------
    source : Path or str
        A folder, searched at any depth; one file; or an SQLAlchemy URL.

    Returns
    -------
    Ssda903Records
        Codes in upper case, dates as dates, blank cells missing, ``SEX`` as M, F or U, and
        columns derived beside those returned, so that years can be compared.

    Raises
    ------
    RecordsError
        If there is no Header or no Episodes table, a needed column is missing, most of it cannot
        be read, or the collection year cannot be told.
    """
    return ssda903_records(read_tables_of(source, SSDA903_TABLES))


def ssda903_records(reading: Reading) -> Ssda903Records:
    """Take the SSDA903 returns out of what a source holds.

    Parameters
    ----------
    reading : Reading
        Made with ``SSDA903_TABLES`` among the tables asked for. Its account is passed on whole.

    Raises
    ------
    RecordsError
        If there is no Header or no Episodes table.
    """
    for table in SSDA903_TABLES:
        if table.name in _MUST_BE_FOUND and not reading.found(table.name):
            raise _not_found(table, reading)
    account = reading.account
    frames = {}
    for table in SSDA903_TABLES:
        frame = with_derived(table.name, reading.tables[table.name])
        account += _noted(table, frame)
        frames[table.name] = frame
    return Ssda903Records(account=account, **frames)


def collection_year_label(year: pd.Series) -> pd.Series:
    """Write collection years as people say them.

    Examples
    --------
    >>> collection_year_label(pd.Series([2020])).item()
    '2019-20'
    """
    return (year - 1).astype(str) + "-" + (year % 100).astype(str).str.zfill(2)


def _not_found(table: Table, reading: Reading) -> RecordsError:
    files = reading.files
    taken = files["table"].mask(files["table"].eq(""), files["note"])
    return RecordsError(
        f"No {table.name.title()} table of an SSDA903 return was found.",
        where=f"{reading.source}: tables of any kind found there: {len(files):,}",
        examples=[f"{file} ({what})" for file, what in zip(files["file"], taken, strict=True)],
        why=f"a file is known by its columns, and none has {', '.join(table.known_by)} as needed "
        f"for {table.title}",
        next_step=_LAYOUTS,
    )


def _noted(table: Table, frame: pd.DataFrame) -> Account:
    """Count what is odd about a table and was left as it is."""
    account = _blank_columns(table, frame)
    for name, column in table.schema.columns.items():
        if meaning_of(column).kind == "code" and name != _REWRITTEN:
            account += _out_of_year(table, frame, str(name), meaning_of(column).code_set)
    faults = _FAULTS_OF.get(table.name, {})
    for rule, is_fault in faults.items():
        faulty = is_fault(frame)
        account = account.noted(table.name, rule, int(faulty.sum()), _children(frame, faulty))
    return account


def _blank_columns(table: Table, frame: pd.DataFrame) -> Account:
    account = Account()
    for name in table.schema.columns:
        if len(frame) and frame[name].isna().all():
            rule = f"{name} is blank in every row: not returned, or not readable"
            account = account.noted(table.name, rule, len(frame))
    return account


def _out_of_year(table: Table, frame: pd.DataFrame, column: str, codes: str) -> Account:
    account = Account()
    known = code_set(codes.removeprefix(PREFIX))
    if known.table[["valid_from", "valid_to"]].isna().all(axis=None):
        return account
    old = known.outside_its_years(frame[column], frame["YEAR"])
    for code, rows in frame[old].groupby(column, sort=True):
        rule = f"{column} {code} is not a code of the collection year; left as it is"
        every = pd.Series(True, index=rows.index)
        account = account.noted(table.name, rule, len(rows), _children(rows, every))
    return account


def _children(frame: pd.DataFrame, which: pd.Series) -> list[str]:
    rows = frame.loc[which, ["LA", "CHILD"]].drop_duplicates().head(EXAMPLES)
    return (rows["LA"] + "/" + rows["CHILD"]).tolist()


def _suitable_but_never(frame: pd.DataFrame) -> pd.Series:
    unsuitable = frame["SUITABLE"].eq(False).fillna(False).astype(bool)
    return unsuitable & frame["ACCOM"].str.endswith("1", na=False)


def _unreadable_permanence(frame: pd.DataFrame) -> pd.Series:
    return ~possible_dates(frame["DATE_PERM"])["readable"]


def _zeros_in_front(frame: pd.DataFrame) -> pd.Series:
    """Find ids with zeros in front whose rest is an id too: spreadsheets drop such zeros."""
    padded = frame["CHILD"].str.startswith("0").fillna(value=False).astype("bool")
    if not padded.any():
        return padded
    bare = frame.loc[padded, ["LA"]].assign(CHILD=frame.loc[padded, "CHILD"].str.lstrip("0"))
    others = pd.MultiIndex.from_frame(frame.loc[~padded, ["LA", "CHILD"]])
    found = pd.Series(data=False, index=frame.index)
    found[padded] = pd.MultiIndex.from_frame(bare).isin(others)
    return found


_FAULTS_OF: dict[str, dict[str, Callable[[pd.DataFrame], pd.Series]]] = {
    "header": {
        "DOB is blank; histories leave the child out": lambda f: f["DOB"].isna(),
        "CHILD differs from another id by zeros in front only: one child or two?": _zeros_in_front,
    },
    "oc3": {
        "ACCOM calls homelessness or custody suitable; SUITABLE says it is not": _suitable_but_never
    },
    "previous_permanence": {
        "DATE_PERM is no date, known in part or in whole": _unreadable_permanence
    },
}
