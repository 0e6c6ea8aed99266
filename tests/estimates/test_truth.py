"""Truth beside posterior: names matched, centred alike, covered or not."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bayescich.estimates.truth import truth_estimates
from bayescich.estimates.type_effects import type_effects
from tests.tiny_effects import effects_fit
from tests.tiny_fit import TYPES, hazard_fit, with_posterior
from tests.tiny_outcomes import outcome_fit


def truth_of(fit, *rows):
    frame = pd.DataFrame(rows, columns=["variable", "level", "value"])
    return frame.assign(model=fit.spec.name)


def table_of(fit, truth):
    (estimate,) = truth_estimates(fit, truth)
    return estimate.table.set_index(["variable", "level"])


def test_home_types_are_centred_over_the_types_of_the_model():
    fit = hazard_fit()
    values = np.array([1.0, 2.0, 3.0, 10.0])
    rows = [("home_type", level, value) for level, value in zip(TYPES, values, strict=True)]
    table = table_of(fit, truth_of(fit, *rows, ("home_type", "Boat", 100.0)))
    assert table["truth"].tolist() == pytest.approx([-3.0, -2.0, -1.0, 6.0])
    assert not table["covered"].any()


def test_what_has_no_counterpart_is_counted():
    fit = hazard_fit()
    truth = truth_of(fit, ("home_sd", "", 0.4), ("moon", "", 1.0), ("home_type", "Boat", 1.0))
    (estimate,) = truth_estimates(fit, truth)
    assert estimate.table["variable"].tolist() == ["home_sd"]
    assert "2 true values have no counterpart" in estimate.notes[-1]


def test_covered_and_z():
    fit = hazard_fit()
    draws = np.linspace(0.0, 1.0, 1600).reshape(4, 400)
    fit = with_posterior(fit, home_sd=draws, provider_sd=draws)
    truth = truth_of(fit, ("home_sd", "", 0.9), ("provider_sd", "", 0.96))
    table = table_of(fit, truth)
    assert table["covered"].tolist() == [True, False]
    assert table["z"].iloc[0] == pytest.approx(-0.4 / np.std(draws, ddof=1))
    (estimate,) = truth_estimates(fit, truth)
    assert estimate.sentence.startswith("1 of 2 true values")


def test_the_baseline_is_moved_to_mean_covariates_and_the_average_type():
    fit = hazard_fit()
    age = fit.table["age"].mean()
    types = [("home_type", level, effect) for level, effect in zip(TYPES, range(4), strict=True)]
    truth = truth_of(fit, ("baseline", "0-91 days", -2.0), ("fixed", "age", 0.1), *types)
    found = table_of(fit, truth).loc[("baseline", "0-91 days"), "truth"]
    assert found == pytest.approx(-2.0 + 0.1 * age + 1.5)


def test_a_baseline_cannot_be_moved_without_the_slopes():
    fit = hazard_fit()
    truth = truth_of(fit, ("baseline", "0-91 days", -2.0), ("home_sd", "", 0.4))
    assert table_of(fit, truth).index.get_level_values("variable").tolist() == ["home_sd"]


@pytest.mark.parametrize("truth", [None, "other", "unknown"])
def test_no_truth_no_table(truth):
    fit = hazard_fit()
    frames = {
        "other": truth_of(fit, ("home_sd", "", 0.4)).assign(model="another"),
        "unknown": truth_of(fit, ("moon", "", 1.0)),
    }
    assert truth_estimates(fit, frames.get(truth)) == ()


def test_needs_in_types_are_compared_cell_by_cell_and_said_to_be_attenuated():
    fit = effects_fit(without=("walk",))
    cells = [("type_need", f"{kind}: missing", 1.0 + k) for k, kind in enumerate(TYPES)]
    rows = [
        *cells,
        ("need", "missing", 0.31),
        ("need", "unheard_of", 1.0),
        ("matching", "autism", 0),
    ]
    (estimate,) = truth_estimates(fit, truth_of(fit, *rows))
    table = estimate.table.set_index(["variable", "level"])
    own = table.loc["type_need", "truth"]
    assert own.tolist() == pytest.approx([-1.5, -0.5, 0.5, 1.5])
    draws = fit.posterior["type_need_effect"][:, 0]
    assert table.loc["type_need", "mean"].tolist() == pytest.approx(draws.mean(axis=0).tolist())
    assert table.loc[("need", "missing"), "covered"]
    assert "1 true values have no counterpart" in estimate.notes[-1]
    assert any("nearer to zero" in note for note in estimate.notes)


def test_types_are_compared_for_the_average_child():
    fit = effects_fit(without=("walk",))
    truth = truth_of(fit, *[("home_type", kind, 0.0) for kind in TYPES])
    expected = type_effects(fit, fit.posterior).mean(axis=0)
    assert table_of(fit, truth)["mean"].tolist() == pytest.approx(expected.tolist())


def test_a_walk_is_centred_over_the_years_it_has():
    fit = effects_fit()
    years = fit.design.factors["year"].levels
    rows = [("year_effect", year, 1.0 + k) for k, year in enumerate(years)]
    found = table_of(fit, truth_of(fit, *rows, ("year_effect", "1999", 50.0)))
    assert found["truth"].tolist() == pytest.approx([-1.5, -0.5, 0.5, 1.5])


def test_a_baseline_cannot_be_known_where_needs_enter():
    fit = effects_fit(without=("walk",))
    slopes = ("fixed", "age_at_start", 0.1)
    truth = truth_of(fit, ("baseline", "0-91 days", -2.0), slopes)
    assert table_of(fit, truth).index.get_level_values("variable").tolist() == ["fixed"]


def test_a_variant_has_the_truth_of_its_model_unless_it_asks_of_other_settings():
    fit = effects_fit(name="tiny-effects", without=("walk",))
    truth = pd.DataFrame(
        [("tiny", "home_sd", "", 0.25)], columns=["model", "variable", "level", "value"]
    )
    assert len(truth_estimates(fit, truth)) == 1
    other = fit.spec.model_copy(update={"data": "settings"})
    assert truth_estimates(replace(fit, spec=other), truth) == ()


def test_levels_that_the_truth_does_not_know_are_no_fault():
    fit = effects_fit(without=("walk",))
    truth = truth_of(fit, ("need", "unheard_of", 1.0), ("home_sd", "", 0.25))
    assert table_of(fit, truth).index.tolist() == [("home_sd", "")]


def outcome_truth(**levels):
    rows = [(f"points_{name}", level, value) for name, of in levels.items() for level, value in of]
    frame = pd.DataFrame(rows, columns=["variable", "level", "value"])
    return frame.assign(model="outcomes16")


def test_places_of_an_outcome_are_compared_on_its_own_part():
    made = outcome_fit("points")
    fit = replace(
        made, spec=made.spec.model_copy(update={"name": "outcomes16-points", "data": "outcomes16"})
    )
    truth = outcome_truth(
        home_type=[("large", 0.1), ("small", 0.2), ("solo", 0.6), ("boat", 9.0)],
        setting=[("foster", 0.0), ("kin", 0.3)],
        home_sd=[("", 0.4)],
        fixed=[("ability", 0.5)],
    )
    (estimate,) = truth_estimates(fit, truth)
    table = estimate.table.set_index(["variable", "level"])
    assert table["truth"].tolist() == pytest.approx([-0.2, -0.1, 0.3, 0.3, 0.4])
    # any points, how many, and whether they are recorded: the second is meant
    routes = list(fit.design.routes)
    (points,) = [k for k, r in enumerate(routes) if not r.startswith("any") and "rec" not in r]
    effects = fit.posterior["home_type_effect"][..., points]
    assert table.loc["home_type", "mean"].tolist() == pytest.approx(effects.mean(axis=0))
    assert table.loc[("home_sd", ""), "mean"] == pytest.approx(
        fit.posterior["home_sd"][:, points].mean()
    )
    assert "which no record shows in full" in " ".join(estimate.notes)
    assert "3 true values have no counterpart" in estimate.notes[-1]


def test_an_outcome_of_categories_has_no_truth():
    made = outcome_fit("activity")
    fit = replace(
        made,
        spec=made.spec.model_copy(update={"name": "outcomes18-activity", "data": "outcomes18"}),
    )
    truth = outcome_truth(home_sd=[("", 0.4)]).assign(
        model="outcomes18", variable="activity_home_sd"
    )
    assert truth_estimates(fit, truth) == ()
