"""For whom does a type of home work? Needs within home types, and what the data say of each.

With many needs and types most cells hold few children. What the model says of a cell without any
evidence of its own is the prior: centred on none, as wide as the cells differ from each other,
which is learnt. A cell's number is given only where its posterior is clearly narrower than that.

References
----------
Gelman, Hill & Yajima (2012), Why we (usually) don't have to worry about multiple comparisons,
Journal of Research on Educational Effectiveness 5; docs/methods.md section 5.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.design.membership import stays_of
from bayescich.design.separation import has_level
from bayescich.estimates.core import Estimate
from bayescich.estimates.counting import counts_where, labels_of_table
from bayescich.estimates.need_words import WHEN, known_column, need_words, rows_with
from bayescich.estimates.routes_axis import axis_word
from bayescich.estimates.standardise import Mask, standard_words, standardised, the_outcome
from bayescich.estimates.summaries import (
    columns,
    headings,
    pooling,
    probability_of_direction,
    ratio_name,
    reading,
)
from bayescich.estimates.type_effects import (
    crossed_needs,
    home_levels,
    ranked_levels,
    type_need_of,
    type_word,
)
from bayescich.model.draws import FloatArray
from bayescich.model.effects.needs import TypeNeedEffect
from bayescich.sampling.fit import Fit
from bayescich.spec.model import TypeNeedEffectSpec

PRIOR_ONLY = "no information: prior only"
UNLEARNT = 0.9
"""Posterior SD over that of a cell without children above which a cell has said nothing.

