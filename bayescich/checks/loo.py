"""Leave-one-unit-out cross-validation by Pareto-smoothed importance sampling.

The unit is the child or the home, never the row: "another week of the same stay" is no test. When
the unit has an effect of its own (homes among inspections), that effect is integrated out with the
unit's own data, or else the importance weights would have to undo it (Merkle et al. 2019):

    log p(y_j | s) = log ∫ Π_r p(y_r | η_r + v, s) Normal(v; 0, σ_s) dv

by adaptive Gauss-Hermite quadrature around the posterior mean and SD of that unit's effect. The
adaptation only places the nodes; the sum is exact in the limit of many nodes.

References
----------
Vehtari, Gelman & Gabry (2017), Statistics and Computing 27; Merkle, Furr & Rabe-Hesketh (2019),
Psychometrika 84; Liu & Pierce (1994), A note on Gauss-Hermite quadrature, Biometrika 81.
"""

from __future__ import annotations

import warnings

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import logsumexp
from scipy.stats import norm

from bayescich.checks.core import Check
from bayescich.checks.levels import cells, exchangeable_groups, pieces
from bayescich.checks.spells import in_cells
from bayescich.model.draws import Draws, FloatArray
from bayescich.model.effects.group import GroupEffect
from bayescich.model.likelihoods.times import HazardTimes
from bayescich.sampling.fit import Fit

DRAWS = 1000
NODES = 11
"""At 800 homes and 4,000 inspections 11 nodes agree with 61 to 0.00005 per home."""
K_LIMIT = 0.7
"""Pareto k above which the estimate for a unit is not to be trusted."""
SHARE_LIMIT = 0.01
"""Share of units with an unreliable estimate above which the sum is not to be trusted either."""

_ROUNDING = 1e-9
"""Up to which log-likelihoods of different draws are the same."""

_TITLE = "Cross-validation (PSIS-LOO)"


def loo_checks(fit: Fit) -> tuple[Check, ...]:
    """Return ``loo``: expected log predictive density of a unit left out.

    The check fails, as a warning, when the estimate is unreliable for more than 1% of the units.

    Parameters
    ----------
    fit : Fit

    Returns
    -------
    tuple of Check
        ``table`` holds elpd, its standard error, p_loo and counts by Pareto k; ``series`` holds
        ``elpd``, ``pareto_k`` and ``p_loo`` of each unit of which something was seen, in the order
        of ``design.unit.levels``.
    """
    if why := _no_unit_to_leave_out(fit):
        return (Check("loo", _TITLE, "comparison", "not applicable", why),)
    by_unit = log_likelihood_by_unit(fit, fit.posterior.thin(DRAWS))
    # a unit of which nothing was seen has nothing to be predicted
    return (_check(fit, by_unit[:, np.ptp(by_unit, axis=0) > _ROUNDING]),)


def _no_unit_to_leave_out(fit: Fit) -> str | None:
    likelihood, unit = fit.structure.likelihood, fit.spec.unit
    if fit.design.routes and _own_effect(fit) is not None:
        axis = "part of the outcome" if fit.design.responses else "route"
        return (
            f"A '{unit}' has an effect on each {axis}; they belong together and cannot be "
            "integrated out one by one."
        )
    if not isinstance(likelihood, HazardTimes):
        return None
    if in_cells(fit.design):
        return f"Rows are cells of many spells, so no single '{unit}' can be left out."
    if likelihood.frailty not in (None, unit):
        return (
            f"Rows of one '{likelihood.frailty}' share a frailty, so a '{unit}' cannot be "
            f"left out alone; name '{likelihood.frailty}' as the unit."
        )
    return None


def log_likelihood_by_unit(fit: Fit, draws: Draws, nodes: int = NODES) -> FloatArray:
    """Return the log-likelihood of each unit, its own effect integrated out; (samples, units)."""
    own = _own_effect(fit)
    parts = []
    for piece in pieces(draws, cells(fit.design)):
        if own is None:
            eta = fit.structure.linear_predictor(piece, fit.design)
            parts.append(fit.structure.likelihood.log_likelihood(piece, eta, fit.design))
        else:
            parts.append(_integrated(fit, own, piece, nodes))
    return np.concatenate(parts)


def _own_effect(fit: Fit) -> GroupEffect | None:
    return next((g for g in exchangeable_groups(fit.structure) if g.column == fit.spec.unit), None)


def _integrated(fit: Fit, own: GroupEffect, draws: Draws, nodes: int) -> FloatArray:
    structure, design = fit.structure, fit.design
    effects = fit.posterior[own.variable]
    centre, scale = effects.mean(axis=0), np.maximum(effects.std(axis=0), 1e-9)
    eta = structure.linear_predictor(draws, design, leave_out=(own.variable,))
    sd = draws[own.sd_variable][:, None]
    terms = []
    for x, weight in zip(*np.polynomial.hermite_e.hermegauss(nodes), strict=True):
        v = centre + scale * x
        shifted = eta + v[design.unit.codes]
        at_node = structure.likelihood.log_likelihood(draws, shifted, design)
        # the rule integrates against exp(-x²/2); what it weighs down is put back
        terms.append(at_node + norm.logpdf(v, 0.0, sd) + np.log(weight * scale) + 0.5 * x**2)
    return np.asarray(logsumexp(np.stack(terms), axis=0))


def _check(fit: Fit, by_unit: FloatArray) -> Check:
    data = xr.Dataset({"unit": (("chain", "draw", "unit_left_out"), by_unit[None])})
    with warnings.catch_warnings():
        # high Pareto k is what this check reports itself
        warnings.simplefilter("ignore", UserWarning)
        loo = az.loo(xr.DataTree.from_dict({"log_likelihood": data}), pointwise=True, reff=1.0)
    elpd, k = loo.elpd_i.to_numpy(), loo.pareto_k.to_numpy()
    p_each = logsumexp(by_unit, axis=0) - np.log(len(by_unit)) - elpd
    bad, units, unit = int((~(k <= K_LIMIT)).sum()), len(k), fit.spec.unit
    integrated = ", its own effect integrated out," if _own_effect(fit) is not None else ""
    sentence = (
        f"Leaving out one {unit} at a time{integrated} the expected log predictive density is "
        f"{loo.elpd:,.1f} (SE {loo.se:,.1f}) over {units:,} units; effective parameters "
        f"{loo.p:,.1f}. "
        + (f"For {bad:,} the estimate is unreliable" if bad else "No estimate is unreliable")
        + f" (Pareto k above {K_LIMIT}; up to {SHARE_LIMIT:.0%} of the units may be)."
    )
    return Check(
        "loo", _TITLE, "comparison", "failed" if bad > SHARE_LIMIT * units else "passed", sentence,
        value=float(loo.elpd), table=_table(loo, k, units),
        series={"elpd": elpd, "pareto_k": k, "p_loo": p_each},
    )  # fmt: skip


def _table(loo: az.ELPDData, k: FloatArray, units: int) -> pd.DataFrame:
    rows = [
        ("expected log predictive density", float(loo.elpd)),
        ("its standard error", float(loo.se)),
        ("effective number of parameters", float(loo.p)),
        ("units left out, one at a time", float(units)),
        ("Pareto k up to 0.5", float((k <= 0.5).sum())),
        ("Pareto k 0.5 to 0.7", float(((k > 0.5) & (k <= K_LIMIT)).sum())),
        ("Pareto k 0.7 to 1", float(((k > K_LIMIT) & (k <= 1)).sum())),
        ("Pareto k above 1", float((~(k <= 1)).sum())),
    ]
    return pd.DataFrame(rows, columns=["quantity", "value"])
