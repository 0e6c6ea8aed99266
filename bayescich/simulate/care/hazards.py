"""Hazards of a journey: how soon a placement ends, by a move or by leaving care, and why."""

from __future__ import annotations

from functools import cache

import numpy as np

from bayescich.simulate.calibration import value
from bayescich.simulate.draws import YEAR, Flags, Floats, Ints, decimal_year, weighted
from bayescich.simulate.shapes import ADOPTION, FOSTER, HOME, KIN, KINDS, PARENTS, SUPPORTED
from bayescich.simulate.truth import CUTS, EXIT_ROUTES

RECS = (
    "X1", "", "E11", "E12", "E2", "E3", "E4A", "E4B", "E13", "E41", "E45", "E46", "E47", "E48",
    "E5", "E6", "E7", "E8", "E9", "E15", "E16", "E17",
)  # fmt: skip
"""Reasons an episode ceases, in the codes of 2019 and later."""

REASONS = (
    "", "CARPL", "CREQB", "CREQO", "CHILD", "CLOSE", "LAREQ", "STAND", "ALLEG", "APPRR", "CUSTOD",
)  # fmt: skip
"""True reasons of a move; what authorities write is another matter."""

_OTHER_ROUTE = len(EXIT_ROUTES) - 1
_GROUPS_OF_18 = {"home": HOME, "foster": FOSTER, "supported": SUPPORTED}


@cache
def moving_hazards() -> tuple[Floats, Floats]:
    """Return moves per year by kind and band, and the factor by kind and group of ages.

    Homes have a hazard of their own: their row is that of ``moves.home_rates``.
    """
    rates = value("journeys.move_rates") | {"home": value("moves.home_rates")}
    ages = value("journeys.move_by_age")
    groups = len(value("journeys.age_groups"))
    return (
        np.array([rates[kind] for kind in KINDS], dtype=np.float64),
        np.array([ages.get(kind, [1.0] * groups) for kind in KINDS], dtype=np.float64),
    )


@cache
def leaving_hazards() -> tuple[Floats, Floats]:
    """Return exits per year by kind and group of ages, and the factor by kind and band."""
    usual = value("journeys.leave_by_duration")
    shapes = [usual] * len(KINDS)
    shapes[ADOPTION] = value("journeys.leave_by_duration_adoption")
    shapes[PARENTS] = value("journeys.leave_by_duration_parents")
    rates = value("journeys.leave_rates")
    return np.array([rates[kind] for kind in KINDS]), np.array(shapes)


def piecewise_days(to_go: Floats, rates: Floats, kind: Ints) -> Floats:
    """Return the days after which a cumulative hazard is reached, each row with its kind's rates.

    Parameters
    ----------
    to_go : array, shape (rows,)
        A unit exponential draw divided by the row's multiplier of the rates.
    rates : array, shape (kinds, bands)
        Events per year in each band of ``truth.CUTS``.
    kind : array of int, shape (rows,)

    Examples
    --------
    >>> piecewise_days(np.array([1.0]), np.full((1, 9), 2.0), np.array([0])) / 365.25
    array([0.5])
    """
    starts = np.array([0.0, *CUTS])
    reached = np.concatenate(
        [np.zeros((len(rates), 1)), np.cumsum(np.diff(starts) * rates[:, :-1] / YEAR, axis=1)],
        axis=1,
    )
    band = (reached[kind] <= to_go[:, None]).sum(axis=1) - 1
    days: Floats = starts[band] + (to_go - reached[kind, band]) * YEAR / rates[kind, band]
    return days


@cache
def routes_of_recs() -> Ints:
    """Return the position in ``EXIT_ROUTES`` of each of `RECS`."""
    named = value("journeys.route_of_reason")
    route = {code: EXIT_ROUTES.index(name) for name, codes in named.items() for code in codes}
    return np.array([route.get(code, _OTHER_ROUTE) for code in RECS])


def leaver_weights(kind: Ints, age: Floats, at_18: Flags, practice: Floats) -> Floats:
    """Return the shares of the reasons for which care ceases, which sum to one.

    Parameters
    ----------
    kind, age, at_18 : array, shape (rows,)
        The last placement, the age in years, and whether it is the 18th birthday.
    practice : array, shape (rows, RECS)
        Log weights of the child's authority.
    """
    weights = _weights_of_recs()[_group_of_leaver(kind, age, at_18)] * np.exp(practice)
    shares: Floats = weights / weights.sum(axis=1, keepdims=True)
    return shares


def leave_trend(today: Ints) -> Floats:
    """Return the factor on the hazard of leaving on each day."""
    trend = value("journeys.leave_trend")
    factor: Floats = np.interp(
        decimal_year(today), np.array(list(trend), float), np.array(list(trend.values()))
    )
    return factor


def of_home(effects: Floats) -> Floats:
    """Return the hazard ratios of the reasons from the effects of a home on its routes.

    Parameters
    ----------
    effects : array, shape (rows, EXIT_ROUTES)
    """
    ratios: Floats = np.exp(effects[:, routes_of_recs()])
    return ratios


def reasons_for_move(
    rng: np.random.Generator,
    kind: Ints,
    age: Floats,
    planned: Flags,
    closed: Flags,
    to_custody: Flags,
) -> Ints:
    """Draw the true reason of each move, as positions in `REASONS`."""
    weights = _weights_of_reasons()[(kind == HOME).astype(np.int64)]
    by_age = value("journeys.behaviour_by_age")
    young = (age >= by_age["from"]) & (age < by_age["to"]) | (kind == HOME)
    weights[:, REASONS.index("CREQB")] *= np.where(young, by_age["factor"], by_age["otherwise"])
    reason = weighted(rng, weights)
    reason[planned] = REASONS.index("CARPL")
    # a home that winds down finds its children other places by plan, where there is time
    said = rng.random(len(kind)) < value("journeys.closure_recorded")
    reason[closed] = np.where(said, REASONS.index("CLOSE"), REASONS.index("CARPL"))[closed]
    reason[to_custody & ~planned & ~closed] = REASONS.index("CUSTOD")
    return reason


@cache
def _weights_of_reasons() -> Floats:
    shares = value("journeys.reasons")
    return np.array(
        [[float(shares[g].get(code, 0)) for code in REASONS] for g in ("other", "home")]
    )


@cache
def _leaver_groups() -> list[str]:
    return list(value("journeys.reasons_ceased"))


@cache
def _weights_of_recs() -> Floats:
    shares = value("journeys.reasons_ceased")
    return np.array([[shares[g].get(code, 0.0) for code in RECS] for g in _leaver_groups()])


def _group_of_leaver(kind: Ints, age: Floats, at_18: Flags) -> Ints:
    position = {name: number for number, name in enumerate(_leaver_groups())}
    by_kind = np.array([position.get(name, position["other"]) for name in KINDS])
    at_birthday = np.full(len(KINDS), position["other at 18"])
    for name, code in _GROUPS_OF_18.items():
        at_birthday[code] = position[f"{name} at 18"]
    at_birthday[KIN] = position["foster at 18"]
    older = (age >= 16) & ~np.isin(kind, (ADOPTION, KIN, PARENTS))
    return np.where(at_18, at_birthday[kind], np.where(older, position["older"], by_kind[kind]))
