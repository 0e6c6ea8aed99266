"""Partially pooled levels: homes, providers, authorities, years and home types.

``effect_j ~ Normal(0, sd)``; with ``zero_sum`` the levels sum to zero, so that their mean cannot
trade with the baseline. The home-type effect is this one with its own prior.

With competing routes each level has an effect on each route. They are independent, or correlated:
by a matrix with an LKJ prior up to six routes, above that by one factor they have in common,

    effect_jm = sd_m (r_m f_j + √(1 - r_m²) z_jm),

whose correlations with the routes, r_m, are learnt (that of the commonest route is positive).

References
----------
Lewandowski, Kurowicka & Joe (2009), Generating random correlation matrices based on vines and
extended onion method, Journal of Multivariate Analysis 100.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayescich.design.core import Design, Grouping, Membership
from bayescich.design.information import crude_levels
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
from bayescich.model.information import (
    Information,
    Informed,
    InformedZeroSum,
    Known,
)
from bayescich.model.random_variables import prior_distribution, random_variable
from bayescich.model.terms import Gathered, Labelled, labelled
from bayescich.spec.model import Parametrisation
from bayescich.spec.priors import PriorSet

CENTRE_ABOVE = 20.0
"""Crude between-level variance, in sampling variances, above which ``auto`` centres an effect of
whose levels no information was gathered.

