"""The data dictionary of the histories, written out of their schemas."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import pandera.pandas as pa

from bayescich.histories.schemas import SCHEMAS
from bayescich.histories.schemas.cohorts import (
    COHORT_AT_16,
    COHORT_AT_18,
    MEMBERSHIP,
    STAYS_IN_WINDOW,
)
from bayescich.histories.schemas.fitted import EXIT_TABLE, NEEDS_OF_STAYS, SETTINGS
from bayescich.histories.schemas.outcomes import OUTCOMES_16, OUTCOMES_18
from bayescich.records.fields import meaning_of
from bayescich.records.markdown import (
    KINDS,
    allowed_values,
    anchor,
    code_link,
    limits,
    listed,
    markdown_table,
    sentence,
)

TITLE = "Dictionary of the histories"

_INTRO = """\
Generated from the schemas in `bayescich/histories/schemas` by `make docs`; edit those, not this
page.

These are the tables that returns become, by the rules of [histories.md](histories.md). Columns in
capitals come from the return, repaired where a rule says so. A column *may be blank* or has no
empty cell. The end of anything is the first day not in it. Every table is checked against its
schema when it is made; of one with more than a million rows, the values at both ends only. The
table that `MODEL=stability` is fitted to is in [models.md](models.md).
"""

_COLUMNS = ("column", "type", "unit or values", "may be blank", "meaning")
_DICTIONARY = "data-dictionary.md"

SECTIONS: Mapping[str, Sequence[pa.DataFrameSchema]] = {
    "Histories": tuple(SCHEMAS.values()),
    "Ready for models": (NEEDS_OF_STAYS, EXIT_TABLE, SETTINGS, OUTCOMES_16, OUTCOMES_18),
    "Outcomes": (STAYS_IN_WINDOW, MEMBERSHIP, COHORT_AT_16, COHORT_AT_18),
}
"""What is made of every return, for the models of stays, and when outcomes are asked for."""


def histories_dictionary() -> str:
    """Return the dictionary of the histories in Markdown.

    Examples
    --------
    >>> histories_dictionary().splitlines()[0]
    '# Dictionary of the histories'
    """
    parts = [f"# {TITLE}", _INTRO, _contents()]
    for section, schemas in SECTIONS.items():
        parts += [f"## {section}", *map(_table, schemas)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _contents() -> str:
    lines = []
    for section, schemas in SECTIONS.items():
        titles = map(_title, schemas)
        links = "; ".join(f"[{title}](#{anchor(title)})" for title in titles)
        lines.append(f"* **{section}**: {links}.")
    return "\n".join(lines)


def _title(schema: pa.DataFrameSchema) -> str:
    name = str(schema.name)
    return f"{name[:1].upper()}{name[1:]}"


def _table(schema: pa.DataFrameSchema) -> str:
    rows = [_row(str(name), column) for name, column in schema.columns.items()]
    unique = f"No two rows share {listed(list(schema.unique or ()))}."
    head = [f"### {_title(schema)}", str(schema.description), unique]
    return "\n\n".join([*head, markdown_table(_COLUMNS, rows)])


def _row(name: str, column: pa.Column) -> tuple[str, ...]:
    # columns of one kind, per need or per stay, have one row
    shown = name.replace(".+", "<need>").replace(r"\d+", "<k>").strip("^$")
    return (
        f"`{shown}`",
        KINDS[meaning_of(column).kind],
        _values(column),
        "yes" if column.nullable else "no",
        sentence(column.description),
    )


def _values(column: pa.Column) -> str:
    """Say what a column may hold; the values of a code set stand in the data dictionary."""
    meaning = meaning_of(column)
    if not meaning.code_set:
        return "; ".join(allowed_values(column)) or limits(meaning)
    link = code_link(meaning.code_set, _DICTIONARY)
    if meaning.kind == "code":
        return link
    return "; ".join([f"{meaning.unit} {link}", *(column.metadata or {})["also"]])


if __name__ == "__main__":
    sys.stdout.write(histories_dictionary())
