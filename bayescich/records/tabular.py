"""Files as raw tables of text, as people save them; what a column means is for each reader.

CSV, workbooks, Parquet, SPSS and Stata all end as a `RawTable`: cells of text below a header row.
Published tables carry title rows above the header, line breaks inside headings, empty columns at
the end and one of several encodings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bayescich.errors import RecordsError

SPREADSHEET_SUFFIXES = (".csv", ".tsv", ".ods", ".xls", ".xlsx", ".xlsm", ".xlsb")
STATISTICAL_SUFFIXES = (".parquet", ".sav", ".zsav", ".por", ".dta")
TABLE_SUFFIXES = SPREADSHEET_SUFFIXES + STATISTICAL_SUFFIXES
"""File names looked at in a folder; the content decides what a file is."""

HEADER_SEARCH_ROWS = 40
"""How far down a sheet the header row is looked for."""

EARLIEST_DATE, LATEST_DATE = pd.Timestamp(1800, 1, 1), pd.Timestamp(2200, 12, 31)
"""Dates outside are slips of the pen."""

WORKBOOK_MARKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_DATE_FORMATS = {
    r"\d{1,2}[/.-]\d{1,2}[/.-]\d{4}": "%d/%m/%Y",
    r"\d{4}[/.-]\d{1,2}[/.-]\d{1,2}": "%Y/%m/%d",
    r"\d{1,2}[/. -][A-Za-z]{3}[/. -]\d{4}": "%d/%b/%Y",
    r"\d{8}": "%Y%m%d",
}

IsHeader = Callable[[Sequence[str]], bool]
"""Says whether a row of cleaned headings is the header that the caller looks for."""


@dataclass(frozen=True)
class RawTable:
    """One sheet below its header row, every cell as text."""

    source: str
    """File name, with the sheet's name for a workbook of several sheets."""
    title: str
    """The text of the rows above the header, one line per row; empty when there is none."""
    frame: pd.DataFrame
    """Cells as they are written, blank as ``""``; the index is the row number in the sheet. Rows
    may be blank, and cells have spaces around them."""


def spreadsheet_files(source: Path) -> list[Path]:
    """List the spreadsheets of a folder, or the one file given.

    Parameters
    ----------
    source : Path
        A folder (not searched deeper) or a single file of any name.

    Returns
    -------
    list of Path
        In the order of their names; empty when the folder holds no spreadsheet.

    Raises
    ------
    RecordsError
        If there is no such file or folder.
    """
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise RecordsError(
            "There is no such file or folder.",
            where=str(source),
            next_step="Check the spelling, or give the full path.",
        )
    return sorted(
        path
        for path in source.iterdir()
        if path.suffix.lower() in SPREADSHEET_SUFFIXES and not path.name.startswith((".", "~"))
    )


def read_tables(path: Path, is_header: IsHeader) -> list[RawTable]:
    r"""Read every sheet of a file that has the header looked for.

    Parameters
    ----------
    path : Path
        A CSV file, a workbook, a Parquet, SPSS or Stata file; a workbook is recognised by its
        content, not its name.
    is_header : callable
        Given the cleaned cells of a row, whether it is the header.

    Returns
    -------
    list of RawTable
        One per sheet with such a header; empty when no sheet has one.

    Raises
    ------
    RecordsError
        If the file is empty, cannot be opened, is not a table, or is broken.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "homes.csv"
    >>> _ = path.write_text('A title,\n"\nURN",Places\nSC1,3\n')
    >>> table, = read_tables(path, lambda cells: "URN" in cells)
    >>> table.title, table.frame.to_dict("list")
    ('A title', {'URN': ['SC1'], 'Places': ['3']})
    """
    # each container is loaded when a file of its kind is met
    if path.suffix.lower() in STATISTICAL_SUFFIXES:
        from bayescich.records.statfiles import statistical_tables

        return statistical_tables(path, is_header)
    if first_bytes(path, 8).startswith(WORKBOOK_MARKS):
        from bayescich.records.workbooks import workbook_tables

        return workbook_tables(path, is_header)
    from bayescich.records.csv_files import csv_tables

    return csv_tables(path, is_header)


