"""Twelve hospitals against quadrature: an implementation with nothing in common with ours."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import xarray as xr
from scipy.special import expit
from scipy.stats import binom, halfnorm, norm

from tests.anchors.compare import mcse


@dataclass(frozen=True)
class Moments:
    """Posterior means by quadrature."""

    mean: float
    sd: float
    deaths: npt.NDArray[np.float64]


def quadrature(deaths: npt.NDArray[np.int64], operations: npt.NDArray[np.int64]) -> Moments:
    """Integrate the hospitals out by Gauss-Hermite and the two hyperparameters on a grid."""
    mean, sd = np.meshgrid(np.linspace(-4, -1.3, 121), np.linspace(1e-3, 2.5, 251), indexing="ij")
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    p = expit(mean[..., None] + sd[..., None] * nodes)
    log_posterior = norm.logpdf(mean, 0, 100) + halfnorm.logpdf(sd, scale=0.5)
    by_hospital = []
    for died, operated in zip(deaths, operations, strict=True):
        density = binom.pmf(died, operated, p) * weights / weights.sum()
        total = density.sum(axis=-1)
        log_posterior += np.log(total)
        by_hospital.append((density * p).sum(axis=-1) / total)
    weight = np.exp(log_posterior - log_posterior.max())
    weight /= weight.sum()
    return Moments(
        float((weight * mean).sum()),
        float((weight * sd).sum()),
        np.array([(weight * rate).sum() for rate in by_hospital]),
    )


def test_surgical(reference: Path, fit_own_table: Callable[..., xr.Dataset]) -> None:
    data = json.loads((reference / "anchors" / "surgical_data.json").read_text())
    hospitals = [f"hospital {k:02d}" for k in range(1, 13)]
    table = pd.DataFrame({"hospital": hospitals, "deaths": data["r"], "operations": data["n"]})
    posterior = fit_own_table("surgical", table)
    exact = quadrature(np.array(data["r"]), np.array(data["n"]))

    # the quadrature itself hits the published figures for this prior
    assert exact.sd == pytest.approx(0.413, abs=0.001)
    assert exact.deaths[7] == pytest.approx(0.1245, abs=0.0002)

    predictor = posterior["intercept"] + posterior["hospital_effect"]
    rates = xr.apply_ufunc(expit, predictor)
    pairs = [(posterior["intercept"], exact.mean), (posterior["hospital_sd"], exact.sd)]
    pairs += [(rates.isel(hospital=k, drop=True), exact.deaths[k]) for k in range(12)]
    for draws, target in pairs:
        assert abs(float(draws.mean()) - target) < 4 * mcse(draws)
