"""Spells drawn again follow the hazard and the censoring they were drawn from."""

import numpy as np
import pytest

from bayescich.checks.careers import Careers, followed
from bayescich.checks.spells import Censoring, kaplan_meier, replicate_spells
from bayescich.model.draws import Draws
from bayescich.model.likelihoods.hazard import HazardLikelihood
from tests.tiny_fit import hazard_fit


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


def test_potential_censoring_comes_after_the_move_and_has_the_right_distribution():
    rng = np.random.default_rng(3)
    true_censoring = rng.uniform(0.0, 1000.0, 40_000)
    moved_at = rng.exponential(400.0, 40_000)
    event = (moved_at <= true_censoring).astype(np.int64)
    days = np.ceil(np.minimum(moved_at, true_censoring))
    drawn = Censoring.learn(days, event).draw(days, event, rng)
    assert (drawn[event == 0] == days[event == 0]).all()
    assert (drawn[event == 1] >= days[event == 1]).all()
    assert np.quantile(drawn, [0.25, 0.5, 0.75]) == pytest.approx([250, 500, 750], abs=20)
    fresh = Censoring.learn(days, event).draw_new((20_000,), rng)
    assert np.median(fresh) == pytest.approx(500, abs=20)


def test_replicated_spells_follow_the_hazard():
    rng = np.random.default_rng(4)
    draws = Draws({"baseline": np.log([[2.0, 0.5]])})
    eta, frailty = np.full((1, 50_000), np.log(1.5)), np.full((1, 50_000), 0.8)
    likelihood = HazardLikelihood((100.0,), None)
    limit = np.full(50_000, 300.0)
    event, days = replicate_spells(likelihood, draws, eta, frailty, limit, rng)
    cumulative = 1.2 * (2.0 * 100 + 0.5 * 200) / 365.25
    assert event.mean() == pytest.approx(1 - np.exp(-cumulative), abs=0.01)
    assert days.max() == 300.0
    assert (days <= 100).mean() == pytest.approx(1 - np.exp(-1.2 * 2.0 * 100 / 365.25), abs=0.01)


def test_careers_follow_the_order_of_the_table():
    fit = hazard_fit()
    careers = Careers.of(fit, fit.structure.likelihood)
    moves = fit.table.groupby("child")["moved"].sum()
    assert careers.size == fit.table["child"].nunique()
    assert careers.total(fit.design.outcome["event"]).tolist() == moves.tolist()
    first = fit.table.groupby("child")["days"].first()
    assert fit.design.outcome["follow_up"][careers.row(0)].tolist() == first.tolist()
    last = fit.table.groupby("child")["days"].last()
    assert fit.design.outcome["follow_up"][careers.row(99)].tolist() == last.tolist()


def test_children_under_way_at_first_sight_are_left_out_and_counted():
    fit = hazard_fit()
    entry = np.zeros(fit.design.rows)
    entry[fit.design.unit.codes == 7] = 10.0
    fit.design.outcome["entry"][:] = entry
    careers = Careers.of(fit, fit.structure.likelihood)
    assert (careers.left_out, careers.size) == (1, fit.design.unit.size - 1)
    rows = np.concatenate([careers.row(n) for n in range(20)])
    assert not np.isin(rows, np.flatnonzero(fit.design.unit.codes == 7)).any()


def test_new_children_move_as_often_as_children_drawn_from_the_same_truth():
    fit = hazard_fit(rows=3000)
    careers = Careers.of(fit, fit.structure.likelihood)
    draws = fit.posterior.thin(40)
    moves = followed(fit, fit.structure.likelihood, careers, draws, np.random.default_rng(5))
    seen = careers.total(fit.design.outcome["event"])
    assert moves.shape == (40, careers.size)
    assert moves.mean() == pytest.approx(seen.mean(), rel=0.08)
    assert (moves == 0).mean() == pytest.approx((seen == 0).mean(), abs=0.03)
