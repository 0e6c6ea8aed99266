"""Where children would go from each home type: standardised incidence of competing routes.

Everybody in each type in turn, in a new home of a new provider, as in
:mod:`bayescich.estimates.standardise`. With several routes the outcome depends on as many
predictors, so rows are not collapsed: in each draw a sample of spells is drawn in proportion to
their bootstrap weights, and each gets a fresh home and provider, whose effects on the routes belong
together as the model has it. All types share spells and homes, so that differences are not noise.

References
----------
Andersen, Geskus, de Witte & Putter (2012), Competing risks in epidemiology, International Journal
of Epidemiology 41; Andersen (2013), Decomposition of number of life years lost according to causes
of death, Statistics in Medicine 32; docs/methods.md section 2.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayescich.checks.levels import pieces
from bayescich.design.core import IntArray
from bayescich.estimates.core import Estimate
from bayescich.estimates.home_types import reference_level
from bayescich.estimates.standardise import (
    needs_in_type,
    new_home_groups,
    not_of_the_rows,
    population_of,
    standard_words,
    strata_in_type,
)
from bayescich.estimates.summaries import (
    columns,
    headings,
    probability_of_direction,
    reading,
)
from bayescich.estimates.type_effects import home_levels, home_type_of, type_word
from bayescich.model.draws import Draws, FloatArray
from bayescich.model.likelihoods.competing import CompetingLikelihood
from bayescich.sampling.fit import Fit

TIMES = (182, 365, 730)
LOST_TO = (365, 730)
DRAWS = 200
ROWS = 1000
"""Spells drawn in each posterior draw."""
_POINTS = 6
"""Points a band: the curve of an incidence is smooth within one."""


@dataclass(frozen=True)
class Incidence:
    """Draws of the standardised incidence; the last route is any of them."""

    types: tuple[str, ...]
    routes: tuple[str, ...]
    days: FloatArray
    """Shape (times,), from 0."""
    curve: FloatArray
    """Shape (samples, types, routes, times)."""

    def at(self, days: float) -> FloatArray:
        """Return the incidence by one day, (samples, types, routes)."""
        return self.curve[..., int(np.flatnonzero(self.days == days)[0])]

    def lost(self, days: float) -> FloatArray:
        """Return the mean days lost to each route by one day, (samples, types, routes)."""
        upto = self.days <= days
        return np.asarray(np.trapezoid(self.curve[..., upto], self.days[upto], axis=-1))


def any_word(fit: Fit) -> str:
    """Return what all routes together are called."""
    return f"any {fit.spec.report.outcome_name}"


def horizon_of(fit: Fit) -> int:
    """Return the day at which types are compared."""
    return fit.spec.report.horizon_days or 365


def incidence_by_type(fit: Fit, rng: np.random.Generator) -> Incidence:
    """Return the incidence of each route if all spells were in each home type.

    Parameters
    ----------
    fit : Fit
        Of a model with home types and competing routes.
    rng : Generator
        For the bootstrap, the spells and the new homes.
    """
    likelihood = fit.structure.likelihood
    assert isinstance(likelihood, CompetingLikelihood)
    days = _grid(likelihood.cuts, horizon_of(fit))
    routes = len(likelihood.routes)
    draws = fit.posterior.thin(DRAWS)
    cells = routes * max(fit.design.rows, ROWS * len(days))
    curve = np.concatenate(
        [_of_piece(fit, likelihood, piece, days, rng) for piece in pieces(draws, cells)]
    )
    started = np.concatenate([np.zeros_like(curve[..., :1]), curve], axis=-1)
    every = np.concatenate([started, started.sum(axis=2, keepdims=True)], axis=2)
    return Incidence(home_levels(fit), (*likelihood.routes, any_word(fit)), np.r_[0.0, days], every)


def incidence_estimates(fit: Fit, rng: np.random.Generator) -> tuple[Estimate, ...]:
    """Return ``incidence`` and ``incidence_curves`` for competing routes and home types."""
    likelihood = fit.structure.likelihood
    if fit.structure.home_type is None or not isinstance(likelihood, CompetingLikelihood):
        return ()
    found = incidence_by_type(fit, rng)
    reference = reference_level(fit, fit.design.factors[home_type_of(fit).column])
    return (_table(fit, found, reference), _curves(fit, found))


def _of_piece(
    fit: Fit,
    likelihood: CompetingLikelihood,
    draws: Draws,
    days: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Return the mean incidence by type, (samples, types, routes, times)."""
    population = population_of(fit)
    rows = systematic(population.weights(draws.size, rng), ROWS, rng)
    base = fit.structure.linear_predictor(draws, fit.design, not_of_the_rows(fit))
    eta = np.take_along_axis(base, rows[:, None, :], axis=2) + _new_homes(fit, draws, rng)
    effects = draws[home_type_of(fit).variable]
    found = []
    for kind in range(effects.shape[1]):
        own = eta + effects[:, kind, :, None]
        crossed = needs_in_type(fit, draws, kind)
        if crossed is not None:
            own = own + np.take_along_axis(crossed, rows[:, None, :], axis=2)
        found.append(_mean_incidence(fit, likelihood, draws, own, days, rows, kind))
    return np.stack(found, axis=1)


