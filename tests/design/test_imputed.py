"""Covariates with blanks: where they are, what stands in for them, and when they are refused."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayescich.design import Design, build_design
from bayescich.errors import DesignError
from bayescich.spec import ModelSpec


def table(**changes: Any) -> pd.DataFrame:
    columns = {
        "child": list("fedcba"),
        "home": list("HHKKHK"),
        "yes": [1, 0, 1, 0, 1, 0],
        "grade": ["low", "mid", "high", "low", "mid", "high"],
        "ks2": [None, 1.0, 3.0, None, 5.0, 7.0],
        "plan": [1, None, 0, 1, 1, 0],
        "age": [10.0, 11, 12, 13, 14, 15],
    }
    return pd.DataFrame(columns | changes)


def spec(
    formula: str = "ks2 + plan + age",
    impute: tuple[str, ...] = ("ks2", "plan"),
    likelihood: dict[str, Any] | None = None,
    **fixed: Any,
) -> ModelSpec:
    effect = {"kind": "fixed", "formula": formula, "impute": impute, **fixed}
    likelihood = likelihood or {"family": "bernoulli", "outcome": "yes"}
    return ModelSpec.model_validate(
        {
            "name": "toy", "title": "toy", "unit": "child", "likelihood": likelihood,
            "effects": [effect],
        }
    )  # fmt: skip


def refusal(asked: ModelSpec, **changes: Any) -> str:
    with pytest.raises(DesignError) as caught:
        build_design(table(**changes), asked)
    return str(caught.value)


def made(asked: ModelSpec, **changes: Any) -> Design:
    design = build_design(table(**changes), asked)
    assert design.fixed is not None
    return design


def test_blanks_are_told_and_say_nothing_of_mean_and_spread() -> None:
    fixed = made(spec()).fixed
    assert fixed is not None
    assert fixed.names == ("ks2", "plan", "age")
    # rows a to f
    assert [(h.covariate, h.rows.tolist(), h.is_binary) for h in fixed.holes] == [
        (0, [2, 5], False), (1, [4], True),
    ]  # fmt: skip
    np.testing.assert_allclose(fixed.centres, [4.0, 3 / 5, 12.5])
    np.testing.assert_allclose(fixed.scales[:2], [np.std([1, 3, 5, 7]), 1.0])
    np.testing.assert_allclose(fixed.values[:, 0], [3, 1, 0, -1, -3, 0])
    np.testing.assert_allclose(fixed.values[:, 1], [-0.6, 0.4, 0.4, -0.6, 0, 0.4])


def test_a_covariate_without_a_blank_has_no_hole() -> None:
    fixed = made(spec(), ks2=[1.0, 1, 3, 3, 5, 7]).fixed
    assert fixed is not None
    assert [hole.covariate for hole in fixed.holes] == [1]


def test_blanks_that_are_not_to_be_imputed_are_refused() -> None:
    assert "Column 'plan' is blank in 1 of 6 rows" in refusal(spec(impute=("ks2",)))


@pytest.mark.parametrize(
    "formula", ["ks2 * age + plan", "ks2 + ks2:age + plan", "scale(ks2) + plan", "age + plan"]
)
def test_an_imputed_covariate_stands_by_itself(formula: str) -> None:
    assert "'ks2' is imputed where it is blank, so it stands by itself" in refusal(spec(formula))


def test_a_name_within_a_name_is_another_covariate() -> None:
    fixed = made(spec("male + female", ("male",)), male=[1, 0, None, 1, 0, 1], female=[0, 1] * 3)
    assert fixed.fixed is not None
    assert [hole.rows.tolist() for hole in fixed.fixed.holes] == [[3]]
    other = made(spec("ks2 + ks2_known", ("ks2",)), ks2_known=[0, 1, 1, 0, 1, 1])
    assert other.fixed is not None
    assert other.fixed.names == ("ks2", "ks2_known")


def test_a_covariate_that_is_blank_everywhere_is_refused() -> None:
    assert "Column 'ks2' is blank in every row" in refusal(spec(), ks2=np.nan)
    assert "'ks2' is not a number in 6 of 6 rows" in refusal(spec(), ks2="high")


def test_the_company_of_a_blank_is_taken_for_average() -> None:
    fixed = made(spec(means_by="home")).fixed
    assert fixed is not None
    assert fixed.names[3:] == ("home mean of ks2", "home mean of plan", "home mean of age")
    means = fixed.values + fixed.centres
    # row a lived in K with d (no ks2, so the mean, 4, stands in) and c; b in H with e and f
    by_row = table().sort_values("child").set_index("child").fillna({"ks2": 4.0, "plan": 0.6})
    for place, name in enumerate(("ks2", "plan", "age"), start=3):
        for row, child in enumerate("abcdef"):
            home = by_row["home"] == by_row.loc[child, "home"]
            others = by_row.loc[home, name].astype(float).drop(child)
            assert means[row, place] == pytest.approx(others.mean()), (name, child)


@pytest.mark.parametrize(
    "likelihood",
    [
        {"family": "hazard", "event": "yes", "time": "age", "cuts": [7]},
        {"family": "ordinal", "outcome": "grade", "categories": ["low", "mid", "high"]},
    ],
)
def test_a_likelihood_that_cannot_impute_refuses_blanks(likelihood: dict[str, Any]) -> None:
    said = refusal(spec("ks2 + plan", likelihood=likelihood))
    assert "The covariate ks2, plan has blanks, which this likelihood cannot impute" in said
    # without a blank there is nothing to impute
    whole = {"ks2": [1.0, 1, 3, 3, 5, 7], "plan": [0, 1] * 3}
    assert made(spec("ks2 + plan", likelihood=likelihood), **whole).rows == 6


def test_grades_that_may_be_blank_can_impute() -> None:
    graded = {
        "family": "ordinal", "outcome": "grade", "categories": ["low", "mid", "high"],
        "missing": "ignored",
    }  # fmt: skip
    fixed = made(spec(likelihood=graded)).fixed
    assert fixed is not None
    assert len(fixed.holes) == 2
