"""Posterior predictive checks that any likelihood allows: crude rates and spread between homes.

Where a child lived in several homes it counts in each by its weight there: sums over the children
of a home are weighted, observed and replicated alike.

References
----------
Gelman, Meng & Stern (1996), Posterior predictive assessment, Statistica Sinica 6; Marshall &
Spiegelhalter (2007), Identifying outliers in Bayesian hierarchical models (mixed replicates of new
homes), Bayesian Analysis 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayescich.checks.core import Check, Status
from bayescich.checks.levels import home_group
from bayescich.checks.replicates import (
    P_LIMITS,
    Outcome,
    compare,
    observed,
    outside,
    replicated,
)
from bayescich.checks.spells import in_cells, nothing_to_replay
from bayescich.design.core import Design, Grouping, Membership
from bayescich.model.base import Likelihood
from bayescich.model.draws import FloatArray
from bayescich.model.likelihoods.responses import (
    ResponseLikelihood,
    is_hurdle,
    is_measurement,
    main,
)
from bayescich.model.likelihoods.times import HazardTimes
from bayescich.model.response.densities import is_score
from bayescich.sampling.fit import Fit

LARGE = 5.0
"""Homes with at least this many expected counts enter the search for an extreme one."""

WORDS: Mapping[str, str] = {
    "overall": "crude rate, all together",
    "spread": "spread of the raw rate between homes (SD, larger homes count for more)",
    "none": "share of homes without a single one",
    "all": "share of homes with nothing else",
    "extreme": "largest departure of one home, in standard units",
}
"""What each statistic is called."""

JUDGED = (("same", "overall"), ("same", "spread"), ("same", "none"), ("same", "all"),
          ("new", "spread"))  # fmt: skip
"""Statistics that can fail the check; the others are shown only. New homes are judged by their
spread: their level also depends on which homes were filled most."""


def predictive_checks(fit: Fit, rng: np.random.Generator) -> tuple[Check, ...]:
    """Return ``ppc_rates`` and ``ppc_homes``."""
    return (crude_rates(fit, rng), between_homes(fit, rng))


def crude_rates(fit: Fit, rng: np.random.Generator) -> Check:
    """Compare the crude rate, overall and by home type, with replicated ones."""
    name, title = "ppc_rates", "Crude rates, observed and replicated"
    why = nothing_to_replay(fit.design)
    if why and not in_cells(fit.design):
        return Check(name, title, "predictive", "not applicable", why)
    likelihood = fit.structure.likelihood
    effect = fit.structure.home_type
    types = fit.design.factors[effect.column] if effect else None

    def statistics(outcome: Outcome) -> dict[str, FloatArray]:
        overall = outcome.counts.sum(axis=1) / outcome.sizes.sum(axis=1)
        if types is None:
            return {"rate": overall[:, None]}
        by_type = types.sums(outcome.counts) / np.maximum(types.sums(outcome.sizes), 1e-12)
        return {"rate": np.column_stack([overall, by_type])}

    draws = replicated(fit, statistics, rng)["rate"]
    table = compare(statistics(observed(fit))["rate"], draws)
    table.insert(0, "level", ["all", *(types.levels if types else ())])
    wrong = outside(table["p_value"])
    top = table.iloc[0]
    sentence = (
        f"Observed {likelihood.crude_name}: {top['observed']:.3g}; the model makes "
        f"{top['q05']:.3g} to {top['q95']:.3g} (90%). "
        f"{wrong} of {len(table)} rates lie outside what it makes in 98 of 100 replicates."
        f"{_weighed(types)}"
    )
    return Check(
        name, title, "predictive", _status(wrong == 0), sentence,
        value=float(wrong), limit=0.0, table=table, series={"replicated": draws},
    )  # fmt: skip


def between_homes(fit: Fit, rng: np.random.Generator) -> Check:
    """Compare the spread between homes, for the same homes and for new ones."""
    name, title = "ppc_homes", "Differences between homes, observed and replicated"
    group = home_group(fit.structure, fit.design)
    if group is None:
        words = "The model has no homes or similar groups that could be exchanged for new ones."
        return Check(name, title, "predictive", "not applicable", words)
    if why := nothing_to_replay(fit.design):
        return Check(name, title, "predictive", "not applicable", why)
    factor = fit.design.factors[group.column]

    def statistics(outcome: Outcome) -> dict[str, FloatArray]:
        return home_statistics(fit, factor, outcome)

    seen = statistics(observed(fit))
    series = {f"observed_{key}": values for key, values in seen.items()}
    frames = []
    for whose in ("same", "new"):
        draws = replicated(fit, statistics, rng, new_homes=whose == "new")
        series |= {f"{whose}_{key}": values for key, values in draws.items()}
        for key, values in draws.items():
            row = compare(seen[key], values)
            row.insert(0, "statistic", WORDS[key])
            row.insert(0, "homes", whose)
            row["judged"] = (whose, key) in JUDGED
            frames.append(row)
    table = pd.concat(frames, ignore_index=True)
    return _homes_check(name, title, factor, table, series)


def home_statistics(fit: Fit, factor: Grouping, outcome: Outcome) -> dict[str, FloatArray]:
    """Return the statistics of :data:`WORDS` that suit the outcome, each of shape (samples,)."""
    likelihood, design = fit.structure.likelihood, fit.design
    counts, sizes = factor.sums(outcome.counts), factor.sums(outcome.sizes)
    rate = counts.sum(axis=1, keepdims=True) / sizes.sum(axis=1, keepdims=True)
    excess = counts - rate * sizes
    found = {"overall": rate[:, 0], "spread": _spread(excess, sizes)}
    # a child of weight w adds w² to the variance of a weighted sum
    own = _squared(factor).sums(outcome.sizes)
    if is_measurement(likelihood, design) or _in_points(likelihood, design):
        standard = np.abs(excess) / np.sqrt(np.maximum(own, _NOBODY))
        return found | {"extreme": standard.max(axis=1)}
    there = _anybody(likelihood, sizes)
    found["none"] = (counts == 0)[:, there].mean(axis=1)
    if isinstance(likelihood, HazardTimes):
        # a ratio to the overall rate, which with new homes varies for its own reasons
        found["spread"] /= rate[:, 0]
    else:
        found["all"] = np.isclose(counts, sizes, rtol=1e-9)[:, there].mean(axis=1)
    large = _large(fit, factor)
    if large.any():
        standard = np.abs(excess)[:, large] / np.sqrt(rate * own[:, large])
        found["extreme"] = standard.max(axis=1)
    return found


_NOBODY = 1e-12
"""Weight of a home in which nobody's outcome was seen."""


