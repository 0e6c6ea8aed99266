"""The figure of each check, drawn from its series; the fallback goes by what the check holds.

A check needs an entry in :data:`BY_NAME` only when its figure is not one of the common ones:
prior against posterior, observed against replicated, or one diagnostic of many quantities.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from bayescich.checks.core import Check
from bayescich.errors import ReportError
from bayescich.report.canvas import BLUE, ORANGE, QUIET, WIDTH
from bayescich.report.words import plain

Drawer = Callable[[Check], Canvas]
FloatArray = npt.NDArray[np.float64]

MOST_ROWS = 40
"""A figure of observed against replicated shows so many rows; its table has the rest."""


def draw_check(check: Check) -> Callable[[], Canvas] | None:
    """Return what draws a check's figure, or nothing when it has no series.

    Raises
    ------
    ReportError
        When the check holds series that no figure here can show.
    """
    if not check.series:
        return None
    drawer = BY_NAME.get(check.name) or _by_content(check)
    if drawer is None:
        raise ReportError(
            f"There is no figure for the check '{check.name}'.",
            where=f"its series: {', '.join(check.series)}",
            why="a check with series has a figure; the report leaves no empty space",
            next_step="Add one to BY_NAME in bayescich/report/check_figures.py.",
        )
    return lambda: drawer(check)


def how_to_read(check: Check) -> str:
    """Return what the marks of a check's figure mean."""
    if {"prior", "posterior"} <= set(check.series):
        return "Orange: what the priors alone expect. Blue: after the data."
    if "values" in check.series:
        return "Every quantity of the model; the dashed line is the limit."
    if check.name == "loo":
        return "Each point is one unit left out; above the dashed line its estimate is unreliable."
    if check.name in {"ppc_survival", "ppc_incidence"}:
        return "Orange: observed. Blue: median and 90% of what the model makes."
    if check.name == "ppc_homes":
        return "Histograms: what the model makes. Orange line: observed."
    return "Blue: mean and 90% of what the model makes. Orange diamonds: observed."


def _by_content(check: Check) -> Drawer | None:
    if {"prior", "posterior"} <= set(check.series):
        return prior_and_posterior
    if "values" in check.series:
        return many_values
    if check.table is not None and {"observed", "q05", "q95"} <= set(check.table.columns):
        return observed_and_replicated
    return None


_WIDE = 8.0
"""How many times its median a prior may reach before its axis is logarithmic."""


def prior_and_posterior(check: Check) -> Canvas:
    """Return two histograms over one axis; the prior's far tail is cut at its 98% point.

    The axis is logarithmic when that tail is far away.
    """
    prior, posterior = check.series["prior"], check.series["posterior"]
    canvas = Canvas(figsize=(WIDTH, 2.8), layout="constrained")
    axes = canvas.add_subplot()
    low, high = _between(np.quantile(prior, [0.01, 0.98]), np.quantile(posterior, [0.001, 0.999]))
    wide = low > 0 and high > _WIDE * float(np.median(prior))
    bins = (np.geomspace if wide else np.linspace)(low, high, 61).tolist()
    for values, colour, label in ((prior, ORANGE, "prior"), (posterior, BLUE, "posterior")):
        inside = values[(values >= low) & (values <= high)]
        shares = np.full(len(inside), 1.0 / len(values))
        axes.hist(inside, bins, weights=shares, histtype="stepfilled", color=colour, alpha=0.45,
                  label=label)  # fmt: skip
        axes.hist(inside, bins, weights=shares, histtype="step", color=colour)
    if wide:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _position: f"{value:g}")
    _bare(axes)
    axes.set_xlabel(_quantity(check))
    canvas.legend(loc="outside lower center", ncols=2)
    return canvas


def _between(*ends: FloatArray) -> tuple[float, float]:
    every = np.concatenate(ends)
    if not np.isfinite(every).all():
        # matplotlib would draw an empty axis without a word
        raise ValueError("the draws hold values that are not numbers")
    return float(every.min()), float(every.max())


def _quantity(check: Check) -> str:
    words = {"prior_groups": "95% range between groups, as a ratio to the average"}
    table = check.table
    if table is not None and "quantity" in table:
        return str(table["quantity"].iloc[0])
    return words.get(check.name, check.title)


