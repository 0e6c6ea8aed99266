"""From a prior in a YAML file to a PyMC random variable."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pymc as pm

from bayescich.model.draws import FloatArray, Tensor
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
    name: str, prior: Prior, *, dims: str | None = None, per_unit: FloatArray | None = None
) -> Tensor:
    """Declare a variable with this prior in the model in context.

    Parameters
    ----------
    name : str
    prior : Prior
    dims : str, optional
        Dimension of a vector of independent variables.
    per_unit : array, optional
        For a normal prior stated per standard deviation of a covariate: those standard deviations,
        by which mean and sd are divided to reach the covariate's own unit.
    """
    distribution, arguments = _ARGUMENTS[prior.distribution]
    values = arguments(prior.parameters())
    if per_unit is not None:
        values = {key: value / per_unit for key, value in values.items()}  # type: ignore[misc]
    return getattr(pm, distribution)(name, **values, dims=dims)
