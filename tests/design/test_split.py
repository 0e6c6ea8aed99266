"""Spells cut at birthdays and on 1 April: against a walk through every single day."""

import datetime as dt
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayescich.design import build_design
from bayescich.design.split import CONTINUES, ENTRY, LATE, split_spells
from bayescich.errors import DesignError
from bayescich.spec import ModelSpec

CUTS = (28.0, 365.0)
HAZARD = {
    "family": "hazard", "event": "moved", "time": "days", "cuts": CUTS, "frailty": "child",
    "split": {"age": "age_at_start", "year": "start"},
}  # fmt: skip


def spec(**changes: Any) -> ModelSpec:
    base = {"name": "toy", "title": "toy", "unit": "child", "likelihood": {**HAZARD, **changes}}
    return ModelSpec.model_validate(base)


def spells(born: str, start: str, days: float, **more: Any) -> pd.DataFrame:
    first = pd.Timestamp(start)
    age = (first - pd.Timestamp(born)).days / 365.25
    row = {"child": "a", "start": first, "age_at_start": age, "days": float(days), "moved": 1}
    return pd.DataFrame([row | more])


def pieces(born: str, start: str, days: float, **more: Any) -> list[tuple[Any, ...]]:
    split = split_spells(spells(born, start, days, **more), spec(entry="entry" if more else None))
    columns = [ENTRY, "days", "age", "year", "moved", CONTINUES]
    return [tuple(row) for row in split[columns].itertuples(index=False)]


def test_a_spell_is_cut_on_the_birthday_and_on_the_first_of_april() -> None:
    # 14 on 10 January 2020; 1 April 2020 is day 86 of a spell from 6 January
    assert pieces("2006-01-10", "2020-01-06", 120) == [
        (0.0, 4.0, 13, "2019-20", 0, 1),
        (4.0, 86.0, 14, "2019-20", 0, 1),
        (86.0, 120.0, 14, "2020-21", 1, 0),
    ]


def test_a_birthday_on_the_first_of_april_is_one_cut() -> None:
    assert pieces("2004-04-01", "2020-03-31", 3) == [
        (0.0, 1.0, 15, "2019-20", 0, 1),
        (1.0, 3.0, 16, "2020-21", 1, 0),
    ]


def test_a_spell_that_begins_on_the_first_of_april_or_a_birthday_is_not_cut_there() -> None:
    assert pieces("2004-04-01", "2020-04-01", 365) == [(0.0, 365.0, 16, "2020-21", 1, 0)]
    assert pieces("2004-04-01", "2020-04-01", 366) == [
        (0.0, 365.0, 16, "2020-21", 0, 1),
        (365.0, 366.0, 17, "2021-22", 1, 0),
    ]


def test_a_leap_day_does_not_move_the_first_of_april() -> None:
    # 1 April is 365 days after the last, and 366 over 29 February 2020 and 2024
    split = pieces("2012-06-01", "2019-03-31", 2300)
    firsts = {year: begin for begin, _, _, year, _, _ in reversed(split)}
    for year, begin in firsts.items():
        day = dt.date(2019, 3, 31) + dt.timedelta(days=begin)
        assert (day.month, day.day) == (4, 1) or begin == 0, (year, day)
    assert (
        list(firsts)[::-1] == [f"{y}-{(y + 1) % 100:02d}" for y in range(2018, 2026)][: len(firsts)]
    )


def test_a_child_of_the_twenty_ninth_of_february_has_a_birthday_every_year() -> None:
    split = pieces("2004-02-29", "2019-02-01", 1200)
    ages = [age for _, _, age, _, _, _ in split]
    assert sorted(set(ages)) == [14, 15, 16, 17]
    assert ages == sorted(ages)


@st.composite
def a_spell(draw: st.DrawFn) -> tuple[dt.date, dt.date, int, int]:
    born = draw(st.dates(dt.date(1996, 1, 1), dt.date(2012, 12, 31)))
    start = born + dt.timedelta(days=draw(st.integers(4 * 366, 17 * 365)))
    days = draw(st.integers(1, 2500))
    entry = draw(st.integers(0, days - 1))
    return born, start, days, entry


