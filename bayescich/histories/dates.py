"""Birthdays, ages and collection years, the same everywhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

DAYS_PER_YEAR = 365.25
"""Length of a year in ages and rates."""


def birthday(born: pd.Series, age: int) -> pd.Series:
    """Return the date on which each child reaches an age.

    A child born on 29 February reaches it on 1 March of a common year.

    Examples
    --------
    >>> birthday(pd.Series(pd.to_datetime(["2004-02-29"])), 18).dt.strftime("%Y-%m-%d").item()
    '2022-03-01'
    """
    day = born.to_numpy().astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    reached = (month + np.timedelta64(12 * age, "M")).astype("datetime64[D]") + (day - month)
    return pd.Series(reached.astype("datetime64[ns]"), index=born.index, name=born.name)


def age(born: pd.Series, on: pd.Series) -> pd.Series:
    """Return ages in years with a fraction.

    Examples
    --------
    >>> dates = pd.to_datetime(["2000-01-01", "2010-01-01"])
    >>> round(age(pd.Series(dates[:1]), pd.Series(dates[1:])).item(), 2)
    10.0
    """
    years: pd.Series = (on - born).dt.days / DAYS_PER_YEAR
    return years


def first_of_april(years: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return 1 April of each year, the day after its collection ends, in days since 1970.

    Examples
    --------
    >>> first_of_april(np.array([1970])).tolist()
    [90]
    """
    months = (years - 1970) * 12 + 3
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def collection_year_of(days: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the year in which the collection of each day ends, days counted from 1970.

    Examples
    --------
    >>> collection_year_of(np.array([89, 90])).tolist()
    [1970, 1971]
    """
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return (months - 3) // 12 + 1971
