"""Ofsted's lists in every published layout, and what is said of a list that is wrong."""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd
import pytest

from bayescich.errors import RecordsError
from bayescich.records.ofsted import OfstedRecords, read_ofsted

OVERALL = "Overall experiences and progress of children and young people"
LAYOUT_2025 = {
    "Web link": "Ofsted Social Care Provider Webpage",
    "URN": "SC000001",
    "Provision type": "Children's home",
    "Registration date": "25/06/2015",
    "Registration status": "Active",
    "Ofsted Region": "North East, Yorkshire and the Humber",
    "Government Office Region": "North East",
    "Local authority": "Durham",
    "Sector": "Private",
    "Places": "4",
    "Short-break-only children's home": "",
    "Organisation which owns the provider": "Care Ltd",
    '"\nLatest Full inspection event type"': "Full inspection",
    '"\nLatest full inspection date"': "05/11/2024",
    '"\nLatest full inspection event number"': "10000001",
    f'"\n{OVERALL}"': "Good",
}
OVERALL_COLUMN = f'"\n{OVERALL}"'
DATE_COLUMN = '"\nLatest full inspection date"'
EVENT_COLUMN = '"\nLatest full inspection event number"'
TYPE_COLUMN = '"\nLatest Full inspection event type"'
PREVIOUS = {
    "Previous full inspection event type": "Full inspection",
    "Previous full inspection event date": "03/02/2023",
    "Previous full inspection event number": "10000000",
    "Previous overall experiences and progress of children and young people": "Inadequate",
}
PANEL = {
    "urn": "SC000001",
    "provision_type": "Children's home",
    "region": "North East",
    "local_authority": "Durham",
    "sector": "Local Authority",
    "places": "4.0",
    "owner": "",
    "inspection_date": "2024-11-05",
    "event_number": "10000001",
    "overall": "Good",
    "snapshot": "2025",
}


def published(
    folder: Path,
    *rows: dict[str, str],
    name: str = "list.csv",
    year: int = 2025,
    layout: dict[str, str] = LAYOUT_2025,
    drop: str | None = None,
) -> Path:
    """Write a list as Ofsted does: title rows, then the header; each row says what differs."""
    columns = [column for column in layout if column != drop]
    title = f'"Children\'s social care data – Provider level as at 31 March {year}"'
    lines = [title, "This worksheet contains one table.", "Some cells are empty."]
    lines.append(",".join(columns))
    for row in rows:
        cells = {**layout, **row}
        lines.append(",".join(f'"{cells[column]}"' for column in columns))
    (folder / name).write_text("\n".join(lines) + "\n", encoding="cp1252")
    return folder / name


def tidy(folder: Path, *rows: dict[str, str], name: str = "panel.csv") -> Path:
    """Write the tidy panel of inspections; each row says what differs."""
    pd.DataFrame([{**PANEL, **row} for row in rows]).to_csv(folder / name, index=False)
    return folder / name


def lines(records: OfstedRecords, stage: str, table: str) -> dict[str, int]:
    return {
        entry.rule: entry.rows
        for entry in records.account.entries
        if (entry.stage, entry.table) == (stage, table)
    }


def test_a_list_as_published(tmp_path: Path) -> None:
    published(
        tmp_path,
        {},
        {"URN": "sc000002", "Provision type": "Children's Home", "Places": "",
         "Short-break-only children's home": "Short breaks only", OVERALL_COLUMN: "",
         DATE_COLUMN: "", EVENT_COLUMN: "", TYPE_COLUMN: ""},
        {"URN": "SC000003", "Provision type": "Independent Fostering Agency"},
    )  # fmt: skip
    records = read_ofsted(tmp_path)
    first, second = records.homes.to_dict("records")
    assert first["snapshot"] == 2025
    assert (first["region"], first["authority"], first["owner"]) == (
        "North East", "Durham", "Care Ltd",
    )  # fmt: skip
    assert (first["places"], first["short_breaks"]) == (4, False)
    assert second["urn"] == "SC000002"
    assert second["provision_type"] == "Children's home"
    assert records.homes["places"].isna().tolist() == [False, True]
    assert second["short_breaks"] is True
    (inspection,) = records.inspections.to_dict("records")
    assert inspection["inspection_date"] == pd.Timestamp(2024, 11, 5)
    assert (inspection["judgement"], inspection["grade"]) == ("Good", 3)
    assert lines(records, "excluded", "homes") == {
        "not a children's home: Independent Fostering Agency": 1
    }


