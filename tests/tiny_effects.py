"""Small fits with needs, matches, walks, several baselines, cells and competing routes.

As in :mod:`tests.tiny_fit` nothing is sampled: draws are a known truth plus a little noise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayescich.design import Design, build_design
from bayescich.model import make_structure
from bayescich.sampling.fit import Fit
from bayescich.spec import ModelSpec, load_prior_set
from tests.tiny_fit import CHAINS, CUTS, DRAWS, TYPES, _hierarchy, _stats

NEEDS = ("missing", "self_harm", "autism")
ROUTES = ("return home", "fostering", "other home")
NEED_EFFECTS = np.array([0.3, 0.1, -0.3])
BANDS = len(CUTS) + 1
PLAIN = {"family": "hazard", "event": "moved", "time": "days", "cuts": CUTS, "frailty": "child"}
EFFECTS = (
    {"kind": "fixed", "formula": "age_at_start"},
    {"kind": "needs"},
    {"kind": "home_type"},
    {"kind": "type_need"},
    {"kind": "matching"},
    {"kind": "group", "by": "home"},
    {"kind": "group", "by": "provider"},
    {"kind": "group", "by": "authority"},
    {"kind": "walk", "by": "year"},
)  # fmt: skip
REPORT = {"outcome_name": "move", "higher_is": "worse", "horizon_days": 365}


def spells(rows: int = 900, seed: int = 21) -> pd.DataFrame:
    """Spells of children with needs in homes that say which they meet; no truth behind them."""
    rng = np.random.default_rng(seed)
    _, table = _hierarchy(rng, rows)
    children = rows // 3
    child = np.r_[np.arange(children), rng.integers(0, children, rows - children)]
    needs = rng.random((children, len(NEEDS))) < 0.4
    known = rng.random(children) < 0.9
    homes = pd.factorize(table["home"])[0]
    meets = rng.random((homes.max() + 1, len(NEEDS))) < 0.5
    table["child"] = [f"A/{c:04d}" for c in child]
    table["authority"] = [f"LA{c % 5}" for c in child]
    table["age_at_start"] = rng.integers(10, 17, rows) + rng.random(rows)
    table["start"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 700, rows), "D")
    table["days"] = rng.integers(5, 900, rows)
    table["moved"] = rng.integers(0, 2, rows)
    table["exit"] = np.where(table["moved"] == 1, rng.choice(ROUTES, rows), "censored")
    table["needs_known"] = known[child].astype(int)
    for place, need in enumerate(NEEDS):
        table[f"has_{need}"] = (needs[child, place] & known[child]).astype(int)
        table[f"meets_{need}"] = meets[homes, place].astype(int)
    # nobody with this need lives in this type: the data say nothing there
    table.loc[table["home_type"] == "Solo", "has_autism"] = 0
    return table


def effects_fit(
    rows: int = 900,
    *,
    likelihood: dict[str, Any] | None = None,
    without: tuple[str, ...] = (),
    name: str = "tiny_effects",
    table: pd.DataFrame | None = None,
    **changes: Any,
) -> Fit:
    """A hazard with every kind of effect, less those of the kinds ``without``."""
    effects = [e for e in EFFECTS if e["kind"] not in without and e.get("by") not in without]
    spec = tiny_spec(name, {**PLAIN, **(likelihood or {})}, effects)
    return fit_of(spec, spells(rows) if table is None else table, changes)


def by_type_fit(**changes: Any) -> Fit:
    """The same with a baseline for each home type."""
    return effects_fit(likelihood={"baseline_by": "home_type"}, **changes)


def cells_fit(collapse: bool = True, **changes: Any) -> Fit:
    """Rows alike in every effect as one cell, or the same model row by row."""
    table = spells(900).assign(age_band="10 to 15")
    table.loc[table["age_at_start"] >= 15, "age_band"] = "16 or 17"
    effects = [{"kind": "home_type"}, {"kind": "group", "by": "age_band", "zero_sum": True}]
    likelihood = {**PLAIN, "frailty": None, "collapse": collapse}
    return fit_of(tiny_spec("tiny_cells", likelihood, effects), table, changes)


def routes_fit(
    rows: int = 900, *, recording: bool = True, shift: bool = False, **changes: Any
) -> Fit:
    """Competing routes, some of them not recorded, homes' effects correlated."""
    table = spells(rows)
    likelihood = {**PLAIN, "family": "competing", "event": "exit", "routes": ROUTES}
    if recording:
        lost = np.random.default_rng(3).random(rows) < 0.2
        table.loc[lost & (table["exit"] != "censored"), "exit"] = "unknown"
        likelihood |= {"unknown": "unknown", "recording": "authority", "recording_shift": shift}
    independent = {"across_routes": "independent"}
    effects = [
        {"kind": "fixed", "formula": "age_at_start"},
        {"kind": "needs"},
        {"kind": "home_type"},
        {"kind": "type_need"},
        {"kind": "group", "by": "home"},
        {"kind": "group", "by": "provider", **independent},
        {"kind": "group", "by": "authority", **independent},
        {"kind": "walk", "by": "year"},
    ]
    spec = tiny_spec("tiny_routes", likelihood, effects, {**REPORT, "outcome_name": "exit"})
    return fit_of(spec, table, changes)


