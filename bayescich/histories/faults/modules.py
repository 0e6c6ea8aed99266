"""Rules about the smaller tables of a return: reviews, adoption, social workers, liberty."""

from __future__ import annotations

from functools import partial

import pandas as pd

from bayescich.histories.faults.rule import Rule
from bayescich.histories.faults.tables import FaultTables

THEME = "other tables"


def _backwards(tables: FaultTables, table: str, start: str, end: str) -> pd.Series:
    rows = tables.rows(table)
    return rows[end] < rows[start]


def _in_the_future(tables: FaultTables, table: str, day: str) -> pd.Series:
    rows = tables.rows(table)
    return rows[day] > rows.year_end


def _overlap(tables: FaultTables, table: str, start: str, end: str) -> pd.Series:
    rows = tables.rows(table)
    later = rows.after(start) > rows[start]
    return later & (rows[end] > rows.after(start))


def _adopters_disagree(tables: FaultTables) -> pd.Series:
    rows = tables.rows("adoptions")
    couple = rows["SEX_ADOPTR"].str.len().eq(2) & ~rows["SEX_ADOPTR"].str.endswith("1")
    number = rows["NB_ADOPTR"].astype("float64")
    return number.notna() & rows["SEX_ADOPTR"].notna() & couple.ne(number.eq(2))


RULES = (
    Rule("review in the future", THEME, "reviews",
         "The review is dated after the 31 March on which its return closes.",
         "What is to come was recorded as having happened.",
         partial(_in_the_future, table="reviews", day="REVIEW")),
    Rule("placed for adoption, backwards", THEME, "placed_for_adoption",
         "The plan for adoption ends before it starts.",
         "Time waiting for adoption cannot be counted.",
         partial(_backwards, table="placed_for_adoption", start="DATE_PLACED",
                 end="DATE_PLACED_CEASED")),
    Rule("adopters' number and sex", THEME, "adoptions",
         "The number of adopters is not that of their sexes.",
         "One of the two cells is wrong.", _adopters_disagree),
    Rule("social worker, backwards", THEME, "social_workers",
         "A social worker's time with the child ends before it starts.",
         "Changes of worker cannot be counted.",
         partial(_backwards, table="social_workers", start="SW_DECOM", end="SW_DEC")),
    Rule("social workers, overlap", THEME, "social_workers",
         "A social worker's time with the child ends after the next one's starts.",
         "Two workers would be responsible at once.",
         partial(_overlap, table="social_workers", start="SW_DECOM", end="SW_DEC")),
    Rule("deprivation of liberty, backwards", THEME, "deprivations",
         "An order depriving the child of liberty ends before it starts.",
         "Its days cannot be counted.",
         partial(_backwards, table="deprivations", start="DOLO_START", end="DOLO_END")),
)  # fmt: skip
