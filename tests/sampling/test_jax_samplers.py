"""A hazard sampled through JAX: chain by chain, and side by side as on a GPU."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from bayescich.sampling import numpyro_chains as numpyro_module
from bayescich.sampling import sample_posterior
from bayescich.sampling.settings import SamplerSettings
from tests.model.history import history
from tests.model.toy import Toy
from tests.sampling.toy import settings

EFFECTS = ({"kind": "home_type"}, {"kind": "needs"}, {"kind": "group", "by": "home"})


@pytest.fixture(scope="module")
def a_hazard() -> Toy:
    return history(EFFECTS, frailty="child", entry="entry")


def sampled(a_toy: Toy, folder: Path, **changes: object) -> xr.DataTree:
    asked: SamplerSettings = settings(draws=300, tune=300, **changes)
    return sample_posterior(a_toy.model, asked, folder)


def test_samplers_in_jax_agree_on_a_hazard(
    a_hazard: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blackjax = sampled(a_hazard, tmp_path / "blackjax", sampler="blackjax", chains=1)
    calls: list[list[int]] = []
    monkeypatch.setattr(numpyro_module, "gpu_seen", lambda: calls.append([]) or True)
    numpyro = sampled(a_hazard, tmp_path / "numpyro", sampler="numpyro", chains=2)
    assert len(calls) == 1
    ours, theirs = numpyro["posterior"].to_dataset(), blackjax["posterior"].to_dataset()
    assert set(ours.data_vars) == set(theirs.data_vars)
    assert ours.sizes["chain"] == 2
    assert ours["home"].values.tolist() == [f"H{k}" for k in range(8)]
    for name in ("baseline", "home_type_effect", "need_effect", "home_effect", "home_sd"):
        assert ours[name].dtype == np.float64
        spread = theirs[name].std(("chain", "draw"))
        difference = ours[name].mean(("chain", "draw")) - theirs[name].mean(("chain", "draw"))
        # some two hundred independent draws in each
        assert float(abs(difference / spread).max()) < 0.45, name
    # chains differ, though they ran in one call
    first = ours["frailty_variance"].values
    assert len({float(value) for value in first[:, 0]}) == 2
    stats = numpyro["sample_stats"].to_dataset()
    assert {"diverging", "energy", "n_steps", "tree_depth", "step_size"} <= set(stats.data_vars)
    assert stats["step_size"].isel(draw=-1).values.min() > 0
    assert (stats["n_steps"] < 2 ** stats["tree_depth"]).all()


def test_a_chain_that_is_missing_is_sampled_alone(a_hazard: Toy, tmp_path: Path) -> None:
    asked = {"sampler": "numpyro", "draws": 20, "tune": 30}
    both = sample_posterior(a_hazard.model, settings(chains=2, **asked), tmp_path)
    (tmp_path / "chain-1.nc").unlink()
    again = sample_posterior(a_hazard.model, settings(chains=2, **asked), tmp_path)
    for name in ("baseline", "home_effect"):
        np.testing.assert_array_equal(
            both["posterior"][name].values, again["posterior"][name].values
        )
