"""Effects: their priors, their population, new levels, and how they are sampled."""

from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytest
from scipy import stats

from bayescich.model import Draws, make_structure
from bayescich.model.effects.baseline import log_steps
from bayescich.model.effects.frailty import GammaFrailty
from bayescich.model.effects.group import GroupEffect
from bayescich.model.random_variables import random_variable
from bayescich.spec import Prior
from tests.model.toy import CUTS, EFFECTS, Toy, toy, toy_spec, toy_table

PRIORS: dict[str, tuple[dict[str, float], Any]] = {
    "normal": ({"mean": 0.5, "sd": 2.0}, stats.norm(0.5, 2.0)),
    "half_normal": ({"sd": 0.7}, stats.halfnorm(scale=0.7)),
    "half_cauchy": ({"scale": 0.7}, stats.halfcauchy(scale=0.7)),
    # a t at zero folded over: twice its density
    "half_student_t": ({"df": 4.0, "scale": 0.7}, stats.t(4, scale=0.7)),
    "exponential": ({"mean": 0.7}, stats.expon(scale=0.7)),
    # mean 3 and standard deviation 1.5: shape 4, scale 0.75
    "gamma": ({"mean": 3.0, "sd": 1.5}, stats.gamma(4.0, scale=0.75)),
    "log_normal": ({"mean_log": 0.2, "sd_log": 0.4}, stats.lognorm(0.4, scale=np.exp(0.2))),
}


@pytest.mark.parametrize("distribution", PRIORS)
def test_a_prior_of_the_file_is_the_density_it_names(distribution: str) -> None:
    numbers, expected = PRIORS[distribution]
    prior = Prior.model_validate(
        {"distribution": distribution, "reason": "long enough", "source": "here", **numbers}
    )
    with pm.Model():
        variable = random_variable("x", prior)
        ours = pm.logp(variable, np.array([0.1, 0.9, 2.5])).eval()
    folded = np.log(2) if distribution == "half_student_t" else 0.0
    np.testing.assert_allclose(ours, expected.logpdf([0.1, 0.9, 2.5]) + folded, rtol=1e-6)


def prior_density(a_toy: Toy, name: str, point: dict[str, np.ndarray]) -> float:
    """The log prior of one variable on its own scale."""
    compiled = a_toy.model.compile_logp(
        vars=[a_toy.model[name]], jacobian=False, mode="FAST_COMPILE"
    )
    return float(compiled(point))


@pytest.fixture(scope="module")
def hazard() -> Toy:
    return toy("hazard with frailty")


def test_every_prior_has_the_scale_of_the_prior_set(hazard: Toy) -> None:
    point = hazard.point(1)
    draws = hazard.draws(point)
    for name, sd in {
        "home_sd": 0.5, "authority_sd": 0.5, "home_type_sd": 0.4,
        "frailty_variance": 1.0, "baseline_step_sd": 0.5,
    }.items():  # fmt: skip
        expected = stats.halfnorm.logpdf(draws[name][0], scale=sd)
        assert prior_density(hazard, name, point) == pytest.approx(expected), name
    level = stats.norm.logpdf(draws["baseline_level_offset"][0], 0.5, 1.0)
    assert prior_density(hazard, "baseline_level_offset", point) == pytest.approx(level)


def test_coefficients_have_a_prior_per_standard_deviation_or_per_step(hazard: Toy) -> None:
    point = hazard.point(2)
    age, male = hazard.draws(point)["fixed"][0]
    fixed = hazard.design.fixed
    assert fixed is not None
    assert fixed.names == ("age", "male")
    spread = fixed.values[:, 0].std()
    expected = stats.norm.logpdf(age, 0, 0.5 / spread) + stats.norm.logpdf(male, 0, 0.5)
    assert prior_density(hazard, "fixed", point) == pytest.approx(expected)


