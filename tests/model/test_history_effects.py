"""Needs, walks, departures of baselines and log-normal frailties: what the draws must add up to."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from bayescich.model import Draws, make_structure
from bayescich.model.effects.baseline import log_baseline, log_steps
from bayescich.model.effects.frailty import GammaFrailty, LogNormalFrailty, NoFrailty
from bayescich.model.effects.needs import NeedsEffect
from tests.model.history import CUTS, history, history_spec
from tests.model.toy import Toy

FAMILIES = {"mind": ["trauma", "self_harm"], "development": ["autism"]}
EFFECTS: tuple[dict[str, Any], ...] = (
    {"kind": "needs", "families": FAMILIES},
    {"kind": "home_type"},
    {"kind": "type_need"},
    {"kind": "matching"},
    {"kind": "walk", "by": "year", "order": 2},
    {"kind": "group", "by": "home:authority"},
)


@pytest.fixture(scope="module", params=[False, True])
def a_history(request: pytest.FixtureRequest) -> Toy:
    return history(EFFECTS, competing=request.param, baseline_by="home_type")


def density(a_toy: Toy, name: str, point: dict[str, np.ndarray]) -> float:
    compiled = a_toy.model.compile_logp(
        vars=[a_toy.model[name]], jacobian=False, mode="FAST_COMPILE"
    )
    return float(compiled(point))


def test_needs_gather_around_the_mean_of_their_family(a_history: Toy) -> None:
    point = a_history.point(1)
    draws = a_history.draws(point)
    assert a_history.design.labels["need"].names == ("autism", "trauma", "self_harm", "not known")
    # families in the order in which their needs come; what is in none is alone
    families = np.array([0, 1, 1, 2])
    assert a_history.model.coords["need_family"] == ("development", "mind", "all")
    mean, sd = draws["need_family_mean"][0], draws["need_sd"][0]
    departure = draws["need_effect"][0] - mean[families]
    np.testing.assert_allclose(departure, draws["need_offset"][0])
    expected = stats.norm.logpdf(departure, 0, sd).sum()
    assert density(a_history, "need_offset", point) == pytest.approx(expected)
    expected = stats.norm.logpdf(mean, 0, 0.3).sum()
    assert density(a_history, "need_family_mean", point) == pytest.approx(expected)
    expected = stats.halfnorm.logpdf(sd, scale=0.3).sum()
    assert density(a_history, "need_sd", point) == pytest.approx(expected)


def test_needs_of_the_vocabulary_have_their_family_without_being_told() -> None:
    effect = make_structure(history_spec(({"kind": "needs"},))).effects[0]
    assert isinstance(effect, NeedsEffect)
    assert effect.families["trauma"] == effect.families["self_harm"]
    assert effect.families["trauma"] != effect.families["autism"]


def test_needs_within_types_sum_to_zero_over_the_types(a_history: Toy) -> None:
    draws = a_history.draws(a_history.point(2))
    effect = draws["type_need_effect"][0]
    assert effect.shape[:2] == (3, 3)
    np.testing.assert_allclose(effect.sum(axis=1), 0, atol=1e-12)
    assert np.abs(effect.sum(axis=0)).max() > 0.01
    # need by need, types within needs: the order of the labels
    values = a_history.structure.effects[2].values(draws)
    np.testing.assert_allclose(values[0, :3], effect[0])
    names = a_history.design.labels["type_need"].names
    assert names[:4] == ("autism|large", "autism|small", "autism|solo", "trauma|large")


def test_matches_gather_around_their_mean(a_history: Toy) -> None:
    point = a_history.point(3)
    draws = a_history.draws(point)
    departure = draws["matching_effect"] - draws["matching_mean"][:, None]
    np.testing.assert_allclose(departure, draws["matching_offset"])
    expected = stats.norm.logpdf(departure[0], 0, draws["matching_sd"][0]).sum()
    assert density(a_history, "matching_offset", point) == pytest.approx(expected)


def test_a_walk_of_order_two_is_a_line_and_what_bends_it(a_history: Toy) -> None:
    point = a_history.point(4)
    draws = a_history.draws(point)
    effect = draws["year_effect"][0]
    np.testing.assert_allclose(effect.sum(axis=0), 0, atol=1e-12)
    bends = np.diff(effect, n=2, axis=0)
    levels = len(effect)
    each = draws["year_step_sd"][0] * draws["year_offset"][0] / levels
    np.testing.assert_allclose(bends, each)
    # without bends a slope is that of a covariate with standard deviation one
    straight = {**point, "year_offset": np.zeros_like(point["year_offset"])}
    line = a_history.draws(straight)
    slope = line["year_slope"][0]
    np.testing.assert_allclose(line["year_effect"][0].std(axis=0), np.abs(slope))
    expected = stats.norm.logpdf(slope, 0, 0.5).sum()
    assert density(a_history, "year_slope", point) == pytest.approx(expected)


def test_the_steps_of_a_walk_have_their_standard_deviation() -> None:
    a_toy = history(({"kind": "walk", "by": "year"},))
    draws = a_toy.draws(a_toy.point(5))
    effect = draws["year_effect"][0]
    assert effect.sum() == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(np.diff(effect), draws["year_step_sd"][0] * draws["year_offset"][0])
    level = a_toy.design.factors["year"].levels
    assert list(level) == sorted(level)


def test_each_baseline_departs_from_the_common_one_after_the_first_band(a_history: Toy) -> None:
    draws = a_history.draws(a_history.point(6))
    departure, sd = draws["baseline_departure"][0], draws["baseline_departure_sd"][0]
    assert departure.shape[:2] == (3, len(CUTS) + 1)
    assert (departure[:, 0] == 0).all()
    steps = np.diff(departure, axis=1)
    root = np.sqrt(log_steps(CUTS)).reshape(1, -1, *([1] * (steps.ndim - 2)))
    np.testing.assert_allclose(steps, sd * root * draws["baseline_departure_offset"][0])
    np.testing.assert_allclose(log_baseline(draws)[0], draws["baseline"][0] + departure)


def test_a_group_of_two_columns_has_a_level_for_each_pair_there_is(a_history: Toy) -> None:
    factor = a_history.design.factors["home:authority"]
    assert all(level.count(":") == 1 for level in factor.levels)
    assert factor.size == len(set(factor.codes))
    assert "home:authority_effect" in a_history.draws(a_history.point(7))


EVENTS, HAZARD = np.array([0, 1, 6]), np.array([2.5, 0.1, 2.0])


@pytest.mark.parametrize("sd", [0.3, 0.8, 1.5])
def test_log_normal_frailties_given_the_data_have_their_moments(sd: float) -> None:
    samples = 30_000
    draws = Draws({"frailty_sd": np.full(samples, sd)})
    hazard = np.tile(HAZARD, (samples, 1))
    omega = LogNormalFrailty().draw(draws, EVENTS, hazard, np.random.default_rng(1))
    for unit in range(3):
        for power in (1, 2):
            exact = moment(EVENTS[unit], HAZARD[unit], sd, power)
            error = 5 * (omega[:, unit] ** power).std() / np.sqrt(samples)
            assert (omega[:, unit] ** power).mean() == pytest.approx(exact, abs=error)


def moment(events: int, hazard: float, sd: float, power: int) -> float:
    def weight(z: float) -> float:
        return float(np.exp(events * sd * z - hazard * np.exp(sd * z)) * stats.norm.pdf(z))

    edges = (-9.0, -3.0, 0.0, 3.0, 9.0)
    total, weighted = 0.0, 0.0
    for a, b in pairwise(edges):
        total += quad(weight, a, b)[0]
        weighted += quad(lambda z: weight(z) * np.exp(power * sd * z), a, b)[0]
    return weighted / total


@pytest.mark.parametrize("sd", [0.3, 0.8, 1.5])
def test_survival_is_the_average_over_new_children(sd: float) -> None:
    draws = Draws({"frailty_sd": np.array([sd])})
    hazard = np.array([[0.01, 0.3, 2.0, 10.0]])
    ours = LogNormalFrailty().survival(draws, hazard)[0]
    for place, h in enumerate(hazard[0]):
        exact = sum(
            quad(lambda z, h=h: np.exp(-h * np.exp(sd * z)) * stats.norm.pdf(z), a, b)[0]
            for a, b in ((-9, -3), (-3, 0), (0, 3), (3, 9))
        )
        assert ours[place] == pytest.approx(exact, abs=2e-4)
    phi = sd**2
    gamma = GammaFrailty().survival(Draws({"frailty_variance": np.array([phi])}), hazard)
    exact = (1 + phi * hazard) ** (-1 / phi)
    np.testing.assert_allclose(gamma, exact)
    np.testing.assert_allclose(NoFrailty().survival(draws, hazard), np.exp(-hazard))


def test_new_children_have_the_frailties_of_the_family() -> None:
    draws = Draws({"frailty_sd": np.full(400, 0.7), "frailty_variance": np.full(400, 0.6)})
    rng = np.random.default_rng(2)
    logs = np.log(LogNormalFrailty().new(draws, 200, rng))
    assert logs.mean() == pytest.approx(0, abs=0.01)
    np.testing.assert_allclose(logs.var(), LogNormalFrailty().log_variance(draws)[0], rtol=0.02)
    logs = np.log(GammaFrailty().new(draws, 200, rng))
    np.testing.assert_allclose(logs.var(), GammaFrailty().log_variance(draws)[0], rtol=0.02)
    assert (NoFrailty().new(draws, 3, rng) == 1).all()
    assert (NoFrailty().log_variance(draws) == 0).all()


def test_the_twin_of_a_log_normal_frailty_is_the_integral() -> None:
    draws = Draws({"frailty_sd": np.array([0.4, 1.1])})
    found = LogNormalFrailty().log_likelihood(draws, EVENTS, np.tile(HAZARD, (2, 1)))
    for row, sd in enumerate((0.4, 1.1)):
        for unit in range(3):
            integral = quad(
                lambda z, d=EVENTS[unit], h=HAZARD[unit], sd=sd: (
                    np.exp(d * sd * z - h * np.exp(sd * z)) * stats.norm.pdf(z)
                ),
                -10, 10, points=[-2, 0, 2, 4],
            )[0]  # fmt: skip
            assert found[row, unit] == pytest.approx(np.log(integral), abs=1e-5)
