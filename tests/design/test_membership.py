"""Several homes a row: weights, schemes, needs and company by weight; every fault named."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayescich.design import Design, build_design
from bayescich.design.core import Factor, LabelMatrix, Membership
from bayescich.errors import DesignError
from bayescich.spec import ModelSpec

COLUMNS = {"home": "home_", "home_type": "home_type_", "setting": "setting_"}
HOMES = {"kind": "group", "by": "home"}
TYPES = {"kind": "home_type"}
SETTINGS = {"kind": "settings"}


def table(**changes: Any) -> pd.DataFrame:
    """Child a: fostered, then in two homes; b in one home twice; c in one home throughout."""
    columns = {
        "child": list("cab"),
        "score": [1.0, 2.0, 4.0],
        "setting_1": ["home", "foster", "home"],
        "setting_2": [None, "home", "kin"],
        "setting_3": [None, "home", "home"],
        "home_1": ["K", None, "H"],
        "home_2": [None, "H", None],
        "home_3": [None, "K", "H"],
        "home_type_1": ["large", None, "solo"],
        "home_type_2": [None, "solo", None],
        "home_type_3": [None, "large", "solo"],
        "weight_1": [1.0, 0.5, 0.25],
        "weight_2": [None, 0.2, 0.125],
        "weight_3": [None, 0.3, 0.5],
    }
    return pd.DataFrame(columns | changes)


def spec(*effects: dict[str, Any], **membership: Any) -> ModelSpec:
    return ModelSpec.model_validate(
        {
            "name": "toy", "title": "toy", "unit": "child", "effects": effects or (HOMES,),
            "likelihood": {"family": "gaussian", "outcome": "score"},
            "membership": {"columns": COLUMNS, "weights": "weight_"} | membership,
        }
    )  # fmt: skip


def weights(found: Membership | LabelMatrix) -> list[dict[str, float]]:
    """Each row's levels and their weights."""
    labels = found.labels if isinstance(found, Membership) else found
    dense = labels.matrix().toarray()
    return [
        {labels.names[k]: round(float(row[k]), 12) for k in np.flatnonzero(row)} for row in dense
    ]


def lived(design: Design, column: str = "home") -> list[dict[str, float]]:
    found = design.factors[column]
    assert isinstance(found, Membership)
    return weights(found)


def test_a_home_counts_by_its_weight_and_one_lived_in_twice_by_both() -> None:
    design = build_design(table(), spec(HOMES, TYPES, SETTINGS))
    # rows a, b, c
    assert lived(design) == [{"H": 0.2, "K": 0.3}, {"H": 0.75}, {"K": 1.0}]
    assert lived(design, "home_type") == [{"solo": 0.2, "large": 0.3}, {"solo": 0.75}, {"large": 1}]
    assert lived(design, "setting") == [
        {"foster": 0.5, "home": 0.5},
        # what is left of b's window was in no stay
        {"home": 0.75, "kin": 0.125, "not in care": 0.125},
        {"home": 1.0},
    ]
    alike = build_design(table(), spec(HOMES, TYPES, SETTINGS | {"rest": None}))
    assert lived(alike, "setting")[1] == {"home": 0.75, "kin": 0.125}
    homes = design.factors["home"]
    assert isinstance(homes, Membership)
    assert len(homes.labels.labels) == 4
    # how many rows knew each home, whatever their weight
    assert homes.counts().tolist() == [2, 2]
    np.testing.assert_allclose(homes.sums(np.array([1.0, 10, 100])), [0.2 + 7.5, 0.3 + 100])


@pytest.mark.parametrize(
    ("scheme", "homes"),
    [
        # each stay the same, adding up to as much as before: a had three, one of them fostered
        ("equal", [{"H": 1 / 3, "K": 1 / 3}, {"H": 2 * 0.875 / 3}, {"K": 1.0}]),
        ("first", [{}, {"H": 0.875}, {"K": 1.0}]),
        ("last", [{"K": 1.0}, {"H": 0.875}, {"K": 1.0}]),
    ],
)
def test_schemes_weigh_the_same_stays_otherwise(scheme: str, homes: list[dict[str, float]]) -> None:
    found = lived(build_design(table(), spec(HOMES, scheme=scheme)))
    assert found == [{k: round(v, 12) for k, v in row.items()} for row in homes]


def test_with_settings_the_first_home_stands_for_all_not_the_first_stay() -> None:
    never = pd.DataFrame(
        {
            "child": ["d", "e"], "score": 3.0, "setting_1": ["foster", "kin"], "weight_1": 0.5,
            "setting_2": ["kin", "foster"], "weight_2": 0.5,
        }
    )  # fmt: skip
    frame = pd.concat([table(), never], ignore_index=True)
    first = build_design(frame, spec(HOMES, SETTINGS, scheme="first"))
    assert lived(first) == [{"H": 1.0}, {"H": 0.875}, {"K": 1.0}, {}, {}]
    # whoever was in no home keeps the first stay of all
    assert lived(first, "setting")[1:4] == [
        {"home": 0.875, "not in care": 0.125}, {"home": 1.0}, {"foster": 1.0},
    ]  # fmt: skip
    last = build_design(frame, spec(HOMES, SETTINGS, scheme="last"))
    assert lived(last)[0] == {"K": 1.0}
    assert lived(last, "setting")[3] == {"kin": 1.0}


