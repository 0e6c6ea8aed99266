"""Periods of care: from a start of care to its end, however many episodes it took."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.account import Account
from bayescich.histories.chain_rows import START_OF_CARE
from bayescich.histories.sorted_rows import (
    codes_of,
    days_of,
    first_of,
    last_of,
    of_previous,
    sums,
)

TABLE = "periods of care"
"""Name of this table in the account."""


def periods_of_care(chain: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    """Return one row per period of care.

    Parameters
    ----------
    chain : DataFrame
        From ``episodes.chained_episodes``.

    Returns
    -------
    DataFrame
        child, authority, period, start, end (``records_end`` if ``open``), open, first_rne,
        last_rec, starts_known (the period starts with S), need (its first CIN), cin_changes,
        episodes, days (end less start), complete (its start and its end are both recorded);
        ordered by child and start.
    Account
        Periods formed, noted and kept.
    """
    period = chain["period"].to_numpy(dtype=np.int64)
    first, last = np.flatnonzero(first_of(period)), np.flatnonzero(last_of(period))
    begins, ends = _rows(chain, first), _rows(chain, last)
    starts_known = begins["RNE"].eq(START_OF_CARE)
    periods = pd.DataFrame(
        {
            "child": begins["child"],
            "authority": begins["LA"],
            "period": period[first],
            "start": begins["DECOM"],
            "end": ends["DEC"],
            "open": ends["open"],
            "first_rne": begins["RNE"],
            "last_rec": ends["REC"],
            "starts_known": starts_known,
            "need": begins["CIN"],
            "cin_changes": sums(_changes_of_need(chain, period), first),
            "episodes": last - first + 1,
            "days": days_of(ends["DEC"]) - days_of(begins["DECOM"]),
            "complete": starts_known & ends["REC"].notna() & ~ends["imputed_end"],
        }
    )
    return periods, _account(periods)


def _rows(chain: pd.DataFrame, positions: np.ndarray) -> pd.DataFrame:
    columns = ["child", "LA", "DECOM", "DEC", "open", "RNE", "REC", "CIN", "imputed_end"]
    return chain[columns].take(positions).reset_index(drop=True)


def _changes_of_need(chain: pd.DataFrame, period: np.ndarray) -> np.ndarray:
    need = codes_of(chain["CIN"])
    before = of_previous(need, period, -1)
    return ((before >= 0) & (need >= 0) & (need != before)).astype(np.int64)


def _account(periods: pd.DataFrame) -> Account:
    account = Account().read(TABLE, "periods formed of the chained episodes", len(periods))
    for rule, which in {
        "the main need (CIN) changes within the period; the first is taken": periods[
            "cin_changes"
        ].gt(0),
        "does not begin with a start of care (S)": ~periods["starts_known"],
    }.items():
        account = account.noted(TABLE, rule, int(which.sum()), periods["child"][which].iloc[:5])
    return account.kept(TABLE, "periods of care", len(periods))
