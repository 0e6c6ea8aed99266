"""Standardised outcomes by home type (g-computation): everybody in each type in turn.

For draw s and type h

    μ_h = Σ_i W_i E_z[ g_h(base_i + θ_h + Σ_n z_in γ_nh + σ z) ],   z ~ Normal(0, 1),

that is, the children as they are, in a *new* home of a new provider of type h, whose needs there
act as in type h and whose time there runs as in type h. σ² is the variance of a new home and its
provider. Authority, year and age, the company kept in the home and the needs that the home says it
meets stay as they were.

Rows enter only through their predictor, so they are first collapsed onto a fine grid of it (linear
binning), and the integral is a 15-node Gauss-Hermite rule on the summed variance.

References
----------
Robins (1986), Mathematical Modelling 7; Rubin (1981), The Bayesian bootstrap, Annals of
Statistics 9; docs/methods.md section 5.5.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from bayescich.checks.levels import exchangeable_groups, pieces
from bayescich.design.core import IntArray, Membership
from bayescich.estimates.counting import row_word, spells_of_rows
from bayescich.estimates.type_effects import (
    DEPARTURE,
    baseline_by_type,
    home_levels,
    home_type_of,
    stratum_of_type,
    type_need_of,
)
from bayescich.model.draws import Draws, FloatArray
from bayescich.model.effects.group import GroupEffect
from bayescich.model.effects.needs import MatchingEffect
from bayescich.model.likelihoods.hazard import HazardLikelihood
from bayescich.sampling.fit import Fit
from bayescich.spec.model import INTERACTION

DRAWS = 500
NODES = 15
GRID = 200
"""Points of the base predictor; the binning error is below 1e-5 of a probability."""

OF_THE_CHILD = frozenset({"child", "authority", "year", "age", "age_band"})
"""Columns of whom and when: in a new home they stay as they are in the row."""

Outcome = Callable[[Draws, FloatArray, int | None], FloatArray]
"""From η, (samples, ...), and which baseline, to the outcome in the same shape."""

Mask = npt.NDArray[np.bool_]


def standardised_by_type(
    fit: Fit, draws: Draws, rng: np.random.Generator | None = None
) -> FloatArray:
    """Return the outcome if all spells were in each home type, shape (samples, types).

    Parameters
    ----------
    fit : Fit
        Of a model with home types, of one outcome.
    draws : Draws
    rng : Generator, optional
        For Bayesian-bootstrap weights of the units, one set a draw; without it every spell counts
        the same, and the result says nothing beyond these spells.
    """
    return standardised(fit, draws, [the_outcome(fit)], rng)[0, 0]


def standardised(
    fit: Fit,
    draws: Draws,
    outcomes: Sequence[Outcome],
    rng: np.random.Generator | None = None,
    among: Sequence[Mask] | None = None,
) -> FloatArray:
    """Return several outcomes of several groups of rows in each type, from the same weights.

    Parameters
    ----------
    fit : Fit
    draws : Draws
    outcomes : sequence of callable
        Each from η to the outcome, e.g. :func:`the_outcome`.
    rng : Generator, optional
        For the Bayesian bootstrap.
    among : sequence of array, optional
        Which rows of the design, one mask a group; all when not given.

    Returns
    -------
    array, shape (groups, outcomes, samples, types)
    """
    types, population = len(home_levels(fit)), population_of(fit)
    groups = [population.rows] if among is None else [population.among(mask) for mask in among]
    cells = max(fit.design.rows, types * GRID * NODES)
    parts = []
    for piece in pieces(draws, cells):
        base = fit.structure.linear_predictor(piece, fit.design, not_of_the_rows(fit))
        weights = population.weights(piece.size, rng)
        each = [_of_group(fit, piece, base, weights, rows, outcomes) for rows in groups]
        parts.append(np.stack(each))
    return np.concatenate(parts, axis=2)


@dataclass(frozen=True)
class Population:
    """The spells that are put into each type."""

    rows: IntArray
    """Rows at which a spell begins."""
    spells: FloatArray
    """How many begin in each row of the design, shape (design rows,)."""
    unit: IntArray
    units: int
    cells: FloatArray | None = None
    """Spells of each unit, when a unit is a cell of many children."""

    def among(self, chosen: Mask) -> IntArray:
        """Return the rows of a group."""
        return self.rows[chosen[self.rows]]

    def weights(self, samples: int, rng: np.random.Generator | None) -> FloatArray:
        """Return a weight for each row of the design, (samples, rows), not adding to one.

        A child's or a home's spells share one weight: units are sampled from a population, rows
        are not. A cell's weight is the sum of its spells' own, whose children are not known.
        """
        if rng is None:
            return np.broadcast_to(self.spells, (samples, len(self.spells)))
        if self.cells is not None:
            drawn = rng.gamma(self.cells, size=(samples, self.units)) / self.cells
        else:
            drawn = rng.exponential(size=(samples, self.units))
        return np.asarray(drawn[:, self.unit] * self.spells)


def population_of(fit: Fit) -> Population:
    """Return the spells of a fit, each as it was when it began."""
    design = fit.design
    spells = spells_of_rows(design, "start")
    cells = design.unit.sums(spells) if "spells" in design.outcome else None
    return Population(np.flatnonzero(spells), spells, design.unit.codes, design.unit.size, cells)


def the_outcome(fit: Fit) -> Outcome:
    """Return the outcome of the report: a probability within the horizon, of a grade, or a mean."""
    return outcome_within(fit, fit.spec.report.horizon_days)


def outcome_within(fit: Fit, days: float | None) -> Outcome:
    """Return the standardised outcome within some days."""
    likelihood, design = fit.structure.likelihood, fit.design
    if isinstance(likelihood, HazardLikelihood):
        return lambda draws, eta, stratum: likelihood.standardised(
            draws, eta, design, days, stratum
        )
    return lambda draws, eta, _: likelihood.standardised(draws, eta, design, days)


def not_of_the_rows(fit: Fit) -> tuple[str, ...]:
    """Return the effects a standardised or expected outcome replaces: type, home, provider."""
    effect, crossed = fit.structure.home_type, type_need_of(fit)
    own = [e.variable for e in (effect, crossed) if e is not None]
    return (*own, *(g.variable for g in new_home_groups(fit)))


def without_own_baselines(fit: Fit, draws: Draws) -> Draws:
    """Return the draws with the mean of all types' baselines in the place of each type's own."""
    if DEPARTURE not in draws or not baseline_by_type(fit):
        return draws
    own = draws[DEPARTURE]
    return draws.replace(
        DEPARTURE, np.broadcast_to(own.mean(axis=1, keepdims=True), own.shape).copy()
    )


def new_home_groups(fit: Fit) -> tuple[GroupEffect, ...]:
    """Return the groups that are other levels in another home: homes, providers, hospitals.

    An authority or a year goes with the child, whatever the home.
    """
    return tuple(
        group
        for group in exchangeable_groups(fit.structure)
        if not OF_THE_CHILD & set(group.column.split(INTERACTION))
    )


def new_home_sd(fit: Fit, draws: Draws) -> FloatArray:
    """Return the SD of the summed effects of a new home of a new provider, shape (samples,)."""
    groups = (group.variances(draws, fit.design) for group in new_home_groups(fit))
    variances = [variance for group in groups for variance in group.values()]
    return np.sqrt(sum(variances, np.zeros(draws.size)))


def in_new_home(
    fit: Fit,
    draws: Draws,
    eta: FloatArray,
    outcome: Outcome | None = None,
    stratum: int | None = None,
) -> FloatArray:
    """Return the outcome at η averaged over new homes, shape like ``eta`` (samples, ...)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    sd = new_home_sd(fit, draws).reshape(-1, *([1] * eta.ndim))
    found = (outcome or the_outcome(fit))(draws, eta[..., None] + sd * nodes, stratum)
    return np.asarray(found @ (weights / weights.sum()))


