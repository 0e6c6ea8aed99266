"""Absence, exclusions and special educational needs (NPD), one row per pupil and year."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.account import Account
from bayescich.records.code_sets import code_set
from bayescich.records.npd_attainment import affected
from bayescich.records.npd_schema import ABSENCE_KINDS, ROLL_UPS, TERMS
from bayescich.records.tidying import one_row_each, shown
from bayescich.records.vocabulary import vocabulary

MOST_SESSIONS = 420
"""More half days than this in a school year are not possible for one pupil."""

PERSISTENT = 0.10
"""Share of possible sessions missed from which absence is persistent, in every year."""

SEVERE = 0.50
"""Share of possible sessions missed from which absence is severe."""

_WHO = ["PUPIL", "YEAR"]
_SUSPENDED = "suspension"
_PERMANENT = "permanent"
_LUNCHTIME = "lunchtime"


def absence_by_year(frame: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    """Add up absence over a pupil's enrolments.

    Parameters
    ----------
    frame : DataFrame
        Table ``absence`` keyed by PUPIL: one row per enrolment.

    Returns
    -------
    DataFrame
        PUPIL, YEAR, ENROLMENTS, POSSIBLE, AUTHORISED, UNAUTHORISED, OVERALL (half days),
        RATE (OVERALL by POSSIBLE; blank where it cannot be), PERSISTENT, SEVERE (blank likewise),
        AFFECTED (what the pandemic did to the year, or blank).
    Account
    """
    copies = frame.duplicated()
    examples = shown(frame, _WHO, copies)
    rule = "a copy of another row"
    account = Account().excluded("absence", rule, int(copies.sum()), examples)
    rows, counted = _sessions(frame[~copies])
    account += counted
    grouped = rows.groupby(_WHO, sort=True)
    years = grouped[list(ABSENCE_KINDS)].sum(min_count=1)
    years.insert(0, "ENROLMENTS", grouped.size().astype("int64"))
    years = years.reset_index()
    rule = "enrolments added to others of the same pupil and year"
    account = account.repaired("absence", rule, len(rows) - len(years))
    years, rated = _rated(years)
    years["AFFECTED"] = affected(years["YEAR"], "absence")
    hit = years["AFFECTED"].notna()
    rule = "of a year that the pandemic made unlike others; left as it is, marked AFFECTED"
    account = (account + rated).noted("absence", rule, int(hit.sum()), shown(years, _WHO, hit))
    return years, account.kept("absence", "pupils and years", len(years))


def exclusion_events(frame: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    """Return single suspensions and exclusions.

    Parameters
    ----------
    frame : DataFrame
        Table ``exclusions`` keyed by PUPIL.

    Returns
    -------
    DataFrame
        PUPIL, YEAR, KIND (suspension, permanent, lunchtime), START, SESSIONS (half days), DAYS,
        REASON1 to REASON3.
    Account
    """
    copies = frame.duplicated()
    examples = shown(frame, ["PUPIL", "START"], copies)
    account = Account().excluded("exclusions", "a copy of another row", int(copies.sum()), examples)
    kinds = code_set("npd_exclusion_category").set_index("code")["group"]
    events = frame[~copies].assign(
        KIND=lambda f: f["CATEGORY"].map(kinds).astype("str"), DAYS=lambda f: f["SESSIONS"] / 2
    )
    reasons = ["REASON1", "REASON2", "REASON3"]
    events = events[[*_WHO, "KIND", "START", "SESSIONS", "DAYS", *reasons]]
    events = events.sort_values(["PUPIL", "START"], kind="stable").reset_index(drop=True)
    return events, account.kept("exclusions", "suspensions and exclusions", len(events))


def exclusions_by_year(events: pd.DataFrame, totals: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    """Count suspensions and exclusions of each pupil and year that has any.

    Parameters
    ----------
    events : DataFrame
        Made by `exclusion_events`.
    totals : DataFrame
        Table ``exclusion_totals`` keyed by PUPIL, for years without single rows.

    Returns
    -------
    DataFrame
        PUPIL, YEAR, SUSPENSIONS, SUSPENSION_SESSIONS (half days), SUSPENSION_DAYS, PERMANENT,
        LUNCHTIME (blank where only totals were given).
    Account
    """
    counted = _counted(events)
    totals, account = _totals(totals)
    both = pd.concat([counted, totals], ignore_index=True)
    twice = both.duplicated(_WHO, keep="first")
    rule = "totals of a pupil and year of which the single exclusions are given too"
    account = account.excluded("exclusion_totals", rule, int(twice.sum()), shown(both, _WHO, twice))
    both = both[~twice].sort_values(_WHO).reset_index(drop=True)
    both.insert(4, "SUSPENSION_DAYS", both["SUSPENSION_SESSIONS"] / 2)
    return both, account.kept("exclusion_totals", "pupils and years with an exclusion", len(both))


def sen_by_census(frame: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    """Return special educational needs by pupil and census.

    Parameters
    ----------
    frame : DataFrame
        Table ``census`` keyed by PUPIL.

    Returns
    -------
    DataFrame
        PUPIL, YEAR, TERM (autumn, spring, summer or blank), DATE, SEN (code as returned),
        PROVISION (EHC plan, SEN support, none: statements are EHC plans, School Action and
        School Action Plus are SEN support), SEN_TYPE1, SEN_TYPE2, FSM.
    Account
    """
    provision = code_set("npd_sen_provision").set_index("code")
    groups = list(dict.fromkeys(provision["group"]))
    weight = {group: len(groups) - place for place, group in enumerate(groups)}
    frame = frame.assign(
        TERM=_terms(frame), PROVISION=frame["SEN"].map(provision["group"]).astype("str")
    )
    account = _outside_years(frame, provision)
    columns = ["TERM", "DATE", "SEN", "PROVISION", "SEN_TYPE1", "SEN_TYPE2", "FSM"]
    ranked = frame[[*_WHO, *columns]].assign(rank=frame["PROVISION"].map(weight).astype("float64"))
    rule = "another school's row of the same census; the one with most provision is kept"
    census, once = one_row_each(ranked, [*_WHO, "TERM"], ["rank"], "census", rule)
    account = (account + once).kept("census", "pupils and censuses", len(census))
    return census.drop(columns="rank"), account


def _sessions(frame: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    """Take, in each row, the best span for which possible and missed sessions are both given."""
    picked = frame[_WHO].assign(**dict.fromkeys(ABSENCE_KINDS, np.nan))
    open_rows = pd.Series(data=True, index=frame.index)
    for spans in (*((span,) for span in ROLL_UPS), TERMS):
        offered = _over(frame, spans)
        usable = open_rows & offered["POSSIBLE"].notna() & offered["OVERALL"].notna()
        picked = picked.assign(
            **{kind: picked[kind].mask(usable, offered[kind]) for kind in ABSENCE_KINDS}
        )
        open_rows &= ~usable
    rule = "sessions possible or sessions missed are blank"
    examples = shown(frame, _WHO, open_rows)
    account = Account().excluded("absence", rule, int(open_rows.sum()), examples)
    return picked[~open_rows], account


def _over(frame: pd.DataFrame, spans: tuple[str, ...]) -> pd.DataFrame:
    offered = pd.DataFrame(
        {
            kind: frame[[f"{kind}_{span}" for span in spans]].sum(axis=1, min_count=1)
            for kind in ABSENCE_KINDS
        }
    )
    parts = offered[["AUTHORISED", "UNAUTHORISED"]].sum(axis=1, min_count=2)
    return offered.assign(OVERALL=offered["OVERALL"].fillna(parts))


def _rated(years: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    possible, overall = years["POSSIBLE"], years["OVERALL"]
    rules = {
        f"more than {MOST_SESSIONS} sessions possible in a year": possible > MOST_SESSIONS,
        "no sessions possible": possible <= 0,
        "more sessions missed than possible": (overall > possible) & (possible > 0),
    }
    account, wrong = Account(), pd.Series(data=False, index=years.index)
    for rule, rows in rules.items():
        said = f"{rule}; the rate is taken as blank"
        account = account.repaired("absence", said, int(rows.sum()), shown(years, _WHO, rows))
        wrong |= rows
    rate = (overall / possible.mask(wrong)).mask(wrong)
    # rounded, so that exactly one session in ten is never missed for want of a binary digit
    whole = rate.round(9)
    flags = {
        name: whole.ge(least).astype("boolean").mask(rate.isna())
        for name, least in (("PERSISTENT", PERSISTENT), ("SEVERE", SEVERE))
    }
    return years.assign(RATE=rate, **flags), account


def _counted(events: pd.DataFrame) -> pd.DataFrame:
    suspended = events["KIND"].eq(_SUSPENDED)
    marks = events[_WHO].assign(
        SUSPENSIONS=suspended.astype("int64"),
        SUSPENSION_SESSIONS=events["SESSIONS"].where(suspended),
        PERMANENT=events["KIND"].eq(_PERMANENT).astype("int64"),
        LUNCHTIME=events["KIND"].eq(_LUNCHTIME).astype("int64"),
    )
    counted = marks.groupby(_WHO, sort=True).sum(min_count=1).reset_index()
    whole = dict.fromkeys(("SUSPENSIONS", "PERMANENT", "LUNCHTIME"), "Int64")
    return counted.astype(whole)


def _totals(totals: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    columns = [*_WHO, "SUSPENSIONS", "SUSPENSION_SESSIONS", "PERMANENT"]
    none = totals["SUSPENSIONS"].fillna(0).eq(0) & totals["PERMANENT"].fillna(0).eq(0)
    rule = "no exclusion in the year"
    account = Account().excluded("exclusion_totals", rule, int(none.sum()))
    rule = "another row of the pupil and year; the one with most suspensions is kept"
    last_by = ["SUSPENSIONS", "PERMANENT"]
    rows = totals.loc[~none, columns].assign(LUNCHTIME=pd.Series(pd.NA, totals.index, "Int64"))
    rows, once = one_row_each(rows, _WHO, last_by, "exclusion_totals", rule)
    return rows, account + once


def _terms(frame: pd.DataFrame) -> pd.Series:
    """Read the term from its name, else from the month of the census."""
    table = code_set("npd_terms")
    spans = zip(table["code"], table["month_from"], table["month_to"], strict=True)
    months = {
        month: code for code, first, last in spans for month in range(int(first), int(last) + 1)
    }
    named = vocabulary("npd_terms").matched(frame["TERM"])
    return named.fillna(frame["DATE"].dt.month.map(months).astype("str"))


def _outside_years(frame: pd.DataFrame, provision: pd.DataFrame) -> Account:
    first = frame["SEN"].map(pd.to_numeric(provision["valid_from"])).astype("float64").fillna(0)
    last = frame["SEN"].map(pd.to_numeric(provision["valid_to"])).astype("float64").fillna(9999)
    year = frame["YEAR"].astype("float64")
    outside = frame["SEN"].notna() & ((year < first) | (year > last))
    rule = "SEN is a code of other years; read all the same"
    return Account().noted("census", rule, int(outside.sum()), shown(frame, _WHO, outside))
