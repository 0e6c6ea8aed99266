"""A quick penalised fit of responses: what the data say about each level, and where to start.

As :mod:`bayescich.model.hazard.pilot`, it decides nothing but the geometry of sampling. How much
each row says of its linear predictors is taken from the slope of its own log-likelihood.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from bayescich.design.core import Design
from bayescich.model.draws import FloatArray
from bayescich.model.information import Information, Known, Location
from bayescich.model.pilot import Pilot, stacked_sds, values_of
from bayescich.model.response.arrays import ResponseArrays
from bayescich.model.response.operation import kernel_of
from bayescich.model.response.quadrature import Nodes, common_nodes, from_slopes, own_nodes
from bayescich.model.terms import Covaried, Gathered, Layout

MOST_STEPS = 150
_ROUGH_DISPERSION = 2.3
_STEP = 0.05
"""Of the difference from which the curvature of each row is taken."""
_LEAST = 1e-8
_ROUGH_NODES = 11
_ROUGH_LOADING = 0.3
_LOADING_STEPS = 40


def pilot_fit(
    arrays: ResponseArrays,
    layouts: tuple[Layout, ...],
    rough_sds: tuple[FloatArray, ...],
    design: Design,
    nodes: int = 1,
) -> Pilot:
    """Maximise the penalised likelihood.

    Parameters
    ----------
    arrays : ResponseArrays
        Without child effects.
    layouts : tuple of Layout
        Of the effects, in the order in which they were stacked.
    rough_sds : tuple of array
        About how large the values of each effect are.
    design : Design
    nodes : int
        Of the child effect; one without.
    """
    columns = max(len(design.routes), 1)
    objective = _Objective(arrays, layouts, rough_sds, columns, design)
    found = minimize(
        objective, np.zeros(objective.size), jac=True, method="L-BFGS-B",
        options={"maxiter": MOST_STEPS, "maxcor": 20, "ftol": 1e-9},
    )  # fmt: skip
    levels, slopes, extra = objective.parts(found.x)
    weights = objective.curvature(levels, slopes, extra)
    score = objective.kernel_at(levels, slopes, extra)[1]
    known = _known(levels, slopes, score, layouts, weights)
    placed = _placed(objective, (levels, slopes, extra), nodes) if nodes > 1 else None
    return Pilot(known, values_of((levels, slopes), layouts), weights, nodes=placed)


def _placed(
    objective: _Objective, point: tuple[FloatArray, FloatArray, FloatArray], nodes: int
) -> Nodes:
    """Return nodes around each child's effect, with loadings found by a fit of their own."""
    levels, slopes, extra = point
    loading, offset, whole = objective.loadings(levels, slopes, extra)

    def slope_at(child: float) -> FloatArray:
        in_rows = objective.kernel_at(levels, slopes, whole, offset + child * loading)[9]
        return np.asarray(in_rows @ loading)

    return own_nodes(from_slopes(slope_at), nodes)


