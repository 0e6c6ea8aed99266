"""A model and a table of the user's own, small enough to sample in a second."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import yaml

PRIOR = {"distribution": "normal", "mean": 0, "sd": 1, "reason": "long enough", "source": "here"}
HALF = {"distribution": "half_normal", "sd": 1, "reason": "long enough", "source": "here"}


def write_own_table(folder: Path) -> Path:
    """Write ``table.csv``: eight hospitals."""
    hospitals = [f"H{k}" for k in range(8)]
    deaths = [4, 12, 7, 3, 20, 9, 6, 11]
    returns = [11, 8, 15, 9, 12, 10, 7, 14]
    table = pd.DataFrame(
        {"hospital": hospitals, "deaths": deaths, "operations": 60, "returns": returns}
    )
    table.to_csv(folder / "table.csv", index=False)
    return folder / "table.csv"


def write_own_spec(folder: Path, **changes: object) -> Path:
    """Write ``my_spec.yaml``: deaths by hospital, partially pooled."""
    spec = {
        "name": "own",
        "title": "Deaths in eight hospitals",
        "unit": "hospital",
        "likelihood": {"family": "binomial", "outcome": "deaths", "trials": "operations"},
        "effects": [{"kind": "group", "by": "hospital"}],
        "sampling": {"chains": 2, "draws": 50, "tune": 100},
    }
    path = folder / "my_spec.yaml"
    path.write_text(yaml.safe_dump(spec | changes), encoding="utf-8")
    return path


def write_own_outcomes(folder: Path, **changes: object) -> Path:
    """Write ``my_outcomes.yaml``: deaths and returns, one model each in one file."""
    spec = yaml.safe_load(write_own_spec(folder).read_text(encoding="utf-8"))
    del spec["likelihood"]
    spec["outcomes"] = {
        name: {
            "title": name.capitalize(),
            "likelihood": {"family": "binomial", "outcome": name, "trials": "operations"},
        }
        for name in ("deaths", "returns")
    }
    path = folder / "my_outcomes.yaml"
    path.write_text(yaml.safe_dump(spec | changes), encoding="utf-8")
    return path


def write_own_priors(folder: Path, name: str, sd: float) -> None:
    """Write ``priors/<name>.yaml``: all that the model needs."""
    priors = {"intercept": {**PRIOR, "sd": sd}, "group.sd": HALF}
    (folder / "priors").mkdir(exist_ok=True)
    content = {"name": name, "description": "ours", "priors": priors}
    (folder / "priors" / f"{name}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
