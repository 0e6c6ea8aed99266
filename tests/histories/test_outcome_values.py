"""Outcomes as models take them, and why one is missing: values that could be wrong."""

from __future__ import annotations

import pandas as pd
import pytest

from bayescich.histories.outcome_values import ACTIVITIES, values_at_16, values_at_18
from bayescich.records.ssda903_codes import code_set

NO_PERIODS = pd.DataFrame(
    {
        "child": pd.Series([], dtype="str"),
        "start": pd.Series([], dtype="datetime64[ns]"),
        "end": pd.Series([], dtype="datetime64[ns]"),
        "open": pd.Series([], dtype="bool"),
    }
)
AT_16 = {
    "child": "N/a", "born": "2004-05-10", "sdq_16": None, "sdq_16_missing": "not returned",
    "convicted_16": None, "convicted_16_missing": "not returned", "ks4_year": 2021,
    "year11": 2021,
    "ks4_att8": None, "ks4_grade4_em": None, "ks4_grade5_em": None, "ks4_grade_c_em": None,
    "ks4_missing": None, "absence_possible": None, "absence_overall": None,
    "absence_affected": None, "absence_missing": "no row in the extract",
}  # fmt: skip
TYPES = {
    "born": "datetime64[ns]", "year11": "int64", "ks4_year": "Int64", "sdq_16": "Int64",
    "convicted_16": "boolean",
    "ks4_att8": "float64", "ks4_grade4_em": "boolean", "ks4_grade5_em": "boolean",
    "ks4_grade_c_em": "boolean", "absence_possible": "float64", "absence_overall": "float64",
}  # fmt: skip


def at_16(periods: pd.DataFrame = NO_PERIODS, **known: object) -> pd.Series:
    row = pd.DataFrame([AT_16 | known])
    row["born"] = pd.to_datetime(row["born"])
    text = {name: "str" for name in row if name not in TYPES}
    return values_at_16(row.astype(TYPES | text), periods).iloc[0]


def blank(value: object) -> bool:
    return bool(pd.isna(value))  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("points", "kept"), [(0.0, 0), (0.25, 1), (17.49, 17), (17.5, 18), (90.0, 90)]
)
def test_points_are_whole_and_some_are_never_none(points: float, kept: int) -> None:
    row = at_16(ks4_att8=points)
    assert row["attainment8"] == kept
    assert blank(row["attainment8_missing"])


@pytest.mark.parametrize(
    ("known", "why"),
    [
        ({"ks4_year": 2015}, "not measured in that year"),
        ({"ks4_year": 2016}, "no result"),
        (
            {"ks4_year": None, "ks4_missing": "not linked to a pupil"},
            "not linked to a pupil",
        ),
        # nobody could have had one, linked or not
        (
            {"ks4_year": None, "ks4_missing": "not linked to a pupil", "year11": 2015},
            "not measured in that year",
        ),
    ],
)
def test_no_result_is_blank_and_never_zero(known: dict[str, object], why: str) -> None:
    row = at_16(**known)
    assert blank(row["attainment8"])
    assert row["attainment8_missing"] == why


@pytest.mark.parametrize(
    ("grade4", "grade5", "grades"),
    [(True, True, "5"), (True, False, "4"), (False, False, "none"), (False, True, "5")],
)
def test_grades_in_order(grade4: bool, grade5: bool, grades: str) -> None:
    row = at_16(ks4_grade4_em=grade4, ks4_grade5_em=grade5)
    assert row["english_maths"] == grades
    assert row[["grade4_em", "grade5_em"]].tolist() == [grade4, grade5]


def test_a_c_counts_as_a_4_before_2017_but_its_rank_is_not_known() -> None:
    row = at_16(ks4_year=2016, ks4_grade_c_em=True)
    assert row["grade4_em"] == 1
    assert blank(row["grade4_em_missing"])
    assert blank(row["english_maths"])
    assert row["english_maths_missing"] == "not measured in that year"
    failed = at_16(ks4_year=2016, ks4_grade_c_em=False)
    # else those below would be all that is seen of those years
    assert failed["grade4_em"] == 0
    assert blank(failed["english_maths"])
    assert blank(at_16(ks4_year=2018, ks4_grade_c_em=True)["grade4_em"])


@pytest.mark.parametrize(
    ("known", "missed", "why"),
    [
        ((300.0, 30.0, None), 30, None),
        ((420.0, 0.0, None), 0, None),
        ((421.0, 10.0, None), None, "sessions not plausible"),
        ((0.0, 0.0, None), None, "sessions not plausible"),
        ((100.0, 101.0, None), None, "sessions not plausible"),
        ((200.0, 20.0, "unpublished"), None, "absence of that year was not published"),
        ((200.0, 20.0, "distorted"), 20, None),
    ],
)
def test_absence(known: tuple[float, float, str | None], missed: int | None, why: str) -> None:
    possible, overall, affected = known
    row = at_16(
        absence_possible=possible,
        absence_overall=overall,
        absence_affected=affected,
        absence_missing=None,
    )
    assert blank(row["absence_missed"]) if missed is None else row["absence_missed"] == missed
    assert blank(row["absence_possible"]) == (missed is None)
    assert blank(row["absence_missing"]) if why is None else row["absence_missing"] == why


