"""Stays in children's homes and how each ended: the table that MODEL=stability is fitted to."""

from __future__ import annotations

from typing import Literal

import pandas as pd
import pandera.pandas as pa

from bayescich.account import Account
from bayescich.errors import HistoriesError
from bayescich.histories.dates import age, birthday
from bayescich.histories.home_type import home_type, merge_small_types
from bayescich.histories.names import owner_key, unify_spelling
from bayescich.histories.spells import HOME_CLASSES, MOVED, placement_spells
from bayescich.records.ofsted import WHERE_PUBLISHED, OfstedRecords
from bayescich.records.ssda903 import Ssda903Records, collection_year_label
from bayescich.records.ssda903_schema import code_set

TABLE = "home spells"
"""Name of this table in the account."""

MINIMUM_HOMES = 20
"""Home types with fewer homes on the register are joined to a neighbour."""

URN_FORM = r"SC\d{6}|\d{6,7}"
"""How a social-care URN is written; ``XXXXXXX`` stands for a provider that Ofsted does not know."""


_TEXT_COLUMNS = ("child", "home", "provider", "home_type", "ended_by", "year")


def _text(description: str) -> pa.Column:
    return pa.Column("str", pa.Check.str_length(min_value=1), description=description)


def _flag(description: str) -> pa.Column:
    return pa.Column("int64", pa.Check.isin([0, 1]), description=description)


def _date(description: str) -> pa.Column:
    return pa.Column("datetime64[ns]", description=description)


PLACEMENTS = pa.DataFrameSchema(
    {
        "child": _text("authority and child id, LA/CHILD"),
        "home": _text("URN of the home"),
        "provider": _text("registered owner of the home"),
        "authority": _text("authority responsible for the child"),
        "home_type": _text("type of the home when the spell started"),
        "year": _text("collection year in which the spell started, e.g. 2019-20"),
        "start": _date("first day of the spell"),
        "end": _date("day of the end or of censoring"),
        "days": pa.Column("int64", pa.Check.ge(1), description="days at risk of a move"),
        "moved": _flag("1 if the spell ended with a move to another carer or home"),
        "ended_by": _text("how the spell ended; all but a move censor it"),
        "age_at_start": pa.Column(
            "float64", pa.Check.in_range(0, 18), description="age in years on the first day"
        ),
        "male": _flag("1 if male"),
        "need_behaviour": _flag("1 if the category of need is socially unacceptable behaviour"),
        "need_disability": _flag("1 if the category of need is the child's disability or illness"),
        "legal_status": _text("group of the legal status on the first day"),
        "earlier_placements": pa.Column(
            "int64",
            pa.Check.ge(0),
            description="placements before the child's first home in the records; frozen there",
        ),
        "first_home_spell": _flag("1 for the child's first home in the records"),
    },
    unique=["child", "start"],
    strict=True,
    ordered=True,
    name="placements",
    description="One row per stay of a child in a children's home.",
)
"""One row per stay of a child in a children's home."""


def placement_histories(
    returns: Ssda903Records, register: OfstedRecords, minimum_homes: int = MINIMUM_HOMES
) -> tuple[pd.DataFrame, Account]:
    """Return every observed stay in a children's home with its home's type and owner.

    A home spell is a continuous stay in one home (its URN; PLACE K2 or K1). Only inflow is
    kept: spells that start within the records, of children whose history is known from a start
    of care, so that no spell is there because it lasted.

    Parameters
    ----------
    returns : Ssda903Records
        From ``records.ssda903.read_ssda903``.
    register : OfstedRecords
        From ``records.ofsted.read_ofsted``. A home is described by the newest list on or before
        the start of the spell, else by the first one after it.
    minimum_homes : int
        See ``home_type.merge_small_types``.

    Returns
    -------
    DataFrame
        As `PLACEMENTS`, ordered by child and start.
    Account
        Rows read, repaired, excluded and kept.

    Raises
    ------
    HistoriesError
        If no spell in a registered home is left.
    """
    spells, account = placement_spells(returns)
    at_home, account = _home_spells(spells, account)
    at_home, account = _inflow(at_home, account)
    at_home, account = _in_known_homes(at_home, register, account)
    homes, types_account = _described_homes(register.homes, minimum_homes)
    account = account + types_account
    table = _table(_with_home(at_home, homes))
    if table.empty:
        raise _no_spells(account)
    return PLACEMENTS.validate(table), account.kept(TABLE, "home spells", len(table))


def typed_homes(
    homes: pd.DataFrame, minimum_homes: int = MINIMUM_HOMES
) -> tuple[pd.Series, Account]:
    """Return the type of each row of the register, small types joined over the whole register.

    Parameters
    ----------
    homes : DataFrame
        As ``ofsted_schema.HOMES``.
    minimum_homes : int
        See ``home_type.merge_small_types``.

    Returns
    -------
    Series of str
        Indexed as `homes`.
    Account
        The joins.
    """
    return merge_small_types(home_type(homes), homes["urn"], minimum_homes)


def _home_spells(spells: pd.DataFrame, account: Account) -> tuple[pd.DataFrame, Account]:
    at_home = spells["PLACE_CLASS"].isin(HOME_CLASSES)
    account = account.excluded(TABLE, "placement of another kind", int((~at_home).sum()))
    return spells[at_home].reset_index(drop=True), account


