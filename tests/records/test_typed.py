"""From cells of text to types: one table with every kind of field."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa
import pytest

from bayescich.account import Account
from bayescich.records.fields import (
    code,
    day,
    flag,
    identifier,
    meaning_of,
    number,
    postcode,
    text,
    whole,
    year,
)
from bayescich.records.tables import Table
from bayescich.records.tabular import RawTable
from bayescich.records.typed import Stack, typed

SCHEMA = pa.DataFrameSchema(
    {
        "ID": identifier("an id", nullable=False),
        "NAME": text("a name", needed=False),
        "WHERE": postcode("a postcode", needed=False),
        "SEX": code("sex", "ssda903_sex", needed=False, recoded={"MALE": "M", "FEMALE": "F"}),
        "WHEN": day("a date", needed=False),
        "SCHOOL_YEAR": year("a school year", needed=False, headings=("Acadyr",)),
        "SCORE": whole("SDQ total", "points", low=0, high=40, needed=False),
        "PRICE": number("price", "pounds a week", low=0, needed=False),
        "YES": flag("yes or no", needed=False),
    },
    ordered=True,
    strict=True,
)
TABLE = Table("things", "Things", SCHEMA, ("ID",), ("ID",))


def read(**columns: list[str]) -> tuple[pd.DataFrame, Account]:
    first = next(iter(columns.values()))
    given = {"ID": [str(i) for i in range(len(first))], **columns}
    frame = pd.DataFrame(given, dtype="str")
    frame.index = pd.RangeIndex(2, 2 + len(frame))
    return typed(Stack.of([RawTable("x.csv", "", frame)]), TABLE)


@pytest.mark.parametrize(
    ("column", "cells", "expected"),
    [
        ("ID", ["ab12", '="0012"', "12.0", '=""'], ["AB12", "0012", "12"]),
        ("NAME", ["  two \n words", ""], ["two words", None]),
        ("WHERE", ["bn20  8jx", "BN208JX", "e1", "na"], ["BN20 8JX", "BN20 8JX", "E1", None]),
        ("SEX", ["m", "Male", "1", "9", ""], ["M", "M", "1", None, None]),
        ("WHEN", ["1/2/2018", "2018-02-01", "zz/06/2011", ""], ["2018-02-01"] * 2 + [None] * 2),
        ("SCHOOL_YEAR", ["2018/2019", "201819", "2019", "x"], [2019, 2019, 2019, None]),
        ("SCORE", ["0", "40", "41", "-1", "3.5", "7.0"], [0, 40, None, None, None, 7]),
        ("PRICE", ["£1,234.50", "0", "-1", "inf", "1e400"], [1234.5, 0, None, None, None]),
        ("YES", ["1", "0", "Y", "no", "perhaps", ""], [True, False, True, False, None, None]),
    ],
)
def test_each_kind(column: str, cells: list[str], expected: list[object]) -> None:
    frame, account = read(**{column: cells})
    values = frame[column]
    if column == "WHEN":
        values = values.dt.strftime("%Y-%m-%d")
    assert [None if pd.isna(v) else v for v in values] == expected
    assert len(frame) + account.total("excluded", "things") == len(cells)
    SCHEMA.validate(frame)


def test_a_bad_cell_is_counted_with_file_row_and_text() -> None:
    _, account = read(SCORE=["12", "forty", "41", "NA"])
    (entry,) = [e for e in account.entries if e.stage == "repaired"]
    assert entry.rule == "SCORE is not a whole number at least 0 and at most 40; taken as blank"
    assert entry.rows == 2
    assert entry.examples == ("x.csv row 3: forty", "x.csv row 4: 41")


def test_two_digit_years_are_never_in_the_future() -> None:
    frame, account = read(WHEN=["01/02/09", "01/02/99"])
    assert frame["WHEN"].dt.year.tolist() == [2009, 1999]
    assert account.total("repaired", "things") == 2


def test_formulas_and_markup_in_ids_are_kept_and_noted() -> None:
    ids = ["=HYPERLINK(1)", "<b>7</b>", "AB-12/3", "A\x07"]
    frame, account = read(ID=ids)
    assert frame["ID"].tolist() == ["=HYPERLINK(1)", "<B>7</B>", "AB-12/3", "A\x07"]
    assert account.total("noted", "things") == 3


def test_files_of_a_stack_are_named_in_messages() -> None:
    frames = [
        pd.DataFrame({"ID": ["1", "", ""], "NAME": ["", "n", ""]}, dtype="str", index=[5, 9, 11])
        for _ in range(2)
    ]
    stack = Stack.of([RawTable(f"{n}.csv", "", f) for n, f in zip("ab", frames, strict=True)])
    frame, account = typed(stack, TABLE)
    assert len(frame) == 2
    (entry,) = [e for e in account.entries if e.stage == "excluded"]
    assert entry.examples == ("a.csv row 9", "b.csv row 9")
    assert account.total("read", "things") == 4, "a blank row is no row"
    assert frame["PRICE"].isna().all()
    assert str(frame["YES"].dtype) == "boolean"


def test_a_schema_says_what_its_columns_mean() -> None:
    meaning = meaning_of(SCHEMA.columns["SCORE"])
    assert (meaning.unit, meaning.low, meaning.high) == ("points", 0, 40)
    assert meaning_of(SCHEMA.columns["SCHOOL_YEAR"]).headings == ("Acadyr",)
