"""Histories against the journeys that made the returns: what is found, what is lost, and why."""

import numpy as np
import pandas as pd
import pytest

from bayescich.histories.construct import construct
from bayescich.simulate.checking.loss_causes import causes_of
from bayescich.simulate.checking.recovered import KIND_OF_CLASS, compare
from bayescich.simulate.checking.stay_outcomes import OUTCOMES, outcomes_of
from bayescich.simulate.draws import day
from bayescich.simulate.recording.record import draw_habits, record
from bayescich.simulate.settings import Settings
from bayescich.simulate.shapes import KINDS
from tests.simulate.small_authority import authority, returns_of

NO_CAUSES = {"cause": [], "child": [], "begun": pd.to_datetime([])}


@pytest.fixture(scope="module")
def made():
    return authority(200, seed=7)


@pytest.fixture(scope="module")
def clean(made, tmp_path_factory):
    return construct(returns_of(made.tables, tmp_path_factory.mktemp("clean")))


def recovery(made, folder, **rates):
    tables, causes = record(made.shard, made.habits(**rates), made.tables)
    return compare(made.journeys, construct(returns_of(tables, folder)), causes)


def by_outcome(recovery):
    return recovery.stays.groupby(["outcome", "cause"]).size().to_dict()


# ---- without dirt ----


def test_returns_without_dirt_give_every_journey_back(made, clean):
    found = compare(made.journeys, clean)
    assert found.exact
    assert found.counts["made"].tolist() == found.counts["alike"].tolist()
    assert found.counts.set_index("what").loc["stays in homes", "made"] > 200
    assert set(found.stays["outcome"]) == {"found exactly"}
    assert found.stays["days_right"].sum() == found.stays["days"].sum()


def test_stays_that_began_before_the_records_begin_on_the_first_day_recorded(made, clean):
    opens = pd.Timestamp("2009-04-01")
    running = made.journeys[made.journeys["start"] < opens]
    first = clean.chain.drop_duplicates("child").set_index("child")["DECOM"]
    later = running["child"].map(first) > running["start"]
    # their legal status changed before the records begin, so the stay is seen from then
    assert later.any()
    assert not later.all()


def test_a_child_away_when_the_records_begin_is_seen_from_its_return(tmp_path):
    small = authority(1, seed=1)
    row = {"YEAR": 2010, "CHILD": "1", "LS": "C2", "CIN": "N1", "PLACE_PROVIDER": "", "REC": "X1",
           "REASON_PLACE_CHANGE": "", "HOME_POST": "", "URN": "", "RNE": "P"}  # fmt: skip
    rows = pd.DataFrame(
        [
            {**row, "PLACE": "T1", "PL_POST": "", "DECOM": "2009-03-30", "DEC": "2009-04-04"},
            {**row, "PLACE": "U6", "PL_POST": "ZZ1 1AA", "DECOM": "2009-04-04", "DEC": "2009-06-01",
             "REC": "E4A"},
        ]
    )  # fmt: skip
    days = {name: pd.to_datetime(rows[name]) for name in ("DECOM", "DEC")}
    born = pd.Timestamp("2000-05-05")
    header = small.tables["header"].head(1).assign(YEAR=2010, CHILD="1", DOB=born)
    tables = {"episodes": rows.assign(**days), "header": header}
    stay = {"child": "Northshire/1", "start": pd.Timestamp("2009-01-01"),
            "end": pd.Timestamp("2009-06-01"), "kind": "foster", "home": "", "route": "",
            "ended_by": "left care", "in_window": True}  # fmt: skip
    assert compare(pd.DataFrame([stay]), construct(returns_of(tables, tmp_path))).exact


