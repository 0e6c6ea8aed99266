"""Birthdays and ages, the same everywhere."""

from __future__ import annotations

import pandas as pd

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
    first = (born.dt.to_period("M") + 12 * age).dt.to_timestamp()
    reached: pd.Series = first + pd.to_timedelta(born.dt.day - 1, unit="D")
    return reached.astype("datetime64[ns]")


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
