"""What the priors alone expect, in units a reader can judge, beside what the data made of it.

The reference case has average covariates, none of the needs, the average home type, authority and
year, and lives in a *new* home of a new provider, so that the spread between homes is part of the
expectation. Of competing routes all together are judged; each is shown.

References
----------
Gabry, Simpson, Vehtari, Betancourt & Gelman (2019), Visualization in Bayesian workflow, JRSS A 182.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.checks.core import Check, Status
from bayescich.checks.levels import exchangeable_groups, home_group, new_home
from bayescich.model.draws import Draws, FloatArray
from bayescich.model.likelihoods.competing import CompetingLikelihood
from bayescich.model.likelihoods.ordinal import OrdinalLikelihood
from bayescich.model.likelihoods.responses import is_hurdle, is_measurement, main_place
from bayescich.model.likelihoods.times import HazardTimes
from bayescich.sampling.fit import Fit

EXTREME = 0.01
EXTREME_SHARE_LIMIT = 0.5
NARROW_LIMIT = 0.2
"""A prior that puts half its weight below 1% or above 99%, or whose 90% interval is narrower than
20 points, has all but answered the question before the data are seen."""

SCALE_LIMITS = (0.5, 50.0)
"""For a measurement: the prior's 90% interval may be half to fifty times the observed one."""

FOLD_MEDIAN_LIMIT = 10.0
FOLD_P99_LIMIT_HAZARD = 20.0
"""Homes: a 95% range of about two-fold is expected; half of the belief above ten-fold, or for a
hazard one part in a hundred above 20-fold, is absurd."""

TYPE_LIMIT = float(np.log(10.0))
"""Two home types differ by more than ten-fold in fewer than 5 of 100 prior draws."""


def prior_checks(fit: Fit, rng: np.random.Generator) -> tuple[Check, ...]:
    """Return ``prior_outcome``, ``prior_groups`` and ``prior_home_types``.

    Parameters
    ----------
    fit : Fit
        Groups ``prior`` and ``posterior`` are needed.
    rng : Generator
        For the effects of new homes.
    """
    if "prior" not in fit.tree:
        sentence = "No draws from the prior were kept."
        title = "What the priors expect"
        return (Check("prior_outcome", title, "prior", "not applicable", sentence),)
    return (_outcome(fit, rng), _groups(fit), _home_types(fit))


def reference_predictor(fit: Fit, draws: Draws, rng: np.random.Generator) -> FloatArray:
    """Return η of the reference case in a new home, (samples,) or (samples, routes)."""
    eta = new_home(fit.structure, draws, len(fit.design.routes), rng)
    return eta + draws["intercept"] if "intercept" in draws else eta


def _outcome(fit: Fit, rng: np.random.Generator) -> Check:
    prior, posterior = fit.prior, fit.posterior
    eta, eta_after = (reference_predictor(fit, d, rng) for d in (prior, posterior))
    horizon = fit.spec.report.horizon_days
    likelihood = fit.structure.likelihood
    before = likelihood.standardised(prior, eta, fit.design, horizon)
    after = likelihood.standardised(posterior, eta_after, fit.design, horizon)
    name, rows = likelihood.standardised_name(horizon), []
    if isinstance(likelihood, CompetingLikelihood):
        rows = [
            _compared(f"probability of leaving by: {route}", a, b)
            for route, a, b in zip(likelihood.routes, before.T, after.T, strict=True)
        ]
        before, after = before.sum(axis=1), after.sum(axis=1)
        name = f"probability of any {likelihood.event_name} within {horizon or 365} days"
    rows.insert(0, _compared(name, before, after))
    if isinstance(likelihood, OrdinalLikelihood):
        grades = likelihood.probabilities(prior, eta).T
        grades_after = likelihood.probabilities(posterior, eta_after).T
        rows += [
            _compared(f"probability of {label}", a, b)
            for label, a, b in zip(likelihood.categories, grades, grades_after, strict=True)
        ]
    low, high = np.quantile(before, [0.05, 0.95])
    status, verdict = _judge_outcome(fit, before)
    finest = home_group(fit.structure, fit.design)
    where = f" in a new {finest.column}" if finest else ""
    sentence = (
        f"Before the data, the {name} of a reference case{where} lies between "
        f"{low:.2f} and {high:.2f} (90% interval); {verdict}."
    )
    return Check(
        "prior_outcome", "What the priors expect of the outcome", "prior", status, sentence,
        table=pd.DataFrame(rows), series={"prior": before, "posterior": after},
    )  # fmt: skip


