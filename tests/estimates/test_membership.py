"""Homes weighed otherwise, side by side with the fit itself."""

from dataclasses import replace

import numpy as np
import pytest

from bayescich.estimates.membership import membership_estimates
from bayescich.estimates.outcome_types import outcome_type_estimates
from bayescich.estimates.places import lived_in
from bayescich.spec.variants import ALONE
from tests.tiny_fit import hazard_fit
from tests.tiny_outcomes import KINDS, joint_fit, outcome_fit, schemes_fit

SEED = 9


@pytest.fixture(scope="module")
def fit():
    return schemes_fit("points", ("equal", "recency", "first", "last"))


@pytest.fixture(scope="module")
def estimate(fit):
    (found,) = membership_estimates(fit, SEED)
    return found


def test_every_scheme_stands_beside_the_fit_itself(estimate):
    words = ["days in each", "each stay the same", "later days more", "first home alone",
             "last home alone"]  # fmt: skip
    assert list(estimate.table["scheme"].unique()) == words
    assert estimate.table.groupby("scheme", sort=False)["type"].agg(tuple).tolist() == [KINDS] * 5
    assert list(estimate.headings) == list(estimate.table.columns)
    assert (estimate.across, estimate.shown) == ("scheme", ("type", "std_diff_mean"))


def test_each_is_read_from_its_own_fit_with_the_same_children(fit, estimate):
    main = outcome_type_estimates(fit, np.random.default_rng(SEED))[0].table
    own = estimate.table[estimate.table["scheme"] == "days in each"]
    assert own["std_diff_mean"].tolist() == pytest.approx(main["std_diff_mean"].tolist()[:3])
    assert own["reading"].tolist() == main["reading"].tolist()[:3]
    for scheme, words in (("first", "first home alone"), ("recency", "later days more")):
        values = lived_in(fit.companions[scheme], np.random.default_rng(SEED)).of(0)
        difference = (values - values[:, [3]])[:, :3]
        other = estimate.table[estimate.table["scheme"] == words]
        assert other["std_diff_mean"].tolist() == pytest.approx(difference.mean(axis=0).tolist())


def test_the_type_that_hangs_most_on_the_weights_is_named(estimate):
    wide = estimate.table.pivot_table(index="type", columns="scheme", values="std_diff_mean")
    apart = wide.max(axis=1) - wide.min(axis=1)
    assert f"is that of '{apart.idxmax()}'" in estimate.sentence
    assert f"lie {apart.max():.2g} apart" in estimate.sentence
    # effects of the types are half as large in the others: they lie nearer together
    spread = wide.max() - wide.min()
    assert (spread.drop("days in each") < 0.8 * spread["days in each"]).all()


def test_the_spread_between_homes_is_said_for_every_scheme(fit, estimate):
    assert estimate.sentence.startswith("The SD between homes is 0.40 (0.38 to 0.42), days in each")
    assert estimate.sentence.count(" to 0.42)") == 5
    assert "; 0.40" in estimate.sentence


def test_only_what_was_made_is_shown():
    fit = schemes_fit("offending", ("last",))
    (estimate,) = membership_estimates(fit, SEED)
    assert list(estimate.table["scheme"].unique()) == ["days in each", "last home alone"]
    assert membership_estimates(outcome_fit("offending", 200), SEED) == ()
    assert membership_estimates(hazard_fit(300), SEED) == ()


def test_another_companion_is_no_scheme():
    fit = outcome_fit("offending", 200)
    assert membership_estimates(replace(fit, companions={ALONE: fit}), SEED) == ()
    assert membership_estimates(joint_fit(), SEED) == ()
