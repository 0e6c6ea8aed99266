"""Replicates, expectations and summaries of outcomes of one row, in closed form."""

from typing import Any, Literal

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, softmax

from bayescich.design import Design, Factor
from bayescich.design.core import Response
from bayescich.model import Draws
from bayescich.model.likelihoods.responses import ResponseLikelihood, is_measurement

SAMPLES = 20_000
LIKELIHOOD = ResponseLikelihood("result")
CUT = np.array([-1.0, 0.5, 2.0])
Kind = Literal[
    "binomial", "cloglog", "beta_binomial", "truncated", "categorical", "ordinal", "normal"
]


def response(kind: Kind, column: int = 0, **more: Any) -> Response:
    return Response("result", kind, column, **more)


def one_row(
    *responses: Response, y: list[float], size: list[float] | None = None, seen: Any = None
) -> Design:
    unit = Factor("child", ("a",), np.array([0]))
    parts = max(r.column + r.width for r in responses)
    names = tuple(f"part {k}" for k in range(parts)) if parts > 1 else ()
    outcome = {
        "y": np.array([y]),
        "size": np.array([size or [1.0] * len(y)]),
        "seen": np.array([seen or [1] * len(y)], dtype=np.int8),
    }
    coords = {"route": names} if names else {}
    return Design("toy", 1, unit, {}, None, outcome, coords, responses=tuple(responses))


def draws(samples: int = SAMPLES, **values: float) -> Draws:
    given = {name: np.full(samples, value) for name, value in values.items()}
    return Draws({"intercept": np.zeros(samples), **given})


def again(design: Design, eta: np.ndarray, drawn: Draws) -> np.ndarray:
    return LIKELIHOOD.replicate(drawn, eta, design, np.random.default_rng(6))[:, 0]


def test_counts_drawn_again_have_their_mean_and_variance() -> None:
    design = one_row(response("binomial"), y=[3], size=[20])
    eta, p = np.full((SAMPLES, 1), -0.8), expit(-0.8)
    drawn = again(design, eta, draws())
    assert drawn.mean() == pytest.approx(20 * p, abs=4 * np.sqrt(20 * p * (1 - p) / SAMPLES))
    assert drawn.var() == pytest.approx(20 * p * (1 - p), rel=0.04)
    np.testing.assert_allclose(LIKELIHOOD.expected(draws(), eta, design), 20 * p)
    np.testing.assert_allclose(LIKELIHOOD.standardised(draws(), eta, design, None), p)
    assert LIKELIHOOD.summary_denominator(design).tolist() == [20]
    assert LIKELIHOOD.summary_numerator(design).tolist() == [3]


def test_scores_vary_more_than_counts() -> None:
    design = one_row(response("beta_binomial", maximum=40), y=[13], size=[40])
    eta, drawn = np.full((SAMPLES, 1), 0.4), draws(dispersion=6.0)
    exact = stats.betabinom(40, 6 * expit(0.4), 6 * expit(-0.4))
    found = again(design, eta, drawn)
    assert found.mean() == pytest.approx(exact.mean(), abs=4 * exact.std() / np.sqrt(SAMPLES))
    assert found.var() == pytest.approx(exact.var(), rel=0.04)
    # a score is read in points, and a child counts once
    np.testing.assert_allclose(LIKELIHOOD.standardised(drawn, eta, design, None), exact.mean())
    np.testing.assert_allclose(LIKELIHOOD.expected(drawn, eta, design), exact.mean())
    assert LIKELIHOOD.summary_denominator(design).tolist() == [1]
    by_row = LIKELIHOOD.row_log_likelihood(drawn, eta, design)
    np.testing.assert_allclose(by_row, exact.logpmf(13))


def test_shares_of_trials_that_differ_are_read_as_shares() -> None:
    design = one_row(response("beta_binomial"), y=[13], size=[40])
    eta, drawn = np.full((3, 1), 0.4), draws(3, dispersion=6.0)
    np.testing.assert_allclose(LIKELIHOOD.standardised(drawn, eta, design, None), expit(0.4))
    np.testing.assert_allclose(LIKELIHOOD.expected(drawn, eta, design), 40 * expit(0.4))
    assert LIKELIHOOD.summary_denominator(design).tolist() == [40]


