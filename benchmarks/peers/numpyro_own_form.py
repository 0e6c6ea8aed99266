"""The benchmark's model written by hand in NumPyro, in the form that bayescich uses.

    .venv/bin/python benchmarks/peers/numpyro_own_form.py folder [--method parallel|sequential]

One row a spell with a dense matrix of band exposures, the event part from counts, the child's
gamma frailty in closed form, home types centred and summing to zero, authorities summing to zero,
other groups non-centred; double precision. Prints one JSON line.
"""

# ruff: noqa: E402 - the clock starts before the imports

from __future__ import annotations

import time

STARTED = time.monotonic()

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import numpyro
import numpyro.distributions as dist
import pandas as pd
from event_history_data import CUTS, DAYS_PER_YEAR, standardised
from event_history_result import as_run, asked, line, since

GROUPS = ("home", "provider", "authority", "home_type")
REPORTED = (
    "baseline", "baseline_step_sd", "beta", "frailty_variance", "home_type",
    *(f"{name}_sd" for name in GROUPS),
)  # fmt: skip

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Data:
    """Rows sorted by child, and what the event part needs of them."""

    child: IntArray
    codes: dict[str, IntArray]
    levels: dict[str, int]
    covariates: FloatArray
    exposure: FloatArray
    event: FloatArray
    events_by_band: FloatArray
    events_by_child: FloatArray

    @property
    def more_than(self) -> FloatArray:
        """How many children have more than 0, 1, 2, ... events."""
        most = int(self.events_by_child.max())
        return np.array([(self.events_by_child > j).sum() for j in range(most)], float)


def load(folder: Path) -> Data:
    """Read ``moves.parquet``, whose rows are sorted by child."""
    spells = pd.read_parquet(folder / "moves.parquet")
    coded = {name: pd.factorize(spells[name], sort=True)[0] for name in ("child", *GROUPS)}
    days = spells["days"].to_numpy(float)[:, None]
    edges = np.array([0.0, *CUTS, np.inf])
    event = spells["moved"].to_numpy(float)
    band = np.searchsorted(CUTS, days[:, 0], side="left")
    return Data(
        child=coded["child"],
        codes={name: coded[name] for name in GROUPS},
        levels={name: int(coded[name].max()) + 1 for name in GROUPS},
        covariates=standardised(spells),
        exposure=np.maximum(np.minimum(days, edges[1:]) - edges[:-1], 0.0) / DAYS_PER_YEAR,
        event=event,
        events_by_band=np.bincount(band, event, len(CUTS) + 1),
        events_by_child=np.bincount(coded["child"], event),
    )


def make_model(data: Data) -> Callable[[], None]:
    """Return the NumPyro model of these data."""
    edges = np.array([0.0, *CUTS, 2.0 * CUTS[-1]])
    log_steps = np.diff(np.log((edges[1:] + edges[:-1]) / 2))
    more_than = data.more_than
    shares = {
        name: np.bincount(data.codes[name]) / len(data.child) for name in ("home_type", "authority")
    }
    # events of each level are sufficient for the event part: it needs no row
    level_events = {
        name: np.bincount(data.codes[name], data.event, data.levels[name]) for name in GROUPS
    }
    covariate_events = data.event @ data.covariates

    def model() -> None:
        effects = {name: _group(name, data.levels[name]) for name in GROUPS}
        beta = numpyro.sample("beta", dist.Normal(0.0, 0.5).expand([10]).to_event(1))
        step_sd = numpyro.sample("baseline_step_sd", dist.HalfNormal(0.5))
        z = numpyro.sample("baseline_z", dist.Normal().expand([len(CUTS)]).to_event(1))
        walk = jnp.concatenate([jnp.zeros(1), jnp.cumsum(step_sd * np.sqrt(log_steps) * z)])
        level = numpyro.sample("baseline_level", dist.Normal(0.5, 1.0))
        # the level is that of the average row, where it is well known
        average = sum(share @ effects[name] for name, share in shares.items())
        baseline = numpyro.deterministic("baseline", level - average + walk)
        variance = numpyro.sample("frailty_variance", dist.HalfNormal(1.0))

        eta = data.covariates @ beta
        for name, effect in effects.items():
            eta = eta + effect[data.codes[name]]
        hazard = jnp.exp(eta) * (data.exposure @ jnp.exp(baseline))
        by_child = jax.ops.segment_sum(
            hazard, data.child, len(data.events_by_child), indices_are_sorted=True
        )
        seen = data.events_by_band @ baseline + covariate_events @ beta
        seen += sum(level_events[name] @ effect for name, effect in effects.items())
        rising = more_than @ jnp.log1p(variance * np.arange(len(more_than)))
        survival = (1.0 / variance + data.events_by_child) @ jnp.log1p(variance * by_child)
        numpyro.factor("log_likelihood", seen + rising - survival)

    return model


def _group(name: str, levels: int) -> jax.Array:
    sd = numpyro.sample(f"{name}_sd", dist.HalfNormal(0.4 if name == "home_type" else 0.5))
    if name == "home_type":
        return numpyro.sample(name, dist.ZeroSumNormal(sd, (levels,)))
    if name == "authority":
        offset = numpyro.sample(f"{name}_z", dist.ZeroSumNormal(1.0, (levels,)))
    else:
        offset = numpyro.sample(f"{name}_z", dist.Normal().expand([levels]).to_event(1))
    return numpyro.deterministic(name, sd * offset)


def main() -> None:
    """Sample and print the line."""
    own = ("--method", {"choices": ("parallel", "sequential"), "default": "parallel"})
    options = asked(__doc__, own)
    run = as_run(options)
    numpyro.enable_x64()
    if options.method == "parallel":
        numpyro.set_host_device_count(run.chains)
    sampler = numpyro.infer.MCMC(
        numpyro.infer.NUTS(make_model(load(run.folder))),
        num_warmup=run.tune,
        num_samples=run.draws,
        num_chains=run.chains,
        chain_method=options.method,
        progress_bar=False,
    )
    sampler.run(jax.random.key(run.seed), extra_fields=("diverging", "num_steps"))
    sampled = {name: np.asarray(v) for name, v in sampler.get_samples(True).items()}
    stats = sampler.get_extra_fields(True)
    wall = since(STARTED)
    note = f"NumPyro {numpyro.__version__}, JAX {jax.__version__}; chains {options.method}"
    draws = {name: sampled[name] for name in REPORTED}
    divergences = int(np.asarray(stats["diverging"]).sum())
    steps = round(float(np.mean(stats["num_steps"])), 1)
    who = "NumPyro by hand, our form"
    print(line(who, run, wall, draws, divergences, steps_per_draw=steps, note=note))


if __name__ == "__main__":
    main()
