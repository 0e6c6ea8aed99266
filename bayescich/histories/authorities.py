"""One authority, one name: labels of any spelling or code, followed through reorganisations."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

import pandas as pd

from bayescich.account import Account
from bayescich.histories.names import authority_key, unify_spelling
from bayescich.records.code_sets import code_set

TABLE = "authorities"
"""Name of this step in the account."""

_BODY = re.compile(
    r"^(the\s+)?((london|royal)\s+borough|city|county)\s+of\s+"
    r"|(\s+(metropolitan|city|county|borough|district|unitary|mbc))*\s+(council|mbc)$"
)


@dataclass(frozen=True)
class _Register:
    """The published authorities, ready to be looked up."""

    codes: dict[str, str]
    """From the key of a code or name to the authority's three-digit code."""
    names: dict[str, str]
    """From a code to the name of the authority, or of the one that took its place."""
    labels: dict[str, str]
    """From a code to the name of the authority itself."""
    split: frozenset[str]
    """Codes of authorities replaced by two or more."""
    first_year: dict[str, int]
    last_year: dict[str, int]


def harmonise_authorities(labels: pd.Series, years: pd.Series) -> tuple[pd.Series, Account]:
    """Give each authority one name, and one that was replaced by a single other the other's name.

    Bournemouth and Poole become Bournemouth, Christchurch and Poole in every year, so that a home
    or a child is not in two authorities because of a boundary. Northamptonshire, Cumbria and the
    others that were split keep their name, for nothing in the label says which part a row is in.

    Parameters
    ----------
    labels : Series of str
        Names in any spelling, three-digit codes of the Department for Education, or
        nine-character codes of the Office for National Statistics. Blanks stay blank.
    years : Series of int
        Collection years, as the year in which each ends.

    Returns
    -------
    Series of str
        One name per authority. A label that names no authority is left as it is, but for its
        spelling: the most frequent of those that differ in case and punctuation only.
    Account
        Rows renamed, rows of authorities that were split, rows of labels not known, and rows that
        name an authority in a year in which it did not exist.

    Examples
    --------
    >>> labels = pd.Series(["Poole", "E06000058", "330", "Northshire"])
    >>> names, _ = harmonise_authorities(labels, pd.Series([2018, 2022, 2022, 2022]))
    >>> names.tolist()[1:]
    ['Bournemouth, Christchurch and Poole', 'Birmingham', 'Northshire']
    >>> names[0] == names[1]
    True
    """
    register = _register()
    labels = labels.astype("str")
    code = labels.map({label: _code_of(label, register) for label in labels.dropna().unique()})
    code = code.astype("str")
    unknown = labels.notna() & code.isna()
    own, _ = unify_spelling(labels.where(unknown), authority_key)
    names = code.map(register.names).astype("str").where(code.notna(), own)
    return names, _account(labels, years, names, code)


def successor_labels(labels: Iterable[str]) -> dict[str, str]:
    """Map labels of former authorities to that of their one successor among the labels.

    Examples
    --------
    >>> successor_labels(["Poole", "BCP", "Cumbria", "Cumberland"])
    {'Poole': 'BCP'}
    """
    register = _register()
    codes = {label: _code_of(label, register) for label in labels}
    own = {register.labels[code]: label for label, code in codes.items() if code}
    pairs = {
        label: own.get(register.names[code])
        for label, code in codes.items()
        if code and register.names[code] != register.labels[code]
    }
    return {label: later for label, later in pairs.items() if later is not None}


def _account(labels: pd.Series, years: pd.Series, names: pd.Series, code: pd.Series) -> Account:
    register = _register()
    unknown = labels.notna() & code.isna()
    split = code.isin(register.split)
    too_early = years.lt(code.map(register.first_year))
    too_late = years.gt(code.map(register.last_year))
    outside = (too_early | too_late).fillna(False).astype("bool")
    account = Account().read(TABLE, "rows that name an authority", int(labels.notna().sum()))
    renamed = labels.notna() & names.ne(labels)
    rule = "name, code or former authority; given the name of today's authority"
    account = account.repaired(TABLE, rule, int(renamed.sum()), _distinct(labels[renamed]))
    rules = {
        "authority later split into two or more; its name is kept": split,
        "not a known authority in England; left as it is": unknown,
        "authority named in a year in which it did not exist": outside,
    }
    for rule, which in rules.items():
        account = account.noted(TABLE, rule, int(which.sum()), _distinct(labels[which]))
    return account.kept(TABLE, "authorities", int(names.nunique()))


def _distinct(labels: pd.Series) -> list[str]:
    return sorted(labels.unique())


def _code_of(label: str, register: _Register) -> str | None:
    """Look a label up as it is, then without the words for the body that runs the area."""
    plain = _BODY.sub("", _BODY.sub("", label.strip().casefold()))
    return register.codes.get(authority_key(label)) or register.codes.get(authority_key(plain))


@cache
def _register() -> _Register:
    table = code_set("authorities").set_index("code")
    successors = table.loc[table["successors"].ne(""), "successors"]
    split = successors.str.contains(";")
    alone = successors[~split].to_dict()
    return _Register(
        codes=_keys(table),
        names={code: table.loc[alone.get(code, code), "label"] for code in table.index},
        labels=dict(zip(table.index, table["label"], strict=True)),
        split=frozenset(successors.index[split]),
        first_year=_years(table, "valid_from", 0, "min"),
        last_year=_years(table, "valid_to", 9999, "max"),
    )


def _keys(table: pd.DataFrame) -> dict[str, str]:
    """List every way in which an authority is named; the newest holds a name used twice."""
    newest_last = table.sort_values("valid_to", key=lambda years: years.eq(""), kind="stable")
    keys: dict[str, str] = {}
    for column in ("label", "gss", "other_labels", "other_gss"):
        written = newest_last[column].str.split(";").explode()
        written = written[written.ne("")]
        keys |= dict(zip(written.map(authority_key), written.index, strict=True))
    return keys | {code: code for code in table.index}


def _years(
    table: pd.DataFrame, column: str, otherwise: int, which: Literal["min", "max"]
) -> dict[str, int]:
    """Return the first or last year of each authority, and of the one it shares a name with."""
    years = pd.to_numeric(table[column]).fillna(otherwise).astype("int64")
    shared = years.groupby(table["label"]).transform(which)
    return {str(code): int(year) for code, year in shared.items()}
