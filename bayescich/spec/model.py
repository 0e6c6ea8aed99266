"""The question: outcome, likelihood, effects and how to sample them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, field_validator, model_validator

from bayescich.spec.base import Strict
from bayescich.spec.formula import FormulaSpec, sd_roles
from bayescich.spec.outcomes import (
    SINGLE,
    BernoulliSpec,
    BetaBinomialSpec,
    BinomialSpec,
    CategoricalSpec,
    GaussianSpec,
    HurdleBetaBinomialSpec,
    JointSpec,
    MembershipSpec,
    OrdinalSpec,
    SettingsEffectSpec,
    parts_of,
)
from bayescich.spec.policies import HistoryPolicies
from bayescich.spec.priors import NARROWED, ROLES, Prior, check_role

DataSource = Literal[
    "placements", "exits", "settings", "outcomes16", "outcomes18", "inspections", "authorities",
    "table",
]  # fmt: skip
SamplerName = Literal["auto", "nutpie", "numpyro", "blackjax", "pymc"]
Parametrisation = Literal["auto", "centred", "noncentred", "partial"]
FrailtyFamily = Literal["gamma", "log_normal"]

DIMENSIONS = {
    "chain", "draw", "band", "covariate", "threshold", "gap", "route", "other_route", "need",
    "crossed_need", "matched_need", "baseline_of", "recorder",
}  # fmt: skip
"""Dimensions of the draws: no grouping column can have one of these names."""

FROM_RETURNS = ("placements", "exits", "settings", "outcomes16", "outcomes18")
"""Data sources made from returns, for which the policies of histories count."""

INTERACTION = ":"
"""Parts the columns of a group that is made of several: ``authority:year``."""


class SplitSpec(Strict):
    """Spells cut where the child's age or the financial year changes (a Lexis diagram)."""

    age: str | None = None
    """Column: age in years on the first day. Rows then have a column ``age``: whole years."""
    year: str | None = None
    """Column: date of the first day. Rows then have a column ``year``: financial year, from 1
    April."""
    youngest: NonNegativeInt = 4
    """Ages below are taken together with this one."""
    oldest: NonNegativeInt = 17
    """Ages above are taken together with this one."""


class HazardTimesSpec(Strict):
    """What every hazard says of time: the clock, its bands, entry and frailty."""

    time: str
    """Column: days from the start of the spell to its end."""
    entry: str | None = None
    """Column: days after the start at which the spell came under observation."""
    late_entry: Literal["subtract", "ratio"] = "subtract"
    """A spell under way at first sight: its time before is taken off, or its chance of having
    lasted until then is divided out (which a frailty needs; methods section 1.3)."""
    cuts: tuple[float, ...]
    """Inner band limits in days, increasing; the last band is open."""
    baseline_by: str | None = None
    """Column: each of its levels departs from the common baseline by a walk of its own."""
    split: SplitSpec | None = None
    """Where age or year change during a spell."""
    frailty: str | None = None
    """Column of the unit whose frailty is integrated out (the child)."""
    frailty_family: FrailtyFamily = "gamma"
    """Gamma, in closed form; or log-normal, by adaptive quadrature."""
    collapse: bool = False
    """Rows alike in every effect become one cell (a first look at very many; no frailty)."""

    @model_validator(mode="after")
    def _cells_have_no_frailty(self) -> HazardTimesSpec:
        if self.collapse and self.frailty is not None:
            raise ValueError("collapse joins rows of several children: leave the frailty out")
        if self.collapse and self.late_entry == "ratio":
            raise ValueError("late_entry: ratio needs single children; leave out collapse")
        return self

    @field_validator("cuts")
    @classmethod
    def _cuts_increase(cls, cuts: tuple[float, ...]) -> tuple[float, ...]:
        if not cuts or cuts[0] <= 0 or any(b <= a for a, b in itertools.pairwise(cuts)):
            raise ValueError(f"cuts must be positive days in increasing order; found {list(cuts)}")
        return cuts


class HazardSpec(HazardTimesSpec):
    """Piecewise-exponential hazard of one event, with an optional frailty."""

    family: Literal["hazard"]
    event: str
    """Column: 1 when the event ended the spell, 0 when the spell was censored."""