def test_what_differs_is_named(made, clean):
    at_home = made.journeys["kind"].eq("home") & made.journeys["ended_by"].eq("moved")
    row = made.journeys.index[at_home][5]
    changed = made.journeys.copy()
    changed.loc[row, ["home", "ended_by", "route"]] = ["SC999999", "left care", "return home"]
    child, start, end = changed.loc[row, ["child", "start", "end"]]
    found = compare(changed, clean)
    assert not found.exact
    said = dict(tuple(found.differences.groupby(["what", "side"])))
    assert said["stays", "made"]["child"].tolist() == [child]
    assert said["stays in homes", "made"]["date"].tolist() == [start]
    assert said["stays in homes", "made"]["said"].item() == f"{end:%Y-%m-%d} | SC999999"
    assert said["moves", "found"]["date"].tolist() == [end]
    assert ("moves", "made") not in said
    assert said["exits", "made"]["said"].tolist() == ["return home"]
    assert said["days in a home", "made"]["said"].str.contains("SC999999").any()
    assert found.stays["outcome"].value_counts()["in another home"] == 1


def test_journeys_outside_the_window_are_not_looked_for(made, clean):
    some = made.journeys["child"].eq(made.journeys["child"].iloc[0])
    found = compare(made.journeys.assign(in_window=~some), clean)
    only = found.differences
    assert set(only["side"]) == {"found", "made"}
    assert set(only.loc[only["what"].eq("stays"), "side"]) == {"found"}
    assert (only["what"].eq("stays")).sum() == some.sum()


def test_every_class_of_placement_has_a_kind():
    assert set(KIND_OF_CLASS.values()) == set(KINDS)


# ---- what became of a stay ----


def stays(*rows):
    frame = pd.DataFrame(rows, columns=["child", "start", "end", "home"])
    return frame.assign(**{n: [day(f"2020-{d}") for d in frame[n]] for n in ("start", "end")})


@pytest.mark.parametrize(
    ("true", "found", "outcomes", "right"),
    [
        pytest.param([("a", "01-01", "02-01", "H")], [("a", "01-01", "02-01", "H")],
                     ["found exactly"], 31, id="exactly"),
        pytest.param([("a", "01-01", "02-01", "H")], [("a", "01-01", "02-01", "")],
                     ["home not known"], 0, id="not known"),
        pytest.param([("a", "01-01", "02-01", "H")], [("a", "01-01", "02-01", "G")],
                     ["in another home"], 0, id="another"),
        pytest.param([("a", "01-01", "02-01", "H")], [("a", "01-05", "03-01", "H")],
                     ["other dates"], 27, id="other dates"),
        pytest.param([("a", "01-01", "02-01", "H")],
                     [("a", "01-01", "01-11", "H"), ("a", "01-11", "02-01", "")],
                     ["split"], 10, id="split"),
        pytest.param([("a", "01-01", "02-01", "H"), ("a", "02-01", "03-01", "G")],
                     [("a", "01-01", "03-01", "H")],
                     ["joined with another"] * 2, 31, id="joined"),
        pytest.param([("a", "01-01", "02-01", "H"), ("a", "02-01", "03-01", "G")],
                     [("a", "01-01", "02-04", "H"), ("a", "02-04", "03-01", "G")],
                     ["other dates"] * 2, 57, id="a border moved joins nothing"),
        pytest.param([("a", "01-01", "02-01", "H")], [("b", "01-01", "02-01", "H")],
                     ["lost", "never was"], 0, id="another child"),
        pytest.param([("a", "01-01", "02-01", "H")], [], ["lost"], 0, id="lost"),
        pytest.param([], [("a", "01-01", "02-01", "H")], ["never was"], 0, id="never was"),
        pytest.param([("a", "01-01", "01-01", "H"), ("a", "01-01", "02-01", "G")],
                     [("a", "01-01", "01-01", "H"), ("a", "01-01", "02-01", "G")],
                     ["found exactly"] * 2, 31.5, id="a stay of no day is half a day"),
    ],
)  # fmt: skip
def test_outcomes(true, found, outcomes, right):
    table = outcomes_of(stays(*true), stays(*found))
    assert table["outcome"].tolist() == outcomes
    assert table["days_right"].sum() == right