class _Objective:
    """The penalised log-likelihood, in steps of rough standard deviations."""

    def __init__(
        self,
        arrays: ResponseArrays,
        layouts: tuple[Layout, ...],
        rough_sds: tuple[FloatArray, ...],
        columns: int,
        design: Design,
    ) -> None:
        self.kernel = kernel_of(columns)
        self.columns = columns
        self.level_sd, self.slope_sd = stacked_sds(layouts, rough_sds)
        self.shapes = (len(self.level_sd), columns), (len(self.slope_sd), columns)
        self.start, self.free = _extras(design)
        self.data = arrays.in_order()
        self.rest = (
            np.zeros(columns), np.zeros(len(arrays.kind)), np.zeros(len(arrays.hole)),
            np.zeros(len(arrays.flip)),
        )  # fmt: skip
        self.size = sum(int(np.prod(shape)) for shape in self.shapes) + len(self.free)

    def parts(self, z: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return levels, slopes and further parameters at a point."""
        cuts = np.cumsum([int(np.prod(shape)) for shape in self.shapes])
        levels, slopes, extra = np.split(z, cuts)
        whole = self.start.copy()
        whole[self.free] += extra
        return (
            levels.reshape(self.shapes[0]) * self.level_sd,
            slopes.reshape(self.shapes[1]) * self.slope_sd,
            whole,
        )

    def kernel_at(
        self,
        levels: FloatArray,
        slopes: FloatArray,
        extra: FloatArray,
        offset: FloatArray | None = None,
    ) -> tuple[FloatArray, ...]:
        """Return the log-likelihood and its gradient."""
        none, coupling, filled, chance = self.rest
        moved = none if offset is None else offset
        found: tuple[FloatArray, ...] = self.kernel(
            np.ascontiguousarray(levels), np.ascontiguousarray(slopes), moved, none, coupling,
            extra, filled, chance, *self.data,
        )  # fmt: skip
        return found

    def __call__(self, z: FloatArray) -> tuple[float, FloatArray]:
        """Return minus the penalised log-likelihood and its gradient."""
        levels, slopes, extra = self.parts(z)
        found = self.kernel_at(levels, slopes, extra)
        value = float(found[0]) - 0.5 * float(z @ z)
        gradient = np.concatenate(
            [
                (found[1] * self.level_sd).ravel(),
                (found[2] * self.slope_sd).ravel(),
                found[6][self.free],
            ]
        )
        return -value, -(gradient - z)

    def loadings(
        self, levels: FloatArray, slopes: FloatArray, extra: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return loadings on the child effect, offsets and further parameters, by a quick fit.

        What levels and covariates do stays as it is.
        """
        *data, _, _ = self.data
        rule = common_nodes(_ROUGH_NODES)
        _, coupling, filled, chance = self.rest
        columns = self.columns

        def objective(z: FloatArray) -> tuple[float, FloatArray]:
            loading, offset = z[:columns], z[columns : 2 * columns]
            whole = extra.copy()
            whole[self.free] += z[2 * columns :]
            found = self.kernel(
                levels, slopes, offset, loading, coupling, whole, filled, chance, *data,
                rule.points, rule.log_weights,
            )  # fmt: skip
            gradient = np.concatenate([found[4], found[3], found[6][self.free]])
            return -float(found[0]) + 0.5 * float(z @ z), z - gradient

        start = np.r_[np.full(columns, _ROUGH_LOADING), np.zeros(columns + len(self.free))]
        z = minimize(
            objective, start, jac=True, method="L-BFGS-B", options={"maxiter": _LOADING_STEPS}
        ).x
        whole = extra.copy()
        whole[self.free] += z[2 * columns :]
        return z[:columns], z[columns : 2 * columns], whole

    def curvature(self, levels: FloatArray, slopes: FloatArray, extra: FloatArray) -> FloatArray:
        """Return how much each row says of each linear predictor, (rows, columns)."""
        found = []
        for m in range(self.columns):
            step = np.zeros(self.columns)
            step[m] = _STEP
            above = self.kernel_at(levels, slopes, extra, step)[9][:, m]
            below = self.kernel_at(levels, slopes, extra, -step)[9][:, m]
            found.append(np.maximum((below - above) / (2.0 * _STEP), 0.0))
        return np.stack(found, axis=1)


def _extras(design: Design) -> tuple[FloatArray, FloatArray]:
    """Return where the further parameters start, and which are free to move."""
    start: list[float] = []
    free: list[int] = []
    for place, response in enumerate(design.responses):
        seen = design.outcome["seen"][:, place] == 1
        y = design.outcome["y"][seen, place]
        if response.kind in {"beta_binomial", "truncated"}:
            free.append(len(start))
            start.append(_ROUGH_DISPERSION)
        elif response.kind == "normal":
            if not response.known_sd:
                free.append(len(start))
            start.append(0.0 if response.known_sd else float(np.log(np.std(y) + _LEAST)))
        elif response.kind == "ordinal":
            count = np.bincount(y.astype(int), minlength=len(response.categories))
            share = (np.cumsum(count)[:-1] + 0.5) / (len(y) + 1.0)
            start += list(np.log(share / (1.0 - share)))
    return np.array(start, dtype=np.float64), np.array(free, dtype=np.int64)


def _known(
    levels: FloatArray,
    slopes: FloatArray,
    score: FloatArray,
    layouts: tuple[Layout, ...],
    weights: FloatArray,
) -> tuple[Known, ...]:
    found: list[Known] = []
    offset, column = 0, 0
    for layout in layouts:
        if isinstance(layout, Covaried):
            own = slice(column, column + layout.size)
            column += layout.size
            precision = np.stack([(layout.values.T * w) @ layout.values for w in weights.T])
            found.append(Location(slopes[own], precision))
            continue
        own = slice(offset, offset + layout.size)
        offset += layout.size
        if isinstance(layout, Gathered):
            precision = layout.sums(weights)
        else:
            precision = np.asarray(layout.matrix().power(2).T @ weights)
        some = precision > _LEAST
        step = np.where(some, score[own], 0.0) / np.where(some, precision, 1.0)
        found.append(Information(np.where(some, levels[own] + step, 0.0), precision))
    return tuple(found)