Well below it, centred levels form a funnel with their standard deviation: centred years that
hardly differed gave 26 divergences in 2,800 draws, non-centred ones none. Well above it, the
non-centred form is the slow one (docs/performance.md, section 2)."""

UNPOOLED_SD = 5.0
"""Scale of the flat prior that stands for "not pooled": Normal(0, 5²) on the log scale."""

MOST_LKJ = 6
"""Routes up to which home effects have a full correlation matrix."""

Chosen = Literal["centred", "noncentred", "partial"]


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
    correlated: bool = False
    """Whether effects on competing routes belong together."""
    recent: bool = False
    """Whether it counts by the lateness of stays, at a rate that is learnt."""
    factor: bool = False
    """Whether they do so by one factor, however few the routes."""

    @property
    def variable(self) -> str:
        """Name of the effects, dims: the column (and route)."""
        return f"{self.column}_effect"

    @property
    def sd_variable(self) -> str:
        """Name of their standard deviation (by route)."""
        return f"{self.column}_sd"

    def level_sd(self, draws: Draws) -> FloatArray:
        """Return the SD that one level has given the data of none, (samples,) or (…, routes).

        With ``zero_sum`` it is smaller than the group's: K levels have K - 1 degrees of freedom.
        """
        sd = draws[self.sd_variable]
        levels = draws[self.variable].shape[1]
        return sd * np.sqrt(1.0 - 1.0 / levels) if self.zero_sum else sd

    def variances(self, draws: Draws, design: Design) -> dict[str, FloatArray]:
        """Return how much of the variance of η the levels make, by source, (samples,) or by route.

        ``design`` is asked where that depends on the rows.
        """
        return {self.column: draws[self.sd_variable] ** 2}

    def prior_roles(self) -> tuple[str, ...]:
        """Return the roles under which its prior is looked up, narrowest first."""
        return (f"{self.column}.sd", f"{self.role}.sd")

    def parametrisation(self, design: Design, information: Known | None = None) -> Chosen:
        """Return what is used: as asked, or by what the data say about the levels.

        ``auto`` is ``partial`` where the information of each level is known, else centred or
        not by how clearly the levels differ.
        """
        if not self.pooled:
            return "centred"
        lkj = self.correlated and not self.factor and len(design.routes) <= MOST_LKJ
        if design.routes and (lkj or self.zero_sum):
            apart = self.zero_sum and not self.factor and information is not None
            return "partial" if apart and self.asked in {"auto", "partial"} else "noncentred"
        if self.asked == "partial" or (self.asked == "auto" and information is not None):
            return "partial" if information is not None else "noncentred"
        if self.asked != "auto":
            return self.asked
        if design.responses:
            return "noncentred"
        signal = crude_levels(design, self._factor(design)).signal()
        return "centred" if signal >= CENTRE_ABOVE else "noncentred"

    def layout(self, design: Design) -> Gathered | Labelled:
        """Return each row's level, or levels with their weights."""
        factor = self._factor(design)
        if isinstance(factor, Membership):
            return at_nodes(factor.at_nodes) if factor.at_nodes else labelled(factor.labels)
        return Gathered(factor.codes, factor.size)

    def coords(self, design: Design) -> dict[str, tuple[str, ...]]:
        """Return the levels."""
        return {self.column: self._factor(design).levels}

    def rough_sd(self, design: Design) -> FloatArray:
        """Return a third for each level."""
        return np.full(self._factor(design).size, 0.3 if self.pooled else UNPOOLED_SD)

    def declare(
        self,
        design: Design,
        priors: PriorSet,
        information: Known | None,
        shift: Tensor | None = None,
    ) -> Tensor:
        """Declare ``<column>_sd`` (when pooled) and ``<column>_effect``; return the levels.

        ``shift`` says by how much the other effects in the rows of each level have risen since
        the information was gathered.
        """
        chosen = self.parametrisation(design, information)
        known = information if isinstance(information, Information) else None
        values = self._declared(design, priors, chosen, known, shift)
        if not is_recent(design, self.column):
            return values
        return spread(values, declare_basis(priors))

    def _declared(
        self,
        design: Design,
        priors: PriorSet,
        chosen: Chosen,
        known: Information | None,
        shift: Tensor | None,
    ) -> Tensor:
        if design.routes:
            return self._by_route(design, priors, chosen, known, shift)
        sd = self._sd(priors, None)
        if self.zero_sum:
            return self._zero_sum(sd, chosen, known)
        return self._normal(self.variable, design, sd, chosen, known, shift)

    def values(self, draws: Draws) -> FloatArray:
        """Return the levels; at every node, where the weights of stays are learnt."""
        found = draws[self.variable]
        return spread_draws(found, basis(draws)) if self.recent and VARIABLE in draws else found

    def fresh(self, draws: Draws, rng: np.random.Generator) -> Draws:
        """Exchange every level for a new one: Normal(0, sd) of the same draw."""
        shape = draws[self.variable].shape
        offset = rng.standard_normal(shape)
        if self.correlated and len(shape) == 3:
            root = self._correlation_root(draws, shape[2])
            offset = np.einsum("smk,slk->slm", root, offset)
        sd = draws[self.sd_variable]
        new = (sd[:, None] if len(shape) == 2 else sd[:, None, :]) * offset
        return draws.replace(self.variable, new)

    def correlation(self, draws: Draws, routes: int) -> FloatArray:
        """Return the correlations of a level's effects on the routes, (samples, routes, routes)."""
        root = self._correlation_root(draws, routes)
        return root @ np.moveaxis(root, 1, 2)

    def _correlation_root(self, draws: Draws, routes: int) -> FloatArray:
        if f"{self.column}_correlation" in draws:
            matrix = draws[f"{self.column}_correlation"]
        else:
            common = draws[f"{self.column}_common"]
            matrix = common[:, :, None] * common[:, None, :]
            diagonal = np.arange(routes)
            matrix[:, diagonal, diagonal] = 1.0
        # a draw may be singular to rounding
        return np.linalg.cholesky(matrix + 1e-10 * np.eye(routes))

    def _zero_sum(self, sd: Tensor | float, chosen: Chosen, known: Information | None) -> Tensor:
        if chosen == "noncentred":
            offset = pm.ZeroSumNormal(f"{self.column}_offset", sigma=1.0, dims=self.column)
            return pm.Deterministic(self.variable, sd * offset, dims=self.column)
        if chosen == "partial" and known is not None:
            return pm.ZeroSumNormal(
                self.variable, sigma=InformedZeroSum.sd(sd, known), dims=self.column,
                default_transform=None, transform=InformedZeroSum(),
            )  # fmt: skip
        return pm.ZeroSumNormal(self.variable, sigma=sd, dims=self.column)

    def _normal(
        self,
        name: str,
        design: Design,
        sd: Tensor | float,
        chosen: Chosen,
        known: Information | None,
        shift: Tensor | None,
    ) -> Tensor:
        dims = (self.column, "route") if design.routes else self.column
        if chosen == "centred":
            return pm.Normal(name, 0.0, sd, dims=dims)
        size = self._factor(design).size
        nothing = Information.none((size, len(design.routes)) if design.routes else (size,))
        used = known if chosen == "partial" and known is not None else nothing
        return pm.Normal(
            name, Informed.mean(used, shift), sd, dims=dims, default_transform=None,
            transform=Informed(),
        )  # fmt: skip

    def _by_route(
        self,
        design: Design,
        priors: PriorSet,
        chosen: Chosen,
        known: Information | None,
        shift: Tensor | None,
    ) -> Tensor:
        if self.zero_sum:
            sd = self._sd(priors, "route")
            dims = ("route", self.column)
            if self.pooled and chosen == "partial" and known is not None:
                # the sampler's own, with the levels last
                effect = pm.ZeroSumNormal(
                    f"{self.column}_by_route_offset", sigma=InformedZeroSum.sd(sd, known),
                    dims=dims, default_transform=None, transform=InformedZeroSum(),
                )  # fmt: skip
                return pm.Deterministic(self.variable, effect.T, dims=(self.column, "route"))
            offset = pm.ZeroSumNormal(f"{self.column}_offset", sigma=1.0, dims=dims)
            if self.factor and self.pooled:
                common = self._common(design)[:, None]
                shared = pm.ZeroSumNormal(f"{self.column}_factor_offset", 1.0, dims=self.column)
                offset = common * shared + pt.sqrt(1.0 - common**2) * offset
            return pm.Deterministic(self.variable, (sd * offset.T), dims=(self.column, "route"))
        if not self.correlated:
            sd = self._sd(priors, "route")
            return self._normal(self.variable, design, sd, chosen, known, shift)
        if len(design.routes) <= MOST_LKJ and not self.factor:
            return self._lkj(design, priors)
        return self._factor_model(design, priors, chosen, known, shift)

    def _lkj(self, design: Design, priors: PriorSet) -> Tensor:
        routes = len(design.routes)
        scale = prior_distribution(priors.get(*self.prior_roles()), shape=routes)
        chol, correlation, sd = pm.LKJCholeskyCov(
            f"{self.column}_cholesky_offset", n=routes, eta=2.0, sd_dist=scale, compute_corr=True,
            store_in_trace=False,
        )  # fmt: skip
        pm.Deterministic(self.sd_variable, sd, dims="route")
        pm.Deterministic(f"{self.column}_correlation", correlation, dims=("route", "other_route"))
        offset = pm.Normal(f"{self.column}_offset", 0.0, 1.0, dims=(self.column, "route"))
        return pm.Deterministic(self.variable, offset @ chol.T, dims=(self.column, "route"))

    def _factor_model(
        self,
        design: Design,
        priors: PriorSet,
        chosen: Chosen,
        known: Information | None,
        shift: Tensor | None,
    ) -> Tensor:
        sd = self._sd(priors, "route")
        common = self._common(design)
        factor = pm.Normal(f"{self.column}_factor_offset", 0.0, 1.0, dims=self.column)
        shared = sd * factor[:, None] * common
        moved = shared if shift is None else shared + shift
        own = self._normal(
            f"{self.column}_own_offset", design, sd * pt.sqrt(1.0 - common**2), chosen, known, moved
        )
        return pm.Deterministic(self.variable, shared + own, dims=(self.column, "route"))

    def _common(self, design: Design) -> Tensor:
        place = _commonest(design)
        positive = pm.Beta(f"{self.column}_common_first_offset", 2.0, 2.0)
        others = pm.Beta(
            f"{self.column}_common_rest_offset", 2.0, 2.0, shape=len(design.routes) - 1
        )
        both_ways = 2.0 * others - 1.0
        return pm.Deterministic(
            f"{self.column}_common",
            pt.concatenate([both_ways[:place], positive[None], both_ways[place:]]),
            dims="route",
        )

    def _sd(self, priors: PriorSet, dims: str | None) -> Tensor | float:
        if not self.pooled:
            return UNPOOLED_SD
        return random_variable(self.sd_variable, priors.get(*self.prior_roles()), dims=dims)

    def _factor(self, design: Design) -> Grouping:
        return design.factors[self.column]


def _commonest(design: Design) -> int:
    """Return the route taken most, whose correlation is positive; of an outcome its first part."""
    if design.responses:
        return 0
    cause = design.outcome["cause"]
    return int(np.argmax(np.bincount(cause[cause >= 0], minlength=len(design.routes))))
