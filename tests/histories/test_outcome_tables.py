"""The tables of outcomes, all the way from the files of a synthetic England."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from bayescich.errors import HistoriesError, RecordsError
from bayescich.histories.analysis_table import load_analysis_table
from bayescich.histories.dates import DAYS_PER_YEAR, birthday
from bayescich.histories.outcome_tables import outcomes_16, outcomes_18
from bayescich.histories.schemas.outcomes import OUTCOMES_16, OUTCOMES_18
from bayescich.records.everything import Everything, read_everything
from bayescich.simulate import Settings, simulate_england, write_england
from bayescich.spec.policies import HistoryPolicies

Tables = dict[int, pd.DataFrame]


@pytest.fixture(scope="module")
def england(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("england") / "here"
    write_england(simulate_england(Settings(children=2_500, seed=7)), folder)
    return folder


@pytest.fixture(scope="module")
def records(england: Path) -> Everything:
    return read_everything(england)


@pytest.fixture(scope="module")
def tables(records: Everything) -> Tables:
    return {16: outcomes_16(records)[0], 18: outcomes_18(records)[0]}


def numbered(table: pd.DataFrame, name: str) -> pd.DataFrame:
    return table.filter(regex=rf"^{name}_\d+$")


@pytest.mark.parametrize(("age", "schema"), [(16, OUTCOMES_16), (18, OUTCOMES_18)])
def test_one_row_per_child_as_the_schema_says(age: int, schema: object, tables: Tables) -> None:
    table = tables[age]
    assert len(schema.validate(table)) > 200  # type: ignore[attr-defined]
    assert table["child"].is_unique
    assert set(table["arm"]) == {"home", "comparison"}
    missing = [str(name) for name in table if str(name).endswith("_missing")]
    # going missing is a need
    others = ("has_missing", "meets_missing", "sen_missing", "absence_missing")
    for name in (n for n in missing if n not in others):
        # an outcome is there or a reason is, never both
        value = table[name.removesuffix("_missing")]
        assert (value.isna() == table[name].notna()).all(), name


@pytest.mark.parametrize("age", [16, 18])
def test_weights_add_up_to_the_days_looked_after(age: int, tables: Tables) -> None:
    table = tables[age]
    window = (table["window_end"] - table["window_start"]).dt.days
    weights = numbered(table, "weight")
    in_care = weights.sum(axis="columns") * window
    assert in_care.to_numpy() == pytest.approx(table["in_care_days"].to_numpy())
    at_home = numbered(table, "setting").eq("home").to_numpy()
    home_days = weights.where(at_home).sum(axis="columns") * window
    assert home_days.to_numpy() == pytest.approx(table["home_days"].to_numpy())
    assert (table["home_weight"] * window).to_numpy() == pytest.approx(table["home_days"])
    assert (table["home_days"].gt(0) == table["arm"].eq("home")).all()


@pytest.mark.parametrize("age", [16, 18])
def test_needs_met_are_paired_with_needs_and_within_the_days_in_homes(
    age: int, tables: Tables
) -> None:
    table = tables[age]
    met, has = table.filter(like="meets_"), table.filter(regex="^has_(?!missing$)")
    assert len(met.columns) > 10
    own = [f"has_{str(name).removeprefix('meets_')}" for name in met]
    assert own == [name for name in table.loc[:, "needs_known":"window_start"] if name in own]
    assert set(has) <= set(own)
    assert (met.to_numpy() <= table[["statement_known"]].to_numpy() + 1e-12).all()
    named = table["home_weight"] - table["unnamed_home_weight"]
    assert (table["statement_known"] <= named + 1e-12).all()
    assert table.loc[table["arm"].eq("comparison"), "statement_known"].eq(0).all()
    known = table["statement_known"].sum()
    assert known > 0.3 * table["home_weight"].sum()
    assert 0.1 < met["meets_autism"].sum() / known < 0.9


@pytest.mark.parametrize("age", [16, 18])
def test_stays_are_in_order_and_blank_only_after_the_last(age: int, tables: Tables) -> None:
    table = tables[age]
    number = numbered(table, "setting").notna().sum(axis="columns")
    assert number.min() == 1
    assert number.max() == numbered(table, "setting").shape[1]
    for name in ("setting", "weight", "began", "ended"):
        blank = numbered(table, name).isna()
        assert (blank.sum(axis="columns") == blank.shape[1] - number).all()
        assert not (blank & ~blank.shift(-1, axis="columns", fill_value=True)).any(axis=None)
    began, ended = numbered(table, "began"), numbered(table, "ended")
    assert (began.to_numpy() > ended.to_numpy())[began.notna().to_numpy()].all()
    following = began.shift(-1, axis="columns").to_numpy()
    assert ((following <= ended.to_numpy() + 1e-9) | pd.isna(following)).all()


@pytest.mark.parametrize("age", [16, 18])
def test_home_type_and_owner_stand_with_homes_only(age: int, tables: Tables) -> None:
    table = tables[age]
    at_home = numbered(table, "setting").eq("home").to_numpy()
    assert (numbered(table, "home_type").notna().to_numpy() == at_home).all()
    named = numbered(table, "home").notna().to_numpy()
    assert not (named & ~at_home).any()
    assert (numbered(table, "provider").notna().to_numpy() == named).all()
    # the window of the first arm opens in a home
    assert table.loc[table["arm"].eq("home"), "setting_1"].eq("home").all()


def test_homes_are_described_as_in_the_stays(england: Path, tables: Tables) -> None:
    stays = load_analysis_table("placements", england).frame
    table = tables[16]
    began = (table["began_1"] * DAYS_PER_YEAR).round()
    starts = table["window_end"] - pd.to_timedelta(began, unit="D")
    assert (starts == table["index_date"]).all()
    first = table.assign(start=starts).merge(stays, on=["child", "start"], suffixes=("_own", ""))
    assert len(first) > 20
    for own, there in {
        "home_1": "home",
        "home_type_1": "home_type",
        "provider_1": "provider",
    }.items():
        assert (first[own] == first[there]).all()
    for column in ("male", "need_behaviour", "need_disability", "legal_status", "age_at_start"):
        assert (first[f"{column}_own"] == first[column]).all()


def test_years_are_those_of_year_11_and_of_the_18th_birthday(tables: Tables) -> None:
    born = tables[16]["born"]
    ends = born.dt.year + 16 + born.dt.month.ge(9)
    assert tables[16]["year"].str[-2:].astype(int).equals((ends % 100).astype(int))
    adult = birthday(tables[18]["born"], 18)
    ends = adult.dt.year + adult.dt.month.ge(4)
    assert tables[18]["year"].str[-2:].astype(int).equals((ends % 100).astype(int))


def test_levels_by_19_are_those_of_the_file(england: Path, tables: Tables) -> None:
    table = tables[18].set_index("child")
    link = pd.read_csv(england / "npd" / "link.csv", dtype="str")
    pupil = pd.Series(
        link["CLA_PupilMatchingRefAnonymous"].to_numpy(),
        link["CLA_LA"] + "/" + link["CLA_Child_LA_Code_Anon"],
    )
    file = pd.read_csv(england / "npd" / "ypmad.csv")
    file = file.set_index("YPMAD_PupilMatchingRefAnonymous")
    for name, column in {"level2": "YPMAD_L2_at_19", "level3": "YPMAD_L3_at_19"}.items():
        known = table.loc[table[name].notna(), name]
        assert known.tolist() == file.loc[pupil[known.index], column].tolist()
        assert len(known) > 100
        assert 0.05 < known.mean() < 0.7
        why = table[f"{name}_missing"]
        assert set(why.dropna()) <= {
            "not linked to a pupil", "not 19 when the extract ends", "no row in the extract",
        }  # fmt: skip
        # 19 after the school year 2024/25, the last one of the extract
        late = table["born"] >= "2006-09-01"
        assert late.any()
        assert set(why[late].dropna()) <= {"not linked to a pupil", "not 19 when the extract ends"}
        assert table.loc[late, name].isna().all()
    assert table.loc[table["level3"].eq(1), "level2"].eq(1).all()


def test_nothing_is_left_out_silently(records: Everything) -> None:
    for build, cohort, name in (
        (outcomes_16, "cohort at 16", "outcomes at 16"),
        (outcomes_18, "cohort at 18", "outcomes at 18"),
    ):
        table, account = build(records)
        read, excluded = account.total("read", cohort), account.total("excluded", cohort)
        assert read - excluded == len(table) == account.total("kept", name)
        lines = {e.rule: e.rows for e in account.entries if e.table == name and e.stage == "noted"}
        for outcome in ("attainment8", "sdq") if build is outcomes_16 else ("in_touch", "level2"):
            words = f"{outcome.replace('_', ' ')} not known"
            counted = sum(rows for rule, rows in lines.items() if rule.startswith(words))
            assert counted == table[outcome].isna().sum()


def test_delayed_entry_keeps_windows_that_open_before_the_records(
    records: Everything, tables: Tables
) -> None:
    table, _ = outcomes_16(records, HistoryPolicies(entry="delayed"))
    assert len(table) > len(tables[16])


def test_without_extract_or_audit_the_rest_is_there(england: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(
        england, bare, ignore=shutil.ignore_patterns("npd", "needs", "statements", "truth")
    )
    records = read_everything(bare)
    table, _ = outcomes_16(records)
    left_out = ("has_", "needs_", "meets_", "statement_")
    assert not any(str(name).startswith(left_out) for name in table)
    assert table[["attainment8", "ks2", "absence_missed"]].isna().all(axis=None)
    assert table["sdq"].notna().any()
    assert outcomes_18(records)[0]["in_touch"].notna().any()
    shutil.rmtree(bare / "ofsted")
    with pytest.raises(RecordsError):
        outcomes_16(read_everything(bare))


def test_a_cohort_of_nobody_says_why(england: Path, tmp_path: Path) -> None:
    young = tmp_path / "young"
    authority = next(folder for folder in (england / "ssda903").iterdir() if folder.is_dir())
    last = max(folder for folder in authority.iterdir() if folder.is_dir())
    shutil.copytree(last, young / "ssda903" / authority.name / last.name)
    shutil.copytree(england / "ofsted", young / "ofsted")
    with pytest.raises(HistoriesError, match="no child of the cohort at 16"):
        outcomes_16(read_everything(young))
