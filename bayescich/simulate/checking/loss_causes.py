"""Which fault in the returns a stay was lost by: the likeliest of those that befell the child."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.histories.dates import first_of_april
from bayescich.histories.sorted_rows import days_of
from bayescich.simulate.draws import Texts
from bayescich.simulate.recording.codes import FIRST_YEAR_OF_URN

NOT_EXPLAINED = "not explained"

_OF_THE_HOME = ("urn missing", "urn not inspected", "urn wrong", "amended")
_OF_THE_STAY = (
    "header rows missing", "starts before birth", "year not returned", "id mangled",
    "day and month swapped", "year of two digits", "date of no calendar", "unknown code",
    "blank code", "ends in the future", "ends before start", "ends on first day",
    "new carer as same", "legal for new placement", "left open", "gap", "overlap",
    "end without reason", "recorded late", "header row missing", "birth date differs",
    "same carer as new", "placement for legal", "returned twice", "open with reason",
    "status changes left out", "postcode missing", *_OF_THE_HOME,
)  # fmt: skip
"""Faults that may change a stay, the likeliest to have done so first."""

_WITH_DATES = frozenset({"home not known", "in another home"})
_FOUND = "found exactly"
_NOT_COLLECTED = "urn not collected"
_MANGLED = "id mangled"


def causes_of(stays: pd.DataFrame, causes: pd.DataFrame | None, children: set[str]) -> Texts:
    """Name for each stay the fault that it was lost or changed by.

    Parameters
    ----------
    stays : DataFrame
        child, start, end and outcome, as in ``recovered.Recovery``.
    causes : DataFrame or None
        cause, child and begun, as noted by ``recording.record``.
    children : set of str
        Every child that there is; others are ids that a fault has made.

    Returns
    -------
    array of str
        Blank where the stay was found exactly; a fault of another time in the child's life is
        named as such.
    """
    named = np.where(stays["outcome"].eq(_FOUND), "", NOT_EXPLAINED).astype(object)
    if causes is None or causes.empty:
        return named
    likeliest = _by_likelihood(stays, causes)
    named[likeliest.index.to_numpy(dtype=np.int64)] = likeliest.to_numpy(dtype=object)
    unknown = ~stays["child"].isin(children).to_numpy()
    named[unknown & (named == NOT_EXPLAINED)] = _MANGLED
    return _before_urns(named, stays, causes)


def _by_likelihood(stays: pd.DataFrame, causes: pd.DataFrame) -> pd.Series:
    """Return the likeliest cause by position of the stay."""
    lost = stays[stays["outcome"].ne(_FOUND)].reset_index(names="stay")
    candidates = lost.merge(_candidates(causes), on="child")
    begun = candidates["begun"]
    then = begun.isna() | begun.between(candidates["start"], candidates["end"])
    of_home = candidates["outcome"].isin(_WITH_DATES) & candidates["cause"].isin(_OF_THE_HOME)
    order = {cause: i for i, cause in enumerate(_OF_THE_STAY)}
    # without a candidate the causes would stay text
    rank = candidates["cause"].map(order).astype("float64")
    ordered = candidates.assign(
        at_another_time=~then,
        rank=rank.where(~of_home, rank - len(_OF_THE_STAY)),
        cause=candidates["cause"].where(then, candidates["cause"] + ", at another time"),
    ).sort_values(["stay", "at_another_time", "rank", "begun"])
    likeliest: pd.Series = ordered.drop_duplicates("stay").set_index("stay")["cause"]
    return likeliest


def _candidates(causes: pd.DataFrame) -> pd.DataFrame:
    return causes.loc[causes["cause"].isin(_OF_THE_STAY), ["child", "cause", "begun"]]


def _before_urns(named: Texts, stays: pd.DataFrame, causes: pd.DataFrame) -> Texts:
    """Name the years without URNs where a stay that ended in them lacks no more than its home."""
    if not causes["cause"].eq(_NOT_COLLECTED).any():
        return named
    last = int(first_of_april(np.array([FIRST_YEAR_OF_URN - 1]))[0])
    early = (days_of(stays["end"]) < last) & stays["outcome"].eq("home not known").to_numpy()
    found: Texts = np.where(early, _NOT_COLLECTED, named)
    return found
