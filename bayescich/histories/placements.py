"""Stays in children's homes and how each ended: the table that MODEL=stability is fitted to."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.account import Account
from bayescich.errors import HistoriesError
from bayescich.histories.construct import Histories, construct
from bayescich.histories.dates import birthday
from bayescich.histories.endings import exit_of, move_of
from bayescich.histories.entry import followed_from_entry, leave_out
from bayescich.histories.exits import CENSORED
from bayescich.histories.needs import needs_of_stays
from bayescich.histories.placement_schema import PLACEMENTS
from bayescich.histories.places import usable_urn
from bayescich.histories.providers import MINIMUM_HOMES, describe_homes, typed_homes
from bayescich.histories.schemas import checked
from bayescich.histories.schemas.fitted import NEEDS_OF_STAYS
from bayescich.histories.spells import MOVED
from bayescich.histories.stay_columns import child_columns, collection_year
from bayescich.records.ofsted import WHERE_PUBLISHED, OfstedRecords
from bayescich.records.ssda903 import Ssda903Records
from bayescich.spec.policies import HistoryPolicies

__all__ = [
    "MINIMUM_HOMES", "PLACEMENTS", "TABLE", "placement_histories", "placement_table", "typed_homes",
]  # fmt: skip

TABLE = "home spells"
"""Name of this table in the account."""

URN_FORM = r"SC\d{6}|\d{6,7}"
"""How a social-care URN is written; ``XXXXXXX`` stands for a provider that Ofsted does not know."""

UNNAMED_STAYS = 10
"""Stays in no known home that show, ending before any in a known one, that URNs came later."""

DISRUPTION, STEP_FORWARD, REASON_NOT_KNOWN = "disruption", "step forward", "not known"
"""Kinds of moves; a stay that did not end with one is ``censored``."""

_TEXT_COLUMNS = (
    "child", "home", "provider", "home_type", "ended_by", "year", "exit_route", "exit_group",
)  # fmt: skip


def placement_histories(
    returns: Ssda903Records,
    register: OfstedRecords,
    policies: HistoryPolicies | None = None,
    minimum_homes: int = MINIMUM_HOMES,
    *,
    lookup: pd.DataFrame | None = None,
    given: pd.DataFrame | None = None,
    needs: pd.DataFrame | None = None,
    statements: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, Account]:
    """Return every observed stay in a children's home, all the way from the returns.

    Parameters
    ----------
    returns : Ssda903Records
        From ``records.ssda903.read_ssda903``.
    register : OfstedRecords
        From ``records.ofsted.read_ofsted``.
    policies : HistoryPolicies, optional
        The defaults if left out.
    minimum_homes : int
        See ``home_type.merge_small_types``.
    lookup, given : DataFrame, optional
        Ofsted's look-up and the user's successions of URNs, as for ``construct.construct``.
    needs, statements : DataFrame, optional
        The needs audit and the Statements of Purpose, as for ``needs.needs_of_stays``.

    Returns
    -------
    DataFrame
        As `PLACEMENTS`, ordered by child and start; then the further columns of
        `placement_table`, ``born``, and the columns of ``needs.needs_of_stays``.
    Account
        Rows read, noted, repaired, excluded and kept, from the episodes on.

    Raises
    ------
    HistoriesError
        If no spell in a registered home is left.
    """
    policies = policies or HistoryPolicies()
    histories = construct(returns, policies, homes=register.homes, lookup=lookup, given=given)
    table, account = placement_table(
        histories.home_spells,
        histories.moves,
        histories.exits,
        register,
        policies,
        prior=histories.prior,
        lookup=lookup,
        minimum_homes=minimum_homes,
    )
    described, counted = _with_needs(table, histories, policies, needs, statements)
    return described, histories.account + account + counted


def placement_table(
    home_spells: pd.DataFrame,
    moves: pd.DataFrame,
    exits: pd.DataFrame,
    register: OfstedRecords,
    policies: HistoryPolicies | None = None,
    prior: pd.DataFrame | None = None,
    minimum_homes: int = MINIMUM_HOMES,
    *,
    lookup: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, Account]:
    """Turn stays in homes into the rows that a model of placement moves is fitted to.

    A home spell is a continuous stay in one home. By default only inflow is kept: spells that
    start within the records, of children whose history is known from a start of care, so that no
    spell is there because it lasted.

    Parameters
    ----------
    home_spells, moves, exits : DataFrame
        From the modules of these names, of the same placement spells.
    register : OfstedRecords
        A home is described by the newest list on or before the start of the spell, else by the
        first one after it.
    policies : HistoryPolicies, optional
        ``entry``: ``delayed`` keeps spells already running when the records begin, and children
        whose earlier history is not known.
    prior : DataFrame, optional
        From ``histories.prior_history``, one row per child: its columns are added at the end.
    minimum_homes : int
        See ``home_type.merge_small_types``.
    lookup : DataFrame, optional
        From ``records.ofsted_lookup``: what homes specialise in is added at the end.

    Returns
    -------
    DataFrame
        As `PLACEMENTS`, ordered by child and start; then ``specialism_<name>`` and the columns of
        ``histories.prior_history`` that it does not have already.
    Account
        Spells read, noted, excluded and kept.

    Raises
    ------
    HistoriesError
        If no spell in a registered home is left.
    """
    policies = policies or HistoryPolicies()
    account = Account().read(TABLE, "stays in one home", len(home_spells))
    begun = _homes_known_from(home_spells)
    spells, account = _followed_from_entry(home_spells, policies, account)
    spells, account = _in_known_homes(spells, register, account)
    spells, account = _once_homes_are_known(spells, begun, policies, account)
    spells, counted = describe_homes(spells, register.homes, minimum_homes, lookup)
    table = _table(spells, move_of(spells, moves), exit_of(spells, exits))
    account += counted
    if table.empty:
        raise _no_spells(account)
    table = PLACEMENTS.validate(table)
    account = account.kept(TABLE, "home spells", len(table))
    return _with_prior(_with_specialisms(table, spells), prior), account


def _followed_from_entry(
    spells: pd.DataFrame, policies: HistoryPolicies, account: Account
) -> tuple[pd.DataFrame, Account]:
    """Keep spells seen from their start, or from entry; freeze the history at the first of them."""
    spells, account = followed_from_entry(spells, policies, TABLE, account)
    spells = _with_frozen_history(spells)
    grown = spells["start"] >= birthday(spells["born"], 18)
    spells, account = _leave_out(spells, grown, "starts on or after the 18th birthday", account)
    no_time = spells["days"] <= spells["entry_days"]
    return _leave_out(spells, no_time, "no day at risk within the records", account)


def _with_frozen_history(spells: pd.DataFrame) -> pd.DataFrame:
    by_child = spells.groupby("child")
    return spells.assign(
        earlier_placements=by_child["placements_before"].transform("first"),
        first_home_spell=(by_child.cumcount() == 0).astype("int64"),
    )


def _in_known_homes(
    spells: pd.DataFrame, register: OfstedRecords, account: Account
) -> tuple[pd.DataFrame, Account]:
    urns = _urn(spells)
    well_formed = urns.str.fullmatch(URN_FORM).fillna(False).astype(bool)
    spells = spells.assign(home_urn=urns.where(well_formed))
    why = "URN missing or not of Ofsted's form"
    spells, account = _leave_out(spells, ~well_formed, why, account)
    # a home that only a later row names is known because the stay lasted until then
    later = usable_urn(spells["URN"]).isna()
    why = "the home is named in a later row only, so the stay is seen because it lasted"
    spells, account = _leave_out(spells, later, why, account)
    listed = spells["home_urn"].isin(register.homes["urn"])
    spells, account = _leave_out(spells, ~listed, "URN not on the register of homes", account)
    unknown = ~spells["sex"].isin(["M", "F"])
    return _leave_out(spells, unknown, "sex not recorded", account)


def _homes_known_from(spells: pd.DataFrame) -> pd.Timestamp | None:
    """Return the 1 April from which URNs were collected, when stays show that there was one.

    Returns had no URN before 2015/16. A stay of those years has one only if it lasted into later
    returns, so it is seen because it lasted. That time is over with the first stay in a known home
    to end; there was such a time if several stays ended before that year, and in no known home.
    """
    known = spells["home"].notna()
    if not known.any():
        return None
    first_end = spells.loc[known, "end"].min()
    year = first_end.year - (first_end.month < 4)
    begun = pd.Timestamp(year, 4, 1)
    unnamed = int((~known & (spells["end"] < begun)).sum())
    return begun if unnamed >= UNNAMED_STAYS else None


def _once_homes_are_known(
    spells: pd.DataFrame,
    begun: pd.Timestamp | None,
    policies: HistoryPolicies,
    account: Account,
) -> tuple[pd.DataFrame, Account]:
    """Leave out stays that began before URNs were collected, or let them enter then."""
    if begun is None:
        return spells, account
    before = spells["start"] < begun
    why = f"began before URNs were collected ({begun:%d/%m/%Y}), so seen because it lasted"
    if policies.entry == "inflow":
        return _leave_out(spells, before, why, account)
    account = account.noted(TABLE, f"{why}; enters then", int(before.sum()))
    waited = (begun - spells["start"]).dt.days.clip(lower=0).astype("float64")
    spells = spells.assign(entry_days=np.maximum(spells["entry_days"], waited))
    no_time = spells["days"] <= spells["entry_days"]
    return _leave_out(spells, no_time, "no day at risk since URNs were collected", account)


def _urn(spells: pd.DataFrame) -> pd.Series:
    """Return the URN of each stay as registered at the time, else that of its home."""
    return usable_urn(spells["URN"]).fillna(spells["home"])


def _leave_out(
    spells: pd.DataFrame, which: pd.Series, why: str, account: Account
) -> tuple[pd.DataFrame, Account]:
    return leave_out(spells, which, why, TABLE, account)


def _with_specialisms(table: pd.DataFrame, spells: pd.DataFrame) -> pd.DataFrame:
    columns = [str(column) for column in spells if str(column).startswith("specialism_")]
    return pd.concat([table, spells[columns].reset_index(drop=True)], axis="columns")


def _with_prior(table: pd.DataFrame, prior: pd.DataFrame | None) -> pd.DataFrame:
    if prior is None:
        return table
    known = ["child", *(column for column in prior if column not in table)]
    return table.merge(prior[known], on="child", how="left", validate="m:1")


def _with_needs(
    table: pd.DataFrame,
    histories: Histories,
    policies: HistoryPolicies,
    needs: pd.DataFrame | None,
    statements: pd.DataFrame | None,
) -> tuple[pd.DataFrame, Account]:
    """Add the day of birth, and the needs on record when the first stay in a home began."""
    spells = histories.home_spells
    seen = spells["start"] >= spells["records_begin"]
    eligible = spells if policies.entry == "delayed" else spells[seen]
    first = eligible.groupby("child")["start"].min()
    known = spells[["child", "start", "born"]].assign(home_urn=_urn(spells))
    stays = table[["child", "start"]].merge(known, on=["child", "start"], validate="1:1")
    stays["first_start"] = stays["child"].map(first)
    own, account = needs_of_stays(stays, needs, statements, histories.people)
    described = pd.concat([table, stays["born"], own], axis="columns")
    added = described[["child", "start", "born", *own.columns]]
    checked("needs_of_stays", added, NEEDS_OF_STAYS)
    return described, account


def _table(spells: pd.DataFrame, move: pd.DataFrame, ended: pd.DataFrame) -> pd.DataFrame:
    columns = {
        "child": spells["child"],
        "home": spells["home"].fillna(spells["home_urn"]),
        "provider": spells["owner"],
        "authority": spells["authority"],
        "home_type": spells["home_type"],
        "year": collection_year(spells["start"]),
        "start": spells["start"],
        "end": spells["end"],
        "days": spells["days"].astype("float64"),
        "moved": spells["ended_by"].eq(MOVED).astype("int64"),
        "ended_by": spells["ended_by"],
        **child_columns(spells),
        "earlier_placements": spells["earlier_placements"].astype("int64"),
        "first_home_spell": spells["first_home_spell"],
        "disrupted": move["disrupted"],
        "unplanned": move["unplanned"],
        "move_kind": _move_kind(spells, move),
        "exit_route": ended["route"],
        "exit_group": ended["route_group"],
        "entry_days": spells["entry_days"],
        "home_authority": spells["home_authority"],
        "region": spells["region"],
        "places": spells["places"].astype("Int64"),
        "owner_group": spells["owner_group"],
        "imputed_end": spells["imputed_end"].astype("int64"),
        "reasons_usable": move["reasons_usable"].astype("int64"),
    }
    table = pd.DataFrame(columns).reset_index(drop=True)
    return table.astype(dict.fromkeys([*_TEXT_COLUMNS, "authority", "legal_status"], "str"))


def _move_kind(spells: pd.DataFrame, move: pd.DataFrame) -> pd.Series:
    """Say of each stay whether it was disrupted or led forward; not known without a reason."""
    moved = spells["ended_by"].eq(MOVED)
    kind = pd.Series(CENSORED, index=spells.index, dtype="str")
    kind = kind.mask(moved, DISRUPTION).mask(moved & move["disrupted"].eq(0), STEP_FORWARD)
    return kind.mask(moved & move["unplanned"].isna(), REASON_NOT_KNOWN)


def _no_spells(account: Account) -> HistoriesError:
    reasons = [
        f"{entry.rule}: {entry.rows:,}"
        for entry in account.entries
        if entry.stage == "excluded" and entry.table == TABLE
    ]
    return HistoriesError(
        "The returns hold no stay in a children's home that is on the register.",
        where="; ".join(reasons),
        why="the model needs spells whose home, and so its type, is known",
        next_step="Check that the register is Ofsted's and covers these years. " + WHERE_PUBLISHED,
    )