def test_levels_have_their_standard_deviation_however_they_are_sampled(hazard: Toy) -> None:
    point = hazard.point(3)
    draws = hazard.draws(point)
    for column, size in {"home": 8, "authority": 4, "year": 3, "home_type": 3}.items():
        effect, sd = draws[f"{column}_effect"][0], draws[f"{column}_sd"][0]
        assert len(effect) == size
        # a zero-sum normal over K levels has K - 1 degrees of freedom
        free = size if column == "home" else size - 1
        expected = -0.5 * (effect @ effect) / sd**2 - free * np.log(sd * np.sqrt(2 * np.pi))
        sampled = f"{column}_offset" if f"{column}_offset" in draws else f"{column}_effect"
        if sampled.endswith("_offset"):
            expected += free * np.log(sd)
        assert prior_density(hazard, sampled, point) == pytest.approx(expected), column


def test_zero_sum_effects_sum_to_zero_and_others_do_not(hazard: Toy) -> None:
    draws = hazard.draws(hazard.point(4))
    for column in ("home_type", "authority", "year"):
        effect = draws[f"{column}_effect"][0]
        assert np.abs(effect).max() > 0.01
        assert effect.sum() == pytest.approx(0, abs=1e-12)
    assert abs(draws["home_effect"][0].sum()) > 0.01


def test_the_baseline_walks_by_the_root_of_log_time(hazard: Toy) -> None:
    point = hazard.point(5)
    draws = hazard.draws(point)
    assert draws["baseline"].shape == (1, len(CUTS) + 1)
    # middles of 0-7, 7-28, 28-91, 91-365 and, for the open band, 365-730 days
    middles = np.array([3.5, 17.5, 59.5, 228.0, 547.5])
    np.testing.assert_allclose(log_steps(CUTS), np.diff(np.log(middles)))
    steps = np.diff(draws["baseline"][0])
    np.testing.assert_allclose(steps, draws["baseline_offset"][0])
    sd = draws["baseline_step_sd"][0] * np.sqrt(log_steps(CUTS))
    expected = stats.norm.logpdf(steps, 0, sd).sum()
    assert prior_density(hazard, "baseline_offset", point) == pytest.approx(expected)


def effects_of_the_average_row(draws: Draws, weight: pd.Series, columns: list[str]) -> float:
    rows = toy_table()
    total = 0.0
    for column in columns:
        effect = dict(zip(sorted(rows[column].unique()), draws[f"{column}_effect"][0], strict=True))
        total += np.average(rows[column].map(effect), weights=weight)
    return float(total)


def test_the_level_is_that_of_the_average_row_and_band_by_their_events(hazard: Toy) -> None:
    draws = hazard.draws(hazard.point(9))
    rows = toy_table()
    moved = rows["moved"]
    # homes could be others: their effects are departures from the level, not part of it
    average = effects_of_the_average_row(draws, moved, ["home_type", "authority", "year"])
    for place, name in enumerate(("age", "male")):
        mean = np.average(rows[name] - rows[name].mean(), weights=moved)
        average += draws["fixed"][0, place] * mean
    assert abs(average) > 0.005
    ended = np.histogram(rows["days"][moved == 1] - 0.5, [0, *CUTS, np.inf])[0]
    share = (ended + 0.5) / (ended + 0.5).sum()
    level = share @ draws["baseline"][0] + average
    assert draws["baseline_level_offset"][0] == pytest.approx(level)


def test_thresholds_are_sampled_for_the_average_row_and_reported_for_the_average_type() -> None:
    ordinal = toy("ordinal")
    draws = ordinal.draws(ordinal.point(9))
    rows = toy_table()
    columns = ["home_type", "authority", "year"]
    average = effects_of_the_average_row(draws, pd.Series(1.0, rows.index), columns)
    assert abs(average) > 0.005
    # a threshold works against the predictor
    assert draws["cutpoint_first_offset"][0] + average == pytest.approx(draws["cutpoint"][0, 0])
    np.testing.assert_allclose(np.diff(draws["cutpoint"][0]), draws["cutpoint_gap"][0])


