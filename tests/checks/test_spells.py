"""Spells drawn again follow the hazard and the censoring they were drawn from."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayescich.checks.careers import Careers, drawn_in_turn
from bayescich.checks.censoring import Censoring
from bayescich.checks.replicates import observed, replicated, replicated_spells
from bayescich.checks.spells import Spells, from_their_start, nothing_to_replay
from bayescich.checks.walk import replicate_spells
from bayescich.model.draws import Draws
from bayescich.model.likelihoods.competing import CompetingLikelihood
from bayescich.model.likelihoods.hazard import HazardLikelihood
from tests.tiny_fit import hazard_fit, with_posterior
from tests.tiny_routes import competing_fit, spells_fit


def one_piece_each(count, stratum=None):
    every = np.arange(count)
    strata = np.zeros(count, dtype=int) if stratum is None else stratum
    ones = np.ones(count, dtype=int)
    return Spells(np.arange(count + 1), every, strata, np.zeros(count), 100.0 * ones, ones - 1)


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


def drawn_again(likelihood, draws, eta, spells, limit, frailty=1.0, seed=4):
    rng = np.random.default_rng(seed)
    every = np.full((len(eta), spells.size), frailty)
    return replicate_spells(likelihood, draws, eta, every, spells, limit, rng)


def test_replicated_spells_follow_the_hazard():
    draws = Draws({"baseline": np.log([[2.0, 0.5]])})
    eta = np.full((1, 50_000), np.log(1.5))
    likelihood = HazardLikelihood((100.0,), None)
    drawn = drawn_again(likelihood, draws, eta, one_piece_each(50_000), np.full(50_000, 300.0), 0.8)
    cumulative = 1.2 * (2.0 * 100 + 0.5 * 200) / 365.25
    assert drawn.event.mean() == pytest.approx(1 - np.exp(-cumulative), abs=0.01)
    assert drawn.days.max() == 300.0
    early = 1 - np.exp(-1.2 * 2.0 * 100 / 365.25)
    assert (drawn.days <= 100).mean() == pytest.approx(early, abs=0.01)
    assert set(drawn.route[drawn.event == 0]) == {-1}


def test_spells_need_not_end_on_whole_days():
    draws, eta = Draws({"baseline": np.log([[2.0, 0.5]])}), np.zeros((1, 1_000))
    likelihood, spells = HazardLikelihood((100.0,), None), one_piece_each(1_000)
    given = likelihood, draws, eta, np.ones_like(eta), spells, np.full(1_000, 300.0)
    whole = replicate_spells(*given, np.random.default_rng(4))
    exact = replicate_spells(*given, np.random.default_rng(4), whole_days=False)
    assert (np.ceil(exact.days) == whole.days).all()
    assert (exact.days < whole.days)[exact.event == 1].all()


def test_each_spell_has_the_baseline_of_its_stratum():
    draws = Draws(
        {
            "baseline": np.log([[1.0, 1.0]]),
            "baseline_departure": np.array([[[0.0, 0.0], [0.0, 1.5]]]),
        }
    )
    stratum = np.repeat([0, 1], 40_000)
    eta, limit = np.zeros((1, 80_000)), np.full(80_000, 465.25)
    spells = one_piece_each(80_000, stratum)
    drawn = drawn_again(HazardLikelihood((100.0,), None), draws, eta, spells, limit)
    for which, rate in ((0, 1.0), (1, np.exp(1.5))):
        stay = np.exp(-(100 / 365.25 + rate))
        assert 1 - drawn.event[0, stratum == which].mean() == pytest.approx(stay, abs=0.01)


def test_a_spell_is_walked_through_piece_by_piece_and_on_in_its_last():
    count, days = 40_000, np.array([0.0, 50.0, 200.0, 260.0])
    # each spell has the pieces 0-50, 50-200 and 200-260 days, and hazards of their own
    each = np.tile(np.arange(3), count)
    pieces = Spells(
        np.arange(count + 1) * 3,
        np.arange(3 * count),
        np.zeros(3 * count, dtype=int),
        days[each],
        days[each + 1],
        np.zeros(count, dtype=int),
    )
    rate = np.array([1.0, 3.0, 0.4])
    draws = Draws({"baseline": np.log([[1.0, 2.0]])})
    drawn = drawn_again(
        HazardLikelihood((100.0,), None), draws, np.log(rate)[each][None], pieces,
        np.full(count, 1000.0),
    )  # fmt: skip
    # cumulative hazard at the ends of the pieces, and at 1,000 days in the last one
    upto = np.cumsum([50 * 1.0, 50 * 3.0 + 100 * 6.0, 60 * 0.8, 740 * 0.8]) / 365.25
    for day, hazard in zip([50, 200, 260, 1000], upto, strict=True):
        gone = (drawn.days <= day) & (drawn.event == 1)
        assert gone.mean() == pytest.approx(1 - np.exp(-hazard), abs=0.01)
    # events and years by piece add up, and stand where the spell was
    by_piece = drawn.events_by_piece()
    assert by_piece.sum() == drawn.event.sum()
    assert drawn.years_by_piece().sum() * 365.25 == pytest.approx(drawn.days.sum())
    first = by_piece[0, each == 0].astype(bool)
    assert (drawn.days[0, first] <= 50).all()
    assert (drawn.years_by_piece()[0, each == 0] * 365.25).max() == pytest.approx(50)


@settings(max_examples=25, deadline=None)
@given(
    cuts=st.lists(st.integers(5, 900), min_size=1, max_size=4, unique=True).map(sorted),
    breaks=st.lists(st.integers(1, 600), min_size=0, max_size=4, unique=True).map(sorted),
    seed=st.integers(0, 10_000),
)
def test_cutting_a_spell_where_nothing_changes_changes_nothing(cuts, breaks, seed):
    rng = np.random.default_rng(seed)
    likelihood = HazardLikelihood(tuple(map(float, cuts)), None)
    draws = Draws({"baseline": rng.normal(0.0, 1.0, (3, len(cuts) + 1))})
    edges = np.array([0.0, *breaks, 700.0])
    width, count = len(edges) - 1, 20
    own = rng.normal(0.0, 1.0, (3, count))
    whole = Spells(
        np.arange(count + 1), np.arange(count), np.zeros(count, dtype=int), np.zeros(count),
        np.full(count, 700.0), np.zeros(count, dtype=int),
    )  # fmt: skip
    each = np.tile(np.arange(width), count)
    cut = Spells(
        np.arange(count + 1) * width, np.arange(count * width),
        np.zeros(count * width, dtype=int), edges[each], edges[each + 1],
        np.zeros(count, dtype=int),
    )  # fmt: skip
    limit = np.full(count, 900.0)
    one = drawn_again(likelihood, draws, own, whole, limit, seed=seed)
    other = drawn_again(likelihood, draws, np.repeat(own, width, axis=1), cut, limit, seed=seed)
    assert (np.abs(one.days - other.days) > 1).sum() == 0
    assert (one.days == other.days).mean() > 0.99
    assert other.years_by_piece().sum() == pytest.approx(one.years_by_piece().sum(), rel=1e-3)


def test_routes_are_drawn_by_their_hazards_where_the_exit_happens():
    count = 60_000
    draws = Draws({"baseline": np.log([[[2.0, 1.0], [0.5, 1.5]]])})
    likelihood = CompetingLikelihood((100.0,), routes=("a", "b"))
    eta = np.broadcast_to(np.log([[2.0], [1.0]]), (1, 2, count))
    drawn = drawn_again(likelihood, draws, eta, one_piece_each(count), np.full(count, 2000.0))
    early = drawn.days <= 100
    happened = drawn.event == 1
    assert (drawn.route[early & happened] == 0).mean() == pytest.approx(4 / 5, abs=0.01)
    assert (drawn.route[~early & happened] == 0).mean() == pytest.approx(1 / 2.5, abs=0.01)
    assert early.mean() == pytest.approx(1 - np.exp(-5 * 100 / 365.25), abs=0.01)


@pytest.mark.parametrize("make", [spells_fit, competing_fit])
def test_a_split_table_gives_the_same_distribution(make):
    # covariates are centred over rows, of which there are more: they are left out here
    whole, split = (with_posterior(make(600, split=cut), fixed=0.0) for cut in (False, True))
    assert split.design.rows > 1.5 * whole.design.rows
    found = []
    for fit in (whole, split):
        rng = np.random.default_rng(3)
        spells = [d for _, d in replicated_spells(fit, fit.structure.likelihood, rng)]
        found.append((np.concatenate([d.days for d in spells]), spells[0].spells))
    (one, first), (other, second) = found
    assert first.days.tolist() == second.days.tolist()
    assert first.route.tolist() == second.route.tolist()
    # the draws are the same but for rounding
    assert (one != other).mean() < 1e-4
    by_type = []
    for fit in (whole, split):
        types = fit.design.factors["home_type"]

        def statistics(outcome, types=types):
            return {"n": types.sums(outcome.counts), "years": types.sums(outcome.sizes)}

        seen = statistics(observed(fit))
        made = replicated(fit, statistics, np.random.default_rng(3))
        by_type.append((seen, made))
    for key in ("n", "years"):
        assert by_type[0][0][key] == pytest.approx(by_type[1][0][key])
        assert by_type[0][1][key].mean(axis=0) == pytest.approx(
            by_type[1][1][key].mean(axis=0), rel=0.01
        )


def test_children_of_a_split_table_have_the_same_careers():
    whole, split = spells_fit(600), spells_fit(600, split=True)
    found = []
    for fit in (whole, split):
        careers = Careers.of(fit, fit.structure.likelihood)
        draws = fit.posterior.thin(100)
        rng = np.random.default_rng(8)
        drawn = drawn_in_turn(fit, fit.structure.likelihood, careers, draws, rng)
        found.append((careers, drawn.event))
    (one, made), (other, again) = found
    assert one.counts.tolist() == other.counts.tolist()
    assert one.earlier(one.spells.event).tolist() == other.earlier(other.spells.event).tolist()
    assert made.mean() == pytest.approx(again.mean(), rel=0.01)


def test_a_spell_of_which_a_later_piece_was_late_is_not_late():
    fit = spells_fit(300, split=True)
    assert (fit.design.outcome["entry"] > 0).any()
    assert from_their_start(fit.design).all()
    fit.design.outcome["entry"] = fit.design.outcome["entry"].copy()
    fit.design.outcome["entry"][0] = 3.0
    first = Spells.of(fit.design).of_piece == 0
    assert (from_their_start(fit.design) == ~first).all()
    fit.design.outcome["entry"][:] = 3.0
    assert "under way" in nothing_to_replay(fit.design)
    assert "cells" in nothing_to_replay(spells_fit(300, collapse=True).design)


def test_careers_follow_the_order_of_the_table():
    fit = hazard_fit()
    careers = Careers.of(fit, fit.structure.likelihood)
    by_child = fit.table.sort_values("child", kind="stable")
    assert careers.size == fit.table["child"].nunique()
    assert careers.spells.days[careers.members].tolist() == by_child["days"].tolist()
    before = by_child.groupby("child")["moved"].cumsum() - by_child["moved"]
    assert careers.earlier(careers.spells.event).tolist() == before.tolist()
    first = fit.table.groupby("child")["days"].first()
    assert careers.spells.days[careers.spell(0)].tolist() == first.tolist()
    last = fit.table.groupby("child")["days"].last()
    assert careers.spells.days[careers.spell(99)].tolist() == last.tolist()


def test_children_under_way_at_first_sight_are_left_out_and_counted():
    fit = hazard_fit()
    entry = np.zeros(fit.design.rows)
    entry[fit.design.unit.codes == 7] = 10.0
    fit.design.outcome["entry"][:] = entry
    careers = Careers.of(fit, fit.structure.likelihood)
    assert (careers.left_out, careers.size) == (1, fit.design.unit.size - 1)
    rows = np.concatenate([careers.spell(n) for n in range(20)])
    assert not np.isin(rows, np.flatnonzero(fit.design.unit.codes == 7)).any()


def test_a_spell_is_drawn_as_the_childs_earlier_spells_foretell():
    fit = with_posterior(
        hazard_fit(), frailty_variance=2.0, baseline=0.0, fixed=0.0, home_type_effect=0.0,
        home_effect=0.0, provider_effect=0.0, year_effect=0.0,
    )  # fmt: skip
    careers = Careers.of(fit, fit.structure.likelihood)
    draws = fit.posterior.thin(400)
    drawn = drawn_in_turn(fit, fit.structure.likelihood, careers, draws, np.random.default_rng(5))
    # a gamma frailty: of a hazard of 1 a year, and d events in H years before
    events = careers.earlier(careers.spells.event)
    years = careers.earlier(careers.spells.days) / 365.25
    limit = drawn.spells.days / 365.25
    shape, rate = 0.5 + events, 0.5 + years
    expected = 1 - (rate / (rate + limit)) ** shape
    # where the censoring is known, as of spells that were censored
    known = drawn.spells.event == 0
    assert drawn.event[:, known].mean(axis=0) == pytest.approx(expected[known], abs=0.12)
    for group in (events == 0, events == 1, events > 1):
        of = known & group
        assert drawn.event[:, of].mean() == pytest.approx(expected[of].mean(), abs=0.01)
