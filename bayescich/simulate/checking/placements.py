"""Placements as the Department for Education counts them, of the episodes of a chain.

The Department's counts of new placements, of their durations and of why they changed take in every
change of placement, also one in which the child stays with the same carer (RNE T and U, most of
them with the reason PLACE): new placements of 2024 are as many as starts of care and changes
together. Its counts of placements in a year do not: the 6,600 changes of status of October 2023,
when supported accommodation had to be registered, left them as they were. The latter are the
package's own spells.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayescich.histories.sorted_rows import (
    Integers,
    codes_of,
    days_of,
    first_of,
    last_of,
    of_next,
    of_previous,
)

FOSTER = "foster"
HOMES = "children's homes"
SUPPORTED = "supported"
PARENTS = "with parents"
RESIDENTIAL = "other residential"
ADOPTION = "placed for adoption"
SCHOOL = "residential school"
OTHER = "other"
"""The Department's groups of placements; secure homes are among children's homes."""

_GROUP = {
    "foster": FOSTER,
    "kinship foster": FOSTER,
    "children's home": HOMES,
    "secure children's home": HOMES,
    "supported": SUPPORTED,
    "parents": PARENTS,
    "adoption": ADOPTION,
    "residential school": SCHOOL,
    "other residential": RESIDENTIAL,
    "health": RESIDENTIAL,
    "family assessment": RESIDENTIAL,
    "custody": RESIDENTIAL,
    "other": RESIDENTIAL,
}
_CHANGES = ("P", "B", "T", "U")
_TEMPORARY = "temporary"
_OF_FIRST = [
    "child", "LA", "born", "sex", "period", "PLACE", "PLACE_CLASS", "PLACE_PROVIDER", "LS", "CIN",
    "HOME_POST", "PL_POST", "URN",
]  # fmt: skip


def groups(classes: pd.Series) -> pd.Series:
    """Return the Department's group of each class of placement.

    Examples
    --------
    >>> groups(pd.Series(["kinship foster", "secure children's home", None])).tolist()
    ['foster', "children's homes", 'other']
    """
    return classes.map(_GROUP).fillna(OTHER).astype("str")


def placements(chain: pd.DataFrame) -> tuple[pd.DataFrame, Integers]:
    """Join episodes to placements; a temporary one with a return is part of what it interrupts.

    Parameters
    ----------
    chain : DataFrame
        From ``histories.episodes.chained_episodes``.

    Returns
    -------
    DataFrame
        One row per placement that is not temporary, ordered by child and start: columns of its
        first episode, with `LA` as ``authority`` and `CIN` as ``need``; ``group``; ``start`` and
        ``end`` (days since 1970, the end the first day not there); ``first`` (of the period of
        care); ``ended`` ("changed", "left", "open" or "not recorded"); ``reason`` (why it
        changed); ``REC``.
    array of int64
        The placement of each episode, -1 for a temporary one that nothing comes before.
    """
    kept = np.flatnonzero(~chain["PLACE_CLASS"].eq(_TEMPORARY).to_numpy(dtype=bool, na_value=False))
    rows = chain.take(kept).reset_index(drop=True)
    begins = _begins(rows, kept)
    number = np.cumsum(begins) - 1
    first, last = np.flatnonzero(begins), np.flatnonzero(last_of(number))
    table = rows[_OF_FIRST].take(first).reset_index(drop=True)
    table = table.rename(columns={"LA": "authority", "CIN": "need"})
    table["group"] = groups(table["PLACE_CLASS"])
    table["start"] = days_of(rows["DECOM"])[first]
    table["reason"] = rows["REASON_PLACE_CHANGE"].take(last).reset_index(drop=True)
    return _with_ends(table, chain), _placement_of_episodes(chain, kept, number)


def _begins(rows: pd.DataFrame, kept: Integers) -> NDArray[np.bool_]:
    """Say which lasting episodes begin a placement."""
    period = rows["period"].to_numpy(dtype=np.int64)
    back = of_previous(kept, period, -1) < kept - 1
    for column in ("PLACE", "PL_POST", "URN"):
        codes = codes_of(rows[column])
        back &= codes == of_previous(codes, period, -2)
    changes = rows["RNE"].isin(_CHANGES).to_numpy(dtype=bool) & ~back
    return first_of(period) | changes


def _with_ends(table: pd.DataFrame, chain: pd.DataFrame) -> pd.DataFrame:
    period = table["period"].to_numpy(dtype=np.int64)
    of_chain = chain["period"].to_numpy(dtype=np.int64)
    closing = chain.take(np.flatnonzero(last_of(of_chain)))
    closing = closing.set_index("period")[["DEC", "REC", "open"]].reindex(period)
    leaves = last_of(period)
    start = table["start"].to_numpy(dtype=np.int64)
    end = np.where(leaves, days_of(closing["DEC"]), of_next(start, period, 0))
    still, rec = closing["open"].to_numpy(dtype=bool), closing["REC"].reset_index(drop=True)
    seen = rec.notna().to_numpy()
    ended = np.select([~leaves, still, seen], ["changed", "open", "left"], "not recorded")
    return table.assign(
        end=end, first=first_of(period), ended=ended, REC=rec.mask(pd.Series(~leaves | still))
    )


def _placement_of_episodes(chain: pd.DataFrame, kept: Integers, number: Integers) -> Integers:
    """Give each episode its placement; a temporary one, that which it interrupts."""
    placed = np.full(len(chain), -1, dtype=np.int64)
    placed[kept] = number
    period = chain["period"].to_numpy(dtype=np.int64)
    latest = np.maximum.accumulate(np.where(placed >= 0, np.arange(len(chain)), -1))
    known = (latest >= 0) & (period[latest] == period)
    return np.where(known, placed[latest], -1)
