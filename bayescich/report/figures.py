"""The figures of estimates and of the sampler, most of them ArviZ's own."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import arviz_plots as azp
import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from arviz_base.labels import MapLabeller
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from bayescich.estimates.type_effects import type_effects
from bayescich.model.draws import Draws
from bayescich.model.effects.group import GroupEffect
from bayescich.report.canvas import BLUE, CHAINS, ORANGE, QUIET, WIDTH, ratio_ticks
from bayescich.report.words import Scale, plain, readable
from bayescich.sampling.fit import Fit
from bayescich.sampling.formula_fit import AnyFit

_PER_ROW = 4
_PANEL_LETTERS = 26


def shrinkage_forest(fit: Fit, effect: GroupEffect, scale: Scale) -> Canvas:
    """Return ArviZ's forest of the levels of one effect, not pooled beside partially pooled.

    Levels are ordered by their partially pooled mean; lines are 50% and 90% intervals.
    """
    fits = {"Partially pooled": fit.tree}
    if fit.unpooled is not None and effect.role == "home_type":
        fits = {"Not pooled": fit.unpooled, **fits}
    draws = {name: _draws_of(fit, tree, effect) for name, tree in fits.items()}
    order = draws["Partially pooled"].mean("draw").to_numpy().argsort()[::-1]
    size = max(array.sizes["draw"] for array in draws.values())
    trees = {name: _aligned(array, order, size) for name, array in draws.items()}
    levels = fit.tree["posterior"].sizes[effect.column]
    colours = [ORANGE, BLUE][-len(trees) :]
    markers = ["s", "o"][-len(trees) :]
    grid = azp.plot_forest(
        trees,
        combined=True, ci_kind="eti", ci_probs=(0.5, 0.9), point_estimate="mean",
        labels=[effect.column], backend="matplotlib",
        aes={"color": ["model"], "marker": ["model"]}, color=colours, marker=markers,
        aes_by_visuals={"credible_interval": ["y", "color", "overlay"]},
        figure_kwargs={"figsize": (WIDTH, 1.3 + 0.46 * levels), "width_ratios": [1, 2.6]},
    )  # fmt: skip
    canvas: Canvas = grid.viz["figure"].item()
    labels, axes = canvas.axes
    labels.set_axis_off()
    _zero_line(axes)
    axes.set_xlabel(f"{scale.effect} against the average {plain(effect.column)}")
    _ratio_axis(axes, scale)
    handles = [
        Line2D([], [], color=colour, marker=marker, label=label)
        for label, colour, marker in zip(trees, colours, markers, strict=True)
    ]
    if len(trees) > 1:
        canvas.legend(handles=handles, loc="outside lower center", ncols=2)
    return canvas


def _draws_of(fit: Fit, tree: xr.DataTree, effect: GroupEffect) -> xr.DataArray:
    data = tree["posterior"].to_dataset()
    # the effect on the average child, as in the table
    home_type = effect.role == "home_type"
    draws = Draws.from_dataset(data if home_type else data[[effect.variable]])
    stacked = type_effects(fit, draws) if home_type else draws[effect.variable]
    labels = {effect.column: data[effect.column].to_numpy()}
    return xr.DataArray(stacked, labels, ("draw", effect.column), name=effect.variable)


def _aligned(array: xr.DataArray, order: npt.NDArray[np.int64], size: int) -> xr.DataTree:
    # ArviZ lays models side by side draw by draw and fills what is missing with nothing: the fit
    # with fewer draws has each of them repeated, as equally often as the sizes allow
    repeated = np.arange(size) * array.sizes["draw"] // size
    chosen = array.isel({"draw": repeated, str(array.dims[1]): order})
    data = chosen.assign_coords(draw=np.arange(size)).expand_dims(chain=[0]).to_dataset()
    return xr.DataTree.from_dict({"posterior": data})


def _zero_line(axes: Axes, at: float = 0.0) -> None:
    axes.axvline(at, color=QUIET, linewidth=1.0, linestyle=(0, (4, 3)), zorder=0)


def _ratio_axis(axes: Axes, scale: Scale) -> None:
    if scale.ratio is None:
        return
    low, high = np.exp(axes.get_xlim())
    top = axes.secondary_xaxis("top", functions=(_exp, _safe_log))
    top.set_ticks(ratio_ticks(float(low), float(high)))
    top.xaxis.set_major_formatter(lambda value, _position: f"{value:g}")
    top.xaxis.set_minor_formatter(lambda _value, _position: "")
    top.set_xlabel(scale.ratio)


def _exp(values: npt.ArrayLike) -> npt.ArrayLike:
    return np.exp(np.asarray(values, dtype=np.float64))


def _safe_log(values: npt.ArrayLike) -> npt.ArrayLike:
    # matplotlib also asks for the inverse just outside the axis
    return np.log(np.maximum(np.asarray(values, dtype=np.float64), 1e-9))


def dot_and_whisker(
    table: pd.DataFrame,
    label: str,
    stem: str,
    axis: str,
    reference: float | None = None,
    truth: str | None = None,
) -> Canvas:
    """Return means with 90% intervals, largest at the top.

    Parameters
    ----------
    table : DataFrame
        Columns ``label``, ``<stem>_mean`` (or ``<stem>``), ``<stem>_q05``, ``<stem>_q95``.
    label, stem, axis : str
        Column of the names, stem of the numbers, words under the axis.
    reference : float, optional
        Where the dashed line stands.
    truth : str, optional
        Column of true values, drawn as diamonds; rows then keep their order.
    """
    mean = f"{stem}_mean" if f"{stem}_mean" in table else stem
    low, high = (f"{stem}_q05", f"{stem}_q95") if stem != "mean" else ("q05", "q95")
    rows = table.iloc[::-1] if truth else table.sort_values(mean)
    places = np.arange(len(rows))
    canvas = Canvas(figsize=(WIDTH, 1.2 + 0.34 * len(rows)), layout="constrained")
    axes = canvas.add_subplot()
    axes.hlines(places, rows[low], rows[high], color=BLUE, linewidth=2.2)
    axes.plot(rows[mean], places, "o", color=BLUE, markersize=6.5, label="posterior mean, 90%")
    if truth:
        axes.plot(rows[truth], places, "D", color=ORANGE, markersize=6, markerfacecolor="none",
                  markeredgewidth=1.8, label="truth")  # fmt: skip
        canvas.legend(loc="outside lower center", ncols=2)
    if reference is not None:
        _zero_line(axes, reference)
    axes.set_yticks(places, [str(name) for name in rows[label]])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(axis)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    return canvas


def rank_figure(fit: AnyFit, names: Sequence[str]) -> Canvas:
    """Return ArviZ's rank plots of these variables, one panel a component.

    Draws are thinned first, so that autocorrelation is not taken for disagreement of chains.
    """
    posterior = fit.tree["posterior"].to_dataset()
    draws = posterior.sizes["chain"] * posterior.sizes["draw"]
    panels = sum(posterior[name].size // draws for name in names)
    columns = min(_PER_ROW, panels)
    rows = -(-panels // columns)
    grid = azp.plot_rank(
        fit.tree, var_names=list(names), thin=True, backend="matplotlib", col_wrap=columns,
        color=list(CHAINS), labeller=_labeller(fit),
        figure_kwargs={"figsize": (WIDTH, 0.5 + 1.45 * rows), "sharey": True},
        visuals={"xlabel": False},
    )  # fmt: skip
    canvas: Canvas = grid.viz["figure"].item()
    for axes in canvas.axes[:panels]:
        axes.set_xticks([0.0, 0.5, 1.0])
        axes.set_title(_fitting(readable(axes.get_title())), fontsize=9.5)
        for text in axes.texts:  # "p=0.47(α=0.01)"
            text.set(text=text.get_text().split("(")[0].replace("=", " = "), fontsize=8.5)
    for axes in canvas.axes[: max(panels - columns, 0)]:
        axes.tick_params(labelbottom=False)
    canvas.supxlabel("fractional rank of the draw among all chains", fontsize=10.5)
    return canvas


def _fitting(title: str) -> str:
    # a label such as two neighbouring grades is wider than its panel
    lines = [line for part in title.split("\n") for line in textwrap.wrap(part, _PANEL_LETTERS)]
    return "\n".join(lines[:2]) + (" …" if len(lines) > 2 else "")


def energy_figure(fit: AnyFit) -> Canvas:
    """Return ArviZ's energy plot: marginal and transition energies, and BFMI by chain."""
    grid = azp.plot_energy(
        fit.tree, backend="matplotlib", color=[BLUE, ORANGE],
        figure_kwargs={"figsize": (WIDTH, 2.8)}, visuals={"legend": False},
    )  # fmt: skip
    canvas: Canvas = grid.viz["figure"].item()
    handles = [
        Line2D([], [], color=colour, linewidth=6, alpha=0.7, label=label)
        for label, colour in (("marginal energy", BLUE), ("change between draws", ORANGE))
    ]
    canvas.legend(handles=handles, loc="outside lower center", ncols=2)
    bfmi, energy = canvas.axes[:2]
    chains = fit.tree["sample_stats"].sizes["chain"]
    bfmi.set_yticks(range(chains), [str(chain + 1) for chain in range(chains)])
    bfmi.set_title("BFMI (line: least allowed)")
    energy.set_title("Energy about its mean")
    energy.set_yticks([])
    energy.spines["left"].set_visible(False)
    return canvas


