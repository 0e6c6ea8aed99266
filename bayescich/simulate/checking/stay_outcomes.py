"""What became of each true stay in a home: found as it was, changed, or lost."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.histories.sorted_rows import dates_of
from bayescich.simulate.draws import Flags, Floats, Ints

EXACTLY, HOME_NOT_KNOWN, ANOTHER_HOME = "found exactly", "home not known", "in another home"
OTHER_DATES, SPLIT, JOINED = "other dates", "split", "joined with another"
LOST, NEVER_WAS = "lost", "never was"
OUTCOMES = (
    EXACTLY, HOME_NOT_KNOWN, ANOTHER_HOME, OTHER_DATES, SPLIT, JOINED, LOST, NEVER_WAS,
)  # fmt: skip
"""What became of a true stay in a home; the last is of stays that were found and never were."""

_FAR = 10_000_000
_NO_DAY = 0.5


def outcomes_of(made: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Say what became of each true stay, and which stays found never were.

    Parameters
    ----------
    made, found : DataFrame
        child, start and end (days since 1970) and home; no child's stays overlap.

    Returns
    -------
    DataFrame
        Those made, then those found that never were: child, start, end (dates), home, days,
        days_right (found in the right home), outcome.
    """
    made = made.sort_values(["child", "start", "end"], ignore_index=True)
    found = found.sort_values(["child", "start", "end"], ignore_index=True)
    codes = pd.factorize(pd.concat([made["child"], found["child"]]), sort=True)[0]
    own, other = np.split(codes.astype(np.int64), [len(made)])
    at = _same_dates(made, found, own, other)
    same_home = made["home"].to_numpy() == found["home"].reindex(at).to_numpy()
    named = found["home"].reindex(at).fillna("").ne("").to_numpy()
    outcome = np.select(
        [same_home, named, at >= 0], [EXACTLY, ANOTHER_HOME, HOME_NOT_KNOWN], LOST
    ).astype(object)
    days = _days(made)
    right = np.where(same_home, days, 0.0)
    free = np.ones(len(found), dtype=bool)
    free[at[at >= 0]] = False
    pairs = _overlaps(made, found, own, other, at < 0, free)
    shared = _days_shared(made, found, pairs)
    np.add.at(right, pairs[0], np.where(_one_home(made, found, pairs), shared, 0))
    pairs = _of_substance(made, found, pairs, shared)
    outcome = _of_overlaps(outcome, pairs)
    stays = made.assign(days=days, days_right=right, outcome=outcome)
    never = np.setdiff1d(np.flatnonzero(free), pairs[1])
    extra = found.take(never).reset_index(drop=True)
    extra = extra.assign(days=_days(extra), days_right=0.0, outcome=NEVER_WAS)
    both = pd.concat([stays, extra], ignore_index=True)
    return both.assign(
        start=dates_of(both["start"].to_numpy()), end=dates_of(both["end"].to_numpy())
    )


def _days(stays: pd.DataFrame) -> Floats:
    days = (stays["end"] - stays["start"]).to_numpy(dtype=np.float64)
    return np.where(days > 0, days, _NO_DAY)


def _same_dates(made: pd.DataFrame, found: pd.DataFrame, own: Ints, other: Ints) -> Ints:
    """Return the position of the stay found with the same child and dates, else -1."""
    columns = [
        pd.MultiIndex.from_arrays([child, stays["start"], stays["end"]])
        for child, stays in ((own, made), (other, found))
    ]
    first = np.flatnonzero(~columns[1].duplicated())
    place = columns[1].take(first).get_indexer(columns[0])
    at = np.where(place >= 0, first[place] if len(first) else -1, -1)
    # a stay found is one stay only
    taken_before = pd.Series(at).duplicated().to_numpy()
    return np.where(taken_before, -1, at)


def _overlaps(
    made: pd.DataFrame,
    found: pd.DataFrame,
    own: Ints,
    other: Ints,
    left: Flags,
    free: Flags,
) -> tuple[Ints, Ints]:
    """Return the pairs of true stays left and free stays found that share a day."""
    rows, columns = np.flatnonzero(left), np.flatnonzero(free)
    starts, ends = (
        other[columns] * _FAR + found[name].to_numpy(dtype=np.int64)[columns]
        for name in ("start", "end")
    )
    begins, closes = (
        own[rows] * _FAR + made[name].to_numpy(dtype=np.int64)[rows] for name in ("start", "end")
    )
    low = np.searchsorted(np.maximum.accumulate(ends) if len(ends) else ends, begins, "right")
    number = np.maximum(np.searchsorted(starts, closes, "left") - low, 0)
    which = np.repeat(np.arange(len(rows)), number)
    step = np.arange(number.sum()) - np.repeat(number.cumsum() - number, number)
    return rows[which], columns[low[which] + step]


def _of_overlaps(outcome: np.ndarray, pairs: tuple[Ints, Ints]) -> np.ndarray:
    """Say of true stays that were found with other dates whether they were split or joined."""
    made, found = pairs
    if not len(made):
        return outcome
    pieces, stays = np.bincount(made), np.bincount(found)
    shared = np.zeros(len(pieces), dtype=bool)
    shared[made[stays[found] > 1]] = True
    rows = np.unique(made)
    said = np.select([pieces[rows] > 1, shared[rows]], [SPLIT, JOINED], OTHER_DATES)
    outcome = outcome.copy()
    outcome[rows] = said
    return outcome


def _days_shared(made: pd.DataFrame, found: pd.DataFrame, pairs: tuple[Ints, Ints]) -> Floats:
    """Return the days that the two of each pair share."""
    own, other = (t.take(at) for t, at in zip((made, found), pairs, strict=True))
    start = np.maximum(own["start"].to_numpy(), other["start"].to_numpy())
    end = np.minimum(own["end"].to_numpy(), other["end"].to_numpy())
    return np.maximum(end - start, 0).astype(np.float64)


def _one_home(made: pd.DataFrame, found: pd.DataFrame, pairs: tuple[Ints, Ints]) -> Flags:
    same: Flags = made["home"].to_numpy()[pairs[0]] == found["home"].to_numpy()[pairs[1]]
    return same


def _of_substance(
    made: pd.DataFrame, found: pd.DataFrame, pairs: tuple[Ints, Ints], shared: Floats
) -> tuple[Ints, Ints]:
    """Return the pairs that share half the days of the shorter: others are a matter of dates."""
    shorter = np.minimum(_days(made)[pairs[0]], _days(found)[pairs[1]])
    kept = shared >= shorter / 2
    return pairs[0][kept], pairs[1][kept]
