"""Children who went home and are looked after again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayescich.histories.dates import DAYS_PER_YEAR, birthday, collection_year_of
from bayescich.histories.sorted_rows import codes_of, days_of, of_next
from bayescich.simulate.checking.counting import NOTHING, Figures, Measured
from bayescich.simulate.checking.facts import Facts

_WENT_HOME = ("E4A", "E4B")
_YEARS = (2014, 2020)


def measures(facts: Facts) -> Figures:
    """Return how many are looked after again; the 18th birthday and the records' end censor."""
    rows = facts.placements
    end, start = (rows[day].to_numpy(dtype=np.int64) for day in ("end", "start"))
    # the next placement of a child who left is the first of the next period of care
    again = of_next(start, codes_of(rows["child"]), 0)
    year = collection_year_of(end)
    home = (rows["ended"].eq("left") & rows["REC"].isin(_WENT_HOME)).to_numpy()
    home = home & (year >= _YEARS[0]) & (year <= _YEARS[1])
    grown = days_of(birthday(rows["born"], 18))
    seen = (again > 0) & (again < grown)
    until = np.where(seen, again, np.minimum(grown, end.max(initial=0)))
    home = home & (until > end)
    time, event = (until - end)[home], seen[home]
    return {
        f"re-entry: within {words} of going home, 2014 to 2020": cumulative(
            time, event, years * DAYS_PER_YEAR
        )
        for words, years in {"a year": 1, "six years": 6}.items()
    }


def cumulative(time: NDArray[np.int64], event: NDArray[np.bool_], by: float) -> Measured:
    """Return the share with the event by a time, in per cent (Kaplan and Meier).

    Parameters
    ----------
    time : array
        Days until the event, or until sight was lost.
    event : array of bool
        Whether it was the event.
    by : float
        Days.

    Examples
    --------
    >>> cumulative(np.array([10, 20, 30, 40]), np.array([True, False, True, False]), 35)
    Measured(value=62.5, n=4)
    """
    if not len(time):
        return NOTHING
    order = np.lexsort((~event, time))
    at_risk = len(time) - np.arange(len(time))
    steps = (event & (time <= by))[order]
    survival = np.prod(1 - steps / at_risk)
    return Measured(100 * float(1 - survival), len(time))
