"""What each need does, and what families of needs do on average; the same of homes' claims."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from bayescich.estimates.core import Estimate
from bayescich.estimates.counting import counts_where
from bayescich.estimates.need_words import (
    WHEN,
    about_claims,
    family_words,
    need_words,
    rows_with,
)
from bayescich.estimates.routes_axis import (
    axis_word,
    by_route,
    clear,
    effect_columns,
    quoted,
    side_by_side,
    spans,
)
from bayescich.estimates.summaries import headings, ratio_name
from bayescich.model.effects.needs import ALONE, NeedsEffect
from bayescich.sampling.fit import Fit
from bayescich.spec.model import NeedsEffectSpec


@dataclass(frozen=True)
class _Words:
    """How tables of needs speak of whose needs they are."""

    title: str
    families: str
    what: str
    one: str
    notes: tuple[str, ...]


_OF_CHILDREN = _Words(
    title="What each need does",
    families="Families of needs",
    what="effects of needs",
    one="need",
    notes=(
        WHEN,
        (
            "Effects are drawn towards the mean of their family. They compare children who have "
            "the need with children who are alike in everything else and do not."
        ),
    ),
)

_OF_HOMES = _Words(
    title="What homes that say they meet a need do for all children",
    families="Families of needs that homes say they meet",
    what="effects of what homes say they meet",
    one="need that the home says it meets",
    notes=(
        (
            "What a home says is what its newest Statement of Purpose at the start of the stay "
            "names; 'not known' are homes without a statement. What it does for children with that "
            "need beyond this is the effect of matching."
        ),
        (
            "Effects are drawn towards the mean of their family. They compare homes that say so "
            "with homes that are alike in everything else and do not, for children without the "
            "need, too. Homes choose what they write: a difference is not shown to be its doing."
        ),
    ),
)


def need_estimates(fit: Fit) -> tuple[Estimate, ...]:
    """Return ``needs`` and ``need_families`` for each effect of needs, or nothing.

    Effects of what homes say they meet have words of their own.
    """
    specs = {e.name: e for e in fit.spec.effects if isinstance(e, NeedsEffectSpec)}
    return tuple(
        estimate
        for effect in fit.structure.effects
        if isinstance(effect, NeedsEffect)
        for estimate in _of_effect(fit, effect, specs[effect.name])
    )


def _of_effect(fit: Fit, effect: NeedsEffect, spec: NeedsEffectSpec) -> tuple[Estimate, ...]:
    words = _OF_HOMES if about_claims(fit.spec, spec) else _OF_CHILDREN
    return _needs(fit, effect, spec, words), _families(fit, effect, words)


def _name(effect: NeedsEffect, table: str) -> str:
    return table if effect.name == "need" else f"{table}_{effect.name}"


def _needs(fit: Fit, effect: NeedsEffect, spec: NeedsEffectSpec, words: _Words) -> Estimate:
    names = effect.coords(fit.design)[effect.name]
    first = pd.DataFrame(
        [
            {
                "need": need_words(need),
                "family": family_words(effect.families.get(need, ALONE)),
                **counts_where(fit, rows_with(fit, need, spec.columns, spec.known)),
            }
            for need in names
        ]
    )
    draws = fit.posterior[effect.variable]
    table = by_route(fit, first, draws, effect_columns)
    found = clear(table)
    sentence = (
        f"{len(found)} of {len(table)} {words.what} have a 90% interval on one side of none"
        f"{_named(found)}."
    )
    return Estimate(
        _name(effect, "needs"), words.title, sentence, table, _headings(fit, table, words),
        words.notes, **(side_by_side(fit, "need", "n_children") or {"shown": _SHOWN}),
    )  # fmt: skip


_SHOWN = ("need", "family", "n_children", "n_events", "mean", "pd", "ratio_mean")


def _named(found: pd.DataFrame) -> str:
    if found.empty or len(found) > 12:
        return ""
    if "route" not in found:
        return f": {quoted(found['need'].tolist())}"
    pairs = found["need"] + " (" + found["route"] + ")"
    return f": {quoted(pairs.tolist())}"


def _families(fit: Fit, effect: NeedsEffect, words: _Words) -> Estimate:
    families = effect.coords(fit.design)[f"{effect.name}_family"]
    draws, sd = fit.posterior[f"{effect.name}_family_mean"], fit.posterior[f"{effect.name}_sd"]
    members = [effect.families.get(n, ALONE) for n in effect.coords(fit.design)[effect.name]]
    first = pd.DataFrame(
        {
            "family": [family_words(family) for family in families],
            "n_needs": [members.count(family) for family in families],
        }
    )
    table = by_route(fit, first, draws, effect_columns)
    sentence = f"Within a family the {words.what} differ by an SD of {spans(fit, sd)}."
    notes = ("A family of one need says little: its mean lies between the need and no effect.",)
    return Estimate(
        _name(effect, "need_families"), words.families, sentence, table,
        _headings(fit, table, words), notes, **side_by_side(fit, "family", "n_needs"),
    )  # fmt: skip


def _headings(fit: Fit, table: pd.DataFrame, words: _Words) -> dict[str, str]:
    named = {
        "need": words.one, "family": "family", "route": axis_word(fit), "n_spells": "spells",
        "n_children": "children", "n_homes": "homes", "n_events": "events", "n_needs": "needs",
        **headings("", "effect"), "pd": "probability of direction",
        **headings("ratio", ratio_name(fit) or "ratio"),
    }  # fmt: skip
    return {name: named[name] for name in table.columns}
