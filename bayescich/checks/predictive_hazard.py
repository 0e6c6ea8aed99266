"""Posterior predictive checks of a hazard: events by time, survival of first spells, moves a child.

References
----------
Gelman et al. (2020), Bayesian workflow; Kleiber & Zeileis (2016), Visualizing count data
regressions using rootograms, The American Statistician 70.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayescich.checks.careers import Careers, followed
from bayescich.checks.core import Check
from bayescich.checks.levels import pieces
from bayescich.checks.replicates import DRAWS, compare, outside
from bayescich.checks.spells import Censoring, kaplan_meier, replicate_spells
from bayescich.model.draws import FloatArray
from bayescich.model.likelihoods.hazard import HazardLikelihood
from bayescich.sampling.fit import Fit

IntArray = npt.NDArray[np.int64]

READ_AT = (28, 91, 182, 365, 730)
"""Days at which survival is compared."""

GRID_POINTS = 200

MOST_MOVES = 6
"""Children with this many moves or more are counted together."""

MOST_NAMED = 4
"""No move to three moves: the cells that can fail the check."""


def hazard_checks(fit: Fit, rng: np.random.Generator) -> tuple[Check, ...]:
    """Return ``ppc_bands``, ``ppc_survival`` and ``ppc_moves`` for a hazard, nothing for others."""
    likelihood = fit.structure.likelihood
    if not isinstance(likelihood, HazardLikelihood):
        return ()
    careers = Careers.of(fit, likelihood)
    return (
        events_by_band(fit, likelihood, rng),
        survival(fit, likelihood, careers, rng),
        moves(fit, likelihood, careers, rng),
    )


def events_by_band(fit: Fit, likelihood: HazardLikelihood, rng: np.random.Generator) -> Check:
    """Compare the number of events in each duration band, given the observed time at risk."""
    design = fit.design
    event, band = design.outcome["event"], design.outcome["event_band"]
    seen = np.bincount(band, event, len(likelihood.cuts) + 1)
    draws = []
    for piece in pieces(fit.posterior.thin(DRAWS), design.rows):
        eta = fit.structure.linear_predictor(piece, design)
        risk = likelihood.frailties(piece, eta, design, rng) * np.exp(eta)
        draws.append(rng.poisson(np.exp(piece["baseline"]) * (risk @ design.outcome["exposure"])))
    replicates = np.concatenate(draws).astype(np.float64)
    table = compare(seen, replicates)
    table.insert(0, "years", design.outcome["exposure"].sum(axis=0))
    table.insert(0, "band", design.coords["band"])
    wrong = outside(table["p_value"])
    sentence = (
        f"In {len(table) - wrong} of {len(table)} bands of time since the start of the placement "
        f"the number of {likelihood.event_name}s is such as the model makes."
    )
    return _check("ppc_bands", "Events by time in the home", sentence, table, wrong,
                  {"replicated": replicates})  # fmt: skip


def survival(
    fit: Fit, likelihood: HazardLikelihood, careers: Careers, rng: np.random.Generator
) -> Check:
    """Compare Kaplan-Meier curves of each child's first spell with those of new children."""
    name, title = "ppc_survival", "Time to the first move, observed and replicated"
    if not careers.size:
        return _nothing_to_replay(name, title)
    first = careers.row(0)
    days = fit.design.outcome["follow_up"][first].astype(np.float64)
    event = fit.design.outcome["event"][first].astype(np.int64)
    grid = np.unique(np.linspace(0, days.max(), GRID_POINTS).astype(np.int64))
    grid = np.union1d(grid, [day for day in READ_AT if day <= days.max()])
    draws = _replicated_curves(fit, likelihood, first, grid, rng)
    seen = kaplan_meier(np.ceil(days)[None, :], event[None, :].astype(float), grid)
    read = np.isin(grid, READ_AT)
    table = compare(seen[:, read], draws[:, read])
    table.insert(0, "day", grid[read])
    wrong = outside(table["p_value"])
    low, middle, high = np.quantile(draws, [0.05, 0.5, 0.95], axis=0)
    sentence = _survival_sentence(table, careers)
    series = {
        "day": grid.astype(float), "observed": seen[0], "q05": low, "median": middle, "q95": high,
    }  # fmt: skip
    return _check(name, title, sentence, table, wrong, series)