def test_without_weights_each_stay_counts_the_same() -> None:
    bare = table().drop(columns=["weight_1", "weight_2", "weight_3"])
    found = lived(build_design(bare, spec(weights=None)))
    assert found == [
        {"H": round(1 / 3, 12), "K": round(1 / 3, 12)}, {"H": round(2 / 3, 12)}, {"K": 1.0},
    ]  # fmt: skip


def test_columns_are_taken_by_number_not_by_letter() -> None:
    many = pd.DataFrame({"child": list("ab"), "score": [1.0, 2.0]})
    for k in range(1, 12):
        many[f"home_{k}"] = [f"H{k}", "H1"]
        many[f"weight_{k}"] = [0.01 * k, 0.05]
    found = lived(build_design(many, spec(columns={"home": "home_"})))
    assert found[0]["H10"] == 0.1
    assert found[0]["H2"] == 0.02
    assert found[1] == {"H1": 0.55}
    last = lived(build_design(many, spec(columns={"home": "home_"}, scheme="last")))
    assert last[0] == {"H11": 0.66}


def test_columns_may_be_named_one_by_one() -> None:
    frame = table().rename(columns={"home_2": "second", "weight_2": "share"})
    named = {
        "columns": {"home": ("home_1", "second", "home_3")},
        "weights": ("weight_1", "share", "weight_3"),
    }
    # a stay in no home has no place then: it is given the weight nought
    frame = frame.assign(weight_1=[1.0, 0.0, 0.25], share=[None, 0.2, 0.0])
    assert lived(build_design(frame, spec(**named)))[0] == {"H": 0.2, "K": 0.3}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"weight_1": [1.5, 0.5, 0.25]}, "1 of 3 rows hold a weight outside 0 to 1"),
        ({"weight_1": [-0.5, 0.5, 0.25]}, "1 of 3 rows hold a weight outside 0 to 1"),
        ({"weight_1": [1.0, 0.9, 0.9]}, "2 of 3 rows have weights that add up to more than 1"),
        ({"weight_2": [0.0, 0.2, 0.125], "setting_1": [None, "foster", "home"], "home_1": None,
          "home_type_1": None}, "1 of 3 rows hold a stay with a weight and no place"),
        ({"weight_1": [0.0, 0.5, 0.25]}, "1 of 3 rows have no stay: they have no window"),
        ({"weight_1": [None, 0.5, 0.25]}, "1 of 3 rows have no stay: they have no window"),
        ({"weight_1": ["all", 0.5, 0.25]}, "'weight_1' is not a number in 1 of 3 rows"),
        ({"weight_4": 0.0}, "differ in how many there are: home 3, home_type 3, setting 3, weigh"),
    ],
)  # fmt: skip
def test_weights_that_cannot_be_are_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(DesignError) as caught:
        build_design(table(**changes), spec(HOMES, TYPES, SETTINGS))
    assert said in str(caught.value)


def test_the_offending_weight_is_shown() -> None:
    for weight in (-0.5, 1.5):
        with pytest.raises(DesignError, match=f"c: {weight}"):
            build_design(table(weight_1=[weight, 0.5, 0.25]), spec())
    with pytest.raises(DesignError, match=r"a: 1\.4"):
        build_design(table(weight_1=[1.0, 0.9, 0.25]), spec())


def test_shares_that_add_up_to_one_but_for_rounding_are_taken() -> None:
    thirds = {"weight_1": [1.0, 0.3333334, 0.25], "weight_2": [None, 0.3333334, 0.125]}
    frame = table(**thirds, weight_3=[None, 0.3333334, 0.5])
    assert lived(build_design(frame, spec()))[0]["H"] == 0.3333334


def test_columns_that_are_not_there_are_named() -> None:
    with pytest.raises(DesignError, match="has no columns place_1, place_2, and so on"):
        build_design(table(), spec(columns={"home": "place_"}))
    with pytest.raises(DesignError, match="no column 'home_9'"):
        build_design(table(), spec(columns={"home": ("home_1", "home_9")}, weights=None))


def test_settings_and_walks_need_the_rows_they_are_made_for() -> None:
    kinds = {"home": "home_", "kind": "setting_"}
    with pytest.raises(DesignError, match="'settings' is by 'setting', which is not among"):
        build_design(table(setting=list("xyz")), spec(SETTINGS, columns=kinds))
    with pytest.raises(DesignError, match="'walk' is by 'home', of which a row has several"):
        build_design(table(), spec({"kind": "walk", "by": "home"}))
    one = {f"home_{k}": ["H", "H", "H"] for k in (1, 2, 3)}
    with pytest.raises(DesignError, match="Column 'home' has one level, 'H'"):
        build_design(table(**one), spec())


