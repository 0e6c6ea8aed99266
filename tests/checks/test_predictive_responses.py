"""Outcomes of one row drawn again: a right model passes, each wrong part of one is found out."""

from dataclasses import replace

import numpy as np
import pytest

from bayescich.checks.predictive import WORDS, between_homes, crude_rates
from bayescich.checks.predictive_responses import FEW, response_checks, things_shown
from bayescich.checks.replicates import allowed_outside
from bayescich.design.core import Membership
from tests.tiny_fit import binomial_fit, gaussian_fit, hazard_fit, ordinal_fit
from tests.tiny_outcomes import (
    ACTIVITIES,
    AUDITED,
    COVARIATES,
    LIKELIHOODS,
    REST,
    STAYS,
    outcome_fit,
    predictors,
    rest_of,
)


def rng():
    return np.random.default_rng(6)


@pytest.fixture(scope="module")
def fits():
    return {name: outcome_fit(name) for name in LIKELIHOODS}


def outcomes(fit):
    (check,) = response_checks(fit, rng())
    return check


def row(table, outcome, statistic, of="everyone"):
    found = table[
        (table["outcome"] == outcome) & (table["statistic"] == statistic) & (table["of"] == of)
    ]
    assert len(found) == 1
    return found.iloc[0]


def lived(table, column, level):
    """The part of its window that each child lived in one level of a column."""
    stays = range(1, STAYS + 1)
    return sum((table[f"{column}_{k}"] == level) * table[f"weight_{k}"] for k in stays)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_the_right_model_passes_whatever_the_outcome(fits, name):
    # the outcomes were drawn stay by stay, by nothing that the model shares
    fit = fits[name]
    checks = [outcomes(fit), crude_rates(fit, rng()), between_homes(fit, rng())]
    assert [check.status for check in checks] == ["passed"] * 3
    assert checks[0].sentence.endswith(".")
    judged = checks[0].table[checks[0].table["judged"]]
    assert checks[0].series["replicated"].shape == (200, len(judged))


def test_the_tiny_table_has_the_predictor_of_the_model(fits):
    fit = outcome_fit("points", 80)
    complete = fit.table.copy()
    for name in COVARIATES:
        complete[name] = complete[name].fillna(complete[name].mean())
    draws = fit.posterior.thin(1)
    values = {name: array[0] for name, array in draws.values.items()}
    ours = predictors(complete, values, 3)
    # what the expectation of a blank adds stands in the model's alone
    whole = fit.table[list(COVARIATES)].notna().all(axis=1).to_numpy()
    found = fit.structure.linear_predictor(draws, fit.design)[0].T
    assert found[whole] == pytest.approx(ours[whole], abs=1e-9)
    assert np.abs(found[~whole] - ours[~whole]).max() > 0.05


def test_points_are_those_of_the_table(fits):
    fit = fits["points"]
    table, found = fit.table, outcomes(fit).table
    points = table["points"].dropna()
    assert row(found, "points", "mean")["observed"] == pytest.approx(points.mean())
    assert row(found, "points", "share of noughts")["observed"] == pytest.approx(
        (points == 0).mean()
    )
    assert row(found, "points", "SD")["observed"] == pytest.approx(points.std(ddof=0))
    assert row(found, "points", "half below")["observed"] == points.median()
    assert row(found, "points", "highest tenth above")["observed"] == points.quantile(0.9)
    asked = table["points_missing"] != "not measured"
    assert row(found, "points recorded", "share")["observed"] == pytest.approx(
        table[asked]["points"].notna().mean()
    )


def test_each_child_counts_by_the_part_of_its_window(fits):
    fit = fits["points"]
    table, found = fit.table[fit.table["points"].notna()], outcomes(fit).table
    for column, level, words in (
        ("home_type", "solo", "home type: solo"),
        ("setting", "kin", "setting: kin"),
        ("setting", "home", "setting: home"),
        ("setting", REST, "setting: not in care"),
    ):
        weight = lived(table, column, level) if level != REST else rest_of(table)
        expected = (weight * table["points"]).sum() / weight.sum()
        assert row(found, "points", "mean", words)["observed"] == pytest.approx(expected)
        none = (weight * (table["points"] == 0)).sum() / weight.sum()
        assert row(found, "points", "share of noughts", words)["observed"] == pytest.approx(none)
    assert not found[found["of"] != "everyone"]["judged"].any()
    assert found["judged"].tolist() == sorted(found["judged"], reverse=True)


