"""Faults in what an authority writes about an episode: reasons, URNs, postcodes and needs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from bayescich.histories.places import UNKNOWN_PROVIDER
from bayescich.histories.sorted_rows import first_of
from bayescich.simulate.calibration import value
from bayescich.simulate.draws import Flags, Floats, Ints, Texts
from bayescich.simulate.recording.book import OPEN, Book, Episodes

FIRST_YEAR_OF_URN = 2016
"""Collection year from which the URN is returned."""

HOMES = ("K1", "K2")
"""Placements whose URN names the home."""

_OTHER = "OTHER"
_AMENDED: dict[str, dict[str, str]] = {
    "LS": {"C2": "C1", "C1": "V2", "V2": "C1"},
    "PLACE_PROVIDER": {"PR1": "PR4", "PR4": "PR5", "PR5": "PR4", "PR2": "PR1"},
    "PL_POST": {},
    "URN": {},
}
"""What an earlier return may have said instead; a blank where nothing is named."""


def chosen(rng: np.random.Generator, among: Flags, rate: float | Floats) -> Flags:
    """Choose some of those marked, each with the same probability or its own.

    Examples
    --------
    >>> chosen(np.random.default_rng(1), np.array([True, False]), 1.0).tolist()
    [True, False]
    """
    picked: Flags = among & (rng.random(len(among)) < rate)
    return picked


def other_reasons(book: Book, rng: np.random.Generator, share: float) -> Book:
    """Write OTHER for the reason of a change, so that it is about so large a share of all.

    Some reasons give way to it more readily than others.
    """
    last = book.episodes.last
    reasons = book["REASON_PLACE_CHANGE"][last]
    lean = value("recording.other_instead_of")
    weight = pd.Series(reasons).map(lean).fillna(0.0).to_numpy(dtype=np.float64)
    given = int((reasons != "").sum())
    wanted = share * given - int((reasons == _OTHER).sum())
    picked = chosen(rng, weight > 0, _giving_way(weight, wanted))
    rows = np.zeros(len(book), dtype=bool)
    rows[last[picked]] = True
    return book.written("other reasons", rows, REASON_PLACE_CHANGE=_OTHER)


def _giving_way(weight: Floats, wanted: float) -> Floats:
    """Return 1 - exp(-k * weight), with k such that the sum is what is wanted."""
    leaning = weight[weight > 0]
    if wanted <= 0 or not len(leaning):
        return np.zeros(len(weight))
    low, high = 0.0, 50.0
    for _ in range(40):
        middle = (low + high) / 2
        enough = (1 - np.exp(-middle * leaning)).sum() >= wanted
        low, high = (low, middle) if enough else (middle, high)
    return 1 - np.exp(-high * weight)


def placement_of(book: Book, episodes: Episodes) -> Ints:
    """Number the placements: runs of a child's episodes in one place under one URN."""
    codes = [pd.factorize(book[name][episodes.last])[0] for name in ("PLACE", "URN", "PL_POST")]
    begins = first_of(episodes.child)
    begins[1:] |= ~episodes.joined[:-1]
    for code in codes:
        begins[1:] |= code[1:] != code[:-1]
    return begins.cumsum() - 1


def _of_placements(book: Book, rng: np.random.Generator, rate: float) -> Flags:
    """Choose rows of whole placements."""
    episodes = book.episodes
    placement = placement_of(book, episodes)
    number = int(placement[-1]) + 1 if len(placement) else 0
    return episodes.rows((rng.random(number) < rate)[placement])


