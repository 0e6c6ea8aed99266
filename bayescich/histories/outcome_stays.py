"""Where each child lived in the window of its outcomes: one row, its stays side by side.

What a home did is weighed by the part of the window spent there. The stays of a child are in
order of time: number 1 is the first. Days not looked after are in no stay, so weights add up to
less than one where there are any.
"""

from __future__ import annotations

import pandas as pd

from bayescich.account import Account
from bayescich.histories.construct import Histories
from bayescich.histories.dates import DAYS_PER_YEAR
from bayescich.histories.membership import NOT_IN_CARE, stays_in_window
from bayescich.histories.needs import statements_of_stays
from bayescich.histories.placements import URN_FORM
from bayescich.histories.places import usable_urn
from bayescich.histories.providers import MINIMUM_HOMES, describe_homes

TABLE = "homes lived in"
"""Name of this step in the account."""

HOME = "home"
"""Setting of all stays in children's homes and secure homes; their type says which."""

TYPE_NOT_KNOWN = "Type not known"
"""Type of a home whose URN is not recorded or is on no list."""

_SECURE, _SECURE_TYPE = "secure children's home", "Secure"
"""Class of placement of a secure home, and the type it has whether or not its URN is known."""

PER_STAY = ("setting", "home", "home_type", "provider", "weight", "began", "ended")
"""What is said of each stay: the column ``<name>_<k>`` says it of the k-th."""

SUMMARY = (
    "first_home", "last_home", "first_home_type", "last_home_type", "main_home", "home_weight",
    "unnamed_home_weight",
)  # fmt: skip
"""What is said of all stays of a child together."""


def stays_side_by_side(
    cohort: pd.DataFrame,
    histories: Histories,
    homes: pd.DataFrame,
    minimum_homes: int = MINIMUM_HOMES,
    *,
    statements: pd.DataFrame | None = None,
    needs: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, Account]:
    """Describe the stays of each child in its window, in one row.

    Successive stays in one home, or in one other setting, count as one stay; days out of care
    between them keep them apart. Stays in homes that are not known are never taken for one.

    Parameters
    ----------
    cohort : DataFrame
        One row per child: child, window_start, window_end (the first day not in it).
    histories : Histories
        From ``histories.construct``: its chain, spells and home_spells are used.
    homes : DataFrame
        Ofsted's lists, as ``records.ofsted_schema.HOMES``: a home is described by the newest one
        on or before the first day of the stay, else by the first one after it.
    minimum_homes : int
        See ``home_type.merge_small_types``.
    statements, needs : DataFrame, optional
        The Statements of Purpose and the needs audit, as for ``needs.statements_of_stays``.

    Returns
    -------
    DataFrame
        Indexed as `cohort`: the columns of `SUMMARY`, with statements those of
        ``needs.statements_of_stays`` as shares of the window, then ``<name>_<k>`` for each name of
        `PER_STAY` and each k up to the largest number of stays, blank beyond a child's last.
        ``weight`` is the share of the window's days; ``began`` and ``ended`` are years before the
        end of the window.
    Account
        Stays in homes that are not known, and stays kept.
    """
    own = histories.home_spells[histories.home_spells["child"].isin(cohort["child"])]
    described, account = _described(own, homes, minimum_homes)
    carried = ("home_type", "provider", "home_urn", "since")
    stays, counted = stays_in_window(
        histories.spells, described, cohort, carried, named_by="kind", chain=histories.chain
    )
    long = _measured(_merged(stays), cohort)
    no_type = long["setting"].eq(HOME) & long["home_type"].isna()
    long = long.assign(home_type=long["home_type"].mask(no_type, TYPE_NOT_KNOWN))
    account = account + counted + _unknown(long)
    met, counted = _needs_met(long, cohort, statements, needs)
    account += counted
    wide = pd.concat([_summary(long, cohort), met, _wide(long, cohort)], axis="columns")
    return wide, account.kept(TABLE, "stays in the windows of children", len(long))


def _described(
    home_spells: pd.DataFrame, homes: pd.DataFrame, minimum_homes: int
) -> tuple[pd.DataFrame, Account]:
    """Add type and owner as of the first day, and keep the names of homes on a list only."""
    urn = usable_urn(home_spells["URN"]).fillna(home_spells["home"])
    known = urn.str.fullmatch(URN_FORM).fillna(False).astype("bool") & urn.isin(homes["urn"])
    stays = home_spells.assign(home_urn=urn.where(known))
    stays, account = describe_homes(stays, homes, minimum_homes)
    # what a secure home is needs no list
    typed = stays["home_type"].mask(
        stays["home_type"].isna() & stays["PLACE_CLASS"].eq(_SECURE), _SECURE_TYPE
    )
    home = stays["home"].fillna(urn).where(known)
    described = stays.assign(
        home=home, home_type=typed, provider=stays["owner"], since=stays["start"]
    )
    return described, account


