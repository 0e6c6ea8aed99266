"""The hierarchy as fitted: levels, their sizes, what lies within what."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.design.core import Factor
from bayescich.estimates.core import Estimate
from bayescich.sampling.fit import Fit


def hierarchy_estimates(fit: Fit) -> tuple[Estimate, ...]:
    """Return ``hierarchy``: one row per grouping column, the unit and the frailty's unit too."""
    factors = {**fit.design.factors, fit.design.unit.name: fit.design.unit}
    sampled = fit.structure.parametrisations(fit.design)
    rows = [
        _row(fit, factor, list(factors.values())) | {"parametrisation": sampled.get(name, "")}
        for name, factor in factors.items()
    ]
    table = pd.DataFrame(rows).sort_values("levels", ascending=False, ignore_index=True)
    sizes = ", ".join(
        f"{n:,} in '{c}'" for c, n in zip(table["column"], table["levels"], strict=True)
    )
    sentence = f"{fit.design.rows:,} rows; levels: {sizes}."
    return (Estimate("hierarchy", "The hierarchy", sentence, table, _headings(fit), _NOTES),)


def is_nested(inner: Factor, outer: Factor) -> bool:
    """Return whether every level of ``inner`` lies within one level of ``outer``.

    Examples
    --------
    >>> home = Factor("home", ("a", "b", "c"), np.array([0, 0, 1, 2]))
    >>> owner = Factor("owner", ("x", "y"), np.array([0, 0, 0, 1]))
    >>> is_nested(home, owner), is_nested(owner, home)
    (True, False)
    """
    pairs = np.unique(inner.codes * outer.size + outer.codes)
    return len(pairs) == len(np.unique(inner.codes))


def _row(fit: Fit, factor: Factor, others: list[Factor]) -> dict[str, object]:
    counts = factor.counts()
    outcome = factor.sums(fit.structure.likelihood.summary_numerator(fit.design))
    within = [o.name for o in others if o.name != factor.name and is_nested(factor, o)]
    crossed = [
        o.name
        for o in others
        if o.name != factor.name and not is_nested(factor, o) and not is_nested(o, factor)
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
    counted = fit.structure.likelihood.crude_name
    return {
        "column": "grouped by", "levels": "levels", "rows_min": "rows per level, least",
        "rows_mean": "rows per level, mean", "rows_max": "rows per level, most",
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
