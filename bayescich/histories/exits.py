"""Exits: by which route each stay in a home ended, or what hid it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.account import Account
from bayescich.histories.dates import birthday
from bayescich.histories.following import ending_row
from bayescich.histories.spells import HOME_CLASSES, LEFT_CARE, MOVED
from bayescich.records.code_sets import code_set as table_of
from bayescich.records.ssda903_codes import code_set
from bayescich.spec.policies import HistoryPolicies

TABLE = "exits"
"""Name of this table in the account."""

CENSORED = "censored"
"""The route group of a stay whose end was not seen, or is no route."""

OTHER_ROUTE = "other or not known"
"""The route of a code that the tables of routes do not have."""

COLUMNS = [
    "child", "period", "spell", "date", "from_class", "to_class", "REC", "route", "route_group",
    "censored_by", "near_18",
]  # fmt: skip
"""The columns of exits, in order."""

_NEAR_18_MONTHS = 11


def exits(
    spells: pd.DataFrame, policies: HistoryPolicies | None = None
) -> tuple[pd.DataFrame, Account]:
    """Say by which route each stay in a children's home or secure home ended.

    Parameters
    ----------
    spells : DataFrame
        From ``spells.placement_spells``: all kinds of placement, so that temporary ones can be
        skipped.
    policies : HistoryPolicies, optional
        Not used today; every step of the way takes it.

    Returns
    -------
    DataFrame
        `COLUMNS`: one row per spell of class children's home or secure children's home, ordered
        by child and date. ``to_class`` is the class of the next placement that is not temporary;
        ``route`` is blank and ``route_group`` is ``censored`` where ``censored_by`` says what
        came before any route; ``near_18`` marks ends in the last month before the 18th birthday
        or on it, when the wall of that birthday, and not the home, ends stays.
    Account
        Spells read, noted and kept.
    """
    del policies
    at_home = spells["PLACE_CLASS"].isin(HOME_CLASSES).to_numpy(dtype=bool)
    homes = np.flatnonzero(at_home)
    account = Account().read(TABLE, "placement spells in homes", len(homes))
    own = spells.take(homes).reset_index(drop=True)
    told_by = spells.take(ending_row(spells)[homes]).reset_index(drop=True)
    ending = told_by[["ended_by", "REC", "next_class"]].assign(LS=own["LS"])
    table = pd.DataFrame(
        {
            "child": own["child"],
            "period": own["period"],
            "spell": own["spell"],
            "date": own["end"],
            "from_class": own["PLACE_CLASS"],
            "to_class": ending["next_class"],
            "REC": ending["REC"],
            **routes(ending),
            "near_18": own["end"] >= nearly_18(own["born"]),
        }
    )
    return table[COLUMNS], _accounted(table, account)


def routes(ending: pd.DataFrame) -> pd.DataFrame:
    """Return the route, its group and what censors, from how stays ended.

    Parameters
    ----------
    ending : DataFrame
        Columns ended_by, REC, next_class and LS, as in ``spells.placement_spells``.

    Returns
    -------
    DataFrame
        Columns route, route_group and censored_by, indexed as `ending`.

    Examples
    --------
    >>> ending = pd.DataFrame({
    ...     "ended_by": ["moved", "left care", "end of the extract"],
    ...     "REC": ["X1", "E4B", None],
    ...     "next_class": ["foster", None, None],
    ...     "LS": ["C2", "C2", "C2"],
    ... })
    >>> routes(ending)["route"].fillna("-").tolist()
    ['fostering', 'return home, unplanned', '-']
    """
    by_place = table_of("exit_routes_place").set_index("class")["route"].to_dict()
    moved = ending["ended_by"].eq(MOVED)
    left = ending["ended_by"].eq(LEFT_CARE)
    onward = ending["next_class"].map(by_place).astype("str").fillna(OTHER_ROUTE)
    of_rec = _by_rec(ending)
    route = onward.where(moved, of_rec["route"].where(left))
    hidden = of_rec["censored_by"].where(left, ending["ended_by"])
    censored_by = hidden.mask(route.notna())
    groups = table_of("exit_routes").set_index("route")["route_group"].to_dict()
    return pd.DataFrame(
        {
            "route": route,
            "route_group": route.map(groups).astype("str").fillna(CENSORED),
            "censored_by": censored_by,
        }
    )


def _by_rec(ending: pd.DataFrame) -> pd.DataFrame:
    """Look up the route, or what censors, by REC; of a remand's end, by legal status too."""
    table = table_of("exit_routes_rec").drop(columns="note").replace("", None)
    by_code = table[table["legal_status_group"].isna()].set_index("code")
    by_status = table[table["legal_status_group"].notna()]
    found = by_code[["route", "censored_by"]].reindex(ending["REC"]).set_axis(ending.index)
    unknown = ~ending["REC"].isin(by_code.index)
    found["route"] = found["route"].mask(unknown, OTHER_ROUTE)
    group = ending["LS"].map(code_set("ls").group)
    for row in by_status.to_dict("records"):
        of_row = ending["REC"].eq(row["code"]) & group.eq(row["legal_status_group"])
        for column in ("route", "censored_by"):
            found[column] = found[column].mask(of_row, row[column])
    return found.astype("str")


def nearly_18(born: pd.Series) -> pd.Series:
    """Return the day on which each child is 17 years and 11 months old.

    From then on the calendar ends stays: what ends them is no longer a hazard.

    Examples
    --------
    >>> nearly_18(pd.Series(pd.to_datetime(["2004-06-30"]))).dt.strftime("%Y-%m-%d").item()
    '2022-05-30'
    """
    day = birthday(born, 17).to_numpy().astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    reached = month + np.timedelta64(_NEAR_18_MONTHS, "M")
    # as with birthdays: the 31st of a shorter month is the first days of the next
    date = reached.astype("datetime64[D]") + (day - month)
    return pd.Series(date.astype("datetime64[ns]"), index=born.index)


def _accounted(table: pd.DataFrame, account: Account) -> Account:
    for cause, rows in table.groupby("censored_by", sort=True):
        account = account.noted(TABLE, f"censored: {cause}", len(rows), rows["child"].iloc[:5])
    other = table["route"].eq(OTHER_ROUTE)
    rule = "another route, or the code does not say where to"
    account = account.noted(TABLE, rule, int(other.sum()), table["child"][other].iloc[:5])
    near = table["near_18"] & table["route"].notna()
    rule = "ends at 17 years and 11 months or older; marked"
    account = account.noted(TABLE, rule, int(near.sum()), table["child"][near].iloc[:5])
    return account.kept(TABLE, "stays in homes, each with its route or what hid it", len(table))
