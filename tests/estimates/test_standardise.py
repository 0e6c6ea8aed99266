"""g-computation against brute force and against Monte Carlo."""

from dataclasses import replace

import numpy as np
import pytest

from bayescich.estimates.standardise import collapse, in_new_home, standardised_by_type
from tests.tiny_fit import TYPES, binomial_fit, hazard_fit, ordinal_fit


def without_groups(fit):
    kept = tuple(
        e for e in fit.structure.effects if getattr(e, "column", "home_type") == "home_type"
    )
    return replace(fit, structure=replace(fit.structure, effects=kept))


@pytest.mark.parametrize("make", [hazard_fit, ordinal_fit])
def test_without_groups_it_is_the_average_over_the_rows(make):
    fit = without_groups(make())
    draws = fit.posterior.thin(6)
    found = standardised_by_type(fit, draws)
    base = fit.structure.linear_predictor(draws, fit.design, ("home_type_effect",))
    for h in range(len(TYPES)):
        eta = base + draws["home_type_effect"][:, [h]]
        by_row = fit.structure.likelihood.standardised(
            draws, eta, fit.design, fit.spec.report.horizon_days
        )
        assert found[:, h] == pytest.approx(by_row.mean(axis=1), abs=1e-6)


def test_a_new_home_is_averaged_over_as_by_monte_carlo():
    fit = ordinal_fit()
    draws = fit.posterior.thin(3)
    eta = np.array([[-1.0, 0.5]] * draws.size)
    found = in_new_home(fit, draws, eta)
    rng = np.random.default_rng(1)
    for s in range(draws.size):
        home = draws["home_sd"][s] * rng.standard_normal(400_000)
        provider = draws["provider_sd"][s] * rng.standard_normal(400_000)
        latent = eta[s, 0] + home + provider + rng.logistic(size=400_000)
        share = (latent > draws["cutpoint"][s, 1]).mean()
        assert found[s, 0] == pytest.approx(share, abs=0.003)
    assert (found[:, 1] > found[:, 0]).all()


def test_the_spread_of_homes_matters():
    fit = hazard_fit()
    draws = fit.posterior.thin(3)
    wide = draws.replace("home_sd", np.full(draws.size, 2.0))
    eta = np.zeros((draws.size, 1))
    narrow = in_new_home(fit, draws, eta)
    assert (np.abs(in_new_home(fit, wide, eta) - narrow) > 0.01).all()


def test_types_keep_the_order_of_their_effects():
    fit = hazard_fit()
    found = standardised_by_type(fit, fit.posterior.thin(50), np.random.default_rng(2))
    order = np.argsort(found, axis=1)
    effects = np.argsort(fit.posterior.thin(50)["home_type_effect"], axis=1)
    assert (order == effects).all()


def test_bootstrap_weights_widen_the_interval_and_keep_the_mean():
    fit = hazard_fit()
    draws = fit.posterior.take(np.zeros(400, dtype=np.int64))
    fixed = standardised_by_type(fit, draws)
    drawn = standardised_by_type(fit, draws, np.random.default_rng(3))
    assert fixed.std(axis=0).max() < 1e-12
    assert (drawn.std(axis=0) > 1e-4).all()
    assert drawn.mean(axis=0) == pytest.approx(fixed[0], abs=1e-3)


def test_collapse_keeps_total_and_mean():
    rng = np.random.default_rng(4)
    base, weights = rng.normal(size=(3, 500)), rng.dirichlet(np.ones(500), 3)
    grid, weight = collapse(base, weights)
    assert weight.sum(axis=1) == pytest.approx(np.ones(3))
    assert (grid * weight).sum(axis=1) == pytest.approx((base * weights).sum(axis=1))


def test_collapse_of_one_value():
    grid, weight = collapse(np.zeros((1, 4)), np.full((1, 4), 0.25))
    assert (grid * weight).sum() == pytest.approx(0.0, abs=1e-9)
    assert weight.sum() == pytest.approx(1.0)


def test_a_probability_without_types_is_not_asked_for():
    with pytest.raises(AssertionError, match="home types"):
        standardised_by_type(binomial_fit(), binomial_fit().posterior)
