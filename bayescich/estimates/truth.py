"""For simulated data: what the simulator knew beside what the model found."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import xarray as xr

from bayescich.design.core import FloatArray
from bayescich.estimates.core import Estimate
from bayescich.estimates.summaries import INTERVAL
from bayescich.estimates.type_effects import (
    baseline_by_type,
    crossed_needs,
    type_effects,
    type_need_of,
)
from bayescich.model.effects.needs import MatchingEffect, NeedsEffect, TypeNeedEffect
from bayescich.model.likelihoods.responses import is_hurdle, main, main_place
from bayescich.sampling.fit import Fit
from bayescich.spec.model import HazardTimesSpec

OUTCOME_TABLES = ("outcomes16", "outcomes18")
_NEEDS = ("need", "type_need", "matching")


def truth_estimates(fit: Fit, truth: pd.DataFrame | None) -> tuple[Estimate, ...]:
    """Return ``truth``, or nothing when no truth of this model is known.

    Parameters
    ----------
    fit : Fit
    truth : DataFrame, optional
        Columns model, variable, level, value. A variable ``home_type`` is compared with the effect
        on the average child, centred over the levels the model has, since effects sum to zero; a
        ``baseline`` is moved to the model's reference case (mean covariates), when that can be
        known.
    """
    if truth is None:
        return ()
    if fit.spec.data in OUTCOME_TABLES:
        own = _truth_of_outcome(fit, truth)
        frames = [] if own.empty else _outcome_beside(fit, own)
    elif fit.design.routes:
        return ()
    else:
        own = truth_of_model(fit, truth)
        frames = [_beside(fit, own, str(name)) for name in own["variable"].unique()]
    found = [frame for frame in frames if frame is not None]
    if not found:
        return ()
    table = pd.concat(found, ignore_index=True)
    notes = _notes(fit, table, len(own) - len(table))
    covered = int(table["covered"].sum())
    sentence = (
        f"{covered} of {len(table)} true values lie within their 90% intervals; about "
        f"{0.9 * len(table):.0f} should."
    )
    words = {
        "variable": "variable", "level": "level", "truth": "truth", "mean": "posterior mean",
        "q05": "5%", "q95": "95%", "covered": "within the interval", "z": "(mean - truth) ÷ SD",
    }  # fmt: skip
    return (Estimate("truth", "Truth and posterior", sentence, table, words, notes),)


def truth_of_model(fit: Fit, truth: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a model's truth; ``stability-attained`` has that of ``stability``.

    A model of other settings than children's homes asks another question and has none of it.
    """
    own = truth[truth["model"] == fit.spec.name]
    if own.empty and fit.spec.data != "settings":
        own = truth[truth["model"] == fit.spec.name.partition("-")[0]]
    return own


def _truth_of_outcome(fit: Fit, truth: pd.DataFrame) -> pd.DataFrame:
    """Return the truth of a single outcome, its variables without the outcome's name.

    Of categories, and of homes weighed otherwise than by days, the simulator has none.
    """
    model, _, outcome = fit.spec.name.partition("-")
    prefix = f"{outcome}_"
    own = truth[(truth["model"] == model) & truth["variable"].str.startswith(prefix)]
    scheme = None if fit.spec.membership is None else fit.spec.membership.scheme
    if main(fit.design).kind == "categorical" or scheme != "given":
        own = own.iloc[:0]
    return own.assign(variable=own["variable"].str.removeprefix(prefix))


def _outcome_beside(fit: Fit, own: pd.DataFrame) -> list[pd.DataFrame | None]:
    """Compare places and spreads, on the outcome's own part: with a hurdle, on the points."""
    posterior = fit.tree["posterior"].to_dataset()
    if fit.design.routes:
        responses = fit.design.responses
        response = responses[main_place(fit.design) + is_hurdle(fit.design)]
        posterior = posterior.sel(route=fit.design.routes[response.column])
    spreads = (f"{effect.column}_sd" for effect in fit.structure.groups)
    return [
        _of_levels(posterior, own, "home_type", centred=True),
        _of_levels(posterior, own, "setting"),
        *(_of_number(posterior, own, name) for name in spreads if name != "home_type_sd"),
    ]


