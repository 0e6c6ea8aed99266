"""Leave-one-out against cases with an exact answer."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.integrate import trapezoid
from scipy.stats import multivariate_normal, norm

from bayescich.checks.loo import log_likelihood_by_unit, loo_checks
from bayescich.design import build_design
from bayescich.model import make_structure
from bayescich.sampling.fit import Fit
from bayescich.spec import ModelSpec, load_prior_set
from tests.tiny_fit import hazard_fit, ordinal_fit


def gaussian(table, effects, posterior, unit):
    spec = ModelSpec.model_validate(
        {
            "name": "exact", "title": "exact", "unit": unit, "effects": effects,
            "likelihood": {"family": "gaussian", "outcome": "y", "known_sd": "se"},
        }
    )  # fmt: skip
    data = xr.Dataset(
        {
            name: (("chain", "draw", *(["home"] if values.ndim == 2 else [])), values[None])
            for name, values in posterior.items()
        }
    )
    priors, _ = load_prior_set("neutral")
    tree = xr.DataTree.from_dict({"posterior": data})
    return Fit(spec, priors, table, build_design(table, spec), make_structure(spec), tree)


def test_conjugate_normal_mean_against_exact_leave_one_out():
    rng = np.random.default_rng(1)
    n, prior_sd = 20, 10.0
    y = rng.normal(1.0, 1.0, n)
    table = pd.DataFrame({"case": [f"c{i:02d}" for i in range(n)], "y": y, "se": 1.0})
    precision = n + prior_sd**-2
    mean = rng.normal(y.sum() / precision, precision**-0.5, 1000)
    fit = gaussian(table, [], {"intercept": mean}, "case")
    (check,) = loo_checks(fit)
    without = precision - 1.0
    exact = norm.logpdf(y, (y.sum() - y) / without, np.sqrt(1.0 + 1.0 / without))
    assert check.series["elpd"] == pytest.approx(exact, abs=0.03)
    assert check.value == pytest.approx(exact.sum(), abs=0.2)
    within = norm.logpdf(y, y.sum() / precision, np.sqrt(1.0 + 1.0 / precision))
    assert check.series["p_loo"].sum() == pytest.approx((within - exact).sum(), abs=0.05)
    assert check.status == "passed"
    assert "one case at a time" in check.sentence


def test_a_home_is_left_out_with_its_own_effect_integrated_out():
    rng = np.random.default_rng(2)
    home = np.repeat(np.arange(6), [1, 2, 3, 4, 8, 30])
    v = rng.normal(0.0, 0.7, 6)
    y = v[home] + rng.normal(0.0, 0.5, len(home))
    table = pd.DataFrame({"home": [f"h{j}" for j in home], "y": y, "se": 0.5})
    # the effects of the posterior only place the nodes; the answer must not depend on them
    posterior = {
        "intercept": np.array([0.0, 0.3]),
        "home_sd": np.array([0.7, 0.4]),
        "home_effect": np.stack([v + 0.15, v - 0.15]),
    }
    fit = gaussian(table, [{"kind": "group", "by": "home"}], posterior, "home")
    found = log_likelihood_by_unit(fit, fit.posterior, nodes=61)
    for draw, (level, sd) in enumerate([(0.0, 0.7), (0.3, 0.4)]):
        for j in range(6):
            own = y[home == j]
            covariance = 0.25 * np.eye(len(own)) + sd**2
            exact = multivariate_normal.logpdf(own, np.full(len(own), level), covariance)
            assert found[draw, j] == pytest.approx(exact, abs=1e-3)


def test_integration_of_grades_against_a_fine_grid():
    fit = ordinal_fit()
    draws = fit.posterior.thin(3)
    # the synthetic draws are closer to the truth than a posterior is: widen what places the nodes
    wide = fit.posterior["home_effect"] * 0.5
    wide = wide + np.random.default_rng(4).normal(0.0, 0.35, wide.shape)
    fit.cache["posterior"] = fit.posterior.replace("home_effect", wide)
    found = log_likelihood_by_unit(fit, draws, nodes=11)
    grid = np.linspace(-4.0, 4.0, 801)
    eta = fit.structure.linear_predictor(draws, fit.design, ("home_effect",))
    at = np.stack(
        [fit.structure.likelihood.log_likelihood(draws, eta + v, fit.design) for v in grid]
    )
    prior = norm.pdf(grid[:, None, None], 0.0, draws["home_sd"][None, :, None])
    exact = np.log(trapezoid(np.exp(at) * prior, grid, axis=0))
    assert found == pytest.approx(exact, abs=2e-3)


def test_a_child_keeps_the_effects_of_homes():
    fit = hazard_fit()
    draws = fit.posterior.thin(5)
    eta = fit.structure.linear_predictor(draws, fit.design)
    plain = fit.structure.likelihood.log_likelihood(draws, eta, fit.design)
    assert log_likelihood_by_unit(fit, draws) == pytest.approx(plain)


def test_a_home_cannot_be_left_out_of_a_model_with_child_frailty():
    fit = hazard_fit()
    (check,) = loo_checks(replace(fit, spec=fit.spec.model_copy(update={"unit": "home"})))
    assert check.status == "not applicable"
    assert "name 'child' as the unit" in check.sentence


def test_influential_units_are_counted():
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"case": list("abcdefgh"), "y": [0, 0, 0, 0, 0, 0, 0, 40.0], "se": 1.0})
    fit = gaussian(table, [], {"intercept": rng.normal(5.0, 0.35, 1000)}, "case")
    (check,) = loo_checks(fit)
    assert check.status == "failed"
    assert check.series["pareto_k"][7] > 0.7
    counts = check.table.set_index("quantity")["value"]
    assert counts[[name for name in counts.index if name.startswith("Pareto")]].sum() == 8
