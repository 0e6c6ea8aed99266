"""Missing spells: apart from each other, within placements, returned until they are over."""

import numpy as np
import pandas as pd
import pytest

from bayescich.simulate.outcomes.lives import Lives
from bayescich.simulate.outcomes.missing import COLUMNS, _apart, _lengths, missing_table
from bayescich.simulate.settings import Settings
from tests.simulate.fake_shard import children, placements, shard

NUMBER = 600
START, MOVE, END = "2017-03-01", "2019-05-17", "2021-02-10"


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rows = []
    for row in range(NUMBER):
        # half of the children first in a home, half first with foster carers
        ways = [("home", row % 3), ("foster", -1)][:: 1 if row % 2 == 0 else -1]
        rows.append((row, START, MOVE, *ways[0]))
        rows.append((row, MOVE, END, *ways[1], "left", "E4A"))
    who = children(["2004-02-01"] * NUMBER)
    made = shard(who, placements(rows), Settings(first_year=2018, last_year=2020))
    return missing_table(Lives(made))


def test_columns_and_years(table: pd.DataFrame) -> None:
    assert tuple(table.columns) == COLUMNS
    assert table["YEAR"].dtype == np.int64
    assert set(table["YEAR"]) == {2018, 2019, 2020}
    assert set(table["MISSING"]) == {"M", "A"}
    assert str(table["MIS_END"].dtype) == "datetime64[ns]"
    assert len(table) > 1_000


def test_spells_do_not_touch(table: pd.DataFrame) -> None:
    once = table.drop_duplicates(["CHILD", "MIS_START"], keep="last")
    once = once.sort_values(["CHILD", "MIS_START"])
    same = once["CHILD"].eq(once["CHILD"].shift(-1))
    assert (once["MIS_START"].shift(-1) > once["MIS_END"])[same].all()


def test_spells_stay_within_their_placement(table: pd.DataFrame) -> None:
    move = pd.Timestamp(MOVE)
    end = table["MIS_END"].fillna(table["MIS_START"])
    before = table["MIS_START"] < move
    assert (end[before] < move).all()
    assert (end <= pd.Timestamp(END)).all()
    assert (table["MIS_END"].isna() | (table["MIS_END"] >= table["MIS_START"])).all()


def test_a_spell_not_over_on_31_march_is_returned_again(table: pd.DataFrame) -> None:
    close = pd.to_datetime(table["YEAR"].astype(str) + "-03-31")
    assert (table["MIS_END"].isna() | (table["MIS_END"] <= close)).all()
    assert (table["MIS_START"] <= close).all()
    still = table[table["MIS_END"].isna() & table["YEAR"].lt(2020)]
    again = table.merge(still[["CHILD", "MIS_START"]], on=["CHILD", "MIS_START"])
    assert len(still) > 0
    assert len(again) == 2 * len(still)
    assert again.groupby(["CHILD", "MIS_START"])["MIS_END"].count().eq(1).all()


def test_children_go_missing_more_from_homes(table: pd.DataFrame) -> None:
    once = table.drop_duplicates(["CHILD", "MIS_START"])
    first_in_home = once["CHILD"].astype(int).sub(1_000_001) % 2 == 0
    before = once["MIS_START"] < pd.Timestamp(MOVE)
    assert (first_in_home == before).sum() > 1.8 * (first_in_home != before).sum()


def test_a_few_children_go_missing_most(table: pd.DataFrame) -> None:
    counts = table.groupby("CHILD").size().sort_values(ascending=False)
    assert len(counts) < 0.85 * NUMBER
    assert counts.head(NUMBER // 10).sum() > 0.35 * len(table)


def test_lengths_are_those_published() -> None:
    days = _lengths(np.random.default_rng(1), 100_000)
    assert np.median(days) == 1
    assert days.mean() == pytest.approx(1.9, abs=0.6)
    assert (days == 0).mean() == pytest.approx(28_000 / 83_920, abs=0.01)
    assert (days <= 2).mean() == pytest.approx(75_460 / 83_920, abs=0.01)


def test_a_spell_within_another_is_left_out() -> None:
    stay = np.array([0, 0, 0, 0, 1])
    start, end = np.array([5, 6, 9, 12, 1]), np.array([10, 7, 11, 12, 3])
    assert _apart(stay, start, end).tolist() == [0, 3, 4]
