"""Days in homes and settings, against a slow count day by day."""

import numpy as np
import pytest

from bayescich.simulate.draws import day
from bayescich.simulate.outcomes.exposure import Exposure
from bayescich.simulate.outcomes.lives import Lives, by_age, spans
from bayescich.simulate.shapes import HOME, KINDS, NEVER
from bayescich.simulate.shard import Shard
from tests.simulate.fake_shard import children, placements, shard

BORN = ["2004-05-10", "2004-05-10", "2003-09-01", "2008-01-15", "2004-05-10"]
WHERE = [
    (0, "2012-01-01", "2016-01-01", "foster", -1),
    (0, "2016-01-01", "2017-05-05", "home", 2),
    (0, "2017-05-05", "2017-09-01", "home", 0),
    (0, "2017-09-01", "2018-03-01", "parents", -1, "left", "E4A"),
    (0, "2019-03-01", "2022-05-10", "supported", -1, "birthday", "E5"),
    (1, "2017-01-10", "2018-01-10", "foster", -1),
    (1, "2018-01-10", "2018-05-10", "kin", -1, "left", "E47"),
    (2, "2011-01-01", "2013-01-01", "home", 4),
    (2, "2013-01-01", "2016-06-01", "foster", -1),
    (2, "2016-06-01", "2021-09-01", "home", 1, "birthday", "E6"),
    (3, "2021-02-01", "2025-03-31", "home", 2, "open", ""),
]


@pytest.fixture(scope="module")
def made() -> Shard:
    return shard(children(BORN), placements(WHERE))


@pytest.fixture(scope="module")
def exposure(made: Shard) -> Exposure:
    return Exposure(made)


def _slow(made: Shard, exposure: Exposure, child: int, until: int) -> tuple[int, np.ndarray]:
    """Walk through the days one by one."""
    rows = made.placements[made.placements["child"] == child]
    at = {}
    for row in rows.itertuples():
        last = made.children.at[child, "adult"] if row.outcome == "open" else row.end
        at |= dict.fromkeys(range(row.start, last), row.Index)
    eleven = int(exposure.eleven[child])
    earliest = eleven if until > eleven else -NEVER
    days = [d for d in sorted(at) if earliest <= d < until]
    homes = [d for d in days if made.placements.at[at[d], "kind"] == HOME]
    opens = homes[0] if homes else days[0] if days else NEVER
    total = np.zeros(exposure.effect.shape[1])
    for d in days:
        if d >= opens:
            total += exposure.effect[at[d]]
    return opens, total / max(until - opens, 1)


@pytest.mark.parametrize("child", range(5))
@pytest.mark.parametrize(
    "until", ["2011-01-01", "2014-02-01", "2016-06-02", "2018-01-11", "2020-07-01", "2022-05-10"]
)
def test_the_mean_effect_is_that_of_every_day(
    made: Shard, exposure: Exposure, child: int, until: str
) -> None:
    opens, mean = _slow(made, exposure, child, day(until))
    who, limit = np.array([child]), np.array([day(until)])
    assert exposure.opens(who, limit)[0] == opens
    assert exposure.mean_effects(who, limit)[0] == pytest.approx(mean, abs=1e-12)


def test_the_window_of_a_child_in_a_home_opens_with_the_home(exposure: Exposure) -> None:
    july = np.array([day("2020-07-01")])
    assert exposure.opens(np.array([0]), july)[0] == day("2016-01-01")
    # in a home before the age of 11 and again at 12: what counts is from the second on
    assert exposure.opens(np.array([2]), july)[0] == day("2016-06-01")
    # never in a home: from the first day in care at 11 or over
    assert exposure.opens(np.array([1]), july)[0] == day("2017-01-10")


def test_days_out_of_care_are_days_of_the_window_without_effect(exposure: Exposure) -> None:
    whole = exposure.mean_effects(np.array([1]), np.array([day("2018-05-10")]))
    diluted = exposure.mean_effects(np.array([1]), np.array([day("2020-07-01")]))
    days = day("2018-05-10") - day("2017-01-10"), day("2020-07-01") - day("2017-01-10")
    assert diluted == pytest.approx(whole * days[0] / days[1])
    assert abs(whole).max() > 0


def test_a_child_never_placed_has_no_exposure(exposure: Exposure) -> None:
    who, until = np.array([4]), np.array([day("2020-07-01")])
    assert not exposure.mean_effects(who, until).any()
    assert exposure.moves_before(who, until)[0] == 0
    assert exposure.placement_on(who, until)[0] == -1


def test_moves_are_those_before_the_window(exposure: Exposure) -> None:
    july = np.array([day("2020-07-01")])
    assert exposure.moves_before(np.array([0]), july)[0] == 1
    assert exposure.moves_before(np.array([2]), july)[0] == 2
    assert exposure.moves_before(np.array([1]), july)[0] == 0


def test_where_a_child_lives_on_a_day(exposure: Exposure) -> None:
    who = np.array([0, 0, 0, 0, 3])
    dates = ("2017-05-04", "2017-05-05", "2018-03-01", "2015-12-31", "2025-06-01")
    days = np.array([day(date) for date in dates])
    assert exposure.home_on(who, days).tolist() == [2, 0, -1, -1, 2]


def test_an_open_placement_goes_on_beyond_the_records(made: Shard, exposure: Exposure) -> None:
    row = int(exposure.first_stay(np.array([3]))[0])
    assert exposure.end[row] == made.children.at[3, "adult"]


def test_periods_join_the_placements_of_one_stay_in_care(made: Shard) -> None:
    periods = Lives(made).periods
    own = periods[periods["child"] == 0]
    assert own["start"].tolist() == [day("2012-01-01"), day("2019-03-01")]
    assert own["end"].tolist() == [day("2018-03-01"), day("2022-05-10")]
    assert [KINDS[kind] for kind in own["kind"]] == ["parents", "supported"]
    assert own["REC"].tolist() == ["E4A", "E5"]
    assert periods.loc[periods["child"] == 3, "end"].item() == NEVER


def test_years_of_care_are_those_with_a_day_in_care_or_all_of_them(made: Shard) -> None:
    lives = Lives(made)
    child, year = lives.years_of_periods(whole=False)
    assert year[child == 1].tolist() == [2017, 2018, 2019]
    child, year = lives.years_of_periods(whole=True)
    assert year[child == 0].tolist() == [*range(2013, 2018), 2020, 2021, 2022]
    assert year[child == 1].tolist() == [2018]
    assert year[child == 3].tolist() == [2022, 2023, 2024, 2025]


def test_figures_by_age_are_interpolated_and_spans_counted() -> None:
    assert by_age({10: 0.0, 20: 1.0}, np.array([5, 15, 30])).tolist() == [0, 0.5, 1]
    row, number = spans(np.array([2, 9]), np.array([1, 10]))
    assert (row.tolist(), number.tolist()) == ([1, 1], [9, 10])
