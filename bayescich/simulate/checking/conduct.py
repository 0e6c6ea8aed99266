"""Health and conduct of children looked after for twelve months (OC2)."""

from __future__ import annotations

import pandas as pd

from bayescich.histories.people import child_ids
from bayescich.simulate.checking.counting import Figures, mean, share, together
from bayescich.simulate.checking.facts import Facts
from bayescich.simulate.checking.placements import HOMES

_BANDS = {"normal": "normal", "borderline": "borderline", "cause for concern": "cause for concern"}
_FIRST_SDQ, _LAST_SDQ = 5, 16
_EARLIER = (2019, 2020, 2021)
"""Years taken together for convictions in homes: the figure is of 2020."""


def measures(facts: Facts) -> Figures:
    """Return the figures of strengths and difficulties, convictions and substance misuse."""
    rows = together(cohort(facts, year) for year in facts.recent)
    found: Figures = {}
    if not rows.empty:
        found |= _difficulties(rows) | _conduct(rows)
    for year in (year for year in (2021, 2023, 2025) if year in facts.years):
        children = cohort(facts, year)
        found[f"SDQ: mean score, {year}"] = mean(of_sdq_age(children)["SDQ_SCORE"])
    earlier = together(cohort(facts, year) for year in _EARLIER if year in facts.years)
    if not earlier.empty:
        in_homes = earlier[earlier["group"].eq(HOMES) & earlier["age"].ge(10)]
        name = "convicted or cautioned: in children's homes, 2020"
        found[name] = share(in_homes["CONVICTED"].dropna())
    return found


def cohort(facts: Facts, year: int) -> pd.DataFrame:
    """Return children looked after for the year to 31 March, with what OC2 says of them."""
    rows = facts.everything.returns.oc2
    rows = rows[rows["YEAR"].eq(year)]
    columns = ["SDQ_SCORE", "SDQ_BAND", "CONVICTED", "SUBSTANCE_MISUSE"]
    said = rows[columns].assign(child=child_ids(rows)).drop_duplicates("child", keep="last")
    stock = facts.stocks[year].merge(facts.whole_years[year], on="child")
    return stock.merge(said, on="child", how="left")


def of_sdq_age(children: pd.DataFrame) -> pd.DataFrame:
    """Return the children of whom a score is published: aged 5 to 16."""
    return children[children["age"].between(_FIRST_SDQ, _LAST_SDQ)]


def _difficulties(children: pd.DataFrame) -> Figures:
    rows = of_sdq_age(children)
    scored = rows[rows["SDQ_SCORE"].notna()]
    return {
        "SDQ: score received": share(rows["SDQ_SCORE"].notna()),
        **{f"SDQ: {name}": share(scored["SDQ_BAND"].eq(band)) for name, band in _BANDS.items()},
        "SDQ: mean score": mean(scored["SDQ_SCORE"]),
        "SDQ: mean score, boys": mean(scored.loc[scored["sex"].eq("M"), "SDQ_SCORE"]),
        "SDQ: mean score, girls": mean(scored.loc[scored["sex"].eq("F"), "SDQ_SCORE"]),
    }


def _conduct(children: pd.DataFrame) -> Figures:
    old_enough = children[children["age"].ge(10)]
    boys, girls = old_enough["sex"].eq("M"), old_enough["sex"].eq("F")
    older = old_enough["age"].ge(16)
    convicted = {
        "aged 10 to 17": boys | girls,
        "boys": boys,
        "girls": girls,
        "aged 16 and 17": older,
    }
    misuse = children["SUBSTANCE_MISUSE"]
    return {
        **{
            f"convicted or cautioned: {name}": share(old_enough.loc[who, "CONVICTED"].dropna())
            for name, who in convicted.items()
        },
        "substance misuse: all ages": share(misuse.dropna()),
        "substance misuse: aged 16 and 17": share(misuse[children["age"].ge(16)].dropna()),
    }
