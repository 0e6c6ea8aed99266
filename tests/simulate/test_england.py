"""A synthetic England has the published proportions, and choices that records explain."""

import numpy as np
import pandas as pd
import pytest

from bayescich.errors import BayescichError
from bayescich.histories.placements import typed_homes
from bayescich.records.ssda903_schema import code_set
from bayescich.simulate import SyntheticEngland, simulate_england


@pytest.fixture(scope="module")
def england() -> SyntheticEngland:
    return simulate_england(children=10_000, seed=11)


@pytest.fixture(scope="module")
def stays(england: SyntheticEngland) -> pd.DataFrame:
    types, _ = typed_homes(england.homes)
    homes = england.homes.assign(home_type=types).set_index("urn").add_prefix("home_")
    children = england.header.assign(child=england.header["LA"] + "/" + england.header["CHILD"])
    needs = england.episodes.groupby(["LA", "CHILD"])["CIN"].first().reset_index()
    needs["child"] = needs["LA"] + "/" + needs["CHILD"]
    joined = england.journeys.merge(children, on="child").merge(needs[["child", "CIN"]], on="child")
    return joined.merge(homes, left_on="home", right_index=True)


def test_the_same_seed_gives_the_same_england(england: SyntheticEngland) -> None:
    again = simulate_england(children=10_000, seed=11)
    pd.testing.assert_frame_equal(again.episodes, england.episodes)
    pd.testing.assert_frame_equal(again.homes, england.homes)
    pd.testing.assert_series_equal(again.truth.home, england.truth.home)


def test_another_seed_gives_another(england: SyntheticEngland) -> None:
    other = simulate_england(children=10_000, seed=12)
    assert not other.truth.home_type.equals(england.truth.home_type)
    assert len(other.journeys) != len(england.journeys)


def test_too_few_children_are_refused() -> None:
    with pytest.raises(BayescichError, match="synthetic England of 10 children"):
        simulate_england(children=10)


def test_homes_are_in_proportion(england: SyntheticEngland) -> None:
    homes = england.homes
    assert len(homes) == 479
    assert homes["authority"].nunique() <= england.header["LA"].nunique() == 18
    sector = homes["sector"].value_counts(normalize=True)
    assert sector["Private"] == pytest.approx(0.84, abs=0.05)
    assert sector["Local authority"] == pytest.approx(0.12, abs=0.05)
    private = homes.loc[homes["sector"] == "Private", "places"].astype(int)
    assert private.mean() == pytest.approx(3.39, abs=0.3)


def test_half_the_owners_have_one_home_and_a_few_have_many(england: SyntheticEngland) -> None:
    owned = england.homes["owner"].value_counts()
    assert len(owned) == pytest.approx(len(england.homes) / 3, rel=0.3)
    assert (owned == 1).mean() == pytest.approx(0.5, abs=0.12)
    assert owned.iloc[:5].sum() / owned.sum() > 0.1


def test_about_one_child_in_six_ever_lives_in_a_home(england: SyntheticEngland) -> None:
    share = england.journeys["child"].nunique() / england.children
    assert 0.13 < share < 0.20


def test_stays_last_as_long_as_published(england: SyntheticEngland) -> None:
    last = pd.Timestamp("2025-03-31")
    ended = england.journeys[england.journeys["end"] < last]
    days = (ended["end"] - ended["start"]).dt.days
    # DfE 2024: 0.10, 0.40, 0.79 of the stays that ended
    reached = [(days <= limit).mean() for limit in (30, 182, 730)]
    assert reached == pytest.approx([0.10, 0.40, 0.79], abs=0.09)


def test_a_third_of_children_are_placed_in_their_own_authority(stays: pd.DataFrame) -> None:
    assert (stays["home_authority"] == stays["LA"]).mean() == pytest.approx(0.33, abs=0.05)


def test_need_leads_the_choice_of_home(stays: pd.DataFrame) -> None:
    small = stays["home_places"].astype(int) <= 2
    behaviour = stays["CIN"] == "N6"
    assert small[behaviour].mean() > 1.5 * small[~behaviour].mean()