def test_settings_are_compared_with_one_that_somebody_lived_in() -> None:
    said = "Nobody lived in 'residential', with which settings are compared"
    with pytest.raises(DesignError, match=said) as caught:
        build_design(table(), spec(HOMES, {**SETTINGS, "reference": "residential"}))
    assert "the table has: foster, home, kin" in str(caught.value)


def test_needs_are_crossed_with_types_by_their_weight() -> None:
    frame = table(has_trauma=[1, 1, 0], has_autism=[0, 1, 1])
    crossed = {"kind": "type_need"}
    labels = build_design(frame, spec(TYPES, crossed)).labels["type_need"]
    assert labels.names == ("trauma|large", "trauma|solo", "autism|large", "autism|solo")
    assert weights(labels) == [
        {"trauma|large": 0.3, "trauma|solo": 0.2, "autism|large": 0.3, "autism|solo": 0.2},
        {"autism|solo": 0.75},
        {"trauma|large": 1.0},
    ]


def test_a_need_is_met_in_part_where_some_homes_meet_it() -> None:
    frame = table(has_trauma=[1, 1, 0], meets_trauma=[0.0, 0.3, 1.0])
    labels = build_design(frame, spec(HOMES, {"kind": "matching"})).labels["matching"]
    assert weights(labels) == [{"trauma": 0.3}, {}, {}]
    with pytest.raises(DesignError, match="'meets_trauma' holds something other"):
        build_design(frame.assign(meets_trauma=[0, 1.3, 1]), spec(HOMES, {"kind": "matching"}))


COMPANY = {"kind": "fixed", "formula": "x", "means_by": "home"}


def company(frame: pd.DataFrame, *effects: dict[str, Any]) -> np.ndarray:
    fixed = build_design(frame, spec(COMPANY, *effects)).fixed
    assert fixed is not None
    assert fixed.names == ("x", "home mean of x")
    return fixed.values[:, 1] + fixed.centres[1]


def test_the_mean_of_the_company_is_by_the_weight_of_each_home() -> None:
    frame = pd.DataFrame(
        {
            "child": list("abc"), "score": [1.0, 2.0, 4.0], "x": [1.0, 2.0, 6.0],
            "home_1": ["H", "H", "K"], "weight_1": [0.6, 0.5, 1.0],
            "home_2": ["K", None, None], "weight_2": [0.4, None, None],
        }
    )  # fmt: skip
    columns = {"columns": {"home": "home_"}}
    fixed = build_design(frame, spec(COMPANY, HOMES, **columns)).fixed
    assert fixed is not None
    # of a, others in H: 0.5 × 2 in 0.5; in K: 1 × 6 in 1. Of b: 0.6 × 1 in 0.6. Of c: 0.4 × 1 in
    # 0.4. Each less the mean of all, 3, and by the part of the window
    expected = np.array([0.6 * (2 - 3) + 0.4 * (6 - 3), 0.5 * (1 - 3), 1.0 * (1 - 3)])
    np.testing.assert_allclose(fixed.values[:, 1] + fixed.centres[1], expected)


def test_where_nobody_else_lived_the_company_is_the_mean_of_all() -> None:
    frame = table(home_3=[None, "J", "H"], x=[1.0, 2.0, 6.0])
    # a was alone in J; b and c were alone in K but for nobody: others in H are b and a
    found = company(frame, HOMES)
    np.testing.assert_allclose(found, [0.2 * (6 - 3), 0.75 * (2 - 3), 0.0], atol=1e-12)


def test_company_needs_an_effect_of_its_homes() -> None:
    with pytest.raises(DesignError, match="means_by names 'home', which has no effect of its own"):
        build_design(table(x=[1.0, 2.0, 6.0]), spec(COMPANY))


def test_one_home_of_weight_one_is_a_plain_group() -> None:
    frame = pd.DataFrame(
        {
            "child": list("abcde"), "score": np.arange(5.0), "x": [3.0, 1, 4, 1, 5],
            "home_1": list("HKHKH"), "weight_1": 1.0, "home": list("HKHKH"),
        }
    )  # fmt: skip
    several = build_design(frame, spec(COMPANY, HOMES, columns={"home": "home_"}))
    plain = build_design(frame, spec(COMPANY, HOMES).model_copy(update={"membership": None}))
    one, other = several.factors["home"], plain.factors["home"]
    assert isinstance(one, Membership)
    assert isinstance(other, Factor)
    assert one.levels == other.levels
    assert one.labels.labels.tolist() == other.codes.tolist()
    assert one.labels.weights.tolist() == [1.0] * 5
    assert several.fixed is not None
    assert plain.fixed is not None
    np.testing.assert_allclose(several.fixed.values, plain.fixed.values, atol=1e-12)
