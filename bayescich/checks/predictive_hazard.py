"""Posterior predictive checks of a hazard: events by time, first spells, events after events.

References
----------
Gelman et al. (2020), Bayesian workflow; Andersen, Borgan, Gill & Keiding (1993), Statistical Models
Based on Counting Processes (what is expected of a spell given all that came before it).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from bayescich.checks.careers import Careers, drawn_in_turn
from bayescich.checks.censoring import Censoring
from bayescich.checks.core import Check
from bayescich.checks.curves import kaplan_meier
from bayescich.checks.levels import cells, pieces
from bayescich.checks.replicates import DRAWS, compare, outside
from bayescich.checks.spells import Spells, in_cells
from bayescich.checks.walk import Replicates, replicate_spells
from bayescich.design.core import Design, Factor, FloatArray, IntArray
from bayescich.model.draws import Draws
from bayescich.model.effects.baseline import log_baseline
from bayescich.model.likelihoods.competing import CompetingLikelihood
from bayescich.model.likelihoods.hazard import HazardLikelihood
from bayescich.model.likelihoods.times import HazardTimes
from bayescich.sampling.fit import Fit

READ_AT = (28, 91, 182, 365, 730)
"""Days at which survival is compared."""

GRID_POINTS = 200

MOST_MOVES = 6
"""Spells after this many moves or more are counted together."""

MOST_NAMED = 4
"""After no move to three moves: the groups that can fail the check."""


def hazard_checks(fit: Fit, rng: np.random.Generator) -> tuple[Check, ...]:
    """Return ``ppc_bands``, ``ppc_survival`` and ``ppc_moves`` for a hazard, nothing for others.

    Of competing routes bands and moves are those of all routes together; their survival is part
    of the incidence (:mod:`bayescich.checks.predictive_routes`).
    """
    likelihood = fit.structure.likelihood
    if not isinstance(likelihood, HazardLikelihood | CompetingLikelihood):
        return ()
    careers = None if in_cells(fit.design) else Careers.of(fit, likelihood)
    checks = [events_by_band(fit, likelihood, rng)]
    if isinstance(likelihood, HazardLikelihood):
        checks.append(survival(fit, likelihood, careers, rng))
    return (*checks, moves(fit, likelihood, careers, rng))


def events_by_band(
    fit: Fit, likelihood: HazardLikelihood | CompetingLikelihood, rng: np.random.Generator
) -> Check:
    """Compare the number of events in each duration band, given the observed time at risk."""
    design = fit.design
    event, band = design.outcome["event"], design.outcome["event_band"]
    seen = np.bincount(band, event, len(likelihood.cuts) + 1)
    draws = []
    for piece in pieces(fit.posterior.thin(DRAWS), cells(design)):
        expected = expected_by_band(fit, likelihood, piece, rng)
        draws.append(rng.poisson(expected.sum(axis=1)))
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


def expected_by_band(
    fit: Fit, likelihood: HazardTimes, draws: Draws, rng: np.random.Generator
) -> FloatArray:
    """Return expected events over the observed time at risk, (samples, routes or 1, bands).

    The frailties are those of the same children, drawn given their data.
    """
    design = fit.design
    eta = fit.structure.linear_predictor(draws, design)
    frailty = likelihood.frailties(draws, eta, design, rng)
    risk = np.exp(eta if eta.ndim == 3 else eta[:, None]) * frailty[:, None]
    rate = np.exp(log_baseline(draws))
    # (samples, baselines, bands, routes), also where there is one route
    rate = rate if rate.ndim == 4 else rate[..., None]
    found = np.zeros((draws.size, risk.shape[1], rate.shape[2]))
    for which in range(rate.shape[1]):
        rows = _of_stratum(design, which)
        years = risk[..., rows] @ design.outcome["exposure"][rows]
        found += np.moveaxis(rate[:, which], 2, 1) * years
    return found


def survival(
    fit: Fit, likelihood: HazardLikelihood, careers: Careers | None, rng: np.random.Generator
) -> Check:
    """Compare Kaplan-Meier curves of each child's first spell with those of new children."""
    title = f"Time to the first {likelihood.event_name}, observed and replicated"
    name = "ppc_survival"
    if careers is None or not careers.size:
        return nothing_followed(name, title, careers)
    spells = careers.spells.take(careers.spell(0))
    longest = spells.days.max()
    grid = np.unique(np.linspace(0, longest, GRID_POINTS).astype(np.int64))
    grid = np.union1d(grid, [day for day in READ_AT if day <= longest])

    def curve(drawn: Replicates) -> FloatArray:
        return kaplan_meier(np.ceil(drawn.days), drawn.event, grid)

    drawn = [curve(r) for _, r in new_children(fit, likelihood, spells, rng)]
    draws = np.concatenate(drawn)
    seen = kaplan_meier(np.ceil(spells.days)[None, :], spells.event[None, :].astype(float), grid)
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
    fit: Fit,
    likelihood: HazardLikelihood | CompetingLikelihood,
    careers: Careers | None,
    rng: np.random.Generator,
) -> Check:
    """Compare the number of moves after none, one, two, … with what the child's past foretells.

    This is what frailty is for: children who moved before move again sooner, and by how much is
    what its variance says. Each spell is drawn again given the child's earlier ones
    (:func:`bayescich.checks.careers.drawn_in_turn`).
    """
    event = likelihood.event_name
    name, title = "ppc_moves", f"{event.capitalize()}s by how many the child had before"
    if careers is None or not careers.size:
        return nothing_followed(name, title, careers)
    before = np.minimum(careers.earlier(careers.spells.event), MOST_MOVES).astype(np.int64)
    label = [*map(str, range(MOST_MOVES)), f"{MOST_MOVES}+"]
    cell = Factor("before", tuple(label), before)
    seen = cell.sums(careers.spells.event[careers.members][None, :].astype(np.float64))
    draws = np.concatenate(
        [
            cell.sums(drawn_in_turn(fit, likelihood, careers, piece, rng).event)
            for piece in pieces(fit.posterior.thin(DRAWS), cells(fit.design))
        ]
    )
    table = compare(seen, draws).assign(spells=cell.counts())
    table.insert(0, f"{event}s before", label)
    # few children get further: do those who never moved, and those who did, move as foretold?
    wrong = outside(table["p_value"].iloc[:MOST_NAMED])
    sentence = _moves_sentence(table, event)
    return _check(name, title, sentence, table, wrong, {"replicated": draws})


