"""Two thousand damaged files: each is refused in clear words, or read with every row told of."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bayescich.errors import RecordsError
from bayescich.histories.episodes import chained_episodes
from bayescich.histories.spells import placement_spells
from bayescich.records.needs import NEEDS_TABLES
from bayescich.records.sources import Reading, read_tables_of
from bayescich.records.ssda903 import read_ssda903
from bayescich.records.ssda903_schema import SSDA903_TABLES
from bayescich.spec.policies import HistoryPolicies
from tests.records.damage import (
    ODD_CELLS,
    SUFFIXES,
    TABLES,
    WHOLE,
    damaged_bytes,
    damaged_text,
    statistical_content,
)

READ = tuple(table for table in (*SSDA903_TABLES, *NEEDS_TABLES) if table.name in TABLES)
NAME = "2024-return"
SEEN: Counter[str] = Counter()
"""Damaged files by how they ended."""

once = settings(
    derandomize=True,
    phases=(Phase.generate, Phase.shrink),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged")


def read_or_refused(read: Callable[[], Reading]) -> Reading | None:
    """Read, or check that the refusal says what, where and what next."""
    try:
        reading = read()
    except RecordsError as error:
        clear(error)
        return None
    SEEN["read"] += 1
    return reading


def clear(refusal: RecordsError) -> None:
    SEEN["refused"] += 1
    assert refusal.what
    assert refusal.where
    assert refusal.next_step


def adds_up(reading: Reading) -> None:
    """Check that every row read was kept or is told of, and every file is listed."""
    for name, frame in reading.tables.items():
        told = reading.account.total("excluded", name)
        assert reading.account.total("read", name) == len(frame) + told, name
        listed = reading.files.loc[reading.files["table"].eq(name), "rows"].sum()
        assert reading.account.total("read", name) == listed, name
    unread = reading.files["table"].eq("")
    assert reading.account.total("excluded", "files") == unread.sum()
    assert reading.files.loc[unread, "note"].ne("").all()


@pytest.mark.parametrize(
    ("name", "examples"), [("episodes", 350), ("header", 300), ("oc2", 300), ("needs", 500)]
)
def test_damaged_csv_files(folder: Path, name: str, examples: int) -> None:
    @settings(once, max_examples=examples)
    @given(damaged_text(name), st.sampled_from(SUFFIXES))
    def damaged(content: bytes, suffix: str) -> None:
        path = folder / f"{NAME}{suffix}"
        path.write_bytes(content)
        reading = read_or_refused(lambda: read_tables_of(path, READ))
        if reading is not None:
            adds_up(reading)

    damaged()


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_odd_cell_in_every_column(folder: Path, name: str) -> None:
    heading, first, *_ = TABLES[name]
    path = folder / f"{NAME}.csv"
    for cell in ODD_CELLS:
        rows = [[*first[:i], cell, *first[i + 1 :]] for i in range(len(first))]
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([heading, *TABLES[name][1:], *rows])
        reading = read_or_refused(lambda: read_tables_of(path, READ))
        if reading is not None:
            adds_up(reading)
            assert reading.account.total("read", name) == len(TABLES[name]) - 1 + len(rows)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_how_a_file_is_written_changes_no_row(folder: Path, encoding: str, end: str) -> None:
    path = folder / f"{NAME}.csv"
    path.write_text(WHOLE["episodes"])
    plain = read_tables_of(path, READ).tables["episodes"]
    for between in (",", ";", "\t", "|"):
        rows = [between.join(row[::-1]) for row in TABLES["episodes"]]
        path.write_bytes(end.join(rows).encode(encoding))
        reading = read_or_refused(lambda: read_tables_of(path, READ))
        assert reading is not None
        adds_up(reading)
        pd.testing.assert_frame_equal(reading.tables["episodes"], plain)


@pytest.mark.parametrize("suffix", [".parquet", ".sav", ".dta", ".xml"])
def test_damaged_files_of_other_kinds(folder: Path, suffix: str) -> None:
    whole = statistical_content(folder, suffix)
    path = folder / f"{NAME}{suffix}"

    @settings(once, max_examples=75)
    @given(damaged_bytes(whole))
    def damaged(content: bytes) -> None:
        path.write_bytes(content)
        reading = read_or_refused(lambda: read_tables_of(path, READ))
        if reading is not None:
            adds_up(reading)

    damaged()


def test_damaged_returns_become_histories_all_the_same(folder: Path) -> None:
    returns = folder / "2023-24"
    returns.mkdir()
    whole = {n: WHOLE[n].encode() for n in ("header", "episodes")}

    @settings(once, max_examples=50)
    @given(st.sampled_from(sorted(whole)).flatmap(lambda n: st.tuples(st.just(n), damaged_text(n))))
    def damaged(one: tuple[str, bytes]) -> None:
        for name, content in (whole | dict([one])).items():
            (returns / f"{name}.csv").write_bytes(content)
        try:
            records = read_ssda903(returns)
            chain, account = chained_episodes(records, HistoryPolicies())
            spells, _ = placement_spells(chain, HistoryPolicies())
        except RecordsError as error:
            clear(error)
            return
        SEEN["read"] += 1
        left_out = sum(e.rows for e in account.entries if e.stage == "excluded")
        assert len(chain) + left_out == len(records.episodes)
        assert (spells["end"] >= spells["start"]).all()

    damaged()


@settings(once, max_examples=10)
@given(st.lists(st.sampled_from(sorted(TABLES)), min_size=2, max_size=4))
def test_files_given_twice(folder: Path, names: list[str]) -> None:
    copies = folder / "copies" / "2023-24"
    copies.mkdir(parents=True, exist_ok=True)
    for path in copies.iterdir():
        path.unlink()
    for number, name in enumerate(names):
        (copies / f"{number}.csv").write_text(WHOLE[name])
    reading = read_or_refused(lambda: read_tables_of(copies, READ))
    assert reading is not None
    adds_up(reading)
    for name in set(names):
        assert len(reading.tables[name]) == len(TABLES[name]) - 1
    assert reading.account.total("excluded", "files") == len(names) - len(set(names))
    SEEN["read"] += len(names) - 1


def test_an_empty_folder(folder: Path) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(RecordsError) as caught:
        read_ssda903(folder / "empty")
    assert caught.value.next_step


def test_two_thousand_were_damaged_and_both_ends_are_met() -> None:
    assert SEEN.total() >= 2000
    assert min(SEEN["read"], SEEN["refused"]) > 400
