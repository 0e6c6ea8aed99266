"""For models without home types: each level of the small groups, raw and partially pooled."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.estimates.core import Estimate
from bayescich.estimates.counting import row_word, spells_of_levels
from bayescich.estimates.home_types import raw_rates
from bayescich.estimates.summaries import columns, headings, pooling, ratio_name
from bayescich.model.draws import FloatArray
from bayescich.model.effects.group import GroupEffect
from bayescich.sampling.fit import Fit

LEVELS_SHOWN = 30
"""Groups of more levels are not listed: a league table of homes says more than the data do."""


def group_estimates(fit: Fit) -> tuple[Estimate, ...]:
    """Return ``groups_<column>`` for each group of up to 30 levels.

    A model with home types has its own table, and one with competing routes has no single outcome
    to give; nothing is returned for them.
    """
    if fit.structure.home_type is not None or fit.design.routes:
        return ()
    small = [g for g in fit.structure.groups if fit.design.factors[g.column].size <= LEVELS_SHOWN]
    return tuple(_estimate(fit, group) for group in small)


def outcome_of_levels(fit: Fit, group: GroupEffect) -> FloatArray:
    """Return the outcome of a reference case in each level, shape (samples, levels).

    Average covariates, every other group at its average.
    """
    posterior = fit.posterior
    eta = posterior[group.variable]
    if "intercept" in posterior:
        eta = eta + posterior["intercept"][:, None]
    horizon = fit.spec.report.horizon_days
    return fit.structure.likelihood.standardised(posterior, eta, fit.design, horizon)


def _estimate(fit: Fit, group: GroupEffect) -> Estimate:
    factor, effects = fit.design.factors[group.column], fit.posterior[group.variable]
    table = pd.DataFrame({"level": factor.levels, "n_rows": spells_of_levels(fit, factor)}).assign(
        **raw_rates(fit, factor),
        **columns("pooled", effects),
        pooled_sd=effects.std(axis=0, ddof=1),
        reliability=pooling(effects, group.level_sd(fit.posterior)),
        **columns("std", outcome_of_levels(fit, group)),
    )
    if ratio := ratio_name(fit):
        table = table.assign(**columns("ratio", np.exp(effects)))
    ordered = table.sort_values("std_mean")
    low, high = ordered.iloc[0], ordered.iloc[-1]
    likelihood = fit.structure.likelihood
    outcome = likelihood.standardised_name(fit.spec.report.horizon_days)
    sentence = (
        f"The {outcome} runs from {low['std_mean']:.3g} ({low['std_q05']:.3g} to "
        f"{low['std_q95']:.3g}) in '{low['level']}' to {high['std_mean']:.3g} "
        f"({high['std_q05']:.3g} to {high['std_q95']:.3g}) in '{high['level']}'."
    )
    words = {
        "level": group.column, "n_rows": row_word(fit), "numerator": "observed",
        "denominator": "out of",
        "raw": f"raw: {likelihood.crude_name}", "pooled_sd": "partially pooled: posterior SD",
        "reliability": "reliability", **headings("pooled", "partially pooled effect"),
        **headings("std", outcome),
        **(headings("ratio", f"{ratio} against the average") if ratio else {}),
    }  # fmt: skip
    notes = ("Levels are drawn towards their average as far as their reliability is below one.",)
    name = f"groups_{group.column}"
    title = f"Levels of '{group.column}': raw and partially pooled"
    return Estimate(name, title, sentence, table, words, notes)
