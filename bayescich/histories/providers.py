"""Homes and who ran them, as of a day: size, sector, owner, place and type from Ofsted's lists.

A home's type and owner are those when a stay began, so that nothing which came later, perhaps
because of it, describes it.
"""

from __future__ import annotations

from typing import Literal

import pandas as pd

from bayescich.account import Account
from bayescich.histories.home_type import home_type, home_type_parts, merge_small_types
from bayescich.histories.names import authority_key, owner_key, unify_spelling
from bayescich.records.code_sets import code_set
from bayescich.records.filling import fill_nearest
from bayescich.records.ofsted_lookup_schema import SPECIALISMS

TABLE = "homes"
"""Name of this table in the account."""

MINIMUM_HOMES = 20
"""Home types with fewer homes on the register are joined to a neighbour."""

PRIVATE = "Private"
"""The sector whose owners are told apart by how many homes they have."""
OWNER_UNKNOWN = "Private, owner not recorded"
"""Group of a private home whose owner no list names."""
UNKNOWN = "unknown"
"""What a home is registered for, where no look-up says."""

DESCRIBED = (
    "owner", "owner_group", "home_type", "home_class", "home_sector", "home_band", "sector",
    "places", "region", "home_authority", "listed",
)  # fmt: skip
"""Columns that a home is described by; ``listed`` is the day of the list they come from."""

_ON_THE_LIST = ("active", "suspended")
_FILLED = ("owner", "places", "authority", "region")


def describe_homes(
    spells: pd.DataFrame,
    homes: pd.DataFrame,
    minimum_homes: int = MINIMUM_HOMES,
    lookup: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, Account]:
    """Add to each spell what its home was when the spell began.

    A home is described by the newest list on or before the start of the spell, else by the first
    one after it.

    Parameters
    ----------
    spells : DataFrame
        With ``home_urn``, the URN as registered at the time (blank where there is none), and
        ``start``; other columns stay.
    homes : DataFrame
        Ofsted's lists, as ``records.ofsted_schema.HOMES``.
    minimum_homes : int
        See ``home_type.merge_small_types``; types are joined over all lists together.
    lookup : DataFrame, optional
        Ofsted's look-up, from ``records.ofsted_lookup.read_lookup``: what a home is registered
        for. It is of one day, so it is taken to hold throughout.

    Returns
    -------
    DataFrame
        The spells, in their order, with `DESCRIBED` (blank where the URN is on no list) and one
        column ``specialism_*`` per need: ``yes``, ``no`` or ``unknown``.
    Account
        Names respelt, blanks filled, types joined, and spells whose home is on no list.
    """
    listed, account = listed_homes(homes, minimum_homes)
    keyed = spells[["home_urn", "start"]].reset_index(drop=True)
    before = list_found(keyed, listed, "backward")
    number = before.fillna(list_found(keyed, listed, "forward"))
    found = listed[list(DESCRIBED)].reindex(number).set_axis(keyed.index)
    account += _unlisted(keyed, before.isna(), number.isna())
    specialisms = _specialisms(keyed["home_urn"], lookup)
    added = pd.concat([found, specialisms], axis="columns").set_axis(spells.index)
    return pd.concat([spells, added], axis="columns"), account


