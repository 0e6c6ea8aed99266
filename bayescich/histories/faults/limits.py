"""Rules from the table of limits: how long a status may last and how old a child must be."""

from __future__ import annotations

from functools import partial

import pandas as pd

from bayescich.histories.faults.rule import Rule
from bayescich.histories.faults.tables import EPISODES, FaultTables
from bayescich.records.code_sets import code_set


def limit_rules(theme: str, measures: tuple[str, ...], columns: tuple[str, ...], why: str
                ) -> tuple[Rule, ...]:  # fmt: skip
    """Return one rule for each limit of some measures and columns.

    Parameters
    ----------
    theme : str
    measures : tuple of str
        ``most days``, ``least age at start``, ``least age at end``.
    columns : tuple of str
        Columns of the Episodes table.
    why : str
        What it does to a history.

    Examples
    --------
    >>> limit_rules("temporary", ("most days",), ("PLACE",), "Why.")[0].name
    'T1 over 42 days'
    """
    table = code_set("limits_by_code")
    chosen = table[table["measure"].isin(measures) & table["column"].isin(columns)]
    return tuple(
        _rule(theme, why, str(column), str(code), str(measure), int(limit), str(because))
        for column, code, measure, limit, because in chosen.itertuples(index=False)
    )


def _rule(
    theme: str, why: str, column: str, code: str, measure: str, limit: int, because: str
) -> Rule:
    if measure == "most days":
        name, what = f"{code} over {limit} days", f"lasts more than {limit} days"
        mask = partial(_too_long, column=column, code=code, limit=limit)
    else:
        name, what = f"{code} under {limit}", f"is of a child under {limit}"
        mask = partial(_too_young, column=column, code=code, limit=limit, measure=measure)
    return Rule(name, theme, EPISODES, f"{column} {code} {what}: {because}.", why, mask)


def _too_long(tables: FaultTables, column: str, code: str, limit: int) -> pd.Series:
    rows = tables.episodes
    return rows[column].eq(code) & rows.days_of_run(column).gt(limit)


def _too_young(tables: FaultTables, column: str, code: str, limit: int, measure: str) -> pd.Series:
    rows = tables.episodes
    on = rows["DEC"] if measure == "least age at end" else rows["DECOM"]
    return rows[column].eq(code) & (on < rows.birthday(limit))
