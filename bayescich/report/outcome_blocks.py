"""Outcomes at 16 and 18 on the page: home types and other settings side by side."""

from __future__ import annotations

from bayescich.estimates.core import Estimate
from bayescich.report.blocks import Block, Figure, Prose, Subhead
from bayescich.report.canvas import drawn
from bayescich.report.content import ReportContent
from bayescich.report.course_figures import difference_figure
from bayescich.report.estimate_blocks import titled_table
from bayescich.report.route_blocks import differences_told, reference_of
from bayescich.report.spread import csv_name, estimate_table
from bayescich.report.tables import table_from
from bayescich.report.words import readable

PLACES = "outcome_types"
READINGS = "outcome_readings"
EFFECTS = "home_type_effects"
SENSITIVITY = ("missing_outcomes", "membership_schemes", "joint_gain", "common_factor")
_SHOWN = ("type", "n_children", "windows", "raw", "std_mean", "std_diff_mean", "pd",
          "reading")  # fmt: skip


def outcome_blocks(content: ReportContent) -> tuple[Block, ...]:
    """Return the table of places, its figure, other readings, and how types are pooled."""
    estimate = content.estimate(PLACES)
    if estimate is None:
        return ()
    blocks: list[Block] = [
        Prose((readable(estimate.sentence),)),
        table_from(
            estimate.table, name=PLACES, caption=estimate.title, headings=estimate.headings,
            notes=estimate.notes, download=csv_name(estimate), only=_SHOWN,
        ),
        _differences(content, estimate),
    ]  # fmt: skip
    readings, effects = content.estimate(READINGS), content.estimate(EFFECTS)
    if readings is not None:
        blocks += [
            Subhead(readings.title),
            Prose((readable(readings.sentence),)),
            estimate_table(readings, f"{readings.title}: standardised, posterior means"),
            _told(readings),
        ]
    if effects is not None:
        blocks += titled_table(effects)
    for name in SENSITIVITY:
        found = content.estimate(name)
        blocks += titled_table(found) if found is not None else []
    return tuple(blocks)


def answer_of_places(content: ReportContent) -> list[str]:
    """Return the answer in a sentence or two; nothing for other outcomes."""
    estimate = content.estimate(PLACES)
    return [] if estimate is None else [readable(estimate.sentence)]


def _differences(content: ReportContent, estimate: Estimate) -> Figure:
    against = reference_of(estimate.table)
    readings = content.estimate(READINGS)
    table = (
        estimate.table.assign(route=estimate.title)
        if readings is None
        else (readings.table.rename(columns={"reading_of": "route"}))
    )
    routes = list(table["route"].unique())
    compared = [kind for kind in estimate.table["type"] if kind != against]
    told = differences_told(estimate.table)
    found = (
        f"The surest of {len(told)}: {told.iloc[0]['type']}."
        if len(told)
        else f"No place can be told apart from {against}."
    )
    return drawn(
        lambda: difference_figure(
            table, routes, compared, "std_diff", f"difference from {against}"
        ),
        name="places",
        caption=f"Difference from {against} of every reading of the outcome, a whole window lived "
        "in each place: posterior mean and 90% interval, blue where it leaves out no difference.",
        alt=found, synthetic=content.synthetic,
    )  # fmt: skip


def _told(readings: Estimate) -> Block:
    told = differences_told(readings.table)
    if told.empty:
        return Prose(("No difference in any reading can be told apart from none.",))
    return table_from(
        told, name="outcome_readings_told",
        caption="Differences with some or strong evidence, in any reading",
        headings=readings.headings, download=csv_name(readings),
        only=("type", "reading_of", "std_mean", "std_diff_mean", "pd", "reading"),
    )  # fmt: skip
