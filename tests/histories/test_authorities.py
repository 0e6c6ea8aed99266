"""Labels of authorities: spellings, codes and reorganisations."""

import os
from pathlib import Path

import pandas as pd
import pytest

from bayescich.account import Account
from bayescich.histories.authorities import harmonise_authorities
from bayescich.records.code_sets import code_set

BCP = "Bournemouth, Christchurch and Poole"


def named(*labels: str | None, year: int = 2022) -> tuple[list[str], Account]:
    names, account = harmonise_authorities(
        pd.Series(labels, dtype="str"), pd.Series([year] * len(labels))
    )
    return names.tolist(), account


def rows_of(account: Account, stage: str) -> dict[str, int]:
    return {e.rule: e.rows for e in account.entries if e.stage == stage}


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("330", "Birmingham"),
        ("E08000025", "Birmingham"),
        ("e08000025", "Birmingham"),
        ("St Helens", "St. Helens"),
        ("SOUTHEND ON SEA", "Southend-on-Sea"),
        ("Telford & Wrekin", "Telford and Wrekin"),
        ("Bristol City Council", "Bristol, City of"),
        ("Kent County Council", "Kent"),
        ("London Borough of Camden", "Camden"),
        ("City of Bradford Metropolitan District Council", "Bradford"),
        ("City of London", "City of London"),
        ("Durham", "County Durham"),
        ("Hull", "Kingston upon Hull, City of"),
        # codes before a boundary changed
        ("E08000020", "Gateshead"),
        ("E10000002", "Buckinghamshire"),
        ("E10000023", "North Yorkshire"),
        ("E10000027", "Somerset"),
        # replaced by one other
        ("Poole", BCP),
        ("837", BCP),
        ("E06000029", BCP),
        ("835", "Dorset"),
        ("Dorset", "Dorset"),
    ],
)
def test_one_name_whatever_the_label(label: str, name: str) -> None:
    assert named(label)[0] == [name]


def test_an_authority_that_was_split_keeps_its_name_and_is_noted() -> None:
    names, account = named("Cumbria", "909", "Cumberland", "E10000021", year=2021)

    assert names == ["Cumbria", "Cumbria", "Cumberland", "Northamptonshire"]
    assert rows_of(account, "noted") == {
        "authority later split into two or more; its name is kept": 3,
        "authority named in a year in which it did not exist": 1,
    }


def test_an_unknown_label_is_left_in_its_most_frequent_spelling_and_noted() -> None:
    names, account = named("Northshire", "north-shire", "Northshire", None)

    assert names[:3] == ["Northshire"] * 3
    assert pd.isna(names[3])
    assert account.total("read", "authorities") == 3
    assert rows_of(account, "noted") == {"not a known authority in England; left as it is": 3}
    assert account.total("repaired", "authorities") == 1


def test_a_former_authority_named_too_late_is_noted() -> None:
    _, account = named("Poole", "Dorset", year=2019)
    assert rows_of(account, "noted") == {}
    _, account = named("Poole", "Dorset", year=2020)
    assert rows_of(account, "noted") == {"authority named in a year in which it did not exist": 1}


def test_every_successor_is_an_authority_that_begins_when_the_former_one_ends() -> None:
    table = code_set("authorities").set_index("code")
    former = table[table["successors"].ne("")]["successors"].str.split(";").explode()

    begins = table.loc[former, "valid_from"].astype(int).to_numpy()
    ends = table.loc[former.index, "valid_to"].astype(int).to_numpy()

    assert (begins == ends + 1).all()
    assert table.index.is_unique
    assert table["gss"].is_unique


def test_the_published_codes_are_all_known() -> None:
    if "BAYESCICH_REFERENCE" not in os.environ:
        pytest.skip("BAYESCICH_REFERENCE does not point at the reference files")
    geo = Path(os.environ["BAYESCICH_REFERENCE"], "geo", "derived_la_codes_dfe3_ons9.csv")
    published = pd.read_csv(geo, dtype=str)

    for column in ("old_la_code", "new_la_code", "la_name"):
        names, account = named(*published[column], year=2025)
        assert names == published["la_name"].tolist()
        assert "not a known authority in England; left as it is" not in rows_of(account, "noted")
