"""Where the data are thin: values with no event or nothing but events, and effects hardly learnt.

A covariate of yes or no, a home type or a need of which every spell (or none) ends in the event
has no finite estimate by itself: what the model says of it comes from the priors and from pooling.
That is no fault of the fit, but whoever cites such an effect must know it.

References
----------
Albert & Anderson (1984), On the existence of maximum likelihood estimates in logistic regression
models, Biometrika 71; Gelman, Jakulin, Pittau & Su (2008), Annals of Applied Statistics 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayescich.checks.core import Check
from bayescich.checks.spells import in_cells
from bayescich.design.core import Design, FloatArray, IntArray, LabelMatrix, Response
from bayescich.design.separation import has_level
from bayescich.model.base import unit_starts
from bayescich.model.draws import Draws
from bayescich.model.effects.needs import MatchingEffect, NeedsEffect, TypeNeedEffect
from bayescich.model.hazard.arrays import route_events
from bayescich.model.likelihoods.responses import is_measurement
from bayescich.model.likelihoods.times import HazardTimes
from bayescich.sampling.fit import Fit

LITTLE = 0.9
"""A posterior SD above this share of the prior's says that the data told little."""

NAMED = 5
"""So many are named in the sentence; the table has all."""

_TITLE = "Values with no event, or nothing but events"


@dataclass(frozen=True)
class Value:
    """The rows that share one value of something the model has an effect of."""

    of: str
    """Covariate, home type, need, need in a home type, or matched need."""
    label: str
    rows: IntArray
    """The rows that have it."""
    variable: str
    place: tuple[int, ...] | None
    """Where in the variable the effect stands, before any routes; none for the value 0."""

    @property
    def pooled_cell(self) -> bool:
        """Whether empty values are to be expected: there are many, and each has its neighbours."""
        return self.of in {"need in a home type", "matched need"}


def separation_checks(fit: Fit) -> tuple[Check, ...]:
    """Return ``separation``: a warning when an effect rests on priors and pooling alone.

    It fails for covariates, home types and needs. Needs within home types and matched needs are
    many and pooled with each other: their empty cells are listed only.

    Returns
    -------
    tuple of Check
        ``table`` has one row a finding: of, label, route, rows, events, finding, and the
        posterior SD of the effect over its prior SD.
    """
    values = tuple(_values(fit))
    if is_measurement(fit.structure.likelihood, fit.design) or not values:
        words = "The model has no covariates of yes or no, home types or needs of counted events."
        return (Check("separation", _TITLE, "comparison", "not applicable", words),)
    table = pd.DataFrame(
        _findings(fit, values),
        columns=["of", "label", "route", "rows", "events", "finding", "sd_ratio", "pooled_cell"],
    )
    return (_check(fit, table, len(values)),)


def _on_each(fit: Fit) -> str:
    if not fit.design.routes:
        return ""
    return f", on each {'part of the outcome' if fit.design.responses else 'route'},"


def _check(fit: Fit, table: pd.DataFrame, values: int) -> Check:
    separated = table[table["finding"] != _HARDLY]
    alone = separated[~separated["pooled_cell"].astype(bool)]
    little = int((table["sd_ratio"] > LITTLE).sum())
    each = [_words(found) for _, found in alone.groupby(["of", "label"], sort=False)]
    named = "; ".join(each[:NAMED])
    more = f"; and {len(each) - NAMED:,} more" if len(each) > NAMED else ""
    sentence = (
        f"Of {values:,} values of covariates, home types and needs"
        f"{_on_each(fit)} "
        + (
            f"some rest on priors and pooling: {named}{more}. "
            if named
            else "none is without events, nor without anything else. "
        )
        + f"Empty cells of needs within home types or matched needs: "
        f"{len(separated) - len(alone):,}. "
        f"Effects whose posterior SD is above {LITTLE:.0%} of the prior's: {little:,}."
    )
    return Check(
        "separation", _TITLE, "comparison", "failed" if len(alone) else "passed", sentence,
        value=float(len(alone)), limit=0.0,
        table=table.drop(columns="pooled_cell") if len(table) else None,
    )  # fmt: skip


def _words(found: pd.DataFrame) -> str:
    """Say what is so about one value, e.g. ``home type 'Solo' (12): no event``."""
    first = found.iloc[0]
    what = []
    for finding, rows in found.groupby("finding", sort=False):
        routes = [route for route in rows["route"] if route]
        by = f" by '{routes[0]}'" if len(routes) == 1 else f" by {len(routes)} routes"
        what.append(f"{finding}{by if routes else ''}")
    return f"{first['of']} '{first['label']}' ({first['rows']:,.0f}): {', '.join(what)}"


_NOTHING, _ONLY, _HARDLY = "no event", "nothing but events", "hardly learnt"