def test_activities_are_of_those_in_touch(fits):
    fit = fits["activity"]
    found = outcomes(fit).table
    reached = fit.table[fit.table["touch"] == 1]
    shares = [row(found, "activity", f"share: {label}") for label in ACTIVITIES]
    assert [s["observed"] for s in shares] == pytest.approx(
        [(reached["activity"] == label).mean() for label in ACTIVITIES]
    )
    # where nobody knows whether a child was reached, that says nothing
    assert row(found, "in touch", "share")["observed"] == pytest.approx(fit.table["touch"].mean())
    assert sum(s["mean"] for s in shares) == pytest.approx(1.0)


def test_shares_of_sessions_and_not_sessions(fits):
    fit = fits["absence"]
    share = fit.table["missed"] / fit.table["possible"]
    found = row(outcomes(fit).table, "share of sessions missed", "mean")
    assert found["observed"] == pytest.approx(share.mean())
    assert 0 < found["q05"] < found["q95"] < 1


def test_outcomes_of_one_child_belong_together(fits):
    fit = fits["together"]
    check = outcomes(fit)
    both = fit.table.dropna(subset=["points"])
    found = row(check.table, "points", "correlation with difficulties")
    assert found["observed"] == pytest.approx(
        np.corrcoef(both["points"], both["difficulties"])[0, 1]
    )
    judged = check.table["judged"].sum()
    assert judged == 6 + 6 + 1 + 3 > FEW
    assert check.limit == allowed_outside(judged)
    assert all(check.limit == 0 for check in (outcomes(fits["points"]), outcomes(fits["grade"])))


def test_outcomes_that_do_not_belong_together_are_seen():
    fit = outcome_fit("together", 1500)
    loadings = np.array([2.0, 2.0, 2.0, 0.3])
    # children so different that their outcomes must go together, at about the same means
    wrong = outcome_fit("together", 1500, child_loading=loadings)
    rows = [row(outcomes(f).table, "points", "correlation with difficulties") for f in (fit, wrong)]
    assert 0.01 < rows[0]["p_value"] < 0.99
    assert rows[1]["p_value"] < 0.01
    assert rows[1]["mean"] < rows[0]["observed"] - 0.1


