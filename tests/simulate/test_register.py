"""Ofsted's lists of a synthetic England, read back as any list of Ofsted's is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayescich.histories.providers import listed_homes
from bayescich.records.ofsted import OfstedRecords, read_ofsted
from bayescich.simulate.draws import day
from bayescich.simulate.providers.authorities import draw_authorities
from bayescich.simulate.providers.homes import draw_homes
from bayescich.simulate.providers.inspections import draw_inspections, latest_inspections
from bayescich.simulate.providers.register import ofsted_lists, write_register
from bayescich.simulate.settings import Settings
from bayescich.simulate.shapes import NEVER, Authorities, Homes

SETTINGS = Settings(children=60_000, seed=5)
GIVEN_AGAIN = "the same inspection (home and event number) given again"


def drawn(settings: Settings) -> tuple[Authorities, Homes]:
    rng = np.random.default_rng(settings.seed)
    authorities = draw_authorities(rng, settings)
    return authorities, draw_homes(rng, settings, authorities)


@pytest.fixture(scope="module")
def providers() -> tuple[Authorities, Homes]:
    return drawn(SETTINGS)


@pytest.fixture(scope="module")
def folder(providers: tuple[Authorities, Homes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("register") / "ofsted"
    write_register(SETTINGS, providers[1], providers[0], folder)
    return folder


@pytest.fixture(scope="module")
def records(folder: Path) -> OfstedRecords:
    return read_ofsted(folder)


@pytest.fixture(scope="module")
def england() -> tuple[Homes, pd.DataFrame]:
    settings = Settings(children=600_000, seed=3)
    _, homes = drawn(settings)
    return homes, draw_inspections(settings, homes)


def test_lists_are_read_back_as_they_were(
    providers: tuple[Authorities, Homes], records: OfstedRecords
) -> None:
    written = ofsted_lists(SETTINGS, providers[1], providers[0])
    pd.testing.assert_frame_equal(records.homes, written)
    assert set(records.homes["snapshot"]) == set(range(2016, 2026))


def test_nothing_is_repaired_and_only_repeated_inspections_are_left_out(
    records: OfstedRecords,
) -> None:
    odd = [entry for entry in records.account.entries if entry.stage not in ("read", "kept")]
    assert {(entry.stage, entry.rule) for entry in odd} == {("excluded", GIVEN_AGAIN)}


def test_files_are_laid_out_as_published(folder: Path) -> None:
    assert len(list(folder.iterdir())) == 10
    older = (folder / "provider_level_at_31_march_2024.csv").read_bytes()
    newer = (folder / "provider_level_at_31_march_2025.csv").read_bytes()
    assert older.startswith("SYNTHETIC: no home in this list exists – ".encode("cp1252"))
    assert newer.startswith(b"\xef\xbb\xbfSYNTHETIC: no home in this list exists")
    assert b'"\nLatest full inspection date"' in newer
    assert b"Multi-building children's home" in older
    table = pd.read_csv(folder / "provider_level_at_31_march_2025.csv", skiprows=3, dtype=str)
    assert set(table["Name"]) == set(table["Postcode"]) == {"REDACTED"}
    assert "North East" in set(table["Government Office Region"])
    assert "North East" not in set(table["Ofsted Region"])


def test_types_of_homes_are_those_that_the_package_finds(
    providers: tuple[Authorities, Homes], records: OfstedRecords
) -> None:
    homes = providers[1]
    found, _ = listed_homes(records.homes)
    by_urn = found.drop_duplicates("urn").set_index("urn")["home_type"]
    table = homes.registrations
    own = pd.Series(homes.frame["home_type"].to_numpy()[table["home"]], index=table["urn"])
    own = own[own.index.isin(by_urn.index) & own.ne("")]
    assert len(own) > 300
    assert own.to_dict() == by_urn[own.index].to_dict()
    assert set(homes.frame["home_type"]) - {""} == set(by_urn) - {"Short breaks"}


@pytest.mark.parametrize("children", [500, 2_000, 12_000])
def test_types_are_the_packages_in_small_englands_too(children: int, tmp_path: Path) -> None:
    settings = Settings(children=children, first_year=2018, last_year=2022, seed=children)
    authorities, homes = drawn(settings)
    write_register(settings, homes, authorities, tmp_path)
    found, _ = listed_homes(read_ofsted(tmp_path).homes)
    by_urn = found.drop_duplicates("urn").set_index("urn")["home_type"].to_dict()
    table = homes.registrations
    types = homes.frame["home_type"].to_numpy()[table["home"]]
    wrong = [
        urn for urn, own in zip(table["urn"], types, strict=True)
        if own and urn in by_urn and by_urn[urn] != own
    ]  # fmt: skip
    assert wrong == []
    assert set(types) - {""} <= set(by_urn.values())


def test_inspections_are_read_back(
    providers: tuple[Authorities, Homes], records: OfstedRecords
) -> None:
    homes = providers[1]
    drawn_ones = draw_inspections(SETTINGS, homes)
    urn = homes.registrations["urn"].to_numpy()[drawn_ones["registration"]]
    known = drawn_ones.assign(urn=urn).set_index("event")
    read = records.inspections.set_index("event_number")
    both = known.loc[read.index]
    assert both["urn"].tolist() == read["urn"].tolist()
    assert both["grade"].tolist() == read["grade"].tolist()
    days = read["inspection_date"].to_numpy().astype("datetime64[D]").astype(int)
    assert both["day"].tolist() == days.tolist()


def test_latest_grades_are_as_published(england: tuple[Homes, pd.DataFrame]) -> None:
    homes, inspections = england
    table = homes.registrations
    ordinary = homes.frame["provision"].eq("Children's home").to_numpy()[table["home"]]
    now = ordinary & (table["ends"] == NEVER).to_numpy()
    grades = latest_inspections(inspections, len(table), day("2025-03-31"))["grade"][now]
    assert (grades == 0).sum() == pytest.approx(380, rel=0.15)
    shares = grades[grades > 0].value_counts(normalize=True).sort_index()
    np.testing.assert_allclose(shares, [0.012, 0.134, 0.729, 0.125], atol=0.02)


def test_grades_follow_grades_as_published(england: tuple[Homes, pd.DataFrame]) -> None:
    _, inspections = england
    since = inspections[inspections["day"] >= day("2017-04-01")]
    assert len(since) == pytest.approx(17_883, rel=0.1)
    shares = since["grade"].value_counts(normalize=True).sort_index()
    np.testing.assert_allclose(shares, [0.021, 0.171, 0.677, 0.130], atol=0.025)
    last = since.groupby("registration")["grade"].shift()
    chances = pd.crosstab(last, since["grade"], normalize="index").to_numpy()
    published = [[0.027, 0.294, 0.665, 0.013], [0.018, 0.143, 0.744, 0.095]]
    np.testing.assert_allclose(chances[1:3], published, atol=0.045)
    assert chances[3, 3] == pytest.approx(0.561, abs=0.12)


def test_homes_and_owners_keep_their_grades(england: tuple[Homes, pd.DataFrame]) -> None:
    homes, inspections = england
    since = inspections[inspections["day"] >= day("2017-04-01")]
    assert intraclass(since["grade"], since["registration"]) == pytest.approx(0.245, abs=0.04)
    latest = since.drop_duplicates("registration", keep="last")
    owner = homes.registrations["owner"].to_numpy()[latest["registration"]]
    by_owner = intraclass(latest["grade"], pd.Series(owner, index=latest.index))
    assert by_owner == pytest.approx(0.17, abs=0.05)


def test_inspections_come_about_yearly_and_stop_in_the_pandemic(
    england: tuple[Homes, pd.DataFrame],
) -> None:
    homes, inspections = england
    gaps = inspections.groupby("registration")["day"].diff().dropna()
    assert gaps.quantile([0.25, 0.5, 0.75]).tolist() == pytest.approx([308, 386, 511], rel=0.06)
    paused = inspections["day"].between(day("2020-03-24"), day("2021-04-05"))
    assert not paused.any()
    table = homes.registrations.iloc[inspections["registration"]].reset_index(drop=True)
    assert (inspections["day"] > table["begins"]).all()
    assert (inspections["day"] < table["ends"]).all()


def test_given_quality_shows_in_the_grades() -> None:
    settings = Settings(children=60_000, seed=8)
    _, homes = drawn(settings)
    quality = np.where(np.arange(len(homes.frame)) % 2 == 0, 1.0, -1.0)
    found = draw_inspections(settings, homes, quality)
    good = quality[homes.registrations["home"].to_numpy()[found["registration"]]] > 0
    assert found["grade"][good].mean() > found["grade"][~good].mean() + 0.5


def intraclass(values: pd.Series, groups: pd.Series) -> float:
    """Return the intraclass correlation of one-way analysis of variance."""
    by_group = values.groupby(groups)
    size, mean = by_group.size(), by_group.mean()
    total, number = len(values), len(size)
    between = (size * (mean - values.mean()) ** 2).sum() / (number - 1)
    within = ((values - groups.map(mean)) ** 2).sum() / (total - number)
    usual = (total - (size**2).sum() / total) / (number - 1)
    of_groups = (between - within) / usual
    return float(of_groups / (of_groups + within))