def test_an_event_is_read_as_its_chance_in_a_year() -> None:
    design = one_row(response("cloglog"), y=[1], size=[2.5])
    eta = np.full((SAMPLES, 1), -1.2)
    chance = 1 - np.exp(-2.5 * np.exp(-1.2))
    drawn = again(design, eta, draws())
    assert drawn.mean() == pytest.approx(chance, abs=4 * np.sqrt(0.25 / SAMPLES))
    in_a_year = LIKELIHOOD.standardised(draws(), eta, design, None)
    np.testing.assert_allclose(in_a_year, 1 - np.exp(-np.exp(-1.2)))


HURDLE = (response("binomial", maximum=1), response("truncated", 1, maximum=90))


@pytest.mark.parametrize(("any_points", "how_many"), [(0.7, -0.3), (-2.0, -4.0), (3.0, 2.0)])
@pytest.mark.parametrize("dispersion", [0.8, 10.0])
def test_the_mean_of_a_hurdle_is_that_of_its_chances_added_up(
    any_points: float, how_many: float, dispersion: float
) -> None:
    design = one_row(*HURDLE, y=[1, 30], size=[1, 90])
    eta, drawn = np.array([[[any_points], [how_many]]]), draws(1, dispersion=dispersion)
    y = np.arange(1, 91)
    exact = stats.betabinom(90, dispersion * expit(how_many), dispersion * expit(-how_many))
    chances = expit(any_points) * exact.pmf(y) / (1 - exact.pmf(0))
    assert chances.sum() == pytest.approx(expit(any_points), rel=1e-6)
    mean = LIKELIHOOD.standardised(drawn, eta, design, None)[0, 0]
    assert mean == pytest.approx((y * chances).sum(), rel=1e-6)
    closed = expit(any_points) * 90 * expit(how_many) / (1 - exact.pmf(0))
    assert mean == pytest.approx(closed, rel=1e-6)
    # the log-likelihood is that of the chance of thirty points
    by_row = LIKELIHOOD.row_log_likelihood(drawn, eta, design)
    assert by_row[0, 0] == pytest.approx(np.log(chances[29]), rel=1e-6)
    none = one_row(*HURDLE, y=[0, 0], size=[1, 90], seen=[1, 0])
    by_row = LIKELIHOOD.row_log_likelihood(drawn, eta, none)
    assert by_row[0, 0] == pytest.approx(np.log(expit(-any_points)))


def test_points_drawn_again_have_their_chances() -> None:
    design = one_row(*HURDLE, y=[1, 30], size=[1, 90])
    eta = np.tile([[0.7], [-2.0]], (SAMPLES, 1, 1))
    drawn = again(design, eta, draws(dispersion=2.0))
    exact = stats.betabinom(90, 2 * expit(-2.0), 2 * expit(2.0))
    share = expit(0.7) * exact.pmf(np.arange(91)) / (1 - exact.pmf(0))
    share[0] = expit(-0.7)
    found = np.bincount(drawn.astype(int), minlength=91) / SAMPLES
    np.testing.assert_allclose(found, share, atol=4.5 * np.sqrt(0.25 / SAMPLES))
    assert LIKELIHOOD.observed(design).tolist() == [30]
    assert LIKELIHOOD.observed(one_row(*HURDLE, y=[0, 0], seen=[1, 0])).tolist() == [0]


