"""Beliefs: one prior per role, each with its reason and its source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, model_validator

from bayescich.errors import SpecError
from bayescich.spec.base import Strict

Distribution = Literal[
    "normal", "half_normal", "half_cauchy", "half_student_t", "exponential", "gamma", "log_normal"
]

PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "normal": ("mean", "sd"),
    "half_normal": ("sd",),
    "half_cauchy": ("scale",),
    "half_student_t": ("df", "scale"),
    "exponential": ("mean",),
    "gamma": ("mean", "sd"),
    "log_normal": ("mean_log", "sd_log"),
}
"""The numbers each distribution takes, all on the scale of the parameter itself."""

ROLES: Mapping[str, str] = {
    "intercept": "level of the linear predictor for the reference case",
    "fixed": "coefficient of one covariate",
    "group.sd": "standard deviation between the levels of a group",
    "group.slope_sd": "standard deviation of a covariate's coefficient between the levels",
    "home_type.sd": "standard deviation between home types",
    "baseline.level": "log hazard per year, averaged over the bands by their events",
    "baseline.route_level": "the same for each of several competing routes",
    "baseline.step_sd": "how far the log hazard may walk per unit of log time",
    "baseline.departure_sd": "how far one type's baseline may walk away from the common one",
    "walk.step_sd": "how far the effect of an ordered column may walk from level to level",
    "needs.mean": "average effect of the needs of one family",
    "needs.sd": "standard deviation between needs of one family",
    "type_need.sd": "standard deviation of what a need does in one home type beyond all others",
    "matching.mean": "average effect of a home that says it meets a need the child has",
    "matching.sd": "standard deviation of that effect between needs",
    "fixed.route_sd": "standard deviation of one covariate's effects between routes",
    "recording.level": "log odds that the route of an event is not recorded",
    "recording.sd": "standard deviation of those log odds between authorities",
    "recording.shift": "log odds ratio of not being recorded, one route against the next",
    "cutpoint.first": "first threshold between ordered categories",
    "cutpoint.gap": "distance between neighbouring thresholds",
    "frailty.variance": "variance of the child's multiplicative gamma frailty (mean 1)",
    "frailty.sd": "standard deviation of the child's log-normal frailty, on the log scale",
    "setting": "effect of living in another setting than the reference",
    "recency.log_scale": "log of the years in which the weight of a day lived somewhere fades by e",
    "dispersion": "a + b of a beta-binomial outcome: how alike the chances of its trials are",
    "recording.slope": "how the log odds of being recorded rise with the outcome itself",
    "child.loading": "how much an outcome shares with the child's other outcomes",
    "residual.sd": "standard deviation of the residual",
}
"""What a prior can be about. A role such as ``home.sd`` narrows ``group.sd`` to one group."""

NARROWED = (".sd", ".slope_sd", ".step_sd")
"""Ends of the roles that narrow another to one column."""


class Prior(Strict):
    """One prior: a distribution, why it is believed and where that comes from.

    Examples
    --------
    >>> Prior(distribution="half_normal", sd=0.5, reason="homes differ by about 2-fold",
    ...       source="methods 1.10").text()
    'HalfNormal(sd=0.5)'
    """

    distribution: Distribution
    reason: Annotated[str, Field(min_length=10)]
    source: Annotated[str, Field(min_length=3)]
    mean: float | None = None
    sd: PositiveFloat | None = None
    scale: PositiveFloat | None = None
    df: PositiveFloat | None = None
    mean_log: float | None = None
    sd_log: PositiveFloat | None = None

    @model_validator(mode="after")
    def _takes_its_own_numbers(self) -> Prior:
        wanted = PARAMETERS[self.distribution]
        given = tuple(name for name in _NUMBERS if getattr(self, name) is not None)
        if set(given) != set(wanted):
            raise ValueError(
                f"{self.distribution} takes {', '.join(wanted)}; found {', '.join(given) or 'none'}"
            )
        return self

    def parameters(self) -> dict[str, float]:
        """Return the numbers of the distribution by name."""
        return {name: float(getattr(self, name)) for name in PARAMETERS[self.distribution]}

    def text(self) -> str:
        """Return the prior as a reader writes it, e.g. ``Normal(mean=0, sd=0.5)``."""
        title = "".join(word.capitalize() for word in self.distribution.split("_"))
        numbers = ", ".join(f"{name}={value:g}" for name, value in self.parameters().items())
        return f"{title}({numbers})"


_NUMBERS = ("mean", "sd", "scale", "df", "mean_log", "sd_log")


class PriorSet(Strict):
    """A named community of beliefs: one prior per role.

    Raises
    ------
    SpecError
        From :meth:`get`, when no prior is given for a role that a model needs.
    """

    name: str
    description: str
    priors: Mapping[str, Prior]

    @model_validator(mode="after")
    def _roles_are_known(self) -> PriorSet:
        for role, prior in self.priors.items():
            check_role(role, prior)
        return self

    def get(self, *roles: str) -> Prior:
        """Return the prior of the first role that has one, from the narrowest to the widest."""
        return self.priors[self.role_of(*roles)]

    def role_of(self, *roles: str) -> str:
        """Return which of ``roles`` the prior is taken from."""
        for role in roles:
            if role in self.priors:
                return role
        raise SpecError(
            f"The prior set '{self.name}' has no prior for '{roles[-1]}'.",
            where=f"priors.{roles[-1]}",
            why=f"it is the prior of the {ROLES.get(roles[-1], roles[-1])}",
            next_step=f"Add it to the prior set; it holds: {', '.join(sorted(self.priors))}.",
        )

    def with_overrides(self, overrides: Mapping[str, Prior]) -> PriorSet:
        """Return a set in which the model's own priors replace those of the set."""
        return self.model_copy(update={"priors": {**self.priors, **overrides}})


def check_role(role: str, prior: Prior) -> None:
    """Refuse a prior for something no model has, or with a distribution that cannot be meant.

    ``<group>.sd``, its like and ``fixed.<column>`` are allowed for any name. A standard deviation,
    a variance and a gap are above zero; a coefficient is scaled by its covariate, so its prior is
    normal.
    """
    narrowed = role.endswith(NARROWED) or role.startswith("fixed.")
    if role not in ROLES and not narrowed:
        raise ValueError(f"unknown prior '{role}'; allowed: {', '.join(_allowed_roles())}")
    normal = prior.distribution == "normal"
    if normal and (role.endswith(("_sd", ".sd")) or role in _ABOVE_ZERO):
        above = ", ".join(name for name in PARAMETERS if name != "normal")
        raise ValueError(f"'{role}' is above zero: normal is not; allowed: {above}")
    mean = role in {"fixed", "needs.mean", "matching.mean", "setting"}
    if not normal and (mean or (role.startswith("fixed.") and role not in ROLES)):
        raise ValueError(f"'{role}' was {prior.distribution}; allowed: normal")


def _allowed_roles() -> Iterable[str]:
    return (*ROLES, "<group>.sd", "fixed.<column>")


_ABOVE_ZERO = {"cutpoint.gap", "frailty.variance", "dispersion"}
