"""From cells of text to typed columns, each distinct cell read once.

A cell that cannot be read becomes blank and is counted with its ids, for one bad cell among
thousands must not stop a study. Where most of a column cannot be read, the column is not what it
claims to be, and that is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pandera.pandas as pa

from bayescich.account import EXAMPLES, Account
from bayescich.errors import RecordsError
from bayescich.records.code_sets import known_codes
from bayescich.records.fields import Kind, Meaning, meaning_of
from bayescich.records.tables import Table, collection_year
from bayescich.records.tabular import RawTable, parse_dates

WORST_SHARE = 0.5
"""A needed column of which more than this share of the filled cells cannot be read is refused;
one that a file may lack is then blank, and counted."""

FEWEST_CELLS = 20
"""With fewer filled cells than this, a column is never refused for its share."""

_MISSING = {"", "-", "NA", "N/A", "NULL", "NONE", "NAN", "NAT", "#N/A"}
_YES = {"1", "Y", "YES", "TRUE", "T", "1.0"}
_NO = {"0", "N", "NO", "FALSE", "F", "0.0"}
_NO_ID = r"[^\w \-./:()&',]"
_EXCEL_TEXT = r'^="([^"]*)"$'


@dataclass(frozen=True)
class _Read:
    """The distinct cells of a column, typed."""

    values: pd.Series
    """Typed values, blank where a cell is blank or unreadable."""
    unreadable: np.ndarray
    repaired: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Rule to which of the distinct cells it changed."""
    noted: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Fault to which of the distinct cells have it and stay as they are."""


@dataclass(frozen=True)
class Stack:
    """Raw tables with the same headings, one below the other."""

    frame: pd.DataFrame
    """Cells as text, indexed 0, 1, ..."""
    sources: tuple[str, ...]
    """The files, in order."""
    file: np.ndarray
    """Position in `sources` of the file of each row."""
    sheet_rows: np.ndarray
    """Row in its sheet of each row of `frame`."""

    @classmethod
    def of(cls, raws: Sequence[RawTable]) -> Stack:
        """Stack raw tables, and leave their blank rows out."""
        frame = pd.concat([raw.frame for raw in raws], ignore_index=True)
        file = np.repeat(np.arange(len(raws)), [len(raw.frame) for raw in raws])
        sheet_rows = np.concatenate([raw.frame.index.to_numpy() for raw in raws])
        filled = np.zeros(len(frame), dtype=bool)
        for column in frame:
            filled |= frame[column].ne("").to_numpy(dtype=bool)
        if not filled.all():
            frame = frame[filled].reset_index(drop=True)
        return cls(frame, tuple(raw.source for raw in raws), file[filled], sheet_rows[filled])

    def source_of(self, position: int) -> str:
        """Return the file of a row."""
        return self.sources[int(self.file[position])]

    def place(self, position: int) -> str:
        """Say where a row stands, e.g. ``episodes.csv row 12``."""
        return f"{self.source_of(position)} row {self.sheet_rows[position]}"

    @property
    def shown(self) -> str:
        """Name the files in a word."""
        return self.sources[0] if len(self.sources) == 1 else f"{len(self.sources):,} files"


def empty_frame(table: Table) -> pd.DataFrame:
    """Return a table of no rows with the columns and types of its schema."""
    columns = {
        name: _blank(column, pd.RangeIndex(0)) for name, column in table.schema.columns.items()
    }
    return pd.DataFrame(columns)


def typed(stack: Stack, table: Table) -> tuple[pd.DataFrame, Account]:
    """Type the rows of a recognised table.

    Parameters
    ----------
    stack : Stack
        Cells as text.
    table : Table
        What it was recognised as.

    Returns
    -------
    DataFrame
        The columns of ``table.schema``, typed, in order; a column that the file lacks and may
        lack is blank.
    Account
        Rows read; cells that could not be read (repaired: taken as blank) or were respelt; rows
        left out because a column of the key is blank.

    Raises
    ------
    RecordsError
        If a needed column is missing, or most of a column cannot be read.
    """
    account = Account().read(table.name, f"{table.title}: {stack.shown}", len(stack.frame))
    unread = table.unread_headings(stack.frame.columns)
    rule = "columns (not rows) whose heading is no known term; not read"
    account = account.noted(table.name, rule, len(unread), unread)
    headings = table.columns_of(stack.frame.columns)
    _refuse_missing_columns(stack, table, headings)
    columns = {}
    for name, column in table.schema.columns.items():
        if name not in headings:
            columns[name] = _blank(column, stack.frame.index)
            continue
        cells = stack.frame[headings[name]]
        columns[name], counted = _typed_column(cells, str(name), column, table, stack)
        account += counted
    frame = pd.DataFrame(columns, index=stack.frame.index)
    return _without_blank_keys(frame, table, stack, account)


def _refuse_missing_columns(stack: Stack, table: Table, headings: dict[str, str]) -> None:
    missing = [
        str(name)
        for name, column in table.schema.columns.items()
        if name not in headings and meaning_of(column).needed
    ]
    if missing:
        raise RecordsError(
            f"The {table.title} table lacks the column {', '.join(missing)}.",
            where=stack.sources[0],
            why="the file is recognised by its other columns, and these cannot be left out",
            next_step="Export the table again with the column names of docs/data-dictionary.md; "
            "a column of which nothing is known may be blank, but must be there.",
        )


def _typed_column(
    cells: pd.Series, name: str, column: pa.Column, table: Table, stack: Stack
) -> tuple[pd.Series, Account]:
    meaning = meaning_of(column)
    distinct = cells.astype("category")
    position = distinct.cat.codes.to_numpy()
    spellings = pd.Series(distinct.cat.categories, dtype="str")
    read = _READERS[meaning.kind](_plain(spellings), meaning)
    if read.unreadable.any():
        _refuse_unreadable(spellings, read.unreadable, position, name, meaning, table, stack)
    account = Account()
    rules = {f"{_cannot(meaning)}; taken as blank": read.unreadable, **read.repaired}
    for rule, which in rules.items():
        counted = _counted(which, position, cells, stack)
        account = account.repaired(table.name, f"{name} {rule}", *counted)
    for rule, which in read.noted.items():
        counted = _counted(which, position, cells, stack)
        account = account.noted(table.name, f"{name} {rule}", *counted)
    return read.values.take(position).set_axis(cells.index), account


def _counted(
    which: np.ndarray, position: np.ndarray, cells: pd.Series, stack: Stack
) -> tuple[int, list[str]]:
    """Count the rows of some of the distinct cells, with the places of the first of them."""
    rows = np.flatnonzero(which[position]) if which.any() else np.array([], dtype=np.int64)
    return len(rows), [
        f"{stack.place(i)}: {str(cells.iloc[i]).strip()[:40]}" for i in rows[:EXAMPLES]
    ]


def _cannot(meaning: Meaning) -> str:
    if meaning.kind == "code":
        return f"is not a code of {meaning.code_set}"
    words = {"day": "is not a date", "year": "is not a year", "flag": "is neither yes nor no"}
    if meaning.kind in words:
        return words[meaning.kind]
    limits = [f"at least {meaning.low:g}"] if meaning.low is not None else []
    limits += [f"at most {meaning.high:g}"] if meaning.high is not None else []
    kind = "a whole number" if meaning.kind == "whole" else "a number"
    return f"is not {kind} {' and '.join(limits)}".rstrip()


def _refuse_unreadable(
    spellings: pd.Series,
    unreadable: np.ndarray,
    position: np.ndarray,
    name: str,
    meaning: Meaning,
    table: Table,
    stack: Stack,
) -> None:
    if not meaning.needed:
        return
    filled, wrong = ~_missing(spellings.str.strip())[position], unreadable[position]
    refused = _refused_rows(filled, wrong, meaning, stack)
    if refused is None:
        return
    wrong = wrong & refused
    bad, given = int(wrong.sum()), int((filled & refused).sum())
    first = int(np.flatnonzero(wrong)[0])
    raise RecordsError(
        f"{bad:,} of {given:,} values of {name} cannot be read: each {_cannot(meaning)}.",
        where=f"column {name} of the {table.title} table, from {stack.place(first)}",
        examples=[str(s)[:60] for s in spellings[np.unique(position[wrong])]],
        why="so many cannot be slips: the column is not what its heading says, or is written in "
        "another form",
        next_step=f"Export the column again; allowed: {_allowed(meaning)}.",
    )


def _refused_rows(
    filled: np.ndarray, wrong: np.ndarray, meaning: Meaning, stack: Stack
) -> np.ndarray | None:
    """Return the rows of which too many cells cannot be read: all, or those of one file of dates.

    In such a file no date is to be believed: day and month may be the other way round.
    """
    if filled.sum() >= FEWEST_CELLS and wrong.sum() > WORST_SHARE * filled.sum():
        return np.ones(len(filled), dtype=bool)
    if meaning.kind != "day":
        return None
    given = np.bincount(stack.file[filled], minlength=len(stack.sources))
    bad = np.bincount(stack.file[wrong], minlength=len(stack.sources))
    files = np.flatnonzero((given >= FEWEST_CELLS) & (bad > WORST_SHARE * given))
    return stack.file == files[0] if len(files) else None


def _allowed(meaning: Meaning) -> str:
    if meaning.kind == "code":
        return f"the codes of {meaning.code_set} in docs/data-dictionary.md"
    forms = {
        "day": "dd/mm/yyyy, yyyy-mm-dd or dd-Mon-yyyy",
        "year": "such as 2025 or 2024-25",
        "flag": "0 or 1",
    }
    return forms.get(meaning.kind, "numbers in the unit of docs/data-dictionary.md")


def _without_blank_keys(
    frame: pd.DataFrame, table: Table, stack: Stack, account: Account
) -> tuple[pd.DataFrame, Account]:
    for name in table.key:
        blank = frame[name].isna()
        examples = [stack.place(i) for i in frame.index[blank][:EXAMPLES]]
        rule = f"{name} is blank or cannot be read"
        account = account.excluded(table.name, rule, int(blank.sum()), examples)
        frame = frame[~blank] if blank.any() else frame
    return frame, account


def _blank(column: pa.Column, index: pd.Index) -> pd.Series:
    return pd.Series(None, index=index, dtype=_dtype(column))


def _dtype(column: pa.Column) -> str:
    # the schema library's text type is not the one that tables are read with
    dtype = str(column.dtype)
    return "str" if dtype.startswith("string") else dtype


def _plain(spellings: pd.Series) -> pd.Series:
    """Trim cells and take the text out of a spreadsheet's ``="00123"``."""
    plain = spellings.str.strip()
    return plain.str.replace(_EXCEL_TEXT, r"\1", regex=True)


