"""Levels 2 and 3 by 19 (NPD, Young Person's Matched Administrative Dataset), one row per person.

A level is reached by any route: GCSEs, A levels, colleges' and vocational awards, apprenticeships.
Unlike in results of 16 to 18, those who did not reach it have a row, too.
"""

from __future__ import annotations

import pandas as pd

from bayescich.account import Account
from bayescich.records.npd_schema import LEVEL_AGES, LEVELS
from bayescich.records.tidying import one_row_each, shown

_WHO = ["PUPIL", "YEAR"]


def ypmad_levels(frame: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    """Return the levels that each young person has reached by 19.

    Parameters
    ----------
    frame : DataFrame
        Table ``ypmad`` keyed by PUPIL.

    Returns
    -------
    DataFrame
        One row per person: PUPIL, YEAR (the last school year that the extract counts), LEVEL2,
        LEVEL3 (blank where the extract does not say). A level counted at an earlier age is
        reached by 19; but what is blank at 19 is blank, since only those who were early would be
        seen of those who are not 19 yet.
    Account
        Rows left out, levels repaired, persons with Level 3 but not Level 2.

    Examples
    --------
    >>> rows = pd.DataFrame({"PUPIL": ["A"], "YEAR": [2025]})
    >>> for level, reached in ((2, True), (3, False)):
    ...     for age in (16, 17, 18, 19):
    ...         rows[f"LEVEL{level}_AT_{age}"] = pd.array([reached], dtype="boolean")
    >>> ypmad_levels(rows)[0].to_numpy().tolist()
    [['A', 2025, True, False]]
    """
    rule = "another row of the person; the one of the latest extract is kept"
    frame, account = one_row_each(frame, ["PUPIL"], ["YEAR"], "ypmad", rule)
    table = frame[_WHO]
    for level in LEVELS:
        by_age = [frame[f"LEVEL{level}_AT_{age}"] for age in LEVEL_AGES]
        reached, counted = _by_the_last(frame, level, by_age)
        table, account = table.assign(**{f"LEVEL{level}": reached}), account + counted
    skipped = (table["LEVEL3"] & ~table["LEVEL2"]).fillna(value=False).astype("bool")
    rule = "Level 3 reached, but not Level 2; left as it is"
    account = account.noted("ypmad", rule, int(skipped.sum()), shown(table, _WHO, skipped))
    return table, account.kept("ypmad", "young people", len(table))


def _by_the_last(
    frame: pd.DataFrame, level: int, by_age: list[pd.Series]
) -> tuple[pd.Series, Account]:
    """Return what is said of the last age, corrected by the earlier ones."""
    *earlier, last = by_age
    before = pd.concat(earlier, axis="columns").fillna(value=False).any(axis="columns")
    lost = (before & ~last).fillna(value=False).astype("bool")
    rule = f"Level {level} reached at an earlier age, but not by 19; taken as reached"
    account = Account().repaired("ypmad", rule, int(lost.sum()), shown(frame, _WHO, lost))
    return last.mask(lost, other=True), account
