"""Databases: every recognised table read as text, never written to, never a password shown."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from bayescich.errors import RecordsError
from bayescich.records import databases
from bayescich.records.databases import (
    database_tables,
    import_database,
    is_database_url,
    shown_url,
)
from bayescich.records.statfiles import statistical_tables


def is_episodes(cells: object) -> bool:
    return {"CHILD", "DECOM"} <= set(cells)  # type: ignore[call-overload]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "returns.db"
    with sqlite3.connect(path) as connection:
        connection.executescript("""
            create table episodes (CHILD integer, DECOM date, "order" real, "a % b" text);
            insert into episodes values (9007199254740993, '2024-04-01', 2.0, ' x '),
                (null, '2024-05-01', 2.5, null), (3, null, null, '');
            create view "Short stays" as select * from episodes where DECOM > '2024-04-15';
            create table other (URN text);
            create table gone (CHILD integer, DECOM date);
            create view broken as select * from gone;
            drop table gone;
        """)
    connection.close()
    return path


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


def test_tables_and_views_as_text(database: Path) -> None:
    before = hashlib.sha256(database.read_bytes()).hexdigest()
    stays, episodes = database_tables(url_of(database), is_episodes)
    assert episodes.source == f"database sqlite:///{database}, table episodes"
    assert stays.source.endswith("table Short stays")
    assert episodes.frame.to_dict("list") == {
        "CHILD": ["9007199254740993", "", "3"],
        "DECOM": ["2024-04-01", "2024-05-01", ""],
        "order": ["2", "2.5", ""],
        "a % b": ["x", "", ""],
    }
    assert episodes.frame.index.tolist() == [2, 3, 4]
    assert stays.frame["DECOM"].tolist() == ["2024-05-01"]
    assert hashlib.sha256(database.read_bytes()).hexdigest() == before


def test_fetched_some_at_a_time(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = database_tables(url_of(database), is_episodes)
    monkeypatch.setattr(databases, "CHUNK_ROWS", 1)
    for whole, pieces in zip(at_once, database_tables(url_of(database), is_episodes), strict=True):
        pd.testing.assert_frame_equal(whole.frame, pieces.frame)


def test_nothing_recognised_is_no_table(database: Path) -> None:
    assert database_tables(url_of(database), lambda cells: "NEED" in cells) == []


def test_an_import_reads_as_the_database_does(database: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "extract"
    account = import_database(url_of(database), folder, is_episodes)
    assert sorted(path.name for path in folder.iterdir()) == [
        "Short_stays.parquet",
        "episodes.parquet",
    ]
    assert account.total("read", "episodes") == account.total("kept", "episodes") == 3
    assert account.total("kept", "Short stays") == 1
    for stored in database_tables(url_of(database), is_episodes):
        name = stored.source.partition("table ")[2].replace(" ", "_")
        (copied,) = statistical_tables(folder / f"{name}.parquet", is_episodes)
        pd.testing.assert_frame_equal(copied.frame, stored.frame)


def test_an_import_never_overwrites(database: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "note.txt").write_text("mine")
    with pytest.raises(RecordsError, match="already holds something"):
        import_database(url_of(database), tmp_path / "full", is_episodes)
    with pytest.raises(RecordsError, match="cannot be written to"):
        import_database(url_of(database), database / "below", is_episodes)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["note.txt"]


def test_an_import_that_fails_leaves_no_file(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = databases._write

    def fails(connection: object, stored: databases._Stored, path: Path) -> int:
        if stored.name == "episodes":
            raise OSError(28, "No space left on device")
        return written(connection, stored, path)  # type: ignore[arg-type]

    monkeypatch.setattr(databases, "_write", fails)
    with pytest.raises(RecordsError, match="No space left"):
        import_database(url_of(database), tmp_path / "new", is_episodes)
    assert list((tmp_path / "new").iterdir()) == []


def test_an_import_of_nothing_is_refused(database: Path, tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="no table with columns that are known"):
        import_database(url_of(database), tmp_path / "new", lambda cells: "NEED" in cells)
    assert not (tmp_path / "new").exists()


def test_names_that_differ_only_in_what_a_file_name_cannot_hold(tmp_path: Path) -> None:
    path = tmp_path / "odd.db"
    with sqlite3.connect(path) as connection:
        connection.execute('create table "a/b" (CHILD text, DECOM text)')
        connection.execute('create table "A b" (CHILD text, DECOM text)')
    connection.close()
    account = import_database(url_of(path), tmp_path / "out", is_episodes)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["A_b.parquet", "a_b_2.parquet"]
    assert account.total("kept", "a/b") == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql+psycopg://a:b@c/d", True),
        ("SQLITE:///x", True),
        ("https://example.org/x.csv", False),
        ("file:///tmp/x", False),
        ("C:\\data\\returns", False),
        ("data/returns", False),
    ],
)
def test_what_is_a_database_url(text: str, expected: bool) -> None:
    assert is_database_url(text) is expected


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nosuch://ann:hunter2@server/x", "No kind of database is called nosuch"),
        ("postgresql+nosuch://ann:hunter2@server/x", "No kind of database"),
        ("mysql://ann:hunter2@server/x", "not installed: mysqlclient"),
        ("postgresql://ann:hunter2@server:port/x", "not the address of a database"),
        ("sqlite:////nowhere/hunter2.db?password=hunter2", "no such database file"),
    ],
)
def test_errors_say_what_to_do_and_no_password(url: str, says: str) -> None:
    with pytest.raises(RecordsError, match=says) as caught:
        database_tables(url, is_episodes)
    assert caught.value.next_step
    assert caught.value.where
    assert "hunter2" not in str(caught.value).replace("/nowhere/hunter2.db", "")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_the_password_of_a_failed_connection_is_not_told(database: Path) -> None:
    with pytest.raises(RecordsError, match="cannot be read") as caught:
        database_tables(f"{url_of(database)}?hunter2=hunter2", is_episodes)
    assert "=hunter2" not in str(caught.value)
    assert shown_url("mssql+pyodbc://ann:hunter2@h/d?odbc_connect=PWD%3Dhunter2") == (
        "mssql+pyodbc://ann:***@h/d"
    )


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("CHILD,DECOM\n" * 100)
    with pytest.raises(RecordsError, match="not a database"):
        database_tables(url_of(tmp_path / "x.db"), is_episodes)
