"""Journeys cut into SSDA903 episodes: one row for every legal status and placement.

A row begins where anything that the return records changes: the carer, the place, its status, the
legal status. What happens on one day makes one new row. The changes are collected as records of
what is new, and the rest is carried forward.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayescich.histories.sorted_rows import dates_of
from bayescich.records.ssda903_schema import EPISODE_COLUMNS
from bayescich.simulate.draws import Flags, Ints, Texts, day
from bayescich.simulate.providers.places import UNITS, postcode_texts
from bayescich.simulate.returns.legal import LEGAL, legal_changes
from bayescich.simulate.returns.placement_details import (
    PLACES,
    PROVIDERS,
    Details,
    agency_urn,
    placement_details,
)
from bayescich.simulate.returns.stays import Stays, interruptions, status_changes
from bayescich.simulate.shapes import DISTRICTS, FOSTER, HOME, KIN, SUPPORTED
from bayescich.simulate.shard import Shard

SUPPORTED_REGISTERED = day("2023-10-27")
"""Supported accommodation has to be registered from the day after: a new row, no new placement."""

KEEP = -1
"""In a record of changes: this stays as it is."""

_TEMPORARY = ("", "T1", "T3", "T4")
_FIELDS = ("placement", "code", "urn", "post", "legal", "temporary")


@dataclass(frozen=True)
class Changes:
    """Records of what is new on a day (arrays of one length); `KEEP` for what is not."""

    child: Ints
    date: Ints
    placement: Ints
    code: Ints
    urn: Ints
    """Position in a list of URNs; 0 for none."""
    post: Ints
    legal: Ints
    temporary: Ints

    @classmethod
    def of(cls, child: Ints, date: Ints, **new: Ints) -> Changes:
        """Return records in which only the fields given are new."""
        keep = np.full(len(child), KEEP)
        return cls(child, date, **{name: new.get(name, keep) for name in _FIELDS})


def episodes(shard: Shard) -> pd.DataFrame:
    """Return every episode of an authority's children, over their whole histories.

    Returns
    -------
    DataFrame
        child (row of ``shard.children``), the columns of the Episodes table with dates as dates
        and blanks as ``""``; open episodes have no DEC. Ordered by child and DECOM.
    """
    rng = shard.rng("episodes")
    placements = shard.placements
    details = placement_details(shard)
    stays = Stays.of(placements)
    within = [
        *_status(rng, stays, details),
        _registered(placements, details),
        _re_registered(shard),
    ]
    parts = [
        _starts(placements, details),
        _legal(rng, shard),
        *_away(rng, stays, within),
        *within,
    ]
    return _rows(shard, details, _carried_forward(parts, placements))


def _starts(placements: pd.DataFrame, details: Details) -> Changes:
    number = np.arange(len(placements))
    return Changes.of(
        placements["child"].to_numpy(),
        placements["start"].to_numpy(),
        placement=number,
        code=details.code,
        urn=details.urn,
        post=placements["post"].to_numpy(),
        temporary=np.zeros(len(placements), np.int64),
    )


def _legal(rng: np.random.Generator, shard: Shard) -> Changes:
    child, date, legal = legal_changes(rng, shard)
    return Changes.of(child, date, legal=legal)


def _status(rng: np.random.Generator, stays: Stays, details: Details) -> list[Changes]:
    """Let carers be approved for longer, or move house with the child."""
    rows, date, moves_house = status_changes(rng, stays)
    long_term = {"U6": "U4", "U4": "U6", "U5": "U6", "U3": "U1", "U1": "U3"}
    into = np.array([PLACES.index(long_term.get(code, code)) for code in PLACES])
    changed = rows[~moves_house]
    child = stays.child[changed]
    foster = np.isin(stays.kind[changed], (FOSTER, KIN))
    code = np.where(foster, into[details.code[changed]], KEEP)
    # a home or a flat has another status only by another address: the same house, renumbered
    post = np.where(foster, KEEP, (stays.post[changed] + 13) % (DISTRICTS * UNITS))
    at_home = stays.kind[changed] == HOME
    moved = rows[moves_house]
    return [
        Changes.of(child[~at_home], date[~moves_house][~at_home], code=code[~at_home],
                   post=post[~at_home]),
        Changes.of(
            stays.child[moved],
            date[moves_house],
            post=(stays.post[moved] + 13) % (DISTRICTS * UNITS),
        ),
    ]  # fmt: skip


def _away(rng: np.random.Generator, stays: Stays, within: list[Changes]) -> list[Changes]:
    """Break stays by temporary placements, none of them while anything of the place changes."""
    rows, leaves, returns, code = interruptions(rng, stays)
    child = stays.child[rows]
    days = np.sort(np.concatenate([_key(change.child, change.date) for change in within]))
    first = np.searchsorted(days, _key(child, leaves), side="left")
    undisturbed = first == np.searchsorted(days, _key(child, returns), side="right")
    child, leaves, returns, code = (array[undisturbed] for array in (child, leaves, returns, code))
    gone = np.array([_TEMPORARY.index(text) for text in code], dtype=np.int64)
    return [
        Changes.of(child, leaves, temporary=gone),
        Changes.of(child, returns, temporary=np.zeros(len(child), np.int64)),
    ]


def _key(child: Ints, date: Ints) -> Ints:
    return child * 10**6 + date


def _registered(placements: pd.DataFrame, details: Details) -> Changes:
    """Give supported placements a URN when their providers had to be registered."""
    day_of = SUPPORTED_REGISTERED
    running = (placements["kind"] == SUPPORTED) & (placements["start"] < day_of)
    rows = np.flatnonzero(running & (placements["end"] > day_of))
    child = placements["child"].to_numpy()[rows]
    return Changes.of(
        child,
        np.full(len(rows), day_of),
        code=np.full(len(rows), PLACES.index("H5")),
        urn=details.provider_urn[rows],
    )


def _re_registered(shard: Shard) -> Changes:
    """Give a home its new URN on the day on which it is registered anew with children in it."""
    placements, registrations = shard.placements, shard.homes.registrations
    again = registrations[registrations["home"].duplicated()]
    at_home = np.flatnonzero(placements["home"] >= 0)
    joined = placements.iloc[at_home][["child", "home", "start", "end"]].assign(row=at_home)
    joined = joined.merge(again[["home", "begins"]].assign(registration=again.index), on="home")
    within = (joined["start"] < joined["begins"]) & (joined["end"] > joined["begins"])
    joined = joined[within]
    return Changes.of(
        joined["child"].to_numpy(np.int64),
        joined["begins"].to_numpy(np.int64),
        urn=agency_urn(shard).of_registration(joined["registration"].to_numpy(np.int64)),
    )


def _carried_forward(parts: list[Changes], placements: pd.DataFrame) -> dict[str, Ints]:
    """Put all changes in order and carry what stays forward; one row for each child and day."""
    stacked = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("child", "date", *_FIELDS)
    }
    priority = np.repeat(np.arange(len(parts)), [len(part.child) for part in parts])
    order = np.lexsort((priority, stacked["date"], stacked["child"]))
    rows = {name: column[order] for name, column in stacked.items()}
    for name in _FIELDS:
        known = np.where(rows[name] != KEEP, np.arange(len(order)), 0)
        rows[name] = rows[name][np.maximum.accumulate(known)]
    last = np.r_[
        (rows["child"][1:] != rows["child"][:-1]) | (rows["date"][1:] != rows["date"][:-1]), True
    ]
    rows = {name: column[last] for name, column in rows.items()}
    rows["period"] = placements["period"].to_numpy()[rows["placement"]]
    return _without_repeats(rows)


def _without_repeats(rows: dict[str, Ints]) -> dict[str, Ints]:
    """Drop rows in which, after all, nothing changed."""
    same = np.ones(len(rows["child"]), np.bool_)
    for name in ("child", "period", *_FIELDS):
        same[1:] &= rows[name][1:] == rows[name][:-1]
    same[0] = False
    return {name: column[~same] for name, column in rows.items()}


def _rows(shard: Shard, details: Details, rows: dict[str, Ints]) -> pd.DataFrame:
    """Write the rows as the return has them."""
    placements, children = shard.placements, shard.children
    own, child, date = rows["placement"], rows["child"], rows["date"]
    away = rows["temporary"] > 0
    goes_on = np.r_[(child[1:] == child[:-1]) & (rows["period"][1:] == rows["period"][:-1]), False]
    end = np.where(goes_on, np.r_[date[1:], 0], placements["end"].to_numpy()[own])
    open_now = ~goes_on & (placements["outcome"] == "open").to_numpy()[own]
    rec = np.where(goes_on, "X1", placements["REC"].to_numpy()[own]).astype(object)
    news = _reasons_for_new_episode(rows, goes_on)
    at_home = placements["home"].to_numpy()[own] >= 0
    post = postcode_texts(
        shard.authorities,
        np.where(away | at_home, -1, placements["place"].to_numpy()[own]),
        rows["post"],
    )
    homes = shard.homes.frame["postcode"].to_numpy(object)
    post = np.where(at_home & ~away, homes[placements["home"].to_numpy()[own]], post)
    uasc = children["uasc"].to_numpy()[child]
    lived = postcode_texts(
        shard.authorities,
        np.where(uasc, -1, children["authority"].to_numpy()[child]),
        children["home_post"].to_numpy()[child],
    )
    place = np.array(PLACES, dtype=object)[rows["code"]]
    temporary = np.array(_TEMPORARY, dtype=object)[rows["temporary"]]
    frame = pd.DataFrame(
        {
            "child": child,
            "CHILD": children["CHILD"].to_numpy(object)[child],
            "DECOM": dates_of(date),
            "RNE": news,
            "LS": np.array(LEGAL, dtype=object)[rows["legal"]],
            "CIN": children["CIN"].to_numpy(object)[child],
            "PLACE": np.where(away, temporary, place),
            "PLACE_PROVIDER": np.where(
                away, "", np.array(PROVIDERS, dtype=object)[details.provider[own]]
            ),
            "DEC": pd.Series(dates_of(end)).mask(open_now).to_numpy(),
            "REC": rec,
            "REASON_PLACE_CHANGE": _change_reason(
                placements["reason"].to_numpy(object)[own], news, away, goes_on
            ),
            "HOME_POST": lived,
            "PL_POST": post,
            "URN": np.where(away, "", agency_urn(shard).texts[rows["urn"]]),
        }
    )
    return frame[["child", *EPISODE_COLUMNS]]


def _reasons_for_new_episode(rows: dict[str, Ints], goes_on: Flags) -> Texts:
    before = np.r_[False, goes_on[:-1]]

    def changed(*names: str) -> Flags:
        differs = np.zeros(len(goes_on), np.bool_)
        for name in names:
            differs[1:] |= rows[name][1:] != rows[name][:-1]
        return differs

    legal, carer = changed("legal"), changed("placement", "temporary")
    place = changed("code", "urn", "post")
    return np.select(
        [~before, carer & legal, carer, place & legal, place], ["S", "B", "P", "U", "T"], "L"
    ).astype(object)


def _change_reason(reason: Texts, news: Texts, away: Flags, goes_on: Flags) -> Texts:
    """Give the reason on the episode that ends; none around a temporary placement."""
    following = np.append(news[1:], "")
    around = away | np.r_[away[1:], False]
    same_carer, other_carer = np.isin(following, ("T", "U")), np.isin(following, ("P", "B"))
    return np.select(
        [goes_on & ~around & same_carer, goes_on & ~around & other_carer], ["PLACE", reason], ""
    ).astype(object)
