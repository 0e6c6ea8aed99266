"""What a check of returns found: everything the page and the terminal show of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from bayescich.account import Account
from bayescich.records.ssda903 import Ssda903Records


@dataclass(frozen=True)
class FlowStep:
    """One box of the cohort flow, and what left before it."""

    label: str
    """What the rows are, e.g. ``Placement spells``."""
    rows: int
    unit: str
    """What one of them is, in the plural, e.g. ``episodes``."""
    excluded: tuple[tuple[str, int], ...] = ()
    """What was left out between the step before and this one: reason and rows."""


@dataclass(frozen=True)
class Scope:
    """How much was read."""

    rows: int
    """Rows of the Episodes tables."""
    children: int
    authorities: int
    years: tuple[int, ...]
    """Collection years, as the years in which they end."""


@dataclass(frozen=True)
class RecordsCheck:
    """A check of returns, ready to be shown."""

    files: pd.DataFrame
    """One row per file or sheet: file, table, rows, authority, year, note."""
    account: Account
    """Every row read, repaired, excluded and kept."""
    faults: pd.DataFrame
    """From ``histories.faults.find_faults``."""
    flow: tuple[FlowStep, ...]
    """From the children in the returns to the analysis table."""
    scope: Scope
    authorities: pd.DataFrame = field(default_factory=pd.DataFrame)
    """From ``histories.faults.authority_profile``; no rows where it was not made."""
    measures: pd.DataFrame | None = None
    """Published measures computed from the same tables, where they were."""
    synthetic: bool = False
    """Whether the returns are of a simulated England."""
    warnings: tuple[str, ...] = ()
    """What the reader must know first."""


def scope_of(returns: Ssda903Records) -> Scope:
    """Say how much a set of returns holds.

    Parameters
    ----------
    returns : Ssda903Records

    Returns
    -------
    Scope
    """
    episodes = returns.episodes
    children = episodes[["LA", "CHILD"]].drop_duplicates()
    years = sorted(int(year) for year in episodes["YEAR"].dropna().unique())
    return Scope(len(episodes), len(children), int(episodes["LA"].nunique()), tuple(years))
