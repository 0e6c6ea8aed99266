"""Standardised outcomes by home type (g-computation): everybody in each type in turn.

For draw s and type h

    μ_h = Σ_i W_i E_z[ g⁻¹(base_i + θ_h + σ z) ],   z ~ Normal(0, 1),  σ² = Σ group variances,

that is, the rows as they are, in a *new* home of a new provider. Rows enter only through their
base predictor, so they are first collapsed onto a fine grid of it (linear binning), and the
integral is a 15-node Gauss-Hermite rule on the summed variance.

References
----------
Robins (1986), Mathematical Modelling 7; Rubin (1981), The Bayesian bootstrap, Annals of
Statistics 9; docs/methods.md section 5.5.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bayescich.checks.levels import exchangeable_groups, new_level_sd, pieces
from bayescich.model.draws import Draws, FloatArray
from bayescich.sampling.fit import Fit

DRAWS = 500
NODES = 15
GRID = 200
"""Points of the base predictor; the binning error is below 1e-5 of a probability."""


def standardised_by_type(
    fit: Fit, draws: Draws, rng: np.random.Generator | None = None
) -> FloatArray:
    """Return the outcome if all rows were in each home type, shape (samples, types).

    Parameters
    ----------
    fit : Fit
        Of a model with home types.
    draws : Draws
    rng : Generator, optional
        For Bayesian-bootstrap weights of the units, one set a draw; without it every row counts
        the same, and the result says nothing beyond these rows.
    """
    effect = fit.structure.home_type
    assert effect is not None, "only asked of models with home types"
    cells = max(fit.design.rows, fit.design.factors[effect.column].size * GRID * NODES)
    parts = []
    for piece in pieces(draws, cells):
        base = fit.structure.linear_predictor(piece, fit.design, not_of_the_rows(fit))
        grid, weights = collapse(base, _weights(fit, piece.size, rng))
        eta = piece[effect.variable][:, :, None] + grid[:, None, :]
        parts.append((in_new_home(fit, piece, eta) * weights[:, None, :]).sum(axis=2))
    return np.concatenate(parts)


def not_of_the_rows(fit: Fit) -> tuple[str, ...]:
    """Return the effects a standardised or expected outcome replaces: type, home, provider."""
    effect = fit.structure.home_type
    own = (effect.variable,) if effect else ()
    return (*own, *(g.variable for g in exchangeable_groups(fit.structure)))


def in_new_home(fit: Fit, draws: Draws, eta: FloatArray) -> FloatArray:
    """Return the outcome at η averaged over new homes, shape like ``eta`` (samples, ...)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    sd = new_level_sd(fit.structure, draws).reshape(-1, *([1] * eta.ndim))
    spread = eta[..., None] + sd * nodes
    outcome = fit.structure.likelihood.standardised(
        draws, spread, fit.design, fit.spec.report.horizon_days
    )
    return np.asarray(outcome @ (weights / weights.sum()))


def collapse(base: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Share each row's weight between the two grid points around its predictor.

    Parameters
    ----------
    base, weights : array, shape (samples, rows)

    Returns
    -------
    grid, weight : array, shape (samples, grid)

    Examples
    --------
    >>> grid, weight = collapse(np.array([[0.0, 0.5, 1.0]]), np.full((1, 3), 1 / 3))
    >>> bool(np.isclose((grid * weight).sum(), 0.5)), round(float(weight.sum()), 9)
    (True, 1.0)
    """
    samples = len(base)
    low, high = base.min(axis=1, keepdims=True), base.max(axis=1, keepdims=True)
    step = np.maximum((high - low) / (GRID - 1), 1e-12)
    place = (base - low) / step
    left = np.minimum(place.astype(np.int64), GRID - 2)
    right_share = place - left
    offset = np.arange(samples)[:, None] * GRID
    size = samples * GRID
    weight = _add_up(offset + left, weights * (1.0 - right_share), size)
    weight += _add_up(offset + left + 1, weights * right_share, size)
    return low + step * np.arange(GRID), weight.reshape(samples, GRID)


def _add_up(cells: npt.NDArray[np.int64], values: FloatArray, size: int) -> FloatArray:
    return np.bincount(cells.ravel(), values.ravel(), size)


def _weights(fit: Fit, samples: int, rng: np.random.Generator | None) -> FloatArray:
    # a child's or a home's rows share one weight: units are sampled from a population, rows are not
    unit = fit.design.unit
    drawn = (
        np.ones((samples, unit.size)) if rng is None else rng.exponential(size=(samples, unit.size))
    )
    by_row = drawn[:, unit.codes]
    return by_row / by_row.sum(axis=1, keepdims=True)