def test_nobody_lives_in_a_home_before_it_is_registered(stays: pd.DataFrame) -> None:
    assert (stays["start"] >= stays["home_registration_date"]).all()


def test_nobody_lives_in_a_home_for_short_breaks_only(stays: pd.DataFrame) -> None:
    assert not stays["home_short_breaks"].any()


def test_a_move_is_to_another_home(england: SyntheticEngland) -> None:
    following = england.journeys.groupby("child").shift(-1)
    straight_on = following["start"].eq(england.journeys["end"])
    assert straight_on.sum() > 100
    assert (following["home"] != england.journeys["home"])[straight_on].all()


def test_ids_return_in_every_authority(england: SyntheticEngland) -> None:
    assert england.header["CHILD"].duplicated().any()
    assert not england.header.duplicated(["LA", "CHILD"]).any()


def test_effects_are_centred_and_of_the_size_said(england: SyntheticEngland) -> None:
    truth = england.truth
    for effects in (truth.home_type, truth.home, truth.provider, truth.authority):
        assert effects.mean() == pytest.approx(0, abs=1e-12)
    assert truth.home.std() == pytest.approx(0.35, rel=0.1)
    assert set(truth.home.index) == set(england.homes.loc[~england.homes["short_breaks"], "urn"])


def test_chains_of_episodes_follow_the_standard(england: SyntheticEngland) -> None:
    rows = england.episodes[england.episodes["LS"] != "V3"].reset_index(drop=True)
    following = rows.groupby(["LA", "CHILD"]).shift(-1)
    goes_on = rows["REC"] == "X1"
    assert (following["DECOM"] == rows["DEC"])[goes_on].all()
    assert (following["RNE"] != "S")[goes_on].all()
    restarts = following["DECOM"].notna() & ~goes_on
    assert (following["RNE"] == "S")[restarts].all()
    assert (rows["DEC"] > rows["DECOM"])[rows["DEC"].notna()].all()
    assert (rows["REC"] == "").eq(rows["DEC"].isna()).all()


def test_the_reason_for_a_new_episode_says_what_changed(england: SyntheticEngland) -> None:
    rows = england.episodes[england.episodes["LS"] != "V3"].reset_index(drop=True)
    before = rows.groupby(["LA", "CHILD"]).shift()
    place = ["PLACE", "PLACE_PROVIDER", "PL_POST", "URN"]
    same_place = (rows[place] == before[place]).all(axis=1)
    same_law = rows["LS"] == before["LS"]
    expected = {"L": (True, False), "P": (False, True), "T": (False, True), "B": (False, False)}
    for code, (place_kept, law_kept) in expected.items():
        own = rows["RNE"] == code
        assert own.any()
        assert (same_place[own] == place_kept).all(), code
        assert (same_law[own] == law_kept).all(), code


def test_temporary_placements_return_to_the_same_place(england: SyntheticEngland) -> None:
    rows = england.episodes
    away = np.flatnonzero(rows["PLACE"].isin(code_set("place").in_group("temporary")))
    assert len(away) > 500
    legal_break = rows["RNE"].iloc[away + 1].to_numpy() == "L"
    before, after = away[~legal_break] - 1, away[~legal_break] + 1
    broken_before = rows["PLACE"].iloc[before].isin(["T1", "T4"]).to_numpy()
    for column in ("PLACE", "PL_POST", "URN"):
        gone, back = rows[column].iloc[before].to_numpy(), rows[column].iloc[after].to_numpy()
        assert (gone == back)[~broken_before].all()


def test_urns_are_where_the_standard_wants_them(england: SyntheticEngland) -> None:
    rows = england.episodes
    must_be_blank = rows["PLACE"].isin(["P1", "R2", "T1", "T4"]) | rows["LS"].isin(["V3"])
    assert rows.loc[must_be_blank, "URN"].eq("").all()
    homes = rows["PLACE"].isin(["K1", "K2"]) & ~must_be_blank
    assert rows.loc[homes, "URN"].isin(england.homes["urn"]).all()
