"""The level of the linear predictor, for likelihoods without a baseline of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayescich.design.core import Design
from bayescich.model.draws import Draws, FloatArray, Tensor
from bayescich.model.information import Known
from bayescich.model.random_variables import random_variable
from bayescich.model.terms import Gathered
from bayescich.spec.priors import PriorSet


@dataclass(frozen=True)
class InterceptEffect:
    """One number added to every row."""

    variable: str = "intercept"
    zero_sum: bool = False

    def layout(self, design: Design) -> Gathered:
        """Return the same level for every row."""
        return Gathered(np.zeros(design.rows, dtype=np.int64), 1)

    def coords(self, design: Design) -> dict[str, tuple[str, ...]]:
        """Return nothing: it is a scalar."""
        return {}

    def rough_sd(self, design: Design) -> FloatArray:
        """Return a wide scale."""
        return np.array([10.0])

    def declare(self, design: Design, priors: PriorSet, information: Known | None) -> Tensor:
        """Declare ``intercept``; shape (1,)."""
        return random_variable(self.variable, priors.get("intercept"))[None]

    def values(self, draws: Draws) -> FloatArray:
        """Return shape (samples, 1)."""
        return draws[self.variable][:, None]

    def fresh(self, draws: Draws, rng: np.random.Generator) -> Draws:
        """Return the draws: an intercept has no levels."""
        return draws
