"""Spreadsheets as raw tables of text: CSV, XLSX, XLS and ODS, as people really save them.

Published tables carry title rows above the header, line breaks inside headings, empty
columns at the end and one of two encodings. The functions here deal with the container
only; what a column means is for the reader of each return.
"""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pandas as pd

from bayescich.errors import RecordsError

SPREADSHEET_SUFFIXES = (".csv", ".ods", ".xls", ".xlsx", ".xlsm")
"""File names looked at in a folder; the content decides what a file is."""

HEADER_SEARCH_ROWS = 40
"""How far down a sheet the header row is looked for."""

_WORKBOOK_MARKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_OTHER_MARKS = {b"\x89PNG": "a PNG picture", b"\xff\xd8\xff": "a JPEG picture", b"%PDF": "a PDF"}
_DATE_FORMATS = {
    r"\d{1,2}/\d{1,2}/\d{4}": "%d/%m/%Y",
    r"\d{4}-\d{2}-\d{2}": "%Y-%m-%d",
    r"\d{1,2}-[A-Za-z]{3}-\d{4}": "%d-%b-%Y",
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
    """Cells as stripped text, blank as ``""``; the index is the row number in the sheet."""


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
        A CSV file or a workbook; recognised by its content, not its name.
    is_header : callable
        Given the cleaned cells of a row, whether it is the header.

    Returns
    -------
    list of RawTable
        One per sheet with such a header; empty when no sheet has one.

    Raises
    ------
    RecordsError
        If the file is empty, is not a spreadsheet, or is broken.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "homes.csv"
    >>> _ = path.write_text('A title,\n"\nURN",Places\nSC1, 3\n')
    >>> table, = read_tables(path, lambda cells: "URN" in cells)
    >>> table.title, table.frame.to_dict("list")
    ('A title', {'URN': ['SC1'], 'Places': ['3']})
    """
    content = _content(path)
    if content.startswith(_WORKBOOK_MARKS):
        return _workbook_tables(path, content, is_header)
    table = _csv_table(path, csv_text(path, content), is_header)
    return [table] if table is not None else []


def csv_text(path: Path, content: bytes | None = None) -> str:
    r"""Return the text of a CSV file, UTF-8 (with or without a mark) or Windows-1252.

    Raises
    ------
    RecordsError
        If the file is empty or holds no text: a picture, a PDF, a web page, other bytes.

    Examples
    --------
    >>> csv_text(Path("title.csv"), b"Ofsted \x96 homes")
    'Ofsted – homes'
    """
    content = _content(path) if content is None else content
    for mark, kind in _OTHER_MARKS.items():
        if content.startswith(mark):
            raise _not_a_spreadsheet(path, kind)
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise _not_a_spreadsheet(path, "a web page or an XML file")
    if b"\x00" in content:
        raise _not_a_spreadsheet(path, "bytes that are not text")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _not_a_spreadsheet(path, "bytes that are not text")


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
        Blank cells and cells in no such form become ``NaT``: the caller counts them.

    Returns
    -------
    Series of datetime64

    Examples
    --------
    >>> parse_dates(pd.Series(["05/11/2024", "2024-11-05 00:00:00", "soon"])).dt.day.tolist()
    [5.0, 5.0, nan]
    """
    day = text.str.strip().str.replace(r"[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$", "", regex=True)
    dates = pd.Series(pd.NaT, index=text.index, dtype="datetime64[ns]")
    for pattern, form in _DATE_FORMATS.items():
        matches = day.str.fullmatch(pattern)
        read = pd.to_datetime(day.where(matches), format=form, errors="coerce")
        dates = dates.mask(matches, read)
    return dates


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    if not content.strip(b"\xef\xbb\xbf \t\r\n"):
        raise RecordsError(
            "The file is empty.",
            where=path.name,
            next_step="Download or export it again; a broken download leaves an empty file.",
        )
    return content


def _not_a_spreadsheet(path: Path, kind: str) -> RecordsError:
    return RecordsError(
        f"The file is not a spreadsheet: it holds {kind}.",
        where=path.name,
        next_step="Give a CSV, XLSX or ODS file, or move this one out of the folder.",
    )


def _csv_table(path: Path, text: str, is_header: IsHeader) -> RawTable | None:
    stream = io.StringIO(text, newline="")
    rows = csv.reader(stream)
    above: list[list[str]] = []
    try:
        for row in rows:
            if is_header([clean_heading(cell) for cell in row]):
                return _below_header(path, stream, above, row)
            above.append(row)
            if len(above) >= HEADER_SEARCH_ROWS:
                break
    except csv.Error as error:
        raise _not_a_spreadsheet(path, f"text that is no table ({error})") from error
    return None


def _below_header(
    path: Path, stream: io.StringIO, above: list[list[str]], header: list[str]
) -> RawTable:
    # The reader has consumed the header record, line breaks within it included, so the
    # stream stands exactly at the first row of data.
    first_row = len(above) + 2
    try:
        with warnings.catch_warnings():
            # Only a warning says that the first row of data is longer than the header.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                stream, header=None, names=range(len(header)), dtype=str, keep_default_na=False,
                index_col=False, skip_blank_lines=False,
            )  # fmt: skip
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise RecordsError(
            "A row has more cells than the header, or a quotation mark is never closed.",
            where=f"{path.name}, below the header in row {first_row - 1}: {_parser_says(error)}",
            next_step="Open the file in a spreadsheet, mend that row and save it as CSV again.",
        ) from error
    frame.index = pd.RangeIndex(first_row, first_row + len(frame))
    return _raw_table(path.name, above, header, frame)


