"""Eight schools against the reference draws of posteriordb."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from tests.anchors.compare import mcse


def reference_draws(folder: Path) -> dict[str, npt.NDArray[np.float64]]:
    """Return the reference draws by parameter, chains joined (10 x 1,000, nearly independent)."""
    with zipfile.ZipFile(folder / "eight_schools-eight_schools_noncentered.draws.json.zip") as file:
        chains = json.loads(file.read(file.namelist()[0]))
    return {name: np.concatenate([chain[name] for chain in chains]) for name in chains[0]}


def test_eight_schools(reference: Path, fit_own_table: Callable[..., xr.Dataset]) -> None:
    data = json.loads((reference / "anchors" / "eight_schools.json").read_text())
    table = pd.DataFrame(
        {"school": list("ABCDEFGH"), "effect": data["y"], "standard_error": data["sigma"]}
    )
    posterior = fit_own_table("eight_schools", table)
    ours = {"mu": posterior["intercept"], "tau": posterior["school_sd"]}
    total = posterior["intercept"] + posterior["school_effect"]
    ours |= {f"theta[{k + 1}]": total.isel(school=k, drop=True) for k in range(8)}

    published = reference_draws(reference / "anchors")
    for name, draws in ours.items():
        theirs = published[name]
        error = np.hypot(mcse(draws), theirs.std() / np.sqrt(theirs.size))
        assert abs(float(draws.mean()) - theirs.mean()) < 4 * error, name
        # the spread as well as the middle: within 6% of the reference standard deviation
        assert abs(float(draws.std()) / theirs.std() - 1) < 0.06, name
