"""A PyMC model as a function that JAX can compile and differentiate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pymc as pm

from bayescich.model.draws import FloatArray


def jax_density(model: pm.Model) -> Callable[[Any], Any]:
    """Return the log-density of a list of the model's value variables, in float64."""
    from pymc.sampling.jax import get_jaxified_logp

    from bayescich.model.hazard import jax_twin
    from bayescich.model.response import jax_twin as response_twin

    jax_twin.register()
    response_twin.register()
    return get_jaxified_logp(model)


def points_of(positions: Sequence[Any]) -> FloatArray:
    """Return draws of the value variables as one row a draw, coordinates in the model's order.

    Examples
    --------
    >>> points_of([np.zeros(2), np.ones((2, 3))]).shape
    (2, 4)
    """
    arrays = [np.asarray(values, dtype=np.float64) for values in positions]
    return np.concatenate([array.reshape(len(array), -1) for array in arrays], axis=1)
