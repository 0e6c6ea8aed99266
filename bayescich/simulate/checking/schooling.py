"""Results, absence and special needs of children looked after for twelve months (NPD)."""

from __future__ import annotations

import pandas as pd

from bayescich.histories.cohort_outcomes import among
from bayescich.histories.people import child_ids
from bayescich.simulate.checking.counting import (
    NOTHING,
    Figures,
    Measured,
    mean,
    ratio,
    share,
    together,
)
from bayescich.simulate.checking.facts import Facts

_RESULTS = (2019, 2022, 2023, 2024, 2025)
_ABSENCE = (2019, 2025)
_SEN = 2022


def measures(facts: Facts) -> Figures:
    """Return the figures of schooling; nothing is counted without an extract."""
    found: Figures = {}
    for year in (year for year in _RESULTS if year in facts.years):
        found[f"Key Stage 4: Attainment 8, {year}"] = mean(_of(facts, "ks4", year)["ATT8"])
    passed = together(_of(facts, "ks4", year) for year in facts.recent)
    if facts.recent:
        for grade in (4, 5):
            name = f"Key Stage 4: grade {grade} in English and mathematics"
            found[name] = share(passed[f"GRADE{grade}_EM"].dropna())
    for year in (year for year in _ABSENCE if year in facts.years):
        found |= _absence(_of(facts, "absence", year), year)
    if _SEN in facts.years:
        found |= _special_needs(_of(facts, "census", _SEN))
    return found


def _of(facts: Facts, table: str, year: int) -> pd.DataFrame:
    """Return rows of one school year of children looked after for twelve months at its 31 March."""
    npd = facts.everything.npd
    rows: pd.DataFrame = getattr(npd, table)
    rows = rows[rows["YEAR"].eq(year)]
    linked = npd.link[npd.link["LINKED"]]
    pupils = linked.loc[among(child_ids(linked), facts.whole_years[year]), "PUPIL"]
    return rows[among(rows["PUPIL"], pupils)]


def _absence(rows: pd.DataFrame, year: int) -> Figures:
    possible, missed = rows["POSSIBLE"].sum(), rows["OVERALL"].sum()
    overall = ratio(missed, possible, 100)
    return {
        f"absence: sessions missed, {year}": Measured(overall.value, len(rows)),
        f"absence: persistent, {year}": share(rows["PERSISTENT"].dropna()),
        f"absence: severe, {year}": share(rows["SEVERE"].dropna()),
    }


def _special_needs(rows: pd.DataFrame) -> Figures:
    most = rows.sort_values("PROVISION", key=_rank, kind="stable").drop_duplicates("PUPIL")
    with_needs = most["PROVISION"].isin(["EHC plan", "SEN support"])
    social = most["SEN_TYPE1"].isin(["SEMH", "BESD"])[with_needs]
    return {
        f"special needs: any, {_SEN}": share(with_needs),
        f"special needs: EHC plan, {_SEN}": share(most["PROVISION"].eq("EHC plan")),
        f"special needs: social, emotional and mental health, of those, {_SEN}": (
            share(social) if len(social) else NOTHING
        ),
    }


def _rank(provision: pd.Series) -> pd.Series:
    return provision.map({"EHC plan": 0, "SEN support": 1}).fillna(2)
