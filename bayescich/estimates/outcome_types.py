"""Home types and other settings for outcomes at 16 and 18: the table the report cites, and more."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.design.core import Grouping, Membership
from bayescich.estimates.core import Estimate, OnPage
from bayescich.estimates.home_types import raw_rates, reference_level, unpooled_effects
from bayescich.estimates.places import Lived, in_homes, kinds_of_place, lived_in, settings_of
from bayescich.estimates.readings import Reading
from bayescich.estimates.routes_axis import by_route, side_by_side
from bayescich.estimates.summaries import (
    SOME,
    STRONG,
    columns,
    headings,
    pooling,
    probability_of_direction,
    ratio_name,
    reading,
    reliability,
)
from bayescich.estimates.type_effects import (
    home_levels,
    home_type_of,
    ranked_levels,
    type_effect_sd,
    type_effects,
    type_word,
)
from bayescich.model.draws import FloatArray
from bayescich.sampling.fit import Fit


def has_outcome_types(fit: Fit) -> bool:
    """Return whether the outcome is of one row a child, with several parts or several homes."""
    effect = fit.structure.home_type
    if effect is None or not fit.design.responses:
        return False
    several = isinstance(fit.design.factors[effect.column], Membership)
    return several or bool(fit.design.routes)


def outcome_type_estimates(fit: Fit, rng: np.random.Generator) -> tuple[Estimate, ...]:
    """Return ``outcome_types``, ``outcome_readings`` and ``home_type_effects``, where they apply.

    Parameters
    ----------
    fit : Fit
    rng : Generator
        For the Bayesian bootstrap, new homes and blanks.
    """
    if not has_outcome_types(fit):
        return ()
    lived = lived_in(fit, rng)
    main = _main_table(fit, lived)
    several = (_readings(fit, lived),) if len(lived.readings) > 1 else ()
    return (main, *several, _effects(fit))


def reference_place(fit: Fit, lived: Lived) -> int:
    """Return what the places are compared with: as asked, else fostering, else the commonest."""
    asked, settings = fit.spec.report.reference, settings_of(fit)
    if asked in lived.places:
        return lived.places.index(asked)
    if settings is not None:
        return lived.places.index(settings.reference)
    return reference_level(fit, fit.design.factors[home_type_of(fit).column])


def against(values: FloatArray, reference: int) -> tuple[FloatArray, FloatArray]:
    """Return differences from the reference, and their probability of direction."""
    difference = values - values[:, [reference]]
    direction = probability_of_direction(difference)
    direction[reference] = np.nan
    return difference, direction


def _main_table(fit: Fit, lived: Lived) -> Estimate:
    reference = reference_place(fit, lived)
    main, values = lived.readings[0], lived.of(0)
    difference, direction = against(values, reference)
    table = pd.DataFrame({"type": lived.places, "kind": kinds_of_place(lived)})
    table = table.assign(
        **_crude(fit, lived), **columns("std", values), **columns("std_diff", difference),
        pd=direction, **_ranks(fit, lived, values),
    )  # fmt: skip
    table["reading"] = [
        "reference" if k == reference else reading(float(d)) for k, d in enumerate(direction)
    ]
    words = {
        "type": f"{type_word(fit)} or setting", "kind": "kind", "n_children": "children",
        "windows": "windows lived there", "raw": f"raw: {main.name}",
        **headings("std", main.name),
        **headings("std_diff", f"difference from {lived.places[reference]}"),
        "pd": f"probability of direction against {lived.places[reference]}",
        "p_best": f"probability of being the best {type_word(fit)}", "e_rank": "expected rank",
        "reading": "in words",
    }  # fmt: skip
    named = {name: words[name] for name in table.columns}
    return Estimate(
        "outcome_types", f"{type_word(fit).capitalize()}s and other settings: {main.name}",
        _sentence(fit, lived, table, reference), table, named, _notes(fit, main),
    )  # fmt: skip


def _crude(fit: Fit, lived: Lived) -> dict[str, FloatArray]:
    """Return children, windows and the crude outcome of each place, by the part lived there."""
    numbers = [
        _of_factor(fit, fit.design.factors[home_type_of(fit).column], lived.places[: lived.types])
    ]
    settings = settings_of(fit)
    if settings is not None:
        numbers.append(_of_factor(fit, settings.factor(fit.design), lived.places[lived.types :]))
    return {key: np.concatenate([part[key] for part in numbers]) for key in numbers[0]}


def _of_factor(fit: Fit, factor: Grouping, levels: tuple[str, ...]) -> dict[str, FloatArray]:
    at = [factor.levels.index(level) for level in levels]
    rates = raw_rates(fit, factor)
    with np.errstate(invalid="ignore", divide="ignore"):
        raw = rates["numerator"] / rates["denominator"]
    return {
        "n_children": factor.counts().astype(np.float64)[at],
        "windows": factor.sums(np.ones(fit.design.rows))[at],
        "raw": raw[at],
    }


def _ranks(fit: Fit, lived: Lived, values: FloatArray) -> dict[str, FloatArray]:
    """Rank the home types among themselves; other settings and unknown types have no rank."""
    ranked = np.flatnonzero(ranked_levels(fit))
    sign = 1.0 if fit.spec.report.higher_is == "worse" else -1.0
    ranks = np.argsort(np.argsort(sign * values[:, ranked], axis=1), axis=1) + 1.0
    best, mean = np.full((2, len(lived.places)), np.nan)
    mean[ranked] = ranks.mean(axis=0)
    if fit.spec.report.higher_is != "neither":
        best[ranked] = (ranks == 1).mean(axis=0)
    return {"p_best": best, "e_rank": mean}


def _sentence(fit: Fit, lived: Lived, table: pd.DataFrame, reference: int) -> str:
    types = table.iloc[: lived.types][ranked_levels(fit)].sort_values("std_mean")
    low, high = types.iloc[0], types.iloc[-1]
    told = table[table["reading"].isin(["some evidence", "strong evidence"])]["type"].tolist()
    compared = (
        f"{len(told)} of {len(table) - 1} places differ from '{lived.places[reference]}' with some "
        f"or strong evidence: {'; '.join(told)}."
        if told
        else f"No place can be told apart from '{lived.places[reference]}'."
    )
    return (
        f"The standardised outcome ({lived.readings[0].name}) runs from {_span(low)} in "
        f"'{low['type']}' to {_span(high)} in '{high['type']}'. {compared}"
    )


def _span(row: pd.Series) -> str:
    return f"{row['std_mean']:.3g} ({row['std_q05']:.3g} to {row['std_q95']:.3g})"


def _notes(fit: Fit, main: Reading) -> tuple[str, ...]:
    children = len(in_homes(fit))
    notes = [
        (
            f"Standardised: the {children:,} children who lived in homes, with their whole window "
            "spent in a new home of a new provider of each type, or in another setting. It "
            "compares places given what the model adjusts for; it does not prove a cause."
        ),
        (
            "Raw figures involve no model: each child counts by the part of its window lived "
            "there, whatever happened in the rest of it."
        ),
        (
            "Few children spend a whole window in one place, and some are never placed in some "
            "of these: what is said of such children there is the model's, not anybody's."
        ),
        (
            f"In words: below {SOME} the direction is not distinguishable, up to {STRONG} there is "
            "some evidence, above it strong evidence."
        ),
    ]
    if main.scale == "points" and any(r.turned for r in fit.design.responses):
        notes.append("Effects are turned so that higher is better; points are as recorded.")
    return tuple(notes)


def _readings(fit: Fit, lived: Lived) -> Estimate:
    reference = reference_place(fit, lived)
    parts = []
    for place, item in enumerate(lived.readings):
        # side by side in one table: chances in per cent, so that they can be read beside points
        per_cent = item.scale == "probability"
        values = lived.of(place) * (100.0 if per_cent else 1.0)
        difference, direction = against(values, reference)
        part = pd.DataFrame({"type": lived.places}).assign(
            reading_of=f"{item.name}, %" if per_cent else item.name,
            **columns("std", values),
            **columns("std_diff", difference),
            pd=direction,
        )
        part["reading"] = [
            "reference" if k == reference else reading(float(d)) for k, d in enumerate(direction)
        ]
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    told = table["reading"].isin(["some evidence", "strong evidence"]).sum()
    sentence = (
        f"{len(lived.readings)} readings of the outcome in {len(lived.places)} places; "
        f"{told} of {len(table) - len(lived.readings)} differences from "
        f"'{lived.places[reference]}' show some or strong evidence."
    )
    words = {
        "type": f"{type_word(fit)} or setting", "reading_of": "reading",
        **headings("std", "standardised"),
        **headings("std_diff", f"difference from {lived.places[reference]}"),
        "pd": "probability of direction", "reading": "in words",
    }  # fmt: skip
    return Estimate(
        "outcome_readings", "The outcome read in other ways", sentence, table,
        {name: words[name] for name in table.columns}, _reading_notes(lived), across="reading_of",
        shown=("type", "std_mean"),
    )  # fmt: skip


def _reading_notes(lived: Lived) -> tuple[str, ...]:
    names = [item.name for item in lived.readings]
    both = [name for name in names if ", and " in name]
    if not both:
        return ()
    return (
        (
            f"'{both[0]}' takes everybody who is not reached for one who does not do well; "
            f"'{names[0]}' alone takes them to do as those who are. The truth lies between."
        ),
    )


def _effects(fit: Fit) -> Estimate:
    levels = home_levels(fit)
    effects, sd = type_effects(fit, fit.posterior), type_effect_sd(fit, fit.posterior)
    free = unpooled_effects(fit)
    stacked = effects if free is None else np.concatenate([effects, free])
    cut = len(effects)
    scales = iter(np.atleast_2d(sd.T) if fit.design.routes else [sd])

    def made(draws: FloatArray) -> dict[str, FloatArray]:
        own, scale = draws[:cut], next(scales)
        found = {
            **columns("pooled", own), "pooling_check": pooling(own, scale),
            "pd": probability_of_direction(own),
        }  # fmt: skip
        if free is not None:
            alone = draws[cut:]
            rho = reliability(scale, alone.std(axis=0, ddof=1))
            found = {**columns("unpooled", alone), "reliability": rho, "shrink_B": 1 - rho} | found
        return found | (columns("ratio", np.exp(own)) if ratio_name(fit) else {})

    table = by_route(fit, pd.DataFrame({"type": levels}), stacked, made)
    table["reading"] = [reading(float(d)) for d in table["pd"]]
    told = int((table["reading"] != "not distinguishable").sum())
    sentence = (
        f"{told} of {len(table)} effects of a {type_word(fit)} show some or strong evidence of a "
        "difference from the average type."
    )
    words = {
        "type": type_word(fit), "route": "part of the outcome",
        **headings("unpooled", "unpooled effect"), "reliability": "reliability",
        "shrink_B": "shrinkage (1 - reliability)",
        **headings("pooled", "partially pooled effect"),
        "pooling_check": "reliability, from the posterior", "pd": "probability of direction",
        **headings("ratio", f"{ratio_name(fit)} against the average type"), "reading": "in words",
    }  # fmt: skip
    notes = (
        (
            "The effect of a whole window in one type, against the average type, on the scale of "
            "the linear predictor. Unpooled effects take each type alone; partially pooled ones "
            "draw it towards the average as far as its reliability is below one."
        ),
    )
    value = "ratio_mean" if ratio_name(fit) else "pooled_mean"
    page: OnPage = side_by_side(fit, "type", value=value)
    return Estimate(
        "home_type_effects", f"{type_word(fit).capitalize()}s: unpooled and partially pooled",
        sentence, table, {name: words[name] for name in table.columns}, notes, **page,
    )  # fmt: skip
