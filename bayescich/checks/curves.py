"""Curves that need no model: survival by Kaplan-Meier, incidence by Aalen-Johansen.

References
----------
Kaplan & Meier (1958), JASA 53; Aalen & Johansen (1978), An empirical transition matrix for
non-homogeneous Markov chains based on censored observations, Scandinavian Journal of Statistics 5.
"""

from __future__ import annotations

import numpy as np

from bayescich.design.core import FloatArray, IntArray


def kaplan_meier(days: FloatArray, event: FloatArray, grid: IntArray) -> FloatArray:
    """Return the Kaplan-Meier survival at whole days.

    Parameters
    ----------
    days : array, shape (samples, spells)
        Whole days, at least 1.
    event : array, shape (samples, spells)
    grid : array of int
        Days at which the curve is read.

    Returns
    -------
    array, shape (samples, grid)

    Examples
    --------
    >>> days, event = np.array([[1.0, 2.0, 2.0, 3.0]]), np.array([[1.0, 1.0, 0.0, 1.0]])
    >>> kaplan_meier(days, event, np.array([0, 1, 2, 3])).round(3).tolist()
    [[1.0, 0.75, 0.5, 0.0]]
    """
    route = np.where(event > 0, 0, -1)
    return np.asarray(1.0 - aalen_johansen(days, route, 1, grid)[:, 0])


def aalen_johansen(days: FloatArray, route: IntArray, routes: int, grid: IntArray) -> FloatArray:
    """Return the cumulative incidence of each route at whole days.

    Each day adds to a route its events, over those still there, times the chance of being there.

    Parameters
    ----------
    days : array, shape (samples, spells)
        Whole days, at least 1.
    route : array of int, shape (samples, spells)
        0 … routes - 1, or a negative number where censored.
    routes : int
    grid : array of int
        Days at which the curves are read.

    Returns
    -------
    array, shape (samples, routes, grid)

    Examples
    --------
    >>> days, route = np.array([[1.0, 2.0, 2.0, 3.0]]), np.array([[0, 1, -1, 0]])
    >>> aalen_johansen(days, route, 2, np.array([1, 2, 3])).round(3).tolist()
    [[[0.25, 0.25, 0.75], [0.0, 0.25, 0.25]]]
    """
    samples, spells = days.shape
    last = int(grid.max())
    # whoever lasts longer than the grid is at risk on all of its days
    day = np.minimum(days, last + 1).astype(np.int64)
    cell = np.arange(samples)[:, None] * (last + 2) + day
    shape, size = (samples, last + 2), samples * (last + 2)
    ended = np.bincount(cell.ravel(), minlength=size).reshape(shape)
    at_risk = np.maximum(spells - np.cumsum(ended, axis=1) + ended, 1)
    happened = np.bincount(cell[route >= 0], minlength=size).reshape(shape)
    there = np.cumprod(1.0 - happened / at_risk, axis=1)
    before = np.concatenate([np.ones((samples, 1)), there[:, :-1]], axis=1) / at_risk
    found = np.empty((samples, routes, len(grid)))
    for number in range(routes):
        by_route = np.bincount(cell[route == number], minlength=size).reshape(shape)
        found[:, number] = np.cumsum(by_route * before, axis=1)[:, grid]
    return found