def many_values(check: Check) -> Canvas:
    """Return one histogram of a diagnostic over all quantities, with its limit."""
    values = check.series["values"]
    known = values[np.isfinite(values)]
    canvas = Canvas(figsize=(WIDTH, 2.4), layout="constrained")
    axes = canvas.add_subplot()
    axes.hist(known, bins=50, color=BLUE, alpha=0.85)
    if missing := len(values) - len(known):
        words = f"{missing:,} of {len(values):,} quantities cannot be computed"
        axes.text(0.98, 0.92, words, transform=axes.transAxes, ha="right", color=ORANGE)
    if check.limit is not None:
        axes.axvline(check.limit, color=ORANGE, linestyle=(0, (4, 3)))
    axes.set_xlabel(f"{check.title}: {len(known):,} quantities")
    axes.set_ylabel("quantities")
    return canvas


def observed_and_replicated(check: Check) -> Canvas:
    """Return one line per row of the table: 90% of replicates, their mean, and the observed."""
    return _dots(_table(check), check)


def observed_over_expected(check: Check) -> Canvas:
    """Return the same, each row relative to the replicates' mean: for rows of unlike size."""
    table = _table(check)
    scaled = table[["observed", "mean", "q05", "q95"]].div(table["mean"].replace(0, np.nan), axis=0)
    return _dots(table.assign(**scaled), check, "observed, relative to the mean of the model")


def observed_in_intervals(check: Check) -> Canvas:
    """Return the same for rows of unlike units: how far the observed lies from the mean.

    In halves of the 90% interval, so that all intervals reach about as far.
    """
    table = _table(check)
    table = table[table["judged"]] if "judged" in table else table
    # what is judged is of everyone
    table = table.drop(columns="of", errors="ignore")
    half = ((table["q95"] - table["q05"]) / 2.0).replace(0.0, np.nan)
    numbers = ["observed", "mean", "q05", "q95"]
    scaled = table[numbers].sub(table["mean"], axis=0).div(half, axis=0).fillna(0.0)
    axis = "distance from the mean of the model, in halves of its 90% interval"
    return _dots(table.assign(**scaled), check, axis)


def _dots(table: pd.DataFrame, check: Check, axis: str | None = None) -> Canvas:
    rows = table.head(MOST_ROWS).iloc[::-1]
    places = np.arange(len(rows))
    canvas = Canvas(figsize=(WIDTH, 1.5 + 0.3 * len(rows)), layout="constrained")
    axes = canvas.add_subplot()
    axes.hlines(places, rows["q05"], rows["q95"], color=BLUE, linewidth=6, alpha=0.35)
    axes.plot(rows["mean"], places, "|", color=BLUE, markersize=11, markeredgewidth=2,
              label="model: mean and 90%")  # fmt: skip
    axes.plot(rows["observed"], places, "D", color=ORANGE, markersize=5.5, label="observed")
    axes.set_yticks(places, _labels(rows))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlabel(axis or check.title)
    canvas.legend(loc="outside lower center", ncols=2)
    return canvas


def _labels(rows: pd.DataFrame) -> list[str]:
    end = list(rows.columns).index("observed")
    words = [name for name in rows.columns[:end] if not pd.api.types.is_float_dtype(rows[name])]
    return [", ".join(str(value) for value in row) for row in rows[words].itertuples(index=False)]


def grades(check: Check) -> Canvas:
    """Return one panel a category, one line for everyone and for each level of the groups."""
    table = _table(check)
    names = list(dict.fromkeys(table["category"]))
    rows = table[table["category"] == names[0]].head(MOST_ROWS)
    canvas = Canvas(figsize=(WIDTH, 1.4 + 0.26 * len(rows)), layout="constrained")
    panels = canvas.subplots(1, len(names), sharey=True)
    for axes, name in zip(panels, names, strict=True):
        _grade(axes, table[table["category"] == name].head(MOST_ROWS), name)
    panels[0].set_yticks(np.arange(len(rows))[::-1], [_level(r) for r in rows.itertuples()])
    canvas.supxlabel("share of the category", fontsize=10.5)
    return canvas


def _grade(axes: Axes, rows: pd.DataFrame, name: str) -> None:
    places = np.arange(len(rows))[::-1]
    axes.hlines(places, rows["q05"], rows["q95"], color=BLUE, linewidth=5, alpha=0.35)
    axes.plot(rows["mean"], places, "|", color=BLUE, markersize=9, markeredgewidth=2)
    axes.plot(rows["observed"], places, "D", color=ORANGE, markersize=4.5)
    axes.set_title(textwrap.fill(name, 18))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_ylim(-0.6, len(rows) - 0.4)


def _level(row: object) -> str:
    return "everyone" if getattr(row, "by", "") == "all" else str(getattr(row, "level", ""))


