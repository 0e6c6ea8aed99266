"""Tables into files, the same bytes every time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

DATE = "%d/%m/%Y"
"""How the returns write dates."""


def as_text(frame: pd.DataFrame) -> pa.Table:
    """Return a table as the text that a file holds: dates as dd/mm/yyyy, missing cells blank.

    Examples
    --------
    >>> as_text(pd.DataFrame({"DOB": pd.to_datetime(["2010-05-01"])}))["DOB"].to_pylist()
    ['01/05/2010']
    """
    columns = {str(name): _texts(frame[name]) for name in frame.columns}
    return pa.table(columns)


def write_csv(table: pa.Table, path: Path, *, header: bool = True) -> None:
    """Write a table, with quotes only where a cell needs them.

    Parameters
    ----------
    table : pyarrow.Table
        From `as_text`.
    header : bool
        Whether the first line names the columns.
    """
    try:
        plain = csv.WriteOptions(include_header=False, quoting_style="none")
        with pa.BufferOutputStream() as written:
            csv.write_csv(table, written, plain)
            body = written.getvalue().to_pybytes()
    except pa.ArrowInvalid:  # a cell with a comma or a quote
        quoted = csv.WriteOptions(include_header=False, quoting_style="needed")
        with pa.BufferOutputStream() as written:
            csv.write_csv(table, written, quoted)
            body = written.getvalue().to_pybytes()
    first = (",".join(table.column_names) + "\n").encode() if header else b""
    path.write_bytes(first + body)


def join_parts(parts: Sequence[Path], path: Path) -> None:
    """Put parts of one table one after the other; the first has the header."""
    with path.open("wb") as whole:
        for part in parts:
            whole.write(part.read_bytes())


def _texts(column: pd.Series) -> pa.Array:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        # each distinct day is written once
        coded = pa.array(column.astype("datetime64[s]")).dictionary_encode()
        if len(coded.dictionary) == 0:
            return pa.array([""] * len(column), pa.string())
        texts = pc.strftime(coded.dictionary, format=DATE)
        return pc.fill_null(texts.take(coded.indices), "")
    if pd.api.types.is_bool_dtype(column.dtype):
        return pc.cast(pa.array(column.astype("int8")), pa.string())
    found = pa.array(column, from_pandas=True)
    if not pa.types.is_string(found.type):
        found = pc.cast(found, pa.string())
    return pc.fill_null(found, "")
