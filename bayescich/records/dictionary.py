"""The data dictionary: every table, column and code, written out of the schemas themselves."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

import pandas as pd
import pandera.pandas as pa

from bayescich.records.catalogue import TABLES_BY_ORIGIN
from bayescich.records.code_sets import code_set
from bayescich.records.fields import Meaning, meaning_of
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
from bayescich.records.npd_headings import NpdTable
from bayescich.records.ofsted_lookup_schema import LOOKUP
from bayescich.records.ofsted_schema import HOMES, INSPECTIONS
from bayescich.records.ssda903_derived import DERIVED_COLUMNS
from bayescich.records.tables import Table
from bayescich.records.vocabulary import WideTable, vocabulary

TITLE = "Data dictionary"

_INTRO = """\
Generated from the schemas and code sets in `bayescich/records` by `make docs`; edit those, not
this page.

A table is recognised by its columns, whatever its file is called. Case, spacing, hyphens and
underscores in headings do not matter, nor does the order of columns; columns that are not listed
are not read. A cell that cannot be read as its column's type becomes blank and is counted; a row
with a blank in the key is left out and counted. Dates are written dd/mm/yyyy, yyyy-mm-dd or
dd-Mon-yyyy. A year is the one in which a collection, school or financial year ends.
"""

_PLAIN_TYPES = {
    "str": "text",
    "string": "text",
    "int64": "whole number",
    "Int64": "whole number",
    "bool": "yes or no",
    "datetime64[ns]": "date",
}
_COLUMNS = ("column", "type", "unit or values", "needed", "meaning", "other headings")


@dataclass(frozen=True)
class _Row:
    """One line of a table's list of columns."""

    name: str
    kind: str
    values: str
    needed: str
    meaning: str
    headings: str

    def cells(self) -> tuple[str, ...]:
        return (
            f"`{self.name}`", self.kind, self.values, self.needed, self.meaning, self.headings,
        )  # fmt: skip


def data_dictionary() -> str:
    """Return the data dictionary in Markdown.

    Returns
    -------
    str
        Every table with its columns, then every code set.

    Examples
    --------
    >>> data_dictionary().splitlines()[0]
    '# Data dictionary'
    """
    parts = [f"# {TITLE}", _INTRO, _contents()]
    for section, tables in TABLES_BY_ORIGIN.items():
        parts += [f"## {section}", *(_table(table) for table in tables)]
        if tables[0] is LOOKUP:
            parts += [_published(HOMES, "Homes (Ofsted, published)")]
            parts += [_published(INSPECTIONS, "Inspections (Ofsted, published)")]
    parts += ["## Code sets", _codes_intro(), *map(_code_set, code_set_names())]
    return "\n\n".join(part.strip() for part in parts) + "\n"


@cache
def code_set_names() -> tuple[str, ...]:
    """Return the names of all tables in ``records/codes``, in order.

    Examples
    --------
    >>> "ssda903_place" in code_set_names()
    True
    """
    folder = resources.files("bayescich.records").joinpath("codes")
    names = (path.name for path in folder.iterdir())
    return tuple(sorted(name.removesuffix(".csv") for name in names if name.endswith(".csv")))


def _contents() -> str:
    lines = []
    for section, tables in TABLES_BY_ORIGIN.items():
        titles = [table.title for table in tables]
        if tables[0] is LOOKUP:
            titles += ["Homes (Ofsted, published)", "Inspections (Ofsted, published)"]
        links = "; ".join(f"[{title}](#{anchor(title)})" for title in titles)
        lines.append(f"* **{section}**: {links}.")
    return "\n".join([*lines, "* [Code sets](#code-sets)"])


def _table(table: Table) -> str:
    facts = [f"Recognised by {_recognised(table)}."]
    if table.key:
        facts.append(f"A row needs {listed(table.key)}.")
    if table.origin:
        facts.append(
            "Authority and year come from `LA` and `YEAR`, else from the names of the file and "
            "of the folders it lies in."
        )
    if isinstance(table, NpdTable):
        facts.append(_spellings(table))
    rows = [row.cells() for row in _rows(table)]
    head = [f"### {table.title}", str(table.schema.description or ""), " ".join(facts)]
    return "\n\n".join([*filter(None, head), markdown_table(_COLUMNS, rows)])


def _spellings(table: NpdTable) -> str:
    prefix = f"may be without `{table.prefix}_`, and " if table.prefix else ""
    return f"Headings {prefix}may end in the table and year, as in `_AB19` or `_SPR15`."