def clean_heading(cell: str) -> str:
    r"""Return a heading on one line, with single spaces.

    Examples
    --------
    >>> clean_heading("\nLatest full\ninspection date ")
    'Latest full inspection date'
    """
    return " ".join(cell.replace("\ufeff", " ").split())


def label_key(label: str) -> str:
    """Return what is left of a label when case, spacing and punctuation are ignored.

    Examples
    --------
    >>> label_key("Children’s  Home") == label_key("childrens_home")
    True
    """
    kept = (c if c.isalnum() else " " if c in "_ -/\u00a0\n" else "" for c in label.casefold())
    return " ".join("".join(kept).split())


def parse_dates(text: pd.Series) -> pd.Series:
    """Read dates written as dd/mm/yyyy, yyyy-mm-dd (with or without a time) or dd-Mon-yyyy.

    Parameters
    ----------
    text : Series of str
        Blank cells and cells in no such form become ``NaT``: the caller counts them. Days and
        months may have one digit; ``-`` and ``.`` stand for ``/``; yyyymmdd is read too.

    Returns
    -------
    Series of datetime64

    Examples
    --------
    >>> parse_dates(pd.Series(["05/11/2024", "2024-11-05 00:00:00", "soon"])).dt.day.tolist()
    [5.0, 5.0, nan]
    """
    day = text.str.strip().str.replace(r"[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?Z?$", "", regex=True)
    dates = pd.Series(pd.NaT, index=text.index, dtype="datetime64[ns]")
    for pattern, form in _DATE_FORMATS.items():
        matches = day.str.fullmatch(pattern).fillna(False).astype(bool)
        if matches.any():
            slashed = day[matches].str.replace(r"[.\- ]", "/", regex=True)
            read = pd.to_datetime(slashed, format=form, errors="coerce")
            # nanoseconds reach from 1677 to 2262: a date outside is none, in a return
            read = read.where(read.between(EARLIEST_DATE, LATEST_DATE))
            dates.loc[matches] = read.astype("datetime64[ns]")
    return dates


def raw_table(
    source: str, above: Sequence[Sequence[str]], header: Sequence[str], frame: pd.DataFrame
) -> RawTable:
    """Put cells of text under a cleaned header.

    Parameters
    ----------
    source : str
        File, and sheet.
    above : sequence of rows
        The rows over the header: the title.
    header : sequence of str
        As written; columns without a heading are left out.
    frame : DataFrame of str
        The rows below it, by position.

    Raises
    ------
    RecordsError
        If two columns have one heading.
    """
    headings = [clean_heading(cell) for cell in header]
    twice = sorted({h for h in headings if h and headings.count(h) > 1})
    if twice:
        raise RecordsError(
            "Two columns have the same heading, so neither can be told from the other.",
            where=f"{source}, column {', '.join(twice)}",
            next_step="Rename or delete one of them.",
        )
    named = [position for position, heading in enumerate(headings) if heading]
    kept = frame if len(named) == frame.shape[1] else frame.iloc[:, named]
    kept = kept.set_axis([headings[position] for position in named], axis="columns")
    title = "\n".join(filter(None, (clean_heading(" ".join(row)) for row in above)))
    return RawTable(source, title, kept)


def not_a_table(path: Path, kind: str) -> RecordsError:
    """Return the error for a file that holds something else."""
    return RecordsError(
        f"The file is not a table: it holds {kind}.",
        where=path.name,
        next_step="Give a CSV, XLSX, ODS, Parquet, SPSS or Stata file, or move this one out of "
        "the folder.",
    )


def first_bytes(path: Path, number: int) -> bytes:
    """Read the beginning of a file.

    Raises
    ------
    RecordsError
        If it cannot be opened.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(number)
    except OSError as error:
        raise RecordsError(
            f"The file cannot be opened: {error.strerror or error}.",
            where=path.name,
            next_step="Close it in other programs and check that you may read it.",
        ) from None