def with_places(spells: pd.DataFrame, homes: pd.DataFrame) -> pd.DataFrame:
    """Add the registered places of each spell's home, and of the home that follows.

    Parameters
    ----------
    spells : DataFrame
        From ``histories.spells``: URN and start, next_urn and end are used.
    homes : DataFrame
        Ofsted's lists, as ``records.ofsted_schema.HOMES``.

    Returns
    -------
    DataFrame
        The spells with ``places`` and ``next_places`` (Int64), blank where the placement is no
        home on a list. Lists are chosen as in `describe_homes`.

    Examples
    --------
    >>> spells = pd.DataFrame({
    ...     "URN": ["1", "2"], "start": pd.to_datetime(["2020-05-01", "2021-05-01"]),
    ...     "next_urn": ["2", None], "end": pd.to_datetime(["2021-05-01", "2022-05-01"])})
    >>> homes = pd.DataFrame({"urn": ["1", "2"], "snapshot": [2020, 2021], "places": [2, 5]})
    >>> with_places(spells, homes)["next_places"].tolist()
    [5, <NA>]
    """
    listed = homes.assign(
        places=fill_nearest(homes, "places", unit="urn", time="snapshot"),
        listed=pd.to_datetime(homes["snapshot"].astype("str") + "-03-31").astype("datetime64[ns]"),
    ).sort_values("listed", kind="stable", ignore_index=True)
    return spells.assign(
        places=_places_of(spells["URN"], spells["start"], listed),
        next_places=_places_of(spells["next_urn"], spells["end"], listed),
    )


def _places_of(urns: pd.Series, days: pd.Series, listed: pd.DataFrame) -> pd.Series:
    start = days.astype("datetime64[ns]")
    keyed = pd.DataFrame({"home_urn": urns, "start": start}).reset_index(drop=True)
    number = list_found(keyed, listed, "backward").fillna(list_found(keyed, listed, "forward"))
    return listed["places"].astype("Int64").reindex(number).set_axis(urns.index)


def listed_homes(
    homes: pd.DataFrame, minimum_homes: int = MINIMUM_HOMES
) -> tuple[pd.DataFrame, Account]:
    """Return the homes of each list with their type, owner and owner's group.

    Parameters
    ----------
    homes : DataFrame
        As ``records.ofsted_schema.HOMES``.
    minimum_homes : int
        See ``home_type.merge_small_types``.

    Returns
    -------
    DataFrame
        Columns urn and `DESCRIBED`, ordered by ``listed``.
    Account
        Names respelt, blanks filled and types joined.
    """
    known = known_homes(homes)
    account = _filled(known)
    types, joins = typed_homes(known, minimum_homes)
    unowned = known["owner"].isna()
    listed = pd.to_datetime(known["snapshot"].astype("str") + "-03-31").astype("datetime64[ns]")
    parts = home_type_parts(known).drop(columns="home_type")
    described = known.rename(columns={"authority": "home_authority"}).assign(
        **parts,
        owner=known["owner"].where(~unowned, "unrecorded owner of " + known["urn"]),
        owner_group=owner_groups(known),
        home_type=types,
        listed=listed,
    )
    ordered = described[["urn", *DESCRIBED]].sort_values("listed", kind="stable")
    return ordered.reset_index(drop=True), account + joins


def known_homes(homes: pd.DataFrame) -> pd.DataFrame:
    """Fill the blanks of each home from its nearest list, give each name one spelling.

    Parameters
    ----------
    homes : DataFrame
        As ``records.ofsted_schema.HOMES``.

    Returns
    -------
    DataFrame
        The homes, with a mark of yes and no for what was done: ``owner_filled``,
        ``places_filled``, ``authority_filled``, ``region_filled``, ``owner_respelt``,
        ``authority_respelt``.
    """
    known = homes.copy()
    for column in _FILLED:
        filled = fill_nearest(homes, column, unit="urn", time="snapshot")
        known[f"{column}_filled"] = homes[column].isna() & filled.notna()
        known[column] = filled
    owner, respelt = unify_spelling(known["owner"], owner_key)
    authority, renamed = unify_spelling(known["authority"], authority_key)
    return known.assign(
        owner=owner, owner_respelt=respelt, authority=authority, authority_respelt=renamed
    )


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


