"""Figures as they may be shown: in full inside a secure room, rounded and without ids outside."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from bayescich.report.words import DASH, count, fixed

SMALLEST = 10
"""A smaller count is not shown outside the room; 0 is."""

ROUNDED_TO = 5
"""Other counts are rounded, so that a small one cannot be had by taking one from another."""

_COUNTS = {"rows", "children", "episodes", "moves", "home_episodes", "counted"}
_SHARE_OF = {"share": "rows", "other": "moves", "status_only": "moves", "no_reason": "moves",
             "no_urn": "home_episodes"}  # fmt: skip
_MEASURED = ("children", "counted")
"""Of whom a measure's share is, and of whom it is true."""
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Release:
    """What of a figure is shown."""

    without_ids: bool = False
    """Whether the page is to leave the room: no ids, no count below ten."""

    def number(self, value: object) -> str:
        """Write a count; a dash when it is missing.

        Examples
        --------
        >>> Release().number(1234), Release(without_ids=True).number(1234)
        ('1,234', '1,235')
        >>> [Release(without_ids=True).number(n) for n in (0, 3, 10)]
        ['0', '<10', '10']
        """
        if pd.isna(value):  # type: ignore[call-overload]
            return DASH
        rows = int(value)  # type: ignore[call-overload]
        if not self.without_ids:
            return count(rows)
        if 0 < rows < SMALLEST:
            return f"<{SMALLEST}"
        return count(ROUNDED_TO * round(rows / ROUNDED_TO))

    def share(self, share: float, rows: float) -> str:
        """Write a share as a percentage, unless it would give a small count away.

        Parameters
        ----------
        share : float
            Between 0 and 1.
        rows : float
            The count it is a share with.

        Examples
        --------
        >>> Release().share(0.1234, 3), Release(without_ids=True).share(0.1234, 3)
        ('12.3%', '–')
        >>> Release().share(0.0001, 3)
        '<0.1%'
        >>> Release(without_ids=True).share(0.004, 40)
        '<1%'
        """
        if math.isnan(rows) or not math.isfinite(share) or self.hidden(rows):
            return DASH
        decimals = 0 if self.without_ids else 1
        if 0 < 100 * share < 0.5 * 10**-decimals:
            return f"<{10**-decimals:g}%"
        return f"{fixed(100 * share, decimals)}%"

    def rounded(self, share: float) -> float:
        """Return a share as exact as it may be told: an exact one gives its count away."""
        return round(share, 2) if self.without_ids else share

    def hidden(self, rows: float) -> bool:
        """Say whether a count is too small to be shown."""
        return self.without_ids and 0 < rows < SMALLEST

    def table(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a table of counts as it may be saved: no ids, no small count, no formula.

        Parameters
        ----------
        frame : DataFrame
            Counts and shares are known by their names; ``examples`` holds ids.

        Examples
        --------
        >>> frame = pd.DataFrame({"rule": ["=1+1"], "rows": [3], "examples": ["A/1"]})
        >>> Release(without_ids=True).table(frame).iloc[0].tolist()
        ["'=1+1", '<10']
        """
        shown = self._small_removed(frame) if self.without_ids else frame
        texts = shown.select_dtypes(["object", "string", "category"]).columns
        return shown.assign(**{str(c): shown[c].map(_harmless) for c in texts})

    def _small_removed(self, frame: pd.DataFrame) -> pd.DataFrame:
        shown = frame.drop(columns=["examples"], errors="ignore")
        for column, whole in _SHARE_OF.items():
            if {column, whole} <= set(frame.columns):
                # the rows at fault are themselves the count behind "share"
                behind = frame[whole].astype("float64") * (
                    1 if column == "share" else frame[column]
                )
                pairs = zip(frame[column], behind, strict=True)
                shown[column] = [self.share(share, rows) for share, rows in pairs]
        if {"share", *_MEASURED} <= set(frame.columns):
            shown["share"] = self._measured_shares(frame)
        for column in _COUNTS & set(frame.columns):
            shown[column] = [self._plain(value) for value in frame[column]]
        return shown

    def _measured_shares(self, frame: pd.DataFrame) -> list[str]:
        small = frame[list(_MEASURED)].map(self.hidden).any(axis="columns")
        shares = zip(frame["share"].mask(small), frame["children"], strict=True)
        return [self.share(share, children) for share, children in shares]

    def _plain(self, value: object) -> str:
        return "" if pd.isna(value) else self.number(value).replace(",", "")  # type: ignore[call-overload]


def blank(value: object) -> str:
    """Write a cell, or nothing when it is missing.

    Examples
    --------
    >>> blank(2018), blank(None), blank(float("nan"))
    ('2018', '', '')
    """
    missing: bool = bool(pd.isna(value))  # type: ignore[call-overload]
    return "" if missing else str(value)


def _harmless(value: object) -> object:
    """Mark a cell that a spreadsheet would take for a formula as text."""
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value
