"""The table the report cites: home types raw, unpooled and partially pooled, side by side.

References
----------
Gelman & Hill (2007), chapter 12; Efron & Morris (1975), JASA 70; Lin, Louis, Paddock & Ridgeway
(2006), Loss function based ranking, Bayesian Analysis 1; docs/methods.md section 5.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.checks.levels import pieces
from bayescich.design.core import Grouping, Membership
from bayescich.estimates.core import Estimate
from bayescich.estimates.counting import counts_by_level, row_word, spells_of_levels
from bayescich.estimates.standardise import (
    DRAWS,
    not_of_the_rows,
    standard_words,
    standardised_by_type,
    without_own_baselines,
)
from bayescich.estimates.summaries import (
    SOME,
    STRONG,
    columns,
    headings,
    pooling,
    probability_of_direction,
    ratio_name,
    reading,
    reliability,
)
from bayescich.estimates.type_effects import (
    baseline_by_type,
    is_compound,
    type_effect_sd,
    type_effects,
    type_need_of,
    type_word,
)
from bayescich.model.draws import Draws, FloatArray
from bayescich.model.likelihoods.hazard import HazardLikelihood
from bayescich.model.likelihoods.responses import is_measurement
from bayescich.sampling.fit import Fit


def home_type_estimates(fit: Fit, rng: np.random.Generator) -> tuple[Estimate, ...]:
    """Return ``home_types``, one row per type, or nothing for a model without types.

    With competing routes a type has no single effect; ``incidence`` stands in its place. Where
    children lived in several homes, or an outcome has parts, ``outcome_types`` makes the table.

    Parameters
    ----------
    fit : Fit
        With ``unpooled`` the table also holds the estimates without pooling.
    rng : Generator
        For the Bayesian bootstrap.
    """
    effect = fit.structure.home_type
    if effect is None or fit.design.routes:
        return ()
    if isinstance(fit.design.factors[effect.column], Membership):
        return ()
    factor = fit.design.factors[effect.column]
    reference = reference_level(fit, factor)
    outcome = standardised_by_type(fit, fit.posterior.thin(DRAWS), rng)
    table = pd.DataFrame({"type": factor.levels})
    for part in (
        {"n_rows": spells_of_levels(fit, factor), **counts_by_level(fit, factor)},
        raw_rates(fit, factor),
        _observed_over_expected(fit, factor),
        _unpooled(fit),
        _pooled(fit),
        _standardised(fit, outcome, reference),
        _ranks(fit, outcome),
        _learnt(fit),
    ):
        table = table.assign(**part)
    table["reading"] = [
        "reference" if level == factor.levels[reference] else reading(pd_)
        for level, pd_ in zip(table["type"], table["pd"], strict=True)
    ]
    return (_estimate(fit, table, factor.levels[reference]),)


def reference_level(fit: Fit, factor: Grouping) -> int:
    """Return the position of the type others are compared with: as asked, or the commonest."""
    asked = fit.spec.report.reference
    if asked in factor.levels:
        return factor.levels.index(asked)
    return int(np.argmax(spells_of_levels(fit, factor)))


def raw_rates(fit: Fit, factor: Grouping) -> dict[str, FloatArray]:
    """Return numerator, denominator and crude rate of each level, no model involved."""
    likelihood = fit.structure.likelihood
    over = factor.sums(likelihood.summary_numerator(fit.design).astype(np.float64))
    under = factor.sums(likelihood.summary_denominator(fit.design))
    return {"numerator": over, "denominator": under, "raw": over / under}


def _observed_over_expected(fit: Fit, factor: Grouping) -> dict[str, FloatArray]:
    """Observed over expected with the same case mix in average homes, 1 for all together.

    The expectation is scaled to the observed total: with frailty, time at risk ends sooner for the
    children more likely to move, and an unscaled ratio would not be 1 on average.
    """
    likelihood, design = fit.structure.likelihood, fit.design
    if is_measurement(likelihood, fit.design):
        return {}
    draws = without_own_baselines(fit, fit.posterior.thin(DRAWS))
    expected = np.zeros(design.rows)
    for piece in pieces(draws, design.rows):
        eta = fit.structure.linear_predictor(piece, design, not_of_the_rows(fit))
        expected += likelihood.expected(piece, eta, design).sum(axis=0) / draws.size
    observed = likelihood.summary_numerator(design)
    scale = observed.sum() / expected.sum()
    return {"oe": factor.sums(observed) / (factor.sums(expected) * scale)}


def unpooled_effects(fit: Fit) -> FloatArray | None:
    """Return draws of the types' effects without pooling, when that fit was made."""
    if fit.unpooled is None:
        return None
    return type_effects(fit, Draws.from_dataset(fit.unpooled["posterior"].to_dataset()))


