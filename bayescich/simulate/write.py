"""Write a synthetic England as an authority's returns and Ofsted's register are published."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from bayescich import __version__
from bayescich.errors import BayescichError
from bayescich.records.code_sets import code_set
from bayescich.records.ssda903 import collection_year_label
from bayescich.records.ssda903_schema import EPISODE_COLUMNS, HEADER_COLUMNS
from bayescich.simulate import calibration as published
from bayescich.simulate.draws import day, labels
from bayescich.simulate.england import SyntheticEngland

FIRST_YEAR_OF_M_AND_F = 2025
FIRST_YEAR_OF_K3 = 2025
FIRST_YEAR_OF_SUPPORTED_URN = 2024
FIRST_YEAR_OF_E47 = 2019
"""Collection years from which SEX is M or F, H5 is K3, supported providers have a URN, and
special guardianship is E45 to E48 instead of E43 and E44."""

_README = """SYNTHETIC DATA: NO CHILD, HOME, OWNER OR AUTHORITY IN THESE FILES EXISTS.

Made by bayescich {version} with seed {seed} for {children:,} children looked after.

ssda903/<year>/header.csv, episodes.csv   SSDA903 returns of every authority, stacked (LA, YEAR)
ofsted/provider_level_at_31_march_2025.csv   a register of homes in Ofsted's published layout
truth/parameters.csv   what the simulator used, named as in the fitted model: log hazard scale;
                       the baseline is log moves per year of an average home when every
                       covariate is zero (not centred)
