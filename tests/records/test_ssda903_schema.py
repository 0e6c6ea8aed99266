"""The tables and the code sets of an SSDA903 return."""

from __future__ import annotations

from importlib import resources

import pandas as pd
import pytest

from bayescich.records.fields import meaning_of
from bayescich.records.ssda903_codes import PREFIX
from bayescich.records.ssda903_derived import DERIVED_COLUMNS, full_schema, with_derived
from bayescich.records.ssda903_schema import (
    EPISODE_COLUMNS,
    HEADER_COLUMNS,
    SEX_CODES,
    SSDA903_TABLES,
    code_set,
)
from bayescich.records.tables import Table, recognise
from bayescich.records.typed import empty_frame

AS_EXPORTED = {
    "header": "CHILD SEX DOB ETHNIC UPN MOTHER MC_DOB",
    "episodes": "CHILD DECOM RNE LS CIN PLACE PLACE_PROVIDER DEC REC REASON_PLACE_CHANGE "
    "HOME_POST PL_POST URN",
    "oc2": "CHILD DOB SDQ_SCORE SDQ_REASON CONVICTED HEALTH_CHECK IMMUNISATIONS TEETH_CHECK "
    "HEALTH_ASSESSMENT SUBSTANCE_MISUSE INTERVENTION_RECEIVED INTERVENTION_OFFERED",
    "oc3": "CHILD DOB IN_TOUCH ACTIV ACCOM",
    "missing": "CHILD DOB MISSING MIS_START MIS_END",
    "reviews": "CHILD DOB REVIEW REVIEW_CODE",
    "uasc": "CHILD SEX DOB DUC",
    "previous_permanence": "CHILD DOB PREV_PERM LA_PERM DATE_PERM",
    "placed_for_adoption": "CHILD DOB DATE_PLACED DATE_PLACED_CEASED REASON_PLACED_CEASED",
    "adoptions": "CHILD DOB DATE_INT DATE_MATCH FOSTER_CARE NB_ADOPTR SEX_ADOPTR LS_ADOPTR",
    "social_workers": "CHILD DOB SW_ID SW_DECOM SW_DEC SW_REASON",
    "deprivations": "CHILD DOB DOLO_START DOLO_END",
}
CODED = sorted(
    {
        meaning_of(column).code_set
        for table in SSDA903_TABLES
        for column in table.schema.columns.values()
    }
    - {""}
)
SETS = sorted(
    path.name.removesuffix(".csv")
    for path in (resources.files("bayescich.records") / "codes").iterdir()
    if path.name.startswith(PREFIX) and path.name != "ssda903_sdq_band.csv"
)


@pytest.mark.parametrize("table", SSDA903_TABLES, ids=lambda table: table.name)
def test_columns_are_those_exported_in_their_order(table: Table) -> None:
    assert list(table.schema.columns) == ["LA", "YEAR", *AS_EXPORTED[table.name].split()]
    assert all(column.description for column in full_schema(table).columns.values())


@pytest.mark.parametrize("table", SSDA903_TABLES, ids=lambda table: table.name)
def test_each_table_is_known_by_its_columns(table: Table) -> None:
    exported = AS_EXPORTED[table.name].split()
    assert recognise(exported, SSDA903_TABLES) is table
    assert recognise([name.lower() for name in reversed(exported)], SSDA903_TABLES) is table


def test_every_table_is_there_once() -> None:
    assert [table.name for table in SSDA903_TABLES] == list(AS_EXPORTED)
    assert " ".join(HEADER_COLUMNS) == AS_EXPORTED["header"]
    assert " ".join(EPISODE_COLUMNS) == AS_EXPORTED["episodes"]


@pytest.mark.parametrize("table", SSDA903_TABLES, ids=lambda table: table.name)
def test_an_empty_table_fits_its_schema_with_its_derived_columns(table: Table) -> None:
    schema = full_schema(table)
    empty = with_derived(table.name, empty_frame(table))
    assert list(schema.validate(empty).columns) == list(schema.columns)
    assert set(DERIVED_COLUMNS.get(table.name, {})) <= set(empty.columns)


@pytest.mark.parametrize("name", SETS)
def test_every_code_set_is_well_formed(name: str) -> None:
    table = code_set(name.removeprefix(PREFIX)).table
    assert table.index.is_unique
    assert table[["label", "group"]].ne("").all(axis=None)
    years = table.dropna(subset=["valid_from", "valid_to"])
    assert (years["valid_from"] <= years["valid_to"]).all()


@pytest.mark.parametrize("name", SETS)
def test_a_code_becomes_codes_of_its_own_group_valid_later(name: str) -> None:
    codes = code_set(name.removeprefix(PREFIX))
    for earlier, later in codes.becomes.items():
        assert {codes.group[code] for code in later} == {codes.group[earlier]}
        ends = codes.table.loc[earlier, "valid_to"]
        assert (codes.table.loc[list(later), "valid_from"].fillna(9999) > ends).all()


def test_every_code_set_belongs_to_a_column() -> None:
    assert set(SETS) - set(CODED) == {"ssda903_upn_placeholder"}
    assert set(CODED) <= set(SETS)


def test_supported_placements_are_one_class() -> None:
    group = code_set("place").group
    assert group["H5"] == group["P2"] == group["K3"] == "supported"


def test_old_guardianship_orders_are_in_the_group_of_today() -> None:
    records = code_set("rec")
    assert records.in_group("permanence order") == {"E41", "E43", "E44", "E45", "E46", "E47", "E48"}
    assert records.becomes == {"E43": ("E45", "E46"), "E44": ("E47", "E48")}


def test_sex_is_written_as_today() -> None:
    assert set(code_set("sex").group.values()) == set(SEX_CODES)


@pytest.mark.parametrize(
    ("name", "count"),
    [("place", 49), ("ls", 13), ("rec", 25), ("rne", 6), ("cin", 8), ("accom", 33), ("activ", 14),
     ("in_touch", 6), ("sw_reason", 10), ("review_code", 8), ("upn_placeholder", 5)],
)  # fmt: skip
def test_no_code_is_forgotten(name: str, count: int) -> None:
    assert len(code_set(name).table) == count


def test_blank_and_unknown_codes_are_never_outside_their_years() -> None:
    codes = pd.Series(["K3", "Q9", None, "K2", "Z1"], dtype="str")
    years = pd.Series([2024, 2024, 2024, 2024, 2026], dtype="Int64")
    outside = code_set("place").outside_its_years(codes, years)
    assert outside.tolist() == [True, False, False, False, True]


def test_split_activities_are_one_group() -> None:
    group = code_set("activ").group
    assert len({group[code] for code in ("F3", "P3", "F4", "P4", "F5", "P5")}) == 1
    assert len(set(group.values())) == 7


def test_accommodation_is_never_suitable_for_the_homeless_or_in_custody() -> None:
    suitable = code_set("accom").table["suitable"]
    assert suitable[["S1", "X1", "Z2"]].eq("no").all()
    assert suitable["Z1"] == "yes"
    assert suitable["0"] == ""


@pytest.mark.parametrize(
    ("score", "band"),
    [(0, "normal"), (13, "normal"), (14, "borderline"), (16, "borderline"),
     (17, "cause for concern"), (40, "cause for concern")],
)  # fmt: skip
def test_sdq_bands(score: int, band: str) -> None:
    frame = pd.DataFrame({"SDQ_SCORE": pd.array([score, None], dtype="Int64")})
    assert with_derived("oc2", frame)["SDQ_BAND"].fillna("").tolist() == [band, ""]
