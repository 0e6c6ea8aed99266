"""The graph that is sampled and its numpy twin that is read out are the same model."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import binom, gamma, norm, poisson

from bayescich.design import Factor
from bayescich.model import Draws
from tests.model.toy import LIKELIHOODS, Toy, toy, toy_table


@pytest.fixture(scope="module", params=LIKELIHOODS)
def a_toy(request: pytest.FixtureRequest) -> Toy:
    return toy(request.param)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_twin_gives_the_log_likelihood_of_the_graph(a_toy: Toy, seed: int) -> None:
    point = a_toy.point(seed)
    draws = a_toy.draws(point)
    eta = a_toy.structure.linear_predictor(draws, a_toy.design)
    by_unit = a_toy.likelihood.log_likelihood(draws, eta, a_toy.design)
    assert by_unit.shape == (1, a_toy.design.unit.size)
    np.testing.assert_allclose(by_unit.sum(), a_toy.log_likelihood(point), rtol=1e-10)


@pytest.mark.parametrize("name", ["hazard with frailty", "ordinal", "gaussian"])
def test_the_gradient_is_that_of_finite_differences(name: str) -> None:
    a_toy = toy(name)
    model, point = a_toy.model, a_toy.point(4)
    gradient = model.compile_dlogp(mode="FAST_COMPILE")(point)
    log_density = model.compile_logp(mode="FAST_COMPILE")
    rng, step = np.random.default_rng(4), 1e-6
    # along random directions, so that every coordinate takes part
    for _ in range(4):
        direction = {name: rng.standard_normal(np.shape(value)) for name, value in point.items()}
        ahead = {name: value + step * direction[name] for name, value in point.items()}
        behind = {name: value - step * direction[name] for name, value in point.items()}
        slope = (log_density(ahead) - log_density(behind)) / (2 * step)
        along = np.concatenate([np.ravel(direction[v.name]) for v in model.value_vars])
        assert gradient @ along == pytest.approx(float(slope), rel=1e-6, abs=1e-5)


def by_hand(a_toy: Toy, seed: int) -> tuple[pd.DataFrame, Draws]:
    """The design's rows as a table with the linear predictor added up by label, and the draws."""
    draws = a_toy.draws(a_toy.point(seed))
    rows = toy_table().sort_values("child", kind="stable").reset_index(drop=True)
    eta = np.zeros(len(rows))
    for name in ("home_type", "home", "authority", "year"):
        levels = sorted(rows[name].unique())
        effect = dict(zip(levels, draws[f"{name}_effect"][0], strict=True))
        eta += rows[name].map(effect).to_numpy()
    for k, name in enumerate(("age", "male")):
        eta += draws["fixed"][0, k] * (rows[name] - rows[name].mean())
    if "intercept" in draws:
        eta += draws["intercept"][0]
    return rows.assign(eta=eta), draws


def periods(rows: pd.DataFrame, draws: Draws) -> pd.DataFrame:
    """One row per spell and band, split by a loop: days at risk and the event where it fell."""
    edges = [0.0, 7.0, 28.0, 91.0, 365.0, np.inf]
    split = []
    for row in rows.itertuples():
        for band, (low, high) in enumerate(pairwise(edges)):
            start, stop = max(row.entry, low), min(row.days, high)
            if stop > start:
                last = stop == row.days
                rate = np.exp(draws["baseline"][0, band] + row.eta) / 365.25
                split.append((row.child, stop - start, row.moved if last else 0, rate))
    return pd.DataFrame(split, columns=["child", "days", "event", "rate"])


def test_hazard_is_the_poisson_likelihood_of_person_periods() -> None:
    a_toy = toy("hazard")
    rows, draws = by_hand(a_toy, 6)
    split = periods(rows, draws)
    poissons = poisson.logpmf(split["event"], split["days"] * split["rate"]).sum()
    # the Poisson form has the days of each event in it; a hazard per year has none
    constant = np.log(split["days"] / 365.25)[split["event"] == 1].sum()
    assert a_toy.log_likelihood(a_toy.point(6)) == pytest.approx(poissons - constant, rel=1e-10)


