"""How much can one home tell us? Reliability only: no names, no ranks, no league table.

References
----------
Goldstein & Spiegelhalter (1996), League tables and their limitations, JRSS A 159; Normand, Glickman
& Gatsonis (1997), JASA 92; docs/methods.md section 5.3.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.checks.levels import exchangeable_groups
from bayescich.design.core import Membership
from bayescich.estimates.core import Estimate, OnPage
from bayescich.estimates.evidence import information_by_part
from bayescich.estimates.routes_axis import axis_word
from bayescich.estimates.summaries import columns, headings, pooling, ratio_name
from bayescich.model.draws import FloatArray
from bayescich.model.effects.group import GroupEffect
from bayescich.model.likelihoods.responses import is_measurement
from bayescich.model.likelihoods.times import HazardTimes
from bayescich.sampling.fit import Fit

RELIABLE = 0.6
"""Reliability from which a level may be said anything about."""
FOLD = 1.25
CERTAIN = 0.9
"""A level is flagged when P(ratio > 1.25) > 0.9, calling one poor wrongly being three times worse
than missing one."""
TARGETS = (0.5, 0.7, 0.8)


def home_estimates(fit: Fit) -> tuple[Estimate, ...]:
    """Return ``homes`` (reliability by group) and ``homes_needed``, or nothing without groups."""
    groups = exchangeable_groups(fit.structure)
    if not groups:
        return ()
    return (_reliabilities(fit, groups), _needed(fit, groups))


def information_needed(sd: FloatArray, target: float) -> FloatArray:
    """Return the information (for a hazard: events) at which a level is that reliable.

    ``E = ρ / ((1 - ρ) σ²)``.

    Examples
    --------
    >>> information_needed(np.array([0.3]), 0.5).round(1).tolist()
    [11.1]
    """
    return target / ((1.0 - target) * sd**2)


def _reliabilities(fit: Fit, groups: tuple[GroupEffect, ...]) -> Estimate:
    table = pd.DataFrame(
        [
            _reliability_row(fit, group, place)
            for group in groups
            for place in range(max(len(fit.design.routes), 1))
        ]
    )
    finest = table.sort_values("levels", ascending=False).iloc[0]
    sentence = (
        f"Half of the {finest['levels']:,} levels of '{finest['column']}' have a reliability below "
        f"{finest['median']:.2f}{_on_route(fit, finest)}; {finest['share_reliable']:.0%} reach "
        f"{RELIABLE}."
    )
    ratio = ratio_name(fit)
    words = {
        "column": "grouped by", "route": axis_word(fit), "levels": "levels",
        "min": "reliability, least",
        "median": "reliability, median", "max": "reliability, most",
        "share_reliable": f"share with reliability above {RELIABLE}",
        "n_above": f"levels surely above: P({ratio} > {FOLD}) > {CERTAIN}",
        "n_below": f"levels surely below: P({ratio} < 1/{FOLD}) > {CERTAIN}",
    }  # fmt: skip
    notes: tuple[str, ...] = (
        (
            "Reliability is 1 - Var(effect | data) ÷ E(variance between levels): the share of its "
            "own evidence in a level's estimate."
        ),
        "Single levels are not named or ranked: most cannot be told from the average.",
    )
    spread: OnPage = {}
    if fit.design.routes:
        spread = {"across": "route", "shown": ("column", "levels", "median")}
        notes = (*notes, "Least and most, and how many lie surely above or below, are in the file.")
    title = f"How much can one {finest['column']} tell us?"
    named = {name: words[name] for name in table.columns}
    return Estimate("homes", title, sentence, table, named, notes, **spread)


def _on_route(fit: Fit, row: pd.Series) -> str:
    return f" on the {axis_word(fit)} '{row['route']}'" if "route" in row else ""


def _reliability_row(fit: Fit, group: GroupEffect, place: int) -> dict[str, object]:
    effects, sd = fit.posterior[group.variable], group.level_sd(fit.posterior)
    if fit.design.routes:
        effects, sd = effects[:, :, place], sd[:, place]
    rho = pooling(effects, sd)
    row: dict[str, object] = {
        "column": group.column,
        **({"route": fit.design.routes[place]} if fit.design.routes else {}),
        "levels": rho.size,
        "min": float(rho.min()),
        "median": float(np.median(rho)),
        "max": float(rho.max()),
        "share_reliable": float((rho > RELIABLE).mean()),
    }
    if ratio_name(fit):
        reliable = rho > RELIABLE
        above = (effects > np.log(FOLD)).mean(axis=0) > CERTAIN
        below = (effects < -np.log(FOLD)).mean(axis=0) > CERTAIN
        row |= {"n_above": int((above & reliable).sum()), "n_below": int((below & reliable).sum())}
    return row


def _needed(fit: Fit, groups: tuple[GroupEffect, ...]) -> Estimate:
    unit, each = _unit_of_information(fit)
    rows = [
        {
            "column": group.column,
            **({"route": route} if route else {}),
            "reliability": target,
            **columns("needed", information_needed(sd, target) / own),
        }
        for group in groups
        for (route, sd), own in zip(_sds(fit, group), each, strict=True)
        for target in TARGETS
    ]
    table = pd.DataFrame(rows)
    medians = [
        (
            group.column.replace("_", " "),
            route,
            float(np.median(information_needed(sd, RELIABLE) / own)),
        )
        for group in groups
        for (route, sd), own in zip(_sds(fit, group), each, strict=True)
    ]
    if fit.design.routes:
        # one number a level is enough for a sentence: that of the route it differs most on
        medians = sorted(medians, key=lambda item: item[2])[:1]
    of = "of the part" if fit.design.responses else "by the route"
    sentence = f"For a reliability of {RELIABLE} one needs about " + ", ".join(
        f"{number:,.0f} {unit}{f' {of} {route!r}' if route else ''} per level of '{column}'"
        for column, route, number in medians
    )
    words = {
        "column": "grouped by", "route": axis_word(fit), "reliability": "reliability",
        **headings("needed", unit),
    }  # fmt: skip
    spread: OnPage = {}
    if fit.design.routes:
        spread = {"across": "route", "shown": ("column", "reliability", "needed_mean")}
    title = f"How many {unit} would be needed?"
    return Estimate(
        "homes_needed", title, f"{sentence}.", table,
        {name: words[name] for name in table.columns}, _needed_notes(fit), **spread,
    )  # fmt: skip


def _needed_notes(fit: Fit) -> tuple[str, ...]:
    alone = (
        "Reckoned for one level taken alone, all else known: with few other levels to compare "
        "with, or with children of unequal frailty, more is needed."
    )
    notes = [alone]
    if fit.design.routes and not fit.design.responses:
        notes.append("Events are those by that route.")
    if any(isinstance(factor, Membership) for factor in fit.design.factors.values()):
        notes.append("Each stands for a child whose whole window was lived there.")
    return tuple(notes)


def _sds(fit: Fit, group: GroupEffect) -> list[tuple[str, FloatArray]]:
    sd = fit.posterior[group.sd_variable]
    if not fit.design.routes:
        return [("", sd)]
    return list(zip(fit.design.routes, sd.T, strict=True))


def _unit_of_information(fit: Fit) -> tuple[str, FloatArray]:
    """Return what is counted and the information each one carries about a level, (parts,)."""
    design, likelihood = fit.design, fit.structure.likelihood
    if isinstance(likelihood, HazardTimes):
        return f"{fit.spec.report.outcome_name}s", np.ones(max(len(design.routes), 1))
    if design.responses:
        unit = "values" if is_measurement(likelihood, design) else "outcomes"
        return unit, information_by_part(fit)
    # several ordered categories tell a little more than their two halves do
    over, under = likelihood.summary_numerator(design), likelihood.summary_denominator(design)
    share = float(over.sum() / under.sum())
    return "outcomes", np.array([max(share * (1.0 - share), 1e-6)])
