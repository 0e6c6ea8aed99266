"""Published counts of each authority over the years: one row per authority and year."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pandera.pandas as pa

from bayescich.account import Account
from bayescich.errors import HistoriesError
from bayescich.records.authority_counts import MEASURES, WHERE_DFE_PUBLISHES, AuthorityCounts

TABLE = "authorities"
"""Name of this table in the account."""

_KEY = ["code", "authority", "region", "year"]


def _count(description: str) -> pa.Column:
    return pa.Column("Int64", pa.Check.ge(0), nullable=True, description=description)


PANEL = pa.DataFrameSchema(
    {
        "authority": pa.Column("str", description="name of the local authority, as published"),
        "code": pa.Column("str", description="its nine-character code (ONS)"),
        "region": pa.Column("str", description="its region; London is Inner and Outer London"),
        "year": pa.Column("str", description="year of 31 March, e.g. 2025"),
        "children": _count("children looked after on 31 March"),
        "moved": _count("of these, with three or more placements during the year"),
        "children_2yr": _count("children looked after on 31 March and for two years"),
        "moved_2yr": _count("of these, with three or more placements in the two years"),
        "children_long": _count(
            "children under 16 looked after on 31 March and for two and a half years"
        ),
        "same_carer": _count("of these, with the same carer for two years or more"),
    },
    unique=["code", "year"],
    strict=True,
    ordered=True,
    name="authority_panel",
    description="One row per local authority and year. A suppressed count is blank.",
)
"""One row per authority and year."""


def authority_panel(records: AuthorityCounts) -> tuple[pd.DataFrame, Account]:
    """Lay the counts of each authority and year side by side.

    An authority is its code: the parts into which Cumbria and Northamptonshire were split begin
    in their first year, and the old ones end in their last. No count is moved between them, since
    nothing published says which part a child would have been in.

    Parameters
    ----------
    records : AuthorityCounts
        From ``records.authority_counts.read_authority_counts``.

    Returns
    -------
    DataFrame
        As `PANEL`, ordered by authority and year.
    Account
        Rows made, noted, left out and kept.

    Raises
    ------
    HistoriesError
        If no authority has a child.
    """
    counts = records.counts
    wide = counts.pivot_table(index=_KEY, columns="measure", values="number", aggfunc="first")
    wide = wide.reindex(columns=list(MEASURES)).astype("Int64")
    wide = wide.reindex(pd.MultiIndex.from_frame(counts[_KEY].drop_duplicates()))
    frame = wide.rename_axis(columns=None).reset_index()
    account = Account().read(TABLE, "authorities by year", len(frame))
    absent = _absent(counts, frame)
    account += _reorganised(frame, absent)
    frame, account = _without_children(frame, absent, account)
    if frame.empty:
        raise HistoriesError(
            "No authority has a number of children in any year.", next_step=WHERE_DFE_PUBLISHES
        )
    frame = frame.assign(year=frame["year"].astype("str")).sort_values(["authority", "year"])
    frame = frame[list(PANEL.columns)].reset_index(drop=True)
    return PANEL.validate(frame), account.kept(TABLE, "authorities by year", len(frame))


def _absent(counts: pd.DataFrame, frame: pd.DataFrame) -> pd.Series:
    """Return where there was no such authority: "not applicable" stands in every column."""
    all_z = counts["symbol"].eq("z").groupby([counts[name] for name in _KEY]).all()
    found = all_z.reindex(pd.MultiIndex.from_frame(frame[_KEY]))
    return pd.Series(found.to_numpy(dtype=bool), index=frame.index)


def _without_children(
    frame: pd.DataFrame, absent: pd.Series, account: Account
) -> tuple[pd.DataFrame, Account]:
    empty = frame["children"].eq(0).fillna(False).astype(bool) & ~absent
    rules = {
        "there was no such authority in that year": absent,
        "no child was looked after": empty,
    }
    for rule, where in rules.items():
        account = account.excluded(TABLE, rule, int(where.sum()), frame.loc[where, "authority"])
    return frame[~(absent | empty)], account


def _reorganised(frame: pd.DataFrame, absent: pd.Series) -> Account:
    """Note the rows of authorities that were there in some of the years only."""
    there = (~absent).groupby(frame["code"]).transform("mean")
    some = np.asarray((there > 0) & (there < 1) & ~absent)
    rule = (
        "authority made or abolished within these years: its counts stay its own, none is moved "
        "to what came before or after"
    )
    return Account().noted(TABLE, rule, int(some.sum()), frame.loc[some, "authority"].unique())
