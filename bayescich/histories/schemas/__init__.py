"""What every table of histories holds: names, types, units, values and keys, and a check of them.

They are also its data dictionary (docs/histories-dictionary.md).
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaError

from bayescich.errors import HistoriesError
from bayescich.histories.schemas.care import CHAIN, PEOPLE, PERIODS, SUCCESSION
from bayescich.histories.schemas.prior import PRIOR
from bayescich.histories.schemas.stays import EXITS, HOME_SPELLS, MOVES, SPELLS

WHOLE = 1_000_000
"""Tables with more rows are checked in full for names and types, in their first and last rows for
what the cells hold: a fault of the code is in all rows or at the ends of the table."""

AT_EITHER_END = 10_000

SCHEMAS: Mapping[str, pa.DataFrameSchema] = {
    "chain": CHAIN,
    "people": PEOPLE,
    "periods": PERIODS,
    "succession": SUCCESSION,
    "spells": SPELLS,
    "home_spells": HOME_SPELLS,
    "moves": MOVES,
    "exits": EXITS,
    "prior": PRIOR,
}
"""The schema of each table of ``construct.Histories``, by its name there."""


def checked(
    name: str, frame: pd.DataFrame, schema: pa.DataFrameSchema | None = None
) -> pd.DataFrame:
    """Return a table of histories, which is what its schema says or an error.

    Parameters
    ----------
    name : str
        Its name in ``construct.Histories``.
    frame : DataFrame
        The table. One of more than `WHOLE` rows is checked in full for names and types only.
    schema : DataFrameSchema, optional
        Its schema, where it is none of ``construct.Histories``.

    Returns
    -------
    DataFrame
        The same, not a copy.

    Raises
    ------
    HistoriesError
        If a column, type or value is not what the schema says: a fault of this package.

    Examples
    --------
    >>> people = pd.DataFrame({"child": ["N/1"], "person": ["N/1"]}, dtype="str")
    >>> checked("people", people) is people
    True
    """
    schema = SCHEMAS[name] if schema is None else schema
    ends = AT_EITHER_END if len(frame) > WHOLE else None
    try:
        # in place: a copy of a national table takes longer than its check
        schema.validate(frame, head=ends, tail=ends, inplace=True)
    except SchemaError as error:
        raise HistoriesError(
            f"The table '{name}' is not what its schema says.",
            where=f"histories, table {name}, column {_column_of(error)}",
            examples=_examples(error),
            why=" ".join(str(error).split())[:300],
            next_step="This is a fault of bayescich, not of the data. Report it with these lines; "
            "docs/histories-dictionary.md says what each column should be.",
        ) from None
    return frame


def _column_of(error: SchemaError) -> str:
    return str(getattr(error.schema, "name", None) or "names and order")


def _examples(error: SchemaError) -> list[str]:
    cases = error.failure_cases
    if not isinstance(cases, pd.DataFrame) or "failure_case" not in cases:
        return []
    return cases["failure_case"].dropna().astype("str").drop_duplicates().head(5).tolist()
