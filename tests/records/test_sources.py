"""One walk over a folder: what is recognised, where it comes from, what is left out and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandera.pandas as pa
import pytest

from bayescich.errors import RecordsError
from bayescich.records.fields import code, day, identifier, number, text, year
from bayescich.records.sources import Reading, read_tables_of
from bayescich.records.tables import Table, recognise

STAYS = Table(
    name="episodes",
    title="Stays",
    schema=pa.DataFrameSchema(
        {
            "LA": text("authority"),
            "YEAR": year("collection year"),
            "CHILD": identifier("child", nullable=False),
            "DECOM": day("start", nullable=False),
            "DEC": day("end"),
            "RNE": code("reason for new episode", "ssda903_rne"),
            "PRICE": number("price", "pounds a week", low=0, needed=False, headings=("Cost",)),
        }
    ),
    known_by=("CHILD", "DECOM"),
    key=("CHILD", "DECOM"),
    origin=True,
)
HEADER = "CHILD,DECOM,DEC,RNE\n"


def read(folder: Path, files: dict[str, str]) -> Reading:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return read_tables_of(folder, [STAYS])


def test_authority_and_year_come_from_the_folders(tmp_path: Path) -> None:
    reading = read(
        tmp_path,
        {
            "Northshire/2023-24/a.csv": HEADER + "1,05/04/2023,,S\n",
            "Southshire/2024-25/deeper/b.csv": HEADER + "2,05/04/2024,,S\n",
        },
    )
    rows = reading.tables["episodes"]
    assert rows[["LA", "YEAR", "CHILD"]].to_numpy().tolist() == [
        ["Northshire", 2024, "1"],
        ["deeper", 2025, "2"],
    ]
    assert reading.found("episodes")


def test_columns_say_more_than_folders(tmp_path: Path) -> None:
    reading = read(
        tmp_path,
        {
            "West/2020/a.csv": "LA,YEAR,"
            + HEADER
            + "East,2023-24,1,05/04/2023,,S\n,,2,1/4/2019,,S\n"
        },
    )
    rows = reading.tables["episodes"]
    assert rows[["LA", "YEAR"]].to_numpy().tolist() == [["East", 2024], ["West", 2020]]


@pytest.mark.parametrize(("start", "expected"), [("01/02/2018", 2018), ("01/02/2019", 2019)])
def test_a_bare_year_is_the_end_unless_most_episodes_start_later(
    tmp_path: Path, start: str, expected: int
) -> None:
    reading = read(tmp_path, {"2018-episodes.csv": HEADER + f"1,{start},,S\n"})
    assert reading.tables["episodes"]["YEAR"].tolist() == [expected]


def test_one_return_without_a_year_is_dated_by_its_latest_date(tmp_path: Path) -> None:
    reading = read(tmp_path, {"x.csv": HEADER + "1,01/02/2018,05/04/2018,S\n"})
    assert reading.tables["episodes"]["YEAR"].tolist() == [2019]
    assert "taken as 2019" in reading.account.to_frame()["rule"].str.cat()


def test_two_returns_without_a_year_are_an_error(tmp_path: Path) -> None:
    files = {
        "a.csv": HEADER + "1,01/02/2018,05/04/2018,S\n",
        "b.csv": HEADER + "1,01/02/2017,05/04/2018,S\n",
    }
    with pytest.raises(RecordsError, match="year of a table cannot be told") as caught:
        read(tmp_path, files)
    assert "a.csv; b.csv" in str(caught.value)


def test_a_copy_and_a_stranger_are_left_out_and_counted(tmp_path: Path) -> None:
    body = HEADER + "1,01/02/2018,,S\n"
    reading = read(
        tmp_path,
        {"2018/a.csv": body, "2018/a (1).csv": body, "2018/c.csv": "a,b\n1,2\n", "x/.d.csv": body},
    )
    assert len(reading.tables["episodes"]) == 1
    notes = dict(zip(reading.files["file"], reading.files["note"], strict=True))
    assert notes["2018/a.csv"] == "the same, byte for byte, as a (1).csv"
    assert notes["2018/c.csv"].startswith("not recognised")
    assert reading.account.total("excluded", "files") == 2


def test_a_linked_folder_is_read_once_and_under_its_own_name(tmp_path: Path) -> None:
    store = tmp_path / "store" / "2024-25"
    store.mkdir(parents=True)
    (store / "a.csv").write_text(HEADER + "1,05/04/2024,,S\n")
    north = tmp_path / "data" / "Northshire"
    north.mkdir(parents=True)
    (north / "2024-25").symlink_to(store)
    (north / "latest").symlink_to(store)
    (north / "round").symlink_to(tmp_path / "data")
    reading = read_tables_of(tmp_path / "data", [STAYS])
    assert reading.files["file"].tolist() == ["Northshire/2024-25/a.csv"]
    assert reading.tables["episodes"][["LA", "YEAR"]].to_numpy().tolist() == [["Northshire", 2025]]


def test_a_link_to_nothing_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "2024-25").mkdir()
    (tmp_path / "2024-25" / "a.csv").symlink_to(tmp_path / "gone.csv")
    with pytest.raises(RecordsError, match="cannot be opened") as caught:
        read_tables_of(tmp_path, [STAYS])
    assert caught.value.where == "2024-25/a.csv"


def test_a_folder_that_may_not_be_read_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shut").mkdir()
    listed = Path.iterdir

    def refused(folder: Path) -> Iterator[Path]:
        if folder.name == "shut":
            raise PermissionError(13, "Permission denied")
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", refused)
    with pytest.raises(RecordsError, match="folder cannot be opened: Permission denied") as caught:
        read_tables_of(tmp_path, [STAYS])
    assert "shut" in str(caught.value.where)


def test_an_error_names_the_folders_of_its_file(tmp_path: Path) -> None:
    body = HEADER + "1,05/04/2024,,S,too,many\n"
    with pytest.raises(RecordsError) as caught:
        read(tmp_path, {"North/2024-25/a.csv": body})
    assert str(caught.value.where).startswith("North/2024-25/a.csv, below the header in row 1")


def test_a_return_with_one_heading_misspelt_is_told_from_a_stranger(tmp_path: Path) -> None:
    body = "LA,YEAR,CHILD,START,DEC,RNE\nN,2025,1,05/04/2024,,S\n"
    reading = read(tmp_path, {"a.csv": body})
    assert reading.files["note"].tolist() == ["not recognised: looks like Stays, but lacks DECOM"]


def test_a_file_without_rows_is_said_so(tmp_path: Path) -> None:
    files = {"2024/a.csv": HEADER, "2025/b.csv": HEADER + "1,01/02/2018,,S\n"}
    reading = read(tmp_path, files)
    assert reading.files["note"].tolist() == ["nothing to read: no row below the headings", ""]


def test_one_file_with_day_and_month_exchanged_is_refused(tmp_path: Path) -> None:
    good = HEADER + "".join(f"{n},{n}/01/2024,,S\n" for n in range(1, 31)) * 10
    american = HEADER + "".join(f"{n},01/{n}/2024,,S\n" for n in range(1, 31))
    with pytest.raises(RecordsError, match="18 of 30 values of DECOM cannot be read") as caught:
        read(tmp_path, {"2024/a.csv": good, "2024/b.csv": american})
    assert "2024/b.csv row 14" in str(caught.value.where)
    assert caught.value.examples[0] == "01/13/2024"


def test_cells_that_cannot_be_read_are_blank_and_counted_with_their_place(tmp_path: Path) -> None:
    body = (
        "YEAR,Cost,"
        + HEADER
        + ('2018,"£1,250.50",="007",1/2/2018,,s\n2018,-3,2,zz/06/2011,,S\n2018,,3,01/02/17,,X\n')
    )
    reading = read(tmp_path, {"a.csv": body})
    rows = reading.tables["episodes"]
    assert rows["CHILD"].tolist() == ["007", "3"]
    assert rows["PRICE"].tolist()[0] == 1250.5
    assert rows["RNE"].tolist()[0] == "S"
    assert rows["DECOM"].dt.strftime("%Y-%m-%d").tolist() == ["2018-02-01", "2017-02-01"]
    account = reading.account.to_frame().set_index("rule")
    assert account.loc["PRICE is not a number at least 0; taken as blank", "examples"] == (
        "a.csv row 3: -3"
    )
    assert account.loc["DECOM is not a date; taken as blank", "rows"] == 1
    assert account.loc["DECOM is blank or cannot be read", "stage"] == "excluded"
    assert account.loc["RNE is not a code of ssda903_rne; taken as blank", "rows"] == 1
    assert account["rows"].loc[lambda r: r.index.str.contains("two digits")].item() == 1


def test_a_column_that_is_mostly_unreadable_is_an_error(tmp_path: Path) -> None:
    rows = "".join(f"{i},04/25/2018,,S\n" for i in range(30))
    with pytest.raises(RecordsError, match="30 of 30 values of DECOM") as caught:
        read(tmp_path, {"2018.csv": HEADER + rows})
    assert "2018.csv row 2" in str(caught.value)


def test_a_needed_column_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="lacks the column DEC, RNE"):
        read(tmp_path, {"2018.csv": "CHILD,DECOM\n1,01/02/2018\n"})


def test_nothing_found_is_an_empty_typed_table(tmp_path: Path) -> None:
    reading = read(tmp_path, {"x.csv": "a,b\n1,2\n"})
    rows = reading.tables["episodes"]
    assert len(rows) == 0
    assert str(rows["DECOM"].dtype) == "datetime64[ns]"
    assert str(rows["YEAR"].dtype) == "Int64"
    assert not reading.found("episodes")


def test_the_order_of_columns_and_their_case_do_not_matter() -> None:
    assert recognise(["rne", "Decom", " child", "dec"], [STAYS]) is STAYS
    assert recognise(["CHILD", "DEC"], [STAYS]) is None
