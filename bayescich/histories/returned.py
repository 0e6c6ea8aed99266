"""Which of several returns of an episode is followed, and whose episode it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from bayescich.account import Account
from bayescich.histories.chain_rows import ChainRows, says, whole_years
from bayescich.histories.dates import first_of_april
from bayescich.histories.sorted_rows import (
    MISSING,
    Flags,
    Integers,
    content_rank,
    days_of,
    first_of,
    last_of,
    order_of,
    soonest_where,
)
from bayescich.records.ssda903_codes import code_set
from bayescich.spec.policies import HistoryPolicies

_LATER_THAN_ALL = 10_000_000
_SORTED_BY = ("child", "start", "standing", "until")


def dated(chain: ChainRows) -> ChainRows:
    """Leave out rows of nobody, and of no day or year."""
    blank = (chain["child"] < 0) | (chain["year"] == MISSING) | (chain["start"] == MISSING)
    return chain.without(blank, "child, authority, collection year or first day not recorded")


def forwards(chain: ChainRows) -> ChainRows:
    """Leave out rows that end before they start; an older return may say better."""
    backwards = (chain["end"] != MISSING) & (chain["end"] < chain["start"])
    return chain.without(backwards, "ends before it starts")


def with_collections(chain: ChainRows) -> ChainRows:
    """Add each authority's first and last collection year; say which years between are missing.

    Adds ``records_begin`` and ``records_end`` (days), ``last_year``, and ``next_collected``: 0
    where the authority returned nothing in the year after the row's.
    """
    la, year = chain["la"], chain["year"]
    returned = np.unique(la * 10_000 + year)
    authority, years = returned // 10_000, returned % 10_000
    opens, closes = first_of(authority), last_of(authority)
    first_year, last_year = years[opens], years[closes]
    place = np.searchsorted(authority[opens], la)
    chain = chain.counted(_missing_years(chain, authority, years)).with_columns(
        records_begin=first_of_april(first_year - 1)[place],
        records_end=(first_of_april(last_year) - 1)[place],
        last_year=last_year[place],
        next_collected=np.isin(la * 10_000 + year + 1, returned),
    )
    late = chain["start"] > chain["records_end"]
    return chain.without(late, "starts after the authority's last collection year")


def _missing_years(chain: ChainRows, authority: Integers, years: Integers) -> Account:
    account = Account()
    skipped = np.flatnonzero((np.diff(authority) == 0) & (np.diff(years) > 1))
    for before in skipped:
        row = np.flatnonzero(chain["la"] == authority[before])[0]
        name = str(chain.names[chain["child"][row]]).rsplit("/", 1)[0]
        between = range(int(years[before]) + 1, int(years[before + 1]))
        listed = ", ".join(map(str, between))
        rule = f"no return of {name} for the collection year ending in {listed}"
        account = account.noted("collection years", rule, len(between), [name])
    return account


def one_return_each(
    chain: ChainRows, episodes: pd.DataFrame, policies: HistoryPolicies
) -> ChainRows:
    """Sort by child and start, and keep one return of each episode."""
    open_row = chain["end"] == MISSING
    chain = chain.with_columns(
        standing=_standing(chain, policies), until=np.where(open_row, _LATER_THAN_ALL, chain["end"])
    )
    chain = chain.take(order_of(*(chain[key] for key in _SORTED_BY)))
    chain = _ties_settled(chain, episodes)
    episode = (first_of(chain["child"]) | first_of(chain["start"])).cumsum()
    kept = soonest_where(last_of(episode), episode)
    superseded = ~last_of(episode)
    same_return = superseded & (chain["year"] == chain["year"][kept])
    same = same_return & (chain["content"] == chain["content"][kept])
    open_row = chain["end"] == MISSING
    other_return = superseded & ~same_return
    rules = {
        "the same row twice in one return": same,
        "starts on the day another row of the child does, in one return; the one that ends last is "
        "kept": same_return & ~same,
        "open in one year's return, and returned again": other_return & open_row,
        "returned in several years; one return is followed": other_return & ~open_row,
    }
    return _without_each(chain, rules)


def _standing(chain: ChainRows, policies: HistoryPolicies) -> Integers:
    """Rank returns of one episode: the one followed is the highest."""
    if policies.returned_twice == "latest":
        return chain["year"]
    # an open row never says more than the row that closes it, however early it came
    return np.where(chain["end"] == MISSING, chain["year"] - 10_000, -chain["year"])


def _ties_settled(chain: ChainRows, episodes: pd.DataFrame) -> ChainRows:
    """Order by their texts the rows that share child, start and return; adds ``content``."""
    alike = np.ones(max(len(chain) - 1, 0), dtype=bool)
    for key in _SORTED_BY[:-1]:
        alike &= chain[key][1:] == chain[key][:-1]
    tied = np.zeros(len(chain), dtype=bool)
    tied[1:] |= alike
    tied[:-1] |= alike
    places = np.flatnonzero(tied)
    content = np.zeros(len(chain), dtype=np.int64)
    content[places] = _content(episodes, chain["row"][places])
    chain = chain.with_columns(content=content)
    order = np.arange(len(chain))
    keys = [chain[key][places] for key in (*_SORTED_BY, "content")]
    order[places] = places[order_of(*keys)]
    return chain.take(order) if len(places) else chain


def _content(episodes: pd.DataFrame, rows: Integers) -> Integers:
    texts = episodes.drop(columns=["LA", "YEAR", "CHILD", "DECOM"]).iloc[rows]
    return content_rank(texts.assign(DEC=days_of(texts["DEC"])))


def _without_each(chain: ChainRows, rules: dict[str, Flags]) -> ChainRows:
    """Leave out the rows of each rule; a row meets one rule at most."""
    chain = chain.with_columns(met=np.select(list(rules.values()), range(1, len(rules) + 1), 0))
    for number, rule in enumerate(rules, start=1):
        chain = chain.without(chain["met"] == number, rule)
    return chain


def without_short_breaks(
    chain: ChainRows, episodes: pd.DataFrame, policies: HistoryPolicies
) -> ChainRows:
    """Leave out series of short breaks (V3, V4), if they are to be."""
    if policies.short_breaks == "keep":
        return chain
    respite = says(episodes["LS"], code_set("ls").in_group("respite"))
    return chain.without(respite[chain["row"]], "series of short breaks (V3, V4)")


def with_children(
    chain: ChainRows, header: pd.DataFrame, children: Integers
) -> tuple[ChainRows, pd.DataFrame]:
    """Leave out episodes of children without a date of birth, or from before it.

    Returns
    -------
    ChainRows
        With ``born``, in days.
    DataFrame
        One row per child code: born, sex, ethnic, each from the latest Header row that has it.
    """
    known, account = _latest_facts(header, children, chain.names)
    unnamed = ~np.isin(chain["child"], children)
    chain = chain.counted(account).without(unnamed, "no Header row for the child")
    chain = chain.with_columns(born=days_of(known["born"])[chain["child"]])
    chain = chain.without(chain["born"] == MISSING, "no date of birth in the child's Header")
    early = chain["start"] < chain["born"]
    return chain.without(early, "starts before the child is born"), known


def _latest_facts(
    header: pd.DataFrame, children: Integers, names: pd.Index[Any]
) -> tuple[pd.DataFrame, Account]:
    rows = pd.DataFrame({"child": children, "DOB": days_of(header["DOB"])})
    content = content_rank(header[["SEX", "ETHNIC"]].assign(DOB=rows["DOB"].to_numpy()))
    order = order_of(children, whole_years(header["YEAR"]), content)
    order = order[children[order] >= 0]
    born, sex, ethnic = (
        _latest(header[column], children, order, len(names)) for column in ("DOB", "SEX", "ETHNIC")
    )
    known = pd.DataFrame({"born": born, "sex": sex.fillna("U"), "ethnic": ethnic})
    differ = rows.loc[rows["DOB"] != MISSING].drop_duplicates(["child", "DOB"])["child"]
    several = np.unique(differ[differ.duplicated() & differ.ge(0)])
    rule = "returns differ in a child's date of birth; the latest is followed"
    return known, Account().repaired("header", rule, len(several), names[several])


def _latest(column: pd.Series, children: Integers, order: Integers, number: int) -> pd.Series:
    """Return the last value in the order that is not blank, per child code."""
    filled = order[column.notna().to_numpy()[order]]
    position = np.full(number, -1, dtype=np.int64)
    position[children[filled]] = filled
    return column.reset_index(drop=True).reindex(position).reset_index(drop=True)
