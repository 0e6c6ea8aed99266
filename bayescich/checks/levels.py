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
    >>> from bayescich.model.likelihoods.binomial import BinomialLikelihood
    >>> groups = (GroupEffect("home"), GroupEffect("year", zero_sum=True))
    >>> [g.column for g in exchangeable_groups(Structure(BinomialLikelihood(), groups))]
    ['home']
    """
    return tuple(g for g in structure.groups if g.role == "group" and not g.zero_sum)


def home_group(structure: Structure, design: Design) -> GroupEffect | None:
    """Return the finest group that can have new levels: the homes, where there are homes."""
    groups = exchangeable_groups(structure)
    return max(groups, key=lambda g: design.factors[g.column].size, default=None)


def new_level_sd(structure: Structure, draws: Draws) -> FloatArray:
    """Return the SD of the summed effects of a new home of a new provider, shape (samples,)."""
    variance = np.zeros(draws.size)
    for group in exchangeable_groups(structure):
        variance += draws[group.sd_variable] ** 2
    return np.sqrt(variance)


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
