"""Small fits of the newer kinds: competing routes, split spells, cells and several baselines.

As in :mod:`tests.tiny_fit` nothing is sampled: the draws are the truth plus a little noise.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayescich.design import build_design
from bayescich.design.core import Design
from bayescich.model import make_structure
from bayescich.sampling.fit import Fit
from bayescich.spec import ModelSpec, load_prior_set
from tests.tiny_fit import CHAINS, CUTS, DRAWS, FRAILTY, HOMES, PROVIDERS, TYPES, _stats

ROUTES = ("return home", "another home", "other")
LEVELS = np.array([-0.9, -0.5, -1.9])
"""Log hazard a year of each route."""
TYPE_EFFECTS = np.array([[-0.3, 0.2, 0.0], [0.0, -0.1, 0.1], [0.1, 0.1, -0.1], [0.2, -0.2, 0.0]])
HOME_SD, PROVIDER_SD = np.array([0.4, 0.5, 0.3]), np.array([0.2, 0.2, 0.2])
CORRELATION = np.array([[1.0, 0.4, 0.2], [0.4, 1.0, 0.3], [0.2, 0.3, 1.0]])
AUTHORITIES = ("Anglia", "Borset", "Cambria", "Dorset", "Essex")
NOT_RECORDED = np.array([-2.5, -2.0, -1.0, 0.0, -1.5])
"""Log odds of each authority."""

_HOMES = [{"kind": "home_type"}, {"kind": "group", "by": "home"},
          {"kind": "group", "by": "provider", "across_routes": "independent"}]  # fmt: skip
_DIMS = {
    "fixed": ("covariate",), "baseline": ("band",), "baseline_departure": ("baseline_of", "band"),
    "recording_logit": ("recorder",), "home_type_effect": ("home_type",),
    "home_effect": ("home",), "provider_effect": ("provider",), "authority_effect": ("authority",),
}  # fmt: skip
_ONE_FOR_ALL = {"frailty_variance", "frailty_sd", "fixed_route_sd", "recording_level",
                "recording_sd", "recording_shift", "recording_logit"}  # fmt: skip


def competing_fit(
    rows: int = 1500,
    *,
    recording: bool = True,
    shift: float = 0.0,
    family: str = "gamma",
    collapse: bool = False,
    split: bool = False,
    frail: tuple[bool, ...] = (True, True, True),
    seed: int = 21,
    **changes: Any,
) -> Fit:
    """Spells that end by one of three routes, some of which are not recorded.

    In the data the frailty acts on the routes that are ``frail``; in the model on all.
    """
    rng = np.random.default_rng(seed)
    table = _spells(rng, rows)
    homes = _homes(rng)
    eta = (
        _eta(homes, table) + np.array([0.2, 0.0, -0.1]) * (table["male"] - 0.5).to_numpy()[:, None]
    )
    frailty = np.ones(rows)
    if not collapse:
        each = _frailties(rng, family, table["child"].nunique())
        frailty = each[np.unique(table["child"], return_inverse=True)[1]]
    rate = np.exp(LEVELS + eta) * np.where(frail, frailty[:, None], 1.0)
    ended_at = np.ceil(rng.exponential(1.0 / rate.sum(axis=1)) * 365.25)
    censored_at = np.ceil(rng.uniform(100.0, 1500.0, rows))
    route = (rng.random(rows)[:, None] > np.cumsum(rate, 1) / rate.sum(1, keepdims=True)).sum(1)
    words = np.array(ROUTES)[route]
    if recording:
        place = route - 1.0
        logit = NOT_RECORDED[np.searchsorted(AUTHORITIES, table["authority"])] + shift * place
        words = np.where(rng.random(rows) < 1.0 / (1.0 + np.exp(-logit)), "not known", words)
    table["days"] = np.minimum(ended_at, censored_at)
    table["exit"] = np.where(ended_at <= censored_at, words, "censored")
    truth = homes | {
        "fixed": np.array([[0.2, 0.0, -0.1]]),
        "fixed_mean": np.array([0.03]),
        "fixed_route_sd": np.array(0.2),
        "baseline": np.tile(LEVELS, (len(CUTS) + 1, 1)),
        "baseline_step_sd": np.full(3, 0.2),
    }
    likelihood: dict[str, Any] = {
        "family": "competing", "event": "exit", "time": "days", "cuts": CUTS, "routes": ROUTES,
        "collapse": collapse,
    }  # fmt: skip
    if not collapse:
        likelihood |= {"frailty": "child", "frailty_family": family}
        truth |= _frailty_truth(family)
    if split:
        likelihood["split"] = {"age": "age_at_start", "year": "start"}
    if recording:
        likelihood |= {"unknown": "not known", "recording": "authority"}
        truth |= {
            "recording_level": np.array(-1.4),
            "recording_sd": np.array(0.9),
            "recording_logit": NOT_RECORDED,
        }
    if recording and shift:
        likelihood["recording_shift"] = True
        truth["recording_shift"] = np.array(shift)
    effects = [{"kind": "fixed", "formula": "male"}, *_HOMES]
    spec = _spec("tiny_routes", likelihood, effects, {"outcome_name": "exit", "horizon_days": 365})
    return _fit(spec, table, truth | changes)


def spells_fit(
    rows: int = 1500,
    *,
    split: bool = False,
    family: str = "gamma",
    strata: bool = False,
    collapse: bool = False,
    places: float | None = None,
    **changes: Any,
) -> Fit:
    """One event, as in ``hazard_fit``, with dates so that spells can be split.

    With ``places`` each home takes children until its places were taken for so many years, as
    homes do; else it has as many spells as it happens to have, however soon they end.
    """
    rng = np.random.default_rng(22)
    table = _spells(rng, rows)
    homes = {name: values[..., 0] for name, values in _homes(rng).items() if values.ndim < 3}
    homes.pop("home_correlation", None)
    eta = _eta(homes, table) + 0.2 * (table["male"] - 0.5).to_numpy()
    frailty = np.ones(rows)
    if not collapse:
        each = _frailties(rng, family, table["child"].nunique())
        frailty = each[np.unique(table["child"], return_inverse=True)[1]]
    departure = np.array([[0.0, 0.0, 0.0], [0.0, 0.5, 0.8], [0.0, -0.3, -0.6], [0.0, 0.0, 0.0]])
    level = np.full((rows, 3), -0.3)
    if strata:
        level = level + departure[np.searchsorted(TYPES, table["home_type"])]
    left = rng.exponential(size=rows) / (frailty * np.exp(eta))
    moved_at = np.ceil(_spend(left, np.exp(level)))
    censored_at = np.ceil(rng.uniform(100.0, 1500.0, rows))
    table["days"] = np.minimum(moved_at, censored_at)
    table["moved"] = (moved_at <= censored_at).astype(int)
    if places is not None:
        table = _until_full(table, places * 365.25)
    truth = homes | {
        "fixed": np.array([0.2]),
        "baseline": np.full(len(CUTS) + 1, -0.3),
        "baseline_step_sd": np.array(0.2),
    }
    likelihood: dict[str, Any] = {
        "family": "hazard", "event": "moved", "time": "days", "cuts": CUTS, "collapse": collapse,
    }  # fmt: skip
    if not collapse:
        likelihood |= {"frailty": "child", "frailty_family": family}
        truth |= _frailty_truth(family)
    if split:
        likelihood["split"] = {"age": "age_at_start", "year": "start"}
    if strata:
        likelihood["baseline_by"] = "home_type"
        truth |= {"baseline_departure": departure, "baseline_departure_sd": np.array(0.3)}
    effects = [{"kind": "fixed", "formula": "male"}, *_HOMES]
    spec = _spec("tiny_spells", likelihood, effects, {"outcome_name": "move", "horizon_days": 365})
    return _fit(spec, table, truth | changes)


def _until_full(table: pd.DataFrame, days: float) -> pd.DataFrame:
    """Take each home's spells in their order until so many days are filled; cut the last."""
    room = days - (table.groupby("home")["days"].cumsum() - table["days"])
    cut = table["days"] > room
    table = table.assign(
        days=np.where(cut, np.ceil(room), table["days"]), moved=np.where(cut, 0, table["moved"])
    )
    return table[room > 0].reset_index(drop=True)


