"""How long placements last that end in a year, and why they change: every change counts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.histories.dates import collection_year_of
from bayescich.simulate.checking.counting import Figures, mean, median, ratio, share, shares
from bayescich.simulate.checking.facts import Facts, ages
from bayescich.simulate.checking.placements import FOSTER, HOMES, PARENTS, RESIDENTIAL, SUPPORTED

_MONTH = 30.4375
_WITHIN = {
    "1 month": _MONTH, "3 months": 3 * _MONTH, "6 months": 6 * _MONTH, "1 year": 365.25,
    "2 years": 730.5, "5 years": 1826.25,
}  # fmt: skip
_REASONS = {
    "care plan": "CARPL",
    "status only": "PLACE",
    "other": "OTHER",
    "carer's request, behaviour": "CREQB",
    "carer's request, other": "CREQO",
    "child's request": "CHILD",
    "closure or resignation": "CLOSE",
    "authority's request": "LAREQ",
    "standards of care": "STAND",
    "allegation": "ALLEG",
}
_DURATIONS = {
    "all": ("", ("1 month", "6 months", "1 year")),
    "children's homes": (HOMES, tuple(_WITHIN)),
    "foster": (FOSTER, ("1 month", "6 months", "1 year", "2 years")),
    "supported": (SUPPORTED, ("1 month", "6 months", "1 year")),
    "with parents": (PARENTS, ()),
    "other residential": (RESIDENTIAL, ()),
}
"""The Department's group (all, if blank), and the spans within which ends are counted."""


def measures(facts: Facts) -> Figures:
    """Return the figures of placements that begin, end or change in a year."""
    if not facts.recent:
        return {}
    rows = facts.placements
    end = rows["end"].to_numpy(dtype=np.int64)
    inside = np.isin(collection_year_of(end), facts.recent)
    ended = rows[rows["ended"].isin(["changed", "left"]) & inside]
    return _begun(facts) | _durations(ended) | _reasons(ended[ended["ended"].eq("changed")])


def _begun(facts: Facts) -> Figures:
    rows = facts.placements
    year = collection_year_of(rows["start"].to_numpy(dtype=np.int64))
    group = rows.loc[np.isin(year, facts.recent), "group"]
    stock = sum(len(facts.stocks[year]) for year in facts.recent)
    return {
        "size: new placements in the year, per 100 on 31 March": ratio(len(group), stock, 100),
        **shares("new placements", group, {"in children's homes": HOMES}),
    }


def _durations(ended: pd.DataFrame) -> Figures:
    found: Figures = {}
    days = (ended["end"] - ended["start"]).astype("float64")
    for name, (group, spans) in _DURATIONS.items():
        own = days[ended["group"].eq(group)] if group else days
        theme = f"days in a placement that ended, {name}"
        found[f"{theme}: median"] = median(own)
        found[f"{theme}: mean"] = mean(own)
        found |= {f"{theme}: within {span}": share(own < _WITHIN[span]) for span in spans}
    return found


def _reasons(changed: pd.DataFrame) -> Figures:
    at_home, foster = changed["group"].eq(HOMES), changed["group"].eq(FOSTER)
    found: Figures = {}
    for name, rows in {
        "all": changed, "children's homes": changed[at_home], "foster": changed[foster],
    }.items():  # fmt: skip
        found |= shares(f"why placements change, {name}", rows["reason"], _REASONS)
    age = ages(changed["born"], changed["end"].to_numpy(dtype=np.int64))
    led = changed["reason"].eq("CREQB").to_numpy()
    return found | {
        "why placements change: behaviour, aged 10 to 15": share(led[(age >= 10) & (age <= 15)]),
        "why placements change: behaviour, aged 16 and over": share(led[age >= 16]),
    }
