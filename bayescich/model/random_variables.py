"""From a prior in a YAML file to a PyMC random variable."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pymc as pm

from bayescich.model.draws import Tensor
from bayescich.spec.priors import Prior

_ARGUMENTS: Mapping[str, tuple[str, Callable[[Mapping[str, float]], dict[str, float]]]] = {
    "normal": ("Normal", lambda p: {"mu": p["mean"], "sigma": p["sd"]}),
    "half_normal": ("HalfNormal", lambda p: {"sigma": p["sd"]}),
    "half_cauchy": ("HalfCauchy", lambda p: {"beta": p["scale"]}),
    "half_student_t": ("HalfStudentT", lambda p: {"nu": p["df"], "sigma": p["scale"]}),
    "exponential": ("Exponential", lambda p: {"scale": p["mean"]}),
    "gamma": ("Gamma", lambda p: {"mu": p["mean"], "sigma": p["sd"]}),
    "log_normal": ("LogNormal", lambda p: {"mu": p["mean_log"], "sigma": p["sd_log"]}),
}


def random_variable(
    name: str, prior: Prior, *, dims: str | tuple[str, ...] | None = None
) -> Tensor:
    """Declare a variable with this prior in the model in context.

    Parameters
    ----------
    name : str
    prior : Prior
    dims : str, optional
        Dimension of a vector of independent variables.
    """
    distribution, arguments = distribution_of(prior)
    return getattr(pm, distribution)(name, **arguments, dims=dims)


def prior_distribution(prior: Prior, *, shape: int) -> Tensor:
    """Return the prior as a distribution that is part of another, e.g. the SDs of a covariance."""
    distribution, arguments = distribution_of(prior)
    return getattr(pm, distribution).dist(**arguments, shape=shape)


def distribution_of(prior: Prior) -> tuple[str, dict[str, float]]:
    """Return PyMC's name of the distribution, which is Bambi's too, and its arguments.

    Examples
    --------
    >>> distribution_of(Prior(distribution="half_normal", sd=0.5, reason="long enough",
    ...                       source="here"))
    ('HalfNormal', {'sigma': 0.5})
    """
    distribution, arguments = _ARGUMENTS[prior.distribution]
    return distribution, arguments(prior.parameters())
