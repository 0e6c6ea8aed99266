"""Outcomes drawn again from the posterior, for the same homes or for new ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binom

from bayescich.checks.censoring import Censoring, all_spells
from bayescich.checks.levels import cells, exchangeable_groups, home_group, pieces
from bayescich.checks.places import Places, Replay
from bayescich.checks.spells import Spells, from_their_start, in_cells
from bayescich.checks.walk import Replicates, replicate_spells
from bayescich.design.core import Design, Factor, IntArray
from bayescich.model.base import Likelihood
from bayescich.model.draws import Draws, FloatArray
from bayescich.model.likelihoods.ordinal import OrdinalLikelihood
from bayescich.model.likelihoods.responses import ResponseLikelihood
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
        it asks whether the spread between homes is right, not only each home's own level. Of
        spells, new homes take as many as fill the time of the observed ones
        (:mod:`bayescich.checks.places`); what they are in sum stands at the spells' own rows.

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
    spells = all_spells(fit)
    everyone = np.arange(spells.size)
    for draws, replay in _replays(fit, likelihood, spells, rng, new_homes):
        yield draws, replay(everyone)


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
        group = home_group(structure, design)
        if new_homes and group is not None:
            yield from _filled_homes(fit, likelihood, design.factor(group.column), rng)
            return
        whole = from_their_start(design)
        for _, drawn in replicated_spells(fit, likelihood, rng):
            events = drawn.events_by_piece()
            yield Outcome(events, events * whole, drawn.years_by_piece() * whole)
        return
    sizes = likelihood.summary_denominator(design)[None, :]
    for draws in pieces(fit.posterior.thin(DRAWS), cells(design)):
        chosen = _in_new_homes(fit, draws, rng) if new_homes else draws
        eta = structure.linear_predictor(chosen, design)
        values = likelihood.replicate(chosen, eta, design, rng)
        yield Outcome(values, _counted(likelihood, values, design), sizes)


def _replays(
    fit: Fit,
    likelihood: HazardTimes,
    spells: Spells,
    rng: np.random.Generator,
    new_homes: bool,
) -> Iterator[tuple[Draws, Replay]]:
    """Return what draws some of the spells again, a piece of the draws at a time."""
    structure, design = fit.structure, fit.design
    censoring = Censoring.other(spells)
    for draws in pieces(fit.posterior.thin(DRAWS), cells(design)):
        # the children stay the same: their frailty was learnt in the homes they lived in
        lived = structure.linear_predictor(draws, design)
        frailty = likelihood.frailties(draws, lived, design, rng)[:, spells.rows[spells.first]]
        eta = lived
        if new_homes:
            eta = structure.linear_predictor(_in_new_homes(fit, draws, rng), design)

        def replay(
            which: IntArray, draws: Draws = draws, eta: FloatArray = eta, of: FloatArray = frailty
        ) -> Replicates:
            some = spells.take(which)
            limit = censoring.potential(some, rng)
            own = eta[..., some.rows]
            return replicate_spells(likelihood, draws, own, of[:, which], some, limit, rng)

        yield draws, replay


def _filled_homes(
    fit: Fit, likelihood: HazardTimes, homes: Factor, rng: np.random.Generator
) -> Iterator[Outcome]:
    spells = all_spells(fit)
    places = Places.of(spells, homes)
    rows = spells.rows[spells.last[places.who]]
    for _, replay in _replays(fit, likelihood, spells, rng, new_homes=True):
        found = places.filled(replay, rng)
        counts, sizes = (np.zeros((len(values), fit.design.rows)) for values in found)
        counts[:, rows], sizes[:, rows] = found
        yield Outcome(counts, counts, sizes)


def _in_new_homes(fit: Fit, draws: Draws, rng: np.random.Generator) -> Draws:
    replaced = tuple(g.column for g in exchangeable_groups(fit.structure))
    return fit.structure.with_new_levels(draws, replaced, rng)


def _counted(likelihood: Likelihood, values: FloatArray, design: Design) -> FloatArray:
    if isinstance(likelihood, OrdinalLikelihood):
        return (values >= likelihood.good_from).astype(np.float64)
    if isinstance(likelihood, ResponseLikelihood):
        return likelihood.counted(values, design)
    return values
