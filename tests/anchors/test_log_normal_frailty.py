"""A log-normal frailty is a random intercept of a Poisson model: R's mixed models, and scipy."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad

from tests.anchors import tables
from tests.anchors.maximum import Estimates, anchor_spec, maximise
from tests.anchors.rscripts import run_r

COVARIATE = {"rats": "rx", "cgd": "treat", "readmission": "female"}
UNIT = {"rats": "litter", "cgd": "id", "readmission": "id"}
LOAD = {"rats": tables.rats, "cgd": tables.cgd, "readmission": tables.readmission}

LAPLACE = """
library(glmmTMB)
table <- read.csv("table.csv")
fit <- glmmTMB(event ~ 0 + factor(band) + x + offset(log(years)) + (1 | unit), table, poisson)
cat("x", fixef(fit)$cond["x"], "\\nsd", attr(VarCorr(fit)$cond$unit, "stddev"), "\\n")
"""
QUADRATURE = """
library(lme4)
table <- read.csv("table.csv")
fit <- glmer(event ~ 0 + factor(band) + x + offset(log(years)) + (1 | unit), table, poisson,
             nAGQ = 25,
             control = glmerControl("bobyqa", nAGQ0initStep = FALSE, calc.derivs = FALSE))
cat("x", fixef(fit)["x"], "\\nsd", attr(VarCorr(fit)$unit, "stddev"), "\\n")
"""


def fitted(reference: Path, name: str) -> Estimates:
    spec = anchor_spec(name, formula=COVARIATE[name], frailty_family="log_normal")
    return maximise(LOAD[name](reference), spec)


def poisson_rows(found: Estimates) -> pd.DataFrame:
    """One row per spell and band in which it was at risk: the events are Poisson there."""
    outcome, design = found.design.outcome, found.design
    row, band = np.nonzero(outcome["exposure"] > 0)
    ended = (outcome["event_band"][row] == band) & (outcome["event"][row] == 1)
    assert design.fixed is not None
    return pd.DataFrame(
        {
            "unit": design.unit.codes[row],
            "band": band,
            "x": design.fixed.values[row, 0],
            "years": outcome["exposure"][row, band],
            "event": ended.astype(int),
        }
    )


@pytest.mark.parametrize("name", ["rats", "cgd", "readmission"])
def test_lme4_with_quadrature_finds_the_same(reference: Path, tmp_path: Path, name: str) -> None:
    found = fitted(reference, name)
    theirs = run_r(QUADRATURE, poisson_rows(found), tmp_path, "lme4")
    estimate, error = found.of(COVARIATE[name])
    assert abs(estimate - theirs["x"]) < 1e-4 * error
    assert found.frailty == pytest.approx(theirs["sd"], rel=1e-4)


@pytest.mark.parametrize(
    ("name", "laplace_error"), [("rats", 0.12), ("cgd", 0.10), ("readmission", 0.03)]
)
def test_glmmtmb_finds_it_to_the_error_of_its_laplace_approximation(
    reference: Path, tmp_path: Path, name: str, laplace_error: float
) -> None:
    # one event or two a unit is little for Laplace: its SD of the frailty is 2% to 13% larger, its
    # coefficient a hundredth of a standard error away
    found = fitted(reference, name)
    theirs = run_r(LAPLACE, poisson_rows(found), tmp_path, "glmmTMB")
    estimate, error = found.of(COVARIATE[name])
    assert abs(estimate - theirs["x"]) < 0.02 * error
    assert found.frailty == pytest.approx(theirs["sd"], rel=laplace_error)


def integral(events: float, hazard: float, sd: float) -> float:
    """Integrate one unit's frailty out by scipy's adaptive rule."""

    def density(z: float) -> float:
        return float(np.exp(events * sd * z - hazard * np.exp(sd * z) - 0.5 * z * z))

    peak = np.log((events + 0.5) / (hazard + 0.5))
    whole, _ = quad(density, -12.0, 12.0, points=[np.clip(peak, -10, 10)], limit=200, epsabs=0.0)
    return float(np.log(whole / np.sqrt(2.0 * np.pi)))


@pytest.mark.parametrize("name", ["rats", "cgd"])
def test_scipys_quadrature_gives_the_same_likelihood(reference: Path, name: str) -> None:
    found = fitted(reference, name)
    rows = poisson_rows(found)
    log_rate = found.baseline[rows["band"], 0] + rows["x"] * found.coefficients[0, 0]
    by_unit = rows.assign(seen=rows["event"] * log_rate, hazard=rows["years"] * np.exp(log_rate))
    sums = by_unit.groupby("unit")[["event", "seen", "hazard"]].sum()
    each = [
        integral(e, h, found.frailty) for e, h in zip(sums["event"], sums["hazard"], strict=True)
    ]
    assert sums["seen"].sum() + sum(each) == pytest.approx(found.log_likelihood, abs=1e-6)
