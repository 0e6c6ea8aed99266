"""Figures of what changes: effects along ages and years, hazards and incidence along time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, NullFormatter

from bayescich.model.draws import FloatArray
from bayescich.report.canvas import BLUE, GREEN, ORANGE, PURPLE, QUIET, WIDTH, ratio_ticks
from bayescich.report.words import sentence_case

ROUTES = (BLUE, ORANGE, GREEN, PURPLE, "#d9a400", "#5aa9d6", "#6b4e2e", "#9aa5b1")
"""Colours of routes, in their order; a ninth begins again, hatched."""
_PER_ROW = 3
_TICKS_AT_MOST = 16


def walk_figure(table: pd.DataFrame, column: str, words: str) -> Canvas:
    """Return effects along the levels of an ordered column, one panel a route.

    Parameters
    ----------
    table : DataFrame
        Columns ``level``, ``ratio_mean``, ``ratio_q05``, ``ratio_q95``, and ``route`` when there
        are several.
    column, words : str
        Words for the two axes.
    """
    routes = list(table["route"].unique()) if "route" in table else [""]
    canvas, panels = _panels(len(routes), 2.6, per_row=1 if len(routes) == 1 else _PER_ROW)
    for axes, route in zip(panels, routes, strict=False):
        own = table[table["route"] == route] if route else table
        _ribbon(axes, own, np.arange(len(own), dtype=np.float64))
        _named_places(axes, [str(level) for level in own["level"]], len(routes) > 1)
        axes.set_title(_wrapped(sentence_case(route)))
    canvas.supxlabel(column, fontsize=10.5)
    canvas.supylabel(words.partition(" against")[0], fontsize=10.5)
    return canvas


def course_figure(table: pd.DataFrame, words: str) -> Canvas:
    """Return how each type's hazard departs from the average along time, one panel a type."""
    types = list(table["type"].unique())
    canvas, panels = _panels(len(types), 2.1)
    for axes, kind in zip(panels, types, strict=False):
        own = table[table["type"] == kind]
        _ribbon(axes, own, np.arange(len(own), dtype=np.float64))
        _named_places(axes, [band.removesuffix(" days") for band in own["band"]], True)
        axes.set_title(_wrapped(kind))
    canvas.supxlabel("days since the start", fontsize=10.5)
    canvas.supylabel(words.partition(" to ")[0], fontsize=10.5)
    return canvas


def stacked_incidence(
    curves: pd.DataFrame, routes: Sequence[str], types: Sequence[str], days: Sequence[float]
) -> Canvas:
    """Return the routes taken by each day stacked, one panel a home type.

    Parameters
    ----------
    curves : DataFrame
        Columns ``type``, ``route``, ``days``, ``incidence_mean``.
    routes, types : sequence of str
        In the order of the stack and of the panels.
    days : sequence of float
        Ticks.
    """
    canvas, panels = _panels(len(types), 2.2)
    for axes, kind in zip(panels, types, strict=False):
        own = curves[curves["type"] == kind]
        wide = own.pivot_table(index="days", columns="route", values="incidence_mean")[list(routes)]
        parts = axes.stackplot(wide.index, wide.to_numpy().T, colors=_colours(len(routes)),
                               edgecolor="white", linewidth=0.4)  # fmt: skip
        for place, part in enumerate(parts):
            part.set_hatch("///" if place >= len(ROUTES) else "")
        axes.set_title(_wrapped(kind))
        axes.set_xlim(0, max(days))
        axes.set_ylim(0, 1)
        axes.set_xticks(list(days))
    # a label of the whole figure would lie under the legend
    for axes in panels[max(len(types) - _PER_ROW, 0) : len(types)]:
        axes.set_xlabel("days since the start", fontsize=9.5)
    canvas.supylabel("share of children", fontsize=10.5)
    handles = [
        Patch(facecolor=colour, label=route)
        for colour, route in zip(_colours(len(routes)), routes, strict=True)
    ]
    canvas.legend(handles=handles, loc="outside lower center", ncols=_columns_of_legend(routes))
    return canvas


