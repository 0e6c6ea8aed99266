"""The fused likelihood against the plain form: a matrix of exposures and sums over rows."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from scipy.integrate import quad
from scipy.special import gammaln
from scipy.stats import gamma, norm

from bayescich.design import Design
from bayescich.design.outcomes import band_exposure
from bayescich.model import make_structure
from bayescich.model.hazard.arrays import HazardArrays, hazard_arrays, route_events
from bayescich.model.hazard.kernel import gamma_part, log_normal_part
from bayescich.model.hazard.operation import hazard_log_likelihood
from bayescich.model.terms import Predictor, Term, stack, stacked_values
from tests.model.history import CUTS, ROUTES, history_design, history_spec, history_table

CELL_EFFECTS = (
    {"kind": "fixed", "formula": "male"},
    {"kind": "needs"},
    {"kind": "home_type"},
    {"kind": "type_need"},
)

CASES: dict[str, dict[str, Any]] = {
    "no frailty": {},
    "gamma": {"frailty": "child"},
    "log-normal": {"frailty": "child", "frailty_family": "log_normal"},
    "late, taken off": {"frailty": "child", "entry": "entry"},
    "late, divided out": {"frailty": "child", "entry": "entry", "late_entry": "ratio"},
    "late, log-normal": {
        "frailty": "child", "entry": "entry", "late_entry": "ratio", "frailty_family": "log_normal",
    },
    "baselines": {"frailty": "child", "entry": "entry", "baseline_by": "home_type"},
    "cells": {"collapse": True, "baseline_by": "home_type"},
    "pieces": {
        "frailty": "child", "entry": "entry", "late_entry": "ratio", "effects": CELL_EFFECTS,
        "split": {"age": "age", "year": "start"},
    },
    "routes": {"competing": True},
    "routes, late": {
        "competing": True, "frailty": "child", "entry": "entry", "late_entry": "ratio",
        "baseline_by": "home_type",
    },
    "routes, log-normal": {
        "competing": True, "frailty": "child", "frailty_family": "log_normal", "entry": "entry",
    },
    "routes, cells": {"competing": True, "collapse": True, "unknown": None},
}  # fmt: skip


class Problem:
    """One design with symbols for all that is learnt, and the two forms."""

    def __init__(self, **options: Any) -> None:
        effects = {"effects": CELL_EFFECTS} if options.get("collapse") else {}
        self.spec = history_spec(**effects | options)
        table = None
        if options.get("collapse") and options.get("competing"):
            table = history_table().replace({"exit": {"not known": "censored"}})
        self.design = history_design(self.spec, table)
        self.routes = max(len(self.design.routes), 1)
        self.ratio = options.get("late_entry") == "ratio"
        self.kind = make_structure(self.spec).likelihood.family.kind
        layouts = [e.layout(self.design) for e in make_structure(self.spec).effects]
        self.values = [pt.dmatrix() if self.design.routes else pt.dvector() for _ in layouts]
        terms = tuple(Term(a, b) for a, b in zip(layouts, self.values, strict=True))
        self.predictor = Predictor(terms, self.design.rows)
        self.baseline, self.frailty = pt.dtensor3(), pt.dscalar()

    @property
    def inputs(self) -> list[Any]:
        return [*self.values, self.baseline, self.frailty]

    def arrays(self) -> HazardArrays:
        layouts = tuple(term.layout for term in self.predictor.terms)
        terms = stack(layouts, self.design.rows)
        return hazard_arrays(self.design, terms, CUTS, ratio=self.ratio)

    def fused(self) -> Any:
        levels, slopes = stacked_values(self.predictor.terms, self.routes)
        return hazard_log_likelihood(
            levels, slopes, self.baseline, self.frailty, self.arrays(), self.kind
        )

    def plain(self) -> Any:
        outcome = self.design.outcome
        eta = self.predictor.eta()
        eta = eta[:, None] if eta.ndim == 1 else eta
        stratum = outcome.get("stratum", np.zeros(self.design.rows, dtype=int))
        rate = pt.exp(self.baseline)[stratum]
        exposure = outcome["exposure"]
        before = np.zeros_like(exposure)
        if self.ratio:
            entry = np.where(outcome["late"] == 1, outcome["entry"], 0.0)
            before = band_exposure(np.zeros_like(entry), entry, CUTS)
        units = np.eye(self.design.unit.size)[self.design.unit.codes].T
        lasted = pt.sum(rate * (exposure + before)[:, :, None], axis=1)
        hazard = pt.dot(units, pt.sum(pt.exp(eta) * lasted, axis=1))
        waited = pt.sum(rate * before[:, :, None], axis=1)
        survived = pt.dot(units, pt.sum(pt.exp(eta) * waited, axis=1))
        at_event = eta + self.baseline[stratum, outcome["event_band"]]
        seen = pt.sum(route_events(self.design) * at_event)
        count = units @ outcome["event"]
        total = seen + pt.sum(self._integrated(count, hazard))
        return total - pt.sum(self._integrated(0.0 * count, survived)) if self.ratio else total

    def _integrated(self, events: np.ndarray, hazard: Any) -> Any:
        if self.kind is None:
            return -hazard
        if self.kind == "gamma":
            shape = 1 / self.frailty
            constant = pt.gammaln(shape + events) - pt.gammaln(shape) - shape * pt.log(self.frailty)
            return constant - (shape + events) * pt.log(shape + hazard)
        nodes, weights = np.polynomial.hermite_e.hermegauss(90)
        z = self.frailty * nodes
        terms = events[:, None] * z - hazard[:, None] * pt.exp(z)
        return pt.logsumexp(terms + np.log(weights / weights.sum()), axis=1)

    def point(self, seed: int) -> list[Any]:
        rng = np.random.default_rng(seed)
        more = (self.routes,) if self.design.routes else ()
        values = [
            0.4 * rng.standard_normal((term.layout.size, *more)) for term in self.predictor.terms
        ]
        strata = len(self.design.coords.get("baseline", ("all",)))
        baseline = rng.normal(-0.5, 0.7, (strata, len(CUTS) + 1, self.routes))
        return [*values, baseline, 0.6]


@pytest.fixture(scope="module", params=CASES)
def problem(request: pytest.FixtureRequest) -> Problem:
    return Problem(**CASES[request.param])


def test_the_fused_form_is_the_plain_form_in_value_and_gradient(problem: Problem) -> None:
    forms = (problem.fused(), problem.plain())
    learnt = problem.inputs if problem.kind else problem.inputs[:-1]
    both = [[form, *pytensor.grad(form, learnt)] for form in forms]
    evaluate = pytensor.function(
        problem.inputs, [*both[0], *both[1]], mode="FAST_COMPILE", on_unused_input="ignore"
    )
    # the quadrature has fifteen nodes, and its gradient is that of the integral
    tolerance = 1e-6 if problem.kind == "log_normal" else 1e-11
    for seed in (1, 2):
        found = evaluate(*problem.point(seed))
        half = len(found) // 2
        assert np.isfinite(found[0])
        for ours, plain in zip(found[:half], found[half:], strict=True):
            largest = np.abs(plain).max(initial=1.0)
            np.testing.assert_allclose(ours, plain, rtol=tolerance, atol=tolerance * largest)
        # nothing is left out: every level that has rows moves the value
        assert all(np.abs(gradient).max() > 1e-3 for gradient in found[1:half])


def test_cases_hold_every_way_to_reach_a_row() -> None:
    kinds = {type(term.layout).__name__ for term in Problem().predictor.terms}
    assert kinds == {"Gathered", "Labelled", "Covaried"}
    problem = Problem(**CASES["routes, late"])
    assert problem.routes == len(ROUTES)
    assert problem.baseline.ndim == 3
    assert (problem.design.outcome["late"] == 1).sum() > 5
    assert (problem.design.outcome["cause"] == -2).sum() > 5
    # pieces of one spell, and bands of one cell, share their linear predictor
    for name in ("pieces", "cells"):
        repeats = Problem(**CASES[name]).arrays().repeats
        assert 0.3 < repeats.mean() < 1, name


def test_compiled_with_the_graph_it_is_the_same() -> None:
    # one case: compiling takes half a minute, and the sampler's tests compile the others
    problem = Problem(**CASES["routes, late"])
    form = problem.fused()
    graph = [form, *pytensor.grad(form, problem.inputs)]
    here = pytensor.function(problem.inputs, graph, mode="FAST_COMPILE")
    compiled = pytensor.function(problem.inputs, graph, mode="NUMBA")
    point = problem.point(3)
    for ours, theirs in zip(compiled(*point), here(*point), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


def test_a_model_without_covariates_or_levels_is_fused_too() -> None:
    spec = history_spec((), frailty="child")
    design = history_design(spec)
    arrays = hazard_arrays(design, stack((), design.rows), CUTS, ratio=False)
    levels, slopes = stacked_values((), 1)
    baseline, phi = np.array([-0.2, 0.1, 0.0, -0.4, -1.0]), 0.7
    value = hazard_log_likelihood(
        levels, slopes, pt.constant(baseline[None, :, None]), pt.constant(phi), arrays, "gamma"
    ).eval(mode="FAST_COMPILE")
    assert value == pytest.approx(by_children(design, baseline, phi))


def by_children(design: Design, baseline: np.ndarray, phi: float) -> float:
    total = 0.0
    for child in range(design.unit.size):
        rows = design.unit.codes == child
        d = int(design.outcome["event"][rows].sum())
        hazard = float((design.outcome["exposure"][rows] @ np.exp(baseline)).sum())
        bands = design.outcome["event_band"][rows][design.outcome["event"][rows] == 1]
        total += baseline[bands].sum() + gammaln(1 / phi + d) - gammaln(1 / phi)
        total -= np.log(phi) / phi + (1 / phi + d) * np.log(1 / phi + hazard)
    return total


UNITS = [(0, 0.2), (1, 0.01), (1, 4.0), (3, 1.5), (12, 0.4), (40, 55.0), (200, 20.0), (0, 300.0)]


@pytest.mark.parametrize(("events", "hazard"), UNITS)
@pytest.mark.parametrize("variance", [1e-7, 0.02, 0.5, 3.0])
def test_gamma_is_the_integral_over_the_frailty(
    events: int, hazard: float, variance: float
) -> None:
    value, slope, in_variance = gamma_part(float(events), hazard, variance)
    if variance > 1e-3:
        integral = integrated_gamma(events, hazard, variance)
        assert value == pytest.approx(integral, rel=1e-8, abs=1e-8)
    else:
        # to first order in φ
        first = variance * (events * (events - 1) / 2 - events * hazard + hazard**2 / 2)
        assert value + hazard == pytest.approx(first, rel=0.01, abs=1e-9)
    assert_slopes(gamma_part, events, hazard, variance, slope, in_variance)


@pytest.mark.parametrize(("events", "hazard"), UNITS)
@pytest.mark.parametrize("sd", [1e-3, 0.2, 0.7, 1.5])
def test_log_normal_is_the_integral_over_the_frailty(events: int, hazard: float, sd: float) -> None:
    value, slope, in_sd = log_normal_part(float(events), hazard, sd)
    # fifteen nodes hold six digits where homes and children differ as they do, and four beyond
    tolerance = 2e-6 if sd < 1 else 4e-5
    integral = integrated_normal(events, hazard, sd)
    assert value == pytest.approx(integral, rel=tolerance, abs=tolerance)
    # slopes are those of the integral, differences those of the fifteen nodes
    slack = 1e-4 if sd < 1 else 1e-3
    assert_slopes(log_normal_part, events, hazard, sd, slope, in_sd, tolerance=slack)


def assert_slopes(
    part: Any, events: int, hazard: float, size: float, slope: float, in_size: float,
    tolerance: float = 1e-5,
) -> None:  # fmt: skip
    def differences(at: float, step: float, of: Any) -> float:
        return (of(at + step) - of(at - step)) / (2 * step)

    by_hazard = differences(hazard, 1e-5 * hazard, lambda h: part(float(events), h, size)[0])
    assert slope == pytest.approx(by_hazard, rel=tolerance, abs=1e-7)
    by_size = differences(size, 1e-3 * size, lambda s: part(float(events), hazard, s)[0])
    assert in_size == pytest.approx(by_size, rel=max(tolerance, 1e-4), abs=1e-3 * max(1.0, hazard))


def integrated_gamma(events: int, hazard: float, variance: float) -> float:
    shape = 1 / variance

    def log_integrand(x: float) -> float:
        # over log ω, whose mode is finite whatever the shape
        omega = np.exp(x)
        return events * x - omega * hazard + gamma.logpdf(omega, shape, scale=variance) + x

    return _log_integral(log_integrand, float(np.log((shape + events) / (shape + hazard))))


def integrated_normal(events: int, hazard: float, sd: float) -> float:
    def log_integrand(z: float) -> float:
        return events * sd * z - hazard * np.exp(sd * z) + norm.logpdf(z)

    # where the derivative vanishes, by bisection
    low, high = -60.0, 60.0
    for _ in range(200):
        middle = (low + high) / 2
        rising = events * sd - sd * hazard * np.exp(sd * middle) - middle > 0
        low, high = (middle, high) if rising else (low, middle)
    return _log_integral(log_integrand, low)


def _log_integral(log_integrand: Any, mode: float) -> float:
    top = log_integrand(mode)
    curve = -(log_integrand(mode + 1e-3) - 2 * top + log_integrand(mode - 1e-3)) / 1e-6
    reach = 1 / np.sqrt(curve)
    # piece by piece, so that no narrow peak is stepped over
    edges = mode + reach * np.array([-60, -20, -8, -4, -2, 0, 2, 4, 8, 20, 60])
    pieces = [
        quad(lambda x: np.exp(log_integrand(x) - top), a, b, epsabs=1e-13, epsrel=1e-11)[0]
        for a, b in pairwise(edges)
    ]
    return float(top + np.log(sum(pieces)))
