"""What was known of a child on the day of the first placement in a children's home.

Frozen there: nothing that happened or was returned later may enter, for what a home changes must
not be held constant when homes are compared.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayescich.account import Account
from bayescich.histories.dates import DAYS_PER_YEAR, age
from bayescich.histories.people import child_ids
from bayescich.histories.spells import HOME_CLASSES, TAKEN_OVER
from bayescich.records.code_sets import code_set
from bayescich.records.ssda903 import Ssda903Records

TABLE = "prior history"
"""Name of this table in the account."""

_UNPLANNED = ("disruption", "safeguarding", "provider")
_BREAKDOWN = "disruption"
_UNKNOWN_PLACEMENT = "other"
_TEMPORARY = "temporary"
_UNIT = ["unit", "child", "index_date"]


def prior_history(
    spells: pd.DataFrame,
    home_spells: pd.DataFrame,
    returns: Ssda903Records,
    people: pd.DataFrame | None = None,
    entry: Literal["inflow", "delayed"] = "inflow",
) -> tuple[pd.DataFrame, Account]:
    """Describe each child's history up to the first placement in a children's home.

    Parameters
    ----------
    spells : DataFrame
        From ``histories.spells``: one row per placement spell.
    home_spells : DataFrame
        From ``histories.home_spells``: spell and home are used.
    returns : Ssda903Records
        For OC2, missing episodes, previous permanence and unaccompanied children.
    people : DataFrame, optional
        From ``histories.people``: the history is then that of the person in all authorities.
    entry : {"inflow", "delayed"}
        ``inflow``: only placements that start after the records begin. ``delayed``: those already
        running then too.

    Returns
    -------
    DataFrame
        One row per child placed in a home, ordered by child: child, index_date, index_home (blank
        if the home is not known), first_of_person (no earlier placement in a home), and the
        columns of `history_before`.
    Account
        Children without an index date, and those whose history is not complete.
    """
    index, account = _index_placements(spells, home_spells, entry)
    history = history_before(index[["child", "index_date"]], spells, returns, people)
    table = index.merge(history.drop(columns="index_date"), on="child", validate="1:1")
    earlier_home = table["earlier_homes"].gt(0)
    table.insert(3, "first_of_person", ~earlier_home)
    rules = {
        "lived in a children's home before, in another authority or before the records begin":
        earlier_home,
        "history not known from its start": ~table["history_complete"],
        "no score of strengths and difficulties before": table["last_sdq_before"].isna(),
    }  # fmt: skip
    for rule, which in rules.items():
        account = account.noted(TABLE, rule, int(which.sum()), table.loc[which, "child"])
    return table, account.kept(TABLE, "children with an index date", len(table))


def history_before(
    index: pd.DataFrame,
    spells: pd.DataFrame,
    returns: Ssda903Records,
    people: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Describe each child's history strictly before a date.

    Placements count if they started before the date; a placement that ends on it has ended, with
    its reason. What is returned once a year is known on 31 March. Only what is returned of an entry
    into care (unaccompanied, permanence before) is taken from the year in which the date falls.

    Parameters
    ----------
    index : DataFrame
        One row per child: child, index_date.
    spells, returns, people
        As in `prior_history`.

    Returns
    -------
    DataFrame
        One row per child of `index`, in its order: child, index_date, age_at_index and
        age_at_first_entry (years), years_in_care_before, earlier_periods (of care, ended before),
        earlier_placements (temporary ones left out), earlier_<kind> for each kind in the code table
        ``membership_settings``, earlier_unplanned_endings, previous_breakdown,
        previous_permanence (code of the latest return, blank if none), last_sdq_before (points),
        last_sdq_days_before, missing_episodes_before, missing_episodes_year_before (in the 365
        days before), convicted_before and substance_before (blank if never returned), uasc,
        history_complete.
    """
    units = index.reset_index(drop=True).assign(unit=np.arange(len(index)))
    members = _members(units, people)
    columns: dict[str, object] = {"child": units["child"], "index_date": units["index_date"]}
    columns |= _care(_of(spells, members), units)
    columns |= _oc2(_of(_named(returns.oc2), members), units)
    columns |= _missing(_of(_named(returns.missing), members), units)
    columns |= _at_entry(returns, members, units)
    return pd.DataFrame(columns)


