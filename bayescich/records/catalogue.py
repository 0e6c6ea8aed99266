"""Every table that the package reads, by where it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bayescich.records.costs import COST_TABLES
from bayescich.records.needs import NEEDS_TABLES
from bayescich.records.npd_schema import NPD_TABLES
from bayescich.records.ofsted_lookup_schema import CONDITIONS, LOOKUP
from bayescich.records.ssda903_schema import SSDA903_TABLES
from bayescich.records.statements import STATEMENT_TABLES
from bayescich.records.succession import SUCCESSION
from bayescich.records.tables import Table

TABLES_BY_ORIGIN: Mapping[str, Sequence[Table]] = {
    "SSDA903 returns": SSDA903_TABLES,
    "Ofsted's look-ups": (LOOKUP, CONDITIONS, SUCCESSION),
    "National Pupil Database": NPD_TABLES,
    "Needs and Statements of Purpose": (*NEEDS_TABLES, *STATEMENT_TABLES),
    "Costs": COST_TABLES,
}
"""All but Ofsted's published lists, which have a reader and a schema of their own."""

ALL_TABLES: tuple[Table, ...] = tuple(t for tables in TABLES_BY_ORIGIN.values() for t in tables)
"""The same in one row."""
