"""Reading SSDA903 returns: layouts, years, codes, dates, and the messages for what is wrong."""

from pathlib import Path

import pandas as pd
import pytest

from bayescich.errors import RecordsError
from bayescich.records.ssda903 import UNSTATED_LA, Ssda903Records, collection_year, read_ssda903
from bayescich.records.ssda903_schema import EPISODE_CODES, EPISODE_COLUMNS, HEADER_CODES, code_set

HEADER = "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n101,{sex},02/03/2008,WBRI,UN2,,\n"
EPISODES = (
    "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,"
    "HOME_POST,PL_POST,URN\n"
    "101,05/06/2023,S,C2,N1,k2,PR4,,,,ZZ1 1AA,ZZ2 2BB,sc123456\n"
)


def write(folder: Path, year: str, *, sex: str = "1", episodes: str = EPISODES) -> None:
    place = folder / "Northshire" / year
    place.mkdir(parents=True)
    (place / "header.csv").write_text(HEADER.format(sex=sex))
    (place / "episodes.csv").write_text(episodes)


def test_authority_and_year_come_from_the_folders(tmp_path: Path) -> None:
    write(tmp_path, "2023-24")
    records = read_ssda903(tmp_path)
    row = records.episodes.iloc[0]
    assert (row["LA"], row["YEAR"], row["CHILD"]) == ("Northshire", 2024, "101")
    assert row["DECOM"] == pd.Timestamp("2023-06-05")
    assert row[["DEC", "REC"]].isna().all()


def test_codes_are_read_in_upper_case_and_classed(tmp_path: Path) -> None:
    write(tmp_path, "2023-24")
    row = read_ssda903(tmp_path).episodes.iloc[0]
    assert (row["PLACE"], row["PLACE_CLASS"], row["URN"]) == ("K2", "children's home", "SC123456")


@pytest.mark.parametrize(("year", "sex"), [("2023-24", "2"), ("2024-25", "F")])
def test_sex_is_one_code_whatever_the_year(tmp_path: Path, year: str, sex: str) -> None:
    write(tmp_path, year, sex=sex)
    assert read_ssda903(tmp_path).header["SEX"].tolist() == ["F"]


def test_stacked_columns_win_over_names(tmp_path: Path) -> None:
    folder = tmp_path / "2019"
    folder.mkdir()
    lines = EPISODES.splitlines()
    (folder / "e.csv").write_text(f"LA,YEAR,{lines[0]}\nEastshire,2023/24,{lines[1]}\n")
    (folder / "h.csv").write_text(
        "LA,YEAR," + HEADER.format(sex="1").replace("\n101", "\nEastshire,2023/24,101")
    )
    records = read_ssda903(tmp_path)
    assert records.episodes[["LA", "YEAR"]].values.tolist() == [["Eastshire", 2024]]
    assert records.header[["LA", "YEAR"]].values.tolist() == [["Eastshire", 2024]]


def test_supported_placements_are_one_class() -> None:
    group = code_set("place").group
    assert group["H5"] == group["P2"] == group["K3"] == "supported"


def test_a_code_outside_its_years_is_read_and_counted(tmp_path: Path) -> None:
    write(tmp_path, "2024-25", sex="M", episodes=EPISODES.replace("k2", "H5"))
    records = read_ssda903(tmp_path)
    assert records.episodes["PLACE"].tolist() == ["H5"]
    repaired = [e for e in records.account.entries if e.stage == "repaired"]
    assert [(e.table, e.rows) for e in repaired] == [("episodes", 1)]
    assert "PLACE H5 outside its collection years" in repaired[0].rule


def test_an_unknown_code_names_file_column_row_child_and_what_is_allowed(tmp_path: Path) -> None:
    write(tmp_path, "2023-24", episodes=EPISODES.replace("k2", "Q9"))
    with pytest.raises(RecordsError) as error:
        read_ssda903(tmp_path)
    message = str(error.value)
    assert "Northshire/2023-24/episodes.csv, column PLACE, row 2" in message
    assert "Q9 (child 101)" in message
    assert "K1, K2, K3" in message


