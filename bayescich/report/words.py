"""Sentences from numbers: one place for rounding, plurals and the words of each likelihood.

Rounding rules: effects and rates to two significant figures; ratios to two decimals, so that an
interval that leaves out 1 is seen to; probabilities to three decimals; counts in full with a comma
at the thousands. A minus is the typographic one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from bayescich.spec.model import CompetingSpec, HazardTimesSpec, LikelihoodSpec, ModelSpec
from bayescich.spec.outcomes import (
    BernoulliSpec,
    BetaBinomialSpec,
    BinomialSpec,
    CategoricalSpec,
    GaussianSpec,
    HurdleBetaBinomialSpec,
    JointSpec,
    OrdinalSpec,
    ResponseSpec,
)

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"

_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def fixed(value: float, decimals: int) -> str:
    """Return a number with so many decimals; a dash when it is missing.

    Examples
    --------
    >>> fixed(-0.5, 2), fixed(float("nan"), 2), fixed(1234.5, 1)
    ('−0.50', '–', '1,234.5')
    """
    if not math.isfinite(value):
        return {math.inf: "∞", -math.inf: f"{MINUS}∞"}.get(value, DASH)
    text = f"{value:,.{decimals}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def effect(value: float) -> str:
    """Return an effect, a ratio or a rate to two significant figures.

    Examples
    --------
    >>> effect(0.3456), effect(-1.26), effect(0.0), effect(123.4)
    ('0.35', '−1.3', '0.0', '123')
    """
    return fixed(value, decimals_of(value))


def decimals_of(value: float) -> int:
    """Return the decimals that show two significant figures, at most four.

    Examples
    --------
    >>> decimals_of(0.034), decimals_of(0.34), decimals_of(3.4), decimals_of(34)
    (3, 2, 1, 0)
    """
    if not math.isfinite(value) or value == 0:
        return 1
    return min(max(1 - math.floor(math.log10(abs(value))), 0), 4)


def interval(low: float, high: float, decimals: int | None = None) -> str:
    """Return the two ends of an interval, as precise as its wider end allows.

    Examples
    --------
    >>> interval(0.0034, 0.28), interval(-0.105, 0.3, 1)
    ('0.00 to 0.28', '−0.1 to 0.3')
    """
    if decimals is None:
        decimals = decimals_of(max(abs(low), abs(high)))
    return f"{fixed(low, decimals)} to {fixed(high, decimals)}"


def with_interval(mean: float, low: float, high: float, label: str = "90% interval ") -> str:
    """Return an estimate and its interval at one precision.

    Examples
    --------
    >>> with_interval(1.264, 1.08, 1.49)
    '1.3 (90% interval 1.1 to 1.5)'
    >>> with_interval(0.974, 0.8, 1.21)
    '0.97 (90% interval 0.80 to 1.21)'
    """
    decimals = decimals_of(mean)
    return f"{fixed(mean, decimals)} ({label}{interval(low, high, decimals)})"


def probability(value: float) -> str:
    """Return a probability to three decimals; never a bare 0 or 1.

    Examples
    --------
    >>> probability(0.5), probability(0.0001), probability(0.99999)
    ('0.500', '<0.001', '>0.999')
    """
    if not math.isfinite(value):
        return DASH
    if value < 0.0005:
        return "<0.001"
    return ">0.999" if value > 0.9995 else f"{value:.3f}"


def count(value: float) -> str:
    """Return a whole number with commas.

    Examples
    --------
    >>> count(1234567)
    '1,234,567'
    """
    return fixed(value, 0)


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> counted(1, "home"), counted(2300, "home")
    ('1 home', '2,300 homes')
    """
    return f"{count(number)} {singular if number == 1 else plural or singular + 's'}"


def number_word(number: int) -> str:
    """Return a small number as a word, a large one in figures.

    Examples
    --------
    >>> number_word(3), number_word(12)
    ('three', '12')
    """
    return _SMALL[number] if number < len(_SMALL) else count(number)


def listed(parts: Iterable[str]) -> str:
    """Join parts as a sentence does.

    Examples
    --------
    >>> listed(["a", "b", "c"]), listed(["a"])
    ('a, b and c', 'a')
    """
    words = list(parts)
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def sentence_case(text: str) -> str:
    """Return the text with its first letter a capital.

    Examples
    --------
    >>> sentence_case("moves per year at risk")
    'Moves per year at risk'
    """
    return text[:1].upper() + text[1:]


