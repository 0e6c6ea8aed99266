"""Tables of outcomes of several parts: covariates, levels, evidence, where differences lie."""

from dataclasses import replace

import numpy as np
import pytest

from bayescich.checks.prior_predictive import most_points, prior_checks
from bayescich.design import build_design
from bayescich.estimates import run_estimates
from bayescich.estimates.coefficients import coefficient_estimates
from bayescich.estimates.evidence import information_by_part
from bayescich.estimates.hierarchy import hierarchy_estimates
from bayescich.estimates.homes import home_estimates
from bayescich.estimates.matching import matching_estimates
from bayescich.estimates.needs import need_estimates
from bayescich.estimates.summaries import ratio_name
from bayescich.estimates.variance import components, variance_estimates
from bayescich.estimates.walks import walk_estimates
from bayescich.model import make_structure
from tests.tiny_fit import binomial_fit, gaussian_fit, hazard_fit
from tests.tiny_outcomes import (
    CUTPOINT,
    DISPERSION,
    LIKELIHOODS,
    MOST,
    OTHER_DISPERSION,
    RESIDUAL,
    children,
    joint_fit,
    outcome_fit,
)


@pytest.fixture(scope="module")
def fits():
    return {name: outcome_fit(name, 300) for name in LIKELIHOODS}


def test_coefficients_stand_by_part_side_by_side(fits):
    fit = fits["points"]
    estimate = coefficient_estimates(fit)[0]
    table, draws = estimate.table, fit.posterior["fixed"]
    assert list(table["route"].unique()) == ["any points", "points", "points recorded"]
    assert estimate.headings["route"] == "part"
    assert (estimate.across, estimate.shown) == ("route", ("covariate", "ratio_mean"))
    own = table[(table["route"] == "points") & (table["covariate"] == "ks2")].iloc[0]
    assert own["mean"] == pytest.approx(draws[:, 2, 1].mean())
    assert own["ratio_mean"] == pytest.approx(np.exp(draws[:, 2, 1]).mean())
    # where it is blank it says nothing of its mean
    assert own["mean_in_data"] == pytest.approx(fit.table["ks2"].mean())
    assert "ks2 (points)" in estimate.sentence
    assert "over the routes" not in " ".join(estimate.notes)


def test_levels_stand_by_part_and_thresholds_once(fits):
    fit = fits["grade"]
    found = {e.name: e for e in coefficient_estimates(fit)}
    level = found["level"].table
    assert level["route"].tolist() == ["grade", "grade recorded"]
    assert level["mean"].tolist() == pytest.approx(fit.posterior["intercept"].mean(0).tolist())
    thresholds = found["thresholds"].table
    assert thresholds["level"].tolist() == ["none | 4", "4 | 5"]
    assert thresholds["mean"].tolist() == pytest.approx(CUTPOINT.tolist(), abs=0.01)
    assert "thresholds" not in {e.name for e in coefficient_estimates(fits["points"])}


def test_every_table_of_every_outcome_is_whole(fits):
    for name, fit in {**fits, "together": joint_fit()}.items():
        for estimate in run_estimates(fit, None):
            assert estimate.sentence.endswith("."), (name, estimate.name)
            assert "None " not in estimate.sentence, (name, estimate.name)
            assert set(estimate.headings) == set(estimate.table.columns), (name, estimate.name)
            assert "the route" not in estimate.sentence, (name, estimate.name)
            if estimate.across is not None:
                keys = [*estimate.shown[:-1], estimate.across]
                keys = [key for key in keys if key in estimate.table]
                assert not estimate.table.duplicated(keys).any(), (name, estimate.name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("points", "odds ratio"), ("activity", "odds ratio"), ("grade", "odds ratio"),
        ("absence", "odds ratio"), ("offending", "rate ratio"),
        ("together", "odds or rate ratio"), ("wellbeing", None),
    ],
)  # fmt: skip
def test_the_ratio_is_named_by_the_link(fits, name, expected):
    assert ratio_name(fits[name]) == expected


def test_ratios_of_other_models_keep_their_names():
    assert ratio_name(hazard_fit(300)) == "hazard ratio"
    assert ratio_name(binomial_fit()) == "odds ratio"
    assert ratio_name(gaussian_fit()) is None


