"""The public samples of SSDA903 returns are read whole, and their faults counted exactly."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from bayescich.records.sources import UNSTATED_LA
from bayescich.records.ssda903 import Ssda903Records, read_ssda903
from bayescich.records.ssda903_derived import full_schema
from bayescich.records.ssda903_schema import SSDA903_TABLES, code_set

YEARS = [2018, 2019, 2020, 2021, 2022]
ROWS_BY_YEAR = {
    "header": [819, 572, 362, 226, 144],
    "episodes": [1460, 974, 648, 402, 253],
    "oc2": [670, 572, 362, 226, 144],
    "oc3": [126, 96, 56, 40, 39],
    "missing": [3, 1, 1, 1, 1],
    "reviews": [3481, 2769, 2103, 1551, 1134],
    "uasc": [31, 23, 16, 8, 4],
    "previous_permanence": [819, 572, 362, 226, 144],
}
FAKE_ROWS = {
    "header": 2675,
    "episodes": 5050,
    "oc2": 2675,
    "oc3": 53,
    "missing": 43,
    "reviews": 12_582,
    "uasc": 132,
    "previous_permanence": 2675,
    "placed_for_adoption": 59,
    "adoptions": 29,
    "social_workers": 1,
    "deprivations": 1,
}


@pytest.fixture(scope="module")
def linked(reference: Path) -> Ssda903Records:
    return read_ssda903(reference / "ssda903" / "cs_demand_model_samples")


@pytest.fixture(scope="module")
def fake(reference: Path) -> Ssda903Records:
    return read_ssda903(reference / "ssda903" / "csc_validator_fake_data")


def rows_of(records: Ssda903Records, stage: str) -> dict[tuple[str, str], int]:
    """Count the rows of one stage by table and first word of the rule: the column."""
    entries = [e for e in records.account.entries if e.stage == stage]
    return {(e.table, e.rule.split()[0]): e.rows for e in entries}


@pytest.mark.parametrize("name", ROWS_BY_YEAR)
def test_linked_years_are_read_whole(linked: Ssda903Records, name: str) -> None:
    by_year = getattr(linked, name).groupby("YEAR").size()
    assert by_year.index.tolist() == YEARS
    assert by_year.tolist() == ROWS_BY_YEAR[name]
    assert linked.account.total("read", name) == sum(ROWS_BY_YEAR[name])
    assert linked.account.total("excluded", name) == 0


def test_linked_years_are_named_by_their_start(linked: Ssda903Records) -> None:
    assert rows_of(linked, "repaired")["episodes", "the"] == 3737
    first = linked.episodes.groupby("YEAR")["DEC"].max()
    assert (first.dt.year <= first.index).all()


def test_linked_children_and_episodes(linked: Ssda903Records) -> None:
    episodes = linked.episodes
    assert len(episodes) == 3737
    assert len(episodes.drop_duplicates(["CHILD", "DECOM"])) == 2827
    assert episodes["CHILD"].nunique() == linked.header["CHILD"].nunique() == 820
    assert episodes.groupby("YEAR")["CHILD"].nunique().tolist() == [687, 454, 299, 185, 120]
    assert episodes["LA"].unique().tolist() == [UNSTATED_LA]


def test_linked_open_rows_all_carry_a_reason_for_their_end(linked: Ssda903Records) -> None:
    still_open = linked.episodes["DEC"].isna()
    assert int(still_open.sum()) == 996
    assert linked.episodes.loc[still_open, "REC"].notna().all()


def test_linked_short_breaks_and_homes_by_distinct_episode(linked: Ssda903Records) -> None:
    distinct = linked.episodes.drop_duplicates(["CHILD", "DECOM"])
    assert int(distinct["LS"].isin(code_set("ls").in_group("respite")).sum()) == 431
    homes = distinct[distinct["PLACE"].eq("K2")]
    assert (len(homes), homes["CHILD"].nunique(), homes["URN"].nunique()) == (302, 204, 236)
    assert homes["PLACE_CLASS"].eq("children's home").all()


def test_linked_cells_that_are_no_codes(linked: Ssda903Records) -> None:
    repaired = rows_of(linked, "repaired")
    assert {key: rows for key, rows in repaired.items() if key[1] != "the"} == {
        ("oc3", "ACCOM"): 24
    }


def test_linked_codes_before_their_time(linked: Ssda903Records) -> None:
    noted = [e for e in linked.account.entries if "of the collection year" in e.rule]
    assert {e.rule.split()[1]: e.rows for e in noted} == {
        "E45": 21, "E46": 20, "E47": 23, "E48": 20, "CUSTOD": 58, "F3": 3, "P3": 3,
    }  # fmt: skip


@pytest.mark.parametrize("name", FAKE_ROWS)
def test_fake_tables_are_read_whole(fake: Ssda903Records, name: str) -> None:
    assert len(getattr(fake, name)) == FAKE_ROWS[name]
    assert fake.account.total("excluded", name) == 0


def test_fake_cells_that_are_no_codes(fake: Ssda903Records) -> None:
    repaired = rows_of(fake, "repaired")
    assert {key: rows for key, rows in repaired.items() if key[1] != "no"} == {
        ("oc3", "ACCOM"): 2,
        ("placed_for_adoption", "REASON_PLACED_CEASED"): 59,
        ("social_workers", "SW_REASON"): 1,
    }


def test_fake_episodes(fake: Ssda903Records) -> None:
    still_open = fake.episodes["DEC"].isna()
    assert fake.episodes["CHILD"].nunique() == 2123
    assert int((still_open & fake.episodes["REC"].notna()).sum()) == 1413


def test_the_file_with_a_bom_and_crlf_is_read(fake: Ssda903Records) -> None:
    row = fake.social_workers.iloc[0]
    assert row[["CHILD", "SW_ID"]].tolist() == ["CHILD10", "SW999"]
    assert row["SW_DEC"] == pd.Timestamp("2020-01-03")


def test_dirty_rows_of_the_pipeline_are_read_and_counted(reference: Path) -> None:
    records = read_ssda903(reference / "ssda903" / "liia_samples")
    assert (len(records.episodes), len(records.header)) == (28, 5)
    assert rows_of(records, "repaired") == {("header", "ETHNIC"): 1, ("episodes", "RNE"): 1}
    assert sorted(records.episodes["LA"].unique()) == [
        "Barking and Dagenham", "Newham", "Sutton", UNSTATED_LA,
    ]  # fmt: skip
    assert records.episodes.loc[1, "PL_POST"] == "C25 1YT"


def test_what_was_read_fits_the_schemas(linked: Ssda903Records, fake: Ssda903Records) -> None:
    for records in (linked, fake):
        for table in SSDA903_TABLES:
            frame = getattr(records, table.name)
            assert len(full_schema(table).validate(frame)) == len(frame)
