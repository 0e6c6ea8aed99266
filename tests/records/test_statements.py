"""Statements of Purpose: long and wide, the same vocabulary, repeats."""

from pathlib import Path

import pandas as pd

from bayescich.records.statements import read_statements


def test_long_statements(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "URN,NEED,FROM\nsc1,ADHD,01/04/2023\nsc1,trauma,01/04/2023\nsc1,Trauma,01/04/2023\n"
        "SC2,sorcery,\nSC2,HSB,\n,HSB,\n"
    )
    records = read_statements(tmp_path)
    stated = records.statements
    assert stated[["URN", "NEED"]].to_numpy().tolist() == [
        ["SC1", "adhd"],
        ["SC1", "trauma"],
        ["SC2", "sexually_harmful_behaviour"],
    ]
    assert stated["FROM"].tolist()[:2] == [pd.Timestamp("2023-04-01")] * 2
    assert pd.isna(stated["FROM"].iloc[2])
    assert stated["STATED"].all()
    rules = {e.rule: e.rows for e in records.account.entries if e.stage == "excluded"}
    assert rules == {
        "URN is blank or cannot be read": 1,
        "NEED is no term of the code set needs": 1,
        "a copy of another row": 1,
    }


def test_wide_statements_keep_what_a_home_does_not_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "URN,Statement date,autism,need not known,self-harm,alcohol\nSC1,01/05/2024,1,1,0,\n"
    )
    records = read_statements(tmp_path)
    assert records.statements[["NEED", "STATED"]].to_numpy().tolist() == [
        ["autism", True],
        ["self_harm", False],
    ]
    noted = [e for e in records.account.entries if e.stage == "noted"]
    assert [(e.rows, e.examples) for e in noted] == [(1, ("need not known",))]


def test_yes_goes_before_no(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("URN,NEED,STATED\nSC1,ADHD,1\nSC1,ADHD,0\n")
    assert read_statements(tmp_path).statements["STATED"].tolist() == [True]


def test_a_register_of_homes_is_no_statement(tmp_path: Path) -> None:
    (tmp_path / "homes.csv").write_text("URN,Provision type,Places\nSC1,Children's home,4\n")
    assert read_statements(tmp_path).statements.empty
