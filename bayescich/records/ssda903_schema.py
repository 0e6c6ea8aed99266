"""What an SSDA903 return holds: columns, code sets by collection year, and table schemas.

Codes are written in ``codes/ssda903_*.csv`` and nowhere else: one row per code with its
label, the first and last collection year in which it is valid (2026 is 1 April 2025 to
31 March 2026; blank is open) and the group an analyst uses.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import pandas as pd
import pandera.pandas as pa

HEADER_COLUMNS = ("CHILD", "SEX", "DOB", "ETHNIC", "UPN", "MOTHER", "MC_DOB")
"""The Header table in the order in which it is exported: one row per child."""

EPISODE_COLUMNS = (
    "CHILD", "DECOM", "RNE", "LS", "CIN", "PLACE", "PLACE_PROVIDER", "DEC", "REC",
    "REASON_PLACE_CHANGE", "HOME_POST", "PL_POST", "URN",
)  # fmt: skip
"""The Episodes table in the order in which it is exported: one row per episode."""

ORIGIN_COLUMNS = ("LA", "YEAR")
"""Where a row comes from: added by regional pipelines, else read from the folder's names."""

OTHER_MODULES = {
    "SDQ_SCORE": "OC2",
    "IN_TOUCH": "OC3",
    "MIS_START": "Missing",
    "REVIEW": "Reviews",
    "DUC": "UASC",
    "PREV_PERM": "PrevPerm",
    "DATE_PLACED": "PlacedAdoption",
    "DATE_INT": "AD1",
    "SW_ID": "SWEpisodes",
    "DOLO_START": "DoLo",
}
"""A column that only one of the other tables has, and the name of that table."""

HEADER_CODES = {"SEX": "sex", "ETHNIC": "ethnic"}
EPISODE_CODES = {
    "RNE": "rne",
    "LS": "ls",
    "CIN": "cin",
    "PLACE": "place",
    "PLACE_PROVIDER": "place_provider",
    "REC": "rec",
    "REASON_PLACE_CHANGE": "reason_place_change",
}
"""The columns that hold codes, and the code set of each."""

SEX_CODES = ("M", "F", "U")
"""How ``SEX`` is written after reading, whatever the collection year."""


@dataclass(frozen=True)
class CodeSet:
    """The codes of one column, current and historic."""

    column: str
    """The code set's name, e.g. ``place``."""
    table: pd.DataFrame
    """Indexed by code: label, valid_from, valid_to (collection years), group."""

    @property
    def group(self) -> dict[str, str]:
        """Return the analyst's group of every code."""
        return dict(zip(self.table.index, self.table["group"], strict=True))

    def in_group(self, *groups: str) -> frozenset[str]:
        """Return the codes of one or more groups.

        Examples
        --------
        >>> sorted(code_set("ls").in_group("respite"))
        ['V3', 'V4']
        """
        return frozenset(self.table.index[self.table["group"].isin(groups)])

    def outside_its_years(self, codes: pd.Series, years: pd.Series) -> pd.Series:
        """Say which rows hold a code that exists but not in that collection year.

        Examples
        --------
        >>> place = code_set("place")
        >>> place.outside_its_years(pd.Series(["K3", "K3"]), pd.Series([2024, 2025])).tolist()
        [True, False]
        """
        first = codes.map(self.table["valid_from"]).fillna(0)
        last = codes.map(self.table["valid_to"]).fillna(9999)
        return codes.notna() & ((years < first) | (years > last))


@cache
def code_set(name: str) -> CodeSet:
    """Read one code set, e.g. ``"place"``.

    Examples
    --------
    >>> code_set("place").group["K2"]
    "children's home"
    """
    resource = files("bayescich.records") / "codes" / f"ssda903_{name}.csv"
    with resource.open(encoding="utf-8") as stream:
        table = pd.read_csv(stream, dtype={"code": str}).set_index("code")
    return CodeSet(name, table)


def _codes(name: str) -> pa.Column:
    return pa.Column(str, pa.Check.isin(list(code_set(name).table.index)), nullable=True)


def _text(*, nullable: bool = True) -> pa.Column:
    return pa.Column(str, nullable=nullable)


def _date(*, nullable: bool = True) -> pa.Column:
    return pa.Column("datetime64[ns]", nullable=nullable)


HEADER_SCHEMA = pa.DataFrameSchema(
    {
        "LA": _text(nullable=False),
        "YEAR": pa.Column(int),
        "CHILD": _text(nullable=False),
        "SEX": pa.Column(str, pa.Check.isin(list(SEX_CODES)), nullable=True),
        "DOB": _date(nullable=False),
        "ETHNIC": _codes("ethnic"),
        "UPN": _text(),
        "MOTHER": _text(),
        "MC_DOB": _date(),
    },
    strict=True,
    ordered=True,
)
"""One row per child and collection year in which an authority returned the child."""

EPISODES_SCHEMA = pa.DataFrameSchema(
    {
        "LA": _text(nullable=False),
        "YEAR": pa.Column(int),
        "CHILD": _text(nullable=False),
        "DECOM": _date(nullable=False),
        "RNE": _codes("rne"),
        "LS": _codes("ls"),
        "CIN": _codes("cin"),
        "PLACE": _codes("place"),
        "PLACE_PROVIDER": _codes("place_provider"),
        "DEC": _date(),
        "REC": _codes("rec"),
        "REASON_PLACE_CHANGE": _codes("reason_place_change"),
        "HOME_POST": _text(),
        "PL_POST": _text(),
        "URN": _text(),
        "PLACE_CLASS": pa.Column(
            str, pa.Check.isin(sorted(set(code_set("place").group.values()))), nullable=True
        ),
    },
    strict=True,
    ordered=True,
)
"""One row per episode and collection year: an open episode is returned again next year."""
