"""The rows of a model with a formula: complete counts, one row for each unit and occasion."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.account import Account
from bayescich.design.columns import column, fault, numbers
from bayescich.errors import DesignError
from bayescich.spec.formula import FormulaSpec
from bayescich.spec.model import ModelSpec

TABLE = "rows fitted"
"""Name of this step in the account."""


def formula_of(spec: ModelSpec) -> FormulaSpec:
    """Return the likelihood of a model that has a formula."""
    assert isinstance(spec.likelihood, FormulaSpec), "only asked of models with a formula"
    return spec.likelihood


def formula_rows(table: pd.DataFrame, spec: ModelSpec) -> tuple[pd.DataFrame, Account]:
    """Return the columns that the formula needs, text for whatever has levels.

    Unit, occasion and columns that are averaged over have levels even where they are numbers, such
    as years; ``trend(year)`` makes a number of the occasion again.

    A published count that is suppressed is blank: its row is left out, and counted. In a table of
    the user's own a blank is an error, as in every model.

    Parameters
    ----------
    table : DataFrame
        One row per unit and occasion.
    spec : ModelSpec
        With ``family: formula``.

    Returns
    -------
    DataFrame
        Rows in the order of the table.
    Account
        Rows read, left out and kept.

    Raises
    ------
    DesignError
        If a column is absent, a count is none, or a unit stands twice on one occasion.
    """
    item = formula_of(spec)
    account = Account().read(TABLE, "rows of the table", len(table))
    if spec.data == "authorities":
        table, account = _without_suppressed(table, item, spec, account)
    counts = {name: _counts(table, name, spec) for name in (item.outcome, item.trials)}
    levels = {*item.compared, spec.unit}
    others = {
        name: _as_meant(column(table, name, spec), as_levels=name in levels)
        for name in item.columns
    }
    frame = pd.DataFrame(others | counts, index=table.index)
    _judge(frame, item, spec)
    return frame.reset_index(drop=True), account.kept(TABLE, "rows of the model", len(frame))


def _without_suppressed(
    table: pd.DataFrame, item: FormulaSpec, spec: ModelSpec, account: Account
) -> tuple[pd.DataFrame, Account]:
    for name, words in ((item.trials, "children"), (item.outcome, "outcome")):
        blank = table[name].isna() if name in table.columns else pd.Series(False, table.index)
        rule = f"the number of the {words} (“{name}”) is suppressed"
        units = table.loc[blank, spec.unit]
        account = account.excluded(TABLE, rule, int(blank.sum()), units.unique())
        table = table[~blank]
    return table, account


def _counts(table: pd.DataFrame, name: str, spec: ModelSpec) -> pd.Series:
    values = numbers(table, name, spec)
    if (values < 0).any() or (values != np.floor(values)).any():
        raise fault(spec, name, "holds a value that is no count", "the outcome is binomial")
    return pd.Series(values.astype(np.int64), index=table.index)


def _as_meant(values: pd.Series, *, as_levels: bool) -> pd.Series:
    """Return a measurement as it is, and whatever has levels as text."""
    measured = pd.api.types.is_numeric_dtype(values) and not as_levels
    return values if measured else values.astype("str")


def _judge(frame: pd.DataFrame, item: FormulaSpec, spec: ModelSpec) -> None:
    if (frame[item.outcome] > frame[item.trials]).any():
        raise fault(spec, item.outcome, f"is above “{item.trials}” in some row", "it is part of it")
    if (frame[item.trials] == 0).any():
        raise fault(spec, item.trials, "is zero in some row", "there is then nothing to count")
    twice = frame.duplicated([spec.unit, item.occasion])
    if twice.any():
        raise DesignError(
            f"{int(twice.sum()):,} rows repeat a '{spec.unit}' on one '{item.occasion}'.",
            where=f"model '{spec.name}', fields unit and likelihood.occasion",
            examples=[str(unit) for unit in frame.loc[twice, spec.unit].unique()],
            why="differences between units on one occasion could not be told apart",
            next_step="Add these rows up, or name the column that tells them apart.",
        )
