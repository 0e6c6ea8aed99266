"""What a run keeps beside its draws: inputs that make it readable alone, checks and estimates.

Every file is written under a temporary name and renamed.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import pandas as pd

from bayescich.account import Account, Entry
from bayescich.histories.analysis_table import AnalysisTable
from bayescich.runs import Run, write_text
from bayescich.spec import ModelSpec, PriorSet

if TYPE_CHECKING:
    from bayescich.checks.core import Check
    from bayescich.estimates.core import Estimate


def save_inputs(table: AnalysisTable, spec: ModelSpec, priors: PriorSet, run: Run) -> None:
    """Keep the table, its account, the spec and the priors in the run's folder."""
    partial = run.folder / "table.parquet.partial"
    table.frame.to_parquet(partial)
    partial.replace(run.folder / "table.parquet")
    account = [dataclasses.asdict(entry) for entry in table.account.entries]
    write_text(run.folder / "account.json", json.dumps(account, indent=1) + "\n")
    write_text(run.folder / "spec.json", spec.model_dump_json(indent=1) + "\n")
    write_text(run.folder / "priors.json", priors.model_dump_json(indent=1) + "\n")
    if table.truth is not None:
        write_text(run.folder / "truth.csv", table.truth.to_csv(index=False))


def load_inputs(run: Run) -> tuple[AnalysisTable, ModelSpec, PriorSet]:
    """Read back what :func:`save_inputs` kept: a run can be read without its data files."""
    spec = ModelSpec.model_validate_json((run.folder / "spec.json").read_text("utf-8"))
    priors = PriorSet.model_validate_json((run.folder / "priors.json").read_text("utf-8"))
    entries = json.loads((run.folder / "account.json").read_text("utf-8"))
    account = Account(tuple(Entry(**{**e, "examples": tuple(e["examples"])}) for e in entries))
    truth_file = run.folder / "truth.csv"
    truth = pd.read_csv(truth_file, keep_default_na=False) if truth_file.is_file() else None
    frame = pd.read_parquet(run.folder / "table.parquet")
    return AnalysisTable(frame, account, bool(run.manifest()["synthetic"]), truth), spec, priors


def save_results(run: Run, checks: tuple[Check, ...], estimates: tuple[Estimate, ...]) -> None:
    """Keep the checks as JSON and each estimate as a Parquet table."""
    shown = ("name", "title", "group", "status", "gate", "value", "limit", "sentence")
    rows = [{key: getattr(check, key) for key in shown} for check in checks]
    write_text(run.folder / "checks.json", json.dumps(rows, indent=2, default=float) + "\n")
    folder = run.folder / "estimates"
    folder.mkdir(exist_ok=True)
    for estimate in estimates:
        partial = folder / f"{estimate.name}.parquet.partial"
        estimate.table.to_parquet(partial)
        partial.replace(folder / f"{estimate.name}.parquet")
