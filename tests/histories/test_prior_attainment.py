"""Results at 11 and special needs: one unit for three scales, blanks with a reason, and dates."""

from __future__ import annotations

import pandas as pd
import pytest

from bayescich.account import Account
from bayescich.histories.prior_attainment import prior_attainment
from bayescich.records.npd import NpdRecords

INDEX = "2017-03-01"


def cohort(**year11: int) -> pd.DataFrame:
    children = [f"N/{name}" for name in year11]
    frame = pd.DataFrame({"child": children, "year11": list(year11.values())})
    index_date = pd.Series(pd.Timestamp(INDEX), frame.index, dtype="datetime64[ns]")
    return frame.astype({"child": "str"}).assign(index_date=index_date)


def npd(
    ks2: list[tuple[object, ...]] | None = None,
    grades: list[tuple[str, float]] | None = None,
    census: list[tuple[object, ...]] | None = None,
    linked: str = "abcdef",
) -> NpdRecords:
    """Return an extract in which pupil P/a is child N/a."""
    tests = pd.DataFrame(ks2 or [], columns=["PUPIL", "YEAR", "READING", "MATHS", "POINTS"])
    results = pd.DataFrame(grades or [], columns=["PUPIL", "KS2_GRADE"])
    columns = ["PUPIL", "YEAR", "TERM", "DATE", "PROVISION"]
    censuses = pd.DataFrame(census or [], columns=columns)
    text = dict.fromkeys(["PUPIL", "TERM", "PROVISION"], "str")
    censuses = censuses.astype(text | {"YEAR": "Int64"})
    censuses["DATE"] = pd.to_datetime(censuses["DATE"]).astype("datetime64[ns]")
    link = pd.DataFrame({"LA": "N", "CHILD": list(linked), "PUPIL": [f"P/{c}" for c in linked]})
    none = pd.DataFrame()
    return NpdRecords(
        ks2=tests.astype({"PUPIL": "str", "YEAR": "Int64"}),
        ks4=results.astype({"PUPIL": "str", "KS2_GRADE": "float64"}),
        ks5=none, ypmad=none, absence=none, exclusions=none, exclusion_events=none,
        census=censuses, link=link, account=Account(),
    )  # fmt: skip


def test_results_are_in_standard_deviations_of_their_own_scale() -> None:
    # Year 6 ends five years before Year 11
    tests = [
        ("P/a", 2016, 90.0, 92.0, None), ("P/b", 2016, 109.0, 109.0, None),
        ("P/c", 2015, None, None, 20.0), ("P/d", 2015, None, None, 30.0),
        ("P/d", 2016, 120.0, 120.0, None),
    ]  # fmt: skip
    known, _ = prior_attainment(cohort(a=2021, b=2021, c=2020, d=2020), npd(tests))
    half = 0.5**0.5
    assert known["ks2"].tolist() == pytest.approx([-half, half, -half, half])
    assert known["ks2_scale"].tolist() == ["scaled score"] * 2 + ["average points"] * 2
    assert known["ks2_missing"].isna().all()


def test_the_grade_beside_the_results_at_16_serves_where_there_is_no_test() -> None:
    tests = [("P/a", 2015, None, None, 20.0), ("P/b", 2015, None, None, 30.0)]
    grades = [("P/a", 3.0), ("P/b", 4.0), ("P/c", 5.0), ("P/d", 5.0)]
    known, _ = prior_attainment(cohort(a=2020, b=2020, c=2020, d=2021), npd(tests, grades))
    # a and b have one too: what they have makes the unit
    assert known["ks2"].tolist()[2] == pytest.approx(1.0)
    assert known["ks2_scale"].fillna("").tolist()[2:] == ["fine grade", ""]
    assert known["ks2_missing"].fillna("").tolist() == ["", "", "", "no row in the extract"]


@pytest.mark.parametrize("year11", [2025, 2026])
def test_tests_that_were_cancelled_are_blank_and_never_zero(year11: int) -> None:
    known, account = prior_attainment(cohort(a=year11, z=year11), npd())
    assert known["ks2"].isna().all()
    # z is linked to nobody, but there was nothing to be linked to
    assert known["ks2_missing"].tolist() == ["tests cancelled"] * 2
    assert "Key Stage 2 not known: tests cancelled" in [entry.rule for entry in account.entries]


def test_why_else_there_is_no_result() -> None:
    tests = [("P/a", 2016, None, None, None), ("P/b", 2016, 100.0, None, None)]
    known, _ = prior_attainment(cohort(a=2021, b=2021, c=2021, z=2021), npd(tests))
    assert known["ks2"].isna().all()
    assert known["ks2_missing"].tolist() == [
        "no result", "no result", "no row in the extract", "not linked to a pupil",
    ]  # fmt: skip


def test_tests_after_the_index_date_are_marked() -> None:
    tests = [("P/a", 2016, 99.0, 99.0, None), ("P/b", 2017, 99.0, 101.0, None)]
    known, account = prior_attainment(cohort(a=2021, b=2022, c=2022), npd(tests))
    # the index date is 1 March 2017; the tests are in May
    assert known["ks2_later"].tolist() == [0, 1, 0]
    (noted,) = [entry for entry in account.entries if "taken after" in entry.rule]
    assert noted.rows == 1


def test_special_needs_are_those_of_the_latest_census_before() -> None:
    census = [
        ("P/a", 2016, "spring", "2016-01-21", "EHC plan"),
        ("P/a", 2017, "spring", "2017-01-19", "SEN support"),
        ("P/a", 2018, "spring", "2018-01-18", "EHC plan"),
        ("P/b", 2017, "spring", "2017-03-01", "EHC plan"),
        ("P/c", 2017, "autumn", None, "none"),
        ("P/d", 2017, "spring", None, "none"),
        ("P/e", 2016, None, None, "EHC plan"),
    ]
    children = cohort(a=2021, b=2021, c=2021, d=2021, e=2021, f=2021, z=2021)
    known, _ = prior_attainment(children, npd(census=census))
    plan, support = known["ehc_plan_before"], known["sen_support_before"]
    assert plan.fillna(-1).tolist() == [0, -1, 0, -1, 1, -1, -1]
    assert support.fillna(-1).tolist() == [1, -1, 0, -1, 0, -1, -1]
    # of b it is the day itself; a spring census without a day may be as late as April
    assert known["sen_missing"].fillna("").tolist() == [
        "", "no census before", "", "no census before", "", "no row in the extract",
        "not linked to a pupil",
    ]  # fmt: skip
