"""Checks of competing routes: right models pass, and each wrong one is found out."""

from dataclasses import replace

import numpy as np
import pytest

from bayescich.checks import run_checks
from bayescich.checks.curves import aalen_johansen
from bayescich.checks.predictive_routes import route_checks
from bayescich.checks.replicates import allowed_outside, replicated_spells
from bayescich.checks.route_tally import RouteTally
from bayescich.report.check_figures import draw_check, how_to_read
from tests.tiny_fit import binomial_fit, with_posterior
from tests.tiny_routes import LEVELS, NOT_RECORDED, ROUTES, competing_fit

NAMES = ("ppc_incidence", "ppc_routes", "ppc_route_homes", "ppc_route_moves", "ppc_recording")


def by_name(fit, seed=6):
    return {check.name: check for check in route_checks(fit, np.random.default_rng(seed))}


@pytest.fixture(scope="module")
def right():
    fit = competing_fit()
    return fit, by_name(fit)


def test_the_right_model_passes(right):
    _, found = right
    assert tuple(found) == NAMES
    assert {check.status for check in found.values()} == {"passed"}


@pytest.mark.parametrize("options", [{"recording": False}, {"shift": 0.6}, {"split": True}])
def test_other_right_models_pass(options):
    found = by_name(competing_fit(**options))
    assert {check.status for check in found.values()} == {"passed"}
    assert ("ppc_recording" in found) == options.get("recording", True)


def test_other_outcomes_have_no_routes():
    assert route_checks(binomial_fit(), np.random.default_rng(1)) == ()


def test_observed_numbers_are_those_of_the_table(right):
    fit, found = right
    table = found["ppc_routes"].table
    everyone = table[table["by"] == "all"].set_index("route")["observed"]
    counts = fit.table["exit"].value_counts()
    assert everyone.to_dict() == counts.drop("censored").astype(float).to_dict()
    by_type = table[table["by"] == "home_type"].groupby("level")["observed"].sum()
    exits = fit.table[fit.table["exit"] != "censored"].groupby("home_type").size()
    assert by_type.to_dict() == exits.to_dict()
    by_band = table[table["by"] == "band"].groupby("level", sort=False)["observed"].sum()
    assert by_band.sum() == everyone.sum()


def test_observed_incidence_is_that_of_first_spells(right):
    fit, found = right
    table = found["ppc_incidence"].table
    first = fit.table.drop_duplicates("child")
    words = [*ROUTES, "not known"]
    route = first["exit"].map({w: k for k, w in enumerate(words)}).fillna(-1).astype(int)
    exact = aalen_johansen(
        first["days"].to_numpy()[None], route.to_numpy()[None], 4, np.array([365])
    )[0, :, 0]
    seen = table[(table["level"] == "all") & (table["day"] == 365)].set_index("route")["observed"]
    assert seen[words].tolist() == pytest.approx(exact.tolist())
    assert seen["any route"] == pytest.approx(exact.sum())
    series = found["ppc_incidence"].series
    assert series["observed"].shape == series["q05"].shape == (5, len(series["day"]))
    assert (np.diff(series["median"], axis=1) >= -1e-12).all()


def test_by_home_type_the_incidence_is_at_the_horizon(right):
    table = right[1]["ppc_incidence"].table
    parts = table[table["level"] != "all"]
    assert set(parts["level"]) == {"Large", "Medium", "Small", "Solo"}
    assert set(parts["day"]) == {365}


def test_routes_exchanged_are_found_out():
    exchanged = np.tile(LEVELS[[1, 0, 2]], (3, 1))
    found = by_name(competing_fit(baseline=exchanged))
    assert found["ppc_incidence"].status == "failed"
    assert found["ppc_routes"].status == "failed"


def test_a_wrong_spread_between_homes_is_seen_in_new_ones():
    fit = competing_fit(rows=4000, recording=False, home_sd=np.full(3, 1.2))
    table = by_name(fit)["ppc_route_homes"].table
    new = table[(table["homes"] == "new") & table["judged"]]
    same = table[(table["homes"] == "same") & table["judged"]]
    assert (new["p_value"] > 0.99).all()
    assert same["p_value"].between(0.01, 0.99).all()


def test_a_frailty_of_one_route_only_is_seen_in_who_leaves_again():
    fit = competing_fit(rows=6000, recording=False, frail=(True, False, False))
    check = by_name(fit)["ppc_route_moves"]
    assert check.status == "failed"
    table = check.table.set_index("route")
    # those who leave again do so by that route, and by the others less than the model makes
    beyond = table["observed"] - table["mean"]
    assert (beyond > 0).to_dict() == dict(zip(ROUTES, (True, False, False), strict=True))
    assert table["p_value"]["another home"] > 0.99
    assert "Of exits by 'another home'" in check.sentence
    assert "acts on all routes alike" in check.sentence


def test_who_left_before_is_counted_as_in_the_table(right):
    fit, found = right
    table = fit.table.sort_values("child", kind="stable")
    left = table["exit"] != "censored"
    before = (left.groupby(table["child"]).cumsum() - left) > 0
    shares = before[left].groupby(table["exit"]).mean()
    seen = found["ppc_route_moves"].table.set_index("route")
    assert seen["observed"].to_dict() == pytest.approx(shares[list(ROUTES)].to_dict())
    counts = table["exit"].value_counts()
    assert seen["exits"].to_dict() == counts[list(ROUTES)].to_dict()


