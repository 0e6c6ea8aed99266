"""Rules across collection years: an episode returned again is the same episode."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from bayescich.histories.faults.change import is_relabelling
from bayescich.histories.faults.rule import Rule
from bayescich.histories.faults.tables import EPISODES, RETURNED, YEAR_KEY, FaultTables

THEME = "from year to year"

_CARRIED = ("RNE", "LS", "CIN", "PLACE", "PLACE_PROVIDER", "PL_POST", "URN")


def _again(tables: FaultTables) -> pd.Series:
    """Say which rows return an episode of an earlier year again."""
    rows = tables.returned
    same = rows["DECOM"].eq(rows.before("DECOM"))
    return same & rows["YEAR"].gt(rows.before("YEAR"))


def _carried_differently(tables: FaultTables, column: str) -> pd.Series:
    rows = tables.returned
    found = _again(tables) & rows.changed(column)
    if column == "PLACE":
        found &= ~is_relabelling(rows.before(column), rows[column])
    return found


def _other_end(tables: FaultTables) -> pd.Series:
    rows = tables.returned
    ended = rows.before("DEC").notna()
    return _again(tables) & ended & rows["DEC"].ne(rows.before("DEC"))


def _ended_in_the_past(tables: FaultTables) -> pd.Series:
    """Find episodes open in one return and, in the next, ended before that one closed."""
    rows = tables.returned
    was_open = rows.before("DEC").isna() & _again(tables)
    return was_open & (rows["DEC"] <= rows.before_year_end)


def _not_returned_again(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    return rows["DEC"].isna() & (rows["YEAR"] < tables.last_year)


def _first_returned_late(tables: FaultTables) -> pd.Series:
    """Find rows that an earlier return of the same authority should have held."""
    rows = tables.returned
    first = ~rows["DECOM"].eq(rows.before("DECOM"))
    earlier_close = rows.year_end - pd.DateOffset(years=1)
    begun = rows["DECOM"] <= earlier_close
    return first & begun & _returned_in(tables, rows.child, rows["YEAR"].to_numpy() - 1)


def _in_missing_year(tables: FaultTables) -> pd.Series:
    """Find episodes that start in a year between two returns for which there is none."""
    rows = tables.episodes
    day = rows["DECOM"].dt
    year = (day.year + (day.month >= 4)).fillna(0).to_numpy().astype("int64")
    within = (year > tables.first_year) & (year < tables.last_year)
    return within & rows.series(~_returned_in(tables, rows.child, year))


def _returned_in(tables: FaultTables, child: np.ndarray, year: np.ndarray) -> np.ndarray:
    authority = tables.authority_of[child]
    return np.isin(authority * YEAR_KEY + year, tables.returns_made)


RULES = (
    *(
        Rule(f"{column} differs between years", THEME, RETURNED,
             f"An episode returned again has another {column} than in the year before.",
             "Which of the two holds is not known; the later is followed.",
             partial(_carried_differently, column=column))
        for column in _CARRIED
    ),
    Rule("another end in a later year", THEME, RETURNED,
         "An episode that had ended is returned again with another end, or none.",
         "History was rewritten: a count made earlier would differ.", _other_end),
    Rule("ended before it was last open", THEME, RETURNED,
         "An episode open in one return has, in the next, an end before that return closed.",
         "The earlier return showed as open what was over.", _ended_in_the_past),
    Rule("left open, never returned again", THEME, EPISODES,
         "The episode is open in its last return, yet the authority made later ones.",
         "When it ended is not known; without a rule it would run for years.",
         _not_returned_again),
    Rule("returned late", THEME, RETURNED,
         "The episode was running in a year whose return does not hold it.",
         "It was entered late, or its start was changed.", _first_returned_late),
    Rule("starts in a missing year", THEME, EPISODES,
         "The episode starts in a collection year that the authority did not return.",
         "Only what is still open the year after is seen: the short stays are missing.",
         _in_missing_year),
)  # fmt: skip
