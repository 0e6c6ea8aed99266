"""CSV files as raw tables: the encoding, separator and header row found, the rows streamed."""

from __future__ import annotations

import codecs
import csv
import warnings
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path

import pandas as pd

from bayescich.errors import RecordsError
from bayescich.machine import free_memory
from bayescich.records.tabular import (
    HEADER_SEARCH_ROWS,
    IsHeader,
    RawTable,
    clean_heading,
    not_a_table,
    raw_table,
)

SEPARATORS = (",", ";", "\t", "|")
"""Between cells: the first under which a header is found."""

MEMORY_PER_BYTE = 5.5
"""Bytes of memory that reading takes per byte of a CSV file."""

_BLOCK = 1 << 24
_OTHER_MARKS = {b"\x89PNG": "a PNG picture", b"\xff\xd8\xff": "a JPEG picture", b"%PDF": "a PDF"}
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def csv_tables(path: Path, is_header: IsHeader) -> list[RawTable]:
    """Read the table of a CSV file, if it has the header looked for.

    Raises
    ------
    RecordsError
        If the file is empty, holds no text, is larger than the memory, or is broken.
    """
    encoding = csv_encoding(path)
    for separator in SEPARATORS:
        with path.open(encoding=encoding, newline="") as stream:
            above, header = _header(path, stream, separator, is_header)
            if header is not None:
                _refuse_too_large(path)
                return [_below_header(path, stream, separator, above, header)]
    return []


def csv_encoding(path: Path) -> str:
    r"""Return the encoding of a text file: UTF-8 (with or without a mark), UTF-16 or Windows-1252.

    Raises
    ------
    RecordsError
        If the file is empty or holds no text: a picture, a PDF, a web page, other bytes.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "title.csv"
    >>> _ = path.write_bytes(b"Ofsted \x96 homes")
    >>> csv_encoding(path)
    'cp1252'
    """
    with path.open("rb") as stream:
        start = stream.read(4096)
    _refuse_other_kinds(path, start)
    if start.startswith(_UTF16_MARKS):
        return _decodes(path, "utf-16") or _raise_not_text(path)
    return _decodes(path, "utf-8-sig") or _decodes(path, "cp1252") or _raise_not_text(path)


def _refuse_other_kinds(path: Path, start: bytes) -> None:
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not text and path.stat().st_size <= len(start):
        raise RecordsError(
            "The file is empty.",
            where=path.name,
            next_step="Download or export it again; a broken download leaves an empty file.",
        )
    for mark, kind in _OTHER_MARKS.items():
        if start.startswith(mark):
            raise not_a_table(path, kind)
    if text.startswith(b"<"):
        raise not_a_table(path, "a web page or an XML file")


def _decodes(path: Path, encoding: str) -> str | None:
    """Return the encoding if the whole file is text in it, read block by block."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                if "\x00" in decoder.decode(block):
                    return None
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    return encoding


def _raise_not_text(path: Path) -> str:
    raise not_a_table(path, "bytes that are not text in UTF-8, Windows-1252 or marked UTF-16")


def _header(
    path: Path, stream: TextIOWrapper, separator: str, is_header: IsHeader
) -> tuple[list[list[str]], list[str] | None]:
    above: list[list[str]] = []
    try:
        for row in csv.reader(stream, delimiter=separator):
            if is_header([clean_heading(cell) for cell in row]):
                return above, row
            above.append(row)
            if len(above) >= HEADER_SEARCH_ROWS:
                break
    except csv.Error as error:
        raise not_a_table(path, f"text that is no table ({error})") from error
    return above, None


def _refuse_too_large(path: Path) -> None:
    size, free = path.stat().st_size, free_memory()
    if size < 100e6 or free is None or size * MEMORY_PER_BYTE < free:
        return
    raise RecordsError(
        f"The file is larger than this machine can hold: {size / 1e9:.1f} GB, for which about "
        f"{size * MEMORY_PER_BYTE / 1e9:.1f} GB of memory are needed and {free / 1e9:.1f} GB free.",
        where=path.name,
        next_step="Split it by collection year into several files, or save it as Parquet, or use "
        "a machine with more memory.",
    )


def _below_header(
    path: Path, stream: TextIOWrapper, separator: str, above: list[list[str]], header: Sequence[str]
) -> RawTable:
    # The header record has been consumed, line breaks within it included, so the stream stands
    # exactly at the first row of data.
    first_row = len(above) + 2
    try:
        with warnings.catch_warnings():
            # Only a warning says that the first row of data is longer than the header.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                stream, sep=separator, header=None, names=range(len(header)), dtype=str,
                keep_default_na=False, index_col=False, skip_blank_lines=False,
            )  # fmt: skip
    except pd.errors.EmptyDataError:
        frame = pd.DataFrame({i: pd.Series([], dtype="str") for i in range(len(header))})
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise RecordsError(
            "A row has more cells than the header, or a quotation mark is never closed.",
            where=f"{path.name}, below the header in row {first_row - 1}: {_parser_says(error)}",
            next_step="Open the file in a spreadsheet, mend that row and save it as CSV again.",
        ) from error
    frame.index = pd.RangeIndex(first_row, first_row + len(frame))
    return raw_table(path.name, above, header, frame)


def _parser_says(error: Exception) -> str:
    return str(error).split("C error:")[-1].strip()
