"""Arrays of a table sorted by group: what lies before and after each row of the same group.

A group is a run of equal integers, e.g. the code of a child. A sorted table needs no
``groupby``: neighbours are compared, which is what lets a nation's episodes be read in seconds.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]

MISSING: int = int(np.iinfo(np.int64).min)
"""No day: how a blank date is written among whole days."""


def days_of(dates: pd.Series) -> Integers:
    """Return dates as whole days since 1970, blank ones as `MISSING`.

    Examples
    --------
    >>> days_of(pd.Series(pd.to_datetime(["1970-01-03", None]))).tolist() == [2, MISSING]
    True
    """
    return dates.to_numpy().astype("datetime64[D]").astype(np.int64)


def dates_of(days: Integers) -> NDArray[np.datetime64]:
    """Return whole days since 1970 as dates; the reverse of `days_of`.

    Examples
    --------
    >>> str(dates_of(np.array([2]))[0])[:10]
    '1970-01-03'
    """
    return days.astype("datetime64[D]").astype("datetime64[ns]")


def codes_of(texts: pd.Series) -> Integers:
    """Return a whole number per distinct text, -1 for blank: numbers compare faster than text.

    Examples
    --------
    >>> codes_of(pd.Series(["K2", None, "K2"])).tolist()
    [0, -1, 0]
    """
    return pd.factorize(texts)[0].astype(np.int64)


def ranked_codes(texts: pd.Series) -> tuple[Integers, pd.Index[Any]]:
    """Return whole numbers in the order of the texts, -1 for blank, and the texts they stand for.

    Examples
    --------
    >>> codes, texts = ranked_codes(pd.Series(["b", "a", "b"]))
    >>> codes.tolist(), list(texts)
    ([1, 0, 1], ['a', 'b'])
    """
    codes, distinct = pd.factorize(texts)
    order = np.asarray(distinct.argsort())
    rank = np.empty(len(distinct) + 1, dtype=np.int64)
    rank[order] = np.arange(len(distinct))
    rank[-1] = -1
    return rank[codes], pd.Index(distinct).take(order)


def content_rank(table: pd.DataFrame) -> Integers:
    """Return a number per row that depends on nothing but what the row says; equal rows share it.

    Examples
    --------
    >>> content_rank(pd.DataFrame({"a": ["y", "x", "y"], "b": ["1", None, "1"]})).tolist()
    [1, 0, 1]
    """
    keys = [ranked_codes(table[column])[0] for column in table]
    order = np.lexsort(keys[::-1])
    changed = np.zeros(len(table), dtype=bool)
    for key in keys:
        changed[1:] |= key[order][1:] != key[order][:-1]
    rank = np.empty(len(table), dtype=np.int64)
    rank[order] = changed.cumsum()
    return rank


def order_of(*keys: Integers) -> Integers:
    """Return the order of the rows by the keys, the first counting most.

    Examples
    --------
    >>> order_of(np.array([2, 1, 1]), np.array([0, 9, 5])).tolist()
    [2, 1, 0]
    """
    spans = [int(key.max()) - int(key.min()) + 1 if len(key) else 1 for key in keys]
    if math.prod(spans) > np.iinfo(np.int64).max:
        return np.lexsort(keys[::-1])
    # one number per row is sorted several times faster than several are
    packed = np.zeros(len(keys[0]), dtype=np.int64)
    for key, span in zip(keys, spans, strict=True):
        packed = packed * span + (key - key.min() if len(key) else key)
    return packed.argsort(kind="stable")


def first_of(groups: Integers) -> Flags:
    """Say which row is the first of its group.

    Examples
    --------
    >>> first_of(np.array([4, 4, 7])).tolist()
    [True, False, True]
    """
    first = np.ones(len(groups), dtype=bool)
    first[1:] = groups[1:] != groups[:-1]
    return first


def last_of(groups: Integers) -> Flags:
    """Say which row is the last of its group.

    Examples
    --------
    >>> last_of(np.array([4, 4, 7])).tolist()
    [False, True, True]
    """
    last = np.ones(len(groups), dtype=bool)
    last[:-1] = groups[1:] != groups[:-1]
    return last


def of_next(values: NDArray[Any], groups: Integers, nothing: object) -> NDArray[Any]:
    """Return the value of the next row of the group, `nothing` on the last.

    Examples
    --------
    >>> of_next(np.array([1, 2, 3]), np.array([4, 4, 7]), -1).tolist()
    [2, -1, -1]
    """
    shifted = np.full_like(values, nothing)
    shifted[:-1] = values[1:]
    shifted[last_of(groups)] = nothing
    return shifted


def of_previous(values: NDArray[Any], groups: Integers, nothing: object) -> NDArray[Any]:
    """Return the value of the row before in the group, `nothing` on the first.

    Examples
    --------
    >>> of_previous(np.array([1, 2, 3]), np.array([4, 4, 7]), -1).tolist()
    [-1, 1, -1]
    """
    shifted = np.full_like(values, nothing)
    shifted[1:] = values[:-1]
    shifted[first_of(groups)] = nothing
    return shifted


def latest_where(flags: Flags, groups: Integers) -> Integers:
    """Return the position of the latest row of the group, up to this one, with the flag; else -1.

    Examples
    --------
    >>> latest_where(np.array([True, False, False]), np.array([4, 4, 7])).tolist()
    [0, 0, -1]
    """
    here = np.arange(len(flags))
    latest = np.maximum.accumulate(np.where(flags, here, -1))
    begins = np.maximum.accumulate(np.where(first_of(groups), here, 0))
    return np.where(latest >= begins, latest, -1)


def soonest_where(flags: Flags, groups: Integers) -> Integers:
    """Return the position of the soonest row of the group, from this one, with the flag; else -1.

    Examples
    --------
    >>> soonest_where(np.array([False, True, False]), np.array([4, 4, 7])).tolist()
    [1, 1, -1]
    """
    mirrored = latest_where(flags[::-1], groups[::-1])[::-1]
    return np.where(mirrored >= 0, len(flags) - 1 - mirrored, -1)


def earlier_in_group(counts: Integers, groups: Integers) -> Integers:
    """Return the sum over the earlier rows of the group.

    Examples
    --------
    >>> earlier_in_group(np.array([1, 1, 1]), np.array([4, 4, 7])).tolist()
    [0, 1, 0]
    """
    before = counts.cumsum() - counts
    first = np.flatnonzero(first_of(groups))
    return before - before[first].repeat(np.diff(first, append=len(groups)))


def sums(values: Integers, first: Integers) -> Integers:
    """Return the sum of each group, whose first rows are at the positions `first`.

    Examples
    --------
    >>> sums(np.array([1, 2, 3]), np.array([0, 2])).tolist()
    [3, 3]
    """
    return np.add.reduceat(values, first) if len(first) else np.zeros(0, dtype=np.int64)
