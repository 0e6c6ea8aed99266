"""What a column of a history may be; made as ``records.fields`` makes those of a return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandera.pandas as pa

from bayescich.records.code_sets import code_set
from bayescich.records.fields import Meaning, meaning_of
from bayescich.records.ssda903_schema import SSDA903_TABLES

_RETURNED = {table.name: table.schema.columns for table in SSDA903_TABLES}


def table(
    name: str, description: str, columns: Mapping[str, pa.Column], key: str
) -> pa.DataFrameSchema:
    """Return the schema of one table; no two of its rows share the columns of the key."""
    return pa.DataFrameSchema(
        dict(columns),
        unique=key.split(),
        strict=True,
        ordered=True,
        name=name,
        description=description,
    )


def text(description: str, *, blank: bool = False) -> pa.Column:
    """Return a column of free text or ids."""
    return _column("str", description, Meaning("text"), blank)


def one_of(description: str, values: Sequence[str], *, blank: bool = False) -> pa.Column:
    """Return a column of texts, each one of a few."""
    return _column("str", description, Meaning("text"), blank, pa.Check.isin(list(values)))


def listed(
    description: str, name: str, column: str, also: Sequence[str] = (), *, blank: bool = False
) -> pa.Column:
    """Return a column of texts that stand in one column of a code set, or are among others."""
    kind = Meaning("text", unit=f"`{column}` of", code_set=name)
    values = [value for value in code_set(name)[column].unique() if value]
    # what two sources both say is listed once
    also = [value for value in also if value not in values]
    listing = _column("str", description, kind, blank, pa.Check.isin([*values, *also]))
    listing.metadata = {**(listing.metadata or {}), "also": tuple(also)}
    return listing


def place_class(description: str, *, blank: bool = True) -> pa.Column:
    """Return a column of classes of placement."""
    return listed(description, "ssda903_place", "group", blank=blank)


def returned(
    name: str, source: str = "episodes", *, blank: bool = True, said: str = ""
) -> pa.Column:
    """Return a column as a return has it, with its codes; `said` replaces its description."""
    column = _RETURNED[source][name]
    return as_in(column, said or str(column.description), blank=blank)


def as_in(column: pa.Column, description: str, *, blank: bool = True) -> pa.Column:
    """Return a column of the same type, values and unit as one of ``records.fields``."""
    return _column(str(column.dtype), description, meaning_of(column), blank, *column.checks)


def day(description: str, *, blank: bool = False) -> pa.Column:
    """Return a column of dates."""
    return _column("datetime64[ns]", description, Meaning("day"), blank)


def flag(description: str, *, blank: bool = False) -> pa.Column:
    """Return a column of true and false."""
    return _column("boolean" if blank else "bool", description, Meaning("flag"), blank)


def zero_or_one(description: str) -> pa.Column:
    """Return a column of 0 and 1, as a model takes it."""
    kind = Meaning("whole", "0 or 1")
    return _column("int64", description, kind, False, pa.Check.isin([0, 1]))


def yes_or_blank(description: str) -> pa.Column:
    """Return a column of 0 and 1, as a model takes it, with blanks."""
    kind = Meaning("whole", "0 or 1")
    return _column("float64", description, kind, True, pa.Check.isin([0, 1]))


def score(description: str, unit: str) -> pa.Column:
    """Return a column of numbers of either sign, with blanks."""
    return _column("float64", description, Meaning("number", unit), True)


def optional(column: pa.Column, *, per_need: bool = False) -> pa.Column:
    """Return the same column, which need not be there; one for each need where they are many."""
    column.regex, column.required = per_need, False
    return column


def year(description: str, *, blank: bool = False) -> pa.Column:
    """Return a column of years, each as the one in which it ends."""
    return _column("Int64" if blank else "int64", description, Meaning("year"), blank)


def whole(description: str, unit: str, *, low: int = 0, blank: bool = False) -> pa.Column:
    """Return a column of whole numbers, none below a limit."""
    kind = Meaning("whole", unit, low=low)
    return _column("Int64" if blank else "int64", description, kind, blank, pa.Check.ge(low))


def number(
    description: str, unit: str, *, low: float = 0, high: float | None = None, blank: bool = False
) -> pa.Column:
    """Return a column of numbers between two limits."""
    kind = Meaning("number", unit, low=low, high=high)
    upper = [] if high is None else [pa.Check.le(high)]
    return _column("float64", description, kind, blank, pa.Check.ge(low), *upper)


def time_at_risk(description: str) -> pa.Column:
    """Return a column of days, more than none."""
    kind = Meaning("number", "days, more than 0")
    return _column("float64", description, kind, False, pa.Check.gt(0))


def _column(
    dtype: str, description: str, meaning: Meaning, blank: bool, *checks: pa.Check
) -> pa.Column:
    return pa.Column(
        dtype,
        list(checks),
        nullable=blank,
        description=description,
        metadata={"meaning": meaning},
    )
