"""An authority's returns while they are written down: what the faults change, and what they note.

A fault takes a `Book` and gives another. Episodes are arrays, one value per row of a return; an
episode that runs through several collection years has a row in each, and a fault in how the
authority's own records hold it is in all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayescich.histories.dates import first_of_april
from bayescich.histories.sorted_rows import MISSING, dates_of, days_of
from bayescich.records.ssda903_schema import EPISODE_COLUMNS
from bayescich.simulate.draws import Flags, Ints, Texts

TEXTS = tuple(name for name in EPISODE_COLUMNS if name not in ("CHILD", "DECOM", "DEC"))
"""The columns of Episodes that are neither id nor date."""

OPEN = MISSING
"""The end of an episode that has none yet."""

_OF_EPISODES = frozenset({"YEAR", "child", "start", "end"})

NOTES = ["cause", "child", "begun", "rows"]
"""What is noted of a fault: which, whose, the true start of the episode, rows changed; not in the
return's own words, so that the table is never taken for one of a return."""


@dataclass(frozen=True)
class Episodes:
    """Each episode of a book once, ordered by child and start; arrays with one entry each."""

    of_row: Ints
    """Which episode each row of the book is a return of."""
    first: Ints
    """The row of its first return."""
    last: Ints
    """The row of its last return."""
    child: Ints
    start: Ints
    end: Ints
    """As last returned; `OPEN` if it has not ended."""
    followed: Flags
    """Whether the child has a later episode, which is then the next one here."""
    joined: Flags
    """Whether that begins on the day on which this one ends."""

    def __len__(self) -> int:
        return len(self.first)

    def rows(self, picked: Flags) -> Flags:
        """Say which rows return one of the episodes picked."""
        return picked[self.of_row]

    def after(self, picked: Flags) -> Flags:
        """Say which episodes come next after one of those picked; none of another child."""
        found = np.zeros(len(self), dtype=bool)
        found[1:] = (picked & self.followed)[:-1]
        return found

    def before(self, picked: Flags) -> Flags:
        """Say after which episodes one of those picked comes next."""
        found = np.zeros(len(self), dtype=bool)
        found[:-1] = picked[1:] & self.followed[:-1]
        return found


