"""Placement spells: a story of a few rows for each rule."""

from __future__ import annotations

import pandas as pd
import pytest

from bayescich.histories.episodes import chained_episodes
from bayescich.histories.spells import COLUMNS, placement_spells
from bayescich.spec.policies import HistoryPolicies
from tests.histories.written_returns import balanced, days, rules, written

A, B = "SC111111", "SC222222"


def spells(rows: str, *, options: dict[str, object] | None = None, **more: object):
    policies = HistoryPolicies.model_validate(options or {})
    chain, _ = chained_episodes(written(rows, **more), policies)
    table, account = placement_spells(chain, policies)
    assert balanced(account, "placement spells")
    assert list(table) == COLUMNS
    return table, account


def counted(account, stage: str, text: str) -> int:
    found = [n for rule, n in rules(account, stage, "placement spells").items() if text in rule]
    assert len(found) <= 1, "the text names one rule"
    return sum(found)


MOVE = f"""
a 2021 2020-05-01 S U6 2020-06-01 X1  CARPL AB1 9999999
a 2021 2020-06-01 P K2 2020-07-01 X1  CREQB AB2 {A}
a 2021 2020-07-01 B K2 2020-09-01 E4A -     AB3 {B}
a 2021 2020-10-01 S K2 -          -   -     AB3 {B}
"""


def test_a_new_carer_begins_a_spell() -> None:
    table, _ = spells(MOVE, need={0: "N6", 1: "N1"})
    assert days(table["start"]) == ["2020-05-01", "2020-06-01", "2020-07-01", "2020-10-01"]
    assert days(table["end"]) == ["2020-06-01", "2020-07-01", "2020-09-01", "2021-03-31"]
    assert table["days"].tolist() == [31.0, 30.0, 62.0, 181.0]
    assert table["ended_by"].tolist() == ["moved", "moved", "left care", "end of the extract"]
    assert table["spell"].tolist() == table["placements_before"].tolist() == [0, 1, 2, 3]
    assert table["place"].tolist() == ["foster AB1", A, B, B]
    assert table["next_place"].fillna("-").tolist() == [A, B, "-", "-"]
    assert table["next_class"].fillna("-").tolist() == ["children's home"] * 2 + ["-"] * 2
    assert table["next_urn"].fillna("-").tolist() == [A, B, "-", "-"]
    assert table["reason"].fillna("-").tolist() == ["CARPL", "CREQB", "-", "-"]
    assert table["need"].tolist() == ["N6", "N6", "N6", "N1"]
    assert table["history_known"].all()
    assert table["authority"].unique().tolist() == ["Northshire"]


def test_legal_and_same_carer_changes_never_end_a_spell() -> None:
    table, _ = spells(
        f"""
        a 2021 2020-05-01 S U6 2020-06-01 X1 -     AB1 9999999
        a 2021 2020-06-01 L U6 2020-07-01 X1 -     AB1 9999999
        a 2021 2020-07-01 T U4 2020-08-01 X1 CARPL AB7 9999999
        a 2021 2020-08-01 U U4 2020-09-01 X1 CARPL AB8 {B}
        """
    )
    assert (len(table), table["same_carer_changes"].item()) == (1, 2)
    assert table["ended_by"].tolist() == ["not recorded"]


def test_a_change_with_the_same_carer_may_count_as_a_move_unless_only_the_code_changes() -> None:
    rows = """
    a 2021 2020-05-01 S H5 2020-06-01 X1 - AB1 -
    a 2021 2020-06-01 T K3 2020-07-01 X1 - AB1 7777777
    a 2021 2020-07-01 T K3 2020-08-01 E4A - AB9 7777777
    """
    assert days(spells(rows, options={"same_carer": "move"})[0]["start"]) == [
        "2020-05-01", "2020-07-01",
    ]  # fmt: skip
    assert len(spells(rows)[0]) == 1


def test_relabelled_placements_do_not_move() -> None:
    table, account = spells(
        """
        a 2021 2020-05-01 S H5 2020-06-01 X1  - AB1 -
        a 2021 2020-06-01 P K3 2020-07-01 E4A - AB1 7777777
        b 2021 2020-05-01 S Z1 2020-06-01 X1  - AB1 -
        b 2021 2020-06-01 P Z12 2020-07-01 E4A - AB1 -
        """
    )
    assert table["PLACE"].tolist() == ["H5", "Z1"]
    assert counted(account, "repaired", "in the same place; joined") == 2