def _judge_outcome(fit: Fit, before: FloatArray) -> tuple[Status, str]:
    low, high = np.quantile(before, [0.05, 0.95])
    if is_measurement(fit.structure.likelihood, fit.design):
        seen = np.quantile(fit.structure.likelihood.observed(fit.design), [0.05, 0.95])
        ratio = float((high - low) / max(seen[1] - seen[0], 1e-12))
        ok = SCALE_LIMITS[0] <= ratio <= SCALE_LIMITS[1]
        return _status(ok), f"that is {ratio:.1f} times as wide as the observed values"
    before = before / most_points(fit)
    low, high = low / most_points(fit), high / most_points(fit)
    extreme = float(np.mean((before < EXTREME) | (before > 1 - EXTREME)))
    ok = extreme <= EXTREME_SHARE_LIMIT and high - low >= NARROW_LIMIT
    return _status(ok), f"{extreme:.0%} of the belief is below 1% or above 99%"


def most_points(fit: Fit) -> float:
    """Return the most points an outcome can have; one for a probability."""
    if not fit.design.responses:
        return 1.0
    # of a hurdle the main response is whether there are any; the next says how many
    place = main_place(fit.design) + int(is_hurdle(fit.design))
    return float(fit.design.responses[place].maximum or 1)


def _groups(fit: Fit) -> Check:
    name, title = "prior_groups", "What the priors expect of differences between homes"
    groups = exchangeable_groups(fit.structure)
    finest, both = home_group(fit.structure, fit.design), (fit.prior, fit.posterior)
    if finest is None or is_measurement(fit.structure.likelihood, fit.design):
        words = "Ratios between groups need a hazard or odds, and groups that can have new levels."
        return Check(name, title, "prior", "not applicable", words)
    folds = {g.column: _fold(fit.prior[g.sd_variable]).ravel() for g in groups}
    after = {g.column: _fold(fit.posterior[g.sd_variable]).ravel() for g in groups}
    rows = [_fold_row(c, folds[c], after[c]) for c in folds]
    for route, label in enumerate(fit.design.routes):
        rows += [
            _fold_row(f"{g.column}, {label}", *(_fold(d[g.sd_variable])[:, route] for d in both))
            for g in groups
        ]
    table = pd.DataFrame(rows)
    median, p99 = np.quantile(folds[finest.column], [0.5, 0.99])
    hazard = isinstance(fit.structure.likelihood, HazardTimes)
    absurd = median > FOLD_MEDIAN_LIMIT or (hazard and p99 > FOLD_P99_LIMIT_HAZARD)
    axis = "part of the outcome" if fit.design.responses else "route"
    by_route = f", on any one {axis}" if fit.design.routes else ""
    sentence = (
        f"Before the data, one {finest.column} in twenty differs from the average by more than "
        f"{median:.1f}-fold (median; about two-fold was aimed at), "
        f"in one prior draw of a hundred by more than {p99:,.0f}-fold{by_route}."
    )
    return Check(
        name, title, "prior", _status(not absurd), sentence,
        value=float(median), limit=FOLD_MEDIAN_LIMIT, table=table,
        series={"prior": folds[finest.column], "posterior": after[finest.column]},
    )  # fmt: skip


def _home_types(fit: Fit) -> Check:
    name, title = "prior_home_types", "What the priors expect of differences between home types"
    effect = fit.structure.home_type
    if effect is None or is_measurement(fit.structure.likelihood, fit.design):
        words = "The model has no home types, or its outcome has no ratios."
        return Check(name, title, "prior", "not applicable", words)
    before = _pairwise(fit.prior.thin(500)[effect.variable])
    after = _pairwise(fit.posterior.thin(500)[effect.variable])
    top = float(np.quantile(before, 0.95))
    sentence = (
        f"Before the data, two home types differ by less than {np.exp(np.median(before)):.1f}-fold "
        f"in half of the prior draws and by less than {np.exp(top):.1f}-fold in 95 of 100."
    )
    row = _compared("|log ratio| of two home types", before, after)
    return Check(
        name, title, "prior", _status(top <= TYPE_LIMIT), sentence,
        value=top, limit=TYPE_LIMIT, table=pd.DataFrame([row]),
        series={"prior": before, "posterior": after},
    )  # fmt: skip


def _pairwise(effects: FloatArray) -> FloatArray:
    # (samples, types) or (samples, types, routes): two types are compared on one route
    one, other = np.triu_indices(effects.shape[1], k=1)
    return np.abs(effects[:, one] - effects[:, other]).ravel()


def _fold(sd: FloatArray) -> FloatArray:
    return np.exp(1.96 * sd)


def _fold_row(column: str, before: FloatArray, after: FloatArray) -> dict[str, object]:
    return {
        "group": column,
        "prior_median": float(np.median(before)),
        "prior_p99": float(np.quantile(before, 0.99)),
        "posterior_median": float(np.median(after)),
        "posterior_p99": float(np.quantile(after, 0.99)),
    }


def _compared(quantity: str, before: FloatArray, after: FloatArray) -> dict[str, object]:
    row: dict[str, object] = {"quantity": quantity}
    for when, values in (("prior", before), ("posterior", after)):
        low, middle, high = np.quantile(values, [0.05, 0.5, 0.95])
        row |= {f"{when}_q05": low, f"{when}_median": middle, f"{when}_q95": high}
    return row


def _status(passed: bool) -> Status:
    return "passed" if passed else "failed"
