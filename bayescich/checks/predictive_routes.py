"""Posterior predictive checks of competing routes: incidence, numbers, homes and what was recorded.

Spells are drawn again whole: when an exit happens, by which route (by the hazards then and there),
and, where the model learns how often routes are not recorded, whether the record says it. Where
it does not learn that, a drawn exit goes unrecorded as often as observed ones do.

References
----------
Aalen & Johansen (1978), Scandinavian Journal of Statistics 5; Andersen, Geskus, de Witte & Putter
(2012), Competing risks in epidemiology: possibilities and pitfalls, International Journal of
Epidemiology 41.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from bayescich.checks.careers import Careers
from bayescich.checks.core import Check
from bayescich.checks.curves import aalen_johansen
from bayescich.checks.levels import cells, home_group, pieces
from bayescich.checks.predictive_hazard import READ_AT, new_children, nothing_followed
from bayescich.checks.replicates import (
    DRAWS,
    P_LIMITS,
    allowed_outside,
    compare,
    gathered,
    outside,
    replicated_spells,
)
from bayescich.checks.route_tally import COMMON, RouteTally
from bayescich.checks.routes_again import AGAIN, again
from bayescich.checks.spells import in_cells, nothing_to_replay
from bayescich.design.core import FloatArray, IntArray
from bayescich.model.hazard.arrays import route_events
from bayescich.model.likelihoods.competing import CompetingLikelihood
from bayescich.sampling.fit import Fit

ANY = "any route"

GRID_POINTS = 100

_TITLES: Mapping[str, str] = {
    "ppc_incidence": "Incidence of each route, observed and replicated",
    "ppc_routes": "Routes taken, observed and replicated",
    "ppc_route_homes": "Differences between homes in the routes taken",
    "ppc_route_moves": AGAIN,
    "ppc_recording": "Routes that were not recorded",
}


def route_checks(fit: Fit, rng: np.random.Generator) -> tuple[Check, ...]:
    """Return the checks of competing routes, nothing for other outcomes.

    Returns
    -------
    tuple of Check
        ``ppc_incidence``, ``ppc_routes``, ``ppc_route_homes`` and ``ppc_route_moves``;
        ``ppc_recording`` where some routes were not recorded.
    """
    likelihood = fit.structure.likelihood
    if not isinstance(likelihood, CompetingLikelihood):
        return ()
    if in_cells(fit.design):
        return _checks_of_cells(fit, likelihood, rng)
    incidence = cumulative_incidence(fit, likelihood, rng)
    if (why := nothing_to_replay(fit.design)) is not None:
        names = ("ppc_routes", "ppc_route_homes", "ppc_route_moves")
        return (incidence, *(_absent(name, why) for name in names))
    tally = RouteTally.of(fit, likelihood)
    seen = tally.statistics(tally.observed(), tally.spells.days[None, :])
    same = gathered(
        tally.statistics(tally.recorded(draws, drawn, rng), drawn.days)
        for draws, drawn in replicated_spells(fit, likelihood, rng)
    )
    checks = [
        incidence,
        numbers(tally, seen, same),
        _between_homes(fit, tally, seen, same, rng),
        again(fit, likelihood, rng),
    ]
    if tally.unrecorded:
        checks.append(recording(tally, seen, same))
    return tuple(checks)


def cumulative_incidence(
    fit: Fit, likelihood: CompetingLikelihood, rng: np.random.Generator
) -> Check:
    """Compare Aalen-Johansen curves of each child's first spell with those of new children.

    The same spells are compared by home type at the horizon of the report.
    """
    name = "ppc_incidence"
    careers = Careers.of(fit, likelihood)
    if not careers.size:
        return nothing_followed(name, _TITLES[name], careers)
    spells = careers.spells.take(careers.spell(0))
    tally = RouteTally.of(fit, likelihood, spells)
    grid = _grid(spells.days.max())
    horizon = int(fit.spec.report.horizon_days or 365)

    def curves(route: IntArray, days: FloatArray) -> dict[str, FloatArray]:
        ended = np.ceil(days)
        found = {"all": _incidence(ended, route, tally, grid)}
        for place, level in enumerate(tally.types):
            some = np.flatnonzero(tally.of_type == place)
            found[level] = _incidence(ended[:, some], route[:, some], tally, np.array([horizon]))
        return found

    seen = curves(tally.observed(), spells.days[None, :])
    made = gathered(
        curves(tally.recorded(draws, drawn, rng), drawn.days)
        for draws, drawn in new_children(fit, likelihood, spells, rng)
    )
    table = _incidence_table(tally, grid, horizon, seen, made)
    low, middle, high = np.quantile(made["all"], [0.05, 0.5, 0.95], axis=0)
    series = {
        "day": grid.astype(np.float64), "observed": seen["all"][0],
        "q05": low, "median": middle, "q95": high,
    }  # fmt: skip
    overall = table[table["level"] == "all"]
    wrong, allowed = outside(overall["p_value"]), allowed_outside(len(overall))
    sentence = _incidence_sentence(overall, careers, wrong, allowed)
    return _check(name, sentence, table, wrong, allowed, series)


def numbers(
    tally: RouteTally, seen: Mapping[str, FloatArray], made: Mapping[str, FloatArray]
) -> Check:
    """Compare the number of exits by each route: overall, by home type and by band of time."""
    levels = {"all": ("all",), tally.type_column: tally.types, "band": tally.bands}
    frames = []
    for by, names in levels.items():
        if not names:
            continue
        frame = compare(seen[f"number by {by}"], made[f"number by {by}"])
        frame.insert(0, "route", list(tally.names) * len(names))
        frame.insert(0, "level", np.repeat(names, len(tally.names)))
        frame.insert(0, "by", by)
        frames.append(frame)
    table = pd.concat(frames, ignore_index=True)
    return _numbers_check(table, made["number by all"], tally.likelihood.event_name)


def recording(
    tally: RouteTally, seen: Mapping[str, FloatArray], made: Mapping[str, FloatArray]
) -> Check:
    """Compare the share of exits without a route, by who recorded them."""
    table = compare(seen["not recorded"], made["not recorded"])
    table.insert(0, "recorder", ["all", *tally.recorders])
    by_recorder = table.iloc[1:]
    wrong, allowed = outside(by_recorder["p_value"]), allowed_outside(len(by_recorder))
    top = table.iloc[0]
    learnt = "" if tally.recorders else " (the model does not learn it: drawn as observed)"
    event = tally.likelihood.event_name
    sentence = (
        f"Of {top['observed']:.0%} of the {event}s the route was not recorded; the model makes "
        f"{top['q05']:.0%} to {top['q95']:.0%} (90%){learnt}. "
        + _allowance(wrong, allowed, len(by_recorder), "shares by recorder")
    )
    return _check("ppc_recording", sentence, table, wrong, allowed,
                  {"replicated": made["not recorded"]})  # fmt: skip


def _between_homes(
    fit: Fit,
    tally: RouteTally,
    seen: Mapping[str, FloatArray],
    same: Mapping[str, FloatArray],
    rng: np.random.Generator,
) -> Check:
    name = "ppc_route_homes"
    group = home_group(fit.structure, fit.design)
    if group is None:
        words = "The model has no homes or similar groups that could be exchanged for new ones."
        return _absent(name, words)
    assert isinstance(fit.structure.likelihood, CompetingLikelihood)
    new = gathered(
        {"spread": tally.spread(tally.recorded(draws, drawn, rng))}
        for draws, drawn in replicated_spells(fit, fit.structure.likelihood, rng, new_homes=True)
    )
    common = seen["number by all"].ravel()[: tally.routes]
    judged = common >= COMMON * common.sum()
    frames = []
    for whose, draws in (("same", same["spread"]), ("new", new["spread"])):
        frame = compare(seen["spread"], draws)
        frame.insert(0, "route", tally.names[: tally.routes])
        frame.insert(0, "homes", whose)
        frame["judged"] = judged
        frames.append(frame)
    table = pd.concat(frames, ignore_index=True)
    wrong = outside(table[table["judged"]]["p_value"])
    first = table[(table["homes"] == "new") & (table["route"] == tally.names[int(common.argmax())])]
    top = first.iloc[0]
    sentence = (
        f"Spread between levels of '{group.column}' of the share that ends by '{top['route']}', in "
        f"units of the share: observed {top['observed']:.2f}; with new ones the model makes "
        f"{top['q05']:.2f} to {top['q95']:.2f} (90%). {wrong} of {int(table['judged'].sum())} "
        f"judged statistics have a p-value outside {P_LIMITS[0]} to {P_LIMITS[1]}."
    )
    series = {"same_spread": same["spread"], "new_spread": new["spread"]}
    return _check(name, sentence, table, wrong, 0, series)


def _checks_of_cells(
    fit: Fit, likelihood: CompetingLikelihood, rng: np.random.Generator
) -> tuple[Check, ...]:
    why = nothing_to_replay(fit.design) or ""
    names = ("ppc_incidence", "ppc_route_homes", "ppc_route_moves")
    absent = tuple(_absent(name, why) for name in names)
    return (_routes_of_cells(fit, likelihood, rng), *absent)


def _routes_of_cells(fit: Fit, likelihood: CompetingLikelihood, rng: np.random.Generator) -> Check:
    """Compare the same numbers where rows are cells: Poisson counts over the time at risk."""
    design = fit.design
    tally = RouteTally.of(fit, likelihood)

    def counts(events: FloatArray) -> dict[str, FloatArray]:
        return tally.of_rows(events, fit)

    seen = counts(route_events(design).T[None])
    made = []
    for draws in pieces(fit.posterior.thin(DRAWS), cells(design)):
        eta = fit.structure.linear_predictor(draws, design)
        expected = likelihood.cumulative_hazard(draws, eta, design)
        made.append(counts(rng.poisson(expected).astype(np.float64)))
    return numbers(tally, seen, gathered(iter(made)))


def _grid(longest: float) -> IntArray:
    last = min(longest, READ_AT[-1])
    even = np.unique(np.linspace(0, last, GRID_POINTS).astype(np.int64))
    return np.union1d(even, [day for day in READ_AT if day <= last])


def _incidence(days: FloatArray, route: IntArray, tally: RouteTally, grid: IntArray) -> FloatArray:
    by_route = aalen_johansen(days, route, len(tally.names), grid)
    return np.concatenate([by_route, by_route.sum(axis=1, keepdims=True)], axis=1)


def _incidence_table(
    tally: RouteTally,
    grid: IntArray,
    horizon: int,
    seen: Mapping[str, FloatArray],
    made: Mapping[str, FloatArray],
) -> pd.DataFrame:
    frames = []
    for level in seen:
        days = grid[np.isin(grid, READ_AT)] if level == "all" else np.array([horizon])
        read = np.isin(grid, days) if level == "all" else np.array([True])
        frame = compare(seen[level][..., read], made[level][..., read])
        frame.insert(0, "day", np.tile(days, len(tally.names) + 1))
        frame.insert(0, "route", np.repeat([*tally.names, ANY], len(days)))
        frame.insert(0, "level", level)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _incidence_sentence(overall: pd.DataFrame, careers: Careers, wrong: int, allowed: int) -> str:
    late = overall[overall["day"] == overall["day"].max()]
    top = late[late["route"] != ANY].sort_values("observed").iloc[-1]
    without = f" Left out, under way at first sight: {careers.left_out:,}." * bool(careers.left_out)
    return (
        f"Of {careers.size:,} first spells {top['observed']:.0%} end within {top['day']:.0f} days "
        f"by '{top['route']}' (Aalen-Johansen), the commonest route; for new children the model "
        f"makes {top['q05']:.0%} to {top['q95']:.0%} (90%). "
        + _allowance(wrong, allowed, len(overall), "incidences")
        + without
    )


def _numbers_check(table: pd.DataFrame, draws: FloatArray, event: str) -> Check:
    everyone, parts = table[table["by"] == "all"], table[table["by"] != "all"]
    wrong = outside(everyone["p_value"])
    covered = parts["observed"].between(parts["q05"], parts["q95"]).mean()
    sentence = (
        f"The number of {event}s is such as the model makes for {len(everyone) - wrong} of "
        f"{len(everyone)} routes; {covered:.0%} of {len(parts)} numbers by home type and by time "
        "lie in their 90% intervals."
    )
    return _check("ppc_routes", sentence, table, wrong, 0, {"replicated": draws})


def _allowance(wrong: int, allowed: int, count: int, what: str) -> str:
    return (
        f"{wrong} of {count} {what} lie outside what it makes in 98 of 100 replicates; "
        f"up to {allowed} may by chance."
    )


def _absent(name: str, why: str) -> Check:
    return Check(name, _TITLES[name], "predictive", "not applicable", why)


def _check(
    name: str,
    sentence: str,
    table: pd.DataFrame,
    wrong: int,
    allowed: int,
    series: Mapping[str, FloatArray],
) -> Check:
    return Check(
        name, _TITLES[name], "predictive", "passed" if wrong <= allowed else "failed", sentence,
        value=float(wrong), limit=float(allowed), table=table, series=series,
    )  # fmt: skip