def _none(cells: pd.Series) -> np.ndarray:
    return np.zeros(len(cells), dtype=bool)


def _missing(cells: pd.Series) -> np.ndarray:
    return np.asarray(cells.str.upper().isin(_MISSING))


def _read_text(cells: pd.Series, _: Meaning) -> _Read:
    one_line = cells.str.split().str.join(" ").astype("str")
    return _Read(one_line.mask(cells.eq("")), _none(cells))


def _read_id(cells: pd.Series, _: Meaning) -> _Read:
    upper = cells.str.upper().str.replace(r"^(\d+)\.0$", r"\1", regex=True)
    strange = cells.str.contains(_NO_ID).to_numpy(dtype=bool)
    noted = {"holds characters that ids do not have; kept as it is": strange}
    return _Read(upper.mask(cells.eq("")), _none(cells), noted=noted)


def _read_postcode(cells: pd.Series, _: Meaning) -> _Read:
    joined = cells.str.upper().str.replace(r"\s+", "", regex=True)
    spaced = joined.str.replace(r"^(\w{2,4})(\w{3})$", r"\1 \2", regex=True)
    return _Read(spaced.mask(_missing(cells)), _none(cells))


def _read_code(cells: pd.Series, meaning: Meaning) -> _Read:
    upper = cells.str.upper().str.replace(r"^(\d+)\.0$", r"\1", regex=True)
    known = set(known_codes(meaning.code_set))
    recoded = upper.replace(meaning.recoded) if meaning.recoded else upper
    fits = recoded.isin(known | set(meaning.recoded.values()))
    blank = _missing(cells) & ~fits
    unreadable = ~fits & ~blank
    return _Read(recoded.mask(blank | unreadable), np.asarray(unreadable))


