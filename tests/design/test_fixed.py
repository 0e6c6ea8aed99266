"""Covariates by formula: centred, scaled for the prior, and every fault of a formula named."""

import numpy as np
import pandas as pd
import pytest

from bayescich.design import FixedMatrix, build_design
from bayescich.errors import DesignError
from bayescich.spec import ModelSpec

PRIOR = {"distribution": "normal", "mean": 0, "sd": 1, "reason": "long enough", "source": "here"}
TABLE = pd.DataFrame(
    {
        "home": list("aabbcc"),
        "score": np.arange(6.0),
        "age": [10.0, 11, 12, 13, 14, 18],
        "male": [True, False, True, True, False, True],
        "sector": ["private", "public", "voluntary"] * 2,
        "constant": 3.0,
    }
)


def spec(formula: str, **more: object) -> ModelSpec:
    return ModelSpec.model_validate(
        {
            "name": "toy",
            "title": "toy",
            "unit": "home",
            "likelihood": {"family": "gaussian", "outcome": "score"},
            "effects": [{"kind": "fixed", "formula": formula}],
            **more,
        }
    )


def matrix(formula: str) -> FixedMatrix:
    fixed = build_design(TABLE, spec(formula)).fixed
    assert fixed is not None
    return fixed


def test_covariates_are_centred_and_keep_their_unit() -> None:
    fixed = matrix("age + male")
    assert fixed.names == ("age", "male")
    np.testing.assert_allclose(fixed.values.mean(axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(fixed.values[:, 0] + fixed.centres[0], TABLE["age"])
    np.testing.assert_allclose(fixed.centres, [13, 4 / 6])
    # a prior is per standard deviation of a measurement and per step of a yes or no
    np.testing.assert_allclose(fixed.scales, [TABLE["age"].std(ddof=0), 1.0])


def test_categories_are_compared_with_the_first() -> None:
    fixed = matrix("sector")
    assert fixed.names == ("sector[public]", "sector[voluntary]")
    np.testing.assert_allclose(fixed.scales, 1)
    np.testing.assert_allclose(fixed.values[0], [-1 / 3, -1 / 3])


def test_a_formula_may_calculate() -> None:
    fixed = matrix("np.log(age - 1) + I(age ** 2)")
    np.testing.assert_allclose(
        fixed.values + fixed.centres,
        np.column_stack([np.log(TABLE["age"] - 1), TABLE["age"] ** 2]),
    )


def test_without_a_formula_there_are_no_covariates() -> None:
    plain = spec("age").model_copy(update={"effects": ()})
    assert build_design(TABLE, plain).fixed is None


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("age +", "The formula cannot be evaluated: Don't know how to parse"),
        ("", "The formula cannot be evaluated"),
        ("1", "it names no column"),
        # formulae would read these two and leave half of them out
        ("score ~ age", "it has a left-hand side"),
        ("age + (1|home)", "give it an effect of kind 'group'"),
        ("np.log(age - 10)", "np.log(age - 10) is not a finite number in every row"),
        ("age + constant", "The covariate constant has the same value in every row"),
        ("agee", "The table has no column 'agee'"),
        ("age + nonsense(male)", "The formula cannot be evaluated"),
    ],
)
def test_faults_of_a_formula(formula: str, said: str) -> None:
    with pytest.raises(DesignError) as caught:
        build_design(TABLE, spec(formula))
    assert said in str(caught.value)
    assert "model 'toy'" in str(caught.value.where)


def test_a_prior_of_no_covariate_is_refused() -> None:
    build_design(TABLE, spec("age", priors={"fixed.age": PRIOR}))
    with pytest.raises(DesignError, match=r"'fixed\.aeg' is of no covariate(.|\n)*fixed\.age"):
        build_design(TABLE, spec("age", priors={"fixed.aeg": PRIOR}))


def test_the_line_of_a_walk_may_have_a_prior_of_its_own() -> None:
    effects = [
        {"kind": "fixed", "formula": "male"}, {"kind": "walk", "by": "sector", "order": 2},
    ]  # fmt: skip
    build_design(TABLE, spec("male", effects=effects, priors={"fixed.sector": PRIOR}))
    effects[1]["order"] = 1
    with pytest.raises(DesignError, match=r"'fixed\.sector' is of no covariate"):
        build_design(TABLE, spec("male", effects=effects, priors={"fixed.sector": PRIOR}))


MUNDLAK = pd.DataFrame(
    {
        "child": ["a", "a", "b", "c", "d", "d"],
        "home": ["H", "H", "H", "H", "J", "K"],
        "score": np.arange(6.0),
        "age": [10.0, 12.0, 14.0, 17.0, 13.0, 15.0],
    }
)


def with_means(table: pd.DataFrame, formula: str = "age", **more: object) -> FixedMatrix:
    asked = ModelSpec.model_validate(
        {
            "name": "toy", "title": "toy", "unit": "child",
            "likelihood": {"family": "gaussian", "outcome": "score"},
            "effects": [{"kind": "fixed", "formula": formula, "means_by": "home"}],
            **more,
        }
    )  # fmt: skip
    fixed = build_design(table, asked).fixed
    assert fixed is not None
    return fixed


def test_the_company_kept_in_a_home_leaves_the_child_itself_out() -> None:
    fixed = with_means(MUNDLAK)
    assert fixed.names == ("age", "home mean of age")
    means = fixed.values[:, 1] + fixed.centres[1]
    # a has two rows in H: both are left out of its mean; d is alone in J and in K
    overall = MUNDLAK["age"].mean()
    np.testing.assert_allclose(means, [15.5, 15.5, 13.0, 12.0, overall, overall])


def test_a_change_of_the_childs_own_age_leaves_its_company_alone() -> None:
    older = MUNDLAK.assign(age=[11.0, 13.0, 14.0, 17.0, 13.0, 15.0])
    before, after = (with_means(t) for t in (MUNDLAK, older))
    np.testing.assert_allclose(
        before.values[:2, 1] + before.centres[1], after.values[:2, 1] + after.centres[1]
    )
    assert not np.allclose(before.values[2, 1] + before.centres[1], after.values[2, 1])


def test_company_that_never_differs_is_no_covariate() -> None:
    # everybody alone: nothing is known of the company kept anywhere
    alone = MUNDLAK.assign(home=list("uvwxyz"), child=list("abcdef"))
    assert with_means(alone).names == ("age",)


def test_a_prior_of_the_company_kept_is_allowed() -> None:
    fixed = with_means(MUNDLAK, priors={"fixed.home mean of age": PRIOR})
    assert "home mean of age" in fixed.names