def urn_not_collected(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Leave the URN out of returns of the years before it was asked for."""
    del rng, rate
    early = (book["YEAR"] < FIRST_YEAR_OF_URN) & (book["URN"] != "")
    changed = replace(book.written("", early, URN=""), noted=book.noted)
    return changed.saying_of_all("urn not collected", int(early.sum()))


def urn_missing(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Leave URNs blank, more in the first years; some are filled in in the returns after."""
    episodes = book.episodes
    placement = placement_of(book, episodes)
    number = int(placement[-1]) + 1 if len(placement) else 0
    draw, filled_in = (
        rng.random(number),
        rng.random(number) < value("recording.urn_filled_in_later"),
    )
    since = np.full(number, np.iinfo(np.int64).max)
    np.minimum.at(since, placement[episodes.of_row], book["YEAR"])
    factor = (
        pd.Series(since).clip(lower=FIRST_YEAR_OF_URN).map(value("recording.urn_missing_at_first"))
    )
    odds = rate / (1 - rate) * factor.fillna(1.0).to_numpy(dtype=np.float64)
    missing = draw < odds / (1 + odds)
    of_row = placement[episodes.of_row]
    again = filled_in[of_row] & (book["YEAR"] > np.maximum(since[of_row], FIRST_YEAR_OF_URN))
    return book.written("urn missing", missing[of_row] & ~again & (book["URN"] != ""), URN="")


def urn_not_inspected(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Write XXXXXXX for the URN of a home."""
    rows = _of_placements(book, rng, rate) & np.isin(book["PLACE"], HOMES) & (book["URN"] != "")
    return book.written("urn not inspected", rows, URN=UNKNOWN_PROVIDER)


def urn_wrong(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Give a home the URN of another, or one with a slip in it: one digit lost."""
    rows = _of_placements(book, rng, rate) & np.isin(book["PLACE"], HOMES) & (book["URN"] != "")
    if not rows.any() or not len(book.urns):
        return book
    placement = placement_of(book, book.episodes)[book.episodes.of_row][rows]
    slip = (rng.random(int(placement.max()) + 1) < 1 / 3)[placement]
    other = book.urns[rng.integers(0, len(book.urns), int(placement.max()) + 1)][placement]
    own = book["URN"][rows]
    wrong = np.where(slip, [urn[:-1] for urn in own], other)
    return book.written("urn wrong", rows, URN=wrong)


def _rne(
    book: Book, rng: np.random.Generator, rate: float, cause: str, instead: dict[str, str]
) -> Book:
    """Write one reason for a new episode instead of another, in every return of the episode."""
    codes = book["RNE"]
    new = pd.Series(codes).map(instead).to_numpy(dtype=object)
    among = pd.notna(new)[book.episodes.first]
    rows = book.episodes.rows(chosen(rng, among, rate)) & pd.notna(new)
    return book.written(cause, rows, RNE=new[rows])


def same_carer_as_new(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Write a change with the same carer as one with a new carer."""
    return _rne(book, rng, rate, "same carer as new", {"T": "P", "U": "B"})


def new_carer_as_same(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Write a change of carer as one with the same carer."""
    return _rne(book, rng, rate, "new carer as same", {"P": "T", "B": "U"})


def legal_for_new_placement(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Write a new placement as a change of legal status only."""
    return _rne(book, rng, rate, "legal for new placement", {"P": "L"})


def placement_for_legal(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Write a change of legal status only as a new placement."""
    return _rne(book, rng, rate, "placement for legal", {"L": "P"})


def reason_missing(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Leave the reason of a change of placement blank."""
    rows = chosen(rng, book["REASON_PLACE_CHANGE"] != "", rate)
    return book.written("reason missing", rows, REASON_PLACE_CHANGE="")


def end_without_reason(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Leave REC blank although the episode has ended."""
    rows = chosen(rng, (book["end"] != OPEN) & (book["REC"] != ""), rate)
    return book.written("end without reason", rows, REC="", REASON_PLACE_CHANGE="")


def need_drifts(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Give the main need of the day, from some episode to the end of the period of care."""
    episodes = book.episodes
    starts = first_of(episodes.child) | (book["RNE"][episodes.first] == "S")
    changes = chosen(rng, ~starts, rate).cumsum()
    begun = np.maximum.accumulate(np.where(starts, np.arange(len(episodes)), 0))
    rows = episodes.rows(changes > changes[begun])
    # one code further for every change, so that each change is one
    further = (changes - changes[begun])[episodes.of_row][rows]
    return book.written("need drifts", rows, CIN=_drifted(book["CIN"][rows], further))


def _drifted(codes: Texts, steps: Ints) -> Texts:
    """Return what each need is taken for after some changes."""
    next_one = value("recording.need_taken_for")
    drifted = codes.copy()
    for step in range(int(steps.max(initial=0))):
        later = np.flatnonzero(steps > step)
        drifted[later] = [next_one.get(code, code) for code in drifted[later]]
    return drifted


def postcode_missing(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Leave the postcode of a placement blank."""
    rows = _of_placements(book, rng, rate) & (book["PL_POST"] != "")
    return book.written("postcode missing", rows, PL_POST="")


def amended(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Let earlier returns of an episode differ from the last in one cell."""
    episodes = book.episodes
    several = book["YEAR"][episodes.first] < book["YEAR"][episodes.last]
    picked = chosen(rng, several, rate)
    cell = rng.integers(0, 4, len(episodes))[episodes.of_row]
    earlier = book["YEAR"] < book["YEAR"][episodes.last][episodes.of_row]
    rows = episodes.rows(picked) & earlier
    for number, (name, instead) in enumerate(_AMENDED.items()):
        which = rows & (cell == number) & (book[name] != "")
        which &= np.isin(book[name], list(instead)) if instead else True
        new = [instead.get(code, "") for code in book[name][which]]
        book = book.written("amended", which, **{name: new})
    return book