def plain(name: str) -> str:
    """Return the words of a variable's or a column's name.

    Examples
    --------
    >>> plain("home_type_sd"), plain("frailty_variance")
    ('SD between home types', 'frailty variance')
    """
    if name in _NAMES:
        return _NAMES[name]
    if name.endswith("_step_sd"):
        return f"step from one {plain(name.removesuffix('_step_sd'))} to the next"
    if name.endswith("_sd"):
        return f"SD between {plural(plain(name.removesuffix('_sd')))}"
    if name.endswith("_effect"):
        return f"effect of {plain(name.removesuffix('_effect'))}"
    return name.replace("_", " ")


_NAMES = {
    "p_value": "p-value",
    "bfmi": "BFMI",
    "rhat": "R-hat",
    "ess_bulk": "ESS, bulk",
    "ess_tail": "ESS, tail",
    "prior_p99": "prior, 99th percentile",
    "posterior_p99": "posterior, 99th percentile",
    "baseline_step_sd": "step of the baseline",
    "residual_sd": "residual SD",
    "fixed": "coefficient",
    "cutpoint": "threshold",
    "cutpoint_gap": "gap between thresholds",
    "baseline": "log baseline hazard",
    "baseline_departure": "departure from the common baseline",
    "baseline_departure_sd": "step of the departures from it",
    "fixed_mean": "mean coefficient",
    "fixed_route_sd": "SD of coefficients between routes",
    "frailty_sd": "SD of the log frailty",
    "need_sd": "SD between needs of a family",
    "need_family_mean": "mean effect of a family of needs",
    "type_need_sd": "SD of needs within types",
    "type_need_effect": "effect of a need within a type",
    "matching_mean": "effect of a matched need, average",
    "matching_sd": "SD between matched needs",
    "matching_effect": "effect of a matched need",
    "recording_level": "log odds of no record",
    "recording_sd": "SD of the log odds of no record",
    "recording_shift": "change of those log odds by route",
    "recording_logit": "log odds of no record, one recorder",
    "code_year_sd": "SD of single years",
}


def quantity(text: str) -> str:
    """Put the name of a variable or of one of its components into words; leave words alone.

    Examples
    --------
    >>> quantity("year_sd"), quantity("baseline[0-7 days]"), quantity("Private, solo")
    ('SD between years', 'log baseline hazard, 0-7 days', 'Private, solo')
    >>> quantity("home_type, year"), quantity("home mean of age_at_start")
    ('home type, year', 'home mean of age at start')
    """
    if _LIST.fullmatch(text):
        return ", ".join(quantity(name) for name in text.split(", "))
    match = _COMPONENT.fullmatch(text)
    if match is None:
        return _WITHIN.sub(lambda within: quantity(within[0]), text)
    if "_" not in text and match["level"] is None:
        return text
    name, level = plain(match["name"]), match["level"]
    return f"{name}, {quantity(level)}" if level else name


_NAME = r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*"
_LIST = re.compile(rf"{_NAME}(?:, {_NAME})+")
_WITHIN = re.compile(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?:\[[^\]]+\])?|\b[a-z]+\[[^\]]+\]")
_COMPONENT = re.compile(rf"(?P<name>{_NAME})(?:\[(?P<level>.+)\])?")


def plural(noun: str) -> str:
    """Return the plural of a level's name.

    Examples
    --------
    >>> plural("home type"), plural("authority")
    ('home types', 'authorities')
    """
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return noun if noun.endswith("s") else f"{noun}s"


@dataclass(frozen=True)
class Scale:
    """What the linear predictor of a likelihood is called."""

    effect: str
    """A difference on the linear predictor, e.g. ``log hazard ratio``."""
    ratio: str | None
    """Its exponential, e.g. ``hazard ratio``; none for a measurement."""
    more: str
    """What a positive effect means, e.g. ``a higher hazard of a move``."""
    less: str
    """What a negative one means."""
    predictor: str
    """The left-hand side of the model equation."""


def scale_of(spec: ModelSpec) -> Scale:
    """Return the words of a model's likelihood.

    Examples
    --------
    >>> spec = ModelSpec.model_validate({
    ...     "name": "surgical", "title": "Deaths after surgery", "unit": "hospital",
    ...     "likelihood": {"family": "binomial", "outcome": "deaths", "trials": "operations"},
    ...     "report": {"outcome_name": "death"}})
    >>> scale_of(spec).ratio, scale_of(spec).more
    ('odds ratio', 'higher odds of a death')
    """
    name = spec.report.outcome_name
    item = spec.likelihood
    if isinstance(item, HazardTimesSpec):
        more, less = f"a higher hazard of {a_or_an(name)}", f"a lower hazard of {a_or_an(name)}"
        return Scale("log hazard ratio", "hazard ratio", more, less, "log hazard per year")
    if isinstance(item, GaussianSpec):
        return Scale(f"difference in {name}", None, f"a higher {name}", f"a lower {name}",
                     f"expected {name}")  # fmt: skip
    if spec.routes:
        return _scale_of_parts(item)
    if isinstance(item, BernoulliSpec) and item.link == "cloglog":
        more, less = f"a higher rate of {a_or_an(name)}", f"a lower rate of {a_or_an(name)}"
        return Scale("log rate ratio", "rate ratio", more, less, f"log rate of {a_or_an(name)}")
    more, less = f"higher odds of {a_or_an(name)}", f"lower odds of {a_or_an(name)}"
    return Scale("log odds ratio", "odds ratio", more, less, f"log odds of {a_or_an(name)}")


