"""The rows of one table, ordered by child, and what stands before and after each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, eq=False)
class Rows:
    """One table in the order of child and date."""

    frame: pd.DataFrame
    """Its columns, codes as categories, on an index from 0."""
    child: np.ndarray
    """Number of the child of each row."""
    born_of: np.ndarray
    """Date of birth by number of the child."""
    _made: dict[tuple[str, str | int], pd.Series] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.frame)

    def __getitem__(self, column: str) -> pd.Series:
        return self.frame[column]

    @cached_property
    def same(self) -> np.ndarray:
        """Whether the row above is of the same child."""
        found = np.zeros(len(self), dtype=bool)
        found[1:] = self.child[1:] == self.child[:-1]
        return found

    @property
    def last(self) -> pd.Series:
        """Whether the row is the child's last."""
        return ~self.series(np.append(self.same[1:], False)) if len(self) else self.nothing

    @property
    def first(self) -> pd.Series:
        """Whether the row is the child's first."""
        return ~self.series(self.same)

    @property
    def nothing(self) -> pd.Series:
        """False in every row."""
        return self.series(np.zeros(len(self), dtype=bool))

    def series(self, values: np.ndarray) -> pd.Series:
        """Return values by row as a column."""
        return pd.Series(values, index=self.frame.index)

    def before(self, column: str) -> pd.Series:
        """Return the column's value in the child's row above; blank in the first."""
        return self._once("before", column, lambda: self[column].shift(1).where(self.same))

    def after(self, column: str) -> pd.Series:
        """Return the column's value in the child's row below; blank in the last."""
        same = np.append(self.same[1:], [False] * min(len(self), 1))
        return self._once("after", column, lambda: self[column].shift(-1).where(same))

    def changed(self, column: str) -> pd.Series:
        """Say where a code differs from the child's row above; blank and blank are the same."""

        def differs() -> pd.Series:
            codes = self[column].cat.codes.to_numpy()
            found = self.same.copy()
            found[1:] &= codes[1:] != codes[:-1]
            return self.series(found)

        return self._once("changed", column, differs)

    @cached_property
    def year_end(self) -> pd.Series:
        """31 March of the row's collection year."""
        return self.series(_first_of_april(self["YEAR"].to_numpy()) - DAY).astype("datetime64[ns]")

    @property
    def before_year_end(self) -> pd.Series:
        """31 March of the collection year of the child's row above."""
        return self.year_end.shift(1).where(self.same)

    @cached_property
    def end(self) -> pd.Series:
        """Return the end of each episode; an open one is followed to its 31 March."""
        return self["DEC"].fillna(self.year_end)

    @cached_property
    def days(self) -> pd.Series:
        """Return the days of each episode, an open one to its 31 March; never below 0."""
        days = (self.end - self["DECOM"]).dt.days.fillna(0).clip(lower=0)
        return days.astype("float64")

    @cached_property
    def continues(self) -> pd.Series:
        """Whether the episode starts on the day the child's last one ends."""
        return self["DECOM"].eq(self.before("DEC"))

    @cached_property
    def born(self) -> pd.Series:
        """Date of birth of the row's child, from the latest Header row."""
        return self.series(self.born_of[self.child]).astype("datetime64[ns]")

    def birthday(self, age: int) -> pd.Series:
        """Return the day on which each child reaches an age; 1 March for 29 February."""
        return self._once("birthday", age, lambda: self.series(_birthday(self.born_of, age)
                          [self.child]).astype("datetime64[ns]"))  # fmt: skip

    def days_of_run(self, column: str) -> pd.Series:
        """Return the days of each unbroken run of one code, in its first row; 0 in the others."""
        begins = ~(self.continues & ~self.changed(column)).to_numpy()
        run = np.cumsum(begins) - 1
        days = self.days.to_numpy()
        total = np.bincount(run, weights=days) if len(run) else days
        return self.series(np.where(begins, total[run], 0) if len(run) else days)

    def only(self, kept: np.ndarray) -> Rows:
        """Return some of the rows."""
        return Rows(self.frame[kept].reset_index(drop=True), self.child[kept], self.born_of)

    def _once(self, what: str, of: str | int, make: Callable[[], pd.Series]) -> pd.Series:
        key = (what, of)
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]


def ordered(frame: pd.DataFrame, child: np.ndarray, by: Sequence[str], born_of: np.ndarray) -> Rows:
    """Order a table by child and by the columns given, the first of these counting most."""
    keys = [frame[name].to_numpy() for name in reversed(by) if name in frame]
    order = np.lexsort([*keys, child])
    return Rows(frame.take(order).reset_index(drop=True), child[order], born_of)


def as_category(text: pd.Series) -> pd.Series:
    """Return text as categories, in the order in which they come.

    Examples
    --------
    >>> as_category(pd.Series(["K2", None, "K2"], dtype="str")).cat.codes.tolist()
    [0, -1, 0]
    """
    codes, values = pd.factorize(text)
    return pd.Series(pd.Categorical.from_codes(codes, values), index=text.index)


def _first_of_april(year: np.ndarray) -> np.ndarray:
    january = (year.astype("int64") - 1970).astype("datetime64[Y]").astype("datetime64[M]")
    return (january + np.timedelta64(3, "M")).astype("datetime64[D]")


def _birthday(born: np.ndarray, age: int) -> np.ndarray:
    month = born.astype("datetime64[M]")
    return (month + np.timedelta64(12 * age, "M")).astype("datetime64[D]") + (
        born - month.astype("datetime64[D]")
    )
