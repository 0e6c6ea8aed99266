"""Values without events, or with nothing else, are named; and effects that were hardly learnt."""

from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

from bayescich.checks.separation import separation_checks
from bayescich.design import build_design
from bayescich.model import make_structure
from bayescich.sampling.fit import Fit
from bayescich.spec import ModelSpec, load_prior_set
from tests.tiny_fit import binomial_fit, gaussian_fit, hazard_fit, ordinal_fit
from tests.tiny_outcomes import outcome_fit
from tests.tiny_routes import competing_fit, spells_fit


def only(fit):
    (check,) = separation_checks(fit)
    return check


def rebuilt(fit, table):
    return replace(fit, table=table, design=build_design(table, fit.spec), cache={})


def test_plenty_of_data_pass():
    for make in (ordinal_fit, spells_fit, competing_fit):
        check = only(make())
        assert check.status == "passed"
        assert "none is without events" in check.sentence


def test_where_there_is_nothing_to_look_at():
    assert only(gaussian_fit()).status == "not applicable"
    assert only(binomial_fit()).status == "not applicable"


def test_a_home_type_without_events_is_named_with_its_count():
    fit = spells_fit()
    table = fit.table.assign(moved=fit.table["moved"].where(fit.table["home_type"] != "Solo", 0))
    check = only(rebuilt(fit, table))
    assert check.status == "failed"
    (row,) = check.table[check.table["finding"] == "no event"].itertuples()
    assert (row.of, row.label, row.events) == ("home type", "Solo", 0)
    assert row.rows == (fit.table["home_type"] == "Solo").sum()
    assert f"home type 'Solo' ({row.rows:,.0f}): no event" in check.sentence


def test_a_covariate_with_nothing_but_events():
    fit = spells_fit()
    table = fit.table.assign(moved=fit.table["moved"].where(fit.table["male"] == 0, 1))
    check = only(rebuilt(fit, table))
    assert check.status == "failed"
    (row,) = check.table.itertuples()
    assert (row.of, row.label, row.finding) == ("covariate", "male = 1", "nothing but events")
    assert row.rows == row.events == (fit.table["male"] == 1).sum()


def test_a_route_that_one_kind_of_home_never_sees():
    fit = competing_fit(recording=False)
    never = (fit.table["home_type"] == "Large") & (fit.table["exit"] == "other")
    check = only(rebuilt(fit, fit.table.assign(exit=fit.table["exit"].where(~never, "censored"))))
    (row,) = check.table.itertuples()
    assert (row.label, row.route, row.finding) == ("Large", "other", "no event")
    assert "by 'other'" in check.sentence


def test_pieces_of_a_spell_are_counted_once():
    fit = spells_fit(split=True)
    table = fit.table.assign(moved=fit.table["moved"].where(fit.table["home_type"] != "Solo", 0))
    check = only(rebuilt(fit, table))
    assert check.table["rows"].iloc[0] == (fit.table["home_type"] == "Solo").sum()


def test_cells_count_their_spells():
    fit = spells_fit(collapse=True)
    table = fit.table.assign(moved=fit.table["moved"].where(fit.table["home_type"] != "Solo", 0))
    check = only(rebuilt(fit, table))
    assert check.table["rows"].iloc[0] == (fit.table["home_type"] == "Solo").sum()


def test_needs_in_home_types_are_listed_but_do_not_fail():
    rng = np.random.default_rng(1)
    rows = 400
    table = pd.DataFrame(
        {
            "child": [f"c{k:03d}" for k in range(rows)],
            "home_type": np.array(["Large", "Solo"])[np.arange(rows) % 2],
            "has_autism": rng.integers(0, 2, rows),
            "has_trauma": rng.integers(0, 2, rows),
            "y": rng.integers(0, 2, rows),
        }
    )
    table.loc[(table["has_autism"] == 1) & (table["home_type"] == "Solo"), "y"] = 1
    spec = ModelSpec.model_validate(
        {
            "name": "needs", "title": "needs", "unit": "child",
            "likelihood": {"family": "bernoulli", "outcome": "y"},
            "effects": [{"kind": "needs"}, {"kind": "home_type"}, {"kind": "type_need"}],
        }
    )  # fmt: skip
    dims = ("chain", "draw", "crossed_need", "home_type")
    effect = rng.normal(0.0, 1.0, (2, 200, 2, 2))
    after = xr.Dataset({"type_need_effect": (dims, effect * [[0.5, 0.97], [0.2, 0.2]])})
    before = xr.Dataset({"type_need_effect": (dims, effect)})
    priors, _ = load_prior_set("neutral")
    tree = xr.DataTree.from_dict({"posterior": after, "prior": before})
    fit = Fit(spec, priors, table, build_design(table, spec), make_structure(spec), tree)
    check = only(fit)
    assert check.status == "passed"
    (row,) = check.table.itertuples()
    assert (row.of, row.label) == ("need in a home type", "autism in Solo")
    assert row.finding == "nothing but events"
    assert 0.95 < row.sd_ratio < 0.99
    assert "matched needs: 1." in check.sentence


def test_an_effect_as_wide_as_its_prior_was_hardly_learnt():
    fit = hazard_fit()
    same = fit.tree["prior"].to_dataset()["home_type_effect"].to_numpy()
    data = fit.tree["posterior"].to_dataset()
    data["home_type_effect"] = (data["home_type_effect"].dims, np.repeat(same, 4, axis=0))
    groups = {"posterior": data, "prior": fit.tree["prior"].to_dataset()}
    check = only(replace(fit, tree=xr.DataTree.from_dict(groups), cache={}))
    assert check.status == "passed"
    assert set(check.table["finding"]) == {"hardly learnt"}
    assert "prior's: 4." in check.sentence


def test_all_with_an_event_in_whatever_time_is_nothing_but_events():
    fit = outcome_fit("offending", 300)
    boys = fit.table["male"] == 1
    assert only(fit).status == "passed"
    check = only(rebuilt(fit, fit.table.assign(convicted=fit.table["convicted"].where(~boys, 1))))
    (row,) = check.table[check.table["finding"] != "hardly learnt"].itertuples()
    assert (row.label, row.finding) == ("male = 1", "nothing but events")
    # once for each, however long it could happen
    assert row.rows == row.events == boys.sum()


def test_grades_are_looked_at_from_their_middle():
    fit = outcome_fit("grade", 300)
    boys = (fit.table["male"] == 1) & fit.table["grade"].notna()
    # none in the middle is nothing; all above it is
    apart = fit.table["grade"].where(~boys | (fit.table["grade"] != "4"), "none")
    assert only(rebuilt(fit, fit.table.assign(grade=apart))).status == "passed"
    check = only(rebuilt(fit, fit.table.assign(grade=fit.table["grade"].where(~boys, "5"))))
    found = check.table[check.table["finding"] != "hardly learnt"]
    assert found[["label", "route", "finding"]].to_numpy().tolist() == [
        ["male = 1", "grade", "nothing but events"]
    ]
    assert "on each part of the outcome, some rest on priors" in check.sentence


def test_an_activity_that_none_of_a_type_has_is_named_by_its_part():
    fit = outcome_fit("activity", 300)
    boys = (fit.table["male"] == 1) & (fit.table["activity"] == "unwell")
    check = only(
        rebuilt(fit, fit.table.assign(activity=fit.table["activity"].where(~boys, "none")))
    )
    found = check.table[check.table["finding"] != "hardly learnt"]
    assert found[["label", "route", "finding"]].to_numpy().tolist() == [
        ["male = 1", "unwell", "no event"]
    ]
    assert "no event by 'unwell'" in check.sentence
