"""Parquet, SPSS and Stata files: the same text from all, and clear words on broken ones."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest

from bayescich.errors import RecordsError
from bayescich.records.statfiles import column_text, statistical_tables

EPISODES = pd.DataFrame(
    {
        "CHILD": ["17", "18", "019"],
        "DECOM": pd.to_datetime(["2024-04-01", None, "2024-12-31"]),
        "SCORE": [21.0, np.nan, 7.5],
        "PLACE": [1.0, 2.0, 1.0],
    }
)
EXPECTED = {
    "CHILD": ["17", "18", "019"],
    "DECOM": ["2024-04-01", "", "2024-12-31"],
    "SCORE": ["21", "", "7.5"],
    "PLACE": ["1", "2", "1"],
}


def has_decom(cells: object) -> bool:
    return "DECOM" in list(cells)  # type: ignore[call-overload]


def write(path: Path, frame: pd.DataFrame = EPISODES, **options: object) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
        return path
    writers = {".dta": pyreadstat.write_dta, ".por": pyreadstat.write_por}
    if path.suffix == ".zsav":
        options["compress"] = True
    writers.get(path.suffix, pyreadstat.write_sav)(frame, path, **options)
    return path


@pytest.mark.parametrize("suffix", [".parquet", ".sav", ".zsav", ".dta", ".por", ".SAV"])
def test_every_kind_of_file_gives_the_same_text(tmp_path: Path, suffix: str) -> None:
    (table,) = statistical_tables(write(tmp_path / f"e{suffix}"), has_decom)
    assert table.frame.to_dict("list") == EXPECTED
    assert table.frame.index.tolist() == [2, 3, 4]
    assert table.source == f"e{suffix}"
    assert table.title == ""
    assert all(dtype == "str" for dtype in table.frame.dtypes)


@pytest.mark.parametrize("suffix", [".parquet", ".sav", ".dta"])
def test_a_table_without_rows_and_one_not_looked_for(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"e{suffix}", EPISODES.head(0))
    (table,) = statistical_tables(path, has_decom)
    assert table.frame.shape == (0, 4)
    assert statistical_tables(path, lambda cells: "URN" in cells) == []


@pytest.mark.parametrize("suffix", [".sav", ".dta"])
def test_codes_not_labels_and_declared_missing_values_blank(tmp_path: Path, suffix: str) -> None:
    options: dict[str, object] = {"variable_value_labels": {"PLACE": {1: "home", 2: "foster"}}}
    if suffix == ".sav":
        options["missing_ranges"] = {"SCORE": [21]}
    (table,) = statistical_tables(write(tmp_path / f"e{suffix}", **options), has_decom)
    assert table.frame["PLACE"].tolist() == ["1", "2", "1"]
    assert table.frame["SCORE"].tolist() == (
        ["", "", "7.5"] if suffix == ".sav" else ["21", "", "7.5"]
    )


@pytest.mark.parametrize("suffix", [".sav", ".dta"])
def test_labels_of_variables_serve_as_headings(tmp_path: Path, suffix: str) -> None:
    renamed = EPISODES.rename(columns={"DECOM": "V2"})
    path = write(tmp_path / f"e{suffix}", renamed, column_labels={"V2": "DECOM"})
    (table,) = statistical_tables(path, has_decom)
    assert table.frame.to_dict("list") == EXPECTED


def test_parquet_types(tmp_path: Path) -> None:
    columns = {
        "DECOM": pa.array([19814, None], pa.date32()),
        "when": pa.array([0, 1_000_000], pa.timestamp("us")),
        "id": pa.array([9007199254740993, None], pa.int64()),
        "yes": pa.array([True, None], pa.bool_()),
        "third": pa.array([0.1, 3.0], pa.float32()),
        "price": pa.array([Decimal("4500.00"), Decimal("1.50")], pa.decimal128(9, 2)),
        "code": pa.array(["K2", None]).dictionary_encode(),
        "raw": pa.array([b"abc", None], pa.binary()),
        "list": pa.array([[1, 2], None], pa.list_(pa.int64())),
        "nothing": pa.nulls(2),
    }
    pq.write_table(pa.table(columns), tmp_path / "x.parquet")
    (table,) = statistical_tables(tmp_path / "x.parquet", has_decom)
    assert table.frame.to_dict("list") == {
        "DECOM": ["2024-04-01", ""],
        "when": ["1970-01-01", "1970-01-01 00:00:01"],
        "id": ["9007199254740993", ""],
        "yes": ["1", ""],
        "third": ["0.1", "3"],
        "price": ["4500", "1.50"],
        "code": ["K2", ""],
        "raw": ["abc", ""],
        "list": ["[1 2]", ""],
        "nothing": ["", ""],
    }


def test_short_floats_of_stata_show_no_digits_that_they_do_not_have(tmp_path: Path) -> None:
    prices = pd.DataFrame({"DECOM": ["a", "b"], "PRICE": np.float32([4500.1, 3])})
    prices.to_stata(tmp_path / "x.dta", write_index=False)
    (table,) = statistical_tables(tmp_path / "x.dta", has_decom)
    assert table.frame["PRICE"].tolist() == ["4500.1", "3"]


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    twice = pa.table([pa.array(["1"]), pa.array(["2"])], names=["DECOM", "DECOM"])
    pq.write_table(twice, tmp_path / "x.parquet")
    with pytest.raises(RecordsError, match="same heading"):
        statistical_tables(tmp_path / "x.parquet", has_decom)


def test_text_that_is_not_text(tmp_path: Path) -> None:
    broken = pa.array([b"\xff\xfe"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"DECOM": broken}), tmp_path / "x.parquet")
    with pytest.raises(RecordsError, match="cannot be read as a Parquet file"):
        statistical_tables(tmp_path / "x.parquet", has_decom)


SUFFIXES = [".parquet", ".sav", ".zsav", ".por", ".dta"]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "The file is empty"),
        (b"CHILD,DECOM\n17,01/04/2024\n" * 50, "cannot be read as"),
        (b"PK\x03\x04" + bytes(200), "cannot be read as"),
        (b"ENCRYPTEDSAV" + bytes(200), "encrypted"),
        (b"PARE" + bytes(200) + b"PARE", "encrypted"),
    ],
)
def test_what_is_no_such_file(tmp_path: Path, suffix: str, content: bytes, says: str) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_bytes(content)
    with pytest.raises(RecordsError, match=says) as caught:
        statistical_tables(path, has_decom)
    assert caught.value.where == path.name
    assert caught.value.next_step


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_a_file_cut_short(tmp_path: Path, suffix: str, share: float) -> None:
    path = write(tmp_path / f"x{suffix}", pd.concat([EPISODES] * 100, ignore_index=True))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(RecordsError, match="cannot be read as"):
        statistical_tables(path, has_decom)


def test_a_header_that_tells_of_more_rows_than_there_is_room_for(tmp_path: Path) -> None:
    path = write(tmp_path / "x.dta")
    content = path.read_bytes()
    start = content.index(b"<N>") + len(b"<N>")
    many = (1_409_286_148).to_bytes(8, "little")
    path.write_bytes(content[:start] + many + content[start + 8 :])
    with pytest.raises(RecordsError, match="tells of 1,409,286,148 rows of"):
        statistical_tables(path, has_decom)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="cannot be opened"):
        statistical_tables(tmp_path / "none.sav", has_decom)


def test_blank_and_infinite_numbers() -> None:
    numbers = pd.Series([1e20, -0.0, np.inf, np.nan, 0.25])
    assert column_text(numbers).tolist() == ["100000000000000000000", "0", "inf", "", "0.25"]
    mixed = pd.Series([1, None, True, pd.Timestamp("2024-04-01 09:30"), pd.NaT], dtype="object")
    assert column_text(mixed).tolist() == ["1", "", "1", "2024-04-01 09:30:00", ""]
