"""At which nodes a child's own effect is integrated out: around where that child's lies.

Of n nodes of the rule for a standard normal, a child of whom eight outcomes tell uses three. So the
rule is moved to where the effect of each child lies, by its mean m and SD s there,

    ∫ φ(c) L(c) dc  ≈  Σ_q w_q [s φ(m + s x_q) / φ(x_q)] L(m + s x_q),

with the nodes x_q and weights w_q of a standard normal. Any m and s give the same integral, for n
large enough; near the child's own, few nodes do. They are found once, at a quick fit, and stay: so
the slope of the sum is exact, whatever is left of its error.

References
----------
Liu & Pierce (1994), A note on Gauss-Hermite quadrature, Biometrika 81; Pinheiro & Bates (1995),
Approximations to the log-likelihood function in the nonlinear mixed-effects model, JCGS 4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bayescich.model.draws import FloatArray

GRID = np.linspace(-4.5, 4.5, 31)
"""Values of the child effect at which the quick fit looks for it."""
WIDER = 1.2
"""Nodes lie so much wider than the effect at the quick fit: too wide costs less than too narrow."""


@dataclass(frozen=True)
class Nodes:
    """Values of the child effect and log weights, (rows, nodes), or (1, nodes) alike for all."""

    points: FloatArray
    log_weights: FloatArray


def gauss_hermite(nodes: int) -> tuple[FloatArray, FloatArray]:
    """Return points and log weights of the rule for a standard normal.

    Examples
    --------
    >>> points, log_weights = gauss_hermite(11)
    >>> round(float(np.exp(log_weights) @ points**4), 9)   # the fourth moment
    3.0
    """
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    return points, np.log(weights / weights.sum())


def common_nodes(count: int) -> Nodes:
    """Return the rule of a standard normal, for all rows alike."""
    points, log_weights = gauss_hermite(count)
    return Nodes(points[None], log_weights[None])


def own_nodes(log_likelihood: FloatArray, count: int) -> Nodes:
    """Return a rule for each row.

    Parameters
    ----------
    log_likelihood : array, shape (rows, len(GRID))
        Of each row at each value of the child effect in ``GRID``, up to a constant.
    count : int
        Nodes.

    Examples
    --------
    A child of whom nothing is known has the rule of a standard normal:

    >>> (own_nodes(np.zeros((1, len(GRID))), 3).points.round(2) + 0.0).tolist()
    [[-1.73, 0.0, 1.73]]
    """
    log_posterior = log_likelihood - 0.5 * GRID**2
    weight = np.exp(log_posterior - log_posterior.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    mean = weight @ GRID
    variance = weight @ GRID**2 - mean**2
    sd = np.minimum(WIDER * np.sqrt(variance), 1.0)
    points, log_weights = gauss_hermite(count)
    moved = mean[:, None] + sd[:, None] * points
    changed = log_weights + np.log(sd)[:, None] + 0.5 * (points**2 - moved**2)
    return Nodes(moved, changed)


def from_slopes(slope_at: Callable[[float], FloatArray]) -> FloatArray:
    """Return the log-likelihood of each row on the grid from its slope in the child effect."""
    slopes = np.stack([slope_at(float(c)) for c in GRID], axis=1)
    steps = 0.5 * (slopes[:, 1:] + slopes[:, :-1]) * np.diff(GRID)
    return np.concatenate([np.zeros((len(slopes), 1)), np.cumsum(steps, axis=1)], axis=1)
