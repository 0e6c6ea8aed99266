"""Stays in every kind of setting, for comparing children's homes with care elsewhere.

Foster carers are not named in the returns, so a stay has no carer here and no home: settings are
compared as kinds, never home by home.
"""

from __future__ import annotations

import pandas as pd

from bayescich.account import Account
from bayescich.errors import HistoriesError
from bayescich.histories.construct import construct
from bayescich.histories.dates import birthday
from bayescich.histories.endings import move_of
from bayescich.histories.entry import followed_from_entry, leave_out
from bayescich.histories.exits import routes
from bayescich.histories.following import ending_row
from bayescich.histories.places import HOME_CLASSES, usable_urn
from bayescich.histories.providers import MINIMUM_HOMES, describe_homes
from bayescich.histories.schemas import checked
from bayescich.histories.schemas.fitted import SETTINGS
from bayescich.histories.spells import MOVED
from bayescich.histories.stay_columns import child_columns, collection_year
from bayescich.records.code_sets import code_set
from bayescich.records.ofsted import OfstedRecords
from bayescich.records.ssda903 import Ssda903Records
from bayescich.spec.policies import HistoryPolicies

TABLE = "stays by setting"
"""Name of this table in the account."""


def setting_histories(
    returns: Ssda903Records,
    register: OfstedRecords | None = None,
    policies: HistoryPolicies | None = None,
    *,
    lookup: pd.DataFrame | None = None,
    given: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, Account]:
    """Return every observed stay in any setting, all the way from the returns.

    Parameters
    ----------
    returns : Ssda903Records
        From ``records.ssda903.read_ssda903``.
    register : OfstedRecords, optional
        Without it no type of home is known.
    policies : HistoryPolicies, optional
        The defaults if left out.
    lookup, given : DataFrame, optional
        As for ``construct.construct``.

    Returns
    -------
    DataFrame
        As `settings_table`.
    Account
        From the episodes on.
    """
    policies = policies or HistoryPolicies()
    homes = None if register is None else register.homes
    histories = construct(returns, policies, homes=homes, lookup=lookup, given=given)
    table, account = settings_table(histories.spells, histories.moves, homes, policies)
    return table, histories.account + account


def settings_table(
    spells: pd.DataFrame,
    moves: pd.DataFrame,
    homes: pd.DataFrame | None = None,
    policies: HistoryPolicies | None = None,
    minimum_homes: int = MINIMUM_HOMES,
) -> tuple[pd.DataFrame, Account]:
    """Turn placement spells into rows that compare settings.

    A setting that children live in only from an age on (``from_age`` of the code table
    ``compared_settings``: supported accommodation, 16) has stays from that age on only. How many
    placements a child has had is left out: it is what earlier settings brought about.

    Parameters
    ----------
    spells, moves : DataFrame
        From the modules of these names, of the same chain.
    homes : DataFrame, optional
        Ofsted's lists, as ``records.ofsted_schema.HOMES``.
    policies : HistoryPolicies, optional
        ``entry``, as for ``placements.placement_table``.
    minimum_homes : int
        See ``home_type.merge_small_types``.

    Returns
    -------
    DataFrame
        As ``schemas.fitted.SETTINGS``, ordered by child and start.
    Account
        Spells read, noted, excluded and kept.

    Raises
    ------
    HistoriesError
        If no stay is left.
    """
    policies = policies or HistoryPolicies()
    account = Account().read(TABLE, "placement spells", len(spells))
    stays, account = _of_settings(_with_routes(spells), account)
    stays, account = followed_from_entry(stays, policies, TABLE, account)
    no_time = stays["days"] <= stays["entry_days"]
    stays, account = leave_out(stays, no_time, "no day at risk within the records", TABLE, account)
    unknown = ~stays["sex"].isin(["M", "F"])
    stays, account = leave_out(stays, unknown, "sex not recorded", TABLE, account)
    if stays.empty:
        raise _no_stays(account)
    stays, counted = _with_home_types(stays.reset_index(drop=True), homes, minimum_homes)
    table = checked("settings", _table(stays, move_of(stays, moves)), SETTINGS)
    return table, (account + counted).kept(TABLE, "stays, each in a setting", len(table))


def _with_routes(spells: pd.DataFrame) -> pd.DataFrame:
    """Add the route by which each stay ended, temporary placements passed over."""
    told_by = spells.take(ending_row(spells)).set_axis(spells.index)
    ending = told_by[["ended_by", "REC", "next_class"]].assign(LS=spells["LS"])
    return spells.assign(**routes(ending)[["route", "route_group"]])


