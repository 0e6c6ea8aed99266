"""The codes of an SSDA903 return, by collection year.

Codes are written in ``codes/ssda903_*.csv`` and nowhere else: one row per code with its label,
the first and last collection year in which it is valid (2026 is 1 April 2025 to 31 March 2026;
blank is open), the group an analyst uses, the codes that the same thing is called later
(``becomes``), and a note.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import pandas as pd

from bayescich.records import code_sets

PREFIX = "ssda903_"
"""What the names of the code tables of the return begin with."""


@dataclass(frozen=True, eq=False)
class CodeSet:
    """The codes of one column, current and historic."""

    column: str
    """The code set's name, e.g. ``place``."""
    table: pd.DataFrame
    """Indexed by code: label, valid_from, valid_to (collection years), group, becomes, note."""

    @cached_property
    def group(self) -> dict[str, str]:
        """Map every code to its analyst's group."""
        return dict(zip(self.table.index, self.table["group"], strict=True))

    @cached_property
    def becomes(self) -> dict[str, tuple[str, ...]]:
        """Map each code that is written otherwise in a later year to its later codes.

        A child whose code changes so between two years has not moved.

        Examples
        --------
        >>> code_set("place").becomes["H5"]
        ('K3',)
        """
        later = self.table.loc[self.table["becomes"].ne(""), "becomes"]
        return {str(code): tuple(str(text).split()) for code, text in later.items()}

    def in_group(self, *groups: str) -> frozenset[str]:
        """Return the codes of one or more groups.

        Examples
        --------
        >>> sorted(code_set("ls").in_group("respite"))
        ['V3', 'V4']
        """
        return frozenset(self.table.index[self.table["group"].isin(groups)])

    def positions(self, codes: pd.Series) -> np.ndarray:
        """Return the row of the table for each code; -1 for a blank or unknown one.

        Examples
        --------
        >>> code_set("rne").positions(pd.Series(["L", None, "S"])).tolist()
        [1, -1, 0]
        """
        # each distinct code is looked up once: columns have millions of rows
        number, distinct = pd.factorize(codes)
        return np.append(self.table.index.get_indexer(pd.Index(distinct)), -1)[number]

    def outside_its_years(self, codes: pd.Series, years: pd.Series) -> pd.Series:
        """Say which rows hold a code that exists but not in that collection year.

        Examples
        --------
        >>> place = code_set("place")
        >>> place.outside_its_years(pd.Series(["K3", "K3"]), pd.Series([2024, 2025])).tolist()
        [True, False]
        """
        position = self.positions(codes)
        year = years.to_numpy(dtype="float64", na_value=np.nan)
        # a blank or unknown code has position -1, the bounds put last
        first = np.append(self.table["valid_from"].fillna(-np.inf), -np.inf)[position]
        last = np.append(self.table["valid_to"].fillna(np.inf), np.inf)[position]
        return pd.Series((year < first) | (year > last), index=codes.index)


@cache
def code_set(name: str) -> CodeSet:
    """Read one code set, e.g. ``"place"``.

    Examples
    --------
    >>> code_set("place").group["K2"]
    "children's home"
    """
    table = code_sets.code_set(PREFIX + name).set_index("code")
    for column in ("valid_from", "valid_to"):
        table[column] = pd.to_numeric(table[column]).astype("float64")
    return CodeSet(name, table)
