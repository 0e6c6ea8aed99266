"""Whether two episodes are in one place: by the home's URN, else by kind and postcode."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayescich.histories.sorted_rows import Flags, Integers, codes_of

HOME_CLASSES = ("children's home", "secure children's home")
"""Placement classes in which the URN names the home a child lives in."""

TEMPORARY = "temporary"
"""The class of temporary placements (T0 to T4), from which a child is expected to return."""

UNKNOWN_PROVIDER = "XXXXXXX"
"""Written for a provider that Ofsted does not inspect: the name of no home."""

_ANY_HOME = -2


def usable_urn(urns: pd.Series) -> pd.Series:
    """Return the URNs that name a provider, blank where they do not.

    Examples
    --------
    >>> usable_urn(pd.Series(["SC123456", "XXXXXXX"])).isna().tolist()
    [False, True]
    """
    return urns.mask(urns.eq(UNKNOWN_PROVIDER))


def place_key(table: pd.DataFrame) -> pd.Series:
    """Name each row's place: a home by its URN, any other by its kind and postcode or agency."""
    urns = usable_urn(table["URN"])
    at_home = table["PLACE_CLASS"].isin(HOME_CLASSES) & urns.notna()
    where = table["PL_POST"].fillna(urns).fillna("")
    elsewhere = table["PLACE_CLASS"].fillna("") + " " + where
    return urns.where(at_home, elsewhere).str.strip()


@dataclass(frozen=True)
class Places:
    """The place of each episode, as numbers: -1 is not recorded."""

    kind: Integers
    """Class of placement; all homes are one kind, for their URN tells them apart."""
    urn: Integers
    postcode: Integers

    @classmethod
    def of(cls, chain: pd.DataFrame) -> Places:
        """Number the places of a chain."""
        kind = codes_of(chain["PLACE_CLASS"])
        kind[chain["PLACE_CLASS"].isin(HOME_CLASSES).to_numpy()] = _ANY_HOME
        return cls(kind, codes_of(usable_urn(chain["URN"])), codes_of(chain["PL_POST"]))

    def at_home(self, rows: Integers) -> Flags:
        """Say which rows are in a children's home."""
        return self.kind[rows] == _ANY_HOME

    def same(self, rows: Integers, others: Integers) -> Flags:
        """Say where two rows are known to be in one place.

        A home is known by its URN. Any other place is of the same kind at the same postcode, and
        no two URNs contradict that: two carers of one agency share its URN.
        """
        home = self.at_home(rows) & self.at_home(others) & self._same_urn(rows, others)
        alike = (self.kind[rows] == self.kind[others]) & ~self._urns_differ(rows, others)
        return home | (alike & self._same_postcode(rows, others))

    def may_be_same(self, rows: Integers, others: Integers) -> Flags:
        """Say where two rows are in one place as far as is recorded."""
        unknown = (self.postcode[rows] < 0) | (self.postcode[others] < 0)
        alike = (self.kind[rows] == self.kind[others]) & ~self._urns_differ(rows, others)
        return self.same(rows, others) | (alike & unknown)

    def differ(self, rows: Integers, others: Integers) -> Flags:
        """Say where two rows are known to be in two places.

        One postcode is one place, whatever the URN and kind: a home registered anew, or a place
        registered late.
        """
        posts = (self.postcode[rows] >= 0) & (self.postcode[others] >= 0)
        otherwise = self._urns_differ(rows, others) | (self.kind[rows] != self.kind[others])
        apart = ~self._same_postcode(rows, others) & (posts | otherwise)
        return apart & ~self.same(rows, others)

    def _same_urn(self, rows: Integers, others: Integers) -> Flags:
        return (self.urn[rows] >= 0) & (self.urn[rows] == self.urn[others])

    def _urns_differ(self, rows: Integers, others: Integers) -> Flags:
        known = (self.urn[rows] >= 0) & (self.urn[others] >= 0)
        return known & (self.urn[rows] != self.urn[others])

    def _same_postcode(self, rows: Integers, others: Integers) -> Flags:
        return (self.postcode[rows] >= 0) & (self.postcode[rows] == self.postcode[others])


def all_rows(table: pd.DataFrame) -> Integers:
    """Return the positions of all rows.

    Examples
    --------
    >>> all_rows(pd.DataFrame({"a": [5, 6]})).tolist()
    [0, 1]
    """
    return np.arange(len(table))