def periods(start: str, end: str, *, still_open: bool = False) -> pd.DataFrame:
    row = {"child": "N/a", "start": pd.Timestamp(start), "end": pd.Timestamp(end)}
    return pd.DataFrame([row | {"open": still_open}])


@pytest.mark.parametrize(
    ("period", "why"),
    [
        # 16 on 10 May 2020: returned of the year to 31 March 2021
        (periods("2020-04-01", "2021-04-01"), "not returned"),
        (periods("2020-04-02", "2021-04-01"), "not looked after for the 12 months"),
        (periods("2020-04-01", "2021-03-31"), "not looked after for the 12 months"),
        (periods("2020-04-01", "2021-03-31", still_open=True), "not returned"),
    ],
)
def test_who_is_not_returned_and_who_cannot_be(period: pd.DataFrame, why: str) -> None:
    row = at_16(period)
    assert row["sdq_missing"] == row["convicted_missing"] == why
    assert blank(row["sdq"])
    assert blank(row["convicted"])


def test_what_is_returned_is_kept() -> None:
    row = at_16(sdq_16=0, sdq_16_missing=None, convicted_16=False, convicted_16_missing=None)
    assert row[["sdq", "convicted", "offending_years"]].tolist() == [0, 0, 1]
    assert blank(row["sdq_missing"])
    assert at_16(sdq_16_missing="SDQ2")["sdq_missing"] == "SDQ2"


def at_18(**known: object) -> pd.Series:
    row = {
        "in_touch_18": None, "activ_group_18": None, "accom_setting_18": None, "suitable_18": None,
        "oc3_18_missing": None, "ypmad_missing": "no row in the extract", "ypmad_level2": None,
        "ypmad_level3": None,
    }  # fmt: skip
    types = dict.fromkeys(["suitable_18", "ypmad_level2", "ypmad_level3"], "boolean")
    frame = pd.DataFrame([row | known])
    return values_at_18(frame.astype(types | {n: "str" for n in row if n not in types})).iloc[0]


@pytest.mark.parametrize(
    ("code", "value", "why"),
    [
        ("YES", 1, None), ("NO", 0, None), ("REFU", 0, None),
        ("RHOM", None, "back with parents"), ("NREQ", None, "needs no services"),
        ("DIED", None, "died"), (None, None, "no information"),
    ],
)  # fmt: skip
def test_who_is_not_out_of_touch_though_not_in_touch(
    code: str | None, value: int | None, why: str | None
) -> None:
    row = at_18(in_touch_18=code)
    assert blank(row["in_touch"]) if value is None else row["in_touch"] == value
    assert blank(row["in_touch_missing"]) if why is None else row["in_touch_missing"] == why


def test_no_row_of_care_leavers_says_why() -> None:
    row = at_18(oc3_18_missing="not eligible for the return")
    for outcome in ("in_touch", "activity", "accommodation_suitable"):
        assert blank(row[outcome])
        assert row[f"{outcome}_missing"] == "not eligible for the return"


def test_no_activity_is_made_of_no_information() -> None:
    groups = set(code_set("activ").group.values())
    assert groups - set(ACTIVITIES) == {"no information"}
    row = at_18(in_touch_18="YES", activ_group_18="no information")
    assert blank(row["activity"])
    assert row["activity_missing"] == "no information"


@pytest.mark.parametrize("code", ["NO", "REFU", "RHOM", "NREQ", "DIED"])
def test_what_is_returned_of_those_not_in_touch_is_no_outcome(code: str) -> None:
    row = at_18(in_touch_18=code, activ_group_18="NEET: other", suitable_18=True)
    assert blank(row["activity"])
    assert blank(row["accommodation_suitable"])
    assert row["activity_missing"] == (
        "not in touch" if code in ("NO", "REFU") else row["in_touch_missing"]
    )


def test_of_those_in_touch_activity_and_accommodation() -> None:
    row = at_18(
        in_touch_18="YES", activ_group_18="NEET: parenting",
        accom_setting_18="bed and breakfast", suitable_18=False,
    )  # fmt: skip
    assert row["activity"] == "NEET: health or parenting"
    assert row["accommodation_suitable"] == 0
    nowhere = at_18(in_touch_18="YES", accom_setting_18="residence not known", suitable_18=True)
    assert blank(nowhere["accommodation_suitable"])
    assert nowhere["accommodation_suitable_missing"] == "residence not known"


@pytest.mark.parametrize(
    ("level2", "level3", "missing", "why"),
    [
        (True, False, None, [None, None]),
        (False, False, None, [None, None]),
        # a row that says nothing of one level
        (True, None, None, [None, "no result"]),
        (None, None, "no row in the extract", ["no row in the extract"] * 2),
        (None, None, "not linked to a pupil", ["not linked to a pupil"] * 2),
        (None, None, "not 19 when the extract ends", ["not 19 when the extract ends"] * 2),
    ],
)
def test_levels_are_yes_or_no_or_blank_with_a_reason(
    level2: bool | None, level3: bool | None, missing: str | None, why: list[str | None]
) -> None:
    row = at_18(ypmad_level2=level2, ypmad_level3=level3, ypmad_missing=missing)
    for name, reached, reason in zip(["level2", "level3"], [level2, level3], why, strict=True):
        assert blank(row[name]) if reached is None else row[name] == int(reached)
        found = row[f"{name}_missing"]
        assert blank(found) if reason is None else found == reason
