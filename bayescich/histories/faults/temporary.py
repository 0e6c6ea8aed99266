"""Rules about temporary placements (T0 to T4), from which the child returns."""

from __future__ import annotations

import pandas as pd

from bayescich.histories.faults.known import in_groups
from bayescich.histories.faults.limits import limit_rules
from bayescich.histories.faults.rule import Rule
from bayescich.histories.faults.tables import EPISODES, FaultTables

THEME = "temporary placements"


def _temporary(place: pd.Series) -> pd.Series:
    return place.isin(in_groups("ssda903_place", "temporary"))


def _starts_care(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    return _temporary(rows["PLACE"]) & rows["RNE"].eq("S")


def _ends_care(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    leaves = rows["REC"].notna() & rows["REC"].ne("X1") & rows["DEC"].notna()
    return _temporary(rows["PLACE"]) & leaves


def _elsewhere(tables: FaultTables) -> pd.Series:
    """Find temporary stays after which the child does not return to where it was."""
    rows = tables.episodes
    before, after = rows.before("PLACE"), rows.after("PLACE")
    excursion = _temporary(rows["PLACE"]) & ~_temporary(before) & ~_temporary(after)
    joined = rows.continues & rows.after("DECOM").eq(rows["DEC"])
    return excursion & joined & ~(_equal(before, after) & _same_postcode(tables))


def _same_postcode(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    return _equal(rows.before("PL_POST"), rows.after("PL_POST"))


def _equal(left: pd.Series, right: pd.Series) -> pd.Series:
    # blank and blank are the same code, -1
    return left.cat.codes.eq(right.cat.codes)


RULES = (
    Rule("temporary, starts care", THEME, EPISODES,
         "A period of care starts in a temporary placement.",
         "There is no placement to return to.", _starts_care),
    Rule("temporary, ends care", THEME, EPISODES,
         "A period of care ends in a temporary placement.",
         "The placement that was interrupted has no end of its own.", _ends_care),
    Rule("temporary, returns elsewhere", THEME, EPISODES,
         "After a temporary placement the child is not where it was before.",
         "The stay cannot be bridged: the child moved.", _elsewhere),
    *limit_rules(THEME, ("most days",), ("PLACE",),
                 "It may be a placement of its own, and a move."),
)  # fmt: skip
