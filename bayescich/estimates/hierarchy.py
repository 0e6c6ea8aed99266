"""The hierarchy as fitted: levels, their sizes, what lies within what."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.design.core import Factor, Grouping, Membership
from bayescich.estimates.core import Estimate
from bayescich.estimates.counting import row_word, spells_of_levels, spells_of_rows
from bayescich.model.effects.walk import WalkEffect
from bayescich.sampling.fit import Fit


def hierarchy_estimates(fit: Fit) -> tuple[Estimate, ...]:
    """Return ``hierarchy``: one row per grouping column, the unit and the frailty's unit too."""
    factors = {**fit.design.factors, fit.design.unit.name: fit.design.unit}
    sampled = how_sampled(fit)
    rows = [
        _row(fit, factor, list(factors.values())) | {"parametrisation": sampled.get(name, "")}
        for name, factor in factors.items()
    ]
    table = pd.DataFrame(rows).sort_values("levels", ascending=False, ignore_index=True)
    sizes = ", ".join(
        f"{n:,} in '{c}'" for c, n in zip(table["column"], table["levels"], strict=True)
    )
    spells = int(spells_of_rows(fit.design).sum())
    sentence = f"{spells:,} {row_word(fit)}{_laid_out(fit, spells)}; levels: {sizes}."
    return (Estimate("hierarchy", "The hierarchy", sentence, table, _headings(fit), _NOTES),)


def how_sampled(fit: Fit) -> dict[str, str]:
    """Return how the levels of each column are sampled, in words."""
    words = {
        column: text.replace("partial", PARTIAL)
        for column, text in fit.structure.parametrisations(fit.design).items()
    }
    walks = [e for e in fit.structure.effects if isinstance(e, WalkEffect)]
    return words | {walk.column: f"random walk of order {walk.order}" for walk in walks}


PARTIAL = "partial: by what the data say of each level"


def _laid_out(fit: Fit, spells: int) -> str:
    if "spells" in fit.design.outcome:
        return f" in {fit.design.unit.size:,} cells of children alike"
    pieces = fit.design.rows
    return f", cut into {pieces:,} pieces where age or year changes" if pieces > spells else ""


def is_nested(inner: Grouping, outer: Grouping) -> bool:
    """Return whether every level of ``inner`` lies within one level of ``outer``.

    Examples
    --------
    >>> home = Factor("home", ("a", "b", "c"), np.array([0, 0, 1, 2]))
    >>> owner = Factor("owner", ("x", "y"), np.array([0, 0, 0, 1]))
    >>> is_nested(home, owner), is_nested(owner, home)
    (True, False)
    """
    if isinstance(inner, Membership) or isinstance(outer, Membership):
        # a row has several: which lies in which is not known from rows
        return False
    pairs = np.unique(inner.codes * outer.size + outer.codes)
    return len(pairs) == len(np.unique(inner.codes))


def _row(fit: Fit, factor: Grouping, others: list[Grouping]) -> dict[str, object]:
    counts = spells_of_levels(fit, factor)
    outcome = factor.sums(fit.structure.likelihood.summary_numerator(fit.design).astype(np.float64))
    within = [o.name for o in others if o.name != factor.name and is_nested(factor, o)]
    crossed = [
        o.name
        for o in others
        if o.name != factor.name
        and isinstance(o, Factor) == isinstance(factor, Factor)
        and not is_nested(factor, o)
        and not is_nested(o, factor)
    ]
    return {
        "column": factor.name,
        "levels": factor.size,
        "rows_min": int(counts.min()),
        "rows_mean": float(counts.mean()),
        "rows_max": int(counts.max()),
        "outcome_min": float(outcome.min()),
        "outcome_mean": float(outcome.mean()),
        "outcome_max": float(outcome.max()),
        "nested_in": ", ".join(within),
        "crossed_with": ", ".join(crossed),
    }


def _headings(fit: Fit) -> dict[str, str]:
    counted, rows = fit.structure.likelihood.crude_name, row_word(fit)
    return {
        "column": "grouped by", "levels": "levels", "rows_min": f"{rows} per level, least",
        "rows_mean": f"{rows} per level, mean", "rows_max": f"{rows} per level, most",
        "outcome_min": f"numerator of '{counted}' per level, least",
        "outcome_mean": "the same, mean", "outcome_max": "the same, most",
        "nested_in": "nested in", "crossed_with": "crossed with", "parametrisation": "sampled as",
    }  # fmt: skip


_NOTES = (
    (
        "Nested: each level lies within one level of the other column. Crossed: neither lies in "
        "the other."
    ),
    (
        "A column without a parametrisation has no effect of its own that is sampled: it is the "
        "unit of cross-validation or of an integrated frailty."
    ),
)
