"""Which groups can have new levels, and draws in pieces that fit into memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bayescich.design.core import Design
from bayescich.model.build import Structure
from bayescich.model.draws import Draws, FloatArray
from bayescich.model.effects.group import GroupEffect

CELLS_AT_ONCE = 4_000_000
"""Numbers in the largest array made at once (32 MB); larger work is cut into pieces."""


def exchangeable_groups(structure: Structure) -> tuple[GroupEffect, ...]:
    """Return the groups of which a new level can be imagined: homes, providers, hospitals.

    Home types and zero-sum groups (authorities, years) are fixed sets: there is no new one.

    Examples
    --------
    >>> from bayescich.model.likelihoods.responses import ResponseLikelihood
    >>> groups = (GroupEffect("home"), GroupEffect("year", zero_sum=True))
    >>> [g.column for g in exchangeable_groups(Structure(ResponseLikelihood(), groups))]
    ['home']
    """
    return tuple(g for g in structure.groups if g.role == "group" and not g.zero_sum)


def home_group(structure: Structure, design: Design) -> GroupEffect | None:
    """Return the finest group that can have new levels: the homes, where there are homes."""
    groups = exchangeable_groups(structure)
    return max(groups, key=lambda g: design.factors[g.column].size, default=None)


def new_home(
    structure: Structure, draws: Draws, routes: int, rng: np.random.Generator
) -> FloatArray:
    """Draw the summed effects of a new home of a new provider: (samples,) or (samples, routes)."""
    shape = (draws.size, routes) if routes else (draws.size,)
    total = np.zeros(shape)
    for group in exchangeable_groups(structure):
        one = draws.replace(group.variable, np.zeros((draws.size, 1, *shape[1:])))
        total += group.fresh(one, rng)[group.variable][:, 0]
    return total


def cells(design: Design) -> int:
    """Return how many numbers the linear predictor of one draw has."""
    return design.rows * max(len(design.routes), 1)


def pieces(draws: Draws, cells_per_draw: int) -> Iterator[Draws]:
    """Cut draws so that an array of ``cells_per_draw`` numbers a draw stays small.

    Examples
    --------
    >>> draws = Draws({"intercept": np.zeros(5)})
    >>> [piece.size for piece in pieces(draws, CELLS_AT_ONCE // 2)]
    [2, 2, 1]
    """
    step = max(1, CELLS_AT_ONCE // max(cells_per_draw, 1))
    for start in range(0, draws.size, step):
        yield draws.take(slice(start, start + step))
