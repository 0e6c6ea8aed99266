"""Chains: kept one by one, taken up where they stopped, the same bit for bit."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pymc as pm
import pytest
import xarray as xr

from bayescich.errors import SamplingError
from bayescich.sampling import SamplerSettings, sample_posterior
from bayescich.sampling import sample as sample_module
from bayescich.sampling.chain import FinishedChain
from bayescich.sampling.store import chain_file, finished_chains
from tests.sampling.toy import Eight, eight, exact, settings


@pytest.fixture(scope="module")
def toy() -> Eight:
    return eight()


def kept(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def assert_same_draws(one: xr.DataTree, other: xr.DataTree) -> None:
    for group in ("posterior", "sample_stats"):
        ours, theirs = one[group].to_dataset(), other[group].to_dataset()
        assert set(ours.data_vars) == set(theirs.data_vars)
        for name in ours.data_vars:
            np.testing.assert_array_equal(ours[name].values, theirs[name].values, err_msg=str(name))


def test_a_deleted_chain_comes_back_bit_by_bit(toy: Eight, tmp_path: Path) -> None:
    first = sample_posterior(toy.model, settings(), tmp_path)
    assert kept(tmp_path) == ["chain-0.nc", "chain-1.nc", "chain-2.nc"]
    posterior = first["posterior"].to_dataset()
    assert dict(posterior.sizes) == {"chain": 3, "draw": 60, "covariate": 1, "kind": 3}
    assert posterior["chain"].values.tolist() == [0, 1, 2]
    assert posterior["kind"].values.tolist() == ["x", "y", "z"]
    # offsets are not kept; what they make is
    assert set(posterior.data_vars) == {"intercept", "fixed", "kind_sd", "kind_effect"}
    assert {"diverging", "energy"} <= set(first["sample_stats"].data_vars)

    untouched = chain_file(tmp_path, 0).stat().st_mtime_ns
    chain_file(tmp_path, 1).unlink()
    again = sample_posterior(toy.model, settings(), tmp_path)
    assert_same_draws(first, again)
    assert chain_file(tmp_path, 0).stat().st_mtime_ns == untouched

    # chains differ from one another
    assert len({float(x) for x in posterior["intercept"][:, 0]}) == 3


@pytest.mark.parametrize("sampler", ["nutpie", "numpyro", "blackjax", "pymc"])
def test_every_sampler_finds_the_posterior(toy: Eight, tmp_path: Path, sampler: str) -> None:
    asked = settings(sampler=sampler, chains=1, draws=400, tune=300)
    tree = sample_posterior(toy.model, asked, tmp_path)
    posterior = tree["posterior"].to_dataset()
    assert dict(posterior.sizes) == {"chain": 1, "draw": 400, "covariate": 1, "kind": 3}
    assert set(posterior.data_vars) == {"intercept", "fixed", "kind_sd", "kind_effect"}
    assert all(posterior[name].dtype == np.float64 for name in posterior.data_vars)
    assert posterior["kind"].values.tolist() == ["x", "y", "z"]
    assert "diverging" in tree["sample_stats"].data_vars
    assert float(abs(posterior["kind_effect"].sum("kind")).max()) < 1e-8
    assert float(posterior["kind_sd"].min()) > 0
    for name, (mean, sd) in exact(toy.design).items():
        draws = posterior[name].values.reshape(400, -1)[:, 0]
        # some hundred independent draws: a mean within a third of a standard deviation
        assert draws.mean() == pytest.approx(mean, abs=0.33 * sd), name
        assert draws.std() == pytest.approx(sd, rel=0.3), name


def one_chain(chain: int, draws: int = 60) -> FinishedChain:
    dims = ("chain", "draw")
    posterior = xr.Dataset({"intercept": (dims, np.full((1, draws), float(chain)))})
    stats = xr.Dataset({"diverging": (dims, np.zeros((1, draws), dtype=bool))})
    return FinishedChain(chain, posterior, stats)


def test_an_interruption_leaves_the_finished_chains(
    toy: Eight, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_for: list[list[int]] = []

    def interrupted(
        model: pm.Model, settings: SamplerSettings, chains: list[int]
    ) -> Iterator[FinishedChain]:
        asked_for.append(chains)
        yield one_chain(2)
        raise KeyboardInterrupt

    def patient(
        model: pm.Model, settings: SamplerSettings, chains: list[int]
    ) -> Iterator[FinishedChain]:
        asked_for.append(chains)
        yield from map(one_chain, chains)

    monkeypatch.setitem(sample_module._CHAINS, "nutpie", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sample_posterior(toy.model, settings(), tmp_path)
    assert kept(tmp_path) == ["chain-2.nc"]
    monkeypatch.setitem(sample_module._CHAINS, "nutpie", patient)
    tree = sample_posterior(toy.model, settings(), tmp_path)
    assert asked_for == [[0, 1, 2], [0, 1]]
    # each under its own number, whatever the order in which they ended
    assert tree["posterior"]["intercept"].values[:, 0].tolist() == [0.0, 1.0, 2.0]
    assert tree["posterior"]["chain"].values.tolist() == [0, 1, 2]


def test_half_a_chain_of_pymc_does_not_count(
    toy: Eight, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # PyMC's answer to Ctrl-C is the draws so far, as if nothing had happened
    def cut_short(**_: object) -> xr.DataTree:
        chain = one_chain(0, draws=11)
        return xr.DataTree.from_dict(
            {"posterior": chain.posterior, "sample_stats": chain.sample_stats}
        )

    monkeypatch.setattr(pm, "sample", cut_short)
    with pytest.raises(KeyboardInterrupt):
        sample_posterior(toy.model, settings(sampler="pymc"), tmp_path / "chains")
    assert finished_chains(tmp_path / "chains", 3) == []


@pytest.mark.parametrize("keep_bytes", [0, 40, 3000])
def test_a_damaged_chain_is_named(
    toy: Eight, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep_bytes: int
) -> None:
    monkeypatch.setitem(sample_module._CHAINS, "nutpie", lambda *asked: map(one_chain, asked[-1]))
    sample_posterior(toy.model, settings(), tmp_path)
    damaged = chain_file(tmp_path, 1)
    damaged.write_bytes(damaged.read_bytes()[:keep_bytes])
    with pytest.raises(SamplingError) as caught:
        sample_posterior(toy.model, settings(), tmp_path)
    assert caught.value.where == str(damaged)
    assert "Delete that file" in str(caught.value.next_step)


def test_a_density_that_cannot_be_evaluated_is_told(tmp_path: Path) -> None:
    with pm.Model() as broken:
        x = pm.Normal("x")
        pm.Potential("nothing", x * np.nan)
    # the second time with what the first has left of compiled code
    for folder in (tmp_path / "first", tmp_path / "second"):
        with pytest.raises(SamplingError, match=r"Chain \d stopped") as caught:
            sample_posterior(broken, settings(chains=2), folder)
        assert "backtrace" not in str(caught.value)
        assert finished_chains(folder, 2) == []


def test_seeds_of_chains_differ_and_do_not_depend_on_their_number() -> None:
    four = settings(chains=4)
    seeds = [four.chain_seed(k) for k in range(4)]
    assert len(set(seeds)) == 4
    assert seeds[:2] == [replace(four, chains=2).chain_seed(k) for k in range(2)]
    assert not set(seeds) & {replace(four, seed=4).chain_seed(k) for k in range(4)}
    assert all(0 <= seed < 2**32 for seed in seeds)
    # the seed is the same on every machine and in every version, or stored draws are orphans
    assert seeds == [four.chain_seed(k) for k in range(4)]
