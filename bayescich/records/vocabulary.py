"""From the words people write to the codes of a set: one matcher for every vocabulary.

A vocabulary is a table of ``records/codes`` with ``code``, ``label`` and ``synonyms`` (parted by
``|``). Case, spacing, hyphens and punctuation do not matter. What matches nothing is never
guessed: it is counted, with the nearest term as a hint.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import pandas as pd
import pandera.pandas as pa

from bayescich.account import Account
from bayescich.records.code_sets import code_set
from bayescich.records.fields import flag
from bayescich.records.tables import Table
from bayescich.records.tabular import clean_heading, label_key

FEWEST_TERMS = 3
"""A sheet is taken for one of a column per term when it has at least so many of them."""

_PARTED = re.compile(r"[;|]")


@dataclass(frozen=True)
class Vocabulary:
    """The terms of one code set and every spelling under which each is known."""

    name: str
    codes: Mapping[str, str]
    """Spelling, without case and punctuation, to code."""

    def code_of(self, text: str) -> str | None:
        """Return the code of a term, or None if it is not known.

        Examples
        --------
        >>> vocabulary("needs").code_of("A.D.H.D."), vocabulary("needs").code_of("Self Harm")
        ('adhd', 'self_harm')
        """
        return self.codes.get(label_key(text))

    def terms_in(self, text: str) -> list[str]:
        """Part a cell that names several terms.

        Terms are parted by ``;`` or ``|``, and by commas where every part is then known.

        Examples
        --------
        >>> vocabulary("needs").terms_in("Autism, ADHD; education, health and care plan")
        ['Autism', 'ADHD', 'education, health and care plan']
        """
        if self.code_of(text):
            return [text]
        parts = [part.strip() for part in _PARTED.split(text) if part.strip()]
        return [term for part in parts for term in self._by_commas(part)]

    def nearest(self, text: str) -> str:
        """Return the label of the term spelt most like a text, or an empty text.

        Examples
        --------
        >>> vocabulary("needs").nearest("autsim")
        'autism'
        """
        found = difflib.get_close_matches(label_key(text), self.codes, n=1, cutoff=0.75)
        return labels(self.name)[self.codes[found[0]]] if found else ""

    def matched(self, text: pd.Series) -> pd.Series:
        """Return the code of each cell, blank where none is known.

        Parameters
        ----------
        text : Series of str

        Returns
        -------
        Series of str
        """
        codes = {term: self.code_of(term) for term in text.dropna().unique()}
        return text.map({term: code for term, code in codes.items() if code}).astype("str")

    def unknown_shown(self, text: pd.Series) -> list[str]:
        """List unknown terms for the account, the commonest first, each with a hint.

        Parameters
        ----------
        text : Series of str
            Cells that did not match.

        Examples
        --------
        >>> vocabulary("needs").unknown_shown(pd.Series(["autsim", "xyzzy", "autsim"]))
        ['autsim (2 rows; autism?)', 'xyzzy (1 row)']
        """
        counts = text.value_counts(sort=False).rename_axis("term").reset_index(name="rows")
        ordered = counts.sort_values(["rows", "term"], ascending=[False, True])
        shown = zip(ordered["term"].head(5), ordered["rows"].head(5), strict=True)
        return [self._shown(str(term), int(rows)) for term, rows in shown]

    def _shown(self, term: str, rows: int) -> str:
        nearest = self.nearest(term)
        hint = f"; {nearest}?" if nearest else ""
        return f"{term[:40]} ({rows:,} row{'' if rows == 1 else 's'}{hint})"

    def _by_commas(self, part: str) -> list[str]:
        if self.code_of(part) or "," not in part:
            return [part]
        terms = [term.strip() for term in part.split(",") if term.strip()]
        return terms if all(self.code_of(term) for term in terms) else [part]


@cache
def vocabulary(name: str) -> Vocabulary:
    """Return the vocabulary of a code set that has synonyms.

    Parameters
    ----------
    name : str
        A table of ``records/codes`` with the columns code, label and synonyms.
    """
    codes: dict[str, str] = {}
    table = code_set(name)
    terms = zip(table["code"], table["label"], table["synonyms"], strict=True)
    for code, label, synonyms in terms:
        for spelling in (code, label, *synonyms.split("|")):
            known = codes.setdefault(label_key(spelling), code)
            assert not spelling or known == code, f"{spelling} is both {known} and {code}"
    codes.pop("", None)
    return Vocabulary(name, codes)


@cache
def labels(name: str) -> Mapping[str, str]:
    """Return the label of each code of a set.

    Examples
    --------
    >>> labels("needs")["adhd"]
    'attention deficit hyperactivity disorder'
    """
    table = code_set(name)
    return dict(zip(table["code"], table["label"], strict=True))


def term_columns(name: str, meaning: str) -> dict[str, pa.Column]:
    """Return one column of yes and no per term of a vocabulary, for a wide table.

    Parameters
    ----------
    name : str
        The vocabulary.
    meaning : str
        What a yes says, to which the term's label is added.
    """
    synonyms = zip(code_set(name)["code"], code_set(name)["synonyms"], strict=True)
    known = labels(name)
    return {
        code: flag(
            f"{meaning}: {known[code]}",
            needed=False,
            headings=(known[code], *(s for s in spellings.split("|") if s)),
        )
        for code, spellings in synonyms
    }


@dataclass(frozen=True, eq=False)
class WideTable(Table):
    """A table with one column per term of a vocabulary.

    It is recognised by its key and at least three such columns, since single terms (``missing``,
    ``education``) are headings of other tables too.
    """

    terms: str = "needs"
    """The vocabulary."""

    def columns_of(self, headings: Iterable[str]) -> dict[str, str]:
        """Map columns to headings; nothing is known where too few headings are terms."""
        columns = super().columns_of(headings)
        known = set(vocabulary(self.terms).codes.values())
        return columns if len(known & set(columns)) >= FEWEST_TERMS else {}

    def unread_headings(self, headings: Iterable[str]) -> list[str]:
        """List the headings that are no column of this table: terms that are not known."""
        given = list(headings)
        read = set(self.columns_of(given).values())
        return [clean_heading(heading) for heading in given if heading not in read]


def melted(frame: pd.DataFrame, name: str, into: tuple[str, str]) -> pd.DataFrame:
    """Turn one column per term into one row per term; blank cells say nothing.

    Parameters
    ----------
    frame : DataFrame
        With a column of yes and no per term.
    name : str
        The vocabulary.
    into : (str, str)
        Names of the columns for the term's code and for yes or no.

    Returns
    -------
    DataFrame
    """
    terms = [code for code in code_set(name)["code"] if code in frame.columns]
    filled = [code for code in terms if frame[code].notna().any()]
    kept = [column for column in frame.columns if column not in terms]
    long = frame.melt(kept, filled, var_name=into[0], value_name=into[1])
    said = long[long[into[1]].notna()].reset_index(drop=True)
    return said.astype({into[0]: "str", into[1]: "boolean"})


def melt_account(wide: pd.DataFrame, long: pd.DataFrame, table: str) -> Account:
    """Say how many rows a wide table became.

    Parameters
    ----------
    wide, long : DataFrame
        Before and after `melted`.
    table : str
        Name of the wide table in the account.
    """
    rule = f"cells of yes or no, each now a row, from {len(wide):,} rows"
    return Account().repaired(table, rule, len(long))
