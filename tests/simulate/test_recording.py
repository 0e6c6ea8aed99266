"""Authorities record in their own ways: each fault is what it says, persists, and is seen."""

import numpy as np
import pandas as pd
import pytest

from bayescich.histories.construct import construct
from bayescich.histories.dates import first_of_april
from bayescich.histories.faults import find_faults
from bayescich.histories.sorted_rows import days_of
from bayescich.records.ssda903_schema import EPISODE_COLUMNS
from bayescich.records.tabular import parse_dates
from bayescich.simulate.checking.recovered import compare
from bayescich.simulate.recording.record import FORMATS, NASTY, REALISTIC, draw_habits, record
from bayescich.simulate.settings import Settings
from tests.simulate.small_authority import authority, returns_of


@pytest.fixture(scope="module")
def made():
    return authority(90, seed=3)


def recorded(made, **rates):
    return record(made.shard, made.habits(**rates), made.tables)


def same(left, right):
    return all(left[name].equals(right[name]) for name in left) and list(left) == list(right)


def as_last_returned(episodes):
    return episodes.drop_duplicates(["CHILD", "DECOM"], keep="last")


# ---- habits ----


@pytest.mark.parametrize("number", [8, 40, 153])
def test_most_authorities_record_well_and_a_few_badly(made, number):
    table = draw_habits(np.random.default_rng(1), made.settings, made.authorities(number)).table()
    rates = table.drop(columns=["authority", "year_not_returned"])
    assert len(rates) == number
    assert (rates.ge(0) & rates.le(1)).all(axis=None)
    assert (rates["urn_missing"].median(), rates["urn_missing"].max()) == pytest.approx(
        (0.03, 0.4), abs=0.25
    )
    assert rates["urn_missing"].mean() > 1.3 * rates["urn_missing"].median()


def test_shares_of_reasons_are_spread_as_published(made):
    for seed in range(3):
        authorities = made.authorities(153)
        rates = draw_habits(np.random.default_rng(seed), made.settings, authorities).rates
        other, status = rates["other reasons"], rates["status changes"]
        assert np.quantile(other, [0.25, 0.5, 0.9]) == pytest.approx([0.074, 0.198, 0.62], abs=0.02)
        assert other.max() > 0.9
        assert np.quantile(status, [0.25, 0.5, 0.9]) == pytest.approx([0.10, 0.16, 0.29], abs=0.02)
        assert (other + status).max() <= 1
        # England's shares: who adds changes of status has more changes by it
        weight = authorities.share_of_children
        assert other @ weight == pytest.approx(0.25, abs=0.01)
        weight = weight / (1 - status)
        assert status @ weight / weight.sum() == pytest.approx(0.178, abs=0.02)


def test_without_dirt_there_are_no_habits_and_nothing_is_changed(made):
    settings = Settings(dirt="none")
    habits = draw_habits(np.random.default_rng(1), settings, made.authorities(8))
    assert habits.table().columns.tolist() == ["authority"]
    tables, notes = record(made.shard, habits, made.tables)
    assert tables is made.tables
    assert notes.empty
    assert notes.columns.tolist() == ["cause", "child", "begun", "rows"]


def test_nasty_is_worse_than_realistic(made):
    rates = {
        dirt: draw_habits(np.random.default_rng(1), Settings(dirt=dirt), made.authorities(40)).rates
        for dirt in ("realistic", "nasty")
    }
    assert rates["nasty"]["gap"].mean() > 2 * rates["realistic"]["gap"].mean()
    assert not set(NASTY) & set(rates["realistic"])
    assert set(NASTY) <= set(rates["nasty"])


# ---- the returns ----


def test_the_same_request_is_recorded_the_same_way(made):
    habits = draw_habits(np.random.default_rng(1), Settings(dirt="nasty"), made.authorities(8))
    one, other = (record(made.shard, habits, made.tables) for _ in range(2))
    assert same(one[0], other[0])
    assert one[1].equals(other[1])
    assert one[0]["episodes"].columns.tolist() == ["YEAR", *EPISODE_COLUMNS]


def test_what_an_authority_was_given_is_not_changed(made):
    before = {name: table.copy(deep=True) for name, table in made.tables.items()}
    habits = draw_habits(np.random.default_rng(1), Settings(dirt="nasty"), made.authorities(8))
    record(made.shard, habits, made.tables)
    assert same(before, made.tables)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6])
def test_status_changes_are_as_common_as_the_authority_writes_them(made, share):
    tables, _ = recorded(made, status_changes=share)
    reasons = tables["episodes"]["REASON_PLACE_CHANGE"]
    assert reasons[reasons.ne("")].eq("PLACE").mean() == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("share", [0.0, 0.4, 0.7])
