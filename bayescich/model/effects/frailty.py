"""Gamma frailty of the child, integrated out in closed form.

``ω_i ~ Gamma(1/φ, 1/φ)`` has mean 1 and variance φ. With ``d_i`` events and cumulative hazard
``H_i`` the integral over ``ω_i`` is

    Σ_rows event·η  +  Σ_{j<d_i} log(1 + φ j)  -  (1/φ + d_i) log(1 + φ H_i),

the negative-binomial form written so that φ → 0 gives the Poisson form without cancellation.
Given the data, ``ω_i ~ Gamma(1/φ + d_i, rate 1/φ + H_i)``; it is drawn afterwards, never sampled.

References
----------
Vaupel, Manton & Stallard (1979), Demography 16; Balan & Putter (2020), A tutorial on frailty
models, Statistical Methods in Medical Research 29.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytensor.tensor as pt

from bayescich.model.draws import FloatArray, Tensor


def frailty_graph(events: npt.NDArray[np.int64], hazard: Tensor, variance: Tensor) -> Tensor:
    """Return the frailty part of the log-likelihood, summed over units.

    Parameters
    ----------
    events : array, shape (units,)
        Events of each unit, ``d_i``.
    hazard : tensor, shape (units,)
        Cumulative hazard of each unit at frailty 1, ``H_i``.
    variance : tensor, scalar
        ``φ``.
    """
    # Σ_i Σ_{j<d_i} log(1 + φ j) needs only how many units have more than j events
    more_than = np.array([(events > j).sum() for j in range(int(events.max()))])
    rising = pt.sum(more_than * pt.log1p(variance * np.arange(len(more_than))))
    return rising - pt.sum((1.0 / variance + events) * pt.log1p(variance * hazard))


def frailty_log_likelihood(
    events: npt.NDArray[np.int64], hazard: FloatArray, variance: FloatArray
) -> FloatArray:
    """Return the same part by unit in numpy, shape (samples, units).

    Examples
    --------
    >>> tiny = frailty_log_likelihood(np.array([1]), np.array([[2.0]]), np.array([1e-9]))
    >>> bool(abs(tiny[0, 0] - (-2.0)) < 1e-6)   # no frailty: the Poisson form
    True
    """
    phi = variance[:, None]
    steps = np.log1p(phi * np.arange(max(int(events.max()), 1)))
    rising = np.concatenate([np.zeros_like(phi), np.cumsum(steps, axis=1)], axis=1)[:, events]
    return rising - (1.0 / phi + events) * np.log1p(phi * hazard)


def draw_frailty(
    events: npt.NDArray[np.int64],
    hazard: FloatArray,
    variance: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Draw ``ω_i`` given the unit's own events and cumulative hazard, shape (samples, units)."""
    shape = 1.0 / variance[:, None] + events
    rate = 1.0 / variance[:, None] + hazard
    return rng.gamma(shape) / rate