def _scale_of_parts(item: LikelihoodSpec) -> Scale:
    predictor = "linear predictor of each part of the outcome"
    if isinstance(item, JointSpec):
        # outcomes are turned so that higher is better
        return Scale("effect", "odds or rate ratio", "better", "worse", predictor)
    return Scale("log odds ratio", "odds ratio", "higher odds", "lower odds", predictor)


def a_or_an(noun: str) -> str:
    """Return the noun with its article.

    Examples
    --------
    >>> a_or_an("move"), a_or_an("outcome")
    ('a move', 'an outcome')
    """
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def likelihood_words(item: LikelihoodSpec) -> str:
    """Return one sentence on how the outcome arises.

    Examples
    --------
    >>> likelihood_words(BernoulliSpec(family="bernoulli", outcome="at_school"))
    '“at_school” is a yes or no with a logit link.'
    """
    if isinstance(item, HazardTimesSpec):
        return _hazard_words(item)
    if isinstance(item, JointSpec):
        return _joint_words(item)
    if isinstance(item, ResponseSpec):
        return " ".join((_response_words(item), *_stage_words(item)))
    return f"“{item.outcome}” out of “{item.trials}” is binomial with a logit link."


def _response_words(item: ResponseSpec) -> str:  # noqa: PLR0911 (one return a family)
    if isinstance(item, BinomialSpec):
        return f"“{item.outcome}” out of “{item.trials}” is binomial with a logit link."
    if isinstance(item, BernoulliSpec) and item.link == "cloglog":
        during = f" within “{item.exposure}” years" if item.exposure else ""
        return (
            f"“{item.outcome}” is an event that happens or not{during}, at a rate whose logarithm "
            "is the linear predictor (complementary log-log)."
        )
    if isinstance(item, BernoulliSpec):
        return f"“{item.outcome}” is a yes or no with a logit link."
    if isinstance(item, BetaBinomialSpec):
        return (
            f"“{item.outcome}” out of “{item.trials}” is beta-binomial with a logit link: chances "
            "differ between children beyond what the model knows."
        )
    if isinstance(item, HurdleBetaBinomialSpec):
        return (
            f"“{item.outcome}” is none or from 1 to {item.maximum}: whether there is any has a "
            "logit link, and how much a zero-truncated beta-binomial one."
        )
    if isinstance(item, CategoricalSpec):
        others = listed(f"“{label}”" for label in item.categories[1:])
        return (
            f"“{item.outcome}” is one of {number_word(len(item.categories))} categories; "
            f"{others} each have a linear predictor against “{item.categories[0]}” (multinomial "
            "logit)."
        )
    if isinstance(item, OrdinalSpec):
        return _ordinal_words(item)
    assert isinstance(item, GaussianSpec), "every family has words"
    known = f"known standard error “{item.known_sd}”" if item.known_sd else "a residual SD"
    return f"“{item.outcome}” is normal around the linear predictor with {known}."


def _ordinal_words(item: OrdinalSpec) -> str:
    order = listed(f"“{label}”" for label in item.categories)
    return (
        f"“{item.outcome}” is one of {number_word(len(item.categories))} ordered categories, "
        f"from worst to best {order}; the odds of being above each threshold are proportional "
        "(cumulative logit)."
    )


def _stage_words(item: ResponseSpec) -> list[str]:
    said = []
    if item.stage is not None:
        said.append(
            f"It is only known of those for whom “{item.stage.outcome}” is 1 ({item.stage.name}), "
            "which is an outcome of its own before it; rows where that is blank say nothing."
        )
    if item.missing == "modelled":
        said.append(
            "Whether it is recorded is an outcome of its own, with effects of its own, whose log "
            "odds may rise or fall with the linear predictor of the outcome (selection)."
        )
    if item.not_asked:
        said.append(
            f"Rows for which “{item.reason}” is {listed(f'“{why}”' for why in item.not_asked)} "
            "were not asked, and say nothing of recording."
        )
    if item.missing == "ignored":
        said.append("Rows where it is blank say nothing of it: missing at random is assumed.")
    return said


