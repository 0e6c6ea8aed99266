"""Draws as plain arrays: the form in which effects and likelihoods are evaluated again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import xarray as xr
    from pytensor.tensor.variable import TensorVariable

FloatArray = npt.NDArray[np.float64]

type Tensor = TensorVariable[Any, Any]
"""A PyTensor variable, whatever its type and owner."""


@dataclass(frozen=True)
class Draws:
    """Named arrays whose first axis is the sample.

    Examples
    --------
    >>> draws = Draws({"intercept": np.array([0.1, 0.2, 0.3])})
    >>> draws.size, draws.take(slice(0, 2))["intercept"].tolist()
    (3, [0.1, 0.2])
    """

    values: Mapping[str, FloatArray]

    @classmethod
    def from_dataset(cls, dataset: xr.Dataset) -> Draws:
        """Stack the chains of a posterior or prior group, chain by chain."""
        stacked = {}
        for name, variable in dataset.data_vars.items():
            array = variable.transpose("chain", "draw", ...).to_numpy()
            stacked[str(name)] = array.reshape(-1, *array.shape[2:]).astype(np.float64)
        return cls(stacked)

    @property
    def size(self) -> int:
        """Number of samples."""
        return len(next(iter(self.values.values())))

    def __getitem__(self, name: str) -> FloatArray:
        return self.values[name]

    def __contains__(self, name: object) -> bool:
        return name in self.values

    def take(self, which: slice | npt.NDArray[np.int64]) -> Draws:
        """Return some of the samples."""
        return Draws({name: array[which] for name, array in self.values.items()})

    def thin(self, at_most: int) -> Draws:
        """Return evenly spaced samples, at most this many."""
        if self.size <= at_most:
            return self
        return self.take(np.linspace(0, self.size - 1, at_most).astype(np.int64))

    def replace(self, name: str, array: FloatArray) -> Draws:
        """Return the same samples with one variable exchanged."""
        return Draws({**self.values, name: array})


def outside(array: npt.NDArray[Any]) -> Tensor:
    """Return data as a tensor that stays outside compiled code.

    Code compiled with it holds no data, and so is good for every table of the same shape.
    """
    import pytensor

    contiguous = np.asarray(array, order="C")  # a scalar stays one
    return pytensor.shared(contiguous, borrow=True, shape=contiguous.shape)


def product(matrix: npt.NDArray[Any], values: Tensor) -> Tensor:
    """Return a data matrix times a vector, or times one vector a route.

    As a sum of products: numba takes seconds to compile each call of a matrix library, and these
    matrices are small or thin.
    """
    weights = outside(matrix)
    if values.ndim == 1:
        return (weights * values).sum(axis=1)
    return (weights[:, :, None] * values[None]).sum(axis=1)