def _findings(fit: Fit, values: tuple[Value, ...]) -> list[tuple[object, ...]]:
    sizes, counts, whole = _counted(fit)
    routes = fit.design.routes or ("",)
    found: list[tuple[object, ...]] = []
    for value in values:
        could = sizes[value.rows].sum(axis=0)
        events = counts[value.rows].sum(axis=0)
        ratios = _sd_ratios(fit, value, len(routes))
        for route, size, number, ratio in zip(routes, could, events, ratios, strict=True):
            finding = _finding(float(size), float(number), whole, ratio)
            if finding is not None:
                found.append(
                    (value.of, value.label, route, float(size), float(number), finding, ratio,
                     value.pooled_cell)
                )  # fmt: skip
    return found


def _finding(size: float, events: float, whole: bool, ratio: float) -> str | None:
    if size > 0 and events == 0:
        return _NOTHING
    if size > 0 and whole and events == size:
        return _ONLY
    return _HARDLY if ratio > LITTLE else None


def _counted(fit: Fit) -> tuple[FloatArray, FloatArray, bool]:
    """Return what could happen and what did, (rows, routes), and whether the two compare."""
    likelihood, design = fit.structure.likelihood, fit.design
    if isinstance(likelihood, HazardTimes):
        events = route_events(design)
        could = np.broadcast_to(_spells(design)[:, None], events.shape)
        return could, events, not in_cells(design)
    if design.responses:
        return (*_of_parts(design), True)
    counts = likelihood.summary_numerator(design)
    return likelihood.summary_denominator(design)[:, None], counts[:, None], True


def _of_parts(design: Design) -> tuple[FloatArray, FloatArray]:
    """Return trials and successes of each part of an outcome; of a category whether it is it."""
    could, did = [], []
    for place, response in enumerate(design.responses):
        seen = design.outcome["seen"][:, place].astype(np.float64)
        once = bool(response.categories) or response.kind == "cloglog"
        # the size of an event is the time in which it could happen once
        size = np.ones(design.rows) if once else design.outcome["size"][:, place]
        for k in range(response.width):
            did.append(_success(response, design.outcome["y"][:, place], k) * seen)
            could.append(size * seen)
    return np.stack(could, axis=1), np.stack(did, axis=1)


def _success(response: Response, y: FloatArray, which: int) -> FloatArray:
    if response.kind == "ordinal":
        return (y >= len(response.categories) // 2).astype(np.float64)
    return (y == which + 1).astype(np.float64) if response.categories else y


def _spells(design: Design) -> FloatArray:
    if not in_cells(design):
        # a split spell is counted once, where it ends
        return design.ends.astype(np.float64)
    once = np.zeros(design.rows)
    first = unit_starts(design.unit.codes)
    once[first] = design.outcome["spells"][first]
    return once


def _sd_ratios(fit: Fit, value: Value, routes: int) -> FloatArray:
    """Return the posterior SD of the effect over its prior SD, by route; nan where unknown."""
    if value.place is None or "prior" not in fit.tree or value.variable not in fit.prior:
        return np.full(routes, np.nan)
    after, before = (_one(d, value) for d in (fit.posterior, fit.prior))
    ratio = after.std(axis=0) / np.maximum(before.std(axis=0), 1e-12)
    return np.broadcast_to(np.atleast_1d(ratio), (routes,))


def _one(draws: Draws, value: Value) -> FloatArray:
    found = draws[value.variable]
    for place in value.place or ():
        found = found[:, place]
    return found


def _values(fit: Fit) -> Iterator[Value]:
    yield from _covariates(fit.design)
    if (effect := fit.structure.home_type) is not None:
        factor = fit.design.factors[effect.column]
        for place, level in enumerate(factor.levels):
            rows = np.flatnonzero(has_level(factor, place, fit.design.rows))
            yield Value("home type", level, rows, effect.variable, (place,))
    for other in fit.structure.effects:
        if isinstance(other, NeedsEffect):
            yield from _labels("need", fit.design.labels[other.name], other.variable)
        elif isinstance(other, MatchingEffect):
            yield from _labels("matched need", fit.design.labels["matching"], other.variable)
        elif isinstance(other, TypeNeedEffect):
            types = fit.design.factors[other.column].size
            yield from _labels(
                "need in a home type", fit.design.labels["type_need"], other.variable, types
            )


def _covariates(design: Design) -> Iterator[Value]:
    matrix = design.fixed
    if matrix is None:
        return
    for place, name in enumerate(matrix.names):
        column = matrix.values[:, place] + matrix.centres[place]
        if not np.isin(column.round(9), (0.0, 1.0)).all():
            continue
        for number in (0, 1):
            rows = np.flatnonzero(column.round(9) == number)
            where = (place,) if number else None
            yield Value("covariate", f"{name} = {number}", rows, "fixed", where)


def _labels(of: str, labels: LabelMatrix, variable: str, types: int = 0) -> Iterator[Value]:
    row = np.repeat(np.arange(len(labels.start) - 1), np.diff(labels.start))
    for place, name in enumerate(labels.names):
        where = divmod(place, types) if types else (place,)
        rows = row[labels.labels == place]
        yield Value(of, name.replace("|", " in "), rows, variable, where)
