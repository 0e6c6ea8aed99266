"""The files of a synthetic England: whole or not at all, the same bytes, read back as written."""

import errno
import hashlib
import json
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import bayescich.simulate.write as writing
from bayescich.errors import BayescichError, RunError
from bayescich.histories.construct import construct
from bayescich.records.everything import Everything, read_everything
from bayescich.records.ssda903_schema import EPISODE_COLUMNS
from bayescich.simulate import England, Settings, simulate_england, write_england
from bayescich.simulate.checking.recovered import compare
from bayescich.simulate.returns.yearly import yearly_episodes
from bayescich.simulate.target import mark_of, no_os_error, put_whole, target_of
from bayescich.simulate.truth import fixed


@pytest.fixture(scope="module")
def everything(folder: Path) -> Everything:
    return read_everything(folder)


def digest(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("dirt", ["none", "nasty"])
def test_the_same_bytes_whatever_the_number_of_processes(tmp_path: Path, dirt: str) -> None:
    settings = Settings(children=800, first_year=2018, seed=2, dirt=dirt)
    first, second = tmp_path / "one", tmp_path / "two"
    write_england(simulate_england(settings), first, processes=1)
    write_england(simulate_england(settings), second, processes=2)
    assert digest(first) == digest(second)
    assert len(digest(first)) > 200


def test_another_seed_writes_other_bytes(folder: Path, england: England, tmp_path: Path) -> None:
    other = simulate_england(replace(england.settings, children=800, seed=9))
    write_england(other, tmp_path / "other")
    assert digest(tmp_path / "other")["npd/ks4.csv"] != digest(folder)["npd/ks4.csv"]


def test_an_episode_is_returned_in_every_year_it_touches() -> None:
    blank = dict.fromkeys(EPISODE_COLUMNS, "")
    row = blank | {
        "DECOM": pd.Timestamp("2022-03-31"),
        "DEC": pd.Timestamp("2024-04-01"),
        "REC": "X1",
        "PLACE": "H5",
        "REASON_PLACE_CHANGE": "CARPL",
    }
    rows = yearly_episodes(pd.DataFrame([row]), Settings())
    assert rows["YEAR"].tolist() == [2022, 2023, 2024, 2025]
    assert rows["DEC"].isna().tolist() == [True, True, True, False]
    assert rows["REC"].tolist() == ["", "", "", "X1"]
    assert rows["PLACE"].tolist() == ["H5", "H5", "H5", "K3"]


@pytest.mark.parametrize(
    ("decom", "dec", "years"),
    [
        ("2008-05-01", "2009-03-31", []),
        ("2008-05-01", "2009-04-01", [2010]),
        ("2024-12-01", None, [2025]),
    ],
)
def test_only_what_the_window_holds_is_returned(
    decom: str, dec: str | None, years: list[int]
) -> None:
    blank = dict.fromkeys(EPISODE_COLUMNS, "")
    row = blank | {"DECOM": pd.Timestamp(decom), "DEC": pd.to_datetime(dec), "PLACE": "U6"}
    rows = yearly_episodes(pd.DataFrame([row]), Settings())
    assert rows["YEAR"].tolist() == years


def test_special_guardianship_has_the_code_of_its_year() -> None:
    blank = dict.fromkeys(EPISODE_COLUMNS, "")
    rows = [
        blank | {"DECOM": pd.Timestamp("2017-06-01"), "DEC": pd.Timestamp(end), "REC": "E47"}
        for end in ("2018-03-31", "2018-04-01")
    ]
    returned = yearly_episodes(pd.DataFrame(rows), Settings())
    assert returned.loc[returned["DEC"].notna(), "REC"].tolist() == ["E44", "E47"]


def test_returns_lie_by_authority_and_year(folder: Path, england: England) -> None:
    authorities = sorted(path.name for path in (folder / "ssda903").iterdir())
    assert authorities == sorted(england.authorities.names)
    years = sorted(path.name for path in (folder / "ssda903" / authorities[0]).iterdir())
    assert years == [f"{year - 1}-{year % 100:02d}" for year in range(2010, 2026)]


def test_every_file_is_read_as_what_it_is(everything: Everything) -> None:
    files = everything.files
    assert files.loc[files["note"].ne(""), "file"].tolist() == []
    assert set(files["table"]) == {
        "header", "episodes", "oc2", "oc3", "missing", "uasc", "previous_permanence",
        "ks2", "ks4", "ks5", "ypmad", "absence", "exclusions", "census", "npd_link", "look-up",
        "needs", "scale_scores", "statements", "placement_prices", "type_prices", "section251",
        "ofsted list",
    }  # fmt: skip


def test_no_cell_is_blanked_and_no_row_left_out(everything: Everything) -> None:
    entries = everything.account.to_frame()
    touched = entries[entries["stage"].isin(["repaired", "excluded"])]
    # a pupil of two schools has two rows, an inspection stands on the list of two years, and who
    # has no number has a code for why
    assert set(touched["rule"]) == {
        "enrolments added to others of the same pupil and year",
        "the same inspection (home and event number) given again",
        "UPN stands for none (UN1 to UN5); taken as blank",
    }


@pytest.mark.parametrize("seed", [4, 21])
def test_histories_recover_the_journeys_exactly(seed: int, tmp_path: Path) -> None:
    england = simulate_england(Settings(children=4_000, seed=seed, dirt="none"))
    write_england(england, tmp_path / "england")
    journeys = pd.read_csv(
        tmp_path / "england" / "truth" / "journeys.csv",
        parse_dates=["start", "end"],
        date_format="%d/%m/%Y",
        keep_default_na=False,
    ).assign(in_window=lambda own: own["in_window"].astype(int).astype(bool))
    read = read_everything(tmp_path / "england")
    histories = construct(read.returns, homes=read.register_or_error().homes, lookup=read.lookup)
    found = compare(journeys, histories)
    assert found.exact, found.text()
    assert found.counts.set_index("what")["made"].min() > 80


def test_the_truth_is_named_as_in_the_model(folder: Path) -> None:
    table = pd.read_csv(folder / "truth" / "parameters.csv", keep_default_na=False)
    own = table[table["model"] == "stability"].set_index(["variable", "level"])["value"]
    assert own["fixed", "need_behaviour"] == fixed()["need_behaviour"]
    assert own["home_sd", ""] == 0.35
    assert len(own["baseline"]) == 9
    assert set(table["model"]) >= {"stability", "exits", "outcomes16", "outcomes18"}


def test_counterfactuals_are_of_every_type(folder: Path, england: England) -> None:
    table = pd.read_csv(folder / "truth" / "counterfactuals.csv")
    types = england.truth.home_type
    assert set(table["home_type"]) == set(types.index)
    assert table.groupby("child").size().eq(len(types)).all()
    assert table.groupby("child")["lived_in"].sum().max() == 1
    by_type = table.groupby("home_type")["moved_within_year"].mean()
    assert by_type.corr(types) > 0.9
    assert table["moved_within_year"].between(0, 1).all()


def test_the_mark_says_what_was_asked_for(folder: Path) -> None:
    facts = json.loads((folder / "synthetic.json").read_text())
    assert facts["synthetic"] is True
    assert (facts["children"], facts["years"], facts["dirt"]) == (3_000, "2010:2025", "none")
    assert "NO CHILD" in (folder / "README.txt").read_text()


def write_mark(folder: Path, **said: object) -> None:
    folder.mkdir(exist_ok=True)
    facts = {"synthetic": True, "written by": "bayescich.simulate"} | said
    (folder / "synthetic.json").write_text(json.dumps(facts))


def old_england(folder: Path) -> Path:
    write_mark(folder)
    (folder / "truth").mkdir()
    (folder / "truth" / "journeys.csv").write_text("old")
    return folder


def test_other_data_is_never_replaced(england: England, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "header.csv").write_text("CHILD\n1\n")
    with pytest.raises(BayescichError, match="not written by the simulator"):
        write_england(england, tmp_path / "mine")
    assert (tmp_path / "mine" / "header.csv").read_text() == "CHILD\n1\n"


@pytest.mark.parametrize("name", ["synthetic", "absent/deeper", "empty", "looked at", "link"])
def test_an_england_may_be_written_to(tmp_path: Path, name: str) -> None:
    old_england(tmp_path / "synthetic")
    (tmp_path / "synthetic" / ".DS_Store").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    (tmp_path / "looked at").mkdir()
    (tmp_path / "looked at" / ".DS_Store").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / "synthetic")
    before = sorted(tmp_path.rglob("*"))
    assert target_of(tmp_path / name) == (tmp_path / name).resolve()
    assert sorted(tmp_path.rglob("*")) == before


