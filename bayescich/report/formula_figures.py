"""Figures of a model with a formula: levels with their raw shares, and what pooling does."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Canvas

from bayescich.report.canvas import BLUE, ORANGE, QUIET, WIDTH


def levels_figure(table: pd.DataFrame, label: str, stem: str, axis: str) -> Canvas:
    """Return the levels in their order: mean with 90% interval, and raw where the table has it.

    Parameters
    ----------
    table : DataFrame
        Columns ``label``, ``<stem>_mean``, ``<stem>_q05``, ``<stem>_q95`` and, if known, ``raw``.
    label, stem, axis : str
        Column of the names, stem of the numbers, words under the axis.
    """
    rows = table.iloc[::-1]
    places = np.arange(len(rows))
    canvas = Canvas(figsize=(WIDTH, 1.4 + 0.34 * len(rows)), layout="constrained")
    axes = canvas.add_subplot()
    axes.hlines(places, rows[f"{stem}_q05"], rows[f"{stem}_q95"], color=BLUE, linewidth=2.2)
    axes.plot(rows[f"{stem}_mean"], places, "o", color=BLUE, markersize=6.5,
              label="posterior mean, 90%")  # fmt: skip
    if "raw" in rows:
        axes.plot(rows["raw"], places, "s", color=ORANGE, markersize=6.5, markerfacecolor="none",
                  markeredgewidth=1.6, label="raw")  # fmt: skip
        canvas.legend(loc="outside lower center", ncols=2)
    axes.set_yticks(places, [str(name) for name in rows[label]])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(axis)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    return canvas


def shrinkage_scatter(table: pd.DataFrame, trials: str, axis: str) -> Canvas:
    """Return raw and pooled share of each unit over its size, joined by a line; no names.

    Parameters
    ----------
    table : DataFrame
        Columns ``n_trials``, ``raw`` and ``pooled_mean``.
    trials, axis : str
        Words under and beside the axes.
    """
    canvas = Canvas(figsize=(WIDTH, 4.4), layout="constrained")
    axes = canvas.add_subplot()
    size = table["n_trials"]
    axes.vlines(size, table["raw"], table["pooled_mean"], color=QUIET, linewidth=0.8, alpha=0.7)
    axes.plot(size, table["raw"], "s", color=ORANGE, markersize=4.5, markerfacecolor="none",
              label="raw")  # fmt: skip
    axes.plot(size, table["pooled_mean"], "o", color=BLUE, markersize=4.5,
              label="partially pooled")  # fmt: skip
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _position: f"{value:,.0f}")
    axes.set(xlabel=f"{trials} (logarithmic)", ylabel=axis)
    canvas.legend(loc="outside lower center", ncols=2)
    return canvas
