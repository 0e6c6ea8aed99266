"""One table from a file of the user's own, from returns and register, or from inspections."""

import json
from pathlib import Path

import pandas as pd
import pytest

from bayescich.errors import HistoriesError, RecordsError
from bayescich.histories.analysis_table import AnalysisTable, load_analysis_table
from bayescich.simulate import Settings, simulate_england, write_england
from bayescich.spec.policies import HistoryPolicies

TABLE = pd.DataFrame({"child": ["a", "b", "b"], "score": [1.5, 2.0, 3.0]})


@pytest.mark.parametrize("name", ["table.csv", "TABLE.CSV", "table.parquet"])
def test_an_own_table_is_read_as_it_is(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    TABLE.to_csv(path, index=False) if "csv" in name.lower() else TABLE.to_parquet(path)
    table = load_analysis_table("table", path)
    assert table.frame.to_dict("list") == TABLE.to_dict("list")
    assert table.account.total("read", "table") == table.account.total("kept", "table") == 3
    assert table.account.entries[0].rule == name
    assert not table.synthetic
    assert table.truth is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("table.csv", b""),
        ("table.csv", b"\xff\xfe\x00\x00bad"),
        ("table.csv", b'child,score\n"a,1\n'),
        ("table.csv", b"child,score\na,1\nb,2,3,4\n"),
        ("table.parquet", b"child,score\na,1\n"),
        ("table.parquet", b""),
    ],
)
def test_a_damaged_table_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RecordsError) as caught:
        load_analysis_table("table", path)
    assert caught.value.where == str(path)
    assert "cannot be read" in str(caught.value)


@pytest.mark.parametrize("name", ["table.xlsx", "table", "table.csv.gz"])
def test_other_kinds_of_file_are_told_apart(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("child,score\n")
    with pytest.raises(RecordsError, match="one CSV or Parquet file"):
        load_analysis_table("table", path)


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    with pytest.raises(RecordsError, match="'tables' is not a table"):
        load_analysis_table("table", tmp_path / "tables")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(RecordsError, match="cannot be read"):
        load_analysis_table("table", tmp_path / "folder.csv")


def test_a_table_of_no_rows_says_what_was_read(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    TABLE.iloc[:0].to_csv(path, index=False)
    with pytest.raises(HistoriesError, match=r"No rows are left(.|\n)*table\.csv"):
        load_analysis_table("table", path)


@pytest.mark.parametrize(
    "source",
    ["table", "inspections", "placements", "exits", "settings", "outcomes16", "outcomes18"],
)
def test_an_absent_path_is_named(tmp_path: Path, source: str) -> None:
    with pytest.raises(RecordsError, match=r"nothing at '.*gone'"):
        load_analysis_table(source, tmp_path / "gone")  # type: ignore[arg-type]


def test_the_mark_makes_a_table_synthetic_and_brings_its_truth(tmp_path: Path) -> None:
    TABLE.to_csv(tmp_path / "table.csv", index=False)
    mark = tmp_path / "synthetic.json"
    mark.write_text(json.dumps({"synthetic": False}))
    assert not load_analysis_table("table", tmp_path / "table.csv").synthetic
    mark.write_text(json.dumps({"synthetic": True}))
    table = load_analysis_table("table", tmp_path / "table.csv")
    assert table.synthetic
    assert table.truth is None
    (tmp_path / "truth").mkdir()
    # 'NA' is a level, not a blank
    (tmp_path / "truth" / "parameters.csv").write_text(
        "model,variable,level,value\nstability,home_effect,NA,0.5\n"
    )
    truth = load_analysis_table("table", tmp_path / "table.csv").truth
    assert truth is not None
    assert truth.to_dict("list") == {
        "model": ["stability"], "variable": ["home_effect"], "level": ["NA"], "value": [0.5],
    }  # fmt: skip


def test_an_unreadable_synthetic_mark_is_named(tmp_path: Path) -> None:
    TABLE.to_csv(tmp_path / "table.csv", index=False)
    (tmp_path / "synthetic.json").write_text("{")
    with pytest.raises(RecordsError, match="mark of synthetic data"):
        load_analysis_table("table", tmp_path / "table.csv")


@pytest.fixture(scope="module")
def england(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("england") / "here"
    write_england(simulate_england(Settings(children=2_000, seed=3, dirt="none")), folder)
    return folder


def loaded(source: str, folder: Path) -> AnalysisTable:
    return load_analysis_table(source, folder)  # type: ignore[arg-type]


def test_policies_reach_the_histories(england: Path) -> None:
    usual = load_analysis_table("placements", england)
    strict = load_analysis_table("placements", england, HistoryPolicies(other_share=0.0))
    assert len(usual.frame) == len(strict.frame) > 50
    # one OTHER among an authority's moves is too many now
    assert strict.frame["reasons_usable"].sum() < usual.frame["reasons_usable"].sum()


def test_needs_come_with_the_stays_and_are_mostly_true(england: Path) -> None:
    table = load_analysis_table("placements", england).frame
    children = table[table["needs_known"].eq(1)].drop_duplicates("child").set_index("child")
    assert len(children) > 0.8 * table["child"].nunique()
    truth = pd.read_csv(england / "truth" / "children.csv").set_index("child").loc[children.index]
    needs = [str(name).removeprefix("has_") for name in table if str(name).startswith("has_")]
    assert needs == [name for name in truth if name in needs]
    assert len(needs) == 16
    agree = children[[f"has_{need}" for need in needs]].to_numpy() == truth[needs].to_numpy()
    assert agree.mean() > 0.9
    assert table["statement_known"].mean() > 0.9
    assert 0.1 < table["meets_autism"].mean() < 0.9


def test_exits_are_the_same_stays_up_to_the_wall(england: Path) -> None:
    stays = load_analysis_table("placements", england).frame
    table = loaded("exits", england)
    assert list(table.frame) == [*stays, "exit_days", "exit"]
    lost = table.account.total("excluded", "stays by route of exit")
    assert len(table.frame) == len(stays) - lost
    assert (table.frame["exit_days"] <= table.frame["days"]).all()
    differ = table.frame["exit"] != table.frame["exit_group"]
    assert set(table.frame.loc[differ, "exit"]) <= {"censored"}


def test_settings_hold_the_stays_in_homes_and_elsewhere(england: Path) -> None:
    table = loaded("settings", england).frame
    moved = table.groupby("setting")["moved"].sum() / table.groupby("setting")["days"].sum()
    assert moved["children's home"] > moved["kinship"]
    assert table.loc[table["setting"].eq("supported"), "age_at_start"].min() >= 16
    homes = load_analysis_table("placements", england).frame
    both = homes.merge(table, on=["child", "start"])
    assert len(both) > 0.95 * len(homes)
    assert (both["setting_type"] == both["home_type"]).mean() > 0.95


@pytest.mark.parametrize(("source", "outcome"), [("outcomes16", "sdq"), ("outcomes18", "in_touch")])
def test_outcomes_come_with_the_stays_before_them(england: Path, source: str, outcome: str) -> None:
    table = loaded(source, england)
    frame = table.frame
    assert frame["child"].is_unique
    assert frame[outcome].notna().sum() > 50
    assert frame.loc[frame["arm"].eq("home"), "home_weight"].gt(0).all()
    assert table.truth is not None
    assert source in set(table.truth["model"])
    # files, histories and cohort are all in one account
    assert {"episodes", "stays in homes", "homes lived in"} <= {
        e.table for e in table.account.entries
    }
