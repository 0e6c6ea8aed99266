"""What outcomes say on the scale people read, against sums over everything that can happen."""

import numpy as np
import pytest
from scipy.stats import betabinom

from bayescich.estimates.readings import readings_of
from bayescich.model.draws import Draws
from tests.tiny_outcomes import (
    ACTIVITIES,
    CUTPOINT,
    DISPERSION,
    MOST,
    OTHER_DISPERSION,
    SLOPE,
    outcome_fit,
)


def logistic(x):
    return 1.0 / (1.0 + np.exp(-x))


def draws_of(fit, **values):
    """One draw of what an outcome has beside its linear predictors."""
    kept = {
        name: array[:1]
        for name, array in fit.posterior.values.items()
        if name.startswith(("dispersion", "cutpoint", "residual", "recording"))
    }
    return Draws({**kept, **{name: np.array([value]) for name, value in values.items()}})


def read(fit, draws, eta):
    """Every reading at one η by part, by name."""
    whole = np.asarray(eta, dtype=float)[None, :, None]
    return {reading.name: float(reading.of(draws, whole)[0, 0]) for reading in readings_of(fit)}


def mean_if_any(eta, phi):
    points, mean = np.arange(MOST + 1), logistic(eta)
    chance = betabinom.pmf(points, MOST, mean * phi, (1 - mean) * phi)
    return (points * chance).sum() / (1 - chance[0])


@pytest.fixture(scope="module")
def points():
    return outcome_fit("points", 200)


def test_expected_points_are_the_chance_of_any_times_how_many_if_any(points):
    for any_, many in ((0.5, -1.0), (-3.0, -4.0), (2.0, 1.5)):
        found = read(points, draws_of(points, dispersion=DISPERSION), [any_, many, 0.2])
        assert found["points, if any"] == pytest.approx(mean_if_any(many, DISPERSION))
        assert found["points, if any"] >= 1.0
        assert found["any points"] == pytest.approx(logistic(any_))
        assert found["points"] == pytest.approx(logistic(any_) * mean_if_any(many, DISPERSION))
        assert found["points recorded"] == pytest.approx(logistic(0.2))


def test_points_come_first_and_say_what_they_are(points):
    found = readings_of(points)
    assert [(r.name, r.scale, r.responses) for r in found] == [
        ("points", "points", (0, 1)),
        ("any points", "probability", (0,)),
        ("points, if any", "points", (1,)),
        ("points recorded", "probability", (2,)),
    ]


def test_activities_sum_to_one_and_the_good_one_stands_once():
    fit = outcome_fit("activity", 200)
    eta = [0.4, 0.7, -0.9]
    found = read(fit, draws_of(fit), eta)
    assert list(found) == ["busy", "none", "unwell", "in touch, and busy", "in touch"]
    odds = np.exp([0.0, 0.7, -0.9])
    assert [found[label] for label in ACTIVITIES] == pytest.approx(odds / odds.sum())
    assert sum(found[label] for label in ACTIVITIES) == pytest.approx(1.0)
    assert found["in touch, and busy"] == pytest.approx(logistic(0.4) * found["busy"])


def test_several_good_activities_are_one_reading():
    fit = outcome_fit("activity", 200, likelihood={"good": ["none", "unwell"]})
    found = read(fit, draws_of(fit), [0.4, 0.7, -0.9])
    assert list(found)[:4] == ["none or unwell", *ACTIVITIES]
    assert found["none or unwell"] == pytest.approx(1.0 - found["busy"])
    assert found["in touch, and none or unwell"] == pytest.approx(
        logistic(0.4) * found["none or unwell"]
    )


def test_without_a_good_activity_the_first_is_the_main_one():
    fit = outcome_fit("activity", 200, likelihood={"good": []})
    found = read(fit, draws_of(fit), [0.4, 0.7, -0.9])
    assert list(found)[:3] == list(ACTIVITIES)
    assert found["in touch, and none"] == pytest.approx(logistic(0.4) * found["none"])


def test_of_outcomes_together_each_is_as_recorded_though_effects_are_turned():
    fit = outcome_fit("together", 200)
    own = draws_of(fit, dispersion_points=DISPERSION, dispersion_difficulties=OTHER_DISPERSION)
    found = read(fit, own, [0.5, -1.0, 0.8, 1.2])
    assert list(found) == ["points", "any points", "points, if any", "difficulties", "offending"]
    assert found["points"] == pytest.approx(logistic(0.5) * mean_if_any(-1.0, DISPERSION))
    # a higher linear predictor is better: fewer difficulties, less offending
    assert found["difficulties"] == pytest.approx(MOST * logistic(-0.8))
    assert found["offending"] == pytest.approx(1 - np.exp(-np.exp(-1.2)))


def test_grades_are_read_from_their_middle():
    fit = outcome_fit("grade", 200)
    found = read(fit, draws_of(fit, cutpoint=CUTPOINT), [0.3, -0.2])
    assert list(found) == ["4 or better: grade", "grade recorded"]
    assert found["4 or better: grade"] == pytest.approx(logistic(0.3 - CUTPOINT[0]))


@pytest.mark.parametrize(
    ("name", "reading", "scale", "expected"),
    [
        ("offending", "conviction", "probability", 1 - np.exp(-np.exp(0.4))),
        ("absence", "share of sessions missed", "probability", logistic(0.4)),
        ("wellbeing", "wellbeing", "value", 0.4),
    ],
)
def test_an_outcome_of_one_part_has_one_reading(name, reading, scale, expected):
    fit = outcome_fit(name, 200)
    (only,) = readings_of(fit)
    assert (only.name, only.scale, only.responses) == (reading, scale, (0,))
    assert read(fit, draws_of(fit), [0.4])[reading] == pytest.approx(expected)


def test_the_slope_of_being_recorded_is_part_of_the_fit(points):
    # what readings take for granted: the chance of being recorded was moved before
    assert points.posterior["recording_slope"].mean() == pytest.approx(SLOPE, abs=0.01)
