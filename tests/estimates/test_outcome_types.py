"""Home types and other settings side by side: raw figures by hand, differences, ranks and words."""

from dataclasses import replace

import numpy as np
import pytest

from bayescich.estimates.home_types import home_type_estimates
from bayescich.estimates.outcome_types import has_outcome_types, outcome_type_estimates
from bayescich.estimates.places import lived_in
from bayescich.estimates.summaries import reading
from bayescich.estimates.type_effects import need_shares, type_effect_sd, type_effects
from tests.tiny_fit import binomial_fit, hazard_fit, ordinal_fit
from tests.tiny_outcomes import (
    AUDITED,
    KINDS,
    LIKELIHOODS,
    REST,
    STAYS,
    outcome_fit,
    rest_of,
)

PLACES = (*KINDS, "foster", "kin", REST)


def rng():
    return np.random.default_rng(5)


@pytest.fixture(scope="module")
def fits():
    return {name: outcome_fit(name, 300) for name in LIKELIHOODS}


def estimates(fit):
    return {e.name: e for e in outcome_type_estimates(fit, rng())}


def weights(table):
    """The part of its window that each child lived in each place."""
    stays = range(1, STAYS + 1)
    found = {
        kind: sum((table[f"home_type_{k}"] == kind) * table[f"weight_{k}"] for k in stays)
        for kind in KINDS
    }
    for setting in ("foster", "kin"):
        found[setting] = sum(
            (table[f"setting_{k}"] == setting) * table[f"weight_{k}"] for k in stays
        )
    return {**found, REST: rest_of(table)}


def test_it_is_for_outcomes_of_one_row_with_parts_or_several_homes(fits):
    assert all(has_outcome_types(fit) for fit in fits.values())
    for make in (hazard_fit, ordinal_fit, binomial_fit):
        fit = make(300) if make is not binomial_fit else make()
        assert not has_outcome_types(fit)
        assert outcome_type_estimates(fit, rng()) == ()
    # one table of home types a model
    assert all(home_type_estimates(fit, rng()) == () for fit in fits.values())


@pytest.mark.parametrize(
    ("name", "over", "under"),
    [
        ("points", lambda t: t["points"].fillna(0), lambda t: t["points"].notna()),
        ("activity", lambda t: t["activity"] == "busy", lambda t: t["activity"].notna()),
        ("grade", lambda t: t["grade"].isin(["4", "5"]), lambda t: t["grade"].notna()),
        ("offending", lambda t: t["convicted"], lambda t: t["years"]),
        ("absence", lambda t: t["missed"], lambda t: t["possible"]),
        ("wellbeing", lambda t: t["wellbeing"], lambda t: t["wellbeing"].notna()),
    ],
)
def test_raw_figures_are_weighted_sums(fits, name, over, under):
    fit = fits[name]
    table = estimates(fit)["outcome_types"].table
    assert tuple(table["type"]) == PLACES
    for place, weight in weights(fit.table).items():
        row = table[table["type"] == place].iloc[0]
        expected = (weight * over(fit.table)).sum() / (weight * under(fit.table)).sum()
        assert row["raw"] == pytest.approx(expected)
        assert row["windows"] == pytest.approx(weight.sum())
        assert row["n_children"] == (weight > 0).sum()


def test_the_reference_is_fostering_and_differences_are_from_it(fits):
    fit = fits["points"]
    estimate, lived = estimates(fit)["outcome_types"], lived_in(fit, rng())
    table, values = estimate.table, lived.of(0)
    assert table["std_mean"].tolist() == pytest.approx(values.mean(axis=0).tolist())
    difference = values - values[:, [3]]
    assert table["std_diff_mean"].tolist() == pytest.approx(difference.mean(axis=0).tolist())
    low = np.quantile(difference, 0.05, axis=0)
    assert table["std_diff_q05"].tolist() == pytest.approx(low.tolist())
    above = (difference > 0).mean(axis=0)
    for k, row in table.iterrows():
        if k == 3:
            assert np.isnan(row["pd"])
            assert row["reading"] == "reference"
            continue
        assert row["pd"] == pytest.approx(max(above[k], 1 - above[k]))
        assert row["reading"] == reading(row["pd"])
    assert estimate.headings["pd"] == "probability of direction against foster"
    assert list(estimate.headings) == list(table.columns)
    assert "from 'foster' with some or strong evidence: " in estimate.sentence


def test_another_reference_may_be_asked_for():
    fit = outcome_fit("offending", 300, report={"reference": "solo"})
    table = estimates(fit)["outcome_types"].table
    assert table[table["reading"] == "reference"]["type"].tolist() == ["solo"]
    # one that nobody lived in leaves fostering
    fit = outcome_fit("offending", 300, report={"reference": "huge"})
    table = estimates(fit)["outcome_types"].table
    assert table[table["reading"] == "reference"]["type"].tolist() == ["foster"]


def test_without_settings_the_commonest_type_is_the_reference():
    fit = outcome_fit("offending", 300, without=("settings",))
    table = estimates(fit)["outcome_types"].table
    commonest = max(KINDS, key=lambda kind: weights(fit.table)[kind].sum())
    assert table[table["reading"] == "reference"]["type"].tolist() == [commonest]


