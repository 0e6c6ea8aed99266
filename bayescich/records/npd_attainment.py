"""Attainment at 11, 16 and 18 (NPD Key Stages 2, 4 and 5), one row per pupil and year.

Years in which tests were cancelled give blanks, never zeros; years in which schools set the
grades are marked, since those grades cannot be compared with exams.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from bayescich.account import Account
from bayescich.records.code_sets import code_set
from bayescich.records.tidying import one_row_each, shown

SCALED_SCORES = (80.0, 120.0)
"""Lowest and highest scaled score of the Key Stage 2 tests since 2016."""

_WHO = ["PUPIL", "YEAR"]


def affected(years: pd.Series, table: str) -> pd.Series:
    """Return what the pandemic did to a table in each year, blank where nothing.

    Parameters
    ----------
    years : Series of Int64
        The year in which the school year ends.
    table : str
        A table of the code set ``npd_affected_years``.

    Returns
    -------
    Series of str

    Examples
    --------
    >>> affected(pd.Series([2019, 2020], dtype="Int64"), "ks4").fillna("").tolist()
    ['', 'assessed']
    """
    known = code_set("npd_affected_years")
    effects = known[known["table"].eq(table)]
    by_year = dict(zip(effects["year"].astype("int64"), effects["effect"], strict=True))
    return years.map(by_year).astype("str")


def ks2_results(frame: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    """Return Key Stage 2 by pupil and year.

    Parameters
    ----------
    frame : DataFrame
        Table ``ks2`` keyed by PUPIL.

    Returns
    -------
    DataFrame
        PUPIL, YEAR, READING, MATHS, GPS, EXPECTED, POINTS, CANCELLED (no tests in that year).
    Account
    """
    measures = ["READING", "MATHS", "GPS", "EXPECTED", "POINTS"]
    frame = frame.assign(CANCELLED=affected(frame["YEAR"], "ks2").eq("cancelled").astype("bool"))
    frame, account = _cancelled(frame, measures, frame["CANCELLED"], "ks2")
    frame, counted = _scaled(frame, measures[:3])
    columns = [*_WHO, *measures, "CANCELLED"]
    rule = "another row of the pupil and year; the row with the best reading is kept"
    frame, once = one_row_each(frame[columns], _WHO, ["READING", "MATHS"], "ks2", rule)
    return frame, (account + counted + once).kept("ks2", "pupils and years", len(frame))


def ks4_results(frame: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    """Return Key Stage 4 by pupil: the row counted in national results.

    Parameters
    ----------
    frame : DataFrame
        Table ``ks4`` keyed by PUPIL.

    Returns
    -------
    DataFrame
        One row per pupil: the columns of the table, and ASSESSED (grades set by schools).
    Account
    """
    frame = frame.assign(ASSESSED=affected(frame["YEAR"], "ks4").eq("assessed").astype("bool"))
    no_progress = affected(frame["YEAR"], "progress8").eq("cancelled")
    frame, account = _cancelled(frame, ["P8"], no_progress, "ks4")
    outside = ~frame["NATRES"].fillna(value=False).astype("bool")
    rank = (~outside).astype("int8")
    rule = "another row of the pupil; the one in national results is kept, then the latest year"
    frame = frame.assign(rank=rank)
    frame, once = one_row_each(frame, ["PUPIL"], ["rank", "YEAR"], "ks4", rule)
    alone = frame["rank"].eq(0)
    rule = "the pupil has no row marked as in national results"
    account = (account + once).noted("ks4", rule, int(alone.sum()), frame.loc[alone, "PUPIL"])
    frame = frame.drop(columns="rank")
    return frame, account.kept("ks4", "pupils", len(frame))


def ks5_results(frame: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    """Return Key Stage 5 by student and year.

    Parameters
    ----------
    frame : DataFrame
        Table ``ks5`` keyed by PUPIL.

    Returns
    -------
    DataFrame
        The columns of the table, and ASSESSED. A pupil who is not there entered nothing that
        is counted, or could not be linked: not the same as no qualification.
    Account
    """
    frame = frame.assign(ASSESSED=affected(frame["YEAR"], "ks5").eq("assessed").astype("bool"))
    rule = "another row of the student and year; the one with most points is kept"
    frame, account = one_row_each(frame, _WHO, ["A_LEVEL_POINTS"], "ks5", rule)
    return frame, account.kept("ks5", "students and years", len(frame))


def _cancelled(
    frame: pd.DataFrame, measures: Sequence[str], cancelled: pd.Series, table: str
) -> tuple[pd.DataFrame, Account]:
    given = frame[list(measures)].notna().any(axis=1) & cancelled
    rule = f"{', '.join(measures)} of a year in which there were none; taken as blank"
    account = Account().repaired(table, rule, int(given.sum()), shown(frame, _WHO, given))
    blanked = {name: frame[name].mask(cancelled) for name in measures}
    return frame.assign(**blanked), account


def _scaled(frame: pd.DataFrame, scores: Sequence[str]) -> tuple[pd.DataFrame, Account]:
    account, low, high = Account(), *SCALED_SCORES
    for name in scores:
        outside = frame[name].notna() & ~frame[name].between(low, high)
        rule = f"{name} is no scaled score from {low:g} to {high:g}; taken as blank"
        account = account.repaired("ks2", rule, int(outside.sum()), shown(frame, _WHO, outside))
        frame = frame.assign(**{name: frame[name].mask(outside)})
    return frame, account
