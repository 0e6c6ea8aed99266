"""Small fits of outcomes of one row: several parts, several homes a child, blanks, companions.

As in :mod:`tests.tiny_fit` nothing is sampled: draws are a known truth plus a little noise.
Outcomes are drawn from that truth by what stands here alone: stay by stay, one row at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayescich.design import Design, build_design
from bayescich.model import make_structure
from bayescich.model.effects.imputation import Imputation
from bayescich.model.effects.needs import NeedsEffect
from bayescich.sampling.fit import Fit
from bayescich.spec import ModelSpec, load_prior_set
from bayescich.spec.outcomes import parts_of
from bayescich.spec.variants import ALONE, weighed
from tests.tiny_effects import _around
from tests.tiny_fit import DRAWS, _stats

ROWS, STAYS, HOMES, PROVIDERS = 500, 3, 24, 8
KINDS = ("large", "small", "solo")
SETTINGS = ("foster", "home", "kin")
REST = "not in care"
AUDITED = ("missing", "self_harm")
COVARIATES = ("age_at_start", "male", "ks2", "ehc_plan_before")
ACTIVITIES = ("none", "busy", "unwell")
GRADES = ("none", "4", "5")
MOST, DISPERSION, SLOPE = 40, 8.0, 0.8
OTHER_DISPERSION = 12.0
LOADING = np.array([0.7, 0.5, 0.6, 0.3])
CUTPOINT = np.array([-0.4, 0.8])
RESIDUAL = 0.7

MEMBERSHIP = {
    "columns": {
        "home": "home_", "home_type": "home_type_", "provider": "provider_", "setting": "setting_",
    },
    "weights": "weight_",
}  # fmt: skip
FIXED = {
    "kind": "fixed", "formula": " + ".join(COVARIATES), "impute": ["ks2", "ehc_plan_before"],
}  # fmt: skip
_APART = {"across_routes": "independent"}
EFFECTS = (
    FIXED,
    {"kind": "needs", "known": None},
    {"kind": "settings"},
    {"kind": "home_type"},
    {"kind": "type_need"},
    {"kind": "matching"},
    {"kind": "group", "by": "home"},
    {"kind": "group", "by": "provider", **_APART},
    {"kind": "group", "by": "authority", **_APART},
    {"kind": "walk", "by": "year"},
)

Values = dict[str, np.ndarray]
Drawn = Callable[[pd.DataFrame, np.ndarray, np.random.Generator], None]
"""From the table and η by part, (rows, parts), to outcomes written into the table."""


def _logistic(eta: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-eta))


def _yes(eta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (rng.random(len(eta)) < _logistic(eta)).astype(float)


def _score(eta: np.ndarray, phi: float, rng: np.random.Generator, least: int = 0) -> np.ndarray:
    found = np.full(len(eta), -1.0)
    while (wrong := found < least).any():
        mean = _logistic(eta[wrong])
        found[wrong] = rng.binomial(MOST, rng.beta(mean * phi, (1 - mean) * phi))
    return found


def _points(table: pd.DataFrame, eta: np.ndarray, rng: np.random.Generator) -> None:
    points = _yes(eta[:, 0], rng) * _score(eta[:, 1], DISPERSION, rng, least=1)
    recorded = _yes(eta[:, 2] + SLOPE * (eta[:, 1] - eta[:, 1].mean()), rng) == 1
    early = table["year"] == table["year"].min()
    table["points"] = np.where(recorded & ~early, points, np.nan)
    table["points_missing"] = pd.Series(np.where(early, "not measured", "no row")).where(
        table["points"].isna()
    )


def _activity(table: pd.DataFrame, eta: np.ndarray, rng: np.random.Generator) -> None:
    touch = _yes(eta[:, 0], rng)
    odds = np.exp(np.column_stack([np.zeros(len(eta)), eta[:, 1:3]]))
    above = np.cumsum(odds / odds.sum(axis=1, keepdims=True), axis=1) < rng.random((len(eta), 1))
    activity = np.array(ACTIVITIES)[above.sum(axis=1)]
    table["touch"] = np.where(rng.random(len(eta)) < 0.05, np.nan, touch)
    table["activity"] = pd.Series(activity).where(table["touch"] == 1)


def _three(table: pd.DataFrame, eta: np.ndarray, rng: np.random.Generator) -> None:
    eta = eta + LOADING * rng.standard_normal((len(eta), 1))
    points = _yes(eta[:, 0], rng) * _score(eta[:, 1], DISPERSION, rng, least=1)
    table["points"] = np.where(rng.random(len(eta)) < 0.8, points, np.nan)
    table["difficulties"] = _score(-eta[:, 2], OTHER_DISPERSION, rng)
    table["years"] = rng.uniform(0.5, 1.5, len(eta))
    table["convicted"] = _event(-eta[:, 3], table["years"], rng)


def _event(eta: np.ndarray, years: pd.Series, rng: np.random.Generator) -> np.ndarray:
    return (rng.random(len(eta)) < 1.0 - np.exp(-years.to_numpy() * np.exp(eta))).astype(float)


def _offending(table: pd.DataFrame, eta: np.ndarray, rng: np.random.Generator) -> None:
    table["years"] = rng.uniform(0.5, 1.5, len(eta))
    table["convicted"] = _event(eta[:, 0], table["years"], rng)


def _absence(table: pd.DataFrame, eta: np.ndarray, rng: np.random.Generator) -> None:
    mean = _logistic(eta[:, 0])
    share = rng.beta(mean * DISPERSION, (1 - mean) * DISPERSION)
    table["possible"] = rng.integers(60, 380, len(eta))
    table["missed"] = rng.binomial(table["possible"], share)


def _grades(table: pd.DataFrame, eta: np.ndarray, rng: np.random.Generator) -> None:
    latent = eta[:, 0] + rng.logistic(size=len(eta))
    grade = np.array(GRADES)[(latent[:, None] > CUTPOINT).sum(axis=1)]
    recorded = _yes(eta[:, 1] + SLOPE * (eta[:, 0] - eta[:, 0].mean()), rng) == 1
    table["grade"] = pd.Series(grade).where(recorded)


def _measured(table: pd.DataFrame, eta: np.ndarray, rng: np.random.Generator) -> None:
    table["wellbeing"] = eta[:, 0] + RESIDUAL * rng.standard_normal(len(eta))


_HURDLE = {"family": "hurdle_beta_binomial", "outcome": "points", "maximum": MOST}
_CONVICTED = {
    "family": "bernoulli", "link": "cloglog", "outcome": "convicted", "exposure": "years",
}  # fmt: skip
LIKELIHOODS: Mapping[str, tuple[dict[str, Any], str, Drawn]] = {
    "points": (
        {**_HURDLE, "missing": "modelled", "reason": "points_missing",
         "not_asked": ["not measured"]}, "points", _points,
    ),
    "activity": (
        {"family": "categorical", "outcome": "activity", "categories": ACTIVITIES,
         "good": ["busy"], "stage": {"outcome": "touch", "name": "in touch"}},
        "activity", _activity,
    ),
    "together": (
        {"family": "joint", "nodes": 5, "responses": {
            "points": {"higher_is": "better", "likelihood": {**_HURDLE, "missing": "ignored"}},
            "difficulties": {"higher_is": "worse", "likelihood": {
                "family": "beta_binomial", "outcome": "difficulties", "trials": MOST}},
            "offending": {"higher_is": "worse", "likelihood": _CONVICTED}}},
        "outcome", _three,
    ),
    "offending": (_CONVICTED, "conviction", _offending),
    "absence": (
        {"family": "beta_binomial", "outcome": "missed", "trials": "possible"},
        "share of sessions missed", _absence,
    ),
    "grade": (
        {"family": "ordinal", "outcome": "grade", "categories": GRADES, "missing": "modelled"},
        "grade", _grades,
    ),
    "wellbeing": ({"family": "gaussian", "outcome": "wellbeing"}, "wellbeing", _measured),
}  # fmt: skip
"""By name: the likelihood, what the outcome is called, and how it arises."""

WORSE = ("offending", "absence")


def outcome_fit(
    name: str, rows: int = ROWS, *, without: tuple[str, ...] = (), report: Any = None,
    likelihood: Any = None, **changes: Any,
) -> Fit:  # fmt: skip
    """One of :data:`LIKELIHOODS`, less the effects of the kinds or columns ``without``.

    Parameters
    ----------
    name : str
    rows : int
    without : tuple of str
    report, likelihood : dict, optional
        Fields in the place of the report's and the likelihood's.
    **changes
        Posterior variables in the place of the truth.
    """
    given, words, draw = LIKELIHOODS[name]
    spec = _spec(name, {**given, **(likelihood or {})}, words, without, report or {})
    table = children(rows)
    parts = parts_of(spec.likelihood, words)
    truth = _values(spec, parts)
    rng = np.random.default_rng(40)
    draw(table, predictors(table, truth, len(parts)), rng)
    for column, share in (("ks2", 0.15), ("ehc_plan_before", 0.1)):
        table.loc[rng.random(rows) < share, column] = np.nan
    return fit_of(spec, table, truth, changes)


def joint_fit(**changes: Any) -> Fit:
    """Three outcomes together, with the same model whose homes' effects are independent."""
    fit = outcome_fit("together", **changes)
    return replace(fit, companions={ALONE: _companion(fit, _alone(fit.spec), 0.12)})


