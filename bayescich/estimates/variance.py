"""How much each level of the hierarchy matters.

References
----------
Larsen & Merlo (2005), Appropriate assessment of neighbourhood effects (median odds ratio), American
Journal of Epidemiology 161; Nakagawa, Johnson & Schielzeth (2017), J. R. Soc. Interface 14.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.stats import gamma, norm

from bayescich.design.core import Membership
from bayescich.estimates.core import Estimate, OnPage
from bayescich.estimates.counting import spells_of_rows
from bayescich.estimates.routes_axis import axis_word
from bayescich.estimates.summaries import columns, headings, ratio_name
from bayescich.model.draws import FloatArray
from bayescich.model.effects.fixed import FixedEffect
from bayescich.model.effects.needs import MatchingEffect, NeedsEffect, TypeNeedEffect
from bayescich.model.effects.settings import SettingsEffect
from bayescich.model.effects.walk import WalkEffect
from bayescich.model.likelihoods.responses import is_measurement, known_errors
from bayescich.model.likelihoods.times import HazardTimes
from bayescich.model.response.densities import extra_name
from bayescich.sampling.fit import Fit

MEDIAN_RATIO = float(np.sqrt(2.0) * norm.ppf(0.75))
"""0.954: the median absolute difference of two standard normal levels."""

_LABELS = (NeedsEffect, TypeNeedEffect, MatchingEffect)


def variance_estimates(fit: Fit) -> tuple[Estimate, ...]:
    """Return ``variance``: SD, median ratio and share of variance of each source, or nothing.

    Shares are on the scale of the linear predictor. A logit model adds its own variance π²/3, a
    measurement its residual; a frailty enters with the variance of its logarithm. With competing
    routes each route has its own shares.
    """
    if not fit.structure.groups:
        return ()
    table = pd.concat(
        [_of_route(fit, place) for place in range(max(len(fit.design.routes), 1))],
        ignore_index=True,
    )
    words = {
        "source": "source", "route": axis_word(fit), **headings("sd", "SD"),
        **headings("median_ratio", f"median {ratio_name(fit)}"),
        **headings("share", "share of the variance"),
    }  # fmt: skip
    spread: OnPage = (
        {"across": "route", "shown": ("source", "sd_mean")} if fit.design.routes else {}
    )
    return (
        Estimate(
            "variance", "Where the differences lie", _sentence(fit, table), table,
            {name: words[name] for name in table.columns}, _notes(fit), **spread,
        ),
    )  # fmt: skip


def _of_route(fit: Fit, place: int) -> pd.DataFrame:
    variances = {name: _at(array, place) for name, array in components(fit).items()}
    groups = {g.column: _at(fit.posterior[g.sd_variable], place) for g in fit.structure.groups}
    total = sum(variances.values(), np.zeros(fit.posterior.size))
    rows = []
    for source, variance in variances.items():
        row: dict[str, object] = {"source": source}
        if fit.design.routes:
            row["route"] = fit.design.routes[place]
        row |= columns("sd", np.sqrt(variance))
        if source in groups and ratio_name(fit):
            row |= columns("median_ratio", np.exp(MEDIAN_RATIO * groups[source]))
        rows.append(row | columns("share", variance / total))
    return pd.DataFrame(rows)


def _at(array: FloatArray, route: int) -> FloatArray:
    return array if array.ndim == 1 else array[:, route]


def components(fit: Fit) -> Mapping[str, FloatArray]:
    """Return draws of the variance of each source, (samples,) or (samples, routes), by name."""
    posterior, likelihood = fit.posterior, fit.structure.likelihood
    groups = (g.variances(posterior, fit.design) for g in fit.structure.groups)
    found = {name: variance for group in groups for name, variance in group.items()}
    found |= _of_rows(fit)
    if isinstance(likelihood, HazardTimes):
        if likelihood.frailty is not None:
            found[f"{likelihood.frailty} (frailty)"] = likelihood.family.log_variance(posterior)
    elif fit.design.routes or not is_measurement(likelihood, fit.design):
        found["single outcome"] = _of_single_outcomes(fit)
        if "child_loading" in posterior:
            found["child"] = posterior["child_loading"] ** 2
    elif (known := known_errors(fit.design)) is None:
        found["residual"] = posterior["residual_sd"] ** 2
    else:
        found["known error"] = np.full(posterior.size, float(np.mean(known**2)))
    return found


def _of_single_outcomes(fit: Fit) -> FloatArray:
    """Return the variance of the link's own distribution, by part where there are several.

    π²/3 of a logit, π²/6 of an event within a time (complementary log-log), and of a measurement
    among other outcomes its residual.
    """
    design, draws = fit.design, fit.posterior
    each = np.full((draws.size, max(len(design.routes), 1)), np.pi**2 / 3.0)
    for place, response in enumerate(design.responses):
        if response.kind == "cloglog":
            each[:, response.column] = np.pi**2 / 6.0
        elif response.kind == "normal" and not response.known_sd:
            each[:, response.column] = draws[extra_name(design, place)] ** 2
    return each if design.routes else each[:, 0]


def _of_rows(fit: Fit) -> dict[str, FloatArray]:
    """Return the variance over the spells of what covariates, walks and needs contribute."""
    design, posterior = fit.design, fit.posterior
    weights = spells_of_rows(design)
    weights = weights / weights.sum()
    found: dict[str, FloatArray] = {}
    for effect in fit.structure.effects:
        if isinstance(effect, FixedEffect) and design.fixed is not None:
            # x'Vx of the covariates' own covariance: no array of rows by draws is needed
            centred = design.fixed.values - weights @ design.fixed.values
            found["covariates"] = _quadratic(
                posterior[effect.variable], (centred.T * weights) @ centred
            )
        elif isinstance(effect, WalkEffect):
            share = design.factors[effect.column].sums(weights)
            found[effect.column] = _quadratic(
                posterior[effect.variable], np.diag(share) - np.outer(share, share)
            )
        elif isinstance(effect, SettingsEffect):
            lived = effect.layout(design).matrix()
            found["settings"] = _quadratic(effect.values(posterior), _covariance(lived, weights))
        elif isinstance(effect, _LABELS):
            name, of = _labels_of(effect)
            found[name] = _quadratic(
                effect.values(posterior), _covariance(design.labels[of].matrix(), weights)
            )
    return found


def _labels_of(effect: NeedsEffect | TypeNeedEffect | MatchingEffect) -> tuple[str, str]:
    if isinstance(effect, NeedsEffect):
        return ("needs" if effect.name == "need" else f"needs ({effect.name})", effect.name)
    if isinstance(effect, TypeNeedEffect):
        return ("needs within types", "type_need")
    return ("matched needs", "matching")


def _covariance(matrix: sparse.csr_array, weights: FloatArray) -> FloatArray:
    mean = np.asarray(matrix.T @ weights)
    weighted = sparse.csr_array(matrix.multiply(weights[:, None]))
    return np.asarray((matrix.T @ weighted).todense()) - np.outer(mean, mean)


def _quadratic(values: FloatArray, covariance: FloatArray) -> FloatArray:
    """Return v'Cv of every draw (and route); ``values`` is (samples, items) or (…, routes)."""
    by_route = values if values.ndim == 3 else values[:, :, None]
    found = np.einsum("sim,ij,sjm->sm", by_route, covariance, by_route, optimize=True)
    return np.maximum(found if values.ndim == 3 else found[:, 0], 0.0)


