"""Stays side by side: order, what is merged, weights, blanks, and homes that are not known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from bayescich.account import Account
from bayescich.histories.needs import STATEMENTS
from bayescich.histories.outcome_stays import PER_STAY, TYPE_NOT_KNOWN, stays_side_by_side
from bayescich.records.ssda903_codes import code_set
from tests.histories.written_returns import rules

FIRST, LAST = "2020-01-01", "2021-01-01"  # 366 days
SOLO, GROUP, GONE = "SC100001", "SC100002", "SC999999"

HOMES = pd.DataFrame(
    {
        "urn": [SOLO, GROUP, SOLO],
        "snapshot": [2019, 2019, 2020],
        "owner": ["One", "Two", "Three"],
        "sector": ["Private", "Local authority", "Private"],
        "provision_type": "Children's home",
        "places": [1, 5, 1],
        "short_breaks": False,
        "status": "Active",
        "authority": "Northshire",
        "region": "North",
    }
)


def dates(values: pd.Series) -> pd.Series:
    return pd.to_datetime(values).astype("datetime64[ns]")


def histories(text: str) -> Any:
    """Read lines: child, start, end, PLACE, URN; each is a placement of its own."""
    names = ["child", "start", "end", "PLACE", "URN"]
    rows = pd.DataFrame([line.split() for line in text.strip().splitlines()], columns=names)
    rows = rows.astype("str").assign(start=dates(rows["start"]), end=dates(rows["end"]))
    urn = rows["URN"].replace("-", None).astype("str")
    place = rows["PLACE"].map(code_set("place").group).astype("str")
    spells = rows.assign(URN=urn, home=urn, PLACE_CLASS=place, spell=range(len(rows)))
    at_home = spells["PLACE"].isin(["K1", "K2"])
    chain = spells.rename(columns={"start": "DECOM", "end": "DEC"})
    return SimpleNamespace(chain=chain, spells=spells, home_spells=spells[at_home])


def cohort(*children: str, start: str = FIRST, end: str = LAST) -> pd.DataFrame:
    frame = pd.DataFrame({"child": list(children)}).astype("str")
    frame["window_start"], frame["window_end"] = pd.Timestamp(start), pd.Timestamp(end)
    return frame.astype(dict.fromkeys(["window_start", "window_end"], "datetime64[ns]"))


def described(text: str, *children: str) -> pd.DataFrame:
    table, _ = stays_side_by_side(cohort(*children), histories(text), HOMES, minimum_homes=1)
    return table.assign(child=list(children)).set_index("child")


def said(table: pd.DataFrame, child: str, name: str) -> list[object]:
    row = table.loc[child].filter(regex=rf"^{name}_\d+$")
    return row.where(row.notna(), "").tolist()


STORY = f"""
a 2019-06-01 2020-01-31 U6 -
a 2020-01-31 2020-03-01 U4 -
a 2020-03-01 2020-06-01 K2 {SOLO}
a 2020-06-01 2020-06-11 K2 {GROUP}
a 2020-07-01 2020-08-01 K2 {GROUP}
a 2020-08-01 2021-05-01 H5 -
b 2020-12-31 2021-03-01 P1 -
"""


def test_stays_are_in_order_with_carers_joined_and_absences_apart() -> None:
    table = described(STORY, "a", "b")
    # two foster carers are one setting; one home before and after days out of care is two stays
    assert said(table, "a", "setting") == ["foster", "home", "home", "home", "supported"]
    assert said(table, "a", "home") == ["", SOLO, GROUP, GROUP, ""]
    assert said(table, "b", "setting") == ["parents", "", "", "", ""]
    assert [str(name) for name in table if str(name).endswith("_6")] == []


def test_weights_are_shares_of_the_window_and_leave_days_out_of_care_out() -> None:
    table = described(STORY, "a", "b")
    days = [60, 92, 10, 31, 153]
    assert said(table, "a", "weight") == pytest.approx([d / 366 for d in days])
    # 20 days of June out of care
    assert table.loc["a"].filter(regex=r"^weight_\d").sum() == pytest.approx(1 - 20 / 366)
    assert table.loc["b", "weight_1"] == pytest.approx(1 / 366)
    assert table.loc["a", "home_weight"] == pytest.approx((92 + 10 + 31) / 366)
    assert table.loc["b", "home_weight"] == 0


def test_stays_began_and_ended_in_years_before_the_end_of_the_window() -> None:
    table = described(STORY, "a", "b")
    # the first began before the window, the last goes on after it: both are cut
    assert table.loc["a", "began_1"] == pytest.approx(366 / 365.25)
    assert table.loc["a", "ended_1"] == pytest.approx(306 / 365.25)
    assert table.loc["a", "ended_5"] == 0
    assert pd.isna(table.loc["b", "ended_2"])


def test_types_and_owners_are_those_of_the_first_day_and_only_of_homes() -> None:
    table = described(STORY, "a", "b")
    assert said(table, "a", "home_type") == [
        "", "Private, solo", "Local authority, medium", "Local authority, medium", "",
    ]  # fmt: skip
    # the list of 31 March 2020 names another owner, but came after the stay began
    assert said(table, "a", "provider") == ["", "One", "Two", "Two", ""]
    first, last = ["first_home", "first_home_type"], ["last_home", "last_home_type"]
    assert table.loc["a", first].tolist() == [SOLO, "Private, solo"]
    assert table.loc["a", last].tolist() == [GROUP, "Local authority, medium"]
    assert table.loc["b", [*first, *last, "main_home"]].isna().all()


def test_the_main_home_is_that_of_most_days_over_all_stays_in_it() -> None:
    table = described(
        f"""
        a 2020-01-01 2020-01-21 K2 {SOLO}
        a 2020-01-21 2020-02-05 K2 {GROUP}
        a 2020-02-05 2020-02-06 U6 -
        a 2020-02-06 2020-02-16 K2 {GROUP}
        b 2020-01-01 2020-01-21 K2 {GROUP}
        b 2020-01-21 2020-02-10 K2 {SOLO}
        """,
        "a",
        "b",
    )
    assert table["main_home"].tolist() == [GROUP, GROUP]


def test_homes_that_are_not_known_are_blank_and_never_joined() -> None:
    table, account = stays_side_by_side(
        cohort("a"),
        histories(
            f"""
            a 2020-01-01 2020-02-01 K2 -
            a 2020-02-01 2020-03-01 K2 {GONE}
            a 2020-03-01 2020-04-01 K1 XXXXXXX
            """
        ),
        HOMES,
        minimum_homes=1,
    )
    row = table.loc[0]
    assert row[["setting_1", "setting_2", "setting_3"]].tolist() == ["home"] * 3
    assert row[["home_1", "home_2", "home_3", "provider_1", "first_home"]].isna().all()
    # a secure home is one whoever runs it
    assert row[["home_type_1", "home_type_2", "home_type_3"]].tolist() == [
        TYPE_NOT_KNOWN, TYPE_NOT_KNOWN, "Secure",
    ]  # fmt: skip
    assert row["unnamed_home_weight"] == row["home_weight"] == pytest.approx(91 / 366)
    noted = {entry.rule: entry.rows for entry in account.entries if entry.stage == "noted"}
    rule = "stays in a home whose URN is blank, malformed or on no list; the home is blank"
    assert noted[rule] == 3


def test_a_home_that_stops_being_one_with_the_same_carer_is_no_home_after() -> None:
    made = histories(f"a 2020-01-01 2020-05-01 K2 {SOLO}")
    april = pd.Timestamp("2020-04-01")
    made.home_spells = made.home_spells.assign(end=april)
    later = made.chain.assign(DECOM=april, PLACE_CLASS="supported")
    made.chain = pd.concat([made.chain.assign(DEC=april), later], ignore_index=True)
    table, _ = stays_side_by_side(cohort("a"), made, HOMES, minimum_homes=1)
    assert table.loc[0, ["setting_1", "setting_2"]].tolist() == ["home", "supported"]
    assert table.loc[0, ["weight_1", "weight_2"]].tolist() == pytest.approx([91 / 366, 30 / 366])


@pytest.mark.parametrize(
    ("place", "setting"),
    [
        ("U1", "kin"), ("U6", "foster"), ("K1", "home"), ("K3", "supported"), ("P2", "supported"),
        ("S1", "residential"), ("R1", "residential"), ("R2", "residential"), ("P1", "parents"),
        ("R5", "other"), ("Z1", "other"), ("A3", "other"), ("T4", "other"), ("P3", "other"),
    ],
)  # fmt: skip
def test_each_placement_has_one_of_seven_settings(place: str, setting: str) -> None:
    table = described(f"a {FIRST} {LAST} {place} -", "a")
    assert said(table, "a", "setting") == [setting]


def test_children_without_a_home_have_the_same_columns() -> None:
    table = described("a 2020-01-01 2020-02-01 U6 -", "a")
    assert {f"{name}_1" for name in PER_STAY} <= set(table.columns)
    assert table.loc["a", "unnamed_home_weight"] == 0
    assert table["home_1"].dtype == "str"


def said_by_homes(text: str) -> pd.DataFrame:
    """Read lines: URN, need, since when (- for always), yes or no."""
    names = ["URN", "NEED", "FROM", "STATED"]
    rows = pd.DataFrame([line.split() for line in text.strip().splitlines()], columns=names)
    since = dates(rows["FROM"].replace("-", None))
    stated = rows["STATED"].eq("yes")
    return rows.astype("str").assign(FROM=since, STATED=stated)


WINDOW = {"start": "2020-01-01", "end": "2020-04-10"}  # 100 days
TWO_HOMES = f"""
a 2019-06-01 2020-01-26 K2 {SOLO}
a 2020-01-26 2020-03-16 K2 {GROUP}
a 2020-03-16 2020-05-01 U6 -
b 2020-01-01 2020-03-01 U6 -
"""
SAID = said_by_homes(
    f"""
    {SOLO}  self_harm -          yes
    {SOLO}  autism    -          yes
    {SOLO}  drugs     2020-01-01 yes
    {GROUP} autism    2020-01-26 yes
    {GROUP} drugs     2020-01-26 no
    {GROUP} violence  2020-01-27 yes
    """
)


def met(
    text: str, *children: str, statements: pd.DataFrame = SAID, needs: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, Account]:
    table, account = stays_side_by_side(
        cohort(*children, **WINDOW), histories(text), HOMES, 1, statements=statements, needs=needs
    )
    return table.assign(child=list(children)).set_index("child"), account


def test_needs_met_are_the_share_of_the_window_in_homes_that_say_so() -> None:
    table, _ = met(TWO_HOMES, "a", "b")
    assert said(table, "a", "weight") == pytest.approx([0.25, 0.5, 0.25])
    assert table.loc["a", "home_weight"] == 0.75
    # the first says it meets self-harm, both autism; the second says it does not meet drugs
    assert table.loc["a", "meets_self_harm"] == 0.25
    assert table.loc["a", "meets_autism"] == 0.75
    assert table.loc["a", "statement_known"] == 0.75
    # said after the stay began: of the first by far, for it began before the window
    assert table.loc["a", ["meets_drugs", "meets_violence"]].tolist() == [0, 0]
    assert table.loc["b"].filter(like="meets_").tolist() == [0, 0, 0, 0]
    assert set(table.filter(regex="^(meets|statement)_").dtypes.astype("str")) == {"float64"}


def test_needs_met_stand_after_the_summary_in_the_order_of_the_vocabulary() -> None:
    needs = pd.DataFrame({"NEED": ["trauma", "eating_disorder"], "PRESENT": [True, False]})
    names = [str(name) for name in met(TWO_HOMES, "a", needs=needs)[0]]
    own = names[names.index("unnamed_home_weight") + 1 : names.index("setting_1")]
    # a need that some child has but no home meets has a column too
    assert own == ["statement_known", *(f"meets_{need}" for need in (
        "self_harm", "autism", "trauma", "violence", "drugs",
    ))]  # fmt: skip


def test_a_home_without_a_statement_or_a_name_meets_nothing_and_is_counted() -> None:
    table, account = met(
        f"""
        a 2019-06-01 2020-01-26 K2 {SOLO}
        a 2020-01-26 2020-02-10 K2 -
        a 2020-02-10 2020-04-10 K2 {GROUP}
        """,
        "a",
        statements=SAID[SAID["URN"].eq(GROUP)].assign(FROM=dates(pd.Series(["2020-02-11"] * 3))[0]),
    )
    assert table.loc["a", "home_weight"] == 1
    assert table.loc["a", "statement_known"] == 0
    assert rules(account, "noted", STATEMENTS) == {
        "the home's first statement is later than the start; not known": 1,
        "no statement of the home; not known": 1,
        "the home is not known, nor its statement": 1,
    }
    assert account.total("read", STATEMENTS) == 3


def test_two_stays_in_one_home_go_by_what_it_said_at_the_start_of_each() -> None:
    table, _ = met(
        f"""
        a 2020-01-01 2020-01-11 K2 {GROUP}
        a 2020-01-11 2020-01-21 K2 {SOLO}
        a 2020-01-26 2020-02-25 K2 {GROUP}
        """,
        "a",
    )
    # only the second stay in it began with a statement; the other home's newest names drugs alone
    assert table.loc["a", "meets_autism"] == pytest.approx(0.3)
    assert table.loc["a", "meets_drugs"] == pytest.approx(0.1)
    assert table.loc["a", "statement_known"] == pytest.approx(0.4)
    assert table.loc["a", "home_weight"] == pytest.approx(0.5)


@pytest.mark.parametrize("statements", [None, SAID[:0]])
def test_without_statements_there_are_no_such_columns(statements: pd.DataFrame | None) -> None:
    table, account = met(TWO_HOMES, "a", statements=statements)  # type: ignore[arg-type]
    assert table.filter(regex="^(meets|statement)_").shape[1] == 0
    assert account.total("read", STATEMENTS) == 0
