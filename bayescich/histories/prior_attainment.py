"""Results at 11 and special educational needs of a cohort, from the National Pupil Database.

A result that is not there is blank and never zero, and a column beside it says why.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.account import Account
from bayescich.histories.cohort_outcomes import NO_ROW, NOT_LINKED, pupils_of
from bayescich.records.code_sets import code_set
from bayescich.records.npd import NpdRecords
from bayescich.records.npd_attainment import affected

TABLE = "results at 11 and special needs"
"""Name of this step in the account."""

CANCELLED = "tests cancelled"
NO_RESULT = "no result"
"""Why Key Stage 2 is missing, beside the reasons of every extract; `NO_RESULT`: there is a row of
the pupil without a score, as of those who work below the level of the tests."""

NOT_BEFORE = "no census before"
"""Why special educational needs are not known, where the pupil has none but later censuses."""

SCALES = ("scaled score", "average points", "fine grade")
"""What Key Stage 2 was given in: scores of the tests since 2016 (mean of reading and mathematics,
points from 80 to 120), average points of those before, or the average grade in English and
mathematics that stands with the results at 16, where there is no row of Key Stage 2."""

_PROVISIONS = {"ehc_plan_before": "EHC plan", "sen_support_before": "SEN support"}
_YEARS_BEFORE = 5
"""Year 6 ends so many years before Year 11."""

_TESTS_IN_MAY = "-05-31"
_LAST_YEAR_OF_GRADES = 2015


def prior_attainment(cohort: pd.DataFrame, npd: NpdRecords) -> tuple[pd.DataFrame, Account]:
    """Say how each child did at 11, and which special needs it was known to have.

    Parameters
    ----------
    cohort : DataFrame
        child, year11, index_date.
    npd : NpdRecords

    Returns
    -------
    DataFrame
        Indexed as `cohort`: ks2 (in standard deviations from the mean of the children of the
        cohort whose result is on the same of the `SCALES`), ks2_scale, ks2_missing (why),
        ks2_later (1 if the tests were taken after the index date); ehc_plan_before and
        sen_support_before (0 or 1, of the latest census before the index date), sen_missing.
    Account
        Children without, by reason.
    """
    pupils = pupils_of(cohort, npd)
    ks2, sen = _at_11(cohort, pupils, npd), _special_needs(cohort, pupils, npd)
    known = pd.concat([ks2, sen], axis="columns")
    account = Account().read(TABLE, "children", len(cohort))
    for column, words in {"ks2_missing": "Key Stage 2", "sen_missing": "special needs"}.items():
        for why in known[column].dropna().unique():
            which = known[column].eq(why)
            rule = f"{words} not known: {why}"
            account = account.noted(TABLE, rule, int(which.sum()), cohort.loc[which, "child"])
    later = known["ks2_later"].eq(1)
    rule = "Key Stage 2 taken after the index date, in the same school year; used all the same"
    return known, account.noted(TABLE, rule, int(later.sum()), cohort.loc[later, "child"])


def _at_11(cohort: pd.DataFrame, pupils: pd.Series, npd: NpdRecords) -> pd.DataFrame:
    year = (cohort["year11"] - _YEARS_BEFORE).astype("Int64").reset_index(drop=True)
    wanted = pd.DataFrame({"PUPIL": pupils.to_numpy(), "YEAR": year})
    row = wanted.merge(_tests(npd), on=["PUPIL", "YEAR"], how="left", indicator="found")
    grade = wanted.merge(_grades(npd), on="PUPIL", how="left")["KS2_GRADE"]
    grade = grade.where(year <= _LAST_YEAR_OF_GRADES)
    given = dict(zip(SCALES, (row["SCALED"], row["POINTS"], grade), strict=True))
    score = pd.DataFrame({name: _standard(values) for name, values in given.items()})
    scale = pd.Series(
        np.select([values.notna() for values in given.values()], [*SCALES], ""), dtype="str"
    ).replace("", None)
    ks2 = score.bfill(axis="columns").iloc[:, 0]
    cancelled = affected(year, "ks2").eq("cancelled")
    known = [ks2.notna(), cancelled, pd.Series(pupils.isna().to_numpy()), row["found"].eq("both")]
    why = pd.Series(np.select(known, ["", CANCELLED, NOT_LINKED, NO_RESULT], NO_ROW), dtype="str")
    taken = pd.to_datetime(year.astype("str") + _TESTS_IN_MAY).astype("datetime64[ns]")
    later = ks2.notna() & (taken.to_numpy() >= cohort["index_date"].to_numpy())
    columns = {
        "ks2": ks2,
        "ks2_scale": scale.astype("str"),
        "ks2_missing": why.replace("", None).astype("str"),
        "ks2_later": later.astype("int64"),
    }
    return pd.DataFrame(columns).set_axis(cohort.index)


def _tests(npd: NpdRecords) -> pd.DataFrame:
    """Return one row per pupil and year: the mean of both scaled scores, and average points."""
    rows = npd.ks2[npd.ks2["PUPIL"].notna()]
    scaled = rows[["READING", "MATHS"]].astype("float64").mean(axis="columns", skipna=False)
    return rows[["PUPIL", "YEAR"]].assign(SCALED=scaled, POINTS=rows["POINTS"].astype("float64"))


def _grades(npd: NpdRecords) -> pd.DataFrame:
    rows = npd.ks4.loc[npd.ks4["PUPIL"].notna(), ["PUPIL", "KS2_GRADE"]]
    return rows.astype({"KS2_GRADE": "float64"})


def _standard(values: pd.Series) -> pd.Series:
    """Return standard deviations from the mean; with no spread everyone is at the mean."""
    spread = values.std()
    return (values - values.mean()) / (spread if spread > 0 else 1.0)


def _special_needs(cohort: pd.DataFrame, pupils: pd.Series, npd: NpdRecords) -> pd.DataFrame:
    day = pd.DataFrame({"PUPIL": pupils.to_numpy(), "on": cohort["index_date"].to_numpy()})
    met = day.dropna(subset="PUPIL").reset_index(names="row").merge(_censuses(npd), on="PUPIL")
    before = met[met["known"] < met["on"]].sort_values(["row", "known"], kind="stable")
    latest = before.drop_duplicates("row", keep="last").set_index("row")["PROVISION"]
    provision = latest.reindex(day.index)
    there = pd.Series(day.index.isin(met["row"]))
    known = [provision.notna(), day["PUPIL"].isna(), there]
    why = pd.Series(np.select(known, ["", NOT_LINKED, NOT_BEFORE], NO_ROW), dtype="str")
    columns = {
        name: provision.eq(group).astype("float64").where(provision.notna())
        for name, group in _PROVISIONS.items()
    }
    reason = why.replace("", None).astype("str")
    return pd.DataFrame(columns).assign(sen_missing=reason).set_axis(cohort.index)


def _censuses(npd: NpdRecords) -> pd.DataFrame:
    """Return censuses with the day they are of; without one, the last that their term can mean."""
    rows = npd.census
    rows = rows[rows["PUPIL"].notna() & rows["PROVISION"].notna()]
    terms = code_set("npd_terms").set_index("code")["month_to"].astype("int64")
    month = rows["TERM"].map(terms).fillna(terms.max()).astype("int64")
    # the autumn term is in the calendar year before the one in which the school year ends
    year = rows["YEAR"].astype("int64") - month.eq(terms["autumn"])
    last = pd.to_datetime(pd.DataFrame({"year": year, "month": month, "day": 1}))
    last = (last + pd.offsets.MonthEnd(0)).astype("datetime64[ns]")
    return rows[["PUPIL", "PROVISION"]].assign(known=rows["DATE"].fillna(last))
