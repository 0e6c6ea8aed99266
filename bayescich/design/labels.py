"""Needs, needs within home types, and matches of needs: labels of which a row may have several."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from bayescich.design.columns import numbers
from bayescich.design.core import FloatArray, Grouping, LabelMatrix, Membership
from bayescich.errors import DesignError
from bayescich.spec.model import (
    MatchingEffectSpec,
    ModelSpec,
    NeedsEffectSpec,
    TypeNeedEffectSpec,
)

Names = tuple[str, ...]

NOT_KNOWN = "not known"
"""Label of a child whose needs nobody looked for."""


def label_matrices(
    table: pd.DataFrame, spec: ModelSpec, factors: Mapping[str, Grouping]
) -> dict[str, LabelMatrix]:
    """Return the labels of every effect of needs, by its name.

    Parameters
    ----------
    table : DataFrame
    spec : ModelSpec
    factors : mapping of str to Grouping
        Of the table, among them the home types that needs are crossed with.

    Raises
    ------
    DesignError
        When no column that differs between rows begins as the spec says, or one is blank or holds
        anything but 0 and 1. A need that is nobody's or everybody's says nothing: it has no label.
    """
    found: dict[str, LabelMatrix] = {}
    for effect in spec.effects:
        if isinstance(effect, NeedsEffectSpec):
            needs = _dense(table, spec, effect.columns)
            found[effect.name] = _with_not_known(needs, table, spec, effect)
        elif isinstance(effect, TypeNeedEffectSpec):
            found["type_need"] = _type_needs(table, spec, effect, factors[effect.by])
        elif isinstance(effect, MatchingEffectSpec):
            found["matching"] = _matches(table, spec, effect)
    return found


def columns_beginning(table: pd.DataFrame, prefix: str) -> tuple[str, ...]:
    """Return the columns of needs that differ between rows, in the order of the table."""
    named = [str(name) for name in table.columns if str(name).startswith(prefix)]
    return tuple(name for name in named if _differs(table[name]))


def matched_needs(table: pd.DataFrame, effect: MatchingEffectSpec) -> tuple[str, ...]:
    """Return the needs that some child has in a home that says it meets them, but not all."""
    needs = [name.removeprefix(effect.has) for name in columns_beginning(table, effect.has)]
    both = [need for need in needs if effect.meets + need in table.columns]
    met = {
        need: _numeric(table, effect.has + need) * _numeric(table, effect.meets + need)
        for need in both
    }
    return tuple(need for need in both if _differs(met[need]))


def _dense(table: pd.DataFrame, spec: ModelSpec, prefix: str) -> tuple[FloatArray, Names]:
    columns = columns_beginning(table, prefix)
    if not columns:
        raise _no_columns(table, spec, prefix)
    names = tuple(name.removeprefix(prefix) for name in columns)
    return _yes_or_no(table, spec, columns), names


def _with_not_known(
    found: tuple[FloatArray, Names], table: pd.DataFrame, spec: ModelSpec, effect: NeedsEffectSpec
) -> LabelMatrix:
    """Add a label for rows of children whose needs nobody looked for."""
    dense, names = found
    if effect.known is not None and effect.known in table and _differs(table[effect.known]):
        unknown = 1.0 - _yes_or_no(table, spec, (effect.known,))
        dense, names = np.hstack([dense, unknown]), (*names, NOT_KNOWN)
    return LabelMatrix.of(dense, names)


def _numeric(table: pd.DataFrame, name: str) -> pd.Series:
    # what is no number is refused by name when the labels are made
    return pd.to_numeric(table[name], errors="coerce")


def _differs(values: pd.Series) -> bool:
    return len(values.unique()) > 1


def _type_needs(
    table: pd.DataFrame, spec: ModelSpec, effect: TypeNeedEffectSpec, types: Grouping
) -> LabelMatrix:
    needs = LabelMatrix.of(*_dense(table, spec, effect.columns))
    if isinstance(types, Membership):
        return _in_several_types(needs, types)
    kind = np.repeat(types.codes, np.diff(needs.start))
    names = tuple(f"{need}|{level}" for need in needs.names for level in types.levels)
    return LabelMatrix(names, needs.start, needs.labels * types.size + kind, needs.weights)


def _in_several_types(needs: LabelMatrix, types: Membership) -> LabelMatrix:
    """Cross needs with types of which a row has several: by the weight of each."""
    has, lived = _long(needs, "need"), _long(types.labels, "level")
    both = has.merge(lived, on="row", suffixes=("_need", "_type"))
    both = both.assign(label=both["need"] * types.size + both["level"])
    both = both.sort_values(["row", "label"], kind="stable")
    rows = len(needs.start) - 1
    start = np.searchsorted(both["row"].to_numpy(), np.arange(rows + 1)).astype(np.int64)
    weight = (both["weight_need"] * both["weight_type"]).to_numpy(np.float64)
    names = tuple(f"{need}|{level}" for need in needs.names for level in types.levels)
    return LabelMatrix(names, start, both["label"].to_numpy(np.int64), weight)


def _long(labels: LabelMatrix, name: str) -> pd.DataFrame:
    row = np.repeat(np.arange(len(labels.start) - 1), np.diff(labels.start))
    return pd.DataFrame({"row": row, name: labels.labels, "weight": labels.weights})


def _matches(table: pd.DataFrame, spec: ModelSpec, effect: MatchingEffectSpec) -> LabelMatrix:
    needs = matched_needs(table, effect)
    if not needs:
        raise _no_columns(table, spec, effect.meets)
    has = _yes_or_no(table, spec, tuple(effect.has + need for need in needs))
    meets = _yes_or_no(table, spec, tuple(effect.meets + need for need in needs))
    return LabelMatrix.of(has * meets, needs)


def _yes_or_no(table: pd.DataFrame, spec: ModelSpec, columns: tuple[str, ...]) -> FloatArray:
    matrix = np.stack([numbers(table, name, spec) for name in columns], axis=1)
    for place, name in enumerate(columns):
        found = matrix[:, place]
        # of several homes lived in, some of which meet a need, the part of the window counts
        shares = spec.membership is not None
        bad = (found < 0) | (found > 1) if shares else ~np.isin(found, (0.0, 1.0))
        if bad.any():
            raise DesignError(
                f"Column '{name}' holds something other than 0 and 1 in {int(bad.sum()):,} rows.",
                where=f"column '{name}', asked for by '{spec.name}'",
                examples=[repr(value) for value in table[name][bad][:20]],
                why="a need is there or it is not",
                next_step="Write 1 for yes and 0 for no.",
            )
    return matrix


def _no_columns(table: pd.DataFrame, spec: ModelSpec, prefix: str) -> DesignError:
    return DesignError(
        f"No column that begins with '{prefix}' differs between rows.",
        where=f"model '{spec.name}', an effect of needs",
        why="the effects of needs are learnt from columns of 0 and 1, one a need",
        next_step="Add a needs audit (and Statements of Purpose) to the data, leave the effect "
        "out of the spec, or mark it optional: true. The table has: "
        f"{', '.join(str(c) for c in table.columns)}.",
    )
