"""Covariates: one coefficient each, in the covariate's own unit.

With competing routes a covariate's coefficients are drawn towards their mean over the routes,

    β_m ~ Normal(β̄, (σ_β / s)²),

with s the standard deviation of the covariate (1 if it is a yes or no), so that rare routes borrow
from common ones. The parts of an outcome (any points; how many) have coefficients of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayescich.design.core import Design, FixedMatrix
from bayescich.model.draws import Draws, FloatArray, Tensor, outside
from bayescich.model.information import Information, Informed, Known, Location, Rotated
from bayescich.model.random_variables import random_variable
from bayescich.model.terms import Covaried
from bayescich.spec.priors import PriorSet


@dataclass(frozen=True)
class FixedEffect:
    """``x'β`` with covariates centred; the prior is per standard deviation (per step if yes/no)."""

    variable: str = "fixed"
    zero_sum: bool = False

    def layout(self, design: Design) -> Covaried:
        """Return the covariates."""
        return Covaried(_matrix(design).values)

    def coords(self, design: Design) -> dict[str, tuple[str, ...]]:
        """Return the names of the covariates."""
        return {"covariate": _matrix(design).names}

    def rough_sd(self, design: Design) -> FloatArray:
        """Return half of a step or standard deviation."""
        return 0.5 / _matrix(design).scales

    def declare(self, design: Design, priors: PriorSet, information: Known | None) -> Tensor:
        """Declare ``fixed`` (dims: covariate, and route)."""
        matrix = _matrix(design)
        means, sds = _prior_scales(matrix, priors)
        located = information if isinstance(information, Location) else None
        spreads = outside(sds)
        if not design.routes:
            centre = Rotated.mean(means, located, sds) if located else outside(means)
            return pm.Normal(
                self.variable, centre, spreads, dims="covariate", default_transform=None,
                transform=Rotated() if located else None,
            )  # fmt: skip
        if design.responses:
            return self._by_part(design, means, sds, located)
        about = Rotated.around(means, located, sds, matrix.scales) if located else outside(means)
        mean = pm.Normal(
            f"{self.variable}_mean", about, spreads, dims="covariate", default_transform=None,
            transform=Rotated() if located else None,
        )  # fmt: skip
        spread = random_variable(f"{self.variable}_route_sd", priors.get("fixed.route_sd"))
        dims, shape = ("covariate", "route"), (len(matrix.names), len(design.routes))
        known = located.apart() if located else Information.none(shape)
        # what the data say of a route is about the sum: mean and departure
        risen = mean - outside(located.middle()) if located else outside(means) * 0.0
        apart = pm.Normal(
            f"{self.variable}_apart_offset",
            Informed.mean(known, risen[:, None] * outside(np.ones(shape))),
            spread * outside(np.ones(shape) / matrix.scales[:, None]), dims=dims,
            default_transform=None, transform=Informed(),
        )  # fmt: skip
        return pm.Deterministic(self.variable, mean[:, None] + apart, dims=dims)

    def _by_part(
        self, design: Design, means: FloatArray, sds: FloatArray, located: Location | None
    ) -> Tensor:
        """Declare the coefficients of each part of an outcome: they have nothing in common."""
        each = []
        for place in range(len(design.routes)):
            own = located.of(place) if located else None
            each.append(
                pm.Normal(
                    f"{self.variable}_{place}_offset",
                    Rotated.mean(means, own, sds) if own else outside(means), outside(sds),
                    shape=len(means), default_transform=None,
                    transform=Rotated() if own else None,
                )
            )  # fmt: skip
        together = pt.stack(each, axis=1)
        return pm.Deterministic(self.variable, together, dims=("covariate", "route"))

    def values(self, draws: Draws) -> FloatArray:
        """Return the coefficients."""
        return draws[self.variable]

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
