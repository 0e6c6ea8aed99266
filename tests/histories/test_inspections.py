"""Inspections joined to their homes as they were at the time."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from bayescich.account import Account
from bayescich.errors import HistoriesError
from bayescich.histories.inspections import inspection_histories, year_bands
from bayescich.histories.names import authority_key, owner_key, unify_spelling
from bayescich.records.ofsted import OfstedRecords, read_ofsted
from bayescich.records.ofsted_schema import HOMES, INSPECTIONS, empty

HOME = {
    "urn": "SC1",
    "snapshot": 2020,
    "provision_type": "Children's home",
    "sector": "Private",
    "places": 4,
    "short_breaks": False,
    "owner": "Care Ltd",
    "authority": "Durham",
    "region": "North East",
    "registration_date": pd.NaT,
    "status": "Active",
}
GRADES = {1: "Inadequate", 2: "Requires improvement to be good", 3: "Good", 4: "Outstanding"}


def records(
    homes: list[dict[str, object]], inspections: list[tuple[str, str, int]]
) -> OfstedRecords:
    """Make records of homes (each row what differs) and of (urn, date, grade)."""
    table = pd.DataFrame([HOME | home for home in homes])
    events = pd.DataFrame(inspections, columns=["urn", "inspection_date", "grade"])
    events["inspection_date"] = pd.to_datetime(events["inspection_date"]).astype("datetime64[ns]")
    events = events.assign(
        event_number="1", judgement=events["grade"].map(GRADES).astype("str"), snapshot=2025
    )
    return OfstedRecords(
        HOMES.validate(table.astype(empty(HOMES).dtypes)),
        INSPECTIONS.validate(events[list(INSPECTIONS.columns)]),
        Account(),
    )


def repaired(account: Account) -> dict[str, int]:
    return {e.rule: e.rows for e in account.entries if e.table == "inspection histories"
            and e.stage == "repaired"}  # fmt: skip


def test_a_home_is_as_the_first_list_after_the_inspection_says() -> None:
    changed = {"snapshot": 2022, "places": 2, "owner": "New Owner Ltd", "sector": "Voluntary"}
    histories, account = inspection_histories(
        records(
            [{}, changed],
            [("SC1", "2020-03-31", 3), ("SC1", "2020-04-01", 2), ("SC1", "2023-01-01", 4)],
        )
    )
    assert histories["places"].tolist() == [4, 2, 2]
    assert histories["owner"].tolist() == ["Care Ltd", "New Owner Ltd", "New Owner Ltd"]
    assert histories["sector"].tolist() == ["Private", "Voluntary", "Voluntary"]
    assert histories["grade"].tolist() == [3, 2, 4]
    rule = "no list of that year gives the home; its attributes are from the nearest list held"
    assert repaired(account)[rule] == 2


def test_blanks_are_filled_from_the_nearest_list_and_counted() -> None:
    blank = {"owner": None, "places": None}
    histories, account = inspection_histories(
        records(
            [
                {"snapshot": 2016, **blank},
                {"snapshot": 2018, "owner": "Early Ltd", "places": 2},
                {"snapshot": 2024, **blank},
                {"snapshot": 2025, "owner": "Late Ltd", "places": 7},
            ],
            [("SC1", "2016-01-01", 3), ("SC1", "2024-01-01", 3)],
        )
    )
    assert histories["owner"].tolist() == ["Early Ltd", "Late Ltd"]
    assert histories["places"].tolist() == [2, 7]
    counted = repaired(account)
    assert counted["owner blank; the home's owner in its nearest list is taken"] == 2
    assert counted["places blank; those of the home's nearest list are taken"] == 2


def test_what_is_never_known_is_a_level_and_counted() -> None:
    unknown = {"owner": None, "places": None, "authority": None, "region": None}
    histories, account = inspection_histories(records([unknown], [("SC1", "2020-01-01", 1)]))
    (row,) = histories.to_dict("records")
    assert row["owner"] == "unrecorded owner of SC1"
    assert row["home_type"] == "Private, size unknown"
    assert (row["authority"], row["region"]) == ("Authority not recorded", "Region not recorded")
    counted = repaired(account)
    assert counted["owner in no list; the home has an owner of its own"] == 1
    assert counted["places in no list; the size is unknown"] == 1
    assert counted["authority or region in no list; not recorded"] == 1


def test_one_owner_and_one_authority_are_not_two() -> None:
    homes = [
        {"urn": "SC1", "owner": "Care Limited", "authority": "Southend on Sea"},
        {"urn": "SC2", "owner": "CARE LTD", "authority": "Southend-on-Sea"},
        {"urn": "SC3", "owner": "Care Limited", "authority": "Southend on Sea"},
        {"urn": "SC4", "owner": "Careful Limited", "authority": "Southwark"},
    ]
    inspections = [(f"SC{i}", "2020-01-01", 3) for i in range(1, 5)]
    histories, account = inspection_histories(records(homes, inspections))
    assert histories["owner"].tolist() == ["Care Limited"] * 3 + ["Careful Limited"]
    assert histories["authority"].tolist() == ["Southend on Sea"] * 3 + ["Southwark"]
    counted = repaired(account)
    assert counted["owner's name in another spelling; the most frequent one is taken"] == 1
    assert counted["authority's name in another spelling; the most frequent is taken"] == 1


def test_no_inspection_at_all_says_what_file_to_get() -> None:
    homes = records([{}], [("SC1", "2020-01-01", 3)]).homes
    with pytest.raises(HistoriesError, match="no full inspection") as caught:
        inspection_histories(OfstedRecords(homes, empty(INSPECTIONS), Account()))
    assert "GOV.UK" in str(caught.value)


def dates_in(counts: dict[int, int]) -> pd.Series:
    """Return so many dates in each collection year, named by the year it ends."""
    days = [f"{year}-01-15" for year, number in counts.items() for _ in range(number)]
    return pd.Series(pd.to_datetime(days))


def test_sparse_years_share_a_band() -> None:
    dates = dates_in({2012: 4, 2014: 46, 2015: 50, 2021: 3, 2022: 60, 2023: 50, 2024: 2})
    years, account = year_bands(dates)
    assert years.value_counts().sort_index().to_dict() == {
        "2013-14 and before": 50,
        "2014-15": 50,
        "2020-21 to 2021-22": 63,
        "2022-23 to 2023-24": 52,
    }
    assert account.total("repaired", "inspection histories") == 50 + 63 + 52


def test_when_all_years_are_sparse_they_are_one_band() -> None:
    assert year_bands(dates_in({2016: 2, 2018: 1}))[0].unique().tolist() == ["2015-16 to 2017-18"]


def test_names_that_are_the_same_and_names_that_are_not() -> None:
    same = ["A & B Children's Care (UK) Ltd.", "a and b childrens care uk limited",
            "A and B Childrens Care (UK) Limited 01234567"]  # fmt: skip
    assert len({owner_key(name) for name in same}) == 1
    assert owner_key("Care North Ltd") != owner_key("Care South Ltd")
    assert owner_key("Care 2 Limited") != owner_key("Care Limited")
    assert authority_key("St. Helens") == authority_key("Saint Helens")
    assert authority_key("Derby") != authority_key("Derbyshire")


def test_blank_names_stay_blank() -> None:
    names, changed = unify_spelling(pd.Series(["A Ltd", None]).astype("str"), owner_key)
    assert names.isna().tolist() == [False, True]
    assert not changed.any()


@pytest.fixture(scope="module")
def england(reference: Path) -> tuple[pd.DataFrame, Account]:
    return inspection_histories(read_ofsted(reference / "ofsted"))


def test_the_real_histories_have_the_shape_of_the_hierarchy(
    england: tuple[pd.DataFrame, Account],
) -> None:
    histories, account = england
    assert account.total("read", "inspection histories") == len(histories)
    assert account.total("kept", "inspection histories") == len(histories)
    assert not histories.duplicated(["home", "inspection_date"]).any()
    levels = histories.nunique()
    assert 4_800 <= levels["home"] <= 4_900
    assert 1_500 <= levels["owner"] <= 2_000
    assert levels["authority"] == 154
    assert levels["region"] == 9
    assert levels["home_type"] <= 20
    per_year = histories["year"].value_counts()
    assert per_year.min() >= 50
    assert "2020-21" not in per_year, "no graded inspections in the first year of the pandemic"
    assert min(per_year.index) == "2013-14 and before"


def test_real_types_differ_in_grade_by_little(england: tuple[pd.DataFrame, Account]) -> None:
    """Published shares by sector in 2025 differ by a few points only; types may not by more."""
    histories, _ = england
    sized = histories[~histories["home_type"].str.endswith("size unknown")]
    means = sized.groupby("home_type")["grade"].mean()
    assert means.between(2.7, 3.1).all()


def test_real_owners_are_known_for_nearly_all(england: tuple[pd.DataFrame, Account]) -> None:
    histories, _ = england
    unrecorded = histories["owner"].str.startswith("unrecorded owner of ")
    assert 0 < unrecorded.mean() < 0.05
    assert not histories.loc[~unrecorded, "owner"].map(owner_key).eq("").any()
    per_key = histories.loc[~unrecorded, "owner"].drop_duplicates().map(owner_key)
    assert per_key.is_unique
