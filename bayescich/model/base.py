"""What every effect and every likelihood can do; any goes with any.

Both are evaluated twice: once as a PyTensor graph while sampling (``declare``) and once in numpy
on stored draws (everything else). A test holds the two together.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from bayescich.design.core import Design
from bayescich.model.draws import Draws, FloatArray, Tensor
from bayescich.model.information import Known
from bayescich.model.terms import Layout, Predictor
from bayescich.spec.priors import PriorSet


class Effect(Protocol):
    """A contribution to the linear predictor.

    With competing routes each value of an effect is one a route, and ``values`` and ``declare``
    have the routes as their last axis.
    """

    @property
    def variable(self) -> str:
        """Name of its variable in the posterior, e.g. ``home_effect``."""

    @property
    def zero_sum(self) -> bool:
        """Whether its levels sum to zero, so that the level of the outcome is the average's."""

    def layout(self, design: Design) -> Layout:
        """Say how its values reach the rows."""

    def declare(self, design: Design, priors: PriorSet, information: Known | None) -> Tensor:
        """Add variables to the model in context; return the values, (size,) or (size, routes).

        ``information`` says what the data tell about each value, when that was looked at.
        """

    def values(self, draws: Draws) -> FloatArray:
        """Return the same values from draws, (samples, size) or (samples, size, routes)."""

    def fresh(self, draws: Draws, rng: np.random.Generator) -> Draws:
        """Return the draws with every level exchanged for a new one of the same population."""

    def rough_sd(self, design: Design) -> FloatArray:
        """Return about how large its values are, shape (size,): what the pilot shrinks by."""

    def coords(self, design: Design) -> dict[str, tuple[str, ...]]:
        """Return the dims its variables have, with their labels."""


class Likelihood(Protocol):
    """How the outcome arises from the linear predictor."""

    @property
    def has_own_level(self) -> bool:
        """Whether a baseline or thresholds stand in for the intercept."""

    def declare(self, predictor: Predictor, design: Design, priors: PriorSet) -> None:
        """Add the outcome to the model in context.

        A likelihood with a level of its own samples that level for the average row, where it is
        well known, and reports it for the average type, authority and year, whose effects are
        zero.
        """

    def log_likelihood(self, draws: Draws, eta: FloatArray, design: Design) -> FloatArray:
        """Return the log-likelihood by unit, shape (samples, units)."""

    def replicate(
        self, draws: Draws, eta: FloatArray, design: Design, rng: np.random.Generator
    ) -> FloatArray:
        """Draw new outcomes in the form of :meth:`observed`, shape (samples, rows)."""

    def observed(self, design: Design) -> FloatArray:
        """Return the outcome as one number a row: event, grade, successes or value."""

    def expected(self, draws: Draws, eta: FloatArray, design: Design) -> FloatArray:
        """Return the expectation of :meth:`summary_numerator`, shape (samples, rows)."""

    def summary_numerator(self, design: Design) -> FloatArray:
        """Return what is summed for a crude rate: events, good grades, successes, values."""

    def summary_denominator(self, design: Design) -> FloatArray:
        """Return what it is divided by: years at risk, trials or one."""

    def standardised(
        self, draws: Draws, eta: FloatArray, design: Design, horizon_days: float | None
    ) -> FloatArray:
        """Return the outcome on the scale people read, shape like ``eta``.

        The probability of a move within the horizon, of a good grade, of a success, or the mean.
        """

    @property
    def crude_name(self) -> str:
        """Words for numerator over denominator, e.g. ``moves per child-year``."""

    def standardised_name(self, horizon_days: float | None) -> str:
        """Words for :meth:`standardised`."""


def sum_by_unit(values: FloatArray, design: Design) -> FloatArray:
    """Sum the last axis over the rows of each unit (rows are sorted by unit)."""
    starts = unit_starts(design.unit.codes)
    return np.add.reduceat(values, starts, axis=-1)


def unit_starts(codes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the first row of each unit."""
    return np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
