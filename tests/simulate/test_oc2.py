"""OC2: who is in it, what is filled in at which age, and what a score depends on."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bayescich.histories.dates import birthday
from bayescich.simulate.calibration import value
from bayescich.simulate.outcomes.effects import POSITION
from bayescich.simulate.outcomes.lives import Lives
from bayescich.simulate.outcomes.oc2 import COLUMNS, oc2_table
from bayescich.simulate.settings import Settings
from bayescich.simulate.shard import Shard
from tests.simulate.fake_shard import children, placements, shard, without_effects

MANY = 3_000


def _many(home: bool, born: str = "2006-06-15", **columns: object) -> Shard:
    kind, at = ("home", 0) if home else ("foster", -1)
    where = [(row, "2017-06-15", "2024-06-15", kind, at, "birthday", "E6") for row in range(MANY)]
    who = children([born] * MANY, **columns)
    return shard(who, placements(where), own_effects=without_effects())


def _scores(table: pd.DataFrame, year: int) -> pd.Series:
    own = table[table["YEAR"].eq(year) & table["SDQ_SCORE"].ne("")]
    return own["SDQ_SCORE"].astype(float)


@pytest.mark.parametrize(
    ("start", "end", "years"),
    [
        ("2015-04-01", "2017-04-01", [2016, 2017]),
        ("2015-04-02", "2017-04-01", [2017]),
        ("2015-04-01", "2017-03-31", [2016]),
        ("2015-06-01", "2016-03-31", []),
    ],
)
def test_a_year_counts_from_the_first_of_april_through_31_march(
    start: str, end: str, years: list[int]
) -> None:
    made = shard(
        children(["2005-01-01"]), placements([(0, start, end, "foster", -1, "left", "E4A")])
    )
    assert oc2_table(Lives(made))["YEAR"].tolist() == years


def test_a_break_in_care_breaks_the_year() -> None:
    rows = [
        (0, "2015-01-01", "2016-07-01", "foster", -1, "left", "E4A"),
        (0, "2016-07-02", "2018-05-01", "foster", -1, "left", "E4A"),
    ]
    made = shard(children(["2005-01-01"]), placements(rows))
    assert oc2_table(Lives(made))["YEAR"].tolist() == [2016, 2018]


def test_cells_are_filled_in_at_the_ages_they_are_asked_for() -> None:
    born = [f"{year}-{month:02d}-01" for year in range(2001, 2020) for month in (3, 4)] * 30
    where = [
        (row, "2019-03-01", "2025-03-31", "foster", -1, "open", "") for row in range(len(born))
    ]
    who = children(born)
    table = oc2_table(Lives(shard(who, placements(where), Settings(last_year=2022))))
    assert tuple(table.columns) == COLUMNS
    assert table["YEAR"].isin([2020, 2021, 2022]).all()
    close = pd.to_datetime(table["YEAR"].astype(str) + "-03-31")

    def at_least(age: int) -> pd.Series:
        return birthday(table["DOB"], age) <= close

    assert (table["CONVICTED"].ne("") == at_least(10)).all()
    assert (table["HEALTH_CHECK"].ne("") == ~at_least(5)).all()
    due = at_least(4) & ~at_least(17)
    assert (table["SDQ_SCORE"].ne("") ^ table["SDQ_REASON"].ne("") == due).all()
    assert (
        table.loc[table["SDQ_REASON"].eq("SDQ1"), "DOB"].between("2015-03-31", "2018-04-01").all()
    )
    misuse = table["SUBSTANCE_MISUSE"].eq("1")
    assert (table["INTERVENTION_RECEIVED"].ne("") == misuse).all()
    offered = table["INTERVENTION_OFFERED"].ne("")
    assert (offered == (misuse & table["INTERVENTION_RECEIVED"].eq("0"))).all()
    assert misuse.any()


def test_a_lenient_home_scores_its_children_lower_and_only_its_own() -> None:
    made = _many(home=True)
    plain = _scores(oc2_table(Lives(made)), 2021).mean()
    lenient = np.array([1.0, 0, 0, 0, 0])
    mild = replace(made, truth=_truth(replace(made.truth.outcomes, leniency=lenient)))
    assert _scores(oc2_table(Lives(mild)), 2021).mean() < plain - 5
    elsewhere = _many(home=False)
    fostered = replace(elsewhere, truth=mild.truth)
    before, after = (oc2_table(Lives(one)) for one in (elsewhere, fostered))
    pd.testing.assert_frame_equal(before, after)


def _truth(effects: object) -> object:
    class Truth:
        outcomes = effects

    return Truth()


def test_a_home_that_does_harm_shows_in_scores_and_convictions() -> None:
    made = _many(home=True)
    harm = made.truth.outcomes.home_total.copy()
    harm[0, POSITION["sdq"]] = harm[0, POSITION["offending"]] = 1.0
    worse = replace(made, truth=_truth(replace(made.truth.outcomes, home_total=harm)))
    before, after = (oc2_table(Lives(one)) for one in (made, worse))
    assert _scores(after, 2021).mean() - _scores(before, 2021).mean() == pytest.approx(8.5, abs=2)
    rates = [
        -np.log1p(-t.loc[t["YEAR"].gt(2020), "CONVICTED"].eq("1").mean()) for t in (before, after)
    ]
    assert rates[1] / rates[0] == pytest.approx(np.e, rel=0.3)


def test_scores_go_missing_where_they_would_be_worse() -> None:
    well, ill = (
        oc2_table(Lives(_many(home=False, difficulties=points))).query("YEAR == 2021")
        for points in (6.0, 26.0)
    )
    share = [t["SDQ_SCORE"].ne("").mean() for t in (well, ill)]
    # the level that counts is that among the authority's children, here all alike
    assert share[0] == pytest.approx(share[1], abs=0.03)
    mixed = _many(home=False, difficulties=np.where(np.arange(MANY) % 2, 6.0, 26.0))
    table = oc2_table(Lives(mixed)).query("YEAR == 2021").reset_index(drop=True)
    odd = table["CHILD"].astype(int).sub(1_000_001) % 2 == 1
    returned = table["SDQ_SCORE"].ne("")
    assert returned[odd].mean() > returned[~odd].mean() + 0.05


def test_difficulties_before_are_the_level_of_scores_later() -> None:
    low, high = (
        _scores(oc2_table(Lives(_many(home=False, difficulties=points))), 2021).mean()
        for points in (7.0, 21.0)
    )
    assert 7 < low < 12
    assert 19 < high < 25


def test_the_hidden_confounder_works_only_when_it_is_asked_for() -> None:
    made = _many(home=False, hidden=2.0)
    none = oc2_table(Lives(made))
    pd.testing.assert_frame_equal(none, oc2_table(Lives(_many(home=False, hidden=0.0))))
    strong = oc2_table(Lives(replace(made, settings=Settings(hidden=1.0))))
    slope = value("outcomes.fixed")["sdq"]["hidden"]
    assert slope > 0
    assert _scores(strong, 2021).mean() > _scores(none, 2021).mean() + 2