def _of_settings(spells: pd.DataFrame, account: Account) -> tuple[pd.DataFrame, Account]:
    """Name the setting of each spell; leave out those of none, or before its age."""
    codes = code_set("compared_settings")
    named = codes["setting"].ne("")
    known = dict(zip(codes.loc[named, "class"], codes.loc[named, "setting"], strict=True))
    spells = spells.assign(setting=spells["PLACE_CLASS"].map(known).astype("str"))
    for name in codes.loc[~named, "class"]:
        rule = f"{name}: no setting of its own"
        spells, account = leave_out(spells, spells["PLACE_CLASS"].eq(name), rule, TABLE, account)
    uncoded = spells["setting"].isna()
    spells, account = leave_out(spells, uncoded, "PLACE is not known", TABLE, account)
    aged = codes.loc[codes["from_age"].ne(""), ["setting", "from_age"]].drop_duplicates()
    for name, years in zip(aged["setting"], aged["from_age"], strict=True):
        young = spells["start"] < birthday(spells["born"], int(years))
        rule = f"{name}: starts before the age of {years}"
        young &= spells["setting"].eq(name)
        spells, account = leave_out(spells, young, rule, TABLE, account)
    return spells, account


def _with_home_types(
    stays: pd.DataFrame, homes: pd.DataFrame | None, minimum_homes: int
) -> tuple[pd.DataFrame, Account]:
    """Add the type of home where it is known, else the setting."""
    at_home = stays["PLACE_CLASS"].isin(HOME_CLASSES)
    if homes is None or not at_home.any():
        return stays.assign(setting_type=stays["setting"]), Account()
    own = stays.loc[at_home, ["URN", "start"]]
    keyed = own.assign(home_urn=usable_urn(own["URN"]))[["home_urn", "start"]]
    described, account = describe_homes(keyed, homes, minimum_homes)
    types = described["home_type"].reindex(stays.index).fillna(stays["setting"])
    return stays.assign(setting_type=types.astype("str")), account


def _table(stays: pd.DataFrame, move: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "child": stays["child"],
            "authority": stays["authority"].astype("str"),
            "setting": stays["setting"],
            "setting_type": stays["setting_type"],
            "year": collection_year(stays["start"]).astype("str"),
            "start": stays["start"],
            "end": stays["end"],
            "days": stays["days"].astype("float64"),
            "moved": stays["ended_by"].eq(MOVED).astype("int64"),
            "ended_by": stays["ended_by"],
            "disrupted": move["disrupted"],
            "reasons_usable": move["reasons_usable"].astype("int64"),
            **_of_child(stays),
            "first_stay": stays["placements_before"].eq(0).astype("int64"),
            "exit_route": stays["route"].fillna(stays["route_group"]).astype("str"),
            "exit_group": stays["route_group"],
            "entry_days": stays["entry_days"],
            "imputed_end": stays["imputed_end"].astype("int64"),
            "born": stays["born"],
        }
    )


def _of_child(stays: pd.DataFrame) -> dict[str, pd.Series]:
    """Return what is known of each child, the band of ages after the age."""
    columns = child_columns(stays)
    band = age_band(stays["born"], stays["start"])
    return {"age_at_start": columns["age_at_start"], "age_band": band, **columns}


def age_band(born: pd.Series, on: pd.Series) -> pd.Series:
    """Return the band of ages that each child is in on a day.

    Examples
    --------
    >>> born = pd.Series(pd.to_datetime(["2004-06-30", "2004-06-30"]))
    >>> age_band(born, pd.Series(pd.to_datetime(["2009-06-29", "2009-06-30"]))).tolist()
    ['0 to 4', '5 to 9']
    """
    bands = code_set("age_bands")
    band = pd.Series(bands["band"].iloc[0], index=born.index, dtype="str")
    for name, least in zip(bands["band"].iloc[1:], bands["least_age"].iloc[1:], strict=True):
        band = band.mask(on >= birthday(born, int(least)), name)
    return band


def _no_stays(account: Account) -> HistoriesError:
    reasons = [f"{e.rule}: {e.rows:,}" for e in account.entries if e.stage == "excluded"]
    return HistoriesError(
        "The returns hold no stay that settings could be compared by.",
        where="; ".join(reasons),
        why="every placement spell was left out",
        next_step="Check the episodes: bayescich records check says what they hold.",
    )
