"""Returns written by hand: a few rows of text a person can read."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from bayescich.account import Account
from bayescich.records.ssda903 import Ssda903Records
from bayescich.records.ssda903_codes import code_set

BORN = "2008-05-01"

_WRITTEN = [
    "CHILD", "YEAR", "DECOM", "RNE", "PLACE", "DEC", "REC", "REASON_PLACE_CHANGE", "PL_POST", "URN",
]  # fmt: skip


def written(
    rows: str,
    *,
    born: Mapping[str, str] | str = BORN,
    legal: Mapping[int, str] | None = None,
    need: Mapping[int, str] | None = None,
    header: pd.DataFrame | None = None,
) -> Ssda903Records:
    """Return what a few lines say: child, year, DECOM, RNE, PLACE, DEC, REC, reason, postcode, URN.

    A dash is a blank; missing cells at the end of a line are blank. A child written as
    ``Southshire/a`` is another authority's. `legal` and `need` set LS and CIN of some lines.
    """
    lines = [(line.split() + ["-"] * 10)[:10] for line in rows.strip().splitlines()]
    table = pd.DataFrame(lines, columns=_WRITTEN).astype("str")
    table = table.mask(table.eq("-"))
    whole = table["CHILD"].where(table["CHILD"].str.contains("/"), "Northshire/" + table["CHILD"])
    authority = whole.str.split("/", expand=True).astype("str")
    episodes = table.assign(
        LA=authority[0],
        CHILD=authority[1],
        YEAR=table["YEAR"].astype("Int64"),
        DECOM=_dates(table["DECOM"]),
        DEC=_dates(table["DEC"]),
        LS=_by_line(len(table), "C2", legal or {}),
        CIN=_by_line(len(table), "N1", need or {}),
        PLACE_PROVIDER=_by_line(len(table), "PR4", {}),
        HOME_POST=_by_line(len(table), "AB1 2CD", {}),
        PLACE_CLASS=table["PLACE"].map(code_set("place").group).astype("str"),
    )
    if header is None:
        header = header_of(episodes, born)
    return Ssda903Records(header=header, episodes=episodes, account=Account())


def header_of(episodes: pd.DataFrame, born: Mapping[str, str] | str) -> pd.DataFrame:
    """Return one Header row per child and year of the episodes."""
    children = episodes[["LA", "YEAR", "CHILD"]].drop_duplicates(ignore_index=True)
    dates = children["CHILD"].map(born).fillna(BORN) if isinstance(born, dict) else born
    return children.assign(
        SEX=_by_line(len(children), "F", {}),
        UPN=_by_line(len(children), "UN1", {}),
        DOB=_dates(pd.Series(dates, index=children.index)),
        ETHNIC=_by_line(len(children), "WBRI", {}),
    )


def rules(account: Account, stage: str, table: str) -> dict[str, int]:
    """Return the counts of one stage of one table by rule."""
    return {e.rule: e.rows for e in account.entries if (e.stage, e.table) == (stage, table)}


def days(dates: pd.Series) -> list[str]:
    """Return dates as text."""
    return [f"{date:%Y-%m-%d}" for date in dates]


def balanced(account: Account, table: str) -> bool:
    """Say whether every row read was kept or left out."""
    out = account.total("kept", table) + account.total("excluded", table)
    return account.total("read", table) == out


def _dates(texts: pd.Series) -> pd.Series:
    return pd.to_datetime(texts.astype("object")).astype("datetime64[ns]")


def _by_line(number: int, usual: str, others: Mapping[int, str]) -> pd.Series:
    return pd.Series([others.get(line, usual) for line in range(number)], dtype="str")
