"""Rows alike in every effect become one cell with their time at risk and their events.

Without a frailty the log-likelihood of a hazard needs of all rows that share η only the years at
risk and the number of events in each band. For a first look at a hundred thousand spells that is
all there is to read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from bayescich.design.core import DAYS_PER_YEAR, Design, Factor, FixedMatrix, FloatArray, IntArray


def collapse(design: Design, cuts: tuple[float, ...]) -> Design:
    """Return the design with one row per cell and band with time at risk.

    Parameters
    ----------
    design : Design
        Of a hazard without frailty.
    cuts : tuple of float
        Inner band limits in days.

    Returns
    -------
    Design
        ``event`` holds counts (and ``route_events`` those by route); the unit is the cell.
    """
    cell, first = _cells(design)
    bands, cells = len(cuts) + 1, len(first)
    exposure = _sums(cell, design.outcome["exposure"], cells)
    at = cell * bands + design.outcome["event_band"]
    events = np.bincount(at, design.outcome["event"], cells * bands).reshape(cells, bands)
    which, band = np.nonzero(exposure > 0)
    row = first[which]
    years = exposure[which, band]
    lower = np.array([0.0, *cuts])[band]
    outcome: dict[str, npt.NDArray[Any]] = {
        "exposure": np.where(np.arange(bands) == band[:, None], years[:, None], 0.0),
        "event": events[which, band].astype(np.int64),
        "event_band": band.astype(np.int64),
        "entry": lower,
        "follow_up": lower + years * DAYS_PER_YEAR,
        "late": np.zeros(len(row), dtype=np.int64),
        "spells": np.bincount(cell, minlength=cells)[which],
    }
    if "stratum" in design.outcome:
        outcome["stratum"] = design.outcome["stratum"][row]
    if design.routes:
        outcome["cause"] = np.full(len(row), -1)
        outcome["route_events"] = _by_route(design, at, cells * bands)[which * bands + band]
    unit = Factor("cell", tuple(str(k) for k in range(cells)), which.astype(np.int64))
    return replace(
        design,
        rows=len(row),
        unit=unit,
        factors={name: _taken(design.factor(name), row) for name in design.factors},
        fixed=_fixed(design.fixed, row),
        labels={name: labels.take(row) for name, labels in design.labels.items()},
        outcome=outcome,
        row_ids=tuple(unit.levels[k] for k in which),
    )


def _cells(design: Design) -> tuple[IntArray, IntArray]:
    """Return the cell of each row, and a row of each cell."""
    columns: list[npt.NDArray[Any]] = [design.factor(name).codes for name in design.factors]
    columns += [design.outcome["stratum"]] if "stratum" in design.outcome else []
    columns += [labels.patterns() for labels in design.labels.values()]
    if design.fixed is not None:
        columns.append(np.unique(design.fixed.values, axis=0, return_inverse=True)[1].ravel())
    if not columns:
        return np.zeros(design.rows, dtype=np.int64), np.zeros(1, dtype=np.int64)
    keys = np.stack(columns, axis=1)
    _, first, cell = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return cell.ravel().astype(np.int64), first.astype(np.int64)


def _sums(cell: IntArray, values: FloatArray, cells: int) -> FloatArray:
    return np.stack([np.bincount(cell, column, cells) for column in values.T], axis=1)


def _by_route(design: Design, at: IntArray, size: int) -> FloatArray:
    cause = design.outcome["cause"]
    columns = [np.bincount(at, cause == m, size) for m in range(len(design.routes))]
    return np.stack(columns, axis=1).astype(np.float64)


def _taken(factor: Factor, row: IntArray) -> Factor:
    return replace(factor, codes=factor.codes[row])


def _fixed(fixed: FixedMatrix | None, row: IntArray) -> FixedMatrix | None:
    return None if fixed is None else replace(fixed, values=fixed.values[row])
