"""SSDA903 returns of the size of England, drawn with numpy: nobody's records, but their shape.

Children enter, move, leave and come back; episodes chain with X1; an open one is returned again
each year; about one row in twenty carries a fault that the readers must find.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv

from bayescich.records.ssda903_codes import code_set
from bayescich.records.ssda903_schema import EPISODE_COLUMNS, HEADER_COLUMNS

AUTHORITIES = 150
FIRST_YEAR, LAST_YEAR = 2011, 2025
"""The collection years returned, as the years in which they end."""

ROWS_PER_CHILD = 5.0
"""Episode rows returned per child: three million rows are of 600,000 children."""

SEEN = 0.97
"""Share of the children drawn whose care falls into the collection years."""

FAULTY = 0.05
"""Share of the rows that carry a fault."""

_EPOCH = np.datetime64("1970-01-01")
_ADULT = 6575
"""Days from birth to the 18th birthday."""

_PLACES = {
    "foster": 0.56, "kinship foster": 0.16, "children's home": 0.1, "parents": 0.06,
    "supported": 0.05, "adoption": 0.03, "secure children's home": 0.01,
    "residential school": 0.01, "other residential": 0.01, "custody": 0.01,
}  # fmt: skip
_EXITS = {
    "reunification": 0.35, "permanence order": 0.15, "adoption": 0.1, "independence": 0.15,
    "other": 0.12, "family or friends": 0.08, "transfer": 0.03, "custody": 0.02,
}  # fmt: skip
_LEGAL = {
    "care order": 0.6, "voluntary": 0.25, "placement or freeing order": 0.08, "emergency": 0.03,
    "youth justice": 0.03, "respite": 0.01,
}  # fmt: skip
_REASONS = {
    "planned": 0.45, "unknown": 0.25, "disruption": 0.18, "provider": 0.08, "safeguarding": 0.04,
}  # fmt: skip
_NEWS = {"P": 0.5, "L": 0.28, "T": 0.08, "B": 0.08, "U": 0.06}
"""Why an episode begins within a period of care."""

Columns = dict[str, np.ndarray]


@dataclass(frozen=True)
class Returns:
    """Everything that the authorities return, as text and ready to write."""

    episodes: pa.Table
    header: pa.Table
    children: int


def national_returns(rows: int, seed: int = 903) -> Returns:
    """Draw about so many episode rows of 15 collection years and 150 authorities."""
    rng = np.random.default_rng(seed)
    children = max(int(rows / ROWS_PER_CHILD / SEEN), AUTHORITIES)
    born, entered, authority = _children(rng, children)
    episodes = _in_window(_episodes(rng, born, entered))
    returned = _faulty(rng, _yearly(episodes))
    header = _header(rng, returned, born, authority)
    return Returns(_episode_table(returned, authority), header, len(np.unique(returned["child"])))


def write_returns(returns: Returns, folder: Path, layout: str) -> None:
    """Write two stacked files, or two files per authority and year in folders of their own."""
    tables = {"episodes": returns.episodes, "header": returns.header}
    for name, table in tables.items():
        if layout == "stacked":
            csv.write_csv(table, folder / f"{name}.csv")
            continue
        place = pd.MultiIndex.from_arrays([table[c].to_pandas() for c in ("LA", "YEAR")])
        order = table.drop_columns(["LA", "YEAR"])
        for (authority, year), rows in pd.RangeIndex(len(place)).groupby(place).items():
            own = folder / str(authority) / str(year)
            own.mkdir(parents=True, exist_ok=True)
            csv.write_csv(order.take(rows.to_numpy()), own / f"{name}.csv")


def _day(text: str) -> int:
    return int((np.datetime64(text) - _EPOCH).astype(int))


def _children(rng: np.random.Generator, children: int) -> tuple[np.ndarray, ...]:
    """Return day of birth, day of entering care and authority; the entries begin before 2011."""
    entered = rng.integers(_day("2008-04-01"), _day(f"{LAST_YEAR}-03-01"), children)
    age = rng.choice(18, children, p=_weights([9, *[4] * 9, *[5] * 4, 7, 8, 8, 4]))
    born = entered - (age * 365.25).astype(int) - rng.integers(0, 360, children)
    return born, entered, rng.integers(AUTHORITIES, size=children)


def _weights(shares: list[float]) -> np.ndarray:
    return np.asarray(shares, dtype=float) / np.sum(shares)


def _episodes(rng: np.random.Generator, born: np.ndarray, entered: np.ndarray) -> Columns:
    """Chain the episodes of every child: one row each, ordered by child and day."""
    counts = 1 + rng.geometric(0.36, len(born))
    child = np.repeat(np.arange(len(born)), counts)
    first = np.r_[True, child[1:] != child[:-1]]
    news = rng.choice(list(_NEWS), len(child), p=_weights(list(_NEWS.values())))
    news[first | (rng.random(len(child)) < 0.12)] = "S"
    days = 1 + rng.exponential(270, len(child)).astype(int)
    gap = np.where((news == "S") & ~first, 1 + rng.exponential(300, len(child)).astype(int), 0)
    before = np.cumsum(days + gap) - days
    start = entered[child] + before - np.maximum.accumulate(np.where(first, before, 0))
    adult = born[child] + _ADULT
    end = np.minimum(start + days, adult)
    columns = {"child": child, "start": start, "end": end, "RNE": news, "aged_out": end == adult}
    alive = start < adult
    return _placed(rng, {name: values[alive] for name, values in columns.items()})


def _placed(rng: np.random.Generator, episodes: Columns) -> Columns:
    """Give every episode its codes; those of one placement share theirs."""
    news, rows = episodes["RNE"], len(episodes["RNE"])
    care = np.cumsum(news == "S") - 1
    stay = np.cumsum(np.isin(news, ["S", "P", "B"])) - 1
    site = np.cumsum(news != "L") - 1
    legal = np.cumsum(np.isin(news, ["S", "L", "B", "U"])) - 1
    goes_on = np.r_[news[1:] != "S", False]
    exits = np.where(episodes["aged_out"], "E5", _drawn(rng, "rec", _EXITS, rows))
    moves = np.r_[np.isin(news[1:], ["P", "B"]), False]
    reasons = _drawn(rng, "reason_place_change", _REASONS, rows)
    return episodes | {
        "LS": _drawn(rng, "ls", _LEGAL, legal[-1] + 1)[legal],
        "CIN": _any_of(rng, "cin", care[-1] + 1)[care],
        "PLACE": _with_temporary(rng, _drawn(rng, "place", _PLACES, stay[-1] + 1))[stay],
        "PLACE_PROVIDER": rng.choice(["PR1", "PR2", "PR4", "PR5"], site[-1] + 1)[site],
        "site": rng.integers(20_000, size=site[-1] + 1)[site],
        "home_post": rng.integers(20_000, size=care[-1] + 1)[care],
        "REC": np.where(goes_on, "X1", exits),
        "REASON_PLACE_CHANGE": np.where(moves, reasons, ""),
    }


def _with_temporary(rng: np.random.Generator, places: np.ndarray) -> np.ndarray:
    """Make one placement in thirty a temporary one, after which the last one goes on."""
    away = np.flatnonzero(rng.random(len(places)) < 1 / 30)
    away = away[(away > 0) & (away < len(places) - 1)]
    places[away + 1] = places[away - 1]
    places[away] = "T4"
    return places


def _drawn(rng: np.random.Generator, name: str, shares: dict[str, float], rows: int) -> np.ndarray:
    """Draw groups of codes by their shares, and any code of the group that is valid throughout."""
    table = _valid_throughout(name)
    table = table[table["group"].isin(shares)]
    size = table.groupby("group")["group"].transform("size")
    weights = table["group"].map(shares) / size
    return rng.choice(table.index.to_numpy(dtype="U6"), rows, p=_weights(list(weights)))


def _any_of(rng: np.random.Generator, name: str, rows: int) -> np.ndarray:
    return rng.choice(_valid_throughout(name).index.to_numpy(dtype="U6"), rows)


def _valid_throughout(name: str) -> pd.DataFrame:
    table = code_set(name).table
    asked = table["valid_from"].fillna(0).le(FIRST_YEAR)
    # supported accommodation is H5 until K3 replaces it, see _yearly
    return table[asked & (table["valid_to"].isna() | table.index.isin(["H5"]))]


def _in_window(episodes: Columns) -> Columns:
    begins, ends = _day(f"{FIRST_YEAR - 1}-04-01"), _day(f"{LAST_YEAR}-04-01")
    inside = (episodes["end"] >= begins) & (episodes["start"] < ends)
    return {name: values[inside] for name, values in episodes.items()}


def _collection_year(day: np.ndarray) -> np.ndarray:
    """Return the year in which the collection year of each day ends."""
    months = (_EPOCH + day.astype("timedelta64[D]")).astype("datetime64[M]").astype(int)
    return (months - 3) // 12 + 1971


def _yearly(episodes: Columns) -> Columns:
    """Return each episode in every collection year in which it runs, open until it ends."""
    first = np.maximum(_collection_year(episodes["start"]), FIRST_YEAR)
    last = np.minimum(_collection_year(episodes["end"]), LAST_YEAR)
    times = last - first + 1
    again = np.repeat(np.arange(len(times)), times)
    year = first[again] + np.arange(len(again)) - np.repeat(np.cumsum(times) - times, times)
    returned = {name: values[again] for name, values in episodes.items()} | {"YEAR": year}
    returned["open"] = _collection_year(returned["end"]) > year
    renamed = (returned["PLACE"] == "H5") & (year >= 2025)
    returned["PLACE"][renamed] = "K3"
    return returned


def _faulty(rng: np.random.Generator, rows: Columns) -> Columns:
    """Spoil some rows: overlaps, gaps, reversed dates, lost ends, codes that are none, doubles."""
    kinds = 6
    fault = np.where(
        rng.random(len(rows["child"])) < FAULTY, rng.integers(kinds, size=len(rows["child"])), kinds
    )
    rows["end"] += np.select([fault == 0, fault == 1], [10, -1], 0)
    rows["end"] = np.where(fault == 2, rows["start"] - 5, rows["end"])
    rows["open"] = rows["open"] | (fault == 3)
    rows["PLACE"] = np.where(fault == 4, "X9", rows["PLACE"])
    twice = np.sort(np.r_[np.arange(len(fault)), np.flatnonzero(fault == 5)])
    return {name: values[twice] for name, values in rows.items()}


def _dates(days: np.ndarray, blank: np.ndarray | None = None) -> pa.Array:
    """Write days as dd/mm/yyyy; each distinct day once."""
    distinct, position = np.unique(days, return_inverse=True)
    texts = pd.to_datetime(distinct, unit="D").strftime("%d/%m/%Y").to_numpy(dtype="U10")
    written = texts[position]
    return pa.array(written if blank is None else np.where(blank, "", written))


def _numbered(form: str, numbers: np.ndarray) -> np.ndarray:
    return np.array([form.format(number) for number in range(int(numbers.max()) + 1)])[numbers]


def _postcodes(numbers: np.ndarray) -> np.ndarray:
    texts = [
        f"A{n % 90 + 1} {n % 9 + 1}{chr(65 + n % 26)}{chr(65 + n // 90 % 26)}"
        for n in range(20_000)
    ]
    return np.array(texts)[numbers]


def _episode_table(rows: Columns, authority: np.ndarray) -> pa.Table:
    columns: dict[str, np.ndarray | pa.Array] = {
        name: rows[name] for name in rows if name.isupper()
    }
    la = authority[rows["child"]]
    columns |= {
        "LA": _numbered("Authority {}", la),
        "CHILD": _numbered("{}", rows["child"]),
        "DECOM": _dates(rows["start"]),
        "DEC": _dates(rows["end"], rows["open"]),
        "REC": np.where(rows["open"], "", rows["REC"]),
        "REASON_PLACE_CHANGE": np.where(rows["open"], "", rows["REASON_PLACE_CHANGE"]),
        "HOME_POST": _postcodes(rows["home_post"]),
        "PL_POST": _postcodes(rows["site"]),
        "URN": _numbered("SC{:06d}", rows["site"] // 5),
    }
    return pa.table({name: columns[name] for name in ("LA", "YEAR", *EPISODE_COLUMNS)})


def _header(
    rng: np.random.Generator, rows: Columns, born: np.ndarray, authority: np.ndarray
) -> pa.Table:
    pair = np.unique(rows["child"] * 10_000 + rows["YEAR"])
    child, year = pair // 10_000, pair % 10_000
    girl = rng.random(len(born))[child] < 0.45
    blank = np.full(len(child), "")
    columns: dict[str, np.ndarray | pa.Array] = {
        "LA": _numbered("Authority {}", authority[child]),
        "YEAR": year,
        "CHILD": _numbered("{}", child),
        "SEX": np.where(year < 2025, np.where(girl, "2", "1"), np.where(girl, "F", "M")),
        "DOB": _dates(born[child]),
        "ETHNIC": _any_of(rng, "ethnic", len(born))[child],
        "UPN": _numbered("A{:012d}", child),
        "MOTHER": np.where(girl, "0", ""),
        "MC_DOB": blank,
    }
    return pa.table({name: columns[name] for name in ("LA", "YEAR", *HEADER_COLUMNS)})
