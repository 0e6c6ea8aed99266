"""Extracts of the National Pupil Database: spellings, one row per pupil, linkage."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from bayescich.errors import RecordsError
from bayescich.records.npd import NpdRecords, npd_records, read_npd
from bayescich.records.npd_headings import year_in_suffix
from bayescich.records.npd_schema import NPD_TABLES
from bayescich.records.sources import read_tables_of
from bayescich.records.tables import recognise


def read(folder: Path, **files: str) -> NpdRecords:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)
    return read_npd(folder)


def entry(records: NpdRecords, table: str, text: str):
    return next(e for e in records.account.entries if e.table == table and text in e.rule)


@pytest.mark.parametrize(
    ("headings", "table"),
    [
        (["KS4_ACADYR", "KS4_PupilMatchingRefAnonymous", "KS4_ATT8"], "ks4"),
        (["KS4_ACADYR", "KS4_PUPILMATCHINGREF", "KS4_PTSCNEWE_PTQ_EE"], "ks4"),
        (["ACADYR", "UPN", "L2BASICS_94"], "ks4"),
        (["KS2_ACADYR", "KS2_PupilMatchingRefAnonymous", "KS2_READSCORE"], "ks2"),
        (["KS5_ACADYR", "KS5_PupilMatchingRefAnonymous", "KS5_TOTPTSE_ALEV"], "ks5"),
        (["YPMAD_PupilMatchingRefAnonymous", "YPMAD_Base_Year", "YPMAD_L3_at_19"], "ypmad"),
        (["pupilmatchingrefanonymous", "l2_at_19", "l3_at_19"], "ypmad"),
        (["YPMAD_PupilMatchingRefAnonymous", "YPMAD_L2_at_18"], None),
        (["PupilMatchingRefAnonymous_AB19", "SessionsPossible_Autumn_AB19"], "absence"),
        (["pupilmatchingrefanonymous_ab06", "sessionspossible_annual_ab06"], "absence"),
        (["AcademicYear", "PupilMatchingRefAnonymous", "Category", "StartDate"], "exclusions"),
        (["UPN", "PermanentExclusionCount", "TotalFixedExclusions"], "exclusion_totals"),
        (["UPN_SPR15", "SENprovision_SPR15"], "census"),
        (["LA", "CLA_Child_ID_Anon", "CLA_PupilMatchingRefAnonymous"], "npd_link"),
        (["CHILD", "SEX", "DOB", "ETHNIC", "UPN", "MOTHER", "MC_DOB"], None),
        (["KS4_ACADYR", "KS4_ATT8"], None),
    ],
)
def test_tables_are_known_by_their_columns(headings: list[str], table: str | None) -> None:
    found = recognise(headings, NPD_TABLES)
    assert (found.name if found else None) == table


def test_year_of_a_suffix() -> None:
    headings = ["Sen_SPR15", "Sen_AUT14", "x_ab06", "x_AB2019", "KS4_L2BASICS_94", "KS4_APENG_91"]
    assert [year_in_suffix(h) for h in headings] == [2015, 2015, 2006, 2019, None, None]


def test_ks4_keeps_the_row_in_national_results(tmp_path: Path) -> None:
    ks4 = (
        "KS4_ACADYR,KS4_PupilMatchingRefAnonymous,KS4_NATRES,KS4_ATT8,KS4_P8SCORE,"
        "KS4_L2BASICS_94,KS4_L2BASICS_95\n"
        "2018/2019,p1,0,11,-1.5,0,0\n"
        "2018/2019,p1,1,42.5,-0.5,1,0\n"
        "2019/2020,p1,0,50,,1,1\n"
        "2019/2020,p2,1,30,0.3,0,0\n"
        "2018/2019,p3,0,0,,0,0\n"
        "2018/2019,p4,1,91,,1,1\n"
        "2018/2019,,1,20,,0,0\n"
    )
    records = read(tmp_path, ks4=ks4)
    got = records.ks4.set_index("PUPIL")
    assert got["ATT8"].fillna(-9).to_dict() == {"P1": 42.5, "P2": 30.0, "P3": 0.0, "P4": -9.0}
    assert got["YEAR"].to_dict() == {"P1": 2019, "P2": 2020, "P3": 2019, "P4": 2019}
    assert got.loc["P1", ["GRADE4_EM", "GRADE5_EM"]].tolist() == [True, False]
    assert got["ASSESSED"].to_dict() == {"P1": False, "P2": True, "P3": False, "P4": False}
    assert pd.isna(got.loc["P2", "P8"])
    assert entry(records, "ks4", "another row of the pupil").rows == 2
    assert entry(records, "ks4", "no row marked").examples == ("P3",)
    assert entry(records, "ks4", "P8 of a year").rows == 1
    assert entry(records, "ks4", "at most 90").rows == 1
    assert entry(records, "ks4", "says who it is").rows == 1


def test_ks2_of_the_cancelled_years_is_blank_not_zero(tmp_path: Path) -> None:
    ks2 = (
        "KS2_ACADYR,KS2_PupilMatchingRefAnonymous,KS2_READSCORE,KS2_MATSCORE,KS2_RWM_EXP\n"
        "2018/2019,a,101,99,1\n2019/2020,b,0,0,0\n2020/2021,c,0,0,0\n2021/2022,d,79,120,0\n"
        "2019/2020,e,,,\n2018/2019,a,95,99,0\n"
    )
    records = read(tmp_path, ks2=ks2)
    got = records.ks2.set_index("PUPIL")
    assert got["READING"].fillna(-1).to_dict() == {"A": 101, "B": -1, "C": -1, "D": -1, "E": -1}
    assert got.loc["D", "MATHS"] == 120
    assert got.loc[["B", "C", "E"], "EXPECTED"].isna().all()
    assert got["CANCELLED"].to_dict() == {"A": False, "B": True, "C": True, "D": False, "E": True}
    assert entry(records, "ks2", "of a year in which there were none").rows == 2
    assert entry(records, "ks2", "no scaled score").rows == 1
    assert entry(records, "ks2", "another row").rows == 1


def test_ks5_has_a_row_per_student_and_year(tmp_path: Path) -> None:
    ks5 = (
        "KS5_ACADYR,KS5_PupilMatchingRefAnonymous,KS5_TOTPTSE_ALEV,KS5_ToE_CODE\n"
        "2018/2019,a,90,31\n2018/2019,a,120,31\n2020/2021,a,60,31\n"
    )
    got = read(tmp_path, ks5=ks5).ks5
    assert got[["YEAR", "A_LEVEL_POINTS", "ASSESSED"]].to_numpy().tolist() == [
        [2019, 120.0, False],
        [2021, 60.0, True],
    ]


LEVELS = (
    "YPMAD_PupilMatchingRefAnonymous,YPMAD_L2_at_16,YPMAD_L2_at_18,YPMAD_L2_at_19,"
    "YPMAD_L3_at_18,YPMAD_L3_at_19\n"
    "a,0,1,1,0,1\n"
    "b,0,0,0,0,0\n"
    "c,1,1,0,0,0\n"  # reached, and then not
    "d,1,1,,1,\n"  # not 19 yet: those who were early alone would be seen
    "e,0,0,0,1,1\n"  # the higher level without the lower
    "f,0,1,1,,\n"
    ",0,1,1,0,1\n"
)


def test_levels_by_19_are_yes_no_or_blank_with_the_year_of_the_file(tmp_path: Path) -> None:
    records = read(tmp_path, **{"ypmad_2024-25": LEVELS})
    got = records.ypmad.set_index("PUPIL")
    assert list(got) == ["YEAR", "LEVEL2", "LEVEL3"]
    assert got["YEAR"].eq(2025).all()
    said = got[["LEVEL2", "LEVEL3"]].astype("object")
    assert said.where(said.notna(), None).to_numpy().tolist() == [
        [True, True], [False, False], [True, False], [None, None], [False, True], [True, None],
    ]  # fmt: skip
    assert entry(records, "ypmad", "Level 2 reached at an earlier age").examples == ("C/2025",)
    assert entry(records, "ypmad", "Level 3 reached, but not Level 2").examples == ("E/2025",)
    assert entry(records, "ypmad", "says who it is").rows == 1
    assert entry(records, "ypmad", "young people").rows == 6


def test_of_two_extracts_of_levels_the_later_counts(tmp_path: Path) -> None:
    head = "YPMAD_PupilMatchingRefAnonymous,YPMAD_Academic_Year,YPMAD_L3_at_19\n"
    records = read(
        tmp_path, new=head + "a,2024/2025,1\nb,2024/2025,0\n", old=head + "a,2022/2023,0\n"
    )
    assert records.ypmad[["PUPIL", "YEAR", "LEVEL3"]].to_numpy().tolist() == [
        ["A", 2025, True], ["B", 2025, False],
    ]  # fmt: skip
    assert records.ypmad["LEVEL2"].isna().all()
    assert entry(records, "ypmad", "latest extract").rows == 1


def test_absence_is_added_over_enrolments(tmp_path: Path) -> None:
    absence = (
        "PupilMatchingRefAnonymous_AB19,LAEstab_ANON_AB19,SessionsPossible_Autumn_AB19,"
        "SessionsPossible_Spring_AB19,AuthorisedAbsence_Autumn_AB19,AuthorisedAbsence_Spring_AB19,"
        "UnauthorisedAbsence_Autumn_AB19,UnauthorisedAbsence_Spring_AB19\n"
        "a,1,100,,5,,1,\n"  # 6 of 100 in one school
        "a,2,,90,,10,,3\n"  # 13 of 90 in another: 19 of 190 in all, exactly a tenth
        "a,2,,90,,10,,3\n"  # a copy
        "b,1,100,100,99,0,1,0\n"  # exactly half
        "c,1,300,300,30,30,0,0\n"  # too many sessions
        "d,1,10,10,11,10,0,0\n"  # more missed than possible
        "e,1,0,0,0,0,0,0\n"
        "f,1,100,100,,,,\n"
    )
    records = read(tmp_path, absence=absence)
    got = records.absence.set_index("PUPIL")
    assert got.loc["A", ["ENROLMENTS", "POSSIBLE", "OVERALL"]].tolist() == [2, 190, 19]
    assert got["YEAR"].eq(2019).all()
    assert got.loc["A", ["PERSISTENT", "SEVERE"]].tolist() == [True, False]
    assert got.loc["B", ["RATE", "PERSISTENT", "SEVERE"]].tolist() == [0.5, True, True]
    assert got.loc[["C", "D", "E"], ["RATE", "PERSISTENT", "SEVERE"]].isna().all(axis=None)
    assert "F" not in got.index
    rows = {
        rule: entry(records, "absence", rule).rows
        for rule in ("copy", "420", "missed than", "no sessions", "are blank", "added to others")
    }
    assert rows == {
        "copy": 1, "420": 1, "missed than": 1, "no sessions": 1, "are blank": 1,
        "added to others": 1,
    }  # fmt: skip


def test_absence_prefers_a_roll_up_to_the_terms_and_marks_the_pandemic(tmp_path: Path) -> None:
    absence = (
        "AcademicYear,UPN,SessionsPossible_Annual,OverallAbsence_Annual,SessionsPossible_Autumn,"
        "OverallAbsence_Autumn\n"
        "2019/2020,A1,300,30,100,100\n2021/2022,A1,,,100,20\n2021/2022,UN4,300,30,,\n"
    )
    records = read(tmp_path, absence=absence)
    got = records.absence
    assert got["RATE"].tolist() == [0.1, 0.2]
    assert got["AFFECTED"].fillna("").tolist() == ["unpublished", ""]
    assert entry(records, "absence", "UN1 to UN5").rows == 1
    assert entry(records, "absence", "says who it is").rows == 1


def test_exclusions_by_kind(tmp_path: Path) -> None:
    events = (
        "AcademicYear,PupilMatchingRefAnonymous,Category,StartDate,Sessions,Reason1\n"
        "2018/2019,a,FIXD,05/11/2018,4,PA\n2018/2019,a,SUSP,05/02/2019,3,DB\n"
        "2018/2019,a,SUSP,05/02/2019,3,DB\n2018/2019,a,PERM,05/06/2019,,PA\n"
        "2018/2019,b,LNCH,06/06/2019,1,??\n2018/2019,b,WHAT,06/06/2019,1,DB\n"
    )
    totals = (
        "AcademicYear,PupilMatchingRefAnonymous,PermanentExclusionCount,TotalFixedExclusions,"
        "TotalFixedSessions\n2018/2019,a,1,9,9\n2017/2018,a,0,2,5\n2017/2018,b,0,0,0\n"
    )
    records = read(tmp_path, events=events, totals=totals)
    got = records.exclusions.set_index(["PUPIL", "YEAR"]).astype("object")
    got = got.where(got.notna(), None)
    assert got.columns.tolist() == [
        "SUSPENSIONS", "SUSPENSION_SESSIONS", "SUSPENSION_DAYS", "PERMANENT", "LUNCHTIME",
    ]  # fmt: skip
    assert got.loc[("A", 2019)].tolist() == [2, 7.0, 3.5, 1, 0]
    assert got.loc[("A", 2018)].tolist() == [2, 5.0, 2.5, 0, None]
    assert got.loc[("B", 2019)].tolist() == [0, None, None, 0, 1]
    assert records.exclusion_events["KIND"].tolist() == [
        "suspension", "suspension", "permanent", "lunchtime",
    ]  # fmt: skip
    assert entry(records, "exclusions", "copy").rows == 1
    assert entry(records, "exclusions", "CATEGORY is blank or").rows == 1
    assert entry(records, "exclusion_totals", "given too").rows == 1
    assert entry(records, "exclusion_totals", "no exclusion").rows == 1


def test_census_maps_provision_and_earlier_codes(tmp_path: Path) -> None:
    old = (
        "UPN_SPR14,CensusDate_SPR14,SENprovision_SPR14,PrimarySENtype_SPR14\n"
        "a,16/01/2014,S,BESD\nb,16/01/2014,P,\nc,16/01/2014,A,\nd,16/01/2014,N,\n"
    )
    new = (
        "AcademicYear,UPN,CensusTerm,SENprovision,PrimarySENtype\n"
        "2018/2019,a,Summer,N,\n2018/2019,a,Summer,E,SEMH\n2018/2019,b,Autumn,K,ASD\n"
        "2018/2019,c,,S,\n"
    )
    records = read(tmp_path, old=old, new=new)
    got = records.census.set_index(["PUPIL", "YEAR"])
    assert got["PROVISION"].to_dict() == {
        ("A", 2014): "EHC plan", ("B", 2014): "SEN support", ("C", 2014): "SEN support",
        ("D", 2014): "none", ("A", 2019): "EHC plan", ("B", 2019): "SEN support",
        ("C", 2019): "EHC plan",
    }  # fmt: skip
    assert got["TERM"].fillna("?").to_dict() == {
        ("A", 2014): "spring", ("B", 2014): "spring", ("C", 2014): "spring",
        ("D", 2014): "spring", ("A", 2019): "summer", ("B", 2019): "autumn", ("C", 2019): "?",
    }  # fmt: skip
    assert entry(records, "census", "most provision").rows == 1
    assert entry(records, "census", "code of other years").examples == ("C/2019",)


LINK = (
    "LA,CHILD,CLA_PupilMatchingRefAnonymous,UPN\n"
    "N,1,p1,A123456789012\nN,1,,\nN,2,,UN1\nN,3,p3,\nN,3,p9,\nS,1,p1,\nS,5,p5,\n"
)


def test_children_are_linked_or_counted_as_not(tmp_path: Path) -> None:
    ks4 = "KS4_ACADYR,UPN,KS4_NATRES,KS4_ATT8\n2018/2019,A123456789012,1,40\n"
    records = read(tmp_path, link=LINK, ks4=ks4)
    link = records.link.set_index(["LA", "CHILD"])
    assert link["PUPIL"].fillna("-").to_dict() == {
        ("N", "1"): "P1", ("N", "2"): "-", ("N", "3"): "-", ("S", "1"): "P1", ("S", "5"): "P5",
    }  # fmt: skip
    assert records.link_rate == pytest.approx(3 / 5)
    assert records.ks4["PUPIL"].tolist() == ["P1"]
    assert entry(records, "npd_link", "linked to no pupil").examples == ("N/2", "N/3")
    assert entry(records, "npd_link", "two different pupils").rows == 1
    assert entry(records, "npd_link", "several ids").rows == 2
    assert entry(records, "npd_link", "in no table").examples == ("P5",)


def test_the_header_links_by_upn_where_the_extract_does_not(tmp_path: Path) -> None:
    (tmp_path / "link.csv").write_text(LINK)
    reading = read_tables_of(tmp_path, NPD_TABLES)
    header = pd.DataFrame(
        {"LA": ["N", "N", "S"], "CHILD": ["2", "8", "5"], "UPN": ["B1", "A123456789012", "B2"]}
    ).astype("str")
    both = replace(reading, tables={**reading.tables, "header": header})
    link = npd_records(both).link.set_index(["LA", "CHILD"])["PUPIL"]
    assert link[[("N", "2"), ("N", "8"), ("S", "5")]].tolist() == ["B1", "P1", "P5"]


def test_years_side_by_side_are_refused(tmp_path: Path) -> None:
    text = "UPN_AB18,SessionsPossible_Annual_AB18,SessionsPossible_Autumn_AB19\na,1,1\n"
    with pytest.raises(RecordsError, match="side by side") as caught:
        read(tmp_path, absence=text)
    assert "2018, 2019" in str(caught.value)


def test_a_table_without_a_year_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="year"):
        read(tmp_path, extract="UPN,SENprovision\nA1,E\n")


def test_an_empty_extract_has_every_table_with_its_types(tmp_path: Path) -> None:
    records = read_npd(tmp_path)
    assert records.link_rate != records.link_rate
    assert str(records.absence["YEAR"].dtype) == "Int64"
    assert str(records.ypmad["LEVEL3"].dtype) == "boolean"
    assert str(records.exclusions["SUSPENSIONS"].dtype) == "Int64"
    assert records.census.columns.tolist()[:3] == ["PUPIL", "YEAR", "TERM"]
