"""An outcome of several parts: what its variables are called, and what the parts have in common."""

import numpy as np
import pytest
from scipy import stats

from bayescich.model import Draws, reported_variables
from bayescich.sampling import sample_prior
from tests.model.responses import BLANK, FIXED, OTHERS, evaluate, response_toy

PLAIN = {**FIXED, "means_by": None}
TYPES = {"kind": "home_type"}
HOMES = {"kind": "group", "by": "home"}


def names(outcome: str, *effects: dict[str, object]) -> set[str]:
    return set(reported_variables(response_toy(outcome, effects).model))


@pytest.mark.parametrize(
    ("outcome", "own"),
    [
        ("yes", {"intercept"}),
        ("score", {"intercept", "dispersion"}),
        ("measurement", {"intercept", "residual_sd"}),
        ("grade", {"cutpoint", "cutpoint_gap"}),
        ("grade recorded", {
            "intercept", "cutpoint", "cutpoint_gap", "recording_slope", "recording_about",
        }),
        ("activity", {"intercept"}),
        ("hurdle", {"intercept", "dispersion", "recording_slope", "recording_about"}),
        ("joint", {"intercept", "dispersion", "residual_sd", "child_loading"}),
    ],
)  # fmt: skip
def test_an_outcome_has_the_variables_of_its_parts(outcome: str, own: set[str]) -> None:
    assert names(outcome) == own


def test_two_dispersions_have_the_name_of_their_outcome() -> None:
    scores = {
        name: {
            "likelihood": {"family": "beta_binomial", "outcome": column, "trials": trials},
            "higher_is": "better",
        }
        for name, column, trials in (("first score", "points", 20), ("counts", "counts", "trials"))
    }
    a_toy = response_toy({"family": "joint", "responses": scores, "child_effect": False}, ())
    assert set(reported_variables(a_toy.model)) == {
        "intercept", "dispersion_first_score", "dispersion_counts",
    }  # fmt: skip
    assert a_toy.likelihood.nodes == 1


def test_prior_draws_have_the_part_as_their_last_dim() -> None:
    a_toy = response_toy("hurdle", (PLAIN, *OTHERS))
    prior = sample_prior(a_toy.model, 300, seed=5)
    parts = ["any result", "result", "result recorded"]
    assert prior["route"].values.tolist() == parts
    for name, own in {
        "intercept": (), "fixed": ("covariate",), "home_effect": ("home",), "home_sd": (),
        "home_type_effect": ("home_type",), "setting_effect": ("setting",),
        "authority_effect": ("authority",),
    }.items():  # fmt: skip
        assert prior[name].dims == ("chain", "draw", *own, "route"), name
    assert prior["home_correlation"].dims == ("chain", "draw", "route", "other_route")
    assert prior["dispersion"].dims == ("chain", "draw")
    # settings have a prior of their own, Normal(0, 0.5²)
    assert float(prior["setting_effect"].std()) == pytest.approx(0.5, abs=0.04)
    assert float(np.log(prior["dispersion"]).mean()) == pytest.approx(2.3, abs=0.2)


def test_grades_have_thresholds_for_their_level_and_the_other_part_its_intercept() -> None:
    a_toy = response_toy("grade recorded", (PLAIN,))
    level = a_toy.draws(a_toy.point(1))["intercept"][0]
    assert level[0] == 0.0
    assert level[1] != 0.0


def test_coefficients_of_parts_have_nothing_in_common() -> None:
    a_toy = response_toy("hurdle", (PLAIN,), look_at_data=False)
    point = a_toy.point(2)
    draws = a_toy.draws(point)
    fixed = a_toy.design.fixed
    assert fixed is not None
    for part in range(3):
        own = draws["fixed"][0, :, part]
        with_prior = a_toy.model.compile_logp(
            vars=[a_toy.model[f"fixed_{part}_offset"]], jacobian=False, mode="FAST_COMPILE"
        )
        exact = stats.norm.logpdf(own, 0.0, 0.5 / fixed.scales).sum()
        assert float(with_prior(point)) == pytest.approx(exact)


def test_being_recorded_is_about_the_average_outcome() -> None:
    a_toy = response_toy("yes recorded", (BLANK, *OTHERS))
    draws = a_toy.draws(a_toy.point(3))
    complete = draws["fixed"].copy()
    complete[:, :2] = 0.0  # blanks lie at the mean, as do all covariates
    kept = draws.replace("fixed", complete)
    others = ("home_effect", "authority_effect")
    eta = a_toy.structure.linear_predictor(kept, a_toy.design, leave_out=others)
    # homes and authorities could be others; the rest is averaged over the rows
    assert draws["recording_about"][0] == pytest.approx(eta[0, 0].mean(), rel=1e-9)


def test_the_childs_effect_is_positive_on_the_first_part() -> None:
    a_toy = response_toy("joint", ())
    model, point = a_toy.model, a_toy.point(4)
    free = point["child_loading_free_offset"]
    for sign in (1.0, -1.0):
        moved = {**point, "child_loading_free_offset": sign * free}
        (loading,) = evaluate(a_toy, [model["child_loading"]], moved)
        np.testing.assert_allclose(loading, free * np.sign(free[0]))


def test_homes_share_one_factor_where_that_is_asked() -> None:
    a_toy = response_toy("joint", ({**HOMES, "across_routes": "factor"},))
    assert "home_cholesky_offset" not in a_toy.model.named_vars
    one = a_toy.draws(a_toy.point(5))
    common = one["home_common"][0]
    correlation = a_toy.structure.groups[0].correlation(one, 4)[0]
    exact = np.outer(common, common) + np.diag(1.0 - common**2)
    np.testing.assert_allclose(correlation, exact, atol=1e-6)
    assert common[0] > 0
    draws = Draws({name: np.repeat(one[name], 40_000, axis=0) for name in one.values})
    fresh = a_toy.structure.with_new_levels(draws, ("home",), np.random.default_rng(1))
    new = fresh["home_effect"][:, 0]
    np.testing.assert_allclose(np.corrcoef(new.T), exact, atol=0.02)
    np.testing.assert_allclose(new.std(axis=0), one["home_sd"][0], rtol=0.02)


def test_types_may_share_one_factor_and_still_sum_to_zero() -> None:
    a_toy = response_toy("joint", ({**TYPES, "across_routes": "factor"},))
    prior = sample_prior(a_toy.model, 4000, seed=6)
    effect = prior["home_type_effect"].to_numpy()[0]
    assert np.abs(effect.sum(axis=1)).max() < 1e-9
    sd, common = prior["home_type_sd"].to_numpy()[0], prior["home_type_common"].to_numpy()[0]
    # of three types that sum to zero the variance is two thirds; two parts go by what they share
    scaled = effect / sd[:, None]
    np.testing.assert_allclose(scaled.var(axis=0), 2 / 3, rtol=0.1)
    shared = (scaled[:, :, 0] * scaled[:, :, 2]).mean()
    assert shared == pytest.approx(2 / 3 * (common[:, 0] * common[:, 2]).mean(), abs=0.02)
    by_sign = np.sign(common[:, 2])
    turned = (scaled[:, :, 0] * scaled[:, :, 2] * by_sign[:, None]).mean()
    assert turned == pytest.approx(2 / 3 * (common[:, 0] * np.abs(common[:, 2])).mean(), abs=0.02)
    assert turned > 0.08
