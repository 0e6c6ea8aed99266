"""Faults in which episodes there are, and in when each begins and ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bayescich.histories.dates import collection_year_of, first_of_april
from bayescich.simulate.calibration import value
from bayescich.simulate.draws import Flags, Ints, Texts
from bayescich.simulate.recording.book import OPEN, Book
from bayescich.simulate.recording.codes import chosen

_STATUS_ONLY = "PLACE"
_MATCHED = {"U6": "U4", "U3": "U1"}
"""A fostering placement that becomes a long-term match: only its status changes."""
_SAME_PLACEMENT = ("L", "T", "U")
_TEMPORARY = ("T0", "T1", "T2", "T3", "T4")
_SHORTEST = 60
_CLOSED = {"REC": "", "REASON_PLACE_CHANGE": ""}


def status_changes(book: Book, rng: np.random.Generator, share: float) -> Book:
    """Leave out or add changes of status only, so that about this share of changes is such."""
    reasons = book["REASON_PLACE_CHANGE"][book.episodes.last]
    there = int((reasons == _STATUS_ONLY).sum())
    others = int((reasons != "").sum()) - there
    wanted = round(min(share, 0.95) / (1 - min(share, 0.95)) * others)
    if wanted < there:
        return _left_out(book, rng, 1 - wanted / there)
    return _added(book, rng, wanted - there)


def _left_out(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Let the episode before such a change go on instead, as if nothing had changed."""
    episodes = book.episodes
    ends = book["REASON_PLACE_CHANGE"][episodes.last] == _STATUS_ONLY
    place = book["PLACE"][episodes.first]
    same_kind = np.zeros(len(episodes), dtype=bool)
    same_kind[1:] = (place[1:] == place[:-1]) | _fostered(place)[1:] & _fostered(place)[:-1]
    gone = episodes.after(ends & episodes.joined) & same_kind
    gone &= book["RNE"][episodes.first] == "T"
    gone = chosen(rng, gone, rate)
    root = np.maximum.accumulate(np.where(gone, -1, np.arange(len(episodes))))
    rows = episodes.rows(gone)
    said_by = episodes.last[root][episodes.of_row][rows]
    kept = ("start", "begun", "RNE", "PLACE", "PLACE_PROVIDER", "PL_POST", "URN")
    as_before = {name: book[name][said_by] for name in kept}
    closing = np.zeros(len(book), dtype=bool)
    closing[episodes.last[episodes.before(gone)]] = True
    return book.written("status changes left out", rows, **as_before).take(~closing)


def _fostered(place: Texts) -> Flags:
    return np.isin(place, [*_MATCHED, *_MATCHED.values()])


def _added(book: Book, rng: np.random.Generator, wanted: int) -> Book:
    """Cut episodes in two where at most the status of the placement changes."""
    episodes = book.episodes
    opens = first_of_april(book["YEAR"][episodes.first] - 1)
    earliest = np.maximum(episodes.start, opens) + _SHORTEST // 2
    shown = np.where(episodes.end == OPEN, book.closes[episodes.last], episodes.end)
    latest = shown - _SHORTEST // 2
    goes_on = episodes.joined & np.roll(np.isin(book["RNE"][episodes.first], _SAME_PLACEMENT), -1)
    can = (latest > earliest) & ~goes_on & ~np.isin(book["LS"][episodes.last], ("V3", "V4"))
    can &= ~np.isin(book["PLACE"][episodes.first], _TEMPORARY)
    matched = np.isin(book["PLACE"][episodes.first], list(_MATCHED))
    # a long-term match first; where there are none left, changes that no code shows
    order = np.lexsort((rng.random(len(episodes)), ~matched))
    cut = order[can[order]][:wanted]
    on = np.zeros(len(episodes), dtype=np.int64)
    on[cut] = rng.integers(earliest[cut], latest[cut])
    return _cut(book, on)


def _cut(book: Book, on: Ints) -> Book:
    """Cut each episode with a day other than 0 in two on that day."""
    episodes = book.episodes
    day = on[episodes.of_row]
    year = collection_year_of(day)
    cut = day > 0
    first_part = np.flatnonzero(cut & (book["YEAR"] == year))
    later = cut & (book["YEAR"] >= year)
    place = book["PLACE"][later]
    after = {"start": day[later], "RNE": "T", "PLACE": [_MATCHED.get(p, p) for p in place]}
    ended = {
        "end": day[first_part],
        "REC": np.full(len(first_part), "X1", dtype=object),
        "REASON_PLACE_CHANGE": np.full(len(first_part), _STATUS_ONLY, dtype=object),
    }
    before = {name: column[first_part] for name, column in book.columns.items()}
    changed = book.written("status changes added", later, **after)
    return changed.and_again(first_part, **(before | ended))


