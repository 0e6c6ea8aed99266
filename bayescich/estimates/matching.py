"""Does it help when a home says that it meets what the child needs?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.estimates.core import Estimate
from bayescich.estimates.counting import counts_where
from bayescich.estimates.need_words import WHEN, need_words
from bayescich.estimates.routes_axis import axis_word, by_route, effect_columns, side_by_side, spans
from bayescich.estimates.summaries import headings, probability_of_direction, ratio_name, reading
from bayescich.model.effects.needs import MatchingEffect
from bayescich.sampling.fit import Fit
from bayescich.spec.model import MatchingEffectSpec

ALL = "all needs, on average"


def matching_estimates(fit: Fit) -> tuple[Estimate, ...]:
    """Return ``matching``: the average over the needs, then each need; or nothing."""
    effect = next((e for e in fit.structure.effects if isinstance(e, MatchingEffect)), None)
    spec = next((e for e in fit.spec.effects if isinstance(e, MatchingEffectSpec)), None)
    if effect is None or spec is None:
        return ()
    needs = effect.coords(fit.design)["matched_need"]
    mean, each = fit.posterior["matching_mean"], fit.posterior[effect.variable]
    draws = np.concatenate([mean[:, None], each], axis=1)
    first = pd.DataFrame([_counts(fit, spec, needs), *(_counts(fit, spec, (n,)) for n in needs)])
    first.insert(0, "need", [ALL, *map(need_words, needs)])
    table = by_route(fit, first, draws, effect_columns)
    words = {
        "need": "need", "route": axis_word(fit), "n_spells": "spells, matched",
        "n_children": "children, matched", "n_homes": "homes, matched",
        "n_events": "events, matched", "n_unmatched": "spells, not matched",
        "n_children_unmatched": "children, not matched", **headings("", "effect"),
        "pd": "probability of direction", **headings("ratio", ratio_name(fit) or "ratio"),
    }  # fmt: skip
    return (
        Estimate(
            "matching", "A home that says it meets the need", _sentence(fit), table,
            {name: words[name] for name in table.columns}, _NOTES,
            **(side_by_side(fit, "need", "n_children") or {"shown": _SHOWN}),
        ),
    )  # fmt: skip


_SHOWN = ("need", "n_children", "n_children_unmatched", "mean", "pd", "ratio_mean")

_NOTES = (
    WHEN,
    (
        "Matched: the child has the need and the home's newest Statement of Purpose at the start "
        "of the stay names it. A home without a statement is taken to name none."
    ),
    (
        "Homes choose what they write and children are chosen for homes: a match that goes with "
        "another outcome is not shown to have brought it about."
    ),
)


def _counts(fit: Fit, spec: MatchingEffectSpec, needs: tuple[str, ...]) -> dict[str, int]:
    has = np.stack([np.asarray(fit.table[spec.has + n] == 1) for n in needs])
    meets = np.stack([np.asarray(fit.table[spec.meets + n] > 0) for n in needs])
    matched = counts_where(fit, (has & meets).any(axis=0))
    missed = counts_where(fit, (has & ~meets).any(axis=0))
    counts = {**matched, "n_unmatched": missed["n_spells"]}
    if "n_children" in missed:
        counts["n_children_unmatched"] = missed["n_children"]
    return counts


def _sentence(fit: Fit) -> str:
    mean = fit.posterior["matching_mean"]
    found = reading(float(probability_of_direction(mean))) if mean.ndim == 1 else ""
    ratio = ratio_name(fit)
    shown = spans(fit, np.exp(mean) if ratio else mean)
    return (
        f"On average over the needs, the {ratio or 'difference'} of a home that says it meets the "
        f"need against one that does not is {shown}{': ' if found else ''}{found}."
    )
