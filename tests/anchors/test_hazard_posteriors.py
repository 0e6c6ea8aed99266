"""Rats, readmissions and AIDS or SI as a user fits them: YAML spec, table, one command.

Priors are flat, so that posteriors may be held against published maxima: coefficients within 0.15
standard errors and standard deviations within 10% (docs/methods.md section 5).
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from tests.anchors import tables

Fit = Callable[..., xr.Dataset]


def within(draws: xr.DataArray, target: float, error: float) -> None:
    """The posterior mean is within 0.15 standard errors of a published maximum."""
    assert abs(float(draws.mean()) - target) < 0.15 * error, (float(draws.mean()), target)


def coefficient(posterior: xr.Dataset, name: str) -> xr.DataArray:
    return posterior["fixed"].sel(covariate=name, drop=True)


def test_rats(reference: Path, fit_own_table: Fit) -> None:
    posterior = fit_own_table("rats", tables.rats(reference))
    within(coefficient(posterior, "rx"), 0.902, 0.322)
    frailty = np.sqrt(posterior["frailty_variance"])
    assert float(frailty.mean()) == pytest.approx(np.sqrt(0.461), rel=0.10)


def test_readmissions(reference: Path, fit_own_table: Fit) -> None:
    posterior = fit_own_table("readmission", tables.readmission(reference))
    targets = {
        "female": (-0.507, 0.136), "dukes_c": (0.290, 0.157), "dukes_d": (1.017, 0.191),
        "charlson_3": (0.390, 0.135), "chemo": (-0.199, 0.140),
    }  # fmt: skip
    for name, target in targets.items():
        within(coefficient(posterior, name), *target)
    frailty = np.sqrt(posterior["frailty_variance"])
    assert float(frailty.mean()) == pytest.approx(np.sqrt(0.606), rel=0.10)


def test_aids_or_si(reference: Path, fit_own_table: Fit) -> None:
    posterior = fit_own_table("aidssi", tables.aidssi(reference))
    gene = coefficient(posterior, "ccr5")
    within(gene.sel(route="AIDS", drop=True), -1.240, 0.307)
    within(gene.sel(route="SI", drop=True), -0.271, 0.238)
