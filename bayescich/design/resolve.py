"""A spec as far as the table can bear it: optional effects without their columns are left out."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from bayescich.design.labels import columns_beginning, matched_needs
from bayescich.spec.model import NEEDS_KINDS, EffectSpec, MatchingEffectSpec, ModelSpec


@dataclass(frozen=True)
class Resolved:
    """The spec that is fitted, and what was left out of the one that was asked for."""

    spec: ModelSpec
    left_out: tuple[str, ...]
    """Sentences for the account of the report."""


def resolve_spec(table: pd.DataFrame, spec: ModelSpec) -> Resolved:
    """Leave out effects that are marked optional and have no column in the table.

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
    return Resolved(spec.model_copy(update={"effects": tuple(kept)}), tuple(left_out))


def _missing_prefix(table: pd.DataFrame, effect: EffectSpec) -> str | None:
    if not isinstance(effect, NEEDS_KINDS):
        return None
    if isinstance(effect, MatchingEffectSpec):
        return None if matched_needs(table, effect) else effect.meets
    return None if columns_beginning(table, effect.columns) else effect.columns
