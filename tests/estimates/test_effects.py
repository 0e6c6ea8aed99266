"""Type effects of several parts, and g-computation with them, against brute force."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bayescich.design import build_design
from bayescich.estimates.counting import counts_where, spells_of_rows
from bayescich.estimates.home_types import home_type_estimates
from bayescich.estimates.standardise import (
    new_home_groups,
    not_of_the_rows,
    standardised_by_type,
)
from bayescich.estimates.standardised_times import days_stayed, standardised_time_estimates
from bayescich.estimates.type_effects import (
    crossed_needs,
    need_shares,
    type_effect_sd,
    type_effects,
)
from tests.tiny_effects import (
    BANDS,
    NEEDS,
    ROUTES,
    TYPES,
    by_type_fit,
    cells_fit,
    effects_fit,
    routes_fit,
    spells,
)
from tests.tiny_fit import hazard_fit


@pytest.fixture(scope="module")
def fit():
    return effects_fit()


@pytest.fixture(scope="module")
def own_course():
    return by_type_fit()


def without_new_homes(fit):
    gone = {g.column for g in new_home_groups(fit)}
    kept = tuple(e for e in fit.structure.effects if getattr(e, "column", "") not in gone)
    return replace(fit, structure=replace(fit.structure, effects=kept))


def by_row(fit, draws, kind, stratum=None):
    """Every row in one type, its needs acting as they do there."""
    base = fit.structure.linear_predictor(draws, fit.design, not_of_the_rows(fit))
    has = np.stack([fit.table.sort_values("child", kind="stable")[f"has_{n}"] for n in NEEDS])
    own = draws["type_need_effect"][:, :, kind] @ has
    eta = base + draws["home_type_effect"][:, [kind]] + own
    return fit.structure.likelihood.standardised(draws, eta, fit.design, 365, stratum).mean(axis=1)


def test_everybody_in_a_type_has_needs_that_act_as_in_that_type(fit):
    bare = without_new_homes(fit)
    draws = bare.posterior.thin(5)
    found = standardised_by_type(bare, draws)
    for kind in range(len(TYPES)):
        assert found[:, kind] == pytest.approx(by_row(bare, draws, kind), abs=1e-5)


def test_everybody_in_a_type_has_the_course_of_that_type(own_course):
    bare = without_new_homes(own_course)
    draws = bare.posterior.thin(5)
    found = standardised_by_type(bare, draws)
    for kind in range(len(TYPES)):
        assert found[:, kind] == pytest.approx(by_row(bare, draws, kind, kind), abs=1e-5)


def test_a_baseline_by_something_else_stays_as_in_the_row():
    table = spells().assign(sex=np.where(np.arange(900) % 3, "girl", "boy"))
    fit = effects_fit(
        likelihood={"baseline_by": "sex"}, table=table, without=("type_need",),
        baseline_departure=np.array([[0.0, 1.0, 1.0], [0.0, -1.0, -1.0]]),
    )  # fmt: skip
    bare = without_new_homes(fit)
    draws = bare.posterior.thin(3)
    base = bare.structure.linear_predictor(draws, bare.design, not_of_the_rows(bare))
    eta = base + draws["home_type_effect"][:, [0]]
    like, own = bare.structure.likelihood, bare.design.outcome["stratum"]
    each = [like.standardised(draws, eta, bare.design, 365, s) for s in range(2)]
    expected = np.where(own == 0, each[0], each[1]).mean(axis=1)
    assert standardised_by_type(bare, draws)[:, 0] == pytest.approx(expected, abs=1e-5)


def test_an_authority_goes_with_the_child_and_a_home_does_not(fit):
    assert {g.column for g in new_home_groups(fit)} == {"home", "provider"}
    assert "authority_effect" not in not_of_the_rows(fit)
    assert "year_effect" not in not_of_the_rows(fit)
    assert "matching_effect" not in not_of_the_rows(fit)


def test_groups_made_of_an_authority_go_with_the_child_too():
    fit = effects_fit(without=("authority", "walk"))
    spec = fit.spec.model_dump()
    spec["effects"] += ({"kind": "group", "by": "authority:year"},)
    again = type(fit.spec).model_validate(spec)
    structure = replace(fit, spec=again)
    assert "authority:year" in again.group_columns
    assert {g.column for g in new_home_groups(structure)} == {"home", "provider"}


def test_the_effect_of_a_type_is_that_on_the_average_child(fit):
    draws = fit.posterior
    shares = [fit.table[f"has_{need}"].mean() for need in NEEDS]
    assert crossed_needs(fit.design, len(TYPES)) == NEEDS
    assert need_shares(fit.design, fit.design.factors["home_type"]).tolist() == pytest.approx(
        shares
    )
    expected = draws["home_type_effect"] + np.einsum("snh,n->sh", draws["type_need_effect"], shares)
    assert type_effects(fit, draws) == pytest.approx(expected)
    assert type_effects(fit, draws).sum(axis=1) == pytest.approx(np.zeros(draws.size), abs=1e-9)


def test_its_prior_sd_has_the_needs_in_it(fit):
    draws = fit.posterior
    rng = np.random.default_rng(1)
    shares = need_shares(fit.design, fit.design.factors["home_type"])
    size, types = 200_000, len(TYPES)
    theta = 0.3 * rng.standard_normal((size, types))
    gamma = 0.2 * rng.standard_normal((size, len(NEEDS), types))
    drawn = theta + np.einsum("snh,n->sh", gamma, shares)
    expected = (drawn - drawn.mean(axis=1, keepdims=True)).std()
    same = draws.replace("home_type_sd", np.full(draws.size, 0.3)).replace(
        "type_need_sd", np.full(draws.size, 0.2)
    )
    assert type_effect_sd(fit, same) == pytest.approx(np.full(draws.size, expected), rel=0.01)


def test_its_course_enters_by_where_the_events_are(own_course):
    fit, draws = own_course, own_course.posterior
    events = np.bincount(fit.design.outcome["event_band"], fit.design.outcome["event"], BANDS)
    course = draws["baseline_departure"] @ (events / events.sum())
    plain = effects_fit()
    expected = type_effects(plain, draws) + course - course.mean(axis=1, keepdims=True)
    assert type_effects(fit, draws) == pytest.approx(expected, abs=1e-6)


def test_what_is_expected_of_a_type_has_the_course_of_the_average(own_course):
    flat = replace(own_course, cache={})
    course = own_course.posterior["baseline_departure"]
    same = np.broadcast_to(course.mean(axis=1, keepdims=True), course.shape)
    flat.cache["posterior"] = own_course.posterior.replace("baseline_departure", same.copy())
    flat.cache["prior"] = own_course.prior
    tables = [home_type_estimates(f, np.random.default_rng(1))[0].table for f in (own_course, flat)]
    assert tables[0]["oe"].tolist() == pytest.approx(tables[1]["oe"].tolist())
    assert tables[0]["oe"].between(0.3, 3.0).all()


def test_one_number_a_type_is_left_as_it_is():
    fit = hazard_fit(300)
    assert type_effects(fit, fit.posterior) == pytest.approx(fit.posterior["home_type_effect"])
    assert type_effect_sd(fit, fit.posterior) == pytest.approx(
        fit.posterior["home_type_sd"] * np.sqrt(3 / 4)
    )


def test_a_type_of_several_parts_says_so_and_is_judged_by_its_outcome(fit):
    (estimate,) = home_type_estimates(fit, np.random.default_rng(1))
    assert any("over the needs of all children" in note for note in estimate.notes)
    assert any("the needs that the home says it meets" in note for note in estimate.notes)
    table = estimate.table
    assert table["p_best"].sum() == pytest.approx(1.0)
    assert list(estimate.headings) == list(table.columns)


def test_cells_give_what_their_spells_give():
    cells, rows = cells_fit(), cells_fit(collapse=False)
    assert cells.design.rows < rows.design.rows / 10
    draws = rows.posterior.thin(20)
    assert standardised_by_type(cells, draws) == pytest.approx(standardised_by_type(rows, draws))
    one, two = (home_type_estimates(f, np.random.default_rng(1))[0].table for f in (cells, rows))
    same = ["type", "n_rows", "n_children", "n_homes", "numerator", "denominator", "oe"]
    pd.testing.assert_frame_equal(one[same], two[same])
    assert spells_of_rows(cells.design).sum() == len(cells.table)


def test_bootstrap_weights_of_cells_are_as_wide_as_those_of_their_spells():
    cells = cells_fit()
    draws = cells.posterior.take(np.zeros(600, dtype=np.int64))
    wide = standardised_by_type(cells, draws, np.random.default_rng(2))
    # age alone differs between the cells of a type: the share of the older, of 900 spells
    older = (cells.table["age_band"] == "16 or 17").mean()
    one = draws.take(slice(0, 1))
    apart = []
    for place in range(2):
        moved = one["home_type_effect"] + one["age_band_effect"][:, [place]]
        apart.append(cells.structure.likelihood.standardised(one, moved, cells.design, 365))
    expected = np.abs(apart[1] - apart[0]) * np.sqrt(older * (1 - older) / 900)
    assert wide.std(axis=0) == pytest.approx(expected[0], rel=0.15)


def test_pieces_of_a_spell_are_one_spell():
    split = effects_fit(
        likelihood={"split": {"age": "age_at_start", "year": "start"}}, without=("walk", "fixed")
    )
    whole = effects_fit(without=("walk", "fixed"))
    assert split.design.rows > whole.design.rows
    for at in ("start", "end"):
        assert spells_of_rows(split.design, at).sum() == len(split.table)
    one, two = (home_type_estimates(f, np.random.default_rng(1))[0].table for f in (split, whole))
    same = ["n_rows", "n_children", "n_homes", "numerator", "denominator"]
    pd.testing.assert_frame_equal(one[same], two[same])
    draws = whole.posterior.thin(10)
    assert standardised_by_type(split, draws) == pytest.approx(standardised_by_type(whole, draws))


def test_a_spell_is_put_into_a_type_as_it_was_when_it_began():
    table = spells()
    spec = effects_fit(
        likelihood={"split": {"age": "age_at_start"}}, without=("walk", "needs")
    ).spec
    design = build_design(table, spec)
    first = spells_of_rows(design, "start") == 1
    assert (design.outcome["entry"][first] == 0).all()
    assert (design.outcome["continues"][spells_of_rows(design, "end") == 1] == 0).all()


def test_days_stayed_are_the_area_under_the_curve(fit):
    draws = fit.posterior.thin(3)
    eta = np.array([[-1.0, 0.0, 1.5]] * draws.size)
    found = days_stayed(fit)(draws, eta, None)
    grid = np.linspace(0.01, 365, 4000)
    like = fit.structure.likelihood
    there = np.stack([1 - like.standardised(draws, eta, fit.design, d) for d in grid], axis=-1)
    assert found == pytest.approx(np.trapezoid(there, grid, axis=-1), rel=1e-3)


def test_times_agree_with_the_table_of_types(fit):
    (estimate,) = standardised_time_estimates(fit, np.random.default_rng(1))
    table = estimate.table.set_index("type")
    (types,) = home_type_estimates(fit, np.random.default_rng(2))
    assert table["within_365_mean"].tolist() == pytest.approx(
        types.table["std_mean"].tolist(), abs=0.01
    )
    assert (table["within_182_mean"] < table["within_365_mean"]).all()
    assert (table["within_365_mean"] < table["within_730_mean"]).all()
    # who moves more stays less
    assert table["stayed_mean"].idxmin() == table["within_365_mean"].idxmax()
    assert table["reading"].tolist().count("reference") == 1


def test_times_are_of_single_hazards_with_types_only():
    assert standardised_time_estimates(routes_fit(300), np.random.default_rng(1)) == ()


def test_events_are_counted_in_the_table(fit):
    chosen = np.asarray(fit.table["has_missing"] == 1)
    counts = counts_where(fit, chosen)
    some = fit.table[chosen]
    assert counts == {
        "n_spells": len(some), "n_children": some["child"].nunique(),
        "n_homes": some["home"].nunique(), "n_events": int(some["moved"].sum()),
    }  # fmt: skip
    routes = routes_fit(300)
    everybody = np.ones(300, dtype=bool)
    assert counts_where(routes, everybody)["n_events"] == (routes.table["exit"] != "censored").sum()
    assert set(ROUTES) < set(routes.table["exit"])
