"""Several outcomes together: is there one thing that makes a home good, and what does it bring?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.estimates.core import Estimate
from bayescich.estimates.routes_axis import quoted
from bayescich.estimates.summaries import columns, headings, pooling, probability_of_direction
from bayescich.model.draws import FloatArray
from bayescich.model.effects.group import GroupEffect
from bayescich.sampling.fit import Fit
from bayescich.spec.outcomes import JointSpec
from bayescich.spec.variants import ALONE

SHARED = 0.25
"""Mean share of a home's variance that is common, below which there is no one dimension."""


def joint_estimates(fit: Fit) -> tuple[Estimate, ...]:
    """Return ``common_factor`` and ``joint_gain`` of a joint model, or nothing."""
    if not isinstance(fit.spec.likelihood, JointSpec):
        return ()
    groups = [g for g in fit.structure.groups if g.correlated or g.factor]
    if not groups:
        return ()
    gain = (_gain(fit, groups),) if ALONE in fit.companions else ()
    return (_common(fit, groups), *gain)


def common_share(fit: Fit, group: GroupEffect) -> FloatArray:
    """Return the share of each outcome's variance that is common, (samples, outcomes)."""
    if f"{group.column}_common" in fit.posterior:
        return fit.posterior[f"{group.column}_common"] ** 2
    # of a full matrix: how much of an outcome the others tell
    inverse = np.linalg.inv(group.correlation(fit.posterior, len(fit.design.routes)))
    return np.asarray(1.0 - 1.0 / np.diagonal(inverse, axis1=1, axis2=2))


def _common(fit: Fit, groups: list[GroupEffect]) -> Estimate:
    parts = []
    for group in groups:
        share = common_share(fit, group)
        part = pd.DataFrame({"column": group.column, "part": fit.design.routes})
        part = part.assign(**columns("share", share))
        name = f"{group.column}_common"
        if name in fit.posterior:
            loading = fit.posterior[name]
            part = part.assign(**columns("loading", loading), pd=probability_of_direction(loading))
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    words = {
        "column": "grouped by", "part": "outcome", **headings("share", "share in common"),
        **headings("loading", "correlation with what is common"), "pd": "probability of direction",
    }  # fmt: skip
    notes = (
        (
            "Share in common: how much of the variance between homes on one outcome is what homes "
            "have in common over all of them. The sign of a correlation is against the first "
            "outcome; outcomes are turned so that higher is better."
        ),
    )
    return Estimate(
        "common_factor", "Is there one thing that makes a home good?", _sentence(fit, groups),
        table, {name: words[name] for name in table.columns}, notes,
    )  # fmt: skip


def _sentence(fit: Fit, groups: list[GroupEffect]) -> str:
    said = []
    for group in groups:
        mean = common_share(fit, group).mean(axis=1)
        low, middle, high = np.quantile(mean, [0.05, 0.5, 0.95])
        words = group.column.replace("_", " ")
        share = f"{middle:.0%} of the variance between {words}s ({low:.0%} to {high:.0%})"
        said.append(
            f"On average over the outcomes {share} is common to all of them"
            + (": there is no one dimension that the data show." if low < SHARED else ".")
        )
    return " ".join(said)


def _gain(fit: Fit, groups: list[GroupEffect]) -> Estimate:
    parts = []
    for group in groups:
        together = _reliability(fit, group)
        alone = _reliability(fit.companions[ALONE], group)
        part = pd.DataFrame({"column": group.column, "part": fit.design.routes})
        parts.append(part.assign(alone=alone, together=together, gain=together - alone))
    table = pd.concat(parts, ignore_index=True)
    first = table[table["column"] == groups[0].column].sort_values("gain", ascending=False)
    words_ = groups[0].column.replace("_", " ")
    more = first[first["gain"] > 0]["part"].tolist()
    sentence = (
        f"Taken together, the median reliability of a {words_} rises most for "
        f"'{first.iloc[0]['part']}': from {first.iloc[0]['alone']:.2f} to "
        f"{first.iloc[0]['together']:.2f}. It rises for {quoted(more)}."
    )
    words = {
        "column": "grouped by", "part": "outcome", "alone": "median reliability, outcomes apart",
        "together": "median reliability, together", "gain": "gain",
    }  # fmt: skip
    notes = (
        (
            "Reliability: the share of its own evidence, and of what is common, in the estimate of "
            "one level. Apart: the same model with levels' effects on the outcomes independent."
        ),
    )
    return Estimate(
        "joint_gain", "What is gained by taking outcomes together?", sentence, table,
        {name: words[name] for name in table.columns}, notes,
    )  # fmt: skip


def _reliability(fit: Fit, group: GroupEffect) -> FloatArray:
    """Return the median reliability over the levels, by outcome."""
    own = fit.structure.group(group.column)
    assert own is not None, "the same groups stand in both models"
    effects, sd = fit.posterior[own.variable], own.level_sd(fit.posterior)
    each = [np.median(pooling(effects[:, :, m], sd[:, m])) for m in range(len(fit.design.routes))]
    return np.array(each)