def _spells(rng: np.random.Generator, rows: int) -> pd.DataFrame:
    children = rows // 3
    child = np.r_[np.arange(children), rng.integers(0, children, rows - children)]
    home = np.r_[np.arange(HOMES), rng.integers(0, HOMES, rows - HOMES)]
    start = np.datetime64("2015-01-01") + rng.integers(0, 2500, rows).astype("timedelta64[D]")
    return pd.DataFrame(
        {
            "child": [f"A/{c:04d}" for c in child],
            "home": [f"SC{h:03d}" for h in home],
            "provider": [f"P{h % PROVIDERS:02d}" for h in home],
            "home_type": np.array(TYPES)[home % len(TYPES)],
            "authority": np.array(AUTHORITIES)[home % len(AUTHORITIES)],
            "male": rng.integers(0, 2, rows),
            "start": start,
            "age_at_start": rng.uniform(8.0, 16.0, rows),
        }
    )


def _homes(rng: np.random.Generator) -> dict[str, np.ndarray]:
    root = np.linalg.cholesky(CORRELATION)
    return {
        "home_type_effect": TYPE_EFFECTS,
        "home_type_sd": np.full(3, 0.3),
        "home_effect": HOME_SD * (rng.standard_normal((HOMES, 3)) @ root.T),
        "home_sd": HOME_SD,
        "home_correlation": CORRELATION,
        "provider_effect": PROVIDER_SD * rng.standard_normal((PROVIDERS, 3)),
        "provider_sd": PROVIDER_SD,
    }


