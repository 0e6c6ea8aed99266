"""Home spells: stays in one physical home, finer or coarser than placement spells."""

from __future__ import annotations

import pandas as pd

from bayescich.histories.episodes import chained_episodes
from bayescich.histories.home_spells import HOME_COLUMNS, home_spells
from bayescich.histories.spells import placement_spells
from bayescich.spec.policies import HistoryPolicies
from tests.histories.written_returns import balanced, days, rules, written

A, B, C = "SC111111", "SC222222", "SC333333"
SUCCESSION = pd.DataFrame({"urn": [A, B], "home": [A, A]}).astype("str")


def stays(rows: str, *, options=None, succession=None, **more):
    policies = HistoryPolicies.model_validate(options or {})
    chain, _ = chained_episodes(written(rows, **more), policies)
    spells, _ = placement_spells(chain, policies)
    table, account = home_spells(chain, spells, policies, succession)
    assert balanced(account, "stays in homes")
    assert list(table) == HOME_COLUMNS
    return table, account


def test_only_homes_are_there_and_a_stay_is_as_its_spell() -> None:
    table, _ = stays(
        f"""
        a 2021 2020-05-01 S U6 2020-06-01 X1  CARPL AB1 9999999
        a 2021 2020-06-01 P K2 2020-06-10 X1  -     AB2 {A}
        a 2021 2020-06-10 P T1 2020-06-14 X1  -     -   -
        a 2021 2020-06-14 P K2 2020-07-01 X1  CREQB AB2 {A}
        a 2021 2020-07-01 P K1 2020-09-01 E4A -     AB3 {B}
        """
    )
    assert table["home"].tolist() == [A, B]
    assert table["spell"].tolist() == [1, 2]
    assert table["home_spell"].tolist() == [0, 1]
    assert days(table["start"]) == ["2020-06-01", "2020-07-01"]
    assert table["days"].tolist() == [30.0, 62.0]
    assert table["days_away"].tolist() == [4, 0]
    assert table["ended_by"].tolist() == ["moved", "left care"]
    assert table["next_urn"].fillna("-").tolist() == [B, "-"]
    assert table["placements_before"].tolist() == [1, 2]
    assert not table["registered_late"].any()


SAME_CARER = f"""
a 2021 2020-05-01 S K2 2020-06-01 X1  -     AB1 {A}
a 2021 2020-06-01 T K2 2020-07-01 X1  -     AB2 {C}
a 2021 2020-07-01 L K2 2020-08-01 X1  CARPL AB2 {C}
a 2021 2020-08-01 P U6 2020-09-01 E4A -     AB3 -
"""


def test_another_home_with_the_same_carer_is_another_stay() -> None:
    table, account = stays(SAME_CARER)
    assert table["home"].tolist() == [A, C]
    assert table["spell"].tolist() == [0, 0]
    assert table["ended_by"].tolist() == ["same carer, new home", "moved"]
    assert days(table["end"]) == ["2020-06-01", "2020-08-01"]
    assert table["next_class"].tolist() == ["children's home", "foster"]
    assert table["next_urn"].fillna("-").tolist() == [C, "-"]
    assert table["REC"].tolist() == ["X1", "X1"]
    assert table["same_carer_changes"].tolist() == [0, 0]
    assert list(rules(account, "noted", "stays in homes").values()) == [1]


REGISTERED_ANEW = f"""
a 2021 2020-05-01 S K2 2020-06-01 X1  -     AB1 {A}
a 2021 2020-06-01 T K2 2020-07-01 X1  -     AB1 {B}
b 2021 2020-05-01 S K2 2020-06-01 X1  OTHER AB1 {A}
b 2021 2020-06-01 P K2 2020-07-01 E4A -     AB1 {B}
"""


def test_a_home_registered_anew_is_one_home() -> None:
    table, account = stays(REGISTERED_ANEW, succession=SUCCESSION)
    assert table["home"].tolist() == [A, A]
    assert days(table["end"]) == ["2020-07-01"] * 2
    assert table["ended_by"].tolist() == ["not recorded", "left care"]
    assert table["spell"].tolist() == [0, 1]
    assert account.total("excluded", "stays in homes") == 1


def test_as_registered_it_is_two() -> None:
    options = {"re_registered_homes": "as registered"}
    table, _ = stays(REGISTERED_ANEW, options=options, succession=SUCCESSION)
    assert table["home"].tolist() == [A, B, A, B]
    assert table["ended_by"].tolist()[2] == "moved"


def test_a_child_who_comes_back_to_a_home_has_two_stays() -> None:
    table, _ = stays(
        f"""
        a 2021 2020-05-01 S K2 2020-06-01 X1  - AB1 {A}
        a 2021 2020-06-01 P K2 2020-07-01 X1  - AB2 {C}
        a 2021 2020-07-01 P K2 2020-08-01 E4A - AB1 {A}
        a 2021 2020-08-01 S K2 2020-09-01 E4A - AB1 {A}
        """
    )
    assert table["home"].tolist() == [A, C, A, A], "a new period of care is a new stay"


def test_a_home_without_a_usable_urn_is_told_by_its_postcode() -> None:
    table, account = stays(
        f"""
        a 2021 2020-05-01 S K2 2020-06-01 X1  - AB1 -
        a 2021 2020-06-01 T K2 2020-07-01 X1  - AB1 {A}
        a 2021 2020-07-01 T K2 2020-08-01 X1  - AB2 XXXXXXX
        a 2021 2020-08-01 L K2 2020-09-01 E4A - AB2 XXXXXXX
        """
    )
    assert table["home"].fillna("-").tolist() == [A, "-"]
    assert table["place"].tolist()[0] == "children's home AB1"
    assert "no usable URN; the home is not known" in rules(account, "noted", "stays in homes")


def test_a_place_that_becomes_a_home_or_stops_being_one() -> None:
    table, _ = stays(
        f"""
        a 2021 2020-05-01 S R1 2020-06-01 X1  - AB1 -
        a 2021 2020-06-01 T K2 2020-07-01 X1  - AB1 {A}
        a 2021 2020-07-01 T R1 2020-08-01 E4A - AB1 -
        """
    )
    assert table["registered_late"].tolist() == [True]
    assert days(table["start"]) + days(table["end"]) == ["2020-06-01", "2020-07-01"]
    assert table["ended_by"].tolist() == ["same carer, no longer a home"]


def test_nothing_is_counted_after_the_18th_birthday() -> None:
    table, _ = stays(SAME_CARER, born="2002-07-10")
    assert days(table["end"]) == ["2020-06-01", "2020-07-10"]
    assert table["ended_by"].tolist()[1] == "18th birthday"
    table, _ = stays(SAME_CARER, born="2002-05-20")
    assert table["ended_by"].tolist() == ["18th birthday"]


def test_no_spells_have_no_stays() -> None:
    assert len(stays("a 2021 2020-05-01 S U6 2020-06-01 E4A - AB1")[0]) == 0
    chain, _ = chained_episodes(written(SAME_CARER))
    spells, _ = placement_spells(chain[:0])
    table, _ = home_spells(chain[:0], spells)
    assert list(table) == HOME_COLUMNS
