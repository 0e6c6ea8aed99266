"""The model in words: its linear predictor, and every prior with its reason and source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bayescich.design.core import Membership
from bayescich.estimates.coefficients import threshold_labels
from bayescich.estimates.routes_axis import axis_word
from bayescich.model.base import Effect
from bayescich.model.effects.fixed import FixedEffect
from bayescich.model.effects.group import GroupEffect
from bayescich.model.effects.intercept import InterceptEffect
from bayescich.model.effects.needs import MatchingEffect, NeedsEffect, TypeNeedEffect
from bayescich.model.effects.settings import SettingsEffect
from bayescich.model.effects.slopes import SlopesEffect
from bayescich.model.effects.walk import WalkEffect
from bayescich.model.response.densities import DISPERSED, extra_name
from bayescich.report.blocks import Cell, Equation, Heading, Table, Term
from bayescich.report.tables import text_cell
from bayescich.report.words import (
    count,
    listed,
    plain,
    plural,
    readable,
    scale_of,
    sentence_case,
)
from bayescich.sampling.fit import Fit
from bayescich.sampling.formula_fit import AnyFit
from bayescich.spec.model import INTERACTION, CompetingSpec, HazardTimesSpec
from bayescich.spec.outcomes import JointSpec, OrdinalSpec

_LETTERS = {"home_type": "θ", "home": "u", "provider": "v", "owner": "v", "authority": "a",
            "year": "y"}  # fmt: skip


def linear_predictor(fit: Fit, sampled: Mapping[str, str] | None = None) -> Equation:
    """Return the parts of the linear predictor, each with what it means and how it is sampled.

    Parameters
    ----------
    fit : Fit
    sampled : mapping, optional
        How the levels of each column are sampled, in words.
    """
    effects = (_effect(fit, effect, sampled or {}) for effect in fit.structure.effects)
    known = tuple(term for term in effects if term is not None)
    return Equation(scale_of(fit.spec).predictor, (*_level(fit), *known, *_frailty(fit)))


def _level(fit: Fit) -> tuple[Term, ...]:
    item = fit.spec.likelihood
    if isinstance(item, HazardTimesSpec):
        return _baseline(fit, item)
    if fit.design.responses and fit.design.routes:
        parts = listed(f"“{part}”" for part in fit.design.routes)
        return (Term("μ[part]", f"one linear predictor for each part of the outcome: {parts}"),)
    if isinstance(item, OrdinalSpec):
        thresholds = listed(f"“{text}”" for text in threshold_labels(fit))
        return (Term("−κ[threshold]", f"thresholds between neighbouring categories: {thresholds}"),)
    if any(isinstance(effect, InterceptEffect) for effect in fit.structure.effects):
        return (Term("μ", "intercept: the level of the average case"),)
    return ()


def _baseline(fit: Fit, item: HazardTimesSpec) -> tuple[Term, ...]:
    bands = fit.design.coords["band"]
    each = " of each route" if fit.design.routes else ""
    meaning = (
        f"log baseline hazard{each} in each of {len(bands)} bands since the start ({bands[0]} … "
        f"{bands[-1]}); a random walk, so that neighbouring bands inform each other"
    )
    common = Term(f"α[{_with_route(fit, 'band')}]", meaning)
    if item.baseline_by is None:
        return (common,)
    by = plain(item.baseline_by)
    departs = f"how each {by} departs from it: a random walk that begins at none in the first band"
    return (common, Term(f"δ[{_with_route(fit, f'{by}, band')}]", departs))


def _with_route(fit: Fit, index: str) -> str:
    return f"{index}, {axis_word(fit)}" if fit.design.routes else index


def _effect(fit: Fit, effect: Effect, sampled: Mapping[str, str]) -> Term | None:
    if isinstance(effect, FixedEffect):
        return _covariates(fit)
    if isinstance(effect, GroupEffect):
        return _group(fit, effect, sampled.get(effect.column, ""))
    if isinstance(effect, WalkEffect):
        return _walk(fit, effect)
    if isinstance(effect, NeedsEffect | TypeNeedEffect | MatchingEffect):
        return _needs(fit, effect)
    if isinstance(effect, SettingsEffect):
        return _settings(fit, effect)
    return None


def _settings(fit: Fit, effect: SettingsEffect) -> Term:
    others = listed(f"“{x}”" for x in effect.levels(fit.design))
    meaning = (
        f"settings other than “{effect.reference}”, which is nought, each by the part of the "
        f"window lived there: {others}; home types are departures from “{effect.homes}”"
    )
    return Term(f"ξ[{_with_route(fit, plain(effect.column))}]", meaning)


def _covariates(fit: Fit) -> Term:
    names = fit.design.fixed.names if fit.design.fixed else ()
    words = listed(readable(name) for name in names)
    routes = ""
    if fit.design.routes:
        routes = (
            "; each part of the outcome has coefficients of its own"
            if fit.design.responses
            else "; on each route drawn towards the mean over the routes"
        )
    blank = [names[hole.covariate] for hole in fit.design.fixed.holes] if fit.design.fixed else []
    if blank:
        routes += (
            f"; where {listed(readable(name) for name in blank)} is blank it is imputed inside the "
            "model from the complete ones"
        )
    symbol = f"β[{_with_route(fit, '').removeprefix(', ')}]·x" if fit.design.routes else "β·x"
    meaning = f"covariates, each centred at its mean and in its own unit: {words}{routes}"
    return Term(symbol, meaning)


def _group(fit: Fit, effect: GroupEffect, sampled: str) -> Term:
    words = plain(effect.column).replace(INTERACTION, " by ")
    levels = fit.design.factors[effect.column].size
    pooled = f"Normal(0, SD²), with the SD between {plural(words)} learnt from the data"
    zero = "; the levels sum to zero" if effect.zero_sum else ""
    routes = ""
    if fit.design.routes:
        together = "belong together" if effect.correlated else "are independent"
        on = "parts of the outcome" if fit.design.responses else "routes"
        routes = f"; the effects of one level on the {on} {together}"
    if isinstance(fit.design.factors[effect.column], Membership):
        routes += "; each counts by the part of the window lived there"
    if isinstance(effect, SlopesEffect):
        routes += (
            f"; each has a coefficient of {readable(effect.slope)} of its own, s, around the "
            "common one, which may go with its level"
        )
    how = sampled.removeprefix("zero-sum, ").replace("noncentred", "non-centred")
    said = f"; sampled {how}" if how else ""
    meaning = f"{count(levels)} {plural(words)}, partially pooled: {pooled}{zero}{routes}{said}"
    slopes = f" + s[{words}]·x" if isinstance(effect, SlopesEffect) else ""
    symbol = f"{_LETTERS.get(effect.column, 'g')}[{_with_route(fit, words)}]{slopes}"
    return Term(symbol, meaning)


def _walk(fit: Fit, effect: WalkEffect) -> Term:
    words = plain(effect.column)
    smooth = (
        "steps are small" if effect.order == 1 else "steps change little, and a trend costs nothing"
    )
    meaning = (
        f"{count(fit.design.factors[effect.column].size)} levels of {words} in their order, a "
        f"random walk that sums to zero: {smooth}"
    )
    return Term(f"f[{_with_route(fit, words)}]", meaning)


def _needs(fit: Fit, effect: NeedsEffect | TypeNeedEffect | MatchingEffect) -> Term:
    if isinstance(effect, NeedsEffect):
        number = len(fit.design.labels[effect.name].names)
        meaning = f"{number} needs, added up over those a child has; pooled within their families"
        return Term(f"Σ b[{_with_route(fit, 'need')}]", meaning)
    if isinstance(effect, TypeNeedEffect):
        meaning = (
            f"what each need does in one {plain(effect.column)} beyond what it does in all; for "
            "each need they sum to zero"
        )
        index = _with_route(fit, f"need, {plain(effect.column)}")
        return Term(f"Σ γ[{index}]", meaning)
    meaning = "what it does that the home says it meets a need the child has; pooled over the needs"
    return Term(f"Σ κ[{_with_route(fit, 'need')}]", meaning)


def _frailty(fit: Fit) -> tuple[Term, ...]:
    item = fit.spec.likelihood
    if not isinstance(item, HazardTimesSpec) or item.frailty is None:
        return ()
    units = fit.design.factors[item.frailty].size
    unit = plain(item.frailty)
    gamma = item.frailty_family == "gamma"
    kind = "gamma with mean 1 and a variance" if gamma else "log-normal with an SD"
    how = "integrated out in closed form" if gamma else "integrated out by adaptive quadrature"
    meaning = (
        f"log frailty of each of {count(units)} {_people(unit)}: {kind} learnt from the data; "
        f"{how}, so it is not sampled"
    )
    return (Term(f"log ω[{unit}]", meaning),)


def _people(unit: str) -> str:
    return "children" if unit == "child" else plural(unit)


def priors_used(fit: Fit) -> tuple[tuple[str, str], ...]:
    """Return each parameter of the model with the role its prior was taken from."""
    of_effects = (role for e in fit.structure.effects for role in _roles_of(fit, e))
    return (*_likelihood_roles(fit), *of_effects)


def _roles_of(fit: Fit, effect: Effect) -> list[tuple[str, str]]:
    if isinstance(effect, InterceptEffect):
        return [("intercept", "intercept")]
    if isinstance(effect, FixedEffect) and fit.design.fixed:
        roles = [
            (f"coefficient of {readable(name)}", fit.priors.role_of(f"fixed.{name}", "fixed"))
            for name in fit.design.fixed.names
        ]
        between = [("SD of coefficients between routes", "fixed.route_sd")]
        return roles + (between if fit.design.routes and not fit.design.responses else [])
    if isinstance(effect, GroupEffect):
        words = plain(effect.sd_variable).replace(INTERACTION, " by ")
        return [(words, fit.priors.role_of(*effect.prior_roles())), *_slope_roles(fit, effect)]
    if isinstance(effect, WalkEffect):
        return _walk_roles(fit, effect)
    if isinstance(effect, SettingsEffect):
        return [("effect of another setting", "setting")]
    return _needs_roles(fit, effect)


def _slope_roles(fit: Fit, effect: GroupEffect) -> list[tuple[str, str]]:
    if not isinstance(effect, SlopesEffect):
        return []
    by = plain(effect.column).replace(INTERACTION, " by ")
    what = f"SD of the coefficient of {readable(effect.slope)} by {by}"
    return [(what, fit.priors.role_of(*effect.slope_prior_roles()))]


def _walk_roles(fit: Fit, effect: WalkEffect) -> list[tuple[str, str]]:
    name = f"{effect.column}.step_sd"
    roles = [(plain(f"{effect.column}_step_sd"), fit.priors.role_of(name, "walk.step_sd"))]
    if effect.order == 1:
        return roles
    slope = fit.priors.role_of(f"fixed.{effect.column}", "fixed")
    return [*roles, (f"coefficient of {plain(effect.column)} (trend)", slope)]


def _needs_roles(fit: Fit, effect: Effect) -> list[tuple[str, str]]:
    if isinstance(effect, NeedsEffect):
        sd = fit.priors.role_of(f"{effect.name}.sd", "needs.sd")
        return [("mean of a family of needs", "needs.mean"), ("SD within a family of needs", sd)]
    if isinstance(effect, TypeNeedEffect):
        return [("SD of needs within types", "type_need.sd")]
    if isinstance(effect, MatchingEffect):
        return [("average matched need", "matching.mean"),
                ("SD between matched needs", "matching.sd")]  # fmt: skip
    return []


def _likelihood_roles(fit: Fit) -> tuple[tuple[str, str], ...]:
    item = fit.spec.likelihood
    if isinstance(item, HazardTimesSpec):
        return _hazard_roles(item)
    if isinstance(item, OrdinalSpec):
        return (*_THRESHOLDS, *_selection_roles(fit))
    return (*_response_roles(fit), *_selection_roles(fit))


_THRESHOLDS = (("first threshold", "cutpoint.first"), ("gaps between thresholds", "cutpoint.gap"))


def _response_roles(fit: Fit) -> tuple[tuple[str, str], ...]:
    roles = []
    for place, response in enumerate(fit.design.responses):
        if response.kind in DISPERSED:
            roles.append((plain(extra_name(fit.design, place)), "dispersion"))
        elif response.kind == "normal" and not response.known_sd:
            roles.append((plain(extra_name(fit.design, place)), "residual.sd"))
    return tuple(roles)


def _selection_roles(fit: Fit) -> tuple[tuple[str, str], ...]:
    roles = []
    if any(response.coupled >= 0 for response in fit.design.responses):
        roles.append(("how being recorded rises with the outcome", "recording.slope"))
    if isinstance(fit.spec.likelihood, JointSpec) and fit.spec.likelihood.child_effect:
        roles.append(("loading of an outcome on the child", "child.loading"))
    return tuple(roles)


def _hazard_roles(item: HazardTimesSpec) -> tuple[tuple[str, str], ...]:
    level = "baseline.route_level" if isinstance(item, CompetingSpec) else "baseline.level"
    roles = [("baseline, level", level), ("baseline, steps", "baseline.step_sd")]
    if item.baseline_by is not None:
        roles.append(("departures from the baseline, steps", "baseline.departure_sd"))
    if item.frailty is not None:
        gamma = item.frailty_family == "gamma"
        roles.append(
            ("frailty variance", "frailty.variance") if gamma
            else ("SD of the log frailty", "frailty.sd")
        )  # fmt: skip
    if isinstance(item, CompetingSpec) and item.recording is not None:
        roles += [("log odds of no record, level", "recording.level"),
                  ("log odds of no record, SD", "recording.sd")]  # fmt: skip
        if item.recording_shift:
            roles.append(("log odds of no record, change by route", "recording.shift"))
    return tuple(roles)


def priors_table(fit: Fit) -> Table:
    """Return one row per prior used: what it is about, the prior, its reason and its source."""
    notes = (
        "Priors of covariates are per standard deviation of a measurement and per step of a yes "
        "or no."
    )
    return table_of_priors(fit, priors_used(fit), (notes,))


def table_of_priors(
    fit: AnyFit, used: Sequence[tuple[str, str]], notes: tuple[str, ...] = ()
) -> Table:
    """Return the same table from parameters in words, each with its role."""
    about: dict[str, list[str]] = {}
    for parameter, role in used:
        about.setdefault(role, []).append(parameter)
    rows = []
    for role, parameters in about.items():
        prior = fit.priors.priors[role]
        own = "this model" if role in fit.spec.priors else f"the set “{fit.priors.name}”"
        about_words = sentence_case(_parameters(parameters))
        cells = [prior.text(), prior.reason, prior.source, own]
        rows.append((Cell(about_words, role, detail=role), *(text_cell(text) for text in cells)))
    notes = (
        *notes,
        f"The set “{fit.priors.name}” leaves unused: {_unused(fit, set(about))}.",
    )
    headings = ("Parameter", "Prior", "Reason", "Source", "Set by")
    return Table(
        "priors", "What was believed before the data, and why",
        tuple(Heading(text, "text") for text in headings), tuple(rows), notes,
    )  # fmt: skip


def _parameters(names: Sequence[str]) -> str:
    """Join names that begin alike: "SD between homes and years".

    Examples
    --------
    >>> _parameters(["SD between homes", "SD between years"])
    'SD between homes and years'
    """
    for start in ("coefficient of ", "SD between "):
        if all(name.startswith(start) for name in names):
            return start + listed(name.removeprefix(start) for name in names)
    return listed(names)


def _unused(fit: AnyFit, used: set[str]) -> str:
    return listed(role for role in fit.priors.priors if role not in used) or "none"