def left_open(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Forget that an episode ended: it stays open, or is not returned again."""
    episodes = book.episodes
    picked = chosen(rng, episodes.end != OPEN, rate)
    returned_before = book["YEAR"][episodes.first] < book["YEAR"][episodes.last]
    dropped = picked & returned_before & (rng.random(len(episodes)) < 1 / 2)
    rows, gone = (np.zeros(len(book), dtype=bool) for _ in range(2))
    rows[episodes.last[picked]] = True
    gone[episodes.last[dropped]] = True
    return book.written("left open", rows, end=OPEN, **_CLOSED).take(~gone)


def _days(rng: np.random.Generator, number: int) -> Ints:
    return rng.geometric(1 / value("recording.days_out"), number).astype(np.int64)


def overlap(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Let an episode end some days after the next has begun."""
    episodes = book.episodes
    picked = chosen(rng, episodes.joined, rate)
    later = episodes.end + _days(rng, len(episodes))
    later = np.minimum(later, book.closes[episodes.last])
    picked &= later > episodes.end
    rows = np.zeros(len(book), dtype=bool)
    rows[episodes.last] = picked
    return book.written("overlap", rows, end=later[episodes.of_row][rows])


def gap(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Leave days between an episode and the next: the one ends early or the other begins late."""
    episodes = book.episodes
    days = _days(rng, len(episodes))
    late = rng.random(len(episodes)) < 1 / 2
    picked = chosen(rng, episodes.joined, rate)
    early = episodes.end - days
    can_end = early > np.maximum(episodes.start, book.opens[episodes.last])
    rows = np.zeros(len(book), dtype=bool)
    rows[episodes.last] = picked & ~late & can_end
    ended = book.written("gap", rows, end=early[episodes.of_row][rows])
    start = episodes.start + np.where(episodes.after(picked & late), np.roll(days, 1), 0)
    shown = np.where(episodes.end == OPEN, book.closes[episodes.last], episodes.end)
    can_start = (start < shown) & (start <= book.closes[episodes.first])
    moved = episodes.rows(can_start & (start > episodes.start))
    return ended.written("gap", moved, start=start[episodes.of_row][moved])


def recorded_late(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Enter a change after the return of its year was made: only the next one has it.

    Until then the episode that ended is open, and the one that began is not there.
    """
    episodes = book.episodes
    if not len(episodes):
        return book
    closes = book.closes[episodes.last]
    recent = closes - episodes.end < value("recording.recorded_late_days")
    goes_on = np.roll(book["YEAR"][episodes.last], -1) > book["YEAR"][episodes.last]
    picked = chosen(rng, episodes.joined & recent & goes_on, rate)
    picked &= ~episodes.after(picked)
    closing = episodes.last[picked]
    begun = episodes.rows(episodes.after(picked)) & (
        book["YEAR"] == book["YEAR"][episodes.first][episodes.of_row]
    )
    rows = np.zeros(len(book), dtype=bool)
    rows[closing] = True
    as_it_was = {name: column[closing] for name, column in book.columns.items()}
    opened = book.written("recorded late", rows, end=OPEN, **_CLOSED)
    again = opened.and_again(closing, **(as_it_was | {"YEAR": book["YEAR"][closing] + 1}))
    kept = np.ones(len(again), dtype=bool)
    kept[: len(book)] = ~begun
    return again.saying("recorded late", np.append(begun, ~kept[len(book) :])).take(kept)


def year_not_returned(book: Book, rng: np.random.Generator, year: float) -> Book:
    """Lose the return of one collection year, if there is a year to lose."""
    del rng
    gone = book["YEAR"] == int(year)
    if not gone.any():
        return book
    tables = {name: table[table["YEAR"] != int(year)] for name, table in book.tables.items()}
    tables = {name: table.reset_index(drop=True) for name, table in tables.items()}
    return replace(book.saying("year not returned", gone), tables=tables).take(~gone)
