"""Outcomes drawn from the priors on the children of a synthetic England.

As ``drawn.py`` does with stays: children, homes, weights and covariates stay, parameters are drawn
from the model's priors and outcomes from the parameters, and whether they are recorded, too. Who
is asked at all (was the outcome measured in that year?) stays as it is.

What models of blank covariates are told is not drawn: the covariates that are there stay. So
their parameters are not drawn from the priors but from what these covariates say of them, by the
normal that agrees with thousands of rows; the covariates that are blank are drawn with them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from bayescich.design import Design, build_design
from bayescich.design.resolve import resolve_spec
from bayescich.histories.analysis_table import load_analysis_table
from bayescich.model import Draws, Structure, build_model, make_structure
from bayescich.model.effects.imputation import Imputation, _logistic
from bayescich.model.likelihoods.responses import ResponseLikelihood, is_hurdle
from bayescich.sampling.prior import sample_prior
from bayescich.spec import ModelSpec, load_model_spec, load_prior_set
from bayescich.spec.outcomes import ResponseSpec
from tests.recovery.drawn import ENGLAND, LIKELIHOODS, PRIOR_DRAWS
from tests.recovery.fitting import england, fit
from tests.recovery.results import gather, row, rows_of

FEWEST = 40
"""Children with and without anything that is a yes or no, in a data set."""


@dataclass(frozen=True)
class Study:
    """Children to draw outcomes for, and parameters from the priors."""

    spec: ModelSpec
    table: pd.DataFrame
    """Sorted as the design is."""
    design: Design
    structure: Structure
    prior: xr.Dataset


def calibrate(outcome: str, new_folder: Callable[[str], Path]) -> pd.DataFrame:
    """Return one row per seed and quantity; the England is made when the first seed needs it."""

    @functools.cache
    def study() -> Study:
        return make_study(outcome, new_folder(outcome))

    name = f"outcomes-{outcome}-from-priors"
    return gather(name, lambda seed: recover(study(), seed, new_folder(f"{outcome}-{seed}")))


def make_study(outcome: str, folder: Path) -> Study:
    """Simulate the England, take the table of the model, draw parameters from its priors."""
    spec, _ = load_model_spec("outcomes16", outcome)
    table = load_analysis_table(spec.data, england(ENGLAND, folder), spec.histories).frame
    order = np.argsort(table[spec.unit].astype(str).to_numpy(), kind="stable")
    table = table.iloc[order].reset_index(drop=True)
    spec = resolve_spec(table, spec).spec
    design, structure = build_design(table, spec), make_structure(spec)
    assert design.row_ids == tuple(table[spec.unit])
    priors = load_prior_set(spec.prior_set)[0].with_overrides(spec.priors)
    prior = sample_prior(build_model(structure, design, priors), PRIOR_DRAWS, 0)
    return Study(spec, table, design, structure, _with_imputations(prior, design))


def _with_imputations(prior: xr.Dataset, design: Design) -> xr.Dataset:
    """Exchange the parameters of the models of blanks for what the covariates say of them."""
    imputation = Imputation.of(design)
    if imputation is None:
        return prior
    rng = np.random.default_rng([ENGLAND, 78])
    fixed, slopes, sds = imputation.fixed, [], []
    for hole in fixed.holes:
        seen = np.setdiff1d(np.arange(design.rows), hole.rows)
        z, x = imputation.predictors[seen], fixed.values[seen, hole.covariate]
        if hole.is_binary:
            mean, precision = _logistic(z, np.round(x + fixed.centres[hole.covariate]))
            slopes.append(_normals(mean, precision + np.eye(len(mean)), PRIOR_DRAWS, rng))
            continue
        x = x / fixed.scales[hole.covariate]
        rough = np.linalg.lstsq(z, x, rcond=None)[0]
        residual = float(((x - z @ rough) ** 2).sum())
        sd = np.sqrt(residual / rng.chisquare(len(x) - len(rough), PRIOR_DRAWS))
        sds.append(sd)
        # the prior of level and slopes is standard normal
        precisions = (z.T @ z / s**2 + np.eye(len(rough)) for s in sd)
        means = (
            (np.linalg.solve(p, z.T @ x / s**2), p) for p, s in zip(precisions, sd, strict=True)
        )
        slopes.append(np.concatenate([_normals(m, p, 1, rng) for m, p in means]))
    changed = prior.copy()
    made = {"impute_slope": np.stack(slopes, axis=1), "impute_sd": np.stack(sds, axis=1)}
    for name, values in made.items():
        changed[name] = prior[name].copy(data=values.reshape(prior[name].shape))
    return changed


def _normals(
    mean: np.ndarray, precision: np.ndarray, draws: int, rng: np.random.Generator
) -> np.ndarray:
    root = np.linalg.cholesky(np.linalg.inv(precision))
    return mean + rng.standard_normal((draws, len(mean))) @ root.T


def recover(study: Study, seed: int, folder: Path) -> pd.DataFrame:
    """Draw one data set, fit it, and rank the truth among the draws."""
    number, table = draw(study, seed)
    truth = study.prior.isel(chain=0, draw=number)
    posterior, design, structure = fit(table, study.spec, folder, seed)
    rows = [
        entry
        for name in map(str, posterior.data_vars)
        for entry in rows_of(seed, name, truth[name], posterior[name])
    ]
    one = study.prior.isel(draw=[number])
    true = _log_likelihood(structure, design, Draws.from_dataset(one))
    found = _log_likelihood(structure, design, Draws.from_dataset(posterior).thin(LIKELIHOODS))
    return pd.DataFrame([*rows, row(seed, "log likelihood", "", float(true[0]), found)])


def draw(study: Study, seed: int) -> tuple[int, pd.DataFrame]:
    """Return the number of a prior draw and a table drawn from it that can be fitted."""
    rng = np.random.default_rng([seed, 79])
    for number in rng.permutation(PRIOR_DRAWS):
        draws = Draws.from_dataset(study.prior.isel(draw=[number]))
        table = _drawn(study, draws, rng)
        if table is not None:
            return int(number), table
    raise AssertionError("no prior draw gives data that can be fitted")


def _drawn(study: Study, draws: Draws, rng: np.random.Generator) -> pd.DataFrame | None:
    """Return the table with new outcomes; None where hardly any child has one, or lacks it."""
    likelihood, item, design = study.structure.likelihood, study.spec.likelihood, study.design
    assert isinstance(likelihood, ResponseLikelihood)
    assert isinstance(item, ResponseSpec)
    # blanks are in it as they are expected to be; each is drawn around that with the outcomes
    eta = study.structure.linear_predictor(draws, design)
    every = likelihood.replicate_all(draws, eta, design, rng)[0]
    seen = design.outcome["seen"] == 1
    value = every[0] * every[1] if is_hurdle(design) else every[0]
    recorded = study.table[item.outcome].notna().to_numpy()
    changed = study.table
    if item.missing == "modelled":
        asked, recorded = seen[:, -1], every[-1] == 1
        recorded = recorded & asked
        if min(recorded.sum(), (asked & ~recorded).sum()) < FEWEST:
            return None
        assert item.reason is not None
        why = changed[item.reason].where(~asked, "drawn")
        changed = changed.assign(**{item.reason: why.mask(recorded)})
    some = (value > 0) & recorded
    if min(some.sum(), (recorded & ~some).sum()) < FEWEST:
        return None
    return changed.assign(**{item.outcome: np.where(recorded, value, np.nan)})


def _log_likelihood(structure: Structure, design: Design, draws: Draws) -> np.ndarray:
    eta = structure.linear_predictor(draws, design)
    return structure.likelihood.log_likelihood(draws, eta, design).sum(axis=1)
