"""What priors alone expect, and which expectations are absurd."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from bayescich.checks.prior_predictive import prior_checks, reference_predictor
from bayescich.model.draws import Draws
from tests.tiny_fit import binomial_fit, gaussian_fit, hazard_fit, ordinal_fit
from tests.tiny_routes import CORRELATION, ROUTES, competing_fit, spells_fit


def by_name(fit):
    return {check.name: check for check in prior_checks(fit, np.random.default_rng(7))}


def with_prior(fit, **draws):
    data = fit.tree["prior"].to_dataset()
    for name, values in draws.items():
        data[name] = (data[name].dims, np.broadcast_to(values, data[name].shape))
    tree = xr.DataTree.from_dict(
        {
            "posterior": fit.tree["posterior"].to_dataset(),
            "prior": data,
        }
    )
    return replace(fit, tree=tree, cache={})


def test_reference_case_spreads_as_a_new_home_of_a_new_provider():
    fit = hazard_fit()
    draws = Draws({"home_sd": np.full(50_000, 0.3), "provider_sd": np.full(50_000, 0.4)})
    eta = reference_predictor(fit, draws, np.random.default_rng(8))
    assert eta.std() == pytest.approx(0.5, rel=0.02)
    assert eta.mean() == pytest.approx(0.0, abs=0.01)


def test_half_normal_half_expects_two_fold_homes():
    fit = with_prior(hazard_fit(), home_sd=np.abs(np.random.default_rng(9).normal(0, 0.5, 400)))
    check = by_name(fit)["prior_groups"]
    assert check.status == "passed"
    assert check.value == pytest.approx(np.exp(1.96 * 0.5 * 0.6745), rel=0.1)


def test_absurd_spread_between_homes_fails():
    wide = np.abs(np.random.default_rng(9).normal(0, 1.5, 400))
    assert by_name(with_prior(hazard_fit(), home_sd=wide))["prior_groups"].status == "failed"
    # odds may differ more than hazards do: only the median counts
    assert by_name(with_prior(ordinal_fit(), home_sd=wide))["prior_groups"].status == "passed"
    assert by_name(with_prior(ordinal_fit(), home_sd=4 * wide))["prior_groups"].status == "failed"


def test_a_prior_that_answers_the_question_fails():
    fit = binomial_fit()
    settled = with_prior(fit, intercept=0.0, hospital_sd=0.01)
    extreme = with_prior(fit, intercept=np.random.default_rng(1).normal(0, 60, (1, 400)))
    assert by_name(fit)["prior_outcome"].status == "passed"
    assert by_name(settled)["prior_outcome"].status == "failed"
    assert by_name(extreme)["prior_outcome"].status == "failed"


def test_grades_have_one_row_each():
    check = by_name(ordinal_fit())["prior_outcome"]
    names = check.table["quantity"].tolist()
    assert names[0] == "probability of Good or better"
    assert names[1:] == [
        f"probability of {grade}"
        for grade in ("Inadequate", "Requires improvement", "Good", "Outstanding")
    ]
    assert check.table.iloc[1:]["posterior_median"].sum() == pytest.approx(1.0, abs=0.1)


def test_type_contrasts():
    fit = hazard_fit()
    wild = np.random.default_rng(3).normal(0, 2.0, (1, 400, 4))
    assert by_name(with_prior(fit, home_type_effect=0.1 * wild))["prior_home_types"].status == (
        "passed"
    )
    check = by_name(with_prior(fit, home_type_effect=wild))["prior_home_types"]
    assert check.status == "failed"
    assert check.value == pytest.approx(1.96 * 2.0 * np.sqrt(2), rel=0.1)
    assert by_name(binomial_fit())["prior_home_types"].status == "not applicable"


def test_scale_of_a_measurement():
    fit = gaussian_fit()
    assert by_name(fit)["prior_outcome"].status == "passed"
    narrow = with_prior(fit, intercept=0.0, school_sd=0.01)
    assert by_name(narrow)["prior_outcome"].status == "failed"


def test_without_prior_draws():
    fit = hazard_fit()
    tree = xr.DataTree.from_dict({"posterior": fit.tree["posterior"].to_dataset()})
    (check,) = prior_checks(replace(fit, tree=tree, cache={}), np.random.default_rng(1))
    assert check.status == "not applicable"


def test_reference_case_has_an_effect_on_each_route_that_belong_together():
    fit = competing_fit(300)
    size = 40_000
    draws = Draws(
        {
            "home_sd": np.tile([0.3, 0.4, 0.5], (size, 1)),
            "provider_sd": np.tile([0.4, 0.3, 0.0], (size, 1)),
            "home_correlation": np.broadcast_to(CORRELATION, (size, 3, 3)),
        }
    )
    eta = reference_predictor(fit, draws, np.random.default_rng(8))
    assert eta.std(axis=0) == pytest.approx([0.5, 0.5, 0.5], rel=0.02)
    covariance = np.cov(eta.T)
    # providers are independent between routes: only homes' effects belong together
    assert covariance[0, 1] == pytest.approx(0.4 * 0.3 * 0.4, abs=0.005)
    assert covariance[1, 2] == pytest.approx(0.3 * 0.4 * 0.5, abs=0.005)


def test_routes_are_shown_and_their_total_judged():
    found = by_name(competing_fit(600))
    outcome = found["prior_outcome"]
    assert outcome.table["quantity"].tolist() == [
        "probability of any exit within 365 days",
        *(f"probability of leaving by: {route}" for route in ROUTES),
    ]
    assert outcome.status == "passed"
    total = outcome.table.iloc[0]["posterior_median"]
    assert outcome.table.iloc[1:]["posterior_median"].sum() == pytest.approx(total, rel=0.1)
    rare = np.full((1, 400, 3, 3), -9.0)
    assert by_name(with_prior(competing_fit(600), baseline=rare))["prior_outcome"].status == (
        "failed"
    )


def test_groups_and_types_of_routes():
    fit = competing_fit(600)
    found = by_name(fit)
    names = found["prior_groups"].table["group"].tolist()
    assert names[:2] == ["home", "provider"]
    assert "home, another home" in names
    assert len(names) == 2 + 2 * 3
    assert "on any one route" in found["prior_groups"].sentence
    wild = np.random.default_rng(3).normal(0, 2.0, (1, 400, 4, 3))
    check = by_name(with_prior(fit, home_type_effect=wild))["prior_home_types"]
    assert check.status == "failed"
    assert check.value == pytest.approx(1.96 * 2.0 * np.sqrt(2), rel=0.1)


@pytest.mark.parametrize("options", [{"strata": True}, {"family": "log_normal"}])
def test_other_hazards_have_a_reference_case(options):
    assert by_name(spells_fit(600, **options))["prior_outcome"].status == "passed"
