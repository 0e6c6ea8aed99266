"""Everybody in every place: against the inverse link of its predictor, and against integrals."""

import numpy as np
import pytest

from bayescich.estimates import places
from bayescich.estimates.places import in_homes, kinds_of_place, lived_in, places_of
from tests.tiny_outcomes import AUDITED, KINDS, STAYS, outcome_fit

BARE = ("fixed", "needs", "matching", "type_need", "authority", "walk")
STILL = {"home_sd": 0.0, "provider_sd": 0.0}


def rng():
    return np.random.default_rng(5)


def event(eta):
    return 1.0 - np.exp(-np.exp(eta))


@pytest.fixture
def everyone_once(monkeypatch):
    """Rows are those of the children who lived in homes, each once, in every draw."""

    def set_up(fit):
        rows = len(in_homes(fit))
        monkeypatch.setattr(places, "ROWS", rows)
        monkeypatch.setattr(
            places,
            "systematic",
            lambda weights, count, _: np.tile(np.arange(count), (len(weights), 1)),
        )
        return rows

    return set_up


def test_places_are_home_types_then_fostering_then_the_others():
    fit = outcome_fit("offending", 200)
    assert places_of(fit) == (*KINDS, "foster", "kin", "not in care")
    lived = lived_in(fit, rng())
    assert lived.types == 3
    assert kinds_of_place(lived).tolist() == ["home"] * 3 + ["other setting"] * 3


def test_without_settings_there_are_only_home_types():
    fit = outcome_fit("offending", 200, without=("settings",))
    assert places_of(fit) == KINDS
    assert lived_in(fit, rng()).values.shape == (400, 3, 1)


def test_alike_children_in_a_place_have_the_inverse_link_of_its_predictor():
    fit = outcome_fit("offending", 300, without=BARE, **STILL)
    draws, found = fit.posterior.thin(places.DRAWS), lived_in(fit, rng()).of(0)
    level, types, others = (
        draws[name] for name in ("intercept", "home_type_effect", "setting_effect")
    )
    # fostering is the reference: nothing is added to the level
    assert found[:, 3] == pytest.approx(event(level))
    homes = event(level[:, None] + others[:, [0]] + types)
    assert found[:, :3] == pytest.approx(homes)
    assert found[:, 4] == pytest.approx(event(level + others[:, 1]))
    assert found[:, 5] == pytest.approx(event(level + others[:, 2]))


def test_of_several_parts_each_has_its_own_predictor():
    still = {name: np.zeros(3) for name in STILL}
    fit = outcome_fit("activity", 300, without=BARE, **still)
    draws, lived = fit.posterior.thin(places.DRAWS), lived_in(fit, rng())
    names = [reading.name for reading in lived.readings]
    eta = draws["intercept"] + draws["setting_effect"][:, 0] + draws["home_type_effect"][:, 2]
    odds = np.exp(eta[:, 1:])
    total = 1.0 + odds.sum(axis=1)
    touch = 1.0 / (1.0 + np.exp(-eta[:, 0]))
    assert lived.of(names.index("busy"))[:, 2] == pytest.approx(odds[:, 0] / total)
    assert lived.of(names.index("none"))[:, 2] == pytest.approx(1.0 / total)
    assert lived.of(names.index("in touch"))[:, 2] == pytest.approx(touch)
    both = lived.of(names.index("in touch, and busy"))[:, 2]
    assert both == pytest.approx(touch * odds[:, 0] / total)


def test_needs_in_a_type_enter_with_their_full_weight(everyone_once):
    without = ("fixed", "matching", "authority", "walk")
    fit = outcome_fit("offending", 300, without=without, **STILL)
    everyone_once(fit)
    draws, found = fit.posterior.thin(places.DRAWS), lived_in(fit, rng()).of(0)
    table = fit.table
    lived = np.zeros(len(table), dtype=bool)
    for k in range(1, STAYS + 1):
        lived |= table[f"home_type_{k}"].notna() & (table[f"weight_{k}"] > 0)
    assert lived.sum() == len(in_homes(fit)) < len(table)
    has = table.loc[lived, [f"has_{need}" for need in AUDITED]].to_numpy(float)
    base = draws["intercept"][:, None] + draws["need_effect"] @ has.T
    assert found[:, 3] == pytest.approx(event(base).mean(axis=1))
    for kind in range(3):
        # however little of its window a child spent there: it is asked what a whole one would do
        own = draws["type_need_effect"][:, :, kind] @ has.T
        eta = (
            base
            + own
            + (draws["setting_effect"][:, 0] + draws["home_type_effect"][:, kind])[:, None]
        )
        assert found[:, kind] == pytest.approx(event(eta).mean(axis=1))


