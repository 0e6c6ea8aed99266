"""Databases as raw tables: any that SQLAlchemy opens; only read, never written to.

No message, source or account holds the password of the URL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bayescich.account import Account
from bayescich.errors import RecordsError
from bayescich.records.connections import connected, is_database_url, shown_url
from bayescich.records.statfiles import FIRST_ROW, column_text
from bayescich.records.tabular import IsHeader, RawTable, clean_heading, raw_table

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from sqlalchemy.engine.reflection import Inspector

__all__ = ["database_tables", "import_database", "is_database_url", "shown_url"]

CHUNK_ROWS = 100_000
"""Rows fetched at a time."""

_OWN_SCHEMAS = re.compile(
    r"(?i)(information_schema|performance_schema|mysql|sys|guest|pg_.*|db_.*)"
)
"""Schemas that a database keeps about itself."""


@dataclass(frozen=True)
class _Stored:
    """A table or view of a database."""

    schema: str | None
    name: str
    columns: tuple[str, ...]

    @property
    def shown(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name


def database_tables(url: str, is_header: IsHeader) -> list[RawTable]:
    """Read every table and view of a database that has the columns looked for.

    Parameters
    ----------
    url : str
        As SQLAlchemy writes it.
    is_header : callable
        Given the names of a table's columns, whether they are the header looked for.

    Returns
    -------
    list of RawTable
        In the order of schemas and names; empty when no table has such columns.

    Raises
    ------
    RecordsError
        If the URL is wrong, its driver is not installed, or the database cannot be read.
    """
    with connected(url) as connection:
        return [
            _whole(f"database {shown_url(url)}, table {stored.shown}", connection, stored)
            for stored in _recognised(connection, is_header)
        ]


def import_database(url: str, folder: Path, is_header: IsHeader) -> Account:
    """Copy every recognised table of a database into a folder, so that a fit can be repeated.

    Parameters
    ----------
    url : str
        As SQLAlchemy writes it.
    folder : Path
        A new or empty folder; each table becomes ``<table>.parquet``, its cells text.
    is_header : callable
        Given the names of a table's columns, whether the table is copied.

    Returns
    -------
    Account
        Rows read from each table, and kept in its file.

    Raises
    ------
    RecordsError
        If the folder holds anything or cannot be written to, no table is recognised, or the
        database cannot be read; no file is then left in the folder.
    """
    with connected(url) as connection:
        tables = _recognised(connection, is_header)
        _refuse_none(tables, url)
        paths = _new_files(folder, tables)
        rows = _copied(connection, tables, paths)
    account = Account()
    for path, stored, count in zip(paths, tables, rows, strict=True):
        account = account.read(stored.shown, f"database {shown_url(url)}", count)
        account = account.kept(stored.shown, f"written to {path.name}", count)
    return account


def _refuse_none(tables: Sequence[_Stored], url: str) -> None:
    if not tables:
        raise RecordsError(
            "The database holds no table with columns that are known here.",
            where=shown_url(url),
            next_step="Give its tables or views the column names of docs/data-dictionary.md.",
        )


def _new_files(folder: Path, tables: Sequence[_Stored]) -> list[Path]:
    """Make the folder, and give each table a file name that every system allows."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        filled = any(folder.iterdir())
    except OSError as error:
        raise _cannot_write(folder, error) from None
    if filled:
        raise RecordsError(
            "The folder to write to already holds something, and nothing is overwritten.",
            where=str(folder),
            next_step="Name a folder that does not exist yet, or empty this one.",
        )
    names: list[str] = []
    for stored in tables:
        plain = re.sub(r"[^\w.-]+", "_", stored.shown).strip(".") or "table"
        taken = {name.casefold() for name in names}
        numbered = (f"{plain}_{number}" for number in range(2, len(tables) + 2))
        names.append(next(n for n in (plain, *numbered) if n.casefold() not in taken))
    return [folder / f"{name}.parquet" for name in names]


def _copied(connection: Connection, tables: Sequence[_Stored], paths: Sequence[Path]) -> list[int]:
    """Write all tables under other names, and give them their own when all are written."""
    parts = [path.with_name(path.name + ".part") for path in paths]
    try:
        rows = [_write(connection, *pair) for pair in zip(tables, parts, strict=True)]
        for part, path in zip(parts, paths, strict=True):
            part.replace(path)
    except OSError as error:
        raise _cannot_write(paths[0].parent, error) from None
    finally:
        for part in parts:
            part.unlink(missing_ok=True)
    return rows


def _cannot_write(folder: Path, error: OSError) -> RecordsError:
    return RecordsError(
        f"The folder cannot be written to: {error.strerror or error}.",
        where=str(folder),
        next_step="Name a folder that you may write to, on a disk that is not full.",
    )


def _recognised(connection: Connection, is_header: IsHeader) -> list[_Stored]:
    import sqlalchemy as sa

    inspector = sa.inspect(connection)
    others = sorted(
        schema
        for schema in inspector.get_schema_names()
        if schema != inspector.default_schema_name and not _OWN_SCHEMAS.fullmatch(schema)
    )
    stored = [found for schema in (None, *others) for found in _in_schema(inspector, schema)]
    return [s for s in stored if is_header([clean_heading(name) for name in s.columns])]


def _in_schema(inspector: Inspector, schema: str | None) -> list[_Stored]:
    import sqlalchemy as sa

    views = inspector.get_view_names(schema)
    stored = []
    for name in sorted({*inspector.get_table_names(schema), *views}):
        try:
            columns = inspector.get_columns(name, schema)
        except sa.exc.DBAPIError:
            if name not in views:
                raise
            # a view whose tables are gone has no columns, and nobody can read it
            continue
        stored.append(_Stored(schema, name, tuple(str(column["name"]) for column in columns)))
    return stored


def _chunks(connection: Connection, stored: _Stored) -> Iterator[pd.DataFrame]:
    """Yield the rows as text, some at a time; the first chunk is empty."""
    import sqlalchemy as sa

    columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in stored.columns]
    table = sa.table(stored.name, *columns, schema=stored.schema)
    streaming = connection.execution_options(stream_results=True, yield_per=CHUNK_ROWS)
    yield _as_text([()] * len(columns))
    for rows in streaming.execute(sa.select(*columns).select_from(table)).partitions():
        yield _as_text(list(zip(*rows, strict=True)))


def _as_text(columns: Sequence[Sequence[Any]]) -> pd.DataFrame:
    # told to infer, pandas would make floats of ids with a blank among them
    objects = (pd.Series(values, dtype="object") for values in columns)
    return pd.DataFrame({i: column_text(values) for i, values in enumerate(objects)})


def _whole(source: str, connection: Connection, stored: _Stored) -> RawTable:
    frame = pd.concat(list(_chunks(connection, stored)), ignore_index=True)
    frame.index = pd.RangeIndex(FIRST_ROW, FIRST_ROW + len(frame))
    return raw_table(source, [], stored.columns, frame)


def _write(connection: Connection, stored: _Stored, path: Path) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.string()) for name in stored.columns])
    rows = 0
    with pq.ParquetWriter(path, schema) as writer:
        for chunk in _chunks(connection, stored):
            columns = [pa.array(chunk[i], pa.string()) for i in chunk.columns]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
            rows += len(chunk)
    return rows
