"""Maximum likelihood with the package's own likelihood: no prior, nothing sampled.

The spec is the one a user would write. What is maximised is the compiled operation that the
sampler calls, over baseline, coefficients and frailty, by Newton's method with exact slopes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize

from bayescich.design import Design, build_design
from bayescich.model import Draws, Structure, make_structure
from bayescich.model.hazard.operation import KINDS, kernel_of
from bayescich.spec import ModelSpec, load_model_spec

FloatArray = npt.NDArray[np.float64]
Slope = Callable[[FloatArray], FloatArray]

HERE = Path(__file__).parent
STEP = 1e-5
FRAILTY = {"gamma": "frailty_variance", "log_normal": "frailty_sd"}


@dataclass(frozen=True)
class Estimates:
    """A maximum of the likelihood; with competing routes every array has one column a route."""

    names: tuple[str, ...]
    coefficients: FloatArray
    """Shape (covariates, routes)."""
    errors: FloatArray
    baseline: FloatArray
    """Log hazard per year, shape (bands, routes)."""
    frailty: float
    """Variance of a gamma frailty, SD of a log-normal one; nan without."""
    log_likelihood: float
    structure: Structure
    design: Design

    def of(self, name: str, route: int = 0) -> tuple[float, float]:
        """Return a coefficient and its standard error."""
        place = self.names.index(name), route
        return float(self.coefficients[place]), float(self.errors[place])

    def draws(self) -> Draws:
        """Return the maximum as a single draw."""
        routes = bool(self.design.routes)
        values = {"baseline": self.baseline, "fixed": self.coefficients}
        single = {name: (v if routes else v[:, 0])[None] for name, v in values.items()}
        kind = self.structure.likelihood.family.kind
        return Draws(single | ({FRAILTY[kind]: np.array([self.frailty])} if kind else {}))


def anchor_spec(name: str, *, formula: str | None = None, **likelihood: Any) -> ModelSpec:
    """Return ``tests/anchors/<name>.yaml`` with fields of its likelihood exchanged.

    An empty ``formula`` leaves the covariates out.
    """
    spec, _ = load_model_spec(str(HERE / f"{name}.yaml"))
    content = spec.model_dump(exclude_unset=True)
    content["likelihood"] |= likelihood
    content.pop("priors", None)
    if formula is not None:
        content["effects"] = [{"kind": "fixed", "formula": formula}] if formula else []
    return ModelSpec.model_validate(content)


def maximise(table: pd.DataFrame, spec: ModelSpec) -> Estimates:
    """Maximise the likelihood of a hazard with covariates."""
    design, structure = build_design(table, spec), make_structure(spec)
    layouts = tuple(effect.layout(design) for effect in structure.effects)
    arrays = structure.likelihood.arrays(design, layouts)
    kind = structure.likelihood.family.kind
    covariates, routes = arrays.covariate_events.shape
    kernel, data = kernel_of(routes, KINDS[kind]), arrays.in_order()
    levels = np.zeros(arrays.level_events.shape)
    cut = covariates * routes

    def value_and_slope(point: FloatArray) -> tuple[float, FloatArray]:
        fixed = point[:cut].reshape(covariates, routes)
        baseline = point[cut:-1].reshape(arrays.band_events.shape)
        frailty = float(np.exp(point[-1]))
        value, _, *slopes, of_frailty = kernel(levels, fixed, baseline, frailty, *data)
        parts = [*(s.ravel() for s in slopes), np.array([of_frailty * frailty])]
        return -value, -np.concatenate(parts)

    rate = np.log((arrays.band_events.sum(axis=(0, 1)) + 0.5) / design.outcome["exposure"].sum())
    level = np.broadcast_to(rate, arrays.band_events.shape).ravel()
    best, errors = _newton(value_and_slope, np.r_[np.zeros(cut), level, np.log(0.5)], kind is None)
    return Estimates(
        design.fixed.names if design.fixed else (),
        best[:cut].reshape(covariates, routes),
        errors[:cut].reshape(covariates, routes),
        best[cut:-1].reshape(arrays.band_events.shape)[0],
        float(np.exp(best[-1])) if kind else np.nan,
        -value_and_slope(best)[0],
        structure,
        design,
    )


def _newton(
    value_and_slope: Callable[[FloatArray], tuple[float, FloatArray]],
    start: FloatArray,
    last_is_fixed: bool,
) -> tuple[FloatArray, FloatArray]:
    """Return the minimum and the errors of its coordinates."""
    free = slice(None, -1 if last_is_fixed else None)

    def whole(point: FloatArray) -> FloatArray:
        return np.r_[point, start[-1:]] if last_is_fixed else point

    def of_free(point: FloatArray) -> tuple[float, FloatArray]:
        value, slope = value_and_slope(whole(point))
        return value, slope[free]

    def curvature(point: FloatArray) -> FloatArray:
        units = STEP * np.eye(len(point))
        rows = [of_free(point + u)[1] - of_free(point - u)[1] for u in units]
        matrix = np.array(rows) / (2 * STEP)
        return 0.5 * (matrix + matrix.T)

    found = minimize(
        of_free, start[free], jac=True, hess=curvature, method="trust-exact",
        options={"gtol": 1e-6, "initial_trust_radius": 1.0, "max_trust_radius": 5.0},
    )  # fmt: skip
    assert np.abs(found.jac).max() < 1e-3, found.message
    errors = np.sqrt(np.diag(np.linalg.inv(curvature(found.x))))
    return whole(found.x), np.r_[errors, np.nan] if last_is_fixed else errors


def event_times(table: pd.DataFrame, event: str = "event", time: str = "time") -> list[float]:
    """Cuts at every event time but the last: with them the likelihood is nearly Cox's."""
    return np.unique(table.loc[table[event] == 1, time].to_numpy(np.float64))[:-1].tolist()


def event_quantiles(table: pd.DataFrame, bands: int) -> list[float]:
    """Cuts that share the events about equally, rounded up to a whole day."""
    ended = table.loc[table["event"] == 1, "time"].to_numpy(np.float64)
    shares = np.arange(1, bands) / bands
    return np.unique(np.ceil(np.quantile(ended, shares))).tolist()
