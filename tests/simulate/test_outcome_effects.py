"""Effects on outcomes: drawn as the calibration says, laid out as documented."""

import numpy as np
import pandas as pd
import pytest

from bayescich.simulate.calibration import value
from bayescich.simulate.outcomes.effects import (
    OUTCOMES,
    POSITION,
    OutcomeEffects,
    draw_outcome_effects,
)
from bayescich.simulate.outcomes.traits import NEEDS_OF, TRAITS, person_normals, slopes, traits
from bayescich.simulate.shapes import FOSTER, HOME, KINDS, NEEDS, NEVER, PARENTS, Homes
from tests.simulate.fake_shard import authorities, children, effects, homes


@pytest.fixture(scope="module")
def many() -> tuple[OutcomeEffects, Homes]:
    number = 4_000
    label = np.array([f"type {row % 8}" for row in range(number)], dtype=object)
    registrations = pd.DataFrame(
        {"home": np.arange(number), "urn": np.arange(number).astype(str), "begins": 0,
         "ends": NEVER, "owner": np.arange(number) % 1_000}
    )  # fmt: skip
    stand = Homes(
        pd.DataFrame({"home_type": label}),
        registrations,
        np.arange(1_000).astype(str).astype(object),
        np.zeros((number, len(NEEDS)), dtype=bool),
    )
    return draw_outcome_effects(np.random.default_rng(1), stand, 150), stand


def test_homes_owners_and_authorities_vary_as_calibrated(
    many: tuple[OutcomeEffects, Homes],
) -> None:
    drawn, _ = many
    for name, at in POSITION.items():
        loading = value("outcomes.home_loading")[name]
        own = value("outcomes.home_own_sd")[name]
        assert drawn.home[:, at].std() == pytest.approx(np.hypot(loading, own), rel=0.05)
        assert drawn.owner[:, at].std() == pytest.approx(
            value("outcomes.provider_sd")[name], rel=0.1
        )
        assert drawn.authority[:, at].std() == pytest.approx(
            value("outcomes.authority_sd")[name], rel=0.25
        )


def test_effects_add_up_to_zero_over_their_levels(many: tuple[OutcomeEffects, Homes]) -> None:
    drawn, _ = many
    for effect in (drawn.home, drawn.owner, drawn.authority, drawn.leniency):
        assert abs(effect.mean(axis=0)).max() < 1e-12
    means = value("outcomes.home_mean")
    assert drawn.home_type.mean(axis=0) == pytest.approx([means[name] for name in OUTCOMES])


def test_the_outcomes_there_were_before_have_the_effects_they_had() -> None:
    # drawn in this order before there was a Level 2 by 19
    rng, stand, number = np.random.default_rng(4), homes(), len(OUTCOMES) - 1
    rng.normal(size=3)  # types: solo, large, secure
    rng.normal(size=(3, number))
    quality = rng.normal(size=len(stand.frame))
    own = rng.normal(size=(len(stand.frame), number))
    owner = rng.normal(size=(len(stand.owners), number))
    drawn = effects(4)
    assert list(OUTCOMES)[-1] == "level2"
    sd = np.array([value("outcomes.provider_sd")[name] for name in list(OUTCOMES)[:-1]])
    assert drawn.owner[:, :-1] == pytest.approx((owner - owner.mean(axis=0)) * sd)
    column = POSITION["sdq"]
    expected = -(quality - quality.mean()) * value("outcomes.home_loading")["sdq"]
    part = own[:, column] - own[:, column].mean()
    assert drawn.home[:, column] == pytest.approx(
        expected + part * value("outcomes.home_own_sd")["sdq"]
    )
    assert drawn.owner[:, POSITION["level2"]].std() > 0


def test_one_quality_lies_behind_all_outcomes_of_a_home(
    many: tuple[OutcomeEffects, Homes],
) -> None:
    drawn, _ = many
    home = drawn.home
    expected = 1.0
    for name, sign in (("attainment", 1), ("absence", -1)):
        loading = value("outcomes.home_loading")[name]
        expected *= sign * loading / np.hypot(loading, value("outcomes.home_own_sd")[name])
    found = np.corrcoef(home[:, POSITION["attainment"]], home[:, POSITION["absence"]])[0, 1]
    assert found == pytest.approx(expected, abs=0.04)
    assert found < -0.3
    assert abs(np.corrcoef(drawn.leniency, home[:, POSITION["sdq"]])[0, 1]) < 0.05


def test_a_placement_has_the_effect_of_its_home_and_owner_or_of_its_setting() -> None:
    drawn = effects()
    kind = np.array([HOME, FOSTER, PARENTS, HOME, HOME])
    home = np.array([2, -1, -1, -1, 3])
    owner = np.array([0, -1, -1, -1, 2])
    found = drawn.of_placements(kind, home, owner)
    whole = drawn.type_effect("Local authority, large") + drawn.home[2] + drawn.owner[0]
    assert found[0] == pytest.approx(whole)
    assert not found[1].any()
    assert found[2] == pytest.approx(drawn.setting[PARENTS])
    assert found[3] == pytest.approx(drawn.home_type.mean(axis=0))
    assert found[4] == pytest.approx(drawn.home[3] + drawn.owner[2])  # short breaks have no type


