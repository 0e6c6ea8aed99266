"""Multiple membership: from numbered columns of stays to levels with weights.

A row (a child) lived in several places, ``home_1``, ``home_2``, …, for the parts ``weight_1``,
``weight_2``, … of its window. The effect of a home then counts by its weight. Weights are shares of
the window, so they add up to one at most; what is missing was lived elsewhere.

References
----------
Browne, Goldstein & Rasbash (2001), Multiple membership multiple classification (MMMC) models,
Statistical Modelling 1; docs/methods.md section 3.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from bayescich.design.columns import column, numbers
from bayescich.design.core import FloatArray, IntArray, LabelMatrix, Membership
from bayescich.design.recency import NODES, fading
from bayescich.errors import DesignError
from bayescich.spec.model import ModelSpec
from bayescich.spec.outcomes import MembershipSpec, SettingsEffectSpec

_ROUNDING = 1e-6
"""By how much rounded shares may add up to more than one."""
_REST = 1e-3
"""Part of a window, a day in three years, below which nothing is left of it."""


@dataclass(frozen=True)
class Stays:
    """Where each row lived: one entry a stay, in the order of rows and of time."""

    rows: int
    row: IntArray
    """Shape (stays,)."""
    weight: FloatArray
    places: Mapping[str, npt.NDArray[np.object_]]
    """Level of each stay by grouping column, None where it has none."""
    began: FloatArray | None = None
    """Years from the first day to the end of the window, with ``scheme: recency``."""
    ended: FloatArray | None = None

    def membership(self, name: str, rest: str | None = None) -> Membership:
        """Return the levels of one column with their weights, each level once a row.

        ``rest`` names a further level: the part of the window in no stay, where there is any.
        """
        left = np.zeros(0) if rest is None else 1.0 - np.bincount(self.row, self.weight, self.rows)
        beyond = np.flatnonzero(left > _REST).astype(np.int64)
        place = np.r_[self.places[name], np.full(len(beyond), rest, dtype=np.object_)]
        has = np.array([level is not None for level in place])
        found, code = np.unique(place[has].astype(str), return_inverse=True)
        levels = tuple(str(level) for level in found)
        row = np.r_[self.row, beyond][has]

        def labels(weight: FloatArray) -> LabelMatrix:
            # what lies beyond the stays keeps its weight, however those fade
            weighed = np.r_[weight, left[beyond]][has]
            cells = sparse.coo_array((weighed, (row, code)), shape=(self.rows, len(levels)))
            matrix = sparse.csr_array(cells)
            matrix.sum_duplicates()
            start, which = matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64)
            return LabelMatrix(levels, start, which, matrix.data)

        nodes = NODES if self.began is not None else ()
        faded = tuple(labels(self._faded(log_scale)) for log_scale in nodes)
        return Membership(name, levels, labels(self.weight), faded)

    def _faded(self, log_scale: float) -> FloatArray:
        """Return weights that fade, adding up over each row's stays to what they did by days."""
        assert self.began is not None, "times were read"
        assert self.ended is not None, "times were read"
        raw = fading(self.began, self.ended, log_scale)
        before, after = (np.bincount(self.row, x, self.rows) for x in (self.weight, raw))
        return np.asarray(raw * (before / np.maximum(after, 1e-300))[self.row])


def stays_of(table: pd.DataFrame, spec: ModelSpec) -> Stays:
    """Read the numbered columns of a table.

    Raises
    ------
    DesignError
        When columns are missing, a weight is outside 0 to 1, the weights of a row add up to more
        than one, a stay has a weight and no place, or a row has no stay at all.
    """
    item = spec.membership
    assert item is not None, "asked only where the spec has a membership"
    columns = {name: _numbered(table, spec, given) for name, given in item.columns.items()}
    count = {name: len(found) for name, found in columns.items()}
    weights = None if item.weights is None else _numbered(table, spec, item.weights)
    if weights is not None:
        count["weights"] = len(weights)
    if len(set(count.values())) > 1:
        each = ", ".join(f"{name} {number}" for name, number in count.items())
        raise _fault(spec, f"The numbered columns differ in how many there are: {each}.")
    places = {name: _places(table, spec, found) for name, found in columns.items()}
    lived = np.any([[[x is not None for x in r] for r in p] for p in places.values()], axis=0)
    weight = lived.astype(float) if weights is None else _weights(table, spec, weights)
    _refuse_nowhere(table, spec, (weight > 0) & ~lived)
    weight = np.where(lived, weight, 0.0)
    # a table of employers or of wards says nothing of shares: each counts the same
    if weights is None:
        weight = weight / np.maximum(weight.sum(axis=1, keepdims=True), 1.0)
    _refuse_unhoused(table, spec, weight.sum(axis=1) <= 0)
    weight = _schemed(item, spec, weight, places)
    row, stay = np.nonzero(weight)
    times = {
        name: None if item.scheme != "recency"
        else _times(table, spec, prefix, weight.shape[1])[row, stay]
        for name, prefix in (("began", item.began), ("ended", item.ended))
    }  # fmt: skip
    return Stays(
        len(table), row.astype(np.int64), weight[row, stay],
        {name: found[row, stay] for name, found in places.items()}, **times,
    )  # fmt: skip