def schemes_fit(name: str = "points", schemes: tuple[str, ...] = ("equal", "first")) -> Fit:
    """A fit with others whose homes are weighed otherwise; in those the types differ by half."""
    fit = outcome_fit(name)
    changes = {"home_type_effect": 0.5 * fit.posterior["home_type_effect"].mean(axis=0)}
    others = {
        scheme: _companion(
            fit, weighed(fit.spec, scheme), 0.03,
            **changes, **({"recency_log_scale": 0.3} if scheme == "recency" else {}),
        )
        for scheme in schemes
    }  # fmt: skip
    return replace(fit, companions=others)


def children(rows: int = ROWS, seed: int = 31) -> pd.DataFrame:
    """Children with needs who lived in up to three places, by the part of a window."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "child": [f"C{k:04d}" for k in range(rows)],
            "authority": rng.choice(["LA0", "LA1", "LA2", "LA3"], rows),
            "year": [f"20{19 + k % 4}-{20 + k % 4}" for k in range(rows)],
            "age_at_start": rng.uniform(10.0, 14.0, rows),
            "male": rng.integers(0, 2, rows).astype(float),
        }
    )
    age = (table["age_at_start"] - 12.0) / 1.2
    table["ks2"] = 0.3 * age - 0.2 * table["male"] + rng.normal(0.0, 0.9, rows)
    table["ehc_plan_before"] = (rng.random(rows) < _logistic(-0.8 + 0.4 * age)).astype(float)
    for need, share in zip(AUDITED, (0.4, 0.25), strict=True):
        table[f"has_{need}"] = (rng.random(rows) < share).astype(int)
    _add_stays(table, rng)
    return table


def _add_stays(table: pd.DataFrame, rng: np.random.Generator) -> None:
    rows = len(table)
    share = rng.dirichlet(np.full(STAYS, 0.7), rows) * rng.uniform(0.5, 1.0, (rows, 1))
    meets = rng.random((HOMES, len(AUDITED))) < 0.5
    lived = np.zeros((rows, len(AUDITED)))
    for k in range(STAYS):
        setting = rng.choice(SETTINGS, rows, p=[0.25, 0.6, 0.15])
        home = rng.integers(0, HOMES, rows)
        there = setting == "home"
        named = {
            "home": [f"H{h:02d}" for h in home],
            "home_type": [KINDS[h % len(KINDS)] for h in home],
            "provider": [f"P{h % PROVIDERS}" for h in home],
        }
        for column, levels in named.items():
            table[f"{column}_{k + 1}"] = pd.Series(levels, dtype=object).where(there)
        table[f"setting_{k + 1}"] = setting
        table[f"weight_{k + 1}"] = share[:, k]
        lived += (there * share[:, k])[:, None] * meets[home]
        # years from a stay's first and last day to the end of a window of three
        table[f"began_{k + 1}"] = 3.0 * (1.0 - share[:, :k].sum(axis=1))
        table[f"ended_{k + 1}"] = 3.0 * (1.0 - share[:, : k + 1].sum(axis=1))
    for place, need in enumerate(AUDITED):
        table[f"meets_{need}"] = lived[:, place]


def predictors(table: pd.DataFrame, values: Values, parts: int) -> np.ndarray:
    """η of every part, row by row and stay by stay, (rows, parts); as long as nothing is blank."""
    eta = np.zeros((len(table), parts))
    has = {name: value.reshape(*value.shape, 1) if parts == 1 else value
           for name, value in values.items()}  # fmt: skip
    centred = table[list(COVARIATES)] - table[list(COVARIATES)].mean()
    year = sorted(table["year"].unique())
    for row, child in enumerate(table.to_dict("records")):
        own = has["intercept"].copy() if "intercept" in has else np.zeros(parts)
        if "fixed" in has:
            own += centred.iloc[row].to_numpy() @ has["fixed"]
        if "year_effect" in has:
            own += has["year_effect"][year.index(child["year"])]
        if "authority_effect" in has:
            own += has["authority_effect"][int(child["authority"][2:])]
        for place, need in enumerate(AUDITED):
            own += _of_need(child, has, place, need)
        for k in range(1, STAYS + 1):
            own += child[f"weight_{k}"] * _of_stay(child, has, k)
        if "setting_effect" in has:
            own += rest_of(child) * has["setting_effect"][len(SETTINGS) - 1]
        eta[row] = own
    return eta


def rest_of(child: Any) -> Any:
    """The part of the window that was lived in no stay; a day in three years is nothing."""
    left = 1.0 - sum(child[f"weight_{k}"] for k in range(1, STAYS + 1))
    return left * (left > 1e-3)


def _of_need(child: dict[str, Any], has: Values, place: int, need: str) -> Any:
    if child[f"has_{need}"] == 0:
        return 0.0
    own = has["need_effect"][place] if "need_effect" in has else 0.0
    if "matching_effect" in has:
        own = own + child[f"meets_{need}"] * has["matching_effect"][place]
    return own


def _of_stay(child: dict[str, Any], has: Values, k: int) -> Any:
    setting = child[f"setting_{k}"]
    own: Any = 0.0
    if setting != "foster" and "setting_effect" in has:
        own = own + has["setting_effect"][SETTINGS.index(setting) - 1]
    if setting != "home":
        return own
    kind = KINDS.index(child[f"home_type_{k}"])
    if "home_type_effect" in has:
        own = own + has["home_type_effect"][kind]
    if "home_effect" in has:
        own = own + has["home_effect"][int(child[f"home_{k}"][1:])]
    if "provider_effect" in has:
        own = own + has["provider_effect"][int(child[f"provider_{k}"][1:])]
    if "type_need_effect" in has:
        for place, need in enumerate(AUDITED):
            own = own + child[f"has_{need}"] * has["type_need_effect"][place, kind]
    return own


def _spec(
    name: str, likelihood: Any, words: str, without: tuple[str, ...], report: Any
) -> ModelSpec:
    effects = [e for e in EFFECTS if e["kind"] not in without and e.get("by") not in without]
    if likelihood["family"] == "joint":
        effects = [
            {**e, "across_routes": "factor"} if e.get("by") == "home" else e for e in effects
        ]
    better = "worse" if name in WORSE else "better"
    return ModelSpec.model_validate(
        {
            "name": f"tiny_{name}", "title": f"Tiny {name}", "unit": "child",
            "likelihood": likelihood, "effects": effects, "membership": MEMBERSHIP,
            "report": {"outcome_name": words, "higher_is": better, **report},
        }
    )  # fmt: skip


@dataclass
class _Truth:
    parts: int
    values: Values

    def put(self, name: str, value: Any) -> None:
        """Put a value, on each part when there are several; parts differ."""
        whole = np.asarray(value, dtype=float)
        effect = name.endswith("_effect") or name in {"fixed", "matching_mean"}
        scale = np.array([1.0, 0.6, -0.5, 0.8])[: self.parts] if effect else np.ones(self.parts)
        self.values[name] = whole if self.parts == 1 else whole[..., None] * scale


def _values(spec: ModelSpec, parts: tuple[str, ...]) -> Values:
    truth, rng = _Truth(len(parts), {}), np.random.default_rng(32)
    if parts != (spec.report.outcome_name,) or spec.likelihood.family != "ordinal":
        truth.put("intercept", 0.3)
    for effect in spec.effects:
        _of_effect(truth, effect, rng)
    _of_likelihood(truth, spec)
    return truth.values


def _of_effect(truth: _Truth, effect: Any, rng: np.random.Generator) -> None:
    kind, by = effect.kind, getattr(effect, "by", "")
    if kind == "fixed":
        truth.put("fixed", [0.1, -0.3, 0.4, -0.4])
    elif kind == "needs":
        truth.put("need_effect", [-0.4, -0.2])
        truth.put("need_sd", 0.1)
    elif kind == "settings":
        truth.put("setting_effect", [-0.3, 0.2, -0.1])
    elif kind == "home_type":
        truth.put("home_type_effect", [-0.5, 0.1, 0.4])
        truth.put("home_type_sd", 0.4)
    elif kind == "type_need":
        truth.put("type_need_effect", np.outer([0.3, -0.2], [1.0, -1.5, 0.5]))
        truth.put("type_need_sd", 0.25)
    elif kind == "matching":
        truth.put("matching_mean", 0.2)
        truth.put("matching_sd", 0.05)
        truth.put("matching_effect", [0.25, 0.15])
    elif kind == "walk":
        truth.put("year_effect", [-0.15, -0.05, 0.05, 0.15])
        truth.put("year_step_sd", 0.1)
    else:
        levels = {"home": HOMES, "provider": PROVIDERS, "authority": 4}[by]
        truth.put(f"{by}_effect", 0.4 * rng.standard_normal(levels))
        truth.put(f"{by}_sd", 0.4)


def _of_likelihood(truth: _Truth, spec: ModelSpec) -> None:
    item, parts, values = spec.likelihood, truth.parts, truth.values
    home = any(getattr(e, "by", "") == "home" for e in spec.effects)
    if item.family == "joint":
        values["child_loading"] = LOADING
        values["dispersion_points"] = np.array(DISPERSION)
        values["dispersion_difficulties"] = np.array(OTHER_DISPERSION)
        if home:
            values["home_common"] = np.array([0.8, 0.7, -0.5, 0.6])
    elif parts > 1 and home:
        values["home_correlation"] = np.where(np.eye(parts) == 1.0, 1.0, 0.4)
    if item.family in {"hurdle_beta_binomial", "beta_binomial"}:
        values["dispersion"] = np.array(DISPERSION)
    if item.family == "ordinal":
        values["cutpoint"], values["cutpoint_gap"] = CUTPOINT, np.diff(CUTPOINT)
    if item.family == "gaussian":
        values["residual_sd"] = np.array(RESIDUAL)


_OWN_DIMS = {
    "fixed": ("covariate",), "need_effect": ("need",), "need_family_mean": ("need_family",),
    "setting_effect": ("setting",), "home_type_effect": ("home_type",),
    "type_need_effect": ("crossed_need", "home_type"), "matching_effect": ("matched_need",),
    "home_effect": ("home",), "provider_effect": ("provider",), "authority_effect": ("authority",),
    "year_effect": ("year",),
}  # fmt: skip
_ALL_DIMS = {
    "home_correlation": ("route", "other_route"), "home_common": ("route",),
    "child_loading": ("route",), "impute_slope": ("imputed", "imputed_from"),
    "impute_sd": ("imputed_number",), "cutpoint": ("threshold",), "cutpoint_gap": ("gap",),
}  # fmt: skip
_SHARED = ("dispersion", "recording_", "residual_", "recency_")


def fit_of(
    spec: ModelSpec, table: pd.DataFrame, truth: Values, changes: Mapping[str, Any],
    sd: float = 0.03,
) -> Fit:  # fmt: skip
    """Make a fit of draws close around a truth."""
    design, structure = build_design(table, spec), make_structure(spec)
    values = dict(truth) | _imputed(design)
    if "need_effect" in values:
        needs = next(e for e in structure.effects if isinstance(e, NeedsEffect))
        families = len(needs.coords(design)["need_family"])
        values["need_family_mean"] = np.zeros((families, *values["need_effect"].shape[1:]))
    if any(r.coupled >= 0 for r in design.responses):
        values |= _about_recording(values, table, design)
    values |= {name: np.asarray(value, dtype=float) for name, value in changes.items()}
    dims, coords = _dims(values, design), _coords(design, structure)
    rng = np.random.default_rng(35)
    prior = _varied(_around(rng, values, dims, coords, 0.4, DRAWS), rng).isel(chain=[0])
    tree = {
        "posterior": _varied(_around(rng, values, dims, coords, sd, DRAWS), rng),
        "sample_stats": _stats(rng),
        "prior": prior,
    }
    alone = _around(rng, values, dims, coords, 0.15, 200)
    priors, _ = load_prior_set("neutral")
    return Fit(
        spec, priors, table, design, structure, xr.DataTree.from_dict(tree),
        xr.DataTree.from_dict({"posterior": alone}),
    )  # fmt: skip


def _varied(posterior: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
    """Correlations that differ from draw to draw, as they do when they are learnt, and are some."""
    for name in posterior.data_vars:
        if str(name).endswith("_common"):
            posterior[name] = posterior[name].clip(-0.95, 0.95)
        if str(name).endswith("_correlation"):
            matrix = posterior[name].to_numpy()
            pull = 1.0 + 0.1 * rng.uniform(-1.0, 1.0, (*matrix.shape[:2], 1, 1))
            away = np.eye(matrix.shape[2]) == 0.0
            posterior[name] = posterior[name].copy(data=np.where(away, matrix * pull, matrix))
    return posterior


def _companion(fit: Fit, spec: ModelSpec, sd: float, **changes: Any) -> Fit:
    mean = {name: draws.mean(axis=0) for name, draws in fit.posterior.values.items()}
    if spec.likelihood.family == "joint":
        mean.pop("home_common")
    return fit_of(spec, fit.table, mean, changes, sd)


def _alone(spec: ModelSpec) -> ModelSpec:
    effects = tuple(
        e.model_copy(update=_APART) if getattr(e, "by", "") == "home" else e for e in spec.effects
    )
    return spec.model_copy(update={"effects": effects})


def _imputed(design: Design) -> Values:
    """What complete rows say of the covariates that have blanks: least squares, or nearly."""
    imputation = Imputation.of(design)
    if imputation is None:
        return {}
    slopes, sds = [], []
    for hole in design.fixed.holes:
        seen = np.setdiff1d(np.arange(design.rows), hole.rows)
        z = imputation.predictors[seen]
        x = design.fixed.values[seen, hole.covariate]
        if hole.is_binary:
            mean = design.fixed.centres[hole.covariate]
            # the slope of a line, on the scale of log odds
            line = np.linalg.lstsq(z, x, rcond=None)[0] / (mean * (1 - mean))
            slopes.append(line + np.array([np.log(mean / (1 - mean)), 0.0, 0.0]))
            continue
        x = x / design.fixed.scales[hole.covariate]
        slopes.append(np.linalg.lstsq(z, x, rcond=None)[0])
        sds.append(np.std(x - z @ slopes[-1]))
    return {"impute_slope": np.array(slopes), "impute_sd": np.array(sds)}


def _about_recording(values: Values, table: pd.DataFrame, design: Design) -> Values:
    coupled = next(r.coupled for r in design.responses if r.coupled >= 0)
    complete = table.fillna({name: table[name].mean() for name in COVARIATES})
    about = predictors(complete, values, len(design.routes))[:, coupled].mean()
    return {"recording_slope": np.array(SLOPE), "recording_about": np.array(about)}


def _dims(values: Values, design: Design) -> dict[str, tuple[str, ...]]:
    route = ("route",) if design.routes else ()
    dims = {}
    for name in values:
        if name in _ALL_DIMS:
            dims[name] = _ALL_DIMS[name]
        else:
            dims[name] = (*_OWN_DIMS.get(name, ()), *(() if name.startswith(_SHARED) else route))
    return dims


def _coords(design: Design, structure: Any) -> dict[str, list[str]]:
    coords: dict[str, list[str]] = {}
    for effect in structure.effects:
        coords |= {name: list(labels) for name, labels in effect.coords(design).items()}
    for name in ("route", "other_route", "threshold", "gap"):
        if name in design.coords:
            coords[name] = list(design.coords[name])
    imputation = Imputation.of(design)
    if imputation is not None:
        coords |= {name: list(labels) for name, labels in imputation.coords().items()}
    return coords
