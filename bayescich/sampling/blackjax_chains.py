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

from bayescich.model.build import reported_variables
from bayescich.progress import say
from bayescich.sampling.chain import FinishedChain, start_near_centre
from bayescich.sampling.settings import SamplerSettings


def blackjax_chains(
    model: pm.Model, settings: SamplerSettings, chains: list[int]
) -> Iterator[FinishedChain]:
    """Sample these chains one after another; yield each when it ends."""
    import jax
    from pymc.sampling.jax import get_jaxified_graph, get_jaxified_logp

    log_density = get_jaxified_logp(model)
    names = reported_variables(model)
    variables = {v.name: v for v in (*model.free_RVs, *model.deterministics)}
    outputs = model.replace_rvs_by_values([variables[n] for n in names])
    transform = jax.vmap(get_jaxified_graph(inputs=model.value_vars, outputs=outputs))
    run = jax.jit(_loop(log_density, settings))
    for chain in chains:
        say(f"blackjax: chain {chain}, {settings.tune} + {settings.draws} iterations")
        seed = settings.chain_seed(chain)
        positions, stats = run(jax.random.key(seed), start_near_centre(model, seed))
        values = dict(zip(names, transform(*positions), strict=True))
        yield FinishedChain(chain, _dataset(model, values), _dataset(model, stats))


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


def _dataset(model: pm.Model, values: dict[str, Any]) -> xr.Dataset:
    dims_of = model.named_vars_to_dims
    arrays = {}
    for name, value in values.items():
        dims = dims_of.get(name, _unnamed(name, value))
        arrays[name] = (("chain", "draw", *dims), np.asarray(value)[None])
    used = {dim for dims, _ in arrays.values() for dim in dims}
    coords = {name: list(labels) for name, labels in model.coords.items() if name in used}
    return xr.Dataset(arrays, coords=coords)


def _unnamed(name: str, value: Any) -> tuple[str, ...]:
    return tuple(f"{name}_dim_{k}" for k in range(np.ndim(value) - 1))
