"""What the data say about each level of an effect, and sampling by it.

A level ``u ~ Normal(0, σ²)`` about which the data alone say ``û`` with precision I has, given σ,

    mean  m(σ) = ρ û,      SD  s(σ) = σ √(1 - ρ),      ρ = σ² I / (1 + σ² I).

Sampling ``v`` in ``u = m(σ) + s(σ) v`` takes both out of the geometry: for normal data v would be
standard normal whatever σ is. Where a level has no events (I = 0) this is the non-centred form;
where it has very many, m and s no longer depend on σ: the centred one. In between, and level by
level, it is partial centring. Whatever û and I are, the posterior is the same: they only decide
how fast it is explored.

What the data say of a home depends on what its provider and its children are held to be: û is
about the sum. So û is lowered by what the *other* effects, averaged over the rows of the level,
have risen since the quick fit (``shift``); for a home of many events this is hierarchical centring
around its provider and type.

References
----------
Papaspiliopoulos, Roberts & Sköld (2007), A general framework for the parametrization of
hierarchical models, Statistical Science 22; Gorinova, Moore & Hoffman (2020), Automatic
reparameterisation of probabilistic programs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pymc.distributions.transforms import ZeroSumTransform
from pymc.logprob.transforms import Transform
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import (
    numba_njit,
    register_funcify_default_op_cache_key,
)

from bayescich.model.draws import FloatArray, Tensor, outside
from bayescich.model.terms import Layout

_NEWTON_STEPS = 30
_EM_STEPS = 30
_LEAST_SD, _MOST_SD = 0.05, 1.5
_LEAST_PRECISION = 1e-6
_ROUGH_ROUTE_SD = 0.15
"""By how much a covariate may act differently on one route than on the average one."""


@dataclass(frozen=True)
class Information:
    """Estimates of the values of one effect from the data alone, and their precisions."""

    estimate: FloatArray
    """Shape (size,) or (size, routes)."""
    precision: FloatArray
    """The same shape; 0 where nothing is known."""

    @classmethod
    def of_counts(cls, events: FloatArray, expected: FloatArray) -> Information:
        """Take it from events and what would be expected if the values were zero.

        A level without events has no finite estimate. So each is shrunk first, by the SD between
        levels that the counts suggest (by EM), and the normal that agrees with the shrunken level
        and its curvature stands for the counts. Shape (size,) or (size, routes).

        Examples
        --------
        >>> many = Information.of_counts(np.array([2000.0, 500.0]), np.array([1000.0, 1000.0]))
        >>> many.estimate.round(1).tolist()   # log 2 and -log 2
        [0.7, -0.7]
        """
        sd = np.full((1, *events.shape[1:]), 0.3)
        for _ in range(_EM_STEPS):
            mode, curvature = _shrunken(events, expected, sd)
            second = mode**2 + sd**2 / (1.0 + sd**2 * curvature)
            sd = np.sqrt(second.mean(axis=0, keepdims=True)).clip(_LEAST_SD, _MOST_SD)
        mode, curvature = _shrunken(events, expected, sd)
        return cls(mode * (1.0 + 1.0 / (sd**2 * curvature)), curvature)

    @classmethod
    def none(cls, shape: tuple[int, ...]) -> Information:
        """Know nothing: the non-centred form."""
        return cls(np.zeros(shape), np.zeros(shape))


@dataclass(frozen=True)
class Company:
    """The other effects, averaged over the rows of each level of one effect."""

    layouts: tuple[tuple[int, Layout], ...]
    """Position of each other effect, and how its values reach the levels."""
    overall: tuple[tuple[int, Layout], ...]
    """The same for effects averaged over all rows: one row for all levels."""
    rough: FloatArray
    """The averages at the quick fit, shape (size,) or (size, routes)."""

    def shift(self, values: Mapping[int, Tensor]) -> Tensor:
        """Return how much the averages have risen since."""
        total = -outside(self.rough)
        for position, layout in self.layouts:
            total = total + layout.graph(values[position])
        for position, layout in self.overall:
            total = total + layout.graph(values[position])[0]
        return total


@dataclass(frozen=True)
class Location:
    """Where the coefficients of covariates lie by the pilot, and how they hang together."""

    start: FloatArray
    """Shape (covariates, routes)."""
    precision: FloatArray
    """Of the data alone, shape (routes, covariates, covariates)."""

    def of(self, route: int) -> Location:
        """Return that of one route."""
        return Location(self.start[:, [route]], self.precision[[route]])

    def root(self, prior_sd: FloatArray) -> FloatArray:
        """Return the Cholesky factor of the covariance of a single route's coefficients."""
        return _root(self.precision[0] + np.diag(prior_sd**-2.0))

    def root_of_mean(self, prior_sd: FloatArray, route_sd: FloatArray) -> FloatArray:
        """Return that of their mean over the routes, which differ by ``route_sd``."""
        between = np.diag(route_sd**2.0)
        seen = np.eye(len(prior_sd)) * _LEAST_PRECISION + self.precision
        of_routes = np.linalg.inv(np.linalg.inv(seen) + between).sum(axis=0)
        return _root(of_routes + np.diag(prior_sd**-2.0))

    def middle(self) -> FloatArray:
        """Return the mean of the coefficients over the routes, shape (covariates,)."""
        weight = np.diagonal(self.precision, axis1=1, axis2=2).T
        return np.asarray((weight * self.start).sum(axis=1) / weight.sum(axis=1))

    def apart(self) -> Information:
        """Return what is known of each route's departure from the mean of the routes."""
        weight = np.diagonal(self.precision, axis1=1, axis2=2).T
        return Information(self.start - self.middle()[:, None], weight)


