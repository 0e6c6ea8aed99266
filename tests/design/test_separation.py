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
