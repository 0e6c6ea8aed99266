"""Placements in a year and in two, and years with one carer.

A placement here is a stay with one carer or in one home; temporary ones do not count.
"""

from __future__ import annotations

import pandas as pd

from bayescich.histories.measures import same_carer_two_years
from bayescich.simulate.checking.counting import Figures, share, together
from bayescich.simulate.checking.facts import Facts, closing, opening
from bayescich.simulate.checking.looked_after import AGE_BANDS
from bayescich.simulate.checking.placements import FOSTER, HOMES, PARENTS, RESIDENTIAL, SUPPORTED

_FIRST = {
    "children's homes": HOMES,
    "foster": FOSTER,
    "supported": SUPPORTED,
    "other residential": RESIDENTIAL,
    "with parents": PARENTS,
}


def measures(facts: Facts) -> Figures:
    """Return the figures of stability."""
    if not facts.recent:
        return {}
    one = together(placements_in(facts, year, 1) for year in facts.recent)
    two = together(placements_in(facts, year, 2) for year in facts.recent)
    return {
        **_counts("placements in the year", one["placements"]),
        **_by_first("placements in the year", one),
        **_by_child(one),
        **_counts("placements in two years", two["placements"]),
        **_by_first("placements in two years", two),
        **_same_carer(facts),
    }


def placements_in(facts: Facts, year: int, years: int) -> pd.DataFrame:
    """Count placements of the children looked after on 31 March.

    Parameters
    ----------
    facts : Facts
    year : int
        The year that ends on that day.
    years : int
        How many years to it. Of two, the children are those who were looked after in the first
        of them too: so many (60,430 in 2024) the Department counts.

    Returns
    -------
    DataFrame
        The children's columns, with ``placements``, ``first`` (group of the first one) and
        ``twelve`` (in one period of care for twelve months).
    """
    begins, ends = opening(year - years + 1), closing(year)
    rows = facts.carers
    rows = rows[(rows["start"] <= ends) & (rows["end"] > begins)]
    stock = facts.stocks[year]
    number = rows.groupby("child").size()
    first = rows.drop_duplicates("child").set_index("child")[["group", "start"]]
    stock = stock.assign(
        placements=stock["child"].map(number).fillna(0).astype("int64"),
        first=stock["child"].map(first["group"]),
        twelve=stock["since"] <= opening(year),
    )
    before = stock["child"].map(first["start"]) <= closing(year - 1)
    return stock[before] if years > 1 else stock


def _counts(theme: str, placements: pd.Series) -> Figures:
    return {
        f"{theme}: 1": share(placements.eq(1)),
        f"{theme}: 2": share(placements.eq(2)),
        f"{theme}: 3 or more": share(placements.ge(3)),
    }


def _by_first(theme: str, children: pd.DataFrame) -> Figures:
    found: Figures = {}
    for name, group in _FIRST.items():
        placements = children.loc[children["first"].eq(group), "placements"]
        found[f"{theme}: 1, the first {_in(name)}"] = share(placements.eq(1))
        found[f"{theme}: 3 or more, the first {_in(name)}"] = share(placements.ge(3))
    return found


def _in(name: str) -> str:
    return name if name == "with parents" else f"in {name}"


def _by_child(children: pd.DataFrame) -> Figures:
    theme, many = "placements in the year: 3 or more,", children["placements"].ge(3)
    who = {f"aged {name}": children["age"].between(*of) for name, of in AGE_BANDS.items()} | {
        "aged 16 and over": children["age"].ge(16),
        "female": children["sex"].eq("F"),
        "male": children["sex"].eq("M"),
        "UASC": children["uasc"],
        "in care for less than 12 months": ~children["twelve"],
        "in care for 12 months or more": children["twelve"],
    }
    return {f"{theme} {name}": share(many[which]) for name, which in who.items()}


def _same_carer(facts: Facts) -> Figures:
    spells = facts.histories.spells
    rows = together(same_carer_two_years(spells, year).children for year in facts.recent)
    return {"same carer: for two years or more": share(rows["counted"])}
