"""The model in words: its linear predictor, and every prior with its reason and source."""

from __future__ import annotations

from collections.abc import Sequence

from bayescich.model.effects.fixed import FixedEffect
from bayescich.model.effects.group import GroupEffect
from bayescich.model.effects.intercept import InterceptEffect
from bayescich.report.blocks import Cell, Equation, Heading, Table, Term
from bayescich.report.tables import text_cell
from bayescich.report.words import count, listed, plain, plural, scale_of, sentence_case
from bayescich.sampling.fit import Fit
from bayescich.spec.model import GaussianSpec, HazardSpec, OrdinalSpec

_LETTERS = {"home_type": "θ", "home": "u", "provider": "v", "owner": "v", "authority": "a",
            "year": "y"}  # fmt: skip


def linear_predictor(fit: Fit) -> Equation:
    """Return the parts of the linear predictor, each with what it means and how it is sampled."""
    return Equation(scale_of(fit.spec).predictor, (*_level(fit), *_effects(fit), *_frailty(fit)))


def _level(fit: Fit) -> tuple[Term, ...]:
    item = fit.spec.likelihood
    if isinstance(item, HazardSpec):
        bands = fit.design.coords["band"]
        meaning = (
            f"log baseline hazard in each of {len(bands)} bands since the start "
            f"({bands[0]} … {bands[-1]}); a random walk, so that neighbouring bands inform each "
            "other"
        )
        return (Term("α[band]", meaning),)
    if isinstance(item, OrdinalSpec):
        thresholds = listed(f"“{text}”" for text in fit.design.coords["cutpoint"])
        return (Term("−κ[threshold]", f"thresholds between neighbouring categories: {thresholds}"),)
    if any(isinstance(effect, InterceptEffect) for effect in fit.structure.effects):
        return (Term("μ", "intercept: the level of the average case"),)
    return ()


def _effects(fit: Fit) -> tuple[Term, ...]:
    terms = []
    for effect in fit.structure.effects:
        if isinstance(effect, FixedEffect):
            terms.append(_covariates(fit))
        elif isinstance(effect, GroupEffect):
            terms.append(_group(fit, effect))
    return tuple(terms)


def _covariates(fit: Fit) -> Term:
    names = fit.design.fixed.names if fit.design.fixed else ()
    words = listed(plain(name) for name in names)
    return Term("β·x", f"covariates, each centred at its mean and in its own unit: {words}")


def _group(fit: Fit, effect: GroupEffect) -> Term:
    words = plain(effect.column)
    levels = fit.design.factors[effect.column].size
    how = {"centred": "centred", "noncentred": "non-centred"}[effect.parametrisation(fit.design)]
    pooled = f"Normal(0, SD²), with the SD between {plural(words)} learnt from the data"
    zero = "; the levels sum to zero" if effect.zero_sum else ""
    meaning = f"{count(levels)} {plural(words)}, partially pooled: {pooled}{zero}; sampled {how}"
    return Term(f"{_LETTERS.get(effect.column, 'g')}[{words}]", meaning)


def _frailty(fit: Fit) -> tuple[Term, ...]:
    item = fit.spec.likelihood
    if not isinstance(item, HazardSpec) or item.frailty is None:
        return ()
    units = fit.design.factors[item.frailty].size
    unit = plain(item.frailty)
    meaning = (
        f"log frailty of each of {count(units)} {_people(unit)}: gamma with mean 1 and a variance "
        "learnt from the data; integrated out in closed form, so it is not sampled"
    )
    return (Term(f"log ω[{unit}]", meaning),)


def _people(unit: str) -> str:
    return "children" if unit == "child" else plural(unit)


def priors_used(fit: Fit) -> tuple[tuple[str, str], ...]:
    """Return each parameter of the model with the role its prior was taken from."""
    roles = [*_likelihood_roles(fit)]
    for effect in fit.structure.effects:
        if isinstance(effect, InterceptEffect):
            roles.append(("intercept", "intercept"))
        elif isinstance(effect, FixedEffect) and fit.design.fixed:
            roles += [
                (f"coefficient of {plain(name)}", fit.priors.role_of(f"fixed.{name}", "fixed"))
                for name in fit.design.fixed.names
            ]
        elif isinstance(effect, GroupEffect):
            role = fit.priors.role_of(*effect.prior_roles())
            roles.append((plain(effect.sd_variable), role))
    return tuple(roles)


def _likelihood_roles(fit: Fit) -> tuple[tuple[str, str], ...]:
    item = fit.spec.likelihood
    if isinstance(item, HazardSpec):
        own = [("baseline, first band", "baseline.level"), ("baseline, steps", "baseline.step_sd")]
        return (*own, *([("frailty variance", "frailty.variance")] if item.frailty else []))
    if isinstance(item, OrdinalSpec):
        return (("first threshold", "cutpoint.first"), ("gaps between thresholds", "cutpoint.gap"))
    if isinstance(item, GaussianSpec) and item.known_sd is None:
        return (("residual SD", "residual.sd"),)
    return ()


def priors_table(fit: Fit) -> Table:
    """Return one row per prior used: what it is about, the prior, its reason and its source."""
    about: dict[str, list[str]] = {}
    for parameter, role in priors_used(fit):
        about.setdefault(role, []).append(parameter)
    rows = []
    for role, parameters in about.items():
        prior = fit.priors.priors[role]
        own = "this model" if role in fit.spec.priors else f"the set “{fit.priors.name}”"
        about_words = sentence_case(_parameters(parameters))
        cells = [prior.text(), prior.reason, prior.source, own]
        rows.append((Cell(about_words, role, detail=role), *(text_cell(text) for text in cells)))
    notes = (
        (
            "Priors of covariates are per standard deviation of a measurement and per step of a "
            "yes or no."
        ),
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


def _unused(fit: Fit, used: set[str]) -> str:
    return listed(role for role in fit.priors.priors if role not in used) or "none"
