"""Covariates, and the level of the outcome: baseline hazard, thresholds or intercept."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.estimates.core import Estimate
from bayescich.estimates.routes_axis import axis_word, by_route, clear, quoted, side_by_side, spans
from bayescich.estimates.summaries import columns, headings, probability_of_direction, ratio_name
from bayescich.estimates.type_effects import baseline_by_type
from bayescich.model.draws import FloatArray
from bayescich.model.effects.needs import NeedsEffect
from bayescich.model.likelihoods.times import HazardTimes
from bayescich.sampling.fit import Fit

ALL_ROUTES = "all routes, on average"


def coefficient_estimates(fit: Fit) -> tuple[Estimate, ...]:
    """Return ``coefficients`` (with covariates only) and ``level``."""
    return (*_covariates(fit), _level(fit), *_thresholds(fit))


def _covariates(fit: Fit) -> tuple[Estimate, ...]:
    fixed = fit.design.fixed
    if fixed is None:
        return ()
    ratio = ratio_name(fit)

    def made(draws: FloatArray) -> dict[str, FloatArray]:
        found = {**columns("", draws), "pd": probability_of_direction(draws)}
        found["mean_in_data"] = fixed.centres
        return found | columns("ratio", np.exp(draws)) if ratio else found

    first = pd.DataFrame({"covariate": fixed.names})
    table = by_route(fit, first, fit.posterior["fixed"], made)
    if "fixed_mean" in fit.posterior:
        mean = first.assign(**made(fit.posterior["fixed_mean"]))
        mean.insert(1, "route", ALL_ROUTES)
        table = pd.concat([mean, table], ignore_index=True)
    words = {
        "covariate": "covariate", "route": axis_word(fit), **headings("", "coefficient"),
        "pd": "probability of direction", "mean_in_data": "mean in the data",
        **(headings("ratio", ratio) if ratio else {}),
    }  # fmt: skip
    return (
        Estimate(
            "coefficients", "Covariates", _said(fit, table), table,
            {name: words[name] for name in table.columns}, _notes(fit),
            **side_by_side(fit, "covariate"),
        ),
    )  # fmt: skip


def _said(fit: Fit, table: pd.DataFrame) -> str:
    pooled = "fixed_mean" in fit.posterior
    if pooled:
        table = table[table["route"] == ALL_ROUTES]
    found = clear(table)
    each = found["covariate"]
    if fit.design.routes and not pooled:
        each = each + " (" + found["route"] + ")"
    told = each.tolist()
    where = " of the mean over the routes" if pooled else ""
    return (
        f"{len(told)} of {len(table)} covariates have a 90% interval{where} on one side of zero"
        + (f": {', '.join(told)}." if told else ".")
    )


def _notes(fit: Fit) -> tuple[str, ...]:
    notes = ["Coefficients are per unit of the covariate itself; each covariate is centred."]
    fixed = fit.spec.fixed
    if fixed is not None and fixed.means_by is not None:
        notes.append(
            f"“{fixed.means_by} mean of” a covariate is its mean over the other children there: "
            "the company kept, and with it what chose such children for it."
        )
    if "fixed_mean" in fit.posterior:
        notes.append(
            "On each route a coefficient is drawn towards its mean over the routes; departures of "
            f"one standard deviation of a covariate have an SD of "
            f"{spans(fit, fit.posterior['fixed_route_sd'])}."
        )
    return tuple(notes)


def _level(fit: Fit) -> Estimate:
    """Return the outcome's level for a reference case: average covariates, homes and types."""
    posterior, likelihood = fit.posterior, fit.structure.likelihood
    if isinstance(likelihood, HazardTimes):
        event = fit.spec.report.outcome_name
        return _level_table(
            fit, "Hazard by time since the start", fit.design.coords["band"],
            np.exp(_common_baseline(fit)), f"{event}s per year at risk",
        )  # fmt: skip
    if "cutpoint" in posterior and not fit.design.routes:
        return _level_table(
            fit, "Thresholds between categories", threshold_labels(fit), posterior["cutpoint"],
            "logit",
        )  # fmt: skip
    intercept = posterior["intercept"][:, None]
    return _level_table(fit, "Intercept", ("intercept",), intercept, "linear predictor")


def threshold_labels(fit: Fit) -> tuple[str, ...]:
    """Return what the thresholds of ordered categories lie between."""
    coords = fit.design.coords
    return coords["threshold"] if "threshold" in coords else coords["cutpoint"]


def _thresholds(fit: Fit) -> tuple[Estimate, ...]:
    """Return the thresholds of an outcome of several parts, of which one has an order."""
    if "cutpoint" not in fit.posterior or not fit.design.routes:
        return ()
    table = pd.DataFrame({"level": threshold_labels(fit)})
    table = table.assign(**columns("", fit.posterior["cutpoint"]))
    sentence = f"{len(table)} thresholds between neighbouring categories, on the logit scale."
    words = {"level": "between", **headings("", "logit")}
    return (Estimate("thresholds", "Thresholds between categories", sentence, table, words),)


def _common_baseline(fit: Fit) -> FloatArray:
    posterior = fit.posterior
    if not baseline_by_type(fit):
        return posterior["baseline"]
    return np.asarray(posterior["baseline"] + posterior["baseline_departure"].mean(axis=1))


def _level_table(
    fit: Fit, title: str, labels: tuple[str, ...], draws: FloatArray, unit: str
) -> Estimate:
    first = pd.DataFrame({"level": labels})
    table = by_route(fit, first, draws, lambda own: columns("", own))
    about = "" if not fit.design.routes else f", by '{fit.design.routes[0]}'"
    own = table if not fit.design.routes else table[table["route"] == fit.design.routes[0]]
    start, end = own.iloc[0], own.iloc[-1]
    sentence = f"{start['level']}: {start['mean']:.2f} ({start['q05']:.2f} to {start['q95']:.2f})"
    if len(own) > 1:
        sentence += f"; {end['level']}: {end['mean']:.2f} "
        sentence += f"({end['q05']:.2f} to {end['q95']:.2f})"
    needs = any(isinstance(e, NeedsEffect) for e in fit.structure.effects)
    groups = [e.column.replace("_", " ") for e in fit.structure.groups]
    average = [*(["covariates"] if fit.design.fixed is not None else []), *groups]
    case = f"average {quoted(average)}" if average else "no covariates"
    note = f"For a reference case: {case}{'; none of the needs' if needs else ''}."
    words = {"level": "level", "route": axis_word(fit), **headings("", unit)}
    return Estimate(
        "level", title, f"{sentence}, in {unit}{about}.", table,
        {name: words[name] for name in table.columns}, (note,),
        **side_by_side(fit, "level", value="mean"),
    )  # fmt: skip
