"""Estimates as tables and figures: the shrinkage table, the truth, and whatever else was made."""

from __future__ import annotations

import pandas as pd

from bayescich.estimates.core import Estimate
from bayescich.estimates.type_effects import type_word
from bayescich.estimates.walks import WALK
from bayescich.report.blocks import Block, Figure, Prose, Subhead
from bayescich.report.canvas import drawn
from bayescich.report.content import ReportContent
from bayescich.report.course_figures import course_figure, walk_figure
from bayescich.report.figures import dot_and_whisker, shrinkage_forest
from bayescich.report.spread import csv_name, estimate_table
from bayescich.report.tables import table_from
from bayescich.report.words import (
    Scale,
    effect,
    listed,
    number_word,
    plain,
    plural,
    readable,
    scale_of,
    sentence_case,
    with_interval,
)

SHRINKAGE = "home_types"
TRUTH = "truth"
HIERARCHY = "hierarchy"
GROUPS = "groups_"
"""How the estimates of one grouping's levels begin; the column follows."""
_FOREST_LEVELS = 40
TIMES = "standardised_times"
INCIDENCE = ("incidence", "incidence_curves", "routes")
NEEDS = ("needs", "need_families", "matching", "type_need", "type_need_differences")
OUTCOMES = (
    "outcome_types", "outcome_readings", "home_type_effects", "missing_outcomes",
    "membership_schemes", "joint_gain", "common_factor",
)  # fmt: skip
_PLACED = (SHRINKAGE, TIMES, TRUTH, HIERARCHY, *INCIDENCE, *OUTCOMES)
"""Estimates in sections of their own; the others are listed by themselves."""

_ALONE = "Each {kind}, partially pooled: mean, 50% and 90% intervals; dashed: average."
_BESIDE = (
    "Each {kind} on its own (orange squares) and partially pooled (blue circles): mean, 50% and "
    "90% intervals. The less the data say about a type by itself, the further it is drawn towards "
    "the average (dashed)."
)
_SHRUNK = ("type", "n_children", "n_homes", "n_rows", "raw", "oe", "unpooled_mean", "pooled_mean",
           "ratio_mean", "reliability", "reading")  # fmt: skip
_STANDARDISED = ("type", "std_mean", "std_diff_mean", "pd", "p_best", "e_rank")


def shrinkage_blocks(content: ReportContent) -> tuple[Block, ...]:
    """Return the shrinkage table and its figures, for a model with home types."""
    estimate, home_type = content.estimate(SHRINKAGE), content.fit.structure.home_type
    if estimate is None or home_type is None:
        return ()
    scale = scale_of(content.fit.spec)
    # in the order of the forest, so that one is read beside the other
    frame = estimate.table.sort_values("pooled_mean", ascending=False)
    table = table_from(
        frame, name=SHRINKAGE, caption=estimate.title, notes=estimate.notes,
        headings={**estimate.headings, **_headings(scale)}, details=_details(content, scale),
        download=csv_name(estimate), only=_shrunk(frame),
    )  # fmt: skip
    forest = drawn(
        lambda: shrinkage_forest(content.fit, home_type, scale), name="shrinkage",
        caption=(_BESIDE if content.fit.unpooled is not None else _ALONE).format(
            kind=type_word(content.fit)
        ),
        alt=_forest_finding(frame, scale), synthetic=content.synthetic,
    )  # fmt: skip
    return (
        Prose((readable(estimate.sentence),)),
        table,
        forest,
        *_standardised(content, estimate, frame),
        *_times(content),
    )


def _shrunk(frame: pd.DataFrame) -> tuple[str, ...]:
    # children and homes say how much is known; rows only stand in where neither is counted
    counted = {"n_children", "n_homes"} & set(frame.columns)
    return tuple(name for name in _SHRUNK if name != "n_rows" or not counted)


def _headings(scale: Scale) -> dict[str, str]:
    return {
        "raw": "raw",
        "oe": "O/E",
        "unpooled_mean": "not pooled",
        "pooled_mean": "partially pooled",
        "ratio_mean": scale.ratio or "ratio",
        "reading": "reading",
    }


def _details(content: ReportContent, scale: Scale) -> dict[str, str]:
    frame = content.estimate(SHRINKAGE)
    reference: list[str] = []
    if frame is not None and "reading" in frame.table:
        reference = frame.table.loc[frame.table["reading"] == "reference", "type"].tolist()
    return {
        "raw": content.fit.structure.likelihood.crude_name,
        "oe": "observed over expected",
        "unpooled_mean": f"{scale.effect}, 90% interval",
        "pooled_mean": f"{scale.effect}, 90% interval",
        "ratio_mean": "partially pooled, 90% interval",
        "reading": f"against {listed(reference)}" if reference else "",
    }