def test_no_effect_is_changed_by_asking_for_placements() -> None:
    drawn = effects()
    before = drawn.setting.copy()
    drawn.of_placements(np.array([HOME]), np.array([0]), np.array([1]))
    assert (drawn.setting == before).all()


def test_the_tables_of_truth_name_every_level_once() -> None:
    drawn, stand = effects(), homes()
    levels = drawn.levels(stand, authorities())
    assert not levels.duplicated(["variable", "level"]).any()
    at = levels.set_index(["variable", "level"])["value"]
    assert at["absence_home", "SC900002"] == drawn.home[2, POSITION["absence"]]
    assert at["level3_provider", "B"] == drawn.owner[1, POSITION["level3"]]
    assert at["sdq_authority", "Testshire 2"] == drawn.authority[2, POSITION["sdq"]]
    assert at["sdq_leniency_home", "SC900004"] == drawn.leniency[4]


def test_parameters_are_named_after_the_models_that_look_for_them() -> None:
    drawn = effects()
    table = drawn.parameters()
    assert list(table.columns) == ["model", "variable", "level", "value"]
    assert not table.duplicated(["model", "variable", "level"]).any()
    later = table.loc[table["model"].eq("outcomes18"), "variable"].str.split("_").str[0]
    assert set(later) == {"in", "activity", "accommodation", "level3", "level2"}
    at = table.set_index(["variable", "level"])["value"]
    assert at["absence_home_type", "Secure"] == pytest.approx(
        drawn.home_type[drawn.types.index("Secure"), POSITION["absence"]]
    )
    assert at["offending_setting", "custody"] == value("outcomes.settings")["offending"]["custody"]
    assert ("offending_setting", "home") not in at.index
    assert at["sdq_fixed", "difficulties"] == value("outcomes.fixed")["sdq"]["difficulties"]
    assert at["sdq_year", "2021"] == value("outcomes.years")["sdq"][2021]
    assert at["sdq_year", "2005"] == value("outcomes.years")["sdq"][2010]
    assert at["any_points_ratio", ""] == value("outcomes.any_points")["ratio"]
    for level in ("level2", "level3"):
        assert at[f"{level}_intercept", ""] == value("outcomes.intercept")[level]
    assert at["level2_fixed", "ability"] == value("outcomes.fixed")["level2"]["ability"]
    assert at["level2_home_type", "Secure"] == pytest.approx(
        drawn.home_type[drawn.types.index("Secure"), POSITION["level2"]]
    )
    assert at["attainment_dispersion", ""] == value("outcomes.dispersion")["attainment"]


def test_every_outcome_has_every_figure() -> None:
    figures = (
        "better", "home_mean", "home_type_sd", "home_loading", "home_own_sd",
        "provider_sd", "authority_sd", "settings", "child_loading", "intercept",
    )  # fmt: skip
    for figure in figures:
        assert list(value(f"outcomes.{figure}")) == list(OUTCOMES), figure
    assert slopes().shape == (len(TRAITS), len(OUTCOMES))
    assert all(set(given) <= set(KINDS) for given in value("outcomes.settings").values())


def test_traits_count_needs_by_kind() -> None:
    who = children(["2005-05-05"], difficulties=21.0, hidden=2.0, SEX="F")
    needs = np.zeros((1, len(NEEDS)), dtype=bool)
    for name in ("aggression", "violence", "drugs", "missing", "criminal_behaviour", "autism",
                 "learning_disabilities", "self_harm"):  # fmt: skip
        needs[0, NEEDS.index(name)] = True
    found = dict(zip(TRAITS, traits(who, needs, np.array([25]), hidden=0.5)[0], strict=True))
    assert found == {
        "ability": 0, "difficulties": 1, "acting_out": 4, "distress": 1, "disability": 1,
        "schooling": 0, "male": 0, "asylum": 0, "moves": 10, "hidden": 1,
    }  # fmt: skip
    assert {need for kinds in NEEDS_OF.values() for need in kinds} == set(NEEDS)


def test_a_person_has_one_number_a_stream_and_numbers_are_normal() -> None:
    person = np.arange(50_000)
    drawn = person_normals(2026, person, "trouble")
    assert drawn.mean() == pytest.approx(0, abs=0.02)
    assert drawn.std() == pytest.approx(1, abs=0.02)
    other = person_normals(2026, person, "link")
    assert abs(np.corrcoef(drawn, other)[0, 1]) < 0.02
    assert abs(np.corrcoef(drawn[1:], drawn[:-1])[0, 1]) < 0.02
    assert (person_normals(2026, person[::-1], "trouble")[::-1] == drawn).all()
    assert (person_normals(2027, person, "trouble") != drawn).all()