def _recognised(table: Table) -> str:
    known = [listed(table.known_by)] if table.known_by else []
    if isinstance(table, NpdTable):
        known += [f"one of {listed(group, 'or')}" for group in table.one_of]
    if isinstance(table, WideTable):
        known.append(f"at least three columns named after terms of `{table.terms}`")
    return ", with ".join(known)


def _rows(table: Table) -> Iterable[_Row]:
    terms: set[str] = set()
    if isinstance(table, WideTable):
        terms = set(vocabulary(table.terms).codes.values())
    for name, column in table.schema.columns.items():
        if name not in terms:
            yield _row(str(name), column, table)
    for name, column in DERIVED_COLUMNS.get(table.name, {}).items():
        yield replace(_row(name, column, table), needed="made")
    if isinstance(table, WideTable):
        link = code_link(table.terms)
        what = f"One column for each of the {len(terms)} terms of {link}, where the file has it."
        yield _Row("…", "yes or no", "", "no", what, "label or any synonym of the term")


def _row(name: str, column: pa.Column, table: Table) -> _Row:
    meaning = meaning_of(column)
    return _Row(
        name,
        KINDS[meaning.kind],
        _values(meaning),
        "yes" if meaning.needed and not (table.origin and name in ("LA", "YEAR")) else "no",
        sentence(column.description),
        ", ".join(f"`{heading}`" for heading in _shown_headings(name, meaning, table)),
    )


def _shown_headings(name: str, meaning: Meaning, table: Table) -> list[str]:
    """Leave out headings that the reader can make of others by leaving out a prefix."""
    prefix = f"{table.prefix}_" if isinstance(table, NpdTable) and table.prefix else ""
    without = {h.removeprefix(prefix) for h in meaning.headings if prefix and h.startswith(prefix)}
    return [h for h in dict.fromkeys(meaning.headings) if h != name and h not in without]


def _values(meaning: Meaning) -> str:
    codes = code_link(meaning.code_set) if meaning.code_set else ""
    return ", ".join(filter(None, [codes, limits(meaning)]))


def _published(schema: pa.DataFrameSchema, title: str) -> str:
    """Describe a published list, whose headings are kept in a code set of their own."""
    known = code_set("ofsted_columns").set_index("name")
    rows = [
        (
            f"`{name}`",
            _PLAIN_TYPES.get(str(column.dtype), _PLAIN_TYPES["str"]),
            ", ".join(allowed_values(column)),
            "no" if column.nullable else "yes",
            sentence(column.description),
            _headings(known, str(name)),
        )
        for name, column in schema.columns.items()
    ]
    unique = f"No two rows share {listed(list(schema.unique or ()))}."
    filled = tuple(c if c != "needed" else "always filled" for c in _COLUMNS)
    head = [f"### {title}", str(schema.description or ""), unique]
    return "\n\n".join([*head, markdown_table(filled, rows)])


def _headings(known: pd.DataFrame, name: str) -> str:
    if name not in known.index:
        return ""
    return ", ".join(f"`{h.strip()}`" for h in str(known.loc[name, "headings"]).split("|") if h)


def _codes_intro() -> str:
    return (
        "Codes are written in `bayescich/records/codes` and nowhere else. `valid_from` and "
        "`valid_to` are the first and last collection year (as the year in which it ends) of a "
        "code; blank is open. `group` is what an analysis uses. Synonyms are other words for a "
        "term; case, spacing and punctuation do not matter."
    )


def _code_set(name: str) -> str:
    table = code_set(name)
    filled = [column for column in table.columns if table[column].ne("").any()]
    rows = table[filled].replace(r"\|", "; ", regex=True).to_numpy().tolist()
    users = _users().get(name)
    used = f"Codes of {', '.join(users)}." if users else ""
    head = [f"### {name}", used] if used else [f"### {name}"]
    return "\n\n".join([*head, markdown_table(filled, rows)])


@cache
def _users() -> Mapping[str, Sequence[str]]:
    users: dict[str, list[str]] = defaultdict(list)
    for table in (table for tables in TABLES_BY_ORIGIN.values() for table in tables):
        for name, column in table.schema.columns.items():
            if meaning_of(column).code_set:
                users[meaning_of(column).code_set].append(f"`{name}` ({table.title})")
    return users


if __name__ == "__main__":
    sys.stdout.write(data_dictionary())
