"""What if the outcomes that nobody recorded were worse, or better, than the model takes them to be?

A pattern-mixture shift: for children whose outcome is not recorded the linear predictor is moved
by δ in homes, and not in the other settings,

    E[y | place] = P(recorded) g(η) + (1 - P(recorded)) g(η + δ).

The tipping point is the smallest shift at which a difference from the reference is no longer told.

References
----------
Little (1994), A class of pattern-mixture models for normal incomplete data, Biometrika 81;
docs/methods.md section 3.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.design.core import Design
from bayescich.estimates.core import Estimate
from bayescich.estimates.outcome_types import against, has_outcome_types, reference_place
from bayescich.estimates.places import Lived, lived_in
from bayescich.estimates.readings import Reading, readings_of
from bayescich.estimates.summaries import columns, headings, probability_of_direction
from bayescich.estimates.type_effects import type_word
from bayescich.model.draws import Draws, FloatArray
from bayescich.model.response.densities import mean_of
from bayescich.sampling.fit import Fit

SHIFTS = (-2.0, -1.5, -1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
"""Of the linear predictor: 0.5 is odds 1.6 times as high."""
TIPPED = 0.8
"""Probability of direction below which a difference is no longer told."""
_TOLD = 0.9


def missing_outcome_estimates(fit: Fit, rng: np.random.Generator) -> tuple[Estimate, ...]:
    """Return ``missing_outcomes`` where being recorded is part of the model, or nothing.

    Parameters
    ----------
    fit : Fit
    rng : Generator
    """
    recorded = [k for k, r in enumerate(fit.design.responses) if r.role == "recorded"]
    if not recorded or not has_outcome_types(fit):
        return ()
    main = readings_of(fit)[0]
    shifted = tuple(_shifted(fit.design, main, recorded[0], shift) for shift in SHIFTS)
    lived = lived_in(fit, rng, readings=shifted)
    reference = reference_place(fit, lived)
    table = _table(lived, reference)
    return (_estimate(fit, lived, table, reference, main),)


def _shifted(design: Design, main: Reading, recorded: int, shift: float) -> Reading:
    columns_of = _columns(design, main)

    def of(draws: Draws, eta: FloatArray) -> FloatArray:
        moved = eta.copy()
        moved[:, columns_of] += shift
        seen = mean_of(draws, eta, design, recorded)
        return seen * main.of(draws, eta) + (1.0 - seen) * main.of(draws, moved)

    return Reading(f"{shift:+g}", main.scale, of)


def _columns(design: Design, main: Reading) -> list[int]:
    """Return the linear predictors that the main reading is made of."""
    found: list[int] = []
    for place in main.responses:
        response = design.responses[place]
        found += range(response.column, response.column + response.width)
    return found


def _table(lived: Lived, reference: int) -> pd.DataFrame:
    """Return the difference of each home type at each shift, the reference not shifted."""
    at_nought = lived.of(SHIFTS.index(0.0))
    parts = []
    for place, shift in enumerate(SHIFTS):
        values = lived.of(place).copy()
        # other settings keep what the model takes them to be
        values[:, lived.types :] = at_nought[:, lived.types :]
        if reference < lived.types:
            values[:, reference] = at_nought[:, reference]
        difference, _ = against(values, reference)
        own = difference[:, : lived.types]
        part = pd.DataFrame({"type": lived.places[: lived.types]}).assign(
            shift=shift, **columns("std_diff", own), pd=probability_of_direction(own)
        )
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def tipping_points(table: pd.DataFrame) -> pd.Series:
    """Return for each type the smallest shift at which its difference is no longer told.

    Not a number where it is not told without a shift, or at no shift of the table.

    Examples
    --------
    >>> table = pd.DataFrame({"type": ["solo"] * 3, "shift": [-0.5, 0.0, 0.5],
    ...                       "std_diff_mean": [0.1, 1.0, 2.0], "pd": [0.6, 0.97, 1.0]})
    >>> tipping_points(table).to_dict()
    {'solo': -0.5}
    """
    found = {}
    for kind, own in table.groupby("type", sort=False):
        start = own.loc[own["shift"] == 0.0].iloc[0]
        gone = own[(own["pd"] < TIPPED) | (own["std_diff_mean"] * start["std_diff_mean"] <= 0)]
        nearest = gone.loc[gone["shift"].abs().sort_values().index, "shift"]
        told = start["pd"] >= _TOLD
        found[str(kind)] = float(nearest.iloc[0]) if told and len(nearest) else np.nan
    return pd.Series(found, name="tipping_point")


def _estimate(
    fit: Fit, lived: Lived, table: pd.DataFrame, reference: int, main: Reading
) -> Estimate:
    against_ = lived.places[reference]
    tips = tipping_points(table)
    table = table.assign(tipping_point=table["type"].map(tips))
    told = table[(table["shift"] == 0.0) & (table["pd"] >= _TOLD)]["type"].tolist()
    tipped = {kind: tips[kind] for kind in told if not np.isnan(tips[kind])}
    if not told:
        sentence = (
            f"No {type_word(fit)} is told apart from '{against_}', so there is nothing that "
            "outcomes nobody recorded could tip."
        )
    else:
        named = "; ".join(f"{kind} at {shift:+g}" for kind, shift in tipped.items())
        sentence = (
            f"Of {len(told)} differences from '{against_}', {len(tipped)} would no longer be told "
            f"if outcomes not recorded of children in homes lay that far from what the model takes "
            f"them to be: {named or 'none within the shifts tried'}."
        )
    words = {
        "type": type_word(fit), "shift": "shift",
        **headings("std_diff", f"{main.name}: difference"),
        "pd": "probability of direction", "tipping_point": "tipping point",
    }  # fmt: skip
    notes = (
        (
            "Each shift moves the linear predictor of children in homes whose outcome is not "
            "recorded; 0.5 multiplies odds by 1.6. Children in other settings are not moved, which "
            "is the hardest case."
        ),
        f"Tipping point: the least shift with P(direction) below {TIPPED}, or another sign.",
    )
    return Estimate(
        "missing_outcomes", "What if outcomes nobody recorded were otherwise?", sentence, table,
        {name: words[name] for name in table.columns}, notes, across="shift",
        shown=("type", "tipping_point", "std_diff_mean"), missing="",
    )  # fmt: skip
