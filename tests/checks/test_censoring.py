"""How long a spell could have been followed: known limits first, everything else drawn."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bayescich.checks.censoring import Censoring, all_spells
from bayescich.design import build_design
from tests.tiny_fit import hazard_fit
from tests.tiny_routes import spells_fit


def test_a_table_without_dates_has_no_limits():
    assert all_spells(hazard_fit(300)).limit is None


def dated(split=False, wall=True):
    fit = spells_fit(300, split=split)
    table = fit.table.sample(frac=1.0, random_state=1).reset_index(drop=True)
    born = table["start"] - pd.to_timedelta((table["age_at_start"] * 365.25).round(), unit="D")
    table = table.assign(born=born, end=table["start"] + pd.to_timedelta(table["days"], unit="D"))
    table.loc[0, "end"] = pd.Timestamp("2026-03-31")
    spec = fit.spec if wall else fit.spec.model_copy(update={"data": "exits"})
    return replace(fit, table=table, spec=spec, design=build_design(table, fit.spec), cache={})


@pytest.mark.parametrize("split", [False, True])
def test_limits_are_the_18th_birthday_or_the_end_of_the_records(split):
    fit = dated(split)
    spells = all_spells(fit)
    table = fit.table.sort_values("child", kind="stable")
    assert spells.days.tolist() == table["days"].tolist()
    to_end = (pd.Timestamp("2026-03-31") - table["start"]).dt.days.to_numpy()
    to_18 = ((18 - table["age_at_start"]) * 365.25).to_numpy()
    expected = np.maximum(np.minimum(to_end, to_18), table["days"])
    assert np.abs(spells.limit - expected).max() <= 2
    some = np.array([5, 3])
    assert spells.take(some).limit.tolist() == spells.limit[some].tolist()


def test_routes_of_exit_end_a_month_before_the_birthday():
    birthday, wall = all_spells(dated()).limit, all_spells(dated(wall=False)).limit
    earlier = birthday - wall
    assert (earlier >= 0).all()
    # a month less, unless the end of the records or of the stay itself is nearer
    assert earlier.max() == 31
    assert np.median(earlier[earlier > 0]) in {29, 30, 31}


def test_drawn_censoring_is_within_the_limits_and_has_the_right_distribution():
    rng = np.random.default_rng(3)
    fit = dated()
    spells = all_spells(fit)
    size = 60_000
    which = rng.integers(0, spells.size, size)
    many = replace(
        spells.take(which),
        limit=rng.uniform(200.0, 2000.0, size).round(),
        start=np.arange(size + 1),
        rows=np.arange(size),
        stratum=np.zeros(size, dtype=int),
        entry=np.zeros(size),
    )
    # early limits belong to spells that move late, as with the older children
    moved_at = np.ceil(rng.exponential(300.0, size) * (many.limit / 1000.0) ** 0.5)
    other = np.ceil(rng.exponential(1500.0, size))
    truth = np.minimum(other, many.limit)
    event = moved_at <= truth
    many = replace(many, end=np.minimum(moved_at, truth), route=np.where(event, 0, -1))
    drawn = Censoring.other(many).potential(many, rng)
    assert (drawn[~event] == truth[~event]).all()
    assert (drawn[event] >= many.days[event]).all()
    assert (drawn <= np.maximum(many.limit, many.days)).all()
    assert np.quantile(drawn, [0.2, 0.5, 0.8]) == pytest.approx(
        np.quantile(truth, [0.2, 0.5, 0.8]), rel=0.05
    )
