"""Competing routes: incidence against brute force, and what stands beside it."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from bayescich.estimates.home_types import home_type_estimates
from bayescich.estimates.incidence import (
    incidence_by_type,
    incidence_estimates,
    systematic,
)
from bayescich.estimates.recording import recording_estimates
from bayescich.estimates.routes import NOT_AN_EFFECT, route_estimates
from bayescich.estimates.standardise import needs_in_type, not_of_the_rows
from bayescich.estimates.truth import truth_estimates
from bayescich.estimates.variance import components
from tests.tiny_effects import ROUTES, TYPES, effects_fit, routes_fit
from tests.tiny_fit import hazard_fit


@pytest.fixture(scope="module")
def fit():
    return routes_fit()


@pytest.fixture(scope="module")
def found(fit):
    return incidence_by_type(fit, np.random.default_rng(1))


def narrow(fit, **sds):
    """The same fit with homes and providers that hardly differ."""
    posterior = fit.posterior
    draws = posterior.thin(30)
    for name in ("home_sd", "provider_sd"):
        draws = draws.replace(name, np.full_like(draws[name], 1e-9))
    return replace(fit, cache={"posterior": draws, "prior": fit.prior})


def test_it_is_the_average_over_the_spells(fit):
    narrowed = narrow(fit)
    found = incidence_by_type(narrowed, np.random.default_rng(1))
    draws = narrowed.posterior
    base = fit.structure.linear_predictor(draws, fit.design, not_of_the_rows(fit))
    for kind in range(len(TYPES)):
        eta = base + draws["home_type_effect"][:, kind, :, None]
        eta = eta + needs_in_type(fit, draws, kind)
        expected = fit.structure.likelihood.incidence(draws, eta, np.array([365.0]))[..., 0]
        # the bootstrap draws other spells every time: the mean over the draws is theirs
        assert found.at(365)[:, kind, :3].mean(axis=0) == pytest.approx(
            expected.mean(axis=(0, 2)), abs=0.005
        )


def test_the_routes_add_up_to_any(found):
    assert found.routes == (*ROUTES, "any exit")
    assert found.curve[:, :, :3].sum(axis=2) == pytest.approx(found.curve[:, :, 3])
    assert (np.diff(found.curve, axis=-1) >= -1e-12).all()
    assert found.curve[..., 0].max() == 0.0
    assert found.curve.max() < 1.0


def test_days_lost_are_the_area_under_the_incidence(fit, found):
    upto = found.days <= 365
    area = np.trapezoid(found.curve[..., upto], found.days[upto], axis=-1)
    assert found.lost(365) == pytest.approx(area)
    eta = np.zeros((3, 3, 2))
    draws = fit.posterior.thin(3)
    likelihood = fit.structure.likelihood
    exact = likelihood.time_lost(draws, eta, 365.0)
    curve = likelihood.incidence(draws, eta, found.days[1:])
    own = np.concatenate([np.zeros((3, 3, 2, 1)), curve], axis=-1)[..., upto]
    assert np.trapezoid(own, found.days[upto], axis=-1) == pytest.approx(exact, rel=0.01)


def test_new_homes_spread_the_outcome(fit, found):
    calm = incidence_by_type(narrow(fit), np.random.default_rng(1))
    assert np.abs(found.at(365).mean(axis=0) - calm.at(365).mean(axis=0)).max() > 1e-4


def test_the_table_compares_with_the_reference(fit):
    table = incidence_estimates(fit, np.random.default_rng(1))[0].table
    commonest = fit.table["home_type"].value_counts().idxmax()
    reference = table[table["type"] == commonest]
    assert set(reference["reading"]) == {"reference"}
    assert (reference["diff_mean"] == 0).all()
    rows = table.set_index(["type", "route"])
    for kind in TYPES:
        apart = rows.loc[(kind, "any exit"), "within_365_mean"]
        apart -= rows.loc[(commonest, "any exit"), "within_365_mean"]
        assert rows.loc[(kind, "any exit"), "diff_mean"] == pytest.approx(apart)
    assert (table["within_182_mean"] <= table["within_365_mean"]).all()
    assert len(table) == len(TYPES) * 4


def test_the_same_seed_gives_the_same_incidence(fit):
    one, two = (incidence_by_type(fit, np.random.default_rng(7)).curve for _ in range(2))
    assert (one == two).all()


def test_rows_are_drawn_by_their_weights():
    weights = np.random.default_rng(1).exponential(size=(2, 50))
    drawn = systematic(weights, 5000, np.random.default_rng(2))
    for own, rows in zip(weights, drawn, strict=True):
        expected = 5000 * own / own.sum()
        assert np.abs(np.bincount(rows, minlength=50) - expected).max() <= 1.0


def test_what_was_recorded_is_counted(fit):
    table = route_estimates(fit)[0].table.set_index("route")
    for route in ROUTES:
        assert table.loc[route, "n_events"] == (fit.table["exit"] == route).sum()
    assert table.loc["not known", "n_events"] == (fit.table["exit"] == "unknown").sum()
    assert table.loc["any exit", "n_events"] == (fit.table["exit"] != "censored").sum()
    assert table["share"].sum() == pytest.approx(2.0)
    known = route_estimates(routes_fit(recording=False))[0].table
    assert "not known" not in known["route"].tolist()


def test_effects_by_route_are_an_annex_with_a_warning(fit):
    effects = route_estimates(fit)[1]
    assert NOT_AN_EFFECT in effects.sentence
    assert len(effects.table) == len(TYPES) * 3
    row = effects.table.set_index(["type", "route"]).loc[("Solo", "return home")]
    events = ((fit.table["home_type"] == "Solo") & (fit.table["exit"] == "return home")).sum()
    assert row["n_events"] == events
    assert row["ratio_q05"] < row["ratio_mean"] < row["ratio_q95"]


def test_correlations_of_homes_between_routes(fit):
    table = route_estimates(fit)[2].table
    assert len(table) == 3
    assert table["mean"].tolist() == pytest.approx([0.4] * 3, abs=1e-6)


def test_recording_beside_what_was_counted(fit):
    (estimate,) = recording_estimates(fit)
    table = estimate.table.set_index("level")
    some = fit.table[fit.table["authority"] == "LA2"]
    events = some[some["exit"] != "censored"]
    assert table.loc["LA2", "n_events"] == len(events)
    assert table.loc["LA2", "observed"] == pytest.approx((events["exit"] == "unknown").mean())
    assert table["share_mean"].tolist() == pytest.approx([expit(-1.3)] * 5, abs=0.01)
    assert any("says nothing about the route" in note for note in estimate.notes)
    (shifted,) = recording_estimates(routes_fit(shift=True))
    assert any("the prior decides much" in note for note in shifted.notes)


def test_without_routes_or_recording_nothing_is_said():
    plain = hazard_fit(300)
    assert route_estimates(plain) == ()
    assert incidence_estimates(plain, np.random.default_rng(1)) == ()
    assert recording_estimates(routes_fit(recording=False)) == ()
    assert recording_estimates(plain) == ()


def test_a_type_has_no_single_effect_with_several_routes(fit):
    assert home_type_estimates(fit, np.random.default_rng(1)) == ()
    assert truth_estimates(fit, None) == ()


def test_variance_has_a_share_for_each_route(fit):
    found = components(fit)
    assert found["home"].shape == (fit.posterior.size, 3)
    assert found["child (frailty)"].ndim == 1
    needs = components(effects_fit())["needs"]
    labels = effects_fit().design.labels["need"]
    row = np.repeat(np.arange(900), np.diff(labels.start))
    dense = np.zeros((900, len(labels.names)))
    dense[row, labels.labels] = labels.weights
    expected = (effects_fit().posterior["need_effect"] @ dense.T).var(axis=1)
    assert needs == pytest.approx(expected)
