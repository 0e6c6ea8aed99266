"""A small table that every likelihood can be fitted to, and models of it at random points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
from pytensor.configdefaults import config

from bayescich.design import Design, build_design
from bayescich.model import Draws, Structure, build_model, make_structure
from bayescich.sampling.chain import centre
from bayescich.spec import ModelSpec, PriorSet, load_prior_set

CUTS = (7.0, 28.0, 91.0, 365.0)
GRADES = ("Poor", "Fair", "Good", "Best")

HAZARD = {"family": "hazard", "event": "moved", "time": "days", "entry": "entry", "cuts": CUTS}
LIKELIHOODS: dict[str, dict[str, Any]] = {
    "hazard": HAZARD,
    "hazard with frailty": {**HAZARD, "frailty": "child"},
    "ordinal": {"family": "ordinal", "outcome": "grade", "categories": GRADES},
    "binomial": {"family": "binomial", "outcome": "deaths", "trials": "operations"},
    "bernoulli": {"family": "bernoulli", "outcome": "moved"},
    "gaussian": {"family": "gaussian", "outcome": "score"},
    "gaussian with known errors": {"family": "gaussian", "outcome": "score", "known_sd": "se"},
}
EFFECTS: tuple[dict[str, Any], ...] = (
    {"kind": "fixed", "formula": "age + male"},
    {"kind": "home_type"},
    {"kind": "group", "by": "home", "parametrisation": "noncentred"},
    {"kind": "group", "by": "authority", "parametrisation": "centred", "zero_sum": True},
    {"kind": "group", "by": "year", "parametrisation": "noncentred", "zero_sum": True},
)


def toy_table(rows: int = 60) -> pd.DataFrame:
    """Spells of about twenty children in eight homes; some enter late, some move repeatedly."""
    rng = np.random.default_rng(5)
    home = np.r_[np.arange(8), rng.integers(0, 8, rows - 8)]
    days = rng.integers(1, 900, rows).astype(float)
    days[:4] = 7, 28, 91, 365  # ends on the cuts
    table = pd.DataFrame(
        {
            "child": [f"C{k:02d}" for k in rng.integers(0, rows // 3, rows)],
            "home": [f"H{h}" for h in home],
            "home_type": np.array(["large", "small", "solo"])[home % 3],
            "authority": [f"A{k}" for k in rng.integers(0, 4, rows)],
            "year": [f"{2020 + k}" for k in rng.integers(0, 3, rows)],
            "age": rng.normal(14, 2, rows),
            "male": rng.integers(0, 2, rows),
            "days": days,
            "entry": np.where(rng.random(rows) < 0.3, days * rng.random(rows), 0.0),
            "moved": rng.integers(0, 2, rows),
            "grade": np.array(GRADES)[np.r_[np.arange(4), rng.integers(0, 4, rows - 4)]],
            "operations": rng.integers(1, 50, rows),
            "score": rng.normal(0, 1, rows),
            "se": rng.uniform(0.2, 1.0, rows),
        }
    )
    table["deaths"] = rng.binomial(table["operations"], 0.2)
    return table


def toy_spec(likelihood: str, effects: tuple[dict[str, Any], ...] = EFFECTS) -> ModelSpec:
    return ModelSpec.model_validate(
        {
            "name": "toy",
            "title": "toy",
            "unit": "child",
            "likelihood": LIKELIHOODS[likelihood],
            "effects": effects,
        }
    )


@dataclass(frozen=True)
class Toy:
    """A model of the toy table and the means to evaluate it."""

    spec: ModelSpec
    design: Design
    priors: PriorSet
    structure: Structure
    model: pm.Model
    _compiled: dict[str, Callable[..., Any]] = field(default_factory=dict)

    @property
    def likelihood(self) -> Any:
        return self.structure.likelihood

    def point(self, seed: int) -> dict[str, np.ndarray]:
        """A random point of the sampler's own, unconstrained space."""
        rng = np.random.default_rng(seed)
        start = centre(self.model)
        return {
            v.name: start[v.name] + rng.uniform(-1, 1, np.shape(start[v.name]))
            for v in self.model.value_vars
        }

    def draws(self, point: dict[str, np.ndarray]) -> Draws:
        """What would be stored of this point: one sample of every variable."""
        rvs = [*self.model.free_RVs, *self.model.deterministics]
        if "draws" not in self._compiled:
            values = self.model.replace_rvs_by_values(rvs)
            with config.change_flags(cxx=""):
                self._compiled["draws"] = self.model.compile_fn(values, mode="FAST_COMPILE")
        evaluated = self._compiled["draws"](point)
        return Draws({v.name: np.asarray(x)[None] for v, x in zip(rvs, evaluated, strict=True)})

    def log_likelihood(self, point: dict[str, np.ndarray]) -> float:
        """The graph's log-likelihood: potentials and observed variables, without the priors."""
        terms = [*self.model.potentials, *self.model.observed_RVs]
        if "logp" not in self._compiled:
            with config.change_flags(cxx=""):
                compiled = self.model.compile_logp(vars=terms, mode="FAST_COMPILE")
            self._compiled["logp"] = compiled
        return float(self._compiled["logp"](point))


def toy(
    likelihood: str,
    effects: tuple[dict[str, Any], ...] = EFFECTS,
    table: pd.DataFrame | None = None,
    *,
    pool_home_types: bool = True,
) -> Toy:
    spec = toy_spec(likelihood, effects)
    design = build_design(toy_table() if table is None else table, spec)
    priors, _ = load_prior_set("neutral")
    structure = make_structure(spec, pool_home_types=pool_home_types)
    return Toy(spec, design, priors, structure, build_model(structure, design, priors))
