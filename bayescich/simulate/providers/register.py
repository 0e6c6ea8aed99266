"""Ofsted's lists of homes on each 31 March, as published, with their latest full inspection."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from bayescich.records.code_sets import code_set
from bayescich.records.ofsted_schema import HOMES
from bayescich.simulate.calibration import value
from bayescich.simulate.draws import day
from bayescich.simulate.providers.homes import list_days, listed
from bayescich.simulate.providers.inspections import (
    dates,
    draw_inspections,
    latest_inspections,
    national_rng,
)
from bayescich.simulate.settings import Settings
from bayescich.simulate.shapes import Authorities, Homes

SYNTHETIC = "SYNTHETIC: no home in this list exists"

_PUBLISHED_AFTER = 42
"""Days from an inspection to its publication."""

_REDACTED = ("Name", "Address 1", "Address 2", "Town", "County", "Postcode")
_TITLE = (
    f"{SYNTHETIC} – Provider level as at 31 March {{}}",
    "This worksheet contains one table, this table begins in cell A4.",
    "Some cells in this table are empty.",
)
_MERGED_REGION = "North East, Yorkshire and the Humber"
_OFSTED_REGION = dict.fromkeys(("North East", "Yorkshire and The Humber"), _MERGED_REGION)


def ofsted_lists(settings: Settings, homes: Homes, authorities: Authorities) -> pd.DataFrame:
    """Return the homes of every list that is published in the window.

    Returns
    -------
    DataFrame
        As ``records.ofsted_schema.HOMES``, one row per URN and list, ordered by both.
    """
    on_list = listed(homes.registrations, list_days(settings))
    row, number = np.nonzero(on_list)
    registration = homes.registrations.iloc[row].reset_index(drop=True)
    home = homes.frame.iloc[registration["home"]].reset_index(drop=True)
    suspended = national_rng(settings, "suspended").random(len(row)) < value("homes.suspended")
    lists = pd.DataFrame(
        {
            "urn": registration["urn"],
            "snapshot": 1 + settings.last_year - on_list.shape[1] + number,
            "provision_type": home["provision"],
            "sector": home["sector"],
            "places": home["places"],
            "short_breaks": home["short_breaks"],
            "owner": homes.owners[registration["owner"]],
            "authority": authorities.names[home["authority"]],
            "region": home["region"],
            "registration_date": dates(registration["begins"].to_numpy()),
            "status": np.where(suspended, "Suspended", "Active"),
        }
    )
    text = [name for name, column in HOMES.columns.items() if str(column.dtype) == "str"]
    typed = lists.astype(dict.fromkeys(text, "str")).astype({"places": "Int64"})
    return typed.sort_values(["urn", "snapshot"], ignore_index=True)


def write_register(
    settings: Settings,
    homes: Homes,
    authorities: Authorities,
    folder: Path,
) -> None:
    """Write one file per 31 March in Ofsted's published layout.

    Parameters
    ----------
    folder : Path
        Made if it is not there; its files are called ``provider_level_at_31_march_2025.csv``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lists = ofsted_lists(settings, homes, authorities)
    inspections = draw_inspections(settings, homes)
    urns = pd.Index(homes.registrations["urn"])
    for year in lists["snapshot"].unique().tolist():
        rows = lists[lists["snapshot"] == year].reset_index(drop=True)
        latest = latest_inspections(inspections, len(urns), day(f"{year}-03-31"))
        of_home = latest.iloc[urns.get_indexer(rows["urn"])].reset_index(drop=True)
        path = folder / f"provider_level_at_31_march_{year}.csv"
        _write_list(_as_published(rows, of_home, year), year, path)


def _as_published(rows: pd.DataFrame, latest: pd.DataFrame, year: int) -> pd.DataFrame:
    """Name the columns as in Ofsted's list of the year."""
    newest = year >= 2025
    region = "Ofsted Region" if newest else "Ofsted region"
    buildings = "Multi Building Children's Home" if newest else "Multi-building children's home"
    flag = "Short breaks only" if newest else "Short-break-only children's home"
    spelling = code_set("sectors").drop_duplicates("sector").set_index("sector")["label"]
    columns: dict[str, object] = {
        "Web link": "Ofsted Social Care Provider Webpage",
        "URN": rows["urn"],
        "Linked Education URN": "",
        "Provision type": rows["provision_type"],
        "Registration date": rows["registration_date"],
        "Registration status": rows["status"],
        **dict.fromkeys(_REDACTED, "REDACTED"),
        region: rows["region"].replace(_OFSTED_REGION),
        "Government Office Region": rows["region"],
        "Local authority": rows["authority"],
        "Parliamentary constituency": "",
        "Sector": rows["sector"].map(spelling),
        **({} if newest else {"Premises": ""}),
        "Places": rows["places"],
        **({"Supported accommodation premises": ""} if newest else {}),
        "Short-break-only children's home": np.where(rows["short_breaks"], flag, ""),
        buildings: "",
        "Organisation which owns the provider": rows["owner"],
        **_latest_columns(latest, newest=newest),
    }
    return pd.DataFrame(columns)


def _latest_columns(latest: pd.DataFrame, *, newest: bool) -> dict[str, object]:
    # Ofsted's headings of 2025 begin with a line break
    lead = "\n" if newest else ""
    seen = latest["grade"] > 0
    judgement = latest["judgement"]
    published = latest["date"] + pd.to_timedelta(_PUBLISHED_AFTER, "D")
    return {
        f"{lead}Latest full inspection event type": np.where(seen, "Full inspection", ""),
        f"{lead}Latest full inspection date": latest["date"],
        "Latest full inspection publication date": published,
        f"{lead}Latest full inspection event number": latest["event"],
        f"{lead}Overall experiences and progress of children and young people": judgement,
        "Outcomes in education and related learning activities": "",
        "Health services": "",
        f"{lead}How well children and young people are helped and protected": judgement,
        "The effectiveness of leaders and managers": judgement,
        **({"Supported Accommodation outcome": ""} if newest else {}),
    }


def _write_list(table: pd.DataFrame, year: int, path: Path) -> None:
    encoding = "utf-8-sig" if year >= 2025 else "cp1252"
    with path.open("w", encoding=encoding, newline="") as stream:
        titles = [line.format(year) for line in _TITLE]
        pd.Series(titles).to_csv(stream, index=False, header=False)
        table.to_csv(stream, index=False, date_format="%d/%m/%Y", lineterminator="\r\n")
