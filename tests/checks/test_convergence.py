"""The gates pass on independent draws, and each fails on the fault it is there for."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from bayescich.checks.convergence import convergence_checks, labelled
from tests.tiny_fit import (
    CHAINS,
    DRAWS,
    binomial_fit,
    hazard_fit,
    one_chain,
    with_posterior,
    with_stats,
)
from tests.tiny_routes import competing_fit, spells_fit

GATES = {"rhat", "ess_bulk", "ess_tail", "mcse", "divergences", "bfmi", "max_depth"}


@pytest.fixture(scope="module")
def fit():
    return binomial_fit()


def by_name(fit):
    return {check.name: check for check in convergence_checks(fit)}


def draws_of(fit, name):
    return fit.tree["posterior"][name].to_numpy().copy()


def test_independent_draws_pass_every_gate(fit):
    found = by_name(fit)
    assert {name for name, check in found.items() if check.gate} == GATES
    assert {check.status for check in found.values()} == {"passed"}
    assert found["mcse"].value == pytest.approx(1 / np.sqrt(CHAINS * DRAWS), rel=0.3)


def test_a_chain_elsewhere_fails_rhat_and_is_named(fit):
    draws = draws_of(fit, "intercept")
    draws[0] += 3 * draws.std()
    found = by_name(with_posterior(fit, intercept=draws))["rhat"]
    assert found.status == "failed"
    assert found.value > 1.1
    assert "intercept" in found.sentence
    assert found.table["label"].iloc[0] == "intercept"
    assert len(found.table) == 10


def shifted_homes(fit, homes, by):
    draws = draws_of(fit, "home_effect")
    draws[0, :, :homes] += by * draws.std(axis=(0, 1))[:homes]
    return by_name(with_posterior(fit, home_effect=draws))["rhat"]


def test_no_home_in_sixty_may_exceed_the_limit():
    fit = hazard_fit()
    assert by_name(fit)["rhat"].status == "passed"
    assert shifted_homes(fit, 1, 0.4).status == "failed"


def test_a_small_share_of_homes_may_exceed_the_limit_a_little(monkeypatch):
    monkeypatch.setattr("bayescich.checks.convergence.SHARE_ABOVE", 0.02)
    fit = hazard_fit()
    slightly = shifted_homes(fit, 1, 0.4)
    assert 1.01 < slightly.value <= 1.02
    assert slightly.status == "passed"
    assert "1 of 75 effects" in slightly.sentence
    assert shifted_homes(fit, 1, 1.0).status == "failed"
    assert shifted_homes(fit, 3, 0.4).status == "failed"


def test_large_groups_are_not_named():
    draws = hazard_fit()
    table = by_name(draws)["ess_bulk"].table
    labels = labelled(draws.tree["posterior"].to_dataset().mean(("chain", "draw")))["label"]
    assert "home_effect[home no. 60]" in set(labels)
    assert "home_type_effect[Solo]" in set(labels)
    assert not any("SC0" in label for label in [*labels, *table["label"]])


def test_one_chain_cannot_agree_with_another(fit):
    found = by_name(one_chain(fit))["rhat"]
    assert (found.status, found.gate) == ("failed", True)


def test_slow_chains_fail_effective_size_and_monte_carlo_error(fit):
    rng = np.random.default_rng(1)
    walk = np.cumsum(rng.standard_normal((CHAINS, DRAWS)), axis=1)
    found = by_name(with_posterior(fit, intercept=walk))
    assert [found[n].status for n in ("ess_bulk", "ess_tail", "mcse")] == ["failed"] * 3
    assert found["ess_bulk"].value < 50


def test_a_quantity_that_never_moved_is_not_passed(fit):
    stuck = draws_of(fit, "intercept")
    stuck[1] = np.nan
    found = by_name(with_posterior(fit, intercept=stuck))["ess_bulk"]
    assert found.status == "failed"
    assert "cannot be computed" in found.sentence


def test_divergences_are_counted_by_chain(fit):
    diverging = np.zeros((CHAINS, DRAWS), dtype=bool)
    diverging[2, :3] = True
    found = by_name(with_stats(fit, diverging=diverging))
    assert found["divergences"].status == "failed"
    assert found["divergences"].table["divergences"].tolist() == [0, 0, 3, 0]
    assert "3 of 1,600" in found["divergences"].sentence
    assert found["sampler_health"].status == "failed"


def test_an_energy_that_creeps_fails(fit):
    energy = np.random.default_rng(2).standard_normal((CHAINS, DRAWS))
    energy[3] = np.cumsum(energy[3])
    found = by_name(with_stats(fit, energy=energy))["bfmi"]
    assert found.status == "failed"
    assert "chain 4" in found.sentence


@pytest.mark.parametrize(("share", "status"), [(0.005, "passed"), (0.02, "failed")])
def test_tree_depth_by_either_name(fit, share, status):
    reached = np.zeros((CHAINS, DRAWS), dtype=bool)
    reached.ravel()[: int(share * reached.size)] = True
    other = with_stats(fit, maxdepth_reached=None, reached_max_treedepth=reached)
    found = by_name(other)["max_depth"]
    assert found.status == status
    assert found.value == pytest.approx(share)


def test_what_a_sampler_does_not_record_is_not_passed(fit):
    bare = with_stats(fit, diverging=None, energy=None, maxdepth_reached=None)
    found = by_name(bare)
    assert {found[n].status for n in ("divergences", "bfmi", "max_depth")} == {"not applicable"}
    assert "bfmi" not in found["sampler_health"].table


def test_without_statistics_there_is_no_health(fit):
    kept = {name: fit.tree[name].to_dataset() for name in ("posterior", "prior")}
    bare = replace(fit, tree=xr.DataTree.from_dict(kept))
    assert by_name(bare)["sampler_health"].status == "not applicable"


def test_health_by_chain(fit):
    table = by_name(fit)["sampler_health"].table
    assert table["chain"].tolist() == [1, 2, 3, 4]
    assert table["draws"].tolist() == [DRAWS] * 4
    assert table["mean_steps"].tolist() == [15.0] * 4
    assert (table["bfmi"] > 1).all()


def test_a_companion_fit_whose_chains_disagree_fails_the_gate() -> None:
    fit = hazard_fit()
    assert fit.unpooled is not None
    assert by_name(fit)["companion"].status == "passed"
    posterior = fit.unpooled["posterior"].to_dataset()
    effects = posterior["home_type_effect"].copy()
    effects[0] += 3 * effects.std()
    shifted = xr.DataTree.from_dict({"posterior": posterior.assign(home_type_effect=effects)})
    found = by_name(replace(fit, unpooled=shifted, cache={}))["companion"]
    assert found.gate
    assert found.status == "failed"
    assert found.value is not None
    assert found.value > 1.1


def test_a_model_without_home_types_has_no_companion() -> None:
    assert "companion" not in by_name(replace(hazard_fit(), unpooled=None, cache={}))


def test_what_cannot_vary_does_not_fail_the_gates():
    fit = competing_fit(600)
    found = by_name(fit)
    assert {found[name].status for name in GATES} == {"passed"}
    values = found["rhat"].series["values"]
    assert np.isfinite(values).all()
    matrix = fit.tree["posterior"]["home_correlation"]
    assert matrix.sizes["route"] == 3
    quantities = sum(
        int(np.prod(v.shape[2:])) for v in fit.tree["posterior"].to_dataset().data_vars.values()
    )
    # three pairs stand for nine entries
    assert len(values) == quantities - 6


def test_pairs_of_routes_are_named():
    fit = competing_fit(600)
    draws = draws_of(fit, "home_correlation")
    draws[0, :, 0, 2] += 0.5
    found = by_name(with_posterior(fit, home_correlation=draws))["rhat"]
    assert found.status == "failed"
    assert "home_correlation[return home, other]" in found.sentence


def test_departures_begin_at_nothing():
    found = by_name(spells_fit(600, strata=True))
    assert found["ess_bulk"].status == "passed"
    assert np.isfinite(found["ess_bulk"].series["values"]).all()


def test_a_correlation_that_never_moved_fails():
    fit = competing_fit(600)
    draws = draws_of(fit, "home_correlation")
    draws[..., 0, 1] = 0.3
    found = by_name(with_posterior(fit, home_correlation=draws))["rhat"]
    assert found.status == "failed"
    assert "cannot be computed" in found.sentence


@pytest.mark.parametrize(("name", "by"), [("home_effect", 0.4), ("recording_logit", 0.33)])
def test_effects_of_exchangeable_levels_are_allowed_a_little_more(name, by, monkeypatch):
    monkeypatch.setattr("bayescich.checks.convergence.SHARE_ABOVE", 0.01)
    fit = competing_fit(600)
    draws = draws_of(fit, name)
    first = (slice(None), slice(None), *([0] * (draws.ndim - 2)))
    one = draws[first]
    one[0] += by * one.std()
    draws[first] = one
    found = by_name(with_posterior(fit, **{name: draws}))["rhat"]
    assert 1.01 < found.value <= 1.02
    assert found.status == "passed"
