"""Replicates, expectations and standardised probabilities of hazards and grades."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayescich.checks.spells import Spells
from bayescich.checks.walk import replicate_spells
from bayescich.design import Design, Factor
from bayescich.design.core import DAYS_PER_YEAR
from bayescich.model import Draws
from bayescich.model.effects.frailty import GammaFrailty
from bayescich.model.likelihoods.hazard import HazardLikelihood
from bayescich.model.likelihoods.ordinal import OrdinalLikelihood

SAMPLES = 20_000
CUTS = (7.0, 28.0)
BASELINE = np.log([8.0, 3.0, 0.5])  # per year


def one_row(**outcome: object) -> Design:
    factor = Factor("child", ("a",), np.array([0]))
    arrays = {name: np.asarray(values) for name, values in outcome.items()}
    return Design("toy", 1, factor, {"child": factor}, None, arrays)


def hazard_draws(samples: int = SAMPLES, variance: float = 0.7) -> Draws:
    return Draws(
        {
            "baseline": np.tile(BASELINE, (samples, 1)),
            "frailty_variance": np.full(samples, variance),
        }
    )


def survival(days: np.ndarray, eta: float = 0.0) -> np.ndarray:
    """S(t) by adding up the rate day by day band by band."""
    edges = np.array([0.0, *CUTS, np.inf])
    in_band = np.clip(np.asarray(days)[:, None], edges[:-1], edges[1:]) - edges[:-1]
    return np.exp(-(in_band @ np.exp(BASELINE)) / DAYS_PER_YEAR * np.exp(eta))


def test_the_probability_of_a_move_is_the_average_over_new_children() -> None:
    likelihood = HazardLikelihood(CUTS, "child", GammaFrailty())
    draws, eta = hazard_draws(), np.full((SAMPLES, 1), -0.2)
    design = one_row(event=[1], exposure=[[0.1, 0.0, 0.0]])
    rng = np.random.default_rng(3)
    omega = likelihood.family.new(draws, 1, rng)
    spell = Spells.of(one_row(event=[1], entry=[0.0], follow_up=[1.0]))
    again = replicate_spells(likelihood, draws, eta, omega, spell, np.full(1, np.inf), rng)
    for days in (5.0, 20.0, 200.0):
        exact = likelihood.standardised(draws, eta, design, days)
        assert exact.shape == eta.shape
        error = 4 * np.sqrt(0.25 / SAMPLES)
        assert (again.days <= days).mean() == pytest.approx(exact[0, 0], abs=error)
        cumulative = -np.log(survival(np.array([days]), -0.2))[0]
        assert exact[0, 0] == pytest.approx(1 - (1 + 0.7 * cumulative) ** (-1 / 0.7))


def test_without_frailty_the_probability_is_one_less_survival() -> None:
    likelihood = HazardLikelihood(CUTS, None)
    draws, eta = hazard_draws(3), np.array([[[0.1, 0.2]]] * 3)  # any shape after the samples
    p = likelihood.standardised(draws, eta, one_row(), None)
    assert p.shape == (3, 1, 2)
    np.testing.assert_allclose(p[1, 0, 1], 1 - survival(np.array([365.25]), 0.2)[0])
    assert likelihood.standardised_name(None) == "probability of a move within 365 days"
    assert likelihood.standardised_name(91) == "probability of a move within 91 days"


def test_replicated_events_have_the_mean_given_the_childs_own_data() -> None:
    likelihood = HazardLikelihood(CUTS, "child", GammaFrailty())
    factor = Factor("child", ("a", "b"), np.array([0, 0, 1]))
    exposure = np.array([[0.01, 0.05, 0.3], [0.02, 0.0, 0.0], [0.02, 0.06, 1.0]])
    outcome = {"event": np.array([1, 1, 0]), "exposure": exposure}
    design = Design("toy", 3, factor, {"child": factor}, None, outcome)
    draws, eta = hazard_draws(), np.tile([0.1, -0.3, 0.5], (SAMPLES, 1))
    events = likelihood.replicate(draws, eta, design, np.random.default_rng(4))
    hazard = np.exp(eta[0]) * (exposure @ np.exp(BASELINE))
    np.testing.assert_allclose(likelihood.cumulative_hazard(draws, eta, design)[0], hazard)
    np.testing.assert_allclose(likelihood.expected(draws, eta, design)[0], hazard)
    omega = np.array([1 / 0.7 + 2, 1 / 0.7]) / (
        1 / 0.7 + np.array([hazard[0] + hazard[1], hazard[2]])
    )
    np.testing.assert_allclose(events.mean(axis=0), hazard * omega[[0, 0, 1]], rtol=0.04)
    assert likelihood.summary_numerator(design).tolist() == [1, 1, 0]
    np.testing.assert_allclose(likelihood.summary_denominator(design), exposure.sum(axis=1))


GRADES = ("Poor", "Fair", "Good", "Best")
CUTPOINTS = np.array([-3.0, -1.0, 2.0])


def graded(category: list[int], samples: int = 1) -> tuple[Design, Draws]:
    codes = np.arange(len(category))
    unit = Factor("home", tuple(map(str, codes)), codes)
    outcome = {"category": np.array(category)}
    design = Design("toy", len(category), unit, {}, None, outcome, {"category": GRADES})
    return design, Draws({"cutpoint": np.tile(CUTPOINTS, (samples, 1))})


@given(st.floats(-15, 15), st.lists(st.floats(0.01, 5), min_size=3, max_size=3))
def test_grade_probabilities_are_the_exponentials_of_the_log_likelihood(
    eta: float, gaps: list[float]
) -> None:
    likelihood = OrdinalLikelihood(GRADES)
    design, _ = graded([0, 1, 2, 3])
    draws = Draws({"cutpoint": np.array([np.cumsum(gaps) - 4])})
    rows = np.full((1, 4), eta)
    p = likelihood.probabilities(draws, rows)
    np.testing.assert_allclose(p.sum(axis=-1), 1)
    by_row = np.exp(likelihood.row_log_likelihood(draws, rows, design))
    np.testing.assert_allclose(by_row[0], p[0, 0], rtol=1e-6, atol=1e-14)


@pytest.mark.parametrize("eta", [60.0, 300.0])
def test_extreme_predictors_keep_their_tails(eta: float) -> None:
    # far up, P(k) → exp(c_k - η) - exp(c_{k-1} - η): the direct difference of logits is 0 there
    likelihood = OrdinalLikelihood(GRADES)
    design, draws = graded([0, 1, 2, 3])
    up = likelihood.row_log_likelihood(draws, np.full((1, 4), eta), design)[0]
    edges = np.exp(np.array([-np.inf, *CUTPOINTS]))
    np.testing.assert_allclose(up[:3], np.log(np.diff(edges)) - eta, rtol=1e-12)
    assert up[3] == pytest.approx(0, abs=1e-20)
    down = likelihood.row_log_likelihood(draws, np.full((1, 4), -eta), design)[0]
    edges = np.exp(-np.array([*CUTPOINTS, np.inf]))
    np.testing.assert_allclose(down[1:], np.log(-np.diff(edges)) - eta, rtol=1e-12)


def test_replicated_grades_have_their_probabilities() -> None:
    likelihood = OrdinalLikelihood(GRADES)
    design, draws = graded([0, 1], SAMPLES)
    eta = np.tile([0.5, -1.5], (SAMPLES, 1))
    drawn = likelihood.replicate(draws, eta, design, np.random.default_rng(5))
    expected = likelihood.probabilities(draws, eta)[0]
    for row in range(2):
        shares = np.bincount(drawn[:, row].astype(int), minlength=4) / SAMPLES
        np.testing.assert_allclose(shares, expected[row], atol=4 * np.sqrt(0.25 / SAMPLES))
    # four grades: Good and better, and a larger predictor is better
    good = likelihood.standardised(draws, eta, design, None)
    np.testing.assert_allclose(good[0], expected[:, 2:].sum(axis=1))
    assert good[0, 0] > good[0, 1]
    assert likelihood.crude_name == "share judged Good or better"
    assert (
        likelihood.summary_numerator(replace(design, outcome={"category": np.array([1, 2])}))[1]
        == 1
    )
