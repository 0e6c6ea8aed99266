"""Children of authorities that were merged or renamed: one child under one authority."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pandas as pd

from bayescich.account import Account
from bayescich.histories.authorities import successor_labels
from bayescich.records.ssda903 import Ssda903Records

TABLE = "authorities"
"""Name of this step in the account."""

_CHILD = ["LA", "CHILD"]


def follow_reorganisations(returns: Ssda903Records) -> tuple[Ssda903Records, Account]:
    """Give a child that an authority and its one successor both return one id.

    When Poole became part of Bournemouth, Christchurch and Poole, children in care were returned
    by the one until 31 March 2019 and by the other from then on, often under the same number.
    A child of the same number and date of birth in both is one child, and becomes the
    successor's. Children whose number changed are found by ``histories.people``, where the UPN
    allows it.

    Parameters
    ----------
    returns : Ssda903Records

    Returns
    -------
    Ssda903Records
        With ``LA`` of these children replaced in every table.
    Account
        Children followed, and those refused because two former authorities had such a child.

    Examples
    --------
    >>> header = pd.DataFrame({
    ...     "LA": ["Poole", "Bournemouth, Christchurch and Poole"], "CHILD": ["7", "7"],
    ...     "DOB": pd.to_datetime(["2010-05-15", "2010-05-15"]),
    ... })
    >>> episodes = pd.DataFrame({"LA": ["Poole"], "CHILD": ["7"]})
    >>> followed, _ = follow_reorganisations(Ssda903Records(header, episodes, Account()))
    >>> followed.episodes["LA"].item()
    'Bournemouth, Christchurch and Poole'
    """
    successor = successor_labels(returns.header["LA"].dropna().unique())
    if not successor:
        return returns, Account()
    same, account = _same_children(returns.header, successor)
    if same.empty:
        return returns, account
    values = {field.name: getattr(returns, field.name) for field in fields(returns)}
    tables: dict[str, Any] = {
        name: _renamed(value, same)
        for name, value in values.items()
        if isinstance(value, pd.DataFrame)
    }
    return replace(returns, **tables), account


def _same_children(header: pd.DataFrame, successor: dict[str, str]) -> tuple[pd.DataFrame, Account]:
    """Return LA, CHILD and the later LA of children returned by an authority and its successor."""
    known = header.loc[header["DOB"].notna(), [*_CHILD, "DOB"]].drop_duplicates()
    former = known[known["LA"].isin(list(successor))].assign(
        later=lambda rows: rows["LA"].map(successor).astype("str")
    )
    same = former.merge(
        known.rename(columns={"LA": "later"}), on=["later", "CHILD", "DOB"], how="inner"
    )
    twice = same.duplicated(["later", "CHILD"], keep=False)
    child = same["LA"] + "/" + same["CHILD"]
    account = (
        Account()
        .repaired(
            TABLE,
            "child of an authority since merged or renamed; followed into its successor",
            int((~twice).sum()),
            child[~twice],
        )
        .noted(
            TABLE,
            "children of two former authorities with one number and date of birth; kept apart",
            int(twice.sum()),
            child[twice],
        )
    )
    return same.loc[~twice, [*_CHILD, "later"]].drop_duplicates(_CHILD), account


def _renamed(table: pd.DataFrame, same: pd.DataFrame) -> pd.DataFrame:
    if table.empty:
        return table
    later = table[_CHILD].merge(same, on=_CHILD, how="left")["later"].set_axis(table.index)
    return table.assign(LA=later.fillna(table["LA"]).astype("str"))
