"""What holds for every return, however faulty: nothing is lost, doubled or left to chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from bayescich.histories.dates import birthday
from bayescich.histories.episodes import chained_episodes
from bayescich.histories.home_spells import home_spells
from bayescich.histories.periods import periods_of_care
from bayescich.histories.spells import MOVED, placement_spells
from bayescich.records.ssda903 import Ssda903Records
from bayescich.spec.policies import HistoryPolicies
from tests.histories.written_returns import balanced, written

FIRST, LAST = pd.Timestamp("2017-04-01"), pd.Timestamp("2021-03-31")
BORN = {"a": "2000-01-15", "b": "2008-05-01", "c": "2002-09-30", "anchor": "2010-01-01"}

HOMES = [("K2", "AB1", "SC111111"), ("K2", "AB2", "SC222222"), ("K1", "AB1", "SC111111")]
PLACES = [
    *HOMES, ("K2", "AB1", "XXXXXXX"), ("K2", "-", "-"), ("U6", "AB3", "9999999"),
    ("U4", "AB4", "9999999"), ("H5", "AB5", "-"), ("K3", "AB5", "7777777"), ("T1", "-", "-"),
    ("T4", "-", "-"), ("M3", "-", "-"),
]  # fmt: skip

# a coarse grid of days, so that rows meet, tie and overlap often
ROW = st.tuples(
    st.sampled_from([f"{authority}shire/{child}" for authority in "NS" for child in "abcdefg"]),
    st.integers(2018, 2021),
    st.integers(0, 48),
    st.sampled_from([None, None, -30, 0, 1, 15, 30, 60, 90, 400, 3000]),
    st.sampled_from(["S", "S", "P", "P", "B", "T", "U", "L", "-"]),
    st.sampled_from(["X1", "X1", "X1", "E4A", "E3", "E2", "E99", "-"]),
    st.sampled_from(PLACES),
    st.sampled_from(["CARPL", "PLACE", "OTHER", "-"]),
    st.sampled_from(["C2", "C2", "C2", "C2", "V3"]),
)
POLICIES = st.builds(
    HistoryPolicies,
    returned_twice=st.sampled_from(["latest", "first"]),
    stale_open=st.sampled_from(["close", "exclude"]),
    overlaps=st.sampled_from(["trim", "merge", "exclude"]),
    gap_days_closed=st.sampled_from([None, 0, 7, 40]),
    short_breaks=st.sampled_from(["exclude", "keep"]),
    temporary=st.sampled_from(["bridge", "placement"]),
    same_carer=st.sampled_from(["stay", "move"]),
    status_only=st.sampled_from(["stay", "move"]),
)
RETURNS = st.lists(ROW, min_size=1, max_size=60)
QUICK = settings(max_examples=12, deadline=None, derandomize=True)

# one well-formed child per authority and year, so that no collection year hangs on a faulty row
ANCHORS = [
    f"{authority}/anchor {year} {year - 1}-05-01 S K2 {year - 1}-06-01 E4A - AB9 SC999999"
    for authority in ("Nshire", "Sshire")
    for year in (2018, 2020, 2021)
]


def returned(rows: list[tuple]) -> Ssda903Records:
    lines, legal = list(ANCHORS), {}
    for child, year, start, length, rne, rec, (place, post, urn), reason, status in rows:
        first = FIRST + pd.Timedelta(days=30 * start)
        last = "-" if length is None else f"{first + pd.Timedelta(days=length):%Y-%m-%d}"
        legal[len(lines)] = status
        lines.append(
            f"{child} {year} {first:%Y-%m-%d} {rne} {place} {last} {rec} {reason} {post} {urn}"
        )
    return written("\n".join(lines), born=BORN, legal=legal)


def shuffled(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    return table.sample(frac=1, random_state=seed).reset_index(drop=True)


def days_before_18(table: pd.DataFrame, start: str, end: str) -> pd.Series:
    adult = birthday(table["born"], 18)
    length = table[end].clip(upper=adult) - table[start].clip(upper=adult)
    return length.dt.days.groupby(table["child"]).sum()


def overlap(table: pd.DataFrame, start: str, end: str) -> bool:
    table = table.sort_values(["child", start])
    following = table.groupby("child")[start].shift(-1)
    return bool((table[end] > following).any())


@QUICK
@given(RETURNS, POLICIES)
def test_every_row_is_accounted_for(rows: list[tuple], policies: HistoryPolicies) -> None:
    returns = returned(rows)
    chain, account = chained_episodes(returns, policies)
    assert balanced(account, "chain of episodes")
    assert account.total("read", "chain of episodes") == len(returns.episodes)
    assert account.total("kept", "chain of episodes") == len(chain)
    periods, account = periods_of_care(chain)
    assert balanced(account, "periods of care")
    assert account.total("kept", "periods of care") == len(periods)
    spells, account = placement_spells(chain, policies)
    assert balanced(account, "placement spells")
    assert account.total("kept", "placement spells") == len(spells)
    stays, account = home_spells(chain, spells, policies)
    assert balanced(account, "stays in homes")
    assert account.total("kept", "stays in homes") == len(stays)


@QUICK
@given(RETURNS, POLICIES)
def test_the_order_of_rows_and_years_does_not_matter(
    rows: list[tuple], policies: HistoryPolicies
) -> None:
    returns = returned(rows)
    header, episodes = shuffled(returns.header, 1), shuffled(returns.episodes, 2)
    other = replace(returns, header=header, episodes=episodes)
    chain, account = chained_episodes(returns, policies)
    again, other_account = chained_episodes(other, policies)
    pd.testing.assert_frame_equal(chain, again)
    counts = [[(e.stage, e.rule, e.rows) for e in a.entries] for a in (account, other_account)]
    assert counts[0] == counts[1]


@QUICK
@given(RETURNS, POLICIES)
def test_a_chain_is_one_and_chaining_it_again_changes_nothing(
    rows: list[tuple], policies: HistoryPolicies
) -> None:
    returns = returned(rows)
    chain, _ = chained_episodes(returns, policies)
    assert not overlap(chain, "DECOM", "DEC")
    assert chain["DEC"].le(chain["records_end"]).all()
    assert not (chain["open"] & chain["REC"].notna()).any()
    goes_on = chain["DEC"].eq(chain["DECOM"].shift(-1)) & chain["child"].eq(
        chain["child"].shift(-1)
    )
    assert goes_on[chain["REC"].eq("X1")].all()
    as_returned = chain.assign(DEC=chain["DEC"].mask(chain["open"]))[returns.episodes.columns]
    again, _ = chained_episodes(replace(returns, episodes=as_returned), policies)
    same = [column for column in chain if column != "imputed_end"]
    pd.testing.assert_frame_equal(chain[same], again[same])


@QUICK
@given(RETURNS, POLICIES)
def test_spells_are_the_chain_in_other_pieces(rows: list[tuple], policies: HistoryPolicies) -> None:
    chain, _ = chained_episodes(returned(rows), policies)
    spells, _ = placement_spells(chain, policies)
    assert not overlap(spells, "start", "end")
    exposed = days_before_18(chain, "DECOM", "DEC")
    in_spells = days_before_18(spells, "start", "end").reindex(exposed.index).fillna(0)
    assert np.array_equal(exposed, in_spells)
    assert (spells["end"] <= birthday(spells["born"], 18)).all()
    moves = spells["ended_by"].eq(MOVED).groupby(spells["child"]).sum()
    episodes = chain.groupby("child").size().reindex(moves.index)
    assert (moves <= episodes - 1).all()
    assert spells["next_class"].notna().eq(spells["ended_by"].eq(MOVED)).all()
    assert spells["spell"].tolist() == list(range(len(spells)))


@QUICK
@given(RETURNS, POLICIES)
def test_stays_in_homes_lie_within_spells(rows: list[tuple], policies: HistoryPolicies) -> None:
    chain, _ = chained_episodes(returned(rows), policies)
    spells, _ = placement_spells(chain, policies)
    stays, _ = home_spells(chain, spells, policies)
    assert not overlap(stays, "start", "end")
    homes = chain[chain["PLACE_CLASS"].isin(["children's home", "secure children's home"])]
    exposed = days_before_18(homes, "DECOM", "DEC")
    exposed = exposed[exposed > 0]
    stayed = (stays["end"] - stays["start"]).dt.days - stays["days_away"]
    in_stays = stayed.groupby(stays["child"]).sum()
    assert exposed.to_dict() == in_stays[in_stays > 0].to_dict()
