"""How long children would stay in each home type: probabilities at three times, and mean days.

The restricted mean survival time to τ is the area under the curve of those still there,

    RMST(τ) = ∫_0^τ S(u) du,

the mean number of the first τ days that a child spends in the placement before a move.

References
----------
Royston & Parmar (2013), Restricted mean survival time, BMC Medical Research Methodology 13;
docs/methods.md section 5.5.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.design.core import Design
from bayescich.estimates.core import Estimate
from bayescich.estimates.home_types import reference_level
from bayescich.estimates.standardise import (
    Outcome,
    outcome_within,
    standard_words,
    standardised,
)
from bayescich.estimates.summaries import columns, headings, probability_of_direction, reading
from bayescich.estimates.type_effects import home_type_of, type_word
from bayescich.model.draws import Draws, FloatArray
from bayescich.model.likelihoods.hazard import HazardLikelihood
from bayescich.sampling.fit import Fit

TIMES = (182, 365, 730)
RESTRICTED_TO = 365
DRAWS = 200
_POINTS = 4
"""Gauss-Legendre points within each band, where the hazard is constant and the curve smooth."""


def standardised_time_estimates(fit: Fit, rng: np.random.Generator) -> tuple[Estimate, ...]:
    """Return ``standardised_times`` for a hazard with home types, or nothing.

    Parameters
    ----------
    fit : Fit
    rng : Generator
        For the Bayesian bootstrap.
    """
    likelihood = fit.structure.likelihood
    if fit.structure.home_type is None or not isinstance(likelihood, HazardLikelihood):
        return ()
    factor = fit.design.factors[home_type_of(fit).column]
    reference = reference_level(fit, factor)
    outcomes = [*(outcome_within(fit, days) for days in TIMES), days_stayed(fit)]
    found = standardised(fit, fit.posterior.thin(DRAWS), outcomes, rng)[0]
    stayed = found[-1]
    difference = stayed - stayed[:, [reference]]
    direction = probability_of_direction(difference)
    direction[reference] = np.nan
    table = pd.DataFrame({"type": factor.levels})
    for place, days in enumerate(TIMES):
        table = table.assign(**columns(f"within_{days}", found[place]))
    table = table.assign(**columns("stayed", stayed), **columns("stayed_diff", difference))
    table["pd"] = direction
    table["reading"] = [
        "reference" if place == reference else reading(float(d))
        for place, d in enumerate(direction)
    ]
    return (_estimate(fit, likelihood, table, factor.levels[reference]),)


def days_stayed(fit: Fit, days: int = RESTRICTED_TO) -> Outcome:
    """Return the mean days of the first ``days`` before the event, as an outcome."""
    likelihood = fit.structure.likelihood
    assert isinstance(likelihood, HazardLikelihood)
    nodes, weights = _rule(likelihood.cuts, days)
    design: Design = fit.design

    def outcome(draws: Draws, eta: FloatArray, stratum: int | None) -> FloatArray:
        total = np.zeros(eta.shape)
        for at, weight in zip(nodes, weights, strict=True):
            gone = likelihood.standardised(draws, eta, design, float(at), stratum)
            total += weight * (1.0 - gone)
        return total

    return outcome


def _rule(cuts: tuple[float, ...], days: int) -> tuple[FloatArray, FloatArray]:
    edges = np.r_[0.0, [cut for cut in cuts if cut < days], float(days)]
    nodes, weights = np.polynomial.legendre.leggauss(_POINTS)
    half = np.diff(edges)[:, None] / 2.0
    middle = (edges[1:] + edges[:-1])[:, None] / 2.0
    return (middle + half * nodes).ravel(), (half * weights).ravel()


def _estimate(
    fit: Fit, likelihood: HazardLikelihood, table: pd.DataFrame, reference: str
) -> Estimate:
    ordered = table.sort_values("stayed_mean")
    low, high = ordered.iloc[0], ordered.iloc[-1]
    sentence = (
        f"Of the first {RESTRICTED_TO} days, children would spend on average from "
        f"{low['stayed_mean']:.0f} ({low['stayed_q05']:.0f} to {low['stayed_q95']:.0f}) in "
        f"'{low['type']}' to {high['stayed_mean']:.0f} ({high['stayed_q05']:.0f} to "
        f"{high['stayed_q95']:.0f}) in '{high['type']}' before a {likelihood.event_name}."
    )
    words = {
        "type": type_word(fit), "pd": f"probability of direction against {reference}",
        "reading": "in words", **headings("stayed", f"days stayed of {RESTRICTED_TO}"),
        **headings("stayed_diff", f"days more than {reference}"),
    }  # fmt: skip
    for days in TIMES:
        words |= headings(f"within_{days}", f"{likelihood.event_name} within {days} days")
    notes = (
        *standard_words(fit),
        f"Mean days are of {RESTRICTED_TO} at most, had nothing else ended the stay.",
    )
    return Estimate(
        "standardised_times", "How long children would stay", sentence, table,
        {name: words[name] for name in table.columns}, notes,
    )  # fmt: skip
