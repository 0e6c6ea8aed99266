"""A smooth effect of an ordered column: a random walk over its levels that sums to zero.

Of order 1 the steps are small, ``f_k - f_(k-1) ~ Normal(0, sd²)``; of order 2 the *changes* of
the steps are, ``Normal(0, (sd / K)²)`` over K levels so that the whole walk is about as wide, and
a straight line costs nothing (its slope has the prior of a covariate, per standard deviation of
the level's number).

References
----------
Rue & Held (2005), Gaussian Markov Random Fields, chapter 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pymc as pm

from bayescich.design.core import Design, Factor
from bayescich.model.draws import Draws, FloatArray, Tensor, outside, product
from bayescich.model.effects.baseline import cumulative
from bayescich.model.information import Known
from bayescich.model.random_variables import random_variable
from bayescich.model.terms import Gathered
from bayescich.spec.priors import PriorSet


@dataclass(frozen=True)
class WalkEffect:
    """Effects of years or ages, each like its neighbours."""

    column: str
    order: int = 1
    zero_sum: bool = True

    @property
    def variable(self) -> str:
        """Name of the effects, dims: the column (and route)."""
        return f"{self.column}_effect"

    def layout(self, design: Design) -> Gathered:
        """Return each row's level."""
        factor = self._factor(design)
        return Gathered(factor.codes, factor.size)

    def coords(self, design: Design) -> dict[str, tuple[str, ...]]:
        """Return the levels in their order."""
        return {self.column: self._factor(design).levels}

    def rough_sd(self, design: Design) -> FloatArray:
        """Return a fifth for each level."""
        return np.full(self._factor(design).size, 0.2)

    def declare(self, design: Design, priors: PriorSet, information: Known | None) -> Tensor:
        """Declare ``<column>_step_sd`` and ``<column>_effect``; return the levels."""
        levels, routes = self._factor(design).size, len(design.routes)
        role = priors.get(f"{self.column}.step_sd", "walk.step_sd")
        shape = (levels - self.order, routes) if routes else (levels - self.order,)
        step_sd = random_variable(f"{self.column}_step_sd", role, dims="route" if routes else None)
        offset = pm.Normal(f"{self.column}_offset", 0.0, 1.0, shape=shape)
        # from steps (or their changes) to levels that sum to zero: one product with a matrix
        walk = cumulative(levels - self.order)
        whole = walk if self.order == 1 else cumulative(levels - 1) @ walk / levels
        effect = product(whole - whole.mean(axis=0), step_sd * offset)
        dims = (self.column, "route") if routes else self.column
        if self.order == 2:
            effect = effect + self._line(design, priors, levels)
        return pm.Deterministic(self.variable, effect, dims=dims)

    def _line(self, design: Design, priors: PriorSet, levels: int) -> Tensor:
        prior = priors.get(f"fixed.{self.column}", "fixed").parameters()
        route = "route" if design.routes else None
        slope = pm.Normal(f"{self.column}_slope", prior["mean"], prior["sd"], dims=route)
        line = outside(standardised_position(levels))
        return line[:, None] * slope if design.routes else line * slope

    def values(self, draws: Draws) -> FloatArray:
        """Return the levels."""
        return draws[self.variable]

    def fresh(self, draws: Draws, rng: np.random.Generator) -> Draws:
        """Return the draws: there is no new year of the same population."""
        return draws

    def _factor(self, design: Design) -> Factor:
        return design.factor(self.column)


def standardised_position(levels: int) -> FloatArray:
    """Return the numbers of the levels with mean 0 and standard deviation 1.

    Examples
    --------
    >>> standardised_position(3).round(3).tolist()
    [-1.225, 0.0, 1.225]
    """
    position = np.arange(levels) - (levels - 1) / 2.0
    return np.asarray(position / position.std())
