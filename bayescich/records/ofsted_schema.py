"""The data dictionary of Ofsted's records: one schema for homes, one for inspections."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

from bayescich.records.code_sets import code_set


def _values(name: str, column: str) -> list[str]:
    return [value for value in code_set(name)[column].unique() if value]


def _text(
    description: str, *, nullable: bool = False, allowed: list[str] | None = None
) -> pa.Column:
    checks = [pa.Check.isin(allowed)] if allowed else []
    return pa.Column("str", checks, nullable=nullable, description=description)


HOMES = pa.DataFrameSchema(
    {
        "urn": _text("Ofsted's unique reference number of the registration, as text"),
        "snapshot": pa.Column(
            "int64", pa.Check.in_range(2000, 2100), description="year of the 31 March list"
        ),
        "provision_type": _text(
            "what the home is registered as",
            allowed=_values("provision_types", "provision_type"),
        ),
        "sector": _text("who runs the home", allowed=_values("sectors", "sector")),
        "places": pa.Column(
            "Int64", pa.Check.gt(0), nullable=True, description="registered places (children)"
        ),
        "short_breaks": pa.Column("bool", description="whether the home is for short breaks only"),
        "owner": _text("legal registrant, as written in the list", nullable=True),
        "authority": _text("local authority the home stands in, as written", nullable=True),
        "region": _text("government office region", nullable=True),
        "registration_date": pa.Column(
            "datetime64[ns]", nullable=True, description="date of the present registration"
        ),
        "status": _text(
            "registration status; blank where the list gives inspections only", nullable=True
        ),
    },
    unique=["urn", "snapshot"],
    strict=True,
    ordered=True,
    name="homes",
    description="One row per home and 31 March list.",
)
"""Homes: one row per home and yearly list."""

INSPECTIONS = pa.DataFrameSchema(
    {
        "urn": _text("Ofsted's unique reference number of the home, as text"),
        "event_number": _text("Ofsted's number of the inspection", nullable=True),
        "inspection_date": pa.Column("datetime64[ns]", description="first day of the inspection"),
        "judgement": _text(
            "overall experiences and progress of children",
            allowed=_values("judgements", "judgement"),
        ),
        "grade": pa.Column(
            "int64", pa.Check.isin([1, 2, 3, 4]), description="1 Inadequate … 4 Outstanding"
        ),
        "snapshot": pa.Column("int64", description="year of the first list that gives it"),
    },
    unique=["urn", "inspection_date"],
    strict=True,
    ordered=True,
    name="inspections",
    description="One row per full inspection of a children's home.",
)
"""Inspections: one row per full inspection with an overall judgement."""


def empty(schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Return a table of no rows with the columns and types of a schema."""
    kinds = {name: str(column.dtype) for name, column in schema.columns.items()}
    return pd.DataFrame(
        {
            # The schema library's text type is not the one that tables are read with.
            name: pd.Series([], dtype="str" if kind.startswith("string") else kind)
            for name, kind in kinds.items()
        }
    )
