"""Children's homes on Ofsted's lists: how many, how large, whose, how old, how good."""

from __future__ import annotations

from typing import Any

import pandas as pd

from bayescich.simulate.checking.counting import (
    NOTHING,
    Figures,
    Measured,
    mean,
    median,
    ratio,
    share,
    shares,
)
from bayescich.simulate.checking.facts import Facts
from bayescich.simulate.checking.placements import HOMES

_COUNTED = (2017, 2020, 2023, 2025)
_LATEST = 2025
_DAYS = 365.25
_SECTORS = {"private": "Private", "local authority": "Local authority", "voluntary": "Voluntary"}
_SIZES = {"1 place": (1, 1), "2 places": (2, 2), "3 places": (3, 3), "4 places": (4, 4),
          "5 places": (5, 5), "6 places": (6, 6), "7 or more places": (7, 99)}  # fmt: skip
_REGIONS = ("North West", "West Midlands", "London")
_GRADES = {"Outstanding": 4, "Good": 3, "Requires improvement": 2, "Inadequate": 1}


def measures(facts: Facts) -> Figures:
    """Return the figures of homes; nothing is counted without a list."""
    register = facts.everything.register
    if register is None:
        return {}
    found: Figures = {}
    for year in (year for year in _COUNTED if year in facts.years):
        number = ratio(register.homes["snapshot"].eq(year).sum(), len(facts.stocks[year]), 100)
        found[f"homes: number, per 100 children looked after, {year}"] = number
    if 2020 in facts.years:
        earlier = register.homes.loc[register.homes["snapshot"].eq(2020), "places"]
        found["homes: places, mean of all kinds, 2020"] = mean(earlier)
    every = register.homes[register.homes["snapshot"].eq(_LATEST)]
    own = every[every["provision_type"].eq("Children's home")]
    if _LATEST not in facts.years or own.empty:
        return found
    return {
        **found,
        **_kinds(own),
        **_age(own),
        **_where(every, own),
        **_owners(every),
        **_judgements(own, register.inspections),
        "homes: occupancy": _occupancy(own, facts.stocks[_LATEST]),
    }


def _kinds(own: pd.DataFrame) -> Figures:
    places = own["places"].astype("float64")
    of_sector = {name: places[own["sector"].eq(sector)] for name, sector in _SECTORS.items()}
    sizes = {name: places.between(*of) for name, of in _SIZES.items()}
    short = own["short_breaks"]
    return {
        **shares("homes", own["sector"], _SECTORS),
        **{f"homes: {name}": share(which) for name, which in sizes.items()},
        "homes: places, mean": mean(places),
        "homes: places, standard deviation": Measured(float(places.std()), int(places.count())),
        **{f"homes: places, mean, {name}": mean(some) for name, some in of_sector.items()},
        "homes: short breaks only": share(short),
    }


def _age(own: pd.DataFrame) -> Figures:
    years = (pd.Timestamp(_LATEST, 3, 31) - own["registration_date"]).dt.days / _DAYS
    private, authority = own["sector"].eq("Private"), own["sector"].eq("Local authority")
    return {
        "homes: years since registration, median, private": median(years[private]),
        "homes: years since registration, mean, private": mean(years[private]),
        "homes: years since registration, median, local authority": median(years[authority]),
    }


def _where(every: pd.DataFrame, own: pd.DataFrame) -> Figures:
    """Compare homes per authority with their mean: how many there are depends on the size."""
    number = own["authority"].value_counts()
    level = number.mean()
    theme, quantiles = "homes per authority:", {
        "median": 0.5, "lower quartile": 0.25, "upper quartile": 0.75, "highest tenth from": 0.9,
    }  # fmt: skip
    return {
        **{
            f"{theme} {name}, of the mean": ratio_of(number.quantile(at), level, len(number))
            for name, at in quantiles.items()
        },
        f"{theme} most, of all homes": ratio_of(100 * number.max(), number.sum(), len(number)),
        **{f"homes by region: {region}": share(every["region"].eq(region)) for region in _REGIONS},
    }


def ratio_of(value: Any, level: Any, n: int) -> Measured:
    """Return a value relative to a level, and the number of units both are of."""
    return Measured(float(value / level), n) if level else NOTHING


def _owners(every: pd.DataFrame) -> Figures:
    owned = every["owner"].dropna()
    number = owned.value_counts()
    homes = len(owned)
    if not homes:
        return {}
    apart = every.dropna(subset=["owner"]).groupby("owner")["authority"].nunique()
    wide = owned.map(apart).gt(1)
    top = {f"owners: homes of the {k} largest": number.head(k).sum() for k in (5, 10, 20)}
    return {
        "owners: homes per owner": ratio_of(homes, len(number), len(number)),
        "owners: with one home": share(number.eq(1)),
        "owners: homes of owners with one home": share(owned.map(number).eq(1)),
        "owners: homes of owners in several authorities": share(wide),
        **{name: ratio_of(100 * count, homes, len(number)) for name, count in top.items()},
    }


def _judgements(own: pd.DataFrame, inspections: pd.DataFrame) -> Figures:
    latest = inspections[inspections["inspection_date"] <= pd.Timestamp(_LATEST, 3, 31)]
    latest = latest.sort_values("inspection_date").drop_duplicates("urn", keep="last")
    grade = own["urn"].map(latest.set_index("urn")["grade"])
    judged = grade.dropna()
    return {
        "judgements: not yet inspected": share(grade.isna()),
        **{f"judgements: {name}": share(judged.eq(of)) for name, of in _GRADES.items()},
    }


def _occupancy(own: pd.DataFrame, stock: pd.DataFrame) -> Measured:
    """Return children by places, in per cent, short-break homes left out."""
    places = int(own.loc[~own["short_breaks"], "places"].sum())
    children = (stock["group"].eq(HOMES) & ~stock["PLACE_CLASS"].eq("secure children's home")).sum()
    return ratio(children, places, 100)
