"""The table by home type: each column against its definition."""

from dataclasses import replace

import numpy as np
import pytest

from bayescich.estimates.home_types import home_type_estimates
from bayescich.estimates.summaries import pooling, probability_of_direction, reliability
from tests.tiny_fit import TYPES, binomial_fit, hazard_fit, ordinal_fit, with_posterior


def table_of(fit):
    (estimate,) = home_type_estimates(fit, np.random.default_rng(1))
    return estimate.table.set_index("type")


@pytest.fixture(scope="module")
def hazard():
    return hazard_fit()


@pytest.fixture(scope="module")
def table(hazard):
    return table_of(hazard)


def test_one_row_per_type_with_counts_of_the_table(hazard, table):
    spells = hazard.table
    assert tuple(table.index) == TYPES
    by_type = spells.groupby("home_type")
    assert table["n_rows"].tolist() == by_type.size().tolist()
    assert table["n_children"].tolist() == by_type["child"].nunique().tolist()
    assert table["n_homes"].tolist() == by_type["home"].nunique().tolist()
    assert table["n_providers"].tolist() == by_type["provider"].nunique().tolist()
    raw = by_type["moved"].sum() / (by_type["days"].sum() / 365.25)
    assert table["raw"].tolist() == pytest.approx(raw.tolist())


def test_children_are_not_counted_where_there_are_none():
    found = table_of(ordinal_fit())
    assert "n_children" not in found
    assert found["n_homes"].sum() == 60


def test_pooled_columns_are_the_posterior(hazard, table):
    draws = hazard.posterior["home_type_effect"]
    assert table["pooled_mean"].tolist() == pytest.approx(draws.mean(axis=0).tolist())
    assert table["pooled_q95"].tolist() == pytest.approx(np.quantile(draws, 0.95, axis=0).tolist())
    assert table["ratio_mean"].tolist() == pytest.approx(np.exp(draws).mean(axis=0).tolist())


def test_reliability_compares_sigma_with_the_unpooled_error(hazard, table):
    free = hazard.unpooled["posterior"]["home_type_effect"]
    s = free.std(("chain", "draw"), ddof=1).to_numpy()
    # four types that sum to zero: a level alone has three quarters of the variance
    sigma = hazard.posterior["home_type_sd"] * np.sqrt(3 / 4)
    expected = [np.mean(sigma**2 / (sigma**2 + own**2)) for own in s]
    assert table["reliability"].tolist() == pytest.approx(expected)
    assert (table["reliability"] + table["shrink_B"]).tolist() == pytest.approx([1.0] * 4)


def test_without_an_unpooled_fit_its_columns_are_absent(hazard):
    found = table_of(replace(hazard, unpooled=None))
    assert not {"unpooled_mean", "reliability", "shrink_B"} & set(found)
    assert "pooling_check" in found


def test_observed_over_expected_is_one_on_average_and_follows_the_types():
    fit = ordinal_fit(rows=6000)
    found = table_of(fit)
    expected = found["numerator"] / found["oe"]
    assert expected.sum() == pytest.approx(found["numerator"].sum())
    # the same grades in better-than-average types: more observed than expected
    assert found.loc["Solo", "oe"] > 1 > found.loc["Large", "oe"]


def test_differences_are_against_the_commonest_type_or_the_one_asked_for(hazard, table):
    commonest = hazard.table["home_type"].value_counts().idxmax()
    assert table.loc[commonest, "reading"] == "reference"
    assert table.loc[commonest, "std_diff_mean"] == 0.0
    assert np.isnan(table.loc[commonest, "pd"])
    report = hazard.spec.report.model_copy(update={"reference": "Solo"})
    asked = table_of(replace(hazard, spec=hazard.spec.model_copy(update={"report": report})))
    assert asked.loc["Solo", "reading"] == "reference"
    assert (asked.drop(index="Solo")["std_diff_mean"] < 0).all()


def test_an_unknown_reference_is_said_aloud(hazard):
    report = hazard.spec.report.model_copy(update={"reference": "Boat"})
    fit = replace(hazard, spec=hazard.spec.model_copy(update={"report": report}))
    (estimate,) = home_type_estimates(fit, np.random.default_rng(1))
    assert any("'Boat'" in note and "stands in" in note for note in estimate.notes)


def test_best_is_lowest_hazard_but_highest_grade(hazard, table):
    grades = table_of(ordinal_fit())
    assert table["p_best"].idxmax() == "Large"
    assert grades["p_best"].idxmax() == "Solo"
    assert table["p_best"].sum() == pytest.approx(1.0)
    assert table["e_rank"].sum() == pytest.approx(1 + 2 + 3 + 4)
    neither = hazard.spec.report.model_copy(update={"higher_is": "neither"})
    spec = hazard.spec.model_copy(update={"report": neither})
    undecided = table_of(replace(hazard, spec=spec))
    assert undecided["p_best"].isna().all()
    assert undecided["e_rank"].idxmin() == "Solo"


def test_equal_types_cannot_be_told_apart(hazard):
    noise = np.random.default_rng(5).normal(0.0, 0.2, (4, 400, 4))
    equal = noise - noise.mean(axis=-1, keepdims=True)
    (estimate,) = home_type_estimates(
        with_posterior(hazard, home_type_effect=equal), np.random.default_rng(1)
    )
    assert set(estimate.table["reading"]) == {"reference", "not distinguishable"}
    assert "No type can be told apart" in estimate.sentence


def test_learning_shows_as_a_narrower_posterior(hazard, table):
    prior = hazard.prior["home_type_effect"].std(axis=0, ddof=1)
    expected = hazard.posterior["home_type_effect"].std(axis=0, ddof=1) / prior
    assert table["prior_posterior_sd_ratio"].tolist() == pytest.approx(expected.tolist())


def test_every_column_has_its_words(hazard):
    (estimate,) = home_type_estimates(hazard, np.random.default_rng(1))
    assert list(estimate.headings) == list(estimate.table.columns)


def test_no_table_without_types():
    assert home_type_estimates(binomial_fit(), np.random.default_rng(1)) == ()


def test_reliability_formula():
    sd = np.array([0.2, 0.4])
    found = reliability(sd, np.array([0.3]))
    assert found[0] == pytest.approx((0.04 / 0.13 + 0.16 / 0.25) / 2)


def test_pooling_stays_between_nothing_and_everything():
    rng = np.random.default_rng(6)
    effects = np.column_stack([rng.normal(0, 1.2, 4000), rng.normal(0, 0.5, 4000), np.zeros(4000)])
    found = pooling(effects, np.ones(4000))
    assert found.tolist() == pytest.approx([0.0, 0.75, 1.0], abs=0.02)


def test_probability_of_direction_is_symmetric():
    draws = np.array([[-1.0, 1.0], [-2.0, 2.0], [3.0, -3.0]])
    assert probability_of_direction(draws).tolist() == pytest.approx([2 / 3, 2 / 3])
