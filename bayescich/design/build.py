"""One analysis table + one spec → ``Design``."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from bayescich.design.collapse import collapse
from bayescich.design.columns import column
from bayescich.design.core import Design, Factor, Grouping
from bayescich.design.fixed import fixed_matrix
from bayescich.design.labels import label_matrices
from bayescich.design.membership import Stays, stays_of
from bayescich.design.outcomes import outcome_arrays
from bayescich.design.split import split_spells
from bayescich.errors import DesignError
from bayescich.spec.model import (
    INTERACTION,
    HazardTimesSpec,
    ModelSpec,
    TypeNeedEffectSpec,
    WalkEffectSpec,
)
from bayescich.spec.outcomes import SettingsEffectSpec


def build_design(table: pd.DataFrame, spec: ModelSpec) -> Design:
    """Turn a table into the named arrays a model is built from.

    Rows are sorted by unit, so that a child's or a home's rows lie together.

    Parameters
    ----------
    table : DataFrame
        One row per spell, inspection or whatever the outcome is measured on.
    spec : ModelSpec

    Returns
    -------
    Design

    Raises
    ------
    DesignError
        When a column the spec names is missing, blank or cannot be what it should be, or when a
        group has only one level.

    Examples
    --------
    >>> spec = ModelSpec.model_validate({
    ...     "name": "surgical", "title": "Deaths", "unit": "hospital",
    ...     "likelihood": {"family": "binomial", "outcome": "deaths", "trials": "operations"},
    ...     "effects": [{"kind": "group", "by": "hospital"}]})
    >>> table = pd.DataFrame({"hospital": list("ba"), "deaths": [1, 2], "operations": [9, 8]})
    >>> design = build_design(table, spec)
    >>> design.factors["hospital"].levels, design.outcome["y"][:, 0].tolist()
    (('a', 'b'), [2.0, 1.0])
    """
    if table.empty:
        raise DesignError(
            "The analysis table has no rows.",
            where=f"model '{spec.name}'",
            why="there is nothing to fit",
            next_step="See the account of rows: what was read and why it was left out.",
        )
    table = split_spells(table, spec)
    units = column(table, spec.unit, spec).astype(str)
    table = table.iloc[np.argsort(units.to_numpy(), kind="stable")].reset_index(drop=True)
    outcome, coords, responses = outcome_arrays(table, spec)
    unit = make_factor(table, spec.unit, spec)
    stays = stays_of(table, spec) if spec.membership else None
    factors = _factors(table, spec, stays)
    fixed = fixed_matrix(table, spec, factors)
    if fixed is not None and fixed.holes and not responses:
        raise _not_imputed(spec, [fixed.names[hole.covariate] for hole in fixed.holes])
    design = Design(
        model=spec.name,
        rows=len(table),
        unit=unit,
        factors=factors,
        fixed=fixed,
        outcome=outcome,
        coords=coords,
        labels=label_matrices(table, spec, factors),
        responses=responses,
        row_ids=tuple(table[spec.unit].astype(str)),
    )
    hazard = spec.likelihood if isinstance(spec.likelihood, HazardTimesSpec) else None
    return collapse(design, hazard.cuts) if hazard and hazard.collapse else design


def make_factor(table: pd.DataFrame, name: str, spec: ModelSpec) -> Factor:
    """Return the factor of one column, or of several (``authority:year``), levels by label.

    Numbers that a walk goes over are in their own order: 9 before 10.
    """
    parts = [column(table, part, spec) for part in name.split(INTERACTION)]
    if name in _walked(spec) and pd.api.types.is_numeric_dtype(parts[0]):
        levels, codes = np.unique(parts[0].to_numpy(), return_inverse=True)
    else:
        words = parts[0].astype(str)
        for part in parts[1:]:
            words = words + INTERACTION + part.astype(str)
        levels, codes = np.unique(words.to_numpy(dtype=str), return_inverse=True)
    return Factor(name, tuple(str(level) for level in levels), codes.astype(np.int64))


def _walked(spec: ModelSpec) -> set[str]:
    return {effect.by for effect in spec.effects if isinstance(effect, WalkEffectSpec)}


def _not_imputed(spec: ModelSpec, names: list[str]) -> DesignError:
    return DesignError(
        f"The covariate {', '.join(names)} has blanks, which this likelihood cannot impute.",
        where=f"model '{spec.name}', field effects (fixed), impute",
        why="a blank would be taken for the mean",
        next_step="Fill the blanks, or leave the covariate out. Ordered categories can impute with "
        "missing: ignored.",
    )


def _one_of_several(spec: ModelSpec) -> None:
    """Refuse effects that need several levels a row, or one, where it is the other way round."""
    for effect in spec.effects:
        if isinstance(effect, SettingsEffectSpec) and effect.by not in spec.members:
            raise DesignError(
                f"The effect 'settings' is by '{effect.by}', which is not among the membership's "
                "columns.",
                where=f"model '{spec.name}', field effects (settings)",
                why="settings are weighed by the part of the window spent in each",
                next_step=f"Add '{effect.by}' to membership.columns, or leave the effect out.",
            )
        if isinstance(effect, WalkEffectSpec) and effect.by in spec.members:
            raise DesignError(
                f"The effect 'walk' is by '{effect.by}', of which a row has several levels.",
                where=f"model '{spec.name}', field effects (walk)",
                why="a walk goes from one level of a row to the next",
                next_step="Use an effect of kind group, or leave the column out of membership.",
            )


def _refuse_no_reference(spec: ModelSpec, factors: Mapping[str, Grouping]) -> None:
    for effect in spec.effects:
        if isinstance(effect, SettingsEffectSpec):
            levels = factors[effect.by].levels
            if effect.reference not in levels:
                raise DesignError(
                    f"Nobody lived in '{effect.reference}', with which settings are compared.",
                    where=f"model '{spec.name}', field effects (settings), reference",
                    why="effects of settings are read against it",
                    next_step=f"Name another reference; the table has: {', '.join(levels)}.",
                )


def _factors(table: pd.DataFrame, spec: ModelSpec, stays: Stays | None) -> dict[str, Grouping]:
    _one_of_several(spec)
    kinds = (TypeNeedEffectSpec, SettingsEffectSpec)
    others = [e.by for e in spec.effects if isinstance(e, kinds)]
    named = dict.fromkeys((*spec.group_columns, *others))
    rest = {e.by: e.rest for e in spec.effects if isinstance(e, SettingsEffectSpec)}
    factors: dict[str, Grouping] = {
        name: stays.membership(name, rest.get(name))
        if stays is not None and name in spec.members
        else make_factor(table, name, spec)
        for name in named
    }
    for factor in factors.values():
        if factor.size < 2:
            raise DesignError(
                f"Column '{factor.name}' has one level, '{factor.levels[0]}'.",
                where=f"model '{spec.name}', a group effect by '{factor.name}'",
                why="differences between groups need at least two",
                next_step="Leave this effect out of the spec, or fit a wider table.",
            )
    _refuse_no_reference(spec, factors)
    if isinstance(spec.likelihood, HazardTimesSpec) and spec.likelihood.frailty:
        name = spec.likelihood.frailty
        factors[name] = make_factor(table, name, spec)
    return factors
