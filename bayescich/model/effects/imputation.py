"""Covariates that are blank in some rows, imputed inside the model from the complete ones.

    number        x_i ~ Normal(a + z_i'b, τ²)
    yes or no     logit P(x_i = 1) = a + z_i'b

with z the complete covariates, in standard deviations. Rows where x is known teach a, b and τ;
where it is blank, a number is learnt with the rest (``x = a + z'b + τ v``, v standard normal) and a
yes or no is summed over. So the outcome of a child says something of what is not recorded of it,
and no row is left out.

References
----------
Ibrahim, Chen & Lipsitz (1999), Missing covariates in generalized linear models when the missing
data mechanism is non-ignorable, JRSS B 61; docs/methods.md section 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from scipy.special import expit

from bayescich.design.core import Design, FixedMatrix, Hole, IntArray
from bayescich.model.draws import Draws, FloatArray, Tensor, outside, product
from bayescich.model.information import Location, Rotated
from bayescich.model.response.arrays import cells

_PRIOR_SD = 1.0
"""Of level and slopes, per standard deviation of both sides (log odds for a yes or no)."""


@dataclass(frozen=True)
class Imputation:
    """The models of the covariates that have blanks."""

    fixed: FixedMatrix

    @classmethod
    def of(cls, design: Design) -> Imputation | None:
        """Return what is to be imputed, or None."""
        if design.fixed is None or not design.fixed.holes:
            return None
        return cls(design.fixed)

    @property
    def numbers(self) -> tuple[Hole, ...]:
        """The blanks that are numbers."""
        return tuple(hole for hole in self.fixed.holes if not hole.is_binary)

    @property
    def flips(self) -> tuple[Hole, ...]:
        """The blanks that are a yes or no."""
        return tuple(hole for hole in self.fixed.holes if hole.is_binary)

    @property
    def predictors(self) -> FloatArray:
        """The complete covariates and a one, (rows, 1 + complete)."""
        return np.column_stack([np.ones(len(self.fixed.values)), self._complete()])

    def coords(self) -> dict[str, tuple[str, ...]]:
        """Return the imputed covariates and what they are imputed from."""
        names = self.fixed.names
        return {
            "imputed": tuple(names[hole.covariate] for hole in self.fixed.holes),
            "imputed_from": ("level", *(names[k] for k in self._places())),
        }

    def declare(self) -> tuple[Tensor, Tensor]:
        """Add the models of the covariates; return the numbers and the log odds of the blanks.

        In the order of the rows, as :func:`~bayescich.model.response.arrays.cells` has it.
        """
        rows, z = len(self.fixed.values), self.predictors
        slopes: list[Tensor] = []
        filled: list[Tensor] = []
        odds: list[Tensor] = []
        for place, hole in enumerate(self.fixed.holes):
            made = self._number if not hole.is_binary else self._flip
            slope, value = made(hole, z, f"imputed_{place}")
            slopes.append(slope)
            (odds if hole.is_binary else filled).append(value)
        pm.Deterministic("impute_slope", pt.stack(slopes), dims=("imputed", "imputed_from"))
        if self.numbers:
            sds = [pm.modelcontext(None)[f"{n}_sd_offset"] for n in self._number_names()]
            pm.Deterministic("impute_sd", pt.stack(sds))
        return (
            _joined(filled, cells(self.numbers, rows)[2]),
            _joined(odds, cells(self.flips, rows)[2]),
        )

    def _number(self, hole: Hole, z: FloatArray, name: str) -> tuple[Tensor, Tensor]:
        scale = self.fixed.scales[hole.covariate]
        seen = self._seen(hole)
        x = self.fixed.values[seen, hole.covariate] / scale
        # what rows with a number say is in sums of squares and products
        zz, zx, xx = z[seen].T @ z[seen], z[seen].T @ x, float(x @ x)
        start = np.linalg.lstsq(z[seen], x, rcond=None)[0]
        rough = float(np.sqrt(np.mean((x - z[seen] @ start) ** 2)))
        slope = _slopes(name, start, zz / rough**2)
        sd = pm.HalfNormal(f"{name}_sd_offset", 1.0, initval=rough)
        square = xx - 2.0 * (outside(zx) * slope).sum() + (product(zz, slope) * slope).sum()
        count = len(x)
        pm.Potential(f"{name}_seen", -count * pt.log(sd) - 0.5 * square / sd**2)
        v = pm.Normal(f"{name}_value_offset", 0.0, 1.0, shape=len(hole.rows))
        return slope, scale * (product(z[hole.rows], slope) + sd * v)

    def _flip(self, hole: Hole, z: FloatArray, name: str) -> tuple[Tensor, Tensor]:
        seen = self._seen(hole)
        x = self._raw(hole, seen)
        start, precision = _logistic(z[seen], x)
        slope = _slopes(name, start, precision)
        odds = product(z[seen], slope)
        pm.Potential(
            f"{name}_seen", (outside(z[seen].T @ x) * slope).sum() - pt.softplus(odds).sum()
        )
        return slope, product(z[hole.rows], slope)

    def mean(self, draws: Draws) -> list[tuple[Hole, FloatArray]]:
        """Return the expectation of each blank, centred as its covariate is, (samples, blanks)."""
        found = []
        for place, hole in enumerate(self.fixed.holes):
            eta = draws["impute_slope"][:, place] @ self.predictors[hole.rows].T
            if hole.is_binary:
                found.append((hole, expit(eta) - self.fixed.centres[hole.covariate]))
            else:
                found.append((hole, eta * self.fixed.scales[hole.covariate]))
        return found

    def sd(self, draws: Draws, hole: Hole) -> FloatArray:
        """Return how far a blank number lies around its expectation, (samples,)."""
        place = self.numbers.index(hole)
        return draws["impute_sd"][:, place] * self.fixed.scales[hole.covariate]

    def _places(self) -> list[int]:
        # company means are of the covariates themselves, blanks and all: they say nothing new
        incomplete = {hole.covariate for hole in self.fixed.holes}
        return [
            k
            for k, name in enumerate(self.fixed.names)
            if k not in incomplete and " mean of " not in name
        ]

    def _complete(self) -> FloatArray:
        places = self._places()
        return self.fixed.values[:, places] / self.fixed.scales[places]

    def _seen(self, hole: Hole) -> IntArray:
        mask = np.ones(len(self.fixed.values), dtype=np.bool_)
        mask[hole.rows] = False
        return np.flatnonzero(mask).astype(np.int64)

    def _raw(self, hole: Hole, rows: IntArray) -> FloatArray:
        return np.round(
            self.fixed.values[rows, hole.covariate] + self.fixed.centres[hole.covariate]
        )

    def _number_names(self) -> list[str]:
        return [
            f"imputed_{place}" for place, hole in enumerate(self.fixed.holes) if not hole.is_binary
        ]


def _slopes(name: str, start: FloatArray, precision: FloatArray) -> Tensor:
    sds = np.full(len(start), _PRIOR_SD)
    location = Location(start[:, None], precision[None])
    return pm.Normal(
        f"{name}_slope_offset", Rotated.mean(np.zeros(len(start)), location, sds), outside(sds),
        default_transform=None, transform=Rotated(),
    )  # fmt: skip


def _joined(parts: list[Tensor], order: IntArray) -> Tensor:
    if not parts:
        return pt.zeros(0)
    whole = parts[0] if len(parts) == 1 else pt.concatenate(parts)
    return whole[outside(order)]


def _logistic(z: FloatArray, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return estimate and information of a logistic regression, a little shrunk."""
    slope = np.zeros(z.shape[1])
    pull = np.eye(z.shape[1]) / _PRIOR_SD**2
    information = pull
    for _ in range(30):
        p = expit(z @ slope)
        information = (z.T * (p * (1.0 - p))) @ z
        step = np.linalg.solve(information + pull, z.T @ (x - p) - pull @ slope)
        slope = slope + step
        if np.abs(step).max() < 1e-8:
            break
    return slope, information
