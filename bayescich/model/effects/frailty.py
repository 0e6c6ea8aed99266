"""Frailty of the child, integrated out: gamma in closed form, log-normal by adaptive quadrature.

A frailty ``ω_i`` multiplies every hazard of unit i. With ``d_i`` events and cumulative hazard
``H_i`` at ω = 1 the integral over it is, but for the part of the events that is linear in η,

    gamma       Σ_{j<d_i} log(1 + φ j)  -  (1/φ + d_i) log(1 + φ H_i),   ω ~ Gamma(1/φ, 1/φ)
    log-normal  log ∫ exp(d_i τ z - H_i exp(τ z)) Normal(z; 0, 1) dz,     log ω ~ Normal(0, τ²)

The gamma form is the negative-binomial one, written so that φ → 0 gives the Poisson form without
cancellation; its mean is 1. The frailty itself is drawn afterwards, never sampled.

References
----------
Vaupel, Manton & Stallard (1979), Demography 16; Balan & Putter (2020), A tutorial on frailty
models, Statistical Methods in Medical Research 29; Liu & Pierce (1994), Biometrika 81.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import polygamma

from bayescich.model.draws import Draws, FloatArray, Tensor
from bayescich.model.hazard.kernel import LOG_NORMAL, unit_parts
from bayescich.model.random_variables import random_variable
from bayescich.spec.model import FrailtyFamily
from bayescich.spec.priors import PriorSet

IntArray = npt.NDArray[np.int64]

_NODES = 21
_STEPS = 20


class Frailty(Protocol):
    """A family of frailties; arrays have shape (samples, units) unless said otherwise."""

    @property
    def kind(self) -> FrailtyFamily | None:
        """The family, or none."""

    def declare(self, priors: PriorSet) -> Tensor:
        """Declare its parameter in the model in context and return it."""

    def parameter(self, draws: Draws) -> FloatArray:
        """Return draws of that parameter, shape (samples,)."""

    def log_likelihood(self, draws: Draws, events: IntArray, hazard: FloatArray) -> FloatArray:
        """Return its part of the log-likelihood of each unit."""

    def draw(
        self, draws: Draws, events: IntArray, hazard: FloatArray, rng: np.random.Generator
    ) -> FloatArray:
        """Draw the frailty of each unit given its events and cumulative hazard."""

    def new(self, draws: Draws, size: int, rng: np.random.Generator) -> FloatArray:
        """Draw frailties of new units, shape (samples, size)."""

    def survival(self, draws: Draws, hazard: FloatArray) -> FloatArray:
        """Return E[exp(-ω H)] over new units, shape like ``hazard`` (samples, ...)."""

    def log_variance(self, draws: Draws) -> FloatArray:
        """Return the variance of log ω, shape (samples,)."""


@dataclass(frozen=True)
class NoFrailty:
    """Every unit has frailty 1."""

    kind: FrailtyFamily | None = None

    def declare(self, priors: PriorSet) -> Tensor:
        """Return a constant that nothing depends on."""
        import pytensor.tensor as pt

        return pt.constant(1.0)

    def parameter(self, draws: Draws) -> FloatArray:
        """Return ones."""
        return np.ones(draws.size)

    def log_likelihood(self, draws: Draws, events: IntArray, hazard: FloatArray) -> FloatArray:
        """Return the Poisson form."""
        return -hazard

    def draw(
        self, draws: Draws, events: IntArray, hazard: FloatArray, rng: np.random.Generator
    ) -> FloatArray:
        """Return ones."""
        return np.ones_like(hazard)

    def new(self, draws: Draws, size: int, rng: np.random.Generator) -> FloatArray:
        """Return ones."""
        return np.ones((draws.size, size))

    def survival(self, draws: Draws, hazard: FloatArray) -> FloatArray:
        """Return exp(-H)."""
        return np.exp(-hazard)

    def log_variance(self, draws: Draws) -> FloatArray:
        """Return zeros."""
        return np.zeros(draws.size)


@dataclass(frozen=True)
class GammaFrailty:
    """Mean 1 and variance ``frailty_variance``.

    Examples
    --------
    >>> draws = Draws({"frailty_variance": np.array([1e-9])})
    >>> value = GammaFrailty().log_likelihood(draws, np.array([1]), np.array([[2.0]]))
    >>> bool(abs(value[0, 0] - (-2.0)) < 1e-6)   # no frailty: the Poisson form
    True
    """

    kind: FrailtyFamily | None = "gamma"

    def declare(self, priors: PriorSet) -> Tensor:
        """Declare ``frailty_variance``."""
        return random_variable("frailty_variance", priors.get("frailty.variance"))

    def parameter(self, draws: Draws) -> FloatArray:
        """Return the variance."""
        return draws["frailty_variance"]

    def log_likelihood(self, draws: Draws, events: IntArray, hazard: FloatArray) -> FloatArray:
        """Return the closed form."""
        phi = self.parameter(draws)[:, None]
        steps = np.log1p(phi * np.arange(max(int(events.max()), 1)))
        rising = np.concatenate([np.zeros_like(phi), np.cumsum(steps, axis=1)], axis=1)[:, events]
        return rising - (1.0 / phi + events) * np.log1p(phi * hazard)

    def draw(
        self, draws: Draws, events: IntArray, hazard: FloatArray, rng: np.random.Generator
    ) -> FloatArray:
        """Draw from Gamma(1/φ + d, rate 1/φ + H)."""
        phi = self.parameter(draws)[:, None]
        return rng.gamma(1.0 / phi + events) / (1.0 / phi + hazard)

    def new(self, draws: Draws, size: int, rng: np.random.Generator) -> FloatArray:
        """Draw from Gamma(1/φ, 1/φ)."""
        shape = 1.0 / self.parameter(draws)[:, None]
        return rng.gamma(shape, size=(draws.size, size)) / shape

    def survival(self, draws: Draws, hazard: FloatArray) -> FloatArray:
        """Return (1 + φ H)^(-1/φ)."""
        phi = _spread(self.parameter(draws), hazard)
        return np.exp(-np.log1p(phi * hazard) / phi)

    def log_variance(self, draws: Draws) -> FloatArray:
        """Return trigamma(1/φ)."""
        return np.asarray(polygamma(1, 1.0 / self.parameter(draws)), dtype=np.float64)


@dataclass(frozen=True)
class LogNormalFrailty:
    """``log ω ~ Normal(0, frailty_sd²)``, as an effect of the child in a mixed model."""

    kind: FrailtyFamily | None = "log_normal"

    def declare(self, priors: PriorSet) -> Tensor:
        """Declare ``frailty_sd``."""
        return random_variable("frailty_sd", priors.get("frailty.sd"))

    def parameter(self, draws: Draws) -> FloatArray:
        """Return the standard deviation."""
        return draws["frailty_sd"]

    def log_likelihood(self, draws: Draws, events: IntArray, hazard: FloatArray) -> FloatArray:
        """Return the integral by adaptive quadrature, unit by unit."""
        counts = events.astype(np.float64)
        each = zip(hazard, self.parameter(draws), strict=True)
        return np.stack([unit_parts(LOG_NORMAL, counts, h, float(sd)) for h, sd in each])

    def draw(
        self, draws: Draws, events: IntArray, hazard: FloatArray, rng: np.random.Generator
    ) -> FloatArray:
        """Draw given the data by an independence sampler around the mode.

        The conditional distribution of z is log-concave and close to its normal approximation, so
        a few steps from there leave nothing of the start.
        """
        sd = self.parameter(draws)[:, None]

        def density(z: FloatArray) -> FloatArray:
            return events * sd * z - hazard * np.exp(sd * z) - 0.5 * z**2

        mode = np.zeros_like(hazard)
        for _ in range(_STEPS):
            grown = hazard * np.exp(sd * mode)
            step = (events * sd - sd * grown - mode) / (sd**2 * grown + 1.0)
            mode += np.clip(step, -1.0, 1.0)
        # somewhat wider than the approximation, so that no region is missed
        scale = 1.2 / np.sqrt(sd**2 * hazard * np.exp(sd * mode) + 1.0)
        offset = rng.standard_normal(hazard.shape)
        weight = density(mode + scale * offset) + 0.5 * offset**2
        for _ in range(_STEPS):
            other = rng.standard_normal(hazard.shape)
            rival = density(mode + scale * other) + 0.5 * other**2
            taken = np.log(rng.random(hazard.shape)) < rival - weight
            offset, weight = np.where(taken, other, offset), np.where(taken, rival, weight)
        return np.exp(sd * (mode + scale * offset))

    def new(self, draws: Draws, size: int, rng: np.random.Generator) -> FloatArray:
        """Draw from the population."""
        return np.exp(self.parameter(draws)[:, None] * rng.standard_normal((draws.size, size)))

    def survival(self, draws: Draws, hazard: FloatArray) -> FloatArray:
        """Return the average of exp(-H exp(τ z)) by Gauss-Hermite quadrature."""
        sd = _spread(self.parameter(draws), hazard)
        nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
        total = np.zeros_like(hazard)
        for node, weight in zip(nodes, weights / weights.sum(), strict=True):
            total += weight * np.exp(-hazard * np.exp(sd * node))
        return total

    def log_variance(self, draws: Draws) -> FloatArray:
        """Return τ²."""
        return self.parameter(draws) ** 2


def make_frailty(family: FrailtyFamily | None) -> Frailty:
    """Return the frailty of a family, or none."""
    if family is None:
        return NoFrailty()
    return GammaFrailty() if family == "gamma" else LogNormalFrailty()


def _spread(parameter: FloatArray, like: FloatArray) -> FloatArray:
    return parameter.reshape(-1, *([1] * (like.ndim - 1)))
