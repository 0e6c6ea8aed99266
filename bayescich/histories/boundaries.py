"""Where one placement ends and another begins, whatever the paperwork says."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.account import Account
from bayescich.histories.dates import birthday
from bayescich.histories.places import TEMPORARY, Places, all_rows
from bayescich.histories.sorted_rows import (
    Flags,
    Integers,
    first_of,
    latest_where,
    of_previous,
    soonest_where,
)
from bayescich.records.ssda903_codes import code_set
from bayescich.spec.policies import HistoryPolicies

TABLE = "placement spells"
"""Name of this table in the account."""

_STATUS_ONLY = "PLACE"


def first_rows(chain: pd.DataFrame, policies: HistoryPolicies) -> tuple[Flags, Account]:
    """Say which episodes begin a placement spell.

    A new carer (RNE P or B) begins one, unless the child stays in the same place, only the
    status changes (reason PLACE) or the child comes back from a temporary placement. Legal
    changes (L) do not, unless the place changes; changes with the same carer (T, U) do not, unless
    the child was on a temporary placement: a lasting one begins a stay of its own.

    Parameters
    ----------
    chain : DataFrame
        From ``episodes.chained_episodes``.
    policies : HistoryPolicies
        Those of temporary placements, same carers and changes of status.

    Returns
    -------
    array of bool
        One per episode.
    Account
        The episodes that are read otherwise than recorded.
    """
    period = chain["period"].to_numpy(dtype=np.int64)
    places = Places.of(chain)
    bridged, account = _bridged(chain, period, places, policies)
    begins = first_of(period)
    open_to_doubt = ~begins & ~bridged & ~of_previous(bridged, period, False)
    before = of_previous(latest_where(~bridged, period), period, -1)
    moves, rules = _moves(chain, before, places, policies)
    for rule, which in rules.items():
        account = _counted(account, rule, which & open_to_doubt, chain)
    return begins | (moves & open_to_doubt), account


def _bridged(
    chain: pd.DataFrame, period: Integers, places: Places, policies: HistoryPolicies
) -> tuple[Flags, Account]:
    """Find temporary placements between two stays in the same place."""
    away = chain["PLACE_CLASS"].eq(TEMPORARY).to_numpy(dtype=bool, na_value=False)
    if policies.temporary == "placement":
        return np.zeros(len(chain), dtype=bool), Account()
    before, after = latest_where(~away, period), soonest_where(~away, period)
    left = away & (before >= 0)
    returned = left & (after >= 0) & places.may_be_same(before, after)
    # a child who leaves care, turns 18 or is still away on a temporary placement has not moved
    grown = (chain["DECOM"] >= birthday(chain["born"], 18)).to_numpy()
    not_back = left & ((after < 0) | grown[after]) & ~returned
    account = Account()
    for rule, which in {
        "temporary placement and return; part of the stay it interrupts": returned,
        "temporary placement at the end of a period of care or of the records; part of the stay "
        "before": not_back,
    }.items():
        account = _counted(account, rule, which, chain)
    return returned | not_back, account


def _moves(
    chain: pd.DataFrame, before: Integers, places: Places, policies: HistoryPolicies
) -> tuple[Flags, dict[str, Flags]]:
    """Say which episodes are a move from the one before, and which are not read as recorded."""
    here = all_rows(chain)
    new_carer, same_carer, legal = (
        _in_group(chain["RNE"], group) for group in ("new carer", "same carer", "legal only")
    )
    blank = chain["RNE"].isna().to_numpy()
    carer = new_carer | (same_carer & (policies.same_carer == "move"))
    status = _status_only(chain) & (policies.status_only == "stay")
    same, differ = places.same(before, here), places.differ(before, here)
    against = legal & differ & ~status
    away = chain["PLACE_CLASS"].eq(TEMPORARY).to_numpy(dtype=bool, na_value=False)
    settles = away[before] & ~away
    moves = ((carer & ~same) | against | (blank & differ)) & ~status
    rules = {
        "recorded as a new placement, in the same place; joined": carer & same & ~status,
        "recorded as a new placement, but only the status changes (PLACE); joined": carer
        & status
        & ~settles,
        "goes on from a temporary placement with the same carer; the lasting placement begins a "
        "stay": settles & ~moves,
        "recorded as a legal change only (L), but the place changes; read as a move": against,
        "RNE blank, and the place changes; read as a move": blank & differ & ~status,
    }
    return moves | settles, rules


def _status_only(chain: pd.DataFrame) -> Flags:
    """Say which episodes follow one that ended for a change of status only."""
    ended = chain["REASON_PLACE_CHANGE"].eq(_STATUS_ONLY).to_numpy(dtype=bool, na_value=False)
    return of_previous(ended, chain["period"].to_numpy(dtype=np.int64), False)


def _in_group(codes: pd.Series, group: str) -> Flags:
    return codes.isin(code_set("rne").in_group(group)).to_numpy(dtype=bool)


def _counted(account: Account, rule: str, which: Flags, chain: pd.DataFrame) -> Account:
    rows = np.flatnonzero(which)
    return account.repaired(TABLE, rule, len(rows), chain["child"].iloc[rows[:5]])
