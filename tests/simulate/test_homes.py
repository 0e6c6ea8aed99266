"""Homes and owners of a synthetic England at full size, beside what is published."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bayescich.simulate.calibration import value
from bayescich.simulate.draws import YEAR, day
from bayescich.simulate.providers.authorities import draw_authorities, number_of_authorities
from bayescich.simulate.providers.homes import draw_homes, list_days, listed
from bayescich.simulate.providers.registrations import draw_urns
from bayescich.simulate.settings import Settings
from bayescich.simulate.shapes import DISTRICTS, NEEDS, NEVER, Authorities, Homes

ENGLAND = Settings(children=600_000, seed=11)


def drawn(settings: Settings) -> tuple[Authorities, Homes]:
    rng = np.random.default_rng(settings.seed)
    authorities = draw_authorities(rng, settings)
    return authorities, draw_homes(rng, settings, authorities)


@pytest.fixture(scope="module")
def england() -> tuple[Authorities, Homes]:
    return drawn(ENGLAND)


@pytest.fixture(scope="module")
def homes(england: tuple[Authorities, Homes]) -> Homes:
    return england[1]


@pytest.fixture(scope="module")
def standing(homes: Homes) -> pd.DataFrame:
    """Homes on 31 March 2025, with the owner and the age in years of their registration."""
    last = homes.registrations.drop_duplicates("home", keep="last").set_index("home")
    frame = homes.frame.assign(owner=last["owner"], age=(ENGLAND.last_day - last["begins"]) / YEAR)
    return frame[frame["closed"] == NEVER]


def ordinary(standing: pd.DataFrame) -> pd.DataFrame:
    return standing[standing["provision"].eq("Children's home")]


def on(frame: pd.DataFrame, year: int) -> pd.DataFrame:
    then = day(f"{year}-03-31")
    return frame[(frame["opened"] <= then) & (frame["closed"] > then)]


@pytest.mark.parametrize(
    ("year", "published"),
    [(2000, 2000), (2010, 2000), (2017, 2145), (2018, 2209), (2019, 2304), (2020, 2460),
     (2023, 3119), (2024, 3491), (2025, 4009)],
)  # fmt: skip
def test_homes_standing_in_a_year(homes: Homes, year: int, published: int) -> None:
    assert len(on(homes.frame, year)) == pytest.approx(published, rel=0.02)


@pytest.mark.parametrize(
    ("year", "mean"), [(2016, 5.68), (2018, 5.36), (2020, 4.95), (2024, 4.15), (2025, 3.93)]
)
def test_homes_become_smaller(homes: Homes, year: int, mean: float) -> None:
    assert on(homes.frame, year)["places"].mean() == pytest.approx(mean, rel=0.06)


def test_kinds_and_sectors_of_2025_are_exact(standing: pd.DataFrame) -> None:
    assert standing["provision"].value_counts().to_dict() == {
        "Children's home": 3946,
        "Residential special school (registered as a children's home)": 49,
        "Secure children's home": 14,
    }
    assert ordinary(standing)["sector"].value_counts().to_dict() == {
        "Private": 3320, "Local authority": 467, "Voluntary": 152, "Health authority": 7,
    }  # fmt: skip
    assert standing["short_breaks"].sum() == 125


def test_places_by_sector_and_their_distribution(standing: pd.DataFrame) -> None:
    homes = ordinary(standing)
    long_term = homes[~homes["short_breaks"]].groupby("sector")["places"].mean()
    assert long_term["Private"] == pytest.approx(3.38, abs=0.03)
    assert long_term["Local authority"] == pytest.approx(4.50, abs=0.05)
    assert long_term["Voluntary"] == pytest.approx(5.06, abs=0.06)
    assert homes["places"].mean() == pytest.approx(3.62, abs=0.05)
    assert homes["places"].std() == pytest.approx(1.88, abs=0.10)
    shares = homes["places"].clip(upper=9).replace(8, 7).value_counts(normalize=True)
    published = [0.083, 0.199, 0.260, 0.213, 0.108, 0.078, 0.044, 0.015]
    np.testing.assert_allclose(shares.sort_index(), published, atol=0.01)


def test_age_of_registrations_by_sector(standing: pd.DataFrame) -> None:
    ages = ordinary(standing).groupby("sector")["age"]
    assert ages.median()[["Private", "Local authority", "Voluntary"]].tolist() == pytest.approx(
        [4.1, 14.1, 8.0], abs=0.2
    )
    assert ages.mean()[["Private", "Local authority", "Voluntary"]].tolist() == pytest.approx(
        [6.4, 12.5, 11.4], abs=0.3
    )


def test_regions_and_authorities_of_homes(standing: pd.DataFrame) -> None:
    region = standing["region"].value_counts()
    published = pd.Series(value("homes.homes_by_region"))
    assert (region - published).abs().max() < 70
    per_authority = standing["authority"].value_counts()
    assert 143 <= len(per_authority) <= 153
    assert per_authority.quantile([0.25, 0.5, 0.75]).tolist() == pytest.approx(
        [9, 20, 34], rel=0.25
    )
    assert per_authority.max() == pytest.approx(333, rel=0.12)


def test_a_few_owners_have_many_homes_and_half_have_one(standing: pd.DataFrame) -> None:
    owned = standing["owner"].value_counts()
    assert len(owned) == pytest.approx(1315, rel=0.05)
    assert (owned == 1).mean() == pytest.approx(0.5, abs=0.05)
    assert owned[owned == 1].sum() / len(standing) == pytest.approx(0.17, abs=0.02)
    shares = [owned.head(number).sum() / len(standing) for number in (5, 10, 20)]
    np.testing.assert_allclose(shares, [0.099, 0.138, 0.186], atol=0.006)


def test_owners_keep_to_an_area(standing: pd.DataFrame) -> None:
    wide, national = (
        standing.drop_duplicates(["owner", name])["owner"].value_counts().gt(1)
        for name in ("authority", "region")
    )
    assert wide.sum() == pytest.approx(345, rel=0.10)
    assert standing["owner"].isin(wide.index[wide]).mean() == pytest.approx(0.55, abs=0.04)
    assert national.mean() == pytest.approx(0.10, abs=0.03)


def test_councils_own_the_homes_of_their_sector(england: tuple[Authorities, Homes]) -> None:
    authorities, homes = england
    table = homes.registrations
    home = homes.frame.iloc[table["home"]].reset_index(drop=True)
    own = home["sector"].eq("Local authority")
    council = pd.Series(authorities.names[home["authority"]]) + " Council"
    assert (homes.owners[table["owner"]][own] == council[own]).all()
    assert not pd.Series(homes.owners[table["owner"]])[~own].str.endswith("Council").any()


def test_a_fifth_of_homes_of_2014_to_2025_has_closed(homes: Homes) -> None:
    ever = homes.frame[homes.frame["closed"] > day("2014-03-31")]
    closed = ever["closed"] < NEVER
    assert closed.mean() == pytest.approx(749 / 3610, abs=0.02)
    by_sector = closed.groupby(ever["sector"]).mean()
    assert by_sector[["Local authority", "Voluntary", "Private"]].tolist() == pytest.approx(
        [0.34, 0.43, 0.15], abs=0.02
    )


def test_registrations_of_a_home_follow_on_without_a_gap(homes: Homes) -> None:
    table = homes.registrations
    frame = homes.frame.iloc[table["home"]]
    first, last = ~table["home"].duplicated(), ~table["home"].duplicated(keep="last")
    assert (table["begins"][first].to_numpy() == frame["opened"][first.to_numpy()]).all()
    assert (table["ends"][last].to_numpy() == frame["closed"][last.to_numpy()]).all()
    before, after = table[~last.to_numpy()], table[~first.to_numpy()]
    np.testing.assert_array_equal(before["ends"], after["begins"])
    assert (table["ends"] > table["begins"]).all()
    assert table["urn"].is_unique
    assert len(after) > 1_000


def test_urns_have_the_form_of_their_time(homes: Homes) -> None:
    now = homes.registrations[homes.registrations["ends"] == NEVER]
    assert now["urn"].str.fullmatch(r"SC\d{6}|\d{7}").all()
    older = now["urn"].str.startswith("SC")
    assert older.mean() == pytest.approx(2 / 7, abs=0.03)
    assert now["begins"][older].max() < day("2015-09-01") <= now["begins"][~older].min()


def test_urns_are_numbered_in_the_order_of_their_days() -> None:
    urns = draw_urns(np.random.default_rng(1), np.array([18_500, 18_000, 19_000]))
    assert sorted(urns) == [urns[1], urns[0], urns[2]]


def test_statements_name_two_needs_or_more_in_four_homes_of_five(
    homes: Homes, standing: pd.DataFrame
) -> None:
    meets = homes.meets[standing.index]
    assert meets.any(axis=1).all()
    assert (meets.sum(axis=1) >= 2).mean() == pytest.approx(0.8, abs=0.02)
    mental_health = meets[:, NEEDS.index("mental_health")]
    private = standing["sector"].eq("Private").to_numpy()
    assert private[mental_health].mean() == pytest.approx(0.90, abs=0.02)


def test_each_home_has_a_postcode_of_its_own_in_its_authority(
    england: tuple[Authorities, Homes],
) -> None:
    authorities, homes = england
    frame = homes.frame
    assert frame["postcode"].is_unique
    parts = frame["postcode"].str.extract(r"^(Z[A-DF-Z])(\d{1,2}) \d[A-Z]{2}$")
    assert (parts[0].to_numpy() == authorities.area[frame["authority"]]).all()
    step = parts[1].astype(int).to_numpy() - authorities.first_district[frame["authority"]]
    assert set(step) == set(range(DISTRICTS))


def test_districts_belong_to_one_authority(england: tuple[Authorities, Homes]) -> None:
    authorities, _ = england
    pairs = set(zip(authorities.area, authorities.first_district, strict=True))
    assert len(pairs) == 153
    assert max(authorities.first_district) + DISTRICTS - 1 <= 99


def test_authorities_differ_as_englands_do(england: tuple[Authorities, Homes]) -> None:
    authorities, _ = england
    children = authorities.share_of_children * 81_770
    assert np.log(children).std() == pytest.approx(0.62, abs=0.12)
    assert np.median(children) == pytest.approx(458, rel=0.15)
    assert authorities.share_of_children.sum() == pytest.approx(1)
    apart = np.hypot(
        authorities.east[:, None] - authorities.east, authorities.north[:, None] - authorities.north
    )
    np.fill_diagonal(apart, np.inf)
    assert 10 < np.median(apart.min(axis=0)) < 25


@pytest.mark.parametrize(("children", "number"), [(500, 8), (2_000, 9), (40_000, 40)])
def test_smaller_englands_have_fewer_authorities(children: int, number: int) -> None:
    settings = Settings(children=children)
    authorities, homes = drawn(settings)
    assert number_of_authorities(settings) == len(authorities.names) == number
    assert len(set(authorities.region)) == min(number, 9)
    now = homes.frame[homes.frame["closed"] == NEVER]
    assert len(now) == pytest.approx(4009 * max(children / 600_000, 0.02), rel=0.03)
    assert now["provision"].nunique() == 3


def test_nothing_is_known_after_the_window() -> None:
    settings = Settings(children=40_000, first_year=2014, last_year=2018)
    _, homes = drawn(settings)
    frame, table = homes.frame, homes.registrations
    last, earliest = settings.last_day, settings.first_day - 15 * 366
    assert frame["opened"].max() <= last
    assert table["begins"].max() <= last
    for ends in (frame["closed"], table["ends"]):
        assert ends[ends < NEVER].max() <= last
    assert frame["closed"].min() > earliest
    assert table["owner"].nunique() == len(homes.owners)
    assert frame["opened"].is_monotonic_increasing


def test_homes_are_the_same_whatever_the_window() -> None:
    _, short = drawn(Settings(children=40_000, first_year=2020, last_year=2021))
    _, long = drawn(Settings(children=40_000))
    assert set(short.frame["postcode"]) < set(long.frame["postcode"])
    assert set(short.registrations["urn"]) < set(long.registrations["urn"])


def test_the_same_seed_gives_the_same_homes(homes: Homes) -> None:
    _, again = drawn(ENGLAND)
    pd.testing.assert_frame_equal(again.frame, homes.frame)
    pd.testing.assert_frame_equal(again.registrations, homes.registrations)
    np.testing.assert_array_equal(again.meets, homes.meets)


def test_types_are_blank_for_short_breaks_only(homes: Homes) -> None:
    blank = homes.frame["home_type"].eq("")
    pd.testing.assert_series_equal(blank, homes.frame["short_breaks"], check_names=False)


def test_a_registration_is_on_the_lists_between_its_days() -> None:
    days = list_days(Settings(first_year=2017, last_year=2019))
    assert [str(day) for day in days.astype("datetime64[D]")] == [
        "2017-03-31", "2018-03-31", "2019-03-31",
    ]  # fmt: skip
    table = pd.DataFrame({"begins": [days[0], days[0] + 1], "ends": [days[1], NEVER]})
    assert listed(table, days).tolist() == [[True, False, False], [False, True, True]]


def test_lists_before_2016_are_not_written_unless_there_is_no_other() -> None:
    assert len(list_days(Settings())) == 10
    assert list_days(Settings(first_year=2010, last_year=2012)).tolist() == [day("2012-03-31")]
