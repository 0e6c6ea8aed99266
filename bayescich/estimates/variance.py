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
from scipy.special import polygamma
from scipy.stats import gamma, norm

from bayescich.estimates.core import Estimate
from bayescich.estimates.summaries import columns, headings, ratio_name
from bayescich.model.draws import FloatArray
from bayescich.model.likelihoods.gaussian import GaussianLikelihood
from bayescich.model.likelihoods.hazard import HazardLikelihood
from bayescich.sampling.fit import Fit

MEDIAN_RATIO = float(np.sqrt(2.0) * norm.ppf(0.75))
"""0.954: the median absolute difference of two standard normal levels."""


def variance_estimates(fit: Fit) -> tuple[Estimate, ...]:
    """Return ``variance``: SD, median ratio and share of variance of each source, or nothing.

    Shares are on the scale of the linear predictor. A logit model adds its own variance π²/3, a
    measurement its residual; a gamma frailty enters with the variance of its logarithm.
    """
    variances = components(fit)
    groups = {g.column: fit.posterior[g.sd_variable] for g in fit.structure.groups}
    if not groups:
        return ()
    total = sum(variances.values(), np.zeros(fit.posterior.size))
    rows = []
    for source, variance in variances.items():
        row: dict[str, object] = {"source": source, **columns("sd", np.sqrt(variance))}
        if source in groups and ratio_name(fit):
            row |= columns("median_ratio", np.exp(MEDIAN_RATIO * groups[source]))
        rows.append(row | columns("share", variance / total))
    table = pd.DataFrame(rows)
    return (
        Estimate(
            "variance", "Where the differences lie", _sentence(fit, table), table,
            _headings(fit), _notes(fit),
        ),
    )  # fmt: skip


def components(fit: Fit) -> Mapping[str, FloatArray]:
    """Return draws of the variance of each source on the scale of the predictor, by name."""
    posterior, likelihood = fit.posterior, fit.structure.likelihood
    found = {g.column: posterior[g.sd_variable] ** 2 for g in fit.structure.groups}
    if fit.design.fixed is not None:
        # x'Vx of the covariates' own covariance: no array of rows by draws is needed
        covariance = np.atleast_2d(np.cov(fit.design.fixed.values, rowvar=False, bias=True))
        beta = posterior["fixed"]
        found["covariates"] = np.einsum("si,ij,sj->s", beta, covariance, beta)
    if isinstance(likelihood, HazardLikelihood):
        if likelihood.frailty is not None:
            found[f"{likelihood.frailty} (frailty)"] = log_frailty_variance(
                posterior["frailty_variance"]
            )
    elif not isinstance(likelihood, GaussianLikelihood):
        found["single outcome (logit)"] = np.full(posterior.size, np.pi**2 / 3.0)
    elif "residual_sd" in posterior:
        found["residual"] = posterior["residual_sd"] ** 2
    else:
        known = float(np.mean(fit.design.outcome["known_sd"] ** 2))
        found["known error"] = np.full(posterior.size, known)
    return found


def log_frailty_variance(variance: FloatArray) -> FloatArray:
    """Return Var(log ω) of a gamma frailty with mean 1: trigamma(1/φ).

    Examples
    --------
    >>> log_frailty_variance(np.array([1.0])).round(4).tolist()
    [1.6449]
    """
    return np.asarray(polygamma(1, 1.0 / variance), dtype=np.float64)


def frailty_words(fit: Fit) -> str:
    """Return the frailty variance in words: the most against the least mobile tenth."""
    phi = fit.posterior["frailty_variance"]
    fold = gamma.ppf(0.9, 1.0 / phi, scale=phi) / gamma.ppf(0.1, 1.0 / phi, scale=phi)
    low, high = np.quantile(phi, [0.05, 0.95])
    return (
        f"The frailty variance is {phi.mean():.2f} ({low:.2f} to {high:.2f}): with the same "
        f"covariates in the same home, one child in ten moves at least {np.median(fold):,.0f} "
        "times as readily as another one in ten."
    )


def _sentence(fit: Fit, table: pd.DataFrame) -> str:
    columns_ = [g.column for g in fit.structure.groups]
    own = table[table["source"].isin(columns_)].sort_values("sd_mean", ascending=False)
    top = own.iloc[0]
    words = (
        f"Of the grouped levels '{top['source']}' differs most: SD {top['sd_mean']:.2f} "
        f"({top['sd_q05']:.2f} to {top['sd_q95']:.2f}), {top['share_mean']:.0%} of the variance on "
        "the scale of the predictor."
    )
    return f"{words} {frailty_words(fit)}" if "frailty_variance" in fit.posterior else words


def _headings(fit: Fit) -> dict[str, str]:
    ratio = ratio_name(fit)
    return {
        "source": "source",
        **headings("sd", "SD"),
        **(headings("median_ratio", f"median {ratio}") if ratio else {}),
        **headings("share", "share of the variance"),
    }


def _notes(fit: Fit) -> tuple[str, ...]:
    ratio = ratio_name(fit)
    notes = ["Shares are on the scale of the linear predictor and add to one in every draw."]
    if ratio:
        notes.append(
            f"The median {ratio} compares two levels taken at random, the higher against the lower."
        )
    return tuple(notes)
