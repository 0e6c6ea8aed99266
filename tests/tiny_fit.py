"""Small fits with synthetic draws: a table drawn from a known truth, and draws close around it.

Nothing is sampled. The draws are the truth plus a little independent noise, so that a check that
should pass does, and each test breaks the one thing it is about.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import expit

from bayescich.design import build_design
from bayescich.model import make_structure
from bayescich.sampling.fit import Fit
from bayescich.spec import ModelSpec, load_prior_set

TYPES = ("Large", "Medium", "Small", "Solo")
TYPE_EFFECTS = np.array([-0.3, -0.1, 0.0, 0.4])
HOME_SD, PROVIDER_SD, FRAILTY = 0.4, 0.3, 0.5
HOMES, PROVIDERS, YEARS = 60, 15, 4
CUTS = (91.0, 365.0)
GRADES = ("Inadequate", "Requires improvement", "Good", "Outstanding")
CHAINS, DRAWS = 4, 400

_GROUPS = [
    {"kind": "home_type"},
    {"kind": "group", "by": "home"},
    {"kind": "group", "by": "provider"},
    {"kind": "group", "by": "year", "zero_sum": True},
]


def hazard_fit(rows: int = 1500, **changes: Any) -> Fit:
    """Spells of children with a gamma frailty; changes replace posterior variables."""
    rng = np.random.default_rng(11)
    truth, table = _hierarchy(rng, rows)
    children = rows // 3
    child = np.r_[np.arange(children), rng.integers(0, children, rows - children)]
    frailty = rng.gamma(1 / FRAILTY, FRAILTY, children)
    age = rng.normal(14.0, 2.0, rows)
    eta = _eta(truth, table) + 0.1 * (age - age.mean())
    moved_at = rng.exponential(1 / (frailty[child] * np.exp(eta - 0.4))) * 365.25
    censored_at = rng.uniform(100.0, 1500.0, rows)
    table["child"] = [f"A/{c:04d}" for c in child]
    table["days"] = np.ceil(np.minimum(moved_at, censored_at)).astype(int)
    table["moved"] = (moved_at <= censored_at).astype(int)
    table["age"] = age
    truth |= {
        "fixed": np.array([0.1]),
        "baseline": np.full(len(CUTS) + 1, -0.4),
        "frailty_variance": np.array(FRAILTY),
        "baseline_step_sd": np.array(0.2),
    }
    likelihood = {
        "family": "hazard", "event": "moved", "time": "days", "cuts": CUTS, "frailty": "child",
    }  # fmt: skip
    effects = [{"kind": "fixed", "formula": "age"}, *_GROUPS]
    report = {"outcome_name": "move", "higher_is": "worse", "horizon_days": 365}
    spec = _spec("tiny_hazard", "child", likelihood, effects, report)
    return _fit(spec, table, truth, changes)


def ordinal_fit(rows: int = 1200, **changes: Any) -> Fit:
    """Inspections of homes with four grades."""
    rng = np.random.default_rng(12)
    truth, table = _hierarchy(rng, rows)
    cutpoint = np.array([-3.5, -1.5, 2.0])
    latent = _eta(truth, table) + rng.logistic(size=rows)
    table["grade"] = np.array(GRADES)[(latent[:, None] > cutpoint).sum(axis=1)]
    truth |= {
        "cutpoint": cutpoint,
        "cutpoint_gap": np.diff(cutpoint),
    }
    likelihood = {"family": "ordinal", "outcome": "grade", "categories": GRADES}
    spec = _spec("tiny_ordinal", "home", likelihood, _GROUPS, {"higher_is": "better"})
    return _fit(spec, table, truth, changes)


def binomial_fit(**changes: Any) -> Fit:
    """Twelve hospitals, no home types."""
    rng = np.random.default_rng(13)
    effects = rng.normal(0.0, 0.5, 12)
    trials = rng.integers(80, 400, 12)
    table = pd.DataFrame({"hospital": [f"H{j:02d}" for j in range(12)], "operations": trials})
    table["deaths"] = rng.binomial(trials, expit(-2.0 + effects))
    truth = {
        "intercept": np.array(-2.0),
        "hospital_effect": effects,
        "hospital_sd": np.array(0.5),
    }
    likelihood = {"family": "binomial", "outcome": "deaths", "trials": "operations"}
    spec = _spec("tiny_binomial", "hospital", likelihood, [{"kind": "group", "by": "hospital"}])
    return _fit(spec, table, truth, changes)


def gaussian_fit(**changes: Any) -> Fit:
    """Eight studies with a known standard error each."""
    rng = np.random.default_rng(14)
    effects = rng.normal(0.0, 1.0, 8)
    table = pd.DataFrame({"school": list("abcdefgh"), "se": rng.uniform(0.5, 1.0, 8)})
    table["effect"] = effects + table["se"] * rng.standard_normal(8)
    truth = {"intercept": np.array(0.0), "school_effect": effects, "school_sd": np.array(1.0)}
    likelihood = {"family": "gaussian", "outcome": "effect", "known_sd": "se"}
    spec = _spec("tiny_gaussian", "school", likelihood, [{"kind": "group", "by": "school"}])
    return _fit(spec, table, truth, changes)


def with_stats(fit: Fit, **stats: Any) -> Fit:
    """Replace sampler statistics, each of shape (chains, draws); None removes one."""
    data = fit.tree["sample_stats"].to_dataset()
    for name, values in stats.items():
        data = data.drop_vars(name, errors="ignore")
        if values is not None:
            data[name] = (("chain", "draw"), values)
    return replace(fit, tree=_tree(fit, sample_stats=data), cache={})


def with_posterior(fit: Fit, **draws: Any) -> Fit:
    """Replace posterior variables: arrays of shape (chains, draws, ...)."""
    data = fit.tree["posterior"].to_dataset()
    for name, values in draws.items():
        data[name] = (data[name].dims, np.broadcast_to(values, data[name].shape))
    return replace(fit, tree=_tree(fit, posterior=data), cache={})


def one_chain(fit: Fit) -> Fit:
    """Keep the first chain."""
    first = {
        name: fit.tree[name].to_dataset().isel(chain=[0]) for name in ("posterior", "sample_stats")
    }
    return replace(fit, tree=_tree(fit, **first), cache={})


def _tree(fit: Fit, **groups: xr.Dataset) -> xr.DataTree:
    kept = {str(name): fit.tree[name].to_dataset() for name in fit.tree.children}
    return xr.DataTree.from_dict({**kept, **groups})


def _hierarchy(rng: np.random.Generator, rows: int) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    owner, kind = rng.integers(0, PROVIDERS, HOMES), np.arange(HOMES) % len(TYPES)
    home, year = rng.integers(0, HOMES, rows), rng.integers(0, YEARS, rows)
    home[:HOMES], owner[:PROVIDERS], year[:YEARS] = range(HOMES), range(PROVIDERS), range(YEARS)
    table = pd.DataFrame(
        {
            "home": [f"SC{h:03d}" for h in home],
            "provider": [f"P{p:02d}" for p in owner[home]],
            "home_type": [TYPES[k] for k in kind[home]],
            "year": [f"{2020 + y}" for y in year],
        }
    )
    year_effects = np.array([0.1, -0.1, 0.05, -0.05])
    truth = {
        "home_type_effect": TYPE_EFFECTS,
        "home_type_sd": np.array(0.3),
        "home_effect": rng.normal(0.0, HOME_SD, HOMES),
        "home_sd": np.array(HOME_SD),
        "provider_effect": rng.normal(0.0, PROVIDER_SD, PROVIDERS),
        "provider_sd": np.array(PROVIDER_SD),
        "year_effect": year_effects,
        "year_sd": np.array(0.1),
    }
    return truth, table


def _eta(truth: dict[str, np.ndarray], table: pd.DataFrame) -> np.ndarray:
    eta = np.zeros(len(table))
    for column in ("home_type", "home", "provider", "year"):
        _, codes = np.unique(table[column], return_inverse=True)
        eta += truth[f"{column}_effect"][codes]
    return eta


def _spec(
    name: str, unit: str, likelihood: Any, effects: Any, report: Any | None = None
) -> ModelSpec:
    return ModelSpec.model_validate(
        {
            "name": name, "title": name, "unit": unit, "likelihood": likelihood,
            "effects": effects, "report": report or {},
        }
    )  # fmt: skip


def _fit(
    spec: ModelSpec, table: pd.DataFrame, truth: dict[str, np.ndarray], changes: dict[str, Any]
) -> Fit:
    rng = np.random.default_rng(15)
    design = build_design(table, spec)
    priors, _ = load_prior_set("neutral")
    dims = {
        **{f"{c}_effect": c for c in spec.group_columns},
        "fixed": "covariate", "baseline": "band", "cutpoint": "threshold", "cutpoint_gap": "gap",
    }  # fmt: skip
    coords = {c: list(design.factors[c].levels) for c in spec.group_columns}
    if design.fixed is not None:
        coords["covariate"] = list(design.fixed.names)
    coords |= {"band": list(design.coords.get("band", ()))}
    coords |= {"threshold": list(design.coords.get("cutpoint", ()))}
    truth = truth | {name: np.asarray(value, dtype=float) for name, value in changes.items()}
    posterior = _around(rng, truth, dims, coords, 0.03)
    tree = {
        "posterior": posterior,
        "sample_stats": _stats(rng),
        "prior": _prior(rng, truth, dims, coords),
    }
    unpooled = None
    if "home_type_effect" in truth:
        free = {"home_type_effect": truth["home_type_effect"]}
        unpooled = xr.DataTree.from_dict({"posterior": _around(rng, free, dims, coords, 0.15)})
    return Fit(
        spec, priors, table, design, make_structure(spec), xr.DataTree.from_dict(tree), unpooled
    )


def _around(
    rng: np.random.Generator, truth: dict[str, Any], dims: Any, coords: Any, sd: float
) -> xr.Dataset:
    data = {}
    for name, value in truth.items():
        noise = rng.standard_normal((CHAINS, DRAWS, *np.shape(value)))
        # what must be positive varies in proportion
        positive = name.endswith(("_sd", "_variance", "_gap"))
        drawn = value * np.exp(sd * noise) if positive else value + sd * noise
        if name == "home_type_effect":
            drawn -= drawn.mean(axis=-1, keepdims=True)
        data[name] = (("chain", "draw", *([dims[name]] if name in dims else [])), drawn)
    used = {d for _, (names, _) in data.items() for d in names}
    return xr.Dataset(
        data, coords={k: v for k, v in coords.items() if k in used and v}
    ).assign_coords(chain=np.arange(CHAINS), draw=np.arange(DRAWS))


def _prior(rng: np.random.Generator, truth: dict[str, Any], dims: Any, coords: Any) -> xr.Dataset:
    data = _around(rng, truth, dims, coords, 1.0)
    for name in data.data_vars:
        column = str(name).removesuffix("_effect")
        if str(name).endswith("_sd"):
            data[name] = data[name].copy(data=np.abs(rng.normal(0.0, 0.5, data[name].shape)))
        if str(name).endswith("_effect"):
            shape = data[name].shape
            data[name] = data[name].copy(
                data=data[f"{column}_sd"].to_numpy()[..., None] * rng.standard_normal(shape)
            )
    return data.isel(chain=[0])


def _stats(rng: np.random.Generator) -> xr.Dataset:
    shape = (CHAINS, DRAWS)
    stats = {
        "diverging": np.zeros(shape, dtype=bool),
        "depth": np.full(shape, 4),
        "maxdepth_reached": np.zeros(shape, dtype=bool),
        "n_steps": np.full(shape, 15),
        "step_size_bar": np.full(shape, 0.2),
        "energy": rng.standard_normal(shape),
    }
    return xr.Dataset(
        {name: (("chain", "draw"), values) for name, values in stats.items()},
        coords={"chain": np.arange(CHAINS), "draw": np.arange(DRAWS)},
    )
