"""``Estimate``: a tidy table that the report lays out and a final report may cite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd


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
