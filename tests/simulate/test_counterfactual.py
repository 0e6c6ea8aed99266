"""What would have been: against draws of homes, and in the order of the types' effects."""

import numpy as np
import pandas as pd
import pytest

from bayescich.simulate.calibration import value
from bayescich.simulate.outcomes.counterfactual import expected_outcomes
from bayescich.simulate.outcomes.effects import OUTCOMES, POSITION
from bayescich.simulate.outcomes.lives import expit
from bayescich.simulate.outcomes.npd_results import _points
from bayescich.simulate.outcomes.traits import slopes, traits
from bayescich.simulate.shapes import NEEDS
from tests.simulate.fake_shard import children, effects

TYPES = ("Secure", "Private, solo")
DRAWS = 200_000


@pytest.fixture(scope="module")
def who() -> pd.DataFrame:
    return children(["2008-03-31", "2008-09-05"], ability=[0.5, -1.0], difficulties=[9.0, 22.0])


@pytest.fixture(scope="module")
def needs() -> np.ndarray:
    has = np.zeros((2, len(NEEDS)), dtype=bool)
    has[1, NEEDS.index("violence")] = True
    return has


@pytest.fixture(scope="module")
def table(who: pd.DataFrame, needs: np.ndarray) -> pd.DataFrame:
    return expected_outcomes(who, needs, effects(), TYPES)


def _predictors(who: pd.DataFrame, needs: np.ndarray, row: int, label: str) -> np.ndarray:
    rng = np.random.default_rng(8)
    drawn = effects()
    intercept = np.array([value("outcomes.intercept")[name] for name in OUTCOMES])
    loading = np.array([value("outcomes.child_loading")[name] for name in OUTCOMES])
    base = intercept + traits(who, needs)[row] @ slopes() + drawn.type_effect(label)
    spread = np.sqrt(drawn.variance_of_new_home())
    size = (DRAWS, len(OUTCOMES))
    return base + rng.normal(size=size) * spread + rng.normal(size=size) * loading


def test_a_row_for_each_child_and_type(table: pd.DataFrame) -> None:
    assert table["child"].tolist() == [0, 0, 1, 1]
    assert table["home_type"].tolist() == [*TYPES, *TYPES]
    assert list(table.columns[2:]) == list(OUTCOMES)
    assert table[["english_maths", "offending", "activity"]].to_numpy().max() < 1


@pytest.mark.parametrize("row", [0, 1])
@pytest.mark.parametrize("label", TYPES)
def test_expectations_are_those_of_homes_drawn_anew(
    who: pd.DataFrame, needs: np.ndarray, table: pd.DataFrame, row: int, label: str
) -> None:
    eta = _predictors(who, needs, row, label)
    own = table[table["child"].eq(row) & table["home_type"].eq(label)].iloc[0]
    year11 = 2024 + row
    shift = {name: value("outcomes.years")[name].get(2025, 0.0) for name in OUTCOMES}
    shift["english_maths"] = value("outcomes.years")["english_maths"][year11]
    shift["sdq"] = (
        value("outcomes.years")["sdq"][2024 + row] + value("outcomes.sdq_age")["boys"][16]
    )
    passed = expit(eta[:, POSITION["english_maths"]] + shift["english_maths"]).mean()
    assert own["english_maths"] == pytest.approx(passed, abs=0.003)
    score = 40 * expit(eta[:, POSITION["sdq"]] + shift["sdq"]).mean()
    assert own["sdq"] == pytest.approx(score, abs=0.05)
    busy = expit(eta[:, POSITION["activity"]] + value("outcomes.activity_age")[18]).mean()
    assert own["activity"] == pytest.approx(busy, abs=0.003)
    points = _points(
        np.random.default_rng(2), eta[:, POSITION["attainment"]], np.full(DRAWS, year11),
        np.random.default_rng(3).normal(size=DRAWS),
    )  # fmt: skip
    assert own["attainment"] == pytest.approx(points.mean(), abs=0.15)


def test_a_better_type_is_better_for_everybody(table: pd.DataFrame) -> None:
    drawn = effects()
    for name in OUTCOMES:
        first, second = table[name].to_numpy().reshape(2, 2).T
        gap = drawn.type_effect(TYPES[0]) - drawn.type_effect(TYPES[1])
        assert (np.sign(first - second) == np.sign(gap[POSITION[name]])).all()


def test_moves_authority_and_the_hidden_confounder_count(
    who: pd.DataFrame, needs: np.ndarray, table: pd.DataFrame
) -> None:
    moved = expected_outcomes(who, needs, effects(), TYPES, moves=np.array([6, 6]))
    assert (moved["attainment"] < table["attainment"]).all()
    assert (moved["offending"] > table["offending"]).all()
    hidden = expected_outcomes(who.assign(hidden=1.0), needs, effects(), TYPES, hidden=1.0)
    assert (hidden["activity"] < table["activity"]).all()
    placed = expected_outcomes(who, needs, effects(), TYPES, authority=2)
    gap = effects().authority[2, POSITION["absence"]]
    assert (np.sign(placed["absence"] - table["absence"]) == np.sign(gap)).all()


def test_a_type_that_is_not_there_is_refused(who: pd.DataFrame, needs: np.ndarray) -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        expected_outcomes(who, needs, effects(), ("Lighthouse",))
