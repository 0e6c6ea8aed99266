"""Names, dims and the draws as arrays."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from bayescich.errors import SpecError
from bayescich.model import Draws, build_model, reported_variables
from bayescich.sampling import sample_prior
from bayescich.spec import PriorSet
from tests.model.history import ROUTES, history
from tests.model.toy import LIKELIHOODS, toy

NAMES = {
    "hazard": {"baseline", "baseline_step_sd"},
    "hazard with frailty": {"baseline", "baseline_step_sd", "frailty_variance"},
    "ordinal": {"cutpoint", "cutpoint_gap"},
    "binomial": {"intercept"},
    "bernoulli": {"intercept"},
    "gaussian": {"intercept", "residual_sd"},
    "gaussian with known errors": {"intercept"},
}
GROUPS = {f"{c}_{x}" for c in ("home", "home_type", "authority", "year") for x in ("effect", "sd")}


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_any_likelihood_goes_with_any_effect(name: str) -> None:
    a_toy = toy(name)
    assert set(reported_variables(a_toy.model)) == NAMES[name] | GROUPS | {"fixed"}


def test_prior_draws_have_names_dims_and_labels() -> None:
    a_toy = toy("ordinal")
    prior = sample_prior(a_toy.model, 300, seed=4)
    assert prior.sizes["chain"] == 1
    assert prior.sizes["draw"] == 300
    assert prior["home_effect"].dims == ("chain", "draw", "home")
    assert prior["home"].values.tolist() == [f"H{k}" for k in range(8)]
    assert prior["fixed"].dims == ("chain", "draw", "covariate")
    assert prior["cutpoint"].dims == ("chain", "draw", "threshold")
    assert prior["threshold"].values.tolist() == ["Poor | Fair", "Fair | Good", "Good | Best"]
    assert prior["gap"].values.tolist() == ["Fair", "Good"]
    assert not [str(v) for v in prior.data_vars if str(v).endswith("_offset")]
    assert "successes" not in prior
    # the draws are of the priors named: half-normal with scale 0.5 has mean 0.399
    assert float(prior["home_sd"].mean()) == pytest.approx(0.399, abs=0.06)
    assert (prior["cutpoint"].diff("threshold") > 0).all()
    assert float(abs(prior["authority_effect"].sum("authority")).max()) < 1e-9


def test_prior_draws_of_routes_have_the_route_as_their_last_dim() -> None:
    a_toy = history(competing=True, frailty="child", baseline_by="home_type")
    prior = sample_prior(a_toy.model, 200, seed=5)
    assert set(prior.data_vars) == set(reported_variables(a_toy.model))
    for name, own in {
        "home_effect": ("home",), "home_type_effect": ("home_type",), "fixed": ("covariate",),
        "baseline": ("band",), "year_effect": ("year",), "need_effect": ("need",),
        "type_need_effect": ("crossed_need", "home_type"), "matching_effect": ("matched_need",),
        "baseline_departure": ("baseline_of", "band"), "home_sd": (),
    }.items():  # fmt: skip
        assert prior[name].dims == ("chain", "draw", *own, "route"), name
    assert prior["home_correlation"].dims == ("chain", "draw", "route", "other_route")
    assert prior["route"].values.tolist() == list(ROUTES)
    assert float(prior["home_sd"].mean()) == pytest.approx(0.399, abs=0.05)
    # an LKJ prior with shape 2 over three routes: correlations have SD 1/sqrt(6)
    correlation = prior["home_correlation"].values[0, :, 0, 1]
    assert correlation.std() == pytest.approx(6**-0.5, abs=0.06)


def test_prior_draws_depend_on_the_seed_alone() -> None:
    a_toy = toy("binomial", ({"kind": "group", "by": "home", "parametrisation": "noncentred"},))
    first, again, other = (sample_prior(a_toy.model, 5, seed) for seed in (4, 4, 5))
    xr.testing.assert_identical(first.drop_attrs(), again.drop_attrs())
    assert float(first["home_sd"][0, 0]) != float(other["home_sd"][0, 0])


def test_a_missing_prior_is_named() -> None:
    a_toy = toy("gaussian")
    fewer = {k: v for k, v in a_toy.priors.priors.items() if k != "residual.sd"}
    priors = PriorSet(name="thin", description="", priors=fewer)
    with pytest.raises(SpecError, match=r"'thin' has no prior for 'residual\.sd'"):
        build_model(a_toy.structure, a_toy.design, priors)


def test_stacked_draws_run_chain_by_chain_whatever_the_order_of_dims() -> None:
    values = np.arange(24.0).reshape(2, 3, 4)
    names = ("chain", "draw", "home")
    data = xr.Dataset({"x": (names, values), "y": (("draw", "chain"), values[:, :, 0].T)})
    draws = Draws.from_dataset(data.transpose("home", "draw", "chain"))
    assert draws.size == 6
    np.testing.assert_array_equal(draws["x"], values.reshape(6, 4))
    np.testing.assert_array_equal(draws["y"], values[:, :, 0].ravel())


@given(st.integers(1, 50), st.integers(1, 60))
def test_thinned_draws_are_evenly_spaced(size: int, at_most: int) -> None:
    draws = Draws({"x": np.arange(float(size))}).thin(at_most)
    assert draws.size == min(size, at_most)
    kept = draws["x"]
    assert kept[0] == 0
    assert len(set(kept)) == len(kept)
    if len(kept) > 1:
        assert kept[-1] == size - 1
        assert np.ptp(np.diff(kept)) <= 1


def test_replacing_leaves_the_rest() -> None:
    draws = Draws({"x": np.zeros(2), "y": np.ones(2)})
    changed = draws.replace("x", np.full(2, 5.0))
    assert changed["x"].tolist() == [5, 5]
    assert changed["y"].tolist() == [1, 1]
    assert draws["x"].tolist() == [0, 0]
    assert "x" in draws
    assert "z" not in draws
