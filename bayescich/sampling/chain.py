"""One finished chain, and where a chain starts."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import pymc as pm
import xarray as xr
from pytensor.compile.mode import Mode
from pytensor.configdefaults import config

from bayescich.model.draws import FloatArray

_JITTER = 0.5

PLAIN = Mode(linker="py", optimizer=None)  # type: ignore[arg-type] # None is taken
"""Evaluate a graph step by step in Python, with nothing compiled."""


@dataclass(frozen=True)
class FinishedChain:
    """One chain as a sampler returns it: dims chain (1) and draw first."""

    chain: int
    posterior: xr.Dataset
    sample_stats: xr.Dataset


def start_near_centre(model: pm.Model, seed: int | None) -> list[FloatArray]:
    """Return a start for each value variable: the priors' centre with a small uniform jitter.

    It depends on the seed alone, is as dispersed as the geometry needs, and never lies in the far
    tail of a wide prior.
    """
    rng = np.random.default_rng(seed)
    point = centre(model)
    starts = [np.asarray(point[v.name], dtype=np.float64) for v in model.value_vars]
    return [start + rng.uniform(-_JITTER, _JITTER, start.shape) for start in starts]


def centre(model: pm.Model) -> dict[str, FloatArray]:
    """Return the priors' centre in the sampler's coordinates, by value variable.

    Asked for once a model: PyMC compiles a function to find it.
    """
    if model not in _CENTRES:
        # with a C compiler PyTensor would warn that it finds no BLAS, which nothing here needs
        with config.change_flags(mode=PLAIN, cxx=""):
            _CENTRES[model] = model.initial_point()
    return _CENTRES[model]


_CENTRES: WeakKeyDictionary[pm.Model, dict[str, FloatArray]] = WeakKeyDictionary()
