"""A prior says what it is, why, and where that comes from, or it is refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from bayescich.errors import SpecError
from bayescich.spec import Prior, PriorSet
from bayescich.spec.priors import PARAMETERS

WHY = {"reason": "a reason long enough", "source": "methods 1"}


def prior(**fields: Any) -> Prior:
    return Prior.model_validate(WHY | fields)


@pytest.mark.parametrize("distribution", PARAMETERS)
def test_each_distribution_takes_its_own_numbers_and_no_others(distribution: str) -> None:
    wanted = dict.fromkeys(PARAMETERS[distribution], 0.5)
    assert prior(distribution=distribution, **wanted).parameters() == wanted
    listed = ", ".join(PARAMETERS[distribution])
    with pytest.raises(ValidationError, match=f"{distribution} takes {listed}; found none"):
        prior(distribution=distribution)
    other = "df" if "df" not in wanted else "mean_log"
    with pytest.raises(ValidationError, match=f"{distribution} takes {listed}; found .*{other}"):
        prior(distribution=distribution, **wanted, **{other: 1.0})


@pytest.mark.parametrize("name", ["sd", "scale", "df", "sd_log"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_scales_are_above_zero(name: str, value: float) -> None:
    distribution = next(d for d, names in PARAMETERS.items() if name in names)
    numbers = dict.fromkeys(PARAMETERS[distribution], 1.0)
    with pytest.raises(ValidationError, match=name):
        prior(distribution=distribution, **{**numbers, name: value})


@pytest.mark.parametrize("missing", ["reason", "source"])
def test_a_prior_without_reason_or_source_is_refused(missing: str) -> None:
    fields = {"distribution": "half_normal", "sd": 1.0, **WHY}
    with pytest.raises(ValidationError, match=missing):
        Prior.model_validate({k: v for k, v in fields.items() if k != missing})
    with pytest.raises(ValidationError, match=missing):
        Prior.model_validate({**fields, missing: ""})


def test_the_words_for_a_prior() -> None:
    assert prior(distribution="half_student_t", df=3, scale=2.5).text() == (
        "HalfStudentT(df=3, scale=2.5)"
    )
    assert prior(distribution="normal", mean=-0.5, sd=1).text() == "Normal(mean=-0.5, sd=1)"


NORMAL = {"distribution": "normal", "mean": 0, "sd": 1, **WHY}
GAMMA = {"distribution": "gamma", "mean": 1, "sd": 1, **WHY}


@pytest.mark.parametrize(
    ("role", "fields", "said"),
    [
        ("group.sd", NORMAL, "'group.sd' is above zero: normal is not; allowed: half_normal,"),
        ("home.sd", NORMAL, "'home.sd' is above zero"),
        ("frailty.variance", NORMAL, "'frailty.variance' is above zero"),
        ("baseline.step_sd", NORMAL, "'baseline.step_sd' is above zero"),
        ("cutpoint.gap", NORMAL, "'cutpoint.gap' is above zero"),
        # a gamma prior of a coefficient has a mean and an sd too and would pass for a normal one
        ("fixed", GAMMA, "'fixed' was gamma; allowed: normal"),
        ("fixed.age", GAMMA, "'fixed.age' was gamma; allowed: normal"),
        ("slope", NORMAL, "unknown prior 'slope'; allowed: intercept, fixed, group.sd,"),
        ("sd", NORMAL, "unknown prior 'sd'"),
    ],
)
def test_a_role_refuses_what_it_cannot_be(role: str, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        PriorSet.model_validate({"name": "p", "description": "d", "priors": {role: fields}})
    assert said in str(caught.value)


def test_the_narrowest_role_is_taken_and_an_absent_one_is_told() -> None:
    priors = PriorSet.model_validate(
        {"name": "p", "description": "d", "priors": {"group.sd": GAMMA, "home.sd": GAMMA}}
    )
    assert priors.role_of("home.sd", "group.sd") == "home.sd"
    assert priors.role_of("owner.sd", "group.sd") == "group.sd"
    with pytest.raises(SpecError, match=r"no prior for 'residual\.sd'(.|\n)*group\.sd, home\.sd"):
        priors.get("residual.sd")
