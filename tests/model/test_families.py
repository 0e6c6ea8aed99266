"""Compiled densities of single responses, and their slopes, against SciPy."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import digamma, expit, gammaln, log_softmax

from bayescich.model.response import families
from bayescich.model.response.arrays import log_choose
from bayescich.model.response.quadrature import gauss_hermite

ETAS = (-9.0, -2.5, -0.3, 0.0, 1.1, 4.0, 9.0)
LOG_DISPERSIONS = (-1.5, 1.0, 2.3, 6.0)


def beta_binomial(y: float, n: float, eta: float, log_dispersion: float) -> Any:
    """With what its number of trials alone adds."""
    shared = families.of_trials(n, log_dispersion)
    return families.beta_binomial(y, n, eta, log_dispersion, *shared)


def truncated(y: float, n: float, eta: float, log_dispersion: float) -> Any:
    """With what its number of trials alone adds."""
    shared = families.of_trials(n, log_dispersion)
    return families.truncated(y, n, eta, log_dispersion, *shared)


def slope(value: Callable[[float], float], at: float, step: float = 1e-5) -> float:
    return (value(at + step) - value(at - step)) / (2.0 * step)


@pytest.mark.parametrize("x", [1e-6, 0.03, 0.5, 1.0, 2.0, 7.9, 8.0, 33.3, 1e5])
def test_log_gamma_and_its_slope(x: float) -> None:
    value, derivative = families.log_gamma(x)
    assert value == pytest.approx(gammaln(x), rel=1e-12, abs=1e-12)
    assert derivative == pytest.approx(digamma(x), rel=1e-11, abs=1e-11)


@pytest.mark.parametrize("k", [0.0, 1.0, 10.0, 11.0, 90.0])
@pytest.mark.parametrize("x", [1e-4, 0.7, 25.0])
def test_ratios_of_gamma_functions_multiplied_out_or_not(x: float, k: float) -> None:
    value, derivative = families.gamma_ratio(x, k)
    assert value == pytest.approx(gammaln(x + k) - gammaln(x), rel=1e-10, abs=1e-11)
    assert derivative == pytest.approx(digamma(x + k) - digamma(x), rel=1e-10, abs=1e-11)


@pytest.mark.parametrize("eta", ETAS)
@pytest.mark.parametrize(("y", "n"), [(0.0, 1.0), (1.0, 1.0), (3.0, 20.0), (20.0, 20.0)])
def test_binomial(y: float, n: float, eta: float) -> None:
    value, in_eta = families.binomial(y, n, eta)
    exact = stats.binom.logpmf(y, n, expit(eta)) - log_choose(np.float64(y), np.float64(n))
    assert value == pytest.approx(float(exact), rel=1e-9, abs=1e-9)
    assert in_eta == pytest.approx(y - n * expit(eta), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("eta", [-25.0, *ETAS[:-1]])
@pytest.mark.parametrize("exposure", [0.2, 1.0, 7.5])
def test_an_event_within_a_time(exposure: float, eta: float) -> None:
    hazard = exposure * np.exp(eta)
    none, in_none = families.cloglog(0.0, exposure, eta)
    assert none == pytest.approx(-hazard)
    assert in_none == pytest.approx(-hazard)
    event, in_event = families.cloglog(1.0, exposure, eta)
    assert event == pytest.approx(stats.expon.logcdf(hazard), abs=1e-8)
    # d log(1 - e^-h) / d log h
    assert in_event == pytest.approx(hazard / np.expm1(hazard), abs=1e-8)


@pytest.mark.parametrize("log_dispersion", LOG_DISPERSIONS)
@pytest.mark.parametrize("eta", ETAS)
@pytest.mark.parametrize("y", [0.0, 1.0, 7.0, 40.0])
def test_beta_binomial(y: float, eta: float, log_dispersion: float) -> None:
    n, total = 40.0, np.exp(log_dispersion)
    value, in_eta, in_dispersion = beta_binomial(y, n, eta, log_dispersion)
    a, b = expit(eta) * total, expit(-eta) * total
    exact = stats.betabinom.logpmf(y, n, a, b) - log_choose(np.float64(y), np.float64(n))
    assert value == pytest.approx(float(exact), rel=1e-9, abs=1e-9)
    by_eta = slope(lambda e: beta_binomial(y, n, e, log_dispersion)[0], eta)
    assert in_eta == pytest.approx(by_eta, rel=1e-6, abs=1e-6)
    by_size = slope(lambda d: beta_binomial(y, n, eta, d)[0], log_dispersion)
    assert in_dispersion == pytest.approx(by_size, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("log_dispersion", LOG_DISPERSIONS)
@pytest.mark.parametrize("eta", ETAS)
@pytest.mark.parametrize("y", [1.0, 7.0, 40.0])
def test_a_count_known_to_be_above_zero(y: float, eta: float, log_dispersion: float) -> None:
    n, total = 40.0, np.exp(log_dispersion)
    value, in_eta, in_dispersion = truncated(y, n, eta, log_dispersion)
    a, b = expit(eta) * total, expit(-eta) * total
    # of the chance of any, one by one: P(0) is near one where η is low
    above = np.logaddexp.reduce(stats.betabinom.logpmf(np.arange(1, 41), n, a, b))
    exact = stats.betabinom.logpmf(y, n, a, b) - above
    exact -= log_choose(np.float64(y), np.float64(n))
    assert value == pytest.approx(float(exact), rel=1e-7, abs=1e-7)
    by_eta = slope(lambda e: truncated(y, n, e, log_dispersion)[0], eta)
    assert in_eta == pytest.approx(by_eta, rel=1e-4, abs=1e-5)
    by_size = slope(lambda d: truncated(y, n, eta, d)[0], log_dispersion)
    assert in_dispersion == pytest.approx(by_size, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("n", [3.0, 10.0, 11.0, 40.0])
@pytest.mark.parametrize("y", [1.0, 2.0, 3.0])
def test_few_factors_and_many_agree_in_a_truncated_count(y: float, n: float) -> None:
    """Ratios of gamma functions are multiplied out up to ten factors, else by Stirling's series."""
    value, in_eta, in_dispersion = truncated(y, n, 0.4, 1.2)
    plain, plain_in_eta, plain_in_dispersion = beta_binomial(y, n, 0.4, 1.2)
    none, none_in_eta, none_in_dispersion = beta_binomial(0.0, n, 0.4, 1.2)
    odds = np.exp(none) / -np.expm1(none)
    assert value == pytest.approx(plain - np.log(-np.expm1(none)), rel=1e-12)
    assert in_eta == pytest.approx(plain_in_eta + odds * none_in_eta, rel=1e-11)
    assert in_dispersion == pytest.approx(
        plain_in_dispersion + odds * none_in_dispersion, rel=1e-10
    )


