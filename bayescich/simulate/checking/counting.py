"""A figure counted in the files of a synthetic England, and what it is counted over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Figures = dict[str, "Measured"]
"""Figures by the name they have under ``published`` in the calibration file."""


@dataclass(frozen=True)
class Measured:
    """A figure and its denominator."""

    value: float
    """In the unit of the published figure; not a number where there is nothing to count."""
    n: int
    """Children, stays, homes or other units it is counted over."""


NOTHING = Measured(float("nan"), 0)
"""What is counted over nothing."""


def share(flags: ArrayLike) -> Measured:
    """Return how many are true, in per cent.

    Examples
    --------
    >>> share([True, False, False, False])
    Measured(value=25.0, n=4)
    """
    marks = np.asarray(flags, dtype=bool)
    return Measured(100 * float(marks.mean()), len(marks)) if len(marks) else NOTHING


def shares(theme: str, labels: pd.Series, wanted: Mapping[str, object]) -> Figures:
    """Return how many have each label, in per cent of all.

    Parameters
    ----------
    theme : str
        What the names of the figures begin with.
    labels : Series
        One label per unit; a blank counts in the denominator.
    wanted : mapping
        The label, or a list of labels, by the rest of the figure's name.

    Examples
    --------
    >>> shares("sex", pd.Series(["M", "F", "F", "F"]), {"male": "M"})
    {'sex: male': Measured(value=25.0, n=4)}
    """
    return {f"{theme}: {name}": share(labels.isin(one_or_more(of))) for name, of in wanted.items()}


def one_or_more(labels: object) -> list[object]:
    """Return a list of labels, of one or of several."""
    return list(labels) if isinstance(labels, (list, tuple)) else [labels]


def median(values: ArrayLike) -> Measured:
    """Return the median of the values that are known."""
    known = _known(values)
    return Measured(float(np.median(known)), len(known)) if len(known) else NOTHING


def mean(values: ArrayLike) -> Measured:
    """Return the mean of the values that are known.

    Examples
    --------
    >>> mean([1.0, 2.0, float("nan")])
    Measured(value=1.5, n=2)
    """
    known = _known(values)
    return Measured(float(known.mean()), len(known)) if len(known) else NOTHING


def ratio(count: float, of: float, per: float = 1.0) -> Measured:
    """Return one count by another.

    Examples
    --------
    >>> ratio(3, 12, per=100)
    Measured(value=25.0, n=12)
    """
    return Measured(per * float(count) / float(of), int(of)) if of else NOTHING


def together(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return tables of several years as one; of none, a table with no rows or columns."""
    frames = list(frames)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _known(values: ArrayLike) -> NDArray[Any]:
    numbers = np.asarray(values, dtype=np.float64)
    return numbers[~np.isnan(numbers)]