def test_the_inspection_before_is_an_inspection_too(tmp_path: Path) -> None:
    published(tmp_path, {}, layout=LAYOUT_2025 | PREVIOUS)
    inspections = read_ofsted(tmp_path).inspections
    assert inspections["event_number"].tolist() == ["10000000", "10000001"]
    assert inspections["grade"].tolist() == [1, 3]


def test_a_list_of_places_only_gives_homes_and_no_inspections(tmp_path: Path) -> None:
    layout = {name: value for name, value in LAYOUT_2025.items() if "\n" not in name}
    layout = {k.replace("which owns the provider", "name"): v for k, v in layout.items()}
    published(tmp_path, {}, layout=layout)
    records = read_ofsted(tmp_path)
    assert records.homes["owner"].tolist() == ["Care Ltd"]
    assert records.inspections.empty
    assert list(records.inspections.columns)[:2] == ["urn", "event_number"]


def test_one_inspection_in_two_files_is_counted_once(tmp_path: Path) -> None:
    published(tmp_path, {})
    # The event again a day apart, the date again without a number, and one of its own.
    tidy(
        tmp_path,
        {"inspection_date": "2024-11-04", "snapshot": "2024"},
        {"event_number": "", "inspection_date": "2024-11-05"},
        {"event_number": "9", "inspection_date": "2022-01-10", "snapshot": "2023"},
    )
    records = read_ofsted(tmp_path)
    assert records.inspections["event_number"].tolist() == ["9", "10000001"]
    assert records.inspections["snapshot"].tolist() == [2023, 2024], "the first list is kept"
    assert records.account.total("excluded", "inspections") == 2
    assert records.account.total("read", "inspections") == 4


def test_when_files_differ_the_newest_list_is_followed(tmp_path: Path) -> None:
    tidy(tmp_path, {"overall": "Inadequate", "snapshot": "2025"})
    published(tmp_path, {OVERALL_COLUMN: "Outstanding"}, year=2026)
    records = read_ofsted(tmp_path)
    assert records.inspections["grade"].tolist() == [4]
    repaired = lines(records, "repaired", "inspections")
    assert repaired == {
        "grades of the same inspection (home and event number) differ; "
        "the newest list is followed": 1
    }


def test_the_list_as_published_wins_and_its_blanks_are_filled(tmp_path: Path) -> None:
    published(tmp_path, {"Organisation which owns the provider": ""})
    tidy(tmp_path, {"owner": "Other Ltd", "places": "9.0"}, name="a_panel.csv")
    records = read_ofsted(tmp_path)
    (home,) = records.homes.to_dict("records")
    assert (home["places"], home["sector"], home["owner"]) == (4, "Private", "Other Ltd")
    repaired = lines(records, "repaired", "homes")
    assert repaired["lists of the same year differ in places; the list as published is followed"]
    assert repaired["lists of the same year differ in sector; the list as published is followed"]


def test_grades_of_older_frameworks_and_no_grade(tmp_path: Path) -> None:
    grades = ["Adequate", "Requires Improvement to be good", "Not judged", "", "OUTSTANDING"]
    published(
        tmp_path,
        *({"URN": f"SC{i}", EVENT_COLUMN: str(i), OVERALL_COLUMN: g} for i, g in enumerate(grades)),
    )
    records = read_ofsted(tmp_path)
    assert records.inspections.set_index("urn")["grade"].to_dict() == {
        "SC0": 2, "SC1": 2, "SC4": 4,
    }  # fmt: skip
    assert lines(records, "excluded", "inspections") == {"no grade given (not judged)": 2}
    assert lines(records, "repaired", "inspections") == {
        'grade "Adequate" read as "Requires improvement to be good"': 1,
        'grade "Requires Improvement to be good" read as "Requires improvement to be good"': 1,
        'grade "OUTSTANDING" read as "Outstanding"': 1,
    }


def test_inspections_that_are_not_full_or_not_dated_are_excluded(tmp_path: Path) -> None:
    published(
        tmp_path,
        {TYPE_COLUMN: "Monitoring inspection"},
        {"URN": "SC2", EVENT_COLUMN: "2", DATE_COLUMN: "in the autumn"},
    )
    records = read_ofsted(tmp_path)
    assert records.inspections.empty
    assert lines(records, "excluded", "inspections") == {
        "not full: Monitoring inspection": 1,
        "date of the inspection blank or unreadable": 1,
    }


