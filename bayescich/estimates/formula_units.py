"""Each unit, raw and partially pooled: as counts are small, raw shares are mostly chance."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.checks.formula import is_coarse
from bayescich.estimates.core import Estimate
from bayescich.estimates.summaries import columns, headings
from bayescich.model.draws import FloatArray
from bayescich.sampling.formula_fit import FormulaFit


def units(fit: FormulaFit) -> Estimate:
    """Return ``units``: one row per unit, on its last occasion; in alphabetical order, no ranks."""
    item, unit, posterior = fit.item, fit.spec.unit, fit.posterior
    last = fit.table.sort_values(item.occasion, kind="stable").groupby(unit).tail(1)
    rows = last.sort_values(unit).index.to_numpy()
    shown = fit.table.loc[rows]
    shares = fit.probabilities(posterior)
    seen = fit.table.groupby(unit)[[item.outcome, item.trials]].sum().loc[shown[unit]]
    table = pd.DataFrame(
        {
            unit: shown[unit].to_numpy(),
            **{c: shown[c].to_numpy() for c in item.averages},
            item.occasion: shown[item.occasion].to_numpy(),
            "n_trials": shown[item.trials].to_numpy(),
            "raw": (shown[item.outcome] / shown[item.trials]).to_numpy(),
            "raw_all": (seen[item.outcome] / seen[item.trials]).to_numpy(),
        }
    ).assign(**columns("pooled", shares[:, rows]), reliability=_reliability(fit, rows))
    moved = (table["raw"] - table["pooled_mean"]).abs()
    far = table.iloc[int(moved.argmax())]
    sentence = (
        f"Pooling moves {far[unit]} most, from {far['raw']:.3f} to {far['pooled_mean']:.3f}, with "
        f"{int(far['n_trials']):,} {item.trials}. The median reliability of one {unit} is "
        f"{table['reliability'].median():.2f}."
    )
    words = {
        "n_trials": item.trials, "raw": "raw share", "raw_all": "raw share, all occasions",
        **headings("pooled", "partially pooled share"), "reliability": "reliability",
    }  # fmt: skip
    notes = (
        (
            "The last occasion on which the unit's counts are known. In alphabetical order: this "
            "is not a league table, and most units cannot be told from the average."
        ),
        (
            "Reliability is 1 - Var(unit's effects | data) ÷ Var(unit's effects): how much of the "
            "estimate is the unit's own evidence, from all occasions."
        ),
    )
    title = f"Each {unit}, raw and partially pooled"
    return Estimate("units", title, sentence, table, words, notes)


def _reliability(fit: FormulaFit, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> FloatArray:
    """Return 1 - Var(effects | data) / E(variance between units), within 0 to 1."""
    draws = fit.posterior
    effects = np.zeros((draws.size, len(rows)))
    variance = np.zeros(len(rows))
    for term in fit.terms:
        if is_coarse(fit, term.factor):
            continue
        effects += term.in_rows(draws)[:, rows]
        variance += [term.covariance(draws, rows[[k]], rows[[k]]).mean() for k in range(len(rows))]
    return np.clip(1.0 - effects.var(axis=0) / np.maximum(variance, 1e-12), 0.0, 1.0)
