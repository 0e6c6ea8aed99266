"""An authority's SSDA903 returns: every table, for every collection year, before anyone errs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.histories.dates import collection_year_of
from bayescich.histories.sorted_rows import MISSING, dates_of, days_of
from bayescich.records.ssda903_schema import EPISODE_COLUMNS, HEADER_COLUMNS
from bayescich.simulate.draws import YEAR, Ints
from bayescich.simulate.outcomes.tables import outcome_tables
from bayescich.simulate.returns.episodes import episodes
from bayescich.simulate.returns.short_breaks import short_breaks
from bayescich.simulate.settings import Settings
from bayescich.simulate.shard import Shard

FIRST_YEAR_OF_M_AND_F = 2025
FIRST_YEAR_OF_K3 = 2025
FIRST_YEAR_OF_CUSTOD = 2019
FIRST_YEAR_OF_E45 = 2019
"""Collection years from which SEX is M or F, H5 is K3, custody is a reason of its own, and special
guardianship is E45 to E48 instead of E43 and E44."""

RETURN_TABLES = (
    "header", "episodes", "oc2", "oc3", "missing", "uasc", "previous_permanence",
)  # fmt: skip
"""Tables of the return that are written."""

_GUARDIANSHIP = {"E45": "E43", "E46": "E43", "E47": "E44", "E48": "E44"}


def return_tables(shard: Shard) -> dict[str, pd.DataFrame]:
    """Return an authority's tables over all years, as they should be recorded.

    Returns
    -------
    dict of DataFrame
        `RETURN_TABLES` with YEAR before the standard's columns, ordered by YEAR, CHILD and date,
        and the tables of the National Pupil Database of ``outcomes.outcome_tables``.
    """
    tables = dict(outcome_tables(shard))
    breaks, their_header = short_breaks(shard)
    rows = yearly_episodes(episodes(shard).drop(columns="child"), shard.settings)
    more = yearly_episodes(breaks, shard.settings)
    tables["episodes"] = pd.concat([rows, more], ignore_index=True).sort_values(
        ["YEAR", "CHILD", "DECOM"], kind="stable", ignore_index=True
    )
    tables["header"] = _header(shard, tables, their_header)
    return tables


def yearly_episodes(rows: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Return each episode in every collection year it overlaps, as known at that year's end.

    Parameters
    ----------
    rows : DataFrame
        The columns of the Episodes table, over whole histories; no DEC means still open.

    Returns
    -------
    DataFrame
        With ``YEAR``, the year in which the collection ends. An episode that ends later is open
        (no DEC, blank REC and reason) and is returned again the next year, in the codes of that
        year: from 2024/25 as K3 if it was H5.
    """
    ends = days_of(rows["DEC"])
    is_open = ends == MISSING
    first = np.maximum(collection_year_of(days_of(rows["DECOM"])), settings.first_year)
    last = np.where(is_open, settings.last_year, collection_year_of(ends))
    ended = np.minimum(last, settings.last_year)
    times = np.maximum(ended - first + 1, 0)
    again = np.repeat(np.arange(len(rows)), times)
    year = first[again] + np.arange(len(again)) - np.repeat(np.cumsum(times) - times, times)
    still_open = is_open[again] | (last[again] > year)
    returned = rows.iloc[again].reset_index(drop=True)
    returned["DEC"] = returned["DEC"].mask(still_open)
    for name in ("REC", "REASON_PLACE_CHANGE"):
        returned[name] = np.where(still_open, "", returned[name].to_numpy(object))
    returned = _in_codes_of_the_year(returned, year)
    returned.insert(0, "YEAR", year)
    return returned[["YEAR", *EPISODE_COLUMNS]]


def _in_codes_of_the_year(rows: pd.DataFrame, year: Ints) -> pd.DataFrame:
    rec, place = rows["REC"].to_numpy(object), rows["PLACE"].to_numpy(object)
    reason = rows["REASON_PLACE_CHANGE"].to_numpy(object)
    older = year < FIRST_YEAR_OF_E45
    for code, before in _GUARDIANSHIP.items():
        rec = np.where(older & (rec == code), before, rec)
    supported = np.isin(place, ("H5", "P2")) & (year >= FIRST_YEAR_OF_K3)
    custody = (reason == "CUSTOD") & (year < FIRST_YEAR_OF_CUSTOD)
    return rows.assign(
        REC=rec,
        PLACE=np.where(supported, "K3", place),
        REASON_PLACE_CHANGE=np.where(custody, "OTHER", reason),
    )


def _header(shard: Shard, tables: dict[str, pd.DataFrame], of_breaks: pd.DataFrame) -> pd.DataFrame:
    """Return one row per child and year of any table of the return."""
    own = shard.children.assign(MOTHER="", MC_DOB=_own_child_born(shard))
    columns = ["CHILD", *(name for name in HEADER_COLUMNS if name != "CHILD")]
    everyone = pd.concat([own[columns], of_breaks[columns]], ignore_index=True)
    seen = pd.concat(
        [tables[name][["YEAR", "CHILD"]] for name in RETURN_TABLES if name != "header"]
    ).drop_duplicates()
    position = pd.Index(everyone["CHILD"]).get_indexer(seen["CHILD"])
    header = everyone.iloc[position].reset_index(drop=True)
    header.insert(0, "YEAR", seen["YEAR"].to_numpy(np.int64))
    header = header.sort_values(["YEAR", "CHILD"], kind="stable", ignore_index=True)
    year, sex = header["YEAR"].to_numpy(), header["SEX"].to_numpy(object)
    born = days_of(header["MC_DOB"])
    known = (born != MISSING) & (collection_year_of(born) <= year)
    number = np.where(sex == "M", "1", "2")
    return header.assign(
        SEX=np.where(year >= FIRST_YEAR_OF_M_AND_F, sex, number).astype(object),
        MOTHER=np.where(sex == "M", "", np.where(known, "1", "0")).astype(object),
        MC_DOB=header["MC_DOB"].where(known),
    )[["YEAR", *HEADER_COLUMNS]]


def _own_child_born(shard: Shard) -> pd.Series:
    """Draw when the few girls who have a child while looked after have it."""
    rng = shard.rng("mothers")
    number = len(shard.children)
    girl = (shard.children["SEX"] == "F").to_numpy()
    age = rng.uniform(15.5, 17.9, number)
    born = (shard.children["born"].to_numpy() + age * YEAR).astype(np.int64)
    last = np.full(number, -1)
    np.maximum.at(last, shard.placements["child"].to_numpy(), shard.placements["end"].to_numpy())
    mother = girl & (rng.random(number) < 0.04) & (born < last)
    dates = pd.Series(dates_of(born))
    return dates.where(mother)
