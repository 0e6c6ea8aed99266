"""Costs of a synthetic England, read back, and what makes a placement dear."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayescich.records.costs import read_costs
from bayescich.simulate.england import England, simulate_england
from bayescich.simulate.providers.costs import placement_costs, prices_by_type, section_251
from bayescich.simulate.settings import Settings
from bayescich.simulate.shapes import HOME

SETTINGS = Settings(children=6_000, first_year=2012, seed=9, dirt="none")


@pytest.fixture(scope="module")
def england() -> England:
    return simulate_england(SETTINGS)


@pytest.fixture(scope="module")
def prices(england: England) -> pd.DataFrame:
    numbers = range(len(england.authorities.names))
    parts = [placement_costs(england.shard(number)) for number in numbers]
    return pd.concat(parts, ignore_index=True)


def test_everything_is_read_back(england: England, prices: pd.DataFrame, tmp_path: Path) -> None:
    tables = {
        "placements": prices,
        "types": prices_by_type(SETTINGS, england.homes),
        "section_251": section_251(SETTINGS, england.authorities),
    }
    for name, table in tables.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False, date_format="%d/%m/%Y")
    read = read_costs(tmp_path)
    assert {entry.stage for entry in read.account.entries} == {"read", "kept"}
    keys = ["LA", "CHILD", "START", "URN"]
    own = prices.sort_values(keys, ignore_index=True)
    assert read.placement_prices["PRICE_WEEK"].tolist() == own["PRICE_WEEK"].tolist()
    assert len(read.type_prices) == len(tables["types"])
    assert len(read.section251) == len(england.authorities.names) * 14 * 7


def test_each_stay_that_began_in_the_window_has_a_price(
    england: England, prices: pd.DataFrame
) -> None:
    shard = england.shard(0)
    own = prices[prices["LA"] == shard.name]
    rows = shard.placements
    began = rows["start"].between(SETTINGS.first_day, SETTINGS.last_day)
    stays = rows[(rows["kind"] == HOME) & began]
    assert own["CHILD"].tolist() == shard.children["CHILD"].iloc[stays["child"]].tolist()
    urns = shard.homes.registrations["urn"].iloc[stays["registration"]]
    assert own["URN"].tolist() == urns.tolist()


def test_prices_rise_and_small_homes_cost_more(england: England, prices: pd.DataFrame) -> None:
    year = prices["START"].dt.year
    home = england.homes.registrations.set_index("urn")["home"]
    frame = england.homes.frame.loc[home[prices["URN"]]].reset_index(drop=True)
    ordinary = frame["provision"].eq("Children's home") & frame["sector"].eq("Private")
    # in homes of one size: more children live in the dearer small ones as the years go by
    alike = ordinary & frame["places"].between(3, 4)
    early, late = (prices.loc[alike & year.between(*y), "PRICE_WEEK"].median() for y in _SPANS)
    assert late / early == pytest.approx(np.exp(0.058 * 10), rel=0.15)
    log = np.log(prices["PRICE_WEEK"]) - 0.058 * (year - 2020)
    level = log[ordinary].groupby(frame["places"].clip(upper=5)).mean()
    assert level[1] - level[3] == pytest.approx(np.log(1.65), abs=0.15)
    assert level[3] > level[5]


_SPANS = ((2012, 2015), (2022, 2025))


def test_types_have_a_price_in_each_year_they_stood(england: England) -> None:
    table = prices_by_type(SETTINGS, england.homes)
    types = set(england.homes.frame["home_type"]) - {""}
    assert set(table["HOME_TYPE"]) == types
    latest = table[table["YEAR"] == 2025].set_index("HOME_TYPE")["PRICE_WEEK"]
    assert latest["Secure"] == latest.max()
    assert latest.drop("Secure").between(4_000, 13_000).all()
    assert not table.duplicated(["HOME_TYPE", "YEAR"]).any()


def test_unit_costs_are_expenditure_by_weeks(england: England) -> None:
    table = section_251(SETTINGS, england.authorities)
    divided = table["EXPENDITURE"] / table["BED_WEEKS"]
    np.testing.assert_allclose(table["UNIT_COST_WEEK"], divided, atol=0.006)
    now = table[table["YEAR"] == 2025].groupby("CATEGORY")
    residential = now.get_group("residential care")
    every = now.get_group("all services for children looked after")
    # 81,770 children of England, a hundredth of them here, for 52 weeks
    assert every["BED_WEEKS"].sum() == pytest.approx(81_770 * 0.01 * 52.18, rel=0.25)
    share = residential["BED_WEEKS"].sum() / every["BED_WEEKS"].sum()
    assert share == pytest.approx(0.13, abs=0.05)
    unit = residential["EXPENDITURE"].sum() / residential["BED_WEEKS"].sum()
    assert unit == pytest.approx(5_000, rel=0.15)


def test_the_same_authority_pays_the_same(england: England, prices: pd.DataFrame) -> None:
    shard = england.shard(2)
    again = placement_costs(shard)
    own = prices[prices["LA"] == shard.name].reset_index(drop=True)
    pd.testing.assert_frame_equal(again, own)