def test_outcomes_do_not_depend_on_the_order_of_rows(made, clean):
    rng = np.random.default_rng(1)
    shuffled = made.journeys.iloc[rng.permutation(len(made.journeys))]
    one, other = (compare(j, clean).stays for j in (made.journeys, shuffled))
    assert one.equals(other)


# ---- why ----


@pytest.mark.parametrize(
    ("rates", "outcome", "cause"),
    [
        ({"urn_missing": 0.5}, "home not known", "urn missing"),
        ({"urn_not_inspected": 0.5}, "home not known", "urn not inspected"),
        ({"gap": 0.0}, "home not known", "urn not collected"),
        ({"urn_wrong": 0.5}, "in another home", "urn wrong"),
        ({"header_rows_missing": 0.3}, "lost", "header rows missing"),
        ({"starts_before_birth": 0.3}, "lost", "starts before birth"),
        ({"year_not_returned": 2018.0}, "lost", "year not returned"),
        ({"left_open": 0.5}, "other dates", "left open"),
        ({"gap": 0.5}, "other dates", "gap"),
        ({"end_without_reason": 0.5}, "found exactly", ""),
        ({"id_mangled": 0.3}, "lost", "id mangled"),
    ],
)
def test_losses_are_laid_to_what_was_done(made, rates, outcome, cause, tmp_path):
    found = by_outcome(recovery(made, tmp_path, **rates))
    assert found[outcome, cause] > 0
    known = {cause, "urn not collected", "", f"{cause}, at another time"}
    assert {why for _, why in found} <= known


def test_new_carers_written_as_the_same_are_moves_missed(made, tmp_path):
    found = recovery(made, tmp_path, new_carer_as_same=1.0)
    moves = found.counts.set_index("what").loc["moves"]
    assert moves["alike"] < 0.2 * moves["made"]


def test_realistic_losses_all_have_a_cause(made, tmp_path):
    habits = draw_habits(np.random.default_rng(2), Settings(), made.authorities(8))
    tables, causes = record(made.shard, habits, made.tables)
    found = compare(made.journeys, construct(returns_of(tables, tmp_path)), causes)
    table = found.table()
    assert table["stays"].sum() == len(found.stays)
    made_days = table.loc[table["outcome"].ne("never was"), "days"].sum()
    at_home = made.journeys[made.journeys["kind"].eq("home")]
    true_days = (at_home["end"] - at_home["start"]).dt.days.sum()
    assert made_days == pytest.approx(true_days, rel=0.1)
    assert table["days_right"].le(table["days"]).all()
    assert not table["cause"].eq("not explained").any()
    assert [o for o in OUTCOMES if o in set(table["outcome"])] == list(
        table["outcome"].drop_duplicates()
    )
    assert "home not known, urn not collected" in found.text()


def test_without_notes_a_loss_is_not_explained():
    lost = pd.DataFrame(
        {
            "child": ["L/1", "L/2"],
            "start": pd.to_datetime(["2018-01-01"] * 2),
            "end": pd.to_datetime(["2018-02-01"] * 2),
            "outcome": ["lost", "found exactly"],
        }
    )
    for causes in (None, pd.DataFrame(NO_CAUSES)):
        assert causes_of(lost, causes, {"L/1", "L/2"}).tolist() == ["not explained", ""]


def test_the_likeliest_cause_at_the_time_is_named():
    lost = pd.DataFrame(
        {
            "child": ["L/1", "L/1"],
            "start": pd.to_datetime(["2018-01-01", "2012-01-01"]),
            "end": pd.to_datetime(["2018-02-01", "2012-02-01"]),
            "outcome": ["lost", "lost"],
        }
    )
    causes = pd.DataFrame(
        {
            "cause": ["other reasons", "gap", "overlap", "header rows missing"],
            "child": ["L/1", "L/1", "L/1", "L/2"],
            "begun": pd.to_datetime(["2018-01-01", "2018-02-01", "2018-01-01", None]),
        }
    )
    named = causes_of(lost, causes, {"L/1"}).tolist()
    assert named == ["gap", "gap, at another time"]
