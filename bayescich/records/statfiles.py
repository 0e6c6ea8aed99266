"""Parquet, SPSS and Stata files as raw tables: codes, not labels, every cell as text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayescich.errors import RecordsError
from bayescich.records.tabular import (
    IsHeader,
    RawTable,
    clean_heading,
    first_bytes,
    raw_table,
)
from bayescich.records.workbooks import cell_text

if TYPE_CHECKING:
    import pyarrow as pa

FIRST_ROW = 2
"""Number of the first row of data, as a sheet with its header in row 1 would show it."""

_ENCRYPTED = (b"ENCRYPTEDSAV", b"PARE")
_KINDS = {
    ".parquet": "a Parquet file",
    ".sav": "an SPSS file",
    ".zsav": "an SPSS file",
    ".por": "an SPSS portable file",
    ".dta": "a Stata file",
}
_OLD_ENCODING = "WINDOWS-1252"
_PACKED = b"$FL3"
"""How an SPSS file begins whose cells are packed by zlib; in others each takes a byte or more."""
_MOST_PACKING = 1032
"""zlib packs no tighter than this."""

_Reader = Callable[..., tuple[pd.DataFrame, Any]]


def statistical_tables(path: Path, is_header: IsHeader) -> list[RawTable]:
    """Read the table of a Parquet, SPSS or Stata file, if it has the columns looked for.

    Values are read as codes, not as value labels; what a file declares as missing is blank. Where
    the names of an SPSS or Stata file's variables are not known, their labels are tried.

    Parameters
    ----------
    path : Path
        A file ending in .parquet, .sav, .zsav, .por or .dta.
    is_header : callable
        Given the names of the columns, whether they are the header looked for.

    Returns
    -------
    list of RawTable
        One, with rows numbered from 2 as in a sheet; none when the columns are not known.

    Raises
    ------
    RecordsError
        If the file is empty, broken, protected by a password, or not what its name says.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "episodes.parquet"
    >>> returned = pd.DataFrame({"CHILD": [7, 8], "DECOM": pd.to_datetime(["2024-11-05", None])})
    >>> returned.to_parquet(path)
    >>> table, = statistical_tables(path, lambda names: "DECOM" in names)
    >>> table.frame.to_dict("list")
    {'CHILD': ['7', '8'], 'DECOM': ['2024-11-05', '']}
    """
    _refuse_empty_or_encrypted(path)
    if path.suffix.lower() == ".parquet":
        return _parquet_tables(path, is_header)
    return _labelled_tables(path, is_header)


def column_text(column: pd.Series) -> pd.Series:
    """Write the values of a column as text, each distinct value once.

    Examples
    --------
    >>> column_text(pd.Series([1.0, None, 2.5])).tolist()
    ['1', '', '2.5']
    >>> column_text(pd.Series([True, False])).tolist()
    ['1', '0']
    """
    if isinstance(column.dtype, pd.StringDtype):
        return column.fillna("").astype("str")
    try:
        codes, index = pd.factorize(column)
    except TypeError:  # lists and the like cannot be told apart by value
        return column.map(_value_text, na_action="ignore").fillna("").astype("str")
    # as doubles, short floats would show digits that they do not have
    distinct = index.to_numpy() if column.dtype == "float32" else index
    # -1, the code of a missing value, takes the last
    texts = pd.array([*map(_value_text, distinct), ""], dtype="str")
    return pd.Series(texts.take(codes, allow_fill=False), index=column.index)


def _value_text(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "1" if value else "0"
    if isinstance(value, np.floating | Decimal) and np.isfinite(float(value)) and value % 1 == 0:
        return str(int(value))
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return cell_text(value)


def _refuse_empty_or_encrypted(path: Path) -> None:
    start = first_bytes(path, 16)
    if not start:
        raise RecordsError(
            "The file is empty.",
            where=path.name,
            next_step="Export it again; a broken copy leaves an empty file.",
        )
    if start.startswith(_ENCRYPTED):
        raise RecordsError(
            "The file is encrypted.",
            where=path.name,
            next_step="Save it again without a password, in a place where that is allowed.",
        )


def _broken(path: Path, error: Exception) -> RecordsError:
    said = " ".join(str(error).split())[:200].rstrip(".")
    return RecordsError(
        f"The file cannot be read as {_KINDS[path.suffix.lower()]}: {said}.",
        where=path.name,
        why="it is broken, was cut short when copied, or is not what its name says",
        next_step="Copy or export it again; if it is another kind of file, give it that ending.",
    )


def _parquet_tables(path: Path, is_header: IsHeader) -> list[RawTable]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            names = [str(name) for name in file.schema_arrow.names]
            if not is_header([clean_heading(name) for name in names]):
                return []
            table = file.read()
        # text that is not text would else be met by whoever touches it first
        table.validate(full=True)
        columns = [_arrow_text(column) for column in table.itercolumns()]
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _broken(path, error) from None
    return [_table(path, names, columns)]


def _arrow_text(column: pa.ChunkedArray) -> pd.Series:
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_integer(column.type):
        # with a blank among them pandas would make them floats, and long ids would change
        column = column.cast(pa.string())
    return column_text(column.to_pandas(date_as_object=False))


def _labelled_tables(path: Path, is_header: IsHeader) -> list[RawTable]:
    frame, labels = _read_labelled(path)
    names = [str(name) for name in frame.columns]
    labelled = [labels.get(name) or name for name in names]
    for headings in (names, labelled):
        if is_header([clean_heading(heading) for heading in headings]):
            columns = [column_text(frame.iloc[:, i]) for i in range(len(names))]
            return [_table(path, headings, columns)]
    return []


def _read_labelled(path: Path) -> tuple[pd.DataFrame, dict[str, str]]:
    import pyreadstat

    suffix = path.suffix.lower()
    others: dict[str, _Reader] = {".por": pyreadstat.read_por, ".dta": pyreadstat.read_dta}
    read = others.get(suffix, pyreadstat.read_sav)
    readers = [read] if suffix == ".por" else [read, partial(read, encoding=_OLD_ENCODING)]
    errors: list[Exception] = []
    for attempt in readers:
        try:
            _refuse_impossible_size(path, attempt)
            frame, about = attempt(path, dates_as_pandas_datetime=True)
        except (
            pyreadstat.ReadstatError,
            pyreadstat.PyreadstatError,
            ValueError,  # text in another encoding than the file says
            OverflowError,  # a date beyond the calendar
            IndexError,  # more rows than the header tells of
            TypeError,  # text in a variable of numbers, or one without a name
        ) as error:
            errors.append(error)
        else:
            kinds = about.readstat_variable_types
            single = {name: "float32" for name in frame.columns if kinds.get(name) == "float"}
            return frame.astype(single), about.column_names_to_labels
    raise _broken(path, errors[0])


def _refuse_impossible_size(path: Path, read: _Reader) -> None:
    """Refuse a file whose header tells of more cells than it can hold.

    The reader takes memory for all of them first: one damaged byte would end the whole process.
    """
    _, about = read(path, metadataonly=True)
    with path.open("rb") as file:
        packed = file.read(len(_PACKED)) == _PACKED
    most = path.stat().st_size * (_MOST_PACKING if packed else 1)
    told = about.number_rows or 0
    if told * about.number_columns > most:
        raise ValueError(
            f"its header tells of {told:,} rows of {about.number_columns:,} columns, more than "
            "there is room for in the file"
        )


def _table(path: Path, headings: Sequence[str], columns: Sequence[pd.Series]) -> RawTable:
    frame = pd.DataFrame(dict(enumerate(columns)))
    frame.index = pd.RangeIndex(FIRST_ROW, FIRST_ROW + len(frame))
    return raw_table(path.name, [], headings, frame)
