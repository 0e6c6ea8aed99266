"""Partially pooled levels: homes, providers, authorities, years and home types.

``effect_j ~ Normal(0, sd)``; with ``zero_sum`` the levels sum to zero, so that their mean cannot
trade with the baseline. The home-type effect is this one with its own prior.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pymc as pm

from bayescich.design.core import Design, Factor
from bayescich.design.information import crude_levels
from bayescich.model.draws import Draws, FloatArray, Tensor
from bayescich.model.random_variables import random_variable
from bayescich.spec.model import Parametrisation
from bayescich.spec.priors import PriorSet

CENTRE_ABOVE = 20.0
"""Crude between-level variance, in sampling variances, above which ``auto`` centres an effect.

Well below it, centred levels form a funnel with their standard deviation: centred years that
hardly differed gave 26 divergences in 2,800 draws, non-centred ones none. Well above it, the
non-centred form is the slow one (docs/performance.md, section 2)."""

UNPOOLED_SD = 5.0
"""Scale of the flat prior that stands for "not pooled": Normal(0, 5²) on the log scale."""


@dataclass(frozen=True)
class GroupEffect:
    """Effects of the levels of one column, pooled by a standard deviation that is learnt.

    Examples
    --------
    >>> GroupEffect("home").variable, GroupEffect("home").sd_variable
    ('home_effect', 'home_sd')
    """

    column: str
    zero_sum: bool = False
    asked: Parametrisation = "auto"
    role: Literal["group", "home_type"] = "group"
    pooled: bool = True
    """False for the companion fit in which home types are estimated one by one."""

    @property
    def variable(self) -> str:
        """Name of the effects, dims: the column."""
        return f"{self.column}_effect"

    @property
    def sd_variable(self) -> str:
        """Name of their standard deviation."""
        return f"{self.column}_sd"

    def level_sd(self, draws: Draws) -> FloatArray:
        """Return the SD that one level has given the data of none, shape (samples,).

        With ``zero_sum`` it is smaller than the group's: K levels have K - 1 degrees of freedom.
        """
        sd = draws[self.sd_variable]
        levels = draws[self.variable].shape[1]
        return sd * np.sqrt(1.0 - 1.0 / levels) if self.zero_sum else sd

    def prior_roles(self) -> tuple[str, ...]:
        """Return the roles under which its prior is looked up, narrowest first."""
        return (f"{self.column}.sd", f"{self.role}.sd")

    def parametrisation(self, design: Design) -> Literal["centred", "noncentred"]:
        """Return what is used: as asked, or by how clearly the levels differ in the data."""
        if not self.pooled:
            return "centred"
        if self.asked != "auto":
            return self.asked
        signal = crude_levels(design, self._factor(design)).signal()
        return "centred" if signal >= CENTRE_ABOVE else "noncentred"

    def declare(self, design: Design, priors: PriorSet) -> Tensor:
        """Declare ``<column>_sd`` (when pooled) and ``<column>_effect``; return shape (rows,)."""
        sd = self._sd(priors)
        normal = pm.ZeroSumNormal if self.zero_sum else pm.Normal
        if self.parametrisation(design) == "centred":
            effect = normal(self.variable, sigma=sd, dims=self.column)
        else:
            offset = normal(f"{self.column}_offset", sigma=1.0, dims=self.column)
            effect = pm.Deterministic(self.variable, sd * offset, dims=self.column)
        return effect[self._factor(design).codes]

    def contribution(self, draws: Draws, design: Design) -> FloatArray:
        """Return shape (samples, rows)."""
        return draws[self.variable][:, self._factor(design).codes]

    def fresh(self, draws: Draws, rng: np.random.Generator) -> Draws:
        """Exchange every level for a new one: Normal(0, sd) of the same draw."""
        shape = draws[self.variable].shape
        new = draws[self.sd_variable][:, None] * rng.standard_normal(shape)
        return draws.replace(self.variable, new)

    def _sd(self, priors: PriorSet) -> Tensor | float:
        if not self.pooled:
            return UNPOOLED_SD
        return random_variable(self.sd_variable, priors.get(*self.prior_roles()))

    def _factor(self, design: Design) -> Factor:
        return design.factors[self.column]
