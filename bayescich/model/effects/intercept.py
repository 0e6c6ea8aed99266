"""The level of the linear predictor, for likelihoods without a baseline of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pymc as pm

from bayescich.design.core import Design
from bayescich.model.draws import Draws, FloatArray, Tensor
from bayescich.model.information import Known, Moved
from bayescich.model.random_variables import random_variable
from bayescich.model.terms import Gathered
from bayescich.spec.priors import Prior, PriorSet


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

    def declare(
        self,
        design: Design,
        priors: PriorSet,
        information: Known | None,
        average: Tensor | None = None,
    ) -> Tensor:
        """Declare ``intercept``, one for each part of an outcome; shape (1,) or (1, routes).

        ``average`` is what the other effects make in the average row: there the level is well
        known, so that is what is sampled.
        """
        dims = "route" if design.routes else None
        thresholds = _with_thresholds(design)
        name = f"{self.variable}_offset" if thresholds else self.variable
        level = _level(name, design, priors.get("intercept"), average)
        if not thresholds:
            return level[None]
        # thresholds are the level of ordered categories
        return pm.Deterministic(self.variable, level * _has_level(design), dims=dims)[None]

    def values(self, draws: Draws) -> FloatArray:
        """Return shape (samples, 1) or (samples, 1, routes)."""
        return draws[self.variable][:, None]

    def fresh(self, draws: Draws, rng: np.random.Generator) -> Draws:
        """Return the draws: an intercept has no levels."""
        return draws


def _level(name: str, design: Design, prior: Prior, average: Tensor | None) -> Tensor:
    dims = "route" if design.routes else None
    if average is None or prior.distribution != "normal":
        return random_variable(name, prior, dims=dims)
    belief = prior.parameters()
    mean = np.full(len(design.routes), belief["mean"]) if dims else np.array(belief["mean"])
    return pm.Normal(
        name, Moved.mean(mean, average), belief["sd"], dims=dims, default_transform=None,
        transform=Moved(),
    )  # fmt: skip


def _with_thresholds(design: Design) -> bool:
    return any(response.kind == "ordinal" for response in design.responses)


def _has_level(design: Design) -> FloatArray:
    level = np.ones(len(design.routes))
    for response in design.responses:
        if response.kind == "ordinal":
            level[response.column] = 0.0
    return level
