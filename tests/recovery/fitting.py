"""One table, one model, a short fit."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import xarray as xr

from bayescich.design import Design, build_design
from bayescich.model import Structure, build_model, make_structure
from bayescich.sampling import SamplerSettings, sample_posterior
from bayescich.simulate import Settings, simulate_england, write_england
from bayescich.spec import ModelSpec, load_prior_set
from tests.recovery.results import CHILDREN

LENGTH = {"chains": 4, "draws": 500, "tune": 300}
"""Enough for an interval; too short for a report."""
MOST_DIVERGING = 20
"""One draw in a hundred."""
CAREFUL = 0.95
"""``target_accept`` of a second attempt."""


def england(seed: int, folder: Path) -> Path:
    """Write a synthetic England recorded without error and return its folder."""
    settings = Settings(children=CHILDREN, seed=seed, dirt="none")
    write_england(simulate_england(settings), folder / "england")
    return folder / "england"


def fit(
    table: pd.DataFrame, spec: ModelSpec, folder: Path, seed: int
) -> tuple[xr.Dataset, Design, Structure]:
    """Return the posterior, and what the model was made of.

    Where a chain has tuned to steps too long for the data, so that draws diverge, all are drawn
    again with shorter steps: the posterior is the same.
    """
    priors = load_prior_set(spec.prior_set)[0].with_overrides(spec.priors)
    design, structure = build_design(table, spec), make_structure(spec)
    model = build_model(structure, design, priors)
    for accept in (spec.sampling.target_accept, CAREFUL):
        asked = {**LENGTH, "seed": seed, "target_accept": accept}
        sampling = SamplerSettings.from_spec(spec.sampling.model_copy(update=asked))
        tree = sample_posterior(model, sampling, folder / f"chains-{accept}")
        diverging = int(tree["sample_stats"]["diverging"].sum())
        if diverging <= MOST_DIVERGING:
            return tree["posterior"].to_dataset(), design, structure
    raise AssertionError(f"{diverging} draws diverged, even with target_accept {CAREFUL}")
