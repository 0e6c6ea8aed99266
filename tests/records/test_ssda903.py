"""Reading SSDA903 returns: layouts, forms of files, what is counted, and the messages."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from bayescich.account import Entry
from bayescich.errors import RecordsError
from bayescich.records.sources import read_tables_of
from bayescich.records.ssda903 import (
    Ssda903Records,
    collection_year_label,
    read_ssda903,
    ssda903_records,
)
from bayescich.records.ssda903_schema import EPISODE_COLUMNS, SSDA903_TABLES

HEADER = "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n101,{sex},02/03/2008,WBRI,UN2,,\n"
EPISODES = (
    "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,"
    "HOME_POST,PL_POST,URN\n"
    "101,05/06/2023,S,C2,N1,k2 ,PR4,,,,zz11aa,ZZ2 2BB,sc123456\n"
)


def write(folder: Path, year: str = "2023-24", *, sex: str = "1", episodes: str = EPISODES) -> Path:
    place = folder / "Northshire" / year
    place.mkdir(parents=True)
    (place / "header.csv").write_text(HEADER.format(sex=sex), encoding="utf-8")
    (place / "episodes.csv").write_text(episodes, encoding="utf-8")
    return place


def lines(records: Ssda903Records, stage: str, table: str) -> dict[str, Entry]:
    return {e.rule: e for e in records.account.entries if (e.stage, e.table) == (stage, table)}


def test_authority_and_year_come_from_the_folders(tmp_path: Path) -> None:
    write(tmp_path)
    row = read_ssda903(tmp_path).episodes.iloc[0]
    assert row[["LA", "YEAR", "CHILD"]].tolist() == ["Northshire", 2024, "101"]
    assert row["DECOM"] == pd.Timestamp("2023-06-05")
    assert row[["DEC", "REC"]].isna().all()


def test_cells_are_read_in_one_spelling(tmp_path: Path) -> None:
    write(tmp_path)
    row = read_ssda903(tmp_path).episodes.iloc[0]
    assert row[["PLACE", "PLACE_CLASS", "URN", "HOME_POST"]].tolist() == [
        "K2",
        "children's home",
        "SC123456",
        "ZZ1 1AA",
    ]


@pytest.mark.parametrize(("year", "sex"), [("2023-24", "2"), ("2023-24", "2.0"), ("2024-25", "F")])
def test_sex_is_one_code_whatever_the_year(tmp_path: Path, year: str, sex: str) -> None:
    write(tmp_path, year, sex=sex)
    records = read_ssda903(tmp_path)
    assert records.header["SEX"].tolist() == ["F"]
    assert not lines(records, "repaired", "header")


def test_stacked_columns_win_over_names(tmp_path: Path) -> None:
    folder = tmp_path / "2019"
    folder.mkdir()
    head, row = EPISODES.splitlines()
    (folder / "e.csv").write_text(f"LA,YEAR,{head}\nEastshire,2023/24,{row}\n")
    head, row = HEADER.format(sex="1").splitlines()
    (folder / "h.csv").write_text(f"LA,YEAR,{head}\nEastshire,2023/24,{row}\n")
    records = read_ssda903(tmp_path)
    assert records.episodes[["LA", "YEAR"]].to_numpy().tolist() == [["Eastshire", 2024]]
    assert records.header[["LA", "YEAR"]].to_numpy().tolist() == [["Eastshire", 2024]]


@pytest.mark.parametrize(
    "content",
    [
        EPISODES.encode("utf-8-sig"),
        EPISODES.replace("\n", "\r\n").encode(),
        EPISODES.encode("utf-16"),
        EPISODES.replace("ZZ2 2BB", "ZZ2 2BB\u00a0").encode("cp1252"),
        EPISODES.rstrip("\n").encode(),
        EPISODES.replace("05/06/2023", "2023-06-05 00:00:00").encode(),
    ],
    ids=["BOM", "CRLF", "UTF-16", "cp1252", "no final line end", "database dates"],
)
def test_forms_of_a_file_read_alike(tmp_path: Path, content: bytes) -> None:
    place = write(tmp_path)
    expected = read_ssda903(tmp_path).episodes
    (place / "episodes.csv").write_bytes(content)
    pd.testing.assert_frame_equal(read_ssda903(tmp_path).episodes, expected)


def test_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    place = write(tmp_path)
    expected = read_ssda903(tmp_path).episodes
    table = pd.read_csv(place / "episodes.csv", dtype=str)
    table[sorted(table.columns)].to_csv(place / "episodes.csv", index=False)
    pd.testing.assert_frame_equal(read_ssda903(tmp_path).episodes, expected)


def test_a_year_of_two_digits_is_read_and_counted(tmp_path: Path) -> None:
    write(tmp_path, episodes=EPISODES.replace("PR4,,", "PR4,13/08/23,E4A"))
    records = read_ssda903(tmp_path)
    assert records.episodes["DEC"].tolist() == [pd.Timestamp("2023-08-13")]
    assert [e.rows for e in lines(records, "repaired", "episodes").values()] == [1]


def test_dates_known_in_part_keep_their_text_and_get_two_limits(tmp_path: Path) -> None:
    place = write(tmp_path)
    cells = ["05/06/2011", "zz/06/2011", "ZZ/zz/2011", "zz/zz/zzzz", "", "soon"]
    rows = [f"{101 + i},02/03/2008,P1,,{cell}" for i, cell in enumerate(cells)]
    (place / "p.csv").write_text("\n".join(["CHILD,DOB,PREV_PERM,LA_PERM,DATE_PERM", *rows]))
    records = read_ssda903(tmp_path)
    table = records.previous_permanence
    assert table["DATE_PERM"].fillna("").tolist() == cells
    earliest = ["2011-06-05", "2011-06-01", "2011-01-01", None, None, None]
    latest = ["2011-06-05", "2011-06-30", "2011-12-31", None, None, None]
    assert table["DATE_PERM_EARLIEST"].equals(pd.Series(pd.to_datetime(earliest), dtype="M8[ns]"))
    assert table["DATE_PERM_LATEST"].equals(pd.Series(pd.to_datetime(latest), dtype="M8[ns]"))
    odd = lines(records, "noted", "previous_permanence")
    entry = odd["DATE_PERM is no date, known in part or in whole"]
    assert (entry.rows, entry.examples) == (1, ("Northshire/106",))


def test_a_code_outside_its_years_is_read_and_noted(tmp_path: Path) -> None:
    write(tmp_path, "2024-25", sex="M", episodes=EPISODES.replace("k2", "H5"))
    records = read_ssda903(tmp_path)
    assert records.episodes["PLACE"].tolist() == ["H5"]
    entry = lines(records, "noted", "episodes")[
        "PLACE H5 is not a code of the collection year; left as it is"
    ]
    assert (entry.rows, entry.examples) == (1, ("Northshire/101",))


def test_an_unknown_code_is_blanked_and_counted_with_its_place(tmp_path: Path) -> None:
    write(tmp_path, episodes=EPISODES.replace("k2", "Q9"))
    records = read_ssda903(tmp_path)
    assert records.episodes[["PLACE", "PLACE_CLASS"]].isna().all(axis=None)
    entry = lines(records, "repaired", "episodes")[
        "PLACE is not a code of ssda903_place; taken as blank"
    ]
    assert (entry.rows, entry.examples) == (1, ("Northshire/2023-24/episodes.csv row 2: Q9",))


def test_an_episode_that_starts_on_no_day_is_left_out_and_counted(tmp_path: Path) -> None:
    second = EPISODES.splitlines()[1].replace("05/06/2023", "31/06/2023")
    write(tmp_path, episodes=f"{EPISODES}{second}\n")
    records = read_ssda903(tmp_path)
    assert len(records.episodes) == 1
    assert records.account.total("read", "episodes") == 2
    assert records.account.total("excluded", "episodes") == 1
    assert lines(records, "repaired", "episodes")["DECOM is not a date; taken as blank"].rows == 1


def test_rows_without_a_child_are_left_out_and_counted(tmp_path: Path) -> None:
    blank = EPISODES + EPISODES.splitlines()[1].replace("101", "", 1) + "\n"
    write(tmp_path, episodes=blank)
    records = read_ssda903(tmp_path)
    assert records.episodes["CHILD"].tolist() == ["101"]
    assert lines(records, "excluded", "episodes")["CHILD is blank or cannot be read"].rows == 1


def test_a_child_without_a_date_of_birth_is_kept_and_noted(tmp_path: Path) -> None:
    place = write(tmp_path)
    (place / "header.csv").write_text(HEADER.format(sex="1").replace("02/03/2008", ""))
    records = read_ssda903(tmp_path)
    assert records.header["CHILD"].tolist() == ["101"]
    odd = lines(records, "noted", "header")
    assert odd["DOB is blank; histories leave the child out"].rows == 1


def test_an_id_that_lost_its_zeros_in_a_spreadsheet_is_noted(tmp_path: Path) -> None:
    write(tmp_path)
    place = write(tmp_path, "2022-23")
    text = (place / "header.csv").read_text(encoding="utf-8")
    (place / "header.csv").write_text(text.replace("101,", "00101,"), encoding="utf-8")
    (place / "episodes.csv").write_text(EPISODES.replace("101,05", "0102,05"), encoding="utf-8")
    noted = lines(read_ssda903(tmp_path), "noted", "header")
    entry = noted["CHILD differs from another id by zeros in front only: one child or two?"]
    assert (entry.rows, entry.examples) == (1, ("Northshire/00101",))


def test_a_needed_column_that_is_missing_is_named(tmp_path: Path) -> None:
    write(tmp_path, episodes=EPISODES.replace("RNE,", "").replace(",S,", ","))
    with pytest.raises(RecordsError, match=r"Episodes.* table lacks the column RNE") as error:
        read_ssda903(tmp_path)
    assert "Northshire/2023-24/episodes.csv" in str(error.value)


def test_a_column_that_may_be_missing_is_blank_and_noted(tmp_path: Path) -> None:
    place = write(tmp_path)
    table = pd.read_csv(place / "episodes.csv", dtype=str).drop(columns=["URN", "CIN"])
    table.to_csv(place / "episodes.csv", index=False)
    records = read_ssda903(tmp_path)
    assert records.episodes[["URN", "CIN"]].isna().all(axis=None)
    odd = lines(records, "noted", "episodes")
    assert "URN is blank in every row: not returned, or not readable" in odd


def test_a_folder_without_returns_says_what_was_looked_at_and_expected(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    with pytest.raises(RecordsError) as error:
        read_ssda903(tmp_path)
    message = str(error.value)
    assert "No Header table" in message
    assert "notes.csv (not recognised: no table with these columns is known)" in message
    assert "none has CHILD, SEX, DOB" in message
    assert ", ".join(EPISODE_COLUMNS) in message
    assert "Northshire/2024-25/episodes.csv" in message


def test_a_return_without_episodes_names_what_the_files_are(tmp_path: Path) -> None:
    place = write(tmp_path)
    (place / "episodes.csv").unlink()
    with pytest.raises(RecordsError, match=r"(?s)No Episodes table.*header.csv \(header\)"):
        read_ssda903(tmp_path)


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="No Header table"):
        read_ssda903(tmp_path)


def test_other_tables_of_the_return_are_read(tmp_path: Path) -> None:
    place = write(tmp_path)
    (place / "x.csv").write_text("CHILD,DOB,IN_TOUCH,ACTIV,ACCOM\n101,02/03/2008,YES,F3,S1\n")
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    records = read_ssda903(tmp_path)
    row = records.oc3.iloc[0]
    assert row[["ACTIV", "ACTIV_GROUP"]].tolist() == ["F3", "training or employment"]
    assert row[["ACCOM", "ACCOM_SETTING", "SUITABLE"]].tolist() == [
        "S1",
        "no fixed abode or homeless",
        False,
    ]
    odd = lines(records, "noted", "oc3")
    assert odd["ACCOM calls homelessness or custody suitable; SUITABLE says it is not"].rows == 1
    assert odd["ACTIV F3 is not a code of the collection year; left as it is"].rows == 1
    assert [e.examples for e in lines(records, "excluded", "files").values()] == [("notes.csv",)]


def test_a_table_that_was_not_returned_has_its_columns_and_no_rows(tmp_path: Path) -> None:
    write(tmp_path)
    records = read_ssda903(tmp_path)
    assert list(records.oc3) == [
        "LA", "YEAR", "CHILD", "DOB", "IN_TOUCH", "ACTIV", "ACCOM",
        "ACTIV_GROUP", "ACCOM_SETTING", "SUITABLE",
    ]  # fmt: skip
    assert len(records.oc3) == 0
    made = Ssda903Records(records.header, records.episodes, records.account)
    pd.testing.assert_frame_equal(made.oc3, records.oc3)


def test_a_reading_made_for_several_readers_gives_the_same(tmp_path: Path) -> None:
    write(tmp_path)
    reading = read_tables_of(tmp_path, SSDA903_TABLES)
    records = ssda903_records(reading)
    pd.testing.assert_frame_equal(records.episodes, read_ssda903(tmp_path).episodes)
    assert records.account.entries[: len(reading.account.entries)] == reading.account.entries


def test_collection_years_are_labelled_by_both_years() -> None:
    assert collection_year_label(pd.Series([2000, 2025])).tolist() == ["1999-00", "2024-25"]
