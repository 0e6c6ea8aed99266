"""Linear mixed models without sampling: maximum likelihood, and posteriors by importance sampling.

    y = X β + Z u + ε,      u = σ Λ v,      v ~ Normal(0, I),      ε ~ Normal(0, σ²)

β and v are integrated (or profiled) out in closed form (Bates et al. 2015, Fitting linear
mixed-effects models using lme4, section 3), which leaves a handful of SDs. Z is what the layouts of
the effects say, so it is the package's own reading of a table that is held against published
figures; the rest shares no line with the package.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.optimize import minimize
from scipy.sparse.linalg import splu
from scipy.stats import halfnorm, multivariate_t

from bayescich.design import Design, build_design
from bayescich.model import make_structure
from bayescich.model.effects.group import GroupEffect
from bayescich.model.effects.slopes import SlopesEffect
from bayescich.model.terms import Gathered, Labelled
from bayescich.spec import ModelSpec, load_model_spec, override_weights

FloatArray = npt.NDArray[np.float64]
Density = Callable[[FloatArray], float]

HERE = Path(__file__).parent
FREEDOM = 8.0
"""Of the t distribution that proposes; heavier in the tails than any posterior here."""


def anchor_spec(name: str, weights: str | None = None) -> ModelSpec:
    """Return ``tests/anchors/<name>.yaml``, the places weighed otherwise if asked."""
    spec, _ = load_model_spec(str(HERE / f"{name}.yaml"))
    return spec if weights is None else override_weights(spec, weights)


@dataclass(frozen=True)
class Group:
    """One group: its columns of Z, and what its levels have."""

    name: str
    columns: sparse.csr_array
    slopes: bool

    @classmethod
    def of(cls, effect: GroupEffect, design: Design) -> Group:
        slopes = isinstance(effect, SlopesEffect)
        return cls(effect.column, _columns(effect.layout(design)), slopes)

    @property
    def parameters(self) -> tuple[str, ...]:
        """What its SDs are called in the draws, and the correlation of slopes."""
        slopes = (f"{self.name}_slope_sd", f"{self.name}_slope_correlation")
        return (f"{self.name}_sd", *(slopes if self.slopes else ()))

    def root(self, sds: dict[str, float], residual: float) -> sparse.csc_array:
        """Return Λ of the group: the root of the covariance of its levels, in residual SDs."""
        ours = [sds[name] for name in self.parameters]
        if not self.slopes:
            return sparse.csc_array(ours[0] / residual * sparse.eye_array(self.columns.shape[1]))
        sd, slope, r = ours
        lower = np.array([[sd, 0.0], [slope * r, slope * np.sqrt(1.0 - r**2)]]) / residual
        return sparse.csc_array(sparse.kron(lower, sparse.eye_array(self.columns.shape[1] // 2)))


@dataclass(frozen=True)
class Fitted:
    """A linear mixed model at some SDs."""

    log_likelihood: float
    coefficients: FloatArray
    """The intercept, that of the average row, comes first."""
    covariance: FloatArray

    def of(self, place: int) -> tuple[float, float]:
        """Return a coefficient and its standard error."""
        return float(self.coefficients[place]), float(np.sqrt(self.covariance[place, place]))


@dataclass(frozen=True)
class Mixed:
    """A table and a spec as a linear mixed model: all sums over rows, and the groups."""

    design: Design
    groups: tuple[Group, ...]
    restricted: bool
    """Whether coefficients are integrated out (REML; a flat prior) or profiled."""
    zz: sparse.csc_array
    zx: FloatArray
    """Z'[X y], and so on."""
    xx: FloatArray

    @classmethod
    def of(cls, table: pd.DataFrame, spec: ModelSpec, *, restricted: bool) -> Mixed:
        design = build_design(table, spec)
        effects = make_structure(spec).groups
        groups = tuple(Group.of(effect, design) for effect in effects)
        z = sparse.csr_array(sparse.hstack([group.columns for group in groups]))
        assert design.fixed is not None
        y = design.outcome["y"][:, 0]
        x = np.column_stack([np.ones(design.rows), design.fixed.values, y])
        return cls(design, groups, restricted, sparse.csc_array(z.T @ z), z.T @ x, x.T @ x)

    @property
    def parameters(self) -> tuple[str, ...]:
        """What is not integrated out."""
        return (*(name for group in self.groups for name in group.parameters), "residual_sd")

    def at(self, sds: dict[str, float]) -> Fitted:
        """Return the likelihood, and what it says of the coefficients, at these SDs."""
        residual = sds["residual_sd"]
        root = sparse.csc_array(
            sparse.block_diag([group.root(sds, residual) for group in self.groups])
        )
        inner = sparse.csc_array(root.T @ self.zz @ root + sparse.eye_array(root.shape[0]))
        factor = splu(inner, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
        along = root.T @ self.zx
        whole = self.xx - along.T @ factor.solve(along)
        x, xy, yy = whole[:-1, :-1], whole[:-1, -1], whole[-1, -1]
        coefficients = np.linalg.solve(x, xy)
        count = self.design.rows - (len(x) if self.restricted else 0)
        deviance = np.log(np.abs(factor.U.diagonal())).sum()
        deviance += count * np.log(2.0 * np.pi * residual**2)
        deviance += (yy - xy @ coefficients) / residual**2
        deviance += np.linalg.slogdet(x)[1] if self.restricted else 0.0
        return Fitted(-0.5 * float(deviance), coefficients, residual**2 * np.linalg.inv(x))

    def sds(self, free: FloatArray) -> dict[str, float]:
        """Return SDs, and correlations from their inverse hyperbolic tangents."""
        pairs = zip(self.parameters, free, strict=True)
        return {n: float(np.tanh(v)) if _is_correlation(n) else float(v) for n, v in pairs}

    def maximise(self) -> tuple[dict[str, float], Fitted]:
        """Return the SDs of the greatest likelihood, and what it is there."""
        found = _climb(self._log_likelihood, self._start())
        return self.sds(found), self.at(self.sds(found))

    def _log_likelihood(self, free: FloatArray) -> float:
        sds = self.sds(free)
        if any(v <= 0.0 for n, v in sds.items() if not _is_correlation(n)):
            return -np.inf
        return self.at(sds).log_likelihood

    def _start(self) -> FloatArray:
        spread = self.design.outcome["y"].std() / 3.0
        return np.array([0.0 if _is_correlation(n) else spread for n in self.parameters])

    def posterior(self, prior_sd: float, draws: int, seed: int) -> dict[str, tuple[float, float]]:
        """Return posterior means by importance sampling, each with its Monte Carlo error.

        SDs have half-normal priors, correlations LKJ(2), coefficients none.
        """
        assert self.restricted, "coefficients without a prior are integrated out"

        def density(free: FloatArray) -> float:
            total = self._log_likelihood(free)
            for name, value in self.sds(free).items():
                # a correlation's density is that of its inverse hyperbolic tangent: once more 1-r²
                total += (
                    2.0 * np.log1p(-(value**2)) if _is_correlation(name)
                    else halfnorm.logpdf(value, scale=prior_sd)
                )  # fmt: skip
            return total

        mode = _climb(density, self._start())
        proposal = multivariate_t(mode, _covariance(density, mode), df=FREEDOM, seed=seed)
        points = proposal.rvs(draws)
        log_weights = np.array([density(point) for point in points]) - proposal.logpdf(points)
        weights = np.exp(log_weights - log_weights.max())
        weights /= weights.sum()
        assert 1.0 / (weights**2).sum() > 0.5 * draws, "the proposal is a bad one"
        values = pd.DataFrame([self.sds(point) for point in points])
        means = weights @ values
        errors = np.sqrt((weights**2) @ (values - means) ** 2)
        return {n: (float(means[n]), float(errors[n])) for n in self.parameters}


def _is_correlation(name: str) -> bool:
    return name.endswith("correlation")


def _columns(layout: Gathered | Labelled) -> sparse.csr_array:
    if isinstance(layout, Labelled):
        return layout.matrix()
    rows = len(layout.codes)
    matrix = (np.ones(rows), (np.arange(rows), layout.codes))
    return sparse.csr_array(sparse.coo_array(matrix, shape=(rows, layout.size)))


def _climb(density: Density, start: FloatArray) -> FloatArray:
    found = minimize(
        lambda free: -density(free), start, method="Nelder-Mead",
        options={"xatol": 1e-5, "fatol": 1e-7, "maxiter": 4000, "adaptive": True},
    )  # fmt: skip
    assert found.success
    return np.asarray(found.x)


def _covariance(density: Density, mode: FloatArray) -> FloatArray:
    """Return the inverse of minus the curvature, by differences."""
    step = 0.02
    moves = np.diag(step * np.maximum(np.abs(mode), 0.1))

    def second(a: FloatArray, b: FloatArray) -> float:
        corners = (density(mode + s * a + t * b) * s * t for s in (1, -1) for t in (1, -1))
        return sum(corners) / 4.0

    curvature = np.array([[second(a, b) for b in moves] for a in moves])
    sizes = np.diag(moves)
    return np.linalg.inv(-curvature / np.outer(sizes, sizes))