def fit_of(spec: ModelSpec, table: pd.DataFrame, changes: dict[str, Any]) -> Fit:
    """Make a fit of draws close around effects that are drawn once for the design."""
    design, structure = build_design(table, spec), make_structure(spec)
    priors, _ = load_prior_set("neutral")
    values, dims = _values(spec, design)
    values |= {name: np.asarray(value, dtype=float) for name, value in changes.items()}
    coords = _coords(design, structure)
    rng = np.random.default_rng(25)
    tree = {
        "posterior": _around(rng, values, dims, coords, 0.03, DRAWS),
        "sample_stats": _stats(rng),
        "prior": _around(rng, values, dims, coords, 0.5, DRAWS).isel(chain=[0]),
    }
    alone = _around(rng, values, dims, coords, 0.15, 200)
    return Fit(
        spec, priors, table, design, structure, xr.DataTree.from_dict(tree),
        xr.DataTree.from_dict({"posterior": alone}),
    )  # fmt: skip


def tiny_spec(
    name: str, likelihood: dict[str, Any], effects: list[Any], report: Any = REPORT
) -> ModelSpec:
    """Return the spec of a fit made here."""
    return ModelSpec.model_validate(
        {
            "name": name, "title": name, "unit": "child", "likelihood": likelihood,
            "effects": effects, "report": report,
        }
    )  # fmt: skip


@dataclass
class _Truth:
    """One value of every variable and its dims, the route last."""

    routes: tuple[str, ...]
    values: dict[str, np.ndarray] = field(default_factory=dict)
    dims: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def put(self, name: str, value: Any, *own: str) -> None:
        """Put a value, on each route when there are several; routes differ."""
        whole = np.asarray(value, dtype=float)
        if self.routes:
            by_route = _BY_ROUTE if name.endswith(("_effect", "fixed")) else np.ones(3)
            shift = 1.0 if name == "baseline" else 0.0
            whole = whole[..., None] * by_route - shift
            own = (*own, "route")
        self.put_one(name, whole, *own)

    def put_one(self, name: str, value: Any, *own: str) -> None:
        """Put a value that all routes share."""
        self.values[name] = np.asarray(value, dtype=float)
        self.dims[name] = own


_BY_ROUTE = np.array([1.0, 0.5, -0.5])


def _values(
    spec: ModelSpec, design: Design
) -> tuple[dict[str, np.ndarray], dict[str, tuple[str, ...]]]:
    truth, rng = _Truth(design.routes), np.random.default_rng(24)
    _of_likelihood(truth, spec, design)
    for effect in spec.effects:
        if effect.kind == "fixed":
            _of_covariates(truth, design)
        elif effect.kind in ("group", "walk", "home_type"):
            _of_levels(truth, effect, design, rng)
        else:
            _of_needs(truth, effect, design)
    return truth.values, truth.dims


def _of_likelihood(truth: _Truth, spec: ModelSpec, design: Design) -> None:
    truth.put("baseline", np.full(BANDS, -0.4), "band")
    truth.put("baseline_step_sd", 0.2)
    if "baseline" in design.coords:
        course = np.array([0.3, 0.0, -0.1, -0.2])[:, None] * np.arange(BANDS)
        truth.put("baseline_departure", course, "baseline_of", "band")
        truth.put_one("baseline_departure_sd", 0.2)
    if getattr(spec.likelihood, "frailty", None):
        truth.put_one("frailty_variance", 0.5)
    if "recorder" in design.coords:
        logits = np.full(len(design.coords["recorder"]), -1.3)
        truth.put_one("recording_logit", logits, "recorder")
        truth.put_one("recording_level", -1.3)
        truth.put_one("recording_sd", 0.5)
        if spec.likelihood.recording_shift:
            truth.put_one("recording_shift", 0.2)
    if truth.routes:
        matrix = np.where(np.eye(3) == 1.0, 1.0, 0.4)
        truth.put_one("home_correlation", matrix, "route", "other_route")


