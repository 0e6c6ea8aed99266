"""All that a folder holds, in one walk: returns, register, look-ups, extracts, needs and costs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bayescich.account import Account
from bayescich.errors import RecordsError
from bayescich.records.catalogue import ALL_TABLES
from bayescich.records.costs import COST_TABLES, CostRecords, cost_records
from bayescich.records.needs import NEEDS_TABLES, NeedsRecords, needs_records
from bayescich.records.npd import NpdRecords, npd_records
from bayescich.records.npd_schema import NPD_TABLES
from bayescich.records.ofsted import NoListError, OfstedRecords, read_ofsted
from bayescich.records.ofsted_lookup import read_lookup
from bayescich.records.ofsted_lookup_schema import CONDITIONS, LOOKUP
from bayescich.records.sources import (
    Reading,
    files_not_read,
    is_database,
    read_tables_of,
    shown_source,
)
from bayescich.records.ssda903 import Ssda903Records, ssda903_records
from bayescich.records.statements import STATEMENT_TABLES, StatementRecords, statement_records
from bayescich.records.succession import SUCCESSION

OFSTED_LIST = "ofsted list"
"""Name in the list of files of a published list of Ofsted's."""


@dataclass(frozen=True)
class Everything:
    """What a source holds; a table that is not there has no rows."""

    returns: Ssda903Records
    register: OfstedRecords | None
    """Ofsted's published lists, if there are any."""
    lookup: pd.DataFrame
    """Ofsted's look-up workbook, one row per URN."""
    succession: pd.DataFrame
    """Successions of URNs that the user knows of."""
    npd: NpdRecords
    needs: NeedsRecords
    statements: StatementRecords
    costs: CostRecords
    files: pd.DataFrame
    """One row per file or sheet: file, table, rows, authority, year, note."""
    account: Account
    """Rows read, repaired and left out, of all tables."""
    no_register: RecordsError | None = None
    """Why there is no register."""

    def register_or_error(self) -> OfstedRecords:
        """Return the register, or raise the error that says what to do about its absence."""
        if self.register is None:
            assert self.no_register is not None
            raise self.no_register
        return self.register


def read_everything(source: Path | str) -> Everything:
    """Read every table of a source that is known here.

    Parameters
    ----------
    source : Path or str
        A folder, a file or a database URL, as for ``records.sources.read_tables_of``. Ofsted's
        published lists lie in its folder ``ofsted``, or directly in it.

    Returns
    -------
    Everything

    Raises
    ------
    RecordsError
        If there are no Header and Episodes, or a file cannot be read as what it claims to be.
    """
    reading = read_tables_of(source, ALL_TABLES)
    returns = ssda903_records(reading)
    npd, needs = npd_records(reading), needs_records(reading)
    statements, costs = statement_records(reading), cost_records(reading)
    account = returns.account
    for tables, records in (
        (NPD_TABLES, npd), (NEEDS_TABLES, needs), (STATEMENT_TABLES, statements),
        (COST_TABLES, costs),
    ):  # fmt: skip
        if any(reading.found(table.name) for table in tables):
            account += records.account
    lookup, counted = _lookup(source, reading)
    # its files were opened again, one by one: that account takes the place of the first
    account = account.without(LOOKUP.name).without(CONDITIONS.name) + counted
    register, why_not = _register(source)
    if register is not None:
        account += register.account
    files = reading.files if register is None else _with_lists(reading.files, register)
    return Everything(
        returns=returns,
        register=register,
        lookup=lookup,
        succession=reading.tables[SUCCESSION.name],
        npd=npd,
        needs=needs,
        statements=statements,
        costs=costs,
        files=files,
        account=account.without("files") + files_not_read(files),
        no_register=why_not,
    )


def _lookup(source: Path | str, reading: Reading) -> tuple[pd.DataFrame, Account]:
    if not reading.found(LOOKUP.name):
        return reading.tables[LOOKUP.name], Account()
    # its sheets are put together by the age of their files, which a stack no longer tells
    held = reading.files["table"].isin([LOOKUP.name, CONDITIONS.name])
    files = reading.files.loc[held, "file"].str.split(", sheet ").str[0]
    records = read_lookup(source, among=set(files))
    return records.providers, records.account


def _register(source: Path | str) -> tuple[OfstedRecords | None, RecordsError | None]:
    folder = Path(source)
    if is_database(source) or not folder.is_dir():
        into = "Import the database" if is_database(source) else "Put the file"
        how = " (bayescich records import)" if is_database(source) else ""
        return None, RecordsError(
            "A list of homes from Ofsted is a file of its own, and this source is no folder.",
            where=shown_source(source),
            next_step=f"{into} into a folder{how}, and Ofsted's provider-level lists into a folder "
            "ofsted/ in it.",
        )
    lists = folder / "ofsted"
    try:
        return read_ofsted(lists if lists.is_dir() else folder), None
    except NoListError as error:
        return None, error


def _with_lists(files: pd.DataFrame, register: OfstedRecords) -> pd.DataFrame:
    """Mark the files that the reader of Ofsted's lists has read."""
    rows: dict[str, int] = {}
    for entry in register.account.entries:
        if entry.stage == "read" and entry.table == "homes":
            name = entry.rule.split(", sheet ")[0]
            rows[name] = rows.get(name, 0) + entry.rows
    names = files["file"].str.rsplit("/", n=1).str[-1]
    listed = names.isin(list(rows)) & files["table"].eq("")
    return files.assign(
        table=files["table"].mask(listed, OFSTED_LIST),
        rows=files["rows"].mask(listed, names.map(rows).fillna(0).astype("int64")),
        note=files["note"].mask(listed, ""),
    )
