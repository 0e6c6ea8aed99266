"""What blank covariates do to linear predictors when draws are evaluated again."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from bayescich.design.core import Design
from bayescich.model.draws import Draws, FloatArray
from bayescich.model.effects.imputation import Imputation
from bayescich.model.response.quadrature import gauss_hermite

BLANK_NODES = 7
"""Of the rule over a blank number."""


def blanks(draws: Draws, design: Design) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Yield how η moves for each way of filling the blanks, and the log chance of that way.

    Shapes (samples or 1, parts, rows) and (samples or 1, rows).
    """
    imputation = Imputation.of(design)
    if imputation is None:
        yield np.zeros((1, 1, 1)), np.zeros((1, 1))
        return
    points, log_weights = gauss_hermite(BLANK_NODES)
    coefficients = _coefficients(draws)
    ways: list[list[tuple[FloatArray, FloatArray]]] = []
    for hole, mean in imputation.mean(draws):
        slope = coefficients[:, hole.covariate, :, None]
        own = []
        if hole.is_binary:
            centre = design.fixed.centres[hole.covariate] if design.fixed else 0.0
            chance = np.clip(mean + centre, 1e-12, 1.0 - 1e-12)
            for value in (0.0, 1.0):
                shift, log_chance = _nowhere(draws, design, coefficients.shape[2], value == 0.0)
                shift[:, :, hole.rows] = slope * (value - centre - mean)[:, None]
                log_chance[:, hole.rows] = np.log(chance if value else 1.0 - chance)
                own.append((shift, log_chance))
        else:
            sd = imputation.sd(draws, hole)[:, None, None]
            for k, (point, weight) in enumerate(zip(points, log_weights, strict=True)):
                shift, log_chance = _nowhere(draws, design, coefficients.shape[2], k == 0)
                shift[:, :, hole.rows] = slope * sd * point
                log_chance[:, hole.rows] = weight
                own.append((shift, log_chance))
        ways.append(own)
    for combined in itertools.product(*ways):
        shift = sum((part[0] for part in combined), np.zeros((1, 1, 1)))
        log_chance = sum((part[1] for part in combined), np.zeros((1, 1)))
        yield shift, log_chance


def _nowhere(
    draws: Draws, design: Design, columns: int, only: bool
) -> tuple[FloatArray, FloatArray]:
    """Return no shift, and for rows without the blank one way only."""
    log_chance = np.full((draws.size, design.rows), 0.0 if only else -np.inf)
    return np.zeros((draws.size, columns, design.rows)), log_chance


def drawn_blanks(draws: Draws, design: Design, rng: np.random.Generator) -> FloatArray:
    """Draw how η moves by what blanks depart from their expectation, (samples, parts, rows)."""
    imputation = Imputation.of(design)
    if imputation is None:
        return np.zeros((1, 1, 1))
    coefficients = _coefficients(draws)
    total = np.zeros((draws.size, coefficients.shape[2], design.rows))
    for hole, mean in imputation.mean(draws):
        slope = coefficients[:, hole.covariate, :, None]
        if hole.is_binary:
            centre = design.fixed.centres[hole.covariate] if design.fixed else 0.0
            away = (rng.random(mean.shape) < mean + centre) - centre - mean
        else:
            away = imputation.sd(draws, hole)[:, None] * rng.standard_normal(mean.shape)
        total[:, :, hole.rows] += slope * away[:, None]
    return total


def imputed_part(draws: Draws, design: Design) -> FloatArray | None:
    """Return what the expectation of blanks adds to η, (samples, parts, rows); None without."""
    imputation = Imputation.of(design)
    if imputation is None:
        return None
    coefficients = _coefficients(draws)
    total = np.zeros((draws.size, coefficients.shape[2], design.rows))
    for hole, mean in imputation.mean(draws):
        total[:, :, hole.rows] += coefficients[:, hole.covariate, :, None] * mean[:, None]
    return total


def _coefficients(draws: Draws) -> FloatArray:
    found = draws["fixed"]
    return found if found.ndim == 3 else found[:, :, None]
