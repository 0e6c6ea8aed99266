"""Cohorts at 16 and 18: arms, windows, eligibility, outcomes and why one is missing."""

import dataclasses

import pandas as pd
import pytest

from bayescich.account import Account
from bayescich.histories.cohorts import cohort_at_16, cohort_at_18
from bayescich.records.npd import NpdRecords
from bayescich.records.ssda903 import Ssda903Records
from bayescich.spec.policies import HistoryPolicies

CLASSES = {"K2": "children's home", "U6": "foster", "H5": "supported"}
POLICIES = HistoryPolicies()


def dated(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return frame.assign(**{c: pd.to_datetime(frame[c]).astype("datetime64[ns]") for c in columns})


def spells(text: str, born: str = "2004-05-10") -> pd.DataFrame:
    """Read lines: child, start, end, PLACE, home, ended_by."""
    names = ["child", "start", "end", "PLACE", "home", "ended_by"]
    rows = pd.DataFrame([line.split() for line in text.strip().splitlines()], columns=names)
    rows = rows.astype("str").assign(
        home=rows["home"].replace("-", None).astype("str"),
        authority=rows["child"].str[0],
        PLACE_CLASS=rows["PLACE"].map(CLASSES).astype("str"),
        spell=range(len(rows)),
        born=born,
        sex="F",
        records_begin="2015-04-01",
    )
    return dated(rows, "start", "end", "born", "records_begin")


def homes(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["PLACE"].eq("K2")]


def returns(last_year: int = 2024, **tables: pd.DataFrame) -> Ssda903Records:
    header = pd.DataFrame({"LA": ["N", "N", "S"], "YEAR": [2016, last_year, last_year]})
    empty = Ssda903Records(header, pd.DataFrame(), Account())
    filled = {
        name: rows.reindex(columns=getattr(empty, name).columns).astype(
            getattr(empty, name).dtypes.to_dict()
        )
        for name, rows in tables.items()
    }
    return dataclasses.replace(empty, **filled)


def excluded(account: Account) -> dict[str, int]:
    return {e.rule: e.rows for e in account.entries if e.stage == "excluded"}


# born on 10 May 2004: 11 on 10 May 2015, Year 11 ends in 2020
STORY = spells(
    """
    N/a 2015-05-01 2017-01-01 U6 -  moved
    N/a 2017-01-01 2017-02-01 K2 H1 moved
    N/a 2017-02-01 2017-03-01 U6 -  moved
    N/a 2017-03-01 2022-05-10 K2 H2 18th
    N/b 2016-01-01 2016-02-01 U6 -  moved
    N/b 2019-01-01 2020-12-01 U6 -  left
    N/c 2015-04-20 2015-05-01 K2 H1 moved
    N/c 2015-05-01 2018-01-01 U6 -  left
    N/d 2014-01-01 2014-02-01 U6 -  left
    S/e 2015-04-20 2016-01-01 K2 -  moved
    S/f 2016-01-01 2019-01-01 K2 H1 died
    S/g 2020-07-01 2021-02-01 H5 -  left
    """
)


def test_arms_and_windows_at_16() -> None:
    cohort, account = cohort_at_16(STORY, homes(STORY), returns(), POLICIES)
    cohort = cohort.set_index("child")

    assert cohort["arm"].to_dict() == {"N/a": "home", "N/b": "comparison", "S/e": "home"}
    assert cohort["window_start"].dt.strftime("%Y-%m-%d").to_dict() == {
        "N/a": "2017-01-01",  # its first home
        "N/b": "2016-01-01",  # first looked after
        "S/e": "2015-05-10",  # the home goes back before the 11th birthday
    }
    assert set(cohort["window_end"].dt.strftime("%Y-%m-%d")) == {"2020-07-01"}
    assert set(cohort["year11"]) == {2020}
    # 1 January 2017 to 30 June 2020 is 1277 days, 28 of them in foster care
    assert cohort.loc["N/a", ["in_care_days", "home_days"]].tolist() == [1277, 1249]
    assert cohort.loc["N/b", ["in_care_days", "home_days"]].tolist() == [31 + 547, 0]
    assert cohort.loc["N/a", ["first_home", "last_home"]].tolist() == ["H1", "H2"]
    assert pd.isna(cohort.loc["S/e", "first_home"])
    # g was looked after only after Year 11
    assert excluded(account) == {
        "not looked after between the 11th birthday and the end of the window": 2,
        "died before the end of the window": 1,
        "in a children's home before the age of 11 only; in neither arm": 1,
    }
    kept = {e.rule: e.rows for e in account.entries if e.stage == "kept"}
    assert kept == {"children, arm home": 2, "children, arm comparison": 1}


def test_of_a_stay_that_ends_on_the_11th_birthday_no_day_is_in_the_window() -> None:
    rows = spells("N/a 2015-04-20 2015-05-10 K2 H1 moved\nN/a 2015-05-10 2016-01-01 U6 - left")
    cohort, account = cohort_at_16(rows, homes(rows), returns(), POLICIES)
    assert cohort.empty
    assert excluded(account) == {
        "in a children's home before the age of 11 only; in neither arm": 1
    }


def test_a_window_that_ends_after_the_records_is_left_out() -> None:
    _, account = cohort_at_16(STORY, homes(STORY), returns(last_year=2020), POLICIES)
    assert excluded(account)["the window ends after the records do"] == 5


@pytest.mark.parametrize(("entry", "kept"), [("inflow", 0), ("delayed", 1)])
def test_a_window_that_opens_before_the_records(entry: str, kept: int) -> None:
    rows = spells("N/a 2014-12-01 2018-01-01 K2 H1 moved", born="2003-05-10")
    policies = HistoryPolicies(entry=entry)
    cohort, account = cohort_at_16(rows, homes(rows), returns(), policies)
    assert len(cohort) == kept
    assert account.total("excluded", "cohort at 16") == 1 - kept
    assert not cohort["window_observed"].any()


def test_outcomes_of_oc2_at_16_and_why_one_is_missing() -> None:
    # 16 on 10 May 2020, so on 31 March 2021
    oc2 = pd.DataFrame(
        {
            "LA": ["N", "N", "S"], "CHILD": ["a", "a", "e"], "YEAR": [2020, 2021, 2021],
            "SDQ_SCORE": [9, 21, None], "SDQ_REASON": [None, None, "SDQ2"],
            "CONVICTED": [False, True, None],
        }
    )  # fmt: skip
    cohort, _ = cohort_at_16(STORY, homes(STORY), returns(oc2=oc2), POLICIES)
    cohort = cohort.set_index("child")

    assert cohort.loc["N/a", "sdq_16"] == 21
    assert pd.isna(cohort.loc["N/a", "sdq_16_missing"])
    assert cohort.loc["N/a", "convicted_16"]
    assert cohort["sdq_16_missing"].iloc[1:].tolist() == ["not returned", "SDQ2"]
    assert cohort["convicted_16_missing"].iloc[1:].tolist() == ["not returned", "not returned"]


def npd() -> NpdRecords:
    link = pd.DataFrame({"LA": ["N", "N"], "CHILD": ["a", "b"], "PUPIL": ["P1", "P2"]})
    ks4 = pd.DataFrame({"PUPIL": ["P1"], "YEAR": [2020], "ATT8": [17.5]})
    absence = pd.DataFrame(
        {
            "PUPIL": ["P1", "P1"],
            "YEAR": [2019, 2020],
            "POSSIBLE": [300.0, 200.0],
            "OVERALL": [1.0, 20],
        }
    )
    exclusions = pd.DataFrame({"PUPIL": ["P2"], "YEAR": [2020], "SUSPENSIONS": [3]})
    ks5 = pd.DataFrame({"PUPIL": ["P1", "P1"], "YEAR": [2022, 2021], "A_LEVEL_POINTS": [60.0, 20]})
    ypmad = pd.DataFrame(
        {
            "PUPIL": ["P1", "P9"], "YEAR": [2023, 2025], "LEVEL2": [True, False],
            "LEVEL3": [False, None],
        }
    )  # fmt: skip
    columns = {
        "ypmad": [],
        "ks4": ["P8", "GRADE4_EM", "GRADE5_EM", "GRADE_C_EM", "ANY_PASS", "ASSESSED"],
        "absence": ["UNAUTHORISED", "PERSISTENT", "SEVERE", "AFFECTED"],
        "exclusions": ["SUSPENSION_SESSIONS", "PERMANENT"],
        "ks5": ["ASSESSED"],
    }
    levels = dict.fromkeys(["LEVEL2", "LEVEL3"], "boolean")
    tables = {
        "ks4": ks4, "absence": absence, "exclusions": exclusions, "ks5": ks5,
        "ypmad": ypmad.astype(levels),
    }  # fmt: skip
    full = {
        name: table.assign(**dict.fromkeys(columns[name]), YEAR=table["YEAR"].astype("Int64"))
        for name, table in tables.items()
    }
    none = pd.DataFrame()
    return NpdRecords(
        none, **full, exclusion_events=none, census=none, link=link, account=Account()
    )


def test_results_of_the_pupil_database() -> None:
    cohort, _ = cohort_at_16(STORY, homes(STORY), returns(), POLICIES, npd())
    cohort = cohort.set_index("child")

    assert cohort.loc["N/a", ["ks4_att8", "absence_possible"]].tolist() == [17.5, 200.0]
    assert cohort.loc["N/b", "exclusions_suspensions"] == 3
    assert cohort["ks4_missing"].fillna("").tolist() == [
        "", "no row in the extract", "not linked to a pupil",
    ]  # fmt: skip
    adults, _ = cohort_at_18(STORY, homes(STORY), returns(), POLICIES, npd())
    assert adults.set_index("child").loc["N/a", "ks5_a_level_points"] == 60


@pytest.mark.parametrize(
    ("ends", "level2", "why"),
    [
        # 16 in the school year 2019/20, so 19 in 2022/23
        (2023, True, ["", "no row in the extract"]),
        (2022, None, ["not 19 when the extract ends", "no row in the extract"]),
    ],
)
def test_levels_by_19_only_of_an_extract_that_goes_so_far(
    ends: int, level2: bool | None, why: list[str]
) -> None:
    records = npd()
    own = records.ypmad.assign(YEAR=pd.array([ends, 2025], dtype="Int64"))
    adults, _ = cohort_at_18(
        STORY, homes(STORY), returns(), POLICIES, dataclasses.replace(records, ypmad=own)
    )
    adults = adults.set_index("child")
    assert adults["ypmad_missing"].fillna("").tolist() == [*why, *["not linked to a pupil"] * 2]
    found = adults.loc["N/a", "ypmad_level2"]
    assert pd.isna(found) if level2 is None else found == level2
    assert pd.isna(adults.loc["N/b", "ypmad_level3"])


def test_without_a_row_the_end_of_the_extract_says_who_is_not_19_yet() -> None:
    records = npd()
    early = records.ypmad.assign(YEAR=pd.array([2022, 2022], dtype="Int64"))
    for levels, why in (
        (early, "not 19 when the extract ends"),
        (early[:0], "no row in the extract"),
    ):
        adults, _ = cohort_at_18(
            STORY, homes(STORY), returns(), POLICIES, dataclasses.replace(records, ypmad=levels)
        )
        adults = adults.set_index("child")
        assert adults.loc["N/b", "ypmad_missing"] == why
        assert adults.loc["S/e", "ypmad_missing"] == "not linked to a pupil"
        assert adults["ypmad_level3"].isna().all()


def test_at_18_the_window_ends_on_the_birthday_and_leavers_are_returned() -> None:
    oc3 = pd.DataFrame(
        {
            "LA": ["N", "N", "N"], "CHILD": ["a", "a", "b"], "YEAR": [2023, 2024, 2022],
            "IN_TOUCH": ["YES", "NO", "YES"], "ACTIV": ["G5", "0", "F2"],
            "ACCOM": ["U1", "0", "B1"],
        }
    )  # fmt: skip
    cohort, account = cohort_at_18(STORY, homes(STORY), returns(oc3=oc3), POLICIES)
    cohort = cohort.set_index("child")

    assert cohort["arm"].to_dict() == {
        "N/a": "home", "N/b": "comparison", "S/e": "home", "S/g": "comparison",
    }  # fmt: skip
    assert set(cohort["window_end"].dt.strftime("%Y-%m-%d")) == {"2022-05-10"}
    assert cohort["eligible_care_leaver"].to_dict() == {
        "N/a": True, "N/b": True, "S/e": False, "S/g": True,
    }  # fmt: skip
    # 17 on 10 May 2021, so in the year to March 2022
    assert cohort["activ_18"].fillna("").tolist() == ["G5", "", "", ""]
    assert cohort["in_touch_19"].fillna("").tolist() == ["NO", "", "", ""]
    assert cohort.loc["N/b", "accom_17"] == "B1"
    assert cohort["oc3_17_missing"].fillna("").tolist() == [
        "still looked after", "", "not eligible for the return", "not returned",
    ]  # fmt: skip
    noted = [e.rows for e in account.entries if e.stage == "noted"]
    assert noted == [1]

    early, _ = cohort_at_18(STORY, homes(STORY), returns(2023, oc3=oc3.head(1)), POLICIES)
    assert early["oc3_19_missing"].tolist() == ["the records end before"] * 4


@pytest.mark.parametrize(
    ("text", "eligible"),
    [
        # 14 on 10 May 2018, 16 on 10 May 2020
        ("N/a 2020-02-10 2020-05-11 U6 - left", True),
        ("N/a 2020-02-11 2020-05-11 U6 - left", False),  # 90 days
        ("N/a 2018-05-10 2020-05-10 U6 - left", False),  # no day since 16
        ("N/a 2018-01-01 2018-08-08 U6 - left\nN/a 2022-05-09 2022-05-10 U6 - left", True),
        ("N/a 2018-01-01 2018-08-07 U6 - left\nN/a 2022-05-09 2022-05-10 U6 - left", False),
    ],
)
def test_a_care_leaver_is_eligible_after_13_weeks(text: str, eligible: bool) -> None:
    rows = spells(text)
    cohort, _ = cohort_at_18(rows, homes(rows), returns(), POLICIES)
    assert cohort["eligible_care_leaver"].tolist() == [eligible]


def test_an_empty_cohort_has_its_columns() -> None:
    rows = spells("N/d 2014-01-01 2014-02-01 U6 - left")
    cohort, _ = cohort_at_18(rows, homes(rows), returns(), POLICIES, npd())
    assert cohort.empty
    assert {"oc3_17_missing", "ks5_missing", "first_home"} <= set(cohort.columns)
