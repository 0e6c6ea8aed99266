"""How far units lie apart on each occasion, and how much of it lasts.

A group of which each level is one unit's adds its variance. A coarser one, such as regions, is a
fixed set: it adds the variance of its own effects over the units that are there.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from bayescich.checks.formula import FEWEST, IntArray, is_coarse, unit_matrix
from bayescich.estimates.core import Estimate
from bayescich.estimates.summaries import columns, headings
from bayescich.model.draws import FloatArray
from bayescich.sampling.formula_fit import FormulaFit


def spread(fit: FormulaFit) -> Estimate:
    """Return ``spread``: SDs between units on each occasion, on the logit scale."""
    matrix = unit_matrix(fit)
    total = np.sqrt(between(fit, matrix))
    within = np.sqrt(between(fit, matrix, coarse=False))
    occasions = [str(o) for o in sorted(fit.table[fit.item.occasion].unique())]
    table = pd.DataFrame(
        {fit.item.occasion: occasions, "n_units": (matrix >= 0).sum(axis=0)}
    ).assign(**columns("sd", total))
    unit, coarse = fit.spec.unit, _coarse_names(fit)
    if coarse:
        table = table.assign(**columns("within", within))
    table = table.assign(**columns("fold", np.exp(1.96 * total)))
    last = table.iloc[-1]
    sentence = (
        f"In {last[fit.item.occasion]} one {unit} in twenty lies more than "
        f"{last['fold_mean']:.1f}-fold from the average in its odds: the SD on the logit scale is "
        f"{last['sd_mean']:.2f} (90% interval {last['sd_q05']:.2f} to {last['sd_q95']:.2f})."
    )
    words = {
        "n_units": f"{unit}: levels", **headings("sd", "SD on the logit scale"),
        **headings("within", f"the same within {coarse}"),
        **headings("fold", "95% range, as an odds ratio"),
    }  # fmt: skip
    title = f"How far one {unit} lies from another"
    return Estimate("spread", title, sentence, table, words)


def lasting(fit: FormulaFit) -> tuple[Estimate, ...]:
    """Return ``lasting``: how true shares on two occasions hang together, where there are two."""
    matrix, rows = unit_matrix(fit), []
    occasions = [str(o) for o in sorted(fit.table[fit.item.occasion].unique())]
    sd = np.sqrt(between(fit, matrix))
    for one, other in combinations(range(len(occasions)), 2):
        both = matrix[(matrix[:, one] >= 0) & (matrix[:, other] >= 0)]
        if len(both) < FEWEST:
            continue
        shared = _covariance(fit, both[:, one], both[:, other])
        correlation = shared / (sd[:, one] * sd[:, other])
        row = {"one": occasions[one], "other": occasions[other], "apart": other - one,
               "n_units": len(both)}  # fmt: skip
        rows.append(row | {k: float(v[0]) for k, v in columns("cor", correlation[:, None]).items()})
    # an effect that is the same on every occasion lasts by assumption, and nothing is learnt of it
    table = pd.DataFrame(rows, columns=None if rows else ["cor_q05"])
    if (table["cor_q05"] > 1 - 1e-9).all():
        return ()
    table = table.sort_values(["apart", "one"], ignore_index=True)
    near, far = table.iloc[0], table.iloc[-1]
    sentence = (
        f"Once chance is taken out, {near['one']} and {near['other']} go together by a correlation "
        f"of {near['cor_mean']:.2f} (90% interval {near['cor_q05']:.2f} to {near['cor_q95']:.2f}), "
        f"{far['one']} and {far['other']} by {far['cor_mean']:.2f} ({far['cor_q05']:.2f} to "
        f"{far['cor_q95']:.2f})."
    )
    words = {
        "one": fit.item.occasion, "other": "and", "apart": "occasions apart",
        "n_units": f"{fit.spec.unit}: levels in both",
        **headings("cor", "correlation, chance taken out"),
    }  # fmt: skip
    return (Estimate("lasting", "How much of it lasts", sentence, table, words),)


def between(fit: FormulaFit, matrix: IntArray, *, coarse: bool = True) -> FloatArray:
    """Return the variance between units on each occasion, shape (samples, occasions)."""
    parts = []
    for column in matrix.T:
        rows = column[column >= 0]
        parts.append(_covariance(fit, rows, rows, coarse=coarse))
    return np.stack(parts, axis=1)


def _covariance(
    fit: FormulaFit, one: IntArray, other: IntArray, *, coarse: bool = True
) -> FloatArray:
    draws, total = fit.posterior, np.zeros(fit.posterior.size)
    for term in fit.terms:
        if not is_coarse(fit, term.factor):
            total += term.covariance(draws, one, other)
        elif coarse:
            a, b = (term.in_rows(draws)[:, rows] for rows in (one, other))
            total += (a * b).mean(axis=1) - a.mean(axis=1) * b.mean(axis=1)
    return total


def _coarse_names(fit: FormulaFit) -> str:
    return ", ".join(dict.fromkeys(t.factor for t in fit.terms if is_coarse(fit, t.factor)))
