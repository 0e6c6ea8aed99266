"""Means and 90% intervals of draws, as columns."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bayescich.model.draws import FloatArray
from bayescich.model.likelihoods.responses import is_measurement
from bayescich.model.likelihoods.times import HazardTimes
from bayescich.sampling.fit import Fit

INTERVAL = (0.05, 0.95)

SOME, STRONG = 0.9, 0.975
"""Probability of direction from which a difference is some or strong evidence."""


def columns(prefix: str, draws: FloatArray) -> dict[str, FloatArray]:
    """Return ``<prefix>_mean``, ``<prefix>_q05`` and ``<prefix>_q95``.

    Parameters
    ----------
    prefix : str
        Empty for plain ``mean``, ``q05`` and ``q95``.
    draws : array, shape (samples, items)

    Examples
    --------
    >>> columns("x", np.array([[0.0], [1.0]]))["x_mean"].tolist()
    [0.5]
    """
    low, high = np.quantile(draws, INTERVAL, axis=0)
    before = f"{prefix}_" if prefix else ""
    return {f"{before}mean": draws.mean(axis=0), f"{before}q05": low, f"{before}q95": high}


def headings(prefix: str, words: str) -> Mapping[str, str]:
    """Return the words for the columns of :func:`columns`."""
    before = f"{prefix}_" if prefix else ""
    return {
        f"{before}mean": words,
        f"{before}q05": f"{words}, 5%",
        f"{before}q95": f"{words}, 95%",
    }


def ratio_name(fit: Fit) -> str | None:
    """Return what the exponential of an effect is called; a measurement has no ratio."""
    likelihood, design = fit.structure.likelihood, fit.design
    if is_measurement(likelihood, design):
        return None
    if isinstance(likelihood, HazardTimes):
        return "hazard ratio"
    kinds = {response.kind for response in design.responses}
    if "cloglog" not in kinds:
        return "odds ratio"
    return "odds or rate ratio" if len(kinds) > 1 else "rate ratio"


def probability_of_direction(draws: FloatArray) -> FloatArray:
    """Return max(P(> 0), P(< 0)) along the first axis: 1 when the sign is certain.

    Examples
    --------
    >>> float(probability_of_direction(np.array([-1.0, 2.0, 3.0, 4.0])))
    0.75
    """
    above, below = (draws > 0).mean(axis=0), (draws < 0).mean(axis=0)
    return np.asarray(np.maximum(above, below))


def reading(direction: float) -> str:
    """Return the words for a probability of direction.

    Examples
    --------
    >>> reading(0.85), reading(0.95), reading(0.99)
    ('not distinguishable', 'some evidence', 'strong evidence')
    """
    if direction < SOME:
        return "not distinguishable"
    return "some evidence" if direction <= STRONG else "strong evidence"


def pooling(effects: FloatArray, sd: FloatArray) -> FloatArray:
    """Return the reliability of each level, 1 - Var(effect | y) / E(sd²), kept within 0 to 1.

    Parameters
    ----------
    effects : array, shape (samples, levels, ...)
    sd : array, shape (samples, ...)

    References
    ----------
    Gelman & Pardoe (2006), Technometrics 48.
    """
    return np.clip(1.0 - effects.var(axis=0) / np.mean(sd**2), 0.0, 1.0)


def reliability(sd: FloatArray, standard_error: FloatArray) -> FloatArray:
    """Return E[sd² / (sd² + s²)] for each level: the share of its own evidence in its estimate.

    Parameters
    ----------
    sd : array, shape (samples,)
        Posterior draws of the SD between levels.
    standard_error : array, shape (levels,)
        SD of each level's estimate without pooling.

    Examples
    --------
    >>> reliability(np.array([1.0]), np.array([0.0, 1.0, 3.0])).tolist()
    [1.0, 0.5, 0.1]
    """
    between = sd[:, None] ** 2
    return np.asarray((between / (between + standard_error**2)).mean(axis=0))