def test_categories_drawn_again_have_their_chances() -> None:
    kinds = ("none", "job", "study", "care")
    activity = response("categorical", width=3, categories=kinds)
    design = one_row(activity, y=[2])
    own = np.array([0.5, -1.0, 0.2])
    eta, chances = np.tile(own[:, None], (SAMPLES, 1, 1)), softmax(np.r_[0.0, own])
    found = np.bincount(again(design, eta, draws()).astype(int), minlength=4) / SAMPLES
    np.testing.assert_allclose(found, chances, atol=4.5 * np.sqrt(0.25 / SAMPLES))
    by_row = LIKELIHOOD.row_log_likelihood(draws(1), eta[:1], design)
    assert by_row[0, 0] == pytest.approx(np.log(chances[2]))
    # one number a row: the chance of anything but the first
    np.testing.assert_allclose(
        LIKELIHOOD.standardised(draws(1), eta[:1], design, None), 1 - chances[0]
    )
    assert LIKELIHOOD.summary_numerator(design).tolist() == [1]
    assert LIKELIHOOD.summary_numerator(one_row(activity, y=[0])).tolist() == [0]


def test_grades_drawn_again_have_their_chances() -> None:
    graded = response("ordinal", categories=("a", "b", "c", "d"))
    design, eta = one_row(graded, y=[1]), np.full((SAMPLES, 1), 0.4)
    drawn = Draws({"cutpoint": np.tile(CUT, (SAMPLES, 1))})
    chances = np.diff(np.r_[0.0, expit(CUT - 0.4), 1.0])
    found = np.bincount(again(design, eta, drawn).astype(int), minlength=4) / SAMPLES
    np.testing.assert_allclose(found, chances, atol=4.5 * np.sqrt(0.25 / SAMPLES))
    # four grades: c and better
    np.testing.assert_allclose(
        LIKELIHOOD.standardised(drawn, eta, design, None)[0], chances[2:].sum()
    )
    assert LIKELIHOOD.summary_numerator(design).tolist() == [0]
    by_row = LIKELIHOOD.row_log_likelihood(drawn, eta, design)
    np.testing.assert_allclose(by_row[0], np.log(chances[1]))


@pytest.mark.parametrize("eta", [-300.0, 300.0])
def test_stored_draws_keep_the_tails_of_grades(eta: float) -> None:
    graded = response("ordinal", categories=("a", "b", "c", "d"))
    drawn = Draws({"cutpoint": CUT[None]})
    edges = np.r_[-np.inf, CUT, np.inf] * np.sign(eta)
    for y in (1, 2):
        by_row = LIKELIHOOD.row_log_likelihood(drawn, np.array([[eta]]), one_row(graded, y=[y]))
        gap = abs(np.exp(edges[y + 1]) - np.exp(edges[y]))
        assert by_row[0, 0] == pytest.approx(np.log(gap) - abs(eta), rel=1e-12)


@pytest.mark.parametrize("known", [True, False])
def test_measurements_drawn_again_have_their_error(known: bool) -> None:
    design = one_row(response("normal", known_sd=known), y=[1.0], size=[0.5 if known else 1.0])
    eta, drawn = np.full((SAMPLES, 1), 3.0), draws(residual_sd=2.0)
    found, sd = again(design, eta, drawn), 0.5 if known else 2.0
    assert found.mean() == pytest.approx(3.0, abs=4 * sd / np.sqrt(SAMPLES))
    assert found.std() == pytest.approx(sd, rel=0.03)
    by_unit = LIKELIHOOD.log_likelihood(drawn, eta, design)
    np.testing.assert_allclose(by_unit, stats.norm.logpdf(1.0, 3.0, sd))
    assert LIKELIHOOD.summary_denominator(design).tolist() == [1]
    assert is_measurement(LIKELIHOOD, design)
    assert not is_measurement(LIKELIHOOD, one_row(response("binomial"), y=[1]))


def test_what_was_not_seen_says_nothing_and_is_no_row() -> None:
    design = one_row(response("binomial"), y=[0], size=[1], seen=[0])
    eta = np.full((5, 1), 0.7)
    assert (LIKELIHOOD.row_log_likelihood(draws(5), eta, design) == 0).all()
    assert LIKELIHOOD.summary_numerator(design).tolist() == [0]
    assert LIKELIHOOD.summary_denominator(design).tolist() == [0]
    assert (LIKELIHOOD.expected(draws(5), eta, design) == 0).all()
    assert (LIKELIHOOD.replicate(draws(5), eta, design, np.random.default_rng(1)) == 0).all()


