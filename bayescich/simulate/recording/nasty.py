"""Faults that no authority should have, to see that a reader of returns bears them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.histories.dates import first_of_april
from bayescich.histories.sorted_rows import MISSING, dates_of, days_of
from bayescich.simulate.draws import Flags, Texts
from bayescich.simulate.recording.book import OPEN, Book
from bayescich.simulate.recording.codes import chosen
from bayescich.simulate.recording.returns import with_dates_as_text, year_first

_NO_CODES = np.array(["K9", "X99", "??", "K2/U6", "n/a?", "2"], dtype=object)
_NEVER_BLANK = ("RNE", "LS", "CIN", "PLACE")
_NOT_OFSTEDS = ("P1", "P3", "R1", "R2", "R5", "T0", "T1", "T2", "T3", "T4", "Z1")


def _ended(book: Book) -> Flags:
    ended: Flags = book["end"] != OPEN
    return ended


def ends_before_start(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Let episodes end before they start."""
    rows = chosen(rng, _ended(book), rate)
    days = rng.integers(1, 400, int(rows.sum()))
    return book.written("ends before start", rows, end=book["start"][rows] - days)


def ends_on_first_day(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Let episodes end on the day they start."""
    rows = chosen(rng, _ended(book), rate)
    return book.written("ends on first day", rows, end=book["start"][rows])


def ends_in_the_future(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Give episodes an end after the return was made."""
    rows = chosen(rng, np.ones(len(book), dtype=bool), rate)
    days = rng.integers(1, 2000, int(rows.sum()))
    return book.written("ends in the future", rows, end=book.closes[rows] + days, REC="X1")


def open_with_reason(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Give open episodes a reason for having ended."""
    rows = chosen(rng, ~_ended(book), rate)
    return book.written("open with reason", rows, REC="X1", REASON_PLACE_CHANGE="CARPL")


def unknown_code(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Write codes that no table of codes has."""
    rows = chosen(rng, np.ones(len(book), dtype=bool), rate)
    which = rng.integers(0, 6, len(book))
    for number, name in enumerate(("RNE", "LS", "CIN", "PLACE", "REC", "PLACE_PROVIDER")):
        own = rows & (which == number) & (book[name] != "")
        drawn = _NO_CODES[rng.integers(0, len(_NO_CODES), int(own.sum()))]
        book = book.written("unknown code", own, **{name: drawn})
    return book


def blank_code(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Leave cells blank that never may be."""
    rows = chosen(rng, np.ones(len(book), dtype=bool), rate)
    which = rng.integers(0, len(_NEVER_BLANK), len(book))
    for number, name in enumerate(_NEVER_BLANK):
        own = rows & (which == number)
        blank = np.array(["", "NULL", "-"], dtype=object)[rng.integers(0, 3, int(own.sum()))]
        book = book.written("blank code", own, **{name: blank})
    return book


def provider_contradicts(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Let parents run a placement they cannot, or leave its provider blank."""
    known = (book["PLACE_PROVIDER"] != "") & (book["PLACE"] != "P1")
    rows = chosen(rng, known, rate)
    wrong = np.array(["PR0", ""], dtype=object)[rng.integers(0, 2, int(rows.sum()))]
    return book.written("provider contradicts", rows, PLACE_PROVIDER=wrong)


def urn_where_none(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Give a URN to a placement that Ofsted does not register."""
    if not len(book.urns):
        return book
    rows = chosen(rng, np.isin(book["PLACE"], _NOT_OFSTEDS), rate)
    drawn = book.urns[rng.integers(0, len(book.urns), int(rows.sum()))]
    return book.written("urn where none", rows, URN=drawn)


def _texts(book: Book, cause: str, name: str, rows: Flags, texts: Texts) -> Book:
    return with_dates_as_text(book).written(cause, rows, **{name: texts})


def day_and_month_swapped(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Write some first days mm/dd/yyyy."""
    rows = chosen(rng, np.ones(len(book), dtype=bool), rate)
    parts = [text.split("-") for text in year_first(book["start"][rows])]
    texts = np.array([f"{month}/{day}/{year}" for year, month, day in parts], dtype=object)
    return _texts(book, "day and month swapped", "DECOM", rows, texts)


def year_of_two_digits(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Write some first days dd/mm/yy."""
    rows = chosen(rng, np.ones(len(book), dtype=bool), rate)
    parts = [text.split("-") for text in year_first(book["start"][rows])]
    texts = np.array([f"{day}/{month}/{year[2:]}" for year, month, day in parts], dtype=object)
    return _texts(book, "year of two digits", "DECOM", rows, texts)


def date_of_no_calendar(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Write ends that are no dates."""
    rows = chosen(rng, _ended(book), rate)
    wrong = np.array(["31/02/2019", "00/00/0000", "soon", "43555", "#####"], dtype=object)
    texts = wrong[rng.integers(0, len(wrong), int(rows.sum()))]
    return _texts(book, "date of no calendar", "DEC", rows, texts)


def id_mangled(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Let a spreadsheet change children's ids from some year on, in Episodes only."""
    number = int(book["child"].max()) + 1 if len(book) else 0
    picked = (rng.random(number) < rate)[book["child"]]
    years = book.years if len(book) else np.array([0])
    rows = picked & (book["YEAR"] >= rng.choice(years, max(number, 1))[book["child"]])
    how = rng.integers(0, 3, max(number, 1))[book["child"]][rows]
    forms = (_with_decimals, _with_zeros, _in_powers_of_ten)
    mangled = [forms[h](text) for h, text in zip(how, book["CHILD"][rows], strict=True)]
    return book.written("id mangled", rows, CHILD=np.array(mangled, dtype=object))


def _with_decimals(text: str) -> str:
    return f"{text}.0"


def _with_zeros(text: str) -> str:
    return f"00{text}"


def _in_powers_of_ten(text: str) -> str:
    return f"{float(text):.2E}" if text.isdigit() else text


def starts_before_birth(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Give children a date of birth after their care has begun, in every return."""
    table = book.tables["header"]
    code, ids = pd.factorize(table["CHILD"])
    born = days_of(table["DOB"])
    rows = (rng.random(len(ids)) < rate)[code] & (born != MISSING)
    closes = first_of_april(table["YEAR"].to_numpy(dtype=np.int64)) - 1
    late = dates_of(np.where(rows, closes, born))
    changed = book.with_table("header", table.assign(DOB=late))
    return changed.saying_of("starts before birth", table["CHILD"].to_numpy(dtype=object)[rows])


def header_rows_missing(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Leave children out of the Header of every return."""
    table = book.tables["header"]
    code, ids = pd.factorize(table["CHILD"])
    gone = (rng.random(len(ids)) < rate)[code]
    kept = table[~gone].reset_index(drop=True)
    children = table["CHILD"].to_numpy(dtype=object)[gone]
    return book.with_table("header", kept).saying_of("header rows missing", children)


def header_row_twice(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Return Header rows twice, the second time with the ethnicity refused."""
    table = book.tables["header"]
    rows = table[rng.random(len(table)) < rate]
    both = pd.concat([table, rows.assign(ETHNIC="REFU")], ignore_index=True)
    children = rows["CHILD"].to_numpy(dtype=object)
    return book.with_table("header", both).saying_of("header row twice", children)


def upn_shared(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Give children the UPN of another child."""
    table = book.tables["header"]
    code, ids = pd.factorize(table["CHILD"])
    upns = table["UPN"].to_numpy(dtype=object)
    if not len(table):
        return book
    from_row = rng.integers(0, len(table), len(ids))[code]
    rows = (rng.random(len(ids)) < rate)[code]
    changed = table.assign(UPN=pd.Series(np.where(rows, upns[from_row], upns), dtype=object))
    children = table["CHILD"].to_numpy(dtype=object)[rows]
    return book.with_table("header", changed).saying_of("upn shared", children)


def missing_spell_backwards(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Let missing spells end before they start, or never."""
    table = book.tables.get("missing")
    if table is None or not len(table):
        return book
    start, end = days_of(table["MIS_START"]), days_of(table["MIS_END"])
    rows = chosen(rng, end != MISSING, rate)
    wrong = np.where(rng.random(len(table)) < 1 / 2, start - 1, MISSING)
    changed = table.assign(MIS_END=dates_of(np.where(rows, wrong, end)))
    children = table["CHILD"].to_numpy(dtype=object)[rows]
    return book.with_table("missing", changed).saying_of("missing spell backwards", children)
