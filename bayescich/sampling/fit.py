"""``Fit``: what sampling hands to checks and estimates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd
import xarray as xr

from bayescich.design.core import Design
from bayescich.model.build import Structure
from bayescich.model.draws import Draws
from bayescich.spec.model import ModelSpec
from bayescich.spec.priors import PriorSet


@dataclass(frozen=True)
class Fit:
    """A sampled model with everything needed to read it."""

    spec: ModelSpec
    priors: PriorSet
    """With the model's own overrides applied."""
    table: pd.DataFrame
    """The analysis table, in its own row order (``design`` is sorted by unit)."""
    design: Design
    structure: Structure
    tree: xr.DataTree
    """Groups ``posterior``, ``sample_stats`` and ``prior``."""
    unpooled: xr.DataTree | None = None
    """The companion fit with home types not pooled (Normal(0, 5²)), when there are home types."""
    companions: Mapping[str, Fit] = field(default_factory=dict)
    """The same model asked in other ways (:mod:`bayescich.spec.variants`), by name."""
    cache: dict[str, Draws] = field(default_factory=dict, repr=False, compare=False)

    @property
    def rows(self) -> int:
        """Rows of the design."""
        return self.design.rows

    @property
    def posterior(self) -> Draws:
        """Posterior draws, chains stacked."""
        return self._draws("posterior")

    @property
    def prior(self) -> Draws:
        """Prior draws."""
        return self._draws("prior")

    def _draws(self, group: str) -> Draws:
        if group not in self.cache:
            self.cache[group] = Draws.from_dataset(self.tree[group].to_dataset())
        return self.cache[group]
