"""Pupils in schools and authorities, women in districts, workers of several companies.

Maxima of the likelihood of the package's own designs against published ones, without sampling; then
the YAML specs as a user fits them. Priors are flat, so posteriors are held against the published
maxima (coefficients within 0.15 standard errors, standard deviations within 10%: docs/methods.md
section 5), and against the same posterior by importance sampling.

Published: the vignette of R's mlmRev (Exam, Chem97, Contraception) by lme4; wage1 is of R2MLwiN,
whose own figures are by lme4's method (Browne, Goldstein & Rasbash 2001 for the model).
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy.optimize import minimize
from scipy.special import log_expit, logsumexp

from bayescich.design import build_design
from tests.anchors import tables
from tests.anchors.compare import mcse
from tests.anchors.mixed import Fitted, Mixed, anchor_spec
from tests.anchors.test_hazard_posteriors import coefficient, within

Fit = Callable[..., xr.Dataset]

PRIOR_SD = 5.0
"""Of the half-normal priors in the specs."""


def published(mixed: Mixed, sds: dict[str, float], deviance: float) -> Fitted:
    """The maximum is where it is published to be, to the digits printed."""
    found, at = mixed.maximise()
    for name, value in sds.items():
        assert found[name] == pytest.approx(value, abs=1.01e-4), name
    assert -2.0 * at.log_likelihood == pytest.approx(deviance, abs=2e-3)
    return at


def coefficients(mixed: Mixed, at: Fitted, targets: dict[str, float]) -> None:
    """And so are the coefficients: within 0.02 standard errors."""
    assert mixed.design.fixed is not None
    for name, target in targets.items():
        estimate, error = at.of(1 + mixed.design.fixed.names.index(name))
        assert abs(estimate - target) < 0.02 * error, name


def same_posterior(posterior: xr.Dataset, mixed: Mixed, draws: int = 1000) -> None:
    """SDs and correlations within four Monte Carlo errors of importance sampling."""
    for name, (mean, error) in mixed.posterior(PRIOR_SD, draws, seed=1).items():
        ours = posterior[name]
        assert abs(float(ours.mean()) - mean) < 4.0 * np.hypot(mcse(ours), error), name


def near(posterior: xr.Dataset, sds: dict[str, float]) -> None:
    """SDs within a tenth of published maxima."""
    for name, value in sds.items():
        assert float(posterior[name].mean()) == pytest.approx(value, rel=0.10), name


EXAM = {"standLRT": 0.5598, "male": -0.1674, "boys": 0.1777, "girls": 0.1590}
EXAM_SDS = {"school_sd": 0.293, "residual_sd": 0.750}
SLOPES = {"school_sd": 0.2872, "school_slope_sd": 0.1228, "residual_sd": 0.7418}
CHEM97 = {"school_sd": 1.0799, "lea_sd": 0.1215, "residual_sd": 2.2703}


def test_the_likelihood_of_exams_has_its_published_maximum(reference: Path) -> None:
    mixed = Mixed.of(tables.exam(reference), anchor_spec("exam"), restricted=True)
    found, _ = mixed.maximise()
    assert found["school_sd"] == pytest.approx(EXAM_SDS["school_sd"], abs=6e-4)
    at = published(mixed, {"residual_sd": 0.7500}, 9347.674)
    coefficients(mixed, at, EXAM)


def test_slopes_have_their_published_maximum(reference: Path) -> None:
    mixed = Mixed.of(tables.exam(reference), anchor_spec("exam_slopes"), restricted=True)
    found, at = mixed.maximise()
    assert found["school_slope_correlation"] == pytest.approx(0.58, abs=0.005)
    assert -2.0 * at.log_likelihood == pytest.approx(9300.573, abs=2e-3)
    for name in ("school_slope_sd", "residual_sd"):
        assert found[name] == pytest.approx(SLOPES[name], abs=6e-5), name
    # their schools' levels are those of intake 0, ours those of average intake
    assert mixed.design.fixed is not None
    centre = mixed.design.fixed.centres[0]
    sd, slope = found["school_sd"], found["school_slope_sd"]
    covariance = found["school_slope_correlation"] * sd * slope
    at_zero = sd**2 - 2.0 * covariance * centre + slope**2 * centre**2
    assert np.sqrt(at_zero) == pytest.approx(SLOPES["school_sd"], abs=6e-5)


def test_pupils_in_schools_in_authorities_have_their_published_maximum(reference: Path) -> None:
    mixed = Mixed.of(tables.chem97(reference), anchor_spec("chem97"), restricted=True)
    at = published(mixed, CHEM97, 141_696.99)
    coefficients(mixed, at, {"gcsecnt": 2.4726})
    intercept, error = at.of(0)
    assert mixed.design.fixed is not None
    average = mixed.design.fixed.centres[0] * 2.4726
    assert abs(intercept - (5.6355 + average)) < 0.02 * error
    assert error == pytest.approx(0.0312, abs=1e-4)


WAGE1 = {
    "given": (0.0571, 0.2470, -2289.05),
    "equal": (0.0577, None, -2293.90),
    "first": (0.0499, None, -2315.51),
}


@pytest.mark.parametrize("weights", WAGE1)
def test_several_companies_a_worker_have_their_published_maximum(
    reference: Path, weights: str
) -> None:
    mixed = Mixed.of(tables.wage1(reference), anchor_spec("wage1", weights), restricted=False)
    found, at = mixed.maximise()
    between, residual, log_likelihood = WAGE1[weights]
    assert found["company_sd"] ** 2 == pytest.approx(between, abs=6e-5)
    assert at.log_likelihood == pytest.approx(log_likelihood, abs=6e-3)
    if residual is not None:
        assert found["residual_sd"] ** 2 == pytest.approx(residual, abs=6e-5)
        coefficients(mixed, at, {"age_40": 0.0114, "female": -0.2169, "parttime": -0.4035})


def test_exams(reference: Path, fit_own_table: Fit) -> None:
    table = tables.exam(reference)
    posterior = fit_own_table("exam", table)
    mixed = Mixed.of(table, anchor_spec("exam"), restricted=True)
    near(posterior, EXAM_SDS)
    same_posterior(posterior, mixed)
    _, at = mixed.maximise()
    for place, (name, target) in enumerate(EXAM.items()):
        within(coefficient(posterior, name), target, at.of(1 + place)[1])


def test_exams_by_slopes(reference: Path, fit_own_table: Fit) -> None:
    table = tables.exam(reference)
    posterior = fit_own_table("exam_slopes", table)
    near(posterior, SLOPES)
    # the correlation's maximum is 0.58; its LKJ(2) prior and a standard error of 0.15 make it 0.52
    same_posterior(posterior, Mixed.of(table, anchor_spec("exam_slopes"), restricted=True))
    # pupils' intake does more where schools do well: Goldstein et al. (1993)
    assert float((posterior["school_slope_correlation"] > 0.0).mean()) > 0.99


@pytest.mark.parametrize("weights", WAGE1)
def test_wages(reference: Path, fit_own_table: Fit, weights: str) -> None:
    table = tables.wage1(reference)
    posterior = fit_own_table("wage1", table, weights)
    near(posterior, {"company_sd": np.sqrt(WAGE1[weights][0]), "residual_sd": np.sqrt(0.2470)})
    mixed = Mixed.of(table, anchor_spec("wage1", weights), restricted=True)
    same_posterior(posterior, mixed)
    _, at = mixed.maximise()
    assert mixed.design.fixed is not None
    for place, name in enumerate(mixed.design.fixed.names):
        within(coefficient(posterior, name), *at.of(1 + place))
    published_ = {"given": {"age_40": 0.0114, "female": -0.2169, "parttime": -0.4035}}
    for name, target in published_.get(weights, {}).items():
        error = at.of(1 + mixed.design.fixed.names.index(name))[1]
        within(coefficient(posterior, name), target, error)


CONTRACEPTION = {"urban": 0.6925, "age": 0.0063, "age_squared": -0.0046, "children": 0.8605}


def by_quadrature(reference: Path) -> tuple[np.ndarray, np.ndarray]:
    """Maximum likelihood by 41 nodes: level, coefficients, log SD; and their standard errors."""
    design = build_design(tables.contraception(reference), anchor_spec("contraception"))
    assert design.fixed is not None
    district, y = design.factor("district"), design.outcome["y"][:, 0]
    x = np.column_stack([np.ones(design.rows), design.fixed.values])
    scales = np.r_[1.0, design.fixed.scales, 1.0]
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    sign = 2.0 * y - 1.0

    def minus_log_likelihood(free: np.ndarray) -> float:
        at = free / scales
        eta = (x @ at[:-1])[:, None] + np.exp(at[-1]) * nodes
        by_district = district.sums(log_expit(sign[:, None] * eta).T)
        whole = logsumexp(by_district.T + np.log(weights / weights.sum()), axis=1)
        return -float(whole.sum())

    found = minimize(minus_log_likelihood, np.r_[np.zeros(5), -0.7], method="BFGS")
    assert found.fun < minus_log_likelihood(np.r_[np.zeros(5), -0.7])
    return found.x / scales, np.sqrt(np.diag(found.hess_inv)) / scales


def test_contraception(reference: Path, fit_own_table: Fit) -> None:
    maximum, errors = by_quadrature(reference)
    assert np.exp(2.0 * maximum[-1]) == pytest.approx(0.2281, rel=2e-3)
    for place, (name, target) in enumerate(CONTRACEPTION.items()):
        rounding = 5e-5
        assert abs(maximum[1 + place] - target) < max(0.02 * errors[1 + place], rounding), name

    posterior = fit_own_table("contraception", tables.contraception(reference))
    for place, (name, target) in enumerate(CONTRACEPTION.items()):
        within(coefficient(posterior, name), target, errors[1 + place])
    near(posterior, {"district_sd": np.sqrt(0.2281)})
    # the published level is that of a woman of a village, aged as the average, without children
    spec = anchor_spec("contraception")
    design = build_design(tables.contraception(reference), spec)
    assert design.fixed is not None
    level = posterior["intercept"] - (posterior["fixed"] * design.fixed.centres).sum("covariate")
    within(level, -1.0067, 0.17)
