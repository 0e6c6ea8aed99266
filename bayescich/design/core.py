"""``Design``: frozen numpy arrays with names, dims and coordinates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

DAYS_PER_YEAR = 365.25


@dataclass(frozen=True)
class Factor:
    """One grouping column: which level each row belongs to."""

    name: str
    """Column of the analysis table."""
    levels: tuple[str, ...]
    """Labels of the levels, sorted."""
    codes: IntArray
    """Position of each row's level in ``levels``, shape (rows,)."""

    @property
    def size(self) -> int:
        """Number of levels."""
        return len(self.levels)

    def counts(self) -> IntArray:
        """Return the number of rows of each level, shape (levels,)."""
        return np.bincount(self.codes, minlength=self.size)

    def sums(self, values: FloatArray) -> FloatArray:
        """Return the sum of ``values`` over the rows of each level.

        Parameters
        ----------
        values : array, shape (..., rows)

        Returns
        -------
        array, shape (..., levels)
        """
        flat = values.reshape(-1, values.shape[-1])
        out = np.stack([np.bincount(self.codes, row, minlength=self.size) for row in flat])
        return out.reshape(*values.shape[:-1], self.size)


@dataclass(frozen=True)
class FixedMatrix:
    """Covariates without an intercept, each centred at its mean.

    The coefficients keep the unit of the column: per year, per placement, yes against no.
    """

    values: FloatArray
    """Shape (rows, covariates), centred."""
    names: tuple[str, ...]
    centres: FloatArray
    """What was subtracted from each column, shape (covariates,)."""
    scales: FloatArray
    """Standard deviation of each column, shape (covariates,): priors are per standard deviation
    for measurements and per step for yes/no columns (scale 1)."""


@dataclass(frozen=True)
class Design:
    """Everything a model is built from; rows are sorted by ``unit``.

    ``outcome`` holds the arrays of the likelihood:

    ========== ======================================================================
    family     arrays
    ========== ======================================================================
    hazard     ``exposure`` (rows, bands) years at risk; ``event`` (rows,) 0/1;
               ``event_band`` (rows,) band in which the spell ended; ``follow_up``
               (rows,) days at the end of the spell; ``entry`` (rows,) days at entry
    ordinal    ``category`` (rows,) 0 … K-1
    binomial   ``successes`` (rows,), ``trials`` (rows,)
    bernoulli  ``successes`` (rows,), ``trials`` (rows,) all one
    gaussian   ``value`` (rows,), and ``known_sd`` (rows,) when given
    ========== ======================================================================
    """

    model: str
    rows: int
    unit: Factor
    """Whose removal cross-validation asks about: child or home."""
    factors: Mapping[str, Factor]
    """By column name: every grouped effect's factor (and the frailty's unit)."""
    fixed: FixedMatrix | None
    outcome: Mapping[str, npt.NDArray[Any]]
    coords: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Labels of the likelihood's own dims: ``band``, ``category``, ``cutpoint``."""
    row_ids: tuple[str, ...] = ()
    """For messages: the unit label of each row, in the order of the rows."""
