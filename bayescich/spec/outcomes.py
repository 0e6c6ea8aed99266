"""Likelihoods of outcomes that are measured once a child, and where each child lived."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, PositiveInt, field_validator, model_validator

from bayescich.spec.base import Strict

Missing = Literal["refused", "ignored", "modelled"]
Better = Literal["better", "worse", "neither"]


class StageSpec(Strict):
    """A first stage that must be passed before the outcome can be known: being in touch."""

    outcome: str
    """Column: 1 if passed, 0 if not; blank where nobody knows (such rows say nothing)."""
    name: str
    """What passing it is called: ``in touch``."""


class ResponseSpec(Strict):
    """What every outcome of one row may have before it: a stage, and a chance of being recorded."""

    outcome: str
    """Column of the outcome."""
    stage: StageSpec | None = None
    missing: Missing = "refused"
    """Rows where the outcome is blank: refused; kept, saying nothing of it (``ignored``: as good
    as missing at random, given all that the model knows); or ``modelled``: being recorded is an
    outcome of its own, which may depend on the outcome (a selection model)."""
    reason: str | None = None
    """Column that says why the outcome is blank."""
    not_asked: tuple[str, ...] = ()
    """Reasons that lie in the rules, not in the child: the grade did not exist that year, the
    return is not made of children looked after for less. Such rows say nothing of recording."""

    @model_validator(mode="after")
    def _reasons_have_a_column(self) -> ResponseSpec:
        if self.not_asked and (self.reason is None or self.missing != "modelled"):
            raise ValueError("not_asked needs reason (the column of reasons) and missing: modelled")
        return self


class OrdinalSpec(ResponseSpec):
    """Cumulative logit over ordered categories."""

    family: Literal["ordinal"]
    categories: Annotated[tuple[str, ...], Field(min_length=3)]
    """Labels from worst to best."""

    @field_validator("categories")
    @classmethod
    def _each_once(cls, categories: tuple[str, ...]) -> tuple[str, ...]:
        return each_once(categories, "category")


class CategoricalSpec(ResponseSpec):
    """One of several categories without an order: a linear predictor each, against the first."""

    family: Literal["categorical"]
    categories: Annotated[tuple[str, ...], Field(min_length=3, max_length=12)]
    """The first is the one that the others are compared with."""
    good: tuple[str, ...] = ()
    """Which of them are good for the child: the outcome's main reading is any of these."""

    @model_validator(mode="after")
    def _good_are_categories(self) -> CategoricalSpec:
        unknown = [label for label in self.good if label not in self.categories]
        if unknown:
            raise ValueError(f"'{unknown[0]}' is called good and is not a category")
        return self

    @field_validator("categories")
    @classmethod
    def _each_once(cls, categories: tuple[str, ...]) -> tuple[str, ...]:
        return each_once(categories, "category")


class BinomialSpec(ResponseSpec):
    """Binomial counts with a logit link."""

    family: Literal["binomial"]
    trials: str


class BernoulliSpec(ResponseSpec):
    """A yes or no: with a logit link, or as an event within a time of exposure (``cloglog``)."""

    family: Literal["bernoulli"]
    link: Literal["logit", "cloglog"] = "logit"
    exposure: str | None = None
    """With ``cloglog``: column of the time in which it could happen, in years."""

    @model_validator(mode="after")
    def _exposure_has_its_link(self) -> BernoulliSpec:
        if self.exposure is not None and self.link == "logit":
            raise ValueError("exposure counts only with link: cloglog")
        return self


class BetaBinomialSpec(ResponseSpec):
    """Counts out of a number of trials that vary more than binomial ones: absence, SDQ scores."""

    family: Literal["beta_binomial"]
    trials: str | PositiveInt
    """Column of the number of trials, or one number for all rows."""


class HurdleBetaBinomialSpec(ResponseSpec):
    """Whether there are any points, and if so how many: a floor that is a fact of its own."""

    family: Literal["hurdle_beta_binomial"]
    maximum: PositiveInt
    """The most points there can be."""


class GaussianSpec(ResponseSpec):
    """A measurement; ``known_sd`` names a column of standard errors (a meta-analysis)."""

    family: Literal["gaussian"]
    known_sd: str | None = None


SingleSpec = Annotated[
    OrdinalSpec
    | CategoricalSpec
    | BinomialSpec
    | BernoulliSpec
    | BetaBinomialSpec
    | HurdleBetaBinomialSpec
    | GaussianSpec,
    Field(discriminator="family"),
]
SINGLE = (
    OrdinalSpec, CategoricalSpec, BinomialSpec, BernoulliSpec, BetaBinomialSpec,
    HurdleBetaBinomialSpec, GaussianSpec,
)  # fmt: skip


