"""What has no finite estimate is said before anything is compiled."""

import numpy as np
import pandas as pd

from bayescich.design import build_design
from bayescich.design.separation import separated
from bayescich.spec import ModelSpec


def hazard(*effects: dict[str, object]) -> ModelSpec:
    likelihood = {"family": "hazard", "event": "moved", "time": "days", "cuts": [30]}
    return ModelSpec.model_validate(
        {
            "name": "toy", "title": "toy", "unit": "child", "likelihood": likelihood,
            "effects": effects,
        }
    )  # fmt: skip


TABLE = pd.DataFrame(
    {
        "child": list("abcdef"),
        "home_type": ["solo", "solo", "large", "large", "school", "school"],
        "male": [0, 1, 0, 1, 0, 1],
        "has_trauma": [1, 1, 0, 0, 1, 0],
        "has_autism": [0, 0, 1, 0, 0, 1],
        "days": [10, 20, 30, 40, 50, 60],
        "moved": [1, 1, 0, 1, 0, 0],
    }
)


def test_a_type_and_a_need_without_an_event_are_named() -> None:
    spec = hazard({"kind": "fixed", "formula": "male"}, {"kind": "home_type"}, {"kind": "needs"})
    said = separated(build_design(TABLE, spec), spec)
    why = "in 2 rows without a single event: its effect rests on the prior"
    assert said == (f"'home_type' is 'school' {why}", f"the need 'autism' is there {why}")


def test_that_all_moved_is_no_separation_of_a_hazard_but_of_a_yes_or_no() -> None:
    # both children in solo homes moved: a hazard is finite all the same
    spec = hazard({"kind": "home_type"})
    assert all("solo" not in sentence for sentence in separated(build_design(TABLE, spec), spec))
    yes = spec.model_dump() | {"likelihood": {"family": "bernoulli", "outcome": "moved"}}
    answer = ModelSpec.model_validate(yes)
    said = separated(build_design(TABLE, answer), answer)
    assert "'home_type' is 'solo' in 2 rows with nothing but events" in said[1]


def test_a_measurement_has_no_separation() -> None:
    spec = ModelSpec.model_validate(
        {
            "name": "toy", "title": "toy", "unit": "child",
            "likelihood": {"family": "gaussian", "outcome": "days"},
            "effects": [{"kind": "home_type"}],
        }
    )  # fmt: skip
    assert separated(build_design(TABLE, spec), spec) == ()
    assert np.ptp(TABLE["days"]) > 0


def answer(likelihood: dict[str, object], **columns: object) -> tuple[str, ...]:
    """What is said of a yes or no by sex."""
    spec = ModelSpec.model_validate(
        {
            "name": "toy", "title": "toy", "unit": "child", "likelihood": likelihood,
            "effects": [{"kind": "fixed", "formula": "male"}],
        }
    )  # fmt: skip
    return separated(build_design(TABLE.assign(**columns), spec), spec)


def test_an_event_in_a_time_is_separated_both_ways() -> None:
    event = {
        "family": "bernoulli", "link": "cloglog", "outcome": "moved", "exposure": "years",
    }  # fmt: skip
    assert answer(event, moved=[0, 1, 0, 0, 0, 1], years=[0.5, 2, 1, 1, 3, 1]) == (
        "'male' is 0 in 3 rows without a single event: its effect rests on the prior",
    )
    # that every one had the event has nothing to do with how long it could happen
    assert answer(event, moved=[0, 1, 0, 1, 1, 1], years=[0.5, 2, 1, 1, 3, 1]) == (
        "'male' is 1 in 3 rows with nothing but events: its effect rests on the prior",
    )


def test_outcomes_that_are_not_known_are_no_events() -> None:
    blank = {"family": "bernoulli", "outcome": "moved", "missing": "ignored"}
    assert answer(blank, moved=[1, None, 0, 1, 1, 1]) == (
        "'male' is 1 in 3 rows with nothing but events: its effect rests on the prior",
    )


def test_a_hurdle_is_separated_by_whether_there_is_anything() -> None:
    points = {"family": "hurdle_beta_binomial", "outcome": "points", "maximum": 9}
    assert answer(points, points=[0, 1, 0, 4, 0, 0]) == (
        "'male' is 0 in 3 rows without a single event: its effect rests on the prior",
    )


def test_a_home_lived_in_for_a_part_is_in_the_row() -> None:
    spec = ModelSpec.model_validate(
        {
            "name": "toy", "title": "toy", "unit": "child",
            "likelihood": {"family": "bernoulli", "outcome": "moved"},
            "membership": {"columns": {"home_type": "home_type_"}, "weights": "weight_"},
            "effects": [{"kind": "home_type"}],
        }
    )  # fmt: skip
    frame = TABLE.assign(
        home_type_1=["solo", "solo", "large", "large", "solo", "large"], weight_1=0.9,
        home_type_2=[None, None, "school", None, "school", None], weight_2=0.1,
    ).assign(weight_2=[0, 0, 0.1, 0, 0.1, 0])  # fmt: skip
    assert separated(build_design(frame, spec), spec) == (
        "'home_type' is 'school' in 2 rows without a single event: its effect rests on the prior",
    )