def test_types_are_ranked_among_themselves_and_other_settings_have_no_rank(fits):
    for name, best_is_highest in (("points", True), ("offending", False)):
        fit = fits[name]
        table, values = estimates(fit)["outcome_types"].table, lived_in(fit, rng()).of(0)[:, :3]
        sign = -1.0 if best_is_highest else 1.0
        ranks = 1.0 + (sign * values[:, :, None] > sign * values[:, None, :]).sum(axis=2)
        assert table["e_rank"].tolist()[:3] == pytest.approx(ranks.mean(axis=0).tolist())
        assert table["p_best"].tolist()[:3] == pytest.approx((ranks == 1).mean(axis=0).tolist())
        assert table["p_best"].sum() == pytest.approx(1.0)
        assert table[["p_best", "e_rank"]].iloc[3:].isna().all().all()
    assert estimates(fits["points"])["outcome_types"].table["p_best"].idxmax() == 2
    assert estimates(fits["offending"])["outcome_types"].table["p_best"].idxmax() == 0


def test_where_neither_is_better_nobody_is_best():
    fit = outcome_fit("offending", 300, report={"higher_is": "neither"})
    assert estimates(fit)["outcome_types"].table["p_best"].isna().all()


def test_every_reading_stands_in_every_place_and_chances_are_in_per_cent(fits):
    fit = fits["activity"]
    estimate, lived = estimates(fit)["outcome_readings"], lived_in(fit, rng())
    table = estimate.table
    names = ["busy, %", "none, %", "unwell, %", "in touch, and busy, %", "in touch, %"]
    assert list(table["reading_of"].unique()) == names
    assert len(table) == len(names) * len(PLACES)
    touch = table[table["reading_of"] == "in touch, %"]
    assert touch["std_mean"].tolist() == pytest.approx((100 * lived.of(4).mean(axis=0)).tolist())
    three = table[table["reading_of"].isin(names[:3])].groupby("type")["std_mean"].sum()
    assert three.tolist() == pytest.approx([100.0] * len(PLACES))
    assert "'in touch, and busy' takes everybody who is not reached" in estimate.notes[0]
    points = estimates(fits["points"])["outcome_readings"].table
    assert set(points["reading_of"]) == {
        "points", "any points, %", "points, if any", "points recorded, %"
    }  # fmt: skip


def test_one_reading_has_no_table_of_others(fits):
    assert set(estimates(fits["offending"])) == {"outcome_types", "home_type_effects"}


def test_effects_are_those_on_the_average_child_of_the_time_in_homes(fits):
    fit = fits["points"]
    draws = fit.posterior
    lived = sum(weights(fit.table)[kind] for kind in KINDS)
    shares = [(lived * fit.table[f"has_{need}"]).sum() / lived.sum() for need in AUDITED]
    assert need_shares(fit.design, fit.design.factors["home_type"]) == pytest.approx(shares)
    effects = draws["home_type_effect"] + np.einsum(
        "snhm,n->shm", draws["type_need_effect"], shares
    )
    assert type_effects(fit, draws) == pytest.approx(effects)
    table = estimates(fit)["home_type_effects"].table
    assert list(table["route"].unique()) == list(fit.design.routes)
    for place, part in enumerate(fit.design.routes):
        own = table[table["route"] == part]
        assert own["pooled_mean"].tolist() == pytest.approx(effects[:, :, place].mean(0).tolist())
        ratios = np.exp(effects[:, :, place]).mean(axis=0)
        assert own["ratio_mean"].tolist() == pytest.approx(ratios.tolist())
        sd = type_effect_sd(fit, draws)[:, place]
        kept = 1 - effects[:, :, place].var(axis=0) / np.mean(sd**2)
        assert own["pooling_check"].tolist() == pytest.approx(kept.tolist())


def test_a_type_that_is_known_better_shrinks_less(fits):
    table = estimates(fits["offending"])["home_type_effects"].table
    assert (table["reliability"] + table["shrink_B"]).tolist() == pytest.approx([1.0] * 3)
    wide = outcome_fit("offending", 300, home_type_sd=0.05)
    shrunk = estimates(wide)["home_type_effects"].table
    assert (shrunk["reliability"] < table["reliability"] - 0.3).all()


def test_a_measurement_has_no_ratio_and_an_event_has_one_of_rates(fits):
    effects = estimates(fits["wellbeing"])["home_type_effects"]
    assert not [name for name in effects.table if name.startswith("ratio")]
    words = estimates(fits["offending"])["home_type_effects"].headings["ratio_mean"]
    assert words == "rate ratio against the average type"
    words = estimates(fits["together"])["home_type_effects"].headings["ratio_mean"]
    assert words == "odds or rate ratio against the average type"


def test_turned_outcomes_say_so(fits):
    notes = estimates(fits["together"])["outcome_types"].notes
    assert any("turned so that higher is better" in note for note in notes)
    assert not any("turned" in note for note in estimates(fits["points"])["outcome_types"].notes)


def test_the_same_seed_gives_the_same_table(fits):
    one, two = (estimates(fits["points"])["outcome_types"].table for _ in range(2))
    assert one.equals(two)


def test_homes_of_unknown_type_have_an_effect_and_no_rank(fits):
    fit = fits["points"]
    effects = tuple(
        e.model_copy(update={"unknown": "solo"}) if e.kind == "home_type" else e
        for e in fit.spec.effects
    )
    told = replace(fit, spec=fit.spec.model_copy(update={"effects": effects}))
    (whole, some) = (estimates(f)["outcome_types"].table for f in (fit, told))
    assert whole["type"].tolist()[:3] == ["large", "small", "solo"]
    assert some["std_mean"].tolist() == pytest.approx(whole["std_mean"].tolist())
    assert np.isnan(some.loc[2, "p_best"])
    assert some["p_best"].sum() == pytest.approx(1.0)
    assert some.loc[:1, "e_rank"].sum() == pytest.approx(3.0)
    # the best of all before, it is not in the sentence now
    assert whole["p_best"].idxmax() == 2
    assert "'solo'" not in estimates(told)["outcome_types"].sentence.partition(". ")[0]
