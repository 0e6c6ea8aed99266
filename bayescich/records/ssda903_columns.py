"""What the tables of an SSDA903 return share: whose row it is, and the columns that recur."""

from __future__ import annotations

import pandera.pandas as pa

from bayescich.records.fields import code, day, identifier, text, year
from bayescich.records.ssda903_codes import code_set
from bayescich.records.tables import Table


def return_table(
    name: str, title: str, columns: dict[str, pa.Column], known_by: str, *also_key: str
) -> Table:
    """Return a table of the return, of which each row is of a child, an authority and a year."""
    shared = {
        "LA": text("Authority that makes the return.", nullable=False, needed=False),
        "YEAR": year(
            "Collection year, as the year in which it ends: 2025 is 1 April 2024 to 31 March 2025.",
            nullable=False,
            needed=False,
        ),
        "CHILD": identifier(
            "The authority's own id of the child; unique within the authority only.",
            nullable=False,
            headings=("CHILDID", "CHILD_ID"),
        ),
    }
    return Table(
        name=name,
        title=f"{title} (SSDA903)",
        schema=pa.DataFrameSchema(shared | columns, strict=True, ordered=True),
        known_by=("CHILD", *known_by.split()),
        key=("YEAR", "CHILD", *also_key),
        origin=True,
    )


def born() -> dict[str, pa.Column]:
    """Return the date of birth as each table but Header and Episodes repeats it."""
    return {"DOB": day("Date of birth, as in the Header table.", needed=False)}


def sex(*, needed: bool) -> pa.Column:
    """Return the column of sex, in which the codes of earlier years become those of today."""
    later = code_set("sex").becomes
    return code(
        "Sex: M, F or U (unknown); written 1 and 2 up to the collection year 2024.",
        "ssda903_sex",
        needed=needed,
        recoded={old: new for old, (new,) in later.items()},
    )
