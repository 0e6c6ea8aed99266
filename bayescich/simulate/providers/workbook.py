"""Workbooks (XLSX) of one sheet, written with nothing but the standard library.

The same table gives the same bytes: no time of writing is kept in the file.
"""

from __future__ import annotations

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np
import pandas as pd

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OPEN = "http://schemas.openxmlformats.org"
_PARTS = {
    # the least that every spreadsheet program opens
    "[Content_Types].xml": (
        f'<Types xmlns="{_OPEN}/package/2006/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType="application/'
        'vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/'
        'vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_OPEN}/package/2006/relationships"><Relationship Id="rId1" '
        f'Type="{_OPEN}/officeDocument/2006/relationships/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_OPEN}/package/2006/relationships"><Relationship Id="rId1" '
        f'Type="{_OPEN}/officeDocument/2006/relationships/worksheet" '
        'Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""Time of every part in the file, so that the same rows give the same bytes."""


def write_workbook(table: pd.DataFrame, sheet: str, path: Path) -> None:
    """Write a table as an XLSX workbook of one sheet, every cell as text or a whole number.

    Parameters
    ----------
    table : DataFrame
        Dates are written as yyyy-mm-dd; blank cells are left out.
    """
    named = (
        f'<workbook xmlns="{_OPEN}/spreadsheetml/2006/main" '
        f'xmlns:r="{_OPEN}/officeDocument/2006/relationships"><sheets>'
        f'<sheet name="{sheet}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    parts = {**_PARTS, "xl/workbook.xml": named, "xl/worksheets/sheet1.xml": _sheet(table)}
    with ZipFile(path, "w", ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in parts.items():
            archive.writestr(ZipInfo(name, _LONG_AGO), _XML + content, ZIP_DEFLATED)


def _sheet(table: pd.DataFrame) -> str:
    cells = [_cells(table[name], _letters(place)) for place, name in enumerate(table.columns)]
    head = "".join(
        f'<c r="{_letters(place)}1" t="inlineStr"><is><t>{_escaped(str(name))}</t></is></c>'
        for place, name in enumerate(table.columns)
    )
    rows = "".join(
        f'<row r="{number}">{"".join(row)}</row>'
        for number, row in enumerate(zip(*cells, strict=True), start=2)
    )
    return (
        f'<worksheet xmlns="{_OPEN}/spreadsheetml/2006/main"><sheetData>'
        f'<row r="1">{head}</row>{rows}</sheetData></worksheet>'
    )


def _cells(column: pd.Series, letters: str) -> list[str]:
    """Write a column's cells; what is blank is left out."""
    if pd.api.types.is_integer_dtype(column):
        opening, contents = ">", [f"<v>{number}</v>" for number in column.tolist()]
    else:
        opening, contents = ' t="inlineStr">', _texts(column)
    blank = column.isna().to_numpy() | np.array([cell == "" for cell in contents], dtype=bool)
    return [
        "" if nothing else f'<c r="{letters}{row}"{opening}{cell}</c>'
        for row, (cell, nothing) in enumerate(zip(contents, blank.tolist(), strict=True), start=2)
    ]


def _texts(column: pd.Series) -> list[str]:
    """Write the contents of cells of text; each distinct text is made safe for XML once."""
    if pd.api.types.is_datetime64_dtype(column):
        column = column.dt.strftime("%Y-%m-%d")
    texts = column.astype("object").where(column.notna(), "").astype("str").tolist()
    safe = {text: f"<is><t>{_escaped(text)}</t></is>" for text in dict.fromkeys(texts) if text}
    return [safe.get(text, "") for text in texts]


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _letters(place: int) -> str:
    """Return a column's letters: A to Z, then AA and so on."""
    first, second = divmod(place, 26)
    return (chr(64 + first) if first else "") + chr(65 + second)
