"""How often each authority does not record the route: what is recorded, not what is done."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit

from bayescich.design.core import Factor
from bayescich.design.outcomes import UNKNOWN
from bayescich.estimates.core import Estimate
from bayescich.estimates.routes_axis import span
from bayescich.estimates.summaries import columns, headings, probability_of_direction, reading
from bayescich.model.likelihoods.competing import CompetingLikelihood
from bayescich.sampling.fit import Fit


def recording_estimates(fit: Fit) -> tuple[Estimate, ...]:
    """Return ``recording``, one row per recorder, or nothing when recording is not modelled."""
    likelihood = fit.structure.likelihood
    if not isinstance(likelihood, CompetingLikelihood) or likelihood.recorded_by is None:
        return ()
    if "recording_logit" not in fit.posterior:
        return ()
    return (_estimate(fit, likelihood.recorded_by),)


def _estimate(fit: Fit, by: str) -> Estimate:
    outcome = fit.design.outcome
    recorder = Factor(by, fit.design.coords["recorder"], outcome["recorder"])
    events = recorder.sums(outcome["event"].astype(np.float64))
    missing = recorder.sums((outcome["cause"] == UNKNOWN).astype(np.float64))
    share = expit(fit.posterior["recording_logit"])
    with np.errstate(invalid="ignore"):
        observed = missing / events
    table = pd.DataFrame({"level": recorder.levels}).assign(
        n_events=events.astype(np.int64), n_missing=missing.astype(np.int64), observed=observed,
        **columns("share", share),
    )  # fmt: skip
    table = table.sort_values("share_mean", ascending=False, ignore_index=True)
    event = fit.spec.report.outcome_name
    words = {
        "level": by, "n_events": f"{event}s", "n_missing": f"{event}s of unknown route",
        "observed": "share, as counted", **headings("share", "share, partially pooled"),
    }  # fmt: skip
    pooled, sd = expit(fit.posterior["recording_level"]), fit.posterior["recording_sd"]
    high, low = table.iloc[0], table.iloc[-1]
    sentence = (
        f"In a typical {by} the route is not recorded for a share of {span(pooled)} of {event}s. "
        f"It runs from {low['share_mean']:.2f} in '{low['level']}' to {high['share_mean']:.2f} in "
        f"'{high['level']}'; the SD of its log odds is {span(sd)}."
    )
    return Estimate("recording", "How often the route is not recorded", sentence, table, words,
                    _notes(fit))  # fmt: skip


def _notes(fit: Fit) -> tuple[str, ...]:
    notes = [
        (
            "An event whose route is not recorded counts by the chance of each route, given the "
            "child, the home and the time. So an authority that gives no reasons does not look as "
            "if it had fewer disruptions."
        ),
    ]
    if "recording_shift" not in fit.posterior:
        return (
            *notes,
            (
                "It is assumed that, within an authority, not recording says nothing about the "
                "route. A model with recording_shift: true asks how much depends on that."
            ),
        )
    shift = fit.posterior["recording_shift"]
    found = reading(float(probability_of_direction(shift)))
    return (
        *notes,
        (
            f"From one route to the next in the order of the model the log odds of not being "
            f"recorded change by {span(shift)}: {found}. The data know little of it; the prior "
            "decides much. Shares are those of a route midway."
        ),
    )