@given(st.floats(-8, 8), st.floats(-2, 8), st.integers(1, 90))
def test_counts_above_zero_have_chances_that_add_up_to_one(
    eta: float, log_dispersion: float, n: int
) -> None:
    y = np.arange(1.0, n + 1)
    logs = [truncated(k, float(n), eta, log_dispersion)[0] for k in y]
    total = np.exp(np.array(logs) + log_choose(y, np.full(n, float(n)))).sum()
    assert total == pytest.approx(1.0, rel=1e-7)


@pytest.mark.parametrize("eta", [-24.0, 24.0, 60.0, 800.0])
@pytest.mark.parametrize("log_dispersion", [-4.0, 2.3, 9.0])
def test_far_predictors_stay_finite(eta: float, log_dispersion: float) -> None:
    for y in (1.0, 90.0):
        assert np.isfinite(beta_binomial(y, 90.0, eta, log_dispersion)).all()
        assert np.isfinite(truncated(y, 90.0, eta, log_dispersion)).all()
    assert np.isfinite(families.cloglog(1.0, 1.0, eta)).all()
    assert np.isfinite(families.binomial(1.0, 1.0, eta)).all()


@pytest.mark.parametrize("eta", ETAS)
@pytest.mark.parametrize(("known", "log_sd"), [(1.0, 0.4), (0.3, 0.0), (2.0, -1.0)])
def test_a_measurement(known: float, log_sd: float, eta: float) -> None:
    value, in_eta, in_sd = families.normal(1.3, known, eta, log_sd)
    sd = known * np.exp(log_sd)
    exact = stats.norm.logpdf(1.3, eta, sd) + 0.5 * np.log(2.0 * np.pi)
    assert value == pytest.approx(exact)
    z = (1.3 - eta) / sd
    assert in_eta == pytest.approx(z / sd)
    assert in_sd == pytest.approx(z**2 - 1.0)


