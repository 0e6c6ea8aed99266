"""Replicates of a right model look like the data; those of a wrong one are found out."""

from dataclasses import replace

import numpy as np
import pytest

from bayescich.checks import replicates
from bayescich.checks.predictive import between_homes, crude_rates
from bayescich.checks.predictive_grades import grade_checks
from bayescich.checks.predictive_hazard import hazard_checks
from bayescich.checks.replicates import (
    observed,
    replicated,
    replicated_spells,
    tail_probability,
)
from bayescich.design import build_design
from tests.tiny_fit import binomial_fit, gaussian_fit, hazard_fit, ordinal_fit, with_posterior
from tests.tiny_routes import spells_fit

FITS = {"hazard": hazard_fit, "ordinal": ordinal_fit, "binomial": binomial_fit}


def rng():
    return np.random.default_rng(6)


def row(table, **where):
    for column, value in where.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


@pytest.mark.parametrize("family", FITS)
def test_the_right_model_passes(family):
    fit = FITS[family]()
    assert crude_rates(fit, rng()).status == "passed"
    assert between_homes(fit, rng()).status == "passed"


def test_observed_rates_are_those_of_the_table():
    fit = ordinal_fit()
    table = crude_rates(fit, rng()).table
    good = fit.table["grade"].isin(["Good", "Outstanding"])
    by_type = good.groupby(fit.table["home_type"]).mean()
    assert row(table, level="all")["observed"] == pytest.approx(good.mean())
    assert table["observed"].iloc[1:].tolist() == pytest.approx(by_type.tolist())


def test_a_wrong_level_fails_the_rates():
    fit = hazard_fit(baseline=[0.3, 0.3, 0.3])
    check = crude_rates(fit, rng())
    assert check.status == "failed"
    assert row(check.table, level="all")["p_value"] > 0.99


@pytest.mark.parametrize(("sd", "tail"), [(0.02, "low"), (1.5, "high")])
def test_a_wrong_spread_is_seen_in_new_homes_only(sd, tail):
    fit = ordinal_fit(rows=6000, home_sd=sd, provider_sd=sd)
    check = between_homes(fit, rng())
    spread = "spread of the raw rate between homes (SD, larger homes count for more)"
    new = row(check.table, homes="new", statistic=spread)["p_value"]
    same = row(check.table, homes="same", statistic=spread)["p_value"]
    assert check.status == "failed"
    assert (new < 0.01) if tail == "low" else (new > 0.99)
    assert 0.01 < same < 0.99


def test_new_homes_replace_homes_and_providers_but_not_years(monkeypatch):
    eta = {"same": [], "new": []}
    original = replicates.replicate_spells

    def spied(likelihood, draws, own, *others):
        eta[which].append(own)
        return original(likelihood, draws, own, *others)

    monkeypatch.setattr("bayescich.checks.replicates.replicate_spells", spied)
    fit = hazard_fit()
    for which in ("same", "new"):
        list(replicated_spells(fit, fit.structure.likelihood, rng(), new_homes=which == "new"))
    difference = np.concatenate(eta["new"]) - np.concatenate(eta["same"])
    # rows of one home move together, and by as much as two draws of a home and provider differ
    home = fit.design.factors["home"].codes
    first = difference[:, home == 0]
    assert np.ptp(first, axis=1).max() < 1e-9
    assert difference.std() == pytest.approx(np.sqrt(2 * (0.4**2 + 0.3**2)), rel=0.25)


def test_a_model_without_new_levels_says_so():
    fit = ordinal_fit()
    only_years = tuple(e for e in fit.structure.effects if e.column == "year")
    fit = replace(fit, structure=replace(fit.structure, effects=only_years))
    assert between_homes(fit, rng()).status == "not applicable"


def test_spells_under_way_at_first_sight_carry_no_weight():
    fit = hazard_fit()
    fit.design.outcome["entry"][:10] = 5.0
    counted = observed(fit)
    assert counted.sizes[0, :10].sum() == 0
    draws = replicated(fit, lambda o: {"sizes": o.sizes[:, :10].sum(axis=1)}, rng())
    assert draws["sizes"].max() == 0


def test_a_measurement_has_a_spread():
    check = between_homes(gaussian_fit(), rng())
    spread = check.table[check.table["homes"] == "same"]
    assert len(spread) == 3
    assert check.series["same_spread"].shape == (200,)


def test_hazard_checks_pass_on_the_right_model():
    checks = {check.name: check for check in hazard_checks(hazard_fit(), rng())}
    assert {name: check.status for name, check in checks.items()} == {
        "ppc_bands": "passed",
        "ppc_survival": "passed",
        "ppc_moves": "passed",
    }
    curve = checks["ppc_survival"].series
    assert curve["observed"][0] == 1.0
    assert (np.diff(curve["median"]) <= 0).all()
    fit = hazard_fit()
    assert checks["ppc_bands"].table["observed"].sum() == fit.table["moved"].sum()
    moves = checks["ppc_moves"].table
    assert moves["observed"].sum() == fit.table["moved"].sum()
    assert moves["spells"].sum() == len(fit.table)


def test_a_wrong_time_course_fails_bands_and_survival():
    fit = hazard_fit(baseline=[-1.4, -0.4, 0.6])
    checks = {check.name: check.status for check in hazard_checks(fit, rng())}
    assert (checks["ppc_bands"], checks["ppc_survival"]) == ("failed", "failed")


