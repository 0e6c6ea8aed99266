"""Rules about single cells: codes that are blank, or not yet or no longer in use."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from bayescich.histories.faults.rule import Rule
from bayescich.histories.faults.tables import EPISODES, RETURNED, FaultTables
from bayescich.records.ssda903_codes import code_set

THEME = "codes"

_CODED = {
    RETURNED: ("LS", "PLACE", "REC", "REASON_PLACE_CHANGE"),
    "oc3": ("ACTIV",),
}
"""Columns whose codes came or went, by table."""

_NEVER_BLANK = {"RNE": "why it began", "LS": "the legal status", "CIN": "the main need",
                "PLACE": "the kind of placement"}  # fmt: skip


def _outside_its_years(tables: FaultTables, table: str, column: str) -> pd.Series:
    rows = tables.rows(table)
    codes = rows[column].astype("category")
    years = code_set(column.lower()).table.reindex(codes.cat.categories)
    first, last = (_by_row(codes, years[end], blank) for end, blank in
                   (("valid_from", 0), ("valid_to", 9999)))  # fmt: skip
    year = rows["YEAR"].to_numpy()
    return rows.series((year < first) | (year > last)) & codes.notna()


def _by_row(codes: pd.Series, years: pd.Series, blank: int) -> np.ndarray:
    known = pd.to_numeric(years).fillna(blank).to_numpy()
    return np.append(known, blank)[codes.cat.codes.to_numpy()]


def _blank(tables: FaultTables, column: str) -> pd.Series:
    return tables.episodes[column].isna()


RULES = (
    *(
        Rule(f"{column} out of its year", THEME, table,
             f"The code in {column} was not in use in the year of the return.",
             "What the code meant to whoever wrote it is not sure.",
             partial(_outside_its_years, table=table, column=column), columns=(column,))
        for table, columns in _CODED.items() for column in columns
    ),
    *(
        Rule(f"{column} blank", THEME, EPISODES, f"The episode does not say {what} ({column}).",
             "The episode cannot be placed in a history without a guess.",
             partial(_blank, column=column))
        for column, what in _NEVER_BLANK.items()
    ),
)  # fmt: skip
