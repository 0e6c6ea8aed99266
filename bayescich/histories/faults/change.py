"""Rules about what an episode says has changed, held against what has."""

from __future__ import annotations

from functools import partial

import pandas as pd

from bayescich.histories.faults.known import facts, in_groups
from bayescich.histories.faults.rule import Rule
from bayescich.histories.faults.tables import EPISODES, RETURNED, FaultTables
from bayescich.records.ssda903_codes import code_set

THEME = "what changed"

_PLACE_FIELDS = ("PLACE", "PL_POST", "URN", "PLACE_PROVIDER")
_REASON = "REASON_PLACE_CHANGE"
_REASON_ENDS_WITH_PLACEMENT = 2026
"""From this collection year an open episode may hold no reason for a change of placement."""


def _place_changed(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    found = rows.nothing
    for column in _PLACE_FIELDS:
        found |= rows.changed(column)
    return found & ~_relabelled(tables)


def _relabelled(tables: FaultTables) -> pd.Series:
    """Find placements whose code alone changed its name, such as H5 to K3."""
    rows = tables.episodes
    old, new = rows.before("PLACE"), rows["PLACE"]
    return rows.changed("PLACE") & is_relabelling(old, new) & ~rows.changed("PL_POST")


def is_relabelling(old: pd.Series, new: pd.Series) -> pd.Series:
    """Say where one placement code is only the later name of another.

    Examples
    --------
    >>> is_relabelling(pd.Series(["H5", "K2"]), pd.Series(["K3", "K3"])).tolist()
    [True, False]
    """
    found = pd.Series(False, index=new.index)
    for earlier, later in code_set("place").becomes.items():
        found |= old.eq(earlier) & new.isin(later)
    return found


def _contradicts(tables: FaultTables, rne: str) -> pd.Series:
    rows = tables.episodes
    return rows["RNE"].eq(rne) & rows.continues


def _legal_status(tables: FaultTables, rne: str) -> pd.Series:
    should = facts("changes_by_rne", "rne", "legal_status")[rne] == "yes"
    return _contradicts(tables, rne) & tables.episodes.changed("LS").ne(should)


def _place(tables: FaultTables, rne: str) -> pd.Series:
    rows, changed = tables.episodes, _place_changed(tables)
    if facts("changes_by_rne", "rne", "place")[rne] == "no":
        return _contradicts(tables, rne) & changed
    # with postcodes removed, a new carer of the same agency looks like the old one
    told = rows["PL_POST"].notna() & rows.before("PL_POST").notna() & ~_relabelled(tables)
    return _contradicts(tables, rne) & ~changed & told


def _need_drifts(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    return rows.continues & rows["RNE"].ne("S") & rows.changed("CIN")


def needs_reason(tables: FaultTables) -> pd.Series:
    """Say which episodes end in a change of placement, for which a reason is asked."""
    rows = tables.episodes
    temporary = in_groups("ssda903_place", "temporary")
    moves = in_groups("ssda903_rne", "new carer", "same carer")
    away = rows["PLACE"].isin(temporary) | rows.after("PLACE").isin(temporary)
    return rows["REC"].eq("X1") & rows.after("RNE").isin(moves) & ~away


def _no_reason(tables: FaultTables) -> pd.Series:
    return needs_reason(tables) & tables.episodes[_REASON].isna()


def _reason_without_move(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    legal_only = rows["REC"].eq("X1") & rows.after("RNE").eq("L")
    leaves = rows["REC"].notna() & rows["REC"].ne("X1")
    return rows[_REASON].notna() & (legal_only | leaves)


def _reason_while_open(tables: FaultTables) -> pd.Series:
    rows = tables.returned
    late = rows["YEAR"].ge(_REASON_ENDS_WITH_PLACEMENT)
    return late & rows["DEC"].isna() & rows[_REASON].notna()


def _status_with_new_carer(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    status = rows[_REASON].isin(in_groups("ssda903_reason_place_change", "same carer"))
    return status & rows.after("RNE").isin(in_groups("ssda903_rne", "new carer"))


def _legal_rule(rne: str) -> Rule:
    should = facts("changes_by_rne", "rne", "legal_status")[rne] == "yes"
    says = (
        "says the legal status changed, yet it is the same"
        if should
        else "says only the placement changed, yet the legal status did too"
    )
    why = "What began with the episode is not what is said."
    mask = partial(_legal_status, rne=rne)
    return Rule(f"{rne}: legal status", THEME, EPISODES, f"RNE {rne} {says}.", why, mask)


def _place_rule(rne: str) -> Rule:
    should = facts("changes_by_rne", "rne", "place")[rne] == "yes"
    says = (
        "says the placement changed, yet type, provider, URN and postcode are the same"
        if should
        else "says only the legal status changed, yet the placement did too"
    )
    why = "A move would be counted that was none." if should else "A move would be missed."
    return Rule(f"{rne}: placement", THEME, EPISODES, f"RNE {rne} {says}.", why,
                partial(_place, rne=rne), columns=("PL_POST",))  # fmt: skip


def _told() -> tuple[Rule, ...]:
    codes = tuple(facts("changes_by_rne", "rne", "place"))
    return tuple(make(rne) for rne in codes for make in (_legal_rule, _place_rule))


RULES = (
    *_told(),
    Rule("need drifts", THEME, EPISODES,
         "The main need (CIN) differs from the episode before in one period of care.",
         "It is the need at entry; one that changes is no longer a baseline.", _need_drifts),
    Rule("reason missing", THEME, EPISODES,
         "The child moves on, yet no reason for the change of placement is given.",
         "Planned and unplanned moves cannot be told apart.", _no_reason),
    Rule("reason without a move", THEME, EPISODES,
         "A reason for a change of placement is given, yet the placement goes on or care ends.",
         "A move would be counted that was none.", _reason_without_move),
    Rule("status only, new carer", THEME, EPISODES,
         "The reason (PLACE) says that only the status changes, yet the next episode has a new "
         "carer.",
         "Whether the child moved is not known.", _status_with_new_carer),
    Rule("reason while open", THEME, RETURNED,
         "An episode without an end holds a reason for a change of placement (from 2025-26).",
         "The change has not happened yet.", _reason_while_open),
)  # fmt: skip
