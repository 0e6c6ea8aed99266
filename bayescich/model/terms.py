"""How an effect's values reach the rows: gathered, by labels, or by covariates.

A linear predictor is the sum of such terms. A likelihood that needs nothing special adds them up
(:meth:`Predictor.eta`); the fused hazard takes them apart again (:func:`stack`), so that no array
of rows is ever made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytensor.tensor as pt
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.cache import compile_numba_function_src
from pytensor.link.numba.dispatch.basic import (
    numba_njit,
    register_funcify_and_cache_key,
)
from scipy import sparse

from bayescich.design.core import IntArray, LabelMatrix
from bayescich.model.draws import FloatArray, Tensor, outside, product
from bayescich.model.response.quadrature import Nodes

Int32Array = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Gathered:
    """Each row has one level.

    Examples
    --------
    >>> Gathered(np.array([1, 0, 1]), 2).apply(np.array([[0.1, 0.2]])).tolist()
    [[0.2, 0.1, 0.2]]
    """

    codes: IntArray
    """Shape (rows,)."""
    size: int
    """Number of levels."""

    def graph(self, values: Tensor) -> Tensor:
        """Return the contribution, shape (rows,) or (rows, routes)."""
        return values[outside(self.codes)]

    def apply(self, values: FloatArray) -> FloatArray:
        """Return the contribution of draws, (samples, rows) or (samples, routes, rows).

        ``values`` has shape (samples, size) or (samples, size, routes).
        """
        return _routes_first(values)[..., self.codes]

    def sums(self, weights: FloatArray) -> FloatArray:
        """Return weights of rows summed by level, shape (size, ...)."""
        return _columns(weights, lambda w: np.bincount(self.codes, w, self.size))

    def take(self, rows: IntArray) -> Gathered:
        """Return the layout of some of the rows."""
        return Gathered(self.codes[rows], self.size)


@dataclass(frozen=True)
class Labelled:
    """Each row has any number of labels, each with a weight (rows in compressed form)."""

    start: IntArray
    """Where each row's labels begin, shape (rows + 1,)."""
    labels: IntArray
    weights: FloatArray
    size: int

    def matrix(self) -> sparse.csr_array:
        """Return the weights as a sparse matrix, rows × labels."""
        shape = (len(self.start) - 1, self.size)
        return sparse.csr_array((self.weights, self.labels, self.start), shape=shape)

    def graph(self, values: Tensor) -> Tensor:
        """Return the contribution, shape (rows,) or (rows, routes)."""
        rows = len(self.start) - 1
        of_row = np.repeat(np.arange(rows), np.diff(self.start))
        weights = outside(self.weights if values.ndim == 1 else self.weights[:, None])
        picked = values[outside(self.labels)] * weights
        shape = (rows,) if values.ndim == 1 else (rows, values.shape[1])
        return pt.inc_subtensor(pt.zeros(shape)[outside(of_row)], picked)

    def apply(self, values: FloatArray) -> FloatArray:
        """Return the contribution of draws, (samples, rows) or (samples, routes, rows)."""
        first = _routes_first(values)
        flat = first.reshape(-1, self.size)
        found = np.asarray((self.matrix() @ flat.T).T)
        return found.reshape(*first.shape[:-1], -1)

    def sums(self, weights: FloatArray) -> FloatArray:
        """Return weights of rows summed by label, shape (size, ...)."""
        return np.asarray(self.matrix().T @ weights)

    def take(self, rows: IntArray) -> Labelled:
        """Return the layout of some of the rows."""
        some = sparse.csr_array(self.matrix()[rows])
        return Labelled(some.indptr, some.indices, some.data, self.size)


def labelled(labels: LabelMatrix) -> Labelled:
    """Return the layout of labels of which a row has any number."""
    return Labelled(labels.start, labels.labels, labels.weights, len(labels.names))


@dataclass(frozen=True)
class Covaried:
    """Each row has a number for each covariate."""

    values: FloatArray
    """Shape (rows, covariates)."""

    @property
    def size(self) -> int:
        """Number of covariates."""
        return self.values.shape[1]

    def graph(self, values: Tensor) -> Tensor:
        """Return the contribution, shape (rows,) or (rows, routes)."""
        return product(self.values, values)

    def apply(self, values: FloatArray) -> FloatArray:
        """Return the contribution of draws, (samples, rows) or (samples, routes, rows)."""
        return _routes_first(values) @ self.values.T

    def sums(self, weights: FloatArray) -> FloatArray:
        """Return weights of rows summed by covariate, shape (size, ...)."""
        return self.values.T @ weights

    def take(self, rows: IntArray) -> Covaried:
        """Return the layout of some of the rows."""
        return Covaried(self.values[rows])


