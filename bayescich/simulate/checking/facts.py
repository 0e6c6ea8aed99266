"""What the check counts in: the files of a synthetic England, read back and made into histories."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayescich.histories.construct import Histories, construct
from bayescich.histories.dates import birthday, first_of_april
from bayescich.histories.measures import oc2_cohort
from bayescich.histories.people import child_ids
from bayescich.histories.sorted_rows import MISSING, Integers, days_of
from bayescich.records.everything import Everything, read_everything
from bayescich.records.ssda903_codes import code_set
from bayescich.simulate.checking.placements import groups, placements

RECENT = (2023, 2024, 2025)
"""Collection years taken together for figures that name none: a synthetic England is smaller than
England, and the published year is the middle one."""


@dataclass(frozen=True, eq=False)
class Facts:
    """A synthetic England as its files tell of it."""

    everything: Everything
    histories: Histories
    episodes: pd.DataFrame
    """The chain, with ``start`` and ``end`` in days and the position of its ``placement``."""
    placements: pd.DataFrame
    """As the Department counts them: see `placements.placements`."""
    places: pd.DataFrame | None
    """Of ``truth/places.csv``: postcode, authority, east, north (miles)."""

    @cached_property
    def years(self) -> tuple[int, ...]:
        """Return the collection years that were returned."""
        return tuple(sorted(int(year) for year in self.everything.returns.header["YEAR"].unique()))

    @cached_property
    def recent(self) -> tuple[int, ...]:
        """Return those of the years `RECENT` that were returned."""
        return tuple(year for year in RECENT if year in self.years)

    @cached_property
    def carers(self) -> pd.DataFrame:
        """Return stays with one carer that are not temporary, with ``group``, and days."""
        spells = self.histories.spells
        rows = spells[~spells["PLACE_CLASS"].eq("temporary").fillna(value=False).astype(bool)]
        return rows.assign(
            group=groups(rows["PLACE_CLASS"]),
            start=days_of(rows["start"]),
            end=days_of(rows["end"]),
        ).reset_index(drop=True)

    @cached_property
    def stocks(self) -> dict[int, pd.DataFrame]:
        """Return the children looked after on the 31 March of each year: see `_stock`."""
        return {year: _stock(self, year) for year in self.years}

    @cached_property
    def whole_years(self) -> dict[int, pd.Series]:
        """Return the children looked after for the whole year to the 31 March of each year."""
        cohorts = {year: oc2_cohort(self.histories.chain, year).children for year in self.years}
        return {year: rows.loc[rows["counted"], "child"] for year, rows in cohorts.items()}

    @cached_property
    def unaccompanied(self) -> pd.Series:
        """Return the day until which a child is an unaccompanied asylum seeker, by child."""
        rows = self.everything.returns.uasc
        rows = rows.assign(child=child_ids(rows)).sort_values(["child", "YEAR"], kind="stable")
        latest = rows.drop_duplicates("child", keep="last").set_index("child")
        until = days_of(latest["DUC"])
        # blank in the latest return: still one
        return pd.Series(np.where(until == MISSING, _NEVER, until), index=latest.index)


_NEVER = 10**6
"""Day that no record reaches."""


def read_facts(folder: Path) -> Facts:
    """Read a synthetic England once and construct its histories once.

    Parameters
    ----------
    folder : Path
        As ``simulate`` writes it. ``truth/places.csv`` alone is taken from the truth: no
        postcode of it is on any map.
    """
    everything = read_everything(folder)
    register = everything.register
    histories = construct(
        everything.returns,
        homes=None if register is None else register.homes,
        lookup=everything.lookup,
        given=everything.succession,
    )
    return facts_of(everything, histories, _places(folder / "truth" / "places.csv"))


def facts_of(everything: Everything, histories: Histories, places: pd.DataFrame | None) -> Facts:
    """Put together what was read and what was made of it."""
    table, placement = placements(histories.chain)
    chain = histories.chain
    episodes = chain.assign(
        start=days_of(chain["DECOM"]), end=days_of(chain["DEC"]), placement=placement
    )
    return Facts(everything, histories, episodes, table, places)


def opening(year: int) -> int:
    """Return 1 April with which a collection year begins, in days since 1970.

    Examples
    --------
    >>> opening(2025) + 364 == closing(2025)
    True
    """
    return int(first_of_april(np.array([year - 1]))[0])


def closing(year: int) -> int:
    """Return 31 March with which a collection year ends, in days since 1970."""
    return int(first_of_april(np.array([year]))[0]) - 1


def ages(born: pd.Series, on: Integers | int) -> NDArray[np.int64]:
    """Return whole years of age on a day (since 1970).

    Examples
    --------
    >>> ages(pd.Series(pd.to_datetime(["2004-02-29", "2004-03-01"])), closing(2024)).tolist()
    [20, 20]
    >>> ages(pd.Series(pd.to_datetime(["2008-04-01"])), closing(2024)).tolist()
    [15]
    """
    birth = born.to_numpy().astype("datetime64[D]")
    day = np.broadcast_to(np.asarray(on, dtype=np.int64).astype("datetime64[D]"), birth.shape)
    months = (day.astype("datetime64[M]") - birth.astype("datetime64[M]")).astype(np.int64)
    later = _day_of_month(day) < _day_of_month(birth)
    return (months - later) // 12


def _day_of_month(days: NDArray[np.datetime64]) -> NDArray[np.int64]:
    return (days - days.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)


def _stock(facts: Facts, year: int) -> pd.DataFrame:
    """Return one row per child looked after on 31 March, before the 18th birthday.

    Columns child, authority, born, sex, ethnic (group), age, period, since (first day of the
    period of care), legal (group), need, uasc, group, PLACE_CLASS, PLACE_PROVIDER, HOME_POST,
    PL_POST.
    """
    rows, day = facts.episodes, closing(year)
    there = (rows["start"] <= day) & ((rows["end"] > day) | (rows["open"] & rows["end"].eq(day)))
    rows = rows[there & (rows["placement"] >= 0) & (birthday(rows["born"], 18) > _date(day))]
    rows = rows.drop_duplicates("child").reset_index(drop=True)
    where = ["group", "PLACE_CLASS", "PLACE_PROVIDER", "PL_POST"]
    placement = rows["placement"].to_numpy(dtype=np.int64)
    of_placement = facts.placements[where].take(placement).reset_index(drop=True)
    began = facts.histories.periods.set_index("period")["start"]
    until = rows["child"].map(facts.unaccompanied)
    return pd.DataFrame(
        {
            "child": rows["child"],
            "authority": rows["LA"],
            "born": rows["born"],
            "sex": rows["sex"],
            "ethnic": rows["ethnic"].map(code_set("ethnic").group),
            "age": ages(rows["born"], day),
            "period": rows["period"],
            "since": days_of(rows["period"].map(began)),
            "legal": rows["LS"].map(code_set("ls").group),
            "need": rows["CIN"],
            "uasc": (until > day).to_numpy(dtype=bool),
            "HOME_POST": rows["HOME_POST"],
            **of_placement,
        }
    )


def _date(day: int) -> pd.Timestamp:
    return pd.Timestamp(day, unit="D")


def _places(file: Path) -> pd.DataFrame | None:
    if not file.is_file():
        return None
    return pd.read_csv(file, dtype={"postcode": "str", "authority": "str"})
