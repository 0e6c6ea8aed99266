"""A small table of children who lived in several homes, and models of each of its outcomes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytensor
from pytensor.configdefaults import config

from bayescich.design import build_design
from bayescich.model import build_model, make_structure
from bayescich.sampling.chain import PLAIN
from bayescich.spec import ModelSpec, load_prior_set
from tests.model.toy import Toy

GRADES = ("low", "mid", "high")
POINTS = {"family": "hurdle_beta_binomial", "outcome": "points", "maximum": 20}
YES = {"family": "bernoulli", "outcome": "yes"}
EVENT = {**YES, "link": "cloglog", "exposure": "years"}
GRADE = {"family": "ordinal", "outcome": "grade", "categories": GRADES}
TOUCH = {"outcome": "touch", "name": "in touch"}

OUTCOMES: dict[str, dict[str, Any]] = {
    "yes": YES,
    "event": EVENT,
    "counts": {"family": "binomial", "outcome": "counts", "trials": "trials"},
    "score": {"family": "beta_binomial", "outcome": "points", "trials": 20},
    "measurement": {"family": "gaussian", "outcome": "value"},
    "known error": {"family": "gaussian", "outcome": "value", "known_sd": "se"},
    "activity": {
        "family": "categorical", "outcome": "activity", "categories": ["none", "job", "study"],
        "stage": TOUCH,
    },
    "grade": {**GRADE, "outcome": "grade_seen", "missing": "ignored"},
    "grade recorded": {**GRADE, "outcome": "grade_seen", "missing": "modelled"},
    "yes recorded": {**YES, "outcome": "yes_seen", "missing": "modelled"},
    "hurdle": {**POINTS, "outcome": "points_seen", "missing": "modelled"},
    "joint": {
        "family": "joint",
        # graph and twin put them elsewhere: of so many nothing is left of where they are
        "nodes": 41,
        "responses": {
            "points": {
                "likelihood": {**POINTS, "outcome": "points_seen", "missing": "ignored"},
                "higher_is": "better",
            },
            "offending": {"likelihood": EVENT, "higher_is": "worse"},
            "value": {"likelihood": {"family": "gaussian", "outcome": "value"},
                      "higher_is": "worse"},
        },
    },
}  # fmt: skip

FIXED = {"kind": "fixed", "formula": "x + z + w", "means_by": "home"}
BLANK = {**FIXED, "impute": ("x", "z")}
OTHERS = (
    {"kind": "settings"},
    {"kind": "home_type"},
    {"kind": "group", "by": "home"},
    {"kind": "group", "by": "authority", "across_routes": "independent"},
)
MEMBERSHIP = {
    "columns": {"home": "home_", "home_type": "home_type_", "setting": "setting_"},
    "weights": "weight_",
}


def response_table(rows: int = 60, *, blanks: bool = False) -> pd.DataFrame:
    """Three stays a child in ten homes of three types, in fostering or with kin."""
    rng = np.random.default_rng(8)
    table = pd.DataFrame(
        {
            "child": [f"C{k:03d}" for k in range(rows)],
            "authority": rng.choice(list("ABCD"), rows),
            "x": rng.normal(0, 2, rows),
            "z": rng.integers(0, 2, rows).astype(float),
            "w": rng.normal(0, 1, rows),
        }
    )
    share = rng.dirichlet(np.ones(3), rows) * rng.uniform(0.5, 1, (rows, 1))
    for k in range(3):
        setting = rng.choice(["foster", "home", "kin"], rows, p=[0.3, 0.6, 0.1])
        home = rng.integers(0, 10, rows)
        in_home = setting == "home"
        table[f"setting_{k + 1}"] = setting
        table[f"home_{k + 1}"] = pd.Series([f"H{h}" for h in home]).where(in_home)
        types = np.array(["large", "small", "solo"])[home % 3]
        table[f"home_type_{k + 1}"] = pd.Series(types).where(in_home)
        table[f"weight_{k + 1}"] = share[:, k]
    table["trials"] = rng.integers(1, 12, rows)
    table["counts"] = rng.binomial(table["trials"], 0.4)
    table["yes"] = rng.integers(0, 2, rows)
    table["years"] = rng.uniform(0.3, 2, rows)
    table["points"] = rng.binomial(20, rng.beta(2, 3, rows)) * (rng.random(rows) < 0.8)
    table["value"] = rng.normal(0, 1, rows)
    table["se"] = rng.uniform(0.3, 1, rows)
    table["touch"] = (rng.random(rows) < 0.7).astype(float)
    table["activity"] = pd.Series(rng.choice(["none", "job", "study"], rows)).where(
        table["touch"] == 1
    )
    table["grade"] = rng.choice(GRADES, rows)
    for name in ("grade", "yes", "points"):
        table[f"{name}_seen"] = table[name].where(rng.random(rows) < 0.7)
    if blanks:
        for name in ("x", "z"):
            table.loc[rng.random(rows) < 0.25, name] = np.nan
    return table


def response_spec(
    outcome: str | dict[str, Any], effects: tuple[dict[str, Any], ...], **more: Any
) -> ModelSpec:
    likelihood = OUTCOMES[outcome] if isinstance(outcome, str) else outcome
    return ModelSpec.model_validate(
        {
            "name": "toy", "title": "toy", "unit": "child", "likelihood": likelihood,
            "effects": effects, "membership": MEMBERSHIP, "report": {"outcome_name": "result"},
        }
        | more
    )  # fmt: skip


def response_toy(
    outcome: str | dict[str, Any],
    effects: tuple[dict[str, Any], ...] = (FIXED, *OTHERS),
    table: pd.DataFrame | None = None,
    *,
    look_at_data: bool = True,
    **more: Any,
) -> Toy:
    spec = response_spec(outcome, effects, **more)
    blanks = any(effect.get("impute") for effect in effects)
    table = response_table(blanks=blanks) if table is None else table
    design = build_design(table, spec)
    priors, _ = load_prior_set("neutral")
    structure = make_structure(spec)
    model = build_model(structure, design, priors, look_at_data=look_at_data)
    return Toy(spec, design, priors, structure, model)


def of_outcomes(a_toy: Toy, point: dict[str, np.ndarray]) -> float:
    """The graph's log-likelihood of the outcomes alone, without what is said of covariates."""
    return float(_evaluated(a_toy, point)[0])


