"""The question: outcome, likelihood, effects and how to sample them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, field_validator, model_validator

from bayescich.spec.base import Strict
from bayescich.spec.policies import HistoryPolicies
from bayescich.spec.priors import ROLES, Prior, check_role

DataSource = Literal["placements", "inspections", "table"]
SamplerName = Literal["nutpie", "numpyro", "blackjax", "pymc"]
Parametrisation = Literal["auto", "centred", "noncentred"]

DIMENSIONS = {"chain", "draw", "band", "covariate", "threshold", "gap"}
"""Dimensions of the draws: no grouping column can have one of these names."""


class HazardSpec(Strict):
    """Piecewise-exponential hazard of an event, with an optional gamma frailty."""

    family: Literal["hazard"]
    event: str
    """Column: 1 when the event ended the spell, 0 when the spell was censored."""
    time: str
    """Column: days from the start of the spell to its end."""
    entry: str | None = None
    """Column: days after the start at which the spell came under observation."""
    cuts: tuple[float, ...]
    """Inner band limits in days, increasing; the last band is open."""
    frailty: str | None = None
    """Column of the unit whose gamma frailty is integrated out (the child)."""

    @field_validator("cuts")
    @classmethod
    def _cuts_increase(cls, cuts: tuple[float, ...]) -> tuple[float, ...]:
        if not cuts or cuts[0] <= 0 or any(b <= a for a, b in itertools.pairwise(cuts)):
            raise ValueError(f"cuts must be positive days in increasing order; found {list(cuts)}")
        return cuts


class OrdinalSpec(Strict):
    """Cumulative logit over ordered categories."""

    family: Literal["ordinal"]
    outcome: str
    categories: Annotated[tuple[str, ...], Field(min_length=3)]
    """Labels from worst to best."""

    @field_validator("categories")
    @classmethod
    def _each_once(cls, categories: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({c for c in categories if categories.count(c) > 1})
        if twice:
            raise ValueError(f"each category stands once; twice: {', '.join(twice)}")
        return categories


class BinomialSpec(Strict):
    """Binomial counts with a logit link."""

    family: Literal["binomial"]
    outcome: str
    trials: str


class BernoulliSpec(Strict):
    """A yes or no with a logit link."""

    family: Literal["bernoulli"]
    outcome: str


class GaussianSpec(Strict):
    """A measurement; ``known_sd`` names a column of standard errors (a meta-analysis)."""

    family: Literal["gaussian"]
    outcome: str
    known_sd: str | None = None


LikelihoodSpec = Annotated[
    HazardSpec | OrdinalSpec | BinomialSpec | BernoulliSpec | GaussianSpec,
    Field(discriminator="family"),
]


class FixedEffectSpec(Strict):
    """Covariates by formula (the formulae language, right-hand side, no intercept)."""

    kind: Literal["fixed"]
    formula: str


class GroupEffectSpec(Strict):
    """Partially pooled effects of the levels of one column."""

    kind: Literal["group"]
    by: str
    parametrisation: Parametrisation = "auto"
    zero_sum: bool = False


class HomeTypeEffectSpec(Strict):
    """The effect the report is about: partially pooled, summing to zero over the types."""

    kind: Literal["home_type"]
    by: str = "home_type"
    parametrisation: Parametrisation = "auto"

    @property
    def zero_sum(self) -> bool:
        """Type effects are always departures from the average type."""
        return True


EffectSpec = Annotated[
    FixedEffectSpec | GroupEffectSpec | HomeTypeEffectSpec, Field(discriminator="kind")
]


class SamplingSpec(Strict):
    """How long and how carefully to sample."""

    sampler: SamplerName = "nutpie"
    chains: Annotated[int, Field(ge=1, le=64)] = 4
    draws: Annotated[int, Field(ge=10)] = 1000
    tune: Annotated[int, Field(ge=10)] = 1000
    target_accept: Annotated[float, Field(gt=0.5, lt=1.0)] = 0.95
    seed: NonNegativeInt = 20260331


class ReportSpec(Strict):
    """How the estimates are worded."""

    outcome_name: str = "outcome"
    """What the outcome is called in a sentence, e.g. ``move``."""
    higher_is: Literal["better", "worse", "neither"] = "neither"
    """Whether a larger linear predictor is good for the child."""
    reference: str | None = None
    """The home type others are compared with; the commonest when not given."""
    horizon_days: PositiveInt | None = None
    """For hazards: the standardised probability is given for this many days."""


class ModelSpec(Strict):
    """One file of ``models/``: what is asked of which table.

    Examples
    --------
    >>> spec = ModelSpec.model_validate({
    ...     "name": "surgical", "title": "Deaths after surgery", "unit": "hospital",
    ...     "likelihood": {"family": "binomial", "outcome": "deaths", "trials": "operations"},
    ...     "effects": [{"kind": "group", "by": "hospital"}]})
    >>> spec.data, spec.group_columns
    ('table', ('hospital',))
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
    title: str
    question: str = ""
    data: DataSource = "table"
    histories: HistoryPolicies = HistoryPolicies()
    """How returns become histories, where the default is not meant (data: placements)."""
    unit: str
    """Column of the unit left out in cross-validation: the child or the home, never the row."""
    likelihood: LikelihoodSpec
    effects: tuple[EffectSpec, ...] = ()
    prior_set: str = "neutral"
    priors: Mapping[str, Prior] = {}
    """Priors of this model alone; they replace those of the set."""
    sampling: SamplingSpec = SamplingSpec()
    report: ReportSpec = ReportSpec()

    @field_validator("priors")
    @classmethod
    def _roles_are_known(cls, priors: Mapping[str, Prior]) -> Mapping[str, Prior]:
        for role, prior in priors.items():
            check_role(role, prior)
        return priors

    @model_validator(mode="after")
    def _policies_are_used(self) -> ModelSpec:
        if self.data != "placements" and self.histories != HistoryPolicies():
            raise ValueError(
                f"'histories' says how returns are read, and data is '{self.data}'; leave it out, "
                "or set data: placements"
            )
        return self

    @model_validator(mode="after")
    def _late_entry_is_taken_off(self) -> ModelSpec:
        # a stay that was running when the records begin would count time in which no move is seen
        hazard = self.likelihood if isinstance(self.likelihood, HazardSpec) else None
        if hazard and self.histories.entry == "delayed" and hazard.entry is None:
            raise ValueError(
                "likelihood.entry was left out with histories.entry: delayed; give the column of "
                "days before the records begin: entry: entry_days"
            )
        return self

    @model_validator(mode="after")
    def _effects_are_distinct(self) -> ModelSpec:
        columns = self.group_columns
        twice = sorted({c for c in columns if columns.count(c) > 1})
        if twice:
            raise ValueError(f"each column can have one group effect; twice: {', '.join(twice)}")
        if sum(e.kind == "home_type" for e in self.effects) > 1:
            raise ValueError("one home_type effect at most")
        if sum(e.kind == "fixed" for e in self.effects) > 1:
            raise ValueError("one fixed effect at most: put all covariates into its formula")
        taken = sorted(DIMENSIONS & set(columns))
        if taken:
            raise ValueError(f"rename the column {', '.join(taken)}: the draws use that name")
        return self

    @model_validator(mode="after")
    def _frailty_is_of_the_unit(self) -> ModelSpec:
        # the likelihood of one unit is free of all others only when it holds whole frailties
        frailty = getattr(self.likelihood, "frailty", None)
        if frailty not in {None, self.unit}:
            raise ValueError(
                f"likelihood.frailty was '{frailty}'; allowed: the unit ('{self.unit}') or none"
            )
        return self

    @model_validator(mode="after")
    def _priors_are_used(self) -> ModelSpec:
        # a misspelt name would leave the prior of the set in force, and nobody would notice
        groups = {f"{column}.sd" for column in self.group_columns}
        for role in self.priors:
            if role.endswith(".sd") and role not in groups | set(ROLES):
                known = ", ".join(sorted(groups)) or "none: no effect has groups"
                raise ValueError(f"'priors.{role}' is of no effect of this model; allowed: {known}")
        return self

    @property
    def grouped(self) -> tuple[GroupEffectSpec | HomeTypeEffectSpec, ...]:
        """The effects that have levels, in the order of the file."""
        return tuple(e for e in self.effects if not isinstance(e, FixedEffectSpec))

    @property
    def group_columns(self) -> tuple[str, ...]:
        """The columns that have a group or home-type effect."""
        return tuple(e.by for e in self.grouped)

    @property
    def home_type(self) -> HomeTypeEffectSpec | None:
        """The home-type effect, when the model has one."""
        return next((e for e in self.effects if isinstance(e, HomeTypeEffectSpec)), None)

    @property
    def formula(self) -> str | None:
        """The right-hand side of the covariates, when the model has any."""
        return next((e.formula for e in self.effects if isinstance(e, FixedEffectSpec)), None)
