"""What recording loses: the simulator's journeys beside the histories made of its files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from bayescich.errors import RecordsError
from bayescich.histories.construct import Histories
from bayescich.records.sources import SYNTHETIC_TRUTH
from bayescich.simulate.checking.recovered import Recovery, compare
from bayescich.simulate.files import DATE


def journeys_found(folder: Path, histories: Histories) -> Recovery:
    """Hold histories against the journeys of the synthetic England they were made of.

    Parameters
    ----------
    folder : Path
        As ``bayescich simulate`` writes it: its ``truth/`` is read.
    histories : Histories
        Constructed from its returns.

    Raises
    ------
    RecordsError
        If a file of the truth is missing or is not one that the simulator has written.
    """
    truth = folder / SYNTHETIC_TRUTH
    causes = _read(truth / "recording.csv", _read_causes)
    return compare(_read(truth / "journeys.csv", read_journeys), histories, causes)


def _read(file: Path, how: Callable[[Path], pd.DataFrame]) -> pd.DataFrame:
    try:
        return how(file)
    except (OSError, ValueError, KeyError) as error:
        raise RecordsError(
            f"A file of the truth cannot be read: {error}.",
            where=str(file),
            why="what recording loses is counted against it",
            next_step="Write the England again with bayescich simulate.",
        ) from error


def _read_causes(file: Path) -> pd.DataFrame:
    return pd.read_csv(file, parse_dates=["begun"], date_format=DATE, dtype={"child": str})


def read_journeys(file: Path) -> pd.DataFrame:
    """Read ``truth/journeys.csv``: dates as dates, ``in_window`` and ``planned`` as yes and no."""
    journeys = pd.read_csv(
        file, parse_dates=["start", "end"], date_format=DATE, keep_default_na=False
    )
    flags = ("in_window", "planned")
    return journeys.assign(**{name: journeys[name].astype("int64").eq(1) for name in flags})


def as_markdown(recovery: Recovery) -> str:
    """Return a section of the page: what became of every true stay in a home, by cause."""
    table = recovery.table()
    made = int(recovery.counts.set_index("what")["made"].loc["stays in homes"])
    lines = [
        "## What recording loses",
        "",
        "Every true stay in a home within the window, and what histories have of it. With",
        "`--dirt none` all are found exactly, and so is every other stay, move and exit.",
        "",
        "| outcome | cause | stays | of all | days | days in the right home |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['outcome']} | {row['cause']} | {row['stays']:,} | {row['stays'] / made:.2%} "
        f"| {row['days']:,.0f} | {row['days_right']:,.0f} |"
        for row in table.to_dict("records")
    ]
    return "\n".join([*lines, ""])
