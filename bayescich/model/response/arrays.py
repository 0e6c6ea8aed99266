"""``ResponseArrays``: everything the fused likelihood of responses reads but does not learn."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from bayescich.design.core import Design, FixedMatrix, Hole, Response
from bayescich.model.draws import FloatArray
from bayescich.model.response import families
from bayescich.model.response.quadrature import common_nodes
from bayescich.model.terms import StackedTerms

Int32Array = npt.NDArray[np.int32]
IntArray = npt.NDArray[np.int64]

KINDS = {
    "binomial": families.BINOMIAL,
    "cloglog": families.CLOGLOG,
    "beta_binomial": families.BETA_BINOMIAL,
    "truncated": families.TRUNCATED,
    "categorical": families.CATEGORICAL,
    "ordinal": families.ORDINAL,
    "normal": families.NORMAL,
}


@dataclass(frozen=True)
class ResponseArrays:
    """In the order in which the kernel takes them.

    ``N`` rows, ``R`` responses, ``M`` linear predictors, ``G`` gathered effects, ``P`` covariates,
    ``C`` missing numbers, ``D`` missing yes-or-noes, ``Q`` nodes, ``E`` further parameters.
    """

    codes: Int32Array
    """(N, G) position of each gathered level among all levels."""
    label_start: IntArray
    """(N + 1,)."""
    labels: Int32Array
    label_weight: FloatArray
    covariates: FloatArray
    """(N, P), centred; zero where missing."""
    hole_start: IntArray
    """(N + 1,) where each row's missing numbers begin."""
    hole: Int32Array
    """(C,) which covariate."""
    flip_start: IntArray
    """(N + 1,) where each row's missing yes-or-noes begin."""
    flip: Int32Array
    """(D,) which covariate."""
    flip_low: FloatArray
    flip_high: FloatArray
    """(D,) what no and yes are after centring."""
    y: FloatArray
    """(N, R)."""
    size: FloatArray
    """(N, R) trials, exposure or known error; one where there is none."""
    seen: npt.NDArray[np.int8]
    """(N, R)."""
    kind: IntArray
    """(R,)."""
    column: IntArray
    """(R,) first linear predictor."""
    width: IntArray
    extra_start: IntArray
    """(R + 1,) where the further parameters of each response begin."""
    coupled: IntArray
    """(R,)."""
    turn: FloatArray
    """(R,) -1 where a higher linear predictor means less, else 1."""
    points: FloatArray
    """(N, Q), or (1, Q) where all rows have the same."""
    log_weights: FloatArray

    def in_order(self) -> tuple[npt.NDArray[np.generic], ...]:
        """Return the arrays in the order of the kernel's arguments."""
        return tuple(getattr(self, field.name) for field in fields(self))


def response_arrays(design: Design, terms: StackedTerms, nodes: int) -> ResponseArrays:
    """Lay out a design for the kernel.

    Parameters
    ----------
    design : Design
        With ``responses``.
    terms : StackedTerms
        The linear predictors.
    nodes : int
        Of the child effect; one without.
    """
    outcome, responses = design.outcome, design.responses
    holes, flips = _sides(design.fixed)
    rule = common_nodes(nodes)
    hole_start, hole, _ = cells(holes, design.rows)
    flip_start, flip, _ = cells(flips, design.rows)
    centres = np.zeros(0) if design.fixed is None else design.fixed.centres
    return ResponseArrays(
        codes=terms.codes,
        label_start=terms.label_start,
        labels=terms.labels,
        label_weight=terms.label_weight,
        covariates=terms.covariates,
        hole_start=hole_start,
        hole=hole.astype(np.int32),
        flip_start=flip_start,
        flip=flip.astype(np.int32),
        flip_low=-centres[flip] if len(flip) else np.zeros(0),
        flip_high=1.0 - centres[flip] if len(flip) else np.zeros(0),
        y=np.ascontiguousarray(outcome["y"], dtype=np.float64),
        size=np.ascontiguousarray(outcome["size"], dtype=np.float64),
        seen=np.ascontiguousarray(outcome["seen"], dtype=np.int8),
        kind=np.array([KINDS[r.kind] for r in responses], dtype=np.int64),
        column=np.array([r.column for r in responses], dtype=np.int64),
        width=np.array([r.width for r in responses], dtype=np.int64),
        extra_start=np.r_[0, np.cumsum([extras(r) for r in responses])].astype(np.int64),
        coupled=np.array([r.coupled for r in responses], dtype=np.int64),
        turn=np.array([-1.0 if r.turned else 1.0 for r in responses]),
        points=rule.points,
        log_weights=rule.log_weights,
    )


def extras(response: Response) -> int:
    """Return how many parameters a response has besides its linear predictors."""
    if response.kind == "ordinal":
        return len(response.categories) - 1
    return int(response.kind in {"beta_binomial", "truncated", "normal"})


def _sides(fixed: FixedMatrix | None) -> tuple[tuple[Hole, ...], tuple[Hole, ...]]:
    holes = fixed.holes if fixed is not None else ()
    return (
        tuple(hole for hole in holes if not hole.is_binary),
        tuple(hole for hole in holes if hole.is_binary),
    )


def cells(holes: tuple[Hole, ...], rows: int) -> tuple[IntArray, IntArray, IntArray]:
    """Return the missing cells row by row: where each row's begin, which covariate, which order.

    The order says from which place of the cells, hole after hole, each one comes.
    """
    row = np.concatenate([hole.rows for hole in holes]) if holes else np.zeros(0, np.int64)
    which = np.concatenate([np.full(len(h.rows), h.covariate) for h in holes] or [np.zeros(0)])
    order = np.argsort(row, kind="stable").astype(np.int64)
    start = np.searchsorted(row[order], np.arange(rows + 1)).astype(np.int64)
    return start, which[order].astype(np.int64), order


def constant(design: Design) -> float:
    """Return the part of the log-likelihood that depends on the data alone."""
    outcome, total = design.outcome, 0.0
    for j, response in enumerate(design.responses):
        seen = outcome["seen"][:, j] == 1
        y, size = outcome["y"][seen, j], outcome["size"][seen, j]
        if response.kind in {"binomial", "beta_binomial", "truncated"}:
            total += float(log_choose(y, size).sum())
        elif response.kind == "normal":
            total -= 0.5 * np.log(2.0 * np.pi) * int(seen.sum())
    return total


def log_choose(y: FloatArray, n: FloatArray) -> FloatArray:
    """Return the log of the binomial coefficient."""
    some = gammaln(n + 1.0) - gammaln(y + 1.0) - gammaln(n - y + 1.0)
    return np.asarray(some)