def _index_placements(
    spells: pd.DataFrame, home_spells: pd.DataFrame, entry: str
) -> tuple[pd.DataFrame, Account]:
    """Find the first placement of each child in a home, and which home it was."""
    homes = spells[spells["PLACE_CLASS"].isin(HOME_CLASSES)]
    running = homes["start"] < homes["records_begin"]
    account = Account().read(TABLE, "children placed in a home", homes["child"].nunique())
    eligible = homes if entry == "delayed" else homes[~running]
    lost = homes.loc[~homes["child"].isin(eligible["child"]), "child"].drop_duplicates()
    rule = "in a children's home only from before the records begin; no index date"
    account = account.excluded(TABLE, rule, len(lost), lost)
    first = eligible.drop_duplicates("child")[["child", "start", "spell"]]
    home = home_spells[["spell", "home"]].drop_duplicates("spell")
    index = first.merge(home, on="spell", how="left").drop(columns="spell")
    return index.rename(columns={"start": "index_date", "home": "index_home"}), account


def _members(units: pd.DataFrame, people: pd.DataFrame | None) -> pd.DataFrame:
    """List every child id of the person behind each unit."""
    if people is None:
        return units[_UNIT]
    persons = units.merge(people, on="child", how="left")
    persons["person"] = persons["person"].fillna(persons["child"])
    alone = persons.loc[~persons["child"].isin(people["child"]), ["child", "person"]]
    ids = pd.concat([people[["child", "person"]], alone], ignore_index=True)
    members = persons.drop(columns="child").merge(ids, on="person")
    return members.sort_values("unit", kind="stable", ignore_index=True)[_UNIT]


