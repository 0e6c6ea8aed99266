"""Exposures, events and grades: against brute force, and each impossible value named."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayescich.design import build_design
from bayescich.design.core import DAYS_PER_YEAR
from bayescich.design.outcomes import band_exposure, band_labels
from bayescich.design.resolve import resolve_spec
from bayescich.errors import DesignError
from bayescich.spec import ModelSpec

HAZARD = {"family": "hazard", "event": "moved", "time": "days", "entry": "entry", "cuts": [7, 28]}


def spec(likelihood: dict[str, Any], **more: Any) -> ModelSpec:
    base = {"name": "toy", "title": "toy", "unit": "child", "likelihood": likelihood}
    return ModelSpec.model_validate(base | more)


def spells(**changes: Any) -> pd.DataFrame:
    table = {"child": list("cabd"), "moved": [1, 0, 1, 1], "days": [7, 7, 30, 29], "entry": 0}
    return pd.DataFrame(table | changes)


@st.composite
def spell_and_cuts(draw: st.DrawFn) -> tuple[int, int, tuple[float, ...]]:
    entry = draw(st.integers(0, 400))
    end = draw(st.integers(entry + 1, 500))
    cuts = draw(st.lists(st.integers(1, 450), min_size=1, max_size=8, unique=True))
    return entry, end, tuple(float(c) for c in sorted(cuts))


@given(spell_and_cuts())
def test_band_exposure_is_the_count_of_days_in_each_band(
    drawn: tuple[int, int, tuple[float, ...]],
) -> None:
    entry, end, cuts = drawn
    split = band_exposure(np.array([float(entry)]), np.array([float(end)]), cuts)[0]
    # day d is the time from d to d + 1, so it lies in the band of its start
    counted = [0] * (len(cuts) + 1)
    for day in range(entry, end):
        counted[sum(day >= cut for cut in cuts)] += 1
    np.testing.assert_allclose(split * DAYS_PER_YEAR, counted, atol=1e-9)
    assert split.sum() == pytest.approx((end - entry) / DAYS_PER_YEAR)


@given(spell_and_cuts())
def test_the_event_band_is_the_last_band_with_exposure(
    drawn: tuple[int, int, tuple[float, ...]],
) -> None:
    entry, end, cuts = drawn
    likelihood = {**HAZARD, "cuts": cuts}
    table = pd.DataFrame({"child": ["a"], "moved": 1, "days": end, "entry": entry})
    outcome = build_design(table, spec(likelihood)).outcome
    assert outcome["event_band"][0] == np.flatnonzero(outcome["exposure"][0]).max()


def test_hazard_arrays_are_sorted_by_child() -> None:
    design = build_design(spells(entry=[0, 3, 10, 28]), spec(HAZARD))
    assert design.row_ids == ("a", "b", "c", "d")
    assert design.outcome["event"].tolist() == [0, 1, 1, 1]
    # a spell that ends on day 7 ends in the first band, where its exposure is
    assert design.outcome["event_band"].tolist() == [0, 2, 0, 2]
    np.testing.assert_allclose(
        design.outcome["exposure"] * DAYS_PER_YEAR,
        [[4, 0, 0], [0, 18, 2], [7, 0, 0], [0, 0, 1]],
    )
    assert design.coords["band"] == ("0-7 days", "7-28 days", "28+ days")
    assert design.outcome["exposure"].shape == (4, len(band_labels((7, 28))))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"moved": [1, 0, 2, 0]}, "1 of 4 rows hold a value of 'moved' that is not 0 or 1"),
        ({"days": [0, 7, 30, 29]}, "1 of 4 rows hold a value of 'days' that leaves no time at"),
        ({"days": [-3, 7, -1, 29]}, "2 of 4 rows"),
        ({"entry": [0, 0, 30, 0]}, "leaves no time at risk"),
        ({"entry": [0, 0, -5, 0]}, "value of 'entry' that is before the start of the spell"),
        ({"moved": 0}, "Column 'moved' holds no event"),
        ({"days": [7, 7, "long", 29]}, "Column 'days' is not a number in 1 of 4 rows"),
        ({"days": [7, 7, np.inf, 29]}, "Column 'days' is not a number in 1 of 4 rows"),
        ({"days": [7, 7, None, 29]}, "Column 'days' is blank in 1 of 4 rows"),
        ({"child": ["c", None, "b", "d"]}, "Column 'child' is blank in 1 of 4 rows"),
    ],
)
def test_impossible_spells_are_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(DesignError) as caught:
        build_design(spells(**changes), spec(HAZARD))
    assert said in str(caught.value)


def test_the_children_of_impossible_spells_are_named() -> None:
    with pytest.raises(DesignError, match="for example: b: 30"):
        build_design(spells(entry=[0, 0, 30, 0]), spec(HAZARD))


GRADES = ["Poor", "Fair", "Good"]
ORDINAL = {"family": "ordinal", "outcome": "grade", "categories": GRADES}


def test_ordinal_categories_keep_the_order_of_the_spec() -> None:
    table = pd.DataFrame({"child": list("dcba"), "grade": ["Good", "Poor", "Fair", "Fair"]})
    design = build_design(table, spec(ORDINAL))
    assert design.outcome["category"].tolist() == [1, 1, 0, 2]
    assert design.coords["cutpoint"] == ("Poor | Fair", "Fair | Good")


@pytest.mark.parametrize(
    ("grades", "said"),
    [
        (["Good", "good", "Poor", "Fair"], "1 of 4 rows hold a value of 'grade' that is not one"),
        (["Good", "Good", "Poor", "Poor"], "Column 'grade' never takes the category Fair"),
        (["Good", None, "Poor", "Fair"], "Column 'grade' is blank in 1 of 4 rows"),
    ],
)
def test_unknown_and_absent_grades_are_named(grades: list[str], said: str) -> None:
    table = pd.DataFrame({"child": list("abcd"), "grade": grades})
    with pytest.raises(DesignError) as caught:
        build_design(table, spec(ORDINAL))
    assert said in str(caught.value)


COMPETING = {
    "family": "competing", "event": "exit", "time": "days", "cuts": [7, 28],
    "routes": ["home", "fostering"], "unknown": "not known", "recording": "authority",
}  # fmt: skip


def exits(**changes: Any) -> pd.DataFrame:
    table = {
        "child": list("edcba"),
        "exit": ["home", "fostering", "censored", "not known", "home"],
        "days": [7, 8, 40, 28, 29],
        "authority": ["Kent", "Bury", "Kent", "Bury", "Kent"],
    }
    return pd.DataFrame(table | changes)


def test_routes_are_coded_in_the_order_of_the_spec() -> None:
    design = build_design(exits(), spec(COMPETING))
    assert design.row_ids == ("a", "b", "c", "d", "e")
    assert design.outcome["cause"].tolist() == [0, -2, -1, 1, 0]
    # an event whose route is not known is an event
    assert design.outcome["event"].tolist() == [1, 1, 0, 1, 1]
    assert design.routes == ("home", "fostering")
    assert design.coords["recorder"] == ("Bury", "Kent")
    assert design.outcome["recorder"].tolist() == [1, 0, 1, 0, 1]
    own = {k: v for k, v in COMPETING.items() if k not in {"unknown", "recording"}}
    known = exits(exit=["home", "fostering", "stays", "stays", "home"])
    renamed = build_design(known, spec({**own, "censored": "stays"}))
    assert renamed.outcome["cause"].tolist() == [0, -1, -1, 1, 0]
    assert "recorder" not in renamed.outcome


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"exit": ["home", "custody", "censored", "fostering", "home"]}, "'exit' that is not one"),
        ({"exit": ["home", None, "censored", "fostering", "home"]}, "'exit' is blank in 1 of 5"),
        ({"exit": "home"}, "Column 'exit' never takes the route fostering"),
        ({"days": [0, 8, 40, 28, 29]}, "value of 'days' that leaves no time at risk"),
        ({"authority": [None, "Bury", "Kent", "Bury", "Kent"]}, "'authority' is blank in 1 of 5"),
    ],
)
def test_impossible_exits_are_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(DesignError) as caught:
        build_design(exits(**changes), spec(COMPETING))
    assert said in str(caught.value)


def test_routes_that_nobody_takes_are_left_out_and_it_is_said() -> None:
    asked = spec({**COMPETING, "routes": ["home", "custody", "fostering"]})
    resolved = resolve_spec(exits(), asked)
    assert resolved.left_out == ("the route 'custody' is left out: no row takes it",)
    assert build_design(exits(), resolved.spec).routes == ("home", "fostering")
    # a single route does not compete: the design says so
    assert resolve_spec(exits(exit="home"), asked).spec == asked


def test_the_known_words_are_told() -> None:
    with pytest.raises(DesignError, match="home, fostering, censored, not known"):
        build_design(exits(exit=["Home"] + ["home", "fostering"] * 2), spec(COMPETING))


def test_each_row_knows_its_baseline_and_whether_it_came_late() -> None:
    likelihood = {**HAZARD, "baseline_by": "kind"}
    table = spells(entry=[0, 3, 10, 28], kind=["solo", "large", "solo", "large"])
    design = build_design(table, spec(likelihood))
    assert design.coords["baseline"] == ("large", "solo")
    assert design.outcome["stratum"].tolist() == [0, 1, 1, 0]
    assert design.outcome["late"].tolist() == [1, 1, 0, 1]
    assert design.outcome["entry"].tolist() == [3, 10, 0, 28]
    assert design.outcome["follow_up"].tolist() == [7, 30, 7, 29]
    assert design.ends.all()
