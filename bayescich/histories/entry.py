"""From when stays are followed: inflow only, or late entry of those that were running."""

from __future__ import annotations

import pandas as pd

from bayescich.account import Account
from bayescich.spec.policies import HistoryPolicies


def followed_from_entry(
    spells: pd.DataFrame, policies: HistoryPolicies, table: str, account: Account
) -> tuple[pd.DataFrame, Account]:
    """Keep stays seen from their start, or, if the user says so, all of them from their entry.

    Parameters
    ----------
    spells : DataFrame
        child, start, records_begin and history_known are used.
    policies : HistoryPolicies
        ``entry``.
    table : str
        Name of the table in the account.
    account : Account
        It is added to.

    Returns
    -------
    DataFrame
        With ``entry_days``: days of the stay that had passed when the records begin.
    Account
    """
    passed = (spells["records_begin"] - spells["start"]).dt.days
    spells = spells.assign(entry_days=passed.clip(lower=0).astype("float64"))
    running = spells["start"] < spells["records_begin"]
    unknown = ~spells["history_known"].astype(bool)
    why = "the child's first record is not a start of care, so earlier placements are unknown"
    if policies.entry == "inflow":
        rule = "already running when the records begin"
        spells, account = leave_out(spells, running, rule, table, account)
        return leave_out(spells, unknown.reindex(spells.index), why, table, account)
    rule = "already running when the records begin; enters late"
    account = account.noted(table, rule, int(running.sum()), spells.loc[running, "child"])
    account = account.noted(table, why, int(unknown.sum()), spells.loc[unknown, "child"])
    return spells, account


def leave_out(
    spells: pd.DataFrame, which: pd.Series, why: str, table: str, account: Account
) -> tuple[pd.DataFrame, Account]:
    """Leave stays out for a reason, and count them."""
    account = account.excluded(table, why, int(which.sum()), spells.loc[which, "child"])
    return spells[~which], account
