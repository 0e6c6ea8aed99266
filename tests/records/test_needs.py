"""The needs audit: vocabulary, long and wide layouts, unknown words, repeats, scale scores."""

from pathlib import Path

import pandas as pd
import pytest

from bayescich.errors import RecordsError
from bayescich.records.code_sets import code_set
from bayescich.records.needs import read_needs
from bayescich.records.vocabulary import vocabulary

LONG = """LA,CHILD,NEED,DATE,SOURCE,SEVERITY
Northshire,101,ADHD,05/06/2023,Referral form,3
Northshire,101,autsim,05/06/2023,Referral,
Northshire,101,autsim,06/06/2023,Referral,
Northshire,102,Self Harm; missing episodes,2023-07-01,CAMHS,high
Northshire,102,levitation,2023-07-01,Referral,1
Northshire,103,Neglect,,Referral,2
Northshire,104,neglect,01/07/2023,crystal ball,9
"""


def found(folder: Path, text: str, name: str = "audit.csv"):
    (folder / name).write_text(text, encoding="utf-8")
    return read_needs(folder)


def rule(records, text: str):
    return next(e for e in records.account.entries if text in e.rule)


def test_the_vocabulary_has_every_term_of_the_study() -> None:
    needs = code_set("needs")
    assert len(needs) == 105
    assert needs["code"].is_unique
    assert needs["larger_category"].eq("yes").sum() == 23
    assert set(needs["family"]) == set(code_set("need_families")["code"])
    assert needs["definition"].ne("").all()
    cin = set(code_set("ssda903_cin")["code"]) | {""}
    assert set(needs["cin"]) <= cin


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("CHILD SEXUAL EXPLOITATION", "child_sexual_exploitation"),
        ("cse", "child_sexual_exploitation"),
        ("Post traumatic stress disorder", "post_traumatic_stress_disorder"),
        ("Education, Health and Care Plan", "education_health_and_care_plan"),
        ("EHCP", "education_health_and_care_plan"),
        ("self-harm", "self_harm"),
        ("learning disability", "learning_disabilities"),
        ("sexualized behaviour", "sexualised_behaviour"),
        ("autisms", None),
    ],
)
def test_spelling_case_and_punctuation_do_not_matter(words: str, code: str | None) -> None:
    assert vocabulary("needs").code_of(words) == code


def test_long_audit_is_coded(tmp_path: Path) -> None:
    needs = found(tmp_path, LONG).needs
    assert needs[["CHILD", "NEED", "FAMILY"]].to_numpy().tolist() == [
        ["101", "adhd", "development-and-disability"],
        ["102", "missing", "behaviour-and-offending"],
        ["102", "self_harm", "emotional-and-mental-health"],
        ["104", "neglect", "abuse-and-exploitation"],
    ]
    assert needs["SOURCE"].fillna("?").tolist() == ["referral", "health", "health", "?"]
    assert needs["SEVERITY"].fillna(0).tolist() == [3, 3, 3, 0]
    assert needs["LARGER_CATEGORY"].tolist() == [False, True, True, False]
    assert needs["PRESENT"].all()
    assert needs["DATE"].iloc[0] == pd.Timestamp("2023-06-05")


def test_unknown_words_are_counted_with_the_nearest_term(tmp_path: Path) -> None:
    records = found(tmp_path, LONG)
    unknown = rule(records, "NEED is no term")
    assert (unknown.stage, unknown.rows) == ("excluded", 3)
    assert unknown.examples == ("autsim (2 rows; autism?)", "levitation (1 row)")
    assert rule(records, "DATE is blank").rows == 1
    assert rule(records, "SOURCE is no term").stage == "repaired"
    assert rule(records, "names several").rows == 1
    assert rule(records, "not a code of need_severity").rows == 1


def test_rows_read_less_rows_left_out_plus_rows_added_are_kept(tmp_path: Path) -> None:
    records = found(tmp_path, LONG)
    assert records.account.total("read", "needs") == 7
    assert records.account.total("excluded", "needs") == 4
    assert records.account.total("kept", "needs") == 7 - 4 + 1 == len(records.needs)


