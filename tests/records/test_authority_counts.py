"""DfE's published counts by local authority: numbers, symbols, editions, and the panel of them."""

from pathlib import Path

import pandas as pd
import pytest

from bayescich.errors import HistoriesError, RecordsError
from bayescich.histories.authority_panel import authority_panel
from bayescich.records.authority_counts import AuthorityCounts, read_authority_counts

HEADER = (
    "time_period,time_identifier,geographic_level,country_code,country_name,region_code,"
    "region_name,old_la_code,la_name,new_la_code,cla_group,placement_stability,children_count,"
    "children_percent"
)
YEAR = ("CLA on 31 March", "With 3 or more placements during the year", "Total children")


def line(year: int, code: str, name: str, what: str, count: str) -> str:
    place = f"Local authority,E92000001,England,E12000001,North East,800,{name},{code}"
    return f"{year},Reporting year,{place},{YEAR[0]},{what},{count},9"


def both(year: int, code: str, name: str, moved: str, children: str) -> list[str]:
    return [line(year, code, name, YEAR[1], moved), line(year, code, name, YEAR[2], children)]


def england(year: int) -> str:
    return f"{year},Reporting year,National,E92000001,England,,,,,,{YEAR[0]},{YEAR[2]},81770,100"


def write(folder: Path, name: str, *lines: str, header: str = HEADER) -> Path:
    # as DfE writes it: a byte-order mark first
    (folder / name).write_text("\n".join([header, *lines]) + "\n", encoding="utf-8-sig")
    return folder


def read(folder: Path) -> tuple[AuthorityCounts, pd.DataFrame]:
    records = read_authority_counts(folder)
    frame, _ = authority_panel(records)
    return records, frame.set_index(["authority", "year"])


def rules(records: AuthorityCounts, stage: str) -> dict[str, int]:
    return {e.rule: e.rows for e in records.account.entries if e.stage == stage}


def test_a_symbol_is_a_blank_and_never_a_zero(tmp_path: Path) -> None:
    lines = [*both(2025, "E06000001", "Ash", "0", "34"), *both(2025, "E06000002", "Oak", "c", "32")]
    records, frame = read(write(tmp_path, "any name.csv", *lines, england(2025)))
    assert frame.loc[("Ash", "2025"), "moved"] == 0
    assert pd.isna(frame.loc[("Oak", "2025"), "moved"])
    assert frame.loc[("Oak", "2025"), "children"] == 32
    assert frame["moved_2yr"].isna().all()
    assert rules(records, "noted") == {
        "“c” for a number: suppressed, because the number is small": 1
    }
    assert rules(records, "excluded") == {"sums of England and its regions": 1}


def test_editions_overlap_and_the_newest_is_followed(tmp_path: Path) -> None:
    old = [*both(2023, "E1", "Ash", "9", "90"), *both(2024, "E1", "Ash", "10", "100")]
    write(tmp_path, "a.csv", *old, header=HEADER.replace("children_count", "number"))
    new = [*both(2024, "E1", "Ash", "11", "100"), *both(2025, "E1", "Ash", "12", "110")]
    records, frame = read(write(tmp_path, "b.csv", *new))
    assert frame.loc["Ash", "moved"].to_dict() == {"2023": 9, "2024": 11, "2025": 12}
    assert rules(records, "repaired") == {"editions differ; the newest is followed": 1}
    assert rules(records, "excluded")["the same count in an older edition"] == 2


def test_an_authority_that_was_split_keeps_its_own_years(tmp_path: Path) -> None:
    lines = [
        *both(2023, "E10", "Old", "44", "740"), *both(2024, "E10", "Old", "z", "z"),
        *both(2023, "E61", "North part", "z", "z"), *both(2024, "E61", "North part", "35", "482"),
        *both(2024, "E53", "Isles", "z", "0"),
    ]  # fmt: skip
    records = read_authority_counts(write(tmp_path, "file.csv", *lines))
    frame, account = authority_panel(records)
    assert list(zip(frame["authority"], frame["year"], strict=True)) == [
        ("North part", "2024"),
        ("Old", "2023"),
    ]
    assert account.total("excluded", "authorities") == 3
    assert account.total("noted", "authorities") == 2
    assert account.total("read", "authorities") == 5


def test_what_is_no_count_ends_in_a_message(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="neither a whole number nor one of DfE's symbols"):
        read(write(tmp_path, "a.csv", *both(2025, "E1", "Ash", "about ten", "100")))
    with pytest.raises(RecordsError, match="A time period is not a year"):
        read(write(tmp_path, "a.csv", *both(202425, "E1", "Ash", "1", "100")))
    with pytest.raises(HistoriesError, match="No authority has a number of children"):
        read(write(tmp_path, "a.csv", *both(2025, "E1", "Ash", "z", "0")))


def test_a_folder_without_the_file_says_where_it_is_published(tmp_path: Path) -> None:
    write(tmp_path, "ks4.csv", "1,2", header="time_period,la_name")
    with pytest.raises(RecordsError, match="explore-education-statistics") as caught:
        read(tmp_path)
    assert "ks4.csv" in str(caught.value)


def test_the_published_file(reference: Path) -> None:
    records = read_authority_counts(reference / "dfe_la")
    frame, account = authority_panel(records)
    assert len(frame) == account.total("kept", "authorities") == 756
    assert frame["authority"].nunique() == 154
    # DfE's own sums, rounded to ten there: 81,770 children in England on 31 March 2025
    of_2025 = frame[frame["year"] == "2025"]
    assert round(int(of_2025["children"].sum()), -1) == 81770
    assert account.total("noted", "authorities") == 16
    derived = pd.read_csv(reference / "dfe_la" / "derived_la_panel_2021_2025.csv")
    together = frame.astype({"year": int}).merge(
        derived, left_on=["code", "year"], right_on=["new_la_code", "time_period"]
    )
    assert len(together) == 756
    for ours, theirs in (
        ("moved", "stab_3plus_in_year"), ("children", "stab_n_31march"),
        ("moved_2yr", "stab_3plus_in_2yr"), ("same_carer", "stab_same_carer_2yr"),
    ):  # fmt: skip
        both_known = together[[ours, theirs]].dropna()
        assert (both_known[ours].astype(float) == both_known[theirs]).all()
        assert together[ours].isna().sum() == together[theirs].isna().sum()
