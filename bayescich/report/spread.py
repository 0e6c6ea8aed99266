"""Estimates as tables of the page: as they are, or with routes and home types side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from bayescich.estimates.core import Estimate
from bayescich.report.blocks import Cell, Table
from bayescich.report.tables import DECIMALS, columns_of, shared_decimals, table_from
from bayescich.report.words import DASH, plain


def estimate_table(estimate: Estimate, caption: str) -> Table:
    """Return an estimate as it asks to be laid out."""
    if estimate.across is not None:
        if not columns_of(estimate.table, estimate.shown[-1:]):
            return _nothing_told(estimate, caption)
        return spread_table(estimate, estimate.shown, caption)
    table = table_from(
        estimate.table, name=estimate.name, caption=caption, headings=estimate.headings,
        notes=estimate.notes, download=csv_name(estimate), only=estimate.shown or None,
    )  # fmt: skip
    return with_words_for_missing(table, estimate.missing)


def _nothing_told(estimate: Estimate, caption: str) -> Table:
    """Return the rows alone, where the data tell nothing of any value: small studies have that."""
    labels = [label for label in estimate.shown[:-1] if label in estimate.table.columns]
    return table_from(
        estimate.table[labels].drop_duplicates(ignore_index=True), name=estimate.name,
        caption=f"{caption} Of none of these do the data tell anything, so no number is shown.",
        headings=estimate.headings, notes=estimate.notes, download=csv_name(estimate),
    )  # fmt: skip


def spread_table(
    estimate: Estimate,
    shown: Sequence[str],
    caption: str,
    name: str | None = None,
    notes: Sequence[str] | None = None,
) -> Table:
    """Lay out a long table with the values of one column side by side.

    Parameters
    ----------
    estimate : Estimate
        Whose ``across`` names that column; one row for each combination of it and the row labels.
    shown : sequence of str
        Columns that head the rows, then the one number that is spread.
    caption : str
    name : str, optional
        Id on the page; that of the estimate when not given.
    notes : sequence of str, optional
        Those of the estimate when not given.

    Examples
    --------
    >>> frame = pd.DataFrame({"type": ["a", "a"], "route": ["home", "other"], "x": [1.25, 0.5]})
    >>> estimate = Estimate("e", "E", "Said.", frame, across="route")
    >>> table = spread_table(estimate, ("type", "x"), "c")
    >>> [h.text for h in table.headings], [cell.text for cell in table.rows[0]]
    (['Type', 'Home', 'Other'], ['a', '1.25', '0.50'])
    """
    frame, across = estimate.table, estimate.across
    assert across is not None, "only asked of estimates that are spread"
    value = columns_of(frame, shown[-1:])[0]
    ends = {"_q05": value.low, "_q95": value.high} if value.low else {}
    first = [label for label in shown[:-1] if label in frame.columns]
    places = [str(place) for place in frame[across].drop_duplicates()]
    wide = frame[first].drop_duplicates().set_index(first, drop=False)
    for place in places:
        part = frame[frame[across].astype(str) == place].set_index(first)
        columns = {"_mean": value.name, **ends}
        wide = wide.assign(**{f"{place}{end}": part[column] for end, column in columns.items()})
    heads = {f"{place}_mean": place for place in places}
    words = estimate.headings.get(value.name) or plain(value.stem)
    empty = [place for place in places if wide[f"{place}_mean"].isna().all()]
    each = f"In each cell: {words}{', its 90% interval below' if ends else ''}."
    wide = wide.reset_index(drop=True)
    wide.attrs[DECIMALS] = _decimals(value.stem, frame[value.name])
    table = table_from(
        wide, name=name or estimate.name, caption=caption,
        headings={**estimate.headings, **heads}, details=dict.fromkeys(heads, ""),
        notes=(each, *_left_out(empty, estimate), *(estimate.notes if notes is None else notes)),
        download=csv_name(estimate), only=(*first, *heads),
    )  # fmt: skip
    return with_words_for_missing(table, estimate.missing)


def _decimals(stem: str, values: pd.Series) -> int | None:
    # numbers of one kind side by side are read against each other; rare routes need the third
    if stem.startswith("within"):
        return 3
    return 2 if stem == "ratio" else shared_decimals(values)


def _left_out(empty: Sequence[str], estimate: Estimate) -> tuple[str, ...]:
    if not empty:
        return ()
    words = f"“{estimate.missing}”" if estimate.missing else "no number"
    return (f"Not shown, since there is {words} in every row: {'; '.join(empty)}.",)


def with_words_for_missing(table: Table, words: str) -> Table:
    """Return the table with words where a number is left out on purpose."""
    if not words:
        return table
    rows = tuple(
        tuple(Cell(words, "nan", tone="quiet") if c.text == DASH else c for c in row)
        for row in table.rows
    )
    return replace(table, rows=rows)


def csv_name(estimate: Estimate) -> str:
    """Return the file of an estimate beside the page."""
    return f"tables/{estimate.name}.csv"