def age_on(born: dt.date, day: dt.date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def year_of(day: dt.date) -> str:
    begins = day.year - ((day.month, day.day) < (4, 1))
    return f"{begins}-{(begins + 1) % 100:02d}"


@given(a_spell())
def test_every_day_has_its_age_and_its_year(drawn: tuple[dt.date, dt.date, int, int]) -> None:
    born, start, days, entry = drawn
    split = pieces(str(born), str(start), days, entry=float(entry))
    # the pieces follow one another from entry to end, and only the last ends with the move
    assert split[0][0] == entry
    assert split[-1][1] == days
    assert all(one[1] == other[0] for one, other in pairwise(split))
    assert all(begin < end for begin, end, *_ in split)
    assert [moved for *_, moved, _ in split] == [0] * (len(split) - 1) + [1]
    assert [goes_on for *_, goes_on in split] == [1] * (len(split) - 1) + [0]
    for begin, end, age, year, _, _ in split:
        for number in (int(begin), int(end) - 1):
            day = start + dt.timedelta(days=number)
            assert year == year_of(day)
            # ages are counted in years of 365.25 days, so a birthday may be a day off
            near = {age_on(born, day + dt.timedelta(days=off)) for off in (-1, 0, 1)}
            assert age in {min(max(a, 4), 17) for a in near}


def test_ages_are_taken_together_at_both_ends() -> None:
    own = {**HAZARD["split"], "youngest": 8, "oldest": 10}
    split = split_spells(spells("2012-05-01", "2018-04-30", 2000), spec(split=own))
    assert set(split["age"]) == {8, 9, 10}


def test_the_first_piece_alone_is_late() -> None:
    late = split_spells(spells("2006-01-10", "2020-01-06", 120, entry=2.0), spec(entry="entry"))
    assert late[LATE].tolist() == [1, 0, 0]
    early = split_spells(spells("2006-01-10", "2020-01-06", 120), spec())
    assert early[LATE].tolist() == [0, 0, 0]


def test_the_design_adds_up_to_the_whole_spells() -> None:
    table = pd.concat(
        [
            spells("2006-01-10", "2020-01-06", 400.0, child="b"),
            spells("2007-01-10", "2019-01-06", 800.0, child="a", moved=0),
        ]
    )
    whole = build_design(table, spec(split=None))
    split = build_design(table, spec())
    assert whole.unit.levels == split.unit.levels
    assert split.rows > whole.rows
    codes = split.unit.codes
    for name in ("exposure", "event"):
        summed = [split.outcome[name][codes == k].sum(axis=0) for k in range(2)]
        np.testing.assert_allclose(summed, whole.outcome[name])
    assert split.ends.sum() == whole.rows
    assert split.outcome["follow_up"][split.ends].tolist() == [800.0, 400.0]
    assert split.row_ids[0] == "a"


def test_pieces_of_one_route_are_censored_until_the_last() -> None:
    competing = {
        **HAZARD, "family": "competing", "event": "route", "routes": ("home", "other"),
        "censored": "still there",
    }  # fmt: skip
    asked = ModelSpec.model_validate(
        {"name": "toy", "title": "toy", "unit": "child", "likelihood": competing}
    )
    table = spells("2006-01-10", "2020-01-06", 120).assign(route="other")
    assert split_spells(table, asked)["route"].tolist() == ["still there"] * 2 + ["other"]


def test_a_start_that_is_no_date_is_named() -> None:
    table = spells("2006-01-10", "2020-01-06", 120).astype({"start": str}).assign(start="soon")
    with pytest.raises(DesignError, match="'start' is not a date in 1 of 1 rows"):
        split_spells(table, spec())


def test_without_a_split_the_table_is_left_alone() -> None:
    table = spells("2006-01-10", "2020-01-06", 120)
    assert split_spells(table, spec(split=None)) is table
    # cut at birthdays only, rows get no year
    only = split_spells(table, spec(split={"age": "age_at_start"}))
    assert "year" not in only
    assert only["age"].tolist() == [13, 14]