def _forest_finding(table: pd.DataFrame, scale: Scale) -> str:
    ordered = table.sort_values("pooled_mean")
    low, high = ordered.iloc[0], ordered.iloc[-1]
    return (
        f"Forest plot of the {scale.effect} of {number_word(len(table))} home types against their "
        f"average. Partially pooled, from {low['type']} "
        f"{with_interval(low['pooled_mean'], low['pooled_q05'], low['pooled_q95'])} "
        f"to {high['type']} "
        f"{with_interval(high['pooled_mean'], high['pooled_q05'], high['pooled_q95'])}. "
        f"{_most_moved(table)}"
    )


def _most_moved(table: pd.DataFrame) -> str:
    if "unpooled_mean" not in table:
        return ""
    distance = (table["unpooled_mean"] - table["pooled_mean"]).abs()
    moved = table.iloc[int(distance.argmax())]
    ends = f"from {effect(moved['unpooled_mean'])} to {effect(moved['pooled_mean'])}"
    return f"Pooling moves {moved['type']} most, {ends}."


def _standardised(
    content: ReportContent, estimate: Estimate, frame: pd.DataFrame
) -> tuple[Block, ...]:
    if not {"std_mean", "std_q05", "std_q95"} <= set(frame.columns):
        return ()
    kind = type_word(content.fit)
    name = content.fit.structure.likelihood.standardised_name(content.fit.spec.report.horizon_days)
    table = table_from(
        frame, name="home_types_standardised", headings=estimate.headings, only=_STANDARDISED,
        caption=f"All rows put into each {kind} in turn: {name}", download=csv_name(estimate),
    )  # fmt: skip
    average = float(frame["std_mean"].mean())
    ordered = frame.sort_values("std_mean")
    low, high = ordered.iloc[0], ordered.iloc[-1]
    figure = drawn(
        lambda: dot_and_whisker(frame, "type", "std", name, average), name="standardised",
        caption=f"{sentence_case(name)} if every row of the data were of one {kind}: posterior "
        "mean and 90% interval; dashed: mean of the types.",
        alt=f"{sentence_case(name)} by {kind}, from {low['type']} "
        f"{with_interval(low['std_mean'], low['std_q05'], low['std_q95'])} to {high['type']} "
        f"{with_interval(high['std_mean'], high['std_q05'], high['std_q95'])}.",
        synthetic=content.synthetic,
    )  # fmt: skip
    return (Subhead("In units people read"), figure, table)


def _times(content: ReportContent) -> tuple[Block, ...]:
    estimate = content.estimate(TIMES)
    return () if estimate is None else titled_table(estimate)


def need_blocks(content: ReportContent) -> tuple[Block, ...]:
    """Return what needs do, in all homes, in homes that say they meet them, and by home type."""
    made = [
        e for e in content.estimates if e.name in NEEDS or e.name.startswith(("needs_", "need_"))
    ]
    blocks: list[Block] = []
    for estimate in made:
        title, *rest = titled_table(estimate)
        blocks += [title, *_need_figure(content, estimate), *rest]
    return tuple(blocks)


def _of_needs(estimate: Estimate) -> bool:
    # a second effect of needs has its own name behind
    return estimate.name in NEEDS or estimate.name.startswith(("needs_", "need_families_"))


def _need_figure(content: ReportContent, estimate: Estimate) -> list[Block]:
    if estimate.name != "needs" or "route" in estimate.table or "ratio_mean" not in estimate.table:
        return []
    words = estimate.headings["ratio_mean"]
    figure = drawn(
        lambda: dot_and_whisker(estimate.table, "need", "ratio", words, 1.0), name="needs",
        caption=f"{sentence_case(words)} of each need, whatever the home: posterior mean and 90% "
        "interval; dashed: no effect.",
        alt=estimate.sentence, synthetic=content.synthetic,
    )  # fmt: skip
    return [figure]


def truth_blocks(content: ReportContent) -> tuple[Block, ...]:
    """Return what the simulator used beside what the model found; synthetic runs only."""
    estimate = content.estimate(TRUTH)
    if estimate is None or not content.synthetic:
        return ()
    table = table_from(
        estimate.table, name=TRUTH, caption=estimate.title, headings=estimate.headings,
        notes=estimate.notes, download=csv_name(estimate),
    )  # fmt: skip
    return (
        Prose((readable(estimate.sentence),)),
        *_truth_by_variable(estimate),
        *_truth_figures(content, estimate),
        table,
    )


