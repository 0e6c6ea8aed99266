"""What may and may not be asked of outcomes of one row, and what their predictors are called."""

from typing import Any

import pytest
from pydantic import ValidationError

from bayescich.spec import ModelSpec

YES = {"family": "bernoulli", "outcome": "yes"}
POINTS = {"family": "hurdle_beta_binomial", "outcome": "points", "maximum": 90}
GRADES = {"family": "ordinal", "outcome": "grade", "categories": ["low", "mid", "high"]}
ACTIVITY = {"family": "categorical", "outcome": "activity", "categories": ["none", "job", "study"]}
MEMBERS = {"columns": {"home": "home_"}, "weights": "weight_"}


def model(likelihood: dict[str, Any], **changes: Any) -> ModelSpec:
    base = {"name": "toy", "title": "toy", "unit": "child", "likelihood": likelihood}
    return ModelSpec.model_validate(base | {"report": {"outcome_name": "result"}} | changes)


def joint(**responses: dict[str, Any]) -> dict[str, Any]:
    return {
        "family": "joint",
        "responses": {
            name: {"likelihood": likelihood, "higher_is": "better"}
            for name, likelihood in responses.items()
        },
    }


@pytest.mark.parametrize(
    ("likelihood", "parts"),
    [
        (YES, ()),
        ({**YES, "missing": "ignored"}, ()),
        ({**YES, "missing": "modelled"}, ("result", "result recorded")),
        (POINTS, ("any result", "result")),
        ({**POINTS, "missing": "modelled"}, ("any result", "result", "result recorded")),
        (GRADES, ()),
        (ACTIVITY, ("job", "study")),
        ({**YES, "stage": {"outcome": "touch", "name": "in touch"}}, ("in touch", "result")),
        (joint(one=YES, two=POINTS, three=GRADES), ("one", "any two", "two", "three")),
    ],
)
def test_an_outcome_has_as_many_linear_predictors_as_it_has_parts(
    likelihood: dict[str, Any], parts: tuple[str, ...]
) -> None:
    assert model(likelihood).routes == parts


@pytest.mark.parametrize(
    ("likelihood", "said"),
    [
        ({**YES, "exposure": "years"}, "exposure counts only with link: cloglog"),
        ({**YES, "missing": "dropped"}, "Input should be 'refused', 'ignored' or 'modelled'"),
        ({**YES, "not_asked": ["rules"], "missing": "modelled"}, "not_asked needs reason"),
        ({**YES, "not_asked": ["rules"], "reason": "why"}, "not_asked needs reason"),
        ({**YES, "stage": {"outcome": "touch"}}, "stage.name"),
        ({**POINTS, "maximum": 0}, "greater than 0"),
        ({"family": "beta_binomial", "outcome": "sdq", "trials": 0}, "greater than 0"),
        ({**ACTIVITY, "categories": ["none", "job"]}, "at least 3 items"),
        ({**ACTIVITY, "categories": ["none", "job", "job"]}, "each category stands once; twice"),
        ({**ACTIVITY, "categories": [str(k) for k in range(13)]}, "at most 12 items"),
        (joint(one=YES), "at least 2 items"),
        (joint(one=YES, two=ACTIVITY), "'two': categories without an order have no better"),
        (joint(one=YES, two={**POINTS, "missing": "modelled"}), "'two': stages and selection"),
        (
            joint(one={**YES, "stage": {"outcome": "t", "name": "in touch"}}, two=POINTS),
            "'one': stages and selection",
        ),
        (joint(one=GRADES, two=YES, three=GRADES), "one outcome with ordered categories at most"),
        ({**joint(one=YES, two=POINTS), "nodes": 2}, "greater than or equal to 3"),
        (joint(one=YES, two=joint(a=YES, b=YES)), "does not match any of the expected tags"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_of_an_outcome_is_refused(
    likelihood: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        model(likelihood)
    assert said in str(caught.value)


def test_a_direction_belongs_to_every_joint_outcome() -> None:
    without = joint(one=YES, two=POINTS)
    del without["responses"]["two"]["higher_is"]
    with pytest.raises(ValidationError, match=r"two.higher_is\s+Field required"):
        model(without)


def test_recency_needs_numbered_weights() -> None:
    recent = {**MEMBERS, "scheme": "recency"}
    assert model(YES, membership=recent).members == ("home",)
    for weights in (None, ("weight_1",)):
        with pytest.raises(ValidationError, match="scheme: recency needs weights"):
            model(YES, membership={**recent, "weights": weights})
    with pytest.raises(ValidationError, match="'given', 'equal', 'first', 'last' or 'recency'"):
        model(YES, membership={**MEMBERS, "scheme": "most"})


def test_a_row_without_membership_has_one_level_of_each_column() -> None:
    assert model(YES).members == ()
