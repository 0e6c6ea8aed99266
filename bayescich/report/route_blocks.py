"""Competing routes on the page: where children would go from each home type."""

from __future__ import annotations

import pandas as pd

from bayescich.estimates.core import Estimate
from bayescich.estimates.incidence import any_word, horizon_of
from bayescich.estimates.type_effects import type_word
from bayescich.report.blocks import Block, Prose, Subhead
from bayescich.report.canvas import drawn
from bayescich.report.content import ReportContent
from bayescich.report.course_figures import difference_figure, stacked_incidence
from bayescich.report.estimate_blocks import titled_table
from bayescich.report.spread import csv_name, estimate_table, spread_table
from bayescich.report.tables import table_from
from bayescich.report.words import readable

MAIN = "incidence"
TOLD = ("strong evidence", "some evidence")
_DAYS = (0, 182, 365, 730)


def route_blocks(content: ReportContent) -> tuple[Block, ...]:
    """Return the routes as counted, and the incidence of each by home type."""
    counted, estimate = content.estimate("routes"), content.estimate(MAIN)
    blocks: list[Block] = []
    if estimate is not None:
        blocks += _incidence(content, estimate)
    if counted is not None:
        blocks += titled_table(counted)
    return tuple(blocks)


def reference_of(table: pd.DataFrame) -> str:
    """Return the home type that the others are compared with."""
    return str(table.loc[table["reading"] == "reference", "type"].iloc[0])


def differences_told(table: pd.DataFrame) -> pd.DataFrame:
    """Return the differences with some or strong evidence, the surest first."""
    told = table[table["reading"].isin(TOLD)]
    return told.sort_values("pd", ascending=False, kind="stable")


def _incidence(content: ReportContent, estimate: Estimate) -> list[Block]:
    table = estimate.table
    routes, types = list(table["route"].unique()), list(table["type"].unique())
    horizon, against = horizon_of(content.fit), reference_of(table)
    compared = [kind for kind in types if kind != against]
    blocks: list[Block] = [
        Prose((readable(estimate.sentence),)),
        estimate_table(estimate, f"{estimate.title}: {_shown(estimate)}"),
        *_stacked(content, routes, types),
        Subhead(f"Compared with {against}"),
        drawn(
            lambda: difference_figure(
                table, routes, compared, "diff",
                f"difference in the probability within {horizon} days from {against}",
            ),
            name="incidence-differences",
            caption=f"Difference from {against} in the probability of each route within {horizon} "
            "days: posterior mean and 90% interval, blue where it leaves out no difference.",
            alt=_finding(table, against), synthetic=content.synthetic,
        ),
        _told_table(estimate, table, against),
        spread_table(
            estimate, ("type", "lost_365_mean"), "Of the first 365 days, those lost to each route",
            name="incidence_lost",
            notes=("Days after the child has left by that route; the rest is spent in the home.",),
        ),
    ]  # fmt: skip
    return blocks


def _shown(estimate: Estimate) -> str:
    return estimate.headings[estimate.shown[-1]]


def _stacked(content: ReportContent, routes: list[str], types: list[str]) -> list[Block]:
    curves = content.estimate("incidence_curves")
    if curves is None:
        return []
    shown = [route for route in routes if route != any_word(content.fit)]
    figure = drawn(
        lambda: stacked_incidence(curves.table, shown, types, _DAYS), name="incidence",
        caption=f"If every child of the data were in one {type_word(content.fit)}: the share who "
        "have left by each route, day by day (posterior means). White: still there.",
        alt=curves.sentence, synthetic=content.synthetic,
    )  # fmt: skip
    return [Subhead(curves.title), figure]


def _told_table(estimate: Estimate, table: pd.DataFrame, against: str) -> Block:
    told = differences_told(table)
    if told.empty:
        return Prose((f"No difference from {against} can be told apart from none.",))
    return table_from(
        told, name="incidence_differences", caption=f"Differences from {against} with some or "
        "strong evidence", headings=estimate.headings, download=csv_name(estimate),
        only=("type", "route", "diff_mean", "lost_diff_mean", "pd", "reading"),
    )  # fmt: skip


def _finding(table: pd.DataFrame, against: str) -> str:
    told = differences_told(table)
    if told.empty:
        return f"No difference from {against} can be told apart from none."
    first = told.iloc[0]
    return (
        f"{len(told)} differences from {against} show some or strong evidence; the surest: "
        f"{first['type']}, {first['route']}, {first['diff_mean']:.2f} "
        f"({first['diff_q05']:.2f} to {first['diff_q95']:.2f})."
    )
