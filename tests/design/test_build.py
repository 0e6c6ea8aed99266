"""Factors, order of rows and the columns that a spec asks for."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayescich.design import Factor, build_design
from bayescich.errors import DesignError
from bayescich.spec import ModelSpec

SPEC = ModelSpec.model_validate(
    {
        "name": "toy",
        "title": "toy",
        "unit": "home",
        "likelihood": {"family": "gaussian", "outcome": "score"},
        "effects": [{"kind": "group", "by": "authority"}, {"kind": "fixed", "formula": "age"}],
    }
)


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "home": ["SC2", "SC10", "SC1", "SC2"],
            "authority": ["Kent", "Kent", "Bury", "Bury"],
            "score": [1.0, 2.0, 3.0, 4.0],
            "age": [10, 12, 14, 16],
        }
    )


def test_rows_are_sorted_by_unit_and_every_array_with_them() -> None:
    design = build_design(table(), SPEC)
    assert design.row_ids == ("SC1", "SC10", "SC2", "SC2")
    assert design.unit.codes.tolist() == [0, 1, 2, 2]
    # the two rows of SC2 keep their order
    assert design.outcome["y"][:, 0].tolist() == [3.0, 2.0, 1.0, 4.0]
    assert design.factors["authority"].levels == ("Bury", "Kent")
    assert design.factors["authority"].codes.tolist() == [0, 1, 1, 0]
    assert design.fixed is not None
    assert design.fixed.values[:, 0].tolist() == [1.0, -1.0, -3.0, 3.0]


@given(st.permutations(range(12)))
def test_the_design_does_not_depend_on_the_order_of_the_rows(order: list[int]) -> None:
    frame = pd.DataFrame(
        {
            "home": [f"H{k:02d}" for k in range(12)],
            "authority": list("abcabcabcabc"),
            "score": np.arange(12.0),
            "age": np.arange(12) % 5,
        }
    )
    plain, shuffled = build_design(frame, SPEC), build_design(frame.iloc[order], SPEC)
    assert plain.row_ids == shuffled.row_ids
    assert plain.outcome["y"].tolist() == shuffled.outcome["y"].tolist()
    assert (plain.factors["authority"].codes == shuffled.factors["authority"].codes).all()


def test_numbers_as_ids_are_labels() -> None:
    frame = table().assign(home=[2, 10, 1, 2], authority=[1, 1, 2, 2])
    design = build_design(frame, SPEC)
    assert design.row_ids == ("1", "10", "2", "2")
    assert design.factors["authority"].levels == ("1", "2")


def test_the_frailty_of_a_hazard_has_its_own_factor() -> None:
    likelihood = {
        "family": "hazard", "event": "moved", "time": "days", "cuts": [7], "frailty": "child",
    }  # fmt: skip
    spec = ModelSpec.model_validate(
        {"name": "toy", "title": "toy", "unit": "child", "likelihood": likelihood}
    )
    frame = pd.DataFrame({"child": list("bab"), "moved": [1, 0, 1], "days": [3, 4, 5]})
    design = build_design(frame, spec)
    assert design.factors["child"].codes.tolist() == design.unit.codes.tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("gone", "field", "hint"),
    [
        ("score", "likelihood.outcome", "scores"),
        ("authority", "effects.0.by", "authoritys"),
        ("home", "unit", "homes"),
        ("age", "effects (formula)", "ages"),
    ],
)
def test_an_absent_column_names_the_field_and_the_nearest(gone: str, field: str, hint: str) -> None:
    with pytest.raises(DesignError) as caught:
        build_design(table().rename(columns={gone: f"{gone}s"}), SPEC)
    said = str(caught.value)
    assert f"The table has no column '{gone}'" in said
    assert f"field {field}" in said
    assert f"Did you mean '{hint}'" in said


def test_a_group_with_one_level_is_refused() -> None:
    with pytest.raises(DesignError, match="Column 'authority' has one level, 'Kent'"):
        build_design(table().assign(authority="Kent"), SPEC)


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(DesignError, match="no rows"):
        build_design(table().iloc[:0], SPEC)


def test_blank_cells_are_counted_and_never_dropped() -> None:
    with pytest.raises(DesignError, match="'authority' is blank in 2 of 4 rows"):
        build_design(table().assign(authority=["Kent", None, np.nan, "Bury"]), SPEC)
    with pytest.raises(DesignError, match="'age' is blank in 1 of 4 rows"):
        build_design(table().assign(age=[10, None, 14, 16]), SPEC)


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=30),
    st.integers(0, 3),
)
def test_sums_by_level_are_those_of_a_loop(codes: list[int], leading: int) -> None:
    factor = Factor("home", tuple("abcde"), np.array(codes))
    values = np.random.default_rng(len(codes)).normal(size=(*[2] * leading, len(codes)))
    summed = factor.sums(values)
    assert summed.shape == (*[2] * leading, 5)
    for level in range(5):
        here = [k for k, code in enumerate(codes) if code == level]
        np.testing.assert_allclose(summed[..., level], values[..., here].sum(axis=-1), atol=1e-12)
    assert factor.counts().tolist() == [codes.count(level) for level in range(5)]


def test_a_unit_made_of_numbers_keeps_its_rows_together_and_in_the_order_of_its_levels() -> None:
    # 10 comes before 9 as a label: rows and levels must agree on it
    spec = ModelSpec.model_validate(
        {
            "name": "rats", "title": "Rats", "unit": "litter",
            "likelihood": {"family": "bernoulli", "outcome": "died"},
            "effects": [{"kind": "group", "by": "litter"}],
        }
    )  # fmt: skip
    table = pd.DataFrame({"litter": [9, 10, 9, 10, 2], "died": [1, 0, 1, 0, 0]})
    design = build_design(table, spec)
    assert design.unit.levels == ("10", "2", "9")
    assert design.unit.codes.tolist() == [0, 0, 1, 2, 2]
    assert design.unit.sums(design.outcome["y"][:, 0]).tolist() == [0, 0, 2]


def test_a_walk_goes_over_numbers_in_their_own_order() -> None:
    spec = ModelSpec.model_validate(
        {
            "name": "ages", "title": "Ages", "unit": "child",
            "likelihood": {"family": "bernoulli", "outcome": "moved"},
            "effects": [{"kind": "walk", "by": "age"}],
        }
    )  # fmt: skip
    table = pd.DataFrame({"child": list("abc"), "age": [10, 9, 2], "moved": [1, 0, 1]})
    assert build_design(table, spec).factors["age"].levels == ("2", "9", "10")
