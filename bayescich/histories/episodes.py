"""From yearly returns to one chain of episodes per child, with every repair counted."""

from __future__ import annotations

import pandas as pd

from bayescich.account import Account
from bayescich.records.ssda903 import Ssda903Records
from bayescich.records.ssda903_schema import code_set

TABLE = "episodes"
"""Name of this table in the account."""

CLOSED_GAP = 7
"""Longest gap, in days, between an episode said to continue (X1) and the next that is closed."""

_ORDER = ["child", "DECOM"]


def chained_episodes(returns: Ssda903Records) -> tuple[pd.DataFrame, Account]:
    """Stack the collection years into one ordered chain of episodes per child.

    The later return of an episode replaces the earlier one; short breaks (V3, V4) are left
    out; open episodes are closed where the records show they ended; overlaps are trimmed to the
    start of the next episode; periods of care are numbered.

    Parameters
    ----------
    returns : Ssda903Records
        From ``records.ssda903.read_ssda903``.

    Returns
    -------
    DataFrame
        The columns of ``EPISODES_SCHEMA`` ordered by child and date, with ``child``
        ("LA/CHILD"), ``born``, ``sex``, ``open`` (still running when the records end),
        ``records_begin`` and ``period`` (number of the period of care). ``DEC`` is never
        blank; ``REC`` is blank where how the episode ended is not recorded.
    Account
        Rows excluded and repaired, by rule.
    """
    rows = returns.episodes.assign(child=_child(returns.episodes))
    by_authority = rows.groupby("LA")["YEAR"]
    rows["records_begin"] = _first_of_april(by_authority.transform("min") - 1)
    rows["last_year"] = by_authority.transform("max")
    rows, account = _latest_return(rows)
    rows, account = _without_short_breaks(rows, account)
    rows, account = _with_child(rows, returns.header, account)
    rows, account = _closed(rows, account)
    backwards = rows["DEC"] < rows["DECOM"]
    rule = "ends before it starts"
    account = account.excluded(TABLE, rule, int(backwards.sum()), rows.loc[backwards, "child"])
    rows, account = _chained(rows[~backwards].reset_index(drop=True), account)
    rows, account = _with_periods(rows, account)
    return rows.drop(columns="last_year"), account.kept(TABLE, "one chain per child", len(rows))


def _child(table: pd.DataFrame) -> pd.Series:
    return table["LA"] + "/" + table["CHILD"]


def _first_of_april(year: pd.Series) -> pd.Series:
    return pd.to_datetime(year.astype(str) + "-04-01").astype("datetime64[ns]")


def _latest_return(rows: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    rows = rows.sort_values([*_ORDER, "YEAR"], kind="stable", ignore_index=True)
    same_year = rows.duplicated([*_ORDER, "YEAR"], keep="last")
    superseded = rows.duplicated(_ORDER, keep="last")
    again = superseded & ~same_year
    account = (
        Account()
        .excluded(TABLE, "returned again in a later year", int(again.sum()))
        .excluded(
            TABLE,
            "two rows of a child start on one day in one return; the last is kept",
            int(same_year.sum()),
            rows.loc[same_year, "child"],
        )
    )
    return rows[~superseded].reset_index(drop=True), account


def _without_short_breaks(rows: pd.DataFrame, account: Account) -> tuple[pd.DataFrame, Account]:
    respite = rows["LS"].isin(code_set("ls").in_group("respite"))
    account = account.excluded(TABLE, "series of short breaks (V3, V4)", int(respite.sum()))
    return rows[~respite].reset_index(drop=True), account


def _with_child(
    rows: pd.DataFrame, header: pd.DataFrame, account: Account
) -> tuple[pd.DataFrame, Account]:
    """Add date of birth and sex from the child's latest Header row."""
    known = header.assign(child=_child(header)).sort_values("YEAR", kind="stable")
    differs = known.groupby("child")["DOB"].nunique().gt(1)
    rule = "returns differ in a child's date of birth; the latest is followed"
    account = account.repaired("header", rule, int(differs.sum()), differs.index[differs])
    latest = known.drop_duplicates("child", keep="last").set_index("child")
    born = rows["child"].map(latest["DOB"])
    rows = rows.assign(born=born, sex=rows["child"].map(latest["SEX"]))
    nobody = born.isna()
    rule = "no Header row for the child"
    account = account.excluded(TABLE, rule, int(nobody.sum()), rows.loc[nobody, "child"])
    return rows[~nobody].reset_index(drop=True), account


def _closed(rows: pd.DataFrame, account: Account) -> tuple[pd.DataFrame, Account]:
    """Give every episode an end: its own, that of the records, or the one others imply."""
    blank = rows["DEC"].isna()
    early = blank & rows["REC"].notna()
    rule = "REC on an open episode, ignored"
    account = account.repaired(TABLE, rule, int(early.sum()), rows.loc[early, "child"])
    following = rows.groupby("child")[["DECOM", "RNE"]].shift(-1)
    year_end = _first_of_april(rows["YEAR"]) - pd.Timedelta(days=1)
    followed = blank & following["DECOM"].notna()
    restarts = followed & following["RNE"].eq("S")
    goes_on = followed & ~restarts
    forgotten = blank & ~followed & rows["YEAR"].lt(rows["last_year"])
    day_before = following["DECOM"] - pd.Timedelta(days=1)
    end = year_end.where(~restarts, year_end.where(year_end < day_before, day_before))
    end = end.where(~goes_on, following["DECOM"])
    rules = {
        "open, yet another placement follows; closed on its start": goes_on,
        "open, yet the child starts care again; closed before that": restarts,
        "open and never returned again; closed on that 31 March": forgotten,
    }
    for rule, which in rules.items():
        account = account.repaired(TABLE, rule, int(which.sum()), rows.loc[which, "child"])
    reason = rows["REC"].mask(blank).mask(goes_on, "X1")
    return rows.assign(
        DEC=rows["DEC"].where(~blank, end), REC=reason, open=blank & ~followed & ~forgotten
    ), account


def _chained(rows: pd.DataFrame, account: Account) -> tuple[pd.DataFrame, Account]:
    """Trim overlaps, and close short gaps in what is said to continue."""
    following = rows.groupby("child")[["DECOM", "RNE"]].shift(-1)
    gap = (following["DECOM"] - rows["DEC"]).dt.days
    overlap = gap < 0
    short = rows["REC"].eq("X1") & following["RNE"].ne("S") & gap.between(1, CLOSED_GAP)
    for rule, which in {
        "overlaps the next episode; trimmed to its start": overlap,
        f"a gap of up to {CLOSED_GAP} days after X1; closed": short,
    }.items():
        account = account.repaired(TABLE, rule, int(which.sum()), rows.loc[which, "child"])
    joined = overlap | short
    return rows.assign(
        DEC=rows["DEC"].mask(joined, following["DECOM"]),
        REC=rows["REC"].mask(joined, "X1"),
        open=rows["open"] & ~overlap,
    ), account


def _with_periods(rows: pd.DataFrame, account: Account) -> tuple[pd.DataFrame, Account]:
    before = rows.groupby("child")[["DEC", "REC"]].shift()
    goes_on = before["REC"].eq("X1") & rows["DECOM"].eq(before["DEC"])
    restart = goes_on & rows["RNE"].eq("S")
    rule = "S on the day the last episode ends with X1; read as a new placement"
    account = account.repaired(TABLE, rule, int(restart.sum()), rows.loc[restart, "child"])
    return rows.assign(RNE=rows["RNE"].mask(restart, "P"), period=(~goes_on).cumsum()), account
