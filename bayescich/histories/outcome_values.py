"""Outcomes of the cohorts as models take them: numbers, counts, yes or no, and why one is missing.

An outcome that is missing is blank, never zero and never a category of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from bayescich.histories.cohort_outcomes import DEAD, NOT_RETURNED, among, year_of_age
from bayescich.histories.prior_attainment import NO_RESULT
from bayescich.records.npd_attainment import affected
from bayescich.records.npd_attendance import MOST_SESSIONS

NOT_MEASURED = "not measured in that year"
NOT_PLAUSIBLE = "sessions not plausible"
NOT_PUBLISHED = "absence of that year was not published"
NOT_A_YEAR = "not looked after for the 12 months"
NO_INFORMATION = "no information"
OUT_OF_TOUCH = "not in touch"
BACK_HOME, NO_SERVICES = "back with parents", "needs no services"
RESIDENCE_UNKNOWN = "residence not known"
"""Why an outcome is missing, beside the reasons of `cohort_outcomes`; `NOT_A_YEAR`: only children
looked after for the twelve months to 31 March are returned."""

ACTIVITIES: Mapping[str, str] = {
    "higher education": "education",
    "other education": "education",
    "training or employment": "training or work",
    "NEET: illness or disability": "NEET: health or parenting",
    "NEET: parenting": "NEET: health or parenting",
    "NEET: other": "NEET: other",
}
"""Category of each group of the code table ``ssda903_activ``; no information is none."""

ENGLISH_MATHS = ("none", "4", "5")
"""Grades in both English and mathematics, in order: below 4, 4 or above, 5 or above."""

_FIRST_ATTAINMENT_8, _FIRST_GRADES = 2016, 2017
_NOT_OUTCOMES = {"RHOM": BACK_HOME, "NREQ": NO_SERVICES, "DIED": DEAD}
"""Values of IN_TOUCH that are different facts from not being in touch."""


def values_at_16(cohort: pd.DataFrame, periods: pd.DataFrame) -> pd.DataFrame:
    """Return the outcomes at 16.

    Parameters
    ----------
    cohort : DataFrame
        From ``cohorts.cohort_at_16``, with an extract.
    periods : DataFrame
        From ``histories.periods``: who was looked after for the year of a return.

    Returns
    -------
    DataFrame
        Indexed as `cohort`: attainment8 (points, rounded), grade4_em (C or above before 2017),
        grade5_em, english_maths (of `ENGLISH_MATHS`), sdq (points), absence_missed and
        absence_possible (half days), convicted, each with <name>_missing (the sessions have one
        between them), and offending_years (the length of the year that convicted is of).
    """
    return pd.concat(
        [_results(cohort), _returned(cohort, periods), _absence(cohort)], axis="columns"
    )


def _results(cohort: pd.DataFrame) -> pd.DataFrame:
    # of those without a row, too: who is in no extract could have had no grade 5 in 2012 either
    year = cohort["ks4_year"].fillna(cohort["year11"]).astype("float64")
    points = _whole_points(cohort["ks4_att8"])
    grade4, grade5, grade_c = (
        cohort[f"ks4_{name}"].astype("float64") for name in ("grade4_em", "grade5_em", "grade_c_em")
    )
    passed = grade4.fillna(grade_c.where(year < _FIRST_GRADES))
    both = grade4.notna() & grade5.notna()
    which = np.select([~both, grade5.eq(1), grade4.eq(1)], ["", "5", "4"], "none")
    return pd.DataFrame(
        {
            "attainment8": points,
            "attainment8_missing": _why_no_result(cohort, points, year < _FIRST_ATTAINMENT_8),
            "grade4_em": passed,
            "grade4_em_missing": _why_no_result(cohort, passed, year < 0),
            "grade5_em": grade5,
            "grade5_em_missing": _why_no_result(cohort, grade5, year < _FIRST_GRADES),
            "english_maths": _text(which, cohort.index),
            "english_maths_missing": _why_no_result(
                cohort, grade5.where(both), year < _FIRST_GRADES
            ),
        }
    )


def _whole_points(points: pd.Series) -> pd.Series:
    """Round to whole points; less than one is one, for no points at all is another thing."""
    given = points.astype("float64")
    # half a point goes up
    rounded = (given + 0.5) // 1
    return rounded.mask((given > 0) & (rounded < 1), 1.0)


def _why_no_result(cohort: pd.DataFrame, values: pd.Series, too_early: pd.Series) -> pd.Series:
    why = cohort["ks4_missing"].fillna(NO_RESULT).mask(too_early, NOT_MEASURED)
    return why.mask(values.notna())


def _returned(cohort: pd.DataFrame, periods: pd.DataFrame) -> pd.DataFrame:
    """Take what OC2 says of the year at whose end the child is 16."""
    away = ~_looked_after_all_year(cohort, periods)
    reasons = {
        name: cohort[f"{name}_16_missing"].mask(
            cohort[f"{name}_16_missing"].eq(NOT_RETURNED) & away, NOT_A_YEAR
        )
        for name in ("sdq", "convicted")
    }
    return pd.DataFrame(
        {
            "sdq": cohort["sdq_16"].astype("float64"),
            "sdq_missing": reasons["sdq"],
            "convicted": cohort["convicted_16"].astype("float64"),
            "convicted_missing": reasons["convicted"],
            "offending_years": 1.0,
        }
    )


def _looked_after_all_year(cohort: pd.DataFrame, periods: pd.DataFrame) -> pd.Series:
    year = year_of_age(cohort["born"], 16)
    opens = pd.to_datetime((year - 1).astype("str") + "-04-01").astype("datetime64[ns]")
    last = pd.to_datetime(year.astype("str") + "-03-31").astype("datetime64[ns]")
    wanted = pd.DataFrame({"child": cohort["child"], "opens": opens, "last": last})
    rows = periods[["child", "start", "end", "open"]].merge(wanted, on="child")
    # a period that the records end in lasts through their last day
    to_the_end = (rows["end"] > rows["last"]) | (rows["open"] & rows["end"].eq(rows["last"]))
    return among(cohort["child"], rows.loc[(rows["start"] <= rows["opens"]) & to_the_end, "child"])


def _absence(cohort: pd.DataFrame) -> pd.DataFrame:
    possible = cohort["absence_possible"].astype("float64").round()
    missed = cohort["absence_overall"].astype("float64").round()
    # of those without a row, too
    effect = cohort["absence_affected"].fillna(affected(cohort["year11"], "absence"))
    unpublished = effect.eq("unpublished").fillna(False).astype("bool")
    wrong = ~(possible.between(1, MOST_SESSIONS) & missed.between(0, possible))
    out = unpublished | wrong
    blank = possible.isna() | missed.isna()
    reason = pd.Series(np.where(blank, NO_RESULT, NOT_PLAUSIBLE), cohort.index, dtype="str")
    why = cohort["absence_missing"].fillna(reason).mask(unpublished, NOT_PUBLISHED)
    return pd.DataFrame(
        {
            "absence_missed": missed.mask(out),
            "absence_possible": possible.mask(out),
            "absence_missing": why.where(out),
        }
    )


def values_at_18(cohort: pd.DataFrame) -> pd.DataFrame:
    """Return the outcomes at 18, as returned around the 18th birthday, and levels by 19.

    Parameters
    ----------
    cohort : DataFrame
        From ``cohorts.cohort_at_18``, with an extract.

    Returns
    -------
    DataFrame
        Indexed as `cohort`: in_touch; of those in touch, activity (a category of `ACTIVITIES`)
        and accommodation_suitable; level2 and level3, each with <name>_missing.
    """
    leavers = _leavers(cohort)
    return pd.concat([leavers, _qualifications(cohort)], axis="columns")


def _leavers(cohort: pd.DataFrame) -> pd.DataFrame:
    said = cohort["in_touch_18"]
    in_touch = said.map({"YES": 1.0, "NO": 0.0, "REFU": 0.0}).astype("float64")
    other = said.map(_NOT_OUTCOMES).astype("str").fillna(NO_INFORMATION)
    why = cohort["oc3_18_missing"].fillna(other).mask(in_touch.notna())
    # what is returned of those who are not in touch is no observation of them
    unseen = why.mask(in_touch.eq(0), OUT_OF_TOUCH)
    activity = cohort["activ_group_18"].map(ACTIVITIES).astype("str").where(in_touch.eq(1))
    unknown = cohort["accom_setting_18"].eq(RESIDENCE_UNKNOWN).fillna(False).astype("bool")
    suitable = cohort["suitable_18"].astype("float64").where(in_touch.eq(1) & ~unknown)
    no_place = pd.Series(NO_INFORMATION, cohort.index, dtype="str").mask(unknown, RESIDENCE_UNKNOWN)
    return pd.DataFrame(
        {
            "in_touch": in_touch,
            "in_touch_missing": why,
            "activity": activity,
            "activity_missing": unseen.fillna(NO_INFORMATION).mask(activity.notna()),
            "accommodation_suitable": suitable,
            "accommodation_suitable_missing": unseen.fillna(no_place).mask(suitable.notna()),
        }
    )


def _qualifications(cohort: pd.DataFrame) -> pd.DataFrame:
    """Take the levels reached by 19; results of 16 to 18 have rows of those who succeed only."""
    level2, level3 = (cohort[f"ypmad_{name}"].astype("float64") for name in ("level2", "level3"))
    why = cohort["ypmad_missing"].fillna(NO_RESULT)
    return pd.DataFrame(
        {
            "level2": level2,
            "level2_missing": why.mask(level2.notna()),
            "level3": level3,
            "level3_missing": why.mask(level3.notna()),
        }
    )


def _text(values: np.ndarray, index: pd.Index) -> pd.Series:
    """Return texts, those that are empty blank."""
    return pd.Series(values, index, dtype="str").replace("", None).astype("str")
