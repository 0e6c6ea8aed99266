"""``records check``: what a folder of returns holds, what is wrong in it and what becomes of it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from bayescich.account import Account
from bayescich.errors import HistoriesError, RecordsError, ReportError
from bayescich.progress import say
from bayescich.records.sources import SYNTHETIC_MARK
from bayescich.spec import HistoryPolicies

if TYPE_CHECKING:
    from bayescich.histories.check import FlowStep, RecordsCheck
    from bayescich.histories.construct import Histories
    from bayescich.records.everything import Everything

REPORT_FOLDER = Path("reports/records")


def check_records(source: Path | str, policies: HistoryPolicies | None = None) -> RecordsCheck:
    """Read a source, look for faults and construct the histories, counting every row.

    Parameters
    ----------
    source : Path or str
        A folder, a file or a database URL, as for ``records.sources.read_tables_of``.
    policies : HistoryPolicies, optional
        Where another choice than the default is wanted.

    Returns
    -------
    RecordsCheck

    Raises
    ------
    RecordsError
        If there are no returns, or a file cannot be read as what it claims to be.
    """
    from bayescich.histories.check import RecordsCheck, scope_of
    from bayescich.histories.construct import construct
    from bayescich.histories.faults import FaultTables, authority_profile, find_faults
    from bayescich.records.everything import read_everything
    from bayescich.records.sources import shown_source

    policies = policies or HistoryPolicies()
    say(f"reading {shown_source(source)}")
    read = read_everything(source)
    homes = read.register.homes if read.register is not None else None
    say("looking for faults")
    faults, noted = find_faults(read.returns, homes, read.lookup)
    say("constructing the histories")
    histories = construct(
        read.returns, policies, homes=homes, lookup=read.lookup, given=read.succession
    )
    table, warnings = _analysis_table(histories, read, policies)
    account = read.account + noted + histories.account + table
    return RecordsCheck(
        files=read.files,
        account=account.added_up(),
        faults=faults,
        flow=_flow(read, histories, account),
        scope=scope_of(read.returns),
        authorities=authority_profile(FaultTables(read.returns, homes, read.lookup)),
        measures=_measures(histories),
        synthetic=_is_synthetic(source),
        warnings=warnings,
    )


def write_check(
    check: RecordsCheck, folder: Path, *, without_ids: bool = False
) -> tuple[Path, str]:
    """Write the page and its tables; return the page and the account as plain text."""
    from bayescich.report.records_page import print_records_account, write_records_account

    page = write_records_account(check, folder, without_ids=without_ids)
    return page, print_records_account(check, without_ids=without_ids)


def refuse_unwritable(folder: Path) -> None:
    """Say before the work, not after it, that its results could not be written.

    Raises
    ------
    ReportError
        If the folder is a file, or neither it nor the folder it would be made in may be written to.
    """
    there = folder
    while not os.access(there, os.F_OK) and there != there.parent:
        there = there.parent
    if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
        raise ReportError(
            "The account of the returns cannot be written to this folder.",
            where=str(folder),
            why=f"{there} is {'a folder you may not write to' if there.is_dir() else 'a file'}",
            next_step="Name another folder with --out.",
        )


def import_records(url: str, folder: Path) -> Account:
    """Copy every table of a database that is known here into Parquet files.

    Raises
    ------
    RecordsError
        If the database cannot be opened or holds no such table, or the folder holds anything.
    """
    from bayescich.records.catalogue import ALL_TABLES
    from bayescich.records.databases import import_database
    from bayescich.records.sources import is_database
    from bayescich.records.tables import recognise

    if not is_database(url):
        raise RecordsError(
            f"'{url}' is not the URL of a database.",
            next_step="Write it as SQLAlchemy does, e.g. sqlite:///returns.db. Files need no "
            "import: give their folder to records check or to --data.",
        )
    return import_database(url, folder, lambda names: recognise(names, ALL_TABLES) is not None)


def _analysis_table(
    histories: Histories, read: Everything, policies: HistoryPolicies
) -> tuple[Account, tuple[str, ...]]:
    from bayescich.histories.placements import placement_table

    if read.register is None:
        warning = (
            "No list of homes from Ofsted lies beside the returns, so the homes cannot be typed "
            "and no model of homes can be fitted."
        )
        return Account(), (warning,)
    try:
        _, account = placement_table(
            histories.home_spells,
            histories.moves,
            histories.exits,
            read.register,
            policies,
            lookup=read.lookup,
        )
    except HistoriesError as error:
        return Account(), (f"{error.what} {error.where or ''}".strip(),)
    return account, ()


def _flow(read: Everything, histories: Histories, account: Account) -> tuple[FlowStep, ...]:
    """Follow the rows from the returns to the table that is fitted."""
    from bayescich.histories import chain_rows, home_spells, placements, spells
    from bayescich.histories.check import FlowStep

    steps = [
        FlowStep("Children in the returns", histories.people["child"].nunique(), "children"),
        FlowStep("Rows of Episodes", len(read.returns.episodes), "rows"),
        _step(
            "One chain for each child", len(histories.chain), "episodes", chain_rows.TABLE, account
        ),
        FlowStep("Periods of care", len(histories.periods), "periods"),
        _step("Placement spells", len(histories.spells), "spells", spells.TABLE, account),
        _step("Stays in homes", len(histories.home_spells), "stays", home_spells.TABLE, account),
    ]
    kept = [e for e in account.entries if e.stage == "kept" and e.table == placements.TABLE]
    if kept:
        label = "Stays that a model is fitted to"
        steps.append(_step(label, kept[-1].rows, "stays", placements.TABLE, account))
    return tuple(steps)


def _step(label: str, rows: int, unit: str, table: str, account: Account) -> FlowStep:
    from bayescich.histories.check import FlowStep

    excluded = [e for e in account.entries if e.stage == "excluded" and e.table == table]
    return FlowStep(label, rows, unit, tuple((e.rule, e.rows) for e in excluded))


def _measures(histories: Histories) -> pd.DataFrame:
    """Compute the published measures for every collection year of the records."""
    from bayescich.histories import measures as published

    first = int(histories.chain["records_begin"].min().year) + 1 if len(histories.chain) else 0
    last = int(histories.chain["records_end"].max().year) if len(histories.chain) else -1
    spells, lines = histories.spells, []
    for year in range(first, last + 1):
        opening, closing = pd.Timestamp(year - 1, 4, 1), pd.Timestamp(year, 3, 31)
        for name, measure in (
            ("three or more placements", published.three_or_more_placements(spells, year)),
            ("same carer for two years", published.same_carer_two_years(spells, year)),
            ("two or more moves (Commissioner's rule)",
             published.commissioner_moves(histories.chain, opening, closing)),
        ):  # fmt: skip
            children, counted = len(measure.children), int(measure.children["counted"].sum())
            share = counted / children if children else float("nan")
            lines.append((year, name, children, counted, share))
    columns: Sequence[str] = ("year", "measure", "children", "counted", "share")
    return pd.DataFrame(lines, columns=list(columns))


def _is_synthetic(source: Path | str) -> bool:
    mark = Path(source) / SYNTHETIC_MARK
    return mark.is_file() and bool(json.loads(mark.read_text(encoding="utf-8")).get("synthetic"))
