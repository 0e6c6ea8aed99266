"""The baseline hazard by time since the placement started: a first-order random walk.

The first band has the prior (for the average row), and
``baseline_b - baseline_(b-1) ~ Normal(0, step_sd² Δ log m_b)`` with ``m_b`` the middle of band b:
a step between long bands is as free as one between short ones.
"""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayescich.model.draws import FloatArray, Tensor
from bayescich.model.random_variables import random_variable
from bayescich.spec.priors import PriorSet


def declare_baseline(cuts: tuple[float, ...], average: Tensor, priors: PriorSet) -> Tensor:
    """Declare ``baseline`` (dims: band), log hazard per year, and ``baseline_step_sd``.

    ``average`` is the sum of the zero-sum effects in the average row (see ``Likelihood.declare``).
    """
    step_sd = random_variable("baseline_step_sd", priors.get("baseline.step_sd"))
    first = random_variable("baseline_first_offset", priors.get("baseline.level")) - average
    offset = pm.Normal("baseline_offset", 0.0, 1.0, shape=len(cuts))
    walk = pt.cumsum(step_sd * np.sqrt(log_steps(cuts)) * offset)
    return pm.Deterministic("baseline", first + pt.concatenate([pt.zeros(1), walk]), dims="band")


def log_steps(cuts: tuple[float, ...]) -> FloatArray:
    """Return the differences of the log band middles, shape (bands - 1,).

    Examples
    --------
    >>> log_steps((2.0, 6.0)).round(3).tolist()
    [1.386, 0.811]
    """
    edges = np.array([0.0, *cuts, 2.0 * cuts[-1]])
    middles = 0.5 * (edges[1:] + edges[:-1])
    return np.diff(np.log(middles))
