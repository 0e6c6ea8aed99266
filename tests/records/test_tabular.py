"""Spreadsheets as people save them: title rows, encodings, broken files."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zipfile import ZipFile

import pandas as pd
import pytest

from bayescich.errors import RecordsError
from bayescich.records.csv_files import csv_encoding
from bayescich.records.tabular import (
    clean_heading,
    label_key,
    parse_dates,
    read_tables,
    spreadsheet_files,
)


def has_urn(cells: object) -> bool:
    return "URN" in list(cells)  # type: ignore[call-overload]


def write(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_title_rows_line_breaks_and_empty_columns(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "list.csv",
        'Homes 2025,,,\nOne table.,,,\nURN,"\nLatest full\ninspection date",,\n'
        '"SC1","a\nb",,\n,,,\nSC2, c ,,\n',
    )
    (table,) = read_tables(path, has_urn)
    assert table.title == "Homes 2025\nOne table."
    assert list(table.frame.columns) == ["URN", "Latest full inspection date"]
    assert table.frame["URN"].tolist() == ["SC1", "", "SC2"]
    assert table.frame["Latest full inspection date"].tolist() == ["a\nb", "", " c "]
    assert table.frame.index.tolist() == [4, 5, 6], "rows are numbered as the spreadsheet does"


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("utf-8", "utf-8-sig"),
        ("utf-8-sig", "utf-8-sig"),
        ("cp1252", "cp1252"),
        ("utf-16", "utf-16"),
    ],
)
def test_encodings(tmp_path: Path, encoding: str, expected: str) -> None:
    path = write(tmp_path, "x.csv", "URN,Owner\nSC1,Zoë – Ltd\n".encode(encoding))
    assert csv_encoding(path) == expected
    (table,) = read_tables(path, has_urn)
    assert table.frame["Owner"].tolist() == ["Zoë – Ltd"]


def test_a_letter_cut_at_the_edge_of_a_block_is_still_utf8(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bayescich.records.csv_files._BLOCK", 7)
    path = write(tmp_path, "x.csv", "URN\nabë–ë–ë–ë\n".encode())
    assert csv_encoding(path) == "utf-8-sig"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators(tmp_path: Path, separator: str) -> None:
    rows = [["title", "", ""], ["URN", "Places", "Owner"], ["SC1", "3", "A"]]
    text = "\r\n".join(separator.join(row) for row in rows)
    (table,) = read_tables(write(tmp_path, "x.csv", text), has_urn)
    assert table.frame.loc[3].tolist() == ["SC1", "3", "A"]


def test_a_header_with_no_rows_is_an_empty_table(tmp_path: Path) -> None:
    (table,) = read_tables(write(tmp_path, "x.csv", "URN,Places\n"), has_urn)
    assert list(table.frame.columns) == ["URN", "Places"]
    assert table.frame.empty


def test_a_file_larger_than_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as stream:
        stream.write(b"URN,Places\n")
        stream.seek(150_000_000)
        stream.write(b"\n")
    monkeypatch.setattr("bayescich.records.csv_files.csv_encoding", lambda _: "latin-1")
    monkeypatch.setattr("bayescich.records.csv_files.free_memory", lambda: 1e8)
    with pytest.raises(RecordsError, match=r"0\.8 GB of memory") as caught:
        read_tables(path, has_urn)
    assert "Split it" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "PNG"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\n<!DOCTYPE html><html>", "web page"),
        (b"URN\x00\x01\x02", "not text"),
        (b"\x81\x8d\x8f\x90", "not text"),
        (b"PK\x03\x04 but no workbook", "no workbook"),
    ],
)
def test_a_file_that_is_no_table_is_one_clear_error(
    tmp_path: Path, content: bytes, says: str
) -> None:
    with pytest.raises(RecordsError, match=says) as caught:
        read_tables(write(tmp_path, "homes.csv", content), has_urn)
    assert "homes.csv" in str(caught.value)
    assert caught.value.next_step


@pytest.mark.parametrize("body", ["SC1,2,3\nSC2,4\n", "SC1,2\nSC2,4,5\n", 'SC1,"never closed\n'])
def test_a_broken_row_is_an_error_and_never_shifts_the_columns(tmp_path: Path, body: str) -> None:
    path = write(tmp_path, "homes.csv", "URN,Places\n" + body)
    with pytest.raises(RecordsError, match="more cells than the header") as caught:
        read_tables(path, has_urn)
    assert "header in row 1" in str(caught.value)


def test_a_heading_given_twice_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path, "homes.csv", "URN,Places,Places\nSC1,1,2\n")
    with pytest.raises(RecordsError, match="same heading") as caught:
        read_tables(path, has_urn)
    assert "column Places" in str(caught.value)


def test_a_table_without_the_header_is_not_returned(tmp_path: Path) -> None:
    assert read_tables(write(tmp_path, "episodes.csv", "CHILD,DECOM\n1,2\n"), has_urn) == []


def test_workbook_sheets_dates_and_whole_numbers(tmp_path: Path) -> None:
    # The smallest spreadsheet in OpenDocument form: one sheet without the header, one with.
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    number = '<table:table-cell office:value-type="float" office:value="{}"/>'
    day = '<table:table-cell office:value-type="date" office:date-value="{}"/>'
    rows = [
        cell.format("Homes at 31 March 2023"),
        cell.format("URN") + cell.format("Places") + cell.format("Date"),
        number.format(1027158) + number.format(6.0) + day.format("2022-11-02"),
    ]
    sheets = "".join(
        f'<table:table table:name="{name}">'
        + "".join(f"<table:table-row>{row}</table:table-row>" for row in content)
        + "</table:table>"
        for name, content in {"Cover": rows[:1], "Homes": rows}.items()
    )
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    path = tmp_path / "book.ods"
    with ZipFile(path, "w") as book:
        book.writestr("mimetype", kind)
        book.writestr("META-INF/manifest.xml", '<?xml version="1.0"?><manifest:manifest/>')
        book.writestr(
            "content.xml",
            f'<?xml version="1.0"?><office:document-content {spaces}><office:body>'
            f"<office:spreadsheet>{sheets}</office:spreadsheet></office:body>"
            "</office:document-content>",
        )
    (table,) = read_tables(path, has_urn)
    assert table.source == "book.ods, sheet Homes"
    assert table.title == "Homes at 31 March 2023"
    assert table.frame.loc[3].tolist() == ["1027158", "6", "2022-11-02"]


def test_files_of_a_folder_or_the_file_itself(tmp_path: Path) -> None:
    for name in ("b.csv", "a.XLSX", "notes.txt", ".~lock.csv", "~$a.xlsx"):
        write(tmp_path, name, "x")
    assert [path.name for path in spreadsheet_files(tmp_path)] == ["a.XLSX", "b.csv"]
    assert spreadsheet_files(tmp_path / "notes.txt") == [tmp_path / "notes.txt"]
    with pytest.raises(RecordsError, match="no such file or folder"):
        spreadsheet_files(tmp_path / "nowhere")


def test_dates_of_all_three_kinds() -> None:
    text = pd.Series(["05/11/2024", "2024-11-05", "2024-11-05 00:00:00", "5-Nov-2024"])
    assert parse_dates(text).eq(datetime(2024, 11, 5)).all()
    text = pd.Series(["5/11/2024", "05-11-2024", "05.11.2024", "2024/11/05", "20241105"])
    assert parse_dates(text).eq(datetime(2024, 11, 5)).all()
    assert (
        parse_dates(pd.Series(["", "31/02/2024", "11/2024", "31/12/9999", "01/01/1600", "soon"]))
        .isna()
        .all()
    )


def test_headings_and_labels() -> None:
    assert clean_heading("\ufeffURN\u00a0 ") == "URN"
    assert label_key("Short-break-only children’s home") == "short break only childrens home"
    assert label_key("Good") != label_key("Good enough")
