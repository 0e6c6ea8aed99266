"""Vectorised draws that several parts of the simulator share. Days are counted from 1970."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Texts = NDArray[np.object_]

YEAR = 365.25
"""Days in a year."""


def day(date: str) -> int:
    """Return a date as days since 1 January 1970.

    Examples
    --------
    >>> day("1970-01-02")
    1
    """
    return int(np.datetime64(date, "D").astype(np.int64))


def weighted(rng: np.random.Generator, weights: Floats) -> Ints:
    """Draw one position per row, in proportion to the row's weights.

    Parameters
    ----------
    weights : array, shape (rows, choices)
        Not below zero, and not all zero in a row.

    Returns
    -------
    array of int, shape (rows,)

    Examples
    --------
    >>> weighted(np.random.default_rng(1), np.array([[0.0, 1.0], [2.0, 0.0]]))
    array([1, 0])
    """
    cumulative = weights.cumsum(axis=1)
    aim = rng.random(len(weights)) * cumulative[:, -1]
    return (cumulative <= aim[:, None]).sum(axis=1).astype(np.int64)


def labels(rng: np.random.Generator, shares: Mapping[str, float], size: int) -> Texts:
    """Draw labels in proportion to their shares."""
    weight = np.array(list(shares.values()), dtype=np.float64)
    return rng.choice(np.array(list(shares), dtype=object), size=size, p=weight / weight.sum())


def labels_by_group(
    rng: np.random.Generator, shares: Sequence[Mapping[str, float]], group: Ints
) -> Texts:
    """Draw one label per row from the shares of the row's group."""
    drawn = np.empty(len(group), dtype=object)
    for position, own in enumerate(shares):
        rows = np.flatnonzero(group == position)
        drawn[rows] = labels(rng, own, len(rows))
    return drawn


def postcodes(rng: np.random.Generator, size: int) -> Texts:
    """Make postcodes in the area ZZ, which does not exist."""
    letters = np.array(list("ABDEFGHJLNPQRSTUWXYZ"), dtype=object)
    district = rng.integers(1, 100, size).astype(str).astype(object)
    sector = rng.integers(0, 10, size).astype(str).astype(object)
    first, second = letters[rng.integers(0, len(letters), (2, size))]
    drawn: Texts = "ZZ" + district + " " + sector + first + second
    return drawn


def piecewise_durations(hazard_to_go: Floats, cuts: Sequence[float], rates: Floats) -> Floats:
    """Invert a cumulative hazard that is constant within duration bands.

    Parameters
    ----------
    hazard_to_go : array, shape (rows,)
        The cumulative hazard at which each row's event happens: a unit exponential draw
        divided by the row's multiplier of the baseline.
    cuts : sequence of float
        Inner band limits in days.
    rates : array, shape (bands,)
        Baseline hazard per year in each band; one more than ``cuts``.

    Returns
    -------
    array, shape (rows,)
        Days until the event; exact, no grid.

    Examples
    --------
    >>> piecewise_durations(np.array([0.5, 3.0]), [365.25], np.array([1.0, 2.0])) / 365.25
    array([0.5, 2. ])
    """
    starts = np.array([0.0, *cuts])
    reached = np.concatenate([[0.0], np.cumsum(np.diff(starts) * rates[:-1] / YEAR)])
    band = np.searchsorted(reached, hazard_to_go, side="right") - 1
    days: Floats = starts[band] + (hazard_to_go - reached[band]) * YEAR / rates[band]
    return days
