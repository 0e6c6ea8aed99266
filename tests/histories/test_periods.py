"""Periods of care."""

from __future__ import annotations

from bayescich.histories.episodes import chained_episodes
from bayescich.histories.periods import periods_of_care
from tests.histories.written_returns import balanced, days, rules, written

ROWS = """
a 2021 2020-05-01 S K2 2020-06-01 X1
a 2021 2020-06-01 L K2 2020-08-01 E4A
a 2021 2020-09-01 S U6 -
b 2021 2020-05-01 P K2 2020-06-11 X1
c 2021 2020-05-01 S K2 2020-05-02 E99
"""


def test_a_period_runs_from_s_to_the_end_of_care() -> None:
    chain, _ = chained_episodes(written(ROWS, need={1: "N4"}))
    periods, account = periods_of_care(chain)
    assert periods["child"].str[-1].tolist() == ["a", "a", "b", "c"]
    assert days(periods["start"]) == ["2020-05-01", "2020-09-01", "2020-05-01", "2020-05-01"]
    assert days(periods["end"]) == ["2020-08-01", "2021-03-31", "2020-06-11", "2020-05-02"]
    assert periods["open"].tolist() == [False, True, False, False]
    assert periods["episodes"].tolist() == [2, 1, 1, 1]
    assert periods["days"].tolist() == [92, 211, 41, 1]
    assert periods["first_rne"].tolist() == ["S", "S", "P", "S"]
    assert periods["last_rec"].fillna("-").tolist() == ["E4A", "-", "-", "E99"]
    assert periods["starts_known"].tolist() == [True, True, False, True]
    assert periods["complete"].tolist() == [True, False, False, False]
    assert periods["need"].tolist() == ["N1"] * 4
    assert periods["cin_changes"].tolist() == [1, 0, 0, 0]
    assert periods["period"].is_monotonic_increasing
    assert sorted(rules(account, "noted", "periods of care").values()) == [1, 1]
    assert balanced(account, "periods of care")


def test_no_chain_has_no_periods() -> None:
    chain, _ = chained_episodes(written(ROWS))
    periods, account = periods_of_care(chain[:0])
    assert len(periods) == account.total("kept", "periods of care") == 0