def _mean_incidence(
    fit: Fit,
    likelihood: CompetingLikelihood,
    draws: Draws,
    eta: FloatArray,
    days: FloatArray,
    rows: IntArray,
    kind: int,
) -> FloatArray:
    parts = strata_in_type(fit, np.arange(fit.design.rows), kind)
    if len(parts) == 1:
        return likelihood.incidence(draws, eta, days, parts[0][0]).mean(axis=2)
    total = np.zeros((*eta.shape[:2], len(days)))
    for stratum, members in parts:
        here = np.isin(rows, members)[:, None, :, None]
        total += (likelihood.incidence(draws, eta, days, stratum) * here).sum(axis=2)
    return total / rows.shape[1]


def _new_homes(fit: Fit, draws: Draws, rng: np.random.Generator) -> FloatArray:
    """Draw the summed effects of a new home and provider of each spell, (samples, routes, rows)."""
    shape = (draws.size, ROWS, len(fit.design.routes))
    total = np.zeros(shape)
    for group in new_home_groups(fit):
        # as many new levels as there are spells, each with its effects on all routes
        total += group.fresh(draws.replace(group.variable, np.zeros(shape)), rng)[group.variable]
    return np.moveaxis(total, 2, 1)


def systematic(weights: FloatArray, size: int, rng: np.random.Generator) -> IntArray:
    """Draw rows in proportion to their weights, evenly spread over them, (samples, size).

    Examples
    --------
    >>> drawn = systematic(np.array([[1.0, 0.0, 3.0]]), 8, np.random.default_rng(1))
    >>> np.bincount(drawn[0], minlength=3).tolist()
    [2, 0, 6]
    """
    passed = np.cumsum(weights, axis=1)
    places = (np.arange(size) + rng.random((len(weights), 1))) / size
    found = [
        np.searchsorted(own, place * own[-1], side="right")
        for own, place in zip(passed, places, strict=True)
    ]
    return np.stack(found).astype(np.int64)


def _grid(cuts: tuple[float, ...], horizon: int) -> FloatArray:
    last = max(*TIMES, *LOST_TO, horizon)
    edges = np.unique(np.r_[0.0, [c for c in cuts if c < last], TIMES, LOST_TO, horizon])
    steps = [np.linspace(a, b, _POINTS + 1)[1:] for a, b in itertools.pairwise(edges)]
    return np.concatenate(steps)


