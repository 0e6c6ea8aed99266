"""Weights of stays by how lately they were, at a few rates of fading.

See :mod:`bayescich.model.effects.recency`.
"""

from __future__ import annotations

import numpy as np

from bayescich.design.core import FloatArray

WIDTH = 2.0
"""Log scales (of years) from minus to plus this are covered: four prior standard deviations."""

NODES: tuple[float, ...] = tuple(
    float(x) for x in -WIDTH * np.cos((np.arange(9) + 0.5) * np.pi / 9)
)
"""Log scales at which weights are laid out: Chebyshev's points."""


def fading(began: FloatArray, ended: FloatArray, log_scale: float) -> FloatArray:
    """Return what stays weigh, not adding up to anything, the shape of ``began``.

    Parameters
    ----------
    began, ended : array
        Years before the end of the window.
    log_scale : float
        Log of the years in which a day's weight falls by e.

    Examples
    --------
    >>> fading(np.array([2.0, 1.0]), np.array([1.0, 0.0]), 0.0).round(2).tolist()
    [0.23, 0.63]
    """
    scale = np.exp(log_scale)
    return np.asarray(scale * (np.exp(-ended / scale) - np.exp(-began / scale)))
