"""Published measures, against figures worked out by hand."""

import pandas as pd
import pytest

from bayescich.histories.measures import (
    commissioner_moves,
    oc2_cohort,
    same_carer_two_years,
    three_or_more_placements,
)

CLASSES = {"K2": "children's home", "U6": "foster", "A3": "adoption", "T4": "temporary"}


def dated(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return frame.assign(**{c: pd.to_datetime(frame[c]).astype("datetime64[ns]") for c in columns})


def frame_of(text: str, columns: list[str]) -> pd.DataFrame:
    rows = [line.split() for line in text.strip().splitlines()]
    rows = pd.DataFrame(rows, columns=columns).astype("str")
    return rows.assign(period=rows["period"].astype(int), authority=rows["child"].str[0])


def spells(text: str, born: str = "2010-06-01") -> pd.DataFrame:
    """Read lines: child, period, start, end (2022-03-31 is the end of the records), PLACE."""
    rows = frame_of(text, ["child", "period", "start", "end", "PLACE"])
    rows = rows.assign(
        born=born,
        PLACE_CLASS=rows["PLACE"].map(CLASSES),
        ended_by=rows["end"]
        .map({"2022-03-31": "end of the extract"})
        .fillna("moved")
        .astype("str"),
        history_known=~rows["child"].str.endswith("x"),
    )
    return dated(rows, "start", "end", "born")


def chain(text: str, born: str = "2010-06-01") -> pd.DataFrame:
    """Read lines: child, period, DECOM, RNE, LS, DEC."""
    rows = frame_of(text, ["child", "period", "DECOM", "RNE", "LS", "DEC"])
    rows = rows.assign(LA=rows["authority"], born=born, open=rows["DEC"].eq("2022-03-31"))
    return dated(rows, "DECOM", "DEC", "born")


def figures(frame: pd.DataFrame, column: str) -> dict[str, object]:
    return dict(zip(frame["child"], frame[column], strict=True))


def test_three_or_more_placements_in_the_year_of_those_there_at_its_end() -> None:
    measure = three_or_more_placements(
        spells(
            """
            N/a 1 2019-01-01 2021-05-01 U6
            N/a 1 2021-05-01 2021-06-01 K2
            N/a 1 2021-06-01 2022-03-31 U6
            N/b 2 2019-01-01 2021-04-01 U6
            N/b 2 2021-04-01 2021-06-01 U6
            N/b 2 2021-06-01 2022-03-31 K2
            N/c 3 2021-05-01 2021-06-01 U6
            N/c 3 2021-06-01 2021-07-01 U6
            N/c 3 2021-07-01 2022-02-01 U6
            S/d 4 2021-05-01 2021-06-01 U6
            S/d 5 2021-08-01 2021-09-01 U6
            S/d 5 2021-09-01 2021-09-01 K2
            S/d 5 2021-09-01 2022-03-31 U6
            S/e 6 2021-05-01 2021-06-01 U6
            S/e 6 2021-06-01 2021-06-04 T4
            S/e 6 2021-06-04 2022-03-31 K2
            S/f 7 2022-04-02 2022-05-04 K2
            """
        ),
        2022,
    )
    # b's first placement ended as the year began; c left care; e was away for three days
    assert figures(measure.children, "placements") == {"N/a": 3, "N/b": 2, "S/d": 4, "S/e": 2}
    assert figures(measure.children, "counted") == {
        "N/a": True, "N/b": False, "S/d": True, "S/e": False,
    }  # fmt: skip
    assert measure.authorities.to_dict("records") == [
        {"authority": "N", "children": 2, "count": 1, "share": 0.5},
        {"authority": "S", "children": 2, "count": 1, "share": 0.5},
    ]
    assert measure.account.total("read", "3 or more placements") == 4


LONG = """
N/a 1 2018-01-01 2020-03-31 U6
N/a 1 2020-03-31 2022-03-31 U6
N/b 2 2019-09-30 2020-04-01 U6
N/b 2 2020-04-01 2022-03-31 U6
N/c 3 2019-10-01 2022-03-31 U6
S/d 4 2018-01-01 2021-01-01 U6
S/d 4 2021-01-01 2022-03-31 A3
S/x 5 2018-01-01 2022-03-31 U6
"""


def test_the_same_carer_for_two_years_of_those_in_care_for_two_and_a_half() -> None:
    measure = same_carer_two_years(spells(LONG), 2022)

    assert figures(measure.children, "counted") == {
        "N/a": True, "N/b": False, "S/d": False, "S/x": True,
    }  # fmt: skip
    assert measure.authorities["share"].tolist() == [0.5, 0.5]
    assert measure.account.total("noted", "same carer for two years") == 1
    older = same_carer_two_years(spells(LONG), 2022, adoption_counts=True)
    assert figures(older.children, "counted")["S/d"]


def test_at_16_a_child_is_no_longer_counted() -> None:
    assert same_carer_two_years(spells(LONG, born="2006-03-31"), 2022).children.empty
    assert len(same_carer_two_years(spells(LONG, born="2006-04-01"), 2022).children) == 4


def test_moves_by_the_commissioners_rule() -> None:
    measure = commissioner_moves(
        chain(
            """
            N/a 1 2021-01-01 S C2 2021-05-01
            N/a 1 2021-05-01 P C2 2021-06-01
            N/a 1 2021-06-01 P C2 2021-06-05
            N/a 1 2021-06-05 P C2 2021-09-01
            N/a 1 2021-09-01 T C2 2021-10-01
            N/a 1 2021-10-01 L C2 2022-03-31
            N/b 2 2021-06-01 S C2 2021-07-01
            N/b 2 2021-07-01 B C2 2021-08-01
            N/b 3 2021-09-01 S C2 2022-03-31
            N/c 4 2021-06-01 S C2 2022-03-31
            S/d 5 2021-01-01 S C2 2021-05-01
            S/d 6 2021-08-01 S C2 2021-10-01
            S/e 7 2021-06-01 S V3 2021-06-03
            S/f 8 2020-01-01 S C2 2021-03-30
            S/g 9 2022-04-01 S C2 2022-05-01
            """
        ),
        pd.Timestamp("2021-04-01"),
        pd.Timestamp("2022-04-01"),
    )
    # a: out and back on a temporary placement is two of the three; b: one move and one re-entry;
    # d: in care when the window opened, so coming back counts
    assert figures(measure.children, "moves") == {"N/a": 3, "N/b": 2, "N/c": 0, "S/d": 1}
    assert measure.authorities["count"].tolist() == [2, 0]
    assert measure.authorities["share"].tolist() == pytest.approx([2 / 3, 0])


YEAR_ROUND = """
N/a 1 2021-04-01 S C2 2021-09-01
N/a 1 2021-09-01 P C2 2022-03-31
N/b 2 2021-04-02 S C2 2022-03-31
N/c 3 2020-01-01 S C2 2022-03-30
N/d 4 2020-01-01 S C2 2021-08-01
N/d 5 2021-08-02 S C2 2022-06-01
S/e 6 2020-01-01 S V4 2022-03-31
S/f 7 2020-01-01 S C2 2022-04-01
"""


def test_oc2_is_of_children_looked_after_the_whole_year() -> None:
    measure = oc2_cohort(chain(YEAR_ROUND), 2022)
    assert figures(measure.children, "counted") == {
        "N/a": True, "N/b": False, "N/d": False, "S/f": True,
    }  # fmt: skip
    assert measure.authorities["count"].tolist() == [1, 1]


def test_oc2_is_not_of_adults() -> None:
    assert oc2_cohort(chain(YEAR_ROUND, born="2004-03-31"), 2022).children.empty


def test_a_year_without_children_gives_empty_tables() -> None:
    for measure in (
        three_or_more_placements(spells(LONG), 2001),
        same_carer_two_years(spells(LONG), 2001),
        oc2_cohort(chain(YEAR_ROUND), 2001),
        commissioner_moves(chain(YEAR_ROUND), pd.Timestamp("2000"), pd.Timestamp("2001")),
    ):
        assert measure.children.empty
        assert measure.authorities.empty
        assert list(measure.authorities.columns) == ["authority", "children", "count", "share"]
