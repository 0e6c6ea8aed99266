"""Statements of Purpose: the needs that each children's home says it meets.

One row per home and need, or one row per home with a column of yes and no per need; the
vocabulary is that of the needs audit, so that what a child needs and what a home offers can be
compared term by term.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from bayescich.account import Account
from bayescich.records.fields import day, flag, identifier, text
from bayescich.records.needs import parted, with_families
from bayescich.records.sources import Reading, read_tables_of
from bayescich.records.tables import Table
from bayescich.records.tidying import coded, one_row_each
from bayescich.records.vocabulary import WideTable, melt_account, melted, term_columns

_HOME_AND_DATE = {
    "URN": identifier("Ofsted's reference number of the home", headings=("Home URN", "Ofsted URN")),
    "FROM": day(
        "first day of the statement; blank where it is not known",
        needed=False,
        headings=("Date of statement", "Statement date", "Valid from", "FROM_DATE"),
    ),
}

STATEMENTS = Table(
    "statements",
    "Statements of Purpose, one row per need",
    pa.DataFrameSchema(
        {
            **_HOME_AND_DATE,
            "NEED": text(
                "a need the home says it meets, in the words of the code set needs",
                headings=("NEEDS", "Need met", "Needs met"),
            ),
            "STATED": flag(
                "whether the statement names the need; blank is yes",
                needed=False,
                headings=("Meets", "Says it meets"),
            ),
        },
        description="One row per home, need and statement.",
    ),
    known_by=("URN", "NEED"),
    key=("URN", "NEED"),
)

STATEMENTS_WIDE = WideTable(
    "statements_wide",
    "Statements of Purpose, one column per need",
    pa.DataFrameSchema(
        {**_HOME_AND_DATE, **term_columns("needs", "whether the home says it meets the need")},
        description="One row per home and statement, with a column of yes and no per need.",
    ),
    known_by=("URN",),
    key=("URN",),
)

STATEMENT_TABLES: tuple[Table, ...] = (STATEMENTS, STATEMENTS_WIDE)
"""The tables of Statements of Purpose."""


@dataclass(frozen=True)
class StatementRecords:
    """What homes say they offer."""

    statements: pd.DataFrame
    """One row per home, need and statement: URN, NEED (code), FAMILY (code of need_families),
    LARGER_CATEGORY (bool), FROM (blank: not known since when), STATED (False: the statement was
    read and does not name the need)."""
    account: Account
    """What was read, repaired, left out and kept."""


def read_statements(source: Path | str) -> StatementRecords:
    """Read homes' Statements of Purpose.

    Parameters
    ----------
    source : Path or str
        A folder, a file or an SQLAlchemy URL.

    Returns
    -------
    StatementRecords

    Raises
    ------
    RecordsError
        If a file cannot be read as what its columns say it is.
    """
    reading = read_tables_of(source, STATEMENT_TABLES)
    records = statement_records(reading)
    return replace(records, account=reading.account + records.account)


def statement_records(reading: Reading) -> StatementRecords:
    """Make the statements of tables already read.

    Parameters
    ----------
    reading : Reading
        Made with `STATEMENT_TABLES` among its tables.

    Returns
    -------
    StatementRecords
        Its account begins where that of the reading ends.
    """
    long, wide = reading.tables["statements"], reading.tables["statements_wide"]
    long, account = parted(long, "statements")
    long = long.assign(STATED=long["STATED"].fillna(value=True))
    melt = melted(wide, "needs", ("NEED", "STATED"))
    account += melt_account(wide, melt, "statements_wide")
    stated = pd.concat([long, melt[list(long.columns)]], ignore_index=True)
    stated, terms = coded(stated, "NEED", "needs", "statements", required=True)
    rule = "the same need in the same statement of a home; yes goes before no"
    stated = stated[["URN", "NEED", "FROM", "STATED"]].astype({"STATED": "bool"})
    keys = ["URN", "NEED", "FROM"]
    stated, once = one_row_each(stated, keys, ["STATED"], "statements", rule)
    account = (account + terms + once).kept("statements", "rows of home and need", len(stated))
    return StatementRecords(with_families(stated), account)