def density_and_gradient(
    a_toy: Toy, point: dict[str, np.ndarray]
) -> tuple[float, dict[str, np.ndarray]]:
    """The log density in the sampler's coordinates and its gradient by value variable."""
    names = [v.name for v in a_toy.model.value_vars]
    _, *found = _evaluated(a_toy, point)
    parts, slopes = found[: -len(names)], found[-len(names) :]
    return float(sum(np.sum(part) for part in parts)), dict(zip(names, slopes, strict=True))


def evaluate(a_toy: Toy, graphs: list[Any], point: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Values of graphs of the model at a point."""
    return _function(a_toy, graphs)(*(point[v.name] for v in a_toy.model.value_vars))


def _evaluated(a_toy: Toy, point: dict[str, np.ndarray]) -> list[np.ndarray]:
    model = a_toy.model
    if "density" not in a_toy._compiled:
        # term by term: step by step in Python no more than 32 can be added at once
        a_toy._compiled["density"] = _function(
            a_toy,
            [
                *[p for p in model.potentials if p.name == "log_likelihood"],
                *model.logp(sum=False),
                *pytensor.grad(model.logp(), model.value_vars),
            ],
        )
    return a_toy._compiled["density"](*(point[v.name] for v in model.value_vars))


def _function(a_toy: Toy, graphs: list[Any]) -> Callable[..., list[np.ndarray]]:
    values = a_toy.model.replace_rvs_by_values(graphs)
    with config.change_flags(cxx=""):
        return pytensor.function(
            a_toy.model.value_vars, values, mode=PLAIN, on_unused_input="ignore"
        )
