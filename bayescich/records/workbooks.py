"""Workbooks (XLSX, XLS, ODS) as raw tables: one per sheet that has the header looked for."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pandas as pd

from bayescich.records.tabular import (
    HEADER_SEARCH_ROWS,
    IsHeader,
    RawTable,
    clean_heading,
    not_a_table,
    raw_table,
)


def workbook_tables(path: Path, is_header: IsHeader) -> list[RawTable]:
    """Read every sheet of a workbook that has the header looked for.

    Raises
    ------
    RecordsError
        If the workbook cannot be opened: broken, or protected by a password.
    """
    from python_calamine import CalamineError

    try:
        sheets = pd.read_excel(
            path, engine="calamine", sheet_name=None, header=None, dtype=object, na_filter=False
        )
    except (CalamineError, ValueError, KeyError, OSError) as error:
        raise not_a_table(path, f"no workbook that can be opened ({error})") from error
    tables = []
    for name, cells in sheets.items():
        source = path.name if len(sheets) == 1 else f"{path.name}, sheet {name}"
        table = _sheet_table(source, cells, is_header)
        if table is not None:
            tables.append(table)
    return tables


def cell_text(cell: object) -> str:
    """Write a cell's value as text: dates as yyyy-mm-dd, whole numbers without a point.

    Examples
    --------
    >>> cell_text(datetime(2024, 11, 5)), cell_text(3.0), cell_text(None)
    ('2024-11-05', '3', '')
    """
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else str(cell)
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _sheet_table(source: str, cells: pd.DataFrame, is_header: IsHeader) -> RawTable | None:
    top = cells.head(HEADER_SEARCH_ROWS).map(cell_text).to_numpy().tolist()
    for position, row in enumerate(top):
        if is_header([clean_heading(cell) for cell in row]):
            frame = cells.iloc[position + 1 :].map(cell_text).astype("str")
            frame.index = pd.RangeIndex(position + 2, position + 2 + len(frame))
            return raw_table(source, top[:position], row, frame)
    return None
