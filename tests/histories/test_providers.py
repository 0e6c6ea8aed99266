"""What a home was when a stay began: the list followed, owners, groups, types and specialisms."""

from __future__ import annotations

import pandas as pd
import pytest

from bayescich.account import Account
from bayescich.histories.providers import (
    DESCRIBED,
    describe_homes,
    known_homes,
    listed_homes,
    owner_groups,
    with_places,
)
from bayescich.records.ofsted_lookup_schema import SPECIALISMS

HOME = {
    "urn": "SC1",
    "snapshot": 2023,
    "provision_type": "Children's home",
    "sector": "Private",
    "places": 3,
    "short_breaks": False,
    "owner": "Care Ltd",
    "authority": "Durham",
    "region": "North East",
    "registration_date": "2015-06-25",
    "status": "Active",
}


def homes(*rows: dict[str, object]) -> pd.DataFrame:
    """Make lists of homes; each row says what differs."""
    frame = pd.DataFrame([{**HOME, **row} for row in rows])
    text = ["urn", "provision_type", "sector", "owner", "authority", "region", "status"]
    dates = pd.to_datetime(frame["registration_date"]).astype("datetime64[ns]")
    types = {**dict.fromkeys(text, "str"), "places": "Int64", "snapshot": "int64"}
    return frame.assign(registration_date=dates).astype(types)


