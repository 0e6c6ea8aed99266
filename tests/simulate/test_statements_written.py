"""Statements of Purpose of a synthetic England, read back need by need."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayescich.records.statements import read_statements
from bayescich.simulate.providers.authorities import draw_authorities
from bayescich.simulate.providers.homes import draw_homes
from bayescich.simulate.providers.inspections import dates
from bayescich.simulate.providers.statements import statements_table
from bayescich.simulate.settings import Settings
from bayescich.simulate.shapes import NEEDS, Homes

SETTINGS = Settings(children=20_000, first_year=2015, seed=4)


@pytest.fixture(scope="module")
def homes() -> Homes:
    rng = np.random.default_rng(SETTINGS.seed)
    return draw_homes(rng, SETTINGS, draw_authorities(rng, SETTINGS))


def test_statements_are_read_back_need_by_need(homes: Homes, tmp_path: Path) -> None:
    table = statements_table(SETTINGS, homes)
    table.to_csv(tmp_path / "statements.csv", index=False, date_format="%d/%m/%Y")
    records = read_statements(tmp_path)
    assert {entry.stage for entry in records.account.entries} == {"read", "kept"}
    read = records.statements
    assert read["STATED"].all()
    position = homes.registrations.set_index("urn")["home"]
    need = np.array([NEEDS.index(code) for code in read["NEED"]])
    assert homes.meets[position[read["URN"]].to_numpy(), need].all()
    assert len(read) == len(table)


def test_each_registration_of_the_window_has_a_statement_of_its_own(homes: Homes) -> None:
    table = statements_table(SETTINGS, homes)
    held = homes.registrations[homes.registrations["ends"] > SETTINGS.first_day]
    assert set(table["URN"]) == set(held["urn"])
    begun = pd.Series(dates(held["begins"].to_numpy()).to_numpy(), index=held["urn"])
    assert (table["FROM"].to_numpy() == begun[table["URN"]].to_numpy()).all()
    number = homes.meets.sum(axis=1)[held["home"]]
    assert table["URN"].value_counts()[held["urn"]].tolist() == number.tolist()


def test_a_home_registered_anew_says_what_it_said_before(homes: Homes) -> None:
    held = homes.registrations[homes.registrations["ends"] > SETTINGS.first_day]
    twice = held[held["home"].duplicated(keep=False)]
    said = statements_table(SETTINGS, homes).groupby("URN")["NEED"].agg(tuple)
    by_home = said[twice["urn"]].set_axis(twice["home"]).reset_index().drop_duplicates()
    assert len(twice) > 10
    assert by_home["home"].is_unique
