"""``records check`` and ``records import`` as a user runs them: what is said, where, and kept."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from bayescich import cli, records_check

HEADER = "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n101,M,02/03/2008,WBRI,UN2,,\n"
EPISODES = (
    "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,"
    "URN\n101,05/06/2023,S,C2,N1,K2,PR4,,,,ZZ1 1AA,ZZ2 2BB,SC123456\n"
)
LIST = (
    "URN,Organisation which owns the provider,Provision type,Registration date,"
    "Registration status,Ofsted Region,"
    "Government Office Region,Local authority,Sector,Places,Latest full inspection event type,"
    "Latest full inspection date,Latest full inspection event number,"
    "Overall experiences and progress of children and young people\n"
    "SC123456,Care Ltd,Children's home,25/06/2015,Active,North East,North East,Durham,Private,4,"
    "Full inspection,05/11/2023,10000001,Good\n"
)


@dataclass(frozen=True)
class Answer:
    status: int
    out: str
    err: str


Call = Callable[..., Answer]


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    monkeypatch.chdir(tmp_path)
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(variable, "1")
    place = tmp_path / "data" / "Northshire" / "2023-24"
    place.mkdir(parents=True)
    (place / "header.csv").write_text(HEADER)
    (place / "episodes.csv").write_text(EPISODES)

    def command(*arguments: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["bayescich", "records", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        status = ended.value.code
        return Answer(status if isinstance(status, int) else 0, out, err)

    return command


def test_a_check_writes_a_page_and_says_what_there_is(call: Call) -> None:
    answer = call("check", "data")
    assert answer.status == 0
    assert "1 rows of episodes were read, of 1 children in 1 authority" in answer.out
    assert "Page: reports/records/index.html" in answer.out
    assert Path("reports/records/index.html").is_file()
    assert max(map(len, answer.out.splitlines())) <= 80


def test_a_list_of_homes_is_not_counted_as_a_stranger(call: Call) -> None:
    Path("data/ofsted").mkdir()
    Path("data/ofsted/provider_level_at_31_march_2024.csv").write_text(LIST)
    call("check", "data", "--out", "out")
    files = pd.read_csv("out/files.csv").set_index("file")
    assert files.loc["ofsted/provider_level_at_31_march_2024.csv", "table"] == "ofsted list"
    assert "not recognised" not in Path("out/account.csv").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check", "nowhere"), "There is no such file or folder"),
        (("check", "data/Northshire/2023-24/episodes.csv"), "No Header table"),
        (("check", "data", "--out", "data/Northshire/2023-24/header.csv"), "is a file"),
        (("check", "data", "--out", "data/Northshire/2023-24/header.csv/x"), "is a file"),
        (("check", "data", "--policies", "data/Northshire/2023-24/header.csv"), "not a YAML file"),
        (("check", "mysql://ann:secret@h/x"), "driver for this kind of database"),
        (("import", "data", "--out", "x"), "'data' is not the URL of a database"),
    ],
)
def test_bad_input_is_one_message_and_leaves_nothing(
    call: Call, arguments: tuple[str, ...], said: str
) -> None:
    before = sorted(Path().rglob("*"))
    answer = call(*arguments)
    assert answer.status == 2
    assert answer.err.count("bayescich: ") == 1
    assert said in answer.err
    assert "  next:  " in answer.err
    assert "secret" not in answer.err + answer.out
    assert sorted(Path().rglob("*")) == before


def test_a_folder_that_cannot_be_written_to_is_said_before_the_reading(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records_check, "check_records", lambda *_: pytest.fail("it was read"))
    Path("taken").write_text("a file")
    assert call("check", "data", "--out", "taken/deeper").status == 2


def test_ctrl_c_ends_a_check_quietly(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(records_check, "check_records", interrupted)
    answer = call("check", "data")
    assert answer.status == 130
    assert "Interrupted" in answer.err
    assert not Path("reports").exists()


def test_an_imported_database_is_checked_like_the_files_it_was_made_of(call: Call) -> None:
    place = Path("data/Northshire/2023-24")
    with closing(sqlite3.connect("returns.db")) as database:
        for name in ("header", "episodes"):
            rows = pd.read_csv(place / f"{name}.csv", dtype=str, keep_default_na=False)
            rows.assign(LA="Northshire", YEAR="2023-24").to_sql(name, database, index=False)
        database.commit()
    answer = call("import", "sqlite:///returns.db", "--out", "imported")
    assert answer.out.splitlines()[0].split() == [
        "1",
        "rows",
        "of",
        "episodes",
        "written",
        "to",
        "episodes.parquet",
    ]
    for source, out in (("data", "a"), ("imported", "b"), ("sqlite:///returns.db", "c")):
        assert call("check", source, "--out", out).status == 0
    for table in ("faults.csv", "flow.csv", "authorities.csv", "measures.csv"):
        told = {Path(out, table).read_text() for out in "abc"}
        assert len(told) == 1
