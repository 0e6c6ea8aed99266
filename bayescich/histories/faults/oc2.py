"""Rules about outcomes of children looked after for a year (OC2)."""

from __future__ import annotations

import pandas as pd

from bayescich.histories.faults.rule import Rule
from bayescich.histories.faults.tables import FaultTables

THEME = "outcomes (OC2)"
_TABLE = "oc2"


def _yes(tables: FaultTables, column: str) -> pd.Series:
    return tables.rows(_TABLE)[column].fillna(value=False).astype("bool")


def _age(tables: FaultTables, least: int, below: int) -> pd.Series:
    """Say who, on 31 March, is at least one age and not yet another."""
    rows = tables.rows(_TABLE)
    return (rows.birthday(least) <= rows.year_end) & (rows.year_end < rows.birthday(below))


def _score_and_reason(tables: FaultTables) -> pd.Series:
    return tables.rows(_TABLE)["SDQ_SCORE"].notna() & tables.rows(_TABLE)["SDQ_REASON"].notna()


def _neither(tables: FaultTables) -> pd.Series:
    rows = tables.rows(_TABLE)
    return _age(tables, 4, 17) & rows["SDQ_SCORE"].isna() & rows["SDQ_REASON"].isna()


def _score_at_wrong_age(tables: FaultTables) -> pd.Series:
    rows = tables.rows(_TABLE)
    # the score may have been taken at any time in the year
    young = rows.year_end < rows.birthday(4)
    return tables.rows(_TABLE)["SDQ_SCORE"].notna() & (young | (rows.year_end >= rows.birthday(18)))


def _convicted_young(tables: FaultTables) -> pd.Series:
    rows = tables.rows(_TABLE)
    return _yes(tables, "CONVICTED") & (rows.year_end < rows.birthday(10))


def _checked_old(tables: FaultTables) -> pd.Series:
    rows = tables.rows(_TABLE)
    return rows["HEALTH_CHECK"].notna() & (rows.year_end >= rows.birthday(5))


def _intervention_without_need(tables: FaultTables) -> pd.Series:
    helped = _yes(tables, "INTERVENTION_RECEIVED") | _yes(tables, "INTERVENTION_OFFERED")
    return helped & ~_yes(tables, "SUBSTANCE_MISUSE")


def _received_and_offered(tables: FaultTables) -> pd.Series:
    return _yes(tables, "INTERVENTION_RECEIVED") & _yes(tables, "INTERVENTION_OFFERED")


def _not_a_year(tables: FaultTables) -> pd.Series:
    """Find children who, by their episodes, were not in care throughout the year."""
    rows, episodes = tables.rows(_TABLE), tables.returned
    opening = episodes.year_end - pd.DateOffset(years=1) + pd.Timedelta(days=1)
    begun = episodes["DECOM"] <= opening
    starts = episodes["RNE"].eq("S") & (episodes["DECOM"] > opening)
    leaves = episodes["DEC"].le(episodes.year_end) & ~episodes["REC"].isin(["X1"])
    returned = tables.marked(tables.child_year(episodes))
    there = tables.marked(tables.child_year(episodes, begun))
    broken = tables.marked(tables.child_year(episodes, starts | leaves))
    return rows.series((returned & (broken | ~there))[tables.child_year(rows)])


RULES = (
    Rule("score and a reason for none", THEME, _TABLE,
         "There is an SDQ score, and also a reason why there is none.",
         "The score may be of another year.", _score_and_reason),
    Rule("neither score nor reason", THEME, _TABLE,
         "The child, aged 4 to 16, has neither an SDQ score nor a reason for none.",
         "Why the score is missing is not known.", _neither, needs=("header",)),
    Rule("score at the wrong age", THEME, _TABLE,
         "There is an SDQ score for a child who was not 4 to 16 at any time in the year.",
         "The scale is made for ages 4 to 16.", _score_at_wrong_age, needs=("header",)),
    Rule("convicted under 10", THEME, _TABLE, "A child under 10 is recorded as convicted.",
         "The age of criminal responsibility is 10.", _convicted_young, needs=("header",)),
    Rule("development check at 5 or over", THEME, _TABLE,
         "The developmental check (HEALTH_CHECK) is filled in for a child of 5 or over.",
         "The check is for children under 5.", _checked_old, needs=("header",)),
    Rule("intervention without need", THEME, _TABLE,
         "An intervention is offered or received without substance misuse.",
         "One of the two cells is wrong.", _intervention_without_need),
    Rule("intervention received and offered", THEME, _TABLE,
         "An intervention is both received and offered: offered is for those who refused it.",
         "Who refused help is not known.", _received_and_offered),
    Rule("not looked after for a year", THEME, _TABLE,
         "By its episodes the child was not looked after throughout the year.",
         "The outcomes are of children looked after for 12 months.", _not_a_year,
         needs=("episodes",)),
)  # fmt: skip