def _named(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(child=child_ids(rows))


def _of(rows: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    return rows.merge(members, on="child")


def _count(rows: pd.DataFrame, which: pd.Series, units: pd.DataFrame) -> NDArray[np.int64]:
    """Count the rows of each unit for which something holds."""
    return np.bincount(rows.loc[which, "unit"], minlength=len(units))


def _last(rows: pd.DataFrame, column: str, units: pd.DataFrame) -> pd.Series:
    """Return what the last row of each unit says; rows are in order of time."""
    latest = rows.drop_duplicates("unit", keep="last")
    found = units[["unit"]].merge(latest[["unit", column]], on="unit", how="left")
    return found[column]


def _care(rows: pd.DataFrame, units: pd.DataFrame) -> dict[str, object]:
    rows = rows.sort_values(["unit", "start", "end"], kind="stable", ignore_index=True)
    rows = rows.assign(goes_on=_goes_on(rows), last=~rows.duplicated(_PERIOD, keep="last"))
    own = rows[rows["start"] <= rows["index_date"]].drop_duplicates("unit")
    facts = units[["unit"]].merge(own, on="unit", how="left")
    born, index_date = facts["born"], units["index_date"]
    earlier = rows[rows["start"] < rows["index_date"]]
    known = facts["history_known"].fillna(False).astype("bool")
    return (
        {
            "age_at_index": age(born, index_date),
            "age_at_first_entry": age(born, facts["start"]),
            "years_in_care_before": _days_in_care(earlier, units) / DAYS_PER_YEAR,
        }
        | _placements(earlier, units)
        | {"history_complete": known}
    )


_PERIOD = ["unit", "child", "period"]


def _goes_on(rows: pd.DataFrame) -> pd.Series:
    """Say which spells end with a transfer after which the person is under another id."""
    following = rows[["unit", "child"]].shift(-1)
    same = following["unit"].eq(rows["unit"]) & following["child"].ne(rows["child"])
    return rows["ended_by"].eq(TAKEN_OVER) & same


def _days_in_care(earlier: pd.DataFrame, units: pd.DataFrame) -> NDArray[np.float64]:
    """Count days looked after, once each where two authorities return the same ones."""
    end = earlier["end"].where(earlier["end"] < earlier["index_date"], earlier["index_date"])
    counted_to = end.groupby(earlier["unit"]).cummax().groupby(earlier["unit"]).shift()
    start = earlier["start"].where(~(counted_to > earlier["start"]), counted_to)
    days = (end - start).dt.days.clip(lower=0)
    return np.bincount(earlier["unit"], weights=days, minlength=len(units))


def _placements(earlier: pd.DataFrame, units: pd.DataFrame) -> dict[str, object]:
    table = code_set("membership_settings")
    kind_of = dict(zip(table["class"], table["earlier"], strict=True))
    kind = earlier["PLACE_CLASS"].map(kind_of).fillna(_UNKNOWN_PLACEMENT)
    kinds = [name for name in dict.fromkeys(table["earlier"]) if name != _TEMPORARY]
    ended = earlier["end"] <= earlier["index_date"]
    reasons = code_set("ssda903_reason_place_change").set_index("code")["group"].to_dict()
    reason = earlier["reason"].map(reasons).where(ended)
    return {
        "earlier_periods": _count(earlier, earlier["last"] & ended & ~earlier["goes_on"], units),
        "earlier_placements": _count(earlier, kind.ne(_TEMPORARY), units),
        **{f"earlier_{name}": _count(earlier, kind.eq(name), units) for name in kinds},
        "earlier_unplanned_endings": _count(earlier, reason.isin(_UNPLANNED), units),
        "previous_breakdown": _count(earlier, reason.eq(_BREAKDOWN), units) > 0,
    }


def _oc2(rows: pd.DataFrame, units: pd.DataFrame) -> dict[str, object]:
    rows = rows.assign(known=_april(rows["YEAR"]) - pd.Timedelta(days=1))
    rows = rows[rows["known"] <= rows["index_date"]].sort_values(["unit", "YEAR"], kind="stable")
    scored = rows[rows["SDQ_SCORE"].notna()]
    days = (units["index_date"] - _last(scored, "known", units)).dt.days
    return {
        "last_sdq_before": _last(scored, "SDQ_SCORE", units),
        "last_sdq_days_before": days.astype("Int64"),
        "convicted_before": _ever(rows, "CONVICTED", units),
        "substance_before": _ever(rows, "SUBSTANCE_MISUSE", units),
    }


def _ever(rows: pd.DataFrame, column: str, units: pd.DataFrame) -> pd.Series:
    """Say whether it was ever returned as true; blank where it was never returned."""
    said = rows[column].astype("boolean")
    ever = pd.Series(_count(rows, said.fillna(False).astype("bool"), units) > 0, dtype="boolean")
    return ever.where(_count(rows, said.notna(), units) > 0)


def _missing(rows: pd.DataFrame, units: pd.DataFrame) -> dict[str, object]:
    rows = rows.drop_duplicates(["unit", "MIS_START"])
    before = rows["MIS_START"] < rows["index_date"]
    lately = before & (rows["MIS_START"] >= rows["index_date"] - pd.Timedelta(days=365))
    return {
        "missing_episodes_before": _count(rows, before, units),
        "missing_episodes_year_before": _count(rows, lately, units),
    }


def _at_entry(
    returns: Ssda903Records, members: pd.DataFrame, units: pd.DataFrame
) -> dict[str, object]:
    """Take what a return says of the entry into care, as of the year of the index date."""
    uasc = _of(_named(returns.uasc), members)
    begun = _april(uasc["YEAR"] - 1) <= uasc["index_date"]
    orders = _of(_named(returns.previous_permanence), members)
    orders = orders[_april(orders["YEAR"] - 1) <= orders["index_date"]]
    # an order known to be made after the index date belongs to a later entry
    orders = orders[~(orders["DATE_PERM_EARLIEST"] > orders["index_date"])]
    orders = orders[orders["PREV_PERM"].notna()].sort_values(["unit", "YEAR"], kind="stable")
    return {
        "previous_permanence": _last(orders, "PREV_PERM", units),
        "uasc": _count(uasc, begun, units) > 0,
    }


def _april(year: pd.Series) -> pd.Series:
    """Return 1 April, the day after a collection year ends."""
    dates: pd.Series = pd.to_datetime(year.astype("str") + "-04-01").astype("datetime64[ns]")
    return dates