@pytest.mark.parametrize(
    ("before", "after", "number"),
    [
        (f"K2 AB1 {A}", f"K2 AB9 {A}", 1),  # one home of several buildings
        (f"K1 AB1 {A}", f"K2 AB1 {A}", 1),
        (f"K2 AB1 {A}", f"K2 AB1 {B}", 2),
        (f"K2 AB1 {A}", "K2 AB1 -", 1),
        ("K2 AB1 XXXXXXX", "K2 AB2 XXXXXXX", 2),  # XXXXXXX is the name of no home
        ("K2 AB1 XXXXXXX", "K2 AB1 XXXXXXX", 1),
        ("U6 AB1 9999999", "U6 AB1 9999999", 1),
        ("U6 AB1 9999999", "U6 AB2 9999999", 2),  # an agency's URN is shared by its carers
        ("U6 - 9999999", "U6 - 9999999", 2),
        ("U6 AB1 9999999", "P1 AB1 -", 2),
    ],
)
def test_a_new_placement_in_the_same_place_is_none(before: str, after: str, number: int) -> None:
    (place, post, urn), (next_place, next_post, next_urn) = before.split(), after.split()
    table, account = spells(
        f"""
        a 2021 2020-05-01 S {place} 2020-06-01 X1 CARPL {post} {urn}
        a 2021 2020-06-01 P {next_place} 2020-07-01 E4A - {next_post} {next_urn}
        """
    )
    assert len(table) == number
    assert counted(account, "repaired", "in the same place; joined") == 2 - number


def test_a_change_of_status_only_is_no_move_unless_chosen() -> None:
    rows = """
    a 2021 2020-05-01 S U6 2020-06-01 X1  PLACE AB1 9999999
    a 2021 2020-06-01 P U4 2020-07-01 E4A -     -   9999999
    """
    table, account = spells(rows)
    assert len(table) == 1
    assert counted(account, "repaired", "only the status changes") == 1
    assert len(spells(rows, options={"status_only": "move"})[0]) == 2


def test_a_legal_change_that_moves_the_child_is_a_move() -> None:
    table, account = spells(
        f"""
        a 2021 2020-05-01 S K2 2020-06-01 X1  - AB1 {A}
        a 2021 2020-06-01 L K2 2020-07-01 X1  - AB2 {B}
        a 2021 2020-07-01 L K2 2020-08-01 X1  - AB2 SC333333
        a 2021 2020-08-01 L U6 2020-09-01 E4A - AB5 -
        """
    )
    assert days(table["start"]) == ["2020-05-01", "2020-06-01", "2020-08-01"], "same postcode: none"
    assert counted(account, "repaired", "legal change only (L)") == 2


def test_a_blank_rne_is_read_from_the_place() -> None:
    table, account = spells(
        f"""
        a 2021 2020-05-01 - K2 2020-06-01 X1  - AB1 {A}
        a 2021 2020-06-01 - K2 2020-07-01 X1  - AB1 {A}
        a 2021 2020-07-01 - U6 2020-08-01 E4A - AB2 -
        """
    )
    assert days(table["start"]) == ["2020-05-01", "2020-07-01"]
    assert counted(account, "repaired", "RNE blank") == 1
    assert not table["history_known"].any()


HOSPITAL = f"""
a 2021 2020-05-01 S K2 2020-06-01 X1  -     AB1 {A}
a 2021 2020-06-01 P T1 2020-06-11 X1  -     -   -
a 2021 2020-06-11 P T0 2020-06-13 X1  -     -   -
a 2021 2020-06-13 P K2 2020-07-01 X1  CREQB AB1 {A}
a 2021 2020-07-01 P U6 2020-08-01 X1  -     AB2 -
a 2021 2020-08-01 P T4 2020-08-05 X1  -     -   -
a 2021 2020-08-05 P U6 2020-09-01 X1  -     AB5 -
a 2021 2020-09-01 P T4 2020-09-05 E4A -     -   -
"""


