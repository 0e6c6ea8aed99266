"""How close is close enough: the Monte Carlo error of our own posterior means."""

import arviz as az
import xarray as xr


def mcse(draws: xr.DataArray) -> float:
    """Return the Monte Carlo standard error of a posterior mean."""
    return float(az.mcse(draws.rename("x").to_dataset(), method="mean")["x"])