def score_information(share, phi):
    alike = 1.0 / (1.0 + phi)
    return MOST * share * (1 - share) / (1 + (MOST - 1) * alike)


def test_what_one_outcome_tells_by_part(fits):
    table = fits["points"].table
    points = table["points"].dropna()
    some = (points > 0).mean()
    share = points[points > 0].sum() / (MOST * (points > 0).sum())
    asked = table["points_missing"] != "not measured"
    recorded = table[asked]["points"].notna().mean()
    expected = [some * (1 - some), score_information(share, DISPERSION), recorded * (1 - recorded)]
    assert information_by_part(fits["points"]) == pytest.approx(expected, rel=0.01)
    together = fits["together"].table
    share = together["difficulties"].mean() / MOST
    event = together["convicted"].mean()
    found = information_by_part(fits["together"])
    assert found[2] == pytest.approx(score_information(share, OTHER_DISPERSION), rel=0.01)
    assert found[3] == pytest.approx(np.log(1 - event) ** 2 * (1 - event) / event)
    assert information_by_part(fits["wellbeing"]) == pytest.approx([RESIDUAL**-2], rel=0.01)
    shares = fits["activity"].table["activity"].value_counts(normalize=True)
    own = shares[["busy", "unwell"]]
    found = information_by_part(fits["activity"])
    assert found[1:] == pytest.approx((own * (1 - own)).tolist())


def test_information_is_the_curvature_of_the_likelihood():
    # an event in a time, and a score out of many, against numerical derivatives
    p = 0.3
    hazard = -np.log(1 - p)
    eta, h = np.log(hazard), 1e-4

    def expected(x):
        q = 1 - np.exp(-np.exp(x))
        return p * np.log(q) - (1 - p) * np.exp(x)

    curve = -(expected(eta + h) - 2 * expected(eta) + expected(eta - h)) / h**2
    assert curve == pytest.approx(hazard**2 * (1 - p) / p, rel=1e-4)


def test_how_many_outcomes_a_reliable_home_needs_by_part(fits):
    fit = fits["points"]
    homes, needed = home_estimates(fit)
    assert "on the part 'any points'" in homes.sentence
    each = information_by_part(fit)
    for place, part in enumerate(fit.design.routes):
        sd = fit.posterior["home_sd"][:, place]
        own = needed.table[(needed.table["column"] == "home") & (needed.table["route"] == part)]
        at = own[own["reliability"] == 0.7].iloc[0]
        assert at["needed_mean"] == pytest.approx((0.7 / 0.3 / sd**2 / each[place]).mean())
    assert needed.table["needed_mean"].between(1, 500).all()
    assert "outcomes of the part '" in needed.sentence
    assert "Each stands for a child whose whole window was lived there." in needed.notes
    assert not any("Events" in note for note in needed.notes)


def test_deaths_and_studies_are_counted_as_before():
    deaths = home_estimates(binomial_fit())[1]
    share = binomial_fit().table["deaths"].sum() / binomial_fit().table["operations"].sum()
    sd = binomial_fit().posterior["hospital_sd"]
    at = deaths.table[deaths.table["reliability"] == 0.5].iloc[0]
    assert at["needed_mean"] == pytest.approx((1 / sd**2 / (share * (1 - share))).mean())
    assert deaths.sentence.count("outcomes per level of 'hospital'") == 1
    studies = home_estimates(gaussian_fit())[1]
    known = np.mean(1 / gaussian_fit().table["se"] ** 2)
    sd = gaussian_fit().posterior["school_sd"]
    at = studies.table[studies.table["reliability"] == 0.5].iloc[0]
    assert at["needed_mean"] == pytest.approx((1 / sd**2 / known).mean())


def test_where_differences_lie_has_settings_and_the_link_of_each_part(fits):
    fit = fits["together"]
    found = components(fit)
    assert found["single outcome"].shape == (1600, 4)
    assert found["single outcome"][0] == pytest.approx([np.pi**2 / 3] * 3 + [np.pi**2 / 6])
    assert found["child"] == pytest.approx(fit.posterior["child_loading"] ** 2)
    estimate = variance_estimates(fit)[0]
    shares = estimate.table.groupby("route", sort=False)["share_mean"].sum()
    assert shares.tolist() == pytest.approx([1.0] * 4)
    assert estimate.notes[0].endswith("for each part apart.")
    assert not any("frailty" in note for note in estimate.notes)
    assert any("whole window in one" in note for note in estimate.notes)


