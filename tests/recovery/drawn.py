"""Data drawn from the priors on the rows of a synthetic England: calibration by simulation.

Children, homes, providers, authorities and covariates stay; parameters are drawn from the model's
priors and the ends of stays from the parameters, each stay until its end or until the child is
nearly 18 or the records end. Over many draws every interval then covers as often as it says, and
the ranks of the truth are uniform, whatever the model: if they are not, something is wrong.

Data sets with hardly any end of some route are drawn again. That is a condition on the data, which
leaves the posterior as it is. The level of the baseline has a prior about the average row of the
data at hand, so it is not quite the same from one data set to the next; next to what the data say
of it, it counts for nothing.

References
----------
Talts et al. (2018), Validating Bayesian inference algorithms with simulation-based calibration;
Modrák et al. (2023), Bayesian Analysis, on ranks of the likelihood.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from bayescich.checks.spells import Spells
from bayescich.checks.walk import replicate_spells
from bayescich.design import Design, build_design
from bayescich.histories.analysis_table import load_analysis_table
from bayescich.histories.exits import CENSORED, nearly_18
from bayescich.model import Draws, Structure, build_model, make_structure
from bayescich.model.likelihoods.competing import CompetingLikelihood
from bayescich.model.likelihoods.times import HazardTimes
from bayescich.sampling.prior import sample_prior
from bayescich.spec import ModelSpec, load_model_spec, load_prior_set
from tests.recovery.fitting import england, fit
from tests.recovery.results import gather, row, rows_of

ENGLAND = 1
"""Seed of the England whose rows are used."""
PRIOR_DRAWS = 2000
FEWEST = 15
"""Ends by each route that a data set must have."""
LIKELIHOODS = 200
"""Draws of which the likelihood is evaluated for its rank."""


@dataclass(frozen=True)
class Study:
    """Rows to draw ends for, and parameters from the priors."""

    spec: ModelSpec
    table: pd.DataFrame
    """Sorted as the design is."""
    design: Design
    structure: Structure
    prior: xr.Dataset
    follow_up: np.ndarray
    """Days each stay can be seen for."""


def calibrate(name: str, model: str, new_folder: Callable[[str], Path]) -> pd.DataFrame:
    """Return one row per seed and quantity; the England is made when the first seed needs it."""

    @functools.cache
    def study() -> Study:
        return make_study(model, new_folder(model))

    return gather(name, lambda seed: recover(study(), seed, new_folder(f"{model}-{seed}")))


def make_study(model: str, folder: Path) -> Study:
    """Simulate the England, take the table of the model, draw parameters from its priors."""
    spec, _ = load_model_spec(model)
    table = load_analysis_table(spec.data, england(ENGLAND, folder), spec.histories).frame
    until = nearly_18(table["born"]).clip(upper=table["end"].max())
    days = (until - table["start"]).dt.days.to_numpy(np.float64)
    table, days = table[days > 0], days[days > 0]
    order = np.argsort(table[spec.unit].astype(str).to_numpy(), kind="stable")
    table, days = table.iloc[order].reset_index(drop=True), days[order]
    design, structure = build_design(table, spec), make_structure(spec)
    assert design.row_ids == tuple(table[spec.unit])
    priors = load_prior_set(spec.prior_set)[0].with_overrides(spec.priors)
    model_of_priors = build_model(structure, design, priors)
    prior = sample_prior(model_of_priors, PRIOR_DRAWS, 0)
    return Study(spec, table, design, structure, prior, days)


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
    rng = np.random.default_rng([seed, 77])
    for number in rng.permutation(PRIOR_DRAWS):
        draws = Draws.from_dataset(study.prior.isel(draw=[number]))
        eta = study.structure.linear_predictor(draws, study.design)
        family, unit = study.structure.likelihood.family, study.design.unit
        frailty = family.new(draws, unit.size, rng)[:, unit.codes]
        table = _ends(study, draws, eta, frailty, rng)
        if _can_be_fitted(study, table):
            return int(number), table
    raise AssertionError("no prior draw gives data that can be fitted")


def _ends(
    study: Study, draws: Draws, eta: np.ndarray, frailty: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    likelihood, outcome = study.structure.likelihood, study.spec.likelihood
    assert isinstance(likelihood, HazardTimes)
    spells = Spells.of(study.design)
    # some priors end half of all stays in a few weeks: whole days would make them too long by far
    drawn = replicate_spells(
        likelihood, draws, eta, frailty, spells, study.follow_up, rng, whole_days=False
    )
    # no stay is without any time at risk; priors have stays of a millionth of a day, too
    seen = np.maximum(drawn.days[0], 1e-12)
    ended = drawn.event[0].astype(int)
    if isinstance(likelihood, CompetingLikelihood):
        # a censored stay has the route -1: the last name
        ended = np.array([*likelihood.routes, CENSORED], dtype=object)[drawn.route[0]]
    return study.table.assign(**{outcome.time: seen, outcome.event: ended})


def _can_be_fitted(study: Study, table: pd.DataFrame) -> bool:
    ended = table[study.spec.likelihood.event]
    if not study.spec.routes:
        return bool(FEWEST * 10 <= ended.sum() <= len(table) - FEWEST)
    # the commonest route is the one whose factor is positive: it must be the same in every fit
    counts = [int((ended == route).sum()) for route in study.spec.routes]
    usual = np.bincount(study.design.outcome["cause"][study.design.outcome["cause"] >= 0])
    return min(counts) >= FEWEST and int(np.argmax(counts)) == int(np.argmax(usual))


def _log_likelihood(structure: Structure, design: Design, draws: Draws) -> np.ndarray:
    eta = structure.linear_predictor(draws, design)
    return structure.likelihood.log_likelihood(draws, eta, design).sum(axis=1)