@pytest.mark.parametrize("y", [0, 1, 2, 3])
@pytest.mark.parametrize("eta", [(0.3, -1.2, 2.0), (40.0, 0.0, -40.0), (-900.0, -900.0, 900.0)])
def test_categories_are_compared_with_the_first(y: int, eta: tuple[float, ...]) -> None:
    own, in_eta = np.array(eta), np.zeros(3)
    value = families.categorical(y, own, in_eta)
    logs = log_softmax(np.r_[0.0, own])
    assert value == pytest.approx(logs[y], abs=1e-12)
    np.testing.assert_allclose(in_eta, (np.arange(1, 4) == y) - np.exp(logs[1:]), atol=1e-12)


CUT = np.array([-1.5, 0.2, 0.9])


@pytest.mark.parametrize("y", [0, 1, 2, 3])
@pytest.mark.parametrize("eta", ETAS)
def test_ordered_categories_lie_between_thresholds(y: int, eta: float) -> None:
    in_cut = np.zeros(3)
    value, in_eta = families.ordinal(y, eta, CUT, in_cut)
    at_most = np.r_[0.0, expit(CUT - eta), 1.0]
    assert value == pytest.approx(np.log(at_most[y + 1] - at_most[y]), rel=1e-9, abs=1e-9)

    def moved(cut: np.ndarray) -> float:
        return families.ordinal(y, eta, cut, np.zeros(3))[0]

    by_eta = slope(lambda e: families.ordinal(y, e, CUT, np.zeros(3))[0], eta)
    assert in_eta == pytest.approx(by_eta, rel=1e-6, abs=1e-8)
    by_cut = [slope(lambda h, k=k: moved(CUT + h * np.eye(3)[k]), 0.0) for k in range(3)]
    np.testing.assert_allclose(in_cut, by_cut, rtol=1e-6, atol=1e-8)
    # slopes are added to what is there
    families.ordinal(y, eta, CUT, in_cut)
    np.testing.assert_allclose(in_cut, 2.0 * np.array(by_cut), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("eta", [-300.0, 300.0])
def test_the_tails_of_ordered_categories_are_exact(eta: float) -> None:
    # far up, P(k) → exp(c_k - η) - exp(c_{k-1} - η); far down the same the other way round
    edges = np.r_[-np.inf, CUT, np.inf] if eta > 0 else -np.r_[-np.inf, CUT, np.inf]
    tails = np.log(np.abs(np.diff(np.exp(np.minimum(edges, 700.0))))) - abs(eta)
    for y in range(3) if eta > 0 else range(1, 4):
        assert families.ordinal(y, eta, CUT, np.zeros(3))[0] == pytest.approx(tails[y], rel=1e-12)


@given(st.integers(3, 41), st.integers(0, 4))
def test_the_rule_of_n_nodes_is_exact_up_to_degree_2n_less_1(nodes: int, power: int) -> None:
    points, log_weights = gauss_hermite(nodes)
    moments = [1.0, 0.0, 1.0, 0.0, 3.0]
    assert np.exp(log_weights) @ points**power == pytest.approx(moments[power], abs=1e-10)


KERNELS: dict[str, Any] = {
    "yes": (lambda e: families.binomial(1.0, 1.0, e)[0], 1e-6),
    "event": (lambda e: families.cloglog(1.0, 1.5, e)[0], 1e-5),
    "score": (lambda e: beta_binomial(31.0, 40.0, e, 2.3)[0], 1e-5),
    # far in the tail
    "points": (lambda e: truncated(70.0, 90.0, e, 2.3)[0], 2e-4),
}


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("loading", [0.4, 0.7])
def test_eleven_nodes_integrate_a_child_effect(name: str, loading: float) -> None:
    log_density, tolerance = KERNELS[name]
    points, log_weights = gauss_hermite(11)
    rule = sum(
        np.exp(w + log_density(-0.4 + loading * z))
        for z, w in zip(points, log_weights, strict=True)
    )
    grid = np.linspace(-9, 9, 3001)
    fine = [np.exp(log_density(-0.4 + loading * z)) * stats.norm.pdf(z) for z in grid]
    assert np.log(rule) == pytest.approx(np.log(np.trapezoid(fine, grid)), abs=tolerance)
