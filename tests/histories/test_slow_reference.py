"""The package against histories built a second time, one child at a time, from the rules.

Three kinds of returns are compared row by row under every choice: faulty ones drawn by hypothesis,
the public sample files, and a small synthetic England.
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bayescich.account import Account
from bayescich.histories.episodes import chained_episodes
from bayescich.histories.exits import exits
from bayescich.histories.home_spells import home_spells
from bayescich.histories.moves import moves
from bayescich.histories.spells import placement_spells
from bayescich.histories.succession import urn_succession
from bayescich.records.ssda903 import Ssda903Records, read_ssda903
from bayescich.records.ssda903_codes import code_set
from bayescich.simulate import Settings, simulate_england, write_england
from bayescich.spec.policies import HistoryPolicies
from tests.histories.slow_reference import Row, Rows, plain, reference

CHOICES: list[dict[str, Any]] = [
    {},
    {"overlaps": "merge"},
    {"overlaps": "exclude"},
    {"temporary": "placement"},
    {"stale_open": "exclude"},
    {"gap_days_closed": 7},
    {"returned_twice": "first"},
    {"short_breaks": "keep"},
    {"same_carer": "move"},
    {"status_only": "move"},
    {"re_registered_homes": "as registered"},
    {"days_away": "removed"},
    {"day_zero": 0.0},
    {"gap_days_closed": 0, "temporary": "placement", "same_carer": "move", "status_only": "move"},
]
NAMES = [", ".join(f"{k}={v}" for k, v in choice.items()) or "defaults" for choice in CHOICES]

CHAIN = [
    "child", "LA", "YEAR", "DECOM", "DEC", "RNE", "LS", "CIN", "PLACE", "PLACE_CLASS", "REC",
    "REASON_PLACE_CHANGE", "PL_POST", "URN", "born", "open", "records_begin", "records_end",
    "imputed_end",
]  # fmt: skip
SPELLS = [
    "child", "authority", "born", "sex", "start", "end", "days", "days_away", "PLACE",
    "PLACE_CLASS", "PLACE_PROVIDER", "URN", "PL_POST", "place", "LS", "need", "history_known",
    "placements_before", "ended_by", "reason", "REC", "imputed_end", "same_carer_changes",
    "next_place", "next_class", "next_urn",
]  # fmt: skip
MOVES = [
    "child", "authority", "date", "from_class", "to_class", "from_place", "to_place", "from_urn",
    "to_urn", "reason", "reason_class", "unplanned", "disruption", "family_type_next",
    "other_share_of_authority", "reasons_usable",
]  # fmt: skip
EXITS = [
    "child", "date", "from_class", "to_class", "REC", "route", "route_group", "censored_by",
    "near_18",
]  # fmt: skip


# ---- comparison ----


def cells(rows: Rows, columns: list[str]) -> list[tuple[Any, ...]]:
    """Return rows as tuples that can be compared and read."""
    return [tuple(row[column] for column in columns) for row in rows]


def cells_of(table: pd.DataFrame, columns: list[str]) -> list[tuple[Any, ...]]:
    return list(zip(*(plain(table[column]) for column in columns), strict=True))


def numbered_anew(table: list[tuple[Any, ...]]) -> list[int]:
    """Number child and period in the order met: which number a period has means nothing."""
    seen: dict[Any, int] = {}
    return [seen.setdefault(row, len(seen)) for row in table]


def assert_same(returns: Ssda903Records, choice: dict[str, Any]) -> Rows:
    """Build the histories twice and compare every row; return the chain."""
    policies = HistoryPolicies(**choice)
    chain, _ = chained_episodes(returns, policies)
    succession, _ = urn_succession(chain)
    spells, _ = placement_spells(chain, policies)
    stays, _ = home_spells(chain, spells, policies, succession)
    homes = dict(zip(succession["urn"], succession["home"], strict=True))
    slow = reference(returns, policies, homes)
    at_home = [*SPELLS, "home", "registered_late"]
    for table, rows, columns in (
        (chain, slow.chain, CHAIN),
        (spells, slow.spells, SPELLS),
        (stays, slow.home_spells, at_home),
        (moves(spells, policies)[0], slow.moves, MOVES),
        (exits(spells, policies)[0], slow.exits, EXITS),
    ):
        fast = cells_of(table, columns)
        # the first rows that differ tell more than a listing of thousands
        differ = [
            pair for pair in zip(fast, cells(rows, columns), strict=False) if len(set(pair)) > 1
        ]
        assert (columns, differ[:2]) == (columns, [])
        assert len(fast) == len(rows)
        periods = ["child", "period"]
        assert numbered_anew(cells_of(table, periods)) == numbered_anew(cells(rows, periods))
    return slow.chain


# ---- faulty returns ----

FIRST = pd.Timestamp("2016-04-01")
YEARS = range(2017, 2022)
BORN = {
    "a": "1999-01-15", "b": "2008-05-01", "c": "2000-02-29", "d": "1999-12-31", "e": None,
    "f": "2017-03-01", "g": "2000-03-31",
}  # fmt: skip
PLACES = [
    ("K2", "AB1", "SC111111"), ("K2", "AB2", "SC222222"), ("K1", "AB1", "SC111111"),
    ("K2", "AB1", "SC333333"), ("K2", "AB1", "XXXXXXX"), ("K2", "AB2", "XXXXXXX"),
    ("K2", None, None), ("K2", None, "SC111111"), ("H3", "AB1", None), ("U6", "AB3", "9999999"),
    ("U4", "AB3", "9999999"), ("U6", "AB4", "9999999"), ("U6", "AB3", "8888888"),
    ("U6", None, "9999999"), ("U1", "AB3", None), ("H5", "AB5", None), ("K3", "AB5", "7777777"),
    ("P2", "AB5", None), ("Z1", "AB1", None), ("Z11", "AB1", None), ("P1", "AB6", None),
    ("R2", "AB7", None), ("R5", None, None), ("S1", "AB2", "SC222222"), ("M3", None, None),
    ("A5", "AB3", "9999999"), (None, "AB1", None),
]  # fmt: skip
AWAY = [("T1", None, None), ("T4", None, None), ("T4", "AB9", None), ("T0", None, None)]
GROUPS = code_set("place").group
WRITTEN = [
    "LA", "CHILD", "YEAR", "DECOM", "DEC", "RNE", "LS", "CIN", "PLACE", "PL_POST", "URN", "REC",
    "REASON_PLACE_CHANGE",
]  # fmt: skip

Cells = tuple[Any, ...]


def some(*usual: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(usual)


HOW = {
    "days": some(0, 1, 3, 20, 30, 90, 200, 400),
    "gap": some(*[0] * 10, 1, 2, 7, 8, 60, -1, -3, -30, -100),
    "ended": some(*[True] * 7, False),
    "rne": some(*"PPPBTULS", None),
    "ls": some(*["C2"] * 8, "V2", "J1", "V3"),
    "cin": some("N1", "N2"),
    "where": some("same", "same", "other", "other", "other", "away", "away", "back"),
    "place": st.sampled_from(PLACES[:9] * 2 + PLACES),
    "away": st.sampled_from(AWAY),
    "rec": some(*["X1"] * 8, "E4A", "E4B", "E3", "E2", "E8", "E99", "E14", "E17", None),
    "reason": some("CARPL", "CARPL", "PLACE", "OTHER", "CREQB", "CUSTOD", "LIIAF", None),
    # how many years later it is returned again, and what is amended then
    "again": st.lists(st.tuples(st.integers(1, 4), some(None, 0, 0, -1, 5, 30)), max_size=2),
    "amended": some({}, {}, {}, {"LS": "V3"}, {"REC": "X1"}, {"REC": None}, {"PLACE": "P1"}),
    "twice": some(*[None] * 12, {"PLACE": "R2"}, {"REC": "E4A"}, {}),
}
STEPS = st.lists(st.fixed_dictionaries(HOW), min_size=2, max_size=6)
# four of the children turn 18 some days or months after such a day
BEGINS = some(0, 250, 600, 680)
CHILD = st.tuples(some(*"NS"), some(*"abcdefgacdg"), BEGINS, STEPS)
RETURNS = st.lists(CHILD, min_size=2, max_size=4)


def written(authority: str, child: str, day: int, steps: list[dict[str, Any]]) -> list[Row]:
    """Write the rows of a child: a chain that holds together more or less, and its faults."""
    rows: list[Row] = []
    lived: list[Cells] = []
    rne = "S"
    for step in steps:
        lived.append(place_of(step, lived))
        end = day + step["days"]
        year = 2017 + day // 365
        row = dict(zip(WRITTEN, (
            authority, child, year, day, end if step["ended"] else None, rne, step["ls"],
            step["cin"], *lived[-1], step["rec"], step["reason"],
        ), strict=True))  # fmt: skip
        rows.append(row)
        for later, change in step["again"]:
            ends = None if change is None else end + change
            rows.append(row | {"YEAR": year + later, "DEC": ends} | step["amended"])
        if step["twice"] is not None:
            rows.append(row | step["twice"])
        day = end + step["gap"]
        rne = step["rne"] if step["rec"] == "X1" else "S"
    return [row for row in rows if row["YEAR"] in YEARS]


def place_of(step: dict[str, Any], lived: list[Cells]) -> Cells:
    """Return where a child goes: elsewhere, away for a time, back, or nowhere."""
    if step["where"] == "away":
        return step["away"]
    if step["where"] == "back" and len(lived) > 1:
        return lived[-2]
    return lived[-1] if step["where"] == "same" and lived else step["place"]


@cache
def examples() -> list[list[Row]]:
    """Draw returns; they are compared together, for the package takes them all at once."""
    drawn: list[list[Row]] = []

    @settings(
        max_examples=300,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(RETURNS)
    def collect(children: list[tuple[Any, ...]]) -> None:
        drawn.append([row for child in children for row in written(*child)])

    collect()
    return drawn


def returned(drawn: list[list[Row]]) -> Ssda903Records:
    """Return examples as returns, each with authorities and homes of its own."""
    rows = [
        row | {"LA": f"{row['LA']}{n}", "URN": f"{row['URN']}{n}" if known(row) else row["URN"]}
        for n, example in enumerate(drawn)
        for row in example
    ]
    table = pd.DataFrame(rows, columns=WRITTEN)
    texts = table.drop(columns=["YEAR", "DECOM", "DEC"]).astype("str")
    episodes = texts.assign(
        YEAR=table["YEAR"].astype("Int64"),
        DECOM=dates(table["DECOM"]),
        DEC=dates(table["DEC"]),
        PLACE_CLASS=texts["PLACE"].map(GROUPS).astype("str"),
        PLACE_PROVIDER=pd.Series("PR4", index=table.index, dtype="str"),
        HOME_POST=pd.Series("AB1", index=table.index, dtype="str"),
    )
    header = episodes[["LA", "YEAR", "CHILD"]].drop_duplicates(ignore_index=True)
    born = header["CHILD"].map(BORN).astype("object")
    header = header.assign(
        DOB=pd.to_datetime(born).astype("datetime64[ns]"),
        **{name: pd.Series("M", index=header.index, dtype="str") for name in ("SEX", "ETHNIC")},
    )
    return Ssda903Records(header, episodes, Account())


def known(row: Row) -> bool:
    return row["URN"] not in (None, "XXXXXXX")


def dates(days: pd.Series) -> pd.Series:
    return (FIRST + pd.to_timedelta(days.astype("float64"), unit="D")).astype("datetime64[ns]")


def test_the_drawn_returns_hold_every_fault() -> None:
    chain = assert_same(returned(examples()), {})
    assert len(examples()) >= 300
    assert len(chain) > 2000
    assert {row["REC"] for row in chain} >= {None, "X1", "E2", "E3", "E4A", "E99"}
    assert any(row["open"] for row in chain)
    assert sum(row["imputed_end"] for row in chain) > 100


@pytest.mark.parametrize("number", range(1, len(CHOICES)), ids=NAMES[1:])
def test_faulty_returns(number: int) -> None:
    assert_same(returned(examples()[number % 4 :: 4]), CHOICES[number])


# ---- other returns ----


@cache
def public_sample() -> Ssda903Records:
    return read_ssda903(
        Path(os.environ["BAYESCICH_REFERENCE"]) / "ssda903" / "cs_demand_model_samples"
    )


@pytest.mark.skipif(
    "BAYESCICH_REFERENCE" not in os.environ, reason="BAYESCICH_REFERENCE names no public samples"
)
@pytest.mark.parametrize("choice", CHOICES, ids=NAMES)
def test_public_sample(choice: dict[str, Any]) -> None:
    """Compare all children under the defaults, and every fifth under other choices."""
    returns = public_sample()
    chosen = set(returns.header["CHILD"].unique()[:: 5 if choice else 1])
    own = returns.episodes["CHILD"].isin(chosen)
    chain = assert_same(replace(returns, episodes=returns.episodes[own]), choice)
    assert len({row["child"] for row in chain}) > (100 if choice else 700)


@pytest.fixture(scope="module")
def england(tmp_path_factory: pytest.TempPathFactory) -> Ssda903Records:
    folder = tmp_path_factory.mktemp("england") / "england"
    write_england(simulate_england(Settings(children=500, seed=3)), folder)
    return read_ssda903(folder)


@pytest.mark.parametrize("choice", CHOICES[:5], ids=NAMES[:5])
def test_synthetic_england(england: Ssda903Records, choice: dict[str, Any]) -> None:
    chain = assert_same(england, choice)
    assert len({row["child"] for row in chain}) >= 400