def _numbered(
    table: pd.DataFrame, spec: ModelSpec, given: str | tuple[str, ...]
) -> tuple[str, ...]:
    if not isinstance(given, str):
        for name in given:
            column(table, name, spec, blanks=True)
        return given
    form = re.compile(re.escape(given) + r"(\d+)")
    found = {int(m[1]): name for name in map(str, table.columns) if (m := form.fullmatch(name))}
    if not found:
        raise _fault(spec, f"The table has no columns {given}1, {given}2, and so on.")
    return tuple(found[number] for number in sorted(found))


def _places(
    table: pd.DataFrame, spec: ModelSpec, columns: tuple[str, ...]
) -> npt.NDArray[np.object_]:
    """Return the level of each row and stay, None where blank, (rows, stays)."""
    words = [column(table, name, spec, blanks=True).astype("string") for name in columns]
    return np.stack([w.astype(object).where(w.notna(), None).to_numpy() for w in words], axis=1)


def _weights(table: pd.DataFrame, spec: ModelSpec, columns: tuple[str, ...]) -> FloatArray:
    found = np.stack([numbers(table, name, spec, blanks=True) for name in columns], axis=1)
    found = np.where(np.isnan(found), 0.0, found)
    outside = ((found < 0) | (found > 1 + _ROUNDING)).any(axis=1)
    worst = np.where(found.min(axis=1) < 0, found.min(axis=1), found.max(axis=1))
    _refuse_rows(table, spec, outside, "hold a weight outside 0 to 1", worst)
    total = found.sum(axis=1)
    above = total > 1 + _ROUNDING
    _refuse_rows(table, spec, above, "have weights that add up to more than 1", total)
    return found


def _schemed(
    item: MembershipSpec,
    spec: ModelSpec,
    weight: FloatArray,
    places: Mapping[str, npt.NDArray[np.object_]],
) -> FloatArray:
    total = weight.sum(axis=1, keepdims=True)
    if item.scheme == "equal":
        there = (weight > 0).astype(float)
        return there / there.sum(axis=1, keepdims=True) * total
    if item.scheme in {"first", "last"}:
        chosen = _in_homes(spec, weight, places)
        turned = chosen if item.scheme == "first" else chosen[:, ::-1]
        at = np.argmax(turned, axis=1)
        at = at if item.scheme == "first" else weight.shape[1] - 1 - at
        alone = np.zeros_like(weight)
        alone[np.arange(len(weight)), at] = total[:, 0]
        return alone
    return weight


def _in_homes(
    spec: ModelSpec, weight: FloatArray, places: Mapping[str, npt.NDArray[np.object_]]
) -> npt.NDArray[np.bool_]:
    """Return the stays among which the first or last is chosen: those in homes, if any."""
    settings = next((e for e in spec.effects if isinstance(e, SettingsEffectSpec)), None)
    there = weight > 0
    if settings is None:
        return there
    homes = there & (places[settings.by] == settings.homes)
    return np.where(homes.any(axis=1, keepdims=True), homes, there)


def _times(table: pd.DataFrame, spec: ModelSpec, prefix: str, stays: int) -> FloatArray:
    columns = _numbered(table, spec, prefix)[:stays]
    return np.stack([numbers(table, name, spec, blanks=True) for name in columns], axis=1)


def _refuse_nowhere(table: pd.DataFrame, spec: ModelSpec, bad: npt.NDArray[np.bool_]) -> None:
    count = bad.sum(axis=1).astype(np.float64)
    _refuse_rows(table, spec, count > 0, "hold a stay with a weight and no place", count)


def _refuse_unhoused(table: pd.DataFrame, spec: ModelSpec, bad: npt.NDArray[np.bool_]) -> None:
    _refuse_rows(table, spec, bad, "have no stay: they have no window", np.zeros(len(bad)))


def _refuse_rows(
    table: pd.DataFrame, spec: ModelSpec, bad: npt.NDArray[np.bool_], what: str, shown: FloatArray
) -> None:
    if not bad.any():
        return
    units = table[spec.unit].astype(str)[bad][:20]
    raise DesignError(
        f"{int(bad.sum()):,} of {len(table):,} rows {what}.",
        where=f"model '{spec.name}', field membership",
        examples=[f"{unit}: {value:.4g}" for unit, value in zip(units, shown[bad], strict=False)],
        why="what a home did is weighed by the part of the window that was spent there",
        next_step="Mend these rows, or leave them out of the table and say so.",
    )


def _fault(spec: ModelSpec, sentence: str) -> DesignError:
    return DesignError(
        sentence,
        where=f"model '{spec.name}', field membership",
        why="the places a child lived in are read side by side, one column a stay",
        next_step="Name the columns, or what they begin with.",
    )