@pytest.mark.parametrize("events", [0, 1, 2, 7])
def test_frailty_fades_into_poisson_as_its_variance_goes_to_zero(events: int) -> None:
    hazard, counts = np.array([[0.3]]), np.array([events])
    for phi in (1e-4, 1e-8, 1e-12):
        draws = Draws({"frailty_variance": np.array([phi])})
        ours = GammaFrailty().log_likelihood(draws, counts, hazard)[0, 0]
        # to first order the difference is φ (d(d-1)/2 - dH + H²/2)
        first_order = phi * (events * (events - 1) / 2 - events * 0.3 + 0.045)
        assert ours + 0.3 == pytest.approx(first_order, rel=1e-2, abs=1e-14)


def test_frailty_given_the_data_has_its_mean_and_variance() -> None:
    events, phi = np.array([0, 1, 4]), 0.8
    hazard = np.tile([2.0, 0.1, 1.5], (200_000, 1))
    draws = Draws({"frailty_variance": np.full(200_000, phi)})
    drawn = GammaFrailty().draw(draws, events, hazard, np.random.default_rng(1))
    shape, rate = 1 / phi + events, 1 / phi + hazard[0]
    np.testing.assert_allclose(drawn.mean(axis=0), shape / rate, rtol=0.01)
    np.testing.assert_allclose(drawn.var(axis=0), shape / rate**2, rtol=0.02)


def test_frailties_follow_the_child_of_each_row(hazard: Toy) -> None:
    draws = hazard.draws(hazard.point(6))
    eta = hazard.structure.linear_predictor(draws, hazard.design)
    omega = hazard.likelihood.frailties(draws, eta, hazard.design, np.random.default_rng(1))[0]
    codes = hazard.design.unit.codes
    assert all(len(set(omega[codes == child])) == 1 for child in range(hazard.design.unit.size))
    assert len(set(omega)) == hazard.design.unit.size


def test_new_levels_come_from_the_population_of_the_same_draw() -> None:
    rng = np.random.default_rng(3)
    draws = Draws(
        {
            "home_effect": np.full((2, 20_000), 9.0),
            "home_sd": np.array([0.2, 3.0]),
            "owner_effect": np.full((2, 3), 9.0),
            "owner_sd": np.array([1.0, 1.0]),
        }
    )
    spec = toy_spec("binomial", tuple({"kind": "group", "by": c} for c in ("home", "owner")))
    fresh = make_structure(spec).with_new_levels(draws, ("home",), rng)
    np.testing.assert_allclose(fresh["home_effect"].std(axis=1), [0.2, 3.0], rtol=0.02)
    np.testing.assert_allclose(fresh["home_effect"].mean(axis=1), 0, atol=0.1)
    assert (fresh["owner_effect"] == 9.0).all()
    assert (draws["home_effect"] == 9.0).all()


def grades_table(shares: np.ndarray, rows: int) -> pd.DataFrame:
    """Homes whose share judged Good differs, so many rows each."""
    home = np.repeat(np.arange(len(shares)), rows)
    good = np.tile(np.arange(rows), len(shares)) < np.repeat(np.round(shares * rows), rows)
    names = np.where(good, np.where(home % 2, "Good", "Best"), np.where(home % 2, "Fair", "Poor"))
    return pd.DataFrame(
        {"child": np.arange(len(home)), "home": [f"H{h:02d}" for h in home], "grade": names}
    )


@pytest.mark.parametrize(("rows", "chosen"), [(300, "centred"), (10, "noncentred")])
def test_auto_centres_levels_that_the_data_know_well(rows: int, chosen: str) -> None:
    table = grades_table(np.linspace(0.1, 0.9, 12), rows)
    one = toy("ordinal", ({"kind": "group", "by": "home"},), table)
    assert one.structure.parametrisations(one.design) == {"home": chosen}
    # the effect itself is the variable; the transform decides in which coordinates it is explored
    transform = one.model.rvs_to_transforms[one.model["home_effect"]]
    assert (transform is None) == (chosen == "centred")
    value = {**one.model.initial_point(), "home_sd_log__": np.log(0.25)}
    sampled = next(v.name for v in one.model.value_vars if v.name.startswith("home_effect"))
    value[sampled] = np.ones(12)
    effect = one.draws(value)["home_effect"][0]
    np.testing.assert_allclose(effect, 1.0 if chosen == "centred" else 0.25)


