"""Densities, means and draws of single responses in numpy: the twin of the compiled families."""

from __future__ import annotations

import numpy as np
from scipy.special import betaln, expit, log_expit, log_softmax, softmax
from scipy.stats import norm

from bayescich.design.core import Design, IntArray, Response
from bayescich.model.draws import Draws, FloatArray
from bayescich.model.response.arrays import log_choose

DISPERSED = ("beta_binomial", "truncated")
"""Kinds that have a dispersion."""


def extra_name(design: Design, place: int) -> str:
    """Return what the further parameter of a response is called in the draws."""
    response = design.responses[place]
    base = "residual_sd" if response.kind == "normal" else "dispersion"
    alike = [r for r in design.responses if (r.kind == "normal") == (response.kind == "normal")]
    alike = [r for r in alike if r.kind in {*DISPERSED, "normal"}]
    if len(alike) == 1:
        return base
    return f"{base}_{response.name.replace(' ', '_')}"


def is_score(response: Response) -> bool:
    """Return whether it is read in points: a beta-binomial with one maximum for all."""
    return response.maximum is not None and response.maximum > 1


def _extra(draws: Draws, design: Design, place: int, ndim: int) -> FloatArray:
    return draws[extra_name(design, place)].reshape(-1, *([1] * (ndim - 1)))


def turned(by_part: FloatArray, response: Response) -> FloatArray:
    """Return the response's linear predictor, larger where there is more of it."""
    eta = by_part[:, response.column]
    return -eta if response.turned else eta


def log_density(
    draws: Draws, by_part: FloatArray, design: Design, place: int, y: FloatArray, size: FloatArray
) -> FloatArray:
    """Return the log-likelihood of one response at every row, (samples, rows)."""
    response = design.responses[place]
    if response.kind == "categorical":
        logs = log_softmax(with_first(by_part, response), axis=1)
        rows = np.arange(len(y))
        return np.asarray(logs[:, y.astype(np.int64), rows])
    eta = turned(by_part, response)
    if response.kind == "binomial":
        return log_choose(y, size) + y * log_expit(eta) + (size - y) * log_expit(-eta)
    if response.kind == "cloglog":
        hazard = size * np.exp(eta)
        return np.where(y > 0, np.log(-np.expm1(-hazard)), -hazard)
    if response.kind == "ordinal":
        return _log_between(draws, eta, y.astype(np.int64))
    if response.kind == "normal":
        sd = size if response.known_sd else _extra(draws, design, place, 2)
        return np.asarray(norm.logpdf(y, eta, sd))
    a, b = _shapes(draws, eta, design, place)
    value = log_choose(y, size) + betaln(y + a, size - y + b) - betaln(a, b)
    if response.kind == "truncated":
        value = value - np.log(-np.expm1(_log_none(a, b, size)))
    return np.asarray(value)


def _shapes(
    draws: Draws, eta: FloatArray, design: Design, place: int
) -> tuple[FloatArray, FloatArray]:
    total = _extra(draws, design, place, eta.ndim)
    return expit(eta) * total, expit(-eta) * total


def _log_none(a: FloatArray, b: FloatArray, size: FloatArray | float) -> FloatArray:
    return np.asarray(betaln(a, size + b) - betaln(a, b))


def with_first(by_part: FloatArray, response: Response) -> FloatArray:
    """Return the linear predictors of all categories, that of the first being nought."""
    own = by_part[:, response.column : response.column + response.width]
    return np.concatenate([np.zeros_like(own[:, :1]), own], axis=1)


def _at_most(draws: Draws, eta: FloatArray) -> FloatArray:
    """Return the chance of at most each category, from none to all, (samples, ..., K + 1)."""
    cut = draws["cutpoint"].reshape(draws.size, *([1] * (eta.ndim - 1)), -1)
    inner = expit(cut - eta[..., None])
    ones = np.ones((*eta.shape, 1))
    return np.concatenate([0.0 * ones, inner, ones], axis=-1)


def _log_between(draws: Draws, eta: FloatArray, code: IntArray) -> FloatArray:
    """Return the log chance of the category between two thresholds, exact in the tails."""
    cut = draws["cutpoint"]
    ends = np.full((len(cut), 1), np.inf)
    edges = np.concatenate([-ends, cut, ends], axis=1)
    low, high = edges[:, code], edges[:, code + 1]
    return np.asarray(log_expit(high - eta) + log_expit(eta - low) + np.log(-np.expm1(low - high)))


def drawn(
    draws: Draws, by_part: FloatArray, design: Design, place: int, rng: np.random.Generator
) -> FloatArray:
    """Draw one response of every row again, (samples, rows)."""
    response, size = design.responses[place], design.outcome["size"][:, place]
    if response.kind == "categorical":
        chances = softmax(with_first(by_part, response), axis=1)
        passed = np.cumsum(chances, axis=1) < rng.random((len(chances), 1, chances.shape[2]))
        return passed.sum(axis=1).astype(np.float64)
    eta = turned(by_part, response)
    if response.kind == "binomial":
        return rng.binomial(size.astype(np.int64), expit(eta)).astype(np.float64)
    if response.kind == "cloglog":
        return (rng.random(eta.shape) < -np.expm1(-size * np.exp(eta))).astype(np.float64)
    if response.kind == "ordinal":
        u = rng.random(eta.shape)[..., None]
        return (u > _at_most(draws, eta)[..., 1:-1]).sum(axis=-1).astype(np.float64)
    if response.kind == "normal":
        sd = size if response.known_sd else _extra(draws, design, place, 2)
        return eta + sd * rng.standard_normal(eta.shape)
    a, b = _shapes(draws, eta, design, place)
    trials = np.broadcast_to(size.astype(np.int64), eta.shape)
    found = rng.binomial(trials, rng.beta(a, b))
    if response.kind == "truncated":
        for _ in range(_MOST_TRIES):
            none = found == 0
            if not none.any():
                break
            found[none] = rng.binomial(trials[none], rng.beta(a[none], b[none]))
        found = np.maximum(found, 1)
    return found.astype(np.float64)


_MOST_TRIES = 50
"""Draws of a count known to be above zero before the least such count is taken."""


def mean_of(draws: Draws, by_part: FloatArray, design: Design, place: int) -> FloatArray:
    """Return the expectation of one response on the scale people read, (samples, ...)."""
    response = design.responses[place]
    eta = turned(by_part, response)
    if response.kind == "cloglog":
        return np.asarray(-np.expm1(-np.exp(eta)))
    if response.kind == "normal":
        return eta
    if response.kind == "ordinal":
        half = len(response.categories) // 2
        return np.asarray(1.0 - _at_most(draws, eta)[..., half])
    share = expit(eta)
    most = float(response.maximum) if is_score(response) and response.maximum else 1.0
    if response.kind != "truncated":
        return np.asarray(share * most)
    a, b = _shapes(draws, eta, design, place)
    return np.asarray(share * most / -np.expm1(_log_none(a, b, most)))
