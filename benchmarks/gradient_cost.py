"""What a gradient costs, from 2,000 to 120,000 children, and how it grows.

    .venv/bin/python benchmarks/gradient_cost.py [--routes 7]

For each size: microseconds of the whole log-density with its gradient, of the fused operation in
it, nanoseconds a spell, and the power of the number of spells with which it grew.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import ctypes
import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from event_history_data import moves
from event_history_result import Run
from own_moves import moves_spec, with_routes

from bayescich.design import Design, build_design
from bayescich.model import Structure, build_model, make_structure
from bayescich.model.hazard.operation import KINDS, kernel_of
from bayescich.model.likelihoods.times import HazardTimes
from bayescich.sampling.compiled import compile_density
from bayescich.spec import load_prior_set

SIZES = (2_000, 8_000, 40_000, 120_000)
REPEATS = 30


def main() -> None:
    """Print one line a size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--routes", type=int, default=1)
    routes = parser.parse_args().routes
    spec = moves_spec(Run(Path(), 4, 500, 500, 1), routes)
    priors, _ = load_prior_set("neutral")
    before: tuple[int, float] | None = None
    for children in SIZES:
        design = build_design(with_routes(moves(children), routes), spec)
        structure = make_structure(spec)
        density = compile_density(build_model(structure, design, priors))
        whole = best(callback(density.model, density.model.initial_point_func(1)))
        fused = best(operation(structure, design))
        power = math.nan
        if before is not None:
            power = math.log(whole / before[1]) / math.log(design.rows / before[0])
        before = (design.rows, whole)
        print(
            f"| {children:,} | {design.rows:,} | {1e6 * whole:,.0f} | {1e6 * fused:,.0f} | "
            f"{1e9 * whole / design.rows:.0f} | {power:.2f} |",
            flush=True,
        )


def callback(model: object, point: np.ndarray) -> Callable[[], object]:
    """Return a call of the compiled density, as nutpie makes it."""
    function = model.compiled_logp_func.ctypes  # type: ignore[attr-defined]
    doubles = ctypes.POINTER(ctypes.c_double)
    gradient, value = np.zeros_like(point), np.zeros(1)
    pointers = [array.ctypes.data_as(doubles) for array in (point, gradient, value)]
    data = model.user_data.ctypes.data  # type: ignore[attr-defined]
    return lambda: function(len(point), *pointers, data)


def operation(structure: Structure, design: Design) -> Callable[[], object]:
    """Return a call of the fused operation alone."""
    likelihood = structure.likelihood
    assert isinstance(likelihood, HazardTimes)
    layouts = tuple(effect.layout(design) for effect in structure.effects)
    arrays = likelihood.arrays(design, layouts)
    kernel = kernel_of(arrays.level_events.shape[1], KINDS[likelihood.family.kind])
    shapes = (arrays.level_events, arrays.covariate_events, arrays.band_events)
    learnt = [np.zeros_like(array) for array in shapes]
    data = arrays.in_order()
    return lambda: kernel(*learnt, 0.4, *data)


def best(call: Callable[[], object]) -> float:
    """Return the least seconds of several calls."""
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


if __name__ == "__main__":
    main()
