"""Rules about age and dates: no care before birth, none to begin at 18."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.histories.faults.limits import limit_rules
from bayescich.histories.faults.rule import Rule
from bayescich.histories.faults.tables import EPISODES, RETURNED, FaultTables

THEME = "ages and dates"

_CHILDREN_ACT = np.datetime64("1991-10-14")
"""The Children Act 1989 came into force: no episode of the return starts earlier."""


def _before_birth(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    return rows["DECOM"] < rows.born


def _enters_as_adult(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    return rows["RNE"].eq("S") & (rows["DECOM"] >= rows.birthday(18))


def _starts_as_adult(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    return rows["RNE"].ne("S") & (rows["DECOM"] >= rows.birthday(18))


def _ends_as_adult(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    return (rows["DECOM"] < rows.birthday(18)) & (rows.end > rows.birthday(18))


def _too_early(tables: FaultTables) -> pd.Series:
    return tables.episodes["DECOM"] < pd.Timestamp(_CHILDREN_ACT)


def _in_the_future(tables: FaultTables) -> pd.Series:
    rows = tables.returned
    return (rows["DECOM"] > rows.year_end) | (rows["DEC"] > rows.year_end)


def _of_an_earlier_year(tables: FaultTables) -> pd.Series:
    rows = tables.returned
    return rows["DEC"] < rows.year_end - pd.DateOffset(years=1) + pd.Timedelta(days=1)


RULES = (
    Rule("born after the start", THEME, EPISODES, "The episode starts before the child was born.",
         "Every age of the child is wrong.", _before_birth, needs=("header",)),
    Rule("enters care at 18", THEME, EPISODES, "A period of care starts at 18 or later.",
         "The date of birth or of entry is wrong.", _enters_as_adult, needs=("header",)),
    Rule("episode after 18", THEME, EPISODES, "An episode starts on the 18th birthday or later.",
         "It is outside every history, which ends at 18.", _starts_as_adult, needs=("header",)),
    Rule("still in care after 18", THEME, EPISODES,
         "The episode runs on past the 18th birthday.",
         "Days that no child can be looked after would be days at risk.", _ends_as_adult,
         needs=("header",)),
    Rule("before the Children Act", THEME, EPISODES, "The episode starts before 14 October 1991.",
         "The date of birth was entered for the start, or a century slipped.", _too_early),
    Rule("date in the future", THEME, RETURNED,
         "The episode starts or ends after the 31 March on which its return closes.",
         "What is to come was recorded as having happened.", _in_the_future),
    Rule("ended before the year", THEME, RETURNED,
         "The episode ended before the collection year of its return began.",
         "The file may be of another year than its name says.", _of_an_earlier_year),
    *(
        Rule(rule.name, THEME, rule.table, rule.sentence, rule.why, rule.mask, needs=("header",))
        for rule in limit_rules(
            THEME, ("least age at start", "least age at end"),
            ("PLACE", "LS", "REC", "REASON_PLACE_CHANGE"),
            "The date of birth or the code is wrong.")
    ),
)  # fmt: skip
