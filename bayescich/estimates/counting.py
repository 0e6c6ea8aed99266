"""How many spells, children and homes there are, whatever a row of the design is.

A row is a spell, a piece of one (cut at birthdays and at 1 April) or a cell of many alike. People
count spells, children and homes.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayescich.design.core import Design, FloatArray, Grouping, Membership
from bayescich.model.likelihoods.times import HazardTimes
from bayescich.sampling.fit import Fit
from bayescich.spec.model import INTERACTION, CompetingSpec, HazardSpec

COUNTED = {"n_children": ("child",), "n_homes": ("home",), "n_providers": ("provider", "owner")}
"""Columns of the table whose distinct values are counted, where it has them."""

WORDS = {"n_children": "children", "n_homes": "homes", "n_providers": "providers"}


def row_word(fit: Fit) -> str:
    """Return what is counted as one: a spell for hazards, a row of the table otherwise."""
    return "spells" if isinstance(fit.structure.likelihood, HazardTimes) else "rows"


def spells_of_rows(design: Design, at: Literal["start", "end"] = "end") -> FloatArray:
    """Return how many spells each row stands for, shape (rows,).

    Of the pieces of a spell only the first, or the last, counts; of the bands of a cell the first.

    Examples
    --------
    >>> from bayescich.design.core import Factor
    >>> unit = Factor("child", ("a", "b"), np.array([0, 0, 1]))
    >>> outcome = {"continues": np.array([1, 0, 0])}
    >>> design = Design("m", 3, unit, {}, None, outcome)
    >>> spells_of_rows(design).tolist(), spells_of_rows(design, "start").tolist()
    ([0.0, 1.0, 1.0], [1.0, 0.0, 1.0])
    """
    if "spells" in design.outcome:
        cell = design.unit.codes
        first = np.r_[True, cell[1:] != cell[:-1]]
        return np.where(first, design.outcome["spells"], 0).astype(np.float64)
    ends = design.ends
    return (ends if at == "end" else np.r_[True, ends[:-1]]).astype(np.float64)


def spells_of_levels(fit: Fit, factor: Grouping) -> FloatArray:
    """Return the spells of each level; a spell in two years counts in the one it ended in."""
    return factor.sums(spells_of_rows(fit.design))


def labels_of_table(table: pd.DataFrame, column: str) -> pd.Series:
    """Return the level of each row of the table, of a column or of several joined.

    Examples
    --------
    >>> frame = pd.DataFrame({"authority": ["A"], "year": [2020]})
    >>> labels_of_table(frame, "authority:year").tolist()
    ['A:2020']
    """
    first, *others = column.split(INTERACTION)
    words = table[first].astype(str)
    for other in others:
        words = words + INTERACTION + table[other].astype(str)
    return words


def counts_by_level(fit: Fit, factor: Grouping) -> dict[str, FloatArray]:
    """Return the distinct children, homes and providers of each level, where the table has them.

    A level made by cutting spells (an age attained) is in no table: nothing is counted then.
    """
    if isinstance(factor, Membership):
        # one row a child
        return {"n_children": factor.counts().astype(np.float64)}
    table = fit.table
    if not set(factor.name.split(INTERACTION)) <= set(table.columns):
        return {}
    level = labels_of_table(table, factor.name)
    counted = {}
    for name, column in _counted_columns(table).items():
        distinct = table[column].astype(str).groupby(level).nunique()
        counted[name] = np.asarray(distinct.reindex(list(factor.levels)), dtype=np.float64)
    return counted


def counts_where(fit: Fit, chosen: npt.NDArray[np.bool_]) -> dict[str, int]:
    """Return spells, children, homes and events of some rows of the table.

    Parameters
    ----------
    fit : Fit
    chosen : array, shape (rows of the table,)
    """
    some = fit.table[chosen]
    counts = {"n_spells": int(chosen.sum())}
    columns = _counted_columns(fit.table)
    counts |= {name: int(some[c].nunique()) for name, c in columns.items() if name in _OF_CELLS}
    events = events_of_table(fit)
    return counts if events is None else counts | {"n_events": int(events[chosen].sum())}


_OF_CELLS = ("n_children", "n_homes")


def events_of_table(fit: Fit) -> npt.NDArray[np.bool_] | None:
    """Return which rows of the table end with an event; none where there are no events."""
    item = fit.spec.likelihood
    if isinstance(item, HazardSpec):
        return np.asarray(pd.to_numeric(fit.table[item.event]) == 1, dtype=np.bool_)
    if isinstance(item, CompetingSpec):
        return np.asarray(fit.table[item.event].astype(str) != item.censored, dtype=np.bool_)
    return None


def _counted_columns(table: pd.DataFrame) -> dict[str, str]:
    found = {
        name: next((c for c in candidates if c in table.columns), None)
        for name, candidates in COUNTED.items()
    }
    return {name: column for name, column in found.items() if column is not None}
