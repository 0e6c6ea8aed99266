"""Days of each child in each home of a window, and the ways to weigh them."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayescich.errors import HistoriesError
from bayescich.histories.membership import multiple_membership, reweighted, stays_in_window

CLASSES = {
    "K2": "children's home",
    "K1": "secure children's home",
    "U6": "foster",
    "H5": "supported",
}
CLASSES |= {
    "S1": "residential school",
    "R5": "custody",
    "R1": "other residential",
    "Z1": "other or unregistered",
}


def days(text: str) -> pd.Series:
    return pd.Series(pd.to_datetime(text.split())).astype("datetime64[ns]")


def spells(text: str) -> pd.DataFrame:
    rows = pd.DataFrame(
        [line.split() for line in text.strip().splitlines()],
        columns=["child", "start", "end", "PLACE", "home"],
    ).astype("str")
    dates = {c: pd.to_datetime(rows[c]).astype("datetime64[ns]") for c in ("start", "end")}
    home = rows["home"].replace("-", None)
    return rows.assign(
        **dates, home=home, PLACE_CLASS=rows["PLACE"].map(CLASSES), spell=range(len(rows))
    )


def window(*rows: tuple[str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["child", "window_start", "window_end"]).astype("str")
    for column in ("window_start", "window_end"):
        frame[column] = pd.to_datetime(frame[column]).astype("datetime64[ns]")
    return frame


def homes_of(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["home"].notna()]


STORY = spells(
    """
    a 2019-12-01 2020-01-11 U6 -
    a 2020-01-11 2020-01-21 K2 H1
    a 2020-01-21 2020-01-26 K2 H2
    a 2020-02-01 2020-02-11 K2 H1
    a 2020-02-11 2020-06-01 H5 -
    b 2020-01-01 2020-02-10 U6 -
    c 2019-01-01 2019-06-01 K2 H1
    """
)
WINDOW = window(
    ("a", "2020-01-01", "2020-02-20"),
    ("b", "2020-01-01", "2020-02-20"),
    ("c", "2020-01-01", "2020-02-20"),
)


def table_of(frame: pd.DataFrame, value: str, child: str = "a") -> dict[str, float]:
    rows = frame[frame["child"].eq(child)]
    return dict(zip(rows["home"].fillna(rows["setting"]), rows[value], strict=True))


def test_each_day_of_the_window_is_in_one_home_or_setting() -> None:
    table, account = multiple_membership(STORY, homes_of(STORY), WINDOW)

    assert table_of(table, "days") == {
        "foster": 10, "H1": 20, "H2": 5, "not in care": 6, "supported or independent": 9,
    }  # fmt: skip
    assert table_of(table, "weight")["H1"] == pytest.approx(20 / 50)
    assert table_of(table, "days", "b") == {"foster": 40, "not in care": 10}
    assert table_of(table, "days", "c") == {"not in care": 50}
    assert account.total("kept", "membership") == 3


def test_intervals_do_not_hold_their_last_day() -> None:
    one = spells("a 2020-01-01 2020-01-02 K2 H1\na 2020-01-02 2020-01-04 K2 H2")
    table, _ = multiple_membership(one, homes_of(one), window(("a", "2020-01-01", "2020-01-03")))
    assert table_of(table, "days") == {"H1": 1, "H2": 1}


def test_homes_finer_than_the_placement_leave_the_rest_to_it() -> None:
    """The carers move from one house to the next; five days of the stay are in neither."""
    stay = spells("a 2020-01-01 2020-01-31 K2 -")
    rows = spells("a 2020-01-01 2020-01-11 K2 H1\na 2020-01-16 2020-01-31 K2 H2").assign(spell=0)

    table, account = multiple_membership(stay, rows, window(("a", "2020-01-01", "2020-01-31")))

    assert table_of(table, "days") == {"H1": 10, "children's home": 5, "H2": 15}
    noted = [e for e in account.entries if e.stage == "noted"]
    assert [(e.rows, e.examples) for e in noted] == [(1, ("a",))]


def test_every_class_of_placement_has_a_setting() -> None:
    text = "\n".join(
        f"a 2020-01-{day:02} 2020-01-{day + 1:02} {code} -" for day, code in enumerate(CLASSES, 1)
    )
    rows = spells(text + "\na 2020-01-20 2020-01-21 ?? -")
    table, _ = multiple_membership(rows, rows.head(0), window(("a", "2020-01-01", "2020-01-21")))
    assert table_of(table, "days") == {
        "children's home": 1, "secure children's home": 1, "foster": 1, "custody": 1,
        "supported or independent": 1, "residential school": 1, "other": 2,
        "other or unregistered": 1, "not in care": 11,
    }  # fmt: skip


def test_a_home_that_changes_type_between_stays_has_a_row_for_each() -> None:
    homes = homes_of(STORY).assign(home_type=["solo", "group", "group", "solo"])
    table, _ = multiple_membership(STORY, homes, WINDOW, carry=["home_type"])
    rows = table[table["home"].eq("H1")].set_index("home_type")["days"]
    assert rows.to_dict() == {"solo": 10, "group": 10}


def test_the_ways_to_weigh() -> None:
    stays, _ = stays_in_window(STORY, homes_of(STORY), WINDOW)

    assert table_of(reweighted(stays, "equal"), "weight") == pytest.approx(
        {"foster": 0.2, "H1": 0.2, "H2": 0.2, "not in care": 0.2, "supported or independent": 0.2}
    )
    assert table_of(reweighted(stays, "first home"), "weight") == {"H1": 1}
    last = spells("a 2020-01-01 2020-01-05 K2 H1\na 2020-01-05 2020-01-09 K2 H2")
    two, _ = stays_in_window(last, last, window(("a", "2020-01-01", "2020-01-20")))
    assert table_of(reweighted(two, "last home"), "weight") == {"H2": 1}
    # without a home the days decide
    assert table_of(reweighted(stays, "first home"), "weight", "b") == {
        "foster": 0.8, "not in care": 0.2,
    }  # fmt: skip


def test_recency_halves_a_stay_half_a_life_ago() -> None:
    """Two stays of equal length; the scale is one year, so half-life is 253.2 days."""
    rows = spells("a 2020-01-01 2020-12-31 K2 H1\na 2020-12-31 2021-12-31 K2 H2")
    stays, _ = stays_in_window(rows, rows, window(("a", "2020-01-01", "2021-12-31")))
    weights = table_of(reweighted(stays, "recency", scale_years=1.0), "weight")
    assert weights["H2"] / weights["H1"] == pytest.approx(math.e, rel=0.002)
    flat = table_of(reweighted(stays, "recency", scale_years=1e5), "weight")
    assert flat["H1"] == pytest.approx(0.5, abs=1e-3)


def test_a_window_without_days_is_left_out_and_two_windows_are_refused() -> None:
    odd = window(("a", "2020-01-01", "2020-01-01"), ("b", "2020-01-01", "2020-02-01"))
    table, account = multiple_membership(STORY, homes_of(STORY), odd)
    assert set(table["child"]) == {"b"}
    assert account.total("excluded", "membership") == 1
    with pytest.raises(HistoriesError, match="more than one window"):
        multiple_membership(STORY, homes_of(STORY), pd.concat([WINDOW, WINDOW]))


def test_overlapping_spells_are_refused() -> None:
    twice = spells("a 2020-01-01 2020-02-01 U6 -\na 2020-01-10 2020-02-10 U6 -")
    with pytest.raises(HistoriesError, match="add up"):
        multiple_membership(twice, twice.head(0), window(("a", "2020-01-01", "2020-03-01")))


@settings(max_examples=20, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 400), min_size=2, max_size=9, unique=True).map(sorted),
    kinds=st.lists(st.sampled_from(["K2", "U6", "H5", "gap"]), min_size=8, max_size=8),
    homes=st.lists(st.sampled_from(["H1", "H2"]), min_size=8, max_size=8),
    ends=st.lists(st.integers(0, 400), min_size=2, max_size=2, unique=True).map(sorted),
)
def test_days_are_conserved_and_weights_add_to_one(cuts, kinds, homes, ends) -> None:
    day = pd.Timestamp("2020-01-01")
    frame = pd.DataFrame(
        {
            "child": "a",
            "start": day + pd.to_timedelta(cuts[:-1], unit="D"),
            "end": day + pd.to_timedelta(cuts[1:], unit="D"),
            "PLACE": kinds[: len(cuts) - 1],
            "home": homes[: len(cuts) - 1],
            "spell": np.arange(len(cuts) - 1),
        }
    )
    frame = frame[frame["PLACE"].ne("gap")]
    frame = frame.assign(PLACE_CLASS=frame["PLACE"].map(CLASSES).astype("str"))
    within = window(("a", *(str((day + pd.Timedelta(days=e)).date()) for e in ends)))
    at_home = frame[frame["PLACE"].eq("K2")]

    stays, _ = stays_in_window(frame, at_home, within)
    table = reweighted(stays, "days")

    assert table["days"].sum() == ends[1] - ends[0]
    for scheme in ("days", "equal", "recency", "first home", "last home"):
        weights = reweighted(stays, scheme)["weight"]
        assert weights.sum() == pytest.approx(1.0, abs=1e-12)
        assert (weights > 0).all()
    expected = 0
    for row in at_home.itertuples():
        first = max((row.start - day).days, ends[0])
        expected += max(0, min((row.end - day).days, ends[1]) - first)
    assert table.loc[table["home"].notna(), "days"].sum() == expected


def test_the_rest_of_a_placement_that_is_a_home_for_a_time_is_what_its_episodes_say() -> None:
    placements = spells("a 2020-01-01 2020-03-01 K2 H1")
    homes = placements.assign(end=days("2020-02-01"))
    chain = pd.DataFrame({"child": "a", "DECOM": days("2020-01-01 2020-02-01")})
    chain["PLACE_CLASS"] = ["children's home", "foster"]
    whole = window(("a", "2020-01-01", "2020-03-01"))
    without, _ = stays_in_window(placements, homes, whole)
    assert without["setting"].tolist() == ["children's home", "children's home"]
    told, _ = stays_in_window(placements, homes, whole, chain=chain)
    assert told["setting"].tolist() == ["children's home", "foster"]
    kinds, _ = stays_in_window(placements, homes, whole, named_by="kind", chain=chain)
    assert kinds["setting"].tolist() == ["home", "foster"]
