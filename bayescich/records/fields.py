"""What a column of a return may be: the few kinds of fields that every schema is made of.

Each function returns a pandera column. Its description, and what its metadata says (kind, unit,
code set, other headings), are read by the reader in ``typed.py`` and by the data dictionary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandera.pandas as pa

from bayescich.records.code_sets import known_codes

Kind = Literal["text", "id", "code", "day", "year", "whole", "number", "flag", "postcode"]

_DTYPES: dict[Kind, str] = {
    "text": "str",
    "id": "str",
    "code": "str",
    "day": "datetime64[ns]",
    "year": "Int64",
    "whole": "Int64",
    "number": "float64",
    "flag": "boolean",
    "postcode": "str",
}


@dataclass(frozen=True)
class Meaning:
    """What the reader and the data dictionary must know of a column beyond its type."""

    kind: Kind
    unit: str = ""
    """Unit of a number, e.g. ``points``, ``pounds a week``, ``days``."""
    code_set: str = ""
    """Name of a table in ``records/codes``."""
    headings: tuple[str, ...] = ()
    """Other headings under which the column is met."""
    low: float | None = None
    high: float | None = None
    needed: bool = True
    """Whether a file without the column is refused; else the column is blank."""
    recoded: dict[str, str] = field(default_factory=dict, hash=False)
    """Spelling met in files to the code it stands for."""


def meaning_of(column: pa.Column) -> Meaning:
    """Return what was said of a column of a schema made here."""
    metadata = column.metadata or {}
    found = metadata.get("meaning")
    assert isinstance(found, Meaning), f"column {column.name} was not made in records.fields"
    return found


def text(
    description: str, *, nullable: bool = True, needed: bool = True, headings: Sequence[str] = ()
) -> pa.Column:
    """Return a column of free text."""
    return _column(description, nullable, Meaning("text", needed=needed, headings=tuple(headings)))


def identifier(
    description: str, *, nullable: bool = True, needed: bool = True, headings: Sequence[str] = ()
) -> pa.Column:
    """Return a column of ids: text in upper case, never a number."""
    return _column(description, nullable, Meaning("id", needed=needed, headings=tuple(headings)))


def postcode(
    description: str, *, nullable: bool = True, needed: bool = True, headings: Sequence[str] = ()
) -> pa.Column:
    """Return a column of postcodes: upper case, one space before the last three characters."""
    kind = Meaning("postcode", needed=needed, headings=tuple(headings))
    return _column(description, nullable, kind)


def code(
    description: str,
    code_set: str,
    *,
    nullable: bool = True,
    needed: bool = True,
    headings: Sequence[str] = (),
    recoded: dict[str, str] | None = None,
) -> pa.Column:
    """Return a column whose values are the codes of one set."""
    kind = Meaning(
        "code",
        code_set=code_set,
        needed=needed,
        headings=tuple(headings),
        recoded=dict(recoded or {}),
    )
    allowed = sorted(set(known_codes(code_set)) | set(kind.recoded.values()))
    return _column(description, nullable, kind, pa.Check.isin(allowed))


def day(
    description: str, *, nullable: bool = True, needed: bool = True, headings: Sequence[str] = ()
) -> pa.Column:
    """Return a column of dates."""
    return _column(description, nullable, Meaning("day", needed=needed, headings=tuple(headings)))


def year(
    description: str, *, nullable: bool = True, needed: bool = True, headings: Sequence[str] = ()
) -> pa.Column:
    """Return a column of collection or school years, as the year in which each ends."""
    return _column(description, nullable, Meaning("year", needed=needed, headings=tuple(headings)))


def flag(
    description: str, *, nullable: bool = True, needed: bool = True, headings: Sequence[str] = ()
) -> pa.Column:
    """Return a column of yes and no, read from 0/1, N/Y, No/Yes, False/True."""
    return _column(description, nullable, Meaning("flag", needed=needed, headings=tuple(headings)))


def whole(
    description: str,
    unit: str,
    *,
    low: float | None = None,
    high: float | None = None,
    nullable: bool = True,
    needed: bool = True,
    headings: Sequence[str] = (),
) -> pa.Column:
    """Return a column of whole numbers between two limits, both allowed."""
    kind = Meaning("whole", unit, "", tuple(headings), low, high, needed)
    return _column(description, nullable, kind, *_limits(low, high))


def number(
    description: str,
    unit: str,
    *,
    low: float | None = None,
    high: float | None = None,
    nullable: bool = True,
    needed: bool = True,
    headings: Sequence[str] = (),
) -> pa.Column:
    """Return a column of numbers between two limits, both allowed."""
    kind = Meaning("number", unit, "", tuple(headings), low, high, needed)
    return _column(description, nullable, kind, *_limits(low, high))


def _limits(low: float | None, high: float | None) -> list[pa.Check]:
    checks = [] if low is None else [pa.Check.ge(low)]
    return checks if high is None else [*checks, pa.Check.le(high)]


def _column(description: str, nullable: bool, meaning: Meaning, *checks: pa.Check) -> pa.Column:
    return pa.Column(
        _DTYPES[meaning.kind],
        list(checks),
        nullable=nullable,
        description=description,
        metadata={"meaning": meaning},
    )
