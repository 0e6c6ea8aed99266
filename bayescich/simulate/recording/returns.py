"""Faults of a return as it is made: rows twice, children's facts that differ, untidy cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from bayescich.histories.sorted_rows import MISSING, dates_of, days_of
from bayescich.records.ssda903_codes import code_set
from bayescich.records.ssda903_schema import EPISODE_COLUMNS
from bayescich.simulate.draws import Flags, Ints, Texts
from bayescich.simulate.recording.book import OPEN, Book
from bayescich.simulate.recording.codes import chosen

DAYS = ("DECOM", "DEC")
"""Columns of Episodes that are written as text where a fault makes them so."""

_OTHER_SEX = {"1": "2", "2": "1", "M": "F", "F": "M"}
_CODED = ("RNE", "LS", "CIN", "PLACE", "PLACE_PROVIDER", "REC", "PL_POST", "URN")


def returned_twice(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Return a row twice in one year; the copy may lack a cell."""
    rows = chosen(rng, np.ones(len(book), dtype=bool), rate)
    at = np.flatnonzero(rows)
    same = rng.random(len(at)) < 1 / 2
    provider = np.where(same, book["PLACE_PROVIDER"][at], "")
    copied = {name: column[at] for name, column in book.columns.items()}
    twice = book.and_again(at, **(copied | {"PLACE_PROVIDER": provider}))
    return twice.saying("returned twice", np.append(rows, np.zeros(len(at), dtype=bool)))


def _header(book: Book, cause: str, rows: Flags, **values: object) -> Book:
    """Write something else into rows of the Header; values are one for each of those rows."""
    table = book.tables["header"]
    changed = {}
    for name, value in values.items():
        column = table[name].to_numpy(copy=True)
        column[rows] = value
        changed[name] = pd.Series(column, dtype=table[name].dtype)
    children = table["CHILD"].to_numpy(dtype=object)[rows]
    return book.with_table("header", table.assign(**changed)).saying_of(cause, children)


