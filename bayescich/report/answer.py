"""The answer in one paragraph, from the same table that is shown below it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.estimates.incidence import horizon_of
from bayescich.estimates.routes_axis import axis_word
from bayescich.estimates.type_effects import type_word
from bayescich.model.draws import FloatArray
from bayescich.model.effects.group import GroupEffect
from bayescich.report.blocks import Block, Prose
from bayescich.report.content import ReportContent
from bayescich.report.estimate_blocks import GROUPS, SHRINKAGE
from bayescich.report.outcome_blocks import PLACES, answer_of_places
from bayescich.report.route_blocks import MAIN, differences_told, reference_of
from bayescich.report.words import (
    described,
    fixed,
    interval,
    listed,
    number_word,
    plain,
    plural,
    scale_of,
    with_interval,
)
from bayescich.sampling.fit import Fit

_NAMED = 6
"""Differences of routes named in the answer; all stand in their table."""


def blocks(content: ReportContent) -> tuple[Block, ...]:
    """Return the answer, and what it does not mean."""
    lead = (
        *_against_average(content),
        *_against_reference(content),
        *_by_route(content),
        *answer_of_places(content),
        *_without_types(content),
    )
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
    kind = type_word(content.fit)
    if found == 0:
        return [
            (
                f"None of the {total} {kind}s can be told apart from the average {kind} with "
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
    counted = f"Of {total} {kind}s, {number_word(found)} can be told apart from the average"
    measure = f"{scale.ratio or 'difference'} with its 90% interval"
    return [f"{counted} {kind} ({measure}). {described(apart, scale)}{others}"]


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


def _by_route(content: ReportContent) -> list[str]:
    """Return what types do to where children go, when there are several routes."""
    estimate = content.estimate(MAIN)
    if estimate is None:
        return []
    against, days = reference_of(estimate.table), horizon_of(content.fit)
    told = differences_told(estimate.table)
    if told.empty:
        return [
            (
                f"None of the {type_word(content.fit)}s can be told apart from {against} in where "
                "its children "
                f"go within {days} days."
            )
        ]
    shown = told.head(_NAMED)
    named = [
        f"{kind}: {route} {'more' if mean > 0 else 'less'} often ({fixed(mean, 2)}, "
        f"{interval(low, high, 2)})"
        for kind, route, mean, low, high in zip(
            *(shown[c] for c in ("type", "route", "diff_mean", "diff_q05", "diff_q95")), strict=True
        )
    ]
    which = "The clearest are" if len(told) > len(shown) else "They are"
    return [
        (
            f"Compared with {against}, {number_word(len(told))} differences in the probability of "
            f"a route within {days} days show some or strong evidence. {which} (difference in the "
            f"probability with its 90% interval): {'; '.join(named)}."
        )
    ]


def _without_types(content: ReportContent) -> list[str]:
    if any(content.estimate(name) is not None for name in (SHRINKAGE, MAIN, PLACES)):
        return []
    return [e.sentence for e in content.estimates if e.name.startswith(GROUPS)]


def _spread(content: ReportContent) -> list[str]:
    fit = content.fit
    parts = [_spread_of(fit, group) for group in fit.structure.groups]
    if not parts:
        return []
    ordered = [text for _, text in sorted(parts, key=lambda part: -part[0])]
    routes = f", smallest and largest over the {axis_word(fit)}s" if fit.design.routes else ""
    return [
        (
            f"Where the differences lie (standard deviations of the {scale_of(fit.spec).predictor} "
            f"between levels, with 90% intervals{routes}): {'; '.join(ordered)}."
        )
    ]


def _spread_of(fit: Fit, group: GroupEffect) -> tuple[float, str]:
    draws, levels = fit.posterior[group.sd_variable], plural(plain(group.column))
    if draws.ndim == 1:
        return float(draws.mean()), f"{levels} {_sd_words(draws)}"
    means = draws.mean(axis=0)
    low, high = int(np.argmin(means)), int(np.argmax(means))
    routes = fit.design.routes
    words = (
        f"{levels} from {_sd_words(draws[:, low])} for {routes[low]} to "
        f"{_sd_words(draws[:, high])} for {routes[high]}"
    )
    return float(means.max()), words


def _sd_words(draws: FloatArray) -> str:
    low, high = np.quantile(draws, [0.05, 0.95])
    return with_interval(float(draws.mean()), float(low), float(high), label="")


def _warnings(content: ReportContent) -> tuple[str, ...]:
    said = []
    if content.failed_gates:
        failed = number_word(len(content.failed_gates))
        said.append(f"None of this is to be cited: {failed} of the convergence gates failed.")
    if content.synthetic:
        said.append("The data are SYNTHETIC: the answer is about the simulated England.")
    return tuple(said)