def survival(check: Check) -> Canvas:
    """Return the observed curve over the band of replicated ones."""
    series = check.series
    canvas = Canvas(figsize=(WIDTH, 3.8), layout="constrained")
    axes = canvas.add_subplot()
    day = series["day"]
    axes.fill_between(day, series["q05"], series["q95"], color=BLUE, alpha=0.25, linewidth=0,
                      label="model, 90%")  # fmt: skip
    axes.plot(day, series["median"], color=BLUE, label="model, median")
    axes.step(day, series["observed"], color=ORANGE, where="post", label="observed")
    axes.set(xlabel="days since the start", ylabel="share that has not moved",
             ylim=(0, 1.02), xlim=(0, float(day.max())))  # fmt: skip
    canvas.legend(loc="outside lower center", ncols=3)
    return canvas


def incidence(check: Check) -> Canvas:
    """Return a panel a route: the observed incidence over the band of replicated ones."""
    names = list(dict.fromkeys(_table(check)["route"]))
    rows = -(-len(names) // _PANELS)
    canvas = Canvas(figsize=(WIDTH, 0.8 + 1.9 * rows), layout="constrained")
    panels = canvas.subplots(rows, _PANELS, squeeze=False)
    for place, axes in enumerate(panels.flat):
        if place >= len(names):
            axes.set_axis_off()
            continue
        _incidence(axes, check.series, place, names[place])
        if place >= len(names) - _PANELS:
            axes.set_xlabel("days since the start")
    canvas.supylabel("share that has left", fontsize=10.5)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    canvas.legend(handles, labels, loc="outside lower center", ncols=3)
    return canvas


_PANELS = 2


def _incidence(axes: Axes, series: Mapping[str, FloatArray], place: int, name: str) -> None:
    day = series["day"]
    axes.fill_between(day, series["q05"][place], series["q95"][place], color=BLUE, alpha=0.25,
                      linewidth=0, label="model, 90%")  # fmt: skip
    axes.plot(day, series["median"][place], color=BLUE, label="model, median")
    axes.step(day, series["observed"][place], color=ORANGE, where="post", label="observed")
    axes.set_title(textwrap.fill(name, 34))
    axes.set(xlim=(0, float(day.max())), ylim=(0, None))


def homes(check: Check) -> Canvas:
    """Return histograms of each statistic for the same homes and for new ones."""
    series: Mapping[str, FloatArray] = check.series
    names = [key.removeprefix("observed_") for key in series if key.startswith("observed_")]
    canvas = Canvas(figsize=(WIDTH, 0.7 + 1.75 * len(names)), layout="constrained")
    panels = canvas.subplots(len(names), 2, squeeze=False, sharex="row")
    for row, name in zip(panels, names, strict=True):
        for axes, whose in zip(row, ("same", "new"), strict=True):
            axes.hist(series[f"{whose}_{name}"].ravel(), bins=30, color=BLUE, alpha=0.55)
            seen = float(np.ravel(series[f"observed_{name}"])[0])
            axes.axvline(seen, color=ORANGE, linewidth=2.2)
            axes.set_title(f"{_STATISTICS.get(name, plain(name))}: {whose} homes")
            _bare(axes)
    return canvas


_STATISTICS = {"overall": "crude rate", "spread": "spread between homes",
               "none": "share of homes with none", "all": "share of homes with nothing else",
               "extreme": "most extreme home"}  # fmt: skip


def pareto_k(check: Check) -> Canvas:
    """Return Pareto k of every unit left out, from the largest; above 0.7 it is unreliable."""
    k = np.sort(check.series["pareto_k"])[::-1]
    canvas = Canvas(figsize=(WIDTH, 2.8), layout="constrained")
    axes = canvas.add_subplot()
    axes.plot(np.arange(1, len(k) + 1), k, ".", color=BLUE, markersize=3.5)
    axes.axhline(0.7, color=ORANGE, linestyle=(0, (4, 3)))
    axes.set(xlabel="units left out, from the least reliable", ylabel="Pareto k")
    return canvas


def _table(check: Check) -> pd.DataFrame:
    assert check.table is not None, "the registry sends only checks with a table here"
    return check.table


def _bare(axes: Axes) -> None:
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_color(QUIET)


BY_NAME: Mapping[str, Drawer] = {
    "loo": pareto_k,
    "ppc_bands": observed_over_expected,
    "ppc_grades": grades,
    "ppc_homes": homes,
    "ppc_incidence": incidence,
    "ppc_outcomes": observed_in_intervals,
    "ppc_routes": observed_over_expected,
    "ppc_survival": survival,
}
"""Figures of checks that need more than the common ones."""
