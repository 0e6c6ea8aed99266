"""OC3: who is a care leaver, around which birthday, and codes that go together."""

import numpy as np
import pandas as pd
import pytest

from bayescich.simulate.outcomes.lives import Lives
from bayescich.simulate.outcomes.oc3 import COLUMNS, oc3_table
from bayescich.simulate.settings import Settings
from tests.simulate.fake_shard import children, placements, shard

ADULT = "2020-06-01"
BORN = "2002-06-01"


def _table(
    rows: list[tuple[object, ...]], number: int | None = None, **columns: object
) -> pd.DataFrame:
    number = number or 1 + max(int(str(row[0])) for row in rows)
    made = shard(children([BORN] * number, **columns), placements(rows))
    lives = Lives(made)
    return oc3_table(lives, np.ones(number, dtype=bool))


def _ages(rows: list[tuple[object, ...]]) -> list[int]:
    return (_table(rows)["YEAR"] - 2003).tolist()


def test_those_who_leave_at_18_are_returned_around_four_birthdays() -> None:
    rows = [(0, "2015-01-01", ADULT, "foster", -1, "birthday", "E17")]
    assert _ages(rows) == [18, 19, 20, 21]
    assert tuple(_table(rows).columns) == COLUMNS


def test_one_who_left_between_16_and_17_is_returned_at_17_too() -> None:
    rows = [(0, "2015-01-01", "2018-08-01", "foster", -1, "left", "E6")]
    assert _ages(rows) == [17, 18, 19, 20, 21]


@pytest.mark.parametrize(
    ("start", "end", "returned"),
    [
        ("2018-01-01", "2018-06-01", False),  # gone on the 16th birthday
        ("2018-01-01", "2018-06-02", True),
        ("2018-05-01", "2018-07-20", False),  # 80 days since 14
        ("2018-05-01", "2018-07-31", True),  # 91 days
        ("2010-01-01", "2016-08-01", False),  # long in care, but not after 16
    ],
)
def test_thirteen_weeks_since_14_and_a_day_since_16(start: str, end: str, returned: bool) -> None:
    rows = [(0, start, end, "foster", -1, "left", "E6")]
    assert bool(_ages(rows)) is returned


@pytest.mark.parametrize(
    ("outcome", "rec"), [("taken over", "E3"), ("left", "E12"), ("left", "E2"), ("left", "E46")]
)
def test_nobody_is_returned_who_is_no_care_leaver_here(outcome: str, rec: str) -> None:
    assert _ages([(0, "2012-01-01", "2019-01-01", "foster", -1, outcome, rec)]) == []


def test_a_child_still_looked_after_is_not_returned() -> None:
    rows = [
        (0, "2015-01-01", "2018-08-01", "foster", -1, "left", "E4A"),
        (0, "2019-05-01", ADULT, "supported", -1, "birthday", "E5"),
    ]
    assert _ages(rows) == [18, 19, 20, 21]


def test_only_years_that_are_returned() -> None:
    rows = [(0, "2015-01-01", ADULT, "foster", -1, "birthday", "E17")]
    made = shard(children([BORN]), placements(rows), Settings(last_year=2022))
    assert oc3_table(Lives(made), np.ones(1, dtype=bool))["YEAR"].tolist() == [2021, 2022]


@pytest.fixture(scope="module")
def everyone() -> pd.DataFrame:
    number = 4_000
    ways = [
        ("foster", -1, "E17"),
        ("home", 0, "E5"),
        ("parents", -1, "E4A"),
        ("supported", -1, "E6"),
    ]
    rows = []
    for row in range(number):
        kind, home, rec = ways[row % 4]
        early = row % 8 >= 4
        end, outcome = ("2018-09-01", "left") if early else (ADULT, "birthday")
        rec = "E5" if early and rec == "E17" else rec
        rows.append((row, "2014-01-01", end, kind, home, outcome, rec))
    sex = np.where(np.arange(number) % 3 == 0, "F", "M")
    table = _table(rows, number, SEX=sex)
    way = table["CHILD"].astype(int).sub(1_000_001)
    return table.assign(
        way=(way % 4).map(dict(enumerate(ways))), early=way % 8 >= 4, sex=sex[way],
        age=table["YEAR"] - 2003,
    )  # fmt: skip


def test_more_is_known_of_those_in_touch_and_of_nobody_else(everyone: pd.DataFrame) -> None:
    yes = everyone["IN_TOUCH"].eq("YES")
    assert (everyone["ACTIV"].eq("0") == ~yes).all()
    assert (everyone["ACCOM"].eq("0") == ~yes).all()
    assert set(everyone["IN_TOUCH"]) >= {"YES", "NO", "REFU", "NREQ", "RHOM"}


def test_codes_are_those_of_the_year(everyone: pd.DataFrame) -> None:
    newer = everyone["ACTIV"].isin(["F4", "P4", "F5", "P5"])
    older = everyone["ACTIV"].isin(["F3", "P3"])
    assert everyone.loc[newer, "YEAR"].min() == 2022
    assert everyone.loc[older, "YEAR"].max() == 2021
    assert newer.any()
    assert older.any()


def test_codes_that_cannot_be_are_not(everyone: pd.DataFrame) -> None:
    assert not everyone["ACCOM"].isin(["S1", "X1"]).any()
    assert not everyone.loc[everyone["age"].eq(17), "ACCOM"].str[0].isin(["Z", "T"]).any()
    assert everyone.loc[everyone["ACTIV"].eq("G6"), "sex"].eq("F").all()
    assert everyone["ACTIV"].eq("G6").any()


def test_staying_with_carers_is_for_those_who_stayed_and_wears_off(everyone: pd.DataFrame) -> None:
    known = everyone[everyone["IN_TOUCH"].eq("YES") & ~everyone["early"]]
    with_carers = known["ACCOM"].str.startswith("Z")
    stayed = known["way"].str[2].eq("E17")
    assert not with_carers[~stayed].any()
    by_age = with_carers[stayed].groupby(known.loc[stayed, "age"]).mean()
    assert by_age[18] > 0.6
    assert by_age.is_monotonic_decreasing


def test_back_with_parents_are_those_who_went_home_before_18(everyone: pd.DataFrame) -> None:
    back = everyone[everyone["IN_TOUCH"].eq("RHOM")]
    assert back["early"].all()
    assert back["way"].str[2].eq("E4A").all()


def test_one_year_is_like_the_next(everyone: pd.DataFrame) -> None:
    known = everyone[everyone["IN_TOUCH"].eq("YES")]
    known = known.assign(idle=known["ACTIV"].str.startswith("G").astype(float))
    at_19, at_20 = (known[known["age"].eq(age)].set_index("CHILD")["idle"] for age in (19, 20))
    assert at_19.corr(at_20) > 0.4


def test_higher_education_is_for_those_with_level_3() -> None:
    number = 500
    rows = [(row, "2014-01-01", ADULT, "foster", -1, "birthday", "E17") for row in range(number)]
    lives = Lives(shard(children([BORN] * number), placements(rows)))
    level3 = np.arange(number) % 2 == 0
    table = oc3_table(lives, level3)
    higher = table["ACTIV"].isin(["F1", "P1"])
    assert higher.mean() > 0.1
    assert level3[table.loc[higher, "CHILD"].astype(int) - 1_000_001].all()
