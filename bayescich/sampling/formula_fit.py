"""``FormulaFit``: a sampled model of Bambi's with everything needed to read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayescich.design.formula import formula_of
from bayescich.model.draws import Draws, FloatArray
from bayescich.model.formula import GroupTerm, group_terms, house_names, renamed
from bayescich.sampling.fit import Fit
from bayescich.spec.formula import FormulaSpec
from bayescich.spec.model import ModelSpec
from bayescich.spec.priors import PriorSet

DRAWS = 2000
"""Draws from which estimates are made, spread over all chains."""


@dataclass(frozen=True)
class FormulaFit:
    """The twin of ``Fit`` for a model with a formula."""

    spec: ModelSpec
    priors: PriorSet
    """With the model's own overrides applied."""
    table: pd.DataFrame
    """The rows of the model, in Bambi's order."""
    model: Any
    """Bambi's model, built from that table."""
    tree: xr.DataTree
    """Groups ``posterior``, ``sample_stats`` and ``prior``, under the house's names."""
    cache: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(
        cls, spec: ModelSpec, priors: PriorSet, table: pd.DataFrame, model: Any, tree: xr.DataTree
    ) -> FormulaFit:
        """Take draws under Bambi's names."""
        names = house_names(model)
        groups = {
            str(name): renamed(child.to_dataset(), names) for name, child in tree.children.items()
        }
        return cls(spec, priors, table, model, xr.DataTree.from_dict(groups))

    @property
    def item(self) -> FormulaSpec:
        """The formula and what goes with it."""
        return formula_of(self.spec)

    @property
    def rows(self) -> int:
        """Rows of the model."""
        return len(self.table)

    @property
    def terms(self) -> tuple[GroupTerm, ...]:
        """The group-specific terms."""
        if "terms" not in self.cache:
            self.cache["terms"] = group_terms(self.model)
        terms: tuple[GroupTerm, ...] = self.cache["terms"]
        return terms

    @property
    def posterior(self) -> Draws:
        """Posterior draws, chains stacked and thinned to :data:`DRAWS`."""
        return self._draws("posterior")

    @property
    def prior(self) -> Draws:
        """Prior draws."""
        return self._draws("prior")

    def bambi_tree(self, draws: Draws) -> xr.DataTree:
        """Return draws as Bambi takes them: one chain, its own names, labels on each dimension."""
        like = self.tree["posterior"].to_dataset()
        variables = {
            name: (("chain", "draw", *like[name].dims[2:]), draws[name][None])
            for name in map(str, like.data_vars)
        }
        labels = {str(d): like[d].to_numpy() for d in like.dims if d not in {"chain", "draw"}}
        dataset = xr.Dataset(
            variables, labels | {"chain": np.arange(1), "draw": np.arange(draws.size)}
        )
        back = {new: old for old, new in house_names(self.model).items()}
        counts = xr.Dataset(
            {self.item.outcome: ("__obs__", self.table[self.item.outcome].to_numpy())},
            {"__obs__": np.arange(self.rows)},
        )
        groups = {"posterior": renamed(dataset, back), "observed_data": counts}
        return xr.DataTree.from_dict(groups)

    def probabilities(self, draws: Draws) -> FloatArray:
        """Return the probability of each row in each draw, shape (samples, rows)."""
        made = self.model.predict(self.bambi_tree(draws), inplace=False)
        return np.asarray(made["posterior"]["p"].to_numpy()[0])

    def _draws(self, group: str) -> Draws:
        if group not in self.cache:
            draws = Draws.from_dataset(self.tree[group].to_dataset()).thin(DRAWS)
            self.cache[group] = draws
        found: Draws = self.cache[group]
        return found


type AnyFit = Fit | FormulaFit
"""A sampled model, whichever engine built it."""
