"""Every rule held against the returns, with what each finds counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayescich.account import EXAMPLES, Account
from bayescich.histories.faults import (
    ages,
    authorities,
    chain,
    change,
    codes,
    legal,
    missing,
    modules,
    oc2,
    oc3,
    people,
    permanence,
    provider,
    respite,
    temporary,
    urn,
    years,
)
from bayescich.histories.faults.rule import Rule
from bayescich.histories.faults.tables import AUTHORITIES, EPISODES, RETURNED, FaultTables
from bayescich.records.ssda903 import Ssda903Records

RULES: tuple[Rule, ...] = (
    *chain.RULES,
    *change.RULES,
    *ages.RULES,
    *codes.RULES,
    *urn.RULES,
    *provider.RULES,
    *temporary.RULES,
    *legal.RULES,
    *respite.RULES,
    *permanence.RULES,
    *years.RULES,
    *people.RULES,
    *missing.RULES,
    *oc2.RULES,
    *oc3.RULES,
    *modules.RULES,
    *authorities.RULES,
)
"""Every rule, theme by theme."""

COLUMNS = ("theme", "rule", "table", "rows", "children", "sentence", "why", "examples", "share")

NO_FAULT = frozenset({"short breaks"})
"""Rules that count what is left out, not what is wrong."""

ANY_FAULT = "any fault"
"""Name of the last row: episodes with a fault of any kind."""

_CANDIDATES = 1_000
"""Rows at fault among which example children are looked for."""


def find_faults(
    returns: Ssda903Records,
    register: pd.DataFrame | None = None,
    lookup: pd.DataFrame | None = None,
    rules: Sequence[Rule] = RULES,
) -> tuple[pd.DataFrame, Account]:
    """Hold every rule against the returns and count what is at fault; nothing is changed.

    Parameters
    ----------
    returns : Ssda903Records
        As read, before any repair.
    register : DataFrame, optional
        Ofsted's register of homes, with ``urn``.
    lookup : DataFrame, optional
        Ofsted's list for authorities, with ``urn`` and, where known, ``registration_date``,
        ``closed_date``, ``place_codes``, ``provider_codes``.
    rules : sequence of Rule
        Which to hold; all of them if not given.

    Returns
    -------
    DataFrame
        One row per rule: ``theme``, ``rule``, ``table``, ``rows`` and ``children`` at fault
        (missing where the returns hold nothing to check: the rule is not applicable),
        ``sentence``, ``why``, ``examples`` (up to five ids) and ``share`` of the table's rows.
        The last row counts the episodes with any fault.
    Account
        One ``noted`` entry per rule that found something.
    """
    tables = FaultTables(returns, register, lookup)
    lines: list[tuple[object, ...]] = []
    account = Account()
    any_fault = defaultdict[str, list[np.ndarray]](list)
    for rule in rules:
        if not rule.applies(tables):
            lines.append((rule.theme, rule.name, rule.table, pd.NA, pd.NA, rule.sentence, rule.why,
                          "", np.nan))  # fmt: skip
            continue
        at_fault = rule.mask(tables).to_numpy(dtype=bool, na_value=False)
        line, examples = _counted(rule, at_fault, tables)
        lines.append(line)
        account = account.noted(rule.table, rule.sentence, int(at_fault.sum()), examples)
        if rule.name not in NO_FAULT:
            any_fault[rule.table].append(at_fault)
    lines += _any(tables, any_fault)
    found = pd.DataFrame(lines, columns=list(COLUMNS))
    return found.astype({"rows": "Int64", "children": "Int64", "examples": "str"}), account


def _counted(
    rule: Rule, at_fault: np.ndarray, tables: FaultTables
) -> tuple[tuple[object, ...], list[str]]:
    rows = int(at_fault.sum())
    child = tables.rows(rule.table).child[at_fault]
    examples = _examples(rule, at_fault, tables)
    children = pd.NA if rule.table == AUTHORITIES else len(pd.unique(child))
    share = rows / len(at_fault) if len(at_fault) else np.nan
    line = (rule.theme, rule.name, rule.table, rows, children, rule.sentence, rule.why,
            ", ".join(examples), share)  # fmt: skip
    return line, examples


def _examples(rule: Rule, at_fault: np.ndarray, tables: FaultTables) -> list[str]:
    first = np.flatnonzero(at_fault)[:_CANDIDATES]
    if rule.table == AUTHORITIES:
        return [str(name) for name in tables.authorities[first][:EXAMPLES]]
    children = pd.unique(tables.rows(rule.table).child[first])[:EXAMPLES]
    names = tables.children.iloc[children]
    return (names["LA"] + "/" + names["CHILD"]).tolist()


def _any(tables: FaultTables, found: dict[str, list[np.ndarray]]) -> list[tuple[object, ...]]:
    """Count the episodes with any fault, in whichever of their returns."""
    if not tables.found(EPISODES):
        return []
    rows = tables.episodes
    bad = np.zeros(len(rows), dtype=bool)
    for one in found[EPISODES]:
        bad |= one
    for one in found[RETURNED]:
        bad[tables.of_episode[one]] = True
    children = len(np.unique(rows.child[bad]))
    sentence = "The episode has at least one of the faults above, in any of its returns."
    why = "It is the share of the record that some rule has to decide about."
    return [("all themes", ANY_FAULT, EPISODES, int(bad.sum()), children, sentence, why, "",
             float(bad.mean()))]  # fmt: skip
