"""Crude estimates by level: the numbers on which the choice of parametrisation rests."""

import numpy as np
import pytest

from bayescich.design import Design, Factor
from bayescich.design.information import crude_levels


def design(**outcome: object) -> Design:
    factor = Factor("home", ("a", "b"), np.array([0, 0, 1, 1]))
    arrays = {name: np.asarray(values) for name, values in outcome.items()}
    coords = {"category": ("w", "x", "y", "z")} if "category" in outcome else {}
    return Design("toy", 4, factor, {"home": factor}, None, arrays, coords)


def test_rates_are_events_over_years_moved_a_little_to_the_overall_rate() -> None:
    d = design(event=[1, 0, 1, 1], exposure=[[1.0, 1.0], [0.5, 0.5], [0.5, 0.5], [0.25, 0.75]])
    crude = crude_levels(d, d.unit)
    # 1 event in 3 years, 2 in 2 years; overall 3 in 5
    half_event = 0.5 / (3 / 5)
    np.testing.assert_allclose(
        crude.estimate, np.log([1.5 / (3 + half_event), 2.5 / (2 + half_event)])
    )
    np.testing.assert_allclose(crude.variance, [1 / 1.5, 1 / 2.5])


def test_grades_count_as_good_from_the_middle() -> None:
    d = design(category=[0, 2, 3, 2])
    crude = crude_levels(d, d.unit)
    np.testing.assert_allclose(crude.estimate, [0.0, np.log(2.5 / 0.5)])
    np.testing.assert_allclose(crude.variance, [2 / 1.5, 1 / 2.5 + 1 / 0.5])


def test_the_signal_is_the_between_variance_in_sampling_variances() -> None:
    d = design(event=[20, 20, 2, 2], exposure=[[10.0], [10.0], [10.0], [10.0]])
    # rates of 40 and 4 in 20 years, each moved by half an event at the overall rate of 44 in 40
    years = 20 + 0.5 / 1.1
    log_rates, variances = np.log([40.5 / years, 4.5 / years]), np.array([1 / 40.5, 1 / 4.5])
    between = log_rates.var() - variances.mean()
    assert crude_levels(d, d.unit).signal() == pytest.approx(between / np.median(variances))
    assert between > 1
    alike = design(event=[20, 2, 20, 2], exposure=[[10.0], [10.0], [10.0], [10.0]])
    assert crude_levels(alike, alike.unit).signal() == 0
