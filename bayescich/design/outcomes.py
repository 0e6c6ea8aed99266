"""From columns to the arrays of each likelihood, with the faults named."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayescich.design.columns import column, fault, numbers, refuse
from bayescich.design.core import DAYS_PER_YEAR, FloatArray, Response
from bayescich.design.responses import response_arrays
from bayescich.design.split import CONTINUES, ENTRY, LATE
from bayescich.spec.model import CompetingSpec, HazardSpec, HazardTimesSpec, ModelSpec
from bayescich.spec.outcomes import OrdinalSpec, has_parts

Arrays = dict[str, npt.NDArray[Any]]
Coords = dict[str, tuple[str, ...]]

CENSORED, UNKNOWN = -1, -2
"""Codes of ``cause`` for a row without an event, and for one whose route is not known."""


def outcome_arrays(
    table: pd.DataFrame, spec: ModelSpec
) -> tuple[Arrays, Coords, tuple[Response, ...]]:
    """Return the arrays and coordinates of the spec's likelihood, and its responses if it has any.

    Raises
    ------
    DesignError
        When a column is missing, or holds what the likelihood cannot have produced.
    """
    if spec.likelihood.family in _BY_FAMILY and not has_parts(spec.likelihood):
        return (*_BY_FAMILY[spec.likelihood.family](table, spec), ())
    return response_arrays(table, spec)


def band_labels(cuts: tuple[float, ...]) -> tuple[str, ...]:
    """Name the duration bands.

    Examples
    --------
    >>> band_labels((7, 28))
    ('0-7 days', '7-28 days', '28+ days')
    """
    edges = [0.0, *cuts]
    closed = [f"{a:g}-{b:g} days" for a, b in itertools.pairwise(edges)]
    return (*closed, f"{edges[-1]:g}+ days")


def band_exposure(entry: FloatArray, end: FloatArray, cuts: tuple[float, ...]) -> FloatArray:
    """Split the time at risk of each spell over the duration bands.

    Parameters
    ----------
    entry, end : array, shape (rows,)
        Days from the start of the placement.
    cuts : tuple of float
        Inner band limits in days.

    Returns
    -------
    array, shape (rows, bands)
        Years at risk.

    Examples
    --------
    >>> band_exposure(np.array([0.0]), np.array([10.0]), (7.0,)) * 365.25
    array([[7., 3.]])
    """
    lower = np.array([0.0, *cuts])
    upper = np.array([*cuts, np.inf])
    days = np.minimum(end[:, None], upper) - np.maximum(entry[:, None], lower)
    return np.maximum(days, 0.0) / DAYS_PER_YEAR


def _hazard(table: pd.DataFrame, spec: ModelSpec) -> tuple[Arrays, Coords]:
    likelihood = spec.likelihood
    assert isinstance(likelihood, HazardSpec)
    event = numbers(table, likelihood.event, spec)
    refuse(table, spec, likelihood.event, ~np.isin(event, (0, 1)), "is not 0 or 1")
    if event.sum() == 0:
        raise fault(spec, likelihood.event, "holds no event", "a hazard cannot be learnt from none")
    arrays, coords = _times(table, spec, likelihood)
    return {"event": event.astype(np.int64), **arrays}, coords


def _competing(table: pd.DataFrame, spec: ModelSpec) -> tuple[Arrays, Coords]:
    likelihood = spec.likelihood
    assert isinstance(likelihood, CompetingSpec)
    words = column(table, likelihood.event, spec).astype(str)
    places = {route: place for place, route in enumerate(likelihood.routes)}
    places[likelihood.censored] = CENSORED
    if likelihood.unknown is not None:
        places[likelihood.unknown] = UNKNOWN
    cause = words.map(places)
    allowed = ", ".join(places)
    other = cause.isna().to_numpy()
    refuse(table, spec, likelihood.event, other, f"is not one of: {allowed}", words)
    absent = [route for route in likelihood.routes if not (words == route).any()]
    if absent:
        raise fault(
            spec,
            likelihood.event,
            f"never takes the route {', '.join(absent)}",
            "a hazard cannot be learnt from no event; leave the route out or join it to another",
        )
    arrays, coords = _times(table, spec, likelihood)
    arrays["cause"] = cause.to_numpy(np.int64)
    arrays["event"] = (arrays["cause"] != CENSORED).astype(np.int64)
    if likelihood.recording is not None:
        levels, codes = np.unique(
            column(table, likelihood.recording, spec).astype(str), return_inverse=True
        )
        arrays["recorder"] = codes.astype(np.int64)
        coords["recorder"] = tuple(str(level) for level in levels)
    return arrays, {**coords, "route": likelihood.routes, "other_route": likelihood.routes}


def _times(
    table: pd.DataFrame, spec: ModelSpec, likelihood: HazardTimesSpec
) -> tuple[Arrays, Coords]:
    end = numbers(table, likelihood.time, spec)
    entry_column = ENTRY if ENTRY in table else likelihood.entry
    entry = numbers(table, entry_column, spec) if entry_column else np.zeros_like(end)
    if entry_column:
        refuse(table, spec, entry_column, entry < 0, "is before the start of the spell")
    refuse(table, spec, likelihood.time, end <= entry, "leaves no time at risk")
    late = table[LATE].to_numpy(np.int64) if LATE in table else (entry > 0).astype(np.int64)
    arrays: Arrays = {
        "exposure": band_exposure(entry, end, likelihood.cuts),
        # a spell that ends on a cut ends in the band before it: exposure is counted up to the cut
        "event_band": np.searchsorted(likelihood.cuts, end, side="left").astype(np.int64),
        "follow_up": end,
        "entry": entry,
        "late": late,
    }
    coords: Coords = {"band": band_labels(likelihood.cuts)}
    if CONTINUES in table:
        arrays["continues"] = table[CONTINUES].to_numpy(np.int64)
    if likelihood.baseline_by is not None:
        levels, codes = np.unique(
            column(table, likelihood.baseline_by, spec).astype(str), return_inverse=True
        )
        arrays["stratum"] = codes.astype(np.int64)
        coords["baseline"] = tuple(str(level) for level in levels)
    return arrays, coords


def _ordinal(table: pd.DataFrame, spec: ModelSpec) -> tuple[Arrays, Coords]:
    likelihood = spec.likelihood
    assert isinstance(likelihood, OrdinalSpec)
    labels = column(table, likelihood.outcome, spec).astype(str)
    order = {label: k for k, label in enumerate(likelihood.categories)}
    category = labels.map(order)
    unknown = category.isna().to_numpy()
    allowed = ", ".join(likelihood.categories)
    refuse(table, spec, likelihood.outcome, unknown, f"is not one of: {allowed}", labels)
    missing = [label for label in likelihood.categories if label not in set(labels)]
    if missing:
        raise fault(
            spec,
            likelihood.outcome,
            f"never takes the category {', '.join(missing)}",
            "a threshold beside an empty category is prior only; leave the category out",
        )
    cutpoints = tuple(
        f"{a} | {b}" for a, b in zip(likelihood.categories, likelihood.categories[1:], strict=False)
    )
    arrays: Arrays = {"category": category.to_numpy(np.int64)}
    return arrays, {"category": likelihood.categories, "cutpoint": cutpoints}


_BY_FAMILY: Mapping[str, Callable[[pd.DataFrame, ModelSpec], tuple[Arrays, Coords]]] = {
    "hazard": _hazard,
    "competing": _competing,
    "ordinal": _ordinal,
}
