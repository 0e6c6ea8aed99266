"""A child of a merged authority goes on under the number of its successor, or stays apart."""

from __future__ import annotations

import pandas as pd
import pytest

from bayescich.account import Account
from bayescich.histories.authorities import successor_labels
from bayescich.histories.reorganisations import follow_reorganisations
from bayescich.records.ssda903 import Ssda903Records

BCP = "Bournemouth, Christchurch and Poole"


def returns(*children: tuple[str, str, str]) -> Ssda903Records:
    header = pd.DataFrame(children, columns=["LA", "CHILD", "DOB"]).astype("str")
    header["DOB"] = pd.to_datetime(header["DOB"])
    return Ssda903Records(header, header[["LA", "CHILD"]].copy(), Account())


@pytest.mark.parametrize(
    ("children", "expected"),
    [
        ([("Poole", "7", "2010-05-15"), (BCP, "7", "2010-05-15")], [BCP, BCP]),
        ([("Poole", "7", "2010-05-15"), (BCP, "7", "2011-05-15")], ["Poole", BCP]),
        ([("Poole", "7", "2010-05-15"), (BCP, "8", "2010-05-15")], ["Poole", BCP]),
        ([("836", "7", "2010-05-15"), ("E06000058", "7", "2010-05-15")], ["E06000058"] * 2),
        ([("Cumbria", "7", "2010-05-15"), ("Cumberland", "7", "2010-05-15")],
         ["Cumbria", "Cumberland"]),
        ([("Poole", "7", "2010-05-15")], ["Poole"]),
    ],
)  # fmt: skip
def test_the_same_number_and_birthday_make_one_child(
    children: list[tuple[str, str, str]], expected: list[str]
) -> None:
    followed, _ = follow_reorganisations(returns(*children))
    assert followed.header["LA"].tolist() == expected
    assert followed.episodes["LA"].tolist() == expected


def test_two_children_who_would_become_one_are_kept_apart_and_noted() -> None:
    child = ("7", "2010-05-15")
    followed, account = follow_reorganisations(
        returns(("Poole", *child), ("Bournemouth", *child), (BCP, *child))
    )
    assert followed.header["LA"].tolist() == ["Poole", "Bournemouth", BCP]
    assert account.total("noted", "authorities") == 2


def test_each_child_followed_is_counted_once() -> None:
    child = ("7", "2010-05-15")
    _, account = follow_reorganisations(
        returns(("Poole", *child), ("Poole", *child), (BCP, *child))
    )
    assert account.total("repaired", "authorities") == 1


def test_successors_are_named_as_in_the_returns() -> None:
    assert successor_labels(["Northshire", "Buckinghamshire"]) == {}
    assert successor_labels(["Bournemouth", "bcp council", "Poole"]) == {
        "Bournemouth": "bcp council",
        "Poole": "bcp council",
    }