class CompetingSpec(HazardTimesSpec):
    """Cause-specific hazards of several routes that shut each other out."""

    family: Literal["competing"]
    event: str
    """Column: the route by which the spell ended, or the word for a censored one."""
    routes: Annotated[tuple[str, ...], Field(min_length=2, max_length=20)]
    censored: str = "censored"
    """What the column says of a spell whose end was not seen."""
    unknown: str | None = None
    """What it says of an event whose route was not recorded; any route then, each by its chance."""
    recording: str | None = None
    """Column of who records (the authority): the share not recorded is learnt for each."""
    recording_shift: bool = False
    """Whether an event by one route may be recorded less often than by another (a sensitivity)."""

    @field_validator("routes")
    @classmethod
    def _each_route_once(cls, routes: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({r for r in routes if routes.count(r) > 1})
        if twice:
            raise ValueError(f"each route stands once; twice: {', '.join(twice)}")
        return routes

    @model_validator(mode="after")
    def _words_differ(self) -> CompetingSpec:
        words = [self.censored, *([self.unknown] if self.unknown else [])]
        taken = [word for word in words if word in self.routes]
        if taken:
            raise ValueError(f"'{taken[0]}' is a route and cannot mean censored or unknown too")
        if self.unknown == self.censored:
            raise ValueError(f"'{self.unknown}' cannot mean both censored and unknown")
        if self.collapse and self.unknown:
            raise ValueError("collapse joins events of all routes; leave out unknown")
        if self.recording and not self.unknown:
            raise ValueError("recording needs unknown: the word for a route not recorded")
        if self.recording_shift and not self.recording:
            raise ValueError("recording_shift needs recording: the column of who records")
        return self


LikelihoodSpec = Annotated[
    HazardSpec
    | CompetingSpec
    | OrdinalSpec
    | CategoricalSpec
    | BinomialSpec
    | BernoulliSpec
    | BetaBinomialSpec
    | HurdleBetaBinomialSpec
    | GaussianSpec
    | JointSpec
    | FormulaSpec,
    Field(discriminator="family"),
]


class FixedEffectSpec(Strict):
    """Covariates by formula (the formulae language, right-hand side, no intercept)."""

    kind: Literal["fixed"]
    formula: str
    impute: tuple[str, ...] = ()
    """Columns of the formula that may be blank: they are imputed inside the model, from the other
    covariates. Each stands in the formula by itself, as a number or a yes or no."""
    means_by: str | None = None
    """Column (the home): the mean of each covariate over the level's *other* units is added as a
    covariate (Mundlak), since children are chosen for homes."""


class GroupEffectSpec(Strict):
    """Partially pooled effects of the levels of one column, or of several (``authority:year``)."""

    kind: Literal["group"]
    by: str
    parametrisation: Parametrisation = "auto"
    zero_sum: bool = False
    across_routes: Literal["correlated", "factor", "independent"] = "correlated"
    """Competing routes and parts of outcomes only: the effects of one level belong together (by a
    full matrix up to six, above by one factor), by one factor however many, or not."""
    slope: str | None = None
    """Covariate of the formula whose coefficient differs from level to level, too."""

    @model_validator(mode="after")
    def _slope_is_of_a_sample(self) -> GroupEffectSpec:
        if self.slope is None:
            return self
        if self.zero_sum:
            raise ValueError(
                f"the group '{self.by}' sums to zero and has a slope; slopes are of levels that "
                "are a sample: leave out zero_sum or slope"
            )
        if self.parametrisation == "centred":
            raise ValueError("parametrisation: centred is not for slopes; leave it at auto")
        return self


class WalkEffectSpec(Strict):
    """A smooth effect of an ordered column: neighbouring levels are alike (a random walk)."""

    kind: Literal["walk"]
    by: str
    order: Literal[1, 2] = 1
    """1: steps are small; 2: steps change little, so that a trend costs nothing."""


class NeedsEffectSpec(Strict):
    """Effects of needs a child may have several of, pooled within families of needs."""

    kind: Literal["needs"]
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] = "need"
    """What the effects are called in the draws: ``<name>_effect``."""
    columns: str = "has_"
    """Columns of 0 and 1 that begin so; the rest of the name is the need."""
    families: Mapping[str, tuple[str, ...]] = {}
    """Needs by family; those of the package's own vocabulary are known without."""
    known: str | None = "needs_known"
    """Column: 1 where anybody looked. Where nobody did, the label ``not known`` stands for the
    needs; a table without the column has no such label."""
    optional: bool = False
    """Leave the effect out, and say so, where the table has no such columns."""


