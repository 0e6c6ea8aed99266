"""Outcomes drawn again from the posterior, for the same homes or for new ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binom

from bayescich.checks.censoring import Censoring, all_spells
from bayescich.checks.levels import cells, exchangeable_groups, pieces
from bayescich.checks.spells import from_their_start, in_cells
from bayescich.checks.walk import Replicates, replicate_spells
from bayescich.model.base import Likelihood
from bayescich.model.draws import Draws, FloatArray
from bayescich.model.likelihoods.ordinal import OrdinalLikelihood
from bayescich.model.likelihoods.times import HazardTimes
from bayescich.sampling.fit import Fit

DRAWS = 200
"""Posterior draws replicated: a tail probability is good to about 0.01 at its own limit."""

P_LIMITS = (0.01, 0.99)
"""A Bayesian p-value outside says that the model hardly ever makes data like these."""


@dataclass(frozen=True)
class Outcome:
    """Outcomes of every row, observed (one sample) or replicated."""

    values: FloatArray
    """As ``likelihood.observed`` gives them, shape (samples, rows)."""
    counts: FloatArray
    """What is summed for the crude rate, shape (samples, rows)."""
    sizes: FloatArray
    """What it is divided by, shape (samples or 1, rows)."""


Statistics = Callable[[Outcome], Mapping[str, FloatArray]]
"""From outcomes to named statistics, each with the samples as first axis."""


def observed(fit: Fit) -> Outcome:
    """Return the outcomes that were observed, as one sample.

    Spells that were already under way when observation began are given no size and no count, here
    and in :func:`replicated`: they cannot be drawn again.
    """
    likelihood, design = fit.structure.likelihood, fit.design
    counts = likelihood.summary_numerator(design)[None, :]
    sizes = likelihood.summary_denominator(design)[None, :]
    if isinstance(likelihood, HazardTimes) and not in_cells(design):
        whole = from_their_start(design)
        counts, sizes = counts * whole, sizes * whole
    return Outcome(likelihood.observed(design)[None, :], counts, sizes)


def replicated(
    fit: Fit, statistics: Statistics, rng: np.random.Generator, *, new_homes: bool = False
) -> dict[str, FloatArray]:
    """Return statistics of replicated outcomes, a piece of the draws at a time.

    Spells are drawn again whole. Where rows are cells of many spells these cannot be: events are
    then Poisson counts over the observed time at risk.

    Parameters
    ----------
    fit : Fit
    statistics : callable
    rng : Generator
    new_homes : bool
        Exchange homes and providers for new ones of the same population. This is the harder test:
        it asks whether the spread between homes is right, not only each home's own level.

    Returns
    -------
    dict of array
        Each with first axis of up to 200 samples.
    """
    return gathered(statistics(outcome) for outcome in _outcomes(fit, rng, new_homes))


def replicated_spells(
    fit: Fit, likelihood: HazardTimes, rng: np.random.Generator, *, new_homes: bool = False
) -> Iterator[tuple[Draws, Replicates]]:
    """Draw all spells of the same children again, a piece of the draws at a time."""
    structure, design = fit.structure, fit.design
    spells = all_spells(fit)
    censoring = Censoring.other(spells)
    for draws in pieces(fit.posterior.thin(DRAWS), cells(design)):
        # the children stay the same: their frailty was learnt in the homes they lived in
        lived = structure.linear_predictor(draws, design)
        frailty = likelihood.frailties(draws, lived, design, rng)[:, spells.rows[spells.first]]
        eta = lived
        if new_homes:
            eta = structure.linear_predictor(_in_new_homes(fit, draws, rng), design)
        limit = censoring.potential(spells, rng)
        yield draws, replicate_spells(likelihood, draws, eta, frailty, spells, limit, rng)


def gathered(found: Iterator[Mapping[str, FloatArray]]) -> dict[str, FloatArray]:
    """Join statistics of several pieces of the draws."""
    collected: dict[str, list[FloatArray]] = {}
    for statistics in found:
        for name, values in statistics.items():
            collected.setdefault(name, []).append(values)
    return {name: np.concatenate(values) for name, values in collected.items()}


def tail_probability(seen: FloatArray | float, draws: FloatArray) -> FloatArray:
    """Return the Bayesian p-value P(replicated > observed), ties counted half.

    Examples
    --------
    >>> float(tail_probability(2.0, np.array([1.0, 2.0, 3.0, 3.0])))
    0.625
    """
    equal = np.isclose(draws, seen, rtol=1e-12, atol=0.0)
    above = (draws > seen) & ~equal
    return np.asarray(np.mean(above, axis=0) + 0.5 * np.mean(equal, axis=0))


def compare(seen: FloatArray | float, draws: FloatArray) -> pd.DataFrame:
    """Set observed statistics beside replicated ones.

    Returns
    -------
    DataFrame
        Columns observed, mean, q05, q95, p_value; one row per statistic.
    """
    values = np.atleast_1d(np.asarray(seen, dtype=np.float64)).ravel()
    columns = draws.reshape(len(draws), -1)
    low, high = np.quantile(columns, [0.05, 0.95], axis=0)
    return pd.DataFrame(
        {
            "observed": values,
            "mean": columns.mean(axis=0),
            "q05": low,
            "q95": high,
            "p_value": tail_probability(values, columns),
        }
    )


def outside(p_values: pd.Series[float]) -> int:
    """Count the p-values outside :data:`P_LIMITS`."""
    return int((~p_values.between(*P_LIMITS)).sum())


def allowed_outside(count: int) -> int:
    """Return how many of so many p-values chance alone puts outside, in 99 of 100 fits.

    For checks of dozens of statistics; where there are a few, none may be.

    Examples
    --------
    >>> allowed_outside(40), allowed_outside(150)
    (3, 8)
    """
    return int(binom.ppf(0.99, count, 2.0 * P_LIMITS[0]))


def _outcomes(fit: Fit, rng: np.random.Generator, new_homes: bool) -> Iterator[Outcome]:
    structure, design = fit.structure, fit.design
    likelihood = structure.likelihood
    if isinstance(likelihood, HazardTimes) and not in_cells(design):
        whole = from_their_start(design)
        for _, drawn in replicated_spells(fit, likelihood, rng, new_homes=new_homes):
            events = drawn.events_by_piece()
            yield Outcome(events, events * whole, drawn.years_by_piece() * whole)
        return
    sizes = likelihood.summary_denominator(design)[None, :]
    for draws in pieces(fit.posterior.thin(DRAWS), cells(design)):
        chosen = _in_new_homes(fit, draws, rng) if new_homes else draws
        eta = structure.linear_predictor(chosen, design)
        values = likelihood.replicate(chosen, eta, design, rng)
        yield Outcome(values, _counted(likelihood, values), sizes)


def _in_new_homes(fit: Fit, draws: Draws, rng: np.random.Generator) -> Draws:
    replaced = tuple(g.column for g in exchangeable_groups(fit.structure))
    return fit.structure.with_new_levels(draws, replaced, rng)


def _counted(likelihood: Likelihood, values: FloatArray) -> FloatArray:
    if isinstance(likelihood, OrdinalLikelihood):
        return (values >= likelihood.good_from).astype(np.float64)
    return values