def _of_covariates(truth: _Truth, design: Design) -> None:
    truth.put("fixed", np.linspace(0.1, 0.2, len(design.fixed.names)), "covariate")
    if truth.routes:
        truth.put_one("fixed_mean", truth.values["fixed"].mean(axis=-1), "covariate")
        truth.put_one("fixed_route_sd", 0.3)


def _of_levels(truth: _Truth, effect: Any, design: Design, rng: np.random.Generator) -> None:
    levels = design.factors[effect.by].size
    drawn = 0.2 * rng.standard_normal(levels)
    if effect.kind == "walk" or (effect.kind == "group" and effect.zero_sum):
        drawn -= drawn.mean()
    own = np.array([-0.3, -0.1, 0.0, 0.4]) if effect.kind == "home_type" else drawn
    truth.put(f"{effect.by}_effect", own, effect.by)
    sd = "step_sd" if effect.kind == "walk" else "sd"
    truth.put(f"{effect.by}_{sd}", 0.3 if effect.kind == "home_type" else 0.25)


def _of_needs(truth: _Truth, effect: Any, design: Design) -> None:
    if effect.kind == "needs":
        names = design.labels[effect.name].names
        own = np.r_[NEED_EFFECTS, np.zeros(len(names) - len(NEEDS))]
        name, means = effect.name, np.array([0.2, 0.1, -0.2, 0.0])
        truth.put(f"{name}_effect", own, name)
        truth.put(f"{name}_family_mean", means[: len(names)], f"{name}_family")
        truth.put(f"{name}_sd", 0.1)
    elif effect.kind == "type_need":
        crossed = np.outer([0.3, -0.1, 0.0], [0.5, -0.5, 1.0, -1.0])
        truth.put("type_need_effect", crossed, "crossed_need", effect.by)
        truth.put("type_need_sd", 0.2)
    else:
        truth.put("matching_mean", -0.15)
        truth.put("matching_sd", 0.05)
        truth.put("matching_effect", np.array([-0.2, -0.15, -0.1]), "matched_need")


def _coords(design: Design, structure: Any) -> dict[str, list[str]]:
    coords: dict[str, list[str]] = {}
    for effect in structure.effects:
        coords |= {name: list(labels) for name, labels in effect.coords(design).items()}
    for name in ("band", "route", "other_route", "recorder"):
        if name in design.coords:
            coords[name] = list(design.coords[name])
    if "baseline" in design.coords:
        coords["baseline_of"] = list(design.coords["baseline"])
    return coords


def _around(
    rng: np.random.Generator,
    values: dict[str, np.ndarray],
    dims: dict[str, tuple[str, ...]],
    coords: dict[str, list[str]],
    sd: float,
    draws: int,
) -> xr.Dataset:
    data = {}
    for name, value in values.items():
        noise = rng.standard_normal((CHAINS, draws, *np.shape(value)))
        if name.endswith(("_sd", "_variance")):
            drawn = value * np.exp(sd * noise)
        elif name.endswith("_correlation"):
            drawn = np.broadcast_to(value, noise.shape)
        elif name == "baseline_departure":
            drawn = value + sd * noise * (value != 0)
        else:
            drawn = value + sd * noise
        types = [k for k, dim in enumerate(dims[name]) if dim in ("home_type", "setting_type")]
        for axis in types:
            drawn = drawn - drawn.mean(axis=2 + axis, keepdims=True)
        data[name] = (("chain", "draw", *dims[name]), drawn)
    used = {dim for names, _ in data.values() for dim in names}
    kept = {name: labels for name, labels in coords.items() if name in used}
    return xr.Dataset(data, coords=kept).assign_coords(
        chain=np.arange(CHAINS), draw=np.arange(draws)
    )


__all__ = [
    "BANDS", "NEEDS", "NEED_EFFECTS", "ROUTES", "TYPES", "by_type_fit", "cells_fit", "effects_fit",
    "fit_of", "routes_fit", "spells",
]  # fmt: skip
