"""One owner, one authority: names that differ in spelling only are brought together."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd

_COMPANY_NUMBER = re.compile(r"[\s(,-]*\b(comp(any)?\.?\s*(no|number)?\.?\s*)?\d{7,8}\)?\s*$")
_LIMITED = re.compile(r"\b(limited|ltd)\b")


def owner_key(name: str) -> str:
    """Return what identifies an owner whatever the case, spacing, "Ltd" or company number.

    Examples
    --------
    >>> owner_key("Homes 2 Inspire Limited") == owner_key("HOMES2INSPIRE LTD. (04003422)")
    True
    """
    plain = _COMPANY_NUMBER.sub("", name.casefold())
    return _letters_and_digits(_LIMITED.sub(" ", plain))


def authority_key(name: str) -> str:
    """Return what identifies an authority whatever the case, hyphens, "&" or "Saint".

    Examples
    --------
    >>> authority_key("Southend-on-Sea") == authority_key("Southend on sea")
    True
    """
    return _letters_and_digits(re.sub(r"\bsaint\b", "st", name.casefold()))


def unify_spelling(names: pd.Series, key: Callable[[str], str]) -> tuple[pd.Series, pd.Series]:
    """Give names with the same key one spelling, the most frequent.

    Parameters
    ----------
    names : Series of str
        Blanks stay blank.
    key : callable
        From a name to what identifies it.

    Returns
    -------
    Series of str
        The names, one spelling each.
    Series of bool
        Where the spelling changed.

    Examples
    --------
    >>> unified, changed = unify_spelling(pd.Series(["A Ltd", "A Ltd", "A Limited"]), owner_key)
    >>> unified.tolist(), changed.tolist()
    (['A Ltd', 'A Ltd', 'A Ltd'], [False, False, True])
    """
    counts = names.value_counts().rename_axis("name").reset_index(name="rows")
    counts["key"] = counts["name"].map(key)
    counts = counts.sort_values(["rows", "name"], ascending=[False, True])
    spelling = counts.groupby("key")["name"].first()
    unified = names.map(dict(zip(counts["name"], counts["key"].map(spelling), strict=True)))
    unified = unified.astype("str")
    return unified, unified.ne(names) & names.notna()


def _letters_and_digits(name: str) -> str:
    return "".join(c for c in name.replace("&", " and ") if c.isalnum())
