"""The files of a synthetic England: year by year, whole or not at all, read back as written."""

import json
from pathlib import Path

import pandas as pd
import pytest

import bayescich.simulate.write as writing
from bayescich.errors import BayescichError
from bayescich.records.ofsted import read_ofsted
from bayescich.records.ssda903 import Ssda903Records, read_ssda903
from bayescich.records.ssda903_schema import EPISODE_COLUMNS, HEADER_COLUMNS
from bayescich.simulate import SyntheticEngland, simulate_england, write_england
from bayescich.simulate.truth import FIXED
from bayescich.simulate.write import yearly_episodes


@pytest.fixture(scope="module")
def england() -> SyntheticEngland:
    return simulate_england(children=1_500, seed=4)


@pytest.fixture(scope="module")
def folder(england: SyntheticEngland, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("data") / "synthetic"
    write_england(england, target)
    return target


@pytest.fixture(scope="module")
def read(folder: Path) -> Ssda903Records:
    return read_ssda903(folder / "ssda903")


def test_an_episode_is_returned_in_every_year_it_touches() -> None:
    blank = dict.fromkeys(("LA", *EPISODE_COLUMNS), "")
    row = blank | {
        "DECOM": pd.Timestamp("2022-03-31"),
        "DEC": pd.Timestamp("2024-04-01"),
        "REC": "X1",
        "PLACE": "H5",
        "REASON_PLACE_CHANGE": "CARPL",
        "URN": "4200001",
    }
    rows = yearly_episodes(pd.DataFrame([row]))
    assert rows["YEAR"].tolist() == [2022, 2023, 2024, 2025]
    assert rows["DEC"].isna().tolist() == [True, True, True, False]
    assert rows["REC"].tolist() == ["", "", "", "X1"]
    assert rows["REASON_PLACE_CHANGE"].tolist() == ["", "", "", "CARPL"]
    assert rows["PLACE"].tolist() == ["H5", "H5", "H5", "K3"]
    assert rows["URN"].tolist() == ["", "", "4200001", "4200001"]


def test_columns_are_those_of_the_standard_in_order(folder: Path) -> None:
    places = sorted(path.name for path in (folder / "ssda903").iterdir())
    assert (places[0], places[-1], len(places)) == ("2015-16", "2024-25", 10)
    episodes = pd.read_csv(folder / "ssda903" / "2019-20" / "episodes.csv", dtype=str)
    header = pd.read_csv(folder / "ssda903" / "2019-20" / "header.csv", dtype=str)
    assert tuple(episodes.columns) == ("LA", "YEAR", *EPISODE_COLUMNS)
    assert tuple(header.columns) == ("LA", "YEAR", *HEADER_COLUMNS)
    assert episodes["DECOM"].str.fullmatch(r"\d\d/\d\d/\d{4}").all()
    assert set(header["SEX"]) == {"1", "2"}
    assert not header.duplicated(["LA", "CHILD"]).any()


def test_every_code_is_valid_in_its_year(read: Ssda903Records) -> None:
    assert [entry.rule for entry in read.account.entries if entry.stage == "repaired"] == []


def test_the_last_returns_hold_the_whole_history(
    england: SyntheticEngland, read: Ssda903Records
) -> None:
    latest = read.episodes.drop_duplicates(["LA", "CHILD", "DECOM"], keep="last")
    assert len(latest) == len(england.episodes)
    assert latest["DEC"].isna().sum() == england.episodes["DEC"].isna().sum()


def test_the_register_reads_back_as_it_was_drawn(england: SyntheticEngland, folder: Path) -> None:
    homes = read_ofsted(folder / "ofsted").homes
    drawn = england.homes.drop(columns="postcode").sort_values("urn", ignore_index=True)
    pd.testing.assert_frame_equal(homes.sort_values("urn", ignore_index=True), drawn)


def test_the_truth_is_named_as_in_the_fitted_model(folder: Path, england: SyntheticEngland) -> None:
    truth = pd.read_csv(folder / "truth" / "parameters.csv", keep_default_na=False)
    assert tuple(truth.columns) == ("model", "variable", "level", "value")
    fixed = truth[truth["variable"] == "fixed"].set_index("level")["value"]
    assert fixed.to_dict() == dict(FIXED)
    types = truth[truth["variable"] == "home_type"].set_index("level")["value"]
    pd.testing.assert_series_equal(types, england.truth.home_type, check_names=False)
    bands = truth[truth["variable"] == "baseline"]
    assert bands["level"].iloc[0] == "0-7 days"
    assert len(bands) == 9


def test_every_file_set_says_that_it_is_synthetic(folder: Path) -> None:
    facts = json.loads((folder / "synthetic.json").read_text())
    assert (facts["synthetic"], facts["seed"], facts["children"]) == (True, 4, 1_500)
    assert (folder / "README.txt").read_text().startswith("SYNTHETIC")
    register = next((folder / "ofsted").iterdir()).read_text(encoding="utf-8-sig")
    assert register.startswith("SYNTHETIC")


def test_other_data_are_never_replaced(england: SyntheticEngland, tmp_path: Path) -> None:
    (tmp_path / "returns").mkdir()
    (tmp_path / "returns" / "episodes.csv").write_text("real")
    with pytest.raises(BayescichError, match="holds something else"):
        write_england(england, tmp_path / "returns")
    assert (tmp_path / "returns" / "episodes.csv").read_text() == "real"


def test_a_synthetic_england_is_replaced(england: SyntheticEngland, tmp_path: Path) -> None:
    write_england(england, tmp_path / "synthetic")
    (tmp_path / "synthetic" / "stray.txt").write_text("old")
    write_england(england, tmp_path / "synthetic")
    assert not (tmp_path / "synthetic" / "stray.txt").exists()


def test_a_failure_leaves_nothing_behind(
    england: SyntheticEngland, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(writing, "_write_truth", full)
    with pytest.raises(OSError, match="no space left"):
        write_england(england, tmp_path / "synthetic")
    assert list(tmp_path.iterdir()) == []