def _joint_words(item: JointSpec) -> str:
    each = [
        f"{name} ({'turned round, ' if one.higher_is == 'worse' else ''}"
        f"{_response_words(one.likelihood).removesuffix('.')})"
        for name, one in item.responses.items()
    ]
    child = (
        f" What a child carries from one outcome to another, with a loading for each, is "
        f"integrated out with {item.nodes} nodes."
        if item.child_effect
        else ""
    )
    return (
        f"{number_word(len(each)).capitalize()} outcomes of the same children, turned so that "
        f"higher is better: {'; '.join(each)}.{child}"
    )


def _hazard_words(item: HazardTimesSpec) -> str:
    bands = f"constant within {number_word(len(item.cuts) + 1)} bands of time since the start"
    return " ".join((f"{_what_happens(item)} is {bands}.", *_time_words(item)))


def _what_happens(item: HazardTimesSpec) -> str:
    event = f"“{getattr(item, 'event', 'event')}” after “{item.time}” days"
    if not isinstance(item, CompetingSpec):
        return f"The hazard of {event}"
    routes = listed(f"“{route}”" for route in item.routes)
    return (
        f"{event} is one of {number_word(len(item.routes))} routes that shut each other out: "
        f"{routes}. The hazard of each"
    )


def _time_words(item: HazardTimesSpec) -> list[str]:
    words = []
    if item.baseline_by:
        words.append(f"Each {plain(item.baseline_by)} has a course over time of its own.")
    if item.split is not None:
        on_the_way = [w for w, c in (("age", item.split.age), ("year", item.split.year)) if c]
        words.append(f"Spells are cut where {listed(on_the_way)} change; all pieces count.")
    if item.frailty:
        kind = "mean 1 (gamma)" if item.frailty_family == "gamma" else "median 1 (log-normal)"
        exactly = " exactly" if item.frailty_family == "gamma" else ""
        every = "hazards of all routes" if isinstance(item, CompetingSpec) else "hazard"
        words.append(
            f"Each {item.frailty} has a frailty of {kind} that multiplies the {every} of all its "
            f"spells; it is integrated out{exactly}."
        )
    if item.collapse:
        words.append("Spells alike in every effect are read together, as one cell.")
    return words + _unknown_words(item)


def _unknown_words(item: HazardTimesSpec) -> list[str]:
    if not isinstance(item, CompetingSpec) or item.unknown is None:
        return []
    words = [f"Where the route is “{item.unknown}” each route counts by its chance."]
    if item.recording is not None:
        shift = "may depend" if item.recording_shift else "does not depend"
        words.append(
            f"How often it is not recorded is learnt for each {plain(item.recording)} and {shift} "
            "on the route."
        )
    return words


def described(types: pd.DataFrame, scale: Scale) -> str:
    """List home types under what their effect means, each with its 90% interval.

    Parameters
    ----------
    types : DataFrame
        Columns ``type``, ``pooled_mean``, ``pooled_q05``, ``pooled_q95``, and ``ratio_mean``,
        ``ratio_q05``, ``ratio_q95`` when the scale has a ratio.

    Examples
    --------
    >>> scale = Scale("log odds ratio", "odds ratio", "higher odds", "lower odds", "log odds")
    >>> types = pd.DataFrame({"type": ["a"], "pooled_mean": [-0.4], "ratio_mean": [0.67],
    ...                       "ratio_q05": [0.52], "ratio_q95": [0.83]})
    >>> described(types, scale)
    'Lower odds: a (0.67, 0.52 to 0.83).'
    """
    kind = "ratio" if scale.ratio else "pooled"
    columns = ["type", f"{kind}_mean", f"{kind}_q05", f"{kind}_q95"]
    sentences = []
    above = types["pooled_mean"] > 0
    for words, part in ((scale.more, above), (scale.less, ~above)):
        # the labels of types hold commas themselves
        named = "; ".join(
            f"{label} ({_compact(mean, low, high)})"
            for label, mean, low, high in types.loc[part, columns].itertuples(index=False)
        )
        sentences += [f"{sentence_case(words)}: {named}."] if named else []
    return " ".join(sentences)


def _compact(mean: float, low: float, high: float) -> str:
    # 1.04 to 1.63 leaves out 1, which "1.0 to 1.6" would hide
    decimals = max(decimals_of(mean), 2 if abs(mean) < 10 else 0)
    return f"{fixed(mean, decimals)}, {interval(low, high, decimals)}"


def readable(sentence: str) -> str:
    """Put the names of variables within a sentence into words.

    Examples
    --------
    >>> readable("The largest R-hat is 1.02, of fixed[age_at_start]; not of home_sd.")
    'The largest R-hat is 1.02, of coefficient, age at start; not of SD between homes.'
    """
    return _WITHIN.sub(lambda match: quantity(match[0]), sentence)