@pytest.mark.parametrize("written", ["0", "-2", "2.5", "many"])
def test_impossible_places_are_unknown_and_counted(tmp_path: Path, written: str) -> None:
    published(tmp_path, {"Places": written})
    records = read_ofsted(tmp_path)
    assert records.homes["places"].isna().all()
    assert records.account.total("repaired", "homes") == 1


def test_a_merged_region_is_that_of_the_authority_elsewhere(tmp_path: Path) -> None:
    merged = {"Government Office Region": "North East, Yorkshire and the Humber"}
    published(tmp_path, {}, {"URN": "SC2", EVENT_COLUMN: "2", **merged})
    assert read_ofsted(tmp_path).homes["region"].tolist() == ["North East", "North East"]


def test_the_year_comes_from_the_title_the_name_or_the_last_inspection(tmp_path: Path) -> None:
    path = published(tmp_path, {}, name="homes_at_march_2023.csv", year=2024)
    assert read_ofsted(path).homes["snapshot"].tolist() == [2024]
    body = path.read_text(encoding="cp1252").split("\n", 3)[3]
    path.write_text(body)
    assert read_ofsted(path).homes["snapshot"].tolist() == [2023]
    nameless = path.rename(tmp_path / "homes.csv")
    assert read_ofsted(nameless).homes["snapshot"].tolist() == [2025]
    nameless.write_text(body.replace("05/11/2024", ""))
    with pytest.raises(RecordsError, match="year of the list is not given"):
        read_ofsted(nameless)


def test_a_year_that_is_none_is_refused(tmp_path: Path) -> None:
    tidy(tmp_path, {}, {"urn": "SC2", "snapshot": "last year"})
    with pytest.raises(RecordsError, match="last year") as caught:
        read_ofsted(tmp_path)
    assert "column snapshot, 1 row, the first in row 3" in str(caught.value)


def test_a_header_without_rows_is_no_list_of_homes(tmp_path: Path) -> None:
    published(tmp_path)
    with pytest.raises(RecordsError, match="No list of children's homes"):
        read_ofsted(tmp_path)


def test_an_unknown_grade_names_file_column_label_rows_and_homes(tmp_path: Path) -> None:
    published(tmp_path, {}, {"URN": "SC2", OVERALL_COLUMN: "Superb"})
    with pytest.raises(RecordsError) as caught:
        read_ofsted(tmp_path)
    message = str(caught.value)
    for part in ("Superb", "list.csv", OVERALL, "1 row,", "URN SC2", '"Outstanding"', "row 6"):
        assert part in message


@pytest.mark.parametrize(
    ("column", "wrong"), [("Sector", "Public"), ("Short-break-only children's home", "perhaps")]
)
def test_an_unknown_label_elsewhere_is_refused_too(tmp_path: Path, column: str, wrong: str) -> None:
    published(tmp_path, {column: wrong})
    with pytest.raises(RecordsError, match=wrong) as caught:
        read_ofsted(tmp_path)
    assert column in str(caught.value)


@pytest.mark.parametrize("column", ["URN", "Provision type", "Sector", "Places", OVERALL_COLUMN])
def test_a_missing_column_is_named_with_its_spellings(tmp_path: Path, column: str) -> None:
    published(tmp_path, {}, drop=column)
    with pytest.raises(RecordsError, match="column is missing") as caught:
        read_ofsted(tmp_path)
    assert f'"{column.strip(chr(34)).strip()}"' in str(caught.value)
    assert "list.csv" in str(caught.value)


def test_the_nearest_heading_is_offered(tmp_path: Path) -> None:
    renamed = {("Registered sector" if k == "Sector" else k): v for k, v in LAYOUT_2025.items()}
    published(tmp_path, {}, layout=renamed)
    with pytest.raises(RecordsError, match="column is missing") as caught:
        read_ofsted(tmp_path)
    assert 'nearest heading in the file is "Registered sector"' in str(caught.value)


def test_a_folder_without_a_list_says_where_ofsted_publishes_it(tmp_path: Path) -> None:
    (tmp_path / "episodes.csv").write_text("CHILD,DECOM,RNE,URN\n1,2,S,3\n")
    with pytest.raises(RecordsError, match="No list of children's homes") as caught:
        read_ofsted(tmp_path)
    message = str(caught.value)
    assert "www.gov.uk" in message
    assert "any name" in message
    assert "episodes.csv" in message


def test_a_list_of_other_providers_only_is_no_list_of_homes(tmp_path: Path) -> None:
    published(tmp_path, {"Provision type": "Boarding School"})
    with pytest.raises(RecordsError, match="No list of children's homes") as caught:
        read_ofsted(tmp_path)
    assert "1 read, none a children's home" in str(caught.value)


