"""How the data dictionaries write columns, types, values and tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandera.pandas as pa

from bayescich.records.fields import Kind, Meaning

KINDS: dict[Kind, str] = {
    "text": "text",
    "id": "id (text)",
    "code": "code",
    "day": "date",
    "year": "year",
    "whole": "whole number",
    "number": "number",
    "flag": "yes or no",
    "postcode": "postcode",
}
"""Each kind of column in words."""


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    r"""Return a table.

    Examples
    --------
    >>> print(markdown_table(["a", "b"], [["1", "x|y"]]))
    | a | b |
    | --- | --- |
    | 1 | x\|y |
    """
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(cell: str) -> str:
    return " ".join(str(cell).replace("|", r"\|").split())


def listed(names: Sequence[str], last: str = "and") -> str:
    """Return names of columns as a list in words.

    Examples
    --------
    >>> listed(["LA", "YEAR", "CHILD"])
    '`LA`, `YEAR` and `CHILD`'
    """
    shown = [f"`{name}`" for name in names]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} {last} {shown[-1]}"


def sentence(description: str | None) -> str:
    """Write a description as a sentence, however its schema writes it.

    Examples
    --------
    >>> sentence("day of birth")
    'Day of birth.'
    """
    said = (description or "").strip().removesuffix(".")
    return f"{said[:1].upper()}{said[1:]}." if said else ""


def limits(meaning: Meaning) -> str:
    """Return the unit and the limits of a number, as far as it has them.

    Examples
    --------
    >>> limits(Meaning("number", "points", low=0, high=90))
    'points, 0 to 90'
    """
    said = [meaning.unit] if meaning.unit else []
    if meaning.low is not None and meaning.high is not None:
        said.append(f"{meaning.low:g} to {meaning.high:g}")
    elif meaning.low is not None:
        said.append(f"at least {meaning.low:g}")
    elif meaning.high is not None:
        said.append(f"at most {meaning.high:g}")
    return ", ".join(said)


def allowed_values(column: pa.Column) -> list[str]:
    """Return the values that a column may have, where its checks list them."""
    return [
        str(value)
        for check in column.checks
        if isinstance(check, pa.Check)
        for value in (check.statistics or {}).get("allowed_values", ())
    ]


def code_link(name: str, page: str = "") -> str:
    """Return a link to a code set of the data dictionary, on the same page or another.

    Examples
    --------
    >>> code_link("needs", "data-dictionary.md")
    '[`needs`](data-dictionary.md#needs)'
    """
    return f"[`{name}`]({page}#{anchor(name)})"


def anchor(title: str) -> str:
    """Return the anchor of a heading.

    Examples
    --------
    >>> anchor("OC2: health and conduct")
    'oc2-health-and-conduct'
    """
    kept = (c if c.isalnum() or c in "-_" else "-" if c == " " else "" for c in title.lower())
    return "".join(kept)
