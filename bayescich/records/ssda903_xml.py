"""The XML variant of the SSDA903 return, as the tables that the CSV variant has.

Each child is one element: a header of single facts and of repeated groups (missing spells,
reviews, ...), then the episodes. Each fact goes to the table whose column it is; groups and facts
that are not known here are kept under their own names, for whoever types the tables to judge.
"""

from __future__ import annotations

import codecs
import re
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from bayescich.errors import RecordsError
from bayescich.records.ssda903_schema import SSDA903_TABLES
from bayescich.records.statfiles import FIRST_ROW
from bayescich.records.tables import ORIGIN
from bayescich.records.tabular import RawTable, not_a_table, raw_table

ROOT = "EXPSSDA903"
"""Name of the element that holds a return."""

_HEADER = "header"
_COLUMNS = {
    table.name: tuple(str(c) for c in table.schema.columns if c not in (*ORIGIN, "CHILD"))
    for table in SSDA903_TABLES
} | {"uasc": ("SEX", "DOB", "DUC", "UASC")}
"""Columns of each table after ``CHILD``; ``UASC`` stands in the XML alone."""

# of the columns that several tables have, the header's own come last and so win
_TABLE_OF = {
    column: table for table in reversed([_HEADER, *_COLUMNS]) for column in _COLUMNS[table]
}
_RENAMED = {"CHILDID": "CHILD", "PL": "PLACE"}
_NOTHING_TO_TELL = {"", "0"}
"""What the header says of a table of which the child has no row."""

_BLOCK = 1 << 20
_CHUNK_ROWS = 50_000
_FIRST_TAG = re.compile(r"<(?![?!])(?:[^\s<>/:]+:)?([^\s<>/:]+)")


def xml_tables(path: Path) -> list[RawTable]:
    """Read the tables of an SSDA903 return written as XML, with the columns of the CSV files.

    The file is read in blocks, and each child is let go when its rows are taken.

    Parameters
    ----------
    path : Path
        An XML file; its elements may be in any case and any namespace.

    Returns
    -------
    list of RawTable
        One per table with at least one row; rows are numbered from 2 as in a CSV file of it.

    Raises
    ------
    RecordsError
        If the file is empty, broken or cut short, is not an SSDA903 return, holds no child, or
        declares a document type or entities, which a return never does.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "return.xml"
    >>> child = "<HEADER><CHILDID>7</CHILDID><DOB>01/02/2010</DOB></HEADER>"
    >>> review = "<AREVIEW><REVIEW>05/11/2024</REVIEW></AREVIEW></HEADER>"
    >>> child = child.replace("</HEADER>", review)
    >>> _ = path.write_text(f"<EXPSSDA903><CHILD>{child}</CHILD></EXPSSDA903>")
    >>> header, reviews = xml_tables(path)
    >>> reviews.frame.iloc[0].tolist()
    ['7', '01/02/2010', '05/11/2024', '']
    """
    rows = _Rows()
    _parse(path, rows)
    tables = rows.tables()
    if not tables:
        raise RecordsError(
            "The return holds no child.",
            where=path.name,
            next_step="Export it again, and check which collection year is chosen there.",
        )
    return [
        raw_table(f"{path.name}, {name}", [], list(frame.columns), frame)
        for name, frame in tables.items()
    ]


def looks_like_903_xml(content: bytes) -> bool:
    """Say whether a file begins as an SSDA903 return written as XML does.

    Parameters
    ----------
    content : bytes
        The first few thousand bytes will do.

    Examples
    --------
    >>> looks_like_903_xml(b'<?xml version="1.0"?><EXPSSDA903><CHILD>')
    True
    >>> looks_like_903_xml(b"<html>")
    False
    """
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = content.decode("utf-16" if wide else "utf-8-sig", errors="replace").lstrip()
    first = _FIRST_TAG.search(re.sub(r"(?s)<!--.*?-->", "", text))
    return text.startswith("<") and first is not None and first[1].upper() == ROOT


class _Rows:
    """Rows of each table, as text, in the order of the file."""

    def __init__(self) -> None:
        self._rows: dict[str, list[dict[str, str]]] = defaultdict(list)
        self._frames: dict[str, list[pd.DataFrame]] = defaultdict(list)

    def add(self, table: str, row: dict[str, str]) -> None:
        rows = self._rows[table]
        rows.append(row)
        if len(rows) >= _CHUNK_ROWS:
            self._pack(table)

    def tables(self) -> dict[str, pd.DataFrame]:
        for name in list(self._rows):
            self._pack(name)
        order = dict.fromkeys([*_COLUMNS, *self._frames])
        return {name: _stacked(self._frames[name]) for name in order if name in self._frames}

    def _pack(self, table: str) -> None:
        # as dictionaries the rows of a large return would not fit the memory
        if self._rows[table]:
            self._frames[table].append(pd.DataFrame(self._rows.pop(table), dtype="str"))


