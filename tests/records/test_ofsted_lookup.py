"""Ofsted's restricted look-up workbooks: five layouts, the nonsense in them, and repeated URNs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from bayescich.errors import RecordsError
from bayescich.records.ofsted import read_ofsted
from bayescich.records.ofsted_lookup import LookupRecords, read_lookup
from bayescich.records.ofsted_lookup_schema import LOOKUP, SPECIALISMS

HOME = {
    "Local Authority": "Durham",
    "URN": "sc000001",
    "Provider Type": "Children's Home",
    "Provider Subtype": "Children's home",
    "Sector": "Private",
    "Registration Date": "2013-01-01",
    "Registration Status": "Active",
    "Deregistration Date": "-",
    "Placement Code": "K2",
    "Placement Provider Code": "PR4",
    "Setting Address Postcode": "dh11aa",
    "Owner ID": "123",
    "Owner name": "Care Ltd",
    "Region": "North East",
    "Number of registered places": "4",
    "Emotional and behavioural difficulties": "1",
    "Learning difficulty": "0",
    "Physical disabilities": "-",
    "Overall effectiveness": "Requires improvement",
    "Date of last full inspection": "02/03/2023",
}


def workbook(folder: Path, *rows: dict[str, str], name: str = "lookup.csv") -> Path:
    """Write a look-up; each row says what differs."""
    pd.DataFrame([{**HOME, **row} for row in rows]).to_csv(folder / name, index=False)
    return folder / name


def lines(found: LookupRecords, stage: str) -> dict[str, int]:
    return {e.rule: e.rows for e in found.account.entries if e.stage == stage}


def test_a_row_is_typed_and_its_labels_are_ofsteds(tmp_path: Path) -> None:
    found = read_lookup(workbook(tmp_path, {}))
    (home,) = found.providers.to_dict("records")
    assert home["urn"] == "SC000001"
    assert (home["postcode"], home["authority"], home["places"]) == ("DH1 1AA", "Durham", 4)
    assert home["registration_date"] == pd.Timestamp(2013, 1, 1)
    assert pd.isna(home["closed_date"])
    assert (home["place_codes"], home["provider_codes"]) == ("K2", "PR4")
    assert (home["judgement"], home["inspection_date"]) == (
        "Requires improvement to be good", pd.Timestamp(2023, 3, 2),
    )  # fmt: skip
    assert home["specialism_ebd"] is True
    assert home["specialism_learning"] is False
    assert pd.isna(home["specialism_physical"]), "a dash says nothing"
    assert lines(found, "repaired") == {}
    assert lines(found, "noted") == {}


def test_several_codes_in_a_cell_are_parted_and_strangers_left_out(tmp_path: Path) -> None:
    path = workbook(
        tmp_path,
        {"Placement Code": "U1,u2 ; U3"},
        {"URN": "2", "Placement Code": "K2, cod3", "Placement Provider Code": "-"},
    )
    found = read_lookup(path)
    assert found.providers["place_codes"].tolist() == ["K2", "U1|U2|U3"]
    assert found.providers["provider_codes"].isna().tolist() == [True, False]
    assert lines(found, "repaired") == {
        "place_codes holds what is no such code; that part is left out": 1
    }


def test_nonsense_is_counted_and_never_fatal(tmp_path: Path) -> None:
    nonsense = {
        "Sector": "Wizards", "Region": "Mordor", "Overall effectiveness": "Too many orcs",
        "Number of registered places": "lots", "Learning difficulty": "Blind",
        "Registration Date": "once upon a time",
    }  # fmt: skip
    found = read_lookup(workbook(tmp_path, nonsense))
    (home,) = found.providers.to_dict("records")
    assert (home["sector"], home["judgement"]) == ("Wizards", "Too many orcs")
    assert pd.isna(home["places"])
    assert lines(found, "noted") == {
        "sector is none of Ofsted's labels; left as written": 1,
        "region is none of Ofsted's labels; left as written": 1,
        "judgement is none of Ofsted's labels; left as written": 1,
    }
    assert lines(found, "repaired") == {
        "places is not a whole number at least 1; taken as blank": 1,
        "specialism_learning is neither yes nor no; taken as blank": 1,
        "registration_date is not a date; taken as blank": 1,
    }


def test_a_long_column_of_dashes_is_blank_and_not_refused(tmp_path: Path) -> None:
    found = read_lookup(workbook(tmp_path, *({"URN": str(i)} for i in range(1000000, 1000030))))
    assert found.providers["closed_date"].isna().sum() == 30


def test_of_a_urn_given_twice_the_newest_file_then_the_active_row_is_followed(
    tmp_path: Path,
) -> None:
    closed = {"Registration Status": "Resigned", "Deregistration Date": "2024-05-01"}
    workbook(tmp_path, closed, {}, {"URN": "SC9", "Owner name": "Old Ltd"}, name="list_2023.csv")
    workbook(tmp_path, {"URN": "SC9", **closed}, name="a_list_2024.csv")
    found = read_lookup(tmp_path)
    by_urn = found.providers.set_index("urn")
    assert by_urn["status"].to_dict() == {"SC000001": "Active", "SC9": "Resigned"}
    assert by_urn.loc["SC9", "owner_name"] == "Care Ltd"
    assert lines(found, "excluded") == {
        "the same URN given again; the newest list and the active registration are followed": 2
    }
    account = found.account
    left = account.total("read", LOOKUP.name) - account.total("excluded", LOOKUP.name)
    assert left == account.total("kept", LOOKUP.name) == 2


def test_conditions_on_a_sheet_of_their_own_are_joined(tmp_path: Path) -> None:
    workbook(tmp_path, {}, {"URN": "SC2"})
    conditions = {"URN": ["SC2", "SC2", "SC2"], "Conditions": ["No smoke", "-", "Boys only"]}
    pd.DataFrame(conditions).to_csv(tmp_path / "conditions.csv", index=False)
    found = read_lookup(tmp_path).providers.set_index("urn")["conditions"]
    assert found.loc["SC2"] == "No smoke; Boys only"
    assert pd.isna(found.loc["SC000001"])


def test_a_folder_without_a_look_up_gives_an_empty_table(tmp_path: Path) -> None:
    (tmp_path / "episodes.csv").write_text("CHILD,DECOM,RNE,URN\n1,2,S,3\n")
    found = read_lookup(tmp_path)
    assert list(found.providers.columns) == list(LOOKUP.schema.columns)
    assert found.providers.empty
    assert lines(found, "kept") == {"registrations": 0}


def test_no_such_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="no such file"):
        read_lookup(tmp_path / "none.xlsx")


def test_the_reader_of_published_lists_passes_a_look_up_over(tmp_path: Path) -> None:
    workbook(tmp_path, {})
    published = {
        "URN": "SC1", "Provision type": "Children's home", "Sector": "Private", "Places": "3",
        "Organisation name": "Care Ltd", "Local authority": "Durham", "Region": "North East",
        "Registration date": "01/01/2020", "Registration status": "Active", "Postcode": "REDACTED",
    }  # fmt: skip
    pd.DataFrame([published]).to_csv(tmp_path / "homes_2025.csv", index=False)
    records = read_ofsted(tmp_path)
    assert records.homes["urn"].tolist() == ["SC1"]
    left_out = {e.rule: e.rows for e in records.account.entries if e.stage == "excluded"}
    assert left_out == {"the restricted look-up of providers, which is read on its own": 1}
    assert read_lookup(tmp_path).providers["urn"].tolist() == ["SC000001"]


@pytest.fixture(scope="module")
def fakes(reference: Path) -> Path:
    return reference / "ssda903" / "csc_validator_fake_data"


@pytest.mark.parametrize(
    ("name", "urns"),
    [
        ("ch_fake.xlsx", ["NJASCN"]),
        ("scp_fake.xlsx", ["BABABOOEY", "P4BABOO7"]),
        ("combined_scp_ch_fake.xlsx", ["ARN00001", "GND00002", "MDR00003", "RHN00004"]),
        ("scp_ch_2025_fake.xlsx", ["1", "2"]),
        (
            "scpch_assisted.xlsx",
            ["ARN00001", "GND00002", "ISL00001", "MDR00003", "RHN00004", "TNT00001"],
        ),
    ],
)
def test_each_public_layout_is_read(fakes: Path, name: str, urns: list[str]) -> None:
    assert read_lookup(fakes / name).providers["urn"].tolist() == urns


def test_what_the_layouts_say(fakes: Path) -> None:
    combined = read_lookup(fakes / "combined_scp_ch_fake.xlsx").providers.set_index("urn")
    assert combined["place_codes"].tolist() == ["U1|U2|U3|U4|U5|U6", "A3|A4|A5|A6", "K1", "K2"]
    assert combined.loc["MDR00003", "provider_subtype"] == "Secure Unit"
    assert combined["places"].fillna(0).tolist() == [300, 0, 6, 12]
    flags = combined[list(SPECIALISMS)]
    assert flags.isna().sum(axis="columns").tolist() == [7, 7, 0, 0]
    assert not flags.fillna(False).any(axis=None)
    assert combined.loc["RHN00004", "judgement"] == "Requires improvement to be good"
    closed = read_lookup(fakes / "scp_fake.xlsx").providers.set_index("urn")
    assert closed["closed_date"].isna().tolist() == [True, False]
    assert closed.loc["P4BABOO7", "top_company"] == "Company top"
    home = read_lookup(fakes / "ch_fake.xlsx").providers.iloc[0]
    assert (home["conditions"], home["postcode"]) == ("May only have children", "BN20 8JX")
    assert home["multi_building"] is True or bool(home["multi_building"])
    premises = read_lookup(fakes / "scp_ch_2025_fake.xlsx").providers.set_index("urn")
    assert premises.loc["2", "authority"] == "SA LA", "of the setting, not the provider"


def test_all_fake_rows_together_are_accounted_for(fakes: Path) -> None:
    found = read_lookup(fakes)
    account = found.account
    assert account.total("read", LOOKUP.name) == 15
    assert account.total("excluded", LOOKUP.name) == 4
    assert account.total("kept", LOOKUP.name) == len(found.providers) == 11
    noted = lines(found, "noted")
    assert noted["sector is none of Ofsted's labels; left as written"] == 5
    repaired = lines(found, "repaired")
    assert repaired["place_codes holds what is no such code; that part is left out"] == 4
    assert repaired["specialism_sensory is neither yes nor no; taken as blank"] == 1
    # two agencies without inspections of their own in one file; a whole column shifted in another
    assert repaired["inspection_date is not a date; taken as blank"] == 2 + 4
