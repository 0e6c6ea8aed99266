"""Children looked after on 31 March: where they are placed, and who they are."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.simulate.checking.counting import (
    Figures,
    Measured,
    ratio,
    share,
    shares,
    together,
)
from bayescich.simulate.checking.facts import Facts, closing, opening
from bayescich.simulate.checking.placements import (
    ADOPTION,
    FOSTER,
    HOMES,
    OTHER,
    PARENTS,
    RESIDENTIAL,
    SCHOOL,
    SUPPORTED,
)

_KINDS = {
    "foster": FOSTER,
    "children's homes and secure": HOMES,
    "supported": SUPPORTED,
    "with parents": PARENTS,
    "other residential": RESIDENTIAL,
    "placed for adoption": ADOPTION,
    "residential school": SCHOOL,
    "other": OTHER,
}
_STOCK_YEARS = (2020, 2024, 2025)
_ETHNIC = {
    "White": "White", "mixed": "Mixed", "Asian": "Asian", "Black": "Black", "other": "Other",
}  # fmt: skip
_NEED = {
    "N1 abuse or neglect": "N1",
    "N2 disability": "N2",
    "N3 parental illness": "N3",
    "N4 acute stress": "N4",
    "N5 dysfunction": "N5",
    "N6 behaviour": "N6",
    "N8 absent parenting": "N8",
}
_LEGAL = {
    "care order": "care order",
    "placement order": "placement or freeing order",
    "voluntary (section 20)": "voluntary",
    "youth justice": "youth justice",
}
_PROVIDERS = {
    "private": "PR4",
    "own authority": "PR1",
    "voluntary": "PR5",
    "another authority": "PR2",
}
AGE_BANDS = {"under 1": (0, 0), "1 to 4": (1, 4), "5 to 9": (5, 9), "10 to 15": (10, 15)}
"""The Department's age groups below 16: first and last year of age."""


def measures(facts: Facts) -> Figures:
    """Return the figures of children looked after on 31 March."""
    found: Figures = {}
    for year in (year for year in _STOCK_YEARS if year in facts.years):
        kinds: dict[str, object] = {f"{name}, {year}": kind for name, kind in _KINDS.items()}
        kinds[f"supported and other together, {year}"] = (SUPPORTED, OTHER)
        found |= shares("placed on 31 March", facts.stocks[year]["group"], kinds)
    stock = together(facts.stocks[year].assign(year=year) for year in facts.recent)
    if stock.empty:
        return found
    return found | _who(stock) | _providers(stock) | _size(facts, stock)


def age_shares(theme: str, age: pd.Series) -> Figures:
    """Return the share of each of the Department's age groups, in per cent."""
    bands = {name: age.between(*ends) for name, ends in AGE_BANDS.items()} | {
        "16 and over": age.ge(16)
    }
    return {f"{theme}: aged {name}": share(band) for name, band in bands.items()}


def _who(stock: pd.DataFrame) -> Figures:
    theme = "looked after"
    uasc = stock[stock["uasc"]]
    kin = stock["PLACE_CLASS"].eq("kinship foster")
    return {
        **age_shares(theme, stock["age"]),
        **shares(theme, stock["sex"], {"male": "M"}),
        **shares(theme, stock["ethnic"], _ETHNIC),
        **shares(theme, stock["need"], _NEED),
        **shares(theme, stock["legal"], _LEGAL),
        f"{theme}: unaccompanied (UASC)": share(stock["uasc"]),
        "UASC: male": share(uasc["sex"].eq("M")),
        "UASC: aged 16 and over": share(uasc["age"] >= 16),
        "UASC: foster": share(uasc["group"].eq(FOSTER)),
        "UASC: supported": share(uasc["group"].eq(SUPPORTED)),
        "UASC: children's homes": share(uasc["group"].eq(HOMES)),
        "placed on 31 March: with relatives or friends, of all foster": share(
            kin[stock["group"].eq(FOSTER)]
        ),
    }


def _providers(stock: pd.DataFrame) -> Figures:
    at_home = stock.loc[stock["group"].eq(HOMES), "PLACE_PROVIDER"]
    of_all = {name: code for name, code in _PROVIDERS.items() if name != "another authority"}
    return shares("provider of children in homes", at_home, _PROVIDERS) | shares(
        "provider of all children", stock["PLACE_PROVIDER"], of_all
    )


def _size(facts: Facts, stock: pd.DataFrame) -> Figures:
    """Compare numbers of children with each other: they depend on no size of England."""
    days = np.array([opening(int(year)) for year in facts.recent])
    begun = days[np.searchsorted(facts.recent, stock["year"])]
    ever = sum(len(_at_any_time(facts, year)) for year in facts.recent)
    in_homes = sum(len(_at_any_time(facts, year, HOMES)) for year in facts.recent)
    found = {
        "looked after: for 12 months or more": share(stock["since"] <= begun),
        "size: looked after in the year, per 100 on 31 March": ratio(ever, len(stock), 100),
        "size: in a children's home in the year, of those looked after": ratio(in_homes, ever, 100),
    }
    latest = facts.stocks.get(2025)
    for year in (2010, 2015, 2020):
        if latest is not None and year in facts.stocks:
            number = ratio(len(facts.stocks[year]), len(latest), 100)
            found[f"size: looked after on 31 March {year}, per 100 in 2025"] = Measured(
                number.value, len(facts.stocks[year])
            )
    return found


def _at_any_time(facts: Facts, year: int, group: str = "") -> pd.Series:
    rows = facts.placements
    inside = (rows["start"] <= closing(year)) & (rows["end"] > opening(year))
    if group:
        inside &= rows["group"].eq(group)
    return rows.loc[inside, "child"].drop_duplicates()