def _in_points(likelihood: Likelihood, design: Design) -> bool:
    """Return whether a home's sum is one of points, of which 'none' and 'all' say nothing."""
    if not isinstance(likelihood, ResponseLikelihood):
        return False
    return is_hurdle(design) or is_score(main(design))


def _anybody(likelihood: Likelihood, sizes: FloatArray) -> npt.NDArray[np.bool_]:
    """Return the homes in which an outcome was seen; of spells, which are drawn again, all."""
    if isinstance(likelihood, HazardTimes):
        return np.ones(sizes.shape[1], dtype=np.bool_)
    return np.asarray(sizes[0] > 0)


def _squared(factor: Grouping) -> Grouping:
    if not isinstance(factor, Membership):
        return factor
    return replace(factor, labels=replace(factor.labels, weights=factor.labels.weights**2))


def _weighed(factor: Grouping | None) -> str:
    if not isinstance(factor, Membership):
        return ""
    return " Each row counts in each by the part of its window that was lived there."


def _spread(excess: FloatArray, sizes: FloatArray) -> FloatArray:
    # second moments of counts, not of rates: a home with a day at risk then has a day's weight
    return np.sqrt((excess**2).sum(axis=1) / (sizes**2).sum(axis=1))


def _large(fit: Fit, factor: Grouping) -> npt.NDArray[np.bool_]:
    seen = observed(fit)
    sizes = factor.sums(seen.sizes)[0]
    return np.asarray(sizes * (seen.counts.sum() / sizes.sum()) >= LARGE)


def _homes_check(
    name: str, title: str, factor: Grouping, table: pd.DataFrame, series: Mapping[str, FloatArray]
) -> Check:
    judged = table[table["judged"]]
    wrong = outside(judged["p_value"])
    spread = table[(table["homes"] == "new") & (table["statistic"] == WORDS["spread"])].iloc[0]
    sentence = (
        f"Spread of the raw rate between levels of '{factor.name}': observed "
        f"{spread['observed']:.3g}; with new ones the model makes {spread['q05']:.3g} to "
        f"{spread['q95']:.3g} (90%). "
        f"{wrong} of {len(judged)} judged statistics have a p-value outside "
        f"{P_LIMITS[0]} to {P_LIMITS[1]}.{_weighed(factor)}"
    )
    return Check(
        name, title, "predictive", _status(wrong == 0), sentence,
        value=float(wrong), limit=0.0, table=table, series=series,
    )  # fmt: skip


def _status(passed: bool) -> Status:
    return "passed" if passed else "failed"