class TypeNeedEffectSpec(Strict):
    """What a need does in one home type beyond what it does in all: for whom does a type work?"""

    kind: Literal["type_need"]
    by: str = "home_type"
    columns: str = "has_"
    optional: bool = False


class MatchingEffectSpec(Strict):
    """What it does when the child has a need and the home says it meets that need."""

    kind: Literal["matching"]
    has: str = "has_"
    meets: str = "meets_"
    optional: bool = False


class HomeTypeEffectSpec(Strict):
    """The effect the report is about: partially pooled, summing to zero over the types."""

    kind: Literal["home_type"]
    by: str = "home_type"
    parametrisation: Parametrisation = "auto"
    across_routes: Literal["factor", "independent"] = "independent"
    """Competing routes and parts of outcomes only: whether the effects of one type belong
    together, by one factor."""
    unknown: str | None = None
    """The level of homes whose type is not known: it has an effect and no rank."""

    @property
    def zero_sum(self) -> bool:
        """Type effects are always departures from the average type."""
        return True


EffectSpec = Annotated[
    FixedEffectSpec
    | GroupEffectSpec
    | WalkEffectSpec
    | HomeTypeEffectSpec
    | NeedsEffectSpec
    | TypeNeedEffectSpec
    | MatchingEffectSpec
    | SettingsEffectSpec,
    Field(discriminator="kind"),
]
NEEDS_KINDS = (NeedsEffectSpec, TypeNeedEffectSpec, MatchingEffectSpec)


