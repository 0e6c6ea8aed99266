"""Models of histories: graph and numpy twin agree, and neither cutting nor joining rows matters."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from bayescich.checks.spells import Spells
from bayescich.checks.walk import replicate_spells
from bayescich.design import Design
from bayescich.model import Draws, make_structure
from bayescich.model.likelihoods.competing import CompetingLikelihood
from tests.model.history import (
    CUTS,
    EFFECTS,
    history,
    history_design,
    history_spec,
    history_table,
)
from tests.model.toy import Toy

RATIO = {"frailty": "child", "entry": "entry", "late_entry": "ratio"}
MODELS: dict[str, dict[str, Any]] = {
    "hazard": {"entry": "entry"},
    "hazard of one kind each": {"frailty": "child", "baseline_by": "home_type"},
    "hazard of survivors": RATIO,
    "hazard, log-normal": {**RATIO, "frailty_family": "log_normal", "baseline_by": "home_type"},
    "routes": {"competing": True, "unknown": None},
    "routes, some not known": {"competing": True, "frailty": "child", "baseline_by": "home_type"},
    "routes, some not recorded": {"competing": True, **RATIO, "recording": "authority"},
    "routes, some less recorded": {
        "competing": True, "frailty": "child", "frailty_family": "log_normal",
        "recording": "authority", "recording_shift": True,
    },
}  # fmt: skip


@pytest.fixture(scope="module", params=MODELS)
def a_history(request: pytest.FixtureRequest) -> Toy:
    options = dict(MODELS[request.param])
    table = history_table()
    if "unknown" in options:
        table = table.replace({"exit": {"not known": "censored"}})
    return history(table=table, **options)


def evaluated(a_toy: Toy, seed: int) -> tuple[Draws, np.ndarray]:
    draws = a_toy.draws(a_toy.point(seed))
    return draws, a_toy.structure.linear_predictor(draws, a_toy.design)


def test_the_twin_gives_the_log_likelihood_of_the_graph(a_history: Toy) -> None:
    for seed in (1, 2):
        draws, eta = evaluated(a_history, seed)
        by_unit = a_history.likelihood.log_likelihood(draws, eta, a_history.design)
        assert by_unit.shape == (1, a_history.design.unit.size)
        whole = a_history.log_likelihood(a_history.point(seed))
        np.testing.assert_allclose(by_unit.sum(), whole, rtol=1e-10)


def test_a_childs_share_is_the_likelihood_of_its_rows_alone(a_history: Toy) -> None:
    draws, eta = evaluated(a_history, 3)
    design = a_history.design
    by_unit = a_history.likelihood.log_likelihood(draws, eta, design)[0]
    child = int(np.argmax(np.bincount(design.unit.codes)))
    rows = np.flatnonzero(design.unit.codes == child)
    unit = replace(design.unit, levels=("alone",), codes=np.zeros(len(rows), dtype=np.int64))
    outcome = {name: array[rows] for name, array in design.outcome.items()}
    only = replace(design, rows=len(rows), unit=unit, outcome=outcome)
    alone = a_history.likelihood.log_likelihood(draws, eta[..., rows], only)
    np.testing.assert_allclose(alone, [[by_unit[child]]], rtol=1e-12)


def test_the_linear_predictor_is_added_up_by_labels(a_history: Toy) -> None:
    draws, eta = evaluated(a_history, 4)
    rows = history_table().sort_values("child", kind="stable").reset_index(drop=True)
    design = a_history.design
    routes = design.routes or ("all",)
    shaped = eta if design.routes else eta[:, None]
    row = 17
    for place in range(len(routes)):
        total = 0.0
        for name in ("home_type", "home", "authority", "year"):
            level = design.factors[name].levels.index(rows.loc[row, name])
            total += at(draws[f"{name}_effect"], level, place)
        kinds = design.factors["home_type"].levels
        needs = list(design.labels["need"].names)
        for need in ("autism", "trauma", "self_harm"):
            if rows.loc[row, f"has_{need}"]:
                total += at(draws["need_effect"], needs.index(need), place)
                crossed = draws["type_need_effect"][:, needs.index(need)]
                total += at(crossed, kinds.index(rows.loc[row, "home_type"]), place)
                if rows.loc[row, f"meets_{need}"]:
                    matched = design.labels["matching"].names.index(need)
                    total += at(draws["matching_effect"], matched, place)
        if not rows.loc[row, "needs_known"]:
            total += at(draws["need_effect"], needs.index("not known"), place)
        for k in range(4):
            total += at(draws["fixed"], k, place) * design.fixed.values[row, k]  # type: ignore[union-attr]
        assert shaped[0, place, row] == pytest.approx(total, rel=1e-12)


def at(array: np.ndarray, level: int, route: int) -> float:
    return float(array[0, level] if array.ndim == 2 else array[0, level, route])


ALL_YEAR = tuple(e for e in EFFECTS if e["kind"] != "walk")
SPLIT = {"age": "age", "year": "start"}
SPLITS: dict[str, dict[str, Any]] = {
    "gamma": {"frailty": "child"},
    "none": {"entry": "entry"},
    "log-normal": {"frailty": "child", "frailty_family": "log_normal"},
    "taken off": {"frailty": "child", "entry": "entry"},
    "divided out": {**RATIO, "baseline_by": "home_type"},
    "routes": {"competing": True, **RATIO, "recording": "authority"},
}


@pytest.mark.parametrize("name", SPLITS)
def test_cutting_spells_does_not_change_their_likelihood(name: str) -> None:
    # without an effect of age or year; covariates are those of the first day
    effects = tuple(e for e in ALL_YEAR if e["kind"] != "fixed")
    whole = history(effects, **SPLITS[name], look_at_data=False)
    cut = history(effects, **SPLITS[name], split=SPLIT, look_at_data=False)
    assert cut.design.rows > 2 * whole.design.rows
    assert cut.design.unit.levels == whole.design.unit.levels
    draws, eta = evaluated(whole, 5)
    of_cut = cut.structure.linear_predictor(draws, cut.design)
    np.testing.assert_allclose(
        cut.likelihood.log_likelihood(draws, of_cut, cut.design),
        whole.likelihood.log_likelihood(draws, eta, whole.design),
        rtol=1e-10,
    )
    # the graph of the cut spells says the same
    at_point = cut.draws(cut.point(6))
    there = whole.structure.linear_predictor(at_point, whole.design)
    expected = whole.likelihood.log_likelihood(at_point, there, whole.design).sum()
    np.testing.assert_allclose(cut.log_likelihood(cut.point(6)), expected, rtol=1e-10)


CELLS = tuple(e for e in EFFECTS if e["kind"] in {"needs", "home_type", "type_need", "walk"})


@pytest.mark.parametrize("competing", [False, True])
def test_cells_differ_from_rows_by_a_constant(competing: bool) -> None:
    effects = ({"kind": "fixed", "formula": "male"}, *CELLS)
    table = history_table(400).replace({"exit": {"not known": "censored"}})
    table["days"] = np.maximum(table["days"], 2.0)
    options: dict[str, Any] = {
        "competing": competing, "entry": "entry", "baseline_by": "home_type", "table": table,
        "look_at_data": False,
    }  # fmt: skip
    options |= {"unknown": None} if competing else {}
    expanded = history(effects, **options)
    joined = history(effects, **options, collapse=True)
    assert joined.design.outcome["event"].sum() == expanded.design.outcome["event"].sum()
    np.testing.assert_allclose(
        joined.design.outcome["exposure"].sum(axis=0),
        expanded.design.outcome["exposure"].sum(axis=0),
    )
    differences, graphs = [], []
    for seed in (1, 2, 3):
        draws, eta = evaluated(expanded, seed)
        row_by_row = expanded.likelihood.log_likelihood(draws, eta, expanded.design).sum()
        of_cells = joined.structure.linear_predictor(draws, joined.design)
        by_cell = joined.likelihood.log_likelihood(draws, of_cells, joined.design).sum()
        differences.append(row_by_row - by_cell)
        at_point = joined.draws(joined.point(seed))
        cells = joined.structure.linear_predictor(at_point, joined.design)
        twin = joined.likelihood.log_likelihood(at_point, cells, joined.design).sum()
        graphs.append(joined.log_likelihood(joined.point(seed)) - twin)
    np.testing.assert_allclose(differences, 0.0, atol=1e-8)
    np.testing.assert_allclose(graphs, 0.0, atol=1e-8)


def test_cells_are_fewer_than_rows_and_keep_every_spell() -> None:
    effects = ({"kind": "home_type"}, {"kind": "walk", "by": "year"})
    table = history_table(600)
    design = history_design(history_spec(effects, collapse=True), table)
    kinds = len(table[["home_type", "year"]].drop_duplicates())
    assert design.unit.size == kinds
    assert design.rows <= kinds * (len(CUTS) + 1)
    first = np.r_[True, np.diff(design.unit.codes) > 0]
    assert design.outcome["spells"][first].sum() == 600
    # each row is one band, and its events are those of its band
    assert ((design.outcome["exposure"] > 0).sum(axis=1) == 1).all()
    by_band = np.bincount(design.outcome["event_band"], design.outcome["event"])
    ended = pd.cut(table["days"], [0, *CUTS, np.inf])
    assert by_band.tolist() == table.groupby(ended, observed=False)["moved"].sum().tolist()


def test_an_event_not_recorded_is_any_route_by_its_chance() -> None:
    a_toy = history(competing=True, recording="authority", recording_shift=True, entry="entry")
    draws, eta = evaluated(a_toy, 7)
    design = a_toy.design
    total = 0.0
    for row in range(design.rows):
        rate = np.exp(draws["baseline"][0]) * np.exp(eta[0, :, row])
        total -= float((design.outcome["exposure"][row] @ rate).sum())
        at_end = rate[design.outcome["event_band"][row]]
        odds = draws["recording_logit"][0, design.outcome["recorder"][row]]
        missed = expit(odds + draws["recording_shift"][0] * np.array([-1.0, 0.0, 1.0]))
        cause = design.outcome["cause"][row]
        if cause == -2:
            total += float(np.log((at_end * missed).sum()))
        elif cause >= 0:
            total += float(np.log(at_end[cause] * (1 - missed[cause])))
    assert a_toy.log_likelihood(a_toy.point(7)) == pytest.approx(total, rel=1e-10)


def test_unknown_routes_need_no_effect_at_all() -> None:
    a_toy = history((), competing=True)
    draws = a_toy.draws(a_toy.point(8))
    eta = a_toy.structure.linear_predictor(draws, a_toy.design)
    by_unit = a_toy.likelihood.log_likelihood(draws, eta, a_toy.design)
    np.testing.assert_allclose(by_unit.sum(), a_toy.log_likelihood(a_toy.point(8)), rtol=1e-10)


def incidence_draws(frailty: str | None, samples: int = 3) -> tuple[CompetingLikelihood, Draws]:
    options: dict[str, Any] = {"frailty": "child"} if frailty else {}
    if frailty:
        options["frailty_family"] = frailty
    spec = history_spec((), competing=True, unknown=None, baseline_by="home_type", **options)
    likelihood = make_structure(spec).likelihood
    assert isinstance(likelihood, CompetingLikelihood)
    rng = np.random.default_rng(1)
    draws = Draws(
        {
            "baseline": np.tile(rng.normal(-0.5, 1.0, (1, 5, 3)), (samples, 1, 1)),
            "baseline_departure": np.tile(rng.normal(0, 0.4, (1, 3, 5, 3)), (samples, 1, 1, 1)),
            "frailty_variance": np.full(samples, 0.8),
            "frailty_sd": np.full(samples, 0.9),
        }
    )
    return likelihood, draws


FAMILIES = (None, "gamma", "log_normal")


@pytest.mark.parametrize("frailty", FAMILIES)
def test_incidences_add_up_to_those_who_left(frailty: str | None) -> None:
    likelihood, draws = incidence_draws(frailty)
    days = np.array([1.0, 7.0, 30.0, 91.0, 200.0, 365.0, 800.0])
    eta = np.random.default_rng(2).normal(0, 0.5, (3, 3, 2))
    for stratum in (None, 1):
        found = likelihood.incidence(draws, eta, days, stratum)
        assert found.shape == (3, 3, 2, 7)
        assert (np.diff(found, axis=-1) > 0).all()
        rates = (
            draws["baseline"]
            if stratum is None
            else (draws["baseline"] + draws["baseline_departure"][:, stratum])
        )
        edges = np.array([0.0, *CUTS, np.inf])
        for place, day in enumerate(days):
            years = np.clip(day - edges[:-1], 0, np.diff(edges)) / 365.25
            hazard = np.einsum("b,sbm,smx->sx", years, np.exp(rates), np.exp(eta))
            survival = likelihood.family.survival(draws, hazard)
            np.testing.assert_allclose(found[..., place].sum(axis=1), 1 - survival, rtol=1e-12)


@pytest.mark.parametrize("frailty", FAMILIES)
def test_incidence_is_the_share_of_simulated_exits(frailty: str | None) -> None:
    samples = 60_000
    likelihood, draws = incidence_draws(frailty, samples)
    rng = np.random.default_rng(3)
    eta = np.tile(np.array([0.3, -0.4, 0.1])[None, :, None], (samples, 1, 1))
    design = one_row(likelihood, stratum=1)
    omega = likelihood.family.new(draws, 1, rng)
    spell, never = Spells.of(design), np.full(1, np.inf)
    again = replicate_spells(likelihood, draws, eta, omega, spell, never, rng)
    left, route = again.days, again.route
    days = np.array([20.0, 91.0, 400.0])
    exact = likelihood.incidence(draws.take(slice(0, 1)), eta[:1], days, stratum=1)[0, :, 0]
    for place in range(3):
        for moment, day in enumerate(days):
            share = ((left <= day) & (route == place)).mean()
            error = 4 * np.sqrt(exact[place, moment] / samples)
            assert share == pytest.approx(exact[place, moment], abs=error)
    lost = likelihood.time_lost(draws.take(slice(0, 1)), eta[:1], 400.0, stratum=1)[0, :, 0]
    simulated = [np.mean((route == k) * np.clip(400.0 - left, 0, None)) for k in range(3)]
    np.testing.assert_allclose(lost, simulated, rtol=0.03)


def one_row(likelihood: CompetingLikelihood, stratum: int) -> Design:
    design = history_design(
        history_spec((), competing=True, unknown=None, baseline_by="home_type"),
        history_table().replace({"exit": {"not known": "censored"}}),
    )
    unit = replace(design.unit, levels=("a",), codes=np.zeros(1, dtype=np.int64))
    outcome = {name: array[:1] for name, array in design.outcome.items()}
    return replace(design, rows=1, unit=unit, outcome={**outcome, "stratum": np.array([stratum])})


@pytest.mark.parametrize("frailty", FAMILIES)
def test_time_lost_is_the_area_under_the_incidence(frailty: str | None) -> None:
    likelihood, draws = incidence_draws(frailty)
    eta = np.random.default_rng(4).normal(0, 0.5, (3, 3, 1))
    grid = np.linspace(0.0, 500.0, 4_001)
    curve = likelihood.incidence(draws, eta, grid[1:])
    whole = np.concatenate([np.zeros_like(curve[..., :1]), curve], axis=-1)
    area = np.trapezoid(whole, grid, axis=-1)
    lost = likelihood.time_lost(draws, eta, 500.0)
    np.testing.assert_allclose(lost, area, rtol=2e-3)
    assert (lost.sum(axis=1) < 500).all()


@pytest.mark.parametrize("frailty", FAMILIES)
def test_a_route_without_rivals_is_the_hazard_of_one_event(frailty: str | None) -> None:
    likelihood, draws = incidence_draws(frailty)
    eta = np.full((3, 3, 1), -60.0)
    eta[:, 1] = np.array([[0.3], [-0.2], [0.0]])
    options = {"frailty": "child", "frailty_family": frailty} if frailty else {}
    alone = make_structure(history_spec((), **options)).likelihood
    single = draws.replace("baseline", draws["baseline"][:, :, 1])
    design = history_design(history_spec(()))
    for days in (5.0, 91.0, 365.0):
        probability = alone.standardised(single, eta[:, 1], design, days)
        found = likelihood.standardised(draws, eta, design, days)
        np.testing.assert_allclose(found[:, 1], probability, rtol=1e-10)
        assert (found[:, [0, 2]] < 1e-20).all()