def a_note(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")


def an_analysis(folder: Path) -> None:
    (folder / "truth" / "analysis.R").write_text("mine")


def a_folder(folder: Path) -> None:
    (folder / "truth" / "mine").mkdir()


def a_mark_of_others(folder: Path) -> None:
    write_mark(folder, **{"written by": "hand"})


def a_broken_mark(folder: Path) -> None:
    (folder / "synthetic.json").write_text("{")


def real_records(folder: Path) -> None:
    write_mark(folder, synthetic=False)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (a_note, "something else: notes.txt"),
        (an_analysis, r"something else: truth.analysis\.R"),
        (a_folder, "something else: truth.mine"),
        (a_mark_of_others, "not written by the simulator"),
        (a_broken_mark, "not written by the simulator"),
        (real_records, "not written by the simulator"),
    ],
)
def test_what_the_simulator_has_not_written_is_refused(
    tmp_path: Path, change: Callable[[Path], None], said: str
) -> None:
    change(old_england(tmp_path / "england"))
    with pytest.raises(RunError, match=said):
        target_of(tmp_path / "england")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (".", "current folder"),
        ("..", "current folder"),
        ("file", "is a file"),
        ("loop", "link that leads nowhere|Symlink loop"),
        ("file/below/it", "Not a directory"),
        ("n" * 250, "name too long"),
    ],
)
def test_a_folder_that_cannot_be_written_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(RunError, match=said):
        target_of(Path(name))
    assert {path.name for path in tmp_path.iterdir()} == {"file", "loop"}


