"""``Estimate``: a tidy table that the report lays out and a final report may cite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypedDict

import pandas as pd


class OnPage(TypedDict, total=False):
    """How a table is laid out on the page, where that is not as in its file."""

    across: str
    shown: tuple[str, ...]


@dataclass(frozen=True)
class Estimate:
    """One table with uncertainty."""

    name: str
    """Short id in snake case; the file name of the table, e.g. ``home_types``."""
    title: str
    sentence: str
    """What the table says, in plain words."""
    table: pd.DataFrame
    """Tidy; intervals in columns ending ``_q05`` and ``_q95``."""
    headings: Mapping[str, str] = field(default_factory=dict)
    """Words for column names."""
    notes: tuple[str, ...] = ()
    """How to read it and what it cannot tell."""
    across: str | None = None
    """Column whose values stand side by side on the page (routes, home types); the file of the
    table keeps one row for each."""
    shown: tuple[str, ...] = ()
    """Columns on the page: all when empty; with ``across`` those that head the rows, then one that
    is spread."""
    missing: str = ""
    """What the page says where a number is left out on purpose; a dash when empty."""
