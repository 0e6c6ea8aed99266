"""What the page says, section by section."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from bayescich.checks.core import Check
from bayescich.estimates.type_effects import type_word
from bayescich.report import answer, provenance
from bayescich.report.blocks import Block, Details, Figure, Prose, Section, Subhead, Table
from bayescich.report.canvas import drawn
from bayescich.report.check_figures import draw_check, how_to_read
from bayescich.report.content import AnyContent, FormulaContent, ReportContent
from bayescich.report.estimate_blocks import (
    HIERARCHY,
    SHRINKAGE,
    estimate_blocks,
    need_blocks,
    shrinkage_blocks,
    truth_blocks,
)
from bayescich.report.figures import (
    energy_figure,
    named,
    prior_posterior_figure,
    rank_figure,
    scalar_names,
)
from bayescich.report.model_words import linear_predictor, priors_table
from bayescich.report.outcome_blocks import PLACES, outcome_blocks
from bayescich.report.route_blocks import MAIN, route_blocks
from bayescich.report.tables import gates_table, table_from, text_cell
from bayescich.report.words import (
    counted,
    likelihood_words,
    listed,
    number_word,
    plain,
    plural,
    readable,
)
from bayescich.sampling.formula_fit import AnyFit

_RANKED = ("fixed_mean", "fixed", "baseline", "cutpoint", "need_family_mean", "home_type_sd",
           "home_sd", "provider_sd", "authority_sd")  # fmt: skip
_PANELS = 32
"""Panels of one rank figure; whatever does not fit is judged by its R-hat alone."""
_UNFOLDED_ROWS = 4
"""A check's table with more rows is folded away when a figure shows the same."""


def make_sections(content: ReportContent) -> tuple[Section, ...]:
    """Return all sections of the page; those with nothing to say are left out."""
    main = content.estimate(SHRINKAGE) or content.estimate(MAIN) or content.estimate(PLACES)
    kind = type_word(content.fit)
    others = "Other estimates" if main else "Estimates"
    sections = (
        Section("answer", "The answer in short", answer.blocks(content)),
        Section("shrinkage", f"Shrinkage by {kind}", shrinkage_blocks(content)),
        Section("places", f"{kind.capitalize()}s and other settings", outcome_blocks(content)),
        Section("routes", f"Routes by {kind}" if main else "Routes", route_blocks(content)),
        Section("needs", "Needs", need_blocks(content)),
        Section("truth", "Truth against posterior", truth_blocks(content)),
        Section("data", "Who is in the data", provenance.data_blocks(content)),
        Section("model", "The model", _model(content)),
        Section("belief", "May we believe it?", belief_blocks(content)),
        Section("predictive", "Does the model resemble the data?", predictive_blocks(content)),
        Section("estimates", others, estimate_blocks(content)),
        Section("manifest", "How it was made, and how to make it again",
                provenance.manifest_blocks(content)),
    )  # fmt: skip
    return tuple(section for section in sections if section.blocks)


def _model(content: ReportContent) -> tuple[Block, ...]:
    fit = content.fit
    names = scalar_names(fit)
    blocks: list[Block] = [Prose((likelihood_words(fit.spec.likelihood),))]
    blocks.append(linear_predictor(fit, _sampled(content)))
    blocks += [Subhead("Priors, with their reasons"), priors_table(fit)]
    if names and "prior" in fit.tree:
        blocks.append(
            drawn(
                lambda: prior_posterior_figure(fit, names),
                name="prior-posterior",
                caption="Prior (orange) and posterior (blue) of the parameters with one value. "
                "Where both agree, the data said little.",
                alt=f"Prior and posterior densities of {listed(plain(name) for name in names)}.",
                synthetic=content.synthetic,
            )
        )
    return tuple(blocks)


def _sampled(content: ReportContent) -> dict[str, str]:
    """Return how the levels of each column were sampled, from the table of the hierarchy."""
    hierarchy = content.estimate(HIERARCHY)
    if hierarchy is None:
        return {}
    return dict(zip(hierarchy.table["column"], hierarchy.table["parametrisation"], strict=True))


def belief_blocks(content: AnyContent) -> tuple[Block, ...]:
    """Return whether the draws may be read as the posterior: gates, chains, energy."""
    gates = [c for c in content.checks if c.gate]
    others = [c for c in content.checks_of("convergence", "comparison") if not c.gate]
    blocks: list[Block] = [Prose((_health(content, gates),))]
    if gates:
        blocks.append(gates_table(gates))
        blocks += _gate_details(content, gates)
    blocks += _sampler_figures(content)
    for check in others:
        blocks += check_blocks(check, content.synthetic)
    return tuple(blocks)


def _health(content: AnyContent, gates: Sequence[Check]) -> str:
    posterior = content.fit.tree["posterior"]
    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    sampled = f"{counted(chains, 'chain')} of {counted(draws, 'draw')} were sampled and kept."
    failed = content.failed_gates
    absent = [c for c in gates if c.status == "not applicable"]
    if failed:
        verdict = (
            f"{number_word(len(failed)).capitalize()} of {number_word(len(gates))} convergence "
            f"gates failed: {'; '.join(c.title for c in failed)}. The draws do not describe the "
            "posterior well enough to be cited."
        )
    elif gates:
        verdict = "No convergence gate failed: the draws may be read as the posterior."
    else:
        verdict = "No convergence gate was checked, so nothing here is known to have converged."
    unknown = f" Not checked: {'; '.join(c.title for c in absent)}." if absent else ""
    return f"{sampled} {verdict}{unknown}"