@pytest.fixture(scope="module")
def england(reference: Path) -> tuple[OfstedRecords, float]:
    start = time.monotonic()
    records = read_ofsted(reference / "ofsted")
    return records, time.monotonic() - start


def test_all_published_files_together(england: tuple[OfstedRecords, float]) -> None:
    records, seconds = england
    assert seconds < 30
    assert 20_000 <= len(records.inspections) <= 25_000
    assert 4_800 <= records.inspections["urn"].nunique() <= 4_900
    for table in ("homes", "inspections"):
        account = records.account
        read, kept = account.total("read", table), account.total("kept", table)
        assert read - account.total("excluded", table) == kept == len(getattr(records, table))


def test_the_homes_of_march_2025(england: tuple[OfstedRecords, float]) -> None:
    """Counts derived from Ofsted's list of 31 March 2025."""
    homes = england[0].homes.query("snapshot == 2025")
    assert homes["provision_type"].value_counts().to_dict() == {
        "Children's home": 3946,
        "Residential special school (registered as a children's home)": 49,
        "Secure children's home": 14,
    }
    assert homes["places"].sum() == 15_742
    children = homes[homes["provision_type"] == "Children's home"]
    assert children["sector"].value_counts().to_dict() == {
        "Private": 3320, "Local authority": 467, "Voluntary": 152, "Health authority": 7,
    }  # fmt: skip
    assert children["short_breaks"].sum() == 124
    assert children["places"].sum() == 14_275
    assert (children["places"].median(), children["places"].max()) == (3, 22)
    sizes = children["places"].clip(upper=9).replace(8, 7).value_counts(normalize=True)
    assert sizes.sort_index().mul(100).round(1).tolist() == [
        8.3, 19.9, 26.0, 21.3, 10.8, 7.8, 4.4, 1.5,
    ]  # fmt: skip
    assert children["region"].value_counts().head(2).to_dict() == {
        "North West": 1024, "West Midlands": 632,
    }  # fmt: skip


def test_the_register_of_march_2023_comes_from_its_own_sheet(
    england: tuple[OfstedRecords, float],
) -> None:
    homes = england[0].homes.query("snapshot == 2023 and status in ['Active', 'Suspended']")
    assert len(homes) == 3119
    still_open = homes[homes["provision_type"].eq("Children's home") & ~homes["short_breaks"]]
    assert len(still_open) == 2880
    assert still_open["places"].sum() == 10_818


def test_latest_judgements_at_march_2025(england: tuple[OfstedRecords, float]) -> None:
    records, _ = england
    listed = records.homes.query('snapshot == 2025 and provision_type == "Children\'s home"')
    latest = records.inspections[records.inspections["urn"].isin(listed["urn"])]
    latest = latest.groupby("urn").last()
    # One of the 3,566 "judged" homes is given with a monitoring inspection; it had a full one.
    assert len(latest) == 3566
    shares = latest["grade"].value_counts(normalize=True).mul(100).round(1)
    assert shares.sort_index(ascending=False).tolist() == [12.5, 72.9, 13.4, 1.2]


def test_the_panel_alone_gives_the_published_distribution(reference: Path) -> None:
    records = read_ofsted(reference / "ofsted" / "inspections_panel_2013_2025.csv")
    rows = records.inspections.merge(records.homes, on=["urn", "snapshot"])
    children = rows[
        (rows["inspection_date"] >= "2017-04-01") & (rows["provision_type"] == "Children's home")
    ]
    # The panel has 17,883 such rows; 36 of them give an event again, a day or two apart.
    assert len(children) == 17_883 - 36
    assert children["urn"].nunique() == 4_373
    shares = children["grade"].value_counts(normalize=True).mul(100)
    assert shares.loc[[4, 3, 2, 1]].tolist() == pytest.approx([13.0, 67.7, 17.1, 2.1], abs=0.1)


@pytest.mark.parametrize(
    ("name", "homes", "inspections"),
    [
        ("raw_provider_at_march_2024.csv", 3219, 3218 + 2759),
        ("raw_provider_at_march_2025.csv", 4009, 3628),
    ],
)
def test_each_published_file_is_enough(
    reference: Path, name: str, homes: int, inspections: int
) -> None:
    records = read_ofsted(reference / "ofsted" / name)
    assert len(records.homes) == homes
    assert len(records.inspections) == inspections
    assert records.homes["snapshot"].unique().tolist() == [int(name[-8:-4])]
