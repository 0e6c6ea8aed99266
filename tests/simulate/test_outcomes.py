"""All tables of outcomes of a whole synthetic England: shapes, faults, and the truth in them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayescich.histories.dates import collection_year_of
from bayescich.histories.faults.find import find_faults
from bayescich.records.everything import Everything, read_everything
from bayescich.records.ssda903_schema import SSDA903_TABLES
from bayescich.records.tables import ORIGIN
from bayescich.simulate.calibration import value
from bayescich.simulate.england import England, simulate_england
from bayescich.simulate.files import as_text, write_csv
from bayescich.simulate.outcomes.effects import POSITION
from bayescich.simulate.outcomes.lives import Lives, by_age, column, expit, years_effect
from bayescich.simulate.outcomes.tables import MODULES, NPD, outcome_tables
from bayescich.simulate.returns.yearly import return_tables
from bayescich.simulate.settings import Settings
from bayescich.simulate.shard import Shard

Tables = dict[str, pd.DataFrame]
SETTINGS = Settings(children=3_000, seed=11, dirt="none", first_year=2014)


@pytest.fixture(scope="module")
def england() -> England:
    return simulate_england(SETTINGS)


@pytest.fixture(scope="module")
def shards(england: England) -> list[Shard]:
    return [england.shard(number) for number in range(len(england.authorities.names))]


@pytest.fixture(scope="module")
def tables(shards: list[Shard]) -> list[Tables]:
    return [outcome_tables(shard) for shard in shards]


@pytest.fixture(scope="module")
def read(
    shards: list[Shard],
    tables: list[Tables],
    tmp_path_factory: pytest.TempPathFactory,
) -> Everything:
    """What the package's own readers make of two authorities' files."""
    folder = tmp_path_factory.mktemp("england")
    for shard, own in zip(shards[:2], tables[:2], strict=True):
        clean = return_tables(shard)
        for name in ("header", "episodes", *MODULES):
            _write(clean[name].assign(LA=shard.name), folder / f"ssda903/{name}-{shard.number}.csv")
        for name in NPD:
            _write(own[name], folder / f"npd/{name}-{shard.number}.csv")
    return read_everything(folder)


def _write(table: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_csv(as_text(table), path)


def test_the_tables_are_those_promised(tables: list[Tables]) -> None:
    columns = {table.name: [*table.schema.columns] for table in SSDA903_TABLES}
    for own in tables:
        assert tuple(own) == (*MODULES, *NPD)
        for name in MODULES:
            assert own[name]["YEAR"].dtype == np.int64
            assert own[name]["YEAR"].between(2014, 2025).all()
            standard = [column for column in columns[name] if column not in ORIGIN]
            assert list(own[name].columns) == ["YEAR", *standard]
            for heading in ("DOB", "MIS_START", "MIS_END", "DUC"):
                if heading in own[name]:
                    assert own[name][heading].dtype == "datetime64[ns]"
        for table in own.values():
            text = table.select_dtypes(exclude=["datetime", "number"])
            assert not text.isna().any(axis=None)
    assert all(len(table) for table in tables[0].values())


def test_the_same_shard_gives_the_same_tables(england: England, tables: list[Tables]) -> None:
    again = outcome_tables(simulate_england(SETTINGS).shard(1))
    for name, table in again.items():
        pd.testing.assert_frame_equal(table, tables[1][name])
    other = outcome_tables(replace(england.shard(1), settings=replace(SETTINGS, seed=12)))
    assert not other["oc2"]["SDQ_SCORE"].equals(tables[1]["oc2"]["SDQ_SCORE"])


def test_an_outcome_on_a_small_authority_does_not_break() -> None:
    small = simulate_england(Settings(children=500, seed=3, first_year=2025))
    for number in range(len(small.authorities.names)):
        assert set(outcome_tables(small.shard(number))) == {*MODULES, *NPD}


def test_a_pupil_has_one_record_though_it_has_two_ids(
    tables: list[Tables],
) -> None:
    pupils = pd.concat([own["ks4"]["KS4_PupilMatchingRefAnonymous"] for own in tables])
    assert not pupils.duplicated().any()
    linked = pd.concat([own["link"]["CLA_PupilMatchingRefAnonymous"] for own in tables])
    assert linked[linked.ne("")].duplicated().any()


def test_nothing_is_blanked_or_left_out_by_the_readers(read: Everything) -> None:
    own = {"oc2", "oc3", "missing", "uasc", "previous_permanence", "ks2", "ks4", "ks5", "ypmad",
           "absence", "exclusions", "census"}  # fmt: skip
    adds_up = "enrolments added to others of the same pupil and year"
    lost = [
        (entry.table, entry.rule, entry.rows)
        for entry in read.account.entries
        if entry.table in own and entry.stage in ("repaired", "excluded") and entry.rule != adds_up
    ]
    assert [line for line in lost if line[2]] == []


def test_no_rule_finds_a_fault_in_them(read: Everything) -> None:
    found, _ = find_faults(read.returns)
    own = found[found["table"].isin(["oc2", "oc3", "missing", "uasc", "previous_permanence"])]
    assert len(own) > 20
    assert own["rows"].notna().sum() > 20
    at_fault = own[own["rows"].fillna(0).gt(0)]
    assert at_fault[["rule", "rows"]].to_numpy().tolist() == []


def test_readers_find_the_results_of_linked_children(read: Everything) -> None:
    link = read.npd.link
    assert 0.6 < read.npd.link_rate < 1
    found = link["PUPIL"].isin(read.npd.ks4["PUPIL"])
    assert link.loc[found, "PUPIL"].nunique() == len(read.npd.ks4)
    assert read.npd.ks4["ATT8"].notna().mean() > 0.8
    assert read.npd.absence["RATE"].notna().all()


def test_convictions_are_as_likely_as_the_predictor_says(
    shards: list[Shard], tables: list[Tables]
) -> None:
    expected, seen, spread = 0.0, 0, 0.0
    for shard, own in zip(shards, tables, strict=True):
        lives = Lives(shard)
        at_16 = own["oc2"]["YEAR"] - _born(lives, own["oc2"]) == 16
        rows = own["oc2"][at_16]
        child = pd.Index(lives.id).get_indexer(rows["CHILD"])
        close = (
            (rows["YEAR"].astype(str) + "-04-01").to_numpy(dtype="datetime64[D]").astype(np.int64)
        )
        eta = column(
            lives.predictor(child, np.minimum(close, lives.end_of_year11[child])), "offending"
        )
        chance = -np.expm1(-np.exp(eta + years_effect("offending", rows["YEAR"].to_numpy())))
        expected, spread = expected + chance.sum(), spread + (chance * (1 - chance)).sum()
        seen += rows["CONVICTED"].eq("1").sum()
    assert seen == pytest.approx(expected, abs=4 * np.sqrt(spread))
    assert expected > 10


def test_activity_is_as_likely_as_the_predictor_says(
    shards: list[Shard], tables: list[Tables]
) -> None:
    pairs = []
    for shard, own in zip(shards, tables, strict=True):
        lives = Lives(shard)
        at_18 = own["oc3"]["YEAR"] - _born(lives, own["oc3"]) == 18
        rows = own["oc3"][at_18 & own["oc3"]["IN_TOUCH"].eq("YES")]
        child = pd.Index(lives.id).get_indexer(rows["CHILD"])
        eta = column(lives.at_18[child], "activity") + by_age(
            value("outcomes.activity_age"), np.full(1, 18)
        )
        pairs.append(np.column_stack([expit(eta), ~rows["ACTIV"].str.startswith("G")]))
    chance, busy = np.concatenate(pairs).T
    error = np.sqrt((chance * (1 - chance)).mean() / len(chance))
    assert busy.mean() == pytest.approx(chance.mean(), abs=4 * error)
    likely = chance > np.median(chance)
    assert busy[likely].mean() > busy[~likely].mean() + 0.1


def _born(lives: Lives, table: pd.DataFrame) -> np.ndarray:
    child = pd.Index(lives.id).get_indexer(table["CHILD"])
    return collection_year_of(lives.born[child])


def test_what_a_home_does_is_in_the_data_and_only_in_proportion_to_days(england: England) -> None:
    shard = england.shard(0)
    effects = shard.truth.outcomes
    raised = effects.home_total.copy()
    raised[:, POSITION["attainment"]] += 3
    other = replace(shard, truth=replace(shard.truth, outcomes=replace(effects, home_total=raised)))
    lives, better = Lives(shard), Lives(other)
    gain = column(better.at_16 - lives.at_16, "attainment")
    in_home = np.zeros(lives.number, dtype=bool)
    in_home[shard.placements.loc[shard.placements["home"].ge(0), "child"]] = True
    assert abs(gain[~in_home]).max() < 1e-9
    assert gain[in_home].max() <= 3 + 1e-9
    assert ((gain[in_home] > 0.1) & (gain[in_home] < 2.9)).any()
    before, after = (outcome_tables(one)["ks4"] for one in (shard, other))
    points = [table["KS4_ATT8"].replace("", np.nan).astype(float) for table in (before, after)]
    assert points[1].mean() > points[0].mean()
