"""What tips when outcomes nobody recorded were otherwise: by hand where children are alike."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import betabinom

from bayescich.estimates import places
from bayescich.estimates.missing_outcomes import SHIFTS, missing_outcome_estimates, tipping_points
from bayescich.estimates.outcome_types import outcome_type_estimates
from tests.tiny_outcomes import KINDS, MOST, outcome_fit

BARE = ("fixed", "needs", "matching", "type_need", "authority", "walk")
STILL = {"home_sd": np.zeros(3), "provider_sd": np.zeros(3)}


def rng():
    return np.random.default_rng(5)


@pytest.fixture(scope="module")
def fit():
    return outcome_fit("points", 300)


@pytest.fixture(scope="module")
def estimate(fit):
    (found,) = missing_outcome_estimates(fit, rng())
    return found


def at(table, shift):
    return table[table["shift"] == shift].set_index("type")


def test_no_shift_is_the_main_table(fit, estimate):
    main = outcome_type_estimates(fit, rng())[0].table.set_index("type").loc[list(KINDS)]
    none = at(estimate.table, 0.0)
    for name in ("std_diff_mean", "std_diff_q05", "std_diff_q95", "pd"):
        assert none[name].tolist() == pytest.approx(main[name].tolist())
    assert list(estimate.table["shift"].unique()) == list(SHIFTS)
    assert list(estimate.headings) == list(estimate.table.columns)


def test_better_outcomes_of_those_not_recorded_raise_every_home(estimate):
    wide = estimate.table.pivot_table(index="type", columns="shift", values="std_diff_mean")
    assert (wide.diff(axis=1).iloc[:, 1:] > 0).all().all()


def points_of(any_, many, phi):
    k, mean = np.arange(MOST + 1), 1 / (1 + np.exp(-many))
    chance = betabinom.pmf(k[:, None], MOST, mean * phi, (1 - mean) * phi)
    if_any = (k[:, None] * chance).sum(axis=0) / (1 - chance[0])
    return if_any / (1 + np.exp(-any_))


def test_a_shift_is_of_the_share_that_is_not_recorded():
    fit = outcome_fit("points", 300, without=BARE, **STILL)
    (estimate,) = missing_outcome_estimates(fit, rng())
    draws = fit.posterior.thin(places.DRAWS)
    phi = draws["dispersion"]
    foster, homes = draws["intercept"], draws["intercept"] + draws["setting_effect"][:, 0]
    reference = points_of(foster[:, 0], foster[:, 1], phi)
    for kind, name in enumerate(KINDS):
        eta = homes + draws["home_type_effect"][:, kind]
        away = draws["recording_slope"] * (eta[:, 1] - draws["recording_about"])
        recorded = 1 / (1 + np.exp(-eta[:, 2] - away))
        for shift in (-1.0, 0.5):
            as_is, moved = (points_of(eta[:, 0] + d, eta[:, 1] + d, phi) for d in (0.0, shift))
            difference = recorded * as_is + (1 - recorded) * moved - reference
            found = at(estimate.table, shift).loc[name]
            assert found["std_diff_mean"] == pytest.approx(difference.mean())
            direction = max((difference > 0).mean(), (difference < 0).mean())
            assert found["pd"] == pytest.approx(direction)


def test_the_more_are_recorded_the_less_a_shift_does():
    many, few = (
        missing_outcome_estimates(
            outcome_fit("points", 300, without=BARE, intercept=[0.3, 0.3, level], **STILL), rng()
        )[0].table
        for level in (3.0, -0.5)
    )
    moved = [at(t, 1.0)["std_diff_mean"] - at(t, 0.0)["std_diff_mean"] for t in (many, few)]
    assert (moved[0] < 0.35 * moved[1]).all()
    assert (moved[0] > 0).all()


def test_of_grades_only_their_own_predictor_is_moved():
    fit = outcome_fit("grade", 300, without=BARE,
                      **{name: np.zeros(2) for name in STILL})  # fmt: skip
    (estimate,) = missing_outcome_estimates(fit, rng())
    draws = fit.posterior.thin(places.DRAWS)
    first = draws["cutpoint"][:, 0]
    foster = 1 / (1 + np.exp(first - draws["intercept"][:, 0]))
    eta = draws["intercept"] + draws["setting_effect"][:, 0] + draws["home_type_effect"][:, 0]
    away = draws["recording_slope"] * (eta[:, 0] - draws["recording_about"])
    recorded = 1 / (1 + np.exp(-eta[:, 1] - away))
    seen, not_seen = (1 / (1 + np.exp(first - eta[:, 0] - d)) for d in (0.0, 2.0))
    expected = recorded * seen + (1 - recorded) * not_seen - foster
    assert at(estimate.table, 2.0).loc["large", "std_diff_mean"] == pytest.approx(expected.mean())


def table_of(pd_, mean, kind="solo"):
    shifts = [-1.0, -0.5, 0.0, 0.5, 1.0]
    return pd.DataFrame({"type": kind, "shift": shifts, "std_diff_mean": mean, "pd": pd_})


@pytest.mark.parametrize(
    ("pd_", "mean", "tips_at"),
    [
        # no longer told
        ([0.5, 0.85, 0.97, 1.0, 1.0], [0.1, 1.0, 2.0, 3.0, 4.0], -1.0),
        # the nearer of two
        ([0.5, 0.85, 0.97, 0.7, 0.9], [0.1, 1.0, 2.0, 0.5, 0.2], 0.5),
        # another sign, however sure
        ([1.0, 1.0, 0.97, 1.0, 1.0], [-2.0, -0.5, 1.0, 2.0, 3.0], -0.5),
        # told at every shift
        ([0.9, 0.9, 0.97, 1.0, 1.0], [0.5, 1.0, 2.0, 3.0, 4.0], np.nan),
        # not told without one
        ([0.5, 0.6, 0.85, 1.0, 1.0], [0.1, 0.2, 0.3, 3.0, 4.0], np.nan),
    ],
)
def test_tipping_points_by_hand(pd_, mean, tips_at):
    found = tipping_points(table_of(pd_, mean))
    assert found.to_dict() == pytest.approx({"solo": tips_at}, nan_ok=True)


def test_each_type_tips_where_its_own_row_says(estimate):
    tips = tipping_points(estimate.table)
    assert list(tips.index) == list(KINDS)
    column = estimate.table.groupby("type", sort=False)["tipping_point"].first()
    assert column.tolist() == pytest.approx(tips.tolist(), nan_ok=True)
    told = at(estimate.table, 0.0)["pd"] >= 0.9
    for kind in tips.dropna().index:
        assert told[kind]
        assert f"{kind} at {tips[kind]:+g}" in estimate.sentence


def test_a_type_as_the_reference_is_not_moved():
    fit = outcome_fit("points", 300, report={"reference": "small"})
    (estimate,) = missing_outcome_estimates(fit, rng())
    own = estimate.table[estimate.table["type"] == "small"]
    assert own["std_diff_mean"].abs().max() == 0.0
    assert "from 'small'" in estimate.sentence


def test_where_nothing_is_told_there_is_nothing_to_tip():
    fit = outcome_fit("points", 300, home_type_effect=np.zeros((3, 3)), report={
        "reference": "small"}, type_need_effect=np.zeros((2, 3, 3)))  # fmt: skip
    wide = fit.tree["posterior"]["home_type_effect"]
    wide[:] = np.random.default_rng(1).normal(0.0, 1.0, wide.shape)
    fit.cache.clear()
    (estimate,) = missing_outcome_estimates(fit, rng())
    assert estimate.sentence.startswith("No home type is told apart from 'small'")


@pytest.mark.parametrize("name", ["activity", "together", "offending"])
def test_it_is_only_for_outcomes_whose_recording_is_modelled(name):
    assert missing_outcome_estimates(outcome_fit(name, 200), rng()) == ()