truth/homes.csv        the effect of each home, provider and authority
"""

_REGISTER_TITLE = (
    "SYNTHETIC: not Ofsted's data. Provider level as at 31 March 2025",
    "This worksheet contains one table, this table begins in cell A4.",
    "Some cells in this table are empty.",
)


def write_england(england: SyntheticEngland, folder: Path) -> None:
    """Write the returns, the register, the truth and ``synthetic.json``.

    Everything is written to a temporary folder beside and renamed when it is whole, so that a
    folder is either all there or not at all; a synthetic England that is already there is
    replaced.

    Raises
    ------
    BayescichError
        If the folder exists and is not a synthetic England.
    """
    _refuse_other_data(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        _write_returns(england, beside / "ssda903")
        _write_register(england, beside / "ofsted")
        _write_truth(england, beside / "truth")
        _write_notes(england, beside)
        beside.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def yearly_episodes(episodes: pd.DataFrame) -> pd.DataFrame:
    """Return each episode in every collection year it overlaps, as known at that year's end.

    Parameters
    ----------
    episodes : DataFrame
        LA and the columns of the Episodes table, over the whole history.

    Returns
    -------
    DataFrame
        With ``YEAR``, the year in which the collection ends. An episode that ends later is open
        (blank DEC, REC and reason) and is returned again the next year, in the codes of that
        year: from 2024/25 as K3 if it was H5.
    """
    last = pd.Timestamp(published.LAST_DAY)
    first_year = _year_ending(episodes["DECOM"])
    last_year = _year_ending(episodes["DEC"].fillna(last))
    times = (last_year - first_year + 1).to_numpy()
    rows = episodes.loc[episodes.index.repeat(times)].reset_index(drop=True)
    passed = np.arange(len(rows)) - np.repeat(times.cumsum() - times, times)
    rows["YEAR"] = np.repeat(first_year.to_numpy(), times) + passed
    still_open = rows["DEC"].isna() | (_year_ending(rows["DEC"].fillna(last)) > rows["YEAR"])
    rows["DEC"] = rows["DEC"].mask(still_open)
    rows[["REC", "REASON_PLACE_CHANGE"]] = rows[["REC", "REASON_PLACE_CHANGE"]].mask(still_open, "")
    older_code = rows["REC"].eq("E47") & (rows["YEAR"] < FIRST_YEAR_OF_E47)
    rows["REC"] = rows["REC"].mask(older_code, "E44")
    supported = rows["PLACE"].eq("H5")
    without_urn = supported & (rows["YEAR"] < FIRST_YEAR_OF_SUPPORTED_URN)
    rows["URN"] = rows["URN"].mask(without_urn, "")
    rows["PLACE"] = rows["PLACE"].mask(supported & (rows["YEAR"] >= FIRST_YEAR_OF_K3), "K3")
    return rows


def _refuse_other_data(folder: Path) -> None:
    if folder.exists() and not (folder / "synthetic.json").is_file():
        raise BayescichError(
            "The folder for the synthetic England holds something else.",
            where=str(folder),
            why="it would be replaced",
            next_step="Name another folder, or move this one away.",
        )


def _write_returns(england: SyntheticEngland, folder: Path) -> None:
    episodes = yearly_episodes(england.episodes)
    children = episodes[["LA", "YEAR", "CHILD"]].drop_duplicates()
    header = children.merge(england.header, on=["LA", "CHILD"])
    number = header["SEX"].map({"M": "1", "F": "2"})
    header["SEX"] = header["SEX"].where(header["YEAR"] >= FIRST_YEAR_OF_M_AND_F, number)
    tables = {
        "episodes": episodes[["LA", "YEAR", *EPISODE_COLUMNS]],
        "header": header[["LA", "YEAR", *HEADER_COLUMNS]],
    }
    for name, table in tables.items():
        for year, rows in table.groupby(collection_year_label(table["YEAR"])):
            (folder / str(year)).mkdir(parents=True, exist_ok=True)
            rows.to_csv(folder / str(year) / f"{name}.csv", index=False, date_format="%d/%m/%Y")


def _write_register(england: SyntheticEngland, folder: Path) -> None:
    """Write the register with the title rows, headings and redactions of the published list."""
    homes = england.homes
    published_sector = code_set("sectors").drop_duplicates("sector").set_index("sector")["label"]
    written = {
        "Web link": "Ofsted Social Care Provider Webpage",
        "URN": homes["urn"],
        "Linked Education URN": "",
        "Provision type": homes["provision_type"],
        "Registration date": homes["registration_date"],
        "Registration status": homes["status"],
        **dict.fromkeys(
            ("Name", "Address 1", "Address 2", "Town", "County", "Postcode"), "REDACTED"
        ),
        "Ofsted Region": homes["region"].replace(published.OFSTED_REGIONS.value),
        "Government Office Region": homes["region"],
        "Local authority": homes["authority"],
        "Parliamentary constituency": "",
        "Sector": homes["sector"].map(published_sector),
        "Places": homes["places"],
        "Supported accommodation premises": "",
        "Short-break-only children's home": np.where(
            homes["short_breaks"], "Short breaks only", ""
        ),
        "Multi Building Children's Home": "",
        "Organisation which owns the provider": homes["owner"],
        **_inspections(england),
    }
    table = pd.DataFrame(written, index=homes.index).sort_values("URN")
    folder.mkdir(parents=True)
    with (folder / "provider_level_at_31_march_2025.csv").open(
        "w", encoding="utf-8-sig", newline=""
    ) as stream:
        pd.Series(_REGISTER_TITLE).to_csv(stream, index=False, header=False)
        table.to_csv(stream, index=False, date_format="%d/%m/%Y")


def _inspections(england: SyntheticEngland) -> dict[str, object]:
    """Draw the latest full inspection of each home, with no relation to its moves."""
    number = len(england.homes)
    rng = np.random.default_rng([england.seed, number])
    seen = rng.random(number) >= published.NOT_YET_INSPECTED.value
    last = day(published.REGISTER_DATE.value)
    opened = england.homes["registration_date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    # at most a year and a half ago, and never before the home was registered
    date = last - (rng.random(number) * np.minimum(last - opened, 548)).astype(np.int64)
    text = pd.Series(date.astype("datetime64[D]").astype("datetime64[ns]")).dt.strftime("%d/%m/%Y")
    overall = np.where(seen, labels(rng, published.RATINGS.value, number), "")
    return {
        "Latest full inspection event type": np.where(seen, "Full inspection", ""),
        "Latest full inspection date": text.where(seen, ""),
        "Latest full inspection publication date": text.where(seen, ""),
        "Latest full inspection event number": np.where(
            seen, (10_000_000 + np.arange(number)).astype(str).astype(object), ""
        ),
        "Overall experiences and progress of children and young people": overall,
        "Outcomes in education and related learning activities": "",
        "Health services": "",
        "How well children and young people are helped and protected": overall,
        "The effectiveness of leaders and managers": overall,
        "Supported Accommodation outcome": "",
    }


def _write_truth(england: SyntheticEngland, folder: Path) -> None:
    folder.mkdir(parents=True)
    england.truth.parameters().to_csv(folder / "parameters.csv", index=False)
    england.truth.effects().to_csv(folder / "homes.csv", index=False)


def _write_notes(england: SyntheticEngland, folder: Path) -> None:
    facts = {
        "synthetic": True,
        "seed": england.seed,
        "children": england.children,
        "version": __version__,
        "written by": "bayescich.simulate",
    }
    (folder / "synthetic.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    note = _README.format(version=__version__, seed=england.seed, children=england.children)
    (folder / "README.txt").write_text(note, encoding="utf-8")


def _year_ending(dates: pd.Series) -> pd.Series:
    """Return the year in which the collection year of each date ends."""
    year: pd.Series = (dates.dt.year + (dates.dt.month >= 4)).astype("int64")
    return year
