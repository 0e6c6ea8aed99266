"""Groups, hierarchy, variance, coefficients and homes."""

import numpy as np
import pytest
from scipy.special import expit

from bayescich.estimates import run_estimates
from bayescich.estimates.coefficients import coefficient_estimates
from bayescich.estimates.groups import group_estimates
from bayescich.estimates.hierarchy import hierarchy_estimates
from bayescich.estimates.homes import home_estimates
from bayescich.estimates.variance import components, variance_estimates
from bayescich.model import Draws
from bayescich.model.effects.frailty import GammaFrailty
from tests.tiny_fit import binomial_fit, gaussian_fit, hazard_fit, ordinal_fit, with_posterior


def only(estimates):
    (estimate,) = estimates
    return estimate


def test_hospitals_on_both_scales():
    fit = binomial_fit()
    table = only(group_estimates(fit)).table
    assert table["raw"].tolist() == pytest.approx(
        (fit.table["deaths"] / fit.table["operations"]).tolist()
    )
    draws = fit.posterior
    probability = expit(draws["intercept"][:, None] + draws["hospital_effect"])
    assert table["std_mean"].tolist() == pytest.approx(probability.mean(axis=0).tolist())
    assert (table["reliability"] > 0.9).all()


def test_groups_are_left_to_the_home_type_table_where_there_is_one():
    assert group_estimates(hazard_fit()) == ()


def test_a_measurement_has_no_ratios():
    table = only(group_estimates(gaussian_fit())).table
    assert not [name for name in table if name.startswith("ratio")]
    variance = only(variance_estimates(gaussian_fit())).table
    assert "median_ratio_mean" not in variance
    assert variance["source"].tolist() == ["school", "known error"]


def test_hierarchy_knows_nested_from_crossed():
    fit = hazard_fit()
    table = only(hierarchy_estimates(fit)).table.set_index("column")
    assert table.loc["home", "levels"] == 60
    assert table.loc["home", "nested_in"] == "home_type, provider"
    assert table.loc["child", "nested_in"] == ""
    assert "home" in table.loc["child", "crossed_with"].split(", ")
    assert "home" not in table.loc["provider", "crossed_with"].split(", ")
    sizes = fit.table.groupby("home").size()
    assert table.loc["home", ["rows_min", "rows_max"]].tolist() == [sizes.min(), sizes.max()]
    assert table.loc["home", "rows_mean"] == pytest.approx(sizes.mean())
    moved = fit.table.groupby("home")["moved"].sum()
    assert table.loc["home", "outcome_max"] == moved.max()
    assert table.loc["child", "parametrisation"] == ""
    assert table.loc["year", "parametrisation"].startswith("zero-sum")


def test_shares_add_to_one_and_logit_models_have_their_own_variance():
    for make in (hazard_fit, ordinal_fit, binomial_fit):
        table = only(variance_estimates(make())).table
        assert table["share_mean"].sum() == pytest.approx(1.0)
    own = components(ordinal_fit())["single outcome"]
    assert own == pytest.approx(np.full(own.shape, np.pi**2 / 3))


def test_median_ratio():
    table = only(variance_estimates(hazard_fit())).table.set_index("source")
    sd = hazard_fit().posterior["home_sd"]
    assert table.loc["home", "median_ratio_mean"] == pytest.approx(np.exp(0.9539 * sd).mean(), 1e-4)
    assert np.isnan(table.loc["covariates", "median_ratio_mean"])


def test_variance_of_the_log_frailty_and_of_the_covariates():
    rng = np.random.default_rng(1)
    simulated = np.log(rng.gamma(2.0, 0.5, 400_000)).var()
    draws = Draws({"frailty_variance": np.array([0.5])})
    assert GammaFrailty().log_variance(draws)[0] == pytest.approx(simulated, rel=0.01)
    fit = hazard_fit()
    contribution = fit.posterior["fixed"] @ fit.design.fixed.values.T
    assert components(fit)["covariates"] == pytest.approx(contribution.var(axis=1))


def test_frailty_in_words():
    sentence = only(variance_estimates(hazard_fit())).sentence
    # Gamma(2, 1/2): quantiles 0.266 and 1.945
    assert "at least 7 times as readily" in sentence


def test_coefficients_and_baseline():
    fit = hazard_fit()
    coefficients, level = coefficient_estimates(fit)
    assert coefficients.table["covariate"].tolist() == ["age"]
    assert coefficients.table["mean_in_data"].iloc[0] == pytest.approx(fit.table["age"].mean())
    assert coefficients.table["ratio_mean"].iloc[0] == pytest.approx(np.exp(0.1), abs=0.01)
    assert level.table["level"].tolist() == ["0-91 days", "91-365 days", "365+ days"]
    assert level.table["mean"].tolist() == pytest.approx([np.exp(-0.4)] * 3, abs=0.01)
    assert only(coefficient_estimates(ordinal_fit())).table["mean"].tolist() == pytest.approx(
        [-3.5, -1.5, 2.0], abs=0.01
    )
    assert only(coefficient_estimates(binomial_fit())).table["level"].tolist() == ["intercept"]


def test_homes_are_counted_never_named():
    fit = hazard_fit()
    rng = np.random.default_rng(2)
    effects = rng.normal(0.0, 0.1, (4, 400, 60))
    effects[..., 0] += 1.0  # surely above
    effects[..., 1] -= 1.0  # surely below
    effects[..., 2] = 1.0 + rng.normal(0.0, 0.39, (4, 400))  # above, but unreliable
    homes, _ = home_estimates(with_posterior(fit, home_effect=effects))
    row = homes.table.set_index("column").loc["home"]
    assert (row["n_above"], row["n_below"]) == (1, 1)
    assert row["share_reliable"] == pytest.approx(59 / 60)
    assert row["min"] < 0.2
    assert not homes.table.astype(str).apply(lambda c: c.str.contains("SC0")).to_numpy().any()


def test_needed_events():
    _, needed = home_estimates(hazard_fit())
    table = needed.table.set_index(["column", "reliability"])["needed_mean"]
    sd = hazard_fit().posterior["home_sd"]
    assert table["home", 0.8] == pytest.approx(np.mean(4.0 / sd**2))
    _, grades = home_estimates(ordinal_fit())
    share = ordinal_fit().table["grade"].isin(["Good", "Outstanding"]).mean()
    sd = ordinal_fit().posterior["home_sd"]
    found = grades.table.set_index(["column", "reliability"])["needed_mean"]["home", 0.5]
    assert found == pytest.approx(np.mean(1 / sd**2) / (share * (1 - share)))


@pytest.mark.parametrize("make", [hazard_fit, ordinal_fit, binomial_fit, gaussian_fit])
def test_every_table_has_words_for_its_columns(make):
    estimates = run_estimates(make(), None)
    names = [estimate.name for estimate in estimates]
    assert len(set(names)) == len(names)
    for estimate in estimates:
        assert set(estimate.headings) == set(estimate.table.columns), estimate.name
        assert estimate.sentence.endswith(".")


def test_the_same_fit_gives_the_same_tables():
    one, two = (run_estimates(hazard_fit(), None)[0].table for _ in range(2))
    assert one.equals(two)
