"""Blank covariates: filled in or summed over while sampling, integrated out when read again."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit, logsumexp

from bayescich.design import Design
from bayescich.design.core import FixedMatrix
from bayescich.model import Draws
from bayescich.model.effects.imputation import Imputation
from tests.model.responses import (
    BLANK,
    OTHERS,
    evaluate,
    of_outcomes,
    response_table,
    response_toy,
)
from tests.model.toy import Toy

NUMBER = {"kind": "fixed", "formula": "x + w", "impute": ("x",)}
FLIPS = {"kind": "fixed", "formula": "z + q + w", "impute": ("z", "q")}


def table(*blank: str) -> pd.DataFrame:
    """With blanks in these columns, two of them in some rows."""
    rng = np.random.default_rng(9)
    whole = response_table()
    whole["q"] = rng.integers(0, 2, len(whole)).astype(float)
    for name in blank:
        whole.loc[rng.random(len(whole)) < 0.4, name] = np.nan
    return whole


def fixed_of(design: Design) -> FixedMatrix:
    assert design.fixed is not None
    return design.fixed


def filled(design: Design, values: np.ndarray) -> Design:
    """The same design with nothing blank; ``values`` are centred."""
    return replace(design, fixed=replace(fixed_of(design), values=values, holes=()))


def by_row(a_toy: Toy, draws: Draws, design: Design | None = None) -> np.ndarray:
    design = design or a_toy.design
    eta = a_toy.structure.linear_predictor(draws, design)
    return a_toy.likelihood.row_log_likelihood(draws, eta, design)[0]


def imputed_from(a_toy: Toy) -> np.ndarray:
    """A one and the complete covariates in standard deviations."""
    fixed = fixed_of(a_toy.design)
    blank = {hole.covariate for hole in fixed.holes}
    whole = [k for k, n in enumerate(fixed.names) if k not in blank and " mean of " not in n]
    z = fixed.values[:, whole] / fixed.scales[whole]
    return np.column_stack([np.ones(len(z)), z])


@pytest.mark.parametrize("name", ["hurdle", "grade recorded", "activity", "joint", "known error"])
def test_a_number_is_learnt_and_enters_like_any_other(name: str) -> None:
    a_toy = response_toy(name, (NUMBER, *OTHERS), table("x"))
    point = a_toy.point(2)
    draws = a_toy.draws(point)
    fixed = fixed_of(a_toy.design)
    (hole,) = fixed.holes
    values = fixed.values.copy()
    mean = imputed_from(a_toy)[hole.rows] @ draws["impute_slope"][0, 0]
    away = draws["impute_sd"][0, 0] * draws["imputed_0_value_offset"][0]
    values[hole.rows, hole.covariate] = fixed.scales[hole.covariate] * (mean + away)
    whole = filled(a_toy.design, values)
    # the child effect is integrated out by the same rule, so nothing is approximate
    np.testing.assert_allclose(
        by_row(a_toy, draws, whole).sum(), of_outcomes(a_toy, point), rtol=1e-10
    )


@pytest.mark.parametrize("name", ["yes recorded", "hurdle", "activity", "joint", "measurement"])
def test_a_yes_or_no_is_summed_over_exactly(name: str) -> None:
    a_toy = response_toy(name, (FLIPS, *OTHERS), table("z", "q"))
    point = a_toy.point(3)
    draws = a_toy.draws(point)
    fixed = fixed_of(a_toy.design)
    first, second = fixed.holes
    assert len(np.intersect1d(first.rows, second.rows)) > 3
    log_odds = imputed_from(a_toy) @ draws["impute_slope"][0].T
    ways = []
    for answers in itertools.product((0.0, 1.0), repeat=2):
        values, log_chance = fixed.values.copy(), np.zeros(a_toy.design.rows)
        impossible = np.zeros(a_toy.design.rows, dtype=bool)
        for k, (hole, answer) in enumerate(zip(fixed.holes, answers, strict=True)):
            values[hole.rows, hole.covariate] = answer - fixed.centres[hole.covariate]
            chance = expit(log_odds[hole.rows, k])
            log_chance[hole.rows] += np.log(chance if answer else 1 - chance)
            known = np.setdiff1d(np.arange(a_toy.design.rows), hole.rows)
            impossible[known] |= answer == 1.0  # a row that is not blank counts once
        own = by_row(a_toy, draws, filled(a_toy.design, values)) + log_chance
        ways.append(np.where(impossible, -np.inf, own))
    exact = logsumexp(ways, axis=0)
    assert exact.sum() == pytest.approx(of_outcomes(a_toy, point), rel=1e-10)
    # and the twin does the same, being recorded among it
    np.testing.assert_allclose(by_row(a_toy, draws), exact, rtol=1e-9)


def test_seven_nodes_are_the_integral_of_a_measurement() -> None:
    a_toy = response_toy("measurement", (NUMBER, *OTHERS), table("x"))
    draws = a_toy.draws(a_toy.point(4))
    fixed = fixed_of(a_toy.design)
    (hole,) = fixed.holes
    draws = draws.replace("residual_sd", np.array([1.3]))
    slope, tau = 0.15, 0.9 * fixed.scales[0]
    draws = draws.replace("fixed", np.array([[slope, 0.2]]))
    draws = draws.replace("impute_sd", np.array([[0.9]]))
    eta = a_toy.structure.linear_predictor(draws, a_toy.design)[0]
    # normal in normal: the variances add up
    sd = np.full(a_toy.design.rows, 1.3)
    sd[hole.rows] = np.hypot(1.3, slope * tau)
    exact = stats.norm.logpdf(a_toy.design.outcome["y"][:, 0], eta, sd)
    np.testing.assert_allclose(by_row(a_toy, draws), exact, atol=1e-6)
    # at its expectation a blank adds what the other covariates say of it
    mean = imputed_from(a_toy)[hole.rows] @ draws["impute_slope"][0, 0] * fixed.scales[0]
    at_mean = fixed.values.copy()
    at_mean[hole.rows, 0] = mean
    whole = filled(a_toy.design, at_mean)
    np.testing.assert_allclose(a_toy.structure.linear_predictor(draws, whole)[0], eta)


@pytest.mark.parametrize(("name", "tolerance"), [("yes", 1e-6), ("event", 1e-4), ("score", 1e-3)])
def test_seven_nodes_against_a_fine_grid(name: str, tolerance: float) -> None:
    a_toy = response_toy(name, (NUMBER, *OTHERS), table("x"))
    draws = a_toy.draws(a_toy.point(5))
    fixed = fixed_of(a_toy.design)
    (hole,) = fixed.holes
    # a coefficient of half a step per standard deviation
    draws = draws.replace("fixed", np.array([[0.5 / fixed.scales[0], 0.2]]))
    draws = draws.replace("impute_sd", np.array([[0.8]]))
    grid = np.linspace(-8, 8, 801)
    mean = imputed_from(a_toy)[hole.rows] @ draws["impute_slope"][0, 0]
    each = []
    for at in grid:
        values = fixed.values.copy()
        values[hole.rows, 0] = fixed.scales[0] * (mean + 0.8 * at)
        each.append(np.exp(by_row(a_toy, draws, filled(a_toy.design, values)))[hole.rows])
    exact = np.log(np.trapezoid(np.array(each) * stats.norm.pdf(grid)[:, None], grid, axis=0))
    np.testing.assert_allclose(by_row(a_toy, draws)[hole.rows], exact, atol=tolerance)


def test_rows_that_hold_a_value_teach_what_stands_in_for_it() -> None:
    a_toy = response_toy("yes", (BLANK, *OTHERS))
    point = a_toy.point(6)
    draws = a_toy.draws(point)
    z, fixed = imputed_from(a_toy), fixed_of(a_toy.design)
    seen = {}
    for place, hole in enumerate(fixed.holes):
        rows = np.setdiff1d(np.arange(a_toy.design.rows), hole.rows)
        eta = z[rows] @ draws["impute_slope"][0, place]
        x = fixed.values[rows, hole.covariate]
        if hole.is_binary:
            answer = np.round(x + fixed.centres[hole.covariate])
            seen[place] = stats.bernoulli.logpmf(answer, expit(eta)).sum()
        else:
            scaled = x / fixed.scales[hole.covariate]
            exact = stats.norm.logpdf(scaled, eta, draws["impute_sd"][0, 0]).sum()
            seen[place] = exact + 0.5 * len(rows) * np.log(2 * np.pi)
    potentials = [p for p in a_toy.model.potentials if p.name.endswith("_seen")]
    stated = evaluate(a_toy, potentials, point)
    np.testing.assert_allclose(np.ravel(stated), [seen[0], seen[1]], rtol=1e-9)


def test_company_means_say_nothing_of_a_blank() -> None:
    a_toy = response_toy("yes", (BLANK, *OTHERS))
    assert fixed_of(a_toy.design).names[3:] == tuple(f"home mean of {n}" for n in "xzw")
    imputation = Imputation.of(a_toy.design)
    assert imputation is not None
    assert imputation.coords() == {"imputed": ("x", "z"), "imputed_from": ("level", "w")}
    assert imputation.predictors.shape == (a_toy.design.rows, 2)


def test_blanks_drawn_again_have_their_chances() -> None:
    a_toy = response_toy("yes recorded", (FLIPS, *OTHERS), table("z", "q"))
    one = a_toy.draws(a_toy.point(7))
    samples = 4000
    draws = Draws({name: np.repeat(one[name], samples, axis=0) for name in one.values})
    eta = a_toy.structure.linear_predictor(draws, a_toy.design)
    again = a_toy.likelihood.replicate_all(draws, eta, a_toy.design, np.random.default_rng(1))
    # the chance of being recorded, summed over blanks and the outcome's pull, by the density
    certain = a_toy.design.outcome["y"].copy()
    certain[:, 1] = 1.0
    only = {"y": certain, "size": a_toy.design.outcome["size"], "seen": np.tile([0, 1], (60, 1))}
    design = replace(a_toy.design, outcome=only)
    chance = np.exp(by_row(a_toy, one, design))
    error = 4.5 * np.sqrt(0.25 / samples)
    np.testing.assert_allclose(again[:, 1].mean(axis=0), chance, atol=error)
    assert np.ptp(chance) > 0.3
