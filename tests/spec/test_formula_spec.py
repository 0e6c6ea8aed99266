"""A model written as one formula: what it may ask, and what it tells before any data are read."""

from typing import Any

import pytest
from pydantic import ValidationError

from bayescich.spec import ModelSpec

HALF = {"distribution": "half_normal", "sd": 1, "reason": "long enough", "source": "here"}
FORMULA = "0 + year + (1 + trend(year) | authority) + (0 + year | code)"


def model(likelihood: dict[str, Any] | None = None, **changes: Any) -> ModelSpec:
    asked = {"family": "formula", "outcome": "moved", "trials": "children", "formula": FORMULA,
             "occasion": "year"}  # fmt: skip
    base = {"name": "toy", "title": "toy", "unit": "authority"}
    return ModelSpec.model_validate(base | {"likelihood": asked | (likelihood or {})} | changes)


def test_the_terms_of_a_formula_are_known_before_the_data() -> None:
    item = model().likelihood
    assert item.family == "formula"
    assert item.group_terms == ("1|authority", "trend(year)|authority", "year|code")
    assert item.columns == ("authority", "code", "year")
    assert item.compared == ("year",)


def test_priors_of_the_terms_are_allowed_and_no_others() -> None:
    roles = {"authority.sd": HALF, "trend(year)|authority.sd": HALF, "year|code.sd": HALF}
    assert set(model(priors=roles).priors) == set(roles)
    with pytest.raises(ValidationError, match="is of no effect of this model"):
        model(priors={"region.sd": HALF})


@pytest.mark.parametrize(
    ("likelihood", "words"),
    [
        ({"formula": "moved ~ year"}, "right-hand side only"),
        ({"formula": "0 + year + (1 |"}, "the formula cannot be read"),
        ({"occasion": "month"}, "'month' is not in the formula"),
        ({"averages": ["region"]}, "'region' is not in the formula"),
        ({"centred": ["1|region"]}, r"'1\|region' is no group-specific term"),
    ],
)
def test_a_formula_that_cannot_be_meant_is_refused(likelihood: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        model(likelihood)


def test_effects_belong_into_the_formula() -> None:
    with pytest.raises(ValidationError, match="the effects are in the formula"):
        model(effects=[{"kind": "group", "by": "region"}])
    with pytest.raises(ValidationError, match="unit 'home' is not in the formula"):
        model(unit="home")