Layout = Gathered | Labelled | Covaried


def averaged(over: Gathered | Labelled, layout: Layout, weights: FloatArray) -> Layout:
    """Return how a layout's values reach the levels of another: averaged over their rows.

    Where rows have several levels, each by its part, it is how far one level must move to make up
    for the other layout: ``Σ_r ω_r w_r x_r / Σ_r ω_r² w_r``.

    Parameters
    ----------
    over : Gathered or Labelled
        Whose levels.
    layout : Layout
        Of the same rows.
    weights : array, shape (rows,)

    Examples
    --------
    >>> home, owner = Gathered(np.array([0, 0, 1]), 2), Gathered(np.array([2, 2, 0]), 3)
    >>> averaged(home, owner, np.ones(3)).codes.tolist()   # each home has one owner
    [2, 0]
    """
    share = _shares(over, weights)
    if isinstance(layout, Covaried):
        return Covaried(np.asarray(share @ layout.values))
    matrix = sparse.csr_array(share @ _matrix_of(layout))
    matrix.sum_duplicates()
    alone = isinstance(layout, Gathered) and isinstance(over, Gathered)
    if alone and (np.diff(matrix.indptr) == 1).all():
        return Gathered(matrix.indices.astype(np.int64), layout.size)
    start, labels = matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64)
    return Labelled(start, labels, matrix.data, layout.size)


def _matrix_of(layout: Gathered | Labelled) -> sparse.csr_array:
    if isinstance(layout, Labelled):
        return layout.matrix()
    rows = len(layout.codes)
    start = np.arange(rows + 1)
    return sparse.csr_array((np.ones(rows), layout.codes, start), shape=(rows, layout.size))


def _shares(over: Gathered | Labelled, weights: FloatArray) -> sparse.csr_array:
    """Return by how much each row counts in the average of each level, levels by rows."""
    matrix = _matrix_of(over)
    total = np.asarray(matrix.power(2).T @ weights)
    scaled = matrix.T.multiply(weights[None, :]).multiply(1.0 / np.maximum(total, 1e-300)[:, None])
    return sparse.csr_array(scaled)


@dataclass(frozen=True)
class Term:
    """One effect's values in the graph and how they reach the rows."""

    layout: Layout
    values: Tensor
    """Shape (size,), or (size, routes) for competing routes."""
    zero_sum: bool = False
    exchangeable: bool = False
    """Whether its levels are a sample, of which there could be new ones."""


@dataclass(frozen=True)
class Predictor:
    """The linear predictor of the rows, as terms."""

    terms: tuple[Term, ...]
    rows: int
    rough_baseline: FloatArray | None = None
    """Log hazard by band, (bands, routes), of a quick fit, when there was one."""
    level: Tensor | None = None
    """The level of a row whose effects are all zero, when the likelihood has declared it."""
    nodes: Nodes | None = None
    """Where a child effect is integrated out, when a quick fit has said it."""

    def eta(self) -> Tensor:
        """Return η as a graph, shape (rows,) or (rows, routes)."""
        total = pt.zeros(self.rows)
        for place, term in enumerate(self.terms):
            part = term.layout.graph(term.values)
            total = part if place == 0 else total + part
        return total

    def take(self, rows: IntArray) -> Predictor:
        """Return the predictor of some of the rows."""
        some = (replace(term, layout=term.layout.take(rows)) for term in self.terms)
        return Predictor(tuple(some), len(rows))

    def average(self, weights: FloatArray, *, zero_sum_only: bool = False) -> Tensor:
        """Return the weighted mean of η over the rows, of the effects that have no new levels.

        Parameters
        ----------
        weights : array, shape (rows,) or (rows, routes)
            They need not add up to one.
        zero_sum_only : bool
            Whether covariates, too, are left out.
        """
        average = pt.constant(np.zeros(weights.shape[1:]))
        for term in self.terms:
            if term.zero_sum or not (zero_sum_only or term.exchangeable):
                shares = term.layout.sums(weights) / weights.sum(axis=0)
                average = average + pt.sum(outside(shares) * term.values, axis=0)
        return average


class Stacked(Op):
    """Tensors one below the other; the gradient is cut by slices.

    PyTensor's own is cut by a function whose compiled form is dear for what it does here.
    """

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply[Any]:
        """Take matrices with as many columns each."""
        tensors = [pt.as_tensor_variable(value) for value in inputs]
        return Apply(self, tensors, [pt.dmatrix()])

    def perform(self, node: Apply[Any], inputs: Any, output_storage: Any) -> None:
        """Stack them."""
        output_storage[0][0] = np.concatenate(inputs)

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        """Hand each its rows of the gradient."""
        found, start = [], 0
        for tensor in inputs:
            stop = start + tensor.shape[0]
            found.append(cotangents[0][start:stop])
            start = stop
        return found