WRONG = {
    "any points": ("points", {"intercept": [1.3, 0.3, 0.3]}, "points", "share of noughts", "low"),
    "how many": ("points", {"intercept": [0.3, -0.4, 0.3]}, "points", "mean", "low"),
    "how unlike": ("points", {"dispersion": 80.0}, "points", "highest tenth above", "low"),
    "recorded": ("points", {"intercept": [0.3, 0.3, 1.3]}, "points recorded", "share", "high"),
    "in touch": ("activity", {"intercept": [1.0, 0.3, 0.3]}, "in touch", "share", "high"),
    "category": ("activity", {"intercept": [0.3, 1.1, 0.3]}, "activity", "share: busy", "high"),
    "thresholds": ("grade", {"cutpoint": [-0.4, 0.0]}, "grade", "share: 4", "low"),
    "residual": ("wellbeing", {"residual_sd": 1.2}, "wellbeing", "SD", "high"),
    "event": ("offending", {"intercept": -0.4}, "conviction", "share", "low"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_each_wrong_part_is_found_where_it_is(wrong):
    name, change, outcome, statistic, tail = WRONG[wrong]
    check = outcomes(outcome_fit(name, **change))
    assert check.status == "failed"
    assert check.value > check.limit
    p_value = row(check.table, outcome, statistic)["p_value"]
    assert (p_value < 0.01) if tail == "low" else (p_value > 0.99)


def test_a_wrong_chance_of_being_recorded_leaves_the_points_alone():
    check = outcomes(outcome_fit("points", intercept=[0.3, 0.3, 1.3]))
    points = check.table[(check.table["outcome"] == "points") & check.table["judged"]]
    assert points["p_value"].between(0.01, 0.99).all()


def test_a_wrong_type_fails_by_type_and_is_only_shown():
    # as many points in all, but those of the types exchanged
    effects = np.outer([0.9, 0.1, -1.0], [1.0, 0.6, -0.5])
    fit = outcome_fit("points", 1500, home_type_effect=effects)
    table = outcomes(fit).table
    assert row(table, "points", "mean", "home type: solo")["p_value"] < 0.01
    assert not table[table["of"] == "home type: solo"]["judged"].any()


def test_what_is_shown_of_each_outcome(fits):
    names = {name: [item.name for item in things_shown(fit.design)] for name, fit in fits.items()}
    assert names["points"] == ["points", "points recorded"]
    assert names["activity"] == ["in touch", "activity"]
    assert names["together"] == ["points", "difficulties", "offending"]
    (points, recorded) = things_shown(fits["points"].design)
    assert points.places == (0, 1)
    assert (points.yes_or_no, recorded.yes_or_no) == (False, True)


@pytest.mark.parametrize("make", [hazard_fit, ordinal_fit, binomial_fit, gaussian_fit])
def test_others_have_checks_of_their_own(make):
    assert response_checks(make(), rng()) == ()


def test_homes_are_compared_by_weighted_sums(fits):
    fit = fits["offending"]
    check = between_homes(fit, rng())
    table, homes = fit.table, [f"H{h:02d}" for h in range(24)]
    weight = np.array([lived(table, "home", home) for home in homes])
    counts, sizes = weight @ table["convicted"], weight @ table["years"]
    rate = counts.sum() / sizes.sum()
    spread = np.sqrt(((counts - rate * sizes) ** 2).sum() / (sizes**2).sum())
    shown = check.table[check.table["homes"] == "new"].set_index("statistic")["observed"]
    assert shown[WORDS["overall"]] == pytest.approx(rate)
    assert shown[WORDS["spread"]] == pytest.approx(spread)
    own = weight**2 @ table["years"]
    large = rate * sizes >= 5
    assert large.sum() > 5
    standard = np.abs(counts - rate * sizes) / np.sqrt(rate * own)
    assert shown[WORDS["extreme"]] == pytest.approx(standard[large].max())
    assert check.sentence.endswith("by the part of its window that was lived there.")
    assert isinstance(fit.design.factors["home"], Membership)


def test_homes_that_are_alike_are_found_to_be_too_alike():
    fit = outcome_fit("offending", 4000, home_sd=1.6, provider_sd=1.6)
    check = between_homes(fit, rng())
    table = check.table[check.table["statistic"] == WORDS["spread"]].set_index("homes")
    assert check.status == "failed"
    assert table.loc["new", "p_value"] > 0.99


def test_points_have_neither_none_nor_all(fits):
    for name in ("points", "together", "wellbeing"):
        words = set(between_homes(fits[name], rng()).table["statistic"])
        assert words == {WORDS["overall"], WORDS["spread"], WORDS["extreme"]}
    words = set(between_homes(fits["activity"], rng()).table["statistic"])
    assert {WORDS["none"], WORDS["all"]} <= words


def test_a_home_of_which_nothing_is_seen_has_neither_none_nor_all():
    fit = outcome_fit("activity")
    homes = fit.design.factors["home"].labels
    there = np.asarray(homes.matrix()[:, [0]].todense())[:, 0] > 0
    seen = fit.design.outcome["seen"].copy()
    seen[there] = 0
    blank = replace(fit, design=replace(fit.design, outcome={**fit.design.outcome, "seen": seen}))
    table = between_homes(blank, rng()).table
    assert table[table["statistic"] == WORDS["none"]]["observed"].tolist() == [0.0, 0.0]
    assert np.isfinite(table[["observed", "mean", "q05", "q95"]].to_numpy()).all()


def test_rates_of_categories_are_shares_observed_and_replicated(fits):
    for name, good in (("grade", fits["grade"].table["grade"].isin(["4", "5"])),
                       ("activity", fits["activity"].table["activity"] == "busy")):  # fmt: skip
        fit = fits[name]
        seen = fit.table[LIKELIHOODS[name][0]["outcome"]].notna()
        found = crude_rates(fit, rng()).table.set_index("level")
        assert found.loc["all", "observed"] == pytest.approx(good[seen].mean())
        assert found["q95"].between(0, 1).all()
        weight = lived(fit.table[seen], "home_type", "small")
        expected = (weight * good[seen]).sum() / weight.sum()
        assert found.loc["small", "observed"] == pytest.approx(expected)


def test_needs_are_in_the_table(fits):
    # the needs of the audit, and what is met by the part of the window
    table = fits["points"].table
    assert {f"has_{need}" for need in AUDITED} <= set(table.columns)
    assert table["meets_missing"].between(0, 1).all()
    assert table["meets_missing"].nunique() > 50
