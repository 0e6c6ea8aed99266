"""Outcomes of a cohort from OC2, OC3 and the National Pupil Database, and why one is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from bayescich.histories.dates import birthday
from bayescich.histories.people import child_ids
from bayescich.histories.spells import DIED
from bayescich.records.npd import NpdRecords
from bayescich.records.ssda903 import Ssda903Records

LEAVER_AGES = (17, 18, 19)
"""Ages around which care leavers are returned (OC3) that a cohort at 18 holds."""

NOT_YET = "the records end before"
NOT_RETURNED = "not returned"
DEAD = "died"
NOT_ELIGIBLE = "not eligible for the return"
LOOKED_AFTER = "still looked after"
NOT_LINKED = "not linked to a pupil"
NO_ROW = "no row in the extract"
NO_YEAR = "no such year in the extract"
NOT_19 = "not 19 when the extract ends"
"""Why an outcome is missing; a code of SDQ_REASON says it of a score of strengths."""

_KS4 = (
    "YEAR", "ATT8", "P8", "GRADE4_EM", "GRADE5_EM", "GRADE_C_EM", "ANY_PASS", "ASSESSED",
)  # fmt: skip
_KS5 = ("YEAR", "A_LEVEL_POINTS", "ASSESSED")
_YPMAD = ("YEAR", "LEVEL2", "LEVEL3")
_ABSENCE = ("POSSIBLE", "OVERALL", "UNAUTHORISED", "PERSISTENT", "SEVERE", "AFFECTED")
_EXCLUSIONS = ("SUSPENSIONS", "SUSPENSION_SESSIONS", "PERMANENT")
_OC3 = ("IN_TOUCH", "ACTIV", "ACCOM", "ACTIV_GROUP", "ACCOM_SETTING", "SUITABLE")


def at_16(cohort: pd.DataFrame, returns: Ssda903Records, npd: NpdRecords | None) -> pd.DataFrame:
    """Add outcomes at 16.

    Parameters
    ----------
    cohort : DataFrame
        child, authority, born, year11.
    returns : Ssda903Records
        OC2 of the collection year at whose end the child is 16.
    npd : NpdRecords or None
        Without it, only OC2 is added.

    Returns
    -------
    DataFrame
        The cohort with sdq_16 (points), sdq_16_missing (why: a code of SDQ_REASON or a text of this
        module, blank where there is a score), convicted_16, convicted_16_missing; and, of the NPD,
        ks4_<column> (whatever the year it was taken in), absence_<column> and exclusions_<column>
        of Year 11, with ks4_missing, absence_missing and exclusions_missing (no row of exclusions
        is what a pupil who never was excluded has).
    """
    year = year_of_age(cohort["born"], 16)
    rows = _with_row(cohort, _by_child(returns.oc2), year)
    absent = _not_returned(cohort, rows, year, returns)
    reason = rows["SDQ_REASON"].fillna(NOT_RETURNED).where(absent.isna(), absent)
    cohort = cohort.assign(
        sdq_16=rows["SDQ_SCORE"],
        sdq_16_missing=reason.mask(rows["SDQ_SCORE"].notna()),
        convicted_16=rows["CONVICTED"],
        convicted_16_missing=absent.fillna(NOT_RETURNED).mask(rows["CONVICTED"].notna()),
    )
    if npd is None:
        return cohort
    pupils = pupils_of(cohort, npd)
    cohort = _with_npd(cohort, pupils, npd.ks4, "ks4", _KS4)
    cohort = _of_years(cohort, npd.ks4, "ks4")
    year11 = cohort["year11"]
    for name, columns in {"absence": _ABSENCE, "exclusions": _EXCLUSIONS}.items():
        table = getattr(npd, name)
        cohort = _with_npd(cohort, pupils, table, name, columns, year11)
        cohort = _of_years(cohort, table, name)
    return cohort


def _of_years(cohort: pd.DataFrame, table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Say of whom an extract holds nothing because it does not hold the year of their Year 11."""
    held = table["YEAR"].dropna().astype("int64").unique()
    why = cohort[f"{name}_missing"]
    outside = why.notna() & ~cohort["year11"].isin(held)
    return cohort.assign(**{f"{name}_missing": why.mask(outside, NO_YEAR)})


def at_18(
    cohort: pd.DataFrame, spells: pd.DataFrame, returns: Ssda903Records, npd: NpdRecords | None
) -> pd.DataFrame:
    """Add outcomes at 18.

    Parameters
    ----------
    cohort : DataFrame
        child, authority, born, year11, eligible_care_leaver.
    spells : DataFrame
        From ``histories.spells``: who is still looked after at 17, and who died.
    returns : Ssda903Records
        OC3 of the collection years in which the 17th, 18th and 19th birthdays fall.
    npd : NpdRecords or None
        Without it, only OC3 is added.

    Returns
    -------
    DataFrame
        The cohort with, of each age, in_touch_<age>, activ_<age>, accom_<age>, activ_group_<age>,
        accom_setting_<age>, suitable_<age> and oc3_<age>_missing (why there is no row); and, of
        the NPD, ks5_<column> of the latest year and ks5_missing (absence of a row is not the same
        as no qualification), ypmad_<column> (levels by 19, blank where the extract ends before the
        school year in which the child turns 19) and ypmad_missing.
    """
    leavers = _by_child(returns.oc3)
    died = among(cohort["child"], spells.loc[spells["ended_by"].eq(DIED), "child"])
    for age in LEAVER_AGES:
        year = year_of_age(cohort["born"], age)
        rows = _with_row(cohort, leavers, year)
        absent = _not_returned(cohort, rows, year, returns)
        inside = _looked_after(cohort, spells, birthday(cohort["born"], age))
        known = [died, inside, ~cohort["eligible_care_leaver"]]
        why = np.select(known, [DEAD, LOOKED_AFTER, NOT_ELIGIBLE], NOT_RETURNED)
        absent = absent.mask(absent.eq(NOT_RETURNED), pd.Series(why, dtype="str"))
        named = {f"{column.lower()}_{age}": rows[column] for column in _OC3}
        cohort = cohort.assign(**named, **{f"oc3_{age}_missing": absent})
    if npd is None:
        return cohort
    latest = npd.ks5.sort_values("YEAR", kind="stable").drop_duplicates("PUPIL", keep="last")
    pupils = pupils_of(cohort, npd)
    cohort = _with_npd(cohort, pupils, latest, "ks5", _KS5)
    return _by_19(_with_npd(cohort, pupils, npd.ypmad, "ypmad", _YPMAD), npd.ypmad["YEAR"])


