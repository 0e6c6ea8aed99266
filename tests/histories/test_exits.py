"""Exits: the tables of routes are whole, and what hides a route; each route has its story."""

import pandas as pd
import pytest

from bayescich.histories.exits import COLUMNS, exits, routes
from bayescich.records.code_sets import code_set as table_of
from bayescich.records.ssda903_codes import code_set

HOME = "children's home"


def spells(**changes: object) -> pd.DataFrame:
    """Write one stay in a home that ended in care's end."""
    one = {
        "child": "Northshire/a",
        "period": 0,
        "spell": 0,
        "born": pd.Timestamp("2003-10-31").as_unit("ns"),
        "end": pd.Timestamp("2020-07-01").as_unit("ns"),
        "PLACE_CLASS": HOME,
        "LS": "C2",
        "ended_by": "left care",
        "REC": "E4A",
        "next_class": None,
    }
    texts = ["child", "PLACE_CLASS", "LS", "ended_by", "REC", "next_class"]
    return pd.DataFrame([one | changes]).astype(dict.fromkeys(texts, "str"))


def test_only_stays_in_homes_have_an_exit() -> None:
    both = pd.concat([spells(), spells(PLACE_CLASS="foster", spell=1)], ignore_index=True)
    table, account = exits(both)
    assert list(table.columns) == COLUMNS
    assert table["spell"].tolist() == [0]
    assert account.total("kept", "exits") == 1


def test_what_follows_a_temporary_placement_is_the_route() -> None:
    rows = [
        spells(ended_by="moved", next_class="temporary", REC="X1"),
        spells(ended_by="moved", PLACE_CLASS="temporary", next_class="foster", spell=1, REC="X1"),
        spells(PLACE_CLASS="foster", spell=2, REC="E4B"),
    ]
    table, _ = exits(pd.concat(rows, ignore_index=True))
    assert table[["route", "to_class"]].to_numpy().tolist() == [["fostering", "foster"]]


def test_an_end_on_a_temporary_placement_is_that_of_the_stay() -> None:
    rows = [
        spells(ended_by="moved", next_class="temporary", REC="X1"),
        spells(ended_by="left care", PLACE_CLASS="temporary", spell=1, REC="E9"),
    ]
    table, _ = exits(pd.concat(rows, ignore_index=True))
    assert table["route"].tolist() == ["custody"]


@pytest.mark.parametrize(
    ("end", "near"),
    [
        # born on 31 October: 17 years and 11 months is 31 September, that is 1 October
        pytest.param("2021-09-30", False, id="day before"),
        pytest.param("2021-10-01", True, id="on the day"),
        pytest.param("2021-10-31", True, id="birthday"),
    ],
)
def test_ends_near_18_are_marked(end: str, near: bool) -> None:
    table, _ = exits(spells(end=pd.Timestamp(end).as_unit("ns")))
    assert table["near_18"].tolist() == [near]


def test_a_code_that_no_table_has_is_another_route() -> None:
    table, account = exits(spells(REC="E77"))
    assert table["route"].tolist() == ["other or not known"]
    assert account.total("noted", "exits") == 1


@pytest.mark.parametrize(
    "ended_by", ["end of the extract", "18th birthday", "not recorded", "same carer, new home"]
)
def test_what_hides_the_route_censors(ended_by: str) -> None:
    # REC is not looked at: a stay cut on the 18th birthday may have E4A
    table = routes(spells(ended_by=ended_by))
    assert table["route"].isna().all()
    assert table[["route_group", "censored_by"]].to_numpy().tolist() == [["censored", ended_by]]


def test_censored_stays_are_counted_by_cause() -> None:
    _, account = exits(pd.concat([spells(REC="E2"), spells(REC="E2")], ignore_index=True))
    rules = {e.rule: e.rows for e in account.entries if e.stage == "noted"}
    assert rules == {"censored: died": 2}


def test_every_code_and_class_has_one_row_in_the_tables_of_routes() -> None:
    by_rec = table_of("exit_routes_rec")
    assert set(by_rec["code"]) == set(code_set("rec").table.index)
    assert not by_rec.duplicated(["code", "legal_status_group"]).any()
    assert set(by_rec["legal_status_group"]) - {""} <= set(code_set("ls").table["group"])
    assert (by_rec["route"].eq("") != by_rec["censored_by"].eq("")).all()
    by_place = table_of("exit_routes_place")
    assert set(by_place["class"]) == set(code_set("place").table["group"])
    assert by_place["class"].is_unique


def test_there_are_twelve_routes_in_seven_groups() -> None:
    table = table_of("exit_routes")
    assert len(table) == 12
    assert table["route_group"].nunique() == 7
    used = {*table_of("exit_routes_rec")["route"], *table_of("exit_routes_place")["route"]} - {""}
    assert used == set(table["route"])