def moves(
    fit: Fit, likelihood: HazardLikelihood, careers: Careers, rng: np.random.Generator
) -> Check:
    """Compare the number of moves per child with that of new children (data of a rootogram)."""
    name, title = "ppc_moves", f"{likelihood.event_name.capitalize()}s per child"
    if not careers.size:
        return _nothing_to_replay(name, title)
    seen = _children_with(careers.total(fit.design.outcome["event"])[None, :])
    draws = np.concatenate(
        [
            _children_with(followed(fit, likelihood, careers, piece, rng))
            for piece in pieces(fit.posterior.thin(DRAWS), fit.design.rows)
        ]
    )
    table = compare(seen, draws)
    table.insert(0, "moves", [*map(str, range(MOST_MOVES)), f"{MOST_MOVES}+"])
    # the first cells carry the question: do enough children never move, and enough move often?
    wrong = outside(table["p_value"].iloc[:MOST_NAMED])
    none = table.iloc[0]
    sentence = (
        f"{none['observed']:,.0f} of {careers.size:,} children had no {likelihood.event_name}; "
        f"of as many new children the model makes {none['q05']:,.0f} to {none['q95']:,.0f} (90%)."
    )
    return _check(name, title, sentence, table, wrong, {"replicated": draws})


def _replicated_curves(
    fit: Fit,
    likelihood: HazardLikelihood,
    first: IntArray,
    grid: IntArray,
    rng: np.random.Generator,
) -> FloatArray:
    design = fit.design
    days = design.outcome["follow_up"][first].astype(np.float64)
    event = design.outcome["event"][first].astype(np.int64)
    censoring = Censoring.learn(days, event)
    curves = []
    for piece in pieces(fit.posterior.thin(DRAWS), design.rows):
        eta = fit.structure.linear_predictor(piece, design)[:, first]
        frailty = likelihood.new_frailties(piece, design, rng)[:, first]
        limit = censoring.draw(days, event, rng)
        moved, ends = replicate_spells(likelihood, piece, eta, frailty, limit, rng)
        curves.append(kaplan_meier(np.ceil(ends), moved, grid))
    return np.concatenate(curves)


def _children_with(moves_each: FloatArray) -> FloatArray:
    capped = np.minimum(moves_each, MOST_MOVES)
    counts = [(capped == k).sum(axis=1) for k in range(MOST_MOVES + 1)]
    return np.stack(counts, axis=1).astype(np.float64)


def _survival_sentence(table: pd.DataFrame, careers: Careers) -> str:
    late = table.iloc[-1]
    without = f" Left out, under way at first sight: {careers.left_out:,}." * bool(careers.left_out)
    return (
        f"Of {careers.size:,} first spells {late['observed']:.0%} last {late['day']:.0f} days "
        f"(Kaplan-Meier); for new children the model makes {late['q05']:.0%} to "
        f"{late['q95']:.0%} (90%).{without}"
    )


def _nothing_to_replay(name: str, title: str) -> Check:
    sentence = "Every child had a spell that was already under way when observation began."
    return Check(name, title, "predictive", "not applicable", sentence)


def _check(
    name: str,
    title: str,
    sentence: str,
    table: pd.DataFrame,
    wrong: int,
    series: Mapping[str, FloatArray],
) -> Check:
    return Check(
        name, title, "predictive", "failed" if wrong else "passed", sentence,
        value=float(wrong), limit=0.0, table=table, series=series,
    )  # fmt: skip
