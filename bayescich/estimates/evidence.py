"""How much one outcome says of a level: the information it carries about the linear predictor.

    yes or no        p (1 - p)
    event in a time  H² (1 - p) / p,  H = -log(1 - p)
    score out of n   n p (1 - p) / (1 + (n - 1) ρ),  ρ = 1 / (1 + φ)
    category k       p_k (1 - p_k)
    measurement      1 / σ²

at the mean p of the outcomes seen.
"""

from __future__ import annotations

import numpy as np

from bayescich.design.core import Design, Response
from bayescich.model.draws import Draws, FloatArray
from bayescich.model.response.densities import DISPERSED, extra_name
from bayescich.sampling.fit import Fit

_LEAST = 1e-6


def information_by_part(fit: Fit) -> FloatArray:
    """Return the information of one outcome about each linear predictor, shape (parts,).

    One outcome is that of one row; of counts out of trials that differ (deaths out of operations)
    it is one trial.
    """
    design = fit.design
    found = np.zeros(max(len(design.routes), 1))
    for place, response in enumerate(design.responses):
        own = _of_response(design, place, fit.posterior)
        found[response.column : response.column + response.width] = own
    return np.maximum(found, _LEAST)


def _of_response(design: Design, place: int, draws: Draws) -> FloatArray:
    response = design.responses[place]
    seen = design.outcome["seen"][:, place] == 1
    y, size = design.outcome["y"][seen, place], design.outcome["size"][seen, place]
    if response.kind == "normal":
        return np.array([_precision(design, place, size, draws)])
    if response.kind == "categorical":
        share = np.bincount(y.astype(np.int64), minlength=len(response.categories)) / len(y)
        return np.asarray((share * (1.0 - share))[1:])
    p = _share(response, y, size)
    if response.kind == "cloglog":
        hazard = -np.log1p(-p)
        return np.array([hazard**2 * (1.0 - p) / p])
    one = p * (1.0 - p)
    if response.kind not in DISPERSED:
        return np.array([one])
    n, alike = float(size.mean()), 1.0 / (1.0 + draws[extra_name(design, place)])
    return np.array([np.mean(n * one / (1.0 + (n - 1.0) * alike))])


def _share(response: Response, y: FloatArray, size: FloatArray) -> float:
    if response.kind == "ordinal":
        share = float(np.mean(y >= len(response.categories) // 2))
    elif response.kind == "cloglog":
        share = float(y.mean())
    else:
        share = float(y.sum() / size.sum())
    return min(max(share, _LEAST), 1.0 - _LEAST)


def _precision(design: Design, place: int, size: FloatArray, draws: Draws) -> float:
    if design.responses[place].known_sd:
        return float(np.mean(1.0 / size**2))
    return float(np.mean(1.0 / draws[extra_name(design, place)] ** 2))