def test_wide_audit_is_melted_and_unknown_columns_are_named(tmp_path: Path) -> None:
    text = (
        "Child,Date,Source,Autism,Self harm,CSE,Levitation\n"
        "7,01/02/2024,audit,1,0,,1\n8,02/02/2024,audit,Yes,,No,0\n"
    )
    records = found(tmp_path, text)
    needs = records.needs
    assert needs[["CHILD", "NEED", "PRESENT"]].to_numpy().tolist() == [
        ["7", "autism", True],
        ["7", "self_harm", False],
        ["8", "autism", True],
        ["8", "child_sexual_exploitation", False],
    ]
    assert set(needs["LA"]) == {"UNSTATED"}
    unread = rule(records, "columns (not rows)")
    assert (unread.rows, unread.examples) == (1, ("Levitation",))
    assert rule(records, "no authority is stated").rows == 4


def test_same_need_twice_keeps_yes_and_the_gravest(tmp_path: Path) -> None:
    text = (
        "LA,CHILD,NEED,DATE,SOURCE,SEVERITY,PRESENT\n"
        "A,1,ADHD,01/01/2024,audit,1,Y\n"
        "A,1,attention deficit hyperactivity disorder,01/01/2024,audit,3,Y\n"
        "A,1,ADHD,01/01/2024,audit,,N\n"
        "A,1,ADHD,01/01/2024,audit,,N\n"
        "A,1,ADHD,02/01/2024,audit,2,\n"
    )
    records = found(tmp_path, text)
    assert records.needs["SEVERITY"].tolist() == [3, 2]
    assert records.needs["PRESENT"].tolist() == [True, True]
    assert rule(records, "a copy of another row").rows == 1
    assert rule(records, "the same need").rows == 2
    assert rule(records, "the same need").examples[0] == "A/1/adhd/2024-01-01/audit"


def test_the_same_child_number_in_two_authorities_is_two_children(tmp_path: Path) -> None:
    text = "LA,CHILD,NEED,DATE\nA,1,ADHD,01/01/2024\nB,1,ADHD,01/01/2024\n"
    assert len(found(tmp_path, text).needs) == 2


def test_scale_scores(tmp_path: Path) -> None:
    text = (
        "LA,CHILD,SCALE,SCORE,DATE,RATER\n"
        "A,1,SDQ,14,01/01/2024,key worker\n"
        "A,1,SDQ,41,02/01/2024,carer\n"
        "A,1,BERRI indicators of distress,22.5,01/01/2024,\n"
        "A,1,CBCL,60,01/01/2024,carer\n"
        "A,1,SDQ,16,01/01/2024,carer\n"
        "A,1,SDQ,,03/01/2024,carer\n"
    )
    records = found(tmp_path, text)
    assert records.scores[["SCALE", "SCORE"]].to_numpy().tolist() == [
        ["berri_indicators_of_distress", 22.5],
        ["sdq", 16.0],
    ]
    assert rule(records, "outside the scale").examples == ("A/1/sdq/41.0",)
    assert rule(records, "SCALE is no term").examples == ("CBCL (1 row)",)
    assert rule(records, "another score").rows == 1
    assert records.account.total("excluded", "scale_scores") == 4
    assert records.needs.empty


def test_bom_and_windows_encodings_are_read(tmp_path: Path) -> None:
    text = "LA,CHILD,NEED,DATE\r\nYnys Môn,1,Asperger’s,01/01/2024\r\n"
    (tmp_path / "utf8.csv").write_bytes(text.encode("utf-8-sig"))
    (tmp_path / "windows.csv").write_bytes(text.replace(",1,", ",2,").encode("cp1252"))
    needs = read_needs(tmp_path).needs
    assert needs["NEED"].tolist() == ["autism", "autism"]
    assert set(needs["LA"]) == {"Ynys Môn"}


def test_a_returns_file_is_not_taken_for_a_wide_audit(tmp_path: Path) -> None:
    records = found(tmp_path, "CHILD,DATE,MISSING,MIS_START\n1,01/01/2024,M,02/01/2024\n")
    assert records.needs.empty
    assert records.account.total("excluded", "files") == 1


def test_an_empty_folder_gives_empty_typed_tables_and_no_folder_an_error(tmp_path: Path) -> None:
    records = read_needs(tmp_path)
    assert str(records.needs["SEVERITY"].dtype) == "Int64"
    assert records.needs["PRESENT"].dtype == bool
    with pytest.raises(RecordsError, match="no such file"):
        read_needs(tmp_path / "none")
