"""R, where it is installed: implementations that share no line of code with ours."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest


def run_r(script: str, table: pd.DataFrame, folder: Path, *packages: str) -> dict[str, float]:
    """Run a script that reads ``table.csv`` and prints lines ``name value``; skip without R."""
    for package in packages:
        _need(package)
    table.to_csv(folder / "table.csv", index=False)
    (folder / "script.R").write_text(script, encoding="utf-8")
    ran = _rscript([str(folder / "script.R")], folder)
    assert ran.returncode == 0, ran.stderr
    lines = (line.split() for line in ran.stdout.splitlines() if line.strip())
    return {name: float(value) for name, value in lines}


def _need(package: str) -> None:
    if shutil.which("Rscript") is None:
        pytest.skip("needs R: Rscript is not on this machine")
    if _rscript(
        ["-e", f"quit(status = !requireNamespace('{package}', quietly = TRUE))"]
    ).returncode:
        pytest.skip(f"needs the R package {package}")


def _rscript(arguments: list[str], folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["Rscript", "--vanilla", *arguments],
        capture_output=True, text=True, check=False, cwd=folder,
    )  # fmt: skip
