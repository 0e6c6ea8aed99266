"""A small table of spells with needs, routes and late entry, and models of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from bayescich.design import Design, build_design
from bayescich.model import build_model, make_structure
from bayescich.spec import ModelSpec, PriorSet, load_prior_set
from tests.model.toy import Toy

CUTS = (7.0, 28.0, 91.0, 365.0)
ROUTES = ("return home", "fostering", "another home")
NEEDS = ("autism", "trauma", "self_harm")

EFFECTS: tuple[dict[str, Any], ...] = (
    {"kind": "fixed", "formula": "age + male", "means_by": "home"},
    {"kind": "needs"},
    {"kind": "home_type"},
    {"kind": "type_need"},
    {"kind": "matching"},
    {"kind": "group", "by": "home"},
    {"kind": "group", "by": "authority", "zero_sum": True},
    {"kind": "walk", "by": "year"},
)


def history_table(rows: int = 70) -> pd.DataFrame:
    """Spells of about twenty children in eight homes; some enter late, some exits are not known."""
    rng = np.random.default_rng(15)
    home = np.r_[np.arange(8), rng.integers(0, 8, rows - 8)]
    days = rng.integers(2, 900, rows).astype(float)
    days[:4] = 7, 28, 91, 365  # ends on the cuts
    late = rng.random(rows) < 0.3
    start = pd.Timestamp("2018-01-01") + pd.to_timedelta(rng.integers(0, 1500, rows), unit="D")
    child = rng.integers(0, rows // 3, rows)
    table = pd.DataFrame(
        {
            "child": [f"C{k:02d}" for k in child],
            "home": [f"H{h}" for h in home],
            "home_type": np.array(["large", "small", "solo"])[home % 3],
            "authority": [f"A{k}" for k in np.r_[np.arange(4), rng.integers(0, 4, rows - 4)]],
            "start": start,
            "year": start.year.astype(str),
            "age": rng.normal(14, 1.5, rows).clip(9, 17),
            "male": rng.integers(0, 2, rows),
            "days": days,
            "entry": np.where(late, np.floor(days * rng.random(rows)), 0.0),
            "moved": rng.integers(0, 2, rows),
        }
    )
    words = np.array(["censored", *ROUTES, "not known"])
    table["exit"] = words[np.r_[np.arange(5), rng.integers(0, 5, rows - 5)]]
    known = rng.random(rows // 3) < 0.8
    table["needs_known"] = known[child].astype(int)
    for need in NEEDS:
        of_child, of_home = rng.random(rows // 3) < 0.4, rng.random(8) < 0.5
        table[f"has_{need}"] = (of_child[child] & known[child]).astype(int)
        table[f"meets_{need}"] = of_home[home].astype(int)
    return table


def history_spec(
    effects: tuple[dict[str, Any], ...] = EFFECTS, *, competing: bool = False, **changes: Any
) -> ModelSpec:
    own = {"event": "moved", "family": "hazard"}
    if competing:
        own = {"event": "exit", "family": "competing", "routes": ROUTES, "unknown": "not known"}
    likelihood = {"time": "days", "cuts": CUTS, **own, **changes}
    return ModelSpec.model_validate(
        {
            "name": "history", "title": "history", "unit": "child", "likelihood": likelihood,
            "effects": effects,
        }
    )  # fmt: skip


def history_design(spec: ModelSpec, table: pd.DataFrame | None = None) -> Design:
    return build_design(history_table() if table is None else table, spec)


def history(
    effects: tuple[dict[str, Any], ...] = EFFECTS,
    *,
    competing: bool = False,
    table: pd.DataFrame | None = None,
    look_at_data: bool = True,
    **changes: Any,
) -> Toy:
    """A model of the table; changes are of the likelihood."""
    spec = history_spec(effects, competing=competing, **changes)
    design, structure, priors = history_design(spec, table), make_structure(spec), all_priors()
    model = build_model(structure, design, priors, look_at_data=look_at_data)
    return Toy(spec, design, priors, structure, model)


def all_priors() -> PriorSet:
    return load_prior_set("neutral")[0]
