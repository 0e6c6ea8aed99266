"""Needs on record at the first home, and what homes say: dates, families and pairs of columns."""

from __future__ import annotations

import pandas as pd
import pytest

from bayescich.account import Account
from bayescich.histories.needs import STATEMENTS, TABLE, need_families, needs_of_stays, needs_on
from bayescich.records.code_sets import code_set
from tests.histories.written_returns import balanced, rules

DAY = "2020-06-01"
OTHER_HOME = "2222222"


def frame(rows: str, columns: str, dates: tuple[str, ...]) -> pd.DataFrame:
    """Return what a few lines say; a dash is a blank."""
    lines = [line.split() for line in rows.strip().splitlines()]
    table = pd.DataFrame(lines, columns=columns.split()).astype("str")
    table = table.mask(table.eq("-"))
    for name in dates:
        table[name] = pd.to_datetime(table[name].astype("object")).astype("datetime64[ns]")
    return table


def stays(rows: str) -> pd.DataFrame:
    table = frame(rows, "child first_start start home_urn", ("first_start", "start"))
    return table.assign(child="Northshire/" + table["child"])


def audit(rows: str) -> pd.DataFrame:
    table = frame(rows, "LA CHILD NEED DATE PRESENT", ("DATE",))
    return table.assign(PRESENT=table["PRESENT"].eq("yes"))


def statements(rows: str) -> pd.DataFrame:
    table = frame(rows, "URN NEED FROM STATED", ("FROM",))
    return table.assign(STATED=table["STATED"].eq("yes"))


STAYS = stays(f"""
a {DAY} {DAY}      1111111
a {DAY} 2021-06-01 {OTHER_HOME}
b {DAY} {DAY}      1111111
c {DAY} {DAY}      1111111
d {DAY} {DAY}      1111111
""")
AUDIT = audit(f"""
Northshire a drugs     {DAY}      yes
Northshire a self_harm 2020-06-02 yes
Northshire a self_harm 2021-05-01 yes
Northshire a autism    2020-01-01 no
Northshire b autism    2020-01-01 no
Northshire c drugs     2020-06-02 yes
Northshire c drugs     -          yes
Southshire 9 drugs     2019-01-01 yes
""")