class SamplingSpec(Strict):
    """How long and how carefully to sample."""

    sampler: SamplerName = "auto"
    """``auto``: nutpie on a processor; NumPyro with its chains side by side on a GPU."""
    chains: Annotated[int, Field(ge=1, le=64)] = 4
    draws: Annotated[int, Field(ge=10)] = 1000
    tune: Annotated[int, Field(ge=10)] = 1000
    target_accept: Annotated[float, Field(gt=0.5, lt=1.0)] = 0.9
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
    part_of: str | None = None
    """Name of the file, when the model is of one of its outcomes."""
    title: str
    question: str = ""
    data: DataSource = "table"
    histories: HistoryPolicies = HistoryPolicies()
    """How returns become histories, where the default is not meant (data: placements)."""
    unit: str
    """Column of the unit left out in cross-validation: the child or the home, never the row."""
    likelihood: LikelihoodSpec
    membership: MembershipSpec | None = None
    """Where each child lived, when that is more than one home."""
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
        if self.data not in FROM_RETURNS and self.histories != HistoryPolicies():
            raise ValueError(
                f"'histories' says how returns are read, and data is '{self.data}'; leave it out, "
                f"or set data to one of: {', '.join(FROM_RETURNS)}"
            )
        return self

    @model_validator(mode="after")
    def _late_entry_is_taken_off(self) -> ModelSpec:
        # a stay that was running when the records begin would count time in which no move is seen
        hazard = self.likelihood if isinstance(self.likelihood, HazardTimesSpec) else None
        if hazard and self.histories.entry == "delayed" and hazard.entry is None:
            raise ValueError(
                "likelihood.entry was left out with histories.entry: delayed; give the column of "
                "days before the records begin: entry: entry_days"
            )
        return self

    @model_validator(mode="after")
    def _formula_is_all(self) -> ModelSpec:
        item = self.likelihood
        if not isinstance(item, FormulaSpec):
            return self
        if self.effects:
            raise ValueError("with family: formula the effects are in the formula; leave them out")
        if self.unit not in item.columns:
            raise ValueError(f"the unit '{self.unit}' is not in the formula")
        return self

    @model_validator(mode="after")
    def _effects_are_distinct(self) -> ModelSpec:
        columns = self.group_columns
        twice = sorted({c for c in columns if columns.count(c) > 1})
        if twice:
            raise ValueError(f"each column can have one group effect; twice: {', '.join(twice)}")
        if sum(e.kind == "fixed" for e in self.effects) > 1:
            raise ValueError("one fixed effect at most: put all covariates into its formula")
        for kind in ("home_type", "type_need", "matching"):
            if sum(e.kind == kind for e in self.effects) > 1:
                raise ValueError(f"one {kind} effect at most")
        named = [e.name for e in self.effects if isinstance(e, NeedsEffectSpec)]
        if len(set(named)) < len(named):
            raise ValueError("effects of kind needs have a name each; give the second another")
        for name in named:
            if name in (DIMENSIONS - {"need"}) | set(columns):
                raise ValueError(f"give the effect of needs '{name}' another name: it is taken")
        taken = sorted(DIMENSIONS & set(columns))
        if taken:
            raise ValueError(f"rename the column {', '.join(taken)}: the draws use that name")
        return self

    @model_validator(mode="after")
    def _slopes_have_one_predictor(self) -> ModelSpec:
        for effect in self.effects:
            if not isinstance(effect, GroupEffectSpec) or effect.slope is None:
                continue
            what = f"the group '{effect.by}' has a slope on '{effect.slope}'"
            if self.routes:
                raise ValueError(f"{what}, and the outcome several linear predictors; not both")
            if effect.by in self.members:
                raise ValueError(f"{what}, and a row several of its levels (membership); not both")
            if effect.by == self.unit:
                raise ValueError(
                    f"{what} and is the unit that cross-validation leaves out; name another unit"
                )
            if self.fixed is None:
                raise ValueError(f"{what}; add it to the formula of a fixed effect: its average")
            if effect.slope in self.fixed.impute:
                raise ValueError(f"{what}, which is imputed where it is blank; not both")
        return self

    @model_validator(mode="after")
    def _crossed_needs_have_fixed_weights(self) -> ModelSpec:
        crossed = any(isinstance(e, TypeNeedEffectSpec) for e in self.effects)
        if crossed and self.membership and self.membership.scheme == "recency":
            raise ValueError(
                "scheme: recency learns the weights of stays, and type_need needs them beforehand; "
                "leave type_need out, or name another scheme"
            )
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
        kinds = (GroupEffectSpec, HomeTypeEffectSpec)
        groups = {f"{e.by}.sd" for e in self.effects if isinstance(e, kinds)}
        slopes = (e for e in self.effects if isinstance(e, GroupEffectSpec) and e.slope)
        groups |= {f"{e.by}.slope_sd" for e in slopes}
        groups |= {f"{e.by}.step_sd" for e in self.effects if isinstance(e, WalkEffectSpec)}
        groups |= {f"{e.name}.sd" for e in self.effects if isinstance(e, NeedsEffectSpec)}
        if isinstance(self.likelihood, FormulaSpec):
            groups |= {sd_roles(term)[0] for term in self.likelihood.group_terms}
        for role in self.priors:
            if role.endswith(NARROWED) and role not in groups | set(ROLES):
                known = ", ".join(sorted(groups)) or "none: no effect has groups"
                raise ValueError(f"'priors.{role}' is of no effect of this model; allowed: {known}")
        return self

    @property
    def grouped(self) -> tuple[GroupEffectSpec | HomeTypeEffectSpec | WalkEffectSpec, ...]:
        """The effects that have levels of one column, in the order of the file."""
        kinds = (GroupEffectSpec, HomeTypeEffectSpec, WalkEffectSpec)
        return tuple(e for e in self.effects if isinstance(e, kinds))

    @property
    def group_columns(self) -> tuple[str, ...]:
        """The columns that have an effect by level."""
        return tuple(e.by for e in self.grouped)

    @property
    def home_type(self) -> HomeTypeEffectSpec | None:
        """The home-type effect, when the model has one."""
        return next((e for e in self.effects if isinstance(e, HomeTypeEffectSpec)), None)

    @property
    def fixed(self) -> FixedEffectSpec | None:
        """The covariates, when the model has any."""
        return next((e for e in self.effects if isinstance(e, FixedEffectSpec)), None)

    @property
    def formula(self) -> str | None:
        """The right-hand side of the covariates, when the model has any."""
        return self.fixed.formula if self.fixed else None

    @property
    def routes(self) -> tuple[str, ...]:
        """The linear predictors, where there are several: routes, or an outcome's parts."""
        if isinstance(self.likelihood, CompetingSpec):
            return self.likelihood.routes
        if not isinstance(self.likelihood, (*SINGLE, JointSpec)):
            return ()
        parts = parts_of(self.likelihood, self.report.outcome_name)
        return parts if len(parts) > 1 else ()

    @property
    def members(self) -> tuple[str, ...]:
        """The grouping columns of which a row may have several levels."""
        return tuple(self.membership.columns) if self.membership else ()
