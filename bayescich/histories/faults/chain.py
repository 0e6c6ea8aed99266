"""Rules about the chain of a child's episodes: one after the other, without gap or overlap."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.histories.faults.known import in_groups
from bayescich.histories.faults.rule import Rule
from bayescich.histories.faults.tables import EPISODES, MOST_IDS, RETURNED, FaultTables

_CONTINUES = "X1"
_STARTS = "S"


def _overlap(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    return rows["DEC"] > rows.after("DECOM")


def _jump(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    return rows["REC"].eq(_CONTINUES) & (rows.after("DECOM") > rows["DEC"])


def _gap(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    later = rows.after("DECOM") > rows["DEC"]
    return later & rows["REC"].ne(_CONTINUES) & rows.after("RNE").ne(_STARTS)


def _nothing_follows(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    closed = rows["REC"].eq(_CONTINUES) & rows["DEC"].notna()
    returned_on = rows["DEC"] < rows.year_end
    return closed & rows.last & returned_on


def _goes_on_after_leaving(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    same_day = rows.after("DECOM").eq(rows["DEC"])
    return same_day & rows["REC"].notna() & rows["REC"].ne(_CONTINUES)


def _restart_same_day(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    return rows["RNE"].eq(_STARTS) & rows.continues


def _first_does_not_start(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    return rows.first & rows["RNE"].ne(_STARTS)


def _open_not_last(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    return rows["DEC"].isna() & ~rows.last


def _several_open(tables: FaultTables) -> pd.Series:
    rows = tables.returned
    is_open = rows["DEC"].isna()
    number = tables.child_year(rows)
    each = np.bincount(number, weights=is_open) if len(number) else is_open.to_numpy()
    return is_open & rows.series(each[number] > 1)


def _starts_twice(tables: FaultTables) -> pd.Series:
    rows = tables.returned
    return rows["DECOM"].eq(rows.before("DECOM")) & rows["YEAR"].eq(rows.before("YEAR"))


def _open_with_reason(tables: FaultTables) -> pd.Series:
    rows = tables.returned
    return rows["DEC"].isna() & rows["REC"].notna()


def _closed_without_reason(tables: FaultTables) -> pd.Series:
    rows = tables.returned
    return rows["DEC"].notna() & rows["REC"].isna()


def _backwards(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    return rows["DEC"] < rows["DECOM"]


def _no_days(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    return rows["DEC"].eq(rows["DECOM"])


def _after_death(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    return rows.before("REC").isin(in_groups("ssda903_rec", "death")) & rows.before("DEC").notna()


def _teleport(tables: FaultTables) -> pd.Series:
    """Find episodes of one person, by UPN, that overlap under two child ids."""
    rows = tables.episodes
    person = tables.person[rows.child]
    at = np.flatnonzero(person >= 0)
    start, end = (_days(day)[at] for day in (rows["DECOM"], rows.end))
    order = np.lexsort((start, person[at]))
    slot = _slots(tables.person)[rows.child[at]][order]
    # persons lie one after the other on one line of time, so that none reaches into the next
    base = pd.factorize(person[at][order])[0] * _LINE
    found = np.zeros(len(rows), dtype=bool)
    found[at[order]] = _reached(base, base + start[order], base + end[order], slot)
    return rows.series(found)


_LINE = 1 << 20
"""Days on the line of time of one person: more than lie between any two dates."""


def _days(day: pd.Series) -> np.ndarray:
    days = day.to_numpy().astype("datetime64[D]").astype("int64")
    return np.clip(days, -_LINE // 4, _LINE // 4) + _LINE // 4


def _slots(person: np.ndarray) -> np.ndarray:
    """Number the ids of each person from 0."""
    return pd.Series(person).groupby(person).cumcount().to_numpy()


def _reached(base: np.ndarray, start: np.ndarray, end: np.ndarray, slot: np.ndarray) -> np.ndarray:
    """Say which episodes, in order of their start, overlap one of another id of the person."""
    found = np.zeros(len(start), dtype=bool)
    for one in range(MOST_IDS):
        own = slot == one
        latest_end = np.maximum.accumulate(np.where(own, end, base))
        next_start = np.minimum.accumulate(np.where(own, start, base + _LINE - 1)[::-1])[::-1]
        found |= ~own & ((latest_end > start) | (next_start < end))
    return found


RULES = (
    Rule("overlap", "chain", EPISODES, "The episode ends after the child's next one starts.",
         "The same days would be lived, and counted, twice.", _overlap),
    Rule("jump", "chain", EPISODES,
         "The episode is said to continue (X1), yet the next starts some days after its end.",
         "Days in care are lost, or care is split into two periods.", _jump),
    Rule("gap", "chain", EPISODES,
         "Care ends, and the next episode, some days later, does not start a period of care (S).",
         "Where the child was between the two is not known.", _gap),
    Rule("continues into nothing", "chain", EPISODES,
         "The episode is said to continue (X1), yet none follows.",
         "How the placement ended, and where the child went, is lost.", _nothing_follows),
    Rule("leaves and goes on", "chain", EPISODES,
         "The child is said to leave care, yet another episode starts on that day.",
         "A move would be read as an exit from care.", _goes_on_after_leaving),
    Rule("restart on the same day", "chain", EPISODES,
         "Care starts (S) on the day on which the child's last episode ends.",
         "One period of care would be counted as two.", _restart_same_day),
    Rule("first row does not start care", "chain", EPISODES,
         "The child's first episode does not start a period of care (RNE is not S).",
         "Earlier placements are missing: age and time in care at entry are not known.",
         _first_does_not_start),
    Rule("open, not last", "chain", EPISODES,
         "The episode has no end, yet a later one of the child exists.",
         "A forgotten episode would run for years and hide every later event.", _open_not_last),
    Rule("several open", "chain", RETURNED,
         "The child has more than one episode without an end in one return.",
         "A child cannot be in two placements at once.", _several_open),
    Rule("two on one day", "chain", RETURNED,
         "Two episodes of the child start on one day in one return.",
         "Only one of them can be followed.", _starts_twice),
    Rule("open with a reason", "chain", RETURNED,
         "The episode has a reason for ceasing (REC) but no end date (DEC).",
         "The reason was filled in ahead of the event, or the end date was lost.",
         _open_with_reason),
    Rule("ended without a reason", "chain", RETURNED,
         "The episode has an end date (DEC) but no reason for ceasing (REC).",
         "A move and an exit cannot be told apart.", _closed_without_reason),
    Rule("ends before it starts", "chain", EPISODES, "DEC is before DECOM.",
         "The episode has a negative length; it is left out.", _backwards),
    Rule("no days", "chain", EPISODES, "The episode ends on the day it starts.",
         "It has no time at risk.", _no_days),
    Rule("after death", "chain", EPISODES, "An episode follows one that ended with the death.",
         "Two children share an id, or the death was a slip.", _after_death),
    Rule("teleport", "chain", EPISODES,
         "By UPN the child is, on these days, also looked after under another id or by another "
         "authority.",
         "One child would be followed as two, in two places at once.", _teleport,
         needs=("header",)),
)  # fmt: skip
