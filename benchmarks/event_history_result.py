"""The one line that every entry of the side-by-side speed benchmark prints."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Run:
    """How long to sample, and on which data."""

    folder: Path
    chains: int
    draws: int
    tune: int
    seed: int


def asked(description: str | None, *own: tuple[str, dict[str, object]]) -> argparse.Namespace:
    """Read the command line that all Python entries share, and ``own`` options of one of them."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("folder", type=Path, help="written by event_history_data.py")
    for name, default in (("draws", 500), ("tune", 500), ("chains", 4), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    for flag, settings in own:
        parser.add_argument(flag, **settings)
    return parser.parse_args()


def as_run(options: argparse.Namespace) -> Run:
    """Return the part of the command line that all entries share."""
    return Run(options.folder, options.chains, options.draws, options.tune, options.seed)


def line(
    who: str,
    run: Run,
    wall: float,
    draws: Mapping[str, FloatArray],
    divergences: int,
    **more: object,
) -> str:
    """Return the JSON line of one entry.

    Parameters
    ----------
    who : str
    run : Run
    wall : float
        Seconds from the start of the process to the last draw, compilation included.
    draws : mapping
        Arrays (chain, draw, ...) of the reported parameters: standard deviations, coefficients,
        baseline by band and home types; never single homes, children, providers or authorities.
    divergences : int
    **more
        Further figures, and ``note``.
    """
    import arviz as az
    import xarray as xr

    sizes, rhats = {}, {}
    for name, values in draws.items():
        dims = ("chain", "draw", *(f"dim_{k}" for k in range(values.ndim - 2)))
        array = xr.Dataset({name: (dims, values)})
        sizes |= _by_element(name, az.ess(array, method="bulk")[name].to_numpy())
        rhats |= _by_element(name, az.rhat(array)[name].to_numpy())
    # a parameter that never moved has no figure, and is the worst of all
    worst = min(sizes, key=lambda name: -1.0 if np.isnan(sizes[name]) else sizes[name])
    least = 0.0 if np.isnan(sizes[worst]) else sizes[worst]
    result = {
        "who": who,
        "chains": run.chains,
        "draws": run.draws,
        "tune": run.tune,
        "wall_s": round(wall, 1),
        "min_ess_bulk": round(least),
        "ess_per_s": float(f"{least / wall:.3g}"),
        "divergences": int(divergences),
        "worst": worst,
        "rhat_max": round(float(max(rhats.values())), 3),
    }
    return json.dumps(result | {"note": ""} | more)


def since(started: float) -> float:
    """Return the seconds since ``started``, of :func:`time.monotonic`."""
    return time.monotonic() - started


def _by_element(name: str, values: FloatArray) -> dict[str, float]:
    if values.ndim == 0:
        return {name: float(values)}
    return {f"{name}[{k + 1}]": float(value) for k, value in enumerate(values.ravel())}
