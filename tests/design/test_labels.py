"""Needs, needs within types and matches: which labels each row has, and what is refused."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayescich.design import Design, build_design
from bayescich.design.core import LabelMatrix
from bayescich.design.resolve import resolve_spec
from bayescich.errors import DesignError
from bayescich.spec import ModelSpec

NEEDS = {"kind": "needs"}
CROSSED = {"kind": "type_need"}
MATCHING = {"kind": "matching"}
TYPE = {"kind": "home_type"}


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "child": list("abcdef"),
            "home_type": ["solo", "large", "solo", "large", "small", "small"],
            "score": np.arange(6.0),
            "needs_known": [1, 1, 1, 1, 0, 1],
            "has_trauma": [1, 0, 1, 0, 0, 0],
            "has_autism": [1, 1, 0, 0, 0, 0],
            "has_nothing": 0,
            "meets_autism": [1, 0, 1, 1, 0, 0],
            "meets_trauma": [0, 1, 0, 0, 0, 1],
            "meets_eating": [0, 1, 0, 0, 0, 1],
        }
    )


def spec(*effects: dict[str, Any]) -> ModelSpec:
    return ModelSpec.model_validate(
        {
            "name": "toy", "title": "toy", "unit": "child", "effects": effects,
            "likelihood": {"family": "gaussian", "outcome": "score"},
        }
    )  # fmt: skip


def design(*effects: dict[str, Any], **columns: Any) -> Design:
    return build_design(table().assign(**columns), spec(*effects))


def rows(labels: LabelMatrix) -> list[set[str]]:
    """The labels of each row in words."""
    return [
        {labels.names[k] for k in labels.labels[a:b]}
        for a, b in zip(labels.start[:-1], labels.start[1:], strict=True)
    ]


def test_a_child_may_have_several_needs_and_nobodys_need_is_dropped() -> None:
    labels = design(NEEDS).labels["need"]
    assert labels.names == ("trauma", "autism", "not known")
    assert rows(labels) == [
        {"trauma", "autism"},
        {"autism"},
        {"trauma"},
        set(),
        {"not known"},
        set(),
    ]
    assert labels.weights.tolist() == [1.0] * 5


def test_not_known_is_a_label_only_where_it_differs() -> None:
    assert design(NEEDS, needs_known=1).labels["need"].names == ("trauma", "autism")
    assert design({**NEEDS, "known": None}).labels["need"].names == ("trauma", "autism")
    without = table().drop(columns="needs_known")
    assert build_design(without, spec(NEEDS)).labels["need"].names == ("trauma", "autism")


def test_needs_within_types_have_a_label_for_each_pair() -> None:
    made = design(TYPE, CROSSED)
    labels = made.labels["type_need"]
    assert labels.names == tuple(
        f"{need}|{kind}" for need in ("trauma", "autism") for kind in ("large", "small", "solo")
    )
    assert rows(labels) == [
        {"trauma|solo", "autism|solo"}, {"autism|large"}, {"trauma|solo"}, set(), set(), set(),
    ]  # fmt: skip


def test_types_within_needs_stand_in_the_order_of_the_types() -> None:
    # by label, as every factor over which nothing walks
    made = design(
        {**TYPE, "by": "places"}, {**CROSSED, "by": "places"}, places=[10, 2, 10, 2, 9, 9]
    )
    assert made.factors["places"].levels == ("10", "2", "9")
    labels = made.labels["type_need"]
    assert labels.names[:3] == ("trauma|10", "trauma|2", "trauma|9")
    assert rows(labels)[0] == {"trauma|10", "autism|10"}


def test_needs_within_types_need_no_effect_of_the_types() -> None:
    made = design(CROSSED)
    assert made.factors["home_type"].levels == ("large", "small", "solo")
    assert len(made.labels["type_need"].names) == 6


def test_a_match_is_a_need_the_child_has_and_the_home_meets() -> None:
    # trauma is never met where it is; of eating nothing is recorded
    labels = design(MATCHING).labels["matching"]
    assert labels.names == ("autism",)
    assert rows(labels) == [{"autism"}, set(), set(), set(), set(), set()]


def test_labels_follow_their_rows_when_units_are_sorted() -> None:
    shuffled = table().iloc[[3, 5, 0, 4, 2, 1]]
    made = build_design(shuffled, spec(NEEDS, TYPE, CROSSED, MATCHING))
    for name in ("need", "type_need", "matching"):
        there = design(NEEDS, TYPE, CROSSED, MATCHING).labels[name]
        assert rows(made.labels[name]) == rows(there)


@pytest.mark.parametrize(
    ("effect", "columns", "said"),
    [
        (NEEDS, {"has_trauma": [2, 0, 1, 0, 0, 0]}, "'has_trauma' holds something other than 0"),
        (NEEDS, {"has_trauma": [0.5, 0, 1, 0, 0, 0]}, "'has_trauma' holds something other than 0"),
        (NEEDS, {"has_trauma": [None, 0, 1, 0, 0, 0]}, "'has_trauma' is blank in 1 of 6 rows"),
        (NEEDS, {"has_trauma": list("yesyes")}, "'has_trauma' is not a number in 6 of 6 rows"),
        (NEEDS, {"needs_known": [2, 1, 1, 1, 0, 1]}, "'needs_known' holds something other than"),
        (NEEDS, {"needs_known": [None, 1, 1, 1, 0, 1]}, "'needs_known' is blank in 1 of 6 rows"),
        (MATCHING, {"meets_autism": [3, 0, 1, 1, 0, 0]}, "'meets_autism' holds something other"),
        (NEEDS, {"has_trauma": 0, "has_autism": 1}, "No column that begins with 'has_' differs"),
        (MATCHING, {"meets_autism": 0}, "No column that begins with 'meets_' differs"),
        (CROSSED, {"home_type": "solo"}, "Column 'home_type' has one level, 'solo'"),
        ({**CROSSED, "by": "kind"}, {}, "The table has no column 'kind'"),
    ],
)
def test_needs_that_cannot_be_read_are_named(
    effect: dict[str, Any], columns: dict[str, Any], said: str
) -> None:
    with pytest.raises(DesignError) as caught:
        design(effect, **columns)
    assert said in str(caught.value)


OPTIONAL = [{**effect, "optional": True} for effect in (NEEDS, CROSSED, MATCHING)]


def test_optional_effects_stay_where_the_table_bears_them() -> None:
    asked = spec(TYPE, *OPTIONAL)
    resolved = resolve_spec(table(), asked)
    assert resolved.spec == asked
    assert resolved.left_out == ()


def test_optional_effects_are_left_out_and_it_is_said() -> None:
    asked = spec(TYPE, *OPTIONAL)
    bare = table().drop(columns=[c for c in table().columns if c.startswith("has_")])
    resolved = resolve_spec(bare, asked)
    assert [e.kind for e in resolved.spec.effects] == ["home_type"]
    assert len(resolved.left_out) == 3
    assert "the effect 'needs' is left out" in resolved.left_out[0]
    assert "begins with 'has_'" in resolved.left_out[1]
    assert "'matching'" in resolved.left_out[2]
    assert build_design(bare, resolved.spec).labels == {}

    unmet = resolve_spec(table().assign(meets_autism=0), asked)
    assert [e.kind for e in unmet.spec.effects] == ["home_type", "needs", "type_need"]
    assert "begins with 'meets_'" in unmet.left_out[0]


def test_what_is_not_optional_is_never_left_out() -> None:
    asked = spec(NEEDS)
    bare = table().drop(columns=["has_trauma", "has_autism", "has_nothing"])
    assert resolve_spec(bare, asked).spec == asked
    with pytest.raises(DesignError, match="mark it optional: true"):
        build_design(bare, asked)


@given(st.lists(st.lists(st.integers(0, 2), min_size=4, max_size=4), min_size=1, max_size=8))
def test_labels_hold_the_matrix_they_came_from(dense: list[list[int]]) -> None:
    matrix = np.array(dense, dtype=np.float64)
    labels = LabelMatrix.of(matrix, tuple("abcd"))
    back = np.zeros_like(matrix)
    for row, (a, b) in enumerate(zip(labels.start[:-1], labels.start[1:], strict=True)):
        back[row, labels.labels[a:b]] = labels.weights[a:b]
    np.testing.assert_array_equal(back, matrix)
    # rows alike have one pattern, others have another
    pattern = labels.patterns()
    for one in range(len(matrix)):
        for other in range(len(matrix)):
            same = bool((matrix[one] == matrix[other]).all())
            assert (pattern[one] == pattern[other]) == same
    taken = labels.take(np.array([len(matrix) - 1, 0]))
    assert taken.start.tolist() == [
        0, int((matrix[-1] != 0).sum()), int((matrix[-1] != 0).sum() + (matrix[0] != 0).sum()),
    ]  # fmt: skip
