"""Moves: how the code tables and the policies decide; the rules themselves are in the stories."""

import pandas as pd
import pytest

from bayescich.histories.moves import COLUMNS, moves
from bayescich.records.code_sets import code_set as table_of
from bayescich.records.ssda903_codes import code_set
from bayescich.spec.policies import HistoryPolicies

HOME = "children's home"


def spells(reasons: str, classes: str = "", authority: str = "Northshire") -> pd.DataFrame:
    """Write one child's spells, a month each: a reason and a class for each but the last."""
    given = [None if reason == "-" else reason for reason in reasons.split()]
    number = len(given) + 1
    kinds = classes.split(", ") if classes else [HOME] * number
    starts = pd.date_range("2020-05-01", periods=number + 1, freq="MS").astype("datetime64[ns]")
    urns = [f"SC00000{k}" for k in range(number)]
    return pd.DataFrame(
        {
            "child": f"{authority}/a",
            "authority": authority,
            "born": pd.Timestamp("2005-06-15").as_unit("ns"),
            "period": 0,
            "spell": range(number),
            "end": starts[1:],
            "PLACE_CLASS": kinds,
            "place": urns,
            "URN": urns,
            "reason": pd.Series([*given, None], dtype="str"),
            "ended_by": ["moved"] * len(given) + ["left care"],
            "next_class": pd.Series([*kinds[1:], None], dtype="str"),
            "next_place": pd.Series([*urns[1:], None], dtype="str"),
            "next_urn": pd.Series([*urns[1:], None], dtype="str"),
        }
    )


def test_a_move_has_its_two_sides() -> None:
    table, account = moves(spells("CREQB"))
    assert list(table.columns) == COLUMNS
    row = table.iloc[0]
    assert (row["from_urn"], row["to_urn"], row["spell"]) == ("SC000000", "SC000001", 0)
    assert row["date"] == pd.Timestamp("2020-06-01")
    assert account.total("kept", "moves") == 1


def test_the_move_past_a_temporary_placement_is_dated_when_the_home_was_left() -> None:
    table, account = moves(spells("CREQB CARPL", f"{HOME}, temporary, foster"))
    row = table.iloc[0]
    assert len(table) == 1
    assert (row["date"], row["to_class"]) == (pd.Timestamp("2020-06-01"), "foster")
    assert (row["to_urn"], row["reason"]) == ("SC000002", "CREQB")
    assert account.total("excluded", "moves") == 1
    assert account.total("repaired", "moves") == 1


def test_a_child_who_turns_18_on_a_temporary_placement_has_moved_no_further() -> None:
    table = spells("CREQB", f"{HOME}, temporary")
    moved, _ = moves(table.assign(ended_by=["moved", "18th birthday"]))
    assert moved["to_class"].tolist() == ["temporary"]


def test_a_temporary_placement_in_another_period_is_not_passed_over() -> None:
    one = spells("CREQB", f"{HOME}, foster")
    other = spells("CARPL", "temporary, foster").assign(period=1, spell=[2, 3])
    table, _ = moves(pd.concat([one, other], ignore_index=True))
    assert table["to_class"].tolist() == ["foster"]


@pytest.mark.parametrize(("places", "following", "disruption"), [(2, 4, False), (4, 4, True)])
def test_a_planned_move_to_a_larger_home_is_no_disruption(
    places: int, following: int, disruption: bool
) -> None:
    sized = spells("CARPL").assign(places=places, next_places=following)
    assert moves(sized)[0]["disruption"].tolist() == [disruption]


def test_an_unplanned_move_to_a_larger_home_is_a_disruption() -> None:
    sized = spells("CREQB").assign(places=2, next_places=4)
    assert moves(sized)[0]["disruption"].tolist() == [True]


def test_the_share_of_other_is_of_each_authority() -> None:
    north = spells("OTHER CARPL CREQB -")
    south = spells("CARPL CREQB", authority="Southshire").assign(period=1)
    table, account = moves(pd.concat([north, south], ignore_index=True))
    shares = table.groupby("authority")["other_share_of_authority"].first()
    assert shares.to_dict() == {"Northshire": 0.5, "Southshire": 0.0}
    assert table.groupby("authority")["reasons_usable"].first().to_dict() == {
        "Northshire": False, "Southshire": True,
    }  # fmt: skip
    assert account.total("noted", "moves") == 2 + 4


def test_the_share_that_is_usable_is_the_users_choice() -> None:
    table, _ = moves(spells("OTHER CARPL"), HistoryPolicies(other_share=0.5))
    assert table["reasons_usable"].all()


def test_no_moves_make_an_empty_table_of_the_same_columns() -> None:
    table, account = moves(spells("CARPL").iloc[1:])
    assert list(table.columns) == COLUMNS
    assert table.empty
    assert account.total("kept", "moves") == 0


def test_every_reason_and_class_has_a_row_in_the_code_tables() -> None:
    reasons = {*code_set("reason_place_change").table["group"], "not recorded"}
    assert set(table_of("move_reasons")["reason_class"]) == reasons
    assert set(table_of("intensity")["class"]) == set(code_set("place").table["group"])
