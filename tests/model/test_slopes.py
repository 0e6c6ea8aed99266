"""Levels with an intercept and a slope: what reaches the rows, the prior, new levels, refusals."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from pydantic import ValidationError

from bayescich.checks.convergence import rhat
from bayescich.design import build_design
from bayescich.errors import DesignError
from bayescich.estimates.slopes import slope_estimates
from bayescich.estimates.standardise import new_home_sd
from bayescich.estimates.variance import components
from bayescich.model import Draws, build_model, make_structure
from bayescich.model.effects.slopes import Pairs, SlopesEffect
from bayescich.model.information import Information
from bayescich.sampling.fit import Fit
from bayescich.spec import ModelSpec, load_prior_set
from tests.model.toy import Toy, toy, toy_spec, toy_table

FIXED = {"kind": "fixed", "formula": "age + male"}
SLOPES = {"kind": "group", "by": "home", "slope": "age"}
EFFECTS = (FIXED, {"kind": "home_type"}, SLOPES, {"kind": "group", "by": "authority"})


def effect_of(a_toy: Toy) -> SlopesEffect:
    found = a_toy.structure.group("home")
    assert isinstance(found, SlopesEffect)
    return found


@pytest.fixture(scope="module")
def a_toy() -> Toy:
    return toy("gaussian", EFFECTS)


def test_each_row_has_the_intercept_and_the_slope_of_its_level(a_toy: Toy) -> None:
    draws = a_toy.draws(a_toy.point(1))
    rows = toy_table().sort_values("child", kind="stable").reset_index(drop=True)
    levels = a_toy.design.factors["home"].levels
    own = rows["home"].map(dict(zip(levels, draws["home_effect"][0], strict=True)))
    slope = rows["home"].map(dict(zip(levels, draws["home_slope"][0], strict=True)))
    by_hand = own + slope * (rows["age"] - rows["age"].mean())
    effect = effect_of(a_toy)
    found = effect.layout(a_toy.design).apply(effect.values(draws))[0]
    np.testing.assert_allclose(found, by_hand, rtol=1e-12)
    assert np.abs(draws["home_slope"]).max() > 0.01


@pytest.mark.parametrize("likelihood", ["gaussian", "binomial", "ordinal", "hazard with frailty"])
def test_the_twin_gives_the_log_likelihood_of_the_graph(likelihood: str) -> None:
    a_toy = toy(likelihood, EFFECTS)
    point = a_toy.point(2)
    draws = a_toy.draws(point)
    eta = a_toy.structure.linear_predictor(draws, a_toy.design)
    by_unit = a_toy.likelihood.log_likelihood(draws, eta, a_toy.design)
    np.testing.assert_allclose(by_unit.sum(), a_toy.log_likelihood(point), rtol=1e-10)


def test_leaving_the_effect_out_leaves_the_slopes_out(a_toy: Toy) -> None:
    draws = a_toy.draws(a_toy.point(1))
    silent = draws.replace("home_effect", 0.0 * draws["home_effect"])
    silent = silent.replace("home_slope", 0.0 * draws["home_slope"])
    without = a_toy.structure.linear_predictor(draws, a_toy.design, leave_out=("home_effect",))
    np.testing.assert_array_equal(without, a_toy.structure.linear_predictor(silent, a_toy.design))


def plain(a_toy: Toy) -> pm.Model:
    """The same model sampled without a look at the data."""
    return build_model(a_toy.structure, a_toy.design, a_toy.priors, look_at_data=False)


def test_what_is_known_of_levels_changes_no_density(a_toy: Toy) -> None:
    assert effect_of(a_toy).parametrisation(a_toy.design, Information.none((16,))) == "partial"
    model, other = a_toy.model, plain(a_toy)
    name = "home_offset"
    value = next(v.name for v in model.value_vars if v.name.startswith(name))
    there = next(v.name for v in other.value_vars if v.name.startswith(name))
    assert value != there
    # the other variables of both models in the same place, whatever the coordinates
    point = a_toy.point(3)
    offset = model[name]
    transform = model.rvs_to_transforms[offset]
    symbol = model.rvs_to_values[offset]
    inputs = model.replace_rvs_by_values(list(offset.owner.inputs))
    standard = transform.backward(symbol, *inputs)
    jacobian = transform.log_jac_det(symbol, *inputs).sum()
    given = {"inputs": model.value_vars, "on_unused_input": "ignore", "mode": "FAST_COMPILE"}
    evaluate = model.compile_fn([standard, jacobian], **given)
    at, log_jacobian = evaluate(point)
    assert at.shape == (8, 2)
    prior = model.compile_fn(model.logp(vars=[offset]), **given)
    normal = -0.5 * (at**2).sum() - 0.5 * at.size * np.log(2.0 * np.pi)
    np.testing.assert_allclose(prior(point), normal + log_jacobian, rtol=1e-10)
    # and the determinant is that of the transform: by differences
    step = 1e-6
    columns = []
    for k in range(at.size):
        moved = point[value].copy().ravel()
        moved[k] += step
        ahead, _ = evaluate(point | {value: moved.reshape(point[value].shape)})
        columns.append((ahead - at).ravel() / step)
    _, by_differences = np.linalg.slogdet(np.stack(columns))
    assert float(log_jacobian) == pytest.approx(by_differences, abs=1e-4)
    back = model.compile_fn(transform.forward(standard, *inputs), **given)
    np.testing.assert_allclose(back(point), point[value], rtol=1e-8, atol=1e-10)


def test_pairs_put_a_pilots_word_on_intercepts_and_slopes_together() -> None:
    rng = np.random.default_rng(4)
    levels, sds = 5, np.repeat([0.4, 0.1], 5)
    own, mean = rng.uniform(5, 50, levels), rng.normal(0.0, 1.0, levels)
    slope = own * (mean**2 + rng.uniform(0.5, 2.0, levels))
    estimate = rng.normal(0.0, 0.5, (2, levels))
    precision = np.array([[own, own * mean], [own * mean, slope]])
    evidence = np.einsum("abj,bj->aj", precision, estimate)
    # a penalised fit, and one Newton step from it, number by number: as a pilot reports it
    penalty = (sds**-2.0).reshape(2, levels)
    mode = np.stack(
        [
            np.linalg.solve(precision[:, :, j] + np.diag(penalty[:, j]), evidence[:, j])
            for j in range(levels)
        ],
        axis=1,
    )
    step = mode * penalty / np.stack([own, slope])
    known = Information((mode + step).ravel(), np.r_[own, slope])
    pairs = Pairs.of(known, sds, mean)
    np.testing.assert_allclose(pairs.evidence, evidence, rtol=1e-10)
    np.testing.assert_allclose(pairs.precision, [own, own * mean, slope], rtol=1e-12)


def test_given_the_spread_normal_data_are_sampled_as_standard_normals() -> None:
    """With SDs and all else held, what is sampled of each level has unit curvature."""
    a_toy = toy("gaussian", (FIXED, SLOPES), toy_table(400))
    model, point = a_toy.model, a_toy.point(5)
    start = a_toy.structure.pilot(a_toy.design)
    assert start is not None
    value = next(v.name for v in model.value_vars if v.name.startswith("home_offset"))
    logp = model.compile_logp(mode="FAST_COMPILE")
    # the residual SD of the pilot: of others, the data would know more or less
    point["residual_sd_log__"] = -0.5 * np.log(start.weights.mean())
    point[value] = np.zeros_like(point[value])
    rng = np.random.default_rng(6)
    for _ in range(4):
        direction = rng.standard_normal(point[value].shape)
        curve = [float(logp(point | {value: s * direction})) for s in (-0.5, 0.0, 0.5)]
        second = (curve[0] - 2.0 * curve[1] + curve[2]) / 0.25
        assert second == pytest.approx(-(direction**2).sum(), rel=1e-3)


def test_new_levels_are_of_the_same_population() -> None:
    effect = SlopesEffect("home", slope="age")
    samples, levels = 20_000, 3
    rng = np.random.default_rng(7)
    draws = Draws(
        {
            "home_effect": np.full((samples, levels), 9.0),
            "home_slope": np.full((samples, levels), 9.0),
            "home_sd": np.full(samples, 0.5),
            "home_slope_sd": np.full(samples, 0.2),
            "home_slope_correlation": np.full(samples, -0.6),
        }
    )
    new = effect.fresh(draws, rng)
    own, slope = new["home_effect"].ravel(), new["home_slope"].ravel()
    assert np.std(own) == pytest.approx(0.5, rel=0.02)
    assert np.std(slope) == pytest.approx(0.2, rel=0.02)
    assert np.corrcoef(own, slope)[0, 1] == pytest.approx(-0.6, abs=0.01)
    across = np.corrcoef(new["home_effect"][:, 0], new["home_effect"][:, 1])[0, 1]
    assert abs(across) < 0.03


def test_priors_are_per_standard_deviation_and_the_correlation_is_lkj_2(a_toy: Toy) -> None:
    table = toy_table().assign(age=lambda rows: 10.0 * rows["age"])
    wide = toy("gaussian", EFFECTS, table)
    names = ["home_slope_sd", "home_slope_correlation"]
    sd, correlation = pm.draw([a_toy.model[n] for n in names], draws=4000, random_seed=8)
    wider = pm.draw(wide.model["home_slope_sd"], draws=4000, random_seed=8)
    assert sd.mean() / wider.mean() == pytest.approx(10.0, rel=0.1)
    scale = a_toy.design.fixed.scales[0]
    neutral = a_toy.priors.get("group.slope_sd").parameters()["sd"]
    assert sd.mean() * scale == pytest.approx(neutral * np.sqrt(2.0 / np.pi), rel=0.05)
    # LKJ(2) of two: density in proportion to 1 - r², so an SD of the root of a fifth
    assert correlation.mean() == pytest.approx(0.0, abs=0.03)
    assert correlation.std() == pytest.approx(np.sqrt(0.2), rel=0.03)


def spec_of(effects: tuple[dict[str, Any], ...], **changes: Any) -> ModelSpec:
    content = toy_spec("gaussian").model_dump(exclude_unset=True)
    return ModelSpec.model_validate(content | {"effects": effects} | changes)


@pytest.mark.parametrize(
    ("effects", "changes", "sentence"),
    [
        ((FIXED, SLOPES | {"zero_sum": True}), {}, "leave out zero_sum or slope"),
        ((FIXED, SLOPES | {"parametrisation": "centred"}), {}, "centred is not for slopes"),
        ((SLOPES,), {}, "add it to the formula of a fixed effect"),
        ((FIXED | {"impute": ("age",)}, SLOPES), {}, "is imputed where it is blank"),
        ((FIXED, SLOPES), {"unit": "home"}, "is the unit that cross-validation leaves out"),
        (
            (FIXED, SLOPES), {"membership": {"columns": {"home": "home_"}}},
            "several of its levels \\(membership\\)",
        ),
        (
            (FIXED, SLOPES),
            {"likelihood": {"family": "categorical", "outcome": "g", "categories": list("abc")}},
            "several linear predictors",
        ),
        ((FIXED, SLOPES), {"priors": {"year.slope_sd": "half"}}, "is of no effect of this model"),
    ],
)  # fmt: skip
def test_where_slopes_cannot_be(
    effects: tuple[dict[str, Any], ...], changes: dict[str, Any], sentence: str
) -> None:
    half = {"distribution": "half_normal", "sd": 1, "reason": "long enough", "source": "here"}
    if "priors" in changes:
        changes = {"priors": dict.fromkeys(changes["priors"], half)}
    with pytest.raises(ValidationError, match=sentence):
        spec_of(effects, **changes)


def test_a_slope_is_of_a_covariate() -> None:
    spec = spec_of(({"kind": "fixed", "formula": "age"}, SLOPES | {"slope": "male"}))
    with pytest.raises(DesignError, match="a slope on 'male', which is no covariate"):
        build_design(toy_table(), spec)


def fit_of(a_toy: Toy, samples: int = 200) -> Fit:
    rng = np.random.default_rng(9)
    given = {
        "home_sd": 0.5, "home_slope_sd": 0.2, "home_slope_correlation": 0.3, "authority_sd": 0.1,
        "home_type_sd": 0.1, "residual_sd": 1.0,
    }  # fmt: skip
    posterior: dict[str, Any] = {
        name: (("chain", "draw"), np.full((2, samples), value)) for name, value in given.items()
    }
    fixed = np.array([0.1, 0.3]) + 0.01 * rng.standard_normal((2, samples, 2))
    posterior["fixed"] = (("chain", "draw", "covariate"), fixed)
    tree = xr.DataTree.from_dict({"posterior": xr.Dataset(posterior)})
    return Fit(a_toy.spec, a_toy.priors, toy_table(), a_toy.design, a_toy.structure, tree, cache={})


def test_estimates_say_how_coefficients_differ(a_toy: Toy) -> None:
    fit = fit_of(a_toy)
    (estimate,) = slope_estimates(fit)
    mean = estimate.table["mean"].tolist()
    # the normal below half a standard deviation: 0.1 / 0.2
    np.testing.assert_allclose(mean, [0.1, 0.2, 0.5, 0.3, 0.6915], atol=2e-3)
    assert "differs with an SD of 0.2; in 69% of new levels it is above zero" in estimate.sentence


def test_variance_of_levels_counts_their_slopes(a_toy: Toy) -> None:
    fit = fit_of(a_toy)
    age = toy_table()["age"]
    found = components(replace(fit, structure=replace(fit.structure, effects=groups_of(a_toy))))
    assert found["home"][0] == pytest.approx(0.25)
    assert found["home × age"][0] == pytest.approx(0.04 * age.var(ddof=0))
    total = 0.25 + 0.04 * age.var(ddof=0)
    assert new_home_sd(fit, fit.posterior)[0] == pytest.approx(np.sqrt(total))


def groups_of(a_toy: Toy) -> tuple[Any, ...]:
    return tuple(e for e in a_toy.structure.groups if e.column == "home")


def test_the_chains_of_a_correlation_are_compared() -> None:
    rng = np.random.default_rng(10)
    values = rng.uniform(-1.0, 1.0, (2, 100)) + np.array([[0.0], [3.0]])
    posterior = xr.Dataset({"home_slope_correlation": (("chain", "draw"), values)})
    fit = replace(fit_of(toy("gaussian", EFFECTS)), tree=xr.DataTree.from_dict(
        {"posterior": posterior}), cache={})  # fmt: skip
    check = rhat(fit)
    assert check.status == "failed"
    assert "of home_slope_correlation" in check.sentence


def test_both_shipped_sets_of_beliefs_have_a_prior_for_slopes() -> None:
    for name in ("neutral", "sceptical"):
        priors, _ = load_prior_set(name)
        narrow, wide = (priors.get(f"group.{r}").parameters()["sd"] for r in ("slope_sd", "sd"))
        assert narrow == pytest.approx(wide / 2.0)


def test_collapsed_cells_keep_their_slopes() -> None:
    spec = spec_of(
        ({"kind": "fixed", "formula": "male"}, SLOPES | {"slope": "male"}),
        likelihood={
            "family": "hazard", "event": "moved", "time": "days", "cuts": [91, 365],
            "collapse": True,
        },
    )  # fmt: skip
    table = pd.DataFrame(toy_table(300))
    design = build_design(table, spec)
    effect = make_structure(spec).group("home")
    assert isinstance(effect, SlopesEffect)
    matrix = effect.layout(design).matrix().toarray()
    size = design.factors["home"].size
    rows = np.arange(design.rows)
    x = matrix[rows, size + design.factor("home").codes]
    np.testing.assert_array_equal(matrix[rows, design.factor("home").codes], 1.0)
    male = table["male"].mean()
    assert set(np.round(x, 12)) == {round(-male, 12), round(1.0 - male, 12)}