def _of_levels(
    posterior: xr.Dataset, own: pd.DataFrame, column: str, *, centred: bool = False
) -> pd.DataFrame | None:
    true = _levels(own, column)
    if f"{column}_effect" not in posterior:
        return None
    found = posterior[f"{column}_effect"].transpose("chain", "draw", column)
    known = [str(level) for level in found[column].to_numpy() if str(level) in true.index]
    if not known:
        return None
    draws = found.sel({column: known}).to_numpy().reshape(-1, len(known))
    values = np.asarray(true[known], dtype=np.float64)
    if centred:
        values, draws = values - values.mean(), draws - draws.mean(axis=1, keepdims=True)
    return _compared(column, known, values, draws)


def _of_number(posterior: xr.Dataset, own: pd.DataFrame, name: str) -> pd.DataFrame | None:
    true = _levels(own, name)
    if true.empty or name not in posterior:
        return None
    truth = np.asarray(true, dtype=np.float64)
    return _compared(name, [""], truth, posterior[name].to_numpy().reshape(-1, 1))


def _notes(fit: Fit, table: pd.DataFrame, skipped: int) -> tuple[str, ...]:
    notes = [
        "The data are simulated. Home-type effects are centred over the types in the data"
        + (
            "; the baseline is that of a child with mean covariates in an average home."
            if "baseline" in set(table["variable"])
            else "."
        )
    ]
    if set(_NEEDS) & set(table["variable"]):
        notes.append(
            "Needs are recorded with error: some that are there are missed, and some are recorded "
            "that are not. So effects of needs come out nearer to zero than the truth, and fewer "
            "than nine in ten lie within their intervals."
        )
    if fit.spec.data in OUTCOME_TABLES:
        notes.append(
            "The truth is about children alike in ability, difficulties and needs, which no record "
            "shows in full. What records miss of them, and goes with where children live, is in "
            "the estimates as it would be in real data."
        )
    if skipped:
        notes.append(f"{skipped:,} true values have no counterpart in the model.")
    return tuple(notes)


def _beside(fit: Fit, own: pd.DataFrame, variable: str) -> pd.DataFrame | None:
    if variable in _OWN_WAY:
        return _OWN_WAY[variable](fit, own)
    names = [n for n in (variable, f"{variable}_effect") if n in fit.posterior]
    if not names or (variable == "year_effect" and _attained_year(fit)):
        return None
    array, draws = fit.tree["posterior"].to_dataset()[names[0]], fit.posterior[names[0]]
    true = _levels(own, variable)
    if draws.ndim == 1:
        return _compared(variable, [""], np.asarray(true, dtype=np.float64), draws[:, None])
    dim = next(str(d) for d in array.dims if d not in ("chain", "draw"))
    levels = [str(level) for level in array[dim].to_numpy()]
    known = [level for level in levels if level in true.index]
    if not known:
        return None
    shift = _shift(fit, own, variable, dim, true[known])
    if shift is None:
        return None
    values = np.asarray(true[known], dtype=np.float64) + shift
    return _compared(variable, known, values, draws[:, [levels.index(level) for level in known]])


def _home_types(fit: Fit, own: pd.DataFrame) -> pd.DataFrame | None:
    effect = fit.structure.home_type
    if effect is None:
        return None
    levels, true = fit.design.factors[effect.column].levels, _levels(own, "home_type")
    known = [level for level in levels if level in true.index]
    if effect.column != "home_type" or not known:
        return None
    draws = type_effects(fit, fit.posterior)[:, [levels.index(level) for level in known]]
    values = np.asarray(true[known], dtype=np.float64)
    return _compared("home_type", known, values - values.mean(), draws)


