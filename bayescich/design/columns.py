"""Columns asked for by a spec: there, complete and numeric, or a clear message."""

from __future__ import annotations

import difflib

import numpy as np
import pandas as pd

from bayescich.design.core import FloatArray
from bayescich.errors import DesignError
from bayescich.spec.model import ModelSpec


def column(table: pd.DataFrame, name: str, spec: ModelSpec) -> pd.Series:
    """Return a column that exists and has no blank.

    Raises
    ------
    DesignError
        Naming the column, the field of the spec that asks for it, and what is there.
    """
    if name not in table.columns:
        raise _absent(table, name, spec)
    values = table[name]
    blank = int(values.isna().sum())
    if blank:
        raise DesignError(
            f"Column '{name}' is blank in {blank:,} of {len(table):,} rows.",
            where=f"column '{name}', asked for by '{spec.name}'",
            why="a row cannot be left out silently: what is missing is rarely missing by chance",
            next_step="Fill the blanks (a level 'unknown' is a level), or leave the rows out "
            "of the table yourself and say so.",
        )
    return values


def numbers(table: pd.DataFrame, name: str, spec: ModelSpec) -> FloatArray:
    """Return a complete column as finite numbers.

    Raises
    ------
    DesignError
        When the column is absent, blank somewhere or not numeric.
    """
    values = column(table, name, spec)
    parsed = pd.to_numeric(values, errors="coerce").to_numpy(np.float64)
    bad = ~np.isfinite(parsed)
    if bad.any():
        raise DesignError(
            f"Column '{name}' is not a number in {int(bad.sum()):,} of {len(table):,} rows.",
            where=f"column '{name}', asked for by '{spec.name}'",
            examples=[repr(v) for v in values[bad][:50]],
            why=f"the {spec.likelihood.family} likelihood needs numbers there",
            next_step="Mend these values, or name another column in the spec.",
        )
    return parsed


def fault(spec: ModelSpec, name: str, what: str, why: str) -> DesignError:
    """Make the error for a column that is well formed but unusable."""
    return DesignError(
        f"Column '{name}' {what}.",
        where=f"column '{name}', asked for by '{spec.name}'",
        why=why,
        next_step="Check that the right table and column were given.",
    )


def _absent(table: pd.DataFrame, name: str, spec: ModelSpec) -> DesignError:
    near = difflib.get_close_matches(name, [str(c) for c in table.columns], n=3)
    hint = f"Did you mean {' or '.join(repr(n) for n in near)}? " if near else ""
    return DesignError(
        f"The table has no column '{name}'.",
        where=f"model '{spec.name}', field {_field_of(name, spec)}",
        why="the spec builds the model from it",
        next_step=f"{hint}The table has: {', '.join(str(c) for c in table.columns)}.",
    )


def _field_of(name: str, spec: ModelSpec) -> str:
    for key, value in spec.likelihood.model_dump().items():
        if value == name and key != "family":
            return f"likelihood.{key}"
    for position, effect in enumerate(spec.effects):
        if getattr(effect, "by", None) == name:
            return f"effects.{position}.by"
    return "unit" if name == spec.unit else "effects (formula)"
