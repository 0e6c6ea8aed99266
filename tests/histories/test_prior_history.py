"""What was known of a child on the day of the first placement in a home, and nothing later."""

import dataclasses

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayescich.account import Account
from bayescich.histories.prior_history import history_before, prior_history
from bayescich.records.ssda903 import Ssda903Records

CLASSES = {
    "K2": "children's home", "U6": "foster", "U1": "kinship foster", "S1": "residential school",
    "R2": "health", "P1": "parents", "H5": "supported", "T4": "temporary", "R5": "custody",
}  # fmt: skip


def dated(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return frame.assign(**{c: pd.to_datetime(frame[c]).astype("datetime64[ns]") for c in columns})


def spells(text: str) -> pd.DataFrame:
    """Read lines: child, period, start, end, PLACE, reason, ended_by, home."""
    names = ["child", "period", "start", "end", "PLACE", "reason", "ended_by", "home"]
    rows = pd.DataFrame([line.split() for line in text.strip().splitlines()], columns=names)
    rows = rows.astype("str")
    kept = {c: rows[c].replace("-", None) for c in ("reason", "home")}
    return dated(
        rows.assign(
            **kept,
            period=rows["period"].astype(int),
            ended_by=rows["ended_by"].replace("taken", "taken over by another authority"),
            spell=range(len(rows)),
            PLACE_CLASS=rows["PLACE"].map(CLASSES),
            born="2006-01-01",
            records_begin="2015-04-01",
            history_known=~rows["child"].eq("N/late"),
        ),
        "start", "end", "born", "records_begin",
    )  # fmt: skip


def returns(**tables: str) -> Ssda903Records:
    """Fill tables from lines of LA, CHILD, YEAR and the columns named in COLUMNS."""
    empty = Ssda903Records(pd.DataFrame(), pd.DataFrame(), Account())
    filled = {}
    for name, text in tables.items():
        columns = ["LA", "CHILD", "YEAR", *COLUMNS[name]]
        rows = pd.DataFrame([x.split() for x in text.strip().splitlines()], columns=columns)
        rows = rows.replace("-", None)
        blank = getattr(empty, name)
        flags = [c for c in columns if blank[c].dtype == "boolean"]
        rows[flags] = rows[flags].replace({"1": True, "0": False})
        numbers = [c for c in columns if blank[c].dtype == "Int64"]
        rows[numbers] = rows[numbers].apply(pd.to_numeric)
        filled[name] = rows.reindex(columns=blank.columns).astype(blank.dtypes.to_dict())
    return dataclasses.replace(empty, **filled)


COLUMNS = {
    "oc2": ["SDQ_SCORE", "CONVICTED", "SUBSTANCE_MISUSE"],
    "missing": ["MIS_START"],
    "uasc": [],
    "previous_permanence": ["PREV_PERM", "DATE_PERM_EARLIEST"],
}

STORY = spells(
    """
    N/a 1 2016-01-01 2016-03-01 U6 CREQB moved -
    N/a 1 2016-03-01 2016-07-01 U1 - left -
    N/a 2 2018-01-01 2018-02-01 P1 CARPL moved -
    N/a 2 2018-02-01 2018-02-05 T4 - moved -
    N/a 2 2018-02-05 2018-03-01 S1 STAND moved -
    N/a 2 2018-03-01 2018-03-31 R2 OTHER moved -
    N/a 2 2018-03-31 2018-06-01 K2 CREQO moved H1
    N/a 2 2018-06-01 2018-09-01 K2 CREQB moved H2
    N/b 3 2014-01-01 2016-01-01 K2 CARPL moved H1
    N/b 3 2016-01-01 2016-09-01 U6 CARPL moved -
    N/c 4 2014-01-01 2016-01-01 K2 CARPL moved H1
    N/c 4 2016-01-01 2016-09-01 K2 CARPL moved -
    N/d 5 2017-01-01 2018-01-01 U6 CARPL moved -
    N/late 6 2016-02-01 2016-09-01 K2 CARPL moved H2
    """
)
RETURNS = returns(
    oc2="""
    N a 2016 11 0 -
    N a 2017 -  0 -
    N a 2018 17 1 0
    N a 2019 30 1 1
    """,
    missing="""
    N a 2017 2017-03-30
    N a 2018 2017-04-01
    N a 2019 2017-04-01
    N a 2018 2018-03-30
    N a 2018 2018-03-31
    """,
    uasc="N c 2016\nN late 2017",
    previous_permanence="""
    N a 2016 P2 2010-01-01
    N a 2018 P1 2018-12-01
    N a 2019 P3 -
    N late 2016 Z1 -
    """,
)


def told(child: str, **options: object) -> pd.Series:
    table, _ = prior_history(STORY, STORY[STORY["home"].notna()], RETURNS, **options)
    return table.set_index("child").loc[child]


def test_one_row_per_child_at_the_first_home_of_the_window() -> None:
    table, account = prior_history(STORY, STORY[STORY["home"].notna()], RETURNS)

    assert table["child"].tolist() == ["N/a", "N/c", "N/late"]
    assert table["index_date"].dt.strftime("%Y-%m-%d").tolist() == [
        "2018-03-31", "2016-01-01", "2016-02-01",
    ]  # fmt: skip
    assert table["index_home"].fillna("?").tolist() == ["H1", "?", "H2"]
    assert table["first_of_person"].tolist() == [True, False, True]
    assert table["history_complete"].tolist() == [True, True, False]
    assert account.total("read", "prior history") == 4
    assert account.total("excluded", "prior history") == 1
    assert account.total("kept", "prior history") == 3


def test_entered_late_the_homes_already_running_count() -> None:
    assert told("N/b", entry="delayed")["index_date"] == pd.Timestamp("2014-01-01")


def test_what_came_before() -> None:
    history = told("N/a")
    expected = {
        "earlier_periods": 1, "earlier_placements": 5, "earlier_foster": 1, "earlier_kinship": 1,
        "earlier_parents": 1, "earlier_residential": 2, "earlier_homes": 0, "earlier_supported": 0,
        "earlier_unplanned_endings": 2, "previous_breakdown": True, "previous_permanence": "P2",
        "last_sdq_before": 17, "last_sdq_days_before": 0, "missing_episodes_before": 3,
        "missing_episodes_year_before": 2, "convicted_before": True, "substance_before": False,
        "uasc": False,
    }  # fmt: skip
    assert history[list(expected)].to_dict() == expected
    # 60 + 122 days in 2016, then 1 January to 31 March 2018
    assert history["years_in_care_before"] * 365.25 == pytest.approx(60 + 122 + 89)
    assert history["age_at_first_entry"] == pytest.approx(10.0, abs=0.01)
    assert history["age_at_index"] == pytest.approx(12.245, abs=0.01)


def test_the_day_before_31_march_the_return_of_the_year_is_not_known() -> None:
    index = pd.DataFrame({"child": ["N/a"], "index_date": [pd.Timestamp("2018-03-30")]})
    history = history_before(index, STORY, RETURNS).iloc[0]
    assert history["last_sdq_before"] == 11
    assert history["last_sdq_days_before"] == 364 + 365
    assert history["convicted_before"] is False or not history["convicted_before"]
    assert pd.isna(history["substance_before"])
    assert history["missing_episodes_before"] == 2


def test_of_a_child_without_returns_little_is_known() -> None:
    history = told("N/c")
    assert pd.isna(history["last_sdq_before"])
    assert pd.isna(history["convicted_before"])
    assert pd.isna(history["previous_permanence"])
    assert history["uasc"]
    assert history["earlier_homes"] == 1
    late = told("N/late")
    assert late["previous_permanence"] == "Z1"
    assert not late["uasc"]  # first returned in the year after


TRANSFER = spells(
    """
    N/1 1 2016-01-01 2016-07-01 U6 CREQB moved -
    N/1 1 2016-07-01 2016-10-01 K2 - taken H1
    S/9 2 2016-09-21 2016-12-01 U6 CARPL moved -
    S/9 2 2016-12-01 2017-03-01 K2 - left H2
    """
)
PEOPLE = pd.DataFrame({"child": ["N/1", "S/9"], "person": ["N/1", "N/1"]})


def test_history_goes_on_in_another_authority() -> None:
    homes = TRANSFER[TRANSFER["home"].notna()]
    table, _ = prior_history(TRANSFER, homes, returns(missing="N 1 2016 2016-02-01"), PEOPLE)
    table = table.set_index("child")

    assert table["first_of_person"].to_dict() == {"N/1": True, "S/9": False}
    assert table.loc["S/9", "earlier_placements"] == 3
    assert table.loc["S/9", "earlier_periods"] == 0  # taken over: care went on
    assert table.loc["S/9", "previous_breakdown"]
    assert table.loc["S/9", "missing_episodes_before"] == 1
    # ten days were returned by both authorities
    assert table.loc["S/9", "years_in_care_before"] * 365.25 == pytest.approx(335)
    assert table.loc["N/1", "earlier_placements"] == 1

    alone, _ = prior_history(TRANSFER, homes, returns())
    assert alone.set_index("child").loc["S/9", "earlier_placements"] == 1


def test_a_person_of_whom_nothing_was_linked_is_alone() -> None:
    homes = TRANSFER[TRANSFER["home"].notna()]
    linked, _ = prior_history(TRANSFER, homes, returns(), PEOPLE.head(0))
    alone, _ = prior_history(TRANSFER, homes, returns())
    pd.testing.assert_frame_equal(linked, alone)


BEFORE, _ = prior_history(STORY, STORY[STORY["home"].notna()], RETURNS)
LATER = st.integers(0, 900)


@settings(max_examples=8, deadline=None)
@given(days=LATER, place=st.sampled_from(sorted(CLASSES)), score=st.integers(0, 40))
def test_nothing_recorded_later_enters(days: int, place: str, score: int) -> None:
    day = pd.Timestamp("2018-09-01") + pd.Timedelta(days=days)
    start, end = f"{day:%Y-%m-%d}", f"{day + pd.Timedelta(days=9):%Y-%m-%d}"
    later = spells(f"N/a 2 {start} {end} {place} CREQB moved H9").assign(spell=99)
    year = 2019 + days // 300
    added = returns(
        oc2=f"N a {year} {score} 1 1",
        missing=f"N a 2018 2018-03-31\nN a {year} {start}",
        uasc=f"N a {year}",
        previous_permanence=f"N a {year} P4 -",
    )
    tables = {
        name: pd.concat([getattr(RETURNS, name), getattr(added, name)], ignore_index=True)
        for name in COLUMNS
    }
    more = pd.concat([STORY.iloc[:8], later, STORY.iloc[8:]], ignore_index=True)

    after, _ = prior_history(
        more, more[more["home"].notna()], dataclasses.replace(RETURNS, **tables)
    )

    pd.testing.assert_frame_equal(after, BEFORE)


def test_no_child_in_a_home_gives_an_empty_table() -> None:
    none = STORY[STORY["child"].eq("N/d")]
    table, account = prior_history(none, none, RETURNS)
    assert table.empty
    assert "previous_permanence" in table
    assert account.total("kept", "prior history") == 0
