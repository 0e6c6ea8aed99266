"""Journeys obey the rules of care and of homes, and the choice of home is led by what it should."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from bayescich.errors import BayescichError
from bayescich.simulate import England, Settings, simulate_england
from bayescich.simulate.care.children import ACTING_OUT
from bayescich.simulate.care.journeys import BIRTHDAY, MOVED, OPEN, OUTCOMES, TAKEN_OVER
from bayescich.simulate.shapes import ADOPTION, CUSTODY, HOME, NEEDS, SUPPORTED


@pytest.fixture(scope="module")
def larger() -> England:
    return simulate_england(Settings(children=40_000, seed=6, dirt="none"))


def test_the_same_settings_give_the_same_england(england: England) -> None:
    again = simulate_england(england.settings)
    pd.testing.assert_frame_equal(again.placements, england.placements)
    pd.testing.assert_frame_equal(again.homes.frame, england.homes.frame)
    assert (again.truth.home == england.truth.home).all()


def test_another_seed_gives_another(england: England) -> None:
    other = simulate_england(dataclasses.replace(england.settings, seed=5))
    assert len(other.placements) != len(england.placements)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"children": 10}, "synthetic England of 10 children"),
        ({"first_year": 2020, "last_year": 2019}, "2020:2019 cannot be simulated"),
        ({"dirt": "filthy"}, "no dirt 'filthy'"),
        ({"confounding": -1.0}, "below zero"),
    ],
)
def test_what_cannot_be_simulated_is_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(BayescichError, match=said):
        Settings(**change)


@pytest.mark.parametrize(
    ("size", "children", "years", "said"),
    [
        ("huge", None, "2010:2025", "no size 'huge'"),
        ("small", 900, "2010:2025", "Both a size and a number"),
        (None, 900, "2010", "'2010' is not two collection years"),
    ],
)
def test_what_a_command_asks_for_is_checked(
    size: str | None, children: int | None, years: str, said: str
) -> None:
    with pytest.raises(BayescichError, match=said):
        Settings.asked(size, children, years, 1, "none", 1.0, 0.0)


def test_about_as_many_children_as_asked_for(larger: England) -> None:
    # child ids with short breaks only come on top: an eighth of all
    assert larger.children_in_window() == pytest.approx(0.87 * 40_000, rel=0.05)


def test_placements_follow_each_other(england: England) -> None:
    own = england.placements.sort_values(["person", "start", "end"], kind="stable")
    same = own["person"].eq(own["person"].shift(-1))
    gap = own["start"].shift(-1) - own["end"]
    went_on = own["outcome"].isin([MOVED, TAKEN_OVER])
    assert (gap[same] >= 0).all()
    assert (gap[same & own["outcome"].eq(MOVED)] == 0).all()
    assert same[own["outcome"] == MOVED].all(), "a move leads somewhere"
    assert not same[own["outcome"].isin([BIRTHDAY, OPEN])].any()
    assert (own["end"] > own["start"])[went_on].all()


def test_the_18th_birthday_is_a_wall(england: England) -> None:
    own = england.placements
    adult = england.people.frame["adult"].to_numpy()[own["person"]]
    assert (own["end"] <= adult).all()
    at_birthday = own["outcome"] == BIRTHDAY
    assert (own["end"] == adult)[at_birthday].all()
    assert at_birthday.sum() > 200


def test_ages_keep_to_the_law(england: England) -> None:
    own = england.placements
    age = (own["start"] - england.people.frame["born"].to_numpy()[own["person"]]) / 365.25
    assert age[own["kind"] == SUPPORTED].min() >= 16
    assert age[own["kind"] == CUSTODY].min() >= 10
    assert age[own["kind"] == HOME].min() >= 6
    assert age[own["kind"] == ADOPTION].median() < 5


def test_a_home_never_holds_more_than_its_places(larger: England) -> None:
    own = larger.placements[larger.placements["kind"] == HOME]
    home = np.concatenate([own["home"], own["home"]])
    day = np.concatenate([own["start"], own["end"]])
    change = np.repeat([1, -1], len(own))
    # whoever leaves on a day makes room for whoever comes on it
    order = np.lexsort((change, day, home))
    home, change = home[order], change[order]
    running = np.cumsum(change)
    opening = np.flatnonzero(np.r_[True, home[1:] != home[:-1]])
    before = np.repeat(running[opening] - change[opening], np.diff([*opening, len(home)]))
    held = pd.Series(running - before).groupby(home).max()
    places = larger.homes.frame["places"].reindex(held.index)
    assert (held <= places).all()
    assert (held == places).mean() > 0.1, "capacity binds"


def test_nobody_lives_in_a_home_that_is_not_open(england: England) -> None:
    own = england.placements[england.placements["kind"] == HOME]
    homes = england.homes.frame.iloc[own["home"]].reset_index(drop=True)
    assert (own["start"].to_numpy() >= homes["opened"]).all()
    assert (own["end"].to_numpy() <= homes["closed"]).all()
    assert not homes["short_breaks"].any()


def test_need_leads_the_choice_of_home_and_imperfectly(larger: England) -> None:
    own = larger.placements[larger.placements["kind"] == HOME]
    acting_out = larger.people.factors[own["person"], ACTING_OUT]
    places = larger.homes.frame["places"].to_numpy()[own["home"]]
    assert acting_out[places <= 2].mean() > acting_out[places >= 5].mean() + 0.2
    assert acting_out.mean() > 0.4, "more of those who act out come to homes at all"
    met = (larger.people.needs[own["person"]] & larger.homes.meets[own["home"]]).sum(axis=1)
    by_chance = larger.people.needs[own["person"]] @ larger.homes.meets[own["home"]].mean(axis=0)
    assert met.mean() > 1.05 * by_chance.mean()


def test_without_confounding_need_leads_to_no_kind_of_home() -> None:
    even = simulate_england(Settings(children=40_000, seed=6, dirt="none", confounding=0.0))
    own = even.placements[even.placements["kind"] == HOME]
    frame = even.homes.frame.iloc[own["home"]].reset_index(drop=True)
    # secure homes are for the few who need them whatever the confounding
    is_open = frame["provision"].eq("Children's home").to_numpy()
    acting_out = even.people.factors[own["person"], ACTING_OUT][is_open]
    places = frame["places"].to_numpy()[is_open]
    difference = acting_out[places <= 2].mean() - acting_out[places >= 5].mean()
    assert difference == pytest.approx(0, abs=0.1)


def test_needs_come_together(larger: England) -> None:
    number = larger.people.needs.sum(axis=1)
    independent = larger.people.needs.mean(axis=0)
    assert number.var() > 1.5 * (independent * (1 - independent)).sum()
    together = np.corrcoef(larger.people.needs[:, [NEEDS.index("aggression")]].T,
                           larger.people.needs[:, [NEEDS.index("violence")]].T)  # fmt: skip
    assert together[0, 1] > 0.2


def test_a_child_taken_over_goes_on_under_another_authority(larger: England) -> None:
    own = larger.placements.sort_values(["person", "start", "end"], kind="stable")
    taken = own["outcome"].eq(OUTCOMES.index("taken over"))
    following = own.shift(-1)
    goes_on = taken & own["person"].eq(following["person"]) & own["end"].eq(following["start"])
    assert goes_on.sum() / taken.sum() == pytest.approx(0.85, abs=0.06)
    assert (own["authority"] != following["authority"])[goes_on].all()
    assert (own["home"] == following["home"])[goes_on & (own["kind"] == HOME)].mean() > 0.95


def test_effects_are_centred_and_of_the_size_said(larger: England) -> None:
    truth = larger.truth
    for effects in (truth.home_type, truth.home, truth.provider, truth.authority):
        assert effects.mean() == pytest.approx(0, abs=1e-12)
    assert truth.home.std() == pytest.approx(0.35, rel=0.1)
    assert len(truth.home) == len(larger.homes.frame)


def test_ids_return_in_every_authority(england: England) -> None:
    ids = [england.shard(number).children["CHILD"] for number in range(3)]
    assert set(ids[0]) & set(ids[1])
    assert not ids[0].duplicated().any()