def _stacked(frames: list[pd.DataFrame]) -> pd.DataFrame:
    frame = pd.concat(frames, ignore_index=True).fillna("").astype("str")
    frame.index = pd.RangeIndex(FIRST_ROW, FIRST_ROW + len(frame))
    return frame


class _Return(ET.TreeBuilder):
    """Builds one child at a time and hands its rows on."""

    def __init__(self, file_name: str, rows: _Rows) -> None:
        super().__init__()
        self._file_name = file_name
        self._rows = rows
        self._open: list[ET.Element] = []

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        raise RecordsError(
            "The file declares a document type, which a return never does.",
            where=self._file_name,
            why="such a declaration can make a small file fill the memory, or read other files",
            next_step="Export the return again from the case management system.",
        )

    def start(self, tag: str, attributes: dict[str, str]) -> ET.Element:
        name = _plain(tag)
        if not self._open and name != ROOT:
            kind = f"XML that is no SSDA903 return, for it begins with {name[:40]}"
            raise not_a_table(Path(self._file_name), kind)
        element = super().start(name, attributes)
        self._open.append(element)
        return element

    def end(self, tag: str) -> ET.Element:
        element = super().end(_plain(tag))
        self._open.pop()
        if len(self._open) == 1:
            _take_child(element, self._rows)
            self._open[0].clear()
        return element


def _plain(tag: str) -> str:
    """Return the name of an element without its namespace, in upper case."""
    name = tag.rpartition("}")[2].upper()
    return _RENAMED.get(name, name)


def _take_child(child: ET.Element, rows: _Rows) -> None:
    headers = [part for part in child if part.tag == "HEADER"] or [child]
    facts = _facts(headers[0])
    for header in headers:
        _take_header(_facts(header), rows)
        for group in header:
            if len(group):
                _take_group(group, facts, rows)
    for part in child if headers != [child] else ():
        if part.tag != "HEADER":
            _take_group(part, facts, rows)


def _facts(element: ET.Element) -> dict[str, str]:
    """Return the text of what stands in an element by itself, by name."""
    return {part.tag: (part.text or "").strip() for part in element if not len(part)}


def _take_header(facts: Mapping[str, str], rows: _Rows) -> None:
    """Make a row of the header, and of each table whose facts stand among the header's."""
    own: dict[str, dict[str, str]] = defaultdict(dict)
    own[_HEADER] = {}
    for name, text in facts.items():
        own[_TABLE_OF.get(name, _HEADER)][name] = text
    for table, found in own.items():
        if table == _HEADER or not set(found.values()) <= _NOTHING_TO_TELL:
            rows.add(table, _row(table, facts, found))


def _take_group(group: ET.Element, facts: Mapping[str, str], rows: _Rows) -> None:
    """Make a row of the table whose columns a group has, whatever the group is called."""
    found = _facts(group)
    tables = (_TABLE_OF[name] for name in found if _TABLE_OF.get(name, _HEADER) != _HEADER)
    table = next(tables, group.tag)
    if found or not len(group):
        rows.add(table, _row(table, facts, found))
    for part in group:
        if len(part):
            _take_group(part, facts, rows)


def _row(table: str, facts: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    columns = ("CHILD", *_COLUMNS.get(table, ("DOB",)))
    return {**{name: facts.get(name, "") for name in columns}, **found}


def _parse(path: Path, rows: _Rows) -> None:
    parser = ET.XMLParser(target=_Return(path.name, rows))
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                parser.feed(block)
        parser.close()
    except OSError as error:
        raise _broken(path, error.strerror or str(error)) from None
    except (ET.ParseError, LookupError, ValueError) as error:
        # the last two: an encoding that is not known, or that the parser cannot read
        raise _broken(path, str(error)) from None


def _broken(path: Path, said: str) -> RecordsError:
    empty = path.is_file() and not path.stat().st_size
    return RecordsError(
        "The file is empty." if empty else f"The file cannot be read as XML: {said}.",
        where=path.name,
        why="it is broken, or was cut short when it was copied",
        next_step="Copy or export it again, or export the return as CSV files.",
    )
