"""Smooth effects of age and year."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.estimates.core import Estimate
from bayescich.estimates.counting import row_word, spells_of_levels
from bayescich.estimates.routes_axis import axis_word, by_route, effect_columns, side_by_side, spans
from bayescich.estimates.summaries import headings, ratio_name
from bayescich.model.effects.walk import WalkEffect
from bayescich.sampling.fit import Fit

WALK = "walk_"
"""How the names of these tables begin; the column follows."""


def walk_estimates(fit: Fit) -> tuple[Estimate, ...]:
    """Return ``walk_<column>`` for each smooth effect, levels in their order."""
    walks = [e for e in fit.structure.effects if isinstance(e, WalkEffect)]
    return tuple(_estimate(fit, walk) for walk in walks)


def _estimate(fit: Fit, walk: WalkEffect) -> Estimate:
    factor, draws = fit.design.factor(walk.column), fit.posterior[walk.variable]
    first = pd.DataFrame({"level": factor.levels, "n_rows": spells_of_levels(fit, factor)})
    table = by_route(fit, first, draws, effect_columns)
    ratio = ratio_name(fit) or "ratio"
    words = {
        "level": walk.column, "route": axis_word(fit), "n_rows": f"{row_word(fit)} that end there",
        **headings("", "effect"), "pd": "probability of direction",
        **headings("ratio", f"{ratio} against the average"),
    }  # fmt: skip
    step = fit.posterior[f"{walk.column}_step_sd"]
    change = "change of the step" if walk.order == 2 else "step"
    note = (
        f"The effects sum to zero; each is drawn towards its neighbours. The {change} from one "
        f"level to the next has an SD of {spans(fit, step)}."
    )
    return Estimate(
        f"{WALK}{walk.column}", f"The course by {walk.column}", _sentence(fit, walk), table,
        {name: words[name] for name in table.columns}, (note,), **side_by_side(fit, "level"),
    )  # fmt: skip


def _sentence(fit: Fit, walk: WalkEffect) -> str:
    levels = fit.design.factors[walk.column].levels
    draws = fit.posterior[walk.variable]
    across = draws[:, -1] - draws[:, 0]
    ratio = ratio_name(fit)
    shown = spans(fit, np.exp(across) if ratio else across)
    return f"From {levels[0]} to {levels[-1]} the {ratio or 'difference'} is {shown}."