The SD before any data would not do to compare with: once the other cells have shown how little
cells differ, every cell is narrower than that, an empty one too."""
UNDECIDED = "data do not choose"
LEANS = "data lean to it"
ALL = "all children"
DRAWS = 200
_NUMBERS = ("mean", "q05", "q95", "pd", "ratio_mean", "ratio_q05", "ratio_q95")


def type_need_estimates(fit: Fit, rng: np.random.Generator) -> tuple[Estimate, ...]:
    """Return ``type_need`` and ``type_need_differences``, or nothing.

    Parameters
    ----------
    fit : Fit
    rng : Generator
        For the Bayesian bootstrap.
    """
    effect, spec = _effect(fit), _spec(fit)
    if effect is None or spec is None:
        return ()
    cells = _cells(fit, effect, spec)
    if fit.design.routes or type_need_of(fit) is None or spec.by in fit.spec.members:
        # with several routes there is no one outcome by which a type could be chosen
        return (cells,)
    return (cells, _differences(fit, spec, cells.table, rng))


def _effect(fit: Fit) -> TypeNeedEffect | None:
    return next((e for e in fit.structure.effects if isinstance(e, TypeNeedEffect)), None)


def _spec(fit: Fit) -> TypeNeedEffectSpec | None:
    return next((e for e in fit.spec.effects if isinstance(e, TypeNeedEffectSpec)), None)


def _cells(fit: Fit, effect: TypeNeedEffect, spec: TypeNeedEffectSpec) -> Estimate:
    types = fit.design.factors[effect.column].levels
    needs = crossed_needs(fit.design, len(types))
    first = pd.DataFrame(
        [
            {"need": need_words(need), "type": kind, **counts_where(fit, chosen)}
            for need in needs
            for kind, chosen in zip(types, _by_type(fit, spec, need, types), strict=True)
        ]
    )
    before = _flat(fit.prior[effect.variable]) if "prior" in fit.tree else None
    draws, sd = _flat(fit.posterior[effect.variable]), _level_sd(fit, len(types))
    parts = []
    for place, route in enumerate(fit.design.routes or ("",)):
        own = draws if draws.ndim == 2 else draws[:, :, place]
        prior = before if before is None or before.ndim == 2 else before[:, :, place]
        spread = sd if sd.ndim == 1 else sd[:, place]
        part = first.assign(**_learnt(own, prior, spread))
        parts.append(part.assign(route=route) if route else part)
    table = _without_prior_only(pd.concat(parts, ignore_index=True))
    words = {
        "need": "need", "type": type_word(fit), "route": axis_word(fit), "n_spells": "spells",
        "n_children": "children", "n_homes": "homes", "n_events": "events",
        **headings("", "effect beyond all types"), "pd": "probability of direction",
        **headings("ratio", ratio_name(fit) or "ratio"),
        "prior_posterior_sd_ratio": "posterior SD ÷ prior SD", "reliability": "reliability",
        "empty_sd_ratio": "posterior SD ÷ SD of a cell without children",
        "reading": "in words",
    }  # fmt: skip
    return Estimate(
        "type_need", "What a need does in one type beyond what it does in all", _said(table), table,
        {name: words[name] for name in table.columns}, _CELL_NOTES, across="type",
        shown=("need", "route", "ratio_mean") if fit.design.routes else ("need", "ratio_mean"),
        missing="unknown",
    )  # fmt: skip


_CELL_NOTES = (
    WHEN,
    (
        "Ratios are beyond what the need does in all types, and beyond what the type does for all "
        "children: 1 is that the need acts there as it does everywhere."
    ),
    (
        f"“Unknown” (in the file: “{PRIOR_ONLY}”): no child of the data is in the cell, or its "
        f"posterior is more than {UNLEARNT} times as wide as that of a cell without children, of "
        "which only the other cells tell. What the model would say there is an assumption, so no "
        "number is given."
    ),
    (
        "Reliability is the share of a cell's own evidence in its number; the rest is the average "
        "of the other cells."
    ),
)


def _by_type(fit: Fit, spec: TypeNeedEffectSpec, need: str, types: tuple[str, ...]) -> list[Mask]:
    """Return which rows of the table have a need and are of each type."""
    has = rows_with(fit, need, spec.columns, known_column(fit))
    if spec.by in fit.spec.members:
        lived = stays_of(fit.table, fit.spec).membership(spec.by)
        return [has & has_level(lived, lived.levels.index(kind), len(fit.table)) for kind in types]
    of_row = np.asarray(labels_of_table(fit.table, spec.by))
    return [has & (of_row == kind) for kind in types]


def _flat(array: FloatArray) -> FloatArray:
    return array.reshape(array.shape[0], -1, *array.shape[3:])


def _level_sd(fit: Fit, types: int) -> FloatArray:
    return np.asarray(fit.posterior["type_need_sd"] * np.sqrt(1.0 - 1.0 / types))


def _learnt(draws: FloatArray, prior: FloatArray | None, sd: FloatArray) -> dict[str, FloatArray]:
    found = {
        **columns("", draws),
        "pd": probability_of_direction(draws),
        **columns("ratio", np.exp(draws)),
        "reliability": pooling(draws, sd),
        "empty_sd_ratio": draws.std(axis=0) / np.sqrt(np.mean(sd**2)),
    }
    if prior is None:
        return found
    ratio = draws.std(axis=0, ddof=1) / prior.std(axis=0, ddof=1)
    return found | {"prior_posterior_sd_ratio": ratio}


def _without_prior_only(table: pd.DataFrame) -> pd.DataFrame:
    """Put a cell's number into words, and leave it out where it is the prior's."""
    count = table["n_children"] if "n_children" in table else table["n_spells"]
    unlearnt = np.asarray((count == 0) | (table["empty_sd_ratio"] > UNLEARNT))
    if "prior_posterior_sd_ratio" in table:
        unlearnt = unlearnt | np.asarray(table["prior_posterior_sd_ratio"] > UNLEARNT)
    words = [
        PRIOR_ONLY if none else reading(float(direction))
        for none, direction in zip(unlearnt, table["pd"], strict=True)
    ]
    hidden = {name: table[name].mask(unlearnt) for name in _NUMBERS}
    return table.assign(**hidden, reading=words)


def _said(table: pd.DataFrame) -> str:
    told = table[table["reading"].isin(["some evidence", "strong evidence"])]
    silent = int((table["reading"] == PRIOR_ONLY).sum())
    named = [f"{row.need} in {row.type}" for row in told.itertuples()]
    found = f": {'; '.join(named)}" if 0 < len(named) <= 8 else ""
    return (
        f"Of {len(table)} cells of a need in a type, {len(told)} differ with some or strong "
        f"evidence from what the need does in all types{found}; in {silent} the data say nothing."
    )


def _differences(
    fit: Fit, spec: TypeNeedEffectSpec, cells: pd.DataFrame, rng: np.random.Generator
) -> Estimate:
    types, ranked = home_levels(fit), ranked_levels(fit)
    needs = crossed_needs(fit.design, len(types))
    draws = fit.posterior.thin(DRAWS)
    everybody = np.ones(fit.design.rows, dtype=np.bool_)
    groups = [everybody, *_with_each_need(fit)]
    outcome = standardised(fit, draws, [the_outcome(fit)], rng, groups)[:, 0][..., ranked]
    types = tuple(level for level, chosen in zip(types, ranked, strict=True) if chosen)
    all_rows = np.ones(len(fit.table), dtype=np.bool_)
    known = [rows_with(fit, need, spec.columns, known_column(fit)) for need in needs]
    rows = [
        {
            "need": words,
            **{k: v for k, v in counts_where(fit, has).items() if k in ("n_children", "n_spells")},
            **_choice(fit, outcome[place], types),
            "n_prior_only": _silent(cells, words),
        }
        for place, (words, has) in enumerate(
            zip([ALL, *map(need_words, needs)], [all_rows, *known], strict=True)
        )
    ]
    table = pd.DataFrame(rows)
    children = "n_children" in table
    name = fit.structure.likelihood.standardised_name(fit.spec.report.horizon_days)
    best = "highest" if fit.spec.report.higher_is == "better" else "lowest"
    words = {
        "need": "need", "n_spells": "spells", "n_children": "children",
        "best": f"most often {best} in", **headings("best_outcome", name),
        **headings("gap", f"{_than(best)} than the next by"), "p_best": f"P({best})",
        "reading": "in words", "n_prior_only": "types of which the data say nothing",
    }  # fmt: skip
    return Estimate(
        "type_need_differences", "Which type for a child with that need?", _chosen(table), table,
        {column: words[column] for column in table.columns}, _choice_notes(fit, len(types), best),
        shown=tuple(column for column in table.columns if column != "n_spells" or not children),
    )  # fmt: skip


def _chosen(table: pd.DataFrame) -> str:
    needs = table[table["need"] != ALL]
    undecided = int((needs["reading"] == UNDECIDED).sum())
    leaning = needs.loc[needs["reading"] == LEANS, "best"].value_counts()
    said = [f"for {undecided} of {len(needs)} needs the {UNDECIDED}"] if undecided else []
    said += [f"for {number} they lean to '{kind}'" for kind, number in leaning.items()]
    everybody = table.iloc[0]
    leant = (
        f"the data lean to '{everybody['best']}'" if everybody["reading"] == LEANS else UNDECIDED
    )
    words = "; ".join(said)
    return f"{words[:1].upper()}{words[1:]}. Over all children: {leant}."


def _than(best: str) -> str:
    return {"highest": "higher", "lowest": "lower"}[best]


def _choice_notes(fit: Fit, types: int, best: str) -> tuple[str, ...]:
    return (
        (
            "Every child with the need (and whatever other needs each has) is put into each type "
            f"in turn. P({best}) is the probability that the type's average is the {best}."
        ),
        (
            f"“{UNDECIDED.capitalize()}”: no type's P({best}) reaches {2 / types:.2f}, twice what "
            f"drawing one of {types} by lot would give. Above it the data lean; they do not decide."
        ),
        (
            "It is an average over children, not advice for one; a type of which the data say "
            "nothing enters with what it does for other children."
        ),
        *standard_words(fit),
    )


def _with_each_need(fit: Fit) -> list[Mask]:
    labels, types = fit.design.labels["type_need"], len(home_levels(fit))
    row = np.repeat(np.arange(fit.design.rows), np.diff(labels.start))
    masks = np.zeros((len(labels.names) // types, fit.design.rows), dtype=np.bool_)
    masks[labels.labels // types, row] = True
    return list(masks)


def _choice(fit: Fit, outcome: FloatArray, types: tuple[str, ...]) -> dict[str, object]:
    """Return the type that is best on average, and how sure that is."""
    sign = -1.0 if fit.spec.report.higher_is == "better" else 1.0
    chance = np.bincount(np.argmin(sign * outcome, axis=1), minlength=len(types)) / len(outcome)
    best = int(np.argmax(chance))
    order = np.argsort(sign * outcome.mean(axis=0))
    runner = next(int(place) for place in order if place != best)
    return {
        "best": types[best],
        **_one("best_outcome", outcome[:, best]),
        **_one("gap", sign * (outcome[:, runner] - outcome[:, best])),
        "p_best": float(chance[best]),
        "reading": UNDECIDED if chance[best] < 2.0 / len(types) else LEANS,
    }


def _one(stem: str, draws: FloatArray) -> dict[str, float]:
    return {name: float(value) for name, value in columns(stem, draws).items()}


def _silent(cells: pd.DataFrame, need: str) -> int:
    return int(((cells["need"] == need) & (cells["reading"] == PRIOR_ONLY)).sum())