def prior_posterior_figure(fit: AnyFit, names: Sequence[str]) -> Canvas:
    """Return ArviZ's prior against posterior of scalar variables: what the data added."""
    columns = min(_PER_ROW, len(names))
    rows = -(-len(names) // columns)
    grid = azp.plot_prior_posterior(
        fit.tree, var_names=list(names), kind="kde", backend="matplotlib", col_wrap=columns,
        color=[ORANGE, BLUE], labeller=_labeller(fit),
        figure_kwargs={"figsize": (WIDTH, 0.6 + 1.9 * rows)},
    )  # fmt: skip
    canvas: Canvas = grid.viz["figure"].item()
    for legend in list(canvas.legends):  # ArviZ's own lies beside the panels and cannot be refused
        legend.remove()
    for axes, name in zip(canvas.axes, names, strict=False):
        axes.set_title(_fitting(axes.get_title()), fontsize=9.5)
        axes.set_xlim(*_around_posterior(fit.tree["posterior"][name].to_numpy()))
    colours = {"prior": ORANGE, "posterior": BLUE}
    handles = [Line2D([], [], color=colour, label=name) for name, colour in colours.items()]
    canvas.legend(handles=handles, loc="outside lower center", ncols=2)
    return canvas


def _around_posterior(draws: npt.NDArray[np.float64]) -> tuple[float, float]:
    # the prior's far tail would squeeze the posterior into a corner
    low, high = (float(end) for end in np.quantile(draws, [0.01, 0.99]))
    if low >= 0:
        return 0.0, 3.0 * high
    return low - 2.0 * (high - low), high + 2.0 * (high - low)


def _labeller(fit: AnyFit) -> MapLabeller:
    names = [str(name) for name in fit.tree["posterior"].data_vars]
    return MapLabeller(var_name_map={name: plain(name) for name in names})


def scalar_names(fit: AnyFit) -> list[str]:
    """Return the variables with one value a draw: SDs, the frailty variance, an intercept."""
    posterior = fit.tree["posterior"].to_dataset()
    return [str(n) for n in posterior.data_vars if set(posterior[n].dims) == {"chain", "draw"}]


def named(fit: AnyFit, candidates: Sequence[str]) -> list[str]:
    """Return the candidates that are in the posterior."""
    return [name for name in candidates if name in fit.tree["posterior"].data_vars]
