"""The answer in one paragraph, from the same table that is shown below it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.report.blocks import Block, Prose
from bayescich.report.content import ReportContent
from bayescich.report.estimate_blocks import GROUPS, SHRINKAGE
from bayescich.report.words import (
    described,
    listed,
    number_word,
    plain,
    plural,
    scale_of,
    with_interval,
)


def blocks(content: ReportContent) -> tuple[Block, ...]:
    """Return the answer, and what it does not mean."""
    lead = (*_against_average(content), *_against_reference(content), *_without_types(content))
    return (Prose(lead, lead=True), Prose((*_spread(content), *_warnings(content))))


def told_apart(table: pd.DataFrame) -> pd.Series:
    """Return which home types differ from the average: their 90% interval leaves out 0.

    Examples
    --------
    >>> told_apart(pd.DataFrame({"pooled_q05": [0.1, -0.1], "pooled_q95": [0.5, 0.3]})).tolist()
    [True, False]
    """
    return (table["pooled_q05"] > 0) | (table["pooled_q95"] < 0)


def _against_average(content: ReportContent) -> list[str]:
    estimate = content.estimate(SHRINKAGE)
    if estimate is None:
        return []
    table = estimate.table
    apart = table[told_apart(table)].sort_values("pooled_mean", ascending=False)
    total, found = number_word(len(table)), len(apart)
    if found == 0:
        return [
            (
                f"None of the {total} home types can be told apart from the average home type with "
                "these data: every 90% interval includes no difference."
            )
        ]
    rest = len(table) - found
    others = (
        f" The other {number_word(rest)} cannot be told apart from it with these data."
        if rest
        else ""
    )
    scale = scale_of(content.fit.spec)
    counted = f"Of {total} home types, {number_word(found)} can be told apart from the average"
    measure = f"{scale.ratio or 'difference'} with its 90% interval"
    return [f"{counted} home type ({measure}). {described(apart, scale)}{others}"]


def _against_reference(content: ReportContent) -> list[str]:
    estimate = content.estimate(SHRINKAGE)
    if estimate is None or "reading" not in estimate.table:
        return []
    by_reading = estimate.table.groupby("reading")["type"].agg(list).to_dict()
    reference = listed(by_reading.get("reference", ["the reference"]))
    found = [
        f"{words} that {'; '.join(by_reading[words])} "
        f"{'differs' if len(by_reading[words]) == 1 else 'differ'}"
        for words in ("strong evidence", "some evidence")
        if words in by_reading
    ]
    if not found:
        return [f"None can be told apart from {reference}, the type the others are compared with."]
    return [f"Compared with {reference}, there is {listed(found)}."]


def _without_types(content: ReportContent) -> list[str]:
    if content.estimate(SHRINKAGE) is not None:
        return []
    return [e.sentence for e in content.estimates if e.name.startswith(GROUPS)]


def _spread(content: ReportContent) -> list[str]:
    fit = content.fit
    parts = []
    for group in fit.structure.groups:
        draws = fit.posterior[group.sd_variable]
        low, high = np.quantile(draws, [0.05, 0.95])
        words = with_interval(float(draws.mean()), float(low), float(high), label="")
        parts.append((float(draws.mean()), f"{plural(plain(group.column))} {words}"))
    if not parts:
        return []
    ordered = [text for _, text in sorted(parts, key=lambda part: -part[0])]
    return [
        (
            f"Where the differences lie (standard deviations of the {scale_of(fit.spec).predictor} "
            f"between levels, with 90% intervals): {'; '.join(ordered)}."
        )
    ]


def _warnings(content: ReportContent) -> tuple[str, ...]:
    said = []
    if content.failed_gates:
        failed = number_word(len(content.failed_gates))
        said.append(f"None of this is to be cited: {failed} of the convergence gates failed.")
    if content.synthetic:
        said.append("The data are SYNTHETIC: the answer is about the simulated England.")
    return tuple(said)
