"""Rules about series of short breaks (V3, V4), which no history takes in."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.histories.faults.known import in_groups, places_where
from bayescich.histories.faults.limits import limit_rules
from bayescich.histories.faults.rule import Rule
from bayescich.histories.faults.tables import EPISODES, FaultTables

THEME = "short breaks"

_MOST_DAYS = 75
"""Days of short breaks a child may have in a year."""


def _short_break(tables: FaultTables) -> pd.Series:
    return tables.short_breaks


def _does_not_start(tables: FaultTables) -> pd.Series:
    return tables.short_breaks & tables.episodes["RNE"].ne("S")


def _no_short_break_placement(tables: FaultTables) -> pd.Series:
    place = tables.episodes["PLACE"]
    return tables.short_breaks & place.isin(places_where("short_breaks", "no"))


def _with_postcode(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    return tables.short_breaks & (rows["HOME_POST"].notna() | rows["PL_POST"].notna())


def _many_days(tables: FaultTables) -> pd.Series:
    """Find the last break of each child and year that brings its days above the limit."""
    rows = tables.episodes
    each = rows["LS"].eq("V3")
    days = rows.days.where(each, 0).to_numpy()
    number = tables.child_year(rows)
    total = np.bincount(number, weights=days) if len(number) else days
    last = ~pd.Series(np.where(each, number, -1)).duplicated(keep="last")
    return each & last & rows.series(total[number] > _MOST_DAYS)


RULES = (
    Rule("short breaks", THEME, EPISODES,
         "The episode is of a series of short breaks (V3, V4): no fault, but left out of every "
         "history.",
         "A child on short breaks lives at home.", _short_break),
    Rule("short break, not a start", THEME, EPISODES,
         "An episode of a series of short breaks does not start with S.",
         "Short breaks and a period of care are mixed up.", _does_not_start),
    Rule("short break, placement", THEME, EPISODES,
         "A short break is in a temporary placement or with long-term foster carers.",
         "The legal status or the placement is wrong.", _no_short_break_placement),
    Rule("short break, postcode", THEME, EPISODES,
         "A short break has a postcode of the child's home or of the placement.",
         "The legal status may be wrong, and the child in care after all.", _with_postcode),
    Rule("short breaks over 75 days", THEME, EPISODES,
         "The child's short breaks add up to more than 75 days in the year.",
         "The child is looked after in law, and should have a period of care.", _many_days),
    *(
        rule for rule in limit_rules(THEME, ("most days",), ("LS",),
                                     "It may be a period of care.")
        if rule.name.split()[0] in in_groups("ssda903_ls", "respite")
    ),
)  # fmt: skip
