"""The schemas fit what is made of any returns, say what is wrong, and the page is generated."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pandas as pd
import pandera.pandas as pa
import pytest

from bayescich.errors import HistoriesError
from bayescich.histories import schemas
from bayescich.histories.cohorts import cohort_at_16, cohort_at_18
from bayescich.histories.construct import Histories, construct
from bayescich.histories.dictionary import SECTIONS, histories_dictionary
from bayescich.histories.exits import COLUMNS as EXIT_COLUMNS
from bayescich.histories.membership import reweighted, stays_in_window
from bayescich.histories.schemas import SCHEMAS, checked, cohorts
from bayescich.records.code_sets import code_set
from bayescich.records.npd import NpdRecords, npd_records
from bayescich.records.npd_schema import NPD_TABLES
from bayescich.records.sources import read_tables_of
from bayescich.records.ssda903 import Ssda903Records, read_ssda903
from bayescich.simulate import Settings, simulate_england, write_england
from bayescich.spec.policies import HistoryPolicies

PAGE = Path(__file__).parents[2] / "docs" / "histories-dictionary.md"
COHORTS = {cohort_at_16: cohorts.COHORT_AT_16, cohort_at_18: cohorts.COHORT_AT_18}

HEADER = "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n"
EPISODES = (
    "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,"
    "URN\n"
)
FOSTERED = "1,01/06/2020,S,C2,N1,U6,PR1,01/07/2020,E4A,,AB1 2CD,AB1 1AA,9999999\n"


def written_files(folder: Path, header: str, episodes: str) -> Ssda903Records:
    year = folder / "Northshire" / "2021"
    year.mkdir(parents=True)
    (year / "header.csv").write_text(HEADER + header, encoding="utf-8")
    (year / "episodes.csv").write_text(EPISODES + episodes, encoding="utf-8")
    return read_ssda903(folder)


@pytest.fixture(scope="module")
def returns(tmp_path_factory: pytest.TempPathFactory) -> Ssda903Records:
    folder = tmp_path_factory.mktemp("england") / "here"
    write_england(simulate_england(Settings(children=800, seed=3)), folder)
    return read_ssda903(folder)


@pytest.fixture(scope="module")
def histories(returns: Ssda903Records) -> Histories:
    return construct(returns)


def pupils_of(returns: Ssda903Records, children: pd.Series, folder: Path) -> NpdRecords:
    """Link the first of some children to a pupil with a row in every table."""
    authority, child = children.iloc[0].rsplit("/", 1)
    born = returns.header.set_index(["LA", "CHILD"]).loc[(authority, child), "DOB"].iloc[0]
    year = born.year + 16 + (born.month >= 9)
    texts = {
        "link": f"LA,YEAR,CHILD,PMR\n{authority},{year},{child},P1\n",
        "ks4": f"YEAR,KS4_PupilMatchingRefAnonymous,KS4_ATT8,KS4_P8SCORE\n{year},P1,40.5,-0.2\n",
        "ks5": f"YEAR,KS5_PupilMatchingRefAnonymous,KS5_TOTPTSE_ALEV\n{year + 2},P1,90\n",
        "ypmad": f"YEAR,YPMAD_PupilMatchingRefAnonymous,YPMAD_L2_at_19\n{year + 3},P1,1\n",
    }
    for name, text in texts.items():
        (folder / f"{name}_{year}.csv").write_text(text, encoding="utf-8")
    return npd_records(read_tables_of(folder, NPD_TABLES))


def test_every_table_of_histories_has_a_schema_in_order() -> None:
    assert [*SCHEMAS, "account"] == [field.name for field in fields(Histories)]


def test_no_column_is_without_a_meaning() -> None:
    for schema in (schema for section in SECTIONS.values() for schema in section):
        assert schema.strict
        assert schema.ordered
        for name, column in schema.columns.items():
            assert len(str(column.description)) >= 10, f"{schema.name}, {name}"


def test_what_is_made_of_a_whole_england_fits(histories: Histories) -> None:
    # construct() has checked it; here what would pass unchecked
    assert len(histories.moves) > 100
    assert len(histories.prior) > 20
    for name, schema in SCHEMAS.items():
        assert schema.validate(getattr(histories, name)).columns.tolist() == list(schema.columns)


@pytest.mark.parametrize(
    ("header", "episodes", "spells"), [("1,2,01/05/2008,WBRI,,,\n", FOSTERED, 1), ("", "", 0)]
)
def test_returns_without_homes_or_rows_fit(
    header: str, episodes: str, spells: int, tmp_path: Path
) -> None:
    made = construct(written_files(tmp_path, header, episodes))
    assert len(made.spells) == spells
    assert [len(made.home_spells), len(made.moves), len(made.exits), len(made.prior)] == [0] * 4
    for name, schema in SCHEMAS.items():
        assert len(schema.validate(getattr(made, name))) == len(getattr(made, name))


@pytest.mark.parametrize("cohort_of", COHORTS)
@pytest.mark.parametrize("with_npd", [False, True])
def test_cohorts_fit(
    cohort_of: type, with_npd: bool, histories: Histories, returns: Ssda903Records, tmp_path: Path
) -> None:
    schema = COHORTS[cohort_of]
    inputs = (histories.spells, histories.home_spells, returns, HistoryPolicies())
    cohort, _ = cohort_of(*inputs)
    if with_npd:
        cohort, _ = cohort_of(*inputs, pupils_of(returns, cohort["child"], tmp_path))
    assert len(schema.validate(cohort)) > 10
    absent = [name for name, column in schema.columns.items() if name not in cohort]
    assert bool(absent) is not with_npd
    assert not any(schema.columns[name].required for name in absent)


def test_homes_in_a_window_fit(histories: Histories, returns: Ssda903Records) -> None:
    cohort, _ = cohort_at_16(histories.spells, histories.home_spells, returns, HistoryPolicies())
    stays, _ = stays_in_window(histories.spells, histories.home_spells, cohort)
    assert len(cohorts.STAYS_IN_WINDOW.validate(stays)) > len(cohort)
    assert len(cohorts.MEMBERSHIP.validate(reweighted(stays, "days"))) > len(cohort)


@pytest.mark.parametrize(
    ("name", "column", "value", "said"),
    [
        ("spells", "ended_by", "vanished", "vanished"),
        ("spells", "days", 0.0, "0.0"),
        ("spells", "spell", 1, "1"),
        ("moves", "to_class", "a boat", "a boat"),
        ("exits", "route_group", "nowhere", "nowhere"),
        ("chain", "DEC", pd.NaT, ""),
    ],
)
def test_what_does_not_fit_is_named(
    name: str, column: str, value: object, said: str, histories: Histories
) -> None:
    frame = getattr(histories, name).copy()
    frame.loc[:2, column] = value
    with pytest.raises(HistoriesError) as caught:
        checked(name, frame)
    assert name in str(caught.value)
    assert column in str(caught.value)
    assert said in str(caught.value)
    assert "a fault of bayescich" in str(caught.value)


def test_a_missing_or_mistyped_column_is_found_in_a_table_of_any_size(
    histories: Histories, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schemas, "WHOLE", 20)
    monkeypatch.setattr(schemas, "AT_EITHER_END", 5)
    with pytest.raises(HistoriesError, match="same_carer_changes"):
        checked("spells", histories.spells.drop(columns="same_carer_changes"))
    with pytest.raises(HistoriesError, match="spell"):
        checked("spells", histories.spells.astype({"spell": "float64"}))
    last = histories.spells.copy()
    last.loc[last.index[-1], "ended_by"] = "vanished"
    with pytest.raises(HistoriesError, match="vanished"):
        checked("spells", last)
    middle = histories.spells.copy()
    middle.loc[len(middle) // 2, "ended_by"] = "vanished"
    assert checked("spells", middle) is middle


def test_checking_changes_nothing(histories: Histories) -> None:
    before = histories.spells.copy()
    assert checked("spells", histories.spells) is histories.spells
    pd.testing.assert_frame_equal(histories.spells, before)


def values(column: pa.Column) -> set[str]:
    return {v for check in column.checks for v in check.statistics.get("allowed_values", ())}


def test_values_are_those_of_the_code_tables() -> None:
    allowed = values(SCHEMAS["exits"].columns["route"])
    assert allowed == set(code_set("exit_routes")["route"])
    censored_by = values(SCHEMAS["exits"].columns["censored_by"])
    assert {"remand ended", "died", "18th birthday"} <= censored_by
    assert values(SCHEMAS["spells"].columns["need"]) == set(code_set("ssda903_cin")["code"])
    assert values(SCHEMAS["moves"].columns["reason_class"]) == set(
        code_set("move_reasons")["reason_class"]
    )
    assert list(SCHEMAS["exits"].columns) == EXIT_COLUMNS


def test_the_page_in_docs_is_the_generated_text() -> None:
    assert PAGE.read_text(encoding="utf-8") == histories_dictionary(), "run `make docs`"


def test_a_row_of_the_page_says_type_values_and_blanks() -> None:
    text = histories_dictionary()
    link = "[`ssda903_place`](data-dictionary.md#ssda903_place)"
    assert f"| `PLACE_CLASS` | text | `group` of {link} | yes | Class of the placement. |" in text
    assert "| `days` | number | days, more than 0 | no | Time at risk of a move;" in text
    assert "18th birthday; end of the extract" in text
