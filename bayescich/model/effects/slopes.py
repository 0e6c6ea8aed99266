"""Levels that differ in what a covariate does, too: an intercept and a slope each.

    effect_j + slope_j x,      (effect_j, slope_j) ~ Normal(0, Σ),

with x centred, as all covariates are, so that ``effect_j`` is the level of a case of average x. Σ
has two SDs and a correlation ρ with an LKJ(2) prior, which for two values is ``(1 + ρ)/2 ~
Beta(2, 2)``. What x does on average is its coefficient among the covariates.

What the data alone say of a level, an estimate û with a precision matrix P, is taken out of the
geometry as for single values (:mod:`bayescich.model.information`): with ``Σ = L L'`` the standard
normal ``ε = L⁻¹ u`` has, given Σ,

    precision  K = I + L'P L,      mean  K⁻¹ L'P û,

and sampled is ``v`` in ``ε = mean + root(K⁻¹) v``. Where nothing is known (P = 0) that is the
non-centred form.

References
----------
Lewandowski, Kurowicka & Joe (2009), Generating random correlation matrices based on vines and
extended onion method, Journal of Multivariate Analysis 100; Papaspiliopoulos, Roberts & Sköld
(2007), A general framework for the parametrization of hierarchical models, Statistical Science 22.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pymc.logprob.transforms import Transform

from bayescich.design.core import Design, Factor, FixedMatrix
from bayescich.model.draws import Draws, FloatArray, Tensor, outside
from bayescich.model.effects.group import Chosen, GroupEffect
from bayescich.model.information import Information, Known, _carried, _carrying
from bayescich.model.random_variables import random_variable
from bayescich.model.terms import Labelled
from bayescich.spec.priors import PriorSet


@dataclass(frozen=True)
class SlopesEffect(GroupEffect):
    """Levels with an intercept, which is what a group's effect is, and a slope.

    Examples
    --------
    >>> effect = SlopesEffect("home", slope="age")
    >>> effect.variable, effect.slope_variable, effect.slope_sd_variable
    ('home_effect', 'home_slope', 'home_slope_sd')
    """

    slope: str = ""
    """Name of the covariate."""

    @property
    def slope_variable(self) -> str:
        """Name of the slopes, in the covariate's own unit; dims: the column."""
        return f"{self.column}_slope"

    @property
    def slope_sd_variable(self) -> str:
        """Name of their standard deviation."""
        return f"{self.column}_slope_sd"

    @property
    def correlation_variable(self) -> str:
        """Name of the correlation of intercepts and slopes."""
        return f"{self.column}_slope_correlation"

    def variances(self, draws: Draws, design: Design) -> dict[str, FloatArray]:
        """Return those of the intercepts and, averaged over the rows, of the slopes."""
        size = float(np.mean(self.covariate(design) ** 2))
        slopes = {f"{self.column} × {self.slope}": draws[self.slope_sd_variable] ** 2 * size}
        return super().variances(draws, design) | slopes

    def slope_prior_roles(self) -> tuple[str, ...]:
        """Return the roles under which the prior of the slopes' SD is looked up."""
        return (f"{self.column}.slope_sd", "group.slope_sd")

    def parametrisation(self, design: Design, information: Known | None = None) -> Chosen:
        """Return ``partial`` where something is known of the levels and that may be used."""
        known = information is not None and self.asked != "noncentred"
        return "partial" if known else "noncentred"

    def layout(self, design: Design) -> Labelled:
        """Return two labels a row: its level, and its level's slope weighed by the covariate."""
        factor, x = self._levels(design), self.covariate(design)
        labels = np.stack([factor.codes, factor.codes + factor.size], axis=1)
        weights = np.stack([np.ones(design.rows), x], axis=1)
        start = 2 * np.arange(design.rows + 1)
        return Labelled(start, labels.ravel(), weights.ravel(), 2 * factor.size)

    def covariate(self, design: Design) -> FloatArray:
        """Return the covariate of each row, centred."""
        fixed, place = self._place(design)
        return fixed.values[:, place]

    def rough_sd(self, design: Design) -> FloatArray:
        """Return a third for each level, and for each slope a third of a standard deviation."""
        size = self._levels(design).size
        return np.repeat([0.3, 0.3 / self._scale(design)], size)

    def declare(
        self,
        design: Design,
        priors: PriorSet,
        information: Known | None,
        shift: Tensor | None = None,
    ) -> Tensor:
        """Declare SDs, correlation, ``<column>_effect`` and ``<column>_slope``; return both."""
        sd = random_variable(self.sd_variable, priors.get(*self.prior_roles()))
        # as of a coefficient, the prior is per standard deviation of the covariate
        each = random_variable(
            f"{self.column}_slope_sd_offset", priors.get(*self.slope_prior_roles())
        )
        slope_sd = pm.Deterministic(self.slope_sd_variable, each / self._scale(design))
        both_ways = pm.Beta(f"{self.column}_slope_correlation_offset", 2.0, 2.0)
        correlation = pm.Deterministic(self.correlation_variable, 2.0 * both_ways - 1.0)
        offset = self._offset(design, information, (sd, slope_sd, correlation), shift)
        own, other = offset[:, 0], offset[:, 1]
        effect = pm.Deterministic(self.variable, sd * own, dims=self.column)
        mixed = correlation * own + pt.sqrt(1.0 - correlation**2) * other
        slope = pm.Deterministic(self.slope_variable, slope_sd * mixed, dims=self.column)
        return pt.concatenate([effect, slope])

    def values(self, draws: Draws) -> FloatArray:
        """Return intercepts and slopes, one after the other."""
        return np.concatenate([draws[self.variable], draws[self.slope_variable]], axis=1)

    def fresh(self, draws: Draws, rng: np.random.Generator) -> Draws:
        """Exchange every level for a new one, its slope with it."""
        own, other = rng.standard_normal((2, *draws[self.variable].shape))
        r = draws[self.correlation_variable][:, None]
        slope = draws[self.slope_sd_variable][:, None] * (r * own + np.sqrt(1.0 - r**2) * other)
        effect = draws[self.sd_variable][:, None] * own
        return draws.replace(self.variable, effect).replace(self.slope_variable, slope)

    def _offset(
        self,
        design: Design,
        information: Known | None,
        spread: tuple[Tensor, Tensor, Tensor],
        shift: Tensor | None,
    ) -> Tensor:
        """Return the levels in standard normals, (levels, 2)."""
        name, shape = f"{self.column}_offset", (self._levels(design).size, 2)
        if self.parametrisation(design, information) == "noncentred":
            return pm.Normal(name, 0.0, 1.0, shape=shape)
        assert isinstance(information, Information), "what is known of a group is of its levels"
        mean = InformedPairs.mean(self._pairs(design, information), spread, shift)
        return pm.Normal(
            name, mean, 1.0, shape=shape, default_transform=None, transform=InformedPairs()
        )

    def _pairs(self, design: Design, information: Information) -> Pairs:
        factor = self._levels(design)
        rows = np.maximum(factor.counts(), 1)
        return Pairs.of(
            information, self.rough_sd(design), factor.sums(self.covariate(design)) / rows
        )

    def _levels(self, design: Design) -> Factor:
        return design.factor(self.column)

    def _scale(self, design: Design) -> float:
        fixed, place = self._place(design)
        return float(fixed.scales[place])

    def _place(self, design: Design) -> tuple[FixedMatrix, int]:
        assert design.fixed is not None, "the design was refused without the covariate"
        return design.fixed, design.fixed.names.index(self.slope)