def test_a_missing_frailty_is_seen_in_moves_after_moves():
    # with the level mended, the first spells no longer give it away
    fit = hazard_fit(frailty_variance=0.001, baseline=[-0.8, -0.8, -0.8])
    check = next(c for c in hazard_checks(fit, rng()) if c.name == "ppc_moves")
    assert check.status == "failed"
    p_value = check.table.set_index("moves before")["p_value"]
    assert 0.01 < p_value["0"] < 0.99
    assert p_value["2"] < 0.01
    words = "Spells of children with no move before that ended by one: 418 of 762"
    assert check.sentence.startswith(words)


def test_whether_another_spell_follows_is_not_judged():
    # children whose records end after the spell of a first move: a right model still passes
    fit = hazard_fit()
    table = fit.table.sort_values("child", kind="stable")
    before = table.groupby("child")["moved"].cumsum() - table["moved"]
    even = table["child"].str[-1].isin(list("02468"))
    table = table[(before == 0) | ~even].sort_index()
    left = replace(fit, table=table, design=build_design(table, fit.spec), cache={})
    check = next(c for c in hazard_checks(left, rng()) if c.name == "ppc_moves")
    assert check.status == "passed"


def test_other_outcomes_have_no_hazard_checks():
    assert hazard_checks(binomial_fit(), rng()) == ()
    assert grade_checks(binomial_fit(), rng()) == ()


def test_grade_shares():
    fit = ordinal_fit()
    (check,) = grade_checks(fit, rng())
    assert check.status == "passed"
    assert set(check.table["by"]) == {"all", "home_type", "provider", "year"}
    cell = row(check.table, by="year", level="2021", category="Good")
    in_year = fit.table[fit.table["year"] == "2021"]["grade"]
    assert cell["observed"] == pytest.approx((in_year == "Good").mean())
    shares = check.table[check.table["by"] == "home_type"].groupby("level")["observed"].sum()
    assert shares.tolist() == pytest.approx([1.0] * 4)


def test_wrong_thresholds_fail_the_grades():
    fit = ordinal_fit()
    draws = fit.tree["posterior"]["cutpoint"].to_numpy() + np.array([1.0, 0.0, 0.0])
    (check,) = grade_checks(with_posterior(fit, cutpoint=draws), rng())
    assert check.status == "failed"


def test_tail_probability_counts_ties_half():
    draws = np.array([[0.0, 5.0], [0.1 + 0.2, 6.0], [0.3, 7.0], [1.0, 8.0]])
    assert tail_probability(np.array([0.3, 4.0]), draws).tolist() == [0.5, 1.0]


@pytest.mark.parametrize(
    "options",
    [{"split": True}, {"strata": True}, {"strata": True, "split": True}, {"family": "log_normal"}],
)
def test_other_right_hazards_pass(options):
    # homes that take children until their places were taken for so long, as homes do
    fit = spells_fit(places=8.0, **options)
    checks = [*hazard_checks(fit, rng()), crude_rates(fit, rng()), between_homes(fit, rng())]
    assert {check.name: check.status for check in checks} == {
        "ppc_bands": "passed",
        "ppc_survival": "passed",
        "ppc_moves": "passed",
        "ppc_rates": "passed",
        "ppc_homes": "passed",
    }


def test_baselines_that_are_exchanged_fail_the_bands():
    departure = np.array([[0.0, 0.0, 0.0], [0.0, -1.5, -1.8], [0.0, -1.5, -1.6], [0.0, -1.0, 0.0]])
    fit = spells_fit(strata=True, baseline_departure=departure)
    checks = {check.name: check.status for check in hazard_checks(fit, rng())}
    assert checks["ppc_bands"] == checks["ppc_survival"] == "failed"


def test_a_split_table_is_checked_as_the_whole_one():
    whole, split = (with_posterior(spells_fit(600, split=s), fixed=0.0) for s in (False, True))
    for check in (crude_rates, between_homes):
        one, other = (check(fit, rng()).table for fit in (whole, split))
        assert one["observed"].to_numpy() == pytest.approx(other["observed"].to_numpy())
        assert one["mean"].to_numpy() == pytest.approx(other["mean"].to_numpy(), rel=0.05)
    one, other = ({c.name: c.table for c in hazard_checks(fit, rng())} for fit in (whole, split))
    for name in ("ppc_bands", "ppc_survival", "ppc_moves"):
        assert one[name]["observed"].tolist() == pytest.approx(other[name]["observed"].tolist())
        assert one[name]["mean"].to_numpy() == pytest.approx(
            other[name]["mean"].to_numpy(), rel=0.1, abs=1.0
        )


def test_cells_have_rates_and_bands_but_no_spells():
    fit = spells_fit(collapse=True)
    checks = {check.name: check for check in hazard_checks(fit, rng())}
    assert checks["ppc_bands"].status == "passed"
    assert checks["ppc_bands"].table["observed"].sum() == fit.table["moved"].sum()
    rates = crude_rates(fit, rng())
    assert rates.status == "passed"
    overall = fit.table["moved"].sum() / (fit.table["days"].sum() / 365.25)
    assert row(rates.table, level="all")["observed"] == pytest.approx(overall)
    silent = [checks["ppc_survival"], checks["ppc_moves"], between_homes(fit, rng())]
    assert {check.status for check in silent} == {"not applicable"}
    assert all("cells of many spells" in check.sentence for check in silent)


def test_nothing_is_replayed_when_all_were_under_way():
    fit = hazard_fit(600)
    fit.design.outcome["entry"][:] = 1.0
    checks = [*hazard_checks(fit, rng()), crude_rates(fit, rng()), between_homes(fit, rng())]
    status = {check.name: check.status for check in checks}
    assert status.pop("ppc_bands") != "not applicable"
    assert set(status.values()) == {"not applicable"}
