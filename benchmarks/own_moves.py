"""bayescich's own entry in the side-by-side speed benchmark, through its Python interface.

    .venv/bin/python benchmarks/own_moves.py folder [--draws 500] [--tune 500]

``folder`` is written by event_history_data.py. Prints one JSON line.
"""

# ruff: noqa: E402 - the clock starts before the imports

from __future__ import annotations

import time

STARTED = time.monotonic()

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import resource
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from event_history_data import COVARIATES, CUTS
from event_history_result import FloatArray, Run, as_run, asked, line, since

from bayescich.checks.convergence import convergence_checks
from bayescich.design import build_design
from bayescich.model import build_model, make_structure
from bayescich.sampling import Fit, SamplerSettings, sample_posterior
from bayescich.sampling.settings import available_cores
from bayescich.spec import ModelSpec, load_prior_set

SINGLE_UNITS = ("home", "provider", "authority")
"""Their effects are not among the reported parameters; their standard deviations are."""


@dataclass
class Clock:
    """Seconds spent, stage by stage."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time spent inside to a stage."""
        start = time.monotonic()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - start


def moves_spec(run: Run, routes: int) -> ModelSpec:
    """Return the benchmark's model: crossed homes, providers, authorities and home types."""
    return ModelSpec.model_validate(
        {
            "name": "moves",
            "title": "Placement moves",
            "data": "table",
            "unit": "child",
            "likelihood": {**_event(routes), "time": "days", "cuts": CUTS, "frailty": "child"},
            "effects": [
                {"kind": "fixed", "formula": " + ".join(COVARIATES)},
                {"kind": "home_type"},
                {"kind": "group", "by": "home"},
                {"kind": "group", "by": "provider"},
                {"kind": "group", "by": "authority"},
            ],
            "sampling": {
                "chains": run.chains,
                "draws": run.draws,
                "tune": run.tune,
                "seed": run.seed,
                # that of the peers
                "target_accept": 0.8,
            },
        }
    )


def _event(routes: int) -> dict[str, Any]:
    if routes == 1:
        return {"family": "hazard", "event": "moved"}
    return {"family": "competing", "event": "route", "routes": route_names(routes)}


def route_names(routes: int) -> list[str]:
    """Name the routes of the benchmark with several."""
    return [f"route {m + 1}" for m in range(routes)]


def with_routes(table: pd.DataFrame, routes: int) -> pd.DataFrame:
    """Give each move a route, the first ones commoner, so that there is something to compete."""
    chance = 0.6 ** np.arange(routes)
    drawn = np.random.default_rng(7).choice(routes, len(table), p=chance / chance.sum())
    names = np.array(route_names(routes))[drawn]
    return table.assign(route=np.where(table["moved"] == 1, names, "censored"))


def fit(run: Run, clock: Clock, routes: int) -> Fit:
    """Sample the model; the fit holds what the gates need."""
    spec = moves_spec(run, routes)
    priors = load_prior_set(spec.prior_set)[0].with_overrides(spec.priors)
    with clock.stage("design"):
        table = with_routes(pd.read_parquet(run.folder / "moves.parquet"), routes)
        design = build_design(table, spec)
        structure = make_structure(spec)
        model = build_model(structure, design, priors)
    settings = SamplerSettings.from_spec(spec.sampling)
    with tempfile.TemporaryDirectory() as chains, compilation_timed(clock), clock.stage("fit"):
        tree = sample_posterior(model, settings, Path(chains))
        tree.load()
    return Fit(spec, priors, table, design, structure, tree)


def reported(posterior: xr.Dataset) -> dict[str, FloatArray]:
    """Return all parameters but the effects of single units."""
    return {
        str(name): values.transpose("chain", "draw", ...).to_numpy()
        for name, values in posterior.data_vars.items()
        if not set(values.dims) & set(SINGLE_UNITS)
    }


def figures(fitted: Fit, clock: Clock) -> dict[str, Any]:
    """Return the gates, memory, and where the time went."""
    failed = [c.name for c in convergence_checks(fitted) if c.gate and c.status == "failed"]
    compiling = clock.seconds.get("compile")
    sampling = clock.seconds["fit"] - (compiling or 0.0)
    # kilobytes on Linux
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return {
        "gates": "passed" if not failed else "failed: " + ", ".join(failed),
        "design_s": round(clock.seconds["design"], 1),
        "compile_s": None if compiling is None else round(compiling, 1),
        "sampling_s": round(sampling, 1),
        "peak_mb": round(peak),
        # all threads: where other work runs beside, it says more than the clock
        "cpu_s": round(time.process_time(), 1),
        **_cost(fitted, sampling),
    }


def _cost(fitted: Fit, sampling: float) -> dict[str, float]:
    """Return steps a draw and milliseconds a gradient.

    The warm-up's steps are not kept: it is taken to need as many a draw as what follows.
    """
    stats = fitted.tree["sample_stats"].to_dataset()
    name = next((n for n in ("n_steps", "num_steps") if n in stats), None)
    if name is None:
        return {}
    steps = float(stats[name].mean())
    plan = fitted.spec.sampling
    side_by_side = min(plan.chains, available_cores())
    gradients = steps * plan.chains * (plan.draws + plan.tune) / side_by_side
    return {
        "steps_per_draw": round(steps, 1),
        "ms_per_gradient": float(f"{1e3 * sampling / gradients:.3g}"),
    }


@contextmanager
def compilation_timed(clock: Clock) -> Iterator[None]:
    """Time the one function that compiles, seen from outside, while this is in force."""
    from bayescich.sampling import compiled

    original = compiled.compile_density
    try:
        compiled.compile_density = _timed(original, clock)
        yield
    finally:
        compiled.compile_density = original


def _timed(compiler: Callable[..., Any], clock: Clock) -> Callable[..., Any]:
    def timed(*args: Any, **kwargs: Any) -> Any:
        with clock.stage("compile"):
            return compiler(*args, **kwargs)

    return timed


def main() -> None:
    """Fit and print the line."""
    own = ("--routes", {"type": int, "default": 1, "help": "competing routes; 1: one event"})
    options = asked(__doc__, own)
    run = as_run(options)
    clock = Clock()
    clock.seconds["packages"] = since(STARTED)
    fitted = fit(run, clock, options.routes)
    wall = since(STARTED)
    more = figures(fitted, clock)
    draws = reported(fitted.tree["posterior"].to_dataset())
    divergences = int(np.asarray(fitted.tree["sample_stats"]["diverging"]).sum())
    parts = (("compiling", more["compile_s"]), ("sampling", more["sampling_s"]))
    said = [f"{what} {seconds:.0f} s" for what, seconds in parts if seconds is not None]
    note = f"{', '.join(said)}, {more['peak_mb']:,} MB; gates {more['gates']}"
    name = "bayescich" if options.routes == 1 else f"bayescich, {options.routes} routes"
    print(line(name, run, wall, draws, divergences, **more, note=note))


if __name__ == "__main__":
    main()
