"""Spells counted by route, home type, band, home and recorder, observed and drawn alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayescich.checks.censoring import all_spells
from bayescich.checks.levels import home_group
from bayescich.checks.spells import NONE, NOT_RECORDED, Spells
from bayescich.checks.walk import Replicates
from bayescich.design.core import Factor, FloatArray, IntArray
from bayescich.model.draws import Draws
from bayescich.model.likelihoods.competing import CompetingLikelihood
from bayescich.sampling.fit import Fit
from bayescich.spec.model import CompetingSpec

TYPE = "home type"

COMMON = 0.1
"""Share of the exits from which a route is judged by itself."""


@dataclass(frozen=True)
class RouteTally:
    """What spells are counted by; a route not recorded comes after the others."""

    likelihood: CompetingLikelihood
    spells: Spells
    names: tuple[str, ...]
    """Routes, and last the word for one that was not recorded, when there are such."""
    routes: int
    """Routes without that word."""
    types: tuple[str, ...]
    of_type: IntArray
    """Home type of each spell."""
    bands: tuple[str, ...]
    homes: int
    of_home: IntArray
    recorders: tuple[str, ...]
    of_recorder: IntArray
    type_column: str = TYPE

    @classmethod
    def of(
        cls, fit: Fit, likelihood: CompetingLikelihood, spells: Spells | None = None
    ) -> RouteTally:
        """Take the labels of a fit, for all spells or for some."""
        design = fit.design
        spells = all_spells(fit) if spells is None else spells
        row = spells.rows[spells.last]
        effect, group = fit.structure.home_type, home_group(fit.structure, design)
        kind = design.factor(effect.column) if effect else None
        home = design.factor(group.column) if group else None
        assert isinstance(fit.spec.likelihood, CompetingSpec)
        unknown = bool((design.outcome["cause"] == NOT_RECORDED).any())
        names = likelihood.routes + ((str(fit.spec.likelihood.unknown),) if unknown else ())
        return cls(
            likelihood=likelihood,
            spells=spells,
            names=names,
            routes=len(likelihood.routes),
            types=kind.levels if kind else (),
            of_type=kind.codes[row] if kind else np.zeros(spells.size, dtype=np.int64),
            bands=design.coords["band"],
            homes=home.size if home else 1,
            of_home=home.codes[row] if home else np.zeros(spells.size, dtype=np.int64),
            recorders=design.coords.get("recorder", ()),
            of_recorder=design.outcome.get("recorder", np.zeros(design.rows, np.int64))[row],
            type_column=effect.column if effect else TYPE,
        )

    @property
    def unrecorded(self) -> bool:
        """Whether some route was not recorded."""
        return len(self.names) > self.routes

    def observed(self) -> IntArray:
        """Return the routes in the records, one sample: (1, spells); -1 where censored."""
        seen = self.spells.route
        return np.where(seen == NOT_RECORDED, self.routes, seen)[None, :]

    def recorded(self, draws: Draws, drawn: Replicates, rng: np.random.Generator) -> IntArray:
        """Return the routes of drawn spells as records would tell them, (samples, spells)."""
        if not self.unrecorded:
            return drawn.route
        missed = rng.random(drawn.route.shape) < self._chance_missed(draws, drawn)
        return np.where((drawn.route != NONE) & missed, self.routes, drawn.route)

    def statistics(self, route: IntArray, days: FloatArray) -> dict[str, FloatArray]:
        """Return numbers by route, their spread between homes, and shares not recorded.

        Parameters
        ----------
        route : array of int, shape (samples, spells)
        days : array, shape (samples, spells)
        """
        band = np.searchsorted(self.likelihood.cuts, days, side="left")
        everyone = np.zeros(self.spells.size, dtype=np.int64)
        route = self._whole(route)
        found = {
            "number by all": self._count(route, everyone, 1),
            "number by band": self._count(route, band, len(self.bands)),
            "spread": self.spread(route),
        }
        if self.types:
            found[f"number by {self.type_column}"] = self._count(
                route, self.of_type, len(self.types)
            )
        if self.unrecorded:
            found["not recorded"] = self._share_not_recorded(route)
        return found

    def spread(self, route: IntArray) -> FloatArray:
        """Return the spread between homes of each route's share, (samples, routes).

        Larger homes count for more, and the spread is in units of the share itself. Only exits
        whose route was recorded have one.
        """
        counts = self._count(self._whole(route), self.of_home, self.homes)
        counts = counts.reshape(len(route), self.homes, -1)[..., : self.routes]
        exits = counts.sum(axis=2, keepdims=True)
        share = counts.sum(axis=1, keepdims=True) / np.maximum(exits.sum(axis=1, keepdims=True), 1)
        apart = np.sqrt(((counts - share * exits) ** 2).sum(axis=1) / (exits**2).sum(axis=1))
        return apart / np.maximum(share[:, 0], 1e-9)

    def of_rows(self, events: FloatArray, fit: Fit) -> dict[str, FloatArray]:
        """Return the same numbers from events by route and row, (samples, routes, rows)."""
        everyone = Factor("all", ("all",), np.zeros(events.shape[2], dtype=np.int64))
        band = Factor("band", self.bands, fit.design.outcome["event_band"])
        factors = {"all": everyone, "band": band}
        if self.types:
            factors[self.type_column] = fit.design.factor(self.type_column)
        return {
            f"number by {name}": np.moveaxis(factor.sums(events), 1, 2).reshape(len(events), -1)
            for name, factor in factors.items()
        }

    def _whole(self, route: IntArray) -> IntArray:
        # a spell under way at first sight cannot be drawn again, and is not counted
        return np.where(self.spells.from_start, route, NONE)

    def _count(self, route: IntArray, level: IntArray, levels: int) -> FloatArray:
        """Return counts by level and route, (samples, levels x routes)."""
        samples, width = len(route), len(self.names)
        cell = (np.arange(samples)[:, None] * levels + level) * width + route
        counts = np.bincount(cell[route >= 0], minlength=samples * levels * width)
        return counts.reshape(samples, levels * width).astype(np.float64)

    def _share_not_recorded(self, route: IntArray) -> FloatArray:
        """Return the share of exits without a route: overall, and by recorder when there are."""
        everyone = np.zeros(self.spells.size, dtype=np.int64)
        shares = [_last_share(self._count(route, everyone, 1), len(self.names))]
        if self.recorders:
            by_recorder = self._count(route, self.of_recorder, len(self.recorders))
            shares.append(_last_share(by_recorder, len(self.names)))
        return np.concatenate(shares, axis=1)

    def _chance_missed(self, draws: Draws, drawn: Replicates) -> npt.NDArray[np.float64] | float:
        if self.likelihood.recorded_by is not None:
            taken = np.maximum(drawn.route, 0)
            return self.likelihood.not_recorded(draws, self.of_recorder, taken)
        exits = self.spells.route[self.spells.route != NONE]
        return float(np.mean(exits == NOT_RECORDED)) if len(exits) else 0.0


def _last_share(counts: FloatArray, width: int) -> FloatArray:
    by_level = counts.reshape(len(counts), -1, width)
    return np.asarray(by_level[..., -1] / np.maximum(by_level.sum(axis=2), 1.0))
