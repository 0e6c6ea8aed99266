"""The restricted look-up of a synthetic England: every registration, read from its workbook."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayescich.histories.succession import urn_succession
from bayescich.records.ofsted_lookup import LookupRecords, read_lookup
from bayescich.records.workbooks import workbook_tables
from bayescich.simulate.providers.authorities import draw_authorities
from bayescich.simulate.providers.homes import draw_homes
from bayescich.simulate.providers.inspections import dates
from bayescich.simulate.providers.lookup import lookup_table, write_lookup
from bayescich.simulate.providers.workbook import write_workbook
from bayescich.simulate.settings import Settings
from bayescich.simulate.shapes import NEEDS, NEVER, Authorities, Homes

SETTINGS = Settings(children=120_000, seed=6)


@pytest.fixture(scope="module")
def providers() -> tuple[Authorities, Homes]:
    rng = np.random.default_rng(SETTINGS.seed)
    authorities = draw_authorities(rng, SETTINGS)
    return authorities, draw_homes(rng, SETTINGS, authorities)


@pytest.fixture(scope="module")
def path(providers: tuple[Authorities, Homes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("look-up") / "look-up.xlsx"
    write_lookup(SETTINGS, providers[1], providers[0], path)
    return path


@pytest.fixture(scope="module")
def records(path: Path) -> LookupRecords:
    return read_lookup(path)


@pytest.fixture(scope="module")
def listed(providers: tuple[Authorities, Homes], records: LookupRecords) -> pd.DataFrame:
    """The registrations of homes, as read, in the order of ``homes.registrations``."""
    by_urn = records.providers.set_index("urn")
    return by_urn.loc[providers[1].registrations["urn"]].reset_index()


def test_the_look_up_is_read_without_a_repair(
    providers: tuple[Authorities, Homes], records: LookupRecords
) -> None:
    assert {entry.stage for entry in records.account.entries} == {"read", "kept"}
    others = len(providers[0].names) + 3 * 30
    assert len(records.providers) == len(providers[1].registrations) + others


def test_each_registration_has_its_days_places_and_owner(
    providers: tuple[Authorities, Homes], listed: pd.DataFrame
) -> None:
    _, homes = providers
    table, frame = homes.registrations, homes.frame
    begins, ends = (dates(table[name].to_numpy()) for name in ("begins", "ends"))
    pd.testing.assert_series_equal(listed["registration_date"], begins, check_names=False)
    pd.testing.assert_series_equal(listed["closed_date"], ends, check_names=False)
    assert listed["status"].eq("Active").tolist() == (table["ends"] == NEVER).tolist()
    for name in ("places", "postcode", "sector", "region"):
        assert listed[name].tolist() == frame[name].to_numpy()[table["home"]].tolist()
    assert listed["owner_name"].tolist() == homes.owners[table["owner"]].tolist()
    pairs = listed[["owner_id", "owner_name"]].drop_duplicates()
    assert pairs["owner_id"].is_unique
    assert pairs["owner_name"].is_unique


def test_codes_say_what_a_home_may_be_returned_as(listed: pd.DataFrame) -> None:
    secure = listed["provider_type"].eq("Secure children's home")
    assert listed["place_codes"].eq("K1").tolist() == secure.tolist()
    codes = listed.groupby("sector")["provider_codes"].unique().map(list).to_dict()
    assert codes["Private"] == ["PR4"]
    assert codes["Local authority"] == ["PR1|PR2"]
    assert codes["Voluntary"] == ["PR5"]


def test_specialisms_agree_with_the_statement_of_purpose(
    providers: tuple[Authorities, Homes], listed: pd.DataFrame
) -> None:
    meets = providers[1].meets[providers[1].registrations["home"]]
    learning = meets[:, [NEEDS.index(n) for n in ("learning_disabilities", "autism")]].any(axis=1)
    assert listed["specialism_learning"].tolist() == learning.tolist()
    assert listed["specialism_drugs"].tolist() == meets[:, NEEDS.index("drugs")].tolist()
    assert listed["specialism_sensory"].mean() == pytest.approx(0.04, abs=0.02)


def test_registrations_anew_are_found_again(
    providers: tuple[Authorities, Homes], records: LookupRecords
) -> None:
    """Every home that has had two registrations is one home to the histories."""
    columns = ("child", "period", "DECOM", "DEC", "RNE", "REASON_PLACE_CHANGE", "PL_POST", "URN",
               "PLACE_CLASS")  # fmt: skip
    nobody = pd.DataFrame({name: pd.Series([], dtype="str") for name in columns})
    nobody = nobody.astype({"DECOM": "datetime64[ns]", "DEC": "datetime64[ns]"})
    found, account = urn_succession(nobody, lookup_providers=records.providers)
    table = providers[1].registrations
    second = table["home"].duplicated()
    first_urn = table.drop_duplicates("home").set_index("home")["urn"]
    expected = dict(zip(table["urn"][second], first_urn[table["home"][second]], strict=True))
    followed = found[found["evidence"] == "look-up"]
    assert dict(zip(followed["urn"], followed["home"], strict=True)) == expected
    assert account.total("excluded", "urn succession") == 0


def test_twenty_groups_own_a_quarter_of_homes() -> None:
    settings = Settings(children=600_000, seed=2)
    rng = np.random.default_rng(settings.seed)
    authorities = draw_authorities(rng, settings)
    table = lookup_table(settings, draw_homes(rng, settings, authorities), authorities)
    homes = table[table["Deregistration Date"].isna() & table["Owner ID"].notna()]
    shares = homes["Top company (as listed on Companies' House)"].replace("", pd.NA)
    largest = shares.value_counts().head(20) / len(homes)
    assert largest.sum() == pytest.approx(0.25, abs=0.015)
    assert largest.head(2).sum() == pytest.approx(0.09, abs=0.01)
    groups = homes[shares.eq("Synthetic Group 02 plc").fillna(False)]
    assert len(groups["Owner ID"].unique()) > 1


def test_the_same_look_up_is_the_same_bytes(
    providers: tuple[Authorities, Homes], path: Path, tmp_path: Path
) -> None:
    write_lookup(SETTINGS, providers[1], providers[0], tmp_path / "again.xlsx")
    assert (tmp_path / "again.xlsx").read_bytes() == path.read_bytes()


def test_a_workbook_holds_what_it_was_given(tmp_path: Path) -> None:
    wide = {f"Column {number}": [number, number + 1] for number in range(28)}
    table = pd.DataFrame(
        {
            "Name": ["Smith & <Sons>", ""],
            "Day": pd.to_datetime(["2024-05-01", None]),
            "Places": pd.array([3, None], dtype="Int64"),
            **wide,
        }
    )
    write_workbook(table, "Providers", tmp_path / "table.xlsx")
    (read,) = workbook_tables(tmp_path / "table.xlsx", lambda cells: "Places" in cells)
    assert read.frame[["Name", "Day", "Places"]].to_numpy().tolist() == [
        ["Smith & <Sons>", "2024-05-01", "3"], ["", "", ""],
    ]  # fmt: skip
    assert read.frame["Column 27"].tolist() == ["27", "28"]