def _merged(stays: pd.DataFrame) -> pd.DataFrame:
    """Join successive stays in one place; rows are in order, with no day between those of a child.

    Rows of days out of care are there, so that they keep the stays around them apart; then they go.
    """
    place = stays["home"].where(stays["setting"].eq(HOME), stays["setting"])
    # a blank is equal to nothing: homes that are not known are never one home
    same = place.eq(place.shift()) & stays["child"].eq(stays["child"].shift())
    run = (~same.fillna(False).astype("bool")).cumsum()
    joined = stays[~same].assign(end=stays.groupby(run)["end"].last().to_numpy())
    return joined[joined["setting"].ne(NOT_IN_CARE)].reset_index(drop=True)


def _measured(stays: pd.DataFrame, cohort: pd.DataFrame) -> pd.DataFrame:
    """Number the stays of each child; say what share of the window they are, and how long ago."""
    rows = stays.merge(cohort[["child", "window_start", "window_end"]], on="child")
    days = (rows["end"] - rows["start"]).dt.days
    window = (rows["window_end"] - rows["window_start"]).dt.days
    return rows.assign(
        number=rows.groupby("child").cumcount() + 1,
        days=days,
        window=window,
        weight=days / window,
        began=(rows["window_end"] - rows["start"]).dt.days / DAYS_PER_YEAR,
        ended=(rows["window_end"] - rows["end"]).dt.days / DAYS_PER_YEAR,
    )


def _unknown(stays: pd.DataFrame) -> Account:
    unknown = stays["setting"].eq(HOME) & stays["home"].isna()
    rule = "stays in a home whose URN is blank, malformed or on no list; the home is blank"
    return Account().noted(TABLE, rule, int(unknown.sum()), stays.loc[unknown, "child"])


def _wide(stays: pd.DataFrame, cohort: pd.DataFrame) -> pd.DataFrame:
    """Put what is said of the stays side by side: all settings, then all homes, and so on."""
    most = int(stays["number"].max()) if len(stays) else 0
    of_number = {
        k: stays[stays["number"].eq(k)].set_index("child").reindex(cohort["child"])
        for k in range(1, most + 1)
    }
    columns = {f"{name}_{k}": rows[name] for name in PER_STAY for k, rows in of_number.items()}
    return pd.DataFrame(columns).set_axis(cohort.index)


def _summary(stays: pd.DataFrame, cohort: pd.DataFrame) -> pd.DataFrame:
    at_home = stays[stays["setting"].eq(HOME)]
    first = at_home.drop_duplicates("child").set_index("child")
    last = at_home.drop_duplicates("child", keep="last").set_index("child")
    child = cohort["child"]
    columns = {
        "first_home": child.map(first["home"]).astype("str"),
        "last_home": child.map(last["home"]).astype("str"),
        "first_home_type": child.map(first["home_type"]).astype("str"),
        "last_home_type": child.map(last["home_type"]).astype("str"),
        "main_home": child.map(_main_home(at_home)).astype("str"),
        "home_weight": _share(at_home, child),
        "unnamed_home_weight": _share(at_home[at_home["home"].isna()], child),
    }
    return pd.DataFrame(columns)


def _share(stays: pd.DataFrame, child: pd.Series) -> pd.Series:
    """Return the share of each window spent in some stays, added up in days to be exact."""
    own = stays.groupby("child").agg(days=("days", "sum"), window=("window", "first"))
    return child.map(own["days"] / own["window"]).fillna(0.0).astype("float64")


def _needs_met(
    stays: pd.DataFrame,
    cohort: pd.DataFrame,
    statements: pd.DataFrame | None,
    needs: pd.DataFrame | None,
) -> tuple[pd.DataFrame, Account]:
    """Return the share of each window spent in homes that say they meet each need.

    What a home says is as of the first day of the stay, like its type, be it before the window.
    """
    if statements is None or statements.empty:
        return pd.DataFrame(index=cohort.index), Account()
    at_home = stays[stays["setting"].eq(HOME)]
    begun = at_home[["child", "home_urn"]].assign(start=at_home["since"])
    said, account = statements_of_stays(begun, statements, needs)
    days = said.mul(at_home["days"], axis="index").groupby(at_home["child"]).sum()
    window = at_home.groupby("child")["window"].first()
    shares = days.div(window, axis="index").reindex(cohort["child"]).fillna(0.0)
    return shares.astype("float64").set_axis(cohort.index), account


def _main_home(at_home: pd.DataFrame) -> pd.Series:
    """Return the known home in which each child lived longest, of equals the first."""
    known = at_home[at_home["home"].notna()]
    total = known.groupby(["child", "home"], sort=False)["weight"].sum().reset_index()
    longest = total.sort_values("weight", ascending=False, kind="stable").drop_duplicates("child")
    return longest.set_index("child")["home"]
