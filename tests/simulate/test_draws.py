"""The shared draws: exact inversion, weights, dates."""

import numpy as np
import pytest
from scipy.integrate import quad

from bayescich.simulate.care.hazards import piecewise_days
from bayescich.simulate.draws import day, labels_by_group, weighted
from bayescich.simulate.providers.places import UNITS, postcode_texts
from bayescich.simulate.shapes import DISTRICTS, Authorities
from bayescich.simulate.truth import CUTS

RATES = np.array([[4.0, 2.0, 1.0, 0.5, 0.4, 0.3, 0.2, 0.2, 0.1], np.full(9, 2.0)])


@pytest.mark.parametrize("to_go", [0.001, 0.0766, 0.0767, 0.5, 1.2, 3.0])
def test_a_duration_has_the_cumulative_hazard_asked_for(to_go: float) -> None:
    duration = piecewise_days(np.array([to_go]), RATES, np.array([0]))[0]

    def hazard(days: float) -> float:
        return float(RATES[0, np.searchsorted(CUTS, days, side="right")] / 365.25)

    reached, _ = quad(hazard, 0, duration, points=[c for c in CUTS if c < duration], limit=200)
    assert reached == pytest.approx(to_go, rel=1e-6)


def test_each_row_has_the_rates_of_its_own_kind() -> None:
    days = piecewise_days(np.array([1.0, 1.0]), RATES, np.array([1, 0]))
    assert days[0] == pytest.approx(365.25 / 2)
    assert days[1] > days[0]


def test_weights_decide_how_often() -> None:
    rng = np.random.default_rng(3)
    drawn = weighted(rng, np.tile([1.0, 0.0, 3.0], (20_000, 1)))
    assert np.bincount(drawn, minlength=3) / 20_000 == pytest.approx([0.25, 0, 0.75], abs=0.01)


def test_labels_come_from_the_rows_own_group() -> None:
    group = np.array([0, 1, 0, 1])
    drawn = labels_by_group(np.random.default_rng(1), [{"a": 1}, {"b": 1}], group)
    assert drawn.tolist() == ["a", "b", "a", "b"]


def test_postcodes_tell_places_apart() -> None:
    blank = np.array([], dtype=object)
    two = Authorities(
        blank, blank, np.array([]), np.array([]), np.array([]), np.array([]),
        np.array(["ZA", "ZD"], dtype=object), np.array([1, 10]),
    )  # fmt: skip
    number = np.arange(DISTRICTS * UNITS)
    texts = postcode_texts(two, np.ones(len(number), np.int64), number)
    assert len(set(texts)) == len(number)
    assert {text.split()[0] for text in texts} == {f"ZD{n}" for n in range(10, 10 + DISTRICTS)}


def test_days_are_counted_from_1970() -> None:
    assert day("2025-03-31") - day("2025-03-01") == 30