def _parser_says(error: Exception) -> str:
    return str(error).split("C error:")[-1].strip()


def _workbook_tables(path: Path, content: bytes, is_header: IsHeader) -> list[RawTable]:
    from python_calamine import CalamineError

    try:
        sheets = pd.read_excel(
            io.BytesIO(content), engine="calamine", sheet_name=None, header=None, dtype=object,
            na_filter=False,
        )  # fmt: skip
    except CalamineError as error:
        raise _not_a_spreadsheet(path, f"no workbook that can be opened ({error})") from error
    tables = []
    for name, cells in sheets.items():
        source = path.name if len(sheets) == 1 else f"{path.name}, sheet {name}"
        table = _sheet_table(source, cells, is_header)
        if table is not None:
            tables.append(table)
    return tables


def _sheet_table(source: str, cells: pd.DataFrame, is_header: IsHeader) -> RawTable | None:
    top = cells.head(HEADER_SEARCH_ROWS).map(_cell_text).to_numpy().tolist()
    for position, row in enumerate(top):
        if is_header([clean_heading(cell) for cell in row]):
            frame = cells.iloc[position + 1 :].map(_cell_text).astype(str)
            frame.index = pd.RangeIndex(position + 2, position + 2 + len(frame))
            return _raw_table(source, top[:position], row, frame)
    return None


def _cell_text(cell: object) -> str:
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else str(cell)
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _raw_table(
    source: str, above: list[list[str]], header: list[str], frame: pd.DataFrame
) -> RawTable:
    headings = [clean_heading(cell) for cell in header]
    twice = sorted({h for h in headings if h and headings.count(h) > 1})
    if twice:
        raise RecordsError(
            "Two columns have the same heading, so neither can be told from the other.",
            where=f"{source}, column {', '.join(twice)}",
            next_step="Rename or delete one of them.",
        )
    named = [position for position, heading in enumerate(headings) if heading]
    kept = frame.iloc[:, named].apply(lambda column: column.str.strip())
    kept.columns = pd.Index([headings[position] for position in named])
    kept = kept.loc[kept.ne("").any(axis=1)]
    title = "\n".join(filter(None, (clean_heading(" ".join(row)) for row in above)))
    return RawTable(source, title, kept)