def header_row_missing(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Leave a child out of the Header of one return."""
    table = book.tables["header"]
    gone = rng.random(len(table)) < rate
    kept = table[~gone].reset_index(drop=True)
    children = table["CHILD"].to_numpy(dtype=object)[gone]
    return book.with_table("header", kept).saying_of("header row missing", children)


def sex_differs(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Give a child the other sex in one return."""
    other = book.tables["header"]["SEX"].map(_OTHER_SEX)
    rows = chosen(rng, other.notna().to_numpy(), rate)
    return _header(book, "sex differs", rows, SEX=other.to_numpy(dtype=object)[rows])


def ethnicity_differs(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Give a child another ethnicity in one return."""
    rows = rng.random(len(book.tables["header"])) < rate
    known = code_set("ethnic").table
    codes = np.asarray(known.index[known["valid_to"].isna()], dtype=object)
    drawn = codes[rng.integers(0, len(codes), int(rows.sum()))]
    return _header(book, "ethnicity differs", rows, ETHNIC=drawn)


def birth_date_differs(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Give a child a date of birth some months off in one return."""
    born = days_of(book.tables["header"]["DOB"])
    rows = chosen(rng, born != MISSING, rate)
    days = rng.choice(np.array([-366, -365, -31, -1, 1, 30, 365]), int(rows.sum()))
    return _header(book, "birth date differs", rows, DOB=dates_of(born[rows] + days))


def upn_lost(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Lose a child's UPN from some year on: blank, not yet known, or with a slip in it."""
    table = book.tables["header"]
    code, ids = pd.factorize(table["CHILD"])
    year = table["YEAR"].to_numpy(dtype=np.int64)
    draw, how = rng.random(len(ids))[code], rng.integers(0, 3, len(ids))[code]
    since = rng.choice(book.years if len(book) else np.array([0]), len(ids))[code]
    # half of those concerned never have it, the others lose it with a new system
    since = np.where(draw < rate / 2, 0, since)
    upn = table["UPN"].to_numpy(dtype=object)
    rows = (draw < rate) & (year >= since) & (table["UPN"].str.len().to_numpy() == 13)
    slips = [number[:-1] for number in upn[rows]]
    blank = np.full(len(slips), "", dtype=object)
    wrong = np.select([how[rows] == 0, how[rows] == 1], [blank, blank + "UN4"], slips)
    return _header(book, "upn lost", rows, UPN=wrong)


def untidy_cells(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Write codes in small letters, with spaces around, in some yearly files of Episodes."""
    years = book.years
    untidy = years[rng.random(len(years)) < rate]
    in_file = np.isin(book["YEAR"], untidy)
    rows = chosen(rng, in_file, 1 / 4)
    if not rows.any():
        return book
    small = rng.random(len(book)) < 1 / 2
    written = {}
    for name in _CODED:
        lower, spaced = _mapped(book[name], str.lower), _mapped(book[name], _with_spaces)
        written[name] = np.where(small, lower, spaced)[rows]
    changed = replace(book.written("untidy cells", rows, **written), noted=book.noted)
    return changed.saying_of_all("untidy cells", int(rows.sum()))


def _with_spaces(text: str) -> str:
    return f" {text}  " if text else text


def _mapped(texts: Texts, change: Callable[[str], str]) -> Texts:
    """Change each distinct text once."""
    code, distinct = pd.factorize(texts)
    changed: Texts = np.array([change(str(text)) for text in distinct], dtype=object)[code]
    return changed


def dates_year_first(book: Book, rng: np.random.Generator, rate: float) -> Book:
    """Write dates yyyy-mm-dd in some yearly files, those of Episodes and Header each by itself."""
    years = book.years
    of_episodes = np.isin(book["YEAR"], years[rng.random(len(years)) < rate])
    of_header = years[rng.random(len(years)) < rate]
    if of_episodes.any():
        book = with_dates_as_text(book)
        for name, day in zip(DAYS, ("start", "end"), strict=True):
            plain = of_episodes & (book[name] == day_first(book[day]))
            book = book.with_columns(**{name: np.where(plain, year_first(book[day]), book[name])})
        book = book.saying_of_all("dates year first", int(of_episodes.sum()))
    header = book.tables["header"]
    rows = header["YEAR"].isin(of_header).to_numpy()
    if not rows.any() or header["DOB"].dtype == object:
        return book
    born = days_of(header["DOB"])
    text = np.where(rows, year_first(born), day_first(born))
    book = book.with_table("header", header.assign(DOB=pd.Series(text, dtype=object)))
    return book.saying_of_all("dates year first", int(rows.sum()))


def with_dates_as_text(book: Book) -> Book:
    """Return the book with DECOM and DEC written dd/mm/yyyy, if they are not yet."""
    if "DECOM" in book.columns:
        return book
    return book.with_columns(DECOM=day_first(book["start"]), DEC=day_first(book["end"]))


def year_first(days: Ints) -> Texts:
    """Write days yyyy-mm-dd, none as a blank.

    Examples
    --------
    >>> year_first(np.array([2, OPEN])).tolist()
    ['1970-01-03', '']
    """
    distinct, place = np.unique(days, return_inverse=True)
    text = np.datetime_as_string(distinct.astype("datetime64[D]")).astype(object)
    text[distinct == OPEN] = ""
    written: Texts = text[place]
    return written


def day_first(days: Ints) -> Texts:
    """Write days dd/mm/yyyy, none as a blank.

    Examples
    --------
    >>> day_first(np.array([2, OPEN])).tolist()
    ['03/01/1970', '']
    """
    return _mapped(year_first(days), lambda text: "/".join(reversed(text.split("-"))))


def tables_of(book: Book) -> dict[str, pd.DataFrame]:
    """Return every table as it is written: Episodes by year, child and day, then the others."""
    order = np.lexsort((book["start"], book["child"], book["YEAR"]))
    day = {"DECOM": "start", "DEC": "end"}
    columns: dict[str, object] = {"YEAR": book["YEAR"][order]}
    for name in EPISODE_COLUMNS:
        if name in book.columns:
            columns[name] = pd.Series(book[name][order], dtype=object)
        else:
            columns[name] = dates_of(book[day[name]][order])
    return {"episodes": pd.DataFrame(columns), **book.tables}