def test_changes_of_status_left_out_or_added_are_no_moves(made, share, tmp_path):
    tables, _ = recorded(made, status_changes=share, urn_not_collected=0)
    histories = construct(returns_of(tables, tmp_path))
    counts = compare(made.journeys, histories).counts.set_index("what")
    assert counts.loc["moves", "alike"] == counts.loc["moves", "made"]
    assert counts.loc["stays", "alike"] == counts.loc["stays", "made"]


@pytest.mark.parametrize("share", [0.2, 0.6])
def test_other_is_as_common_as_the_authority_writes_it(share):
    made = authority(400, seed=5)
    tables, notes = recorded(made, other_reasons=share)
    reasons = tables["episodes"]["REASON_PLACE_CHANGE"]
    given = reasons[reasons.ne("")]
    assert given.eq("OTHER").mean() == pytest.approx(share, abs=0.05)
    assert notes.loc[notes["cause"].eq("other reasons"), "rows"].sum() == given.eq("OTHER").sum()
    # carrying out the care plan is written as OTHER more readily than a carer's request
    true = made.tables["episodes"]["REASON_PLACE_CHANGE"]
    kept = {code: given.eq(code).sum() / true.eq(code).sum() for code in ("CARPL", "CREQB")}
    assert kept["CARPL"] < kept["CREQB"]


def test_urns_are_not_in_returns_before_they_were_collected(made):
    episodes = recorded(made, gap=0.0)[0]["episodes"]
    early = episodes["YEAR"] < 2016
    assert episodes.loc[early, "URN"].eq("").all()
    assert episodes.loc[~early & episodes["PLACE"].eq("K2"), "URN"].ne("").all()


def test_a_missing_urn_stays_missing_unless_it_is_filled_in(made):
    tables, _ = recorded(made, urn_missing=0.3)
    late = tables["episodes"][tables["episodes"]["YEAR"] >= 2016]
    late = late[late["PLACE"].eq("K2")].sort_values(["CHILD", "DECOM", "YEAR"])
    blank = late["URN"].eq("")
    again = late.duplicated(["CHILD", "DECOM"])
    before = blank.shift(fill_value=False)
    assert not (again & blank & ~before).any()
    assert (again & before & blank).sum() > 2
    assert (again & before & ~blank).any()


@pytest.mark.parametrize("cause", ["new_carer_as_same", "legal_for_new_placement", "urn_wrong"])
def test_a_fault_of_the_authoritys_records_is_in_every_return(made, cause):
    tables, _ = recorded(made, **{cause: 0.3})
    rows = tables["episodes"][tables["episodes"]["YEAR"] >= 2016]
    for column in ("RNE", "URN"):
        assert rows.groupby(["CHILD", "DECOM"])[column].nunique().eq(1).all()
    changed = rows[["RNE", "URN"]].ne(made.tables["episodes"].loc[rows.index, ["RNE", "URN"]])
    assert changed.any(axis=None)


def test_a_year_that_is_lacking_is_lacking_in_every_table(made):
    tables, notes = recorded(made, year_not_returned=2018.0)
    assert all(not table["YEAR"].eq(2018).any() for table in tables.values())
    gone = made.tables["episodes"]["YEAR"].eq(2018).sum()
    assert notes.loc[notes["cause"].eq("year not returned"), "rows"].sum() == gone
    assert len(tables["episodes"]) == len(made.tables["episodes"]) - gone


def test_notes_name_the_child_and_the_true_start(made):
    tables, notes = recorded(made, gap=0.5)
    notes = notes[notes["cause"].eq("gap")]
    true = as_last_returned(made.tables["episodes"])
    known = pd.MultiIndex.from_arrays(["Northshire/" + true["CHILD"], true["DECOM"]])
    assert pd.MultiIndex.from_frame(notes[["child", "begun"]]).isin(known).all()
    late = pd.MultiIndex.from_frame(tables["episodes"][["CHILD", "DECOM"]])
    moved = ~late.isin(pd.MultiIndex.from_frame(true[["CHILD", "DECOM"]]))
    assert 0 < moved.sum() <= notes["rows"].sum()


def test_days_between_episodes_are_never_before_the_year_of_the_return(made):
    episodes = recorded(made, gap=0.9, overlap=0.9)[0]["episodes"]
    ended = episodes["DEC"].notna()
    opens = first_of_april(episodes["YEAR"].to_numpy() - 1)
    closes = first_of_april(episodes["YEAR"].to_numpy()) - 1
    end = days_of(episodes["DEC"])
    assert (episodes["DEC"] >= episodes["DECOM"])[ended].all()
    assert ((end >= opens) & (end <= closes))[ended].all()
    assert (days_of(episodes["DECOM"]) <= closes).all()


@pytest.mark.parametrize("cause", ["overlap", "recorded_late", "amended", "returned_twice"])
def test_what_histories_mend_is_mended(made, cause, tmp_path):
    tables, notes = recorded(made, **{cause: 0.3})
    assert notes["cause"].eq(cause.replace("_", " ")).sum() > 10
    counts = compare(made.journeys, construct(returns_of(tables, tmp_path))).counts
    stays = counts.set_index("what").loc["stays"]
    assert stays["made"] == stays["alike"]