def test_frailty_is_the_integral_over_a_gamma_of_mean_one() -> None:
    a_toy = toy("hazard with frailty")
    rows, draws = by_hand(a_toy, 7)
    phi = float(draws["frailty_variance"][0])
    split = periods(rows, draws)
    total = 0.0
    for _, child in split.groupby("child"):
        hazard = float((child["days"] * child["rate"]).sum())
        events = int(child["event"].sum())
        seen = np.log(child["rate"][child["event"] == 1] * 365.25).sum()

        def integrand(omega: float, d: int = events, h: float = hazard) -> float:
            return omega**d * np.exp(-omega * h) * gamma.pdf(omega, 1 / phi, scale=phi)

        integral = quad(integrand, 0, np.inf, epsabs=0, epsrel=1e-10)[0]
        total += seen + np.log(integral)
    assert a_toy.log_likelihood(a_toy.point(7)) == pytest.approx(total, rel=1e-7)


def test_counts_and_measurements_by_hand() -> None:
    a_toy = toy("binomial")
    rows, _ = by_hand(a_toy, 8)
    p = 1 / (1 + np.exp(-rows["eta"]))
    by_row = binom.logpmf(rows["deaths"], rows["operations"], p)
    assert a_toy.log_likelihood(a_toy.point(8)) == pytest.approx(by_row.sum(), rel=1e-10)

    a_toy = toy("bernoulli")
    rows, _ = by_hand(a_toy, 8)
    p = 1 / (1 + np.exp(-rows["eta"]))
    by_row = np.log(np.where(rows["moved"] == 1, p, 1 - p))
    assert a_toy.log_likelihood(a_toy.point(8)) == pytest.approx(by_row.sum(), rel=1e-10)

    a_toy = toy("gaussian")
    rows, draws = by_hand(a_toy, 8)
    by_row = norm.logpdf(rows["score"], rows["eta"], draws["residual_sd"][0])
    assert a_toy.log_likelihood(a_toy.point(8)) == pytest.approx(by_row.sum(), rel=1e-10)

    a_toy = toy("gaussian with known errors")
    rows, draws = by_hand(a_toy, 8)
    assert "residual_sd" not in draws
    by_row = norm.logpdf(rows["score"], rows["eta"], rows["se"])
    assert a_toy.log_likelihood(a_toy.point(8)) == pytest.approx(by_row.sum(), rel=1e-10)


def test_grades_by_hand() -> None:
    a_toy = toy("ordinal")
    rows, draws = by_hand(a_toy, 9)
    at_most = 1 / (1 + np.exp(-(draws["cutpoint"][0] - rows["eta"].to_numpy()[:, None])))
    padded = np.column_stack([np.zeros(len(rows)), at_most, np.ones(len(rows))])
    category = rows["grade"].map({g: k for k, g in enumerate(("Poor", "Fair", "Good", "Best"))})
    probability = np.diff(padded, axis=1)[np.arange(len(rows)), category]
    total = np.log(probability).sum()
    assert a_toy.log_likelihood(a_toy.point(9)) == pytest.approx(total, rel=1e-10)


def test_the_log_likelihood_is_split_by_unit(a_toy: Toy) -> None:
    draws = a_toy.draws(a_toy.point(10))
    eta = a_toy.structure.linear_predictor(draws, a_toy.design)
    by_unit = a_toy.likelihood.log_likelihood(draws, eta, a_toy.design)[0]
    # a unit's share is what the likelihood of its rows alone comes to
    rows = np.flatnonzero(a_toy.design.unit.codes == 3)
    assert len(rows) > 1
    only = replace(
        a_toy.design,
        rows=len(rows),
        unit=Factor("child", ("alone",), np.zeros(len(rows), dtype=np.int64)),
        outcome={name: array[rows] for name, array in a_toy.design.outcome.items()},
    )
    alone = a_toy.likelihood.log_likelihood(draws, eta[:, rows], only)
    np.testing.assert_allclose(alone, [[by_unit[3]]], rtol=1e-12)