def frailty_words(fit: Fit) -> str:
    """Return the frailty in words: the most against the least mobile tenth."""
    if "frailty_sd" in fit.posterior:
        spread, name = fit.posterior["frailty_sd"], "SD of the log frailty"
        fold = np.exp(2.0 * norm.ppf(0.9) * spread)
    else:
        spread, name = fit.posterior["frailty_variance"], "frailty variance"
        fold = gamma.ppf(0.9, 1.0 / spread, scale=spread) / gamma.ppf(
            0.1, 1.0 / spread, scale=spread
        )
    low, high = np.quantile(spread, [0.05, 0.95])
    return (
        f"The {name} is {spread.mean():.2f} ({low:.2f} to {high:.2f}): with the same "
        f"covariates in the same home, one child in ten moves at least {np.median(fold):,.0f} "
        "times as readily as another one in ten."
    )


def _sentence(fit: Fit, table: pd.DataFrame) -> str:
    columns_ = [g.column for g in fit.structure.groups]
    own = table[table["source"].isin(columns_)].sort_values("sd_mean", ascending=False)
    top = own.iloc[0]
    where = f" by '{top['route']}'" if fit.design.routes else ""
    words = (
        f"Of the grouped levels '{top['source']}' differs most{where}: SD {top['sd_mean']:.2f} "
        f"({top['sd_q05']:.2f} to {top['sd_q95']:.2f}), {top['share_mean']:.0%} of the variance on "
        "the scale of the predictor."
    )
    frailty = {"frailty_variance", "frailty_sd"} & set(fit.posterior.values)
    return f"{words} {frailty_words(fit)}" if frailty else words


def _notes(fit: Fit) -> tuple[str, ...]:
    ratio = ratio_name(fit)
    each = f", for each {axis_word(fit)} apart" if fit.design.routes else ""
    notes = [f"Shares are on the scale of the linear predictor and add to one in every draw{each}."]
    if ratio:
        notes.append(
            f"The median {ratio} compares two levels taken at random, the higher against the lower."
        )
    if fit.design.routes and not fit.design.responses:
        notes.append("The frailty of a child is one, and multiplies its hazards of all routes.")
    if any(isinstance(factor, Membership) for factor in fit.design.factors.values()):
        notes.append("Levels of which a child has several count as for a whole window in one.")
    return tuple(notes)
