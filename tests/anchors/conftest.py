"""Anchors run as a user runs them: a YAML spec, a table, one command."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import xarray as xr

from bayescich import pipeline
from bayescich.sampling.store import load_tree

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def fit_own_table(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., xr.Dataset]:
    """Fit ``tests/anchors/<name>.yaml`` to a table, in an empty folder; return the posterior."""

    def fit(name: str, table: pd.DataFrame, weights: str | None = None) -> xr.Dataset:
        folder = tmp_path_factory.mktemp(name)
        file = folder / "table.csv"
        table.to_csv(file, index=False)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            spec = str(HERE / f"{name}.yaml")
            request = pipeline.make_request(spec, file, None, {}, weights=weights)
            # the prior set lies in the package, not in the user's folder
            outcome = pipeline.fit(request)
            assert outcome.gates_passed
            assert (folder / outcome.report).is_file()
            return load_tree(folder / outcome.run.folder / "draws.nc")["posterior"].to_dataset()

    return fit
