"""NumPyro: on a GPU all chains side by side in one call, on a processor one after another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pymc as pm
import xarray as xr

from bayescich.progress import say
from bayescich.sampling.chain import FinishedChain, start_near_centre
from bayescich.sampling.devices import gpu_seen
from bayescich.sampling.jax_density import jax_density, points_of
from bayescich.sampling.settings import SamplerSettings

_STATISTICS = {
    "diverging": "diverging",
    "energy": "energy",
    "num_steps": "n_steps",
    "accept_prob": "acceptance_rate",
    "adapt_state.step_size": "step_size",
}


def numpyro_chains(
    model: pm.Model, settings: SamplerSettings, chains: list[int]
) -> Iterator[FinishedChain]:
    """Sample these chains; yield each when it, or the call it is part of, ends.

    Each chain has a key and a start of its own, whichever others run beside it. On a GPU sums are
    taken in an order that may differ from run to run, so draws come back the same only roughly.
    """
    from bayescich.sampling.compiled import Reported

    reported = Reported.of(model)
    together = gpu_seen()
    run = _runner(model, settings, len(chains) if together else 1)
    for part in [chains] if together else [[chain] for chain in chains]:
        names = ", ".join(map(str, part))
        say(f"numpyro: chain {names}, {settings.tune} + {settings.draws} iterations")
        positions, statistics = run(part)
        for place, chain in enumerate(part):
            points = points_of([values[place] for values in positions])
            own = {name: values[place] for name, values in statistics.items()}
            yield FinishedChain(chain, reported.dataset(points), _dataset(own))


def _runner(model: pm.Model, settings: SamplerSettings, side_by_side: int) -> Any:
    import jax
    from numpyro.infer import MCMC, NUTS

    density = jax_density(model)
    kernel = NUTS(
        potential_fn=lambda point: -density(point), target_accept_prob=settings.target_accept
    )
    mcmc = MCMC(
        kernel,
        num_warmup=settings.tune,
        num_samples=settings.draws,
        num_chains=side_by_side,
        chain_method="vectorized",
        progress_bar=False,
    )

    def run(chains: list[int]) -> tuple[list[Any], dict[str, Any]]:
        seeds = [settings.chain_seed(chain) for chain in chains]
        starts = [start_near_centre(model, seed) for seed in seeds]
        keys = jax.numpy.stack([jax.random.PRNGKey(seed) for seed in seeds])
        alone = len(chains) == 1
        mcmc.run(
            keys[0] if alone else keys,
            init_params=starts[0]
            if alone
            else [np.stack(part) for part in zip(*starts, strict=True)],
            extra_fields=tuple(_STATISTICS),
        )
        fields = mcmc.get_extra_fields(group_by_chain=True)
        statistics = {ours: np.asarray(fields[theirs]) for theirs, ours in _STATISTICS.items()}
        return list(mcmc.get_samples(group_by_chain=True)), statistics

    return run


def _dataset(statistics: dict[str, Any]) -> xr.Dataset:
    depth = np.ceil(np.log2(np.asarray(statistics["n_steps"]) + 1)).astype(np.int64)
    named = {**statistics, "tree_depth": depth}
    return xr.Dataset({name: (("chain", "draw"), values[None]) for name, values in named.items()})
