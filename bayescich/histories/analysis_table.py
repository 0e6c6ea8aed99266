"""From the user's files to the one table a model is fitted to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bayescich.account import Account
from bayescich.errors import HistoriesError, RecordsError
from bayescich.records.sources import SYNTHETIC_MARK, SYNTHETIC_TRUTH
from bayescich.spec.model import DataSource
from bayescich.spec.policies import HistoryPolicies


@dataclass(frozen=True)
class AnalysisTable:
    """One row per spell, child, inspection or row of the user's own table."""

    frame: pd.DataFrame
    account: Account
    synthetic: bool = False
    truth: pd.DataFrame | None = None
    """Columns model, variable, level, value: what the simulator used."""


def load_analysis_table(
    source: DataSource, path: Path, policies: HistoryPolicies | None = None
) -> AnalysisTable:
    """Read the files of a model's data source and build its table.

    Parameters
    ----------
    source : {"placements", "exits", "settings", "outcomes16", "outcomes18", "inspections", \
"authorities", "table"}
        ``placements``: SSDA903 returns, at any depth, and an Ofsted register, in a folder
        ``ofsted`` or beside them. ``exits``: the same stays, made ready for routes of exit.
        ``settings``: stays in every kind of setting; the register may be absent.
        ``outcomes16``, ``outcomes18``: one row per child, with the stays in a window and outcomes.
        ``inspections``: Ofsted provider-level files. ``authorities``: DfE's published counts by
        local authority. ``table``: one CSV or Parquet file.
    path : Path
        The folder, or the file.
    policies : HistoryPolicies, optional
        How returns become histories (none are needed for ``inspections``, ``authorities`` and
        ``table``); the defaults if left out.

    Raises
    ------
    RecordsError
        When files are missing or not what they should be.
    HistoriesError
        When the records make no history.
    """
    if not path.exists():
        raise RecordsError(
            f"There is nothing at '{path}'.",
            where="--data (DATA=)",
            next_step="Check the path; it is read relative to the folder you are in.",
        )
    policies = policies or HistoryPolicies()
    frame, account = _READERS[source](path, policies)
    if frame.empty:
        raise HistoriesError(
            "No rows are left for the analysis.",
            where=str(path),
            why="every row was excluded:\n" + account.to_frame().to_string(index=False),
            next_step="Check that these are the files you meant.",
        )
    return AnalysisTable(frame, account, *_synthetic(path))


def _placements(path: Path, policies: HistoryPolicies) -> tuple[pd.DataFrame, Account]:
    from bayescich.histories.placements import placement_histories
    from bayescich.records.everything import read_everything

    records = read_everything(path)
    frame, account = placement_histories(
        records.returns,
        records.register_or_error(),
        policies,
        lookup=records.lookup,
        given=records.succession,
        needs=records.needs.needs,
        statements=records.statements.statements,
    )
    return frame, records.account + account


def _exits(path: Path, policies: HistoryPolicies) -> tuple[pd.DataFrame, Account]:
    from bayescich.histories.exit_table import exit_table

    placements, account = _placements(path, policies)
    frame, counted = exit_table(placements)
    return frame, account + counted


def _settings(path: Path, policies: HistoryPolicies) -> tuple[pd.DataFrame, Account]:
    from bayescich.histories.settings_table import setting_histories
    from bayescich.records.everything import read_everything

    records = read_everything(path)
    frame, account = setting_histories(
        records.returns,
        records.register,
        policies,
        lookup=records.lookup,
        given=records.succession,
    )
    return frame, records.account + account


def _outcomes_16(path: Path, policies: HistoryPolicies) -> tuple[pd.DataFrame, Account]:
    from bayescich.histories.outcome_tables import outcomes_16
    from bayescich.records.everything import read_everything

    records = read_everything(path)
    frame, account = outcomes_16(records, policies)
    return frame, records.account + account


def _outcomes_18(path: Path, policies: HistoryPolicies) -> tuple[pd.DataFrame, Account]:
    from bayescich.histories.outcome_tables import outcomes_18
    from bayescich.records.everything import read_everything

    records = read_everything(path)
    frame, account = outcomes_18(records, policies)
    return frame, records.account + account


def _inspections(path: Path, _: HistoryPolicies) -> tuple[pd.DataFrame, Account]:
    from bayescich.histories.inspections import inspection_histories
    from bayescich.records.ofsted import read_ofsted

    records = read_ofsted(path)
    frame, account = inspection_histories(records)
    return frame, records.account + account


def _authorities(path: Path, _: HistoryPolicies) -> tuple[pd.DataFrame, Account]:
    from bayescich.histories.authority_panel import authority_panel
    from bayescich.records.authority_counts import read_authority_counts

    records = read_authority_counts(path)
    frame, account = authority_panel(records)
    return frame, records.account + account


def _own_table(path: Path, _: HistoryPolicies) -> tuple[pd.DataFrame, Account]:
    frame = _read_own_table(path)
    return frame, Account().read("table", path.name, len(frame)).kept("table", "rows", len(frame))


def _read_own_table(path: Path) -> pd.DataFrame:
    try:
        if path.suffix.lower() == ".parquet":
            return pd.read_parquet(path)
        if path.suffix.lower() == ".csv":
            return pd.read_csv(path)
    except (ValueError, OSError) as error:
        raise RecordsError(
            f"The table cannot be read: {' '.join(str(error).split())[:300]}",
            where=str(path),
            next_step="Save it again as CSV (UTF-8, one header row) or Parquet.",
        ) from None
    raise RecordsError(
        f"'{path.suffix or path.name}' is not a table this model reads.",
        where=str(path),
        next_step="Give one CSV or Parquet file.",
    )


def _synthetic(path: Path) -> tuple[bool, pd.DataFrame | None]:
    folder = path if path.is_dir() else path.parent
    mark = folder / SYNTHETIC_MARK
    if not mark.is_file() or not _mark(mark).get("synthetic"):
        return False, None
    truth = folder / SYNTHETIC_TRUTH / "parameters.csv"
    return True, pd.read_csv(truth, keep_default_na=False) if truth.is_file() else None


def _mark(file: Path) -> dict[str, object]:
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except ValueError as error:
        raise RecordsError(
            f"The mark of synthetic data cannot be read: {error}",
            where=str(file),
            why="it decides whether the report says SYNTHETIC",
            next_step="Write the synthetic England again (make data), or delete the mark if "
            "the data are real.",
        ) from None


_READERS = {
    "placements": _placements,
    "exits": _exits,
    "settings": _settings,
    "outcomes16": _outcomes_16,
    "outcomes18": _outcomes_18,
    "inspections": _inspections,
    "authorities": _authorities,
    "table": _own_table,
}
