"""What a quick penalised fit leaves: what the data say of each value, and how much each row does.

It decides nothing but the geometry of sampling: any pilot gives the same posterior
(:mod:`bayescich.model.information`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayescich.model.draws import FloatArray
from bayescich.model.information import Known
from bayescich.model.response.quadrature import Nodes
from bayescich.model.terms import Covaried, Layout


@dataclass(frozen=True)
class Pilot:
    """The penalised fit."""

    known: tuple[Known, ...]
    """What it says of each effect, in order."""
    values: tuple[FloatArray, ...]
    """Of each effect, (size, routes)."""
    weights: FloatArray
    """How much each row says of each linear predictor at the fit, (rows, routes): of a hazard its
    expected events."""
    baseline: FloatArray | None = None
    """Of a hazard: log hazard by band, (bands, routes); the first baseline, when there are
    several."""
    nodes: Nodes | None = None
    """Of outcomes with a child effect: where it is integrated out, row by row."""


def values_of(
    point: tuple[FloatArray, FloatArray], layouts: tuple[Layout, ...]
) -> tuple[FloatArray, ...]:
    """Return the values of each effect from those of all levels and of all covariates."""
    found, places = [], [0, 0]
    for layout in layouts:
        kind = int(isinstance(layout, Covaried))
        found.append(point[kind][places[kind] : places[kind] + layout.size])
        places[kind] += layout.size
    return tuple(found)


def stacked_sds(
    layouts: tuple[Layout, ...], sds: tuple[FloatArray, ...]
) -> tuple[FloatArray, FloatArray]:
    """Return the rough SDs of all levels and of all covariates, one below the other."""
    pairs = list(zip(layouts, sds, strict=True))
    levels = [sd for layout, sd in pairs if not isinstance(layout, Covaried)]
    slopes = [sd for layout, sd in pairs if isinstance(layout, Covaried)]
    return _column(levels), _column(slopes)


def _column(parts: list[FloatArray]) -> FloatArray:
    return (np.concatenate(parts) if parts else np.zeros(0))[:, None]
