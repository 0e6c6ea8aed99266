"""Needs: a child may have several, and they act alike within a family of needs.

    needs      b_n ~ Normal(mean of its family, sd²)
    type need  γ_nh ~ Normal(0, sd²), summing to zero over the home types of each need
    matching   κ_n ~ Normal(κ̄, sd²): the child has need n and the home says it meets it

``type need`` is what a need does in one type *beyond* what it does in all: for whom a type works.
``κ̄`` is what it does on average that a home says it meets what the child needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pymc as pm

from bayescich.design.core import Design
from bayescich.model.draws import Draws, FloatArray, Tensor
from bayescich.model.information import Information, Informed, Known
from bayescich.model.random_variables import random_variable
from bayescich.model.terms import Labelled, labelled
from bayescich.spec.priors import PriorSet

ALONE = "all"
"""Family of a need that is in no family."""


@dataclass(frozen=True)
class NeedsEffect:
    """Effects of needs, pooled within families."""

    name: str = "need"
    families: Mapping[str, str] = field(default_factory=dict)
    """Family of each need."""
    zero_sum: bool = False

    @property
    def variable(self) -> str:
        """Name of the effects, dims: the name (and route)."""
        return f"{self.name}_effect"

    def layout(self, design: Design) -> Labelled:
        """Return each row's needs."""
        return labelled(design.labels[self.name])

    def coords(self, design: Design) -> dict[str, tuple[str, ...]]:
        """Return needs and families."""
        names = design.labels[self.name].names
        return {self.name: names, f"{self.name}_family": self._families(names)[0]}

    def rough_sd(self, design: Design) -> FloatArray:
        """Return a third for each need."""
        return np.full(len(design.labels[self.name].names), 0.3)

    def declare(self, design: Design, priors: PriorSet, information: Known | None) -> Tensor:
        """Declare family means, ``<name>_sd`` and ``<name>_effect``; return the effects."""
        names = design.labels[self.name].names
        _, family = self._families(names)
        prior = priors.get("needs.mean").parameters()
        route = ("route",) if design.routes else ()
        mean = pm.Normal(
            f"{self.name}_family_mean", prior["mean"], prior["sd"],
            dims=(f"{self.name}_family", *route),
        )  # fmt: skip
        sd = random_variable(
            f"{self.name}_sd", priors.get(f"{self.name}.sd", "needs.sd"), dims=route or None
        )
        around = mean[family]
        return pm.Deterministic(
            self.variable,
            around + _departures(self.name, around, sd, information, design, (self.name, *route)),
            dims=(self.name, *route),
        )

    def values(self, draws: Draws) -> FloatArray:
        """Return the effects."""
        return draws[self.variable]

    def fresh(self, draws: Draws, rng: np.random.Generator) -> Draws:
        """Return the draws: needs are a fixed set."""
        return draws

    def _families(self, needs: tuple[str, ...]) -> tuple[tuple[str, ...], FloatArray]:
        of_each = [self.families.get(need, ALONE) for need in needs]
        known = tuple(dict.fromkeys(of_each))
        return known, np.array([known.index(family) for family in of_each])


@dataclass(frozen=True)
class TypeNeedEffect:
    """What each need does in each home type beyond all others."""

    column: str = "home_type"
    variable: str = "type_need_effect"
    zero_sum: bool = True

    def layout(self, design: Design) -> Labelled:
        """Return each row's needs in the type of its home; types within needs."""
        return labelled(design.labels["type_need"])

    def coords(self, design: Design) -> dict[str, tuple[str, ...]]:
        """Return needs and types."""
        types = design.factors[self.column].levels
        names = design.labels["type_need"].names
        needs = tuple(dict.fromkeys(name.rpartition("|")[0] for name in names))
        return {"crossed_need": needs, self.column: types}

    def rough_sd(self, design: Design) -> FloatArray:
        """Return a fifth for each need in each type."""
        return np.full(len(design.labels["type_need"].names), 0.2)

    def declare(self, design: Design, priors: PriorSet, information: Known | None) -> Tensor:
        """Declare ``type_need_sd`` and ``type_need_effect`` (need, home type, and route)."""
        needs, types = (len(labels) for labels in self.coords(design).values())
        routes = len(design.routes)
        dims = (*(("route",) if routes else ()), "crossed_need", self.column)
        sd = random_variable(
            "type_need_sd", priors.get("type_need.sd"), dims="route" if routes else None
        )
        offset = pm.ZeroSumNormal("type_need_offset", sigma=1.0, dims=dims)
        if not routes:
            effect = pm.Deterministic(self.variable, sd * offset, dims=dims)
            return effect.reshape((needs * types,))
        by_route = (sd[:, None, None] * offset).transpose(1, 2, 0)
        effect = pm.Deterministic(self.variable, by_route, dims=(*dims[1:], "route"))
        return effect.reshape((needs * types, routes))

    def values(self, draws: Draws) -> FloatArray:
        """Return the effects, needs and types as one axis."""
        array = draws[self.variable]
        return array.reshape(array.shape[0], -1, *array.shape[3:])

    def fresh(self, draws: Draws, rng: np.random.Generator) -> Draws:
        """Return the draws: needs and types are fixed sets."""
        return draws


@dataclass(frozen=True)
class MatchingEffect:
    """What it does that a home says it meets a need the child has."""

    variable: str = "matching_effect"
    zero_sum: bool = False

    def layout(self, design: Design) -> Labelled:
        """Return each row's matched needs."""
        return labelled(design.labels["matching"])

    def coords(self, design: Design) -> dict[str, tuple[str, ...]]:
        """Return the needs that can be matched."""
        return {"matched_need": design.labels["matching"].names}

    def rough_sd(self, design: Design) -> FloatArray:
        """Return a third for each need."""
        return np.full(len(design.labels["matching"].names), 0.3)

    def declare(self, design: Design, priors: PriorSet, information: Known | None) -> Tensor:
        """Declare ``matching_mean``, ``matching_sd`` and ``matching_effect``."""
        route = ("route",) if design.routes else ()
        prior = priors.get("matching.mean").parameters()
        mean = pm.Normal("matching_mean", prior["mean"], prior["sd"], dims=route or None)
        sd = random_variable("matching_sd", priors.get("matching.sd"), dims=route or None)
        dims = ("matched_need", *route)
        return pm.Deterministic(
            self.variable,
            mean + _departures("matching", mean, sd, information, design, dims),
            dims=dims,
        )

    def values(self, draws: Draws) -> FloatArray:
        """Return the effects."""
        return draws[self.variable]

    def fresh(self, draws: Draws, rng: np.random.Generator) -> Draws:
        """Return the draws: needs are a fixed set."""
        return draws


def _departures(
    name: str,
    mean: Tensor,
    sd: Tensor,
    information: Known | None,
    design: Design,
    dims: tuple[str, ...],
) -> Tensor:
    """Return how far each need departs from the mean, sampled by what the data say of it."""
    size, routes = len(design.labels[name].names), len(design.routes)
    nothing = Information.none((size, routes) if routes else (size,))
    known = information if isinstance(information, Information) else nothing
    return pm.Normal(
        f"{name}_offset", Informed.mean(known, mean), sd, dims=dims, default_transform=None,
        transform=Informed(),
    )  # fmt: skip
