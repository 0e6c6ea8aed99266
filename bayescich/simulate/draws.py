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


def decimal_year(days: Ints) -> Floats:
    """Return collection years with decimals: 2025.0 is the day on which that of 2025 begins.

    Examples
    --------
    >>> decimal_year(np.array([day("2024-04-01")])).round(1).tolist()
    [2025.0]
    """
    years: Floats = 1970 + (days + 275) / YEAR
    return years


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