class JointResponseSpec(Strict):
    """One of several outcomes that are modelled together."""

    likelihood: SingleSpec
    higher_is: Literal["better", "worse"]
    """Linear predictors are turned so that higher is better for the child."""


class JointSpec(Strict):
    """Several outcomes of the same children, whose homes' and children's effects belong together.

    A child effect with a loading for each outcome is integrated out by quadrature, so that what
    children carry from one outcome to another is not taken for what homes do.
    """

    family: Literal["joint"]
    responses: Annotated[Mapping[str, JointResponseSpec], Field(min_length=2, max_length=12)]
    child_effect: bool = True
    nodes: Annotated[int, Field(ge=3, le=41)] = 7
    """Of the Gauss-Hermite rule over the child effect."""

    @field_validator("responses")
    @classmethod
    def _one_predictor_each(
        cls, responses: Mapping[str, JointResponseSpec]
    ) -> Mapping[str, JointResponseSpec]:
        for name, item in responses.items():
            if isinstance(item.likelihood, CategoricalSpec):
                raise ValueError(f"'{name}': categories without an order have no better direction")
            if item.likelihood.stage is not None or item.likelihood.missing == "modelled":
                raise ValueError(f"'{name}': stages and selection are not for joint outcomes")
        graded = [n for n, item in responses.items() if isinstance(item.likelihood, OrdinalSpec)]
        if len(graded) > 1:
            raise ValueError(f"one outcome with ordered categories at most; '{graded[1]}' is more")
        return responses


class MembershipSpec(Strict):
    """Where a child lived: several homes, each with a weight (multiple membership).

    The columns of a table with one row per child are numbered: ``home_1``, ``home_2``, and so on,
    and so are their weights. The effect of a column named here is then the weighted sum over them.
    """

    columns: Mapping[str, str | tuple[str, ...]]
    """For each grouping column what its numbered columns begin with (``home: home_``), or the
    columns themselves."""
    weights: str | tuple[str, ...] | None = None
    """What the columns of weights begin with, or the columns. They are shares of the window, so a
    child's add up to one at most; without them every stay counts the same."""
    scheme: Literal["given", "equal", "first", "last", "recency"] = "given"
    """``given``: by the weights; ``equal``: each stay the same, adding up to as much as before;
    ``first`` or ``last``: that stay alone, with all the weight (intention to treat); ``recency``:
    later days count for more, at a rate that is learnt."""
    began: str = "began_"
    """With ``recency``: columns of the time from the stay's first day to the end of the window."""
    ended: str = "ended_"
    """And from its last day."""

    @model_validator(mode="after")
    def _recency_needs_prefixes(self) -> MembershipSpec:
        if self.scheme == "recency" and not isinstance(self.weights, str):
            raise ValueError("scheme: recency needs weights: what their columns begin with")
        return self


class SettingsEffectSpec(Strict):
    """What it does to have lived elsewhere than the reference: the weight is not all in homes."""

    kind: Literal["settings"]
    by: str = "setting"
    reference: str = "foster"
    """The setting whose effect is nought."""
    homes: str = "home"
    """The setting of children's homes: home types are departures from it."""
    rest: str | None = "not in care"
    """What the part of the window in no stay is called, a setting of its own; ``null`` takes it
    for the reference."""


def each_once(names: tuple[str, ...], what: str) -> tuple[str, ...]:
    """Return the names, none of which stands twice."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"each {what} stands once; twice: {', '.join(twice)}")
    return names


def has_parts(likelihood: object) -> bool:
    """Return whether an outcome has a stage before it or a model of being recorded beside it."""
    return isinstance(likelihood, ResponseSpec) and (
        likelihood.stage is not None or likelihood.missing != "refused"
    )


def parts_of(likelihood: object, name: str) -> tuple[str, ...]:
    """Return what the linear predictors of an outcome are called, one each.

    Parameters
    ----------
    likelihood : one of :data:`SINGLE` or JointSpec
    name : str
        What the outcome is called.

    Examples
    --------
    >>> parts_of(HurdleBetaBinomialSpec(family="hurdle_beta_binomial", outcome="a8", maximum=90,
    ...                                 missing="modelled"), "points")
    ('any points', 'points', 'points recorded')
    """
    if isinstance(likelihood, JointSpec):
        each = (parts_of(item.likelihood, own) for own, item in likelihood.responses.items())
        return tuple(part for parts in each for part in parts)
    assert isinstance(likelihood, SINGLE), "hazards have routes instead"
    if isinstance(likelihood, HurdleBetaBinomialSpec):
        own: tuple[str, ...] = (f"any {name}", name)
    elif isinstance(likelihood, CategoricalSpec):
        own = likelihood.categories[1:]
    else:
        own = (name,)
    first = (likelihood.stage.name,) if likelihood.stage else ()
    last = (f"{name} recorded",) if likelihood.missing == "modelled" else ()
    return (*first, *own, *last)