def test_the_outcome_is_the_main_response_and_not_its_stage() -> None:
    stage = response("binomial", role="stage")
    yes = response("binomial", 1, maximum=1)
    recorded = response("binomial", 2, role="recorded", coupled=1)
    design = one_row(stage, yes, recorded, y=[1, 0, 1])
    eta = np.array([[[0.3], [-1.1], [0.8]]])
    drawn = Draws({"recording_slope": np.array([0.6]), "recording_about": np.array([-0.4])})
    np.testing.assert_allclose(LIKELIHOOD.standardised(drawn, eta, design, None), [[expit(-1.1)]])
    # in touch, no, and recorded: by how far the outcome lies from the average
    about = 0.8 + 0.6 * (-1.1 + 0.4)
    exact = np.log(expit(0.3)) + np.log(expit(1.1)) + np.log(expit(about))
    np.testing.assert_allclose(LIKELIHOOD.row_log_likelihood(drawn, eta, design), [[exact]])
    gone = one_row(stage, yes, recorded, y=[0, 0, 0], seen=[1, 0, 0])
    only = LIKELIHOOD.row_log_likelihood(drawn, eta, gone)
    np.testing.assert_allclose(only, [[np.log(expit(-0.3))]])


def test_turned_responses_are_the_less_the_higher_the_predictor() -> None:
    for kind in ("binomial", "cloglog", "normal"):
        plain, turned = (one_row(response(kind, turned=t), y=[1.0]) for t in (False, True))  # type: ignore[arg-type]
        drawn = draws(1, residual_sd=1.0)
        up, down = np.array([[0.9]]), np.array([[-0.9]])
        assert LIKELIHOOD.row_log_likelihood(drawn, up, turned)[0, 0] == pytest.approx(
            LIKELIHOOD.row_log_likelihood(drawn, down, plain)[0, 0]
        )
        assert LIKELIHOOD.standardised(drawn, up, turned, None)[0, 0] == pytest.approx(
            LIKELIHOOD.standardised(drawn, down, plain, None)[0, 0]
        )


def test_a_child_effect_is_what_outcomes_of_a_child_have_in_common() -> None:
    joint = ResponseLikelihood("result", nodes=21)
    one, two = response("binomial"), response("binomial", 1, turned=True)
    design = one_row(one, two, y=[1, 1])
    eta, loading = np.array([[[0.3], [-0.5]]]), np.array([1.1, -0.7])
    drawn = Draws({"child_loading": loading[None]})
    grid = np.linspace(-9, 9, 4001)
    both = expit(0.3 + 1.1 * grid) * expit(0.5 + 0.7 * grid) * stats.norm.pdf(grid)
    exact = np.trapezoid(both, grid)
    assert joint.row_log_likelihood(drawn, eta, design)[0, 0] == pytest.approx(
        np.log(exact), abs=1e-7
    )
    # drawn again, both are as often yes together as that
    many = Draws({"child_loading": np.tile(loading, (SAMPLES, 1))})
    drawn_again = joint.replicate_all(
        many, np.tile(eta, (SAMPLES, 1, 1)), design, np.random.default_rng(2)
    )[:, :, 0]
    together = drawn_again.prod(axis=1).mean()
    assert together == pytest.approx(exact, abs=4 * np.sqrt(0.25 / SAMPLES))
    apart = drawn_again.mean(axis=0).prod()
    assert together > apart + 0.03


def test_log_likelihoods_of_a_units_rows_are_added_up() -> None:
    unit = Factor("child", ("a", "b"), np.array([0, 0, 1]))
    outcome = {
        "y": np.array([[1.0], [0.0], [1.0]]), "size": np.ones((3, 1)),
        "seen": np.array([[1], [1], [0]], dtype=np.int8),
    }  # fmt: skip
    design = Design("toy", 3, unit, {}, None, outcome, responses=(response("binomial"),))
    eta = np.array([[0.2, -0.4, 3.0]])
    by_unit = LIKELIHOOD.log_likelihood(draws(1), eta, design)
    np.testing.assert_allclose(by_unit, [[np.log(expit(0.2)) + np.log(expit(0.4)), 0.0]])
