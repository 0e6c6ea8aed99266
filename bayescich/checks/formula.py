"""May we believe a model with a formula? The same gates, and its own replicated counts.

Counts are drawn again for the same units and for new ones of the same population: the first asks
whether the course of the years is right, the second whether the spread between units and what
lasts of it is.

References
----------
Gabry et al. (2019), Visualization in Bayesian workflow, JRSS A 182; Gelman, Meng & Stern (1996),
Posterior predictive assessment, Statistica Sinica 6.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayescich.checks.convergence import convergence_checks
from bayescich.checks.core import Check, Status
from bayescich.checks.prior_predictive import EXTREME, EXTREME_SHARE_LIMIT, NARROW_LIMIT
from bayescich.checks.replicates import DRAWS, P_LIMITS, allowed_outside, compare, outside
from bayescich.model.draws import FloatArray
from bayescich.sampling.formula_fit import FormulaFit

IntArray = npt.NDArray[np.int64]

FEWEST = 20
"""Units seen on two occasions from which a correlation between the two is looked at."""


def run_formula_checks(fit: FormulaFit, seed: int) -> tuple[Check, ...]:
    """Run every check of a model with a formula.

    Parameters
    ----------
    fit : FormulaFit
    seed : int
        Each check draws from a stream of its own.

    Returns
    -------
    tuple of Check
    """
    return (
        prior_shares(fit),
        *convergence_checks(fit),
        shares(fit, np.random.default_rng([seed, 1])),
        between_units(fit, np.random.default_rng([seed, 2])),
        _left_out(fit),
    )


def prior_shares(fit: FormulaFit) -> Check:
    """Compare the shares that the priors alone expect with those the data have made of it."""
    title = "What the priors expect of the outcome"
    if "prior" not in fit.tree:
        words = "No draws from the prior were kept."
        return Check("prior_outcome", title, "prior", "not applicable", words)
    few = fit.posterior.thin(DRAWS)
    before, after = fit.probabilities(fit.prior.thin(DRAWS)), fit.probabilities(few)
    low, high = np.quantile(before, [0.05, 0.95])
    extreme = float(np.mean((before < EXTREME) | (before > 1 - EXTREME)))
    ok = extreme <= EXTREME_SHARE_LIMIT and high - low >= NARROW_LIMIT
    quantity = f"share with {fit.spec.report.outcome_name}"
    sentence = (
        f"Before the data, the {quantity} in one row lies between {low:.2f} and {high:.2f} (90% "
        f"interval); {extreme:.0%} of the belief is below 1% or above 99%."
    )
    row: dict[str, object] = {"quantity": quantity}
    for when, values in (("prior", before), ("posterior", after)):
        ends = np.quantile(values, [0.05, 0.5, 0.95])
        names = ("q05", "median", "q95")
        row |= {f"{when}_{name}": end for name, end in zip(names, ends, strict=True)}
    return Check(
        "prior_outcome", title, "prior", _status(ok), sentence, table=pd.DataFrame([row]),
        series={"prior": before.ravel(), "posterior": after.ravel()},
    )  # fmt: skip


def shares(fit: FormulaFit, rng: np.random.Generator) -> Check:
    """Compare the share of all trials, overall and on each occasion, with replicated ones."""
    labels = fit.table[fit.item.occasion]
    occasions = sorted(labels.unique())
    chosen = [np.arange(fit.rows), *(np.flatnonzero(labels == o) for o in occasions)]
    trials = fit.table[fit.item.trials].to_numpy()

    def statistics(counts: IntArray) -> FloatArray:
        return np.stack([counts[:, c].sum(axis=1) / trials[c].sum() for c in chosen], axis=1)

    seen = statistics(fit.table[fit.item.outcome].to_numpy()[None])
    draws = np.concatenate([statistics(counts) for counts in replicated(fit, rng)])
    table = compare(seen, draws)
    table.insert(0, "level", ["all", *map(str, occasions)])
    wrong = outside(table["p_value"])
    top = table.iloc[0]
    sentence = (
        f"Observed share with {fit.spec.report.outcome_name}: {top['observed']:.3f}; the model "
        f"makes {top['q05']:.3f} to {top['q95']:.3f} (90%). {wrong} of {len(table)} shares lie "
        "outside what it makes in 98 of 100 replicates."
    )
    return Check(
        "ppc_rates", "Shares, observed and replicated", "predictive", _status(wrong == 0),
        sentence, value=float(wrong), limit=0.0, table=table, series={"replicated": draws},
    )  # fmt: skip


def between_units(fit: FormulaFit, rng: np.random.Generator) -> Check:
    """Compare spread and lasting differences between units with those of new units."""
    matrix = unit_matrix(fit)
    labels = [str(o) for o in sorted(fit.table[fit.item.occasion].unique())]
    pairs = _pairs(matrix)
    seen = _statistics(fit, fit.table[fit.item.outcome].to_numpy()[None], matrix, pairs)
    made = [_statistics(fit, counts, matrix, pairs) for counts in replicated(fit, rng, new=True)]
    table = compare(seen, np.concatenate(made))
    unit = fit.spec.unit
    correlated = [f"correlation, {labels[a]} and {labels[b]}" for a, b in pairs]
    table.insert(0, "statistic", [f"SD of shares, {label}" for label in labels] + correlated)
    wrong, allowed = outside(table["p_value"]), allowed_outside(len(table))
    sentence = (
        f"Raw shares of new levels of '{unit}': how far they spread on each occasion and how they "
        f"go together on two. {wrong} of {len(table)} statistics have a p-value outside "
        f"{P_LIMITS[0]} to {P_LIMITS[1]}; by chance up to {allowed} may."
    )
    return Check(
        "ppc_units", f"Differences between levels of '{unit}', observed and replicated",
        "predictive", _status(wrong <= allowed), sentence, value=float(wrong),
        limit=float(allowed), table=table, series={"replicated": np.concatenate(made)},
    )  # fmt: skip


def replicated(
    fit: FormulaFit, rng: np.random.Generator, *, new: bool = False
) -> Iterator[IntArray]:
    """Draw the counts of all rows again, for these units or for new ones.

    A group of which each level is one unit's, or one row's, gets new levels; coarser ones, such
    as regions, are a fixed set and stay.
    """
    draws = fit.posterior.thin(DRAWS)
    if new:
        for term in fit.terms:
            if not is_coarse(fit, term.factor):
                draws = term.fresh(draws, rng)
    yield rng.binomial(fit.table[fit.item.trials].to_numpy(), fit.probabilities(draws))


def is_coarse(fit: FormulaFit, factor: str) -> bool:
    """Return whether the levels of a column hold several units each, as regions do."""
    units = fit.table.groupby(factor, observed=True)[fit.spec.unit].nunique()
    return bool((units > 1).any())


def unit_matrix(fit: FormulaFit) -> IntArray:
    """Return the row of each unit on each occasion, -1 where there is none: (units, occasions)."""
    rows = pd.Series(np.arange(fit.rows), index=fit.table.index)
    by = [fit.table[fit.spec.unit], fit.table[fit.item.occasion]]
    # made from the groups' sorted labels, so that occasions stand in their order
    matrix = rows.groupby(by).first().unstack(fill_value=-1)  # noqa: PD010 (a series has no other)
    return matrix.sort_index(axis="columns").to_numpy().astype(np.int64)


def _pairs(matrix: IntArray) -> list[tuple[int, int]]:
    """Return the pairs of occasions on which enough units were seen."""
    there = (matrix >= 0).astype(np.int64)
    both = there.T @ there
    return [(a, b) for a, b in combinations(range(matrix.shape[1]), 2) if both[a, b] >= FEWEST]


def _statistics(
    fit: FormulaFit, counts: IntArray, matrix: IntArray, pairs: list[tuple[int, int]]
) -> FloatArray:
    """Return SDs between units by occasion, then correlations by pair; (samples, statistics)."""
    trials = fit.table[fit.item.trials].to_numpy()
    found = []
    for column in matrix.T:
        rows = column[column >= 0]
        rate = counts[:, rows].sum(axis=1, keepdims=True) / trials[rows].sum()
        excess = counts[:, rows] - rate * trials[rows]
        found.append(np.sqrt((excess**2).sum(axis=1) / (trials[rows] ** 2).sum()))
    for one, other in pairs:
        rows = matrix[(matrix[:, one] >= 0) & (matrix[:, other] >= 0)]
        found.append(
            _correlation(*(counts[:, rows[:, k]] / trials[rows[:, k]] for k in (one, other)))
        )
    return np.stack(found, axis=1)


def _correlation(one: FloatArray, other: FloatArray) -> FloatArray:
    a, b = (x - x.mean(axis=1, keepdims=True) for x in (one, other))
    norms = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return np.asarray((a * b).sum(axis=1) / np.maximum(norms, 1e-12))


def _left_out(fit: FormulaFit) -> Check:
    words = (
        f"One '{fit.spec.unit}' has several effects of its own here; leaving it out would mean "
        "integrating all of them out, which is not done for models with a formula."
    )
    title = "Cross-validation (PSIS-LOO)"
    return Check("loo", title, "comparison", "not applicable", words)


def _status(passed: bool) -> Status:
    return "passed" if passed else "failed"