def made(**records: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    return needs_of_stays(STAYS, **records)


def test_needs_are_frozen_on_the_day_of_the_first_home() -> None:
    table, _ = made(needs=AUDIT)
    # recorded on the day counts; recorded the day after does not, not even for the second home
    assert table["has_drugs"].tolist() == [1, 1, 0, 0, 0]
    assert table["has_self_harm"].tolist() == [0, 0, 0, 0, 0]
    assert set(table.dtypes.astype("str")) == {"int64"}


def test_needs_are_known_where_one_was_looked_for_and_not_found() -> None:
    table, _ = made(needs=AUDIT)
    assert table["needs_known"].tolist() == [1, 1, 1, 0, 0]
    # nobody has autism, so there is no column for it
    assert "has_autism" not in table


def test_a_need_once_recorded_stays_recorded() -> None:
    later = audit("Northshire a drugs 2019-01-01 yes\nNorthshire a drugs 2020-01-01 no")
    assert made(needs=later)[0]["has_drugs"].tolist() == [1, 1, 0, 0, 0]


def test_what_another_authority_recorded_of_the_person_counts() -> None:
    people = pd.DataFrame(
        {"child": ["Northshire/d", "Southshire/9"], "person": ["Northshire/d"] * 2}, dtype="str"
    )
    table, account = made(needs=AUDIT, people=people)
    assert table["has_drugs"].tolist() == [1, 1, 0, 0, 1]
    assert rules(account, "kept", TABLE) == {"rows on or before the first stay in a home": 4}


def test_rows_of_the_audit_are_counted() -> None:
    _, account = made(needs=AUDIT)
    assert rules(account, "excluded", TABLE) == {
        "of a child without a stay in this table": 1,
        "no date": 1,
        "dated after the child's first stay in a home began; not used": 3,
    }
    assert rules(account, "noted", TABLE) == {
        "children with records of needs, all later than the first stay; needs not known": 1,
        "children without a record of needs; needs not known": 1,
    }
    assert balanced(account, TABLE)


SAID = statements(f"""
1111111      drugs     -          yes
1111111      self_harm -          yes
{OTHER_HOME} drugs     2019-01-01 yes
{OTHER_HOME} drugs     2021-06-01 no
{OTHER_HOME} autism    2021-06-01 yes
{OTHER_HOME} self_harm 2021-06-02 yes
""")


def test_the_newest_statement_on_or_before_the_start_counts() -> None:
    two = stays(f"a {DAY} 2021-05-31 {OTHER_HOME}\na {DAY} 2021-06-01 {OTHER_HOME}")
    table, _ = needs_of_stays(two, statements=SAID)
    assert table["meets_drugs"].tolist() == [1, 0]
    assert table["meets_autism"].tolist() == [0, 1]
    assert table["meets_self_harm"].tolist() == [0, 0]


def test_a_statement_without_a_date_holds_until_one_with_a_date() -> None:
    dated = statements("1111111 autism 2020-12-31 yes")
    one = stays(f"a {DAY} {DAY} 1111111\na {DAY} 2021-01-01 1111111")
    table, _ = needs_of_stays(one, statements=pd.concat([SAID, dated], ignore_index=True))
    assert table["meets_drugs"].tolist() == [1, 0]
    assert table["meets_autism"].tolist() == [0, 1]


def test_a_later_statement_and_none_are_told_apart() -> None:
    none = stays(f"a {DAY} 2018-01-01 {OTHER_HOME}\nb {DAY} {DAY} 3333333\nc {DAY} {DAY} -")
    table, account = needs_of_stays(none, statements=SAID)
    assert table.filter(like="_").to_numpy().sum() == 0
    assert rules(account, "noted", STATEMENTS) == {
        "the home's first statement is later than the start; not known": 1,
        "no statement of the home; not known": 1,
        "the home is not known, nor its statement": 1,
    }


def test_each_need_of_either_source_has_both_columns_in_the_order_of_the_vocabulary() -> None:
    table, _ = made(needs=AUDIT, statements=SAID)
    needs = ["self_harm", "autism", "drugs"]
    assert list(table) == [
        "needs_known", *(f"has_{need}" for need in needs),
        "statement_known", *(f"meets_{need}" for need in needs),
    ]  # fmt: skip
    assert table["has_autism"].eq(0).all()


@pytest.mark.parametrize("records", [{}, {"needs": AUDIT[:0], "statements": SAID[:0]}])
def test_a_source_without_such_records_has_no_such_columns(
    records: dict[str, pd.DataFrame],
) -> None:
    table, account = made(**records)
    assert table.shape == (5, 0)
    assert account == Account()


def test_every_need_has_a_family_of_the_code_set() -> None:
    families = need_families()
    assert set(families.values()) == set(code_set("need_families")["code"])
    assert families["boundaries"] == "behaviour-and-offending"
    assert len(families) == len(code_set("needs"))


def test_of_a_cohort_needs_are_those_on_record_by_the_index_date() -> None:
    index = STAYS.drop_duplicates("child").rename(columns={"first_start": "index_date"})
    index = index[["child", "index_date"]].set_axis(range(5, 9))
    known, account = needs_on(index, AUDIT)
    as_of_stays, _ = needs_of_stays(STAYS, AUDIT)
    same = as_of_stays[~STAYS["child"].duplicated()]
    pd.testing.assert_frame_equal(known, same.set_axis(known.index))
    assert {entry.table for entry in account.entries} == {"needs at the index date"}
    assert not any("stay" in entry.rule for entry in account.entries)
    later, _ = needs_on(index.assign(index_date=index["index_date"] - pd.Timedelta(days=1)), AUDIT)
    assert known["has_drugs"].tolist() == [1, 0, 0, 0]
    assert later["has_drugs"].tolist() == [0, 0, 0, 0]
