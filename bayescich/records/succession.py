"""What the user knows of homes that were registered anew: the old URN and the new one."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from bayescich.account import Account
from bayescich.records.fields import day, identifier, text
from bayescich.records.sources import read_tables_of
from bayescich.records.tables import Table

SUCCESSION = Table(
    name="urn succession",
    title="Homes registered anew (given by the user)",
    schema=pa.DataFrameSchema(
        {
            "OLD_URN": identifier("URN of the home before", nullable=False),
            "NEW_URN": identifier("URN of the same physical home after", nullable=False),
            "DATE": day("date on which the new URN took the old one's place", needed=False),
            "REASON": text("why, for example a new owner", needed=False),
        },
        strict=True,
        ordered=True,
        name="urn_succession",
        description="One row per home and change of its URN.",
    ),
    known_by=("OLD_URN", "NEW_URN"),
    key=("OLD_URN", "NEW_URN"),
)
"""One row per home and change of its URN."""


def read_succession(source: Path | str) -> tuple[pd.DataFrame, Account]:
    """Read the table of URN succession, if the source holds one.

    Parameters
    ----------
    source : Path or str
        A folder, one file, or an SQLAlchemy URL.

    Returns
    -------
    DataFrame
        As ``SUCCESSION.schema``; empty where there is no such table.
    Account
        Rows read, repaired and left out.

    Raises
    ------
    RecordsError
        If there is no such file, or it is broken.
    """
    reading = read_tables_of(source, (SUCCESSION,))
    own = tuple(entry for entry in reading.account.entries if entry.table == SUCCESSION.name)
    rows = reading.tables[SUCCESSION.name]
    account = Account(own).kept(SUCCESSION.name, "changes of a home's URN", len(rows))
    return SUCCESSION.schema.validate(rows), account
