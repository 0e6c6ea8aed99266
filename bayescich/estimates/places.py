"""Outcomes if children had lived in each place: every home type, and every other setting.

For draw s and place h, the children who lived in homes as they are, but with the whole window in a
*new* home of a new provider of type h,

    η = base_i + ξ_home + θ_h + Σ_n z_in γ_nh + v + w,     v, w new,

or in another setting s, ``η = base_i + ξ_s`` (fostering: ``base_i``). Authority, year, company and
what homes say they meet stay as they were. Rows are drawn in proportion to Bayesian-bootstrap
weights; all places share rows and homes, so that differences are not noise.

References
----------
Robins (1986), Mathematical Modelling 7; Rubin (1981), Annals of Statistics 9; docs/methods.md
sections 3 and 5.5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayescich.checks.levels import pieces
from bayescich.design.core import IntArray, Membership
from bayescich.estimates.incidence import systematic
from bayescich.estimates.readings import Reading, readings_of
from bayescich.estimates.standardise import needs_in_type, new_home_groups, not_of_the_rows
from bayescich.estimates.type_effects import home_levels, home_type_of
from bayescich.model.draws import Draws, FloatArray
from bayescich.model.effects.settings import SettingsEffect
from bayescich.model.likelihoods.responses import coupled
from bayescich.model.response.blanks import drawn_blanks
from bayescich.sampling.fit import Fit

DRAWS = 400
ROWS = 600
"""Rows drawn in each posterior draw."""


@dataclass(frozen=True)
class Lived:
    """Draws of every reading in every place."""

    places: tuple[str, ...]
    """Home types, then other settings."""
    types: int
    """How many of them are home types."""
    readings: tuple[Reading, ...]
    values: FloatArray
    """Shape (samples, places, readings)."""

    def of(self, reading: int) -> FloatArray:
        """Return one reading, (samples, places)."""
        return self.values[:, :, reading]


def settings_of(fit: Fit) -> SettingsEffect | None:
    """Return the effect of other settings, when the model has one."""
    return next((e for e in fit.structure.effects if isinstance(e, SettingsEffect)), None)


def in_homes(fit: Fit) -> IntArray:
    """Return the rows of those who lived in homes: who is put into each place."""
    factor = fit.design.factors[home_type_of(fit).column]
    if isinstance(factor, Membership):
        return np.flatnonzero(np.diff(factor.labels.start) > 0).astype(np.int64)
    return np.arange(fit.design.rows, dtype=np.int64)


def places_of(fit: Fit) -> tuple[str, ...]:
    """Return home types and other settings, in the order of :class:`Lived`."""
    settings = settings_of(fit)
    if settings is None:
        return home_levels(fit)
    others = [x for x in settings.factor(fit.design).levels if x != settings.homes]
    # the reference first: it is what the others are compared with
    others.sort(key=lambda x: x != settings.reference)
    return (*home_levels(fit), *others)


def lived_in(
    fit: Fit, rng: np.random.Generator, readings: tuple[Reading, ...] | None = None
) -> Lived:
    """Return every reading in every place.

    Parameters
    ----------
    fit : Fit
        Of an outcome with responses and home types.
    rng : Generator
        For the bootstrap, the rows, new homes and blanks.
    readings : tuple of Reading, optional
        Those of the outcome, when not given.
    """
    chosen, rows = readings or readings_of(fit), in_homes(fit)
    some = fit.posterior.thin(DRAWS)
    cells = max(len(fit.design.routes), 1) * fit.design.rows
    values = np.concatenate(
        [_of_piece(fit, piece, chosen, rows, rng) for piece in pieces(some, cells)]
    )
    return Lived(places_of(fit), len(home_levels(fit)), chosen, values)


def _of_piece(
    fit: Fit, draws: Draws, readings: tuple[Reading, ...], rows: IntArray, rng: np.random.Generator
) -> FloatArray:
    weights = rng.exponential(size=(draws.size, len(rows)))
    chosen = rows[systematic(weights, ROWS, rng)]
    settings = settings_of(fit)
    out = not_of_the_rows(fit) + ((settings.variable,) if settings else ())
    base = _by_part(fit, fit.structure.linear_predictor(draws, fit.design, out))
    base = base + drawn_blanks(draws, fit.design, rng)
    base = np.take_along_axis(base, chosen[:, None, :], axis=2)
    if "child_loading" in draws:
        child = rng.standard_normal((draws.size, 1, ROWS))
        base = base + draws["child_loading"][:, :, None] * child
    homes = base + _new_homes(fit, draws, rng)
    found = [
        _readings(fit, readings, draws, homes + _type_part(fit, draws, kind, chosen))
        for kind in range(len(home_levels(fit)))
    ]
    if settings is not None:
        found += [
            _readings(fit, readings, draws, base + _setting_part(fit, draws, place))
            for place in places_of(fit)[len(home_levels(fit)) :]
        ]
    return np.stack(found, axis=1)


def _readings(fit: Fit, readings: tuple[Reading, ...], draws: Draws, eta: FloatArray) -> FloatArray:
    # being recorded may hang on the outcome itself
    moved = coupled(draws, eta, fit.design)
    return np.stack([reading.of(draws, moved).mean(axis=1) for reading in readings], axis=1)


def _type_part(fit: Fit, draws: Draws, kind: int, chosen: IntArray) -> FloatArray:
    """Return what a home of one type adds, (samples, parts, 1 or rows)."""
    own = _by_part(fit, draws[home_type_of(fit).variable][:, kind][..., None])
    settings = settings_of(fit)
    if settings is not None:
        own = own + _setting_part(fit, draws, settings.homes)
    crossed = needs_in_type(fit, draws, kind)
    if crossed is None:
        return own
    return own + np.take_along_axis(_by_part(fit, crossed), chosen[:, None, :], axis=2)


def _setting_part(fit: Fit, draws: Draws, setting: str) -> FloatArray:
    settings = settings_of(fit)
    assert settings is not None, "asked only of models with settings"
    levels = settings.levels(fit.design)
    parts = max(len(fit.design.routes), 1)
    if setting not in levels:
        return np.zeros((draws.size, parts, 1))
    return _by_part(fit, draws[settings.variable][:, levels.index(setting)][..., None])


def _by_part(fit: Fit, values: FloatArray) -> FloatArray:
    return values if fit.design.routes else values[:, None]


def _new_homes(fit: Fit, draws: Draws, rng: np.random.Generator) -> FloatArray:
    """Draw the summed effects of a new home and provider of each row, (samples, parts, rows)."""
    parts = fit.design.routes
    shape = (draws.size, ROWS, len(parts)) if parts else (draws.size, ROWS)
    total = np.zeros(shape)
    for group in new_home_groups(fit):
        total += group.fresh(draws.replace(group.variable, np.zeros(shape)), rng)[group.variable]
    return np.moveaxis(total, 2, 1) if parts else total[:, None]


def kinds_of_place(lived: Lived) -> pd.Series:
    """Return whether each place is a kind of home or another setting."""
    words = ["home"] * lived.types + ["other setting"] * (len(lived.places) - lived.types)
    return pd.Series(words)
