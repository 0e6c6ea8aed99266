"""Centred or not? Effective draws and divergences of MODEL=stability, side by side in one run.

    .venv/bin/python benchmarks/parametrisation.py

Prints one line per choice; the table of docs/performance.md section 2 is its output.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import dataclasses
import tempfile
import time
from pathlib import Path
from typing import Literal

import arviz as az

from bayescich.design import Design, build_design
from bayescich.histories.analysis_table import load_analysis_table
from bayescich.model import Structure, build_model, make_structure
from bayescich.model.effects.group import GroupEffect
from bayescich.sampling import SamplerSettings, sample_posterior
from bayescich.simulate import Settings, simulate_england, write_england
from bayescich.spec import PriorSet, load_model_spec, load_prior_set

REPORTED = ("home_type_sd", "home_sd", "provider_sd", "authority_sd", "year_sd", "baseline")
FEW = ("home_type", "authority", "year")
"""Groups of few levels: the candidates for centring."""

Choice = Literal["auto", "centred", "noncentred"]


def main() -> None:
    """Fit the synthetic England once per choice and print what came of it."""
    spec, _ = load_model_spec("stability")
    priors = load_prior_set("neutral")[0].with_overrides(spec.priors)
    settings = dataclasses.replace(SamplerSettings.from_spec(spec.sampling), draws=1000)
    with tempfile.TemporaryDirectory() as folder:
        write_england(simulate_england(Settings(children=20_000)), Path(folder) / "england")
        table = load_analysis_table("placements", Path(folder) / "england")
        design = build_design(table.frame, spec)
        choices: tuple[Choice, ...] = ("auto", "noncentred", "centred")
        for choice in choices:
            structure = parametrised(make_structure(spec), choice)
            print(choice, run(structure, design, priors, settings, Path(folder) / choice))


def parametrised(structure: Structure, choice: Choice) -> Structure:
    """Ask for one parametrisation of the groups of few levels."""
    effects = tuple(
        dataclasses.replace(e, asked=choice)
        if isinstance(e, GroupEffect) and e.column in FEW
        else e
        for e in structure.effects
    )
    return dataclasses.replace(structure, effects=effects)


def run(
    structure: Structure,
    design: Design,
    priors: PriorSet,
    settings: SamplerSettings,
    folder: Path,
) -> str:
    """Sample and summarise: seconds, divergences, steps a draw, least ESS by variable."""
    model = build_model(structure, design, priors)
    start = time.monotonic()
    tree = sample_posterior(model, settings, folder)
    seconds = time.monotonic() - start
    stats = tree["sample_stats"]
    posterior = tree["posterior"].to_dataset()
    ess = {name: int(az.ess(posterior[[name]])[name].min()) for name in REPORTED}
    return (
        f"{seconds:.0f} s with compilation, {int(stats['diverging'].sum())} divergent, "
        f"{float(stats['n_steps'].mean()):.0f} steps a draw, least ESS {ess}"
    )


if __name__ == "__main__":
    main()
