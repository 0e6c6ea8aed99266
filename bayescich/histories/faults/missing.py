"""Rules about spells of going missing, held against each other and against episodes of care."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.histories.faults.rule import Rule
from bayescich.histories.faults.tables import FaultTables

THEME = "missing from care"
_TABLE = "missing"


def _backwards(tables: FaultTables) -> pd.Series:
    rows = tables.rows(_TABLE)
    return rows["MIS_END"] < rows["MIS_START"]


def _overlap(tables: FaultTables) -> pd.Series:
    rows = tables.rows(_TABLE)
    later = rows.after("MIS_START") > rows["MIS_START"]
    return later & (rows["MIS_END"] > rows.after("MIS_START"))


def _open_not_last(tables: FaultTables) -> pd.Series:
    rows = tables.rows(_TABLE)
    return rows["MIS_END"].isna() & (rows.after("MIS_START") > rows["MIS_START"])


def _late(tables: FaultTables) -> pd.Series:
    rows = tables.rows(_TABLE)
    return (rows["MIS_START"] > rows.year_end) | (rows["MIS_END"] > rows.year_end)


def _outside_care(tables: FaultTables) -> pd.Series:
    """Find spells whose first day is in no episode of the child."""
    rows, episodes = tables.rows(_TABLE), tables.episodes
    if not len(episodes):
        return rows.nothing
    starts = _moment(episodes.child, episodes["DECOM"])
    at = np.searchsorted(starts, _moment(rows.child, rows["MIS_START"]), side="right") - 1
    known = np.maximum(at, 0)
    own = (at >= 0) & (episodes.child[known] == rows.child)
    inside = rows["MIS_START"].to_numpy() <= episodes.end.to_numpy()[known]
    return rows["MIS_START"].notna() & rows.series(~(own & inside))


def _moment(child: np.ndarray, day: pd.Series) -> np.ndarray:
    """Return one number per child and day, in the order of both."""
    days = day.to_numpy().astype("datetime64[D]").astype("int64")
    return child.astype("int64") * (1 << 20) + np.clip(days, 0, (1 << 20) - 1)


RULES = (
    Rule("missing, ends before it starts", THEME, _TABLE, "MIS_END is before MIS_START.",
         "The days missing cannot be counted.", _backwards),
    Rule("missing, overlap", THEME, _TABLE,
         "A missing spell ends after the child's next one starts.",
         "Days and spells missing would be counted twice.", _overlap),
    Rule("missing, open, not last", THEME, _TABLE,
         "A missing spell has no end, yet a later one of the child exists.",
         "The child was found; when is not known.", _open_not_last),
    Rule("missing, in the future", THEME, _TABLE,
         "A missing spell starts or ends after the 31 March on which its return closes.",
         "What is to come was recorded as having happened.", _late),
    Rule("missing, outside care", THEME, _TABLE,
         "On the day the child goes missing it is in no episode of care.",
         "The spell cannot be laid to a placement.", _outside_care, needs=("episodes",)),
)  # fmt: skip