def _root(precision: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.cholesky(np.linalg.inv(precision)))


Known = Information | Location


def _shrunken(
    events: FloatArray, expected: FloatArray, sd: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return mode and curvature of ``D u - E exp(u) - u²/2σ²`` by Newton's method."""
    variance = sd**2
    mode = np.zeros_like(events)
    for _ in range(_NEWTON_STEPS):
        rate = expected * np.exp(mode)
        step = (variance * (events - rate) - mode) / (1.0 + variance * rate)
        mode = mode + np.clip(step, -1.0, 1.0)
    return mode, expected * np.exp(mode)


class Carrying(Op):
    """Its first input, with others carried along that do not change it.

    A transform sees nothing but its value and the parameters of its distribution, and PyMC allows
    no new data inside it. So what it needs to know rides on a parameter.
    """

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply[Any]:
        """Take the parameter and what it carries."""
        tensors = [pt.as_tensor_variable(value) for value in inputs]
        return Apply(self, tensors, [tensors[0].type()])

    def perform(self, node: Apply[Any], inputs: Any, output_storage: Any) -> None:
        """Return a copy of the first."""
        output_storage[0][0] = np.array(inputs[0])

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        """Hand the gradient to the first."""
        return [cotangents[0], *(DisconnectedType()() for _ in inputs[1:])]

    def connection_pattern(self, node: Apply[Any]) -> list[list[bool]]:
        """Say that only the first leads to the output."""
        return [[k == 0] for k in range(len(node.inputs))]


@register_funcify_default_op_cache_key(Carrying)  # type: ignore[untyped-decorator]
def _funcify(op: Carrying, **_: Any) -> Any:  # noqa: ARG001
    @numba_njit
    def carrying(*tensors):  # type: ignore[no-untyped-def]  # noqa: ANN002, ANN202
        return np.copy(tensors[0])

    return carrying


def _carrying(parameter: Any, *others: Any) -> Any:
    """Return the parameter with others riding on it."""
    return Carrying()(parameter, *others)


def _carried(parameter: Any) -> list[Any]:
    """Return what a parameter carries; PyMC may have put dimensions around it."""
    while parameter.owner is not None and not isinstance(parameter.owner.op, Carrying):
        parameter = parameter.owner.inputs[0]
    assert parameter.owner is not None, "the transform is only given to what carries"
    return list(parameter.owner.inputs[1:])


def mean_and_scale(
    sd: Tensor, estimate: Tensor, precision: Tensor, shift: Tensor
) -> tuple[Tensor, Tensor]:
    """Return where, and how widely, each value lies given ``sd``."""
    gained = sd**2 * precision
    return gained / (1.0 + gained) * (estimate - shift), sd / pt.sqrt(1.0 + gained)


class Rotated(Transform):  # type: ignore[misc]
    """``u = start + root v``: coordinates in which a known normal is standard."""

    name = "rotated"
    ndim_supp = 1

    @staticmethod
    def mean(prior_mean: FloatArray, location: Location, prior_sd: FloatArray) -> Tensor:
        """Return the mean of the normal, carrying start, root, its inverse and determinant."""
        return Rotated._about(prior_mean, location.start[:, 0], location.root(prior_sd))

    @staticmethod
    def around(
        prior_mean: FloatArray, location: Location, prior_sd: FloatArray, scales: FloatArray
    ) -> Tensor:
        """Return the same for the mean over the routes; ``scales``: SDs of the covariates."""
        root = location.root_of_mean(prior_sd, _ROUGH_ROUTE_SD / scales)
        return Rotated._about(prior_mean, location.middle(), root)

    @staticmethod
    def _about(prior_mean: FloatArray, start: FloatArray, root: FloatArray) -> Tensor:
        return _carrying(
            outside(prior_mean), outside(start), outside(root),
            outside(np.linalg.inv(root)), outside(np.array(np.log(np.diag(root)).sum())),
        )  # fmt: skip

    def backward(self, value: Any, *inputs: Any) -> Any:
        """Return u."""
        start, root, _, _ = _carried(inputs[-2])
        return start + (root * value).sum(axis=-1)

    def forward(self, value: Any, *inputs: Any) -> Any:
        """Return v."""
        start, _, inverse, _ = _carried(inputs[-2])
        return (inverse * (value - start)).sum(axis=-1)

    def log_jac_det(self, value: Any, *inputs: Any) -> Any:
        """Return the log of the determinant."""
        return _carried(inputs[-2])[3]


class Located(Transform):  # type: ignore[misc]
    """``u = start + scale v``, number by number."""

    name = "located"
    ndim_supp = 0

    @staticmethod
    def mean(prior_mean: FloatArray, start: FloatArray, scale: FloatArray) -> Tensor:
        """Return the mean of the normal, carrying start and scale."""
        return _carrying(outside(prior_mean), outside(start), outside(scale))

    def backward(self, value: Any, *inputs: Any) -> Any:
        """Return u."""
        start, scale = _carried(inputs[-2])
        return start + scale * value

    def forward(self, value: Any, *inputs: Any) -> Any:
        """Return v."""
        start, scale = _carried(inputs[-2])
        return (value - start) / scale

    def log_jac_det(self, value: Any, *inputs: Any) -> Any:
        """Return log du/dv."""
        return pt.log(_carried(inputs[-2])[1]) + pt.zeros_like(value)


class Moved(Transform):  # type: ignore[misc]
    """``u = v - shift``: a level that is sampled for the average row, where it is well known."""

    name = "moved"
    ndim_supp = 0

    @staticmethod
    def mean(prior_mean: FloatArray, shift: Tensor) -> Tensor:
        """Return the mean of the normal, carrying the shift."""
        return _carrying(outside(prior_mean), shift)

    def backward(self, value: Any, *inputs: Any) -> Any:
        """Return u."""
        return value - _carried(inputs[-2])[0]

    def forward(self, value: Any, *inputs: Any) -> Any:
        """Return v."""
        return value + _carried(inputs[-2])[0]

    def log_jac_det(self, value: Any, *inputs: Any) -> Any:
        """Return zero, value by value."""
        return pt.zeros_like(value)


class Informed(Transform):  # type: ignore[misc]
    """``u = m(sd) + s(sd) v`` of a normal with mean 0 (see the module)."""

    name = "informed"
    ndim_supp = 0

    @staticmethod
    def mean(information: Information, shift: Tensor | None = None) -> Tensor:
        """Return zeros, the mean of the normal, carrying what is known."""
        zeros = outside(np.zeros_like(information.estimate))
        known = outside(information.estimate), outside(information.precision)
        return _carrying(zeros, *known, zeros if shift is None else shift)

    def backward(self, value: Any, *inputs: Any) -> Any:
        """Return u."""
        mean, scale = mean_and_scale(inputs[-1], *_carried(inputs[-2]))
        return mean + scale * value

    def forward(self, value: Any, *inputs: Any) -> Any:
        """Return v."""
        mean, scale = mean_and_scale(inputs[-1], *_carried(inputs[-2]))
        return (value - mean) / scale

    def log_jac_det(self, value: Any, *inputs: Any) -> Any:
        """Return log du/dv."""
        _, scale = mean_and_scale(inputs[-1], *_carried(inputs[-2]))
        return pt.log(scale) + pt.zeros_like(value)


class InformedZeroSum(Transform):  # type: ignore[misc]
    """The same for levels that sum to zero, in their K - 1 free coordinates.

    The coordinates are a rotation of the levels, so one scale, that of the average level, serves
    them all; the means are rotated with them. With several routes each has its own.
    """

    name = "informed_zero_sum"
    ndim_supp = 1

    def __init__(self) -> None:
        self.free = ZeroSumTransform((-1,))

    @staticmethod
    def sd(sd: Tensor | float, information: Information) -> Tensor:
        """Return the SD, carrying what is known; of several routes the SDs, as a column."""
        # levels last, as a zero-sum normal has them
        estimate, precision = information.estimate.T, information.precision.T
        column = sd if estimate.ndim == 1 else sd[:, None]  # type: ignore[index]
        zeros = outside(np.zeros_like(estimate))
        return _carrying(column, outside(estimate), outside(precision), zeros)

    def _mean_and_scale(self, inputs: tuple[Any, ...]) -> tuple[Any, Any]:
        # generator, size, sd and shape: PyMC's order for a zero-sum normal
        sd = inputs[2]
        known = _carried(sd)
        single = sd.ravel()[0] if sd.ndim and known[0].ndim == 1 else sd
        mean, scale = mean_and_scale(single, *known)
        centred = mean - pt.mean(mean, axis=-1, keepdims=True)
        return self.free.forward(centred), pt.exp(pt.mean(pt.log(scale), axis=-1, keepdims=True))

    def backward(self, value: Any, *inputs: Any) -> Any:
        """Return u."""
        mean, scale = self._mean_and_scale(inputs)
        return self.free.backward(mean + scale * value)

    def forward(self, value: Any, *inputs: Any) -> Any:
        """Return v."""
        mean, scale = self._mean_and_scale(inputs)
        return (self.free.forward(value) - mean) / scale

    def log_jac_det(self, value: Any, *inputs: Any) -> Any:
        """Return the log of the determinant, which is that of the scale alone."""
        _, scale = self._mean_and_scale(inputs)
        return pt.log(scale[..., 0]) * value.shape[-1]
