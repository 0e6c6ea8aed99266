"""How a figure is drawn, stamped and turned into a PNG, or why it could not be."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib import pyplot as plt
from matplotlib.figure import Figure as Canvas
from matplotlib.typing import RcKeyType

from bayescich.errors import ReportError
from bayescich.report.blocks import Figure

INK = "#1c2733"
QUIET = "#5b6875"
BLUE = "#0b5a8c"
ORANGE = "#c44e00"
GREEN = "#00745a"
PURPLE = "#8a3d7b"
CHAINS = (BLUE, ORANGE, GREEN, PURPLE)
"""Distinct for colour-blind readers, each at least 4.5 to 1 against white."""

DPI = 120
WIDTH = 9.0
"""Inches: the width of the page's column at the resolution above."""
_STRIP = 0.30
"""Inches kept free at the top of a stamped figure."""

_STYLE: dict[RcKeyType, Any] = {
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.labelsize": 10.5,
    "axes.linewidth": 0.8,
    "axes.prop_cycle": cycler(color=list(CHAINS)),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "figure.constrained_layout.use": True,
    "figure.dpi": DPI,
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": 10,
    "legend.fontsize": 10,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "text.color": INK,
    "xtick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.color": QUIET,
    "ytick.labelcolor": INK,
}


_RATIOS = (0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)


def ratio_ticks(low: float, high: float, apart: float = 0.06) -> list[float]:
    """Return the ratios to label on a logarithmic axis, 1 first, none touching its neighbour.

    Parameters
    ----------
    low, high : float
        Ends of the axis.
    apart : float
        Least distance of two labels, as a share of the axis.

    Examples
    --------
    >>> ratio_ticks(0.4, 2.5), ratio_ticks(0.05, 20.0)
    ([0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0], [0.1, 0.2, 0.33, 0.67, 1.0, 1.5, 3.0, 5.0, 10.0])
    """
    inside = [ratio for ratio in _RATIOS if low <= ratio <= high]
    above = [ratio for ratio in inside if ratio >= 1.0]
    kept: list[float] = []
    for ratios in (above, [ratio for ratio in reversed(inside) if ratio < 1.0]):
        last = kept[0] if kept else None
        for ratio in ratios:
            if last is None or abs(math.log(ratio / last)) > apart * math.log(high / low):
                kept.append(ratio)
                last = ratio
    return sorted(kept)


def drawn(
    draw: Callable[[], Canvas], *, name: str, caption: str, alt: str, synthetic: bool
) -> Figure:
    """Draw a figure in the report's style.

    Parameters
    ----------
    draw : callable
        Returns a matplotlib figure; it is closed here.
    name : str
        Id and file name.
    caption, alt : str
        What is shown, and what is to be seen in it.
    synthetic : bool
        Stamps the picture itself, so that a copy of it still says SYNTHETIC.

    Raises
    ------
    ReportError
        When it cannot be drawn: a report has no empty spaces.
    """
    try:
        with _style():
            canvas = draw()
            png = _png(canvas, alt, synthetic)
    except Exception as error:
        raise ReportError(
            f"The figure '{name}' could not be drawn.",
            where=caption,
            why=f"{type(error).__name__}: {error}",
            next_step="This is a fault of the report or of the check it shows; please report it.",
        ) from error
    return Figure(name=name, caption=caption, alt=alt, png=png)


def stamp(canvas: Canvas) -> None:
    """Write SYNTHETIC into a figure: in a strip of its own and faintly across it."""
    height = canvas.get_figheight()
    engine = canvas.get_layout_engine()
    if engine is not None:
        engine.set(rect=(0.0, 0.0, 1.0, 1.0 - _STRIP / height))  # type: ignore[call-arg]
    canvas.text(
        1.0 - 0.1 / canvas.get_figwidth(), 1.0 - 0.08 / height, "SYNTHETIC DATA",
        ha="right", va="top", fontsize=10, fontweight="bold", color="black",
        bbox={"facecolor": "#ffd43b", "edgecolor": "none", "pad": 2.5},
    )  # fmt: skip
    canvas.text(
        0.5, 0.5, "SYNTHETIC", ha="center", va="center", rotation=15, alpha=0.07,
        fontsize=min(11 * height, 6.5 * canvas.get_figwidth()), fontweight="bold", color="black",
    )  # fmt: skip


@contextmanager
def _style() -> Iterator[None]:
    # ArviZ draws through pyplot: its state is put back, and no figure is left behind
    before, open_before = mpl.get_backend(), set(plt.get_fignums())
    plt.switch_backend("agg")
    try:
        with mpl.rc_context(_STYLE):
            yield
    finally:
        for number in set(plt.get_fignums()) - open_before:
            plt.close(number)
        plt.switch_backend(before)


def _png(canvas: Canvas, alt: str, synthetic: bool) -> bytes:
    if synthetic:
        stamp(canvas)
    buffer = io.BytesIO()
    description = f"SYNTHETIC. {alt}" if synthetic else alt
    # the picture carries its own finding, wherever it is copied
    canvas.savefig(buffer, format="png", dpi=DPI, metadata={"Description": description})
    return buffer.getvalue()
