"""``Design``: frozen numpy arrays with names, dims and coordinates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse

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
class LabelMatrix:
    """Labels of which a row has any number: needs, matches, needs within home types.

    Examples
    --------
    >>> LabelMatrix.of(np.array([[1.0, 0.0], [1.0, 1.0]]), ("autism", "trauma")).labels.tolist()
    [0, 0, 1]
    """

    names: tuple[str, ...]
    start: IntArray
    """Where each row's labels begin, shape (rows + 1,)."""
    labels: IntArray
    weights: FloatArray

    @classmethod
    def of(cls, dense: FloatArray, names: tuple[str, ...]) -> LabelMatrix:
        """Compress a matrix of rows by labels."""
        row, label = np.nonzero(dense)
        start = np.searchsorted(row, np.arange(len(dense) + 1)).astype(np.int64)
        return cls(names, start, label.astype(np.int64), dense[row, label])

    def matrix(self) -> sparse.csr_array:
        """Return the weights as a sparse matrix, rows by labels."""
        shape = (len(self.start) - 1, len(self.names))
        return sparse.csr_array((self.weights, self.labels, self.start), shape=shape)

    def take(self, rows: IntArray) -> LabelMatrix:
        """Return the labels of some of the rows."""
        counts = np.diff(self.start)[rows]
        start = np.r_[0, np.cumsum(counts)].astype(np.int64)
        at = np.arange(start[-1]) - np.repeat(start[:-1] - self.start[rows], counts)
        return LabelMatrix(self.names, start, self.labels[at], self.weights[at])

    def patterns(self) -> IntArray:
        """Return a number for each row, the same for rows with the same labels."""
        counts = np.diff(self.start)
        each = [
            tuple(self.labels[a : a + n]) + tuple(self.weights[a : a + n])
            for a, n in zip(self.start[:-1], counts, strict=True)
        ]
        known = {pattern: place for place, pattern in enumerate(dict.fromkeys(each))}
        return np.array([known[pattern] for pattern in each], dtype=np.int64)


@dataclass(frozen=True)
class Membership:
    """One grouping column of which a row may have several levels, each with a weight.

    It answers to the questions put to a :class:`Factor`; sums are weighted.
    """

    name: str
    levels: tuple[str, ...]
    labels: LabelMatrix
    """Of each row: its levels and their weights; ``names`` are the levels."""
    at_nodes: tuple[LabelMatrix, ...] = ()
    """The same with later days counting for more, at several rates, when the rate is learnt."""

    @property
    def size(self) -> int:
        """Number of levels."""
        return len(self.levels)

    def counts(self) -> IntArray:
        """Return the number of rows that have each level, whatever its weight, (levels,)."""
        return np.bincount(self.labels.labels, minlength=self.size)

    def sums(self, values: FloatArray) -> FloatArray:
        """Return the weighted sum of ``values`` (..., rows) over the rows of each level."""
        matrix = self.labels.matrix()
        flat = values.reshape(-1, values.shape[-1])
        found: FloatArray = np.asarray((matrix.T @ flat.T).T)
        return found.reshape(*values.shape[:-1], self.size)


Grouping = Factor | Membership
"""A grouping column, of one level a row or of several."""


@dataclass(frozen=True)
class Response:
    """One of the outcomes of a row, and the linear predictors it reads.

    A single outcome may be several responses: whether a child is in touch, and if so what it does.
    """

    name: str
    kind: Literal[
        "binomial", "cloglog", "beta_binomial", "truncated", "categorical", "ordinal", "normal"
    ]
    column: int
    """First of its linear predictors."""
    width: int = 1
    """How many it reads: one fewer than there are categories, else one."""
    categories: tuple[str, ...] = ()
    coupled: int = -1
    """Linear predictor on which the chance of being recorded may depend; none if negative."""
    known_sd: bool = False
    """Of a measurement: whether its error is known row by row."""
    role: Literal["outcome", "stage", "recorded"] = "outcome"
    maximum: int | None = None
    """Of points: the most there can be."""
    good: tuple[int, ...] = ()
    """Of categories without an order: those that are good for the child, by their place."""
    turned: bool = False
    """Whether a higher linear predictor means less of it (outcomes turned so that up is better)."""


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
    holes: tuple[Hole, ...] = ()
    """Covariates with blanks, which are imputed; there ``values`` is zero."""


@dataclass(frozen=True)
class Hole:
    """A covariate that is blank in some rows."""

    covariate: int
    """Its position."""
    rows: IntArray
    """Where it is blank."""
    is_binary: bool
    """A yes or no; else a number."""


@dataclass(frozen=True)
class Design:
    """Everything a model is built from; rows are sorted by ``unit``.

    ``outcome`` holds the arrays of the likelihood:

    ========== ======================================================================
    family     arrays
    ========== ======================================================================
    hazard     ``exposure`` (rows, bands) years at risk; ``event`` (rows,) 0/1;
               ``event_band`` (rows,) band in which the row ended; ``follow_up``
               (rows,) days at its end; ``entry`` (rows,) days at entry; ``late``
               (rows,) 1 where observation began there; ``continues`` (rows,) 1
               where the spell goes on in the next row; ``stratum`` (rows,) which
               baseline, when there are several
    competing  the same, and ``cause`` (rows,): position of the route, -1 for none,
               -2 for an event whose route is not known
    all others of ``responses``, in order: ``y`` (rows, responses), the outcome: a
               count, a category 0 … K-1 or a value; ``size`` (rows, responses): trials,
               exposure or known error, one where there is none; ``seen`` (rows,
               responses) 1 where the response counts
    ========== ======================================================================
    """

    model: str
    rows: int
    unit: Factor
    """Whose removal cross-validation asks about: child or home."""
    factors: Mapping[str, Grouping]
    """By column name: every grouped effect's factor (and the frailty's unit)."""
    fixed: FixedMatrix | None
    outcome: Mapping[str, npt.NDArray[Any]]
    coords: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Labels of the likelihood's own dims: ``band``, ``category``, ``cutpoint``, ``route``."""
    labels: Mapping[str, LabelMatrix] = field(default_factory=dict)
    """By effect: ``need`` (or the name given), ``type_need``, ``matching``."""
    responses: tuple[Response, ...] = ()
    """The outcomes of a row, unless it is a spell."""
    row_ids: tuple[str, ...] = ()
    """For messages: the unit label of each row, in the order of the rows."""

    def factor(self, name: str) -> Factor:
        """Return a grouping column of which each row has one level."""
        found = self.factors[name]
        assert isinstance(found, Factor), "spells, grades and years have one level a row"
        return found

    @property
    def routes(self) -> tuple[str, ...]:
        """The competing routes; none for other outcomes."""
        return self.coords.get("route", ())

    @property
    def ends(self) -> npt.NDArray[np.bool_]:
        """Which rows are the last of their spell: all, unless spells are split."""
        continues = self.outcome.get("continues")
        return np.ones(self.rows, dtype=np.bool_) if continues is None else continues == 0
