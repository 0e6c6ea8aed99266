"""The spells of each child in their order, each drawn again given those before it.

References
----------
Dawid (1984), Present position and potential developments: some personal views: statistical theory:
the prequential approach, JRSS A 147.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayescich.checks.censoring import Censoring, all_spells
from bayescich.checks.spells import Spells
from bayescich.checks.walk import Replicates, replicate_spells
from bayescich.design.core import Factor, FloatArray, IntArray
from bayescich.model.draws import Draws
from bayescich.model.likelihoods.times import HazardTimes
from bayescich.sampling.fit import Fit


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

    @property
    def members(self) -> IntArray:
        """Positions of all spells of these children, child by child in their order."""
        number = np.arange(self.counts.sum()) - np.repeat(self._begin, self.counts)
        return self.order[np.repeat(self.first, self.counts) + number]

    def earlier(self, values: FloatArray | IntArray) -> FloatArray:
        """Sum values of spells over the earlier spells of the same child.

        Parameters
        ----------
        values : array, shape (..., spells)

        Returns
        -------
        array, shape (..., members)
        """
        own = values[..., self.members].astype(np.float64)
        running = np.cumsum(own, axis=-1) - own
        before = np.repeat(running[..., self._begin], self.counts, axis=-1)
        # differences of long sums: rounding must not make less than nothing
        return np.asarray(np.maximum(running - before, 0.0))

    @property
    def _begin(self) -> IntArray:
        return np.r_[0, np.cumsum(self.counts)[:-1]].astype(np.int64)


def drawn_in_turn(
    fit: Fit, likelihood: HazardTimes, careers: Careers, draws: Draws, rng: np.random.Generator
) -> Replicates:
    """Draw each spell again for a child of whom the earlier spells are known, and no later ones.

    The frailty is drawn given the events and the time of the child's earlier spells; of a first
    spell it is that of a new child. So nothing has to be said of whether another spell follows,
    of which a hazard knows nothing: it goes with age, with the time left in the records, with the
    authority and with what cannot be seen.

    Returns
    -------
    Replicates
        Of the spells ``careers.members``, in that order.
    """
    spells = careers.spells
    eta = fit.structure.linear_predictor(draws, fit.design)
    hazard = likelihood.cumulative_hazard(draws, eta, fit.design)
    hazard = hazard if hazard.ndim == 2 else hazard.sum(axis=1)
    spent = careers.earlier(spells.sums(hazard[:, spells.rows]))
    events = careers.earlier(spells.event).astype(np.int64)
    frailty = likelihood.family.draw(draws, events, spent, rng)
    chosen = spells.take(careers.members)
    limit = Censoring.other(spells).potential(chosen, rng)
    return replicate_spells(likelihood, draws, eta[..., chosen.rows], frailty, chosen, limit, rng)


def _children(fit: Fit, likelihood: HazardTimes) -> Factor:
    return fit.design.factor(likelihood.frailty) if likelihood.frailty else fit.design.unit