def _truth_by_variable(estimate: Estimate) -> tuple[Block, ...]:
    by_variable = estimate.table.groupby("variable", sort=False)["covered"].agg(["sum", "size"])
    if len(estimate.table) <= _FOREST_LEVELS:
        return ()
    frame = pd.DataFrame(
        {"variable": by_variable.index, "n_values": by_variable["size"].to_numpy(),
         "n_within": by_variable["sum"].to_numpy()}
    )  # fmt: skip
    return (
        table_from(
            frame, name="truth_by_variable", caption="True values within their 90% intervals",
            headings={"n_values": "values", "n_within": "within"},
        ),
    )  # fmt: skip


def _truth_figures(content: ReportContent, estimate: Estimate) -> list[Figure]:
    """Return one figure, or a second one of needs and years where they are many."""
    frame = estimate.table
    many = len(frame) > _FOREST_LEVELS
    single = frame["variable"].isin(_SINGLE)
    parts = {TRUTH: frame[~single] if many else frame}
    if many:
        # a figure of a hundred cells would be read by nobody: they stand in the table
        parts["truth-needs"] = frame[single & (frame["variable"] != "type_need")]
    return [_truth_figure(content, estimate, name, rows) for name, rows in parts.items()
            if len(rows)]  # fmt: skip


_SINGLE = ("need", "matching", "type_need", "year_effect")


def _truth_figure(
    content: ReportContent, estimate: Estimate, name: str, frame: pd.DataFrame
) -> Figure:
    level = frame["level"].fillna("").astype(str).map(readable)
    words = frame["variable"].astype(str).map(plain)
    labelled = frame.assign(name=words.where(level == "", words + ": " + level))
    return drawn(
        lambda: dot_and_whisker(labelled, "name", "mean", "value", 0.0, "truth"), name=name,
        caption="What the simulator used (orange diamonds) and what the model found (blue: mean "
        "and 90% interval). About one diamond in ten is expected outside its interval.",
        alt=readable(estimate.sentence), synthetic=content.synthetic,
    )  # fmt: skip


def estimate_blocks(content: ReportContent) -> tuple[Block, ...]:
    """Return every estimate without a section of its own: heading, sentence and table."""
    blocks: list[Block] = []
    for estimate in content.estimates:
        if estimate.name in _PLACED or _of_needs(estimate):
            continue
        title, table = titled_table(estimate)
        figures = (*_group_forest(content, estimate), *_course(content, estimate))
        blocks += [title, *figures, table]
    return tuple(blocks)


def _course(content: ReportContent, estimate: Estimate) -> list[Block]:
    """Return the figure of a course: by age or year, or of home types by time."""
    if "ratio_mean" not in estimate.table:
        return []
    if estimate.name.startswith(WALK):
        return [_walk(content, estimate)]
    return [_courses(content, estimate)] if estimate.name == "baselines" else []


def _walk(content: ReportContent, estimate: Estimate) -> Figure:
    column = plain(estimate.name.removeprefix(WALK))
    words = estimate.headings["ratio_mean"]
    return drawn(
        lambda: walk_figure(estimate.table, column, words), name=estimate.name,
        caption=f"{sentence_case(words)}, by {column}: posterior mean and 90% interval.",
        alt=estimate.sentence, synthetic=content.synthetic,
    )  # fmt: skip


def _courses(content: ReportContent, estimate: Estimate) -> Figure:
    words = estimate.headings["ratio_mean"]
    return drawn(
        lambda: course_figure(estimate.table, words), name=estimate.name,
        caption=f"{sentence_case(words)}: posterior mean and 90% interval. Above 1 the hazard at "
        "that time is higher than that of the average, set against the type's own level.",
        alt=estimate.sentence, synthetic=content.synthetic,
    )  # fmt: skip


def _group_forest(content: ReportContent, estimate: Estimate) -> list[Block]:
    group = content.fit.structure.group(estimate.name.removeprefix(GROUPS))
    if (
        not estimate.name.startswith(GROUPS)
        or group is None
        or len(estimate.table) > _FOREST_LEVELS
    ):
        return []
    scale = scale_of(content.fit.spec)
    levels = plural(plain(group.column))
    forest = drawn(
        lambda: shrinkage_forest(content.fit, group, scale), name=estimate.name,
        caption=f"The {levels}, partially pooled: mean, 50% and 90% intervals; dashed: average.",
        alt=f"Forest plot of {number_word(len(estimate.table))} {levels}. {estimate.sentence}",
        synthetic=content.synthetic,
    )  # fmt: skip
    return [forest]


def titled_table(estimate: Estimate) -> tuple[Block, ...]:
    """Return an estimate's title and its table, captioned with what it says."""
    return (Subhead(estimate.title), estimate_table(estimate, readable(estimate.sentence)))