def _unpooled(fit: Fit) -> dict[str, FloatArray]:
    free = unpooled_effects(fit)
    if free is None:
        return {}
    rho = reliability(type_effect_sd(fit, fit.posterior), free.std(axis=0, ddof=1))
    return {**columns("unpooled", free), "reliability": rho, "shrink_B": 1.0 - rho}


def _pooled(fit: Fit) -> dict[str, FloatArray]:
    effects = type_effects(fit, fit.posterior)
    found = {
        **columns("pooled", effects),
        "pooled_sd": effects.std(axis=0, ddof=1),
        "pooling_check": pooling(effects, type_effect_sd(fit, fit.posterior)),
    }
    return found | columns("ratio", np.exp(effects)) if ratio_name(fit) else found


def _standardised(fit: Fit, outcome: FloatArray, reference: int) -> dict[str, FloatArray]:
    difference = outcome - outcome[:, [reference]]
    direction = probability_of_direction(_against(fit, outcome, reference))
    direction[reference] = np.nan
    return {**columns("std", outcome), **columns("std_diff", difference), "pd": direction}


def _against(fit: Fit, outcome: FloatArray, reference: int) -> FloatArray:
    # with one number a type the sign of a standardised difference is that of the effects'
    # difference, which is known in every draw
    shown = outcome if is_compound(fit) else type_effects(fit, fit.posterior)
    return shown - shown[:, [reference]]


def _ranks(fit: Fit, outcome: FloatArray) -> dict[str, FloatArray]:
    """Rank 1 is the best type, or the one with the most when neither direction is better."""
    better_first = 1.0 if fit.spec.report.higher_is == "worse" else -1.0
    shown = outcome if is_compound(fit) else type_effects(fit, fit.posterior)
    ranks = np.argsort(np.argsort(better_first * shown, axis=1), axis=1)
    ranked = columns("e_rank", ranks.astype(np.float64) + 1.0)
    best = (ranks == 0).mean(axis=0)
    if fit.spec.report.higher_is == "neither":
        best = np.full_like(best, np.nan)
    return {
        "p_best": best, "e_rank": ranked["e_rank_mean"],
        "e_rank_q05": ranked["e_rank_q05"], "e_rank_q95": ranked["e_rank_q95"],
    }  # fmt: skip


def _learnt(fit: Fit) -> dict[str, FloatArray]:
    if "prior" not in fit.tree:
        return {}
    before = type_effects(fit, fit.prior).std(axis=0, ddof=1)
    after = type_effects(fit, fit.posterior).std(axis=0, ddof=1)
    return {"prior_posterior_sd_ratio": after / before}