def test_dates_written_year_first_are_the_same_dates(made):
    episodes = recorded(made, dates_year_first=0.5)[0]["episodes"]
    assert episodes["DECOM"].str.fullmatch(r"\d{4}-\d\d-\d\d").mean() == pytest.approx(0.5, abs=0.3)
    for name in ("DECOM", "DEC"):
        read = parse_dates(episodes[name].astype("str"))
        assert read.equals(made.tables["episodes"][name].astype("datetime64[ns]"))


def test_untidy_cells_are_read_as_if_they_were_tidy(made, tmp_path):
    tables, _ = recorded(made, untidy_cells=1.0)
    assert tables["episodes"]["PLACE"].isin(["k2", " K2  "]).mean() > 0.1
    clean = returns_of(recorded(made, gap=0.0)[0], tmp_path / "clean").episodes
    assert returns_of(tables, tmp_path / "untidy").episodes.equals(clean)


# ---- every fault is seen ----

SEEN_BY = {
    "status changes": "PLACE above 30%",
    "other reasons": "OTHER above 30%",
    "reason missing": "reason missing",
    "urn not collected": "URN of a home missing",
    "urn wrong": "URN malformed",
    "urn not inspected": "URN of a home not inspected",
    "urn missing": "URN of a home missing",
    "postcode missing": None,
    "same carer as new": "status only, new carer",
    "new carer as same": None,
    "legal for new placement": "L: placement",
    "placement for legal": "P: legal status",
    "need drifts": "need drifts",
    "overlap": "overlap",
    "gap": "jump",
    "left open": "left open, never returned again",
    "recorded late": "ended before it was last open",
    "end without reason": "ended without a reason",
    "amended": "LS differs between years",
    "returned twice": "two on one day",
    "sex differs": "SEX differs",
    "ethnicity differs": "ETHNIC differs",
    "birth date differs": "DOB differs",
    "upn lost": "UPN malformed",
    "header row missing": "no Header row that year",
    "year not returned": "year missing between returns",
    "open with reason": "open with a reason",
    "ends on first day": "no days",
    "ends in the future": "date in the future",
    "ends before start": "ends before it starts",
    "provider contradicts": "provider contradicts the placement",
    "urn where none": "URN must be blank",
    "unknown code": "LS is not a code of ssda903_ls; taken as blank",
    "blank code": "PLACE blank",
    "starts before birth": "born after the start",
    "upn shared": "UPN of two children",
    "header row twice": "two Header rows",
    "header rows missing": "no Header row at all",
    "missing spell backwards": "missing, ends before it starts",
    "day and month swapped": "DECOM is not a date; taken as blank",
    "year of two digits": "DECOM has a year of two digits; read as the last such year that is not "
    "in the future",
    "date of no calendar": "DEC is not a date; taken as blank",
    "id mangled": "no Header row at all",
    "untidy cells": None,
    "dates year first": None,
}
"""The rule of ``histories.faults``, or the line of the reader's account, that each fault meets;
none where a return with it is as good as another."""


def found(tables, folder):
    returns = returns_of(tables, folder)
    faults, _ = find_faults(returns)
    lines = {entry.rule: entry.rows for entry in returns.account.entries}
    return lines | faults.set_index("rule")["rows"].fillna(0).to_dict()


@pytest.fixture(scope="module")
def before(made, tmp_path_factory):
    return found(recorded(made, gap=0.0)[0], tmp_path_factory.mktemp("before"))


def test_every_fault_is_listed():
    assert set(SEEN_BY) == set(REALISTIC) | set(NASTY) | set(FORMATS)


@pytest.mark.parametrize("cause", [name for name, rule in SEEN_BY.items() if rule])
def test_a_fault_is_seen(made, before, cause, tmp_path):
    if cause == "urn not collected":
        assert before[SEEN_BY[cause]] > 0
        return
    rate = {"year not returned": 2018.0, "other reasons": 0.6, "status changes": 0.6}
    tables, notes = recorded(made, **{cause.replace(" ", "_"): rate.get(cause, 0.2)})
    assert notes["cause"].str.startswith(cause).any()
    assert found(tables, tmp_path)[SEEN_BY[cause]] > before.get(SEEN_BY[cause], 0)


def test_a_nasty_return_is_read_to_the_end(made, tmp_path):
    habits = draw_habits(np.random.default_rng(1), Settings(dirt="nasty"), made.authorities(8))
    worst = {name: np.array([rate.max()]) for name, rate in habits.rates.items()}
    tables, _ = record(made.shard, type(habits)(habits.authorities[:1], worst), made.tables)
    histories = construct(returns_of(tables, tmp_path))
    assert len(histories.home_spells) > 50
