"""The account: every row read, noted, repaired, excluded and kept, with its reason.

Every step from a file to an analysis table returns ``(table, account)``, so that
nothing is dropped silently (RECORD and STROBE statements). Accounts add up, and
the report prints them as a flow.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

import pandas as pd

Stage = Literal["read", "noted", "repaired", "excluded", "kept"]

EXAMPLES = 5
"""How many example ids an entry keeps."""


@dataclass(frozen=True)
class Entry:
    """One line of the account."""

    stage: Stage
    """What happened to the rows."""
    table: str
    """The table they belong to, e.g. ``episodes``."""
    rule: str
    """The rule or the file, as a short sentence a statistician reads."""
    rows: int
    """How many rows."""
    examples: tuple[str, ...] = ()
    """Up to five example ids."""


@dataclass(frozen=True)
class Account:
    """An immutable list of entries; ``+`` joins two accounts.

    Examples
    --------
    >>> account = Account().read("homes", "homes.csv", 120).excluded("homes", "not a home", 20)
    >>> account.total("excluded", "homes")
    20
    """

    entries: tuple[Entry, ...] = ()

    def read(self, table: str, rule: str, rows: int) -> Account:
        """Add rows that came in."""
        return self._with("read", table, rule, rows, ())

    def noted(self, table: str, rule: str, rows: int, examples: Iterable[str] = ()) -> Account:
        """Add rows in which a fault was found and left as it is; zero is left out."""
        return self._with("noted", table, rule, rows, examples) if rows else self

    def repaired(self, table: str, rule: str, rows: int, examples: Iterable[str] = ()) -> Account:
        """Add rows changed by a rule; a count of zero is left out."""
        return self._with("repaired", table, rule, rows, examples) if rows else self

    def excluded(self, table: str, rule: str, rows: int, examples: Iterable[str] = ()) -> Account:
        """Add rows left out for a reason; a count of zero is left out."""
        return self._with("excluded", table, rule, rows, examples) if rows else self

    def kept(self, table: str, rule: str, rows: int) -> Account:
        """Add rows that went on to the next step."""
        return self._with("kept", table, rule, rows, ())

    def total(self, stage: Stage, table: str) -> int:
        """Sum the rows of one stage of one table."""
        return sum(e.rows for e in self.entries if e.stage == stage and e.table == table)

    def without(self, table: str) -> Account:
        """Leave the entries of one table out, to put better ones in their place."""
        return Account(tuple(entry for entry in self.entries if entry.table != table))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per entry: stage, table, rule, rows, examples."""
        columns = ["stage", "table", "rule", "rows", "examples"]
        return pd.DataFrame(
            [(e.stage, e.table, e.rule, e.rows, ", ".join(e.examples)) for e in self.entries],
            columns=columns,
        )

    def added_up(self) -> Account:
        """Give each rule one line, whatever the number of files it met.

        Examples
        --------
        >>> twice = Account().excluded("homes", "not a home", 2).excluded("homes", "not a home", 3)
        >>> twice.added_up().entries[0].rows
        5
        """
        lines: dict[tuple[str, str, str], Entry] = {}
        for entry in self.entries:
            key = (entry.stage, entry.table, entry.rule)
            seen = lines.get(key, replace(entry, rows=0, examples=()))
            examples = (seen.examples + entry.examples)[:EXAMPLES]
            lines[key] = replace(entry, rows=seen.rows + entry.rows, examples=examples)
        return Account(tuple(lines.values()))

    def __add__(self, other: Account) -> Account:
        return Account(self.entries + other.entries)

    def _with(
        self, stage: Stage, table: str, rule: str, rows: int, examples: Iterable[str]
    ) -> Account:
        entry = Entry(
            stage, table, rule, int(rows), tuple(str(e) for e in islice(examples, EXAMPLES))
        )
        return Account((*self.entries, entry))
