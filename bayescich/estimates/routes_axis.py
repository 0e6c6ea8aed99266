"""Tables with or without competing routes: the route is one more column."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from bayescich.estimates.core import OnPage
from bayescich.estimates.summaries import columns, probability_of_direction
from bayescich.model.draws import FloatArray
from bayescich.sampling.fit import Fit

Columns = dict[str, FloatArray]


def by_route(
    fit: Fit, first: pd.DataFrame, draws: FloatArray, make: Callable[[FloatArray], Columns]
) -> pd.DataFrame:
    """Return columns beside the labels of the levels, once for each route.

    Parameters
    ----------
    fit : Fit
    first : DataFrame
        One row per level.
    draws : array, shape (samples, levels) or (samples, levels, routes)
    make : callable
        From draws of one route, (samples, levels), to columns.
    """
    if not fit.design.routes:
        return first.assign(**make(draws))
    parts = []
    for place, route in enumerate(fit.design.routes):
        part = first.assign(**make(draws[:, :, place]))
        part.insert(1, "route", route)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def axis_word(fit: Fit) -> str:
    """Return what the linear predictors are of: routes, or parts of an outcome."""
    return "part" if fit.design.responses else "route"


def effect_columns(draws: FloatArray) -> Columns:
    """Return mean, interval, direction and ratio of log hazard ratios, (samples, levels)."""
    return {
        **columns("", draws),
        "pd": probability_of_direction(draws),
        **columns("ratio", np.exp(draws)),
    }


def side_by_side(fit: Fit, *label: str, value: str = "ratio_mean") -> OnPage:
    """Return how a table by route is laid out on the page; nothing without routes."""
    if not fit.design.routes:
        return {}
    return {"across": "route", "shown": (*label, value)}


def span(draws: FloatArray) -> str:
    """Return a mean with its 90% interval for a sentence.

    Examples
    --------
    >>> span(np.array([0.1, 0.2, 0.3]))
    '0.20 (0.11 to 0.29)'
    """
    low, high = np.quantile(draws, (0.05, 0.95))
    return f"{np.mean(draws):.2f} ({low:.2f} to {high:.2f})"


def spans(fit: Fit, draws: FloatArray) -> str:
    """Return the same of one number a draw, or of one for each route."""
    if draws.ndim == 1:
        return span(draws)
    each = zip(fit.design.routes, draws.T, strict=True)
    return quoted([f"{span(own)} for {route}" for route, own in each])


def clear(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows whose 90% interval lies on one side of zero."""
    return table[(table["q05"] > 0) | (table["q95"] < 0)]


def quoted(names: Sequence[str]) -> str:
    """Return names in a sentence.

    Examples
    --------
    >>> quoted(["a", "b", "c"]), quoted([])
    ('a, b and c', 'none')
    """
    if not names:
        return "none"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
