"""Outcomes together: what homes have in common, by a factor and by a matrix, and what it brings."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from bayescich.estimates.joint import common_share, joint_estimates
from bayescich.model import make_structure
from bayescich.spec.variants import ALONE, variants
from tests.tiny_outcomes import joint_fit, outcome_fit

PARTS = ("any points", "points", "difficulties", "offending")
COMMON = np.array([0.8, 0.7, -0.5, 0.6])


@pytest.fixture(scope="module")
def fit():
    return joint_fit()


@pytest.fixture(scope="module")
def estimates(fit):
    return {e.name: e for e in joint_estimates(fit)}


def test_the_share_in_common_is_the_square_of_a_correlation(fit, estimates):
    table = estimates["common_factor"].table
    assert tuple(table["part"]) == PARTS
    draws = fit.posterior["home_common"]
    assert table["share_mean"].tolist() == pytest.approx((draws**2).mean(axis=0).tolist())
    assert table["share_mean"].tolist() == pytest.approx((COMMON**2).tolist(), abs=0.02)
    assert table["loading_mean"].tolist() == pytest.approx(draws.mean(axis=0).tolist())
    assert table["pd"].tolist() == [1.0] * 4
    assert set(table["column"]) == {"home"}
    assert list(estimates["common_factor"].headings) == list(table.columns)


def test_by_a_matrix_it_is_what_the_others_tell_of_one(fit):
    # four outcomes that all correlate by r: R² of one on the others is 3r² / (1 + 2r)
    r = 0.4
    spec = fit.spec.model_copy(
        update={
            "effects": tuple(
                e.model_copy(update={"across_routes": "correlated"})
                if getattr(e, "by", "") == "home" else e
                for e in fit.spec.effects
            )
        }
    )  # fmt: skip
    matrix = np.where(np.eye(4) == 1.0, 1.0, r)
    tree = fit.tree["posterior"].to_dataset().drop_vars("home_common")
    tree["home_correlation"] = (
        ("chain", "draw", "route", "other_route"), np.broadcast_to(matrix, (4, 400, 4, 4)),
    )  # fmt: skip
    other = replace(
        fit, spec=spec, structure=make_structure(spec), companions={}, cache={},
        tree=xr.DataTree.from_dict({"posterior": tree}),
    )  # fmt: skip
    (estimate,) = joint_estimates(other)
    expected = 3 * r**2 / (1 + 2 * r)
    assert estimate.table["share_mean"].tolist() == pytest.approx([expected] * 4)
    assert "loading_mean" not in estimate.table
    group = other.structure.group("home")
    assert common_share(other, group).shape == (1600, 4)


def test_one_dimension_is_only_said_where_it_is_large(fit, estimates):
    mean = (fit.posterior["home_common"] ** 2).mean(axis=1)
    low, middle, high = np.quantile(mean, [0.05, 0.5, 0.95])
    assert f"{middle:.0%} of the variance between homes ({low:.0%} to {high:.0%})" in (
        estimates["common_factor"].sentence
    )
    assert "no one dimension" not in estimates["common_factor"].sentence
    weak = joint_fit(home_common=[0.5, 0.3, -0.2, 0.3])
    assert "there is no one dimension that the data show" in joint_estimates(weak)[0].sentence


def test_the_gain_is_in_the_reliability_of_one_home(fit, estimates):
    table = estimates["joint_gain"].table
    for name, of in (("together", fit), ("alone", fit.companions[ALONE])):
        draws = of.posterior
        kept = 1 - draws["home_effect"].var(axis=0) / np.mean(draws["home_sd"] ** 2, axis=0)
        expected = np.median(np.clip(kept, 0, 1), axis=0)
        assert table[name].tolist() == pytest.approx(expected.tolist())
    assert table["gain"].tolist() == pytest.approx((table["together"] - table["alone"]).tolist())
    assert (table["gain"] > 0.03).all()
    most = table.loc[table["gain"].idxmax()]
    assert f"rises most for '{most['part']}': from {most['alone']:.2f} to" in (
        estimates["joint_gain"].sentence
    )


def test_without_the_model_apart_there_is_no_gain_to_tell(fit):
    assert [e.name for e in joint_estimates(replace(fit, companions={}))] == ["common_factor"]


def test_the_model_apart_is_the_same_but_for_what_is_shared(fit):
    other = variants(fit.spec)[ALONE]
    assert not any(group.correlated for group in make_structure(other).groups)
    assert [g.column for g in make_structure(other).groups] == [
        g.column for g in fit.structure.groups
    ]


def test_other_outcomes_have_nothing_in_common():
    assert joint_estimates(outcome_fit("points", 200)) == ()
