"""``HazardArrays``: everything the fused likelihood reads but does not learn."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from bayescich.design.core import DAYS_PER_YEAR, Design
from bayescich.model.draws import FloatArray
from bayescich.model.terms import StackedTerms

Int32Array = npt.NDArray[np.int32]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class HazardArrays:
    """Rows sorted by unit, in the order in which the kernel takes them.

    ``R`` rows, ``N`` units of the frailty, ``G`` gathered effects, ``P`` covariates, ``M`` routes
    (one for a single event), ``S`` baselines, ``B`` bands, ``T`` levels of all effects together.
    """

    codes: Int32Array
    """(R, G) position of each gathered level among the T."""
    label_start: IntArray
    """(R + 1,) where each row's labels start."""
    labels: Int32Array
    """Position of each label among the T."""
    label_weight: FloatArray
    covariates: FloatArray
    """(R, P), centred."""
    first_row: IntArray
    """(N + 1,) first row of each unit."""
    unit_events: FloatArray
    """(N,) events of each unit, of all routes together."""
    band: Int32Array
    """(R,) band in which the row ends."""
    into_band: FloatArray
    """(R,) years from the start of that band to the end of the row."""
    entry_band: Int32Array
    entry_into_band: FloatArray
    """The same for the day of entry; zero for a row observed from its start."""
    survived: FloatArray
    """(R,) 1 where the time before entry conditions on survival (ratio form), else 0."""
    stratum: Int32Array
    """(R,) which baseline."""
    widths: FloatArray
    """(B - 1,) years each closed band lasts."""
    level_events: FloatArray
    """(T, M) weighted events of each level: the sufficient statistic of its effect."""
    covariate_events: FloatArray
    """(P, M) covariates summed over events."""
    band_events: FloatArray
    """(S, B, M) events by baseline and band."""
    repeats: Int32Array
    """(R,) 1 where η is that of the row before, of the same unit: it is not computed again."""

    def in_order(self) -> tuple[npt.NDArray[np.generic], ...]:
        """Return the arrays in the order of the kernel's arguments."""
        return tuple(getattr(self, field.name) for field in fields(self))


def hazard_arrays(
    design: Design, terms: StackedTerms, cuts: tuple[float, ...], *, ratio: bool
) -> HazardArrays:
    """Lay out a design for the kernel.

    Parameters
    ----------
    design : Design
        Of a hazard: ``follow_up``, ``entry``, ``event`` (or ``cause``), ``event_band`` and, with
        several baselines, ``stratum``.
    terms : StackedTerms
        The linear predictor.
    cuts : tuple of float
        Inner band limits in days.
    ratio : bool
        Whether rows that enter late condition on having survived so far.
    """
    outcome = design.outcome
    lower = np.array([0.0, *cuts])
    band = outcome["event_band"].astype(np.int32)
    entry = outcome["entry"].astype(np.float64)
    entry_band = np.searchsorted(cuts, entry, side="left").astype(np.int32)
    event = route_events(design)
    stratum = outcome.get("stratum", np.zeros(design.rows)).astype(np.int32)
    late = outcome.get("late", entry > 0).astype(np.float64)
    return HazardArrays(
        codes=terms.codes,
        label_start=terms.label_start,
        labels=terms.labels,
        label_weight=terms.label_weight,
        covariates=terms.covariates,
        first_row=_first_rows(design),
        unit_events=_by_unit(outcome["event"].astype(np.float64), design),
        band=band,
        into_band=(outcome["follow_up"] - lower[band]) / DAYS_PER_YEAR,
        entry_band=entry_band,
        entry_into_band=(entry - lower[entry_band]) / DAYS_PER_YEAR,
        survived=late if ratio else np.zeros(design.rows),
        stratum=stratum,
        widths=np.diff(lower) / DAYS_PER_YEAR,
        level_events=terms.level_sums(event),
        covariate_events=terms.covariates.T @ event,
        band_events=_band_events(event, band, stratum, len(lower)),
        repeats=_repeats(design, terms),
    )


def route_events(design: Design) -> FloatArray:
    """Return events by row and route, (rows, routes); one of unknown route is in no column."""
    if not design.routes:
        return design.outcome["event"].astype(np.float64)[:, None]
    if "route_events" in design.outcome:
        return design.outcome["route_events"]
    cause = design.outcome["cause"]
    return (cause[:, None] == np.arange(len(design.routes))).astype(np.float64)


def _repeats(design: Design, terms: StackedTerms) -> Int32Array:
    """Find rows that read what the row before reads: bands of one cell, pieces of one spell."""

    def same(values: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
        return np.asarray((values[1:] == values[:-1]).all(axis=1))

    alike = same(design.unit.codes[:, None]) & same(terms.codes) & same(terms.covariates)
    if len(terms.labels):
        alike &= terms.same_labels()
    return np.r_[False, alike].astype(np.int32)


def _first_rows(design: Design) -> IntArray:
    codes = design.unit.codes
    starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
    return np.r_[starts, design.rows].astype(np.int64)


def _by_unit(values: FloatArray, design: Design) -> FloatArray:
    return np.bincount(design.unit.codes, values, design.unit.size)


def _band_events(
    event: FloatArray, band: Int32Array, stratum: Int32Array, bands: int
) -> FloatArray:
    strata = int(stratum.max()) + 1
    cells = stratum.astype(np.int64) * bands + band
    columns = [np.bincount(cells, column, strata * bands) for column in event.T]
    return np.ascontiguousarray(np.stack(columns, axis=-1).reshape(strata, bands, event.shape[1]))