def test_a_failure_leaves_nothing_behind(
    england: England, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writing, "_write_authorities", fail)
    with pytest.raises(RunError, match="No space left"):
        write_england(england, tmp_path / "a" / "new" / "england")
    assert list(tmp_path.iterdir()) == []


def test_an_older_england_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    target = old_england(tmp_path / "england")
    with put_whole(target) as beside:
        write_mark(beside, seed=7)
        assert (target / "truth").is_dir()
    assert list(tmp_path.iterdir()) == [target]
    assert sorted(path.name for path in target.iterdir()) == ["synthetic.json"]


def test_an_older_england_is_put_back_if_the_new_one_cannot_be_moved_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = old_england(tmp_path / "england")
    rename = Path.rename

    def refuse_the_new(self: Path, to: Path) -> Path:
        if not (self / "truth").exists():
            raise PermissionError(errno.EACCES, "Permission denied")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", refuse_the_new)
    with pytest.raises(RunError, match="Permission denied"), no_os_error(target):  # noqa: SIM117
        with put_whole(target) as beside:
            write_mark(beside)
    assert list(tmp_path.iterdir()) == [target]
    assert (target / "truth" / "journeys.csv").read_text() == "old"


def write_while_asked_to_end(target: Path, number: int) -> None:
    with put_whole(target) as beside:
        write_mark(beside)
        os.kill(os.getpid(), number)
        time.sleep(5)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no such signals here")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_process_asked_to_end_leaves_the_older_england_alone(tmp_path: Path, name: str) -> None:
    target = old_england(tmp_path / "england")
    number = getattr(signal, name)
    before = signal.getsignal(number)
    signal.signal(number, signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL)
    try:
        with pytest.raises((SystemExit, KeyboardInterrupt)):
            write_while_asked_to_end(target, number)
        usual = signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL
        assert signal.getsignal(number) == usual
    finally:
        signal.signal(number, before)
    assert list(tmp_path.iterdir()) == [target]
    assert (target / "truth" / "journeys.csv").read_text() == "old"


def test_what_killed_runs_left_is_removed_after_a_day(tmp_path: Path) -> None:
    names = [".england-0a1b2c3d", ".england-old-0a1b2c3d", ".england-12345678", ".england-mine",
             ".england-87654321", ".other-0a1b2c3d"]  # fmt: skip
    for name in names:
        (tmp_path / name / "truth").mkdir(parents=True)
    (tmp_path / ".england-12345678" / "mine.txt").write_text("mine")
    for name in set(names) - {".england-87654321"}:
        for path in (tmp_path / name / "truth", tmp_path / name):
            os.utime(path, (0, 0))
    os.utime(tmp_path / ".england-12345678" / "mine.txt", (0, 0))
    target = tmp_path / "england"
    for left in (names[1:], names[2:]):
        with put_whole(target) as beside:
            write_mark(beside)
        # an older England put aside is kept while there is no other
        assert {path.name for path in tmp_path.iterdir()} == {*left, "england"}


@pytest.mark.parametrize("processes", [0, -2])
def test_no_process_writes_nothing(england: England, tmp_path: Path, processes: int) -> None:
    with pytest.raises(BayescichError, match="processes cannot write"):
        write_england(england, tmp_path / "england", processes)
    assert list(tmp_path.iterdir()) == []


def test_no_more_processes_than_authorities(
    england: England, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(writing, "_write_all", lambda *given: asked.append(given[2]))
    write_england(england, tmp_path / "england", processes=5_000)
    assert asked == [len(england.authorities.names)]


def test_a_killed_process_says_what_to_do(
    england: England, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise BrokenProcessPool

    monkeypatch.setattr(writing, "_hand_out", killed)
    with pytest.raises(BayescichError, match=r"--processes 1"):
        write_england(england, tmp_path / "england", processes=2)
    assert list(tmp_path.iterdir()) == []


def test_an_england_may_be_written_over(folder: Path) -> None:
    # all that the simulator writes is known as its own
    assert target_of(folder) == folder.resolve()
    assert mark_of(folder) is not None
