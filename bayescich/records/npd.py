"""Extracts of the National Pupil Database: attainment, absence, exclusions, special needs.

Tables are recognised by their columns and keyed by pupil; children looked after reach their
pupil through the link table, or through the UPN of the SSDA903 Header.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from bayescich.account import Account
from bayescich.records.npd_attainment import ks2_results, ks4_results, ks5_results
from bayescich.records.npd_attendance import (
    absence_by_year,
    exclusion_events,
    exclusions_by_year,
    sen_by_census,
)
from bayescich.records.npd_levels import ypmad_levels
from bayescich.records.npd_pupils import linked_children, of_pupils, references_by_upn
from bayescich.records.npd_schema import LINK, NPD_TABLES
from bayescich.records.sources import Reading, read_tables_of


@dataclass(frozen=True)
class NpdRecords:
    """What an extract says of each pupil; YEAR is the year in which a school year ends."""

    ks2: pd.DataFrame
    """One row per pupil and year: see `npd_attainment.ks2_results`."""
    ks4: pd.DataFrame
    """One row per pupil: see `npd_attainment.ks4_results`."""
    ks5: pd.DataFrame
    """One row per student and year: see `npd_attainment.ks5_results`."""
    ypmad: pd.DataFrame
    """One row per young person: see `npd_levels.ypmad_levels`."""
    absence: pd.DataFrame
    """One row per pupil and year: see `npd_attendance.absence_by_year`."""
    exclusions: pd.DataFrame
    """One row per pupil and year with any: see `npd_attendance.exclusions_by_year`."""
    exclusion_events: pd.DataFrame
    """One row per suspension or exclusion: see `npd_attendance.exclusion_events`."""
    census: pd.DataFrame
    """One row per pupil and census: see `npd_attendance.sen_by_census`."""
    link: pd.DataFrame
    """One row per child: LA, CHILD, PUPIL (blank if not linked), LINKED."""
    account: Account
    """What was read, noted, repaired, left out and kept."""

    @property
    def link_rate(self) -> float:
        """Return the share of children who are linked to a pupil; not a number without children."""
        return float(self.link["LINKED"].mean()) if len(self.link) else float("nan")


def read_npd(source: Path | str) -> NpdRecords:
    """Read an extract of the National Pupil Database.

    Parameters
    ----------
    source : Path or str
        A folder, a file or an SQLAlchemy URL.

    Returns
    -------
    NpdRecords

    Raises
    ------
    RecordsError
        If a file cannot be read as what its columns say it is, or names no school year.
    """
    reading = read_tables_of(source, NPD_TABLES)
    records = npd_records(reading)
    return replace(records, account=reading.account + records.account)


def npd_records(reading: Reading) -> NpdRecords:
    """Make the extract of tables already read.

    Parameters
    ----------
    reading : Reading
        Made with `NPD_TABLES` among its tables; a table ``header`` (SSDA903) beside them links
        children by UPN.

    Returns
    -------
    NpdRecords
        Its account begins where that of the reading ends.
    """
    references = references_by_upn(reading.tables[LINK.name])
    keyed, account = _keyed_by_pupil(reading, references)
    ks2, of_ks2 = ks2_results(keyed["ks2"])
    ks4, of_ks4 = ks4_results(keyed["ks4"])
    ks5, of_ks5 = ks5_results(keyed["ks5"])
    ypmad, of_ypmad = ypmad_levels(keyed["ypmad"])
    absence, of_absence = absence_by_year(keyed["absence"])
    events, of_events = exclusion_events(keyed["exclusions"])
    exclusions, of_totals = exclusions_by_year(events, keyed["exclusion_totals"])
    census, of_census = sen_by_census(keyed["census"])
    header = reading.tables.get("header")
    link, of_link = linked_children(reading.tables[LINK.name], header, references)
    account += of_ks2 + of_ks4 + of_ks5 + of_ypmad + of_absence + of_events + of_totals
    account += of_census + of_link
    account += _without_rows(link, keyed)
    return NpdRecords(ks2, ks4, ks5, ypmad, absence, exclusions, events, census, link, account)


def _keyed_by_pupil(
    reading: Reading, references: pd.Series
) -> tuple[dict[str, pd.DataFrame], Account]:
    keyed, account = {}, Account()
    for table in NPD_TABLES:
        if table is not LINK:
            frame = reading.tables[table.name]
            keyed[table.name], counted = of_pupils(frame, table, references)
            account += counted
    return keyed, account


def _without_rows(link: pd.DataFrame, keyed: dict[str, pd.DataFrame]) -> Account:
    pupils = pd.concat([frame["PUPIL"] for frame in keyed.values()]).unique()
    absent = link["LINKED"] & ~link["PUPIL"].isin(pupils)
    rule = "children linked to a pupil who is in no table of the extract"
    return Account().noted("npd_link", rule, int(absent.sum()), link.loc[absent, "PUPIL"])
