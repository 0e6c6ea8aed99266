"""Children as every table of outcomes sees them: periods of care, ages, and linear predictors."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np
import pandas as pd

from bayescich.histories.cohorts import year_11
from bayescich.histories.dates import birthday, collection_year_of, first_of_april
from bayescich.simulate.calibration import value
from bayescich.simulate.draws import Flags, Floats, Ints, Texts
from bayescich.simulate.outcomes.effects import OUTCOMES, POSITION
from bayescich.simulate.outcomes.exposure import Exposure
from bayescich.simulate.outcomes.traits import moves_slope, person_normals, slopes, traits
from bayescich.simulate.shapes import NEVER
from bayescich.simulate.shard import Shard


class Lives:
    """One authority's children, with all that their outcomes depend on; arrays by child.

    Parameters
    ----------
    shard : Shard
    """

    def __init__(self, shard: Shard) -> None:
        children = shard.children
        self.shard, self.settings, self.children = shard, shard.settings, children
        self.born, self.adult = (children[name].to_numpy(np.int64) for name in ("born", "adult"))
        self.number = len(self.born)
        self.person = children["person"].to_numpy(np.int64)
        self.id: Texts = children["CHILD"].to_numpy(dtype=object)
        self.male: Flags = children["SEX"].to_numpy(dtype=object) == "M"
        self.asylum: Flags = children["uasc"].to_numpy(np.bool_)
        self.dob = children["DOB"].to_numpy().astype("datetime64[ns]")
        self.year11: Ints = year_11(children["DOB"]).to_numpy(np.int64)
        self.end_of_year11 = first_of_april(self.year11) + 91
        self.exposure = Exposure(shard)
        self.traits = traits(children, shard.needs, None, shard.settings.hidden)

    @cached_property
    def trouble(self) -> Floats:
        """What no record shows of a child and what ties its outcomes together; SD one."""
        return self.normal("trouble")

    @cached_property
    def base(self) -> Floats:
        """Linear predictor before exposure, moves and year: shape (children, outcomes)."""
        intercept, loading = (
            np.array([value(f"outcomes.{figure}")[name] for name in OUTCOMES])
            for figure in ("intercept", "child_loading")
        )
        authority = self.shard.truth.outcomes.authority[self.shard.number]
        base: Floats = self.traits @ slopes() + self.trouble[:, None] * loading
        return base + intercept + authority

    def predictor(self, child: Ints, until: Ints) -> Floats:
        """Return linear predictors of children whose window ends on a day, before year effects.

        Parameters
        ----------
        child, until : array of int, shape (rows,)
            Position of the child; the first day that is not in the window.

        Returns
        -------
        array, shape (rows, outcomes)
        """
        moves = self.exposure.moves_before(child, until)
        lived: Floats = self.exposure.mean_effects(child, until)
        return self.base[child] + moves_slope(moves) + lived

    @cached_property
    def at_16(self) -> Floats:
        """Linear predictors of the window up to 30 June of Year 11: shape (children, outcomes)."""
        return self.predictor(np.arange(self.number), self.end_of_year11)

    @cached_property
    def at_18(self) -> Floats:
        """Linear predictors of the window up to the 18th birthday: shape (children, outcomes)."""
        return self.predictor(np.arange(self.number), self.adult)

    def normal(self, stream: str) -> Floats:
        """Return a standard normal number per child, the same for a person in any authority."""
        return person_normals(self.settings.seed, self.person, stream)

    def birthday(self, age: int) -> Ints:
        """Return the day on which each child reaches an age."""
        days = birthday(self.children["DOB"], age).to_numpy().astype("datetime64[D]")
        return days.astype(np.int64)

    @cached_property
    def periods(self) -> pd.DataFrame:
        """Periods of care: child, start, end (NEVER while it lasts), last kind, outcome and REC."""
        rows = self.shard.placements
        child, period = rows["child"].to_numpy(np.int64), rows["period"].to_numpy(np.int64)
        same = (child[1:] == child[:-1]) & (period[1:] == period[:-1])
        first = np.flatnonzero(np.concatenate([[True], ~same]))
        last = np.append(first[1:], len(child)) - 1
        outcome = rows["outcome"].to_numpy(dtype=object)[last]
        end = np.where(outcome == "open", NEVER, rows["end"].to_numpy(np.int64)[last])
        return pd.DataFrame({
            "child": child[first],
            "start": rows["start"].to_numpy(np.int64)[first],
            "end": end,
            "kind": rows["kind"].to_numpy(np.int64)[last],
            "outcome": outcome,
            "REC": rows["REC"].to_numpy(dtype=object)[last],
        })  # fmt: skip

    def years_of_periods(self, whole: bool) -> tuple[Ints, Ints]:
        """Return the collection years in which each child is looked after.

        Parameters
        ----------
        whole : bool
            Only years through which the child was looked after without a break, on 31 March too.

        Returns
        -------
        child, year : array of int
            Without repetition, ordered by child and year, within the years that are returned.
        """
        periods = self.periods
        start, end = periods["start"].to_numpy(np.int64), periods["end"].to_numpy(np.int64)
        shift = 1 if whole else 0
        first = collection_year_of(start - shift) + shift
        last = collection_year_of(np.minimum(end, self.settings.last_day + 1)) - shift
        first = np.maximum(first, self.settings.first_year)
        last = np.minimum(last, self.settings.last_year)
        row, year = spans(first, last)
        child = periods["child"].to_numpy(np.int64)[row]
        new = np.append(True, (child[1:] != child[:-1]) | (year[1:] != year[:-1]))[: len(child)]
        return child[new], year[new]


def spans(first: Ints, last: Ints) -> tuple[Ints, Ints]:
    """Count from first to last in each row; none where the last is before the first.

    Returns
    -------
    row, number : array of int

    Examples
    --------
    >>> row, number = spans(np.array([3, 5, 1]), np.array([4, 4, 1]))
    >>> row.tolist(), number.tolist()
    ([0, 0, 2], [3, 4, 1])
    """
    length = np.maximum(last - first + 1, 0)
    row = np.repeat(np.arange(len(first)), length)
    passed = np.arange(len(row)) - np.repeat(length.cumsum() - length, length)
    return row, first[row] + passed


def years_effect(name: str, year: Ints) -> Floats:
    """Return what the year adds to the predictor of an outcome.

    Parameters
    ----------
    name : str
        Of ``outcomes.years``: effects by year; years between those named lie on a line, years
        outside are as the nearest.
    year : array of int
    """
    return by_age(value("outcomes.years")[name], year)


def by_age(figures: Mapping[int, float], age: Ints) -> Floats:
    """Return a figure by age: ages between those named lie on a line, others are as the nearest.

    Examples
    --------
    >>> by_age({10: 1.0, 12: 2.0}, np.array([9, 11, 30])).tolist()
    [1.0, 1.5, 2.0]
    """
    found: Floats = np.interp(age, list(figures), list(figures.values()))
    return found


def column(predictor: Floats, name: str) -> Floats:
    """Return the predictor of one outcome."""
    own: Floats = predictor[:, POSITION[name]]
    return own


def expit(eta: Floats) -> Floats:
    """Return probabilities of log odds."""
    probability: Floats = 1 / (1 + np.exp(-eta))
    return probability