def _type_needs(fit: Fit, own: pd.DataFrame) -> pd.DataFrame | None:
    """Compare cells, each need's truth centred over the types that the model has."""
    effect = type_need_of(fit)
    if effect is None:
        return None
    types, true = fit.design.factors[effect.column].levels, _levels(own, "type_need")
    draws, frames = fit.posterior[effect.variable], []
    for place, need in enumerate(crossed_needs(fit.design, len(types))):
        known = [k for k, kind in enumerate(types) if f"{kind}: {need}" in true.index]
        if len(known) > 1:
            names = [f"{types[k]}: {need}" for k in known]
            values = np.asarray(true[names], dtype=np.float64)
            centred = values - values.mean()
            frames.append(_compared("type_need", names, centred, draws[:, place][:, known]))
    return pd.concat(frames, ignore_index=True) if frames else None


_OWN_WAY: dict[str, Callable[[Fit, pd.DataFrame], pd.DataFrame | None]] = {
    "home_type": _home_types,
    "type_need": _type_needs,
}


def _levels(own: pd.DataFrame, variable: str) -> pd.Series[float]:
    rows = own[own["variable"] == variable]
    return pd.Series(rows["value"].to_numpy(np.float64), index=rows["level"].astype(str))


def _shift(
    fit: Fit, own: pd.DataFrame, variable: str, dim: str, true: pd.Series[float]
) -> float | None:
    """Return what the model's own centring adds to a truth; none when it cannot be known."""
    if dim in _zero_sum_columns(fit):
        return -float(true.mean())
    if variable != "baseline":
        return 0.0
    covariates = _mean_covariates(fit, own)
    if covariates is None or fit.structure.home_type is None:
        return covariates
    # the average home type of the data is part of the model's baseline, and so is its average year
    effect = fit.structure.home_type.column
    types = _levels(own, effect).reindex(list(fit.design.factors[effect].levels))
    return covariates + (0.0 if types.isna().all() else float(types.mean())) + _mean_year(fit, own)


def _zero_sum_columns(fit: Fit) -> set[str]:
    return {
        str(getattr(effect, "column", ""))
        for effect in fit.structure.effects
        if effect.zero_sum and not isinstance(effect, TypeNeedEffect)
    }


def _mean_year(fit: Fit, own: pd.DataFrame) -> float:
    if "year" not in _zero_sum_columns(fit):
        return 0.0
    years = _levels(own, "year_effect").reindex(list(fit.design.factors["year"].levels))
    return 0.0 if years.isna().any() else float(years.mean())


def _mean_covariates(fit: Fit, own: pd.DataFrame) -> float | None:
    """Return what mean covariates add to the baseline; none when some of it cannot be known.

    The company kept in a home and the needs that were recorded, with error, are in no truth.
    """
    needs = (NeedsEffect, TypeNeedEffect, MatchingEffect)
    if any(isinstance(e, needs) for e in fit.structure.effects):
        return None
    if _attained_year(fit) or baseline_by_type(fit):
        return None
    if fit.design.fixed is None:
        return 0.0
    slopes = _levels(own, "fixed").reindex(list(fit.design.fixed.names)).to_numpy(np.float64)
    return None if np.isnan(slopes).any() else float(slopes @ fit.design.fixed.centres)


def _attained_year(fit: Fit) -> bool:
    # the simulator's years are those in which a stay begins
    item = fit.spec.likelihood
    return isinstance(item, HazardTimesSpec) and item.split is not None


def _compared(
    variable: str, levels: list[str], truth: FloatArray, draws: FloatArray
) -> pd.DataFrame:
    low, high = np.quantile(draws, INTERVAL, axis=0)
    mean, sd = draws.mean(axis=0), draws.std(axis=0, ddof=1)
    return pd.DataFrame(
        {
            "variable": variable,
            "level": levels,
            "truth": truth,
            "mean": mean,
            "q05": low,
            "q95": high,
            "covered": (low <= truth) & (truth <= high),
            "z": (mean - truth) / sd,
        }
    )
