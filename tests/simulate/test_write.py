"""The files of a synthetic England: whole or not at all, the same bytes, read back as written."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import bayescich.simulate.write as writing
from bayescich.errors import BayescichError
from bayescich.histories.construct import construct
from bayescich.records.everything import Everything, read_everything
from bayescich.records.ssda903_schema import EPISODE_COLUMNS
from bayescich.simulate import England, Settings, simulate_england, write_england
from bayescich.simulate.checking.recovered import compare
from bayescich.simulate.returns.yearly import yearly_episodes
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
        "ks2", "ks4", "ks5", "absence", "exclusions", "census", "npd_link", "look-up",
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


def test_other_data_is_never_replaced(england: England, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "header.csv").write_text("CHILD\n1\n")
    with pytest.raises(BayescichError, match="holds something else"):
        write_england(england, tmp_path / "mine")
    assert (tmp_path / "mine" / "header.csv").read_text() == "CHILD\n1\n"


def test_a_failure_leaves_nothing_behind(
    england: England, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(writing, "_write_providers", fail)
    with pytest.raises(OSError, match="disk full"):
        write_england(england, tmp_path / "england")
    assert list(tmp_path.iterdir()) == []