def difference_figure(
    table: pd.DataFrame, routes: Sequence[str], types: Sequence[str], stem: str, words: str
) -> Canvas:
    """Return differences from the reference type, one panel a route, one line a type.

    Parameters
    ----------
    table : DataFrame
        Columns ``type``, ``route`` and ``<stem>_mean``, ``_q05``, ``_q95``.
    routes, types : sequence of str
    stem, words : str
        Of the difference.
    """
    canvas, panels = _panels(len(routes), 0.9 + 0.27 * len(types))
    places = np.arange(len(types))[::-1]
    for axes, route in zip(panels, routes, strict=False):
        own = table[table["route"] == route].set_index("type").loc[list(types)]
        low, high = own[f"{stem}_q05"], own[f"{stem}_q95"]
        told = np.asarray((low > 0) | (high < 0))
        for chosen, colour in ((told, BLUE), (~told, "#8b98a5")):
            axes.hlines(places[chosen], low[chosen], high[chosen], color=colour, linewidth=2.0)
            axes.plot(own[f"{stem}_mean"][chosen], places[chosen], "o", color=colour, markersize=5)
        axes.axvline(0.0, color=QUIET, linewidth=1.0, linestyle=(0, (4, 3)), zorder=0)
        axes.set_yticks(places, list(types))
        axes.tick_params(axis="y", length=0)
        axes.set_title(_wrapped(sentence_case(route)))
        axes.locator_params(axis="x", nbins=5)
    canvas.supxlabel(words, fontsize=10.5)
    return canvas


def _ribbon(axes: Axes, own: pd.DataFrame, places: FloatArray) -> None:
    axes.fill_between(places, own["ratio_q05"], own["ratio_q95"], color=BLUE, alpha=0.18,
                      linewidth=0)  # fmt: skip
    axes.plot(places, own["ratio_mean"], "o-", color=BLUE, markersize=4)
    axes.axhline(1.0, color=QUIET, linewidth=1.0, linestyle=(0, (4, 3)), zorder=0)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    _label_ratios(axes)


def _label_ratios(axes: Axes) -> None:
    low, high = axes.get_ylim()
    inside = ratio_ticks(float(low), float(high), apart=0.09)
    if len(inside) > 1:
        axes.set_yticks(inside)


def _named_places(axes: Axes, names: Sequence[str], small: bool) -> None:
    step = -(-len(names) // (8 if small else _TICKS_AT_MOST))
    places = list(range(0, len(names), step))
    axes.set_xticks(places, [names[place] for place in places])
    axes.tick_params(axis="x", labelrotation=40 if len(names) > 6 or small else 0, labelsize=8.5)
    for label in axes.get_xticklabels():
        label.set_horizontalalignment("right" if len(names) > 6 or small else "center")


def _panels(
    number: int, height: float, *, per_row: int = _PER_ROW, sharey: bool = True, sharex: bool = True
) -> tuple[Canvas, list[Axes]]:
    columns = min(per_row, number)
    rows = -(-number // columns)
    canvas = Canvas(figsize=(WIDTH, 0.9 + height * rows), layout="constrained")
    grid = canvas.subplots(rows, columns, sharex=sharex, sharey=sharey, squeeze=False)
    panels = [axes for row in grid for axes in row]
    for axes in panels[number:]:
        axes.set_visible(False)
    for axes in panels[max(number - columns, 0) : number]:
        axes.tick_params(labelbottom=True)
    return canvas, panels


def _wrapped(title: str, width: int = 30) -> str:
    if len(title) <= width:
        return title
    cut = title.rfind(" ", 0, width)
    return f"{title[:cut]}\n{title[cut + 1 :]}" if cut > 0 else title


def _colours(number: int) -> list[str]:
    return [ROUTES[place % len(ROUTES)] for place in range(number)]


def _columns_of_legend(routes: Sequence[str]) -> int:
    return 2 if max(map(len, routes)) > 28 else min(3, len(routes))
