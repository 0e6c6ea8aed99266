"""``Design`` + ``PriorSet`` → ``pymc.Model`` with named dims, and its numpy twin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayescich.design.core import Design
from bayescich.model.base import Effect, Likelihood
from bayescich.model.draws import Draws, FloatArray, Tensor
from bayescich.model.effects.fixed import FixedEffect
from bayescich.model.effects.group import GroupEffect
from bayescich.model.effects.intercept import InterceptEffect
from bayescich.model.likelihoods import make_likelihood
from bayescich.spec.model import FixedEffectSpec, HomeTypeEffectSpec, ModelSpec
from bayescich.spec.priors import PriorSet


@dataclass(frozen=True)
class Structure:
    """The pieces of a model: enough to evaluate stored draws, without a graph."""

    likelihood: Likelihood
    effects: tuple[Effect, ...]

    @property
    def groups(self) -> tuple[GroupEffect, ...]:
        """The effects that have levels."""
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
        """Return η from draws, shape (samples, rows); ``leave_out`` names variables set to 0."""
        eta = np.zeros((draws.size, design.rows))
        for effect in self.effects:
            if effect.variable not in leave_out:
                eta += effect.contribution(draws, design)
        return eta

    def with_new_levels(
        self, draws: Draws, columns: tuple[str, ...], rng: np.random.Generator
    ) -> Draws:
        """Exchange the levels of these columns for new ones (new homes, new providers)."""
        for effect in self.groups:
            if effect.column in columns:
                draws = effect.fresh(draws, rng)
        return draws

    def parametrisations(self, design: Design) -> Mapping[str, str]:
        """Return how each group is sampled, in words for the report."""
        return {
            e.column: ("zero-sum, " if e.zero_sum else "") + e.parametrisation(design)
            for e in self.groups
        }


def make_structure(spec: ModelSpec, *, pool_home_types: bool = True) -> Structure:
    """Return the likelihood and the effects that a spec names.

    With ``pool_home_types=False`` the home types get a flat prior each: the "unpooled" column of
    the shrinkage table. Homes, providers and authorities stay partially pooled.
    """
    likelihood = make_likelihood(spec)
    effects: list[Effect] = [] if likelihood.has_own_level else [InterceptEffect()]
    for item in spec.effects:
        if isinstance(item, FixedEffectSpec):
            effects.append(FixedEffect())
        else:
            is_type = isinstance(item, HomeTypeEffectSpec)
            effects.append(
                GroupEffect(
                    item.by,
                    item.zero_sum,
                    item.parametrisation,
                    role="home_type" if is_type else "group",
                    pooled=pool_home_types or not is_type,
                )
            )
    return Structure(likelihood, tuple(effects))


def build_model(structure: Structure, design: Design, priors: PriorSet) -> pm.Model:
    """Build the PyMC model.

    Parameters
    ----------
    structure : Structure
        From :func:`make_structure`.
    design : Design
    priors : PriorSet
        With the model's own overrides applied.

    Returns
    -------
    pymc.Model
        Variables: ``intercept``; ``fixed`` (covariate); ``<column>_effect`` (column) and
        ``<column>_sd`` for each group; ``baseline`` (band), ``baseline_step_sd`` and
        ``frailty_variance`` for a hazard; ``cutpoint`` (threshold) for an ordinal outcome;
        ``residual_sd`` for a measurement.

    Raises
    ------
    SpecError
        When a prior is missing.
    """
    with pm.Model(coords=_coords(structure, design)) as model:
        eta = pt.zeros(design.rows)
        for effect in structure.effects:
            eta = eta + effect.declare(design, priors)
        structure.likelihood.declare(eta, _average_case(structure, design, model), design, priors)
    return model


def _average_case(structure: Structure, design: Design, model: pm.Model) -> Tensor:
    # A level stated for the average type is as uncertain as the rarest type, with which it trades;
    # stated for the average row it is well known. Sampling uses the second, reports the first.
    average = pt.constant(0.0)
    for effect in structure.groups:
        if effect.zero_sum:
            shares = design.factors[effect.column].counts() / design.rows
            average = average + pt.dot(shares, model[effect.variable])
    return average


def reported_variables(model: pm.Model) -> list[str]:
    """Return the variables worth keeping: not the offsets of non-centred effects."""
    named = [v.name for v in (*model.free_RVs, *model.deterministics)]
    return [name for name in named if not name.endswith("_offset")]


def _coords(structure: Structure, design: Design) -> dict[str, tuple[str, ...]]:
    coords = {e.column: design.factors[e.column].levels for e in structure.groups}
    if design.fixed is not None:
        coords["covariate"] = design.fixed.names
    if "band" in design.coords:
        coords["band"] = design.coords["band"]
    if "cutpoint" in design.coords:
        coords["threshold"] = design.coords["cutpoint"]
        coords["gap"] = design.coords["category"][1:-1]
    return coords
