"""Columns asked for by a spec: there, complete and numeric, or a clear message."""

from __future__ import annotations

import difflib

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayescich.design.core import FloatArray
from bayescich.errors import DesignError
from bayescich.spec.model import ModelSpec


def column(table: pd.DataFrame, name: str, spec: ModelSpec, *, blanks: bool = False) -> pd.Series:
    """Return a column that exists and, unless ``blanks`` are allowed, has none.

    Raises
    ------
    DesignError
        Naming the column, the field of the spec that asks for it, and what is there.
    """
    if name not in table.columns:
        raise _absent(table, name, spec)
    values = table[name]
    blank = int(values.isna().sum())
    if blank and not blanks:
        raise DesignError(
            f"Column '{name}' is blank in {blank:,} of {len(table):,} rows.",
            where=f"column '{name}', asked for by '{spec.name}'",
            why="a row cannot be left out silently: what is missing is rarely missing by chance",
            next_step="Fill the blanks (a level 'unknown' is a level), or leave the rows out "
            "of the table yourself and say so.",
        )
    return values


def numbers(table: pd.DataFrame, name: str, spec: ModelSpec, *, blanks: bool = False) -> FloatArray:
    """Return a column as finite numbers, complete unless ``blanks`` are allowed (then NaN).

    Raises
    ------
    DesignError
        When the column is absent, blank somewhere or not numeric.
    """
    values = column(table, name, spec, blanks=blanks)
    parsed = pd.to_numeric(values, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    bad = ~np.isfinite(parsed) & values.notna().to_numpy()
    if bad.any():
        raise DesignError(
            f"Column '{name}' is not a number in {int(bad.sum()):,} of {len(table):,} rows.",
            where=f"column '{name}', asked for by '{spec.name}'",
            examples=[repr(v) for v in values[bad][:50]],
            why=f"the {spec.likelihood.family} likelihood needs numbers there",
            next_step="Mend these values, or name another column in the spec.",
        )
    return parsed


def refuse(
    table: pd.DataFrame,
    spec: ModelSpec,
    name: str,
    bad: npt.NDArray[np.bool_],
    what: str,
    shown: pd.Series | None = None,
) -> None:
    """Refuse a table of which some rows hold what the likelihood cannot have produced.

    Raises
    ------
    DesignError
        With how many rows, and examples.
    """
    if not bad.any():
        return
    values = (shown if shown is not None else table[name])[bad].astype(str)
    units = table[spec.unit].astype(str)[bad] if spec.unit in table else values
    raise DesignError(
        f"{int(bad.sum()):,} of {len(table):,} rows hold a value of '{name}' that {what}.",
        where=f"column '{name}'",
        examples=[f"{u}: {v}" for u, v in zip(units[:50], values[:50], strict=True)],
        why=f"the {spec.likelihood.family} likelihood of '{spec.name}' cannot have produced it",
        next_step="Mend these rows, or name another column in the spec.",
    )


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
