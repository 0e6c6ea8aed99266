"""Covariates: one coefficient each, in the covariate's own unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayescich.design.core import Design, FixedMatrix
from bayescich.model.draws import Draws, FloatArray, Tensor
from bayescich.spec.priors import PriorSet


@dataclass(frozen=True)
class FixedEffect:
    """``x'β`` with covariates centred; the prior is per standard deviation (per step if yes/no)."""

    variable: str = "fixed"

    def declare(self, design: Design, priors: PriorSet) -> Tensor:
        """Declare ``fixed`` (dims: covariate); return shape (rows,)."""
        matrix = _matrix(design)
        means, sds = _prior_scales(matrix, priors)
        coefficients = pm.Normal(self.variable, means, sds, dims="covariate")
        return pt.dot(pt.constant(matrix.values), coefficients)

    def contribution(self, draws: Draws, design: Design) -> FloatArray:
        """Return shape (samples, rows)."""
        return draws[self.variable] @ _matrix(design).values.T

    def fresh(self, draws: Draws, rng: np.random.Generator) -> Draws:
        """Return the draws: coefficients have no levels."""
        return draws


def _matrix(design: Design) -> FixedMatrix:
    assert design.fixed is not None, "a fixed effect is only made for a design with covariates"
    return design.fixed


def _prior_scales(matrix: FixedMatrix, priors: PriorSet) -> tuple[FloatArray, FloatArray]:
    chosen = [priors.get(f"fixed.{name}", "fixed").parameters() for name in matrix.names]
    means = np.array([p["mean"] for p in chosen]) / matrix.scales
    sds = np.array([p["sd"] for p in chosen]) / matrix.scales
    return means, sds
