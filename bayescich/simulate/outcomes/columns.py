"""Cells as returns and extracts write them: flags, whole numbers, dates and school years."""

from __future__ import annotations

from functools import cache

import numpy as np

from bayescich.histories.sorted_rows import dates_of
from bayescich.simulate.draws import Flags, Ints, Texts

_SMALL = 5_000


def flags(yes: Flags, shown: Flags | None = None) -> Texts:
    """Write yes and no as 1 and 0, and nothing where nothing is to be shown.

    Examples
    --------
    >>> flags(np.array([True, False, True]), np.array([True, True, False])).tolist()
    ['1', '0', '']
    """
    code = yes.astype(np.int64)
    if shown is not None:
        code = np.where(shown, code, 2)
    return _FLAGS[code]


def whole(number: Ints, shown: Flags | None = None) -> Texts:
    """Write whole numbers from 0 to 4,999, and nothing where nothing is to be shown.

    Examples
    --------
    >>> whole(np.array([12, 3]), np.array([True, False])).tolist()
    ['12', '']
    """
    at = number.astype(np.int64)
    return _numbers()[at if shown is None else np.where(shown, at, _SMALL)]


def decimals(number: np.ndarray, places: int, shown: Flags | None = None) -> Texts:
    """Write numbers with so many decimal places, and nothing where nothing is to be shown.

    Examples
    --------
    >>> decimals(np.array([-1.25, 0.5]), 1).tolist()
    ['-1.2', '0.5']
    """
    text = np.round(number, places).astype(np.float64).astype(f"U{8 + places}").astype(object)
    return text if shown is None else np.where(shown, text, "")


def dates(day: Ints, shown: Flags | None = None) -> np.ndarray:
    """Return days since 1970 as datetime64[ns], NaT where nothing is to be shown."""
    date = dates_of(day)
    return date if shown is None else np.where(shown, date, np.datetime64("NaT", "ns"))


def school_years(year: Ints) -> Texts:
    """Write school years by the year in which they end.

    Examples
    --------
    >>> school_years(np.array([2019])).tolist()
    ['2018/2019']
    """
    return _years()[year - _FIRST]


_FLAGS = np.array(["0", "1", ""], dtype=object)
_FIRST = 1950


@cache
def _numbers() -> Texts:
    return np.array([*map(str, range(_SMALL)), ""], dtype=object)


@cache
def _years() -> Texts:
    return np.array([f"{year - 1}/{year}" for year in range(_FIRST, _FIRST + 150)], dtype=object)
