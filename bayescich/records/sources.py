"""One walk over what the user gives: every table recognised, typed, placed and stacked.

A source is a folder (searched at any depth), one file, or a database (an SQLAlchemy URL). Which
authority and collection year a table is of comes from its columns ``LA`` and ``YEAR``, else from
the names of the folders that a file lies in.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from bayescich.account import Account
from bayescich.errors import RecordsError
from bayescich.records.origins import Found, origin_shown, with_origin, years_settled
from bayescich.records.tables import Table, collection_year, nearest, recognise
from bayescich.records.tabular import TABLE_SUFFIXES, RawTable, first_bytes, read_tables
from bayescich.records.typed import Stack, empty_frame, typed

UNSTATED_LA = "UNSTATED"
"""The authority of files that name none, neither in a column nor by a folder."""

SYNTHETIC_MARK = "synthetic.json"
"""The file beside synthetic data that makes every page of its report say SYNTHETIC."""
SYNTHETIC_TRUTH = "truth"
"""The folder beside that mark which holds what no return shows: it is never read as records."""

_FILES = ("file", "table", "rows", "authority", "year", "note")
_NO_ROW = "nothing to read: no row below the headings"


@dataclass(frozen=True)
class Reading:
    """What a source holds."""

    source: str
    """The folder, file or database, as the user gave it (never with a password)."""
    tables: Mapping[str, pd.DataFrame]
    """Each table asked for under its name, typed as its schema; empty where none was found."""
    files: pd.DataFrame
    """One row per file or sheet: file, table, rows, authority, year, note (why not read)."""
    account: Account
    """Rows read, repaired and left out."""

    def found(self, name: str) -> bool:
        """Say whether any file held the table."""
        return bool(self.files["table"].eq(name).any())


def read_tables_of(source: Path | str, tables: Sequence[Table]) -> Reading:
    """Read every table of a source that is one of those asked for.

    Parameters
    ----------
    source : Path or str
        A folder, one file, or an SQLAlchemy URL such as ``sqlite:///returns.db``.
    tables : sequence of Table
        What to look for; a file is known by its columns, never by its name.

    Returns
    -------
    Reading

    Raises
    ------
    RecordsError
        If there is nothing there, a file is broken, a needed column is missing, most of a column
        cannot be read, or the collection year of a return cannot be told.
    """
    found, files = _recognised(source, tables)
    found, account = years_settled(found)
    account += files_not_read(files)
    stacked: dict[str, pd.DataFrame] = {}
    for table in tables:
        own = [item for item in found if item.table is table]
        stacked[table.name], listed, counted = _stacked(table, own)
        files = pd.concat([files, listed], ignore_index=True)
        account += counted
    return Reading(shown_source(source), stacked, files, account.added_up())


def data_files(source: Path, suffixes: Sequence[str] = (*TABLE_SUFFIXES, ".xml")) -> list[Path]:
    """List the files of a folder, at any depth, that may hold tables; or the one file given.

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
    return sorted(p for p in _files_below(source, set()) if p.suffix.lower() in suffixes)


def _files_below(folder: Path, walked: set[Path]) -> Iterator[Path]:
    """Yield the files of a folder and of the folders in it, linked ones too, each folder once."""
    if (real := folder.resolve()) in walked:
        return
    walked.add(real)
    try:
        # a folder is known by its own name, not by that of a link to it
        inside = sorted(folder.iterdir(), key=lambda path: (path.is_symlink(), path))
    except OSError as error:
        raise RecordsError(
            f"The folder cannot be opened: {error.strerror or error}.",
            where=str(folder),
            why="returns in it would be left out unseen",
            next_step="Get the right to read it, or move it elsewhere.",
        ) from None
    synthetic = any(path.name == SYNTHETIC_MARK for path in inside)
    for path in inside:
        if path.name.startswith((".", "~")) or (synthetic and path.name == SYNTHETIC_TRUTH):
            continue
        if path.is_dir():
            yield from _files_below(path, walked)
        else:
            yield path


def is_database(source: Path | str) -> bool:
    """Say whether a source is the URL of a database, e.g. ``sqlite:///returns.db``."""
    return isinstance(source, str) and "://" in source


def shown_source(source: Path | str) -> str:
    """Name a source as the user gave it, but for the password of a database."""
    if not is_database(source):
        return str(source)
    from bayescich.records.databases import shown_url

    return shown_url(str(source))


def _recognised(source: Path | str, tables: Sequence[Table]) -> tuple[list[Found], pd.DataFrame]:
    if is_database(source):
        from bayescich.records.databases import database_tables

        known = partial(_is_header, tables=tables)
        raws = database_tables(str(source), known)
        return [_placed(raw, (), tables) for raw in raws], _file_rows([])
    folder = Path(source)
    found: list[Found] = []
    unread: list[tuple[str, str]] = []
    for path, note in _distinct_files(data_files(folder)):
        where = path.relative_to(folder).as_posix() if path != folder else path.name
        raws = [] if note else _raw_tables(path, where, tables)
        names = (path.name, *reversed(Path(where).parent.parts), folder.name)
        found += [_placed(raw, names, tables) for raw in raws]
        if not raws:
            unread.append((where, note or _not_recognised(path, tables)))
    return found, _file_rows(unread)


