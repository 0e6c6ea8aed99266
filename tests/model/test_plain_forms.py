"""Models of responses written plainly in PyMC have the same density."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest
from pytensor.configdefaults import config

from bayescich.model import Draws
from tests.model.responses import response_toy
from tests.model.toy import Toy

ROWS = ({"kind": "fixed", "formula": "x + z"}, {"kind": "group", "by": "authority"})
FIXED_ONLY = ROWS[:1]


def predictor(a_toy: Toy) -> Any:
    """The linear predictor, with the priors of the set, as anyone would write it."""
    design = a_toy.design
    assert design.fixed is not None
    effect = pm.Normal("fixed", 0.0, 0.5 / design.fixed.scales, shape=2)
    eta = pt.dot(design.fixed.values, effect)
    if "authority" in design.factors:
        factor = design.factor("authority")
        sd = pm.HalfNormal("authority_sd", 0.5)
        eta = eta + pm.Normal("authority_effect", 0.0, sd, shape=factor.size)[factor.codes]
    return eta


def counts(eta: Any, y: np.ndarray, size: np.ndarray) -> None:
    pm.Binomial("y", n=size.astype(int), logit_p=eta, observed=y.astype(int))


def yes(eta: Any, y: np.ndarray, _: np.ndarray) -> None:
    pm.Bernoulli("y", logit_p=eta, observed=y.astype(int))


def event(eta: Any, y: np.ndarray, size: np.ndarray) -> None:
    pm.Bernoulli("y", p=1.0 - pt.exp(-size * pt.exp(eta)), observed=y.astype(int))


def score(eta: Any, y: np.ndarray, size: np.ndarray) -> None:
    total = pm.LogNormal("dispersion", 2.3, 1.0)
    mean = pm.math.sigmoid(eta)
    pm.BetaBinomial(
        "y", alpha=mean * total, beta=(1 - mean) * total, n=size.astype(int),
        observed=y.astype(int),
    )  # fmt: skip


def measurement(eta: Any, y: np.ndarray, _: np.ndarray) -> None:
    pm.Normal("y", eta, pm.HalfNormal("residual_sd", 1.0), observed=y)


def known_error(eta: Any, y: np.ndarray, size: np.ndarray) -> None:
    pm.Normal("y", eta, size, observed=y)


PLAIN_FORMS: dict[str, Callable[[Any, np.ndarray, np.ndarray], None]] = {
    "counts": counts, "yes": yes, "event": event, "score": score,
    "measurement": measurement, "known error": known_error,
}  # fmt: skip


def compare(a_toy: Toy, plain: pm.Model, also: float = 0.0) -> None:
    """The same density at the same values, whatever each is sampled by."""
    with config.change_flags(cxx=""):
        theirs = plain.compile_logp(jacobian=False, mode="FAST_COMPILE")
        ours = a_toy.model.compile_logp(jacobian=False, mode="FAST_COMPILE")
    for seed in (1, 2, 3):
        point = a_toy.point(seed)
        draws = a_toy.draws(point)
        assert float(ours(point)) + also == pytest.approx(
            float(theirs(at(plain, draws))), rel=1e-10
        )


def at(plain: pm.Model, draws: Draws) -> dict[str, np.ndarray]:
    """The plain model's point at stored values: positive ones by their logarithm."""
    found = {}
    for variable in plain.free_RVs:
        value = plain.rvs_to_values[variable]
        stored = draws[variable.name][0]
        found[value.name] = np.log(stored) if value.name.endswith("_log__") else stored
    return found


@pytest.mark.parametrize("name", PLAIN_FORMS)
def test_the_density_is_that_of_the_plain_form(name: str) -> None:
    a_toy = response_toy(name, ROWS)
    outcome = a_toy.design.outcome
    with pm.Model() as plain:
        level = pm.Normal("intercept", 0.0, 1.5)
        PLAIN_FORMS[name](level + predictor(a_toy), outcome["y"][:, 0], outcome["size"][:, 0])
    compare(a_toy, plain)


def test_ordered_categories_are_those_of_the_plain_form() -> None:
    a_toy = response_toy("grade", ROWS)
    assert "intercept" not in a_toy.model.named_vars
    seen = a_toy.design.outcome["seen"][:, 0] == 1
    grade = a_toy.design.outcome["y"][seen, 0].astype(int)
    with pm.Model() as plain:
        eta = predictor(a_toy)[seen]
        first = pm.Normal("cutpoint_first_offset", -3.0, 1.5)
        # a gamma of mean 2.5 and standard deviation 1.5
        gap = pm.Gamma("cutpoint_gap", mu=2.5, sigma=1.5, shape=1)
        cut = first + pt.concatenate([pt.zeros(1), pt.cumsum(gap)])
        pm.OrderedLogistic("y", eta=eta, cutpoints=cut, observed=grade, compute_p=False)
    compare(a_toy, plain)


def test_categories_are_those_of_the_plain_form() -> None:
    activity = {
        "family": "categorical", "outcome": "activity", "categories": ["none", "job", "study"],
        "missing": "ignored",
    }  # fmt: skip
    a_toy = response_toy(activity, FIXED_ONLY)
    design = a_toy.design
    assert design.fixed is not None
    seen = design.outcome["seen"][:, 0] == 1
    with pm.Model() as plain:
        level = pm.Normal("intercept", 0.0, 1.5, shape=2)
        scales = design.fixed.scales
        own = [pm.Normal(f"fixed_{k}_offset", 0.0, 0.5 / scales, shape=2) for k in (0, 1)]
        eta = pt.stack([level[k] + pt.dot(design.fixed.values[seen], own[k]) for k in (0, 1)], 1)
        logits = pt.concatenate([pt.zeros((int(seen.sum()), 1)), eta], axis=1)
        observed = design.outcome["y"][seen, 0].astype(int)
        pm.Categorical("y", p=pm.math.softmax(logits, axis=1), observed=observed)
    compare(a_toy, plain)


def test_a_hurdle_is_a_yes_or_no_and_a_count_cut_off_at_nought() -> None:
    points = {"family": "hurdle_beta_binomial", "outcome": "points", "maximum": 20}
    a_toy = response_toy(points, FIXED_ONLY)
    design = a_toy.design
    assert design.fixed is not None
    some, y = design.outcome["y"][:, 0].astype(int), design.outcome["y"][:, 1]
    with pm.Model() as plain:
        level = pm.Normal("intercept", 0.0, 1.5, shape=2)
        scales = design.fixed.scales
        own = [pm.Normal(f"fixed_{k}_offset", 0.0, 0.5 / scales, shape=2) for k in (0, 1)]
        eta = [level[k] + pt.dot(design.fixed.values, own[k]) for k in (0, 1)]
        total = pm.LogNormal("dispersion", 2.3, 1.0)
        pm.Bernoulli("any", logit_p=eta[0], observed=some)
        mean = pm.math.sigmoid(eta[1][some == 1])
        count = pm.BetaBinomial.dist(alpha=mean * total, beta=(1 - mean) * total, n=20)
        logs = pm.logp(count, y[some == 1].astype(int))
        none = pm.logp(count, np.zeros(int(some.sum()), dtype=int))
        pm.Potential("above", (logs - pt.log1mexp(none)).sum())
    compare(a_toy, plain)