def _inflow(spells: pd.DataFrame, account: Account) -> tuple[pd.DataFrame, Account]:
    """Keep spells seen from their start; freeze the child's history at the first of them."""
    running = spells["start"] < spells["records_begin"]
    spells, account = _leave_out(spells, running, "already running when the records begin", account)
    unknown = ~spells["history_known"]
    why = "the child's first record is not a start of care, so earlier placements are unknown"
    spells, account = _leave_out(spells, unknown, why, account)
    by_child = spells.groupby("child")
    spells = spells.assign(
        earlier_placements=by_child["placements_before"].transform("first"),
        first_home_spell=(by_child.cumcount() == 0).astype("int64"),
    )
    grown = spells["start"] >= birthday(spells["born"], 18)
    spells, account = _leave_out(spells, grown, "starts on or after the 18th birthday", account)
    no_time = spells["start"] >= spells["end"]
    return _leave_out(spells, no_time, "no day at risk: ends on the day it starts", account)


def _in_known_homes(
    spells: pd.DataFrame, register: OfstedRecords, account: Account
) -> tuple[pd.DataFrame, Account]:
    well_formed = spells["URN"].str.fullmatch(URN_FORM).fillna(False).astype(bool)
    why = "URN missing or not of Ofsted's form"
    spells, account = _leave_out(spells, ~well_formed, why, account)
    listed = spells["URN"].isin(register.homes["urn"])
    spells, account = _leave_out(spells, ~listed, "URN not on the register of homes", account)
    unknown = ~spells["sex"].isin(["M", "F"])
    return _leave_out(spells, unknown, "sex not recorded", account)


def _leave_out(
    spells: pd.DataFrame, which: pd.Series, why: str, account: Account
) -> tuple[pd.DataFrame, Account]:
    account = account.excluded(TABLE, why, int(which.sum()), spells.loc[which, "child"])
    return spells[~which].reset_index(drop=True), account


def _described_homes(homes: pd.DataFrame, minimum_homes: int) -> tuple[pd.DataFrame, Account]:
    types, account = typed_homes(homes, minimum_homes)
    described = homes[["urn", "snapshot", "owner"]].assign(home_type=types)
    listed = pd.to_datetime(described["snapshot"].astype(str) + "-03-31")
    described["listed"] = listed.astype("datetime64[ns]")
    described["owner"], respelt = unify_spelling(described["owner"], owner_key)
    urns = described.loc[respelt, "urn"].unique()
    account = account.repaired("homes", "owner's name respelt as in most lists", len(urns), urns)
    unowned = described["owner"].isna()
    placeholder = "unrecorded owner of " + described["urn"]
    described["owner"] = described["owner"].where(~unowned, placeholder)
    urns = described.loc[unowned, "urn"].unique()
    account = account.repaired("homes", "owner not recorded; given one of its own", len(urns), urns)
    return described.sort_values("listed", kind="stable"), account


def _with_home(spells: pd.DataFrame, homes: pd.DataFrame) -> pd.DataFrame:
    """Describe each spell's home by the newest list before its start, else the first after."""
    ordered = spells.sort_values("start", kind="stable")
    before = _as_listed(ordered, homes, "backward")
    after = _as_listed(ordered, homes, "forward")
    described = ["owner", "home_type"]
    before[described] = before[described].fillna(after[described])
    return before.sort_values(["child", "start"], kind="stable", ignore_index=True)


def _as_listed(
    spells: pd.DataFrame, homes: pd.DataFrame, direction: Literal["backward", "forward"]
) -> pd.DataFrame:
    return pd.merge_asof(
        spells,
        homes,
        left_on="start",
        right_on="listed",
        left_by="URN",
        right_by="urn",
        direction=direction,
    )


def _table(spells: pd.DataFrame) -> pd.DataFrame:
    starts_in = spells["start"].dt.year + (spells["start"].dt.month >= 4)
    status = spells["LS"].map(code_set("ls").group).fillna("not recorded")
    return pd.DataFrame(
        {
            "child": spells["child"],
            "home": spells["URN"],
            "provider": spells["owner"],
            "authority": spells["LA"],
            "home_type": spells["home_type"],
            "year": collection_year_label(starts_in),
            "start": spells["start"],
            "end": spells["end"],
            "days": (spells["end"] - spells["start"]).dt.days.astype("int64"),
            "moved": spells["ended_by"].eq(MOVED).astype("int64"),
            "ended_by": spells["ended_by"],
            "age_at_start": age(spells["born"], spells["start"]).astype("float64"),
            "male": spells["sex"].eq("M").astype("int64"),
            "need_behaviour": _needs(spells, "behaviour"),
            "need_disability": _needs(spells, "disability"),
            "legal_status": status,
            "earlier_placements": spells["earlier_placements"].astype("int64"),
            "first_home_spell": spells["first_home_spell"],
        }
    ).astype(dict.fromkeys(_TEXT_COLUMNS, "str"))


def _needs(spells: pd.DataFrame, group: str) -> pd.Series:
    return spells["need"].isin(code_set("cin").in_group(group)).astype("int64")


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