def test_a_day_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "2023-24", episodes=EPISODES.replace("05/06/2023", "31/06/2023"))
    with pytest.raises(RecordsError, match=r"(?s)1 of 1 values of DECOM.*31/06/2023 \(child 101\)"):
        read_ssda903(tmp_path)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    write(tmp_path, "2023-24", episodes=EPISODES.replace(",PL_POST", "").replace(",ZZ2 2BB", ""))
    with pytest.raises(RecordsError, match="Episodes table lacks the column PL_POST"):
        read_ssda903(tmp_path)


def test_a_folder_without_returns_says_what_is_expected(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    with pytest.raises(RecordsError) as error:
        read_ssda903(tmp_path)
    message = str(error.value)
    assert "No Header table" in message
    assert ", ".join(EPISODE_COLUMNS) in message
    assert "Northshire/2024-25/episodes.csv" in message


def test_a_year_that_cannot_be_told_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "header.csv").write_text(HEADER.format(sex="1"))
    (tmp_path / "episodes.csv").write_text(EPISODES)
    with pytest.raises(RecordsError, match="collection year of a table cannot be told"):
        read_ssda903(tmp_path)


def test_rows_without_a_child_are_excluded_and_counted(tmp_path: Path) -> None:
    blank = EPISODES + EPISODES.splitlines()[1].replace("101", "", 1) + "\n"
    write(tmp_path, "2023-24", episodes=blank)
    records = read_ssda903(tmp_path)
    assert len(records.episodes) == 1
    assert records.account.total("excluded", "episodes") == 1
    assert records.account.total("read", "episodes") == 2


def test_other_tables_are_skipped_and_counted(tmp_path: Path) -> None:
    write(tmp_path, "2023-24")
    other = tmp_path / "Northshire" / "2023-24" / "oc3.csv"
    other.write_text("CHILD,DOB,IN_TOUCH,ACTIV,ACCOM\n101,02/03/2008,YES,F1,U1\n")
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    entries = read_ssda903(tmp_path).account.entries
    assert [(e.rows, e.examples) for e in entries if e.table == "files"] == [(1, ("notes.csv",))]
    assert [(e.rule, e.rows) for e in entries if e.table == "other tables of the return"] == [
        ("OC3 table: not used by any model yet", 1)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-25", (2025, False)),
        ("2024/2025", (2025, False)),
        ("episodes_202425.csv", (2025, False)),
        ("2025", (2025, True)),
        ("1999", None),
        ("20245", None),
    ],
)
def test_collection_years(text: str, expected: tuple[int, bool] | None) -> None:
    assert collection_year(text) == expected


@pytest.mark.parametrize("name", sorted({*HEADER_CODES.values(), *EPISODE_CODES.values()}))
def test_every_code_set_is_well_formed(name: str) -> None:
    table = code_set(name).table
    assert table.index.is_unique
    assert table[["label", "group"]].notna().all().all()
    years = table.dropna(subset=["valid_from", "valid_to"])
    assert (years["valid_from"] <= years["valid_to"]).all()


@pytest.fixture(scope="module")
def samples(reference: Path) -> Ssda903Records:
    return read_ssda903(reference / "ssda903" / "cs_demand_model_samples")


def test_five_published_sample_years_are_read_whole(samples: Ssda903Records) -> None:
    assert len(samples.episodes) == 3_737
    assert len(samples.episodes.drop_duplicates(["CHILD", "DECOM"])) == 2_827
    assert samples.episodes["LA"].unique().tolist() == [UNSTATED_LA]


def test_sample_years_named_by_their_start_are_recognised(samples: Ssda903Records) -> None:
    assert sorted(samples.episodes["YEAR"].unique()) == [2018, 2019, 2020, 2021, 2022]
    assert sorted(samples.header["YEAR"].unique()) == [2018, 2019, 2020, 2021, 2022]
    rules = [e.rule for e in samples.account.entries]
    assert any("the one in which the collection year starts" in rule for rule in rules)


def test_deliberately_invalid_samples_are_refused(reference: Path) -> None:
    with pytest.raises(RecordsError, match=r"(?s)ETHNIC cannot be read.*UNKN"):
        read_ssda903(reference / "ssda903" / "liia_samples")
