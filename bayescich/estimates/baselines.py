"""Homes that hold early, homes that stabilise late: the course of each type's hazard over time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.estimates.core import Estimate
from bayescich.estimates.routes_axis import quoted
from bayescich.estimates.summaries import (
    columns,
    headings,
    probability_of_direction,
    ratio_name,
    reading,
)
from bayescich.estimates.type_effects import (
    DEPARTURE,
    baseline_by_type,
    event_shares,
    home_type_of,
)
from bayescich.model.draws import FloatArray
from bayescich.model.likelihoods.hazard import HazardLikelihood
from bayescich.sampling.fit import Fit
from bayescich.spec.model import HazardTimesSpec


def baseline_estimates(fit: Fit) -> tuple[Estimate, ...]:
    """Return ``baselines`` and ``courses`` when there is a baseline for each of several levels."""
    likelihood = fit.structure.likelihood
    if DEPARTURE not in fit.posterior or not isinstance(likelihood, HazardLikelihood):
        return ()
    return (_courses(fit), _hazards(fit, likelihood))


def departures(fit: Fit) -> FloatArray:
    """Return log hazard ratios to the mean of all baselines, (samples, baselines, bands)."""
    found = fit.posterior[DEPARTURE]
    return np.asarray(found - found.mean(axis=1, keepdims=True))


def later_against_earlier(fit: Fit) -> FloatArray:
    """Return by how much more a type's log hazard rises with time than that of all, (samples, K).

    The mean of its departures over the later half of the events less that over the earlier half.
    """
    share = event_shares(fit)
    before = np.clip(np.minimum(np.cumsum(share), 0.5) - np.r_[0.0, np.cumsum(share)[:-1]], 0, None)
    return np.asarray(departures(fit) @ (2.0 * (share - before) - 2.0 * before))


def course_words(change: float, direction: float) -> str:
    """Return what a change of the departures means.

    Examples
    --------
    >>> course_words(0.3, 0.95), course_words(-0.3, 0.99), course_words(0.1, 0.7)
    ('holds early: some evidence', 'stabilises late: strong evidence', 'not distinguishable')
    """
    evidence = reading(direction)
    if evidence == "not distinguishable":
        return evidence
    return f"{'holds early' if change > 0 else 'stabilises late'}: {evidence}"


def _courses(fit: Fit) -> Estimate:
    change = later_against_earlier(fit)
    direction = probability_of_direction(change)
    levels = fit.design.coords["baseline"]
    table = pd.DataFrame({"type": levels}).assign(
        **columns("change", np.exp(change)),
        pd=direction,
        reading=[
            course_words(float(c), float(d))
            for c, d in zip(change.mean(axis=0), direction, strict=True)
        ],
    )
    words = {
        "type": _by(fit), "pd": "probability of direction", "reading": "in words",
        **headings("change", "later against earlier hazard ratio"),
    }  # fmt: skip
    notes = (
        (
            "The hazard ratio to the average of all in the later half of the events, over that in "
            "the earlier half. Above 1 children stay at first and move later (holds early); below "
            "1 they move at first and those who are still there stay (stabilises late)."
        ),
    )
    return Estimate("courses", "Who holds early, who stabilises late", _sentence(table), table,
                    words, notes)  # fmt: skip


def _sentence(table: pd.DataFrame) -> str:
    told = {
        words: table.loc[table["reading"].str.startswith(words), "type"].tolist()
        for words in ("holds early", "stabilises late")
    }
    said = [f"{quoted(names)} {words}" for words, names in told.items() if names]
    rest = len(table) - sum(map(len, told.values()))
    if not said:
        return "No type's course over time can be told apart from the average course."
    if rest:
        said.append(f"the course of the other {rest} cannot be told apart from the average")
    return f"{'; '.join(said)}."


def _hazards(fit: Fit, likelihood: HazardLikelihood) -> Estimate:
    posterior, apart = fit.posterior, departures(fit)
    log_hazard = posterior["baseline"][:, None] + posterior[DEPARTURE]
    if baseline_by_type(fit):
        effect = home_type_of(fit)
        order = [fit.design.factors[effect.column].levels.index(t)
                 for t in fit.design.coords["baseline"]]  # fmt: skip
        log_hazard = log_hazard + posterior[effect.variable][:, order, None]
    parts = [
        pd.DataFrame({"type": level, "band": fit.design.coords["band"]}).assign(
            **columns("hazard", np.exp(log_hazard[:, place])),
            **columns("ratio", np.exp(apart[:, place])),
        )
        for place, level in enumerate(fit.design.coords["baseline"])
    ]
    table = pd.concat(parts, ignore_index=True)
    ratio = ratio_name(fit)
    widest = table.loc[np.log(table["ratio_mean"]).abs().idxmax()]
    sentence = (
        f"The course that departs most from the average is that of {widest['type']} in "
        f"{widest['band']}: {ratio} {widest['ratio_mean']:.2f} "
        f"({widest['ratio_q05']:.2f} to {widest['ratio_q95']:.2f})."
    )
    words = {
        "type": _by(fit), "band": "time since the start",
        **headings("hazard", f"{likelihood.event_name}s per year at risk"),
        **headings("ratio", f"{ratio} to the average course"),
    }  # fmt: skip
    notes = (
        (
            "For a reference case: average covariates, home and provider. The ratio compares the "
            "course only; how high the hazard of a type is overall stands in the table of types."
        ),
    )
    return Estimate(
        "baselines", "Hazard by time since the start, type by type", sentence, table, words, notes,
        across="band", shown=("type", "ratio_mean"),
    )  # fmt: skip


def _by(fit: Fit) -> str:
    item = fit.spec.likelihood
    assert isinstance(item, HazardTimesSpec)
    return (item.baseline_by or "type").replace("_", " ")
