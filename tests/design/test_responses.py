"""Outcomes of one row: the arrays of each response, and each impossible value named."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayescich.design import Design, build_design
from bayescich.errors import DesignError
from bayescich.spec import ModelSpec

BINOMIAL = {"family": "binomial", "outcome": "deaths", "trials": "operations"}
YES = {"family": "bernoulli", "outcome": "yes"}
CLOGLOG = {**YES, "link": "cloglog", "exposure": "years"}
POINTS = {"family": "hurdle_beta_binomial", "outcome": "points", "maximum": 9}
ACTIVITY = {"family": "categorical", "outcome": "activity", "categories": ["none", "job", "study"]}
GRADES = {"family": "ordinal", "outcome": "grade", "categories": ["low", "mid", "high"]}
TOUCH = {"outcome": "touch", "name": "in touch"}


def spec(likelihood: dict[str, Any], **more: Any) -> ModelSpec:
    base = {"name": "toy", "title": "toy", "unit": "child", "likelihood": likelihood}
    return ModelSpec.model_validate(base | {"report": {"outcome_name": "result"}} | more)


def table(**changes: Any) -> pd.DataFrame:
    columns = {
        "child": list("dcba"),
        "deaths": [1, 2, 0, 3],
        "operations": [9, 8, 5, 3],
        "yes": [1, 0, 0, 1],
        "years": [0.5, 1.0, 2.0, 1.5],
        "points": [0, 4, 9, 1],
        "activity": ["job", "none", "study", "none"],
        "grade": ["high", "mid", "low", "mid"],
        "touch": [1, 1, 1, 0],
        "score": [1.0, 2.0, 3.0, 5.0],
        "se": [0.5, 0.25, 1.0, 2.0],
    }
    return pd.DataFrame(columns | changes)


def design(likelihood: dict[str, Any], **changes: Any) -> Design:
    return build_design(table(**changes), spec(likelihood))


def refusal(likelihood: dict[str, Any], **changes: Any) -> str:
    with pytest.raises(DesignError) as caught:
        design(likelihood, **changes)
    return str(caught.value)


def columns(found: Design, name: str) -> list[list[float]]:
    """One list a response."""
    return found.outcome[name].T.tolist()


def test_counts_have_their_trials() -> None:
    found = design(BINOMIAL)
    assert columns(found, "y") == [[3, 0, 2, 1]]
    assert columns(found, "size") == [[3, 5, 8, 9]]
    assert columns(found, "seen") == [[1, 1, 1, 1]]
    assert [(r.name, r.kind, r.column) for r in found.responses] == [("result", "binomial", 0)]
    one_maximum = {"family": "beta_binomial", "outcome": "deaths", "trials": 40}
    assert columns(design(one_maximum), "size") == [[40] * 4]


@pytest.mark.parametrize(
    ("deaths", "operations", "said"),
    [
        ([1.5, 1, 1, 1], 9, "1 of 4 rows hold a value of 'deaths' that is not a whole number"),
        ([-1, 1, 1, 1], 9, "is not a whole number between 0 and 'operations'"),
        ([10, 11, 1, 1], 9, "2 of 4 rows hold a value of 'deaths'"),
        ([1, 1, 1, 1], [9, 9, 9, 9.5], "is not a whole number between 0 and 'operations'"),
        ([0, 1, 1, 1], [0, 9, 9, 9], "'operations' that is not above zero"),
        ([None, 1, 1, 1], 9, "Column 'deaths' is blank in 1 of 4 rows"),
    ],
)
@pytest.mark.parametrize("family", ["binomial", "beta_binomial"])
def test_impossible_counts_are_refused(
    family: str, deaths: list[float], operations: Any, said: str
) -> None:
    assert said in refusal({**BINOMIAL, "family": family}, deaths=deaths, operations=operations)


def test_a_count_above_its_one_maximum_names_the_maximum() -> None:
    likelihood = {"family": "beta_binomial", "outcome": "deaths", "trials": 2}
    said = refusal(likelihood)
    assert "1 of 4 rows hold a value of 'deaths' that is not a whole number between 0 and 2" in said
    assert "for example: a: 3" in said


def test_a_yes_or_no_needs_both() -> None:
    found = design(YES, yes=[True, False, True, False])
    assert columns(found, "y") == [[0, 1, 0, 1]]
    assert columns(found, "size") == [[1] * 4]
    for link in ({}, {"link": "cloglog"}):
        said = refusal({**YES, **link}, yes=1)
        assert "'yes' is 1 in every row where it is known" in said
        assert "is not 0 or 1" in refusal({**YES, **link}, yes=[0, 1, 0.5, 1])


def test_an_event_has_its_time_of_exposure() -> None:
    found = design(CLOGLOG)
    assert found.responses[0].kind == "cloglog"
    assert columns(found, "size") == [[1.5, 2.0, 1.0, 0.5]]
    assert columns(design({**YES, "link": "cloglog"}), "size") == [[1] * 4]
    assert "'years' that is not above zero" in refusal(CLOGLOG, years=[0.5, 0, 1, 1])
    # of a child whose outcome is not known the time may be blank, too
    ignored = {**CLOGLOG, "missing": "ignored"}
    some = {"yes": [1, None, 0, 1], "years": [0.5, None, 2.0, 1.5]}
    found = design(ignored, **some)
    assert columns(found, "seen") == [[1, 1, 0, 1]]
    assert columns(found, "size") == [[1.5, 2.0, 1.0, 0.5]]
    known = refusal(ignored, **some | {"yes": [None, 1, 0, 1]})
    assert "1 of 4 rows hold a value of 'years' that is not above zero" in known


def test_known_standard_errors_are_above_zero() -> None:
    likelihood = {"family": "gaussian", "outcome": "score", "known_sd": "se"}
    found = design(likelihood)
    assert columns(found, "y") == [[5.0, 3.0, 2.0, 1.0]]
    assert columns(found, "size") == [[2.0, 1.0, 0.25, 0.5]]
    assert found.responses[0].known_sd
    assert "'se' that is not above zero" in refusal(likelihood, se=[0.0, 1, 1, 1])
    assert "Column 'se' is blank in 1 of 4 rows" in refusal(likelihood, se=[None, 1, 1, 1])


def test_a_hurdle_is_whether_and_how_many() -> None:
    found = design(POINTS)
    assert [(r.name, r.kind, r.column) for r in found.responses] == [
        ("result", "binomial", 0), ("result", "truncated", 1),
    ]  # fmt: skip
    assert found.routes == ("any result", "result")
    assert columns(found, "y") == [[1, 1, 1, 0], [1, 9, 4, 0]]
    assert columns(found, "size") == [[1] * 4, [9] * 4]
    # how many is asked of those who have any
    assert columns(found, "seen") == [[1, 1, 1, 1], [1, 1, 1, 0]]


def test_a_hurdle_needs_rows_on_both_sides() -> None:
    assert "'points' is above 0 in every row" in refusal(POINTS, points=[1, 4, 9, 1])
    assert "'points' is 0 in every row" in refusal(POINTS, points=0)
    assert "between 0 and 9" in refusal(POINTS, points=[0, 4, 10, 1])
    blank = refusal({**POINTS, "missing": "ignored"}, points=[None, 4, 9, None])
    assert "'points' is above 0 in every row" in blank


def test_categories_have_a_linear_predictor_each_against_the_first() -> None:
    found = design(ACTIVITY)
    assert found.routes == ("job", "study")
    assert (found.responses[0].column, found.responses[0].width) == (0, 2)
    assert columns(found, "y") == [[0, 2, 0, 1]]
    said = refusal({**ACTIVITY, "categories": ["none", "job", "study", "caring"]})
    assert "Column 'activity' never takes the category caring" in said
    said = refusal(ACTIVITY, activity=["job", "prison", "study", "none"])
    assert "1 of 4 rows hold a value of 'activity' that is not one of: none, job, study" in said


def test_grades_that_may_be_blank_are_a_response() -> None:
    found = design({**GRADES, "missing": "ignored"}, grade=["high", "mid", "low", None])
    assert found.responses[0].kind == "ordinal"
    assert found.routes == ()
    assert columns(found, "y") == [[0, 0, 1, 2]]
    assert columns(found, "seen") == [[0, 1, 1, 1]]
    assert found.coords["threshold"] == ("low | mid", "mid | high")
    assert found.coords["gap"] == ("mid",)
    said = refusal({**GRADES, "missing": "ignored"}, grade=["high", None, "low", None])
    assert "Column 'grade' never takes the category mid" in said


def test_a_stage_comes_first_and_the_outcome_is_asked_of_those_who_passed() -> None:
    staged = {**YES, "stage": TOUCH}
    found = design(staged, yes=[1, 0, None, None], touch=[1, 1, 0, None])
    assert found.routes == ("in touch", "result")
    assert [(r.role, r.column) for r in found.responses] == [("stage", 0), ("outcome", 1)]
    # rows a to d: nobody knows of a; b was not in touch
    assert columns(found, "seen") == [[0, 1, 1, 1], [0, 0, 1, 1]]
    assert columns(found, "y") == [[0, 0, 1, 1], [0, 0, 0, 1]]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"yes": [1, 0, 0, 1]}, "1 of 4 rows hold a value of 'yes' that is there though 'touch'"),
        ({"yes": [1, None, 0, None]}, "'yes' that is blank though the stage was passed"),
        ({"yes": [1, 0, 0, None], "touch": [1, 1, 1, 2]}, "value of 'touch' that is not 0 or 1"),
        ({"yes": [1, 0, 0, 1], "touch": 1}, "'touch' is 1 in every row where it is known"),
        ({"yes": [1, 1, 1, None]}, "'yes' is 1 in every row where it is known"),
    ],
)
def test_what_no_stage_can_leave_is_named(changes: dict[str, Any], said: str) -> None:
    assert said in refusal({**YES, "stage": TOUCH}, **changes)


def test_being_recorded_is_an_outcome_that_may_depend_on_the_outcome() -> None:
    found = design({**POINTS, "missing": "modelled"}, points=[0, None, 9, 1])
    assert found.routes == ("any result", "result", "result recorded")
    recorded = found.responses[2]
    # on how many points, not on whether there are any
    assert (recorded.kind, recorded.role, recorded.coupled) == ("binomial", "recorded", 1)
    assert columns(found, "y")[2] == [1, 1, 0, 1]
    assert columns(found, "seen") == [[1, 1, 0, 1], [1, 1, 0, 0], [1, 1, 1, 1]]
    staged = {**ACTIVITY, "missing": "modelled", "stage": TOUCH}
    activity = ["job", None, "study", None, "none"]
    frame = pd.concat([table(), table().iloc[:1].assign(child="e")], ignore_index=True)
    frame = frame.assign(activity=activity, touch=[1, 1, 1, 0, 1])
    found = build_design(frame, spec(staged))
    assert found.routes == ("in touch", "job", "study", "result recorded")
    # categories without an order have no one predictor to depend on
    assert found.responses[2].coupled == -1
    assert columns(found, "seen")[2] == [0, 1, 1, 1, 1]
    assert columns(found, "y")[2] == [0, 1, 0, 1, 1]


def test_an_outcome_that_is_never_blank_has_no_model_of_being_recorded() -> None:
    assert "Column 'yes' is never blank" in refusal({**YES, "missing": "modelled"})
    # nor is one that is blank only where the stage was not passed
    staged = {**YES, "stage": TOUCH, "missing": "modelled"}
    assert "Column 'yes' is never blank" in refusal(staged, yes=[1, 0, 0, None])


def test_rows_that_were_not_asked_say_nothing_of_being_recorded() -> None:
    likelihood = {**YES, "missing": "modelled", "reason": "why", "not_asked": ["too early"]}
    some = {"yes": [1, None, 0, None], "why": [None, "too early", None, "lost"]}
    found = design(likelihood, **some)
    assert columns(found, "y")[1] == [0, 1, 0, 1]
    assert columns(found, "seen") == [[0, 1, 0, 1], [1, 1, 0, 1]]
    said = refusal(likelihood, **some | {"why": [None, "Too early", None, "lost"]})
    assert "Column 'why' never gives the reason too early" in said


def test_an_outcome_that_is_blank_everywhere_is_refused() -> None:
    for likelihood in (YES, POINTS, {"family": "gaussian", "outcome": "score"}):
        name = likelihood["outcome"]
        said = refusal({**likelihood, "missing": "ignored"}, **{name: np.nan})
        assert "in every row" in said, name


JOINT = {
    "family": "joint",
    "responses": {
        "points": {"likelihood": {**POINTS, "missing": "ignored"}, "higher_is": "better"},
        "offending": {"likelihood": CLOGLOG, "higher_is": "worse"},
    },
}


def test_joint_outcomes_stand_side_by_side_turned_so_that_up_is_better() -> None:
    found = design(JOINT, points=[0, None, 9, 1])
    assert found.routes == ("any points", "points", "offending")
    assert [r.name for r in found.responses] == ["points", "points", "offending"]
    assert [r.column for r in found.responses] == [0, 1, 2]
    assert [r.turned for r in found.responses] == [False, False, True]
    assert columns(found, "seen") == [[1, 1, 0, 1], [1, 1, 0, 0], [1, 1, 1, 1]]
    assert columns(found, "size")[2] == [1.5, 2.0, 1.0, 0.5]