def test_settings_vary_as_children_lived_in_them(fits):
    fit = fits["offending"]
    table, draws = fit.table, fit.posterior["setting_effect"]
    lived = [
        sum((table[f"setting_{k}"] == s) * table[f"weight_{k}"] for k in (1, 2, 3))
        for s in ("home", "kin")
    ]
    rest = 1 - sum(table[f"weight_{k}"] for k in (1, 2, 3))
    whole = np.column_stack([*lived, rest.where(rest > 1e-3, 0.0)])
    expected = (draws[:50] @ whole.T).var(axis=1)
    assert components(fit)["settings"][:50] == pytest.approx(expected)
    assert components(fits["wellbeing"])["residual"].mean() == pytest.approx(RESIDUAL**2, rel=0.01)


def test_a_measurement_has_differences_where_others_have_ratios(fits):
    fit = fits["wellbeing"]
    words = [e.sentence for e in (*matching_estimates(fit), *walk_estimates(fit))]
    assert words[0].startswith("On average over the needs, the difference of a home that says it")
    mean = fit.posterior["matching_mean"].mean()
    assert f"is {mean:.2f} (" in words[0]
    across = fit.posterior["year_effect"][:, -1] - fit.posterior["year_effect"][:, 0]
    assert f"the difference is {across.mean():.2f} (" in words[1]


def test_what_one_of_several_homes_meets_counts_as_met():
    claims = {"kind": "needs", "name": "claim", "columns": "meets_", "known": None}
    spec = outcome_fit("offending", 200).spec
    whole = type(spec).model_validate({**spec.model_dump(), "effects": (
        *(e.model_dump() for e in spec.effects), claims)})  # fmt: skip
    fit = outcome_fit("offending", 200)
    design = build_design(fit.table, whole)
    draws = fit.posterior
    both = replace(fit, spec=whole, design=design, structure=make_structure(whole), cache={})
    both.cache["posterior"] = type(draws)(
        {**draws.values, "claim_effect": np.zeros((draws.size, 2)),
         "claim_family_mean": np.zeros((draws.size, 2)), "claim_sd": np.full(draws.size, 0.1)}
    )  # fmt: skip
    claim = next(e for e in need_estimates(both) if e.name == "needs_claim").table
    met = [(fit.table[f"meets_{need}"] > 0).sum() for need in ("missing", "self_harm")]
    assert claim["n_children"].tolist() == met
    assert min(met) > 20


def test_the_prior_of_points_is_judged_as_a_share(fits):
    assert most_points(fits["points"]) == MOST
    assert most_points(fits["together"]) == MOST
    assert [most_points(fits[name]) for name in ("offending", "grade", "absence")] == [1.0] * 3
    checks = {c.name: c for c in prior_checks(fits["points"], np.random.default_rng(1))}
    assert checks["prior_outcome"].status == "passed"
    assert "of the belief is below 1% or above 99%" in checks["prior_outcome"].sentence
    assert checks["prior_outcome"].table["prior_q95"].iloc[0] > 5


def test_the_hierarchy_says_how_many_lived_where(fits):
    table = hierarchy_estimates(fits["offending"])[0].table.set_index("column")
    assert table.loc["home", "levels"] == 24
    lived = children(300)
    for column in ("home", "setting"):
        total = table.loc[column, "rows_mean"] * table.loc[column, "levels"]
        stays = sum(
            lived[f"weight_{k}"].where(lived[f"{column}_{k}"].notna(), 0) for k in (1, 2, 3)
        )
        expected = stays.sum() if column == "home" else 300
        assert total == pytest.approx(expected, abs=0.01)


def test_how_parts_belong_together_is_said_of_parts(fits):
    found = {e.name: e for e in run_estimates(fits["activity"], None)}["route_correlations"]
    assert found.title == "Do homes' effects on the parts hang together?"
    assert found.headings["other_route"] == "and part"
    assert "high on one part of the outcome are high on the other" in found.notes[0]
    draws = fits["activity"].posterior["home_correlation"]
    pair = found.table[
        (found.table["route"] == "in touch") & (found.table["other_route"] == "busy")
    ]
    assert pair["mean"].iloc[0] == pytest.approx(draws[:, 0, 1].mean())
