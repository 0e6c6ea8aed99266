"""By which routes do those leave who have left before? What a frailty says of several routes.

A frailty raises all routes of a child alike. Where what makes children leave again is a matter of
some routes only, the model makes too few exits by these of children who had one before, and too
many by the others.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayescich.checks.careers import Careers, drawn_in_turn
from bayescich.checks.core import Check
from bayescich.checks.levels import cells, pieces
from bayescich.checks.predictive_hazard import nothing_followed
from bayescich.checks.replicates import DRAWS, P_LIMITS, compare, outside
from bayescich.checks.route_tally import COMMON, RouteTally
from bayescich.design.core import FloatArray, IntArray
from bayescich.model.likelihoods.competing import CompetingLikelihood
from bayescich.sampling.fit import Fit

AGAIN = "Routes taken by those who had left before"
"""The title of this check."""


def again(fit: Fit, likelihood: CompetingLikelihood, rng: np.random.Generator) -> Check:
    """Return ``ppc_route_moves``: of each route's exits, the share of children who had one before.

    Each spell is drawn again given the child's earlier ones
    (:func:`bayescich.checks.careers.drawn_in_turn`). Common routes are judged.
    """
    careers = Careers.of(fit, likelihood)
    if not careers.size:
        return nothing_followed("ppc_route_moves", AGAIN, careers)
    before = careers.earlier(careers.spells.event) > 0
    if not before.any():
        words = "Nobody of the data is followed after an exit, so none is taken again."
        return Check("ppc_route_moves", AGAIN, "predictive", "not applicable", words)
    tally = RouteTally.of(fit, likelihood, careers.spells.take(careers.members))
    made = [
        _shares(tally.recorded(draws, drawn_in_turn(fit, likelihood, careers, draws, rng), rng),
                before, tally.routes)
        for draws in pieces(fit.posterior.thin(DRAWS), cells(fit.design))
    ]  # fmt: skip
    seen = tally.observed()
    exits = (seen[0][:, None] == np.arange(tally.routes)).sum(axis=0)
    replicates = np.concatenate(made)
    table = compare(_shares(seen, before, tally.routes), replicates).assign(exits=exits)
    table.insert(0, "route", likelihood.routes)
    table["judged"] = exits >= COMMON * exits.sum()
    return _check(table, likelihood, replicates)


def _shares(route: IntArray, before: npt.NDArray[np.bool_], routes: int) -> FloatArray:
    """Return, for each route, the share of its exits that had one before, (samples, routes).

    Examples
    --------
    >>> route = np.array([[0, 0, 1, -1, 1]])
    >>> _shares(route, np.array([False, True, True, True, True]), 3).tolist()
    [[0.5, 1.0, 0.0]]
    """
    by = [route == number for number in range(routes)]
    shares = [(taken & before).sum(axis=1) / np.maximum(taken.sum(axis=1), 1) for taken in by]
    return np.stack(shares, axis=1)


def _check(table: pd.DataFrame, likelihood: CompetingLikelihood, replicates: FloatArray) -> Check:
    judged = table[table["judged"]]
    wrong = outside(judged["p_value"])
    # the route that tells most against the model
    apart = (judged["observed"] - judged["mean"]).abs() / (judged["q95"] - judged["q05"])
    row = judged.iloc[int(np.argmax(apart))]
    alike = ", in which a child's frailty acts on all routes alike," if likelihood.frailty else ""
    sentence = (
        f"Of {likelihood.event_name}s by '{row['route']}' {row['observed']:.0%} are of children "
        f"who had one before, by whatever route; the model{alike} makes {row['q05']:.0%} to "
        f"{row['q95']:.0%} (90%). {wrong} of {len(judged)} judged shares have a p-value outside "
        f"{P_LIMITS[0]} to {P_LIMITS[1]}."
    )
    return Check(
        "ppc_route_moves", AGAIN, "predictive", "failed" if wrong else "passed", sentence,
        value=float(wrong), limit=0.0, table=table, series={"replicated": replicates},
    )  # fmt: skip