def _estimate(fit: Fit, table: pd.DataFrame, reference: str) -> Estimate:
    named = table[table["reading"].isin(["some evidence", "strong evidence"])]["type"].tolist()
    outcome = fit.structure.likelihood.standardised_name(fit.spec.report.horizon_days)
    ordered = table.sort_values("std_mean")
    low, high = ordered.iloc[0], ordered.iloc[-1]
    against = (
        f"{len(named)} of {len(table) - 1} types differ from '{reference}' with some or strong "
        f"evidence: {'; '.join(named)}."
        if named
        else f"No type can be told apart from '{reference}'."
    )
    sentence = (
        f"The standardised {outcome} runs from {low['std_mean']:.2f} "
        f"({low['std_q05']:.2f} to {low['std_q95']:.2f}) in '{low['type']}' to "
        f"{high['std_mean']:.2f} ({high['std_q05']:.2f} to {high['std_q95']:.2f}) in "
        f"'{high['type']}'. {against}"
    )
    return Estimate(
        "home_types", f"{type_word(fit).capitalize()}s: raw, unpooled and partially pooled",
        sentence, table,
        _headings(fit, table, reference), _notes(fit, table, reference),
    )  # fmt: skip


def _headings(fit: Fit, table: pd.DataFrame, reference: str) -> dict[str, str]:
    likelihood = fit.structure.likelihood
    outcome = likelihood.standardised_name(fit.spec.report.horizon_days)
    words: dict[str, str] = {
        "type": type_word(fit), "n_rows": row_word(fit), "n_children": "children",
        "n_homes": "homes", "n_providers": "providers", "numerator": "observed",
        "denominator": "out of",
        "raw": f"raw: {likelihood.crude_name}", "oe": "observed ÷ expected",
        "pooled_sd": "partially pooled: posterior SD", "reliability": "reliability",
        "shrink_B": "shrinkage (1 - reliability)",
        "pooling_check": "reliability, from the posterior",
        "pd": f"probability of direction against {reference}",
        "p_best": "probability of being best",
        "e_rank": "expected rank", "e_rank_q05": "rank, 5%", "e_rank_q95": "rank, 95%",
        "prior_posterior_sd_ratio": "posterior SD ÷ prior SD", "reading": "in words",
        **headings("unpooled", "unpooled effect"), **headings("pooled", "partially pooled effect"),
        **headings("std", outcome), **headings("std_diff", f"difference from {reference}"),
    }  # fmt: skip
    if ratio := ratio_name(fit):
        words |= headings("ratio", f"{ratio} against the average type")
    return {name: words[name] for name in table.columns}


def _notes(fit: Fit, table: pd.DataFrame, reference: str) -> tuple[str, ...]:
    notes = [
        (
            "Raw rates involve no model. Unpooled effects take each type alone; partially pooled "
            "effects draw it towards the average type as far as its reliability is below one."
        ),
        *compound_notes(fit),
        *standard_words(fit),
        (
            "Observed ÷ expected keeps the case mix, the authority and the year, and sets "
            f"{type_word(fit)}, home and provider to average; 1 is all types together."
        ),
        (
            f"In words: below {SOME} the direction is not distinguishable, up to {STRONG} there is "
            "some evidence, above it strong evidence."
        ),
    ]
    if isinstance(fit.structure.likelihood, HazardLikelihood):
        notes.append(
            "The probability is that of a move if nothing else ended the stay: leaving care and "
            "the 18th birthday only end the observation, so fewer children than this are seen to "
            "move."
        )
    asked = fit.spec.report.reference
    if asked is not None and asked not in table["type"].to_numpy():
        words = f"The reference '{asked}' named in the spec is not among the types of the data; "
        notes.append(words + f"the commonest, '{reference}', stands in for it.")
    if fit.unpooled is None:
        notes.append("No unpooled fit was made, so reliability is given from the posterior only.")
    return tuple(notes)


def compound_notes(fit: Fit) -> tuple[str, ...]:
    """Return what a type's effect is an average over, when it is one."""
    over = []
    if type_need_of(fit) is not None:
        over.append("over the needs of all children in the data")
    if baseline_by_type(fit):
        over.append("over the time since the start, by where the events are")
    if not over:
        return ()
    words = "A type's effect is not one number in this model; what is shown is its average "
    return (f"{words}{' and '.join(over)}.",)
