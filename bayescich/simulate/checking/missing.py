"""Children missing from placement, by the placement they were missing from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.histories.dates import collection_year_of
from bayescich.histories.people import child_ids
from bayescich.histories.sorted_rows import MISSING, days_of
from bayescich.simulate.checking.counting import Figures, mean, median, ratio, share, together
from bayescich.simulate.checking.facts import Facts, closing, opening
from bayescich.simulate.checking.placements import FOSTER, HOMES, SUPPORTED

_KINDS = {"children's homes": HOMES, "supported": SUPPORTED, "foster": FOSTER}


def measures(facts: Facts) -> Figures:
    """Return the figures of missing incidents; those away without authorisation do not count."""
    if not facts.recent:
        return {}
    incidents, stock = _incidents(facts), together(facts.stocks[year] for year in facts.recent)
    times = incidents.groupby(["child", "year"]).size()
    days = incidents["days"]
    found = {
        "missing: children missing, of those looked after in the year": ratio(
            len(times), _ever(facts), 100
        ),
        "missing: incidents per missing child": mean(times),
        "missing: more than once, of missing children": share(times > 1),
        "missing: days per incident, mean": mean(days),
        "missing: days per incident, median": median(days),
    }
    for name, kind in _KINDS.items():
        of = int(stock["group"].eq(kind).sum())
        found[f"missing: incidents per child there on 31 March, {name}"] = ratio(
            incidents["group"].eq(kind).sum(), of
        )
    return found


def _incidents(facts: Facts) -> pd.DataFrame:
    """Return each incident once: child, year, days, group of the placement."""
    rows = facts.everything.returns.missing
    rows = rows[rows["MISSING"].eq("M") & rows["MIS_START"].notna()]
    start, end = days_of(rows["MIS_START"]), days_of(rows["MIS_END"])
    incidents = pd.DataFrame(
        {
            "child": child_ids(rows).to_numpy(),
            "start": start,
            "year": collection_year_of(start),
            "days": np.where(end == MISSING, np.nan, end - start.astype(np.float64)),
        }
    ).sort_values(["child", "start", "days"], kind="stable")
    # one that runs on into the next year is returned again, with its end
    incidents = incidents.drop_duplicates(["child", "start"])
    incidents = incidents[incidents["year"].isin(facts.recent)]
    return incidents.assign(group=_placed(facts, incidents).to_numpy())


def _placed(facts: Facts, incidents: pd.DataFrame) -> pd.Series:
    """Return the group of the placement of each child on each day, blank where there is none."""
    days = incidents[["child", "start"]].reset_index(drop=True)
    rows = facts.placements[["child", "start", "end", "group"]]
    rows = rows[rows["child"].isin(days["child"].unique())]
    wanted = days.assign(at=days.index).sort_values("start", kind="stable")
    found = pd.merge_asof(wanted, rows.sort_values("start", kind="stable"), on="start", by="child")
    # the day on which a placement ends may be that of the last incident there
    found["group"] = found["group"].where(found["end"] >= found["start"])
    return found.sort_values("at")["group"]


def _ever(facts: Facts) -> int:
    rows, number = facts.placements, 0
    for year in facts.recent:
        inside = (rows["start"] <= closing(year)) & (rows["end"] > opening(year))
        number += rows.loc[inside, "child"].nunique()
    return number
