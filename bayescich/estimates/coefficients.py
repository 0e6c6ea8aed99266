"""Covariates, and the level of the outcome: baseline hazard, thresholds or intercept."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.estimates.core import Estimate
from bayescich.estimates.summaries import columns, headings, probability_of_direction, ratio_name
from bayescich.model.draws import FloatArray
from bayescich.model.likelihoods.hazard import HazardLikelihood
from bayescich.sampling.fit import Fit


def coefficient_estimates(fit: Fit) -> tuple[Estimate, ...]:
    """Return ``coefficients`` (with covariates only) and ``level``."""
    return (*_covariates(fit), _level(fit))


def _covariates(fit: Fit) -> tuple[Estimate, ...]:
    fixed = fit.design.fixed
    if fixed is None:
        return ()
    draws = fit.posterior["fixed"]
    table = pd.DataFrame({"covariate": fixed.names}).assign(
        **columns("", draws), pd=probability_of_direction(draws), mean_in_data=fixed.centres
    )
    ratio = ratio_name(fit)
    if ratio:
        table = table.assign(**columns("ratio", np.exp(draws)))
    clear = table[(table["q05"] > 0) | (table["q95"] < 0)]["covariate"].tolist()
    sentence = (
        f"{len(clear)} of {len(table)} covariates have a 90% interval on one side of zero"
        + (f": {', '.join(clear)}." if clear else ".")
    )
    words = {
        "covariate": "covariate", **headings("", "coefficient"), "pd": "probability of direction",
        "mean_in_data": "mean in the data", **(headings("ratio", ratio) if ratio else {}),
    }  # fmt: skip
    notes = ("Coefficients are per unit of the covariate itself; each covariate is centred.",)
    return (Estimate("coefficients", "Covariates", sentence, table, words, notes),)


def _level(fit: Fit) -> Estimate:
    """Return the outcome's level for a reference case: average covariates, homes and types."""
    posterior = fit.posterior
    if isinstance(fit.structure.likelihood, HazardLikelihood):
        rate = np.exp(posterior["baseline"])
        return _level_table(
            "Hazard by time since the start", fit.design.coords["band"], rate,
            f"{fit.structure.likelihood.event_name}s per year at risk",
        )  # fmt: skip
    if "cutpoint" in posterior:
        labels = fit.design.coords["cutpoint"]
        return _level_table("Thresholds between categories", labels, posterior["cutpoint"], "logit")
    intercept = posterior["intercept"][:, None]
    return _level_table("Intercept", ("intercept",), intercept, "linear predictor")


def _level_table(title: str, labels: tuple[str, ...], draws: FloatArray, unit: str) -> Estimate:
    table = pd.DataFrame({"level": labels}).assign(**columns("", draws))
    first, last = table.iloc[0], table.iloc[-1]
    sentence = f"{first['level']}: {first['mean']:.2f} ({first['q05']:.2f} to {first['q95']:.2f})"
    if len(table) > 1:
        sentence += f"; {last['level']}: {last['mean']:.2f} "
        sentence += f"({last['q05']:.2f} to {last['q95']:.2f})"
    notes = ("For a reference case: average covariates, home type, home and provider.",)
    words = {"level": "level", **headings("", unit)}
    return Estimate("level", title, f"{sentence}, in {unit}.", table, words, notes)
