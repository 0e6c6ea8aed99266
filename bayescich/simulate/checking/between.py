"""How much authorities differ: standard deviations on the logit scale."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from bayescich.histories.measures import same_carer_two_years
from bayescich.simulate.checking import conduct, flows, geography, stability
from bayescich.simulate.checking.care_leavers import leavers
from bayescich.simulate.checking.counting import Figures, Measured, one_or_more
from bayescich.simulate.checking.facts import Facts
from bayescich.simulate.checking.placements import HOMES
from bayescich.simulate.checking.spread import Counts, logit_sd

_EXITS = (
    "home, planned", "special guardianship", "adopted", "18 and stays with carers",
    "independent, supported",
)  # fmt: skip


def measures(facts: Facts) -> Figures:
    """Return the SDs between authorities, of the recent years."""
    ways: dict[str, Callable[[Facts, int], pd.DataFrame]] = {
        "3 or more placements in the year": _many_placements,
        "same carer for two years": _same_carer,
        "NEET at 17 and 18": partial(_neet, first=17, last=18),
        "NEET at 19 to 21": partial(_neet, first=19, last=21),
        "SDQ a cause for concern": _concern,
        "in a children's home": _in_homes,
        "private provision": _private,
        "over 20 miles": partial(_where, flag="far"),
        "outside the authority": partial(_where, flag="outside"),
    }
    found = {
        f"between authorities: {name}": _sd([way(facts, year) for year in facts.recent])
        for name, way in ways.items()
    }
    ceased = flows.ceased(facts)
    ends = [ceased[ceased["year"].eq(year)] for year in facts.recent]
    return found | {
        f"between authorities: {name}, of children ceasing": _sd(
            [_with_reason(rows, flows.REASONS[name]) for rows in ends]
        )
        for name in _EXITS
    }


def _sd(years: list[pd.DataFrame]) -> Measured:
    """Fit the share by authority; each year gives authority and counted of its children."""
    counts = [by_authority(children) for children in years]
    return Measured(logit_sd(counts), sum(len(year.count) for year in counts))


def by_authority(children: pd.DataFrame) -> Counts:
    """Count children by authority.

    Parameters
    ----------
    children : DataFrame
        With authority and counted.
    """
    grouped = children.groupby("authority")["counted"]
    count, size = (
        series.to_numpy().astype(np.float64) for series in (grouped.sum(), grouped.size())
    )
    return Counts(count, size)


def _many_placements(facts: Facts, year: int) -> pd.DataFrame:
    children = stability.placements_in(facts, year, 1)
    return children.assign(counted=children["placements"].ge(3))


def _same_carer(facts: Facts, year: int) -> pd.DataFrame:
    return same_carer_two_years(facts.histories.spells, year).children


def _neet(facts: Facts, year: int, first: int, last: int) -> pd.DataFrame:
    rows = leavers(facts, year)
    rows = rows[rows["age"].between(first, last)]
    return rows.assign(authority=rows["LA"], counted=rows["neet"])


def _concern(facts: Facts, year: int) -> pd.DataFrame:
    children = conduct.of_sdq_age(conduct.cohort(facts, year))
    scored = children[children["SDQ_SCORE"].notna()]
    return scored.assign(counted=scored["SDQ_BAND"].eq("cause for concern"))


def _in_homes(facts: Facts, year: int) -> pd.DataFrame:
    stock = facts.stocks[year]
    return stock.assign(counted=stock["group"].eq(HOMES))


def _private(facts: Facts, year: int) -> pd.DataFrame:
    stock = facts.stocks[year]
    return stock.assign(counted=stock["PLACE_PROVIDER"].eq("PR4"))


def _where(facts: Facts, year: int, flag: str) -> pd.DataFrame:
    children = geography.located(facts.stocks[year], facts.places)
    return children.assign(counted=children[flag])


def _with_reason(children: pd.DataFrame, codes: object) -> pd.DataFrame:
    return children.assign(counted=children["REC"].isin(one_or_more(codes)))
