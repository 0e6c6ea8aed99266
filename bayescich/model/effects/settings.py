"""Where else a child lived: the effect of each setting against the reference (fostering).

    ξ_s ~ Normal(0, prior SD²),      ξ_reference = 0,

each weighed by the part of the window spent there. That of children's homes is the level around
which home types sum to zero, so ``ξ_home + θ_h`` compares type h with fostering.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pymc as pm
from scipy import sparse

from bayescich.design.core import Design, LabelMatrix, Membership
from bayescich.model.draws import Draws, FloatArray, Tensor
from bayescich.model.effects.recency import (
    VARIABLE,
    at_nodes,
    basis,
    declare_basis,
    is_recent,
    spread,
    spread_draws,
)
from bayescich.model.information import Known
from bayescich.model.terms import Labelled, labelled
from bayescich.spec.priors import PriorSet


@dataclass(frozen=True)
class SettingsEffect:
    """Effects of settings, the reference being nought."""

    column: str = "setting"
    reference: str = "foster"
    homes: str = "home"
    zero_sum: bool = False

    @property
    def variable(self) -> str:
        """Name of the effects, dims: the column (and route)."""
        return f"{self.column}_effect"

    def levels(self, design: Design) -> tuple[str, ...]:
        """Return the settings that have an effect."""
        return tuple(x for x in self.factor(design).levels if x != self.reference)

    def factor(self, design: Design) -> Membership:
        """Return all settings."""
        found = design.factors[self.column]
        assert isinstance(found, Membership), "settings are lived in by parts"
        return found

    def layout(self, design: Design) -> Labelled:
        """Return the part of its window each row lived in each setting."""
        factor = self.factor(design)
        if factor.at_nodes:
            return at_nodes(tuple(self._others(design, labels) for labels in factor.at_nodes))
        return labelled(self._others(design, factor.labels))

    def _others(self, design: Design, labels: LabelMatrix) -> LabelMatrix:
        """Return the labels without the reference."""
        levels, names = self.levels(design), labels.names
        chosen = [names.index(x) for x in levels]
        some = sparse.csr_array(labels.matrix()[:, chosen])
        some.sort_indices()
        start, which = some.indptr.astype(np.int64), some.indices.astype(np.int64)
        return LabelMatrix(levels, start, which, some.data)

    def coords(self, design: Design) -> dict[str, tuple[str, ...]]:
        """Return the settings that have an effect."""
        return {self.column: self.levels(design)}

    def rough_sd(self, design: Design) -> FloatArray:
        """Return a half for each setting."""
        return np.full(len(self.levels(design)), 0.5)

    def declare(self, design: Design, priors: PriorSet, information: Known | None) -> Tensor:
        """Declare ``<column>_effect``."""
        prior = priors.get("setting").parameters()
        dims = (self.column, *(("route",) if design.routes else ()))
        values = pm.Normal(self.variable, prior["mean"], prior["sd"], dims=dims)
        return spread(values, declare_basis(priors)) if is_recent(design, self.column) else values

    def values(self, draws: Draws) -> FloatArray:
        """Return the effects; at every node, where the weights of stays are learnt."""
        found = draws[self.variable]
        return spread_draws(found, basis(draws)) if VARIABLE in draws else found

    def fresh(self, draws: Draws, rng: np.random.Generator) -> Draws:
        """Return the draws: settings are a fixed set."""
        return draws
