"""What the page of a model with a formula says: the same page, other estimates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from matplotlib.figure import Figure as Canvas

from bayescich.estimates.core import Estimate
from bayescich.model.formula import GroupTerm, term_roles
from bayescich.report import provenance
from bayescich.report.blocks import Block, Equation, Prose, Section, Subhead, Term
from bayescich.report.canvas import drawn
from bayescich.report.content import FormulaContent
from bayescich.report.estimate_blocks import titled_table
from bayescich.report.figures import prior_posterior_figure, scalar_names
from bayescich.report.formula_figures import levels_figure, shrinkage_scatter
from bayescich.report.model_words import table_of_priors
from bayescich.report.sections import belief_blocks, predictive_blocks
from bayescich.report.tables import DECIMALS
from bayescich.report.words import (
    count,
    likelihood_words,
    listed,
    number_word,
    plain,
    plural,
    readable,
    sentence_case,
)
from bayescich.sampling.formula_fit import FormulaFit

AVERAGES, COMPARISONS = "averages_", "comparisons_"
SPREAD, LASTING, UNITS = "spread", "lasting", "units"


def formula_sections(content: FormulaContent) -> tuple[Section, ...]:
    """Return all sections of the page; those with nothing to say are left out."""
    unit = plural(plain(content.fit.spec.unit))
    sections = (
        Section("answer", "The answer in short", _answer(content)),
        Section("averages", "Averages and comparisons", _averages(content)),
        Section("spread", f"How far {unit} lie apart", _spread(content)),
        Section("units", f"Shrinkage of {unit}", _units(content)),
        Section("data", "Who is in the data", provenance.data_blocks(content)),
        Section("model", "The model", _model(content)),
        Section("belief", "May we believe it?", belief_blocks(content)),
        Section("predictive", "Does the model resemble the data?", predictive_blocks(content)),
        Section("manifest", "How it was made, and how to make it again",
                provenance.manifest_blocks(content)),
    )  # fmt: skip
    return tuple(section for section in sections if section.blocks)


def _answer(content: FormulaContent) -> tuple[Block, ...]:
    first = content.fit.item.compared
    said = [e.sentence for name in (SPREAD, LASTING) for e in _made(content, name)]
    course = [e.sentence for e in _made(content, f"{AVERAGES}{first[0]}")]
    others = [e.sentence for c in first[1:] for e in _made(content, f"{COMPARISONS}{c}")]
    blocks: list[Block] = [Prose((*course, *said), lead=True)]
    cited = [s for e in _made(content, UNITS) for s in (e.sentence,)]
    failed = content.failed_gates
    warning = [
        (
            f"None of this is to be cited: {number_word(len(failed))} of the convergence gates "
            "failed."
        )
    ] if failed else []  # fmt: skip
    synthetic = ["The data are SYNTHETIC."] if content.synthetic else []
    return (*blocks, Prose((*others, *cited, *warning, *synthetic)))


def _averages(content: FormulaContent) -> tuple[Block, ...]:
    blocks: list[Block] = []
    share = f"share with {content.fit.spec.report.outcome_name}"
    for column in content.fit.item.compared:
        for estimate in _made(content, f"{AVERAGES}{column}"):
            blocks += _with_levels(content, estimate, column, "average", share)
        for estimate in _made(content, f"{COMPARISONS}{column}"):
            blocks += titled_table(estimate)
    return tuple(blocks)


def _spread(content: FormulaContent) -> tuple[Block, ...]:
    blocks: list[Block] = []
    occasion = content.fit.item.occasion
    for estimate in _made(content, SPREAD):
        words = f"SD between {plural(plain(content.fit.spec.unit))}, logit scale"
        blocks += _with_levels(content, estimate, occasion, "sd", words)
    for estimate in _made(content, LASTING):
        blocks += titled_table(estimate)
    return tuple(blocks)


def _with_levels(
    content: FormulaContent, estimate: Estimate, label: str, stem: str, axis: str
) -> list[Block]:
    title, table = _laid_out(estimate)
    raw = "; orange squares: raw" if "raw" in estimate.table else ""
    figure = _figure(
        content, estimate, lambda: levels_figure(estimate.table, label, stem, axis),
        f"{sentence_case(axis)} by {plain(label)}: posterior mean and 90% interval{raw}.",
    )  # fmt: skip
    return [title, figure, table]


def _laid_out(estimate: Estimate) -> tuple[Block, ...]:
    """Return title and table; shares lie so close together that the third decimal is needed."""
    if "raw" not in estimate.table:
        return titled_table(estimate)
    frame = estimate.table.copy()
    frame.attrs[DECIMALS] = 3
    return titled_table(replace(estimate, table=frame))


def _units(content: FormulaContent) -> tuple[Block, ...]:
    estimate = content.estimate(UNITS)
    if estimate is None:
        return ()
    share = f"share with {content.fit.spec.report.outcome_name}"
    trials = plain(content.fit.item.trials)
    title, table = _laid_out(estimate)
    figure = _figure(
        content, estimate, lambda: shrinkage_scatter(estimate.table, trials, share),
        f"Raw and partially pooled {share}, over the number of {trials}. The fewer they are, the "
        "further a raw share is drawn towards what is usual.",
    )  # fmt: skip
    return (title, figure, table)


def _figure(
    content: FormulaContent, estimate: Estimate, draw: Callable[[], Canvas], caption: str
) -> Block:
    return drawn(
        draw, name=estimate.name, caption=caption, alt=readable(estimate.sentence),
        synthetic=content.synthetic,
    )  # fmt: skip


def _model(content: FormulaContent) -> tuple[Block, ...]:
    fit, names = content.fit, scalar_names(content.fit)
    blocks: list[Block] = [
        Prose((
            likelihood_words(fit.spec.likelihood),
            f"It was built by Bambi from one formula: {fit.item.whole}",
        )),
        Equation(f"log odds of {fit.spec.report.outcome_name}", _terms(fit)),
        Subhead("Priors, with their reasons"),
        table_of_priors(fit, _priors_used(fit)),
    ]  # fmt: skip
    if names and "prior" in fit.tree:
        blocks.append(
            drawn(
                lambda: prior_posterior_figure(fit, names), name="prior-posterior",
                caption="Prior (orange) and posterior (blue) of the parameters with one value. "
                "Where both agree, the data said little.",
                alt=f"Prior and posterior densities of {listed(plain(name) for name in names)}.",
                synthetic=content.synthetic,
            )
        )  # fmt: skip
    return tuple(blocks)


def _terms(fit: FormulaFit) -> tuple[Term, ...]:
    groups = {term.name: term for term in fit.terms}
    return tuple(
        _group(fit, groups[name]) if name in groups else _common(fit, name)
        for name in term_roles(fit.model)
    )


def _common(fit: FormulaFit, name: str) -> Term:
    if name == "Intercept":
        return Term("μ", "intercept: the level of the reference case")
    symbol, coefficients = f"β[{name}]", fit.model.conditional_parameters["p"].common_terms[name]
    if not coefficients.coords:
        return Term(symbol, f"coefficient of “{name}”")
    estimated = len(next(iter(coefficients.coords.values())))
    if name in fit.table and estimated == fit.table[name].nunique():
        return Term(symbol, f"one for each of {estimated} levels of “{name}”, not pooled")
    return Term(symbol, f"coefficients of “{name}” against its first level, not pooled")


def _group(fit: FormulaFit, term: GroupTerm) -> Term:
    levels = f"{count(len(term.levels))} levels of “{term.factor}”"
    parts = term.weights.shape[1]
    what = {True: "", False: f", a coefficient of “{term.expression}” each"}[term.expression == "1"]
    if parts > 1:
        what = f", one effect for each of {parts} levels of “{term.expression}”"
    sds = "an SD for each of these" if parts > 1 else "the SD"
    how = "centred" if term.name in fit.item.centred else "non-centred"
    meaning = (
        f"{levels}{what}, partially pooled: Normal(0, SD²), with {sds} learnt from the data; "
        f"sampled {how}"
    )
    return Term(f"u[{term.name.replace('|', ' | ')}]", meaning)


def _priors_used(fit: FormulaFit) -> list[tuple[str, str]]:
    words = {term.name: plain(term.sd) for term in fit.terms}
    return [
        (words.get(name, "intercept" if name == "Intercept" else f"each {plain(name)}"),
         fit.priors.role_of(*roles))
        for name, roles in term_roles(fit.model).items()
    ]  # fmt: skip


def _made(content: FormulaContent, name: str) -> list[Estimate]:
    found = content.estimate(name)
    return [] if found is None else [found]