def owner_groups(homes: pd.DataFrame) -> pd.Series:
    """Return the sector of each home, private owners by how many homes they have on that list.

    The owner is the legal registrant, not its parent company: a group of companies may look like
    several owners.

    Parameters
    ----------
    homes : DataFrame
        With urn, snapshot, sector, owner (one spelling each) and status.

    Returns
    -------
    Series of str
        Such as ``Private independent`` or ``Local authority``, indexed as `homes`.

    Examples
    --------
    >>> homes = pd.DataFrame({
    ...     "urn": ["A", "B", "C", "D"], "snapshot": 2025, "status": "Active",
    ...     "sector": ["Private", "Private", "Private", "Voluntary"],
    ...     "owner": ["One", "Two", "Two", "Three"],
    ... })
    >>> owner_groups(homes).tolist()
    ['Private independent', 'Private small group', 'Private small group', 'Voluntary']
    """
    status = homes["status"].str.casefold()
    on_list = homes[status.isna() | status.isin(_ON_THE_LIST)]
    count = on_list.groupby(["owner", "snapshot"])["urn"].nunique()
    owned = homes[["owner", "snapshot"]].join(count.rename("homes"), on=["owner", "snapshot"])
    # a home that has left the list by its day is at least one that the owner had
    number = owned["homes"].fillna(1)
    group = pd.Series(OWNER_UNKNOWN, index=homes.index, dtype="str")
    bands = code_set("owner_groups")
    for name, least in zip(bands["group"], bands["least_homes"].astype(int), strict=True):
        group = group.mask(homes["owner"].notna() & (number >= least), name)
    return group.where(homes["sector"].eq(PRIVATE), homes["sector"]).astype("str")


def list_found(
    spells: pd.DataFrame, listed: pd.DataFrame, direction: Literal["backward", "forward"]
) -> pd.Series:
    """Return the row of `listed` nearest to each spell on one side of its start, or blank.

    Parameters
    ----------
    spells : DataFrame
        home_urn and start, indexed from 0.
    listed : DataFrame
        urn and ``listed``, the day of each list, in order of that day and indexed from 0.
    direction : {"backward", "forward"}
        The last list on or before the start, or the first one on or after it.
    """
    urns = pd.Index(listed["urn"].unique())
    known = spells.assign(home=urns.get_indexer(spells["home_urn"])).sort_values("start")
    lists = pd.DataFrame(
        {"home": urns.get_indexer(listed["urn"]), "listed": listed["listed"], "row": listed.index}
    )
    found = pd.merge_asof(
        known[["home", "start"]].dropna(),
        lists,
        left_on="start",
        right_on="listed",
        by="home",
        direction=direction,
    )
    return found["row"].set_axis(known["start"].dropna().index).reindex(spells.index)


def _unlisted(spells: pd.DataFrame, no_earlier: pd.Series, nowhere: pd.Series) -> Account:
    blank = spells["home_urn"].isna()
    rules = {
        "no URN; the home is not described": blank,
        "URN on no list; the home is not described": nowhere & ~blank,
        "no list before the spell began; described by the first one after it": no_earlier
        & ~nowhere,
    }
    account = Account()
    for rule, which in rules.items():
        urns = spells.loc[which, "home_urn"].dropna().unique()
        account = account.noted(TABLE, rule, int(which.sum()), urns)
    return account


def _filled(known: pd.DataFrame) -> Account:
    rules = {
        "owner's name respelt as in most lists": known["owner_respelt"],
        "authority's name respelt as in most lists": known["authority_respelt"],
        **{
            f"{column} blank; taken from the home's nearest list": known[f"{column}_filled"]
            for column in _FILLED
        },
        "owner not recorded; given one of its own": known["owner"].isna(),
    }
    account = Account()
    for rule, which in rules.items():
        urns = known.loc[which, "urn"].unique()
        account = account.repaired(TABLE, rule, len(urns), urns)
    return account


def _specialisms(urns: pd.Series, lookup: pd.DataFrame | None) -> pd.DataFrame:
    unknown = pd.DataFrame(UNKNOWN, index=urns.index, columns=list(SPECIALISMS), dtype="str")
    if lookup is None:
        return unknown
    by_urn = lookup.set_index("urn")[list(SPECIALISMS)]
    said = by_urn.reindex(urns).set_axis(urns.index)
    return unknown.mask(said.eq(True).fillna(False), "yes").mask(said.eq(False).fillna(False), "no")
