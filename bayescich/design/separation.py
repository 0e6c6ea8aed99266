"""Complete separation, seen in the data alone and said before anything is compiled.

A value of which no row has the event (or, of a yes or no, every row has it) has no finite estimate
by itself: what the model will say of it comes from its prior and from pooling.

References
----------
Albert & Anderson (1984), On the existence of maximum likelihood estimates in logistic regression
models, Biometrika 71.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from bayescich.design.core import Design, Factor, FloatArray, Grouping
from bayescich.spec.model import HomeTypeEffectSpec, ModelSpec, NeedsEffectSpec

Rows = npt.NDArray[np.bool_]

_COUNTS = ("binomial", "cloglog", "beta_binomial")
"""Kinds of response of which nothing, or everything, may have happened."""


def separated(design: Design, spec: ModelSpec) -> tuple[str, ...]:
    """Return a sentence for each value of a covariate, home type or need that is separated.

    Parameters
    ----------
    design : Design
    spec : ModelSpec

    Returns
    -------
    tuple of str
        Empty for a measurement or ordered grades, which have no such thing.

    Examples
    --------
    >>> import pandas as pd
    >>> from bayescich.design import build_design
    >>> spec = ModelSpec.model_validate({
    ...     "name": "m", "title": "m", "unit": "child",
    ...     "likelihood": {"family": "bernoulli", "outcome": "moved"},
    ...     "effects": [{"kind": "fixed", "formula": "male"}]})
    >>> table = pd.DataFrame({"child": list("abcd"), "male": [0, 0, 1, 1], "moved": [0, 0, 0, 1]})
    >>> separated(build_design(table, spec), spec)
    ("'male' is 0 in 2 rows without a single event: its effect rests on the prior",)
    """
    counted = _counted(design)
    if counted is None:
        return ()
    events, most = counted
    found = []
    for name, rows in _values(design, spec):
        inside = float(events[rows].sum())
        what = "without a single event" if inside == 0 else "with nothing but events"
        if inside == 0 or (most is not None and inside == float(most[rows].sum())):
            found.append(
                f"{name} in {int(rows.sum()):,} rows {what}: its effect rests on the prior"
            )
    return tuple(found)


def _counted(design: Design) -> tuple[FloatArray, FloatArray | None] | None:
    """Return events by row, and how many there could be; a hazard has no such bound."""
    if "event" in design.outcome:
        return design.outcome["event"].astype(np.float64), None
    for place, response in enumerate(design.responses):
        if response.role == "outcome" and response.kind in _COUNTS:
            seen = design.outcome["seen"][:, place].astype(np.float64)
            # the size of an event is the time in which it could happen once
            size = 1.0 if response.kind == "cloglog" else design.outcome["size"][:, place]
            return design.outcome["y"][:, place] * seen, size * seen
    return None


def has_level(factor: Grouping, place: int, rows: int) -> Rows:
    """Return which rows have a level, whatever its weight."""
    if isinstance(factor, Factor):
        return np.asarray(factor.codes == place)
    has = np.zeros(rows, dtype=np.bool_)
    row = np.repeat(np.arange(rows), np.diff(factor.labels.start))
    has[row[factor.labels.labels == place]] = True
    return has


def _values(design: Design, spec: ModelSpec) -> Iterator[tuple[str, Rows]]:
    if design.fixed is not None:
        raw = design.fixed.values + design.fixed.centres
        for name, column in zip(design.fixed.names, raw.T, strict=True):
            rounded = np.round(column, 9)
            if set(np.unique(rounded)) <= {0.0, 1.0}:
                yield from ((f"'{name}' is {v:g}", rounded == v) for v in (0.0, 1.0))
    for effect in spec.effects:
        if isinstance(effect, HomeTypeEffectSpec):
            factor = design.factors[effect.by]
            for place, level in enumerate(factor.levels):
                yield f"'{effect.by}' is '{level}'", has_level(factor, place, design.rows)
        if isinstance(effect, NeedsEffectSpec):
            labels = design.labels[effect.name]
            row = np.repeat(np.arange(design.rows), np.diff(labels.start))
            for place, need in enumerate(labels.names):
                has = np.zeros(design.rows, dtype=np.bool_)
                has[row[labels.labels == place]] = True
                yield f"the need '{need}' is there", has
