"""Cox's partial likelihood and the Aalen-Johansen estimator: nothing in common with our models."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Ties = Literal["breslow", "efron"]


def cox(
    covariates: FloatArray,
    stop: FloatArray,
    event: FloatArray,
    start: FloatArray | None = None,
    ties: Ties = "breslow",
) -> tuple[FloatArray, FloatArray]:
    """Return coefficients and standard errors that maximise the partial likelihood (Newton)."""
    x = covariates - covariates.mean(axis=0)
    begin = np.full(len(stop), -np.inf) if start is None else start
    times = np.unique(stop[event == 1])
    at_risk = [(begin < t) & (stop >= t) for t in times]
    ends = [(stop == t) & (event == 1) for t in times]
    beta = np.zeros(x.shape[1])
    for _ in range(25):
        slope, curvature = _partial(x, beta, at_risk, ends, ties)
        step = np.linalg.solve(curvature, slope)
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            break
    return beta, np.sqrt(np.diag(np.linalg.inv(curvature)))


def _partial(
    x: FloatArray,
    beta: FloatArray,
    at_risk: list[npt.NDArray[np.bool_]],
    ends: list[npt.NDArray[np.bool_]],
    ties: Ties,
) -> tuple[FloatArray, FloatArray]:
    risk = np.exp(x @ beta)
    slope, curvature = np.zeros(len(beta)), np.zeros((len(beta), len(beta)))
    for here, now in zip(at_risk, ends, strict=True):
        tied = int(now.sum())
        slope += x[now].sum(axis=0)
        for k in range(tied):
            # Efron: those who end together leave the risk set one after another
            left = here - (k / tied if ties == "efron" else 0.0) * now
            weight = left * risk
            mean = weight @ x / weight.sum()
            slope -= mean
            curvature += (x.T * weight) @ x / weight.sum() - np.outer(mean, mean)
    return slope, curvature


def aalen_johansen(time: FloatArray, cause: FloatArray, until: FloatArray) -> FloatArray:
    """Return the cumulative incidence of each cause, shape (causes, times).

    ``cause`` is 0, 1, … and -1 for a censored time.
    """
    causes = int(cause.max()) + 1
    alive, gone = 1.0, np.zeros(causes)
    found = np.zeros((causes, len(until)))
    for t in np.unique(time[cause >= 0]):
        ended = np.array([(cause[time == t] == c).sum() for c in range(causes)])
        hazard = ended / (time >= t).sum()
        gone = gone + alive * hazard
        alive *= 1.0 - hazard.sum()
        found[:, until >= t] = gone[:, None]
    return found
