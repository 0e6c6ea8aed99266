"""One rule: what is at fault in a return, why it matters, and how it is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from bayescich.histories.faults.tables import FaultTables


@dataclass(frozen=True)
class Rule:
    """One fault that is looked for in every return."""

    name: str
    """Short and unique, e.g. ``overlap``."""
    theme: str
    """The family it is listed under, e.g. ``chain``."""
    table: str
    """The table whose rows are at fault: a name that ``FaultTables.rows`` knows."""
    sentence: str
    """What is at fault, in one sentence."""
    why: str
    """What it would do to a history or to a model."""
    mask: Callable[[FaultTables], pd.Series]
    """The rows at fault, true or false, in the order of the table."""
    needs: tuple[str, ...] = ()
    """Other tables without which the rule says nothing."""
    columns: tuple[str, ...] = ()
    """Columns of its table without a single value in which the rule says nothing."""

    def applies(self, tables: FaultTables) -> bool:
        """Say whether the returns hold what the rule is about."""
        if not all(tables.found(name) for name in (self.table, *self.needs)):
            return False
        frame = tables.rows(self.table).frame
        return all(column in frame and frame[column].notna().any() for column in self.columns)
