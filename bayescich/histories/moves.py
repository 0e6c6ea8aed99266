"""Moves: from one carer or home to another within a period of care, and why."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.account import Account
from bayescich.histories.dates import birthday
from bayescich.histories.following import ending_row, is_temporary
from bayescich.histories.sorted_rows import Flags
from bayescich.histories.spells import MOVED
from bayescich.records.code_sets import code_set as table_of
from bayescich.records.ssda903_codes import code_set
from bayescich.spec.policies import HistoryPolicies

TABLE = "moves"
"""Name of this table in the account."""

NOT_RECORDED = "not recorded"
PLANNED = "planned"
_CODED = {"yes": True, "no": False}

COLUMNS = [
    "child", "authority", "period", "spell", "date", "from_class", "to_class", "from_place",
    "to_place", "from_urn", "to_urn", "reason", "reason_class", "unplanned", "disruption",
    "family_type_next", "other_share_of_authority", "reasons_usable",
]  # fmt: skip
"""The columns of moves, in order."""


def moves(
    spells: pd.DataFrame, policies: HistoryPolicies | None = None
) -> tuple[pd.DataFrame, Account]:
    """List the moves of every child.

    Parameters
    ----------
    spells : DataFrame
        From ``spells.placement_spells``. Where it has ``places`` and ``next_places`` (registered
        places of the home and of the next), a planned move to a larger home is no disruption.
    policies : HistoryPolicies, optional
        Those of temporary placements and of the reason OTHER; the defaults if left out.

    Returns
    -------
    DataFrame
        `COLUMNS`: one row per move, ordered by child and date. ``spell`` is the spell it ends;
        ``reason_class`` the group of the reason; ``unplanned`` blank where the reason does not
        tell; ``disruption`` true for every move but a planned one (CARPL) to a family-type or
        less intensive placement; ``other_share_of_authority`` the share of the authority's moves
        whose reason is OTHER or not recorded; ``reasons_usable`` whether that is at most
        ``policies.other_share``.
    Account
        Moves read, noted and kept.
    """
    policies = policies or HistoryPolicies()
    left, went, account = _left_and_went(spells, policies)
    table = _with_reasons(_from_and_to(left, went))
    table["family_type_next"] = table["to_class"].isin(_family_types()).to_numpy(dtype=bool)
    forward = (
        table["family_type_next"] | _less_intensive(left, table) | _larger_home(left, went, table)
    )
    table["disruption"] = ~(table["reason_class"].eq(PLANNED) & forward)
    table, account = _with_usability(table, policies, account)
    return table[COLUMNS], account.kept(TABLE, "moves", len(table))


def _left_and_went(
    spells: pd.DataFrame, policies: HistoryPolicies
) -> tuple[pd.DataFrame, pd.DataFrame, Account]:
    """Return the spells that ended with a move, and those whose ending tells where to."""
    moved = spells["ended_by"].eq(MOVED).to_numpy(dtype=bool)
    account = Account().read(TABLE, "placement spells that ended with a move", int(moved.sum()))
    if policies.temporary == "placement":
        return _rows(spells, moved), _rows(spells, moved), account
    temporary = is_temporary(spells)
    rule = "ends a temporary placement; the move is that of the stay before it"
    account = account.excluded(TABLE, rule, int((moved & temporary).sum()))
    leaves = np.flatnonzero(moved & ~temporary)
    last = ending_row(spells)[leaves]
    # a child who turns 18, or is lost sight of, on the temporary placement is left there
    last = np.where(moved[last], last, leaves)
    left, went = spells.take(leaves), spells.take(last)
    skipped = left["child"][(last != leaves)]
    rule = "a temporary placement without return between two placements; one move"
    account = account.repaired(TABLE, rule, len(skipped), skipped.iloc[:5])
    return left.reset_index(drop=True), went.reset_index(drop=True), account


def _rows(spells: pd.DataFrame, which: Flags) -> pd.DataFrame:
    return spells[which].reset_index(drop=True)


def _from_and_to(left: pd.DataFrame, went: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "child": left["child"],
            "authority": left["authority"],
            "period": left["period"],
            "spell": left["spell"],
            "date": left["end"],
            "from_class": left["PLACE_CLASS"],
            "to_class": went["next_class"],
            "from_place": left["place"],
            "to_place": went["next_place"],
            "from_urn": left["URN"],
            "to_urn": went["next_urn"],
            "reason": left["reason"],
        }
    )


def _with_reasons(table: pd.DataFrame) -> pd.DataFrame:
    classes = table["reason"].map(code_set("reason_place_change").group).astype("str")
    coded = table_of("move_reasons").set_index("reason_class")["unplanned"].map(_CODED)
    reason_class = classes.fillna(NOT_RECORDED)
    unplanned = reason_class.map(coded.dropna().to_dict()).astype("boolean")
    return table.assign(reason_class=reason_class, unplanned=unplanned)


def _intensity() -> pd.DataFrame:
    table = table_of("intensity").set_index("class")
    for column in ("intensity", "from_age"):
        table[column] = pd.to_numeric(table[column]).astype("float64")
    return table


def _family_types() -> list[str]:
    table = _intensity()
    return table.index[table["family_type"].eq("yes")].tolist()


def _less_intensive(left: pd.DataFrame, table: pd.DataFrame) -> pd.Series:
    """Say which moves go to a less intensive class, at an age at which it is lawful."""
    known = _intensity()
    drop = table["to_class"].map(known["intensity"]) < table["from_class"].map(known["intensity"])
    from_age = table["to_class"].map(known["from_age"])
    allowed = pd.Series(True, index=table.index)
    for years in known["from_age"].dropna().unique():
        old_enough = table["date"] >= birthday(left["born"], int(years))
        allowed &= from_age.ne(years) | old_enough
    return drop & allowed


def _larger_home(left: pd.DataFrame, went: pd.DataFrame, table: pd.DataFrame) -> pd.Series:
    if "places" not in left:
        return pd.Series(False, index=table.index)
    both_homes = table["from_class"].eq(table["to_class"])
    return both_homes & (went["next_places"] > left["places"]).fillna(False).astype(bool)


def _with_usability(
    table: pd.DataFrame, policies: HistoryPolicies, account: Account
) -> tuple[pd.DataFrame, Account]:
    """Add, for each move, how far the reasons its authority gives can be used."""
    untold = table["unplanned"].isna()
    share = untold.groupby(table["authority"]).mean().astype("float64")
    table["other_share_of_authority"] = table["authority"].map(share).astype("float64")
    table["reasons_usable"] = table["other_share_of_authority"] <= policies.other_share
    rule = "reason OTHER or not recorded; neither planned nor unplanned"
    account = account.noted(TABLE, rule, int(untold.sum()), table["child"][untold].iloc[:5])
    marked = table.loc[~table["reasons_usable"]]
    rule = "of authorities whose reasons for moves cannot be used (too many OTHER or blank)"
    return table, account.noted(TABLE, rule, len(marked), marked["authority"].unique())
