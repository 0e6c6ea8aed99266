"""Ofsted's register and inspections: homes by yearly list, and every full inspection.

Source: Ofsted, *Children's social care in England*, provider level (Open Government
Licence v3.0). Files are recognised by their columns, so any name will do, and a folder
may hold several years, overlapping or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bayescich.account import Account
from bayescich.errors import RecordsError
from bayescich.records.filling import fill_nearest
from bayescich.records.ofsted_schema import HOMES, INSPECTIONS, empty
from bayescich.records.ofsted_tables import (
    OfstedTable,
    homes_of,
    inspections_of,
    is_ofsted_header,
    ofsted_table,
)
from bayescich.records.tabular import read_tables, spreadsheet_files

WHERE_PUBLISHED = (
    'Download "Children\'s social care in England", the provider-level table as at 31 March, '
    "from Ofsted's statistics on GOV.UK "
    "(www.gov.uk/government/collections/childrens-social-care-statistics) and put it in this "
    "folder as CSV, XLSX or ODS under any name, for example provider_level_at_march_2025.csv."
)
"""Where a reader finds the file, in words."""


class NoListError(RecordsError):
    """There is no list of children's homes where it was looked for."""


@dataclass(frozen=True)
class OfstedRecords:
    """What Ofsted publishes about children's homes."""

    homes: pd.DataFrame
    """One row per home and yearly list, as ``ofsted_schema.HOMES``."""
    inspections: pd.DataFrame
    """One row per full inspection, as ``ofsted_schema.INSPECTIONS``; it may be empty."""
    account: Account
    """Rows read, repaired, excluded and kept."""


def read_ofsted(folder: Path) -> OfstedRecords:
    """Read every Ofsted list in a folder, or in one file, into homes and inspections.

    Parameters
    ----------
    folder : Path
        A folder of CSV, XLSX or ODS files, or one such file.

    Returns
    -------
    OfstedRecords
        Where lists overlap, a home's attributes in a year come from the list as published,
        and an inspection's grade from the newest list that gives it.

    Raises
    ------
    RecordsError
        If no list is found, a file cannot be read, a column is missing, or a label is unknown.
    """
    tables, account = _ofsted_tables(folder)
    homes, inspections = [], []
    for table in tables:
        rows, counted = homes_of(table)
        homes.append(rows.assign(as_published=table.as_published))
        account += counted
        events, counted = inspections_of(table)
        inspections.append(events)
        account += counted
    home_years, homes_account = _unique_homes(pd.concat(homes, ignore_index=True))
    events, events_account = _unique_inspections(pd.concat(inspections, ignore_index=True))
    account = (account + homes_account + events_account).added_up()
    return OfstedRecords(HOMES.validate(home_years), INSPECTIONS.validate(events), account)


def _ofsted_tables(folder: Path) -> tuple[list[OfstedTable], Account]:
    tables, account = [], Account()
    files = spreadsheet_files(folder)
    for path in files:
        for raw in read_tables(path, is_ofsted_header):
            table, counted = ofsted_table(raw)
            account += counted
            if table is not None and len(table.cells):
                tables.append(table)
    if not tables:
        raise _no_list(folder, files, account)
    return tables, account


def _no_list(folder: Path, files: list[Path], account: Account) -> NoListError:
    found = f"{len(files)} spreadsheets, none of them such a list" if files else "no spreadsheet"
    if account.entries:
        found = f"rows of such lists: {account.total('read', 'homes')} read, none a children's home"
    return NoListError(
        "No list of children's homes from Ofsted was found.",
        where=f"{folder}: {found}",
        examples=[path.name for path in files],
        next_step=WHERE_PUBLISHED,
    )


def _unique_homes(rows: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    key = ["urn", "snapshot"]
    account = _disagreements(rows, key)
    # The list as published comes first; its blanks are filled from the others.
    ordered = rows.sort_values([*key, "as_published"], ascending=[True, True, False], kind="stable")
    homes = ordered.groupby(key, as_index=False).first()
    repeated = len(rows) - len(homes)
    homes, repairs = _complete(homes[list(HOMES.columns)])
    again = "the same home in a list of the same year, given again"
    account = account.excluded("homes", again, repeated) + repairs
    return homes, account.kept("homes", "homes by yearly list", len(homes))


def _disagreements(rows: pd.DataFrame, key: list[str]) -> Account:
    account = Account()
    for column in ("provision_type", "sector", "places"):
        differs = rows.groupby(key)[column].nunique().gt(1)
        urns = differs[differs].index.get_level_values("urn")
        rule = f"lists of the same year differ in {column}; the list as published is followed"
        account = account.repaired("homes", rule, int(differs.sum()), urns)
    return account


def _complete(homes: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    flag = homes["short_breaks"]
    nearest = fill_nearest(homes, "short_breaks", unit="urn", time="snapshot")
    filled, assumed = flag.isna() & nearest.notna(), nearest.isna()
    account = (
        Account()
        .repaired("homes", "short-break flag from the home's nearest list", int(filled.sum()))
        .repaired("homes", "no list has a short-break flag; taken as none", int(assumed.sum()))
    )
    region, regions_account = _regions_by_authority(homes)
    homes = homes.assign(short_breaks=nearest.fillna(False).astype("bool"), region=region)
    return homes, account + regions_account


def _regions_by_authority(homes: pd.DataFrame) -> tuple[pd.Series, Account]:
    """Fill a blank region (such as Ofsted's merged one) with that of the authority elsewhere."""
    known = homes.dropna(subset=["region", "authority"])
    usual = known.groupby("authority")["region"].agg(lambda regions: regions.mode().iloc[0])
    filled = homes["region"].fillna(homes["authority"].map(usual))
    changed = homes["region"].isna() & filled.notna()
    rule = "region blank or merged with its neighbour; taken from the authority's other homes"
    account = Account().repaired("homes", rule, int(changed.sum()), homes.loc[changed, "urn"])
    return filled, account


def _unique_inspections(rows: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    if rows.empty:
        return empty(INSPECTIONS), Account().kept("inspections", "full inspections", 0)
    rows = rows.assign(newest=rows["snapshot"])
    numbered = rows[rows["event_number"].notna()]
    by_event, account = _newest(numbered, ["urn", "event_number"], "home and event number")
    rows = pd.concat([by_event, rows[rows["event_number"].isna()]])
    by_date, counted = _newest(rows, ["urn", "inspection_date"], "home and date")
    inspections = by_date.sort_values(["urn", "inspection_date"], ignore_index=True)
    account = (account + counted).kept("inspections", "full inspections", len(inspections))
    return inspections[list(INSPECTIONS.columns)], account


def _newest(rows: pd.DataFrame, key: list[str], same: str) -> tuple[pd.DataFrame, Account]:
    """Keep one row per key: grade of the newest list, as published first; year of the first."""
    ordered = rows.sort_values([*key, "newest", "as_published"], kind="stable")
    groups = ordered.groupby(key)
    differs = groups["grade"].nunique().gt(1)
    first_list, number = (
        groups["snapshot"].transform("min"),
        groups["event_number"].transform("last"),
    )
    kept = ordered.assign(snapshot=first_list, event_number=number)
    kept = kept.drop_duplicates(key, keep="last")
    rule = f"grades of the same inspection ({same}) differ; the newest list is followed"
    urns = differs[differs].index.get_level_values("urn")
    account = Account().repaired("inspections", rule, int(differs.sum()), urns)
    return kept, account.excluded(
        "inspections", f"the same inspection ({same}) given again", len(rows) - len(kept)
    )
