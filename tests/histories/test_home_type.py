"""The type of a home, its parts, and what happens to types with few homes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from bayescich.errors import HistoriesError
from bayescich.histories.home_type import (
    home_type,
    home_type_parts,
    merge_small_types,
    parts_of_types,
    size_band,
)
from bayescich.records.ofsted import read_ofsted

SCHOOL = "Residential special school (registered as a children's home)"


def homes(*rows: tuple[str, str, int | None, bool]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["provision_type", "sector", "places", "short_breaks"])
    return frame.astype({"places": "Int64"})


def listed(counts: dict[str, int]) -> tuple[pd.Series, pd.Series]:
    """Return labels and URNs: so many different homes of each type, one row each."""
    types = [label for label, number in counts.items() for _ in range(number)]
    return pd.Series(types), pd.Series([f"SC{i}" for i in range(len(types))])


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (("Secure children's home", "Local authority", 12, False), "Secure"),
        (("Secure children's home", "Local authority", 12, True), "Secure"),
        ((SCHOOL, "Private", 20, False), "Residential special school"),
        (("Children's home", "Private", 4, True), "Short breaks"),
        (("Children's home", "Private", 1, False), "Private, solo"),
        (("Children's home", "Local authority", 6, False), "Local authority, medium"),
        (("Children's home", "Health authority", 7, False), "Voluntary, large"),
        (("Children's home", "Voluntary", None, False), "Voluntary, size unknown"),
    ],
)
def test_class_comes_first_then_sector_and_size(
    row: tuple[str, str, int | None, bool], expected: str
) -> None:
    assert home_type(homes(row)).tolist() == [expected]


def test_bands_meet_without_gap_or_overlap() -> None:
    bands = size_band(pd.Series(range(1, 9), dtype="Int64"))
    assert bands.tolist() == [
        "solo", "dual", "small", "small", "medium", "medium", "large", "large",
    ]  # fmt: skip


def test_parts_can_be_had_from_homes_and_again_from_labels() -> None:
    rows = homes(
        ("Children's home", "Private", 3, False), ("Secure children's home", "Private", 9, False)
    )
    parts = home_type_parts(rows)
    assert parts.loc[0].tolist() == ["Private, small", "Open", "Private", "small"]
    assert parts.loc[1].tolist() == ["Secure", "Secure", "all sectors", "all sizes"]
    pd.testing.assert_frame_equal(parts_of_types(parts["home_type"]), parts)


def test_a_type_of_provision_that_is_no_home_is_refused() -> None:
    with pytest.raises(HistoriesError, match="Boarding School"):
        home_type(homes(("Boarding School", "Private", 3, False)))


def test_the_smallest_band_joins_the_neighbour_with_fewer_homes() -> None:
    types, urns = listed(
        {"Voluntary, solo": 30, "Voluntary, dual": 5, "Voluntary, small": 22, "Private, solo": 25}
    )
    merged, account = merge_small_types(types, urns)
    assert merged.value_counts().to_dict() == {
        "Voluntary, solo": 30, "Voluntary, dual to small": 27, "Private, solo": 25,
    }  # fmt: skip
    assert account.total("repaired", "home types") == 27


def test_joining_goes_on_until_there_are_enough_or_one_is_left() -> None:
    types, urns = listed({"Voluntary, solo": 3, "Voluntary, medium": 4, "Voluntary, large": 5})
    merged, account = merge_small_types(types, urns)
    assert merged.unique().tolist() == ["Voluntary, all sizes"]
    kept = [entry.rule for entry in account.entries if entry.stage == "kept"]
    assert kept == ['home type "Voluntary, all sizes" stays though it has fewer than 20 homes']


def test_few_homes_of_unknown_size_join_the_largest_group_and_many_stay() -> None:
    few, urns = listed({"Private, solo": 20, "Private, small": 40, "Private, size unknown": 19})
    assert merge_small_types(few, urns)[0].value_counts()["Private, small"] == 59
    many, urns = listed({"Private, solo": 20, "Private, small": 40, "Private, size unknown": 20})
    assert merge_small_types(many, urns)[0].equals(many)


def test_classes_are_never_joined_and_homes_are_counted_not_rows() -> None:
    types = pd.Series(["Secure"] * 2 + ["Private, solo"] * 30 + ["Private, dual"] * 20)
    urns = pd.Series(["S1", "S2"] + ["P1"] * 30 + [f"D{i}" for i in range(20)])
    merged, account = merge_small_types(types, urns)
    assert merged.value_counts().to_dict() == {"Private, all sizes": 50, "Secure": 2}
    assert 'home type "Private, solo" joined to "Private, all sizes"' in {
        entry.rule for entry in account.entries
    }


def test_types_of_the_register_of_march_2025(reference: Path) -> None:
    """Size bands of open homes as counted from Ofsted's list of 31 March 2025."""
    register = read_ofsted(reference / "ofsted" / "raw_provider_at_march_2025.csv").homes
    parts = home_type_parts(register)
    assert parts["home_class"].value_counts().to_dict() == {
        "Open": 3822, "Short breaks": 124, "Residential special school": 49, "Secure": 14,
    }  # fmt: skip
    still_open = parts[parts["home_class"] == "Open"]
    assert still_open["home_band"].value_counts().to_dict() == {
        "small": 1846, "dual": 781, "medium": 672, "solo": 325, "large": 198,
    }  # fmt: skip
    merged, _ = merge_small_types(parts["home_type"], register["urn"])
    assert merged.nunique() == 16, "eleven voluntary homes of one or two places join the small"
    assert register.groupby(merged)["urn"].nunique().drop("Secure").min() >= 20