def _by_19(cohort: pd.DataFrame, ends: pd.Series) -> pd.DataFrame:
    """Take nothing from an extract that ends before the school year in which a child turns 19."""
    counted = cohort["ypmad_year"].fillna(ends.max() if len(ends) else pd.NA)
    early = (counted < cohort["year11"] + 3).fillna(value=False).astype("bool")
    why = cohort["ypmad_missing"]
    return cohort.assign(
        ypmad_level2=cohort["ypmad_level2"].mask(early),
        ypmad_level3=cohort["ypmad_level3"].mask(early),
        ypmad_missing=why.mask(early & why.ne(NOT_LINKED).fillna(value=True), NOT_19),
    )


def year_of_age(born: pd.Series, age: int) -> pd.Series:
    """Return the collection year in which children reach an age: they have it on 31 March.

    Examples
    --------
    >>> year_of_age(pd.Series(pd.to_datetime(["2004-03-31", "2004-04-01"])), 16).tolist()
    [2020, 2021]
    """
    reached = birthday(born, age)
    year: pd.Series = reached.dt.year + reached.dt.month.ge(4)
    return year.astype("int64")


def among(children: pd.Series, others: pd.Series) -> pd.Series:
    """Say which children are among others; `isin` is slow on long columns of text.

    Examples
    --------
    >>> among(pd.Series(["N/1", "N/2"]), pd.Series(["N/2", "N/2"])).tolist()
    [False, True]
    """
    found = pd.Index(others.drop_duplicates()).get_indexer(pd.Index(children)) >= 0
    return pd.Series(found, index=children.index)


def _by_child(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(child=child_ids(rows)).drop_duplicates(["child", "YEAR"], keep="last")


def _with_row(cohort: pd.DataFrame, rows: pd.DataFrame, year: pd.Series) -> pd.DataFrame:
    """Return the row of each child in one year, blank where there is none, and whether there is."""
    wanted = pd.DataFrame({"child": cohort["child"], "YEAR": year.astype("Int64")})
    return wanted.merge(rows, on=["child", "YEAR"], how="left", indicator="found")


def _not_returned(
    cohort: pd.DataFrame, rows: pd.DataFrame, year: pd.Series, returns: Ssda903Records
) -> pd.Series:
    """Say why a child has no row; blank for one who has."""
    last = cohort["authority"].map(returns.header.groupby("LA")["YEAR"].max().to_dict())
    why = pd.Series(np.where(year > last.astype("int64"), NOT_YET, NOT_RETURNED), dtype="str")
    return why.mask(rows["found"].eq("both"))


def _looked_after(cohort: pd.DataFrame, spells: pd.DataFrame, day: pd.Series) -> pd.Series:
    on = pd.DataFrame({"child": cohort["child"], "day": day})
    rows = spells[["child", "start", "end"]].merge(on, on="child")
    inside = (rows["start"] <= rows["day"]) & (rows["day"] < rows["end"])
    return among(cohort["child"], rows.loc[inside, "child"])


def pupils_of(cohort: pd.DataFrame, npd: NpdRecords) -> pd.Series:
    """Return the pupil of each child in the order of the cohort, blank where it is not linked."""
    link = npd.link.assign(child=child_ids(npd.link)).drop_duplicates("child")
    return cohort[["child"]].merge(link[["child", "PUPIL"]], on="child", how="left")["PUPIL"]


def _with_npd(
    cohort: pd.DataFrame,
    pupils: pd.Series,
    table: pd.DataFrame,
    name: str,
    columns: Sequence[str],
    year: pd.Series | None = None,
) -> pd.DataFrame:
    """Add columns of one table of the extract (of one school year) and why a child has none."""
    wanted: Mapping[str, pd.Series] = {"PUPIL": pupils}
    if year is not None:
        wanted = {"PUPIL": pupils, "YEAR": year.astype("Int64")}
    keys = list(wanted)
    # true and false alone cannot say that a child has no row
    marks = [column for column in columns if table[column].dtype == bool]
    rows = table[table["PUPIL"].notna()].astype(dict.fromkeys(marks, "boolean"))
    found = pd.DataFrame(wanted).merge(rows, on=keys, how="left", indicator="found")
    why = pd.Series(np.where(pupils.isna(), NOT_LINKED, NO_ROW), dtype="str")
    added = {f"{name}_{column.lower()}": found[column] for column in columns}
    return cohort.assign(**added, **{f"{name}_missing": why.mask(found["found"].eq("both"))})
