"""The spells of each child in their order, and new children followed through such spells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayescich.checks.spells import Censoring, from_their_start, replicate_spells
from bayescich.design.core import Factor
from bayescich.model.draws import Draws, FloatArray
from bayescich.model.likelihoods.hazard import HazardLikelihood
from bayescich.sampling.fit import Fit

IntArray = npt.NDArray[np.int64]

LATE_SPELL = 5
"""Whether another spell follows is learnt by order of the spell, later ones together."""

MOST_SPELLS = 40
"""No child is followed through more spells than this."""


@dataclass(frozen=True)
class Careers:
    """Children all of whose spells were observed from their start."""

    order: IntArray
    """Rows of the design, child by child in the order of the analysis table, shape (rows,)."""
    first: IntArray
    """Position in ``order`` of each child's first spell, shape (children,)."""
    spells: IntArray
    """Number of spells of each child, shape (children,)."""
    left_out: int
    """Children with a spell that was already under way when observation began."""

    @classmethod
    def of(cls, fit: Fit, likelihood: HazardLikelihood) -> Careers:
        """Order the rows by the unit of the frailty, or by the unit of the model without one."""
        who = _children(fit, likelihood)
        late = np.bincount(who.codes, ~from_their_start(fit.design), who.size) > 0
        counts = who.counts()
        first = np.r_[0, np.cumsum(counts)[:-1]]
        order = np.argsort(who.codes, kind="stable").astype(np.int64)
        return cls(order, first[~late], counts[~late], int(late.sum()))

    @property
    def size(self) -> int:
        """Number of children."""
        return len(self.first)

    def row(self, number: int) -> IntArray:
        """Return the row of each child's spell of this number (from 0), or of the last one."""
        return self.order[self.first + np.minimum(number, self.spells - 1)]

    def total(self, values: FloatArray | IntArray) -> FloatArray:
        """Sum values of rows over the spells of each child, shape (children,)."""
        running = np.r_[0.0, np.cumsum(values[self.order])]
        ended, started = running[self.first + self.spells], running[self.first]
        return np.asarray(ended - started)


def followed(
    fit: Fit, likelihood: HazardLikelihood, careers: Careers, draws: Draws, rng: np.random.Generator
) -> FloatArray:
    """Count the events of new children followed spell by spell.

    A new child has the covariates and homes of an observed one, a new frailty and new durations.
    Whether another spell follows is drawn from the observed shares, by order of the spell and kind
    of its ending; spells beyond the observed ones are like the child's last.

    Returns
    -------
    array, shape (samples, children)
    """
    design = fit.design
    days = design.outcome["follow_up"].astype(np.float64)
    event = design.outcome["event"].astype(np.int64)
    censoring = Censoring.learn(days, event)
    goes_on = _goes_on(careers, event)
    eta = fit.structure.linear_predictor(draws, design)
    frailty = likelihood.new_frailties(draws, design, rng)[:, careers.row(0)]
    shape = (draws.size, careers.size)
    count, active = np.zeros(shape), np.ones(shape, dtype=np.bool_)
    for number in range(MOST_SPELLS):
        rows = careers.row(number)
        own = censoring.draw(days[rows], event[rows], rng)
        limit = np.where(number < careers.spells, own, censoring.draw_new(shape, rng))
        moved, _ = replicate_spells(likelihood, draws, eta[:, rows], frailty, limit, rng)
        count += moved * active
        chance = goes_on[moved.astype(np.int64), min(number, LATE_SPELL)]
        active &= rng.random(shape) < chance
        if not active.any():
            break
    return count


def _goes_on(careers: Careers, event: IntArray) -> FloatArray:
    # share of spells followed by another: rows without and with the event, columns by order
    spells = np.repeat(careers.spells, careers.spells)
    before = np.r_[0, np.cumsum(careers.spells)[:-1]]
    number = np.arange(len(spells)) - np.repeat(before, careers.spells)
    rows = careers.order[np.repeat(careers.first, careers.spells) + number]
    columns = LATE_SPELL + 1
    cell = event[rows] * columns + np.minimum(number, LATE_SPELL)
    seen = np.bincount(cell, minlength=2 * columns)
    more = np.bincount(cell, number < spells - 1, 2 * columns)
    return (more / np.maximum(seen, 1)).reshape(2, columns)


def _children(fit: Fit, likelihood: HazardLikelihood) -> Factor:
    return fit.design.factors[likelihood.frailty] if likelihood.frailty else fit.design.unit
