"""Posterior predictive check of ordered categories: shares overall, by home type and by year."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.checks.core import Check
from bayescich.checks.replicates import Outcome, compare, observed, outside, replicated
from bayescich.design.core import Factor
from bayescich.model.draws import FloatArray
from bayescich.model.likelihoods.ordinal import OrdinalLikelihood
from bayescich.sampling.fit import Fit

LEVELS_SHOWN = 30
"""Shares are compared within the levels of groups of up to this many levels."""


def grade_checks(fit: Fit, rng: np.random.Generator) -> tuple[Check, ...]:
    """Return ``ppc_grades`` for an ordinal outcome, nothing for others."""
    likelihood = fit.structure.likelihood
    if not isinstance(likelihood, OrdinalLikelihood):
        return ()
    categories = likelihood.categories
    factors = [_everyone(fit)] + [
        fit.design.factor(g.column)
        for g in fit.structure.groups
        if fit.design.factors[g.column].size <= LEVELS_SHOWN
    ]

    def statistics(outcome: Outcome) -> dict[str, FloatArray]:
        return {f.name: shares(outcome.values, f, len(categories)) for f in factors}

    seen, draws = statistics(observed(fit)), replicated(fit, statistics, rng)
    frames = [_frame(f, categories, seen[f.name], draws[f.name]) for f in factors]
    return (_grades_check(pd.concat(frames, ignore_index=True), draws),)


def shares(values: FloatArray, factor: Factor, categories: int) -> FloatArray:
    """Return the share of each category within each level, (samples, levels x categories).

    Examples
    --------
    >>> factor = Factor("year", ("a", "b"), np.array([0, 0, 1]))
    >>> shares(np.array([[0.0, 1.0, 1.0]]), factor, 2).tolist()
    [[0.5, 0.5, 0.0, 1.0]]
    """
    counts = np.stack([factor.sums((values == k).astype(float)) for k in range(categories)], -1)
    by_level = counts / factor.counts()[:, None]
    return by_level.reshape(len(values), -1)


def _everyone(fit: Fit) -> Factor:
    return Factor("all", ("all",), np.zeros(fit.design.rows, dtype=np.int64))


def _frame(
    factor: Factor, categories: tuple[str, ...], seen: FloatArray, draws: FloatArray
) -> pd.DataFrame:
    table = compare(seen, draws)
    table.insert(0, "category", list(categories) * factor.size)
    table.insert(0, "level", np.repeat(factor.levels, len(categories)))
    table.insert(0, "by", factor.name)
    return table


def _grades_check(table: pd.DataFrame, draws: dict[str, FloatArray]) -> Check:
    everyone, parts = table[table["by"] == "all"], table[table["by"] != "all"]
    wrong = outside(everyone["p_value"])
    covered = parts["observed"].between(parts["q05"], parts["q95"]).mean()
    sentence = (
        f"{len(everyone) - wrong} of {len(everyone)} overall shares are such as the model makes; "
        f"{covered:.0%} of {len(parts)} shares by group lie in their 90% intervals."
    )
    return Check(
        "ppc_grades", "Shares of each category, observed and replicated", "predictive",
        "passed" if wrong == 0 else "failed", sentence,
        value=float(wrong), limit=0.0, table=table, series=draws,
    )  # fmt: skip
