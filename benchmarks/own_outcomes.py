"""bayescich's own entry in the benchmark of outcomes, through its Python interface.

    .venv/bin/python benchmarks/own_outcomes.py folder [--outcome points] [--draws 500]

``folder`` is written by outcomes_data.py. Prints one JSON line.
"""

# ruff: noqa: E402 - the clock starts before the imports

from __future__ import annotations

import time

STARTED = time.monotonic()

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from event_history_result import Run, as_run, asked, line, since
from outcomes_data import COVARIATES, MOST_POINTS, MOST_SCORE
from own_moves import Clock, compilation_timed, figures, reported

from bayescich.design import build_design
from bayescich.model import build_model, make_structure
from bayescich.sampling import Fit, SamplerSettings, sample_posterior
from bayescich.spec import ModelSpec, load_prior_set

SINGLE: dict[str, tuple[dict[str, Any], str]] = {
    "passed": ({"family": "bernoulli", "outcome": "passed"}, "better"),
    "points": (
        {"family": "hurdle_beta_binomial", "outcome": "points", "maximum": MOST_POINTS}, "better",
    ),
    "score": ({"family": "beta_binomial", "outcome": "score", "trials": MOST_SCORE}, "worse"),
    "missed": ({"family": "beta_binomial", "outcome": "missed", "trials": "possible"}, "worse"),
    "offended": (
        {"family": "bernoulli", "link": "cloglog", "outcome": "offended", "exposure": "years"},
        "worse",
    ),
    "grade": (
        {"family": "ordinal", "outcome": "grade", "categories": ("low", "middle", "high")},
        "better",
    ),
    "in_touch": ({"family": "bernoulli", "outcome": "in_touch"}, "better"),
    "level3": ({"family": "bernoulli", "outcome": "level3"}, "better"),
}  # fmt: skip
"""Likelihood of each outcome, and whether more is better."""
JOINT = "joint"


def outcomes_spec(run: Run, outcome: str) -> ModelSpec:
    """Return the benchmark's model: homes, providers and types by weight, crossed authorities."""
    groups = "factor" if outcome == JOINT else "independent"
    return ModelSpec.model_validate(
        {
            "name": "outcomes",
            "title": "Outcomes after several homes",
            "data": "table",
            "unit": "child",
            "membership": {
                "columns": {
                    name: f"{name}_" for name in ("home", "home_type", "provider", "setting")
                },
                "weights": "weight_",
            },
            "likelihood": _likelihood(outcome),
            "effects": [
                {"kind": "fixed", "formula": " + ".join(COVARIATES)},
                {"kind": "settings"},
                {"kind": "home_type"},
                {"kind": "group", "by": "home", "across_routes": groups},
                {"kind": "group", "by": "provider", "across_routes": "independent"},
                {"kind": "group", "by": "authority", "across_routes": "independent"},
            ],
            "sampling": {
                "chains": run.chains,
                "draws": run.draws,
                "tune": run.tune,
                "seed": run.seed,
                # that of the peer
                "target_accept": 0.8,
            },
        }
    )


def _likelihood(outcome: str) -> dict[str, Any]:
    if outcome != JOINT:
        return SINGLE[outcome][0]
    responses = {
        name: {"likelihood": likelihood, "higher_is": better}
        for name, (likelihood, better) in SINGLE.items()
    }
    return {"family": "joint", "responses": responses}


def fit(run: Run, clock: Clock, outcome: str) -> Fit:
    """Sample the model; the fit holds what the gates need."""
    spec = outcomes_spec(run, outcome)
    priors = load_prior_set(spec.prior_set)[0].with_overrides(spec.priors)
    with clock.stage("design"):
        table = pd.read_parquet(run.folder / "outcomes.parquet")
        design = build_design(table, spec)
        structure = make_structure(spec)
        model = build_model(structure, design, priors)
    settings = SamplerSettings.from_spec(spec.sampling)
    with tempfile.TemporaryDirectory() as chains, compilation_timed(clock), clock.stage("fit"):
        tree = sample_posterior(model, settings, Path(chains))
        tree.load()
    return Fit(spec, priors, table, design, structure, tree)


def main() -> None:
    """Fit and print the line."""
    names = [*SINGLE, JOINT]
    options = asked(__doc__, ("--outcome", {"choices": names, "default": "passed"}))
    run = as_run(options)
    clock = Clock()
    clock.seconds["packages"] = since(STARTED)
    fitted = fit(run, clock, options.outcome)
    wall = since(STARTED)
    more = figures(fitted, clock)
    draws = reported(fitted.tree["posterior"].to_dataset())
    divergences = int(np.asarray(fitted.tree["sample_stats"]["diverging"]).sum())
    parts = (("compiling", more["compile_s"]), ("sampling", more["sampling_s"]))
    said = [f"{what} {seconds:.0f} s" for what, seconds in parts if seconds is not None]
    note = f"{', '.join(said)}, {more['peak_mb']:,} MB; gates {more['gates']}"
    print(line(f"bayescich, {options.outcome}", run, wall, draws, divergences, **more, note=note))


if __name__ == "__main__":
    main()
