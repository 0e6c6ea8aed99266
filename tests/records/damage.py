"""Files as they ought to be, and every way in which they arrive instead."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd
import pyreadstat
from hypothesis import strategies as st

Grid = list[list[str]]

HEADER = """\
CHILD,SEX,DOB,ETHNIC,UPN
17,2,01/02/2008,WBRI,A123456789012
18,1,15/07/2010,BAFR,UN4
19,M,30/11/2015,MWBC,B123456789012
"""
EPISODES = """\
CHILD,DECOM,RNE,LS,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,PL_POST,URN
17,01/04/2023,S,C2,U6,PR1,05/06/2023,X1,CREQB,D3 4EF,SC123456
17,05/06/2023,P,C2,K2,PR4,,,,G5 6HI,SC234567
18,12/09/2022,S,V2,H5,PR5,20/12/2023,E5,,,
19,02/01/2024,S,E1,A5,PR2,,,,,
"""
OC2 = """\
CHILD,DOB,SDQ_SCORE,SDQ_REASON,CONVICTED,HEALTH_CHECK,IMMUNISATIONS,TEETH_CHECK,HEALTH_ASSESSMENT
17,01/02/2008,21,,0,,1,1,1
18,15/07/2010,,SDQ4,0,,1,0,1
"""
NEEDS = """\
LA,CHILD,NEED,DATE,SOURCE
Northshire,17,Autism,03/04/2023,EHCP
Northshire,18,Self-harm,2023-11-05,referral form
"""
WHOLE = {"header": HEADER, "episodes": EPISODES, "oc2": OC2, "needs": NEEDS}
TABLES: dict[str, Grid] = {
    name: [line.split(",") for line in text.splitlines()] for name, text in WHOLE.items()
}

ODD_CELLS = [
    "", " ", "NA", "NULL", "-", "?", "zz/06/2011", "zz/zz/zzzz", "1/4/23", "31/02/2024",
    "00/00/0000", "2024-13-45", "20240229", "20230229", "01/01/1600", "31/12/9999", "45017",
    "1-Apr-2023", "01.04.2023 00:00:00", "2023-04-01T09:30:00Z", "0", "-1", "1.5", "1e400",
    "9" * 400, "1,234", "£12", "NaN", "inf", "TRUE", "=1+1", '="001"', "@SUM(A1)", "+44",
    '=HYPERLINK("http://x")', "<script>alert(1)</script>", "&lt;b&gt;", "{{ 7*7 }}", "%s%n",
    "a\x07b", "a\x1fb", "a\u202eb", "\ufeff17", "\u00a0", "Zoë", "Ω", "🙂", "²",
    "\u0660\u0661/\u0660\u0662/2024", 'a"b', "a'b", "a\nb", "a,b", "a;b", "x" * 5000, "\\N",
    "#REF!", "#N/A", "17.0", "K 2", "k2", "XXXXXXX", "2024-25",
]  # fmt: skip
ODD_HEADINGS = [
    "",
    " ",
    "CHILD",
    "DECOM",
    "PL",
    "Child ID",
    "LA",
    "YEAR",
    "NEED",
    "x",
    "\ufeffCHILD",
]

ENCODINGS = [
    "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252",
    "latin-1", "utf-7",
]  # fmt: skip
SUFFIXES = [
    ".csv", ".csv", ".csv", ".csv", ".txt", ".tsv", ".CSV", ".xlsx", ".xls", ".ods", ".parquet",
    ".sav", ".dta", ".por", ".xml",
]  # fmt: skip


@st.composite
def damaged_text(draw: st.DrawFn, name: str) -> bytes:
    """A CSV file with something wrong in its cells, its shape, its writing or its bytes."""
    grid = [list(row) for row in TABLES[name]]
    for _ in range(draw(st.integers(0, 2))):
        change = draw(st.sampled_from(_GRID_CHANGES))
        grid = change(draw, grid)
    content = _written(draw, grid)
    if draw(st.booleans()):
        return content
    return draw(damaged_bytes(content))


@st.composite
def damaged_bytes(draw: st.DrawFn, content: bytes) -> bytes:
    """Some content cut short, with bytes changed, put in, or replaced altogether."""
    kind = draw(st.sampled_from(["cut", "cut", "flip", "flip", "put in", "other", "twice"]))
    place = draw(st.integers(0, max(len(content) - 1, 0)))
    if kind == "cut":
        return content[:place]
    if kind == "flip":
        changed = bytearray(content)
        for _ in range(draw(st.integers(1, 4))):
            changed[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
        return bytes(changed)
    if kind == "put in":
        piece = draw(
            st.sampled_from([b"\x00", b"\xff", b'"', b"\r", b"\x1a", b"\n\n", b"\x00" * 50])
        )
        return content[:place] + piece + content[place:]
    if kind == "twice":
        return content + content
    return draw(st.sampled_from(_OTHER)) + draw(st.binary(max_size=60))


_OTHER = [
    b"", b" \r\n", b"\xef\xbb\xbf", b"\xff\xfe", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"\x89PNG\r\n", b"%PDF-1.7", b"<html>", b"<?xml version='1.0'?><a/>", b"PAR1", b"$FL2@(#)",
    b"\x1f\x8b\x08", b"CHILD", b"CHILD,DECOM\n", b"SQLite format 3\x00", b"{}",
]  # fmt: skip


def statistical_content(folder: Path, suffix: str) -> bytes:
    """The episodes as a Parquet, SPSS, Stata or XML file."""
    path = folder / f"whole{suffix}"
    rows = TABLES["episodes"]
    frame = pd.DataFrame(rows[1:], columns=rows[0])
    if suffix == ".xml":
        facts = "".join(f"<{name}>{cell}</{name}>" for name, cell in zip(*rows[:2], strict=True))
        header = "<HEADER><CHILDID>17</CHILDID><SEX>2</SEX><DOB>01/02/2008</DOB></HEADER>"
        child = f"<CHILD>{header}<EPISODE>{facts}</EPISODE></CHILD>"
        path.write_text(f"<?xml version='1.0'?><EXPSSDA903>{child * 3}</EXPSSDA903>")
    elif suffix == ".parquet":
        frame.to_parquet(path)
    else:
        write = pyreadstat.write_dta if suffix == ".dta" else pyreadstat.write_sav
        write(frame, path)
    content = path.read_bytes()
    path.unlink()
    return content


def _place(draw: st.DrawFn, grid: Grid, first: int = 1) -> tuple[int, int]:
    row = draw(st.integers(min(first, len(grid) - 1), len(grid) - 1))
    return row, draw(st.integers(0, max(len(grid[row]) - 1, 0)))


def _odd_cells(draw: st.DrawFn, grid: Grid) -> Grid:
    for _ in range(draw(st.integers(1, 3))):
        row, column = _place(draw, grid)
        if grid[row]:
            grid[row][column] = draw(st.sampled_from(ODD_CELLS))
    return grid


def _odd_column(draw: st.DrawFn, grid: Grid) -> Grid:
    _, column = _place(draw, grid)
    cell = draw(st.sampled_from(ODD_CELLS))
    return [grid[0], *([*row[:column], cell, *row[column + 1 :]] for row in grid[1:])]


def _many_rows(draw: st.DrawFn, grid: Grid) -> Grid:
    return [grid[0], *grid[1:] * draw(st.sampled_from([2, 10]))]


def _shuffled(draw: st.DrawFn, grid: Grid) -> Grid:
    order = draw(st.permutations(range(len(grid[0]))))
    return [[row[i] for i in order if i < len(row)] for row in grid]


def _odd_heading(draw: st.DrawFn, grid: Grid) -> Grid:
    _, column = _place(draw, grid[:1], 0)
    if grid[0]:
        grid[0][column] = draw(st.sampled_from(ODD_HEADINGS))
    return grid


def _lower_headings(draw: st.DrawFn, grid: Grid) -> Grid:
    return [[f" {heading.lower()} " for heading in grid[0]], *grid[1:]]


def _without_column(draw: st.DrawFn, grid: Grid) -> Grid:
    _, column = _place(draw, grid)
    return [row[:column] + row[column + 1 :] for row in grid]


def _column_twice(draw: st.DrawFn, grid: Grid) -> Grid:
    _, column = _place(draw, grid)
    return [[*row, *row[column : column + 1]] for row in grid]


def _ragged(draw: st.DrawFn, grid: Grid) -> Grid:
    row, column = _place(draw, grid)
    grid[row] = draw(st.sampled_from([grid[row][:column], [*grid[row], "more"], []]))
    return grid


def _rows_put_in(draw: st.DrawFn, grid: Grid) -> Grid:
    row, _ = _place(draw, grid, 0)
    piece = draw(st.sampled_from([[""], ["A title"], ["", "", ""], grid[0], ["-- end --"]]))
    return [*grid[:row], list(piece), *grid[row:]]


_GRID_CHANGES = [
    _odd_cells, _odd_cells, _odd_cells, _odd_column, _odd_column, _many_rows, _shuffled,
    _odd_heading, _lower_headings, _without_column, _column_twice, _ragged, _rows_put_in,
]  # fmt: skip


def _written(draw: st.DrawFn, grid: Grid) -> bytes:
    text = io.StringIO()
    between = draw(st.sampled_from([",", ",", ",", ";", "\t", "|"]))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    if draw(st.integers(0, 3)):
        quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
        csv.writer(text, delimiter=between, lineterminator=end, quoting=quoting).writerows(grid)
    else:  # as if by hand: nothing quoted
        text.write("".join(between.join(row) + end for row in grid))
    return text.getvalue().encode(draw(st.sampled_from(ENCODINGS)), errors="replace")