def _frailties(rng: np.random.Generator, family: str, children: int) -> np.ndarray:
    if family == "gamma":
        return rng.gamma(1 / FRAILTY, FRAILTY, children)
    return np.exp(0.6 * rng.standard_normal(children))


def _frailty_truth(family: str) -> dict[str, np.ndarray]:
    name, value = ("frailty_variance", FRAILTY) if family == "gamma" else ("frailty_sd", 0.6)
    return {name: np.array(value)}


def _spend(left: np.ndarray, rate: np.ndarray) -> np.ndarray:
    days = np.zeros(len(left))
    for band, width in enumerate(np.diff([0.0, *CUTS, np.inf])):
        per_day = rate[:, band] / 365.25
        spent = np.minimum(left, per_day * width)
        days, left = days + spent / per_day, left - spent
    return days


def _eta(truth: dict[str, np.ndarray], table: pd.DataFrame) -> np.ndarray:
    return sum(
        truth[f"{column}_effect"][np.unique(table[column], return_inverse=True)[1]]
        for column in ("home_type", "home", "provider")
    )


def _spec(name: str, likelihood: Any, effects: Any, report: Any) -> ModelSpec:
    return ModelSpec.model_validate(
        {
            "name": name, "title": name, "unit": "child", "likelihood": likelihood,
            "effects": effects, "report": report,
        }
    )  # fmt: skip


def _fit(spec: ModelSpec, table: pd.DataFrame, truth: dict[str, Any]) -> Fit:
    rng = np.random.default_rng(23)
    design = build_design(table, spec)
    priors, _ = load_prior_set("neutral")
    posterior = _around(rng, truth, design, 0.03)
    tree = {"posterior": posterior, "sample_stats": _stats(rng), "prior": _prior(rng, posterior)}
    effect = {"home_type_effect": truth["home_type_effect"]}
    unpooled = xr.DataTree.from_dict({"posterior": _around(rng, effect, design, 0.15)})
    structure = make_structure(spec)
    return Fit(spec, priors, table, design, structure, xr.DataTree.from_dict(tree), unpooled)


def _around(
    rng: np.random.Generator, truth: dict[str, Any], design: Design, sd: float
) -> xr.Dataset:
    data = {}
    for name, given in truth.items():
        value = np.asarray(given, dtype=float)
        noise = rng.standard_normal((CHAINS, DRAWS, *value.shape))
        positive = name.endswith(("_sd", "_variance"))
        drawn = value * np.exp(sd * noise) if positive else value + sd * noise
        if name == "home_type_effect":
            drawn -= drawn.mean(axis=2, keepdims=True)
        if name == "home_correlation":
            drawn = value + 0.1 * np.tanh(sd * (noise + np.swapaxes(noise, 2, 3)))
            drawn[..., range(3), range(3)] = 1.0
        if name == "baseline_departure":
            drawn[..., 0] = 0.0
        data[name] = (("chain", "draw", *_dims(name, value, design)), drawn)
    coords = _coords(design)
    used = {d for _, (names, _) in data.items() for d in names}
    return xr.Dataset(
        data, coords={k: list(v) for k, v in coords.items() if k in used}
    ).assign_coords(chain=np.arange(CHAINS), draw=np.arange(DRAWS))


def _dims(name: str, value: np.ndarray, design: Design) -> tuple[str, ...]:
    if name == "home_correlation":
        return ("route", "other_route")
    own = _DIMS.get(name, ("covariate",) if name == "fixed_mean" else ())
    route = ("route",) if value.ndim > len(own) and name not in _ONE_FOR_ALL else ()
    return (*own, *route)


def _coords(design: Design) -> dict[str, tuple[str, ...]]:
    coords = {name: factor.levels for name, factor in design.factors.items()}
    coords |= {"band": design.coords["band"], "baseline_of": design.coords.get("baseline", ())}
    coords |= {name: design.coords.get(name, ()) for name in ("route", "other_route", "recorder")}
    if design.fixed is not None:
        coords["covariate"] = design.fixed.names
    return coords


def _prior(rng: np.random.Generator, posterior: xr.Dataset) -> xr.Dataset:
    data = posterior.isel(chain=[0]).copy(deep=True)
    for name, values in data.data_vars.items():
        if str(name).endswith("_sd"):
            data[name] = values.copy(data=np.abs(rng.normal(0.0, 0.5, values.shape)))
    for name, values in data.data_vars.items():
        if str(name).endswith("_effect"):
            sd = data[str(name).removesuffix("_effect") + "_sd"].to_numpy()
            drawn = sd[:, :, None] * rng.standard_normal(values.shape)
            data[name] = values.copy(data=drawn)
        elif str(name) in {"fixed", "baseline"}:
            data[name] = values + rng.standard_normal(values.shape)
    return data
