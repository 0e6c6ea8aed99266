"""From yearly returns to one chain of episodes per child, with every repair counted."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.account import Account
from bayescich.histories.chain_ends import with_ends, without_gaps, without_overlaps
from bayescich.histories.chain_rows import (
    CONTINUES,
    NO_REASON,
    TABLE,
    ChainRows,
    chain_rows,
)
from bayescich.histories.dates import birthday
from bayescich.histories.returned import (
    dated,
    forwards,
    one_return_each,
    with_children,
    with_collections,
    without_short_breaks,
)
from bayescich.histories.sorted_rows import (
    MISSING,
    Flags,
    dates_of,
    days_of,
    earlier_in_group,
    first_of,
    of_previous,
)
from bayescich.records.ssda903 import Ssda903Records
from bayescich.spec.policies import HistoryPolicies

CONTINUES_CODE = "X1"
"""The reason an episode ceased (REC) when the next begins on the same day."""

NEW_PLACEMENT = "P"
"""The reason for a new episode (RNE) that a start of care within a period is read as."""

_TEXTS = [
    "RNE", "LS", "CIN", "PLACE", "PLACE_CLASS", "PLACE_PROVIDER", "REC", "REASON_PLACE_CHANGE",
    "HOME_POST", "PL_POST", "URN",
]  # fmt: skip

COLUMNS = [
    "child", "LA", "YEAR", "CHILD", "DECOM", "DEC", *_TEXTS, "born", "sex", "ethnic", "open",
    "records_begin", "records_end", "period", "imputed_end",
]  # fmt: skip
"""The columns of a chain, in order."""


def chained_episodes(
    returns: Ssda903Records, policies: HistoryPolicies | None = None
) -> tuple[pd.DataFrame, Account]:
    """Stack the collection years into one ordered chain of episodes per child.

    One return of each episode is followed; short breaks (V3, V4) are left out; open episodes are
    closed where the records show they ended; overlaps and gaps are settled; periods of care are
    numbered. The result does not depend on the order of rows or files.

    Parameters
    ----------
    returns : Ssda903Records
        From ``records.ssda903.read_ssda903``.
    policies : HistoryPolicies, optional
        Those of returns, open rows, overlaps, gaps and short breaks; the defaults if left out.

    Returns
    -------
    DataFrame
        `COLUMNS`, ordered by child and date: ``child`` is LA/CHILD; ``DEC`` is never blank;
        ``REC`` is blank where how the episode ended is not recorded or it is ``open`` (still
        running on ``records_end``, the 31 March of the authority's last collection year);
        ``imputed_end`` where the end was not recorded but implied by other rows; ``period`` is
        the number of the period of care, increasing over the table.
    Account
        Rows read, noted, repaired, excluded and kept, by rule.
    """
    policies = policies or HistoryPolicies()
    chain, of_header = chain_rows(returns.episodes, returns.header)
    chain = forwards(with_collections(dated(chain)))
    chain = one_return_each(chain, returns.episodes, policies)
    chain = without_short_breaks(chain, returns.episodes, policies)
    chain, known = with_children(chain, returns.header, of_header)
    chain = without_overlaps(with_ends(chain, policies), policies)
    chain = _with_periods(without_gaps(chain, policies))
    chain = _contradictions_noted(chain, known["born"])
    account = chain.account.kept(TABLE, "episodes in one chain per child", len(chain))
    return _as_table(chain, returns.episodes, known), account


def _with_periods(chain: ChainRows) -> ChainRows:
    goes_on = of_previous(chain["reason"], chain["child"], NO_REASON) == CONTINUES
    restart = goes_on & chain["starts_care"]
    rule = "starts care (S) where the last episode ends with X1; read as a new placement"
    chain = chain.repaired(restart, rule)
    return chain.with_columns(period=(~goes_on).cumsum(), restart=restart)


def _contradictions_noted(chain: ChainRows, born: pd.Series) -> ChainRows:
    child = chain["child"]
    starts = first_of(chain["period"]) & ~chain["starts_care"]
    first = first_of(child)
    grown = days_of(birthday(born, 18))[child]
    after_death = earlier_in_group(chain["died"].astype(np.int64), child) > 0
    faults: dict[str, Flags] = {
        "the child's first episode does not start care (S); what came before is unknown": starts
        & first,
        "follows the end of a period of care, yet does not start care (S)": starts & ~first,
        "starts after the child died (E2)": after_death,
        "starts on or after the 18th birthday": (chain["start"] >= grown) & (grown != MISSING),
    }
    for rule, which in faults.items():
        chain = chain.noted(which, rule)
    return chain


def _as_table(chain: ChainRows, episodes: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Fetch the texts of the rows that remain and set what the rules changed."""
    columns = ["LA", "YEAR", "CHILD", "DECOM", *_TEXTS]
    table = episodes[columns].take(chain["row"]).reset_index(drop=True)
    if not np.array_equal(chain["row"], chain["last"]):
        ending = ["REC", "REASON_PLACE_CHANGE"]
        table[ending] = episodes[ending].take(chain["last"]).reset_index(drop=True)
    reason = chain["reason"]
    restart = pd.Series(chain["restart"])
    table["RNE"] = table["RNE"].mask(restart, NEW_PLACEMENT)
    blank = pd.Series(reason == NO_REASON) & table["REC"].notna()
    goes_on = pd.Series(reason == CONTINUES) & table["REC"].ne(CONTINUES_CODE)
    table["REC"] = table["REC"].mask(blank).mask(goes_on, CONTINUES_CODE)
    child = chain["child"]
    for name in ("born", "sex", "ethnic"):
        table[name] = known[name].take(child).reset_index(drop=True)
    return table.assign(
        child=pd.Series(chain.names).take(child).reset_index(drop=True),
        DECOM=dates_of(chain["start"]),
        DEC=dates_of(chain["end"]),
        born=dates_of(chain["born"]),
        open=chain["open"],
        records_begin=dates_of(chain["records_begin"]),
        records_end=dates_of(chain["records_end"]),
        period=chain["period"],
        imputed_end=chain["imputed"],
    )[COLUMNS]
