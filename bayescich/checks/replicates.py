"""Outcomes drawn again from the posterior, for the same homes or for new ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayescich.checks.levels import exchangeable_groups, pieces
from bayescich.checks.spells import Censoring, from_their_start, replicate_spells, years
from bayescich.model.base import Likelihood
from bayescich.model.draws import Draws, FloatArray
from bayescich.model.likelihoods.hazard import HazardLikelihood
from bayescich.model.likelihoods.ordinal import OrdinalLikelihood
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
    if isinstance(likelihood, HazardLikelihood):
        whole = from_their_start(design)
        counts, sizes = counts * whole, sizes * whole
    return Outcome(likelihood.observed(design)[None, :], counts, sizes)


def replicated(
    fit: Fit, statistics: Statistics, rng: np.random.Generator, *, new_homes: bool = False
) -> dict[str, FloatArray]:
    """Return statistics of replicated outcomes, a piece of the draws at a time.

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
    collected: dict[str, list[FloatArray]] = {}
    for outcome in _outcomes(fit, rng, new_homes):
        for name, values in statistics(outcome).items():
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


def _outcomes(fit: Fit, rng: np.random.Generator, new_homes: bool) -> Iterator[Outcome]:
    structure, design = fit.structure, fit.design
    likelihood = structure.likelihood
    replaced = tuple(g.column for g in exchangeable_groups(structure)) if new_homes else ()
    sizes = likelihood.summary_denominator(design)[None, :]
    for draws in pieces(fit.posterior.thin(DRAWS), design.rows):
        fresh = structure.with_new_levels(draws, replaced, rng)
        eta = structure.linear_predictor(fresh, design)
        if isinstance(likelihood, HazardLikelihood):
            yield _spells(fit, likelihood, draws, eta, rng)
        else:
            values = likelihood.replicate(fresh, eta, design, rng)
            yield Outcome(values, _counted(likelihood, values), sizes)


def _spells(
    fit: Fit,
    likelihood: HazardLikelihood,
    draws: Draws,
    eta: FloatArray,
    rng: np.random.Generator,
) -> Outcome:
    design = fit.design
    # the children stay the same: their frailty was learnt in the homes they lived in
    lived = fit.structure.linear_predictor(draws, design)
    frailty = likelihood.frailties(draws, lived, design, rng)
    days, event = design.outcome["follow_up"].astype(np.float64), design.outcome["event"]
    moved = event.astype(np.int64)
    censored_at = Censoring.learn(days, moved).draw(days, moved, rng)
    events, ends = replicate_spells(likelihood, draws, eta, frailty, censored_at, rng)
    whole = from_their_start(design)
    return Outcome(events, events * whole, years(ends) * whole)


def _counted(likelihood: Likelihood, values: FloatArray) -> FloatArray:
    if isinstance(likelihood, OrdinalLikelihood):
        return (values >= likelihood.good_from).astype(np.float64)
    return values