@dataclass(frozen=True)
class Pairs:
    """What the data alone say of each level's intercept and slope."""

    precision: FloatArray
    """Shape (3, levels): of the intercept, of both together, of the slope."""
    evidence: FloatArray
    """Precision times estimate, shape (2, levels)."""

    @classmethod
    def of(cls, information: Information, rough_sd: FloatArray, mean: FloatArray) -> Pairs:
        """Put together what a pilot says of intercepts and of slopes, each by itself.

        Parameters
        ----------
        information : Information
            Shape (2 levels,). Its estimates are one Newton step from a penalised fit, whose
            penalty is the slope of the likelihood there.
        rough_sd : array, shape (2 levels,)
            Of that penalty.
        mean : array, shape (levels,)
            Of the covariate in each level.
        """
        own, slope = information.precision.reshape(2, -1)
        gained = information.precision * rough_sd**2
        mode = information.estimate * gained / (1.0 + gained)
        both = own * mean
        at, at_slope = mode.reshape(2, -1)
        pull = (mode / rough_sd**2).reshape(2, -1)
        evidence = np.stack([own * at + both * at_slope, both * at + slope * at_slope]) + pull
        return cls(np.stack([own, both, slope]), evidence)


class InformedPairs(Transform):  # type: ignore[misc]
    """``ε = mean + root v`` of standard normals, pair by pair (see the module)."""

    name = "informed_pairs"
    ndim_supp = 0

    @staticmethod
    def mean(pairs: Pairs, spread: tuple[Tensor, Tensor, Tensor], shift: Tensor | None) -> Tensor:
        """Return zeros, the mean of the normals, carrying what is known.

        ``spread`` holds both SDs and the correlation; ``shift`` is by how much other effects have
        risen in the rows of each level, (2 levels,).
        """
        own, _, slope = pairs.precision
        levels = len(own)
        evidence = outside(pairs.evidence)
        if shift is not None:
            weight = outside(np.stack([own, slope]))
            evidence = evidence - weight * shift.reshape((2, levels))
        zeros = outside(np.zeros((levels, 2)))
        return _carrying(zeros, outside(pairs.precision), evidence, *spread)

    def backward(self, value: Any, *inputs: Any) -> Any:
        """Return ε."""
        mean, (first, cross, second) = _mean_and_root(*_carried(inputs[-2]))
        own, other = value[:, 0], value[:, 1]
        return pt.stack([mean[0] + first * own, mean[1] + cross * own + second * other], axis=1)

    def forward(self, value: Any, *inputs: Any) -> Any:
        """Return v."""
        mean, (first, cross, second) = _mean_and_root(*_carried(inputs[-2]))
        own = (value[:, 0] - mean[0]) / first
        return pt.stack([own, (value[:, 1] - mean[1] - cross * own) / second], axis=1)

    def log_jac_det(self, value: Any, *inputs: Any) -> Any:
        """Return the log of the diagonal of the root."""
        _, (first, _, second) = _mean_and_root(*_carried(inputs[-2]))
        return pt.log(pt.stack([first, second], axis=1))


def _mean_and_root(
    precision: Any, evidence: Any, sd: Any, slope_sd: Any, correlation: Any
) -> tuple[tuple[Any, Any], tuple[Any, Any, Any]]:
    """Return mean and Cholesky root of ``N(K⁻¹ L'P û, K⁻¹)`` of each level, number by number."""
    along, across = slope_sd * correlation, slope_sd * pt.sqrt(1.0 - correlation**2)
    own, both, slope = precision[0], precision[1], precision[2]
    k00 = 1.0 + sd**2 * own + 2.0 * sd * along * both + along**2 * slope
    k01 = across * (sd * both + along * slope)
    k11 = 1.0 + across**2 * slope
    determinant = k00 * k11 - k01**2
    g0, g1 = sd * evidence[0] + along * evidence[1], across * evidence[1]
    mean = (k11 * g0 - k01 * g1) / determinant, (k00 * g1 - k01 * g0) / determinant
    first = pt.sqrt(k11 / determinant)
    return mean, (first, -k01 / (determinant * first), 1.0 / pt.sqrt(k11))