@dataclass(frozen=True, eq=False)
class Book:
    """All returns of one authority, and what has been done to them so far."""

    columns: dict[str, NDArray[Any]]
    """Of Episodes, one value a row: YEAR, CHILD and the texts as returned; ``child`` (number),
    ``start`` and ``end`` (days), ``begun`` (true start of the episode)."""
    tables: dict[str, pd.DataFrame]
    """The other tables of the returns."""
    urns: Texts
    """URNs of homes, to take a wrong one from."""
    noted: tuple[pd.DataFrame, ...] = ()
    _made: dict[str, Episodes] = field(default_factory=dict)
    """The episodes, once they are asked for: most faults change none of them."""

    @classmethod
    def of(cls, tables: dict[str, pd.DataFrame], urns: Texts) -> Book:
        """Open a book on the clean tables of one authority."""
        rows = tables["episodes"]
        texts = {name: rows[name].to_numpy(dtype=object) for name in ("CHILD", *TEXTS)}
        start = days_of(rows["DECOM"])
        columns = {
            "YEAR": rows["YEAR"].to_numpy(dtype=np.int64),
            "child": pd.factorize(texts["CHILD"], sort=True)[0].astype(np.int64),
            "start": start,
            "end": days_of(rows["DEC"]),
            "begun": start,
            **texts,
        }
        return cls(columns, {n: table for n, table in tables.items() if n != "episodes"}, urns)

    def __getitem__(self, column: str) -> NDArray[Any]:
        """Return one column of Episodes."""
        return self.columns[column]

    def __len__(self) -> int:
        return len(self.columns["YEAR"])

    @property
    def episodes(self) -> Episodes:
        """Each episode once."""
        if not self._made:
            self._made["episodes"] = self._each_once()
        return self._made["episodes"]

    def _each_once(self) -> Episodes:
        child, start = self["child"], self["start"]
        order = np.lexsort((self["YEAR"], start, child))
        begins = np.ones(len(order), dtype=bool)
        begins[1:] = (child[order][1:] != child[order][:-1]) | (
            start[order][1:] != start[order][:-1]
        )
        of_row = np.empty(len(order), dtype=np.int64)
        of_row[order] = begins.cumsum() - 1
        first, last = order[begins], order[np.roll(begins, -1)]
        end, followed = self["end"][last], np.zeros(len(first), dtype=bool)
        followed[:-1] = child[first][1:] == child[first][:-1]
        joined = followed & (end == np.roll(start[first], -1)) & (end != OPEN)
        return Episodes(of_row, first, last, child[first], start[first], end, followed, joined)

    @property
    def closes(self) -> Ints:
        """31 March of each row's return."""
        return first_of_april(self["YEAR"]) - 1

    @property
    def opens(self) -> Ints:
        """1 April with which the year of each row's return begins."""
        return first_of_april(self["YEAR"] - 1)

    @property
    def years(self) -> Ints:
        """Collection years returned, in order."""
        return np.unique(self["YEAR"])

    def with_columns(self, **columns: NDArray[Any]) -> Book:
        """Return the book with some columns of Episodes set."""
        made = {} if _OF_EPISODES & set(columns) else self._made
        return replace(self, columns={**self.columns, **columns}, _made=made)

    def written(self, cause: str, rows: Flags, **values: object) -> Book:
        """Write something else into some rows of Episodes, and note it.

        Parameters
        ----------
        cause : str
            Name of the fault.
        rows : array of bool
        **values : object
            By column: one value, or one for each of those rows.
        """
        changed = {}
        for name, value in values.items():
            column = self[name].copy()
            column[rows] = value
            changed[name] = column
        return self.with_columns(**changed).saying(cause, rows, self)

    def saying(self, cause: str, rows: Flags, before: Book | None = None) -> Book:
        """Note a fault of some rows, of this book or of the one before."""
        book = before or self
        at = np.flatnonzero(rows)
        return self._with(_counted(cause, book["CHILD"][at], book["begun"][at]))

    def saying_of(self, cause: str, children: Texts) -> Book:
        """Note a fault of the child, not of an episode: one entry for each row changed."""
        return self._with(_counted(cause, children, np.full(len(children), MISSING)))

    def saying_of_all(self, cause: str, rows: int) -> Book:
        """Note a fault of whole files, that is nobody's own."""
        nobody = np.full(rows, "", dtype=object)
        return self._with(_counted(cause, nobody, np.full(rows, MISSING)))

    def with_table(self, name: str, table: pd.DataFrame) -> Book:
        """Return the book with another table beside Episodes set."""
        return replace(self, tables={**self.tables, name: table})

    def take(self, rows: Flags | Ints) -> Book:
        """Return the book with some rows of Episodes, by mark or position."""
        columns = {name: column[rows] for name, column in self.columns.items()}
        return replace(self, columns=columns, _made={})

    def and_again(self, rows: Ints, **values: NDArray[Any]) -> Book:
        """Return the book with some rows of Episodes once more at the end, with other values."""
        added = {name: column[rows] for name, column in self.columns.items()} | values
        both = {name: np.concatenate([old, added[name]]) for name, old in self.columns.items()}
        return replace(self, columns=both, _made={})

    def notes(self) -> pd.DataFrame:
        """Return what was done: `NOTES`, one row per cause, child and episode."""
        empty = _counted("", np.empty(0, dtype=object), np.empty(0, dtype=np.int64))
        return pd.concat([empty, *(one for one in self.noted if len(one))], ignore_index=True)

    def _with(self, note: pd.DataFrame) -> Book:
        return replace(self, noted=(*self.noted, note))


def _counted(cause: str, children: Texts, begun: Ints) -> pd.DataFrame:
    """Return one row per child and start, in their order, with how often each is there."""
    code, ids = pd.factorize(children, sort=True)
    order = np.lexsort((begun, code))
    code, begun = code[order], begun[order]
    new = np.ones(len(code), dtype=bool)
    new[1:] = (code[1:] != code[:-1]) | (begun[1:] != begun[:-1])
    at = np.flatnonzero(new)
    return pd.DataFrame(
        {
            "cause": np.full(len(at), cause, dtype=object),
            "child": np.asarray(ids, dtype=object)[code[at]],
            "begun": dates_of(begun[at]),
            "rows": np.diff(at, append=len(code)),
        }
    )
