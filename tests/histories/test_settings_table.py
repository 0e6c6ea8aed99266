"""Stays in every kind of setting: which they are, who is compared, and how they ended."""

from __future__ import annotations

import pandas as pd
import pytest

from bayescich.account import Account
from bayescich.errors import HistoriesError
from bayescich.histories.schemas.fitted import SETTINGS
from bayescich.histories.settings_table import TABLE, setting_histories
from bayescich.records.code_sets import code_set
from bayescich.records.ofsted import OfstedRecords
from bayescich.records.ssda903_codes import code_set as returned
from bayescich.spec.policies import HistoryPolicies
from tests.histories.written_returns import balanced, rules, written

ROWS = """
a 2021 2020-04-10 S U6 2020-06-01 X1  CARPL AA1 9999999
a 2021 2020-06-01 P K2 2020-08-01 X1  CREQB AA2 1111111
a 2021 2020-08-01 P T0 2020-08-09 X1  OTHER -   -
a 2021 2020-08-09 P U6 2020-10-01 X1  CARPL AA3 9999999
a 2021 2020-10-01 P U3 2021-01-01 E4B -     AA4 -
b 2021 2020-04-10 S K2 2020-05-10 X1  CARPL AA5 2222222
b 2021 2020-05-10 P K1 2020-06-10 X1  CARPL AA6 SC333333
b 2021 2020-06-10 P K2 2020-07-10 E4A -     AA7 XXXXXXX
c 2021 2020-04-10 S K3 2020-04-30 X1  CARPL AA8 -
c 2021 2020-04-30 P K3 2020-09-01 E6  -     AA9 -
d 2021 2019-04-10 S P1 2020-05-01 X1  CARPL AA1 -
d 2021 2020-05-01 P S1 2020-06-01 E4A -     AA2 -
e 2021 2020-05-01 P R1 2020-06-01 E4A -     AA2 -
"""
BORN = {"c": "2004-04-30", "d": "2012-01-01"}


def register() -> OfstedRecords:
    homes = pd.DataFrame(
        {
            "urn": ["1111111", "SC333333"],
            "snapshot": 2020,
            "provision_type": ["Children's home", "Secure children's home"],
            "sector": "Private",
            "places": [1, 12],
            "short_breaks": False,
            "owner": "An Owner",
            "authority": "Northshire",
            "region": "North West",
            "status": None,
        }
    ).astype({"status": "str", "places": "Int64"})
    return OfstedRecords(homes, pd.DataFrame(), Account())


@pytest.fixture(scope="module")
def made() -> tuple[pd.DataFrame, Account]:
    return setting_histories(written(ROWS, born=BORN), register())


def of(table: pd.DataFrame, child: str, *columns: str) -> list[list[object]]:
    rows = table.loc[table["child"].eq(f"Northshire/{child}"), list(columns)]
    return rows.to_numpy().tolist()


def test_each_stay_is_in_its_setting_and_temporary_ones_are_in_none(
    made: tuple[pd.DataFrame, Account],
) -> None:
    table, account = made
    assert of(table, "a", "setting", "days", "moved", "disrupted") == [
        ["foster", 52, 1, 1],
        ["children's home", 61, 1, 1],
        ["foster", 53, 1, 0],
        ["kinship", 92, 0, 0],
    ]
    assert rules(account, "excluded", TABLE)["temporary: no setting of its own"] == 1


def test_homes_have_their_type_where_it_is_known(made: tuple[pd.DataFrame, Account]) -> None:
    table, _ = made
    assert of(table, "a", "setting_type")[:2] == [["foster"], ["Private, solo"]]
    assert of(table, "b", "setting", "setting_type") == [
        ["children's home", "children's home"],
        ["secure home", "Secure"],
        ["children's home", "children's home"],
    ]


def test_without_a_register_the_type_is_the_setting() -> None:
    table, _ = setting_histories(written(ROWS, born=BORN))
    assert (table["setting_type"] == table["setting"]).all()
    assert len(table) == 9


def test_supported_accommodation_counts_from_the_16th_birthday(
    made: tuple[pd.DataFrame, Account],
) -> None:
    table, account = made
    assert of(table, "c", "start", "age_band", "exit_group") == [
        [pd.Timestamp("2020-04-30"), "16 and 17", "supported or independent living"]
    ]
    assert rules(account, "excluded", TABLE)["supported: starts before the age of 16"] == 1
    # the first placement was another, though it is not in the table
    assert of(table, "c", "first_stay") == [[0]]


def test_who_is_compared_is_as_for_homes(made: tuple[pd.DataFrame, Account]) -> None:
    table, account = made
    left_out = rules(account, "excluded", TABLE)
    assert left_out["already running when the records begin"] == 1
    # d's first row starts care before the records begin; e's starts none
    assert of(table, "d", "setting", "entry_days", "first_stay") == [["residential school", 0, 0]]
    assert of(table, "e", "setting") == []
    assert balanced(account, TABLE)
    late, _ = setting_histories(
        written(ROWS, born=BORN), register(), HistoryPolicies(entry="delayed")
    )
    assert of(late, "d", "setting", "entry_days") == [
        ["with parents", 357],
        ["residential school", 0],
    ]
    assert of(late, "e", "setting") == [["residential other"]]


def test_the_route_passes_over_temporary_placements(made: tuple[pd.DataFrame, Account]) -> None:
    table, _ = made
    assert of(table, "a", "exit_route", "exit_group") == [
        ["another children's home or residential"] * 2,
        ["fostering", "fostering"],
        ["kinship fostering", "permanence or kinship"],
        ["return home, unplanned", "return home"],
    ]
    assert of(table, "a", "first_stay") == [[1], [0], [0], [0]]


def test_the_table_is_what_its_schema_says(made: tuple[pd.DataFrame, Account]) -> None:
    assert list(made[0]) == list(SETTINGS.columns)
    assert len(SETTINGS.validate(made[0])) == 9


def test_every_class_of_placement_is_a_setting_or_none() -> None:
    classes = set(code_set("compared_settings")["class"])
    assert classes == set(returned("place").group.values())


def test_no_stay_at_all_is_an_error_that_says_why() -> None:
    with pytest.raises(HistoriesError, match="already running when the records begin: 1"):
        setting_histories(written("a 2021 2019-04-10 S U6 2020-05-01 E4A - AA1 9999999"))
