"""The spells of each child in their order, and new children followed through such spells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayescich.checks.censoring import Censoring, all_spells
from bayescich.checks.spells import NONE, NOT_RECORDED, Spells
from bayescich.checks.walk import replicate_spells
from bayescich.design.core import Factor, FloatArray, IntArray
from bayescich.model.draws import Draws
from bayescich.model.likelihoods.times import HazardTimes
from bayescich.sampling.fit import Fit

LATE_SPELL = 5
"""Whether another spell follows is learnt by order of the spell, later ones together."""

MOST_SPELLS = 40
"""No child is followed through more spells than this."""


@dataclass(frozen=True)
class Careers:
    """Children all of whose spells were observed from their start."""

    spells: Spells
    """All spells of the design."""
    order: IntArray
    """Spells, child by child in the order of the analysis table, shape (spells,)."""
    first: IntArray
    """Position in ``order`` of each child's first spell, shape (children,)."""
    counts: IntArray
    """Number of spells of each child, shape (children,)."""
    left_out: int
    """Children with a spell that was already under way when observation began."""

    @classmethod
    def of(cls, fit: Fit, likelihood: HazardTimes) -> Careers:
        """Order the spells by the unit of the frailty, or by the model's unit without one."""
        spells = all_spells(fit)
        children = _children(fit, likelihood)
        who = Factor(children.name, children.levels, children.codes[spells.rows[spells.first]])
        late = np.bincount(who.codes, ~spells.from_start, who.size) > 0
        counts = who.counts()
        first = np.r_[0, np.cumsum(counts)[:-1]]
        order = np.argsort(who.codes, kind="stable").astype(np.int64)
        return cls(spells, order, first[~late], counts[~late], int(late.sum()))

    @property
    def size(self) -> int:
        """Number of children."""
        return len(self.first)

    def spell(self, number: int) -> IntArray:
        """Return each child's spell of this number (from 0), or its last one."""
        return self.order[self.first + np.minimum(number, self.counts - 1)]

    def total(self, values: FloatArray | IntArray) -> FloatArray:
        """Sum values of spells over the spells of each child, shape (children,)."""
        running = np.r_[0.0, np.cumsum(values[self.order])]
        ended, started = running[self.first + self.counts], running[self.first]
        return np.asarray(ended - started)


def followed(
    fit: Fit, likelihood: HazardTimes, careers: Careers, draws: Draws, rng: np.random.Generator
) -> FloatArray:
    """Count the events of new children followed spell by spell.

    A new child has the covariates and homes of an observed one, a new frailty and new durations.
    Whether another spell follows is drawn from the observed shares, by order of the spell and kind
    of its ending (censored, or by which route); spells beyond the observed ones are like the
    child's last. A split spell is one spell: it is walked through piece by piece, and on in its
    last piece.

    Returns
    -------
    array, shape (samples, children)
    """
    spells = careers.spells
    censoring = Censoring.other(spells)
    of_any_kind = Censoring.learn(spells.days, spells.event)
    goes_on = _goes_on(careers)
    eta = fit.structure.linear_predictor(draws, fit.design)
    frailty = likelihood.family.new(draws, careers.size, rng)
    shape = (draws.size, careers.size)
    count, active = np.zeros(shape), np.ones(shape, dtype=np.bool_)
    for number in range(MOST_SPELLS):
        who = np.flatnonzero(active.any(axis=0))
        if not len(who):
            break
        chosen = spells.take(careers.spell(number)[who])
        own = censoring.potential(chosen, rng)
        new = of_any_kind.draw_new((draws.size, len(who)), rng)
        limit = np.where(number < careers.counts[who], own, new)
        drawn = replicate_spells(
            likelihood, draws, eta[..., chosen.rows], frailty[:, who], chosen, limit, rng
        )
        count[:, who] += drawn.event * active[:, who]
        chance = goes_on[drawn.route, min(number, LATE_SPELL)]
        active[:, who] &= rng.random(chance.shape) < chance
    return count


def _goes_on(careers: Careers) -> FloatArray:
    """Return the share of spells followed by another, by route of ending and order of the spell.

    The last row is of censored spells, so that -1 finds it. Of spells whose route was not recorded
    nothing is learnt.
    """
    order = np.repeat(careers.counts, careers.counts)
    before = np.r_[0, np.cumsum(careers.counts)[:-1]]
    number = np.arange(len(order)) - np.repeat(before, careers.counts)
    spells = careers.order[np.repeat(careers.first, careers.counts) + number]
    route = careers.spells.route[spells]
    rows, columns = max(int(careers.spells.route.max()), 0) + 2, LATE_SPELL + 1
    ending = np.where(route == NONE, rows - 1, route)
    cell = ending * columns + np.minimum(number, LATE_SPELL)
    known = route != NOT_RECORDED
    seen = np.bincount(cell[known], minlength=rows * columns)
    more = np.bincount(cell[known], (number < order - 1)[known], rows * columns)
    return (more / np.maximum(seen, 1)).reshape(rows, columns)


def _children(fit: Fit, likelihood: HazardTimes) -> Factor:
    return fit.design.factor(likelihood.frailty) if likelihood.frailty else fit.design.unit