def _table(fit: Fit, found: Incidence, reference: int) -> Estimate:
    horizon, against = horizon_of(fit), found.types[reference]
    at_horizon, lost = found.at(horizon), {days: found.lost(days) for days in LOST_TO}
    rows = []
    for h, kind in enumerate(found.types):
        for m, route in enumerate(found.routes):
            difference = at_horizon[:, [h], m] - at_horizon[:, [reference], m]
            direction = probability_of_direction(difference)
            row: dict[str, object] = {"type": kind, "route": route}
            for days in TIMES:
                row |= _one(f"within_{days}", found.at(days)[:, [h], m])
            for days in LOST_TO:
                row |= _one(f"lost_{days}", lost[days][:, [h], m])
            row |= _one("diff", difference)
            row |= _one("lost_diff", lost[365][:, [h], m] - lost[365][:, [reference], m])
            row["pd"] = np.nan if h == reference else float(direction[0])
            row["reading"] = "reference" if h == reference else reading(float(direction[0]))
            rows.append(row)
    table = pd.DataFrame(rows)
    words = {
        "type": type_word(fit), "route": "route",
        "pd": f"probability of direction against {against}", "reading": "in words",
        **headings("diff", f"difference from {against} within {horizon} days"),
        **headings("lost_diff", f"days lost of 365 more than {against}"),
    }  # fmt: skip
    for days in TIMES:
        words |= headings(f"within_{days}", f"probability within {days} days")
    for days in LOST_TO:
        words |= headings(f"lost_{days}", f"days lost of {days}")
    return Estimate(
        "incidence", f"Where children would go from each {type_word(fit)}",
        _sentence(fit, table, against), table,
        {name: words[name] for name in table.columns}, _notes(fit),
        across="route", shown=("type", f"within_{_shown_days(horizon)}_mean"),
    )  # fmt: skip


def _shown_days(horizon: int) -> int:
    return horizon if horizon in TIMES else 365


def _one(stem: str, draws: FloatArray) -> dict[str, float]:
    return {name: float(values[0]) for name, values in columns(stem, draws).items()}


def _sentence(fit: Fit, table: pd.DataFrame, against: str) -> str:
    days = _shown_days(horizon_of(fit))
    routes = table[table["route"] != any_word(fit)]
    mean = routes.groupby("route", sort=False)[f"within_{days}_mean"].mean()
    told = table[table["reading"].isin(["some evidence", "strong evidence"])]
    compared = len(table) - int((table["reading"] == "reference").sum())
    return (
        f"Over the types, the commonest route within {days} days is '{mean.idxmax()}' "
        f"({mean.max():.2f}), the rarest '{mean.idxmin()}' ({mean.min():.2f}). {len(told)} of "
        f"{compared} differences from '{against}' show some or strong evidence."
    )


def _notes(fit: Fit) -> tuple[str, ...]:
    return (
        (
            "The probability that a child has left by that route and day. The routes shut each "
            "other out: together they are the last column, and whoever is in none is still there."
        ),
        *standard_words(fit),
        (
            "Time at risk ends at the 18th birthday, so these are the routes of children who have "
            "the days to take them; turning 18 is no route."
        ),
        (
            "Days lost: of the first days, how many a child has on average already left by that "
            "route. Over all routes they add up to the days not spent in the placement."
        ),
        (
            f"From {DRAWS} draws at most and {ROWS:,} spells in each, so the last digit may move "
            "with another seed."
        ),
    )


def _curves(fit: Fit, found: Incidence) -> Estimate:
    parts = [
        pd.DataFrame({"type": kind, "route": route, "days": found.days}).assign(
            **columns("incidence", found.curve[:, h, m])
        )
        for h, kind in enumerate(found.types)
        for m, route in enumerate(found.routes)
    ]
    table = pd.concat(parts, ignore_index=True)
    words = {
        "type": type_word(fit), "route": "route",
        "days": "days since the start", **headings("incidence", "incidence"),
    }  # fmt: skip
    sentence = f"The incidence of each route at {len(found.days)} days, for every {type_word(fit)}."
    return Estimate("incidence_curves", "Incidence over time", sentence, table, words)