def test_a_rare_route_is_shown_but_not_judged():
    fit = competing_fit(recording=False)
    table = by_name(fit)["ppc_route_homes"].table
    counts = fit.table["exit"].value_counts()
    common = counts[list(ROUTES)] / counts[list(ROUTES)].sum() >= 0.1
    same = table[table["homes"] == "same"]
    assert dict(zip(same["route"], same["judged"], strict=True)) == common.to_dict()


def test_recording_that_is_wrong_by_authority_is_found_out():
    found = by_name(competing_fit(recording_logit=NOT_RECORDED[::-1]))
    assert found["ppc_recording"].status == "failed"
    table = found["ppc_recording"].table
    assert table["recorder"].tolist()[0] == "all"
    assert table[table["recorder"] == "Dorset"]["p_value"].iloc[0] < 0.01


def test_exits_are_masked_by_the_chance_of_their_own_route():
    fit = competing_fit(shift=1.5)
    likelihood = fit.structure.likelihood
    tally = RouteTally.of(fit, likelihood)
    rng = np.random.default_rng(2)
    (draws, drawn), *_ = replicated_spells(fit, likelihood, rng)
    told = tally.recorded(draws, drawn, rng)
    missed = [np.mean(told[drawn.route == m] == 3) for m in range(3)]
    assert missed[0] < missed[1] < missed[2]
    at = (drawn.route == 2) & (tally.of_recorder == 3)
    assert np.mean(told[at] == 3) == pytest.approx(1 / (1 + np.exp(-1.5)), abs=0.03)
    assert (told[drawn.route < 0] == -1).all()


def test_without_a_model_of_recording_exits_are_masked_as_observed():
    fit = competing_fit()
    given = fit.spec.likelihood.model_copy(update={"recording": None})
    likelihood = replace(fit.structure.likelihood, recorded_by=None)
    structure = replace(fit.structure, likelihood=likelihood)
    spec = fit.spec.model_copy(update={"likelihood": given})
    del fit.design.coords["recorder"], fit.design.outcome["recorder"]
    found = by_name(replace(fit, spec=spec, structure=structure, cache={}))
    check = found["ppc_recording"]
    assert check.status == "passed"
    assert check.table["recorder"].tolist() == ["all"]
    assert "drawn as observed" in check.sentence


def test_cells_have_numbers_but_no_spells():
    found = by_name(competing_fit(recording=False, collapse=True))
    assert found["ppc_incidence"].status == found["ppc_route_homes"].status == "not applicable"
    table = found["ppc_routes"].table
    exits = competing_fit(recording=False, collapse=True).table["exit"].value_counts()
    seen = table[table["by"] == "all"].set_index("route")["observed"]
    assert seen.to_dict() == exits.drop("censored").astype(float).to_dict()
    assert set(table["by"]) == {"all", "home_type", "band"}


def test_spells_under_way_at_first_sight_are_not_counted(right):
    fit = competing_fit(recording=False)
    fit.design.outcome["entry"][:50] = 5.0
    table = by_name(fit)["ppc_routes"].table
    everyone = table[table["by"] == "all"]["observed"].sum()
    assert everyone == fit.design.outcome["event"][50:].sum()
    fit.design.outcome["entry"][:] = 5.0
    found = by_name(fit)
    assert {check.status for check in found.values()} == {"not applicable"}


def test_many_statistics_may_stray_as_often_as_chance_has_it():
    assert [allowed_outside(n) for n in (0, 1, 5, 40)] == [0, 1, 1, 3]
    rng = np.random.default_rng(1)
    strayed = (rng.random((20_000, 40)) < 0.02).sum(axis=1)
    assert (strayed > allowed_outside(40)).mean() < 0.015


@pytest.mark.parametrize(
    "options", [{}, {"split": True, "family": "log_normal"}, {"recording": False, "collapse": True}]
)
def test_every_check_of_a_fit_with_routes_can_be_made(options):
    checks = run_checks(competing_fit(600, **options), 3)
    assert len({check.name for check in checks}) == len(checks)
    for check in checks:
        assert check.sentence.endswith(".")
        assert all(np.isfinite(values).all() for values in check.series.values())
    loo = next(check for check in checks if check.name == "loo")
    assert loo.status == ("not applicable" if options.get("collapse") else "passed")


def test_a_home_whose_effects_belong_together_is_not_left_out():
    fit = competing_fit(300)
    spec = fit.spec.model_copy(
        update={
            "unit": "home",
            "likelihood": fit.spec.likelihood.model_copy(update={"frailty": None}),
        }
    )
    structure = replace(fit.structure, likelihood=replace(fit.structure.likelihood, frailty=None))
    checks = {c.name: c for c in run_checks(replace(fit, spec=spec, structure=structure), 1)}
    assert checks["loo"].status == "not applicable"
    assert "belong together" in checks["loo"].sentence


def test_the_posterior_is_read_in_pieces(monkeypatch, right):
    fit, whole = right
    monkeypatch.setattr("bayescich.checks.levels.CELLS_AT_ONCE", 30 * fit.design.rows * 3)
    cut = by_name(with_posterior(fit))
    for name in NAMES:
        assert cut[name].status == whole[name].status
        assert cut[name].table["mean"].to_numpy() == pytest.approx(
            whole[name].table["mean"].to_numpy(), rel=0.25, abs=0.02
        )


def test_each_check_has_its_figure(right):
    for check in right[1].values():
        figure = draw_check(check)()
        assert figure.axes
    panels = draw_check(right[1]["ppc_incidence"])().axes
    titles = [axes.get_title() for axes in panels if axes.axison]
    assert titles == [*ROUTES, "not known", "any route"]
    assert "Orange: observed" in how_to_read(right[1]["ppc_incidence"])
