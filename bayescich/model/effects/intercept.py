"""The level of the linear predictor, for likelihoods without a baseline of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytensor.tensor as pt

from bayescich.design.core import Design
from bayescich.model.draws import Draws, FloatArray, Tensor
from bayescich.model.random_variables import random_variable
from bayescich.spec.priors import PriorSet


@dataclass(frozen=True)
class InterceptEffect:
    """One number added to every row."""

    variable: str = "intercept"

    def declare(self, design: Design, priors: PriorSet) -> Tensor:
        """Declare ``intercept``; shape (rows,)."""
        intercept = random_variable(self.variable, priors.get("intercept"))
        return intercept * pt.ones(design.rows)

    def contribution(self, draws: Draws, design: Design) -> FloatArray:
        """Return shape (samples, rows)."""
        return np.repeat(draws[self.variable][:, None], design.rows, axis=1)

    def fresh(self, draws: Draws, rng: np.random.Generator) -> Draws:
        """Return the draws: an intercept has no levels."""
        return draws
