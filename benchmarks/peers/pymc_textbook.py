"""The benchmark's model as a textbook writes it in PyMC.

    .venv/bin/python benchmarks/peers/pymc_textbook.py folder [--sampler pymc|nutpie]

Person-period rows, Poisson with the exposure; a log-normal effect of each child as a parameter;
every group non-centred, none summing to zero. ``--sampler pymc`` is PyMC's own NUTS; nutpie is
what ``pymc.sample`` takes of itself where it is installed. Prints one JSON line.
"""

# ruff: noqa: E402 - the clock starts before the imports

from __future__ import annotations

import time

STARTED = time.monotonic()

import os
import sys
from pathlib import Path

# two chains side by side: one thread each
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.append(str(Path(__file__).parents[1]))

import numpy as np
import pandas as pd
import pymc as pm
import pytensor.tensor as pt
from event_history_data import CUTS, standardised
from event_history_result import as_run, asked, line, since

GROUPS = {"child": 1.0, "home": 0.5, "provider": 0.5, "authority": 0.5, "home_type": 0.4}
"""Scale of the half-normal prior of each group's standard deviation."""
CORES = 2
REPORTED = ("baseline", "baseline_step_sd", "beta", "home_type", *(f"{g}_sd" for g in GROUPS))


def textbook_model(rows: pd.DataFrame) -> pm.Model:
    """Build the model of person-period rows."""
    edges = np.array([0.0, *CUTS, 2.0 * CUTS[-1]])
    log_steps = np.diff(np.log((edges[1:] + edges[:-1]) / 2))
    with pm.Model() as model:
        first = pm.Normal("baseline_first", 0.5, 1.0)
        step_sd = pm.HalfNormal("baseline_step_sd", 0.5)
        steps = step_sd * np.sqrt(log_steps) * pm.Normal("baseline_z", shape=len(CUTS))
        walk = pt.concatenate([pt.zeros(1), pt.cumsum(steps)])
        baseline = pm.Deterministic("baseline", first + walk)
        beta = pm.Normal("beta", 0.0, 0.5, shape=10)
        eta = baseline[rows["band"].to_numpy() - 1] + pt.dot(standardised(rows), beta)
        for name, scale in GROUPS.items():
            codes, levels = pd.factorize(rows[name])
            sd = pm.HalfNormal(f"{name}_sd", scale)
            effect = pm.Deterministic(name, sd * pm.Normal(f"{name}_z", shape=len(levels)))
            eta = eta + effect[codes]
        mean = rows["exposure"].to_numpy() * pt.exp(eta)
        pm.Poisson("event", mean, observed=rows["event"].to_numpy())
    return model


def main() -> None:
    """Sample and print the line."""
    own = ("--sampler", {"choices": ("pymc", "nutpie"), "default": "pymc"})
    options = asked(__doc__, own)
    run = as_run(options)
    rows = pd.read_parquet(run.folder / "periods.parquet")
    with textbook_model(rows):
        tree = pm.sample(
            run.draws,
            tune=run.tune,
            chains=run.chains,
            cores=CORES,
            random_seed=run.seed,
            nuts_sampler=options.sampler,
            progressbar=False,
            compute_convergence_checks=False,
        )
    wall = since(STARTED)
    draws = {name: tree["posterior"][name].to_numpy() for name in REPORTED}
    divergences = int(tree["sample_stats"]["diverging"].sum())
    named = {"pymc": "PyMC's own NUTS", "nutpie": "PyMC with nutpie"}[options.sampler]
    note = f"PyMC {pm.__version__}; textbook form, child effects as parameters"
    print(line(f"{named}, textbook form", run, wall, draws, divergences, note=note))


if __name__ == "__main__":
    main()