def _gate_details(content: AnyContent, gates: Sequence[Check]) -> list[Block]:
    inner: list[Table | Prose | Figure] = []
    for check in gates:
        figure = _check_figure(check, content.synthetic)
        inner += [figure] if figure else []
        if check.table is not None:
            inner.append(_check_table(check, check.table))
    return [Details("The quantities behind the gates", tuple(inner))] if inner else []


def _sampler_figures(content: AnyContent) -> list[Block]:
    fit = content.fit
    figures: list[Block] = [Subhead("The chains side by side")]
    if fit.tree["posterior"].sizes["chain"] > 1:
        figures += _rank_figures(content)
    else:
        figures.append(Prose(("With one chain there is nothing to lay side by side.",)))
    if "sample_stats" in fit.tree and "energy" in fit.tree["sample_stats"]:
        bfmi = content.check("bfmi")
        figures.append(
            drawn(
                lambda: energy_figure(fit), name="energy",
                caption="Energy of the draws and its change from one draw to the next. Where the "
                "change is much the narrower, the sampler crosses the posterior slowly (BFMI "
                "below 0.3).",
                alt=f"Energy plot by chain. {bfmi.sentence if bfmi else ''}",
                synthetic=content.synthetic,
            )
        )  # fmt: skip
    return figures


def _rank_figures(content: AnyContent) -> list[Block]:
    fit = content.fit
    effect = None if isinstance(content, FormulaContent) else content.fit.structure.home_type
    shared = _that_fit(fit, [*scalar_names(fit), *named(fit, _ranked(content))])
    wanted = {"ranks": (shared, "the parameters all rows share")}
    if effect is not None and _that_fit(fit, [effect.variable]):
        words = f"the effects of {plural(plain(effect.column))}"
        wanted["ranks-home-types"] = ([effect.variable], words)
    return [_ranks(content, name, *what) for name, what in wanted.items() if what[0]]


def _ranked(content: AnyContent) -> Sequence[str]:
    if isinstance(content, FormulaContent):
        # whatever is not the effect of one level
        names = map(str, content.fit.tree["posterior"].data_vars)
        return [name for name in names if not name.endswith("_effect")]
    return _RANKED


def _that_fit(fit: AnyFit, names: Sequence[str]) -> list[str]:
    posterior = fit.tree["posterior"].to_dataset()
    draws = posterior.sizes["chain"] * posterior.sizes["draw"]
    chosen, left = [], _PANELS
    for name in dict.fromkeys(names):
        panels = posterior[name].size // draws
        if panels <= left:
            chosen.append(name)
            left -= panels
    return chosen


def _ranks(content: AnyContent, name: str, variables: list[str], words: str) -> Figure:
    rhat = content.check("rhat")
    found = readable(rhat.sentence) if rhat else ""
    return drawn(
        lambda: rank_figure(content.fit, variables), name=name,
        caption=f"Rank plots of {words}, one line a chain, draws thinned. Chains that agree wander "
        "around zero; black points mark where one does not (p below 0.01).",
        alt=f"Rank plots by chain of {listed(plain(v) for v in variables)}. {found}",
        synthetic=content.synthetic,
    )  # fmt: skip


def predictive_blocks(content: AnyContent) -> tuple[Block, ...]:
    """Return the checks before and after the data."""
    blocks: list[Block] = []
    prior, after = content.checks_of("prior"), content.checks_of("predictive")
    if prior:
        blocks.append(
            Prose(("Before the data: would the priors alone produce outcomes that are possible?",))
        )
        blocks += [b for check in prior for b in check_blocks(check, content.synthetic)]
    if after:
        blocks.append(
            Prose(("After the data: would the fitted model, run again, produce data like these?",))
        )
        blocks += [b for check in after for b in check_blocks(check, content.synthetic)]
    return tuple(blocks)


def check_blocks(check: Check, synthetic: bool) -> list[Block]:
    """Return a check's heading, sentence, figure and table, as far as it has them."""
    said = Prose((readable(check.sentence),))
    blocks: list[Block] = [Subhead(check.title, text_cell(check.status)), said]
    figure = _check_figure(check, synthetic)
    blocks += [figure] if figure else []
    if check.table is not None:
        table = _check_table(check, check.table)
        fold = figure is not None and len(table.rows) > _UNFOLDED_ROWS
        blocks.append(Details("The numbers behind the figure", (table,)) if fold else table)
    return blocks


def _check_table(check: Check, frame: pd.DataFrame) -> Table:
    # a component's label repeats its variable
    shown = [c for c in frame.columns if c != "variable" or "label" not in frame.columns]
    return table_from(
        frame, name=check.name, caption=f"{check.title}, in numbers", only=shown,
        download=f"tables/{check.name}.csv",
    )  # fmt: skip


def _check_figure(check: Check, synthetic: bool) -> Figure | None:
    draw = draw_check(check)
    if draw is None:
        return None
    return drawn(
        draw, name=check.name, caption=f"{check.title}. {how_to_read(check)}",
        alt=readable(check.sentence), synthetic=synthetic,
    )  # fmt: skip
