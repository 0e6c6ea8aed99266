"""Stays made ready for competing routes of exit: the wall at 17 years and 11 months."""

from __future__ import annotations

import pandas as pd
import pytest

from bayescich.errors import HistoriesError
from bayescich.histories.exit_table import TABLE, exit_table
from tests.histories.written_returns import balanced, rules

BORN = "2003-03-31"
WALL = "2021-03-03"
"""17 years and 11 months: the 31st of a February of 28 days."""
FOSTERED = "fostering"


def placements(*stays: tuple[str, str, str], **more: object) -> pd.DataFrame:
    """Return stays of children a, b, …: start, end and the group of the route."""
    start, end, group = zip(*stays, strict=True)
    table = pd.DataFrame(
        {
            "child": [f"Northshire/{chr(97 + n)}" for n in range(len(stays))],
            "start": pd.to_datetime(list(start)).astype("datetime64[ns]"),
            "end": pd.to_datetime(list(end)).astype("datetime64[ns]"),
            "exit_group": list(group),
            "entry_days": 0.0,
            "born": pd.Timestamp(BORN).as_unit("ns"),
        }
    ).astype({"child": "str", "exit_group": "str"})
    days = (table["end"] - table["start"]).dt.days.astype("float64")
    return table.assign(days=days.where(days.gt(0), 0.5)).assign(**more)


def one(*stay: str, **more: object) -> tuple[float, str]:
    table, _ = exit_table(placements((stay[0], stay[1], stay[2]), **more))
    return table["exit_days"].item(), table["exit"].item()


def test_an_exit_before_the_wall_keeps_its_days_and_route() -> None:
    assert one("2021-02-01", "2021-03-02", FOSTERED) == (29, FOSTERED)
    assert one("2021-02-01", "2021-02-01", FOSTERED) == (0.5, FOSTERED)


@pytest.mark.parametrize("end", [WALL, "2021-03-20", "2021-03-31"])
def test_an_end_on_the_wall_or_after_it_is_censored_there(end: str) -> None:
    assert one("2021-02-01", end, FOSTERED) == (30, "censored")


def test_what_hid_the_route_stays_hidden() -> None:
    assert one("2020-02-01", "2020-02-11", "censored") == (10, "censored")


def test_days_away_that_are_not_at_risk_are_not_put_back() -> None:
    assert one("2021-02-01", "2021-03-31", FOSTERED, days=12.0) == (12, "censored")


def test_stays_that_begin_or_are_first_seen_at_the_wall_are_left_out_and_counted() -> None:
    stays = placements(
        ("2021-03-02", "2021-03-31", FOSTERED),
        (WALL, "2021-03-31", FOSTERED),
        ("2021-03-05", "2021-03-06", FOSTERED),
        ("2021-02-01", "2021-03-31", "censored"),
        entry_days=[0.0, 0.0, 0.0, 30.0],
    )
    table, account = exit_table(stays)
    assert table[["child", "exit_days", "exit"]].to_numpy().tolist() == [
        ["Northshire/a", 1.0, "censored"]
    ]
    assert rules(account, "excluded", TABLE) == {
        "starts at 17 years and 11 months or older": 2,
        "comes under observation at 17 years and 11 months or older": 1,
    }
    assert rules(account, "noted", TABLE) == {
        "goes on to 17 years and 11 months or past it; cut there": 1,
        "ends by a route at that age or older; counted as censored": 1,
    }
    assert balanced(account, TABLE)
    # what the stay was before the cut is kept beside
    assert table.loc[0, ["days", "exit_group"]].tolist() == [29, FOSTERED]


def test_no_stay_before_the_wall_is_an_error() -> None:
    with pytest.raises(HistoriesError, match="No stay in a home begins before"):
        exit_table(placements((WALL, "2021-03-31", FOSTERED)))
