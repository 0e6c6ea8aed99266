"""Tables for people from tidy tables: rounded, aligned, sortable, intervals under estimates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd
from pandas.api.types import is_bool_dtype, is_integer_dtype, is_numeric_dtype

from bayescich.checks.core import Check
from bayescich.report.blocks import BadgeTone, Cell, Heading, Table
from bayescich.report.words import (
    DASH,
    count,
    decimals_of,
    effect,
    fixed,
    interval,
    plain,
    probability,
    quantity,
    readable,
    sentence_case,
)

Kind = Literal["text", "count", "probability", "effect", "diagnostic", "yes or no"]

SHOWN_ROWS = 60
"""A table on the page is cut here; the file beside the page has every row."""

_PROBABILITIES = {"pd", "reliability", "shrink_B", "overlap", "coverage", "pooling_check"}
_COUNTS = {"ess", "ess_bulk", "ess_tail", "levels", "rows", "N"}
_DIAGNOSTICS = {"rhat", "r_hat", "khat", "pareto_k", "bfmi"}
_CENTRES = ("mean", "median")
_DECIMALS = {"e_rank": 1, "oe": 2, "ratio": 2}
DECIMALS = "decimals"
"""Attribute of a frame whose numbers, of one kind, all have so many decimals."""
_BARS = {"reliability"}
_TONES: Mapping[str, BadgeTone] = {
    "passed": "good",
    "failed": "bad",
    "not applicable": "quiet",
    "not distinguishable": "quiet",
    "reference": "quiet",
    "some evidence": "clear",
    "strong evidence": "clear",
}


@dataclass(frozen=True)
class Column:
    """One column of the page: an estimate with its interval, or a single value."""

    name: str
    low: str | None = None
    high: str | None = None

    @property
    def stem(self) -> str:
        """The name without ``_mean`` or ``_median``."""
        return _stem(self.name)


def table_from(
    frame: pd.DataFrame,
    *,
    name: str,
    caption: str,
    headings: Mapping[str, str] | None = None,
    details: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    download: str | None = None,
    only: Sequence[str] | None = None,
) -> Table:
    """Lay out a tidy table.

    Columns ``x_q05`` and ``x_q95`` become the interval under ``x`` or ``x_mean``. All numbers of a
    column share their decimals, so that digits line up.

    Parameters
    ----------
    frame : DataFrame
        The first column heads the rows.
    name : str
        Id of the table on the page.
    caption : str
        What the table shows.
    headings : mapping, optional
        Words for column names; names without any are put into words.
    details : mapping, optional
        The quieter line of a heading, by column name.
    notes : sequence of str
        How to read it.
    download : str, optional
        File that holds the whole table, named under it.
    only : sequence of str, optional
        Columns to show, in this order; those the frame lacks are left out.

    Examples
    --------
    >>> frame = pd.DataFrame({"type": ["solo"], "x_mean": [0.123], "x_q05": [-0.1], "x_q95": [0.3]})
    >>> table = table_from(frame, name="t", caption="Effects", headings={"x_mean": "Effect"})
    >>> [h.text for h in table.headings], table.rows[0][1].text, table.rows[0][1].detail
    (['Type', 'Effect'], '0.12', '−0.10 to 0.30')
    """
    columns = columns_of(frame, only)
    shown = frame.head(SHOWN_ROWS)
    cells = [_cells(shown, column, frame) for column in columns]
    return Table(
        name=name,
        caption=caption,
        headings=tuple(_heading(frame, c, headings or {}, details or {}) for c in columns),
        rows=tuple(zip(*cells, strict=True)),
        notes=(*notes, *_cut_note(len(frame), download)),
        download=download,
    )


def columns_of(frame: pd.DataFrame, only: Sequence[str] | None = None) -> tuple[Column, ...]:
    """Return the columns of the page: interval ends join their estimate, empty ones go."""
    names = [str(name) for name in frame.columns]
    ends = {name: _ends(name, names) for name in names}
    taken = {end for pair in ends.values() if pair for end in pair}
    chosen = [
        name
        for name in (names if only is None else only)
        if name in names and name not in taken and frame[name].notna().any()
    ]
    return tuple(Column(name, *(ends[name] or (None, None))) for name in chosen)


def _ends(name: str, names: Sequence[str]) -> tuple[str, str] | None:
    pair = ("q05", "q95") if name in _CENTRES else (f"{_stem(name)}_q05", f"{_stem(name)}_q95")
    return pair if all(end in names for end in pair) else None


def _stem(name: str) -> str:
    for centre in _CENTRES:
        name = name.removesuffix(f"_{centre}")
    return name


def _heading(
    frame: pd.DataFrame, column: Column, headings: Mapping[str, str], details: Mapping[str, str]
) -> Heading:
    given = headings.get(column.name) or headings.get(column.stem) or plain(column.stem)
    align: Literal["text", "number"] = "text" if kind_of(frame, column) == "text" else "number"
    centre = "median" if column.name.endswith("median") else "mean"
    interval_words = f"{centre}, 90% interval" if column.low else ""
    return Heading(sentence_case(given), align, details.get(column.name, interval_words))


def kind_of(frame: pd.DataFrame, column: Column) -> Kind:
    """Return how a column is written."""
    values = frame[column.name]
    if is_bool_dtype(values):
        return "yes or no"
    if not is_numeric_dtype(values):
        return "text"
    name = column.stem
    if name in _DIAGNOSTICS:
        return "diagnostic"
    if name.startswith("p_") or name in _PROBABILITIES:
        return "probability"
    whole = is_integer_dtype(values) or _all_whole(values)
    if column.low is None and (name.startswith("n_") or name in _COUNTS or whole):
        return "count"
    return "effect"


def _all_whole(values: pd.Series) -> bool:
    known = values.dropna()
    return bool(len(known)) and bool((known == known.round()).all()) and bool(known.abs().max() > 1)


def _cells(shown: pd.DataFrame, column: Column, frame: pd.DataFrame) -> list[Cell]:
    kind = kind_of(frame, column)
    if kind == "text":
        return [text_cell(quantity(str(value))) for value in shown[column.name].fillna("")]
    fixed_for_all = frame.attrs.get(DECIMALS, _DECIMALS.get(column.stem))
    decimals = shared_decimals(frame[column.name]) if fixed_for_all is None else fixed_for_all
    values = shown[column.name].astype(float)
    details = _details(shown, column, decimals)
    return [
        Cell(
            text=_number(value, kind, decimals),
            sort=f"{value:.12g}",
            detail=detail,
            share=_share(value) if column.name in _BARS else None,
        )
        for value, detail in zip(values, details, strict=True)
    ]


def _details(shown: pd.DataFrame, column: Column, decimals: int | None) -> list[str]:
    if column.low is None or column.high is None:
        return [""] * len(shown)
    ends = zip(shown[column.low].astype(float), shown[column.high].astype(float), strict=True)
    return ["" if math.isnan(low) else interval(low, high, decimals) for low, high in ends]


def _share(value: float) -> float | None:
    return None if math.isnan(value) else min(max(value, 0.0), 1.0)


def _number(value: float, kind: Kind, decimals: int | None) -> str:
    if kind == "count":
        return count(value)
    if kind == "probability":
        return probability(value)
    if kind == "yes or no":
        return "yes" if value else "no"
    if kind == "diagnostic":
        return fixed(value, 3)
    return effect(value) if decimals is None else fixed(value, decimals)


def shared_decimals(values: pd.Series) -> int | None:
    """Return the decimals of a column: two figures of its largest value, two decimals below ten.

    A column of unlike things (the means of an age and of a share) has none to share.

    Examples
    --------
    >>> shared_decimals(pd.Series([0.31, -0.02])), shared_decimals(pd.Series([1.3, 0.8]))
    (2, 2)
    >>> shared_decimals(pd.Series([14.2, 0.49])) is None
    True
    """
    sizes = [abs(float(v)) for v in values if math.isfinite(float(v)) and v != 0]
    largest = max(sizes, default=0.0)
    if largest >= 10 and min(sizes) < 0.5:
        return None
    return min(max(decimals_of(largest), 2 if largest < 10 else 0), 3)


def text_cell(text: str) -> Cell:
    """Return a cell of words; a status becomes a badge."""
    return Cell(text=text, sort=text, tone=_TONES.get(text))


def words_table(
    name: str,
    caption: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    notes: Sequence[str] = (),
) -> Table:
    """Return a table of words.

    Examples
    --------
    >>> words_table("t", "Seeds", ["What", "Value"], [["seed", "1"]]).rows[0][1].text
    '1'
    """
    return Table(
        name=name,
        caption=caption,
        headings=tuple(Heading(text, "text") for text in headings),
        rows=tuple(tuple(text_cell(text) for text in row) for row in rows),
        notes=tuple(notes),
    )


def gates_table(checks: Sequence[Check]) -> Table:
    """Return one row per gate: result, worst figure, limit and the sentence."""
    headings = (Heading("Gate", "text"), Heading("Result", "text"), Heading("Worst", "number"),
                Heading("Limit", "number"), Heading("In words", "text"))  # fmt: skip
    rows = tuple(
        (text_cell(c.title), text_cell(c.status), _figure(c.value), _figure(c.limit),
         text_cell(readable(c.sentence)))
        for c in checks
    )  # fmt: skip
    caption = "Convergence gates: a fit that fails one is kept, marked and not to be cited"
    return Table("gates", caption, headings, rows)


def _figure(value: float | None) -> Cell:
    if value is None or not math.isfinite(value):
        return Cell(DASH, "nan")
    # 1.004 against a limit of 1.01 is the question: three decimals, unless it is a count
    text = count(value) if value == round(value) or abs(value) >= 100 else fixed(value, 3)
    return Cell(text, f"{value:.12g}")


def _cut_note(rows: int, download: str | None) -> tuple[str, ...]:
    if rows <= SHOWN_ROWS:
        return ()
    where = f"; {download} has all of them" if download else ""
    return (f"The first {SHOWN_ROWS} of {count(rows)} rows{where}.",)
