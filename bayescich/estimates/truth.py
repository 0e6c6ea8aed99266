"""For simulated data: what the simulator knew beside what the model found."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.design.core import FloatArray
from bayescich.estimates.core import Estimate
from bayescich.estimates.summaries import INTERVAL
from bayescich.sampling.fit import Fit


def truth_estimates(fit: Fit, truth: pd.DataFrame | None) -> tuple[Estimate, ...]:
    """Return ``truth``, or nothing when no truth of this model is known.

    Parameters
    ----------
    fit : Fit
    truth : DataFrame, optional
        Columns model, variable, level, value. A variable ``home_type`` is compared with the
        posterior's ``home_type_effect``, centred over the levels the model has, since its effects
        sum to zero; a ``baseline`` is moved to the model's reference case (mean covariates).
    """
    if truth is None:
        return ()
    own = truth[truth["model"] == fit.spec.name]
    if own.empty:
        return ()
    frames = [_beside(fit, own, str(name)) for name in own["variable"].unique()]
    found = [frame for frame in frames if frame is not None]
    if not found:
        return ()
    table = pd.concat(found, ignore_index=True)
    skipped = len(own) - len(table)
    covered = int(table["covered"].sum())
    sentence = (
        f"{covered} of {len(table)} true values lie within their 90% intervals; about "
        f"{0.9 * len(table):.0f} should."
    )
    words = {
        "variable": "variable", "level": "level", "truth": "truth", "mean": "posterior mean",
        "q05": "5%", "q95": "95%", "covered": "within the interval", "z": "(mean - truth) ÷ SD",
    }  # fmt: skip
    notes = [
        (
            "The data are simulated. Home-type effects are centred over the types in the data; the "
            "baseline is that of a child with mean covariates in an average home."
        ),
    ]
    if skipped:
        notes.append(f"{skipped:,} true values have no counterpart in the model.")
    return (Estimate("truth", "Truth and posterior", sentence, table, words, tuple(notes)),)


def _beside(fit: Fit, own: pd.DataFrame, variable: str) -> pd.DataFrame | None:
    names = [n for n in (variable, f"{variable}_effect") if n in fit.posterior]
    if not names:
        return None
    array, draws = fit.tree["posterior"].to_dataset()[names[0]], fit.posterior[names[0]]
    true = _levels(own, variable)
    if draws.ndim == 1:
        return _compared(variable, [""], np.asarray(true, dtype=np.float64), draws[:, None])
    dim = next(str(d) for d in array.dims if d not in ("chain", "draw"))
    levels = [str(level) for level in array[dim].to_numpy()]
    known = [level for level in levels if level in true.index]
    shift = _shift(fit, own, variable, dim, true[known])
    if shift is None:
        return None
    values = np.asarray(true[known], dtype=np.float64) + shift
    return _compared(variable, known, values, draws[:, [levels.index(level) for level in known]])


def _levels(own: pd.DataFrame, variable: str) -> pd.Series[float]:
    rows = own[own["variable"] == variable]
    return pd.Series(rows["value"].to_numpy(np.float64), index=rows["level"].astype(str))


def _shift(
    fit: Fit, own: pd.DataFrame, variable: str, dim: str, true: pd.Series[float]
) -> float | None:
    """Return what the model's own centring adds to a truth; none when it cannot be known."""
    group = fit.structure.group(dim)
    if group is not None and group.zero_sum:
        return -float(true.mean())
    if variable != "baseline":
        return 0.0
    covariates = _mean_covariates(fit, own)
    if covariates is None or fit.structure.home_type is None:
        return covariates
    # the average home type of the data is part of the model's baseline
    effect = fit.structure.home_type.column
    types = _levels(own, effect).reindex(list(fit.design.factors[effect].levels))
    return covariates + (0.0 if types.isna().all() else float(types.mean()))


def _mean_covariates(fit: Fit, own: pd.DataFrame) -> float | None:
    if fit.design.fixed is None:
        return 0.0
    slopes = _levels(own, "fixed").reindex(list(fit.design.fixed.names)).to_numpy(np.float64)
    return None if np.isnan(slopes).any() else float(slopes @ fit.design.fixed.centres)


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
