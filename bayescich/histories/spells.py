"""Placement spells: unbroken stays with one carer or in one home, whatever the paperwork.

A change of legal status, a change of address or status with the same carer, and a temporary
placement from which the child returns do not end a spell.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.account import Account
from bayescich.histories.dates import birthday
from bayescich.histories.episodes import chained_episodes
from bayescich.records.ssda903 import Ssda903Records
from bayescich.records.ssda903_schema import code_set

TABLE = "placement spells"
"""Name of this table in the account."""

HOME_CLASSES = ("children's home", "secure children's home")
"""Placement classes in which the URN names the home a child lives in."""

MOVED = "moved"
LEFT_CARE = "left care"
ADULT = "18th birthday"
EXTRACT_ENDS = "end of the extract"
TAKEN_OVER = "taken over by another authority"
NOT_RECORDED = "not recorded"
"""How a spell ended; all but the first censor the time to a move."""

_PERIOD = ["child", "period"]


def placement_spells(returns: Ssda903Records) -> tuple[pd.DataFrame, Account]:
    """Join episodes into placement spells.

    Parameters
    ----------
    returns : Ssda903Records
        From ``records.ssda903.read_ssda903``.

    Returns
    -------
    DataFrame
        One row per spell in every kind of placement, ordered by child and start: child, LA,
        born, sex, period, start, end, PLACE_CLASS and URN (of its first episode), LS, need
        (CIN at the start of the period of care), history_known (the child's first row starts a
        period of care), records_begin, placements_before, ended_by. The end is never after the
        18th birthday.
    Account
        Rows excluded and repaired, by rule.
    """
    rows, account = chained_episodes(returns)
    account = account.read(TABLE, "episodes in one chain per child", len(rows))
    rows, account = _bridged(rows, account)
    rows, account = _numbered(rows, account)
    spells = _joined(rows)
    spells = _ended(spells)
    account = _count_late_registration(rows, account)
    return spells, account.kept(TABLE, "placement spells", len(spells))


def _bridged(rows: pd.DataFrame, account: Account) -> tuple[pd.DataFrame, Account]:
    """Find temporary placements between two stays in the same place."""
    away = rows["PLACE_CLASS"].eq("temporary")
    rows = rows.assign(away=away, place=_place_key(rows).mask(away))
    around = rows.groupby(_PERIOD)["place"]
    before, after = around.ffill(), around.bfill()
    # a child who leaves care, or is still away, on a temporary placement has not moved
    bridged = away & before.notna() & (before.eq(after) | after.isna())
    rule = "temporary placement and return; part of the stay it interrupts"
    account = account.repaired(TABLE, rule, int(bridged.sum()))
    return rows.assign(bridged=bridged, place_before=before.groupby(rows["child"]).shift()), account


def _place_key(rows: pd.DataFrame) -> pd.Series:
    """Name the place: a home by its URN, any other by its kind and postcode (else agency)."""
    named = rows["PLACE_CLASS"].isin(HOME_CLASSES) & rows["URN"].notna()
    # the class, for H5 becomes K3 without anyone moving
    elsewhere = (
        rows["PLACE_CLASS"].fillna("") + " " + rows["PL_POST"].fillna(rows["URN"]).fillna("")
    )
    return rows["URN"].where(named, elsewhere)


def _numbered(rows: pd.DataFrame, account: Account) -> tuple[pd.DataFrame, Account]:
    """Number the spells: a new one starts with a new carer, unless the place is the same."""
    first = ~rows.duplicated(_PERIOD)
    before = rows.shift()
    blank = rows["RNE"].isna()
    new_carer = rows["RNE"].isin(code_set("rne").in_group("new carer")) | (
        blank & rows["place"].ne(rows["place_before"])
    )
    returned = before["bridged"].eq(True)
    status_only = before["REASON_PLACE_CHANGE"].eq("PLACE")
    same_home = rows["PLACE_CLASS"].isin(HOME_CLASSES) & rows["place"].eq(rows["place_before"])
    candidate = new_carer & ~rows["bridged"] & ~returned & ~first
    stays = candidate & (status_only | same_home)
    rule = "recorded as a new placement, in the same home or a change of status only; joined"
    account = account.repaired(TABLE, rule, int(stays.sum()), rows.loc[stays, "child"])
    return rows.assign(spell=(first | (candidate & ~stays)).cumsum()), account


def _joined(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.assign(
        need=rows.groupby(_PERIOD)["CIN"].transform("first"),
        history_known=rows.groupby("child")["RNE"].transform("first").eq("S"),
    )
    columns = [
        "child", "LA", "born", "sex", "period", "DECOM", "PLACE_CLASS", "URN", "LS", "need",
        "history_known", "records_begin", "away",
    ]  # fmt: skip
    first = rows.drop_duplicates("spell")[columns].reset_index(drop=True)
    last = rows.drop_duplicates("spell", keep="last").reset_index(drop=True)
    spells = first.rename(columns={"DECOM": "start"})
    return spells.assign(end=last["DEC"], REC=last["REC"], open=last["open"])


def _ended(spells: pd.DataFrame) -> pd.DataFrame:
    """Say how each spell ended, cut it at the 18th birthday and count the placements before."""
    moved = spells.duplicated(_PERIOD, keep="last")
    adult = birthday(spells["born"], 18)
    transferred = spells["REC"].isin(code_set("rec").in_group("transfer"))
    ended_by = np.select(
        [spells["end"] >= adult, moved, spells["open"], transferred],
        [ADULT, MOVED, EXTRACT_ENDS, TAKEN_OVER],
        np.where(spells["REC"].isna() | spells["REC"].eq("X1"), NOT_RECORDED, LEFT_CARE),
    )
    placements = (~spells["away"]).astype("int64")
    before = placements.groupby(spells["child"]).cumsum() - placements
    end = spells["end"].where(spells["end"] <= adult, adult)
    spells = spells.assign(end=end, ended_by=ended_by, placements_before=before)
    return spells.drop(columns=["REC", "open", "away"])


def _count_late_registration(rows: pd.DataFrame, account: Account) -> Account:
    """Count stays that become a stay in a home although nobody moved."""
    at_home = rows["PLACE_CLASS"].isin(HOME_CLASSES)
    from_start = at_home.groupby(rows["spell"]).transform("first")
    late = at_home & ~from_start
    spells = rows.loc[late, ["spell", "child"]].drop_duplicates("spell")
    rule = "becomes a children's home during a stay with the same carer; kept as it began"
    return account.repaired(TABLE, rule, len(spells), spells["child"])
