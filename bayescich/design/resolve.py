"""A spec as far as the table can bear it.

Optional effects without their columns are left out, and competing routes that nobody takes: a
small authority has no child in custody, and a hazard cannot be learnt from no event.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from bayescich.design.labels import columns_beginning, matched_needs
from bayescich.spec.model import (
    NEEDS_KINDS,
    CompetingSpec,
    EffectSpec,
    MatchingEffectSpec,
    ModelSpec,
)

LEAST_ROUTES = 2
"""Fewer do not compete."""


@dataclass(frozen=True)
class Resolved:
    """The spec that is fitted, and what was left out of the one that was asked for."""

    spec: ModelSpec
    left_out: tuple[str, ...]
    """Sentences for the account of the report."""


def resolve_spec(table: pd.DataFrame, spec: ModelSpec) -> Resolved:
    """Leave out optional effects without a column in the table, and routes without an event.

    Examples
    --------
    >>> spec = ModelSpec.model_validate({
    ...     "name": "m", "title": "m", "unit": "child",
    ...     "likelihood": {"family": "bernoulli", "outcome": "y"},
    ...     "effects": [{"kind": "needs", "optional": True}]})
    >>> resolve_spec(pd.DataFrame({"child": ["a"], "y": [1]}), spec).left_out
    ("the effect 'needs' is left out: no column of the table that begins with 'has_' differs",)
    """
    kept: list[EffectSpec] = []
    left_out = []
    for effect in spec.effects:
        missing = _missing_prefix(table, effect)
        if missing is None or not getattr(effect, "optional", False):
            kept.append(effect)
        else:
            left_out.append(
                f"the effect '{effect.kind}' is left out: no column of the table that begins with "
                f"'{missing}' differs"
            )
    likelihood = spec.likelihood
    if isinstance(likelihood, CompetingSpec):
        likelihood, never = _taken(table, likelihood)
        left_out += [f"the route '{route}' is left out: no row takes it" for route in never]
    resolved = spec.model_copy(update={"effects": tuple(kept), "likelihood": likelihood})
    return Resolved(resolved, tuple(left_out))


def _taken(table: pd.DataFrame, likelihood: CompetingSpec) -> tuple[CompetingSpec, tuple[str, ...]]:
    """Return the likelihood with the routes that are taken, and the others.

    With fewer than two left it stays as it was: the design says what is wrong.
    """
    words = set(table.get(likelihood.event, pd.Series(dtype=str)).astype(str))
    taken = tuple(route for route in likelihood.routes if route in words)
    if len(taken) < LEAST_ROUTES:
        return likelihood, ()
    never = tuple(route for route in likelihood.routes if route not in words)
    return likelihood.model_copy(update={"routes": taken}), never


def _missing_prefix(table: pd.DataFrame, effect: EffectSpec) -> str | None:
    if not isinstance(effect, NEEDS_KINDS):
        return None
    if isinstance(effect, MatchingEffectSpec):
        return None if matched_needs(table, effect) else effect.meets
    return None if columns_beginning(table, effect.columns) else effect.columns
