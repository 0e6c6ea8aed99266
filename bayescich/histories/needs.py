"""What a child was recorded to need when the first stay in a home began, and what homes meet.

The needs audit is frozen on that day, like the rest of a child's history: what a home records of
a child later may be its own doing. What a home says it meets is as of the start of each stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
import pandas as pd

from bayescich.account import Account
from bayescich.histories.people import child_ids
from bayescich.histories.providers import list_found
from bayescich.records.code_sets import code_set, known_codes

TABLE = "needs at the first home"
"""Name of the needs audit in the account of a table of stays."""

STATEMENTS = "statements at the start of stays"
"""Name of the Statements of Purpose in that account."""

NEEDS_KNOWN, STATEMENT_KNOWN = "needs_known", "statement_known"
"""Columns that say whether there was anything to read a need from."""


@dataclass(frozen=True)
class _Words:
    """What the account calls the day on which needs are frozen, and the table that it is for."""

    table: str
    of_others: str
    day: str
    short: str
    kept: str


_FIRST_HOME = _Words(
    TABLE,
    "of a child without a stay in this table",
    "the child's first stay in a home began",
    "the first stay",
    "rows on or before the first stay in a home",
)
_INDEX = _Words(
    "needs at the index date",
    "of a child who is not in the cohort",
    "the index date of the child",
    "the index date",
    "rows on or before the index date",
)

_HAS, _MEETS = "has_", "meets_"
_ALWAYS = pd.Timestamp("1800-01-01")
"""Since when a statement without a date is taken to hold."""


@cache
def need_families() -> Mapping[str, str]:
    """Return the family (a code of ``need_families``) of each need of the vocabulary.

    Examples
    --------
    >>> need_families()["self_harm"]
    'emotional-and-mental-health'
    """
    terms = code_set("needs")
    return MappingProxyType(dict(zip(terms["code"], terms["family"], strict=True)))


def needs_of_stays(
    stays: pd.DataFrame,
    needs: pd.DataFrame | None = None,
    statements: pd.DataFrame | None = None,
    people: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, Account]:
    """Say of each stay which needs the child was recorded with and which ones the home meets.

    Parameters
    ----------
    stays : DataFrame
        child; ``first_start``, the start of the child's first stay in a home; start; and
        ``home_urn``, the URN as registered at the time.
    needs : DataFrame, optional
        From ``records.needs``: one row per child, need, date and source. None or no row: the
        source has no audit.
    statements : DataFrame, optional
        From ``records.statements``: one row per home, need and statement; none likewise.
    people : DataFrame, optional
        From ``histories.people``: what another authority recorded of the same person counts too.

    Returns
    -------
    DataFrame
        Indexed as `stays`, whole numbers of 0 and 1. With an audit: ``needs_known`` (something is
        recorded on or before ``first_start``, be it that a need was looked for and not found) and
        ``has_<need>`` (the need is recorded as present by then). With statements:
        ``statement_known`` and ``meets_<need>``, by the newest statement of the home on or before
        the start of the stay; one without a date is the oldest. Where there are both, each need
        of either has both columns; needs are in the order of the vocabulary.
    Account
        Rows of the audit used and not used, children and stays of which nothing is known.
    """
    audited = needs is not None and not needs.empty
    stated = statements is not None and not statements.empty
    codes = _codes(needs, statements)
    parts, account = [pd.DataFrame(index=stays.index)], Account()
    if needs is not None and audited:
        recorded, counted = _recorded(stays, needs, people, codes, _FIRST_HOME)
        parts, account = [*parts, recorded], account + counted
    if statements is not None and stated:
        said, counted = statements_of_stays(stays, statements, needs)
        parts, account = [*parts, said], account + counted
    return pd.concat(parts, axis="columns"), account


def statements_of_stays(
    stays: pd.DataFrame, statements: pd.DataFrame, needs: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, Account]:
    """Say of each stay which needs the home's Statement of Purpose meets.

    Parameters
    ----------
    stays : DataFrame
        ``home_urn``, the URN as registered at the time, blank where the home is not known; start.
    statements, needs : DataFrame
        As in `needs_of_stays`; `needs` adds columns of needs that no home meets.

    Returns
    -------
    DataFrame
        Indexed as `stays`: ``statement_known`` and ``meets_<need>``, as in `needs_of_stays`.
    Account
        Stays whose home's statement is not known, and why.

    Examples
    --------
    >>> stays = pd.DataFrame({"home_urn": ["1", "2"], "start": pd.to_datetime(["2020-06-01"] * 2)})
    >>> said = pd.DataFrame({"URN": ["1"], "NEED": ["autism"], "STATED": [True],
    ...                      "FROM": pd.to_datetime(["2020-06-01"])})
    >>> statements_of_stays(stays, said)[0].to_numpy().tolist()
    [[1, 1], [0, 0]]
    """
    return _stated(stays, statements, _codes(needs, statements))


def needs_on(
    index: pd.DataFrame,
    needs: pd.DataFrame,
    people: pd.DataFrame | None = None,
    statements: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, Account]:
    """Say which needs each child was recorded with on or before its index date.

    Parameters
    ----------
    index : DataFrame
        One row per child: child, index_date.
    needs, people, statements : DataFrame
        As in `needs_of_stays`; `statements` adds columns of needs that no child has.

    Returns
    -------
    DataFrame
        Indexed as `index`: ``needs_known`` and ``has_<need>``, as in `needs_of_stays`.
    Account
        Rows of the audit used and not used, children of whom nothing is known.
    """
    children = index[["child"]].assign(first_start=index["index_date"])
    return _recorded(children, needs, people, _codes(needs, statements), _INDEX)


def _codes(needs: pd.DataFrame | None, statements: pd.DataFrame | None) -> list[str]:
    """List the needs that any child has or any home meets, in the order of the vocabulary."""
    met: set[str] = set()
    for records, yes in ((needs, "PRESENT"), (statements, "STATED")):
        if records is not None:
            met |= set(records.loc[records[yes], "NEED"])
    return [code for code in known_codes("needs") if code in met]


def _recorded(
    stays: pd.DataFrame,
    needs: pd.DataFrame,
    people: pd.DataFrame | None,
    codes: Sequence[str],
    words: _Words,
) -> tuple[pd.DataFrame, Account]:
    children = stays[["child", "first_start"]].drop_duplicates("child")
    children = children.assign(person=_person(children["child"], people))
    rows = needs[["NEED", "DATE", "PRESENT"]].assign(
        person=_person(child_ids(needs), people), row=np.arange(len(needs))
    )
    met = rows.merge(children, on="person")
    known = met[met["DATE"] <= met["first_start"]]
    present = known[known["PRESENT"]]
    columns = {NEEDS_KNOWN: stays["child"].isin(known["child"])}
    for code in codes:
        having = present.loc[present["NEED"].eq(code), "child"]
        columns[_HAS + code] = stays["child"].isin(having)
    table = pd.DataFrame(columns, index=stays.index).astype("int64")
    return table, _audit_account(rows, met, known, children, words)


def _person(child: pd.Series, people: pd.DataFrame | None) -> pd.Series:
    if people is None:
        return child
    return child.map(people.set_index("child")["person"]).fillna(child).astype("str")


def _audit_account(
    rows: pd.DataFrame,
    met: pd.DataFrame,
    known: pd.DataFrame,
    children: pd.DataFrame,
    words: _Words,
) -> Account:
    used = rows["row"].isin(known["row"])
    undated = rows["DATE"].isna()
    elsewhere = ~rows["row"].isin(met["row"])
    reasons = {
        words.of_others: elsewhere & ~undated,
        "no date": undated,
        f"dated after {words.day}; not used": ~used & ~elsewhere & ~undated,
    }
    account = Account().read(words.table, "rows of the needs audit", len(rows))
    for rule, which in reasons.items():
        account = account.excluded(words.table, rule, int(which.sum()), rows.loc[which, "person"])
    later = children["child"].isin(met["child"]) & ~children["child"].isin(known["child"])
    never = ~children["child"].isin(met["child"])
    for rule, which in {
        f"children with records of needs, all later than {words.short}; needs not known": later,
        "children without a record of needs; needs not known": never,
    }.items():
        account = account.noted(words.table, rule, int(which.sum()), children.loc[which, "child"])
    return account.kept(words.table, words.kept, int(used.sum()))


def _stated(
    stays: pd.DataFrame, statements: pd.DataFrame, codes: Sequence[str]
) -> tuple[pd.DataFrame, Account]:
    said = statements[statements["URN"].notna()].assign(FROM=statements["FROM"].fillna(_ALWAYS))
    listed = said[["URN", "FROM"]].drop_duplicates().sort_values("FROM", kind="stable")
    listed = listed.rename(columns={"URN": "urn", "FROM": "listed"}).reset_index(drop=True)
    numbered = said.merge(
        listed.reset_index(names="number"), left_on=["URN", "FROM"], right_on=["urn", "listed"]
    )
    yes = numbered[numbered["STATED"]]
    keyed = stays[["home_urn", "start"]].reset_index(drop=True)
    number = list_found(keyed, listed, "backward").set_axis(stays.index)
    columns = {STATEMENT_KNOWN: number.notna()}
    for code in codes:
        columns[_MEETS + code] = number.isin(yes.loc[yes["NEED"].eq(code), "number"])
    table = pd.DataFrame(columns, index=stays.index).astype("int64")
    return table, _statements_account(stays, number.isna(), listed)


def _statements_account(stays: pd.DataFrame, unknown: pd.Series, listed: pd.DataFrame) -> Account:
    later = unknown & stays["home_urn"].isin(listed["urn"])
    unnamed = stays["home_urn"].isna()
    account = Account().read(STATEMENTS, "stays whose home's statement is looked for", len(stays))
    for rule, which in {
        "the home's first statement is later than the start; not known": later,
        "no statement of the home; not known": unknown & ~later & ~unnamed,
        "the home is not known, nor its statement": unnamed,
    }.items():
        urns = stays.loc[which, "home_urn"].dropna().drop_duplicates()
        account = account.noted(STATEMENTS, rule, int(which.sum()), urns)
    return account.kept(STATEMENTS, "stays, each with a statement or without", len(stays))
