"""One chain of episodes per child: a story of a few rows for each rule."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from bayescich.histories.episodes import COLUMNS, chained_episodes
from bayescich.spec.policies import HistoryPolicies
from tests.histories.written_returns import balanced, days, header_of, rules, written


def chain(rows: str, *, options: dict[str, object] | None = None, **more: object):
    table, account = chained_episodes(
        written(rows, **more), HistoryPolicies.model_validate(options or {})
    )
    assert balanced(account, "chain of episodes")
    assert not table["DEC"].isna().any()
    return table, account


def counted(account, stage: str, text: str) -> int:
    found = [
        rows for rule, rows in rules(account, stage, "chain of episodes").items() if text in rule
    ]
    assert len(found) <= 1, "the text names one rule"
    return sum(found)


def test_the_columns_are_those_promised() -> None:
    table, _ = chain("a 2021 2020-05-01 S K2 - - - AB1 SC111111")
    assert list(table) == COLUMNS
    row = table.iloc[0]
    assert (row["child"], row["sex"], row["ethnic"]) == ("Northshire/a", "F", "WBRI")
    assert row["open"]
    assert (row["DEC"], row["records_begin"], row["records_end"]) == tuple(
        map(pd.Timestamp, ["2021-03-31", "2020-04-01", "2021-03-31"])
    )
    assert pd.isna(row["REC"])
    assert table["born"].dtype == table["DEC"].dtype == "datetime64[ns]"


def test_no_rows_at_all_are_no_chain() -> None:
    returns = written("a 2021 2020-05-01 S K2")
    empty = type(returns)(
        header=returns.header, episodes=returns.episodes[:0], account=returns.account
    )
    table, account = chained_episodes(empty)
    assert list(table) == COLUMNS
    assert len(table) == account.total("kept", "chain of episodes") == 0


CLOSED_LATER = """
a 2019 2018-05-01 S K2 -          -  -     AB1 SC111111
a 2020 2018-05-01 S K2 2019-06-01 X1 CARPL AB1 SC111111
a 2021 2018-05-01 S K1 2019-07-01 X1 CARPL AB1 SC111111
a 2020 2019-06-01 P U6 -          -  -     AB2 -
a 2021 2019-07-01 P U6 2020-06-01 E4A -    AB2 -
"""


def test_the_latest_return_of_an_episode_is_followed() -> None:
    table, account = chain(CLOSED_LATER)
    assert table["PLACE"].tolist() == ["K1", "U6", "U6"]
    assert days(table["DEC"])[0] == "2019-06-01", "cut where the next begins"
    assert counted(account, "excluded", "open in one year's return") == 1
    assert counted(account, "excluded", "returned in several years") == 1


def test_the_first_return_is_followed_on_request_but_never_an_open_one() -> None:
    table, _ = chain(CLOSED_LATER, options={"returned_twice": "first"})
    assert table["PLACE"].tolist()[0] == "K2"
    assert days(table["DEC"])[0] == "2019-06-01"
    assert table["REC"].tolist()[0] == "X1"


def test_twins_in_one_return_are_settled_by_what_they_say() -> None:
    rows = [
        "a 2021 2020-05-01 S U6 2020-06-01 X1 CARPL AB1 -",
        "a 2021 2020-05-01 S K2 2020-06-01 X1 CARPL AB1 SC111111",
        "a 2021 2020-05-01 S K2 2020-05-02 X1 CARPL AB1 SC111111",
        "a 2021 2020-05-01 S U6 2020-06-01 X1 CARPL AB1 -",
        "a 2021 2020-06-01 P K2 - - - AB3 SC222222",
    ]
    one, account = chain("\n".join(rows))
    other, _ = chain("\n".join(reversed(rows)))
    pd.testing.assert_frame_equal(one, other)
    assert len(one) == 2
    assert counted(account, "excluded", "the same row twice") == 1
    assert counted(account, "excluded", "the one that ends last is kept") == 2


def test_rows_that_end_before_they_start_give_way_to_an_older_return() -> None:
    table, account = chain(
        """
        a 2020 2019-05-01 S K2 -          -   - AB1 SC111111
        a 2021 2019-05-01 S K2 2018-06-01 E4A - AB1 SC111111
        """
    )
    assert counted(account, "excluded", "ends before it starts") == 1
    assert (days(table["DEC"]), table["imputed_end"].tolist()) == (["2020-03-31"], [True])


def test_short_breaks_are_left_out_unless_kept() -> None:
    rows = """
    a 2021 2020-05-01 S K2 2020-05-03 E4A - AB1 SC111111
    a 2021 2020-06-01 S K2 2020-09-01 E4A - AB1 SC111111
    """
    table, account = chain(rows, legal={0: "V3"})
    assert days(table["DECOM"]) == ["2020-06-01"]
    assert counted(account, "excluded", "short breaks") == 1
    assert len(chain(rows, legal={0: "V4"}, options={"short_breaks": "keep"})[0]) == 2


def test_children_without_a_header_or_birth_are_left_out() -> None:
    rows = """
    a 2021 2020-05-01 S K2
    b 2021 2020-05-01 S K2
    c 2021 2020-05-01 S K2
    d 2021 2007-05-01 S K2
    """
    returns = written(rows)
    header = header_of(returns.episodes, {"d": "2008-05-01"})
    header.loc[header["CHILD"] == "b", "DOB"] = pd.NaT
    table, account = chain(rows, header=header[header["CHILD"] != "a"])
    assert table["CHILD"].tolist() == ["c"]
    assert counted(account, "excluded", "no Header row") == 1
    assert counted(account, "excluded", "no date of birth") == 1
    assert counted(account, "excluded", "before the child is born") == 1


def test_the_latest_header_row_that_says_something_is_followed() -> None:
    rows = "a 2021 2020-05-01 S K2"
    header = pd.concat([written(rows).header] * 3, ignore_index=True)
    header["YEAR"] = pd.array([2019, 2020, 2021], dtype="Int64")
    header["DOB"] = pd.to_datetime(["2007-01-01", "2008-02-02", None]).astype("datetime64[ns]")
    header["SEX"] = pd.Series(["M", None, None], dtype="str")
    header["ETHNIC"] = pd.Series(["WBRI", None, "MWBC"], dtype="str")
    table, account = chain(rows, header=header.sample(frac=1, random_state=2))
    row = table.iloc[0]
    assert (f"{row['born']:%Y-%m-%d}", row["sex"], row["ethnic"]) == ("2008-02-02", "M", "MWBC")
    assert list(rules(account, "repaired", "header").values()) == [1]


def test_sex_not_recorded_is_unknown() -> None:
    rows = "a 2021 2020-05-01 S K2"
    header = written(rows).header.assign(SEX=pd.Series([None], dtype="str"))
    assert chain(rows, header=header)[0]["sex"].tolist() == ["U"]


STALE = """
a 2019 2018-05-01 S K2 -          -   - AB1 SC111111
a 2020 2019-06-01 P U6 2019-09-01 E4A - AB2 -
b 2019 2018-05-01 S K2 -          -   - AB1 SC111111
b 2020 2018-11-01 S U6 -          -   - AB2 -
c 2019 2018-05-01 S K2 -          -   - AB1 SC111111
d 2020 2019-05-01 S K2 -          -   - AB1 SC111111
e 2019 2018-05-01 S K2 -          -   - AB1 SC111111
e 2020 2019-11-01 S U6 -          E4A - AB2 -
"""


def test_stale_open_episodes_end_where_the_records_imply() -> None:
    table, account = chain(STALE)
    ended = dict(
        zip(table["child"].str[-1] + days(table["DECOM"]), days(table["DEC"]), strict=True)
    )
    assert ended["a2018-05-01"] == "2019-06-01", "on the start of what follows"
    assert ended["b2018-05-01"] == "2018-10-31", "the day before care starts again"
    assert ended["c2018-05-01"] == "2019-03-31", "never returned again"
    assert ended["d2019-05-01"] == "2020-03-31", "open when the records end"
    assert ended["e2018-05-01"] == "2019-03-31", "31 March comes before care starts again"
    implied = table.loc[table["imputed_end"], "child"].str[-1].tolist()
    assert implied == ["a", "b", "c", "e"]
    assert table["REC"].fillna("-").tolist() == ["X1", "E4A", "-", "-", "-", "-", "-", "-"]
    assert table.loc[table["open"], "child"].str[-1].tolist() == ["b", "d", "e"]
    assert counted(account, "repaired", "another placement follows; closed") == 1
    assert counted(account, "repaired", "starts care again") == 2
    assert counted(account, "repaired", "never returned again") == 1
    assert counted(account, "repaired", "REC on an open episode") == 1


def test_stale_open_episodes_may_be_left_out() -> None:
    table, account = chain(STALE, options={"stale_open": "exclude"})
    assert len(table) == 4
    assert counted(account, "excluded", "never returned again") == 4
    assert not table["imputed_end"].any()


def test_a_missing_collection_year_is_said_and_not_bridged() -> None:
    table, account = chain(
        """
        a 2018 2017-05-01 S K2 -          -   - AB1 SC111111
        a 2020 2019-06-01 P U6 2019-09-01 E4A - AB2 -
        b 2018 2017-05-01 S K2 -          -   - AB1 SC111111
        b 2020 2017-05-01 S K2 2019-09-01 E4A - AB1 SC111111
        """
    )
    assert days(table["DEC"]) == ["2018-03-31", "2019-09-01", "2019-09-01"]
    assert table["period"].tolist() == [1, 2, 3]
    assert table["imputed_end"].tolist() == [True, False, False]
    assert counted(account, "repaired", "a collection year is missing") == 1
    rule = "no return of Northshire for the collection year ending in 2019"
    assert rules(account, "noted", "collection years") == {rule: 1}


def test_other_authorities_years_are_not_missed() -> None:
    _, account = chain(
        """
        Northshire/a 2018 2017-05-01 S K2 2017-06-01 E4A
        Southshire/a 2020 2019-05-01 S K2 2019-06-01 E4A
        """
    )
    assert rules(account, "noted", "collection years") == {}


def test_a_long_stretch_has_a_line_of_its_own() -> None:
    table, account = chain(
        """
        a 2018 2017-05-01 S K2
        b 2019 2018-05-01 S K2 2018-06-01 E4A
        a 2020 2019-09-01 P U6 2019-10-01 E4A - AB2
        """
    )
    assert days(table["DEC"])[0] == "2019-09-01"
    assert counted(account, "repaired", "more than a year after the last return") == 1


def test_what_lies_past_the_records_is_cut_or_left_out() -> None:
    table, account = chain(
        """
        a 2021 2020-05-01 S K2 2099-01-01 E4A
        b 2021 2021-05-01 S K2
        """
    )
    assert (days(table["DEC"]), table["open"].tolist()) == (["2021-03-31"], [True])
    assert pd.isna(table["REC"].iloc[0])
    assert counted(account, "excluded", "starts after the authority's last") == 1


OVERLAP = """
a 2021 2020-05-01 S K2 2020-08-01 X1  CARPL AB1 SC111111
a 2021 2020-07-01 P U6 2020-07-10 X1  CREQB AB2 -
a 2021 2020-07-05 P K2 2020-09-01 E4A -     AB3 SC222222
a 2021 2020-10-01 S K2 2020-11-01 E4B -     AB3 SC222222
"""


def test_overlaps_are_cut_at_the_next_start() -> None:
    table, account = chain(OVERLAP)
    assert days(table["DEC"]) == ["2020-07-01", "2020-07-05", "2020-09-01", "2020-11-01"]
    assert table["period"].tolist() == [1, 1, 1, 2]
    assert counted(account, "repaired", "runs into the next") == 2


def test_overlaps_may_be_merged_or_left_out() -> None:
    table, account = chain(OVERLAP, options={"overlaps": "merge"})
    assert table[["PLACE", "REC"]].to_numpy().tolist() == [["K2", "E4A"], ["K2", "E4B"]]
    assert days(table["DEC"]) == ["2020-09-01", "2020-11-01"]
    assert counted(account, "excluded", "joined with it") == 2
    table, account = chain(OVERLAP, options={"overlaps": "exclude"})
    assert days(table["DECOM"]) == ["2020-07-05", "2020-10-01"]
    assert counted(account, "excluded", "runs into the next") == 2


def test_care_that_starts_again_before_it_ended_ends_as_recorded() -> None:
    table, _ = chain(
        """
        a 2021 2020-05-01 S K2 2020-08-01 E4A
        a 2021 2020-07-01 S U6 2020-09-01 E4A
        """
    )
    assert table["REC"].tolist() == ["E4A", "E4A"]
    assert (days(table["DEC"])[0], table["period"].tolist()) == ("2020-07-01", [1, 2])


GAPS = """
a 2021 2020-05-01 S K2 2020-06-01 X1
a 2021 2020-06-05 P U6 2020-07-01 X1
a 2021 2020-09-01 P U6 2020-10-01 X1
a 2021 2020-10-02 S K2 2020-11-01 X1
a 2021 2020-12-01 S K2 2021-01-01 X1
"""


def test_gaps_after_x1_are_closed_and_counted_by_length() -> None:
    table, account = chain(GAPS)
    assert days(table["DEC"]) == [
        "2020-06-05", "2020-09-01", "2020-10-02", "2020-11-01", "2021-01-01",
    ]  # fmt: skip
    assert table["RNE"].tolist() == ["S", "P", "P", "P", "S"], "S the day after X1 is a placement"
    assert table["REC"].fillna("-").tolist() == ["X1", "X1", "X1", "-", "-"]
    assert table["period"].tolist() == [1, 1, 1, 1, 2]
    assert counted(account, "repaired", "a gap of up to 7 days") == 2
    assert counted(account, "repaired", "a gap of more than 7 days") == 1
    assert counted(account, "repaired", "X1, yet no episode begins") == 2
    assert counted(account, "repaired", "starts care (S) where") == 1


@pytest.mark.parametrize(("limit", "periods"), [(0, 5), (4, 3), (62, 2)])
def test_the_longest_gap_closed_is_a_choice(limit: int, periods: int) -> None:
    table, _ = chain(GAPS, options={"gap_days_closed": limit})
    assert table["period"].max() == periods


def test_what_rec_leaves_out_is_said() -> None:
    table, account = chain(
        """
        a 2021 2020-05-01 S K2 2020-06-01 -
        a 2021 2020-06-01 P U6 2020-07-01 -
        b 2021 2020-05-01 S K2 2020-06-01 E4A
        b 2021 2020-06-01 P U6 2020-07-01 E4A
        c 2021 2020-05-01 P U6 2020-07-01 E2
        c 2021 2020-08-01 S U6 2020-09-01 E4A
        """
    )
    assert table["REC"].fillna("-").tolist() == ["X1", "-", "E4A", "E4A", "E2", "E4A"]
    assert table["period"].tolist() == [1, 1, 2, 3, 4, 5]
    assert counted(account, "repaired", "ends without REC on the day") == 1
    assert counted(account, "noted", "ends without REC; how") == 1
    assert counted(account, "noted", "yet does not start care") == 1
    assert counted(account, "noted", "first episode does not start care") == 1
    assert counted(account, "noted", "after the child died") == 1


def test_episodes_of_adults_are_noted_and_stay() -> None:
    table, account = chain("a 2021 2020-05-01 S K2", born="2002-05-01")
    assert counted(account, "noted", "18th birthday") == len(table) == 1


def test_an_end_imputed_upstream_stays_marked() -> None:
    table, _ = chain("a 2021 2020-05-01 S K2 2020-06-01 E99")
    assert table["imputed_end"].tolist() == [True]


def test_rows_of_nobody_and_no_day_are_left_out() -> None:
    returns = written("a 2021 2020-05-01 S K2\nb 2021 2020-05-01 S K2\nc 2021 2020-05-01 S K2")
    episodes = returns.episodes.copy()
    episodes.loc[0, "CHILD"] = None
    episodes.loc[1, "DECOM"] = pd.NaT
    table, account = chained_episodes(replace(returns, episodes=episodes))
    assert table["CHILD"].tolist() == ["c"]
    assert counted(account, "excluded", "not recorded") == 2
