"""Small repairs that every reader of an extract shares, each with its account."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayescich.account import EXAMPLES, Account
from bayescich.records.sources import UNSTATED_LA
from bayescich.records.vocabulary import vocabulary


def shown(frame: pd.DataFrame, keys: Sequence[str], rows: pd.Series) -> list[str]:
    """Return example ids of some rows, such as ``Northshire/101/2024-05-06``.

    Parameters
    ----------
    frame : DataFrame
    keys : sequence of str
        The columns that make an id.
    rows : Series of bool
        Which rows.

    Examples
    --------
    >>> frame = pd.DataFrame({"LA": ["Northshire"], "CHILD": ["101"]})
    >>> shown(frame, ["LA", "CHILD"], pd.Series([True]))
    ['Northshire/101']
    """
    some = frame.loc[rows, list(keys)].head(EXAMPLES)
    for name in some.columns:
        if pd.api.types.is_datetime64_any_dtype(some[name]):
            some[name] = some[name].dt.strftime("%Y-%m-%d")
    return ["/".join("?" if pd.isna(v) else str(v) for v in row) for row in some.to_numpy()]


def with_authority(frame: pd.DataFrame, table: str) -> tuple[pd.DataFrame, Account]:
    """Name the authority of rows that state none ``UNSTATED``, as for returns.

    Parameters
    ----------
    frame : DataFrame
        With a column LA.
    table : str
        Name for the account.
    """
    blank = frame["LA"].isna()
    rule = f"no authority is stated; taken as {UNSTATED_LA}"
    account = Account().repaired(table, rule, int(blank.sum()))
    return frame.assign(LA=frame["LA"].fillna(UNSTATED_LA)), account


def coded(
    frame: pd.DataFrame, column: str, name: str, table: str, *, required: bool
) -> tuple[pd.DataFrame, Account]:
    """Put codes in the place of words.

    Parameters
    ----------
    frame : DataFrame
    column : str
        The column of words.
    name : str
        The vocabulary.
    table : str
        Name for the account.
    required : bool
        Whether a row whose word is not known is left out; else the cell becomes blank.

    Returns
    -------
    DataFrame
    Account
        Unknown words with how often each is met, and the nearest known term.
    """
    terms = vocabulary(name)
    codes = terms.matched(frame[column])
    unknown = codes.isna() & frame[column].notna()
    examples = terms.unknown_shown(frame.loc[unknown, column])
    rule = f"{column} is no term of the code set {name}"
    frame, rows = frame.assign(**{column: codes}), int(unknown.sum())
    if required:
        return frame[~unknown], Account().excluded(table, rule, rows, examples)
    return frame, Account().repaired(table, f"{rule}; taken as blank", rows, examples)


def one_row_each(
    frame: pd.DataFrame, keys: Sequence[str], last_by: Sequence[str], table: str, rule: str
) -> tuple[pd.DataFrame, Account]:
    """Keep one row per key: the last in the order of some columns, then of the file.

    Parameters
    ----------
    frame : DataFrame
    keys : sequence of str
        Columns that a row is one of; blank equals blank.
    last_by : sequence of str
        Columns by which the row kept is the greatest; blanks come first.
    table, rule : str
        Name and rule for the account, which tells copies from rows that differ.

    Returns
    -------
    DataFrame
        In the order of the keys.
    Account
    """
    copies = frame.duplicated()
    examples = shown(frame, keys, copies)
    account = Account().excluded(table, "a copy of another row", int(copies.sum()), examples)
    frame = frame[~copies]
    ordered = frame.take(_order(frame, [*keys, *last_by]))
    extra = ordered.duplicated(list(keys), keep="last")
    account = account.excluded(table, rule, int(extra.sum()), shown(ordered, keys, extra))
    return ordered[~extra].reset_index(drop=True), account


def _order(frame: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Return the stable order of rows by some columns, blanks first.

    Text is sorted by the rank of its distinct values, which is much quicker than by itself.
    """
    ranks = [pd.factorize(frame[name], sort=True)[0] for name in reversed(columns)]
    return np.lexsort(ranks)