def needs_in_type(
    fit: Fit, draws: Draws, kind: int, rows: IntArray | None = None
) -> FloatArray | None:
    """Return what the rows' needs do in one type, shape of η; none when needs are not crossed."""
    crossed = type_need_of(fit)
    if crossed is None:
        return None
    effects = draws[crossed.variable][:, :, kind]
    matrix = _needs_matrix(fit) if rows is None else _needs_matrix(fit)[rows]
    if effects.ndim == 2:
        return np.asarray((matrix @ effects.T).T)
    samples, needs, routes = effects.shape
    flat = np.moveaxis(effects, 2, 1).reshape(-1, needs)
    return np.asarray((matrix @ flat.T).T).reshape(samples, routes, -1)


def _needs_matrix(fit: Fit) -> sparse.csr_array:
    labels, types = fit.design.labels["type_need"], len(home_levels(fit))
    shape = (fit.design.rows, len(labels.names) // types)
    matrix = sparse.csr_array((labels.weights, labels.labels // types, labels.start), shape=shape)
    if isinstance(fit.design.factors[home_type_of(fit).column], Membership):
        # by the part of the window lived in homes; it is asked what a whole window would do
        matrix = matrix.copy()
        matrix.sum_duplicates()
        matrix.data[:] = 1.0
    return matrix


def _of_group(
    fit: Fit,
    draws: Draws,
    base: FloatArray,
    weights: FloatArray,
    rows: IntArray,
    outcomes: Sequence[Outcome],
) -> FloatArray:
    """Return outcomes of some rows in each type, shape (outcomes, samples, types)."""
    types = len(home_levels(fit))
    same = type_need_of(fit) is None and not baseline_by_type(fit)
    cut = _cut(fit, draws, base, weights, rows, 0) if same else []
    effects = draws[home_type_of(fit).variable]
    found = np.zeros((len(outcomes), draws.size, types))
    for kind in range(types):
        for grid, weight, stratum in cut or _cut(fit, draws, base, weights, rows, kind):
            eta = effects[:, [kind]] + grid
            for place, outcome in enumerate(outcomes):
                value = in_new_home(fit, draws, eta, outcome, stratum)
                found[place, :, kind] += (value * weight).sum(axis=1)
    return found


def _cut(
    fit: Fit, draws: Draws, base: FloatArray, weights: FloatArray, rows: IntArray, kind: int
) -> list[tuple[FloatArray, FloatArray, int | None]]:
    """Collapse the rows onto grids of their predictor in one type, one grid a baseline."""
    eta, weight = base[:, rows], weights[:, rows]
    weight = weight / weight.sum(axis=1, keepdims=True)
    crossed = needs_in_type(fit, draws, kind, rows)
    if crossed is not None:
        eta = eta + crossed
    parts = []
    for stratum, members in strata_in_type(fit, rows, kind):
        grid, on_grid = collapse(eta[:, members], weight[:, members])
        parts.append((grid, on_grid, stratum))
    return parts


def strata_in_type(fit: Fit, rows: IntArray, kind: int) -> list[tuple[int | None, IntArray]]:
    """Return which baselines rows have in one type, each with the positions of its rows."""
    everyone = np.arange(len(rows))
    if baseline_by_type(fit):
        return [(int(stratum_of_type(fit)[kind]), everyone)]
    if "stratum" not in fit.design.outcome:
        return [(None, everyone)]
    own = fit.design.outcome["stratum"][rows]
    return [(int(s), np.flatnonzero(own == s)) for s in np.unique(own)]


def collapse(base: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Share each row's weight between the two grid points around its predictor.

    Parameters
    ----------
    base, weights : array, shape (samples, rows)

    Returns
    -------
    grid, weight : array, shape (samples, grid)

    Examples
    --------
    >>> grid, weight = collapse(np.array([[0.0, 0.5, 1.0]]), np.full((1, 3), 1 / 3))
    >>> bool(np.isclose((grid * weight).sum(), 0.5)), round(float(weight.sum()), 9)
    (True, 1.0)
    """
    samples = len(base)
    low, high = base.min(axis=1, keepdims=True), base.max(axis=1, keepdims=True)
    step = np.maximum((high - low) / (GRID - 1), 1e-12)
    place = (base - low) / step
    left = np.minimum(place.astype(np.int64), GRID - 2)
    right_share = place - left
    offset = np.arange(samples)[:, None] * GRID
    size = samples * GRID
    weight = _add_up(offset + left, weights * (1.0 - right_share), size)
    weight += _add_up(offset + left + 1, weights * right_share, size)
    return low + step * np.arange(GRID), weight.reshape(samples, GRID)


def _add_up(cells: npt.NDArray[np.int64], values: FloatArray, size: int) -> FloatArray:
    return np.bincount(cells.ravel(), values.ravel(), size)


def standard_words(fit: Fit) -> tuple[str, ...]:
    """Return what is changed and what is kept when everybody is put into each type."""
    notes = [
        (
            f"Standardised outcomes put all {row_word(fit)} into each type in turn"
            f"{_new_levels(fit)}. They compare types given what the model adjusts for; they do not "
            "prove a cause."
        )
    ]
    kept = ["authority, year and age"]
    fixed = fit.spec.fixed
    if fixed is not None and fixed.means_by is not None:
        kept.append(f"the company kept in the {fixed.means_by}")
    if any(isinstance(e, MatchingEffect) for e in fit.structure.effects):
        kept.append("the needs that the home says it meets")
    if len(kept) > 1:
        notes.append(f"{', '.join(kept).capitalize()} stay as they were for each child.")
    if "continues" in fit.design.outcome:
        notes.append("Age and year are those at the start of each spell.")
    if fit.spec.data == "settings":
        notes.append(
            "Some settings hardly take children of some ages (supported ones below 16). What is "
            "said of such children there nobody saw."
        )
    if "spells" in fit.design.outcome:
        notes.append(
            "Children are not known apart in cells of many, so intervals take each spell for a "
            "child of its own."
        )
    return tuple(notes)


def _new_levels(fit: Fit) -> str:
    columns = [group.column.replace("_", " ") for group in new_home_groups(fit)]
    return f", in a new {' of a new '.join(columns)}" if columns else ""
