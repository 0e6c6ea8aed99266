"""``Design`` + ``PriorSet`` → ``pymc.Model`` with named dims, and its numpy twin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pymc as pm

from bayescich.design.core import Design, Membership
from bayescich.histories.needs import need_families
from bayescich.model.base import Effect, Likelihood
from bayescich.model.draws import Draws, FloatArray, Tensor, outside
from bayescich.model.effects.baseline import rough_level
from bayescich.model.effects.fixed import FixedEffect
from bayescich.model.effects.group import GroupEffect
from bayescich.model.effects.imputation import Imputation
from bayescich.model.effects.intercept import InterceptEffect
from bayescich.model.effects.needs import MatchingEffect, NeedsEffect, TypeNeedEffect
from bayescich.model.effects.settings import SettingsEffect
from bayescich.model.effects.slopes import SlopesEffect
from bayescich.model.effects.walk import WalkEffect
from bayescich.model.hazard.pilot import pilot_fit
from bayescich.model.information import Company, Information, Known
from bayescich.model.likelihoods import make_likelihood
from bayescich.model.likelihoods.responses import ResponseLikelihood
from bayescich.model.likelihoods.times import HazardTimes
from bayescich.model.pilot import Pilot
from bayescich.model.response.blanks import imputed_part
from bayescich.model.response.pilot import pilot_fit as response_pilot
from bayescich.model.terms import (
    Covaried,
    Gathered,
    Labelled,
    Layout,
    Predictor,
    Term,
    averaged,
)
from bayescich.spec.model import (
    EffectSpec,
    FixedEffectSpec,
    GroupEffectSpec,
    HomeTypeEffectSpec,
    MatchingEffectSpec,
    ModelSpec,
    NeedsEffectSpec,
    TypeNeedEffectSpec,
    WalkEffectSpec,
)
from bayescich.spec.outcomes import SettingsEffectSpec
from bayescich.spec.priors import PriorSet

MOST_COMPANY = 4
"""Levels of another effect per level up to which they are averaged over its rows."""


@dataclass(frozen=True)
class Structure:
    """The pieces of a model: enough to evaluate stored draws, without a graph."""

    likelihood: Likelihood
    effects: tuple[Effect, ...]

    @property
    def groups(self) -> tuple[GroupEffect, ...]:
        """The effects that have exchangeable levels."""
        return tuple(e for e in self.effects if isinstance(e, GroupEffect))

    def group(self, column: str) -> GroupEffect | None:
        """Return the group effect of a column, when there is one."""
        return next((e for e in self.groups if e.column == column), None)

    @property
    def home_type(self) -> GroupEffect | None:
        """The home-type effect, when there is one."""
        return next((e for e in self.groups if e.role == "home_type"), None)

    def linear_predictor(
        self, draws: Draws, design: Design, leave_out: tuple[str, ...] = ()
    ) -> FloatArray:
        """Return η from draws, shape (samples, rows), or (samples, routes, rows).

        ``leave_out`` names variables set to 0.
        """
        routes = len(design.routes)
        shape = (draws.size, routes, design.rows) if routes else (draws.size, design.rows)
        eta = np.zeros(shape)
        for effect in self.effects:
            if effect.variable not in leave_out:
                eta += effect.layout(design).apply(effect.values(draws))
        if "fixed" in draws and "fixed" not in leave_out and design.responses:
            filled = imputed_part(draws, design)
            if filled is not None:
                eta += filled if routes else filled[:, 0]
        return eta

    def with_new_levels(
        self, draws: Draws, columns: tuple[str, ...], rng: np.random.Generator
    ) -> Draws:
        """Exchange the levels of these columns for new ones (new homes, new providers)."""
        for effect in self.groups:
            if effect.column in columns:
                draws = effect.fresh(draws, rng)
        return draws

    def pilot(self, design: Design) -> Pilot | None:
        """Return a quick fit that says what the data know of each value, where there is one."""
        layouts = tuple(effect.layout(design) for effect in self.effects)
        sds = tuple(effect.rough_sd(design) for effect in self.effects)
        if any(isinstance(f, Membership) and f.at_nodes for f in design.factors.values()):
            # what a level knows depends on weights that are learnt
            return None
        if isinstance(self.likelihood, ResponseLikelihood):
            alone = replace(self.likelihood, nodes=1)
            of_responses = alone.arrays(design, layouts)
            return response_pilot(of_responses, layouts, sds, design, self.likelihood.nodes)
        if not isinstance(self.likelihood, HazardTimes) or not self.effects:
            return None
        arrays = self.likelihood.arrays(design, layouts)
        return pilot_fit(arrays, layouts, sds, self.likelihood.family.kind)

    def known(self, design: Design, pilot: Pilot | None) -> tuple[Known | None, ...]:
        """Return what the pilot says of each effect, in order; nothing without one."""
        if pilot is None:
            return (None,) * len(self.effects)
        return pilot.known if design.routes else tuple(map(_one_route, pilot.known))

    def parametrisations(self, design: Design) -> Mapping[str, str]:
        """Return how each group is sampled, in words for the report."""
        known = self.known(design, self.pilot(design))
        return {
            e.column: ("zero-sum, " if e.zero_sum else "") + e.parametrisation(design, information)
            for e, information in zip(self.effects, known, strict=True)
            if isinstance(e, GroupEffect)
        }


def make_structure(spec: ModelSpec, *, pool_home_types: bool = True) -> Structure:
    """Return the likelihood and the effects that a spec names.

    With ``pool_home_types=False`` the home types get a flat prior each: the "unpooled" column of
    the shrinkage table. Homes, providers and authorities stay partially pooled.
    """
    likelihood = make_likelihood(spec)
    effects: list[Effect] = [] if likelihood.has_own_level else [InterceptEffect()]
    effects += [_effect(item, spec, pool_home_types) for item in spec.effects]
    return Structure(likelihood, tuple(effects))


def _effect(  # noqa: PLR0911 (one return a kind)
    item: EffectSpec, spec: ModelSpec, pool_home_types: bool
) -> Effect:
    if isinstance(item, FixedEffectSpec):
        return FixedEffect()
    if isinstance(item, WalkEffectSpec):
        return WalkEffect(item.by, item.order)
    if isinstance(item, NeedsEffectSpec):
        given = {need: family for family, needs in item.families.items() for need in needs}
        return NeedsEffect(item.name, given or need_families())
    if isinstance(item, TypeNeedEffectSpec):
        return TypeNeedEffect(item.by)
    if isinstance(item, MatchingEffectSpec):
        return MatchingEffect()
    if isinstance(item, SettingsEffectSpec):
        return SettingsEffect(item.by, item.reference, item.homes)
    if isinstance(item, GroupEffectSpec) and item.slope is not None:
        return SlopesEffect(item.by, asked=item.parametrisation, slope=item.slope)
    is_type = isinstance(item, HomeTypeEffectSpec)
    return GroupEffect(
        item.by,
        item.zero_sum,
        item.parametrisation,
        role="home_type" if is_type else "group",
        pooled=pool_home_types or not is_type,
        correlated=bool(spec.routes)
        and not item.zero_sum
        and item.across_routes in {"correlated", "factor"},
        recent=item.by in spec.members
        and spec.membership is not None
        and spec.membership.scheme == "recency",
        factor=bool(spec.routes) and item.across_routes == "factor",
    )


def build_model(
    structure: Structure, design: Design, priors: PriorSet, *, look_at_data: bool = True
) -> pm.Model:
    """Build the PyMC model.

    Parameters
    ----------
    structure : Structure
        From :func:`make_structure`.
    design : Design
    priors : PriorSet
        With the model's own overrides applied.
    look_at_data : bool
        Whether a quick fit may choose how levels are sampled (the posterior is the same).

    Returns
    -------
    pymc.Model
        Variables: ``intercept``; ``fixed`` (covariate); ``<column>_effect`` (column) and
        ``<column>_sd`` for each group; ``<column>_step_sd`` for a walk; ``need_effect`` (need),
        ``type_need_effect`` (crossed need, home type) and ``matching_effect`` (matched need) with
        their means and SDs; ``baseline`` (band), ``baseline_step_sd`` and ``frailty_variance`` (or
        ``frailty_sd``) for a hazard;
        ``cutpoint`` (threshold) for an ordinal outcome; ``residual_sd`` for a measurement. With
        competing routes each of these has ``route`` as its last dim.

    Raises
    ------
    SpecError
        When a prior is missing.
    """
    pilot = structure.pilot(design) if look_at_data else None
    known = structure.known(design, pilot)
    layouts = tuple(effect.layout(design) for effect in structure.effects)
    values: dict[int, Tensor] = {}

    def terms() -> tuple[Term, ...]:
        return tuple(
            Term(layouts[k], values[k], structure.effects[k].zero_sum, k in groups)
            for k in sorted(values)
        )

    likelihood = structure.likelihood
    groups = _exchangeable(structure)
    with pm.Model(coords=_coords(structure, design)) as model:
        # each group of levels that could be others comes after what its levels are centred around
        for place in _set_apart(structure, groups):
            effect = structure.effects[place]
            if isinstance(effect, InterceptEffect) and pilot is not None:
                average = _average(Predictor(terms(), design.rows), pilot, design)
                values[place] = effect.declare(design, priors, known[place], average)
            else:
                values[place] = effect.declare(design, priors, known[place])
        predictor = Predictor(terms(), design.rows)
        if pilot is not None:
            predictor = replace(predictor, rough_baseline=pilot.baseline, nodes=pilot.nodes)
        if isinstance(likelihood, HazardTimes):
            predictor = replace(
                predictor, level=likelihood.declare_level(predictor, design, priors)
            )
        level = predictor.level
        for place in sorted(groups, key=lambda k: layouts[k].size):
            shift = None
            if pilot is not None:
                company = _company(place, list(values), layouts, pilot, bool(design.routes))
                shift = company.shift(values)
                if isinstance(likelihood, HazardTimes) and pilot.baseline is not None:
                    assert level is not None, "a hazard has declared its level"
                    rough = rough_level(likelihood.band_events(design), pilot.baseline)
                    shift = shift + (level - outside(rough))
            values[place] = groups[place].declare(design, priors, known[place], shift)
        likelihood.declare(replace(predictor, terms=terms()), design, priors)
    return model


def _exchangeable(structure: Structure) -> dict[int, GroupEffect]:
    """Return the effects whose levels could be others, by their place."""
    effects = enumerate(structure.effects)
    return {k: e for k, e in effects if isinstance(e, GroupEffect) and not e.zero_sum}


def _set_apart(structure: Structure, groups: Mapping[int, GroupEffect]) -> list[int]:
    """Return the places of the other effects, the intercept after all that it is the level of."""
    others = [k for k in range(len(structure.effects)) if k not in groups]
    return sorted(others, key=lambda k: isinstance(structure.effects[k], InterceptEffect))


def _average(predictor: Predictor, pilot: Pilot, design: Design) -> Tensor:
    """Return what the effects so far make in the average row, a number or one for each part."""
    return predictor.average(pilot.weights if design.routes else pilot.weights[:, 0])


def _company(
    place: int,
    others: list[int],
    layouts: tuple[Layout, ...],
    pilot: Pilot,
    routes: bool,
) -> Company:
    """Return the other effects in the rows of each level of one, and what they were."""
    own = layouts[place]
    assert not isinstance(own, Covaried), "groups have levels"
    weights = pilot.weights.sum(axis=1)
    everyone = Gathered(np.zeros(len(weights), dtype=np.int64), 1)
    found: list[tuple[int, Layout]] = []
    overall: list[tuple[int, Layout]] = []
    rough = np.zeros((own.size, pilot.weights.shape[1]))
    for other in others:
        layout = averaged(own, layouts[other], weights)
        mixed = isinstance(layout, Labelled) and len(layout.labels) > MOST_COMPANY * own.size
        if mixed:
            # as dear as a pass over the rows; its average over all of them is what matters most
            layout = averaged(everyone, layouts[other], weights)
        (overall if mixed else found).append((other, layout))
        rough += layout.apply(pilot.values[other][None].copy())[0].T
    return Company(tuple(found), tuple(overall), rough if routes else rough[:, 0])


def reported_variables(model: pm.Model) -> list[str]:
    """Return the variables worth keeping: not the offsets of non-centred effects."""
    named = [v.name for v in (*model.free_RVs, *model.deterministics)]
    return [name for name in named if not name.endswith("_offset")]


def _one_route(known: Known | None) -> Known | None:
    if not isinstance(known, Information):
        return known
    return Information(known.estimate[:, 0], known.precision[:, 0])


def _coords(structure: Structure, design: Design) -> dict[str, tuple[str, ...]]:
    coords: dict[str, tuple[str, ...]] = {}
    for effect in structure.effects:
        coords |= effect.coords(design)
    coords |= {
        name: design.coords[name]
        for name in ("band", "route", "other_route", "recorder", "threshold", "gap")
        if name in design.coords
    }
    imputation = Imputation.of(design)
    if imputation is not None:
        coords |= imputation.coords()
    if "baseline" in design.coords:
        coords["baseline_of"] = design.coords["baseline"]
    if "cutpoint" in design.coords:
        coords["threshold"] = design.coords["cutpoint"]
        coords["gap"] = design.coords["category"][1:-1]
    return coords
