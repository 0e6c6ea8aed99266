"""The homes each child lived in during a window, and the share of the window spent in each.

A child lives in several homes, a home has many children. What a home did to a child is weighed by
the part of the window spent there; the rest of the window belongs to other settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from bayescich.account import Account
from bayescich.errors import HistoriesError
from bayescich.histories.dates import DAYS_PER_YEAR
from bayescich.histories.spells import HOME_CLASSES
from bayescich.records.code_sets import code_set

TABLE = "membership"
"""Name of this table in the account."""

NOT_IN_CARE = "not in care"
"""The setting of days on which a child is not looked after, or on short breaks only."""

_COLUMNS = ["child", "spell", "start", "end", "PLACE_CLASS"]

Scheme = Literal["days", "equal", "recency", "first home", "last home"]


def stays_in_window(
    spells: pd.DataFrame,
    home_spells: pd.DataFrame,
    window: pd.DataFrame,
    carry: Sequence[str] = (),
    named_by: Literal["setting", "kind"] = "setting",
    chain: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, Account]:
    """Cut the window of each child into stays: each day is in exactly one.

    Parameters
    ----------
    spells : DataFrame
        From ``histories.spells``: child, spell, start, end, PLACE_CLASS.
    home_spells : DataFrame
        From ``histories.home_spells``: spell, home, PLACE_CLASS, start, end.
    window : DataFrame
        One row per child: child, window_start, window_end (the first day not in the window).
    carry : sequence of str
        Columns of the home spells to keep, such as the type or owner of the home in that stay.
    named_by : {"setting", "kind"}
        Column of the code table ``membership_settings`` that settings are named by; ``kind`` is
        the coarser one, in which all homes are one setting.
    chain : DataFrame, optional
        From ``histories.episodes``. A placement that is a home for a part of its time only, with
        one carer, is then what its episodes say for the rest; else it is what it began as.

    Returns
    -------
    DataFrame
        One row per stay, ordered by child and start: child, home (blank where it is not a home, or
        not known which), setting, start, end (first day not there), the columns carried.
    Account
        Children whose window has no days, and days in a home of which the return gives no URN.

    Raises
    ------
    HistoriesError
        Two spells of a child overlap, or a child has two windows.
    """
    window, account = _usable(window)
    within = _cut(spells[_COLUMNS], window)
    at_home = _cut(home_spells[[*_COLUMNS, "home", *carry]], window)
    elsewhere = _rest(within, at_home, "spell")
    if chain is not None:
        elsewhere = elsewhere.assign(PLACE_CLASS=_class_then(elsewhere, at_home, chain))
    not_in_care = _rest(_as_spells(window), within, "child").assign(PLACE_CLASS=NOT_IN_CARE)
    stays = pd.concat([at_home, elsewhere, not_in_care], ignore_index=True)
    stays = stays.sort_values(["child", "start"], kind="stable", ignore_index=True)
    stays = stays.assign(setting=_settings(stays["PLACE_CLASS"], named_by))
    _check(stays, window)
    unknown = stays["PLACE_CLASS"].isin(HOME_CLASSES) & stays["home"].isna()
    rule = "stay in a children's home of which the URN is not known; a home of no name"
    account = account.noted(TABLE, rule, int(unknown.sum()), stays.loc[unknown, "child"])
    columns = ["child", "home", "setting", "start", "end", *carry]
    return stays[columns], account.kept(TABLE, "children", len(window))


def multiple_membership(
    spells: pd.DataFrame,
    home_spells: pd.DataFrame,
    window: pd.DataFrame,
    carry: Sequence[str] = (),
) -> tuple[pd.DataFrame, Account]:
    """Count the days of each child in each home and other setting of a window.

    Parameters
    ----------
    spells, home_spells, window, carry
        As in `stays_in_window`.

    Returns
    -------
    DataFrame
        One row per child, home and setting (and the columns carried): child, home, setting, days,
        weight. The days of a child add up to those of the window, the weights to one.
    Account
        As in `stays_in_window`.

    Examples
    --------
    >>> dates = pd.to_datetime(["2020-01-01", "2020-01-11", "2020-01-31"])
    >>> spells = pd.DataFrame({"child": "a", "spell": [0], "start": dates[:1], "end": dates[1:2],
    ...                        "PLACE_CLASS": "children's home"})
    >>> window = pd.DataFrame({"child": ["a"], "window_start": dates[:1], "window_end": dates[2:]})
    >>> table, _ = multiple_membership(spells, spells.assign(home="1234567"), window)
    >>> table[["home", "setting", "days"]].fillna("-").to_numpy().tolist()
    [['1234567', "children's home", 10], ['-', 'not in care', 20]]
    """
    stays, account = stays_in_window(spells, home_spells, window, carry)
    return reweighted(stays, "days"), account


def reweighted(stays: pd.DataFrame, scheme: Scheme, scale_years: float = 1.0) -> pd.DataFrame:
    """Weigh the stays of each child by one of several schemes, to see what the choice does.

    Parameters
    ----------
    stays : DataFrame
        From `stays_in_window`.
    scheme : {"days", "equal", "recency", "first home", "last home"}
        ``days``: by days. ``equal``: each home and setting alike. ``recency``: by days that count
        for less the longer before the end of the window they are, as exp(-time / scale).
        ``first home``, ``last home``: all weight to one home; a child with none is as in ``days``.
    scale_years : float
        Years after which a day counts for 1/e, of ``recency`` only.

    Returns
    -------
    DataFrame
        As `multiple_membership`; rows without weight are left out.
    """
    days = (stays["end"] - stays["start"]).dt.days
    rows = stays.assign(days=days, weight=_weights(stays, days, scheme, scale_years))
    rows = rows.assign(
        weight=rows["weight"] / rows["weight"].groupby(rows["child"]).transform("sum")
    )
    sums = rows.groupby(_key(stays), dropna=False, sort=False)[["days", "weight"]].sum()
    return sums[sums["weight"].gt(0)].reset_index()


def _weights(stays: pd.DataFrame, days: pd.Series, scheme: Scheme, scale_years: float) -> pd.Series:
    match scheme:
        case "days":
            return days.astype("float64")
        case "equal":
            return (~stays.duplicated(_key(stays))).astype("float64")
        case "recency":
            return _recency(stays, scale_years)
        case "first home":
            return _only(stays, days, "first")
        case "last home":
            return _only(stays, days, "last")


def _key(stays: pd.DataFrame) -> list[str]:
    return [column for column in stays.columns if column not in ("start", "end")]


def _usable(window: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    twice = window["child"].duplicated()
    if twice.any():
        raise HistoriesError(
            f"{int(twice.sum())} children have more than one window.",
            where="window, column child",
            examples=window.loc[twice, "child"].tolist(),
            why="Weights are shares of one window.",
            next_step="Give each child one row.",
        )
    empty = ~window["window_end"].gt(window["window_start"])
    account = Account().read(TABLE, "children with a window", len(window))
    rule = "window without a day in it"
    account = account.excluded(TABLE, rule, int(empty.sum()), window.loc[empty, "child"])
    return window.loc[~empty, ["child", "window_start", "window_end"]], account


def _cut(rows: pd.DataFrame, window: pd.DataFrame) -> pd.DataFrame:
    """Keep the part of each row that is in the window of its child."""
    rows = rows.merge(window, on="child")
    start = rows["start"].where(rows["start"] > rows["window_start"], rows["window_start"])
    end = rows["end"].where(rows["end"] < rows["window_end"], rows["window_end"])
    rows = rows.drop(columns=["window_start", "window_end"]).assign(start=start, end=end)
    return rows[start < end]


def _as_spells(window: pd.DataFrame) -> pd.DataFrame:
    return window.rename(columns={"window_start": "start", "window_end": "end"})


def _rest(outer: pd.DataFrame, inner: pd.DataFrame, key: str) -> pd.DataFrame:
    """Return the parts of the outer rows, one per key, that none of the inner rows covers."""
    edges = [
        outer.assign(end=outer["start"], order=0),
        inner.assign(order=1),
        outer.assign(start=outer["end"], order=2),
    ]
    both = pd.concat([edge[[key, "start", "end", "order"]] for edge in edges], ignore_index=True)
    both = both.sort_values([key, "start", "order"], kind="stable", ignore_index=True)
    covered = both.groupby(key)["end"].cummax().groupby(both[key]).shift()
    rest = both[[key]].assign(start=covered, end=both["start"])
    rest = rest[rest["start"] < rest["end"]]
    return rest.merge(outer.drop(columns=["start", "end"]), on=key)


def _class_then(rest: pd.DataFrame, at_home: pd.DataFrame, chain: pd.DataFrame) -> pd.Series:
    """Return the class of placement of what is left of placements beside their stays in homes."""
    split = rest["spell"].isin(at_home["spell"]) & rest["child"].isin(chain["child"])
    episodes = chain[["child", "DECOM", "PLACE_CLASS"]].sort_values("DECOM", kind="stable")
    rows = rest.loc[split, ["child", "start"]].sort_values("start", kind="stable")
    then = pd.merge_asof(rows, episodes, left_on="start", right_on="DECOM", by="child")
    found = then["PLACE_CLASS"].set_axis(rows.index).reindex(rest.index)
    return rest["PLACE_CLASS"].mask(split, found)


def _settings(classes: pd.Series, named_by: str) -> pd.Series:
    table = code_set("membership_settings")
    setting = dict(zip(table["class"], table[named_by], strict=True))
    # a placement whose code is not known is still a placement
    known = classes.map(setting | {NOT_IN_CARE: NOT_IN_CARE}).fillna(setting["other"])
    return known.astype("str")


def _check(stays: pd.DataFrame, window: pd.DataFrame) -> None:
    days = (stays["end"] - stays["start"]).dt.days.groupby(stays["child"]).sum()
    whole = window.set_index("child")
    wrong = days.index[days.ne((whole["window_end"] - whole["window_start"]).dt.days)]
    if len(wrong):
        raise HistoriesError(
            f"The stays of {len(wrong)} children do not add up to their window.",
            where="placement spells and home spells, columns start and end",
            examples=[str(child) for child in wrong],
            why="A day in two placements would be counted twice.",
            next_step="Build the spells with histories.spells, which trims overlaps.",
        )


def _recency(stays: pd.DataFrame, scale_years: float) -> pd.Series:
    """Integrate exp(-time before the end of the window / scale) over each stay."""
    last = stays["end"].groupby(stays["child"]).transform("max")
    scale = scale_years * DAYS_PER_YEAR
    far, near = (last - stays["start"]).dt.days, (last - stays["end"]).dt.days
    return pd.Series(np.exp(-near / scale) - np.exp(-far / scale), index=stays.index)


def _only(stays: pd.DataFrame, days: pd.Series, which: Literal["first", "last"]) -> pd.Series:
    """Give all weight to one stay in a home, where the child has one."""
    homes = stays[stays["setting"].isin(HOME_CLASSES)]
    chosen = homes.index[~homes["child"].duplicated(keep=which)]
    none = ~stays["child"].isin(homes["child"])
    return (days * none).astype("float64") + stays.index.isin(chosen)
