"""Placement spells: unbroken stays with one carer or in one home, whatever the paperwork.

A change of legal status, a change of address or status with the same carer, and a temporary
placement from which the child returns do not end a spell.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.account import Account
from bayescich.histories.boundaries import TABLE, first_rows
from bayescich.histories.dates import birthday
from bayescich.histories.places import HOME_CLASSES, TEMPORARY, place_key
from bayescich.histories.sorted_rows import (
    Flags,
    Integers,
    codes_of,
    days_of,
    earlier_in_group,
    first_of,
    last_of,
    latest_where,
    sums,
)
from bayescich.records.ssda903_codes import code_set
from bayescich.spec.policies import HistoryPolicies

MOVED = "moved"
LEFT_CARE = "left care"
DIED = "died"
ADULT = "18th birthday"
EXTRACT_ENDS = "end of the extract"
TAKEN_OVER = "taken over by another authority"
NOT_RECORDED = "not recorded"
"""How a spell ended; all but the first censor the time to a move."""

OF_FIRST_EPISODE = [
    "child", "LA", "born", "sex", "ethnic", "period", "PLACE", "PLACE_CLASS", "PLACE_PROVIDER",
    "URN", "PL_POST", "LS", "records_begin", "records_end",
]  # fmt: skip
"""Columns of a chain that a spell has from its first episode."""

COLUMNS = [
    "child", "authority", "born", "sex", "ethnic", "period", "spell", "start", "end", "days",
    "days_away", "PLACE", "PLACE_CLASS", "PLACE_PROVIDER", "URN", "PL_POST", "place", "LS", "need",
    "history_known", "records_begin", "records_end", "placements_before", "ended_by", "reason",
    "REC", "imputed_end", "same_carer_changes", "next_place", "next_class", "next_urn",
]  # fmt: skip
"""The columns of placement spells, in order."""


def placement_spells(
    chain: pd.DataFrame, policies: HistoryPolicies | None = None
) -> tuple[pd.DataFrame, Account]:
    """Join episodes into placement spells.

    Parameters
    ----------
    chain : DataFrame
        From ``episodes.chained_episodes``.
    policies : HistoryPolicies, optional
        Those of temporary placements, same carers, changes of status, days away and spells of no
        day; the defaults if left out.

    Returns
    -------
    DataFrame
        `COLUMNS`: one row per spell in every kind of placement, ordered by child and start.
        ``end`` is the first day not there, never after the 18th birthday; ``days`` is the time at
        risk of a move; ``need`` is CIN at the start of the period of care; ``history_known``
        says that the child's first row starts a period of care; ``next_*`` describe the next
        spell of a child who moved.
    Account
        Spells formed, read otherwise than recorded, excluded and kept, by rule.
    """
    policies = policies or HistoryPolicies()
    begins, account = first_rows(chain, policies)
    spells = _joined(chain, begins, policies)
    account = account.read(TABLE, "spells formed of the chained episodes", len(spells))
    adult = birthday(spells["born"], 18)
    grown = (spells["start"] >= adult).to_numpy()
    spells = with_days(_cut(_ended(spells, adult), adult), policies)
    spells, account = _leave_out(spells, grown, "starts on or after the 18th birthday", account)
    no_time = (spells["days"] <= 0).to_numpy()
    spells, account = _leave_out(spells, no_time, "no day at risk", account)
    account = _cut_noted(spells, _late_registration(chain, begins, account))
    spells = spells.assign(spell=np.arange(len(spells)))[COLUMNS]
    return spells, account.kept(TABLE, "placement spells", len(spells))


def with_days(spells: pd.DataFrame, policies: HistoryPolicies) -> pd.DataFrame:
    """Add the days at risk of a move between ``start`` and ``end``."""
    days = (days_of(spells["end"]) - days_of(spells["start"])).astype(np.float64)
    if policies.days_away == "removed":
        days -= spells["days_away"].to_numpy()
    return spells.assign(days=np.where(days > 0, days, policies.day_zero))


def _joined(chain: pd.DataFrame, begins: Flags, policies: HistoryPolicies) -> pd.DataFrame:
    first = np.flatnonzero(begins)
    last = np.flatnonzero(last_of(begins.cumsum()))
    ended = chain[["DEC", "REC", "REASON_PLACE_CHANGE", "open", "imputed_end"]].take(last)
    spells = chain[[*OF_FIRST_EPISODE, "DECOM"]].take(first).reset_index(drop=True)
    spells = spells.rename(columns={"LA": "authority", "DECOM": "start"})
    ended = ended.reset_index(drop=True)
    spells = spells.assign(
        end=ended["DEC"],
        REC=ended["REC"],
        reason=ended["REASON_PLACE_CHANGE"],
        open=ended["open"],
        imputed_end=ended["imputed_end"],
        place=place_key(spells),
        days_away=days_away(chain, begins, first),
        same_carer_changes=same_carer_changes(chain, begins, first),
    )
    return _with_history(spells, chain, first, policies)


def days_away(chain: pd.DataFrame, begins: Flags, first: Integers) -> Integers:
    """Return the days on temporary placements inside each spell, none after the 18th birthday.

    A spell that begins with a temporary placement is not away from anywhere until it goes on
    elsewhere.

    Parameters
    ----------
    chain : DataFrame
        Episodes as in ``episodes.COLUMNS``.
    begins, first : array
        Which episodes begin a spell, and their positions.
    """
    temporary = chain["PLACE_CLASS"].eq(TEMPORARY).to_numpy(dtype=bool, na_value=False)
    stayed_before = latest_where(~temporary, begins.cumsum()) >= 0
    away = np.flatnonzero(temporary & stayed_before)
    rows = chain.take(away)
    adult = days_of(birthday(rows["born"], 18))
    start, end = (np.minimum(days_of(rows[day]), adult) for day in ("DECOM", "DEC"))
    days = np.zeros(len(chain), dtype=np.int64)
    days[away] = end - start
    return sums(days, first)


def same_carer_changes(chain: pd.DataFrame, begins: Flags, first: Integers) -> Integers:
    """Return how often each spell goes on with the same carer (T, U) before the child is 18."""
    codes = code_set("rne").in_group("same carer")
    child_then = (chain["DECOM"] < birthday(chain["born"], 18)).to_numpy()
    goes_on = chain["RNE"].isin(codes).to_numpy() & ~begins & child_then
    return sums(goes_on.astype(np.int64), first)


def _with_history(
    spells: pd.DataFrame, chain: pd.DataFrame, first: Integers, policies: HistoryPolicies
) -> pd.DataFrame:
    child = codes_of(spells["child"])
    of_child = latest_where(first_of(child), child)
    period = spells["period"].to_numpy(dtype=np.int64)
    of_period = latest_where(first_of(period), period)
    starts_care = chain["RNE"].take(first).eq("S").to_numpy(dtype=bool, na_value=False)
    placement = np.ones(len(spells), dtype=np.int64)
    if policies.temporary == "bridge":
        placement -= spells["PLACE_CLASS"].eq(TEMPORARY).to_numpy(dtype=bool, na_value=False)
    return spells.assign(
        need=chain["CIN"].take(first[of_period]).reset_index(drop=True),
        history_known=starts_care[of_child],
        placements_before=earlier_in_group(placement, child),
    )


def _ended(spells: pd.DataFrame, adult: pd.Series) -> pd.DataFrame:
    """Say how each spell ended and, of a child who moved, where to."""
    moved = pd.Series(~last_of(spells["period"].to_numpy(dtype=np.int64)))
    kind = spells["REC"].map(code_set("rec").group)
    moved &= spells["end"] < adult
    ended_by = np.select(
        [
            spells["end"] >= adult,
            moved,
            spells["open"],
            kind.eq("transfer"),
            kind.eq("death"),
            kind.isna() | kind.isin(["continues", "imputed"]),
        ],
        [ADULT, MOVED, EXTRACT_ENDS, TAKEN_OVER, DIED, NOT_RECORDED],
        LEFT_CARE,
    )
    following = {"next_place": "place", "next_class": "PLACE_CLASS", "next_urn": "URN"}
    after = {name: spells[column].shift(-1).where(moved) for name, column in following.items()}
    return spells.assign(ended_by=pd.Series(ended_by, dtype="str"), **after)


def _cut(spells: pd.DataFrame, adult: pd.Series) -> pd.DataFrame:
    return spells.assign(end=spells["end"].where(spells["end"] <= adult, adult))


def _cut_noted(spells: pd.DataFrame, account: Account) -> Account:
    cut = spells["ended_by"].eq(ADULT)
    rule = "goes on to the 18th birthday or past it; ended there"
    return account.noted(TABLE, rule, int(cut.sum()), spells["child"][cut].iloc[:5])


def _leave_out(
    spells: pd.DataFrame, which: Flags, rule: str, account: Account
) -> tuple[pd.DataFrame, Account]:
    rows = np.flatnonzero(which)
    account = account.excluded(TABLE, rule, len(rows), spells["child"].iloc[rows[:5]])
    return spells[~which].reset_index(drop=True), account


def _late_registration(chain: pd.DataFrame, begins: Flags, account: Account) -> Account:
    """Count spells that become a stay in a home although nobody moved."""
    at_home = chain["PLACE_CLASS"].isin(HOME_CLASSES).to_numpy(dtype=bool)
    spell = begins.cumsum()
    before = np.flatnonzero(begins)[spell - 1]
    late = np.unique(spell[at_home & ~at_home[before]]) - 1
    first = np.flatnonzero(begins)[late]
    rule = "becomes a children's home during a stay with the same carer; kept as it began"
    return account.noted(TABLE, rule, len(late), chain["child"].iloc[first[:5]])


__all__ = [
    "ADULT",
    "COLUMNS",
    "DIED",
    "EXTRACT_ENDS",
    "HOME_CLASSES",
    "LEFT_CARE",
    "MOVED",
    "NOT_RECORDED",
    "TABLE",
    "TAKEN_OVER",
    "placement_spells",
    "with_days",
]