def test_a_meta_analysis_knows_each_level_by_its_error() -> None:
    # eight schools: effects hardly larger than their standard errors are a funnel when centred
    errors = np.array([15.0, 10, 16, 11, 9, 11, 10, 18])
    table = pd.DataFrame(
        {"child": list("ABCDEFGH"), "score": [28.0, 8, -3, 7, -1, 1, 18, 12], "se": errors}
    )
    schools = ({"kind": "group", "by": "child"},)
    known = toy("gaussian with known errors", schools, table)
    assert known.structure.parametrisations(known.design) == {"child": "partial"}
    sampled = next(v.name for v in known.model.value_vars if v.name.startswith("child_effect"))
    for sd in (0.5, 5.0, 50.0):
        point = {**known.model.initial_point(), "child_sd_log__": np.log(sd)}
        at_zero, at_one = (
            known.draws({**point, sampled: np.full(8, at)})["child_effect"][0] for at in (0.0, 1.0)
        )
        # the SD a level has given the others: of prior and data together
        np.testing.assert_allclose(at_one - at_zero, (sd**-2 + errors**-2) ** -0.5, rtol=1e-6)


def test_what_is_asked_is_used() -> None:
    a_toy = toy("gaussian")
    assert a_toy.structure.parametrisations(a_toy.design) == {
        "home_type": "zero-sum, partial",
        "home": "noncentred",
        "authority": "zero-sum, centred",
        "year": "zero-sum, noncentred",
    }


def test_unpooled_home_types_have_a_flat_prior_and_no_standard_deviation() -> None:
    alone = toy("gaussian", pool_home_types=False)
    names = {v.name for v in alone.model.free_RVs}
    assert "home_type_sd" not in names
    assert {"home_sd", "authority_sd", "year_sd", "home_type_effect"} <= names
    point = alone.point(1)
    effect = alone.draws(point)["home_type_effect"][0]
    assert effect.sum() == pytest.approx(0, abs=1e-12)
    expected = -0.5 * (effect @ effect) / 25 - 2 * np.log(5 * np.sqrt(2 * np.pi))
    assert prior_density(alone, "home_type_effect", point) == pytest.approx(expected)


def test_the_narrowest_prior_is_looked_up_first() -> None:
    assert GroupEffect("owner").prior_roles() == ("owner.sd", "group.sd")
    assert GroupEffect("sector", role="home_type").prior_roles() == ("sector.sd", "home_type.sd")


def test_the_linear_predictor_can_leave_an_effect_out(hazard: Toy) -> None:
    draws = hazard.draws(hazard.point(7))
    structure, design = hazard.structure, hazard.design
    whole = structure.linear_predictor(draws, design)
    without = structure.linear_predictor(draws, design, leave_out=("home_effect",))
    home = draws["home_effect"][0][design.factors["home"].codes]
    np.testing.assert_allclose((whole - without)[0], home)
    assert structure.home_type is structure.group("home_type")
    assert structure.group("nobody") is None
    assert [e.column for e in structure.groups] == [e.get("by", "home_type") for e in EFFECTS[1:]]


@pytest.mark.parametrize(("zero_sum", "expected"), [(False, 1.0), (True, np.sqrt(2 / 3))])
def test_one_level_of_a_zero_sum_group_varies_less(zero_sum: bool, expected: float) -> None:
    rng = np.random.default_rng(8)
    effect = rng.standard_normal((50_000, 3))
    if zero_sum:
        effect -= effect.mean(axis=1, keepdims=True)
    draws = Draws({"home_effect": effect, "home_sd": np.ones(50_000)})
    stated = GroupEffect("home", zero_sum).level_sd(draws)
    np.testing.assert_allclose(stated, expected)
    np.testing.assert_allclose(effect.std(axis=0), expected, rtol=0.01)
