"""Published measures of stability, from the same tables as everything else.

They show whether the records reproduce the official figures. They are not what the models
estimate: two of them count only children who are looked after on 31 March.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from bayescich.account import Account
from bayescich.histories.dates import birthday
from bayescich.histories.spells import EXTRACT_ENDS
from bayescich.records.code_sets import code_set


@dataclass(frozen=True)
class Measure:
    """A published measure: who it is about, and who it counts."""

    children: pd.DataFrame
    """One row per child in the denominator, ordered by child: child, authority, then the figures
    of the measure, then ``counted`` (in the numerator)."""
    authorities: pd.DataFrame
    """One row per authority: authority, children, count, share."""
    account: Account
    """Children in the denominator, and what limits the figure."""


def three_or_more_placements(spells: pd.DataFrame, year: int) -> Measure:
    """Count children with three or more placements in a year, of those looked after at its end.

    Parameters
    ----------
    spells : DataFrame
        From ``histories.spells``. Temporary placements do not count.
    year : int
        The year that ends on 31 March of it.

    Returns
    -------
    Measure
        ``children`` has placements (in the year).
    """
    opening, last = _year(year)
    stock = spells.loc[_on(spells, last), ["child", "authority"]].drop_duplicates("child")
    placed = spells["PLACE_CLASS"].ne("temporary") & (spells["start"] <= last)
    placed &= (spells["end"] > opening) | spells["start"].ge(opening)
    counts = spells.loc[placed, "child"].value_counts()
    children = _with(stock, counts.rename("placements"), 0).astype({"placements": "int64"})
    return _measure("3 or more placements", children, children["placements"] >= 3)


def same_carer_two_years(
    spells: pd.DataFrame, year: int, *, adoption_counts: bool = False
) -> Measure:
    """Count children with the same carer for two years, of those in care for two and a half.

    Parameters
    ----------
    spells : DataFrame
        From ``histories.spells``.
    year : int
        The year that ends on 31 March of it.
    adoption_counts : bool
        The older definition: a child placed for adoption counts if that placement and the one
        before it together make two years.

    Returns
    -------
    Measure
        Children under 16 on 31 March. ``children`` has in_care_since and with_carer_since. Where
        records begin in the middle of a period of care, the first is the earliest known day.
    """
    _, last = _year(year)
    began = spells.drop_duplicates("period").set_index("period")["start"]
    before = spells["start"].shift().where(spells.duplicated("period"))
    adopted = spells["PLACE_CLASS"].eq("adoption") & before.notna() & adoption_counts
    rows = spells.assign(
        in_care_since=spells["period"].map(began),
        with_carer_since=before.where(adopted, spells["start"]),
    )
    long = rows["in_care_since"] <= last - pd.DateOffset(months=30)
    young = birthday(rows["born"], 16) > last
    columns = ["child", "authority", "in_care_since", "with_carer_since", "history_known"]
    children = rows.loc[_on(spells, last) & long & young, columns].drop_duplicates("child")
    children = children.reset_index(drop=True)
    settled = children["with_carer_since"] <= last - pd.DateOffset(years=2)
    measure = _measure("same carer for two years", children.drop(columns="history_known"), settled)
    unknown = ~children["history_known"]
    rule = "records begin in the middle of care; it may have begun before the day taken"
    account = measure.account.noted(
        "same carer for two years", rule, int(unknown.sum()), children.loc[unknown, "child"]
    )
    return Measure(measure.children, measure.authorities, account)


def commissioner_moves(chain: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> Measure:
    """Count moves as the Children's Commissioner's Stability Index does, on episodes as returned.

    The rule is literal. It counts each new placement with a new carer and each new entry into care;
    a first entry is not a move. A temporary placement and the return from it are two moves, so the
    figure is above that of `histories.moves`.

    Parameters
    ----------
    chain : DataFrame
        From ``histories.episodes``: one chain of episodes per child.
    start, end : Timestamp
        The window: from the first day to the day before the last.

    Returns
    -------
    Measure
        Children looked after at any time in the window. ``children`` has moves; counted are those
        with two or more.
    """
    respite = chain["LS"].isin(_codes("ssda903_ls", "respite"))
    rows = chain[~respite & (chain["DECOM"] < end) & (chain["DEC"] >= start)]
    opening = rows.loc[rows["DECOM"] < start, "child"]
    inside = rows["DECOM"] >= start
    starts = inside & rows["RNE"].isin(_codes("ssda903_rne", "start"))
    # only the first entry of a child who was not in care when the window opened is no move
    entry = starts & ~rows["child"].isin(opening) & ~rows["child"].where(starts).duplicated()
    counted = inside & rows["RNE"].isin(_codes("ssda903_rne", "start", "new carer")) & ~entry
    children = rows[["child", "LA"]].drop_duplicates("child").rename(columns={"LA": "authority"})
    moves = rows.loc[counted, "child"].value_counts().rename("moves")
    children = _with(children, moves, 0).astype({"moves": "int64"})
    return _measure("Commissioner's moves", children, children["moves"] >= 2)


def oc2_cohort(chain: pd.DataFrame, year: int) -> Measure:
    """Find the children of whom OC2 is returned: looked after for the whole year to 31 March.

    Parameters
    ----------
    chain : DataFrame
        From ``histories.episodes``.
    year : int
        The year that ends on 31 March of it.

    Returns
    -------
    Measure
        Children looked after on 31 March, before their 18th birthday. ``children`` has
        in_care_since; counted are those in one period of care since 1 April of the year before.
    """
    opening, last = _year(year)
    respite = chain["LS"].isin(_codes("ssda903_ls", "respite"))
    rows = chain[~respite]
    began = rows.drop_duplicates("period").set_index("period")["DECOM"]
    there = (rows["DECOM"] <= last) & ((rows["DEC"] > last) | (rows["open"] & rows["DEC"].eq(last)))
    stock = rows[there & (birthday(rows["born"], 18) > last)].drop_duplicates("child")
    children = pd.DataFrame(
        {
            "child": stock["child"],
            "authority": stock["LA"],
            "in_care_since": stock["period"].map(began),
        }
    ).reset_index(drop=True)
    return _measure("OC2 cohort", children, children["in_care_since"] <= opening)


def _codes(name: str, *groups: str) -> pd.Series:
    codes = code_set(name)
    return codes.loc[codes["group"].isin(groups), "code"]


def _year(year: int) -> tuple[pd.Timestamp, pd.Timestamp]:
    return pd.Timestamp(year - 1, 4, 1), pd.Timestamp(year, 3, 31)


def _on(spells: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    """Say which spells a child is in on a day; one the records end in lasts through their end."""
    after = spells["end"] > day
    records_end = spells["ended_by"].eq(EXTRACT_ENDS) & spells["end"].eq(day)
    return (spells["start"] <= day) & (after | records_end)


def _with(children: pd.DataFrame, figures: pd.Series, otherwise: int) -> pd.DataFrame:
    rows = figures.rename_axis("child").reset_index()
    joined = children.merge(rows, on="child", how="left")
    return joined.fillna({str(figures.name): otherwise})


def _measure(name: str, children: pd.DataFrame, counted: pd.Series) -> Measure:
    children = children.assign(counted=counted.astype("bool")).reset_index(drop=True)
    grouped = children.groupby("authority")["counted"]
    authorities = pd.DataFrame(
        {"children": grouped.size(), "count": grouped.sum(), "share": grouped.mean()}
    )
    account = Account().read(name, "children it is about", len(children))
    account = account.kept(name, "children it counts", int(children["counted"].sum()))
    return Measure(children, authorities.reset_index(), account)
