"""Truth beside posterior: names matched, centred alike, covered or not."""

import numpy as np
import pandas as pd
import pytest

from bayescich.estimates.truth import truth_estimates
from tests.tiny_fit import TYPES, hazard_fit, with_posterior


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