def _moves_sentence(table: pd.DataFrame, event: str) -> str:
    def told(which: int) -> str:
        row = table.iloc[which]
        return (
            f"{row['observed']:,.0f} of {row['spells']:,.0f} (the model makes {row['q05']:,.0f} to "
            f"{row['q95']:,.0f}, 90%)"
        )

    return (
        f"Spells of children with no {event} before that ended by one: {told(0)}; with one "
        f"before: {told(1)}. Each is drawn again given the child's earlier spells."
    )


def new_children(
    fit: Fit, likelihood: HazardTimes, spells: Spells, rng: np.random.Generator
) -> Iterator[tuple[Draws, Replicates]]:
    """Draw these spells again, one a child, for new children in the same homes.

    Parameters
    ----------
    spells : Spells
        Of different children, each observed from its start.
    """
    censoring = Censoring.other(spells)
    for draws in pieces(fit.posterior.thin(DRAWS), cells(fit.design)):
        eta = fit.structure.linear_predictor(draws, fit.design)[..., spells.rows]
        frailty = likelihood.family.new(draws, spells.size, rng)
        limit = censoring.potential(spells, rng)
        yield draws, replicate_spells(likelihood, draws, eta, frailty, spells, limit, rng)


def _of_stratum(design: Design, which: int) -> IntArray:
    if "stratum" not in design.outcome:
        return np.arange(design.rows)
    return np.flatnonzero(design.outcome["stratum"] == which)


def _survival_sentence(table: pd.DataFrame, careers: Careers) -> str:
    late = table.iloc[-1]
    without = f" Left out, under way at first sight: {careers.left_out:,}." * bool(careers.left_out)
    return (
        f"Of {careers.size:,} first spells {late['observed']:.0%} last {late['day']:.0f} days "
        f"(Kaplan-Meier); for new children the model makes {late['q05']:.0%} to "
        f"{late['q95']:.0%} (90%).{without}"
    )


def nothing_followed(name: str, title: str, careers: Careers | None) -> Check:
    """Say why no child can be followed."""
    sentence = "Every child had a spell that was already under way when observation began."
    if careers is None:
        sentence = "Rows are cells of many spells, so that no child can be followed."
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