def spells(*rows: tuple[str | None, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["home_urn", "start"])
    start = pd.to_datetime(frame["start"]).astype("datetime64[ns]")
    return frame.assign(start=start).astype({"home_urn": "str"})


def lookup(**flags: list[bool | None]) -> pd.DataFrame:
    frame = pd.DataFrame({"urn": ["SC1", "SC2"]}, dtype="str")
    for name in SPECIALISMS:
        frame[name] = pd.Series(flags.get(name, [None, None]), dtype="boolean")
    return frame


def rules(account: Account, stage: str) -> dict[str, int]:
    return {entry.rule: entry.rows for entry in account.entries if entry.stage == stage}


def test_the_newest_list_on_or_before_the_start_is_followed() -> None:
    lists = homes({"places": 2}, {"snapshot": 2024, "places": 6, "owner": "New Ltd"})
    starts = ["2024-04-01", "2023-03-30", "2024-03-31", "2024-03-30", "2023-03-31"]
    described, account = describe_homes(spells(*(("SC1", day) for day in starts)), lists, 1)
    assert described["places"].tolist() == [6, 2, 6, 2, 2]
    assert described["owner"].tolist() == ["New Ltd", "Care Ltd", "New Ltd", "Care Ltd", "Care Ltd"]
    assert described["listed"].dt.year.tolist() == [2024, 2023, 2024, 2023, 2023]
    assert described["home_type"].tolist()[:2] == ["Private, medium", "Private, dual"]
    assert rules(account, "noted") == {
        "no list before the spell began; described by the first one after it": 1
    }


def test_spells_keep_their_order_their_index_and_their_columns() -> None:
    rows = spells(("SC2", "2024-01-01"), ("SC1", "2020-01-01")).set_axis([7, 3])
    rows = rows.assign(child=["b", "a"])
    described, _ = describe_homes(rows, homes({}, {"urn": "SC2", "authority": "York"}), 1)
    assert described.index.tolist() == [7, 3]
    assert list(described.columns) == [*rows.columns, *DESCRIBED, *SPECIALISMS]
    assert described["home_authority"].tolist() == ["York", "Durham"]
    assert described["child"].tolist() == ["b", "a"]


def test_a_home_on_no_list_is_blank_and_noted() -> None:
    rows = spells(("SC9", "2024-01-01"), (None, "2024-01-01"), ("SC1", "2024-01-01"))
    described, account = describe_homes(rows, homes({}), 1)
    assert described[list(DESCRIBED)].isna().all(axis="columns").tolist() == [True, True, False]
    assert rules(account, "noted") == {
        "no URN; the home is not described": 1,
        "URN on no list; the home is not described": 1,
    }


def test_every_part_of_a_type_is_given() -> None:
    lists = homes(
        {"places": 9, "sector": "Voluntary"},
        {"urn": "SC2", "provision_type": "Secure children's home", "sector": "Local authority"},
        {"urn": "SC3", "short_breaks": True},
    )
    rows = spells(*((urn, "2024-01-01") for urn in ("SC1", "SC2", "SC3")))
    described, _ = describe_homes(rows, lists, 1)
    parts = described[["home_type", "home_class", "home_sector", "home_band", "sector"]]
    assert parts.to_numpy().tolist() == [
        ["Voluntary, large", "Open", "Voluntary", "large", "Voluntary"],
        ["Secure", "Secure", "all sectors", "all sizes", "Local authority"],
        ["Short breaks", "Short breaks", "all sectors", "all sizes", "Private"],
    ]


def test_small_types_are_joined_over_all_lists() -> None:
    lists = homes({"places": 1}, {"urn": "SC2", "places": 2}, {"urn": "SC3", "places": 2})
    listed, account = listed_homes(lists, minimum_homes=2)
    assert listed["home_type"].unique().tolist() == ["Private, all sizes"]
    assert listed["home_band"].tolist() == ["solo", "dual", "dual"], "the band itself stays"
    assert account.total("repaired", "home types") == 3


def test_owners_are_one_spelling_and_blanks_are_filled_from_the_nearest_list() -> None:
    lists = homes(
        {"owner": "Care Limited"},
        {"urn": "SC2"}, {"urn": "SC3"}, {"urn": "SC5"},
        {"snapshot": 2024, "owner": None, "places": None, "region": None},
        {"urn": "SC4", "owner": None},
    )  # fmt: skip
    listed, account = listed_homes(lists, 1)
    by_home = listed.set_index(["urn", listed["listed"].dt.year])
    assert by_home.loc[("SC1", 2024), ["owner", "places", "region"]].tolist() == [
        "Care Ltd", 3, "North East",
    ]  # fmt: skip
    assert by_home.loc[("SC4", 2023), "owner"] == "unrecorded owner of SC4"
    assert rules(account, "repaired") == {
        "owner's name respelt as in most lists": 1,
        "owner blank; taken from the home's nearest list": 1,
        "places blank; taken from the home's nearest list": 1,
        "region blank; taken from the home's nearest list": 1,
        "owner not recorded; given one of its own": 1,
    }


@pytest.mark.parametrize(
    ("number", "group"),
    [
        (1, "Private independent"),
        (2, "Private small group"),
        (4, "Private small group"),
        (5, "Private medium group"),
        (19, "Private medium group"),
        (20, "Private large group"),
    ],
)
def test_private_owners_are_grouped_by_their_homes(number: int, group: str) -> None:
    lists = homes(*({"urn": f"SC{i}"} for i in range(number)))
    assert owner_groups(lists).unique().tolist() == [group]


def test_groups_are_counted_on_each_list_and_without_homes_that_left() -> None:
    lists = homes(
        {}, {"urn": "SC2", "status": None}, {"urn": "SC3", "status": "Resigned"},
        {"snapshot": 2024}, {"urn": "SC4", "owner": None}, {"urn": "SC5", "owner": "Gone Ltd",
         "status": "Resigned"}, {"urn": "SC6", "sector": "Local authority"},
        {"urn": "SC7", "sector": "Sector not recorded"},
    )  # fmt: skip
    groups = owner_groups(lists).tolist()
    # the owner has SC1, SC2, and two homes of another sector, on the list of 2023
    assert groups == [
        "Private small group", "Private small group", "Private small group",
        "Private independent", "Private, owner not recorded", "Private independent",
        "Local authority", "Sector not recorded",
    ]  # fmt: skip


def test_what_a_home_is_registered_for_comes_from_the_look_up() -> None:
    rows = spells(("SC2", "2024-01-01"), ("SC1", "2024-01-01"), (None, "2024-01-01"))
    flags = lookup(specialism_ebd=[True, None], specialism_drugs=[False, True])
    described, _ = describe_homes(rows, homes({}, {"urn": "SC2"}), 1, flags)
    assert described["specialism_ebd"].tolist() == ["unknown", "yes", "unknown"]
    assert described["specialism_drugs"].tolist() == ["yes", "no", "unknown"]
    assert described["specialism_physical"].tolist() == ["unknown"] * 3


def test_without_a_look_up_specialisms_are_unknown() -> None:
    described, _ = describe_homes(spells(("SC1", "2024-01-01")), homes({}), 1)
    assert described[list(SPECIALISMS)].to_numpy().tolist() == [["unknown"] * 7]


def test_no_spells_give_no_rows_with_all_columns() -> None:
    described, account = describe_homes(spells(("SC1", "2024-01-01")).head(0), homes({}), 1)
    assert described.empty
    assert set(DESCRIBED) <= set(described.columns)
    assert rules(account, "noted") == {}


def test_marks_say_what_was_filled_or_respelt() -> None:
    known = known_homes(homes({"owner": "A Ltd"}, {"snapshot": 2024, "owner": None}))
    assert known["owner"].tolist() == ["A Ltd", "A Ltd"]
    assert known["owner_filled"].tolist() == [False, True]
    assert not known["owner_respelt"].any()


def test_places_are_those_of_the_newest_list_on_the_day() -> None:
    register = homes(
        {"snapshot": 2020, "places": 2},
        {"snapshot": 2022, "places": 4},
        {"urn": "SC2", "snapshot": 2022, "places": 6},
    )
    days = pd.to_datetime(["2021-01-01", "2022-03-31", "2019-01-01"]).astype("datetime64[ns]")
    moved = pd.DataFrame(
        {"URN": ["SC1", "SC1", "SC9"], "start": days, "next_urn": ["SC2", None, "SC1"], "end": days}
    ).astype({"URN": "str", "next_urn": "str"})
    sized = with_places(moved, register)
    assert sized["places"].tolist() == [2, 4, pd.NA]
    assert sized["next_places"].tolist() == [6, pd.NA, 2]