def test_a_child_who_comes_back_was_only_away() -> None:
    table, account = spells(HOSPITAL)
    assert table["PLACE"].tolist() == ["K2", "U6", "T4", "U6"]
    assert table["days_away"].tolist() == [12, 0, 0, 4]
    assert table["days"].tolist() == [61.0, 31.0, 4.0, 31.0]
    assert table["placements_before"].tolist() == [0, 1, 2, 2], "a temporary stay is no placement"
    assert counted(account, "repaired", "temporary placement and return") == 2
    assert counted(account, "repaired", "temporary placement at the end") == 1


def test_days_away_may_be_removed_and_temporary_placements_count() -> None:
    table, _ = spells(HOSPITAL, options={"days_away": "removed"})
    assert table["days"].tolist() == [49.0, 31.0, 4.0, 27.0]
    table, _ = spells(HOSPITAL, options={"temporary": "placement"})
    assert table["PLACE"].tolist() == ["K2", "T1", "T0", "K2", "U6", "T4", "U6", "T4"]
    assert table["placements_before"].tolist() == list(range(8))


def test_a_child_away_is_back_if_nothing_speaks_against_it() -> None:
    table, _ = spells(
        """
        a 2021 2020-05-01 S U6 2020-06-01 X1
        a 2021 2020-06-01 P T3 2020-06-11 X1
        a 2021 2020-06-11 P U6 2020-07-01 E4A
        b 2021 2020-05-01 S T1 2020-06-01 X1
        b 2021 2020-06-01 P U6 2020-06-11 E4A
        """
    )
    assert table["PLACE"].tolist() == ["U6", "T1", "U6"]
    assert table["placements_before"].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("code", "ended"),
    [
        ("E2", "died"),
        ("E3", "taken over by another authority"),
        ("E14", "left care"),
        ("E15", "left care"),
        ("E16", "left care"),
        ("E99", "not recorded"),
        ("X1", "not recorded"),
        ("-", "not recorded"),
    ],
)
def test_how_a_spell_ends(code: str, ended: str) -> None:
    table, _ = spells(f"a 2021 2020-05-01 S K2 2020-06-01 {code} - AB1 {A}")
    assert table["ended_by"].tolist() == [ended]


def test_the_18th_birthday_ends_a_spell_and_later_ones_are_out() -> None:
    table, account = spells(
        f"""
        a 2021 2020-05-01 S K2 2020-08-01 X1 CARPL AB1 {A}
        a 2021 2020-08-01 P U6 2020-09-01 X1 CARPL AB2 -
        b 2021 2020-05-01 S K2 2020-07-01 E17 - AB1 {A}
        """,
        born="2002-07-01",
    )
    assert days(table["end"]) == ["2020-07-01", "2020-07-01"]
    assert table["ended_by"].tolist() == ["18th birthday"] * 2
    assert table["next_place"].isna().all()
    assert counted(account, "excluded", "starts on or after the 18th") == 1
    assert counted(account, "noted", "goes on to the 18th") == 2


def test_a_spell_of_no_day_is_given_half_a_day_or_left_out() -> None:
    rows = """
    a 2021 2020-05-01 S K2 2020-05-01 E4A - AB1
    a 2021 2020-06-01 S K2 2020-06-03 E4A - AB1
    """
    assert spells(rows)[0]["days"].tolist() == [0.5, 2.0]
    table, account = spells(rows, options={"day_zero": 0})
    assert (table["days"].tolist(), table["spell"].tolist()) == ([2.0], [0])
    assert counted(account, "excluded", "no day at risk") == 1


def test_a_place_registered_late_stays_what_it_was() -> None:
    table, account = spells(
        f"""
        a 2021 2020-05-01 S R1 2020-06-01 X1  - AB1 -
        a 2021 2020-06-01 T K2 2020-07-01 E4A - AB1 {A}
        """
    )
    assert table["PLACE_CLASS"].tolist() == ["other residential"]
    assert counted(account, "noted", "becomes a children's home") == 1


def test_no_chain_has_no_spells() -> None:
    chain, _ = chained_episodes(written(MOVE))
    table, account = placement_spells(chain[:0])
    assert list(table) == COLUMNS
    assert len(table) == account.total("kept", "placement spells") == 0
    assert isinstance(table.index, pd.RangeIndex)
