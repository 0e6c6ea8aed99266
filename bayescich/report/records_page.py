"""The account of a check of returns: one self-contained page, tables beside it, and plain text."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bayescich.errors import ReportError
from bayescich.histories.check import RecordsCheck
from bayescich.report.page import PAGE, render_page, write_file
from bayescich.report.records_sections import (
    ACCOUNT,
    AUTHORITIES,
    FAULTS,
    FILES,
    MEASURES,
    make_records_sections,
)
from bayescich.report.records_text import print_records_account
from bayescich.report.release import Release

__all__ = ["print_records_account", "write_records_account"]

FLOW = "flow.csv"

_TITLE = "What is in the returns"
_QUESTION = "Every row read, every fault found, what was repaired or left out, and what goes on."


def write_records_account(
    content: RecordsCheck, folder: Path, *, without_ids: bool = False
) -> Path:
    """Write ``index.html`` and the tables behind it into a folder.

    ``account.csv``, ``faults.csv``, ``files.csv``, ``flow.csv``, ``authorities.csv`` and
    ``measures.csv`` hold all rows of what the page shows. A cell that a spreadsheet would run as a
    formula is marked as text with an apostrophe.

    Parameters
    ----------
    content : RecordsCheck
    folder : Path
        Made when it is not there.
    without_ids : bool
        Leave out every id, write counts from one to nine as <10 and round the others to five.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    ReportError
        When the folder cannot be written to.
    """
    release = Release(without_ids)
    try:
        for name, table in _tables(content).items():
            write_file(folder / name, release.table(table).to_csv(index=False).encode())
        write_file(folder / PAGE, _page(content, release).encode())
    except OSError as error:
        raise ReportError(
            "The account of the returns could not be written.",
            where=str(folder),
            why=str(error),
            next_step="Check that the folder can be written to and that the disk has room.",
        ) from error
    return folder / PAGE


def _page(content: RecordsCheck, release: Release) -> str:
    return render_page(
        make_records_sections(content, release),
        title=_TITLE,
        question=_QUESTION,
        kicker="bayescich · check of returns",
        footer="Made by bayescich records check.",
        synthetic=content.synthetic,
    )


def _tables(content: RecordsCheck) -> dict[str, pd.DataFrame]:
    tables = {
        ACCOUNT: content.account.added_up().to_frame(),
        FAULTS: content.faults,
        FILES: content.files,
        FLOW: _flow(content),
        AUTHORITIES: content.authorities,
        MEASURES: pd.DataFrame() if content.measures is None else content.measures,
    }
    tables = {name: table for name, table in tables.items() if len(table.columns)}
    if content.synthetic:
        # a copied file must not lose the mark
        return {name: table.assign(data="SYNTHETIC") for name, table in tables.items()}
    return tables


def _flow(content: RecordsCheck) -> pd.DataFrame:
    lines = []
    for number, step in enumerate(content.flow, start=1):
        lines += [(number, step.label, "left out", reason, rows, "") for reason, rows
                  in step.excluded]  # fmt: skip
        lines.append((number, step.label, "there", "", step.rows, step.unit))
    return pd.DataFrame(lines, columns=["step", "label", "what", "reason", "rows", "unit"])
