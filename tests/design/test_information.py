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


def test_counts_are_logits() -> None:
    d = design(successes=[1, 2, 30, 20], trials=[10, 10, 40, 40])
    crude = crude_levels(d, d.unit)
    np.testing.assert_allclose(crude.estimate, np.log([3.5 / 17.5, 50.5 / 30.5]))


def test_measurements_use_the_residual_variance() -> None:
    d = design(value=[1.0, 3.0, 10.0, 14.0])
    crude = crude_levels(d, d.unit)
    np.testing.assert_allclose(crude.estimate, [2, 12])
    # squares 1 + 1 + 4 + 4 on four rows less two means
    np.testing.assert_allclose(crude.variance, [2.5, 2.5])


def test_known_standard_errors_weigh() -> None:
    d = design(value=[1.0, 3.0, 10.0, 14.0], known_sd=[1.0, 0.5, 2.0, 2.0])
    crude = crude_levels(d, d.unit)
    np.testing.assert_allclose(crude.estimate, [(1 + 4 * 3) / 5, 12])
    np.testing.assert_allclose(crude.variance, [1 / 5, 2])


def test_the_signal_is_the_between_variance_in_sampling_variances() -> None:
    d = design(value=[1.0, 3.0, 10.0, 14.0])
    # variance of (2, 12) is 25; less 2.5; in units of 2.5
    assert crude_levels(d, d.unit).signal() == pytest.approx(9.0)
    alike = design(value=[1.0, 14.0, 3.0, 10.0])
    assert crude_levels(alike, alike.unit).signal() == 0


def test_one_row_a_level_says_nothing_about_the_levels() -> None:
    each = Factor("home", tuple("abcd"), np.arange(4))
    d = design(value=[1.0, 3.0, 10.0, 14.0])
    assert crude_levels(d, each).signal() == 0
