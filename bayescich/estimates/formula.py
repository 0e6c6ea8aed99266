"""What a model with a formula says: averages and comparisons through ``bambi.interpret``.

``interpret`` gives the draws of each row's prediction, and these are averaged here, draw by draw.
Its own ``average_by`` averages the *ends* of the rows' intervals, which says how uncertain a row
is and not how uncertain their average is: nine times too wide for England's share in a year.

References
----------
Arel-Bundock, Greifer & Heiss (2024), How to interpret statistical models using marginaleffects,
Journal of Statistical Software 111; Gelman (2005), Analysis of variance, Annals of Statistics 33.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from bayescich.estimates.core import Estimate
from bayescich.estimates.formula_spread import lasting, spread
from bayescich.estimates.formula_units import units
from bayescich.estimates.summaries import columns, headings, probability_of_direction, reading
from bayescich.model.draws import FloatArray
from bayescich.sampling.formula_fit import FormulaFit

DRAWS = 500
"""Draws for comparisons: each asks for all rows at every level."""


def run_formula_estimates(fit: FormulaFit) -> tuple[Estimate, ...]:
    """Return averages, comparisons, units, their spread, what lasts of it, and the hierarchy."""
    compared = fit.item.compared
    return (
        *(averages(fit, column) for column in compared),
        *(comparisons(fit, column) for column in compared),
        spread(fit),
        *lasting(fit),
        units(fit),
        hierarchy(fit),
    )


def averages(fit: FormulaFit, column: str) -> Estimate:
    """Return ``averages_<column>``: the expected share of all trials at each level, and the raw."""
    import bambi

    draws = fit.bambi_tree(fit.posterior)
    result = bambi.interpret.predictions(fit.model, draws, use_hdi=False)
    rows = _rows(result.draws)
    levels = sorted(fit.table[column].unique().tolist())
    trials = fit.table[fit.item.trials].to_numpy(np.float64)
    chosen = [np.flatnonzero(fit.table[column] == level) for level in levels]
    means = np.stack([rows[:, c] @ (trials[c] / trials[c].sum()) for c in chosen], axis=1)
    counted = fit.table.groupby(column)[[fit.item.outcome, fit.item.trials]].sum().loc[levels]
    table = pd.DataFrame(
        {
            column: levels,
            "n_units": [fit.table[fit.spec.unit].iloc[c].nunique() for c in chosen],
            "n_trials": counted[fit.item.trials].to_numpy(),
            "raw": (counted[fit.item.outcome] / counted[fit.item.trials]).to_numpy(),
        }
    ).assign(**columns("average", means))
    low, high = (table.iloc[int(p)] for p in (means.mean(0).argmin(), means.mean(0).argmax()))
    outcome = fit.spec.report.outcome_name
    sentence = (
        f"The share with {outcome} runs from {_with(low, 'average', '90% interval ')} in "
        f"{low[column]} to {_with(high, 'average')} in {high[column]}."
    )
    words = {
        column: column, "n_units": f"{fit.spec.unit}: levels", "n_trials": fit.item.trials,
        "raw": "raw share", **headings("average", "average prediction"),
    }  # fmt: skip
    notes = [f"Average predictions (bambi.interpret): each row counts by its “{fit.item.trials}”."]
    if fit.spec.data == "authorities":
        notes.append("Rows with a suppressed count are in neither column.")
    title = f"Share with {outcome} by {column}"
    return Estimate(f"averages_{column}", title, sentence, table, words, tuple(notes))


def comparisons(fit: FormulaFit, column: str) -> Estimate:
    """Return ``comparisons_<column>``: all rows at one level against all rows at the reference."""
    levels = sorted(fit.table[column].unique().tolist())
    reference = _reference(fit, column, levels)
    shares = _everywhere(fit, column, levels)
    base = shares[reference]
    others = [level for level in levels if level != reference]
    diff = np.stack([shares[level] - base for level in others], axis=1)
    ratio = np.stack([shares[level] / base for level in others], axis=1)
    direction = probability_of_direction(diff)
    table = pd.DataFrame({column: others}).assign(
        **columns("diff", diff), **columns("ratio", ratio), pd=direction,
        reading=[reading(float(p)) for p in direction],
    )  # fmt: skip
    told = table[table["reading"] != "not distinguishable"]
    outcome = fit.spec.report.outcome_name
    which = "; ".join(
        f"{row[column]}: {'higher' if row['diff_mean'] > 0 else 'lower'}, {_with(row, 'ratio')}"
        for _, row in told.iterrows()
    )
    sentence = (
        f"Share with {outcome} against {reference}, all else alike, as a ratio: "
        f"{which or 'no level can be told apart'}."
    )
    words = {
        column: column, "pd": "probability of direction", "reading": "reading",
        **headings("diff", "difference in the share"), **headings("ratio", "ratio of shares"),
    }  # fmt: skip
    notes = (
        (
            f"Comparisons (bambi.interpret): every row is given each {column} in turn and keeps "
            f"whatever else it has, then rows are averaged by their “{fit.item.trials}”. "
            f"Reference: {reference}."
        ),
    )
    title = f"Compared with {reference}"
    return Estimate(f"comparisons_{column}", title, sentence, table, words, notes)


def hierarchy(fit: FormulaFit) -> Estimate:
    """Return ``hierarchy``: one row per column with levels."""
    outcome, trials = fit.item.outcome, fit.item.trials
    rows = []
    for column in fit.item.columns:
        sums = fit.table.groupby(column)[[outcome, trials]].sum()
        size = fit.table.groupby(column).size()
        rows.append(
            {"column": column, "levels": len(size), "rows_min": int(size.min()),
             "rows_max": int(size.max()), "trials_min": int(sums[trials].min()),
             "trials_max": int(sums[trials].max()), "outcome_min": int(sums[outcome].min()),
             "outcome_max": int(sums[outcome].max())}
        )  # fmt: skip
    table = pd.DataFrame(rows).sort_values("levels", ascending=False, ignore_index=True)
    sizes = ", ".join(
        f"{n:,} in '{c}'" for c, n in zip(table["column"], table["levels"], strict=True)
    )
    words = {
        "column": "grouped by", "levels": "levels", "rows_min": "rows per level, least",
        "rows_max": "rows per level, most", "trials_min": f"“{trials}” per level, least",
        "trials_max": f"“{trials}” per level, most", "outcome_min": f"“{outcome}” per level, least",
        "outcome_max": f"“{outcome}” per level, most",
    }  # fmt: skip
    return Estimate(
        "hierarchy", "The hierarchy", f"{fit.rows:,} rows; levels: {sizes}.", table, words
    )


def _everywhere(fit: FormulaFit, column: str, levels: Sequence[Any]) -> dict[Any, FloatArray]:
    """Return the share of all trials if every row were at a level, by level, in each draw."""
    import bambi

    draws = fit.bambi_tree(fit.posterior.thin(DRAWS))
    contrast = {column: list(levels)}
    made = bambi.interpret.comparisons(fit.model, draws, contrast, use_hdi=False).draws
    rows, asked = _rows(made), made["data"][column].to_numpy()
    weights = fit.table[fit.item.trials].to_numpy(np.float64)
    return {level: rows[:, asked == level] @ (weights / weights.sum()) for level in levels}


def _rows(made: Any) -> FloatArray:
    return np.asarray(made["posterior"]["p"].to_numpy()[0], dtype=np.float64)


def _reference(fit: FormulaFit, column: str, levels: Sequence[Any]) -> Any:
    """Return the first occasion, or the level of most trials."""
    if fit.spec.report.reference in levels:
        return fit.spec.report.reference
    if column == fit.item.occasion:
        return levels[0]
    return fit.table.groupby(column)[fit.item.trials].sum().idxmax()


def _with(row: pd.Series, stem: str, label: str = "") -> str:
    decimals = 2 if stem == "ratio" else 3
    mean, low, high = (row[f"{stem}_{end}"] for end in ("mean", "q05", "q95"))
    return f"{mean:.{decimals}f} ({label}{low:.{decimals}f} to {high:.{decimals}f})"