def _distinct_files(paths: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Yield each file, with a note for one that another in its folder holds byte for byte."""
    sizes = Counter((path.parent, _size(path)) for path in paths)
    first: dict[tuple[Path, bytes], Path] = {}
    for path in paths:
        twin = path
        if sizes[path.parent, _size(path)] > 1 and os.access(path, os.R_OK):
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "blake2b").digest()
            twin = first.setdefault((path.parent, digest), path)
        yield path, "" if twin is path else f"the same, byte for byte, as {twin.name}"


def _size(path: Path) -> int:
    # a link to nothing has no size: whoever opens it says so
    return path.stat().st_size if os.access(path, os.F_OK) else -1


def _raw_tables(path: Path, where: str, tables: Sequence[Table]) -> list[RawTable]:
    try:
        raws = _tables_of(path, tables)
    except RecordsError as error:
        # many folders hold a file of one name
        place = where + (error.where or "").removeprefix(path.name)
        raise RecordsError(
            error.what,
            where=place,
            why=error.why,
            next_step=error.next_step,
            examples=error.examples,
        ) from error
    sheets = [raw.source.removeprefix(path.name) for raw in raws]
    return [replace(raw, source=where + s) for raw, s in zip(raws, sheets, strict=True)]


def _tables_of(path: Path, tables: Sequence[Table]) -> list[RawTable]:
    if path.suffix.lower() != ".xml":
        return read_tables(path, partial(_is_header, tables=tables))
    from bayescich.records.ssda903_xml import looks_like_903_xml, xml_tables

    if not looks_like_903_xml(first_bytes(path, 4096)):
        return []
    return [raw for raw in xml_tables(path) if recognise(list(raw.frame.columns), tables)]


def _not_recognised(path: Path, tables: Sequence[Table]) -> str:
    """Say why a file was not read: a return with one heading misspelt is soon overlooked."""
    strange = "not recognised: no table with these columns is known"
    if path.suffix.lower() == ".xml":
        return strange
    for raw in read_tables(path, lambda cells: nearest(cells, tables) is not None):
        table = nearest(list(raw.frame.columns), tables)
        assert table is not None
        lacking = set(table.known_by) - set(table.columns_of(raw.frame.columns))
        return f"not recognised: looks like {table.title}, but lacks {', '.join(sorted(lacking))}"
    return strange


def _is_header(cells: Sequence[str], tables: Sequence[Table]) -> bool:
    return recognise(cells, tables) is not None


def _placed(raw: RawTable, names: Sequence[str], tables: Sequence[Table]) -> Found:
    """Take authority and year from the names of the file and of the folders it lies in."""
    table = recognise(list(raw.frame.columns), tables)
    assert table is not None
    folders = names[1:-1]
    named = [name for name in folders if collection_year(name) is None]
    years = [collection_year(name) for name in names]
    year, bare = next((y for y in years if y is not None), (None, False))
    carried = table.year_of(raw.frame.columns)
    year, bare = (carried, False) if carried else (year, bare)
    return Found(table, raw, named[0] if named else UNSTATED_LA, year, bare)


def _stacked(table: Table, found: list[Found]) -> tuple[pd.DataFrame, pd.DataFrame, Account]:
    """Type the files of one table, those with the same headings together."""
    alike: dict[tuple[str, ...], list[Found]] = defaultdict(list)
    for item in found:
        alike[tuple(item.raw.frame.columns)].append(item)
    frames, listed, account = [empty_frame(table)], [_file_rows([])], Account()
    for items in alike.values():
        stack = with_origin(Stack.of([item.raw for item in items]), items)
        frame, counted = typed(stack, table)
        frames.append(frame)
        listed.append(_listed(items, np.bincount(stack.file, minlength=len(items))))
        account += counted
    filled = [frame for frame in frames if len(frame)] or frames[:1]
    return pd.concat(filled, ignore_index=True), pd.concat(listed), account


def _listed(found: list[Found], rows: np.ndarray) -> pd.DataFrame:
    lines = [
        (f.raw.source, f.table.name, number, *origin_shown(f), "" if number else _NO_ROW)
        for f, number in zip(found, rows, strict=True)
    ]
    return pd.DataFrame(lines, columns=list(_FILES)).astype(_FILE_TYPES)


def _file_rows(unread: Sequence[tuple[str, str]]) -> pd.DataFrame:
    rows = [(where, "", 0, "", "", note) for where, note in unread]
    return pd.DataFrame(rows, columns=list(_FILES)).astype(_FILE_TYPES)


def files_not_read(files: pd.DataFrame) -> Account:
    """Count the files that hold no table known here, by reason."""
    account = Account()
    unread = files[files["table"].eq("")]
    for note, rows in unread.groupby("note", sort=True):
        account = account.excluded("files", str(note), len(rows), rows["file"])
    return account


_FILE_TYPES = {name: "int64" if name == "rows" else "str" for name in _FILES}