def _read_day(cells: pd.Series, _: Meaning) -> _Read:
    days = parse_dates(cells)
    short = days.isna() & cells.str.fullmatch(r"\d{1,2}/\d{1,2}/\d{2}")
    if short.any():
        days = days.mask(short, _two_digit_years(cells, short))
    unreadable = days.isna() & ~_missing(cells)
    rule = "has a year of two digits; read as the last such year that is not in the future"
    return _Read(days, np.asarray(unreadable), {rule: np.asarray(short & days.notna())})


def _two_digit_years(cells: pd.Series, short: pd.Series) -> pd.Series:
    read = pd.to_datetime(cells.where(short), format="%d/%m/%y", errors="coerce")
    century_before = read - pd.DateOffset(years=100)
    return read.mask(read > pd.Timestamp.now(), century_before).astype("datetime64[ns]")


def _read_year(cells: pd.Series, _: Meaning) -> _Read:
    found = [collection_year(cell) for cell in cells]
    years = pd.Series([y[0] if y else None for y in found], index=cells.index, dtype="Int64")
    return _Read(years, np.asarray(years.isna() & ~_missing(cells)))


def _read_number(cells: pd.Series, meaning: Meaning) -> _Read:
    text = cells.mask(_missing(cells)).str.replace(r"^£|,(?=\d{3})", "", regex=True)
    number = pd.to_numeric(text, errors="coerce").astype("float64")
    wrong = ~np.isfinite(number.to_numpy())
    if meaning.low is not None:
        wrong |= (number < meaning.low).to_numpy()
    if meaning.high is not None:
        wrong |= (number > meaning.high).to_numpy()
    if meaning.kind == "whole":
        wrong |= (number % 1 != 0).to_numpy()
    unreadable = wrong & text.notna().to_numpy()
    read = number.mask(wrong)
    return _Read(read.astype("Int64") if meaning.kind == "whole" else read, unreadable)


def _read_flag(cells: pd.Series, _: Meaning) -> _Read:
    upper = cells.str.upper()
    yes, no = upper.isin(_YES), upper.isin(_NO)
    unreadable = ~(yes | no) & ~_missing(cells)
    return _Read(yes.astype("boolean").mask(~(yes | no)), np.asarray(unreadable))


_READERS: dict[Kind, Callable[[pd.Series, Meaning], _Read]] = {
    "text": _read_text,
    "id": _read_id,
    "code": _read_code,
    "day": _read_day,
    "year": _read_year,
    "whole": _read_number,
    "number": _read_number,
    "flag": _read_flag,
    "postcode": _read_postcode,
}
