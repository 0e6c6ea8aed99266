"""The baseline hazard by time since the placement started: a first-order random walk.

``baseline_b - baseline_(b-1) ~ Normal(0, step_sd² Δ log m_b)`` with ``m_b`` the middle of band b: a
step between long bands is as free as one between short ones. The prior of the level is about the
average over the bands, weighted by their events, in the average row, weighted likewise: that is
what the data know best, and what they know best mixes best.

With several baselines each departs from the common one by a walk of its own that begins at zero in
the first band (its effect, if it has one, is the effect of its column).
"""

from __future__ import annotations

import numpy as np
import pymc as pm

from bayescich.model.draws import Draws, FloatArray, Tensor, outside, product
from bayescich.model.information import Information, Informed, Located
from bayescich.model.random_variables import random_variable
from bayescich.spec.priors import PriorSet


def declare_level(
    events: FloatArray, average: Tensor, priors: PriorSet, rough: FloatArray | None
) -> Tensor:
    """Declare the level; return that of a row whose effects are all zero, scalar or (routes,).

    Parameters
    ----------
    events : array, shape (bands,) or (bands, routes)
    average : tensor, scalar or (routes,)
        η of the average row, of the effects that have no new levels.
    priors : PriorSet
    rough : array, optional
        Log hazards of a quick fit, (bands, routes): where sampling starts.
    """
    routes = events.ndim == 2
    prior = priors.get("baseline.route_level" if routes else "baseline.level")
    dims = "route" if routes else None
    if rough is None or prior.distribution != "normal":
        return random_variable("baseline_level_offset", prior, dims=dims) - average
    numbers, start = prior.parameters(), rough_level(events, rough)
    mean = Located.mean(
        np.full_like(start, numbers["mean"]), start, 1.0 / np.sqrt(1.0 + events.sum(axis=0))
    )
    level = pm.Normal(
        "baseline_level_offset", mean, numbers["sd"], dims=dims, default_transform=None,
        transform=Located(),
    )  # fmt: skip
    return level - average


def rough_level(events: FloatArray, rough: FloatArray) -> FloatArray:
    """Return the average of a quick fit's log hazards, weighted by events; 0-d or (routes,)."""
    by_band = rough if events.ndim == 2 else rough[:, 0]
    return np.asarray((band_shares(events) * by_band).sum(axis=0))


def band_shares(events: FloatArray) -> FloatArray:
    """Return the share of each band in the events; half an event more keeps all defined."""
    return (events + 0.5) / (events + 0.5).sum(axis=0)


def declare_baseline(
    cuts: tuple[float, ...],
    events: FloatArray,
    level: Tensor,
    priors: PriorSet,
    rough: FloatArray | None = None,
) -> Tensor:
    """Declare ``baseline`` (dims: band, and route), log hazard per year, and ``baseline_step_sd``.

    Parameters
    ----------
    cuts : tuple of float
        Inner band limits in days.
    events : array, shape (bands,) or (bands, routes)
    level : tensor, scalar or (routes,)
        From :func:`declare_level`.
    priors : PriorSet
    rough : array, optional
        Log hazards of a quick fit, (bands, routes): how the walk is sampled.
    """
    routes = events.ndim == 2
    route = "route" if routes else None
    step_sd = random_variable("baseline_step_sd", priors.get("baseline.step_sd"), dims=route)
    root = np.sqrt(log_steps(cuts))
    root = root[:, None] if routes else root
    steps = pm.Normal(
        "baseline_offset", Informed.mean(_steps_known(events, rough)), step_sd * root,
        shape=(len(events) - 1, *events.shape[1:]), default_transform=None, transform=Informed(),
    )  # fmt: skip
    # the walk from its steps, less its average by events
    walk, shares = cumulative(len(cuts)), band_shares(events)
    if not routes:
        centred = product(walk - shares @ walk, steps)
        return pm.Deterministic("baseline", level + centred, dims="band")
    by_route = product(walk, steps)
    average = (outside(shares) * by_route).sum(axis=0)
    return pm.Deterministic("baseline", level + by_route - average, dims=("band", "route"))


def cumulative(steps: int) -> FloatArray:
    """Return the matrix that turns steps into a walk that begins at zero, (steps + 1, steps).

    Examples
    --------
    >>> cumulative(2).tolist()
    [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]
    """
    return np.tri(steps + 1, steps, -1)


def declare_departures(
    cuts: tuple[float, ...], strata: int, routes: int, priors: PriorSet
) -> Tensor:
    """Declare ``baseline_departure`` (dims: baseline_of, band, and route) and its SD."""
    sd = random_variable("baseline_departure_sd", priors.get("baseline.departure_sd"))
    more = (routes,) if routes else ()
    root = np.sqrt(log_steps(cuts)).reshape(-1, *([1] * len(more)))
    offset = pm.Normal("baseline_departure_offset", 0.0, 1.0, shape=(strata, len(cuts), *more))
    # steps are the second axis, before any routes
    steps = sd * root * offset
    matrix = outside(cumulative(len(cuts)).reshape(1, len(cuts) + 1, len(cuts), *([1] * len(more))))
    whole = (matrix * steps[:, None]).sum(axis=2)
    dims = ("baseline_of", "band", *(("route",) if routes else ()))
    return pm.Deterministic("baseline_departure", whole, dims=dims)


def log_baseline(draws: Draws) -> FloatArray:
    """Return log hazards per year, (samples, baselines, bands) or (…, bands, routes)."""
    common = draws["baseline"][:, None]
    return common + draws["baseline_departure"] if "baseline_departure" in draws else common


def log_steps(cuts: tuple[float, ...]) -> FloatArray:
    """Return the differences of the log band middles, shape (bands - 1,).

    Examples
    --------
    >>> log_steps((2.0, 6.0)).round(3).tolist()
    [1.386, 0.811]
    """
    edges = np.array([0.0, *cuts, 2.0 * cuts[-1]])
    middles = 0.5 * (edges[1:] + edges[:-1])
    return np.diff(np.log(middles))


def _steps_known(events: FloatArray, rough: FloatArray | None) -> Information:
    # a step is known as well as the emptier of its two bands, to within a factor
    precision = np.minimum(events[1:], events[:-1]) / 2.0
    if rough is None:
        # well known steps are sampled as they are, others as multiples of their SD
        return Information(np.zeros_like(precision), precision)
    steps = np.diff(rough, axis=0)
    return Information(steps if events.ndim == 2 else steps[:, 0], precision)
