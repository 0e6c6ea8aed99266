"""Rows on their way to a chain: dates and marks as numbers, the texts left where they are.

The steps between returns and a chain sort, drop and compare rows many times. They do so on a
few whole numbers per row; the texts of the rows that remain are fetched once, at the end.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayescich.account import EXAMPLES, Account
from bayescich.histories.sorted_rows import MISSING, Flags, Integers, days_of, ranked_codes
from bayescich.records.ssda903_codes import code_set

TABLE = "chain of episodes"
"""Name of this table in the account."""

START_OF_CARE = "S"
"""The reason for a new episode (RNE) with which a period of care begins."""

NO_REASON, CONTINUES, LEAVES = 0, 1, 2
"""What REC says: nothing, that the next episode begins that day (X1), that care ends."""


@dataclass(frozen=True)
class ChainRows:
    """Rows, the names of their children, and the account so far."""

    columns: dict[str, NDArray[Any]]
    """One array per column, a value per row: ``row`` (position in the returns), ``last`` (position
    of the row that says how it ended), ``child`` and ``la`` (codes), ``year``, ``start``, ``end``
    (days), and the marks that the steps add."""
    names: pd.Index[Any]
    """LA/CHILD of each child code."""
    account: Account

    def __getitem__(self, column: str) -> NDArray[Any]:
        """Return one column."""
        return self.columns[column]

    def __len__(self) -> int:
        return len(self.columns["row"])

    def with_columns(self, **columns: NDArray[Any]) -> ChainRows:
        """Return the rows with some columns set."""
        return replace(self, columns={**self.columns, **columns})

    def take(self, which: Integers | Flags) -> ChainRows:
        """Return some rows, by position or by mark, in that order."""
        return replace(self, columns={name: column[which] for name, column in self.columns.items()})

    def without(self, which: Flags, rule: str) -> ChainRows:
        """Leave rows out and count them."""
        if not which.any():
            return self
        return self._with("excluded", which, rule).take(~which)

    def repaired(self, which: Flags, rule: str) -> ChainRows:
        """Count rows that a rule changes."""
        return self._with("repaired", which, rule)

    def noted(self, which: Flags, rule: str) -> ChainRows:
        """Count rows in which a fault is left as it is."""
        return self._with("noted", which, rule)

    def counted(self, account: Account) -> ChainRows:
        """Return the rows with more in their account."""
        return replace(self, account=self.account + account)

    def _with(
        self, stage: Literal["excluded", "repaired", "noted"], which: Flags, rule: str
    ) -> ChainRows:
        rows = np.flatnonzero(which)
        some = [str(self.names[code]) for code in self["child"][rows[:EXAMPLES]] if code >= 0]
        count = getattr(Account(), stage)
        return self.counted(count(TABLE, rule, len(rows), some))


def chain_rows(episodes: pd.DataFrame, header: pd.DataFrame) -> tuple[ChainRows, Integers]:
    """Turn a return's episodes into numbers.

    Returns
    -------
    ChainRows
        In the order of the returns.
    array of int64
        The child code of each row of the Header.
    """
    ids = pd.concat([_child(episodes), _child(header)], ignore_index=True)
    codes, names = ranked_codes(ids)
    rec = code_set("rec")
    position = np.arange(len(episodes))
    rows = {
        "row": position,
        "last": position,
        "child": codes[: len(episodes)],
        "la": ranked_codes(episodes["LA"])[0],
        "year": whole_years(episodes["YEAR"]),
        "start": days_of(episodes["DECOM"]),
        "end": days_of(episodes["DEC"]),
        "starts_care": says(episodes["RNE"], {START_OF_CARE}),
        "reason": np.where(
            says(episodes["REC"], rec.in_group("continues")),
            CONTINUES,
            np.where(episodes["REC"].isna(), NO_REASON, LEAVES),
        ),
        "died": says(episodes["REC"], rec.in_group("death")),
        "imputed": says(episodes["REC"], rec.in_group("imputed")),
    }
    account = Account().read(TABLE, "episodes in the returns", len(episodes))
    return ChainRows(rows, names, account), codes[len(episodes) :]


def says(texts: pd.Series, codes: Collection[str]) -> Flags:
    """Say which rows hold one of the codes.

    Examples
    --------
    >>> says(pd.Series(["S", None, "P"]), {"S"}).tolist()
    [True, False, False]
    """
    return texts.isin(list(codes)).to_numpy(dtype=bool)


def whole_years(years: pd.Series) -> Integers:
    """Return years as whole numbers, blank ones as `MISSING`.

    Examples
    --------
    >>> whole_years(pd.Series([2020, None], dtype="Int64")).tolist() == [2020, MISSING]
    True
    """
    return np.asarray(years.astype("Int64").fillna(MISSING), dtype=np.int64)


def _child(table: pd.DataFrame) -> pd.Series:
    return table["LA"] + "/" + table["CHILD"]
