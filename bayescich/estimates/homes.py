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
from bayescich.estimates.core import Estimate
from bayescich.estimates.summaries import columns, headings, pooling, ratio_name
from bayescich.model.draws import FloatArray
from bayescich.model.effects.group import GroupEffect
from bayescich.model.likelihoods.gaussian import GaussianLikelihood
from bayescich.model.likelihoods.hazard import HazardLikelihood
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
    table = pd.DataFrame([_reliability_row(fit, group) for group in groups])
    finest = table.sort_values("levels", ascending=False).iloc[0]
    sentence = (
        f"Half of the {finest['levels']:,} levels of '{finest['column']}' have a reliability below "
        f"{finest['median']:.2f}; {finest['share_reliable']:.0%} reach {RELIABLE}."
    )
    ratio = ratio_name(fit)
    words = {
        "column": "grouped by", "levels": "levels", "min": "reliability, least",
        "median": "reliability, median", "max": "reliability, most",
        "share_reliable": f"share with reliability above {RELIABLE}",
        "n_above": f"levels surely above: P({ratio} > {FOLD}) > {CERTAIN}",
        "n_below": f"levels surely below: P({ratio} < 1/{FOLD}) > {CERTAIN}",
    }  # fmt: skip
    notes = (
        (
            "Reliability is 1 - Var(effect | data) ÷ E(variance between levels): the share of its "
            "own evidence in a level's estimate."
        ),
        "Single levels are not named or ranked: most cannot be told from the average.",
    )
    title = f"How much can one {finest['column']} tell us?"
    named = {name: words[name] for name in table.columns}
    return Estimate("homes", title, sentence, table, named, notes)


def _reliability_row(fit: Fit, group: GroupEffect) -> dict[str, object]:
    effects = fit.posterior[group.variable]
    rho = pooling(effects, group.level_sd(fit.posterior))
    row: dict[str, object] = {
        "column": group.column,
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
            "reliability": target,
            **columns(
                "needed", information_needed(fit.posterior[group.sd_variable], target) / each
            ),
        }
        for group in groups
        for target in TARGETS
    ]
    table = pd.DataFrame(rows)
    medians = {
        group.column: float(
            np.median(information_needed(fit.posterior[group.sd_variable], RELIABLE) / each)
        )
        for group in groups
    }
    sentence = f"For a reliability of {RELIABLE} one needs about " + ", ".join(
        f"{number:,.0f} {unit} per level of '{column}'" for column, number in medians.items()
    )
    words = {"column": "grouped by", "reliability": "reliability", **headings("needed", unit)}
    notes = (
        (
            "Reckoned for one level taken alone, all else known: with few other levels to compare "
            "with, or with children of unequal frailty, more is needed."
        ),
    )
    title = f"How many {unit} would be needed?"
    return Estimate("homes_needed", title, f"{sentence}.", table, words, notes)


def _unit_of_information(fit: Fit) -> tuple[str, float]:
    """Return what is counted and the information each one carries about a level's effect."""
    design, likelihood = fit.design, fit.structure.likelihood
    if isinstance(likelihood, HazardLikelihood):
        return f"{likelihood.event_name}s", 1.0
    if isinstance(likelihood, GaussianLikelihood):
        return "values", _precision(fit)
    # several ordered categories tell a little more than their two halves do
    over, under = likelihood.summary_numerator(design), likelihood.summary_denominator(design)
    share = float(over.sum() / under.sum())
    return "outcomes", max(share * (1.0 - share), 1e-6)


def _precision(fit: Fit) -> float:
    if "known_sd" in fit.design.outcome:
        return float(np.mean(1.0 / fit.design.outcome["known_sd"] ** 2))
    return float(np.mean(1.0 / fit.posterior["residual_sd"] ** 2))