def test_a_new_home_of_a_new_provider_is_integrated_over():
    fit = outcome_fit("offending", 300, without=BARE, home_sd=0.9, provider_sd=0.6)
    draws, found = fit.posterior.thin(places.DRAWS), lived_in(fit, rng()).of(0)
    nodes, weights = np.polynomial.hermite_e.hermegauss(31)
    sd = np.hypot(draws["home_sd"], draws["provider_sd"])
    eta = draws["intercept"] + draws["setting_effect"][:, 0] + draws["home_type_effect"][:, 1]
    expected = event(eta[:, None] + sd[:, None] * nodes) @ weights / weights.sum()
    assert found[:, 1].mean() == pytest.approx(expected.mean(), abs=0.003)
    assert np.abs(event(eta).mean() - expected.mean()) > 0.02
    # other settings have no home
    assert found[:, 4] == pytest.approx(event(draws["intercept"] + draws["setting_effect"][:, 1]))


def test_what_a_new_home_does_to_the_parts_belongs_together():
    fit = outcome_fit("points", 200, without=("provider",), home_correlation=np.where(
        np.eye(3) == 1, 1.0, 0.7))  # fmt: skip
    draws = fit.posterior.thin(50)
    new = places._new_homes(fit, draws, rng())
    assert new.shape == (50, 3, places.ROWS)
    flat = np.moveaxis(new, 1, 0).reshape(3, -1)
    assert np.corrcoef(flat)[0, 1] == pytest.approx(0.7, abs=0.03)
    assert flat.std(axis=1) == pytest.approx([0.4] * 3, rel=0.03)


def test_all_places_share_rows_and_homes():
    # so that a difference is known better than either of the two
    fit = outcome_fit("offending", 300)
    found = lived_in(fit, rng()).of(0)
    assert (found[:, 2] - found[:, 1]).std() < 0.7 * found[:, 1].std()


def test_the_child_of_several_outcomes_is_integrated_over():
    still = {name: np.zeros(4) for name in STILL}
    fit = outcome_fit("together", 300, without=BARE, child_loading=[0.5, 0.5, 2.0, 0.5], **still)
    draws, lived = fit.posterior.thin(places.DRAWS), lived_in(fit, rng())
    names = [reading.name for reading in lived.readings]
    nodes, weights = np.polynomial.hermite_e.hermegauss(31)
    eta = draws["intercept"][:, 2, None] + draws["child_loading"][:, 2, None] * nodes
    expected = 40.0 / (1.0 + np.exp(eta)) @ weights / weights.sum()
    found = lived.of(names.index("difficulties"))[:, 3]
    assert found.mean() == pytest.approx(expected.mean(), abs=0.1)
    assert np.abs(40.0 / (1.0 + np.exp(0.3)) - expected.mean()) > 0.8


def test_being_recorded_moves_with_the_outcome_in_every_place():
    still = {name: np.zeros(3) for name in STILL}
    fit = outcome_fit("points", 300, without=BARE, **still)
    draws, lived = fit.posterior.thin(places.DRAWS), lived_in(fit, rng())
    recorded = lived.of([r.name for r in lived.readings].index("points recorded"))
    about, slope = draws["recording_about"], draws["recording_slope"]
    for place, setting in ((3, 0.0), (4, draws["setting_effect"][:, 1])):
        eta = draws["intercept"] + setting
        moved = eta[:, 2] + slope * (eta[:, 1] - about)
        assert recorded[:, place] == pytest.approx(1.0 / (1.0 + np.exp(-moved)))


def test_authority_and_year_stay_as_they_were():
    moved = outcome_fit("offending", 300, authority_effect=[2.0, 2.0, 2.0, 2.0])
    as_is = outcome_fit("offending", 300, authority_effect=[0.0, 0.0, 0.0, 0.0])
    high, low = (lived_in(fit, rng()).of(0).mean() for fit in (moved, as_is))
    assert high > low + 0.2
