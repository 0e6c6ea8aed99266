"""Ofsted's look-up workbooks of providers, of any layout, into one row per URN.

Their layouts differ by year and list, so a sheet is known by its columns. No label in a cell is
fatal: what is none of Ofsted's is counted.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bayescich.account import Account
from bayescich.records.code_sets import code_set, known_codes
from bayescich.records.ofsted_lookup_schema import CONDITIONS, LOOKUP
from bayescich.records.sources import Reading, data_files, is_database, read_tables_of
from bayescich.records.tables import collection_year
from bayescich.records.tabular import TABLE_SUFFIXES, label_key

_NOTHING = ("", "-", "–", "na", "n/a", "none", "null")
_ACTIVE = "active"
_PARTS = r"[\s,;|/]+"
_FREE_TEXT = tuple(
    name for name, column in LOOKUP.schema.columns.items() if str(column.dtype).startswith("str")
)


@dataclass(frozen=True)
class LookupRecords:
    """What Ofsted's look-up workbooks say."""

    providers: pd.DataFrame
    """One row per URN, as ``LOOKUP.schema``; empty where the source holds no look-up."""
    account: Account
    """Rows read, repaired, noted and left out."""


def read_lookup(source: Path | str, among: Collection[str] | None = None) -> LookupRecords:
    """Read Ofsted's look-up workbooks, of any layout, into one row per URN.

    Where a URN is given several times, the newest file is followed (by the year in its name, then
    by its name), within a file the active registration, then the one registered last.

    Parameters
    ----------
    source : Path or str
        A folder, searched at any depth, one file, or an SQLAlchemy URL. Files that hold no
        look-up are passed over.
    among : collection of str, optional
        The only files of the folder that need be opened, by their paths in it: those known to hold
        a look-up.

    Returns
    -------
    LookupRecords
        Labels of sector, region and judgement in Ofsted's spelling; one that Ofsted does not use
        is left as written and noted.

    Raises
    ------
    RecordsError
        If there is no such file, one is broken, or most of a long column cannot be read.
    """
    parts, conditions, account = [], [], Account()
    for age, reading in enumerate(_readings(source, among)):
        parts.append(reading.tables[LOOKUP.name].assign(age=age))
        conditions.append(reading.tables[CONDITIONS.name])
        account += _of_tables(reading.account, (LOOKUP.name, CONDITIONS.name))
    rows = _without_dashes(_stacked(parts))
    rows, counted = _labelled(rows)
    account += counted
    rows, counted = _coded(rows)
    account += counted
    rows, counted = _one_per_urn(rows)
    account += counted
    providers = _with_conditions(rows, _without_dashes(_stacked(conditions)))
    account = account.kept(LOOKUP.name, "registrations", len(providers))
    return LookupRecords(LOOKUP.schema.validate(providers), account.added_up())


def _readings(source: Path | str, among: Collection[str] | None) -> list[Reading]:
    """Read each file on its own, the oldest first, so that the newest can be followed."""
    tables = (LOOKUP, CONDITIONS)
    if isinstance(source, str) and is_database(source):
        return [read_tables_of(source, tables)]
    folder = Path(source)
    files = data_files(folder, TABLE_SUFFIXES)
    if among is not None and folder.is_dir():
        files = [path for path in files if path.relative_to(folder).as_posix() in among]
    return [read_tables_of(path, tables) for path in sorted(files, key=_age)]


def _age(path: Path) -> tuple[int, str]:
    year = collection_year(path.name)
    return (year[0] if year else 0, path.name)


def _of_tables(account: Account, tables: tuple[str, ...]) -> Account:
    return Account(tuple(entry for entry in account.entries if entry.table in tables))


def _stacked(parts: list[pd.DataFrame]) -> pd.DataFrame:
    filled = [part for part in parts if len(part)] or parts[:1]
    return pd.concat(filled, ignore_index=True)


def _without_dashes(rows: pd.DataFrame) -> pd.DataFrame:
    """Blank the cells of text that say "nothing"."""
    written = [name for name in _FREE_TEXT if name in rows and name != "urn"]
    blanked = {
        name: rows[name].mask(rows[name].str.casefold().isin(_NOTHING)).astype("str")
        for name in written
    }
    return rows.assign(**blanked)


def _labelled(rows: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    """Bring labels to Ofsted's spelling; leave others as written and note them."""
    account, named = Account(), {}
    for name, codes, column in (
        ("sector", "sectors", "sector"),
        ("region", "regions", "region"),
        ("judgement", "judgements", "judgement"),
    ):
        known = code_set(codes)
        spelling = dict(zip(known["label"].map(label_key), known[column], strict=True))
        keys = {label: label_key(label) for label in rows[name].dropna().unique()}
        meant = {label: spelling[key] for label, key in keys.items() if key in spelling}
        unknown = rows[name].notna() & ~rows[name].isin(list(meant))
        rule = f"{name} is none of Ofsted's labels; left as written"
        account = account.noted(LOOKUP.name, rule, int(unknown.sum()), _shown(rows, unknown, name))
        new = rows[name].map(meant).astype("str").where(~unknown, rows[name])
        named[name] = new.mask(new.eq("")).astype("str")
    return rows.assign(**named), account


def _coded(rows: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    """Part the cells of PLACE and PLACE_PROVIDER codes, and leave out what is no code."""
    account, coded = Account(), {}
    for name, codes in (
        ("place_codes", "ssda903_place"),
        ("provider_codes", "ssda903_place_provider"),
    ):
        given = rows[name].str.upper().str.split(_PARTS, regex=True).explode()
        given = given[given.fillna("").ne("")]
        known = given.isin(known_codes(codes))
        unknown = rows.index.isin(given.index[~known])
        rule = f"{name} holds what is no such code; that part is left out"
        shown = _shown(rows, unknown, name)
        account = account.repaired(LOOKUP.name, rule, int(unknown.sum()), shown)
        joined = given[known].groupby(level=0).agg(lambda part: "|".join(dict.fromkeys(part)))
        coded[name] = joined.reindex(rows.index).astype("str")
    return rows.assign(**coded), account


def _one_per_urn(rows: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    active = rows["status"].map(label_key, na_action="ignore").eq(_ACTIVE)
    ordered = rows.assign(active=active).sort_values(
        ["urn", "age", "active", "registration_date"], kind="stable", na_position="first"
    )
    again = ordered.duplicated("urn", keep="last")
    rule = "the same URN given again; the newest list and the active registration are followed"
    urns = ordered.loc[again, "urn"].unique()
    account = Account().excluded(LOOKUP.name, rule, int(again.sum()), urns)
    kept = ordered.loc[~again, list(LOOKUP.schema.columns)]
    return kept.reset_index(drop=True), account


def _with_conditions(rows: pd.DataFrame, conditions: pd.DataFrame) -> pd.DataFrame:
    said = conditions.dropna(subset=["conditions"]).drop_duplicates()
    by_urn = said.groupby("urn")["conditions"].agg("; ".join)
    filled = rows["conditions"].fillna(rows["urn"].map(by_urn).astype("str"))
    return rows.assign(conditions=filled)


def _shown(rows: pd.DataFrame, which: pd.Series | np.ndarray, name: str) -> list[str]:
    found = rows.loc[which].head()
    return [
        f"{urn}: {str(label)[:40]}" for urn, label in zip(found["urn"], found[name], strict=True)
    ]
