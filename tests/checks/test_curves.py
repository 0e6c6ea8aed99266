"""Curves without a model, against those worked out by hand."""

import numpy as np
import pytest

from bayescich.checks.curves import aalen_johansen, kaplan_meier


def test_kaplan_meier_by_hand():
    # 6 at risk; day 2: 1 event, 1 censored; day 3: 2 of 4; day 5: 1 of 2, then censored
    days = np.array([[2.0, 2.0, 3.0, 3.0, 5.0, 6.0]])
    event = np.array([[1.0, 0.0, 1.0, 1.0, 1.0, 0.0]])
    curve = kaplan_meier(days, event, np.array([1, 2, 4, 5, 6]))
    expected = [1.0, 5 / 6, 5 / 6 * 2 / 4, 5 / 12 * 1 / 2, 5 / 24]
    assert curve[0] == pytest.approx(expected)


def test_kaplan_meier_keeps_samples_apart():
    days = np.array([[1.0, 2.0], [2.0, 2.0]])
    curves = kaplan_meier(days, np.ones((2, 2)), np.array([1, 2]))
    assert curves.tolist() == [[0.5, 0.0], [1.0, 0.0]]


def test_incidence_by_hand():
    # 6 at risk; day 2: route 0, and one censored; day 3: routes 0 and 1 of 4; day 5: route 1 of 2
    days = np.array([[2.0, 2.0, 3.0, 3.0, 5.0, 6.0]])
    route = np.array([[0, -1, 0, 1, 1, -1]])
    found = aalen_johansen(days, route, 2, np.array([1, 2, 3, 4, 5, 9]))[0]
    there = [5 / 6, 5 / 12]
    a = [0, 1 / 6, 1 / 6 + there[0] / 4, 1 / 6 + there[0] / 4]
    b = [0, 0, there[0] / 4, there[0] / 4, there[0] / 4 + there[1] / 2]
    assert found[0] == pytest.approx([*a, a[-1], a[-1]])
    assert found[1] == pytest.approx([*b, b[-1]])


def test_incidences_add_up_to_what_survival_leaves():
    rng = np.random.default_rng(1)
    days = np.ceil(rng.exponential(200.0, (5, 400)))
    route = rng.integers(-1, 4, (5, 400))
    grid = np.arange(0, 700, 7)
    total = aalen_johansen(days, route, 4, grid).sum(axis=1)
    assert total == pytest.approx(1 - kaplan_meier(days, (route >= 0).astype(float), grid))


def test_a_grid_shorter_than_the_spells_changes_nothing():
    rng = np.random.default_rng(2)
    days, route = np.ceil(rng.exponential(200.0, (2, 300))), rng.integers(-1, 2, (2, 300))
    long = aalen_johansen(days, route, 2, np.array([30, 90, 900]))
    short = aalen_johansen(days, route, 2, np.array([30, 90]))
    assert short == pytest.approx(long[..., :2])
