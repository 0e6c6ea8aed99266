"""Children who start and cease to be looked after in a year: who, from where, to where, how."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from bayescich.histories.dates import collection_year_of
from bayescich.histories.sorted_rows import codes_of, days_of
from bayescich.records.ssda903_codes import code_set
from bayescich.simulate.checking.counting import Figures, mean, median, ratio, share, shares
from bayescich.simulate.checking.facts import Facts, ages
from bayescich.simulate.checking.looked_after import AGE_BANDS, age_shares
from bayescich.simulate.checking.placements import (
    ADOPTION,
    FOSTER,
    HOMES,
    PARENTS,
    RESIDENTIAL,
    SUPPORTED,
)

_FIRST = {
    "foster": FOSTER, "children's homes": HOMES, "supported": SUPPORTED,
    "other residential": RESIDENTIAL, "with parents": PARENTS,
}  # fmt: skip
_LAST = {**_FIRST, "placed for adoption": ADOPTION}
_SGO = ("E43", "E44", "E45", "E46", "E47", "E48")
REASONS = {
    "home, planned": "E4A",
    "home, unplanned": "E4B",
    "18 and stays with carers": "E17",
    "independent, supported": "E5",
    "independent, no support": "E6",
    "special guardianship": _SGO,
    "adopted": ("E11", "E12"),
    "child arrangements order": "E41",
    "relatives without responsibility": "E13",
    "another authority": "E3",
    "any other reason": "E8",
    "adult social care": "E7",
    "custody": "E9",
    "age assessed as 18": "E15",
}
"""Why care ceased: codes of REC by the name of the figure."""

_LASTED = {
    "under 2 weeks": (0, 14),
    "2 to 8 weeks": (14, 56),
    "8 weeks to 6 months": (56, 183),
    "6 to 12 months": (183, 365),
    "1 to 2 years": (365, 731),
    "2 to 3 years": (731, 1096),
    "3 to 5 years": (1096, 1826),
    "5 to 10 years": (1826, 3652),
    "10 years and over": (3652, 99_999),
}


def measures(facts: Facts) -> Figures:
    """Return the figures of starting and ceasing."""
    if not facts.recent:
        return {}
    starts, ends = _starts(facts), ceased(facts)
    stock = sum(len(facts.stocks[year]) for year in facts.recent)
    return {
        "size: starting in the year, per 100 on 31 March": ratio(len(starts), stock, 100),
        "size: ceasing in the year, per 100 on 31 March": ratio(len(ends), stock, 100),
        **_of_starts(facts, starts),
        **_of_ends(ends),
    }


def ceased(facts: Facts) -> pd.DataFrame:
    """Return the last occasion on which each child ceased to be looked after, by recent year.

    Returns
    -------
    DataFrame
        Columns of the last placement, ``year``, ``age`` (18 from the day before the birthday),
        ``days`` (the period of care lasted), ``lifetime`` (placements with other carers) and
        ``periods`` (of care), both as far as the records go back.
    """
    rows = facts.placements.assign(periods=_number_of_period(facts.placements))
    rows = rows[rows["ended"].eq("left")]
    end = rows["end"].to_numpy(dtype=np.int64)
    rows = rows.assign(year=collection_year_of(end))
    rows = rows[rows["year"].isin(facts.recent)]
    rows = rows.drop_duplicates(["child", "year"], keep="last").reset_index(drop=True)
    last = facts.carers.drop_duplicates("period", keep="last").set_index("period")
    began = facts.histories.periods.set_index("period")["start"]
    ended = rows["end"].to_numpy(dtype=np.int64)
    return rows.assign(
        age=ages(rows["born"], ended + 1),
        days=ended - days_of(rows["period"].map(began)),
        lifetime=rows["period"].map(last["placements_before"] + 1).astype("float64"),
    )


def _number_of_period(rows: pd.DataFrame) -> np.ndarray:
    """Return which period of care of the child each placement is in, 1 for the first."""
    first = rows["first"].to_numpy(dtype=np.int64)
    return pd.Series(first).groupby(codes_of(rows["child"])).cumsum().to_numpy()


def _starts(facts: Facts) -> pd.DataFrame:
    """Return the first occasion on which each child started in each year."""
    known = facts.histories.periods.set_index("period")["starts_known"]
    rows = facts.placements
    rows = rows[rows["first"] & rows["period"].map(known)]
    start = rows["start"].to_numpy(dtype=np.int64)
    rows = rows.assign(year=collection_year_of(start), age=ages(rows["born"], start))
    rows = rows[rows["year"].isin(facts.recent)]
    return rows.drop_duplicates(["child", "year"]).reset_index(drop=True)


def _of_starts(facts: Facts, starts: pd.DataFrame) -> Figures:
    theme = "starting"
    legal = starts["LS"].map(code_set("ls").group)
    until = starts["child"].map(facts.unaccompanied)
    status = {"care order": "care order", "voluntary (section 20)": "voluntary",
              "police or emergency protection": "emergency"}  # fmt: skip
    need = {"N1 abuse or neglect": "N1", "N8 absent parenting": "N8"}
    return {
        **age_shares(theme, starts["age"]),
        **shares(theme, starts["sex"], {"male": "M"}),
        **shares(theme, legal, status),
        **shares(theme, starts["need"], need),
        **shares("first placement", starts["group"], _FIRST),
        f"{theme}: unaccompanied (UASC)": share(until > starts["start"]),
    }


def _of_ends(ends: pd.DataFrame) -> Figures:
    theme = "ceasing"
    age, lifetime, periods = ends["age"], ends["lifetime"], ends["periods"]
    bands = {f"aged {name}": age.between(*of) for name, of in AGE_BANDS.items()}
    bands |= {"aged 16": age.eq(16), "aged 17": age.eq(17), "on the 18th birthday": age.ge(18)}
    counts: dict[str, Callable[[pd.Series], pd.Series]] = {
        "1 placement": lambda number: number.eq(1),
        "2 placements": lambda number: number.eq(2),
        "3 placements": lambda number: number.eq(3),
        "4 to 6 placements": lambda number: number.between(4, 6),
        "10 or more placements": lambda number: number.ge(10),
    }
    lasted = {name: ends["days"].between(*of, inclusive="left") for name, of in _LASTED.items()}
    known = lifetime[lifetime.notna()]
    grown = known[age.ge(18)]
    return {
        **{f"{theme}: {name}": share(band) for name, band in bands.items()},
        **shares("why care ceased", ends["REC"], REASONS),
        **shares("last placement", ends["group"], _LAST),
        **{f"in all of care: {name}": share(of(known)) for name, of in counts.items()},
        "in all of care: 10 or more placements, ceasing at 18": share(grown.ge(10)),
        "in all of care: 1 period of care": share(periods.eq(1)),
        "in all of care: 2 periods of care": share(periods.eq(2)),
        **{f"last period of care: {name}": share(band) for name, band in lasted.items()},
        "last period of care: mean": mean(ends["days"]),
        "last period of care: median": median(ends["days"]),
    }