@register_funcify_and_cache_key(Stacked)  # type: ignore[untyped-decorator]
def _funcify(op: Stacked, node: Apply[Any], **_: Any) -> tuple[Any, str]:  # noqa: ARG001
    names = ", ".join(f"a{k}" for k in range(len(node.inputs)))
    source = f"def stacked({names}): return concatenate(({names}))"
    function = compile_numba_function_src(source, "stacked", {"concatenate": np.concatenate})
    return numba_njit(function), hashlib.sha256(source.encode()).hexdigest()


@dataclass(frozen=True)
class StackedTerms:
    """The same terms side by side: what the fused likelihood reads of each row."""

    codes: Int32Array
    """(rows, gathered effects)."""
    label_start: IntArray
    labels: Int32Array
    label_weight: FloatArray
    covariates: FloatArray
    """(rows, covariates)."""
    layouts: tuple[Layout, ...] = field(repr=False)

    def same_labels(self) -> npt.NDArray[np.bool_]:
        """Say which rows, from the second on, have the labels of the row before."""
        rows = len(self.label_start) - 1
        width = int(self.labels.max(initial=0)) + 1
        matrix = sparse.csr_array(
            (self.label_weight, self.labels, self.label_start), shape=(rows, width)
        )
        changed = sparse.csr_array(matrix[1:] - matrix[:-1])
        changed.eliminate_zeros()
        return np.diff(changed.indptr) == 0

    def level_sums(self, weights: FloatArray) -> FloatArray:
        """Return weights (rows, routes) summed by level of all effects, (levels, routes)."""
        leveled = (layout for layout in self.layouts if not isinstance(layout, Covaried))
        found = [layout.sums(weights) for layout in leveled]
        if not found:
            return np.zeros((0, weights.shape[1]))
        return np.ascontiguousarray(np.concatenate(found))


def stack(layouts: Sequence[Layout], rows: int) -> StackedTerms:
    """Lay out terms side by side; levels are numbered through, in the order of the terms."""
    codes, labelled, covariates, offset = [], [], [], 0
    for layout in layouts:
        if isinstance(layout, Covaried):
            covariates.append(layout.values)
            continue
        if isinstance(layout, Gathered):
            codes.append(layout.codes + offset)
        else:
            labelled.append((layout.matrix(), offset))
        offset += layout.size
    start, labels, weights = _joined(labelled, rows)
    return StackedTerms(
        codes=np.ascontiguousarray(
            np.stack(codes, axis=1) if codes else np.zeros((rows, 0)), dtype=np.int32
        ),
        label_start=start,
        labels=labels,
        label_weight=weights,
        covariates=np.ascontiguousarray(
            np.concatenate(covariates, axis=1) if covariates else np.zeros((rows, 0))
        ),
        layouts=tuple(layouts),
    )


def stacked_values(terms: Sequence[Term], routes: int) -> tuple[Tensor, Tensor]:
    """Return the values of all levels (levels, routes) and of all covariates (…, routes)."""
    levels = [_matrix(t.values) for t in terms if not isinstance(t.layout, Covaried)]
    slopes = [_matrix(t.values) for t in terms if isinstance(t.layout, Covaried)]
    return _concatenated(levels, routes), _concatenated(slopes, routes)


def _joined(
    labelled: Sequence[tuple[sparse.csr_array, int]], rows: int
) -> tuple[IntArray, Int32Array, FloatArray]:
    if not labelled:
        return np.zeros(rows + 1, np.int64), np.zeros(0, np.int32), np.zeros(0)
    width = max(offset + matrix.shape[1] for matrix, offset in labelled)
    parts = [
        sparse.csr_array((m.data, m.indices + offset, m.indptr), shape=(rows, width))
        for m, offset in labelled
    ]
    total = sparse.csr_array(sum(parts[1:], start=parts[0]))
    return total.indptr.astype(np.int64), total.indices.astype(np.int32), total.data.copy()


def _matrix(values: Tensor) -> Tensor:
    return values[:, None] if values.ndim == 1 else values


def _concatenated(parts: list[Tensor], routes: int) -> Tensor:
    if not parts:
        return pt.zeros((0, routes))
    stacked: Any = parts[0] if len(parts) == 1 else Stacked()(*parts)
    return stacked


def _routes_first(values: FloatArray) -> FloatArray:
    return values if values.ndim == 2 else np.moveaxis(values, 2, 1)


def _columns(weights: FloatArray, count: object) -> FloatArray:
    if weights.ndim == 1:
        return np.asarray(count(weights))  # type: ignore[operator]
    return np.stack([count(column) for column in weights.T], axis=1)  # type: ignore[operator]
