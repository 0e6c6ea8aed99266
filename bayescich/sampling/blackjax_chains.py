"""BlackJAX, driven directly.

WORKAROUND(pymc<=6.4.0): PyMC passes ``progress_bar`` to BlackJAX 1.7's NUTS kernel, which no
longer takes it. The loop here is the one of BlackJAX's own guide: window adaptation, then a scan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pymc as pm
import xarray as xr

from bayescich.progress import say
from bayescich.sampling.chain import FinishedChain, start_near_centre
from bayescich.sampling.jax_density import jax_density, points_of
from bayescich.sampling.settings import SamplerSettings


def blackjax_chains(
    model: pm.Model, settings: SamplerSettings, chains: list[int]
) -> Iterator[FinishedChain]:
    """Sample these chains one after another; yield each when it ends."""
    import jax

    from bayescich.sampling.compiled import Reported

    reported = Reported.of(model)
    run = jax.jit(_loop(jax_density(model), settings))
    for chain in chains:
        say(f"blackjax: chain {chain}, {settings.tune} + {settings.draws} iterations")
        seed = settings.chain_seed(chain)
        positions, stats = run(jax.random.key(seed), start_near_centre(model, seed))
        yield FinishedChain(chain, reported.dataset(points_of(positions)), _dataset(stats))


def _loop(log_density: Callable[[Any], Any], settings: SamplerSettings) -> Callable[..., Any]:
    import blackjax
    import jax

    def run(key: Any, start: list[Any]) -> tuple[Any, dict[str, Any]]:
        warm_up, sampling = jax.random.split(key)
        adaptation = blackjax.window_adaptation(
            blackjax.nuts, log_density, target_acceptance_rate=settings.target_accept
        )
        (state, parameters), _ = adaptation.run(warm_up, start, num_steps=settings.tune)
        step = blackjax.nuts(log_density, **parameters).step

        def one(state: Any, key: Any) -> tuple[Any, Any]:
            state, info = step(key, state)
            stats = {
                "diverging": info.is_divergent,
                "energy": info.energy,
                "tree_depth": info.num_trajectory_expansions,
                "n_steps": info.num_integration_steps,
            }
            return state, (state.position, stats)

        _, traced = jax.lax.scan(one, state, jax.random.split(sampling, settings.draws))
        return traced

    return run


def _dataset(statistics: dict[str, Any]) -> xr.Dataset:
    arrays = {name: np.asarray(values)[None] for name, values in statistics.items()}
    return xr.Dataset({name: (("chain", "draw"), array) for name, array in arrays.items()})
