"""Placement histories: a hand-written return with every rule, and the simulator's journeys."""

from pathlib import Path

import pandas as pd
import pytest

from bayescich.account import Account
from bayescich.errors import HistoriesError
from bayescich.histories.episodes import chained_episodes
from bayescich.histories.exits import exits
from bayescich.histories.home_spells import home_spells
from bayescich.histories.moves import moves
from bayescich.histories.placements import PLACEMENTS, placement_histories, placement_table
from bayescich.histories.spells import placement_spells
from bayescich.records.ofsted import OfstedRecords
from bayescich.records.ssda903 import Ssda903Records, read_ssda903
from bayescich.spec.policies import HistoryPolicies

HOME_A, HOME_B, HOME_C = "SC111111", "2222222", "3333333"

COLUMNS = [
    "CHILD", "YEAR", "DECOM", "RNE", "LS", "PLACE", "DEC", "REC", "REASON_PLACE_CHANGE",
    "PL_POST", "URN",
]  # fmt: skip
ROWS = f"""
a 2021 2020-05-01 S C1 U6 2020-06-01 X1 CARPL ZZ1 9999999
a 2021 2020-06-01 P C1 K2 2020-07-01 X1 -     ZZ2 {HOME_A}
a 2021 2020-07-01 L C2 K2 2020-08-01 X1 -     ZZ2 {HOME_A}
a 2021 2020-08-01 P C2 T4 2020-08-05 X1 -     -   -
a 2021 2020-08-05 P C2 K2 -          -  -     ZZ2 {HOME_A}
a 2022 2020-08-05 P C2 K2 2021-05-01 X1 PLACE ZZ2 {HOME_A}
a 2022 2021-05-01 T C2 K2 2021-06-01 X1 CREQB ZZ3 {HOME_A}
a 2022 2021-06-01 P C2 K2 -          -  -     ZZ4 {HOME_B}
b 2021 2020-04-10 P C2 K2 2020-09-01 X1 CARPL ZZ2 {HOME_A}
b 2021 2020-09-01 P C2 K2 2020-12-01 E4A -    ZZ4 {HOME_B}
c 2021 2020-04-10 S V3 K2 2020-04-12 E4A -    -   -
c 2021 2020-04-20 S V2 K2 2020-06-20 X1 CARPL ZZ2 {HOME_A}
c 2021 2020-06-10 P V2 K2 2020-10-01 E3  -    ZZ4 {HOME_B}
d 2021 2020-04-10 S V2 K2 2020-05-10 X1 CARPL ZZ5 XXXXXXX
d 2021 2020-05-10 P V2 K2 2020-06-10 X1 CARPL ZZ6 {HOME_C}
d 2021 2020-06-10 P V2 K2 -          -  -     ZZ2 {HOME_A}
d 2022 2020-06-10 P V2 K2 2021-09-15 E17 -    ZZ2 {HOME_A}
e 2021 2020-04-10 S V2 K2 2020-05-10 X1 CARPL ZZ2 {HOME_A}
e 2021 2020-05-10 P V2 T1 2020-05-14 X1 -     -   -
e 2021 2020-05-14 P V2 U6 2020-07-01 E8 -     ZZ7 9999999
"""

BORN = dict.fromkeys("abcf", "2008-05-01") | {"d": "2003-09-15", "e": "2010-01-01"}
NEED = {"a": "N6", "d": "N2"}


def returns(rows: str = ROWS, born: dict[str, str] = BORN) -> Ssda903Records:
    frame = pd.DataFrame([line.split() for line in rows.strip().splitlines()], columns=COLUMNS)
    frame = frame.replace("-", None).astype("str").replace("None", None)
    classes = {"U6": "foster", "T4": "temporary", "T1": "temporary", "K2": "children's home"}
    classes["Z1"] = "other or unregistered"
    classes["T0"] = "temporary"
    episodes = frame.assign(
        LA="Northshire",
        YEAR=frame["YEAR"].astype(int),
        DECOM=pd.to_datetime(frame["DECOM"]).astype("datetime64[ns]"),
        DEC=pd.to_datetime(frame["DEC"]).astype("datetime64[ns]"),
        CIN=frame["CHILD"].map(NEED).fillna("N1"),
        PLACE_CLASS=frame["PLACE"].map(classes),
        PLACE_PROVIDER="PR4",
        HOME_POST="ZZ9",
    )
    children = episodes[["LA", "YEAR", "CHILD"]].drop_duplicates()
    header = children.assign(
        DOB=pd.to_datetime(children["CHILD"].map(born)).astype("datetime64[ns]"),
        SEX="M",
        ETHNIC="WBRI",
        UPN="UN1",
    )
    return Ssda903Records(header, episodes, Account())


def register() -> OfstedRecords:
    homes = pd.DataFrame(
        {
            "urn": [HOME_A, HOME_A, HOME_B],
            "snapshot": [2020, 2021, 2022],
            "provision_type": "Children's home",
            "sector": "Private",
            "places": [1, 2, 4],
            "short_breaks": False,
            "owner": ["First Owner", "Second Owner", None],
            "authority": ["Northshire", "Northshire", "Southshire"],
            "region": ["North West", "North West", None],
            "status": None,
        }
    ).astype({"status": "str", "places": "Int64"})
    return OfstedRecords(homes, pd.DataFrame(), Account())


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    histories, _ = placement_histories(returns(), register(), minimum_homes=1)
    return histories.set_index(["child", "start"])


@pytest.fixture(scope="module")
def account() -> Account:
    return placement_histories(returns(), register(), minimum_homes=1)[1]


def spell(table: pd.DataFrame, child: str, start: str) -> pd.Series:
    return table.loc[(f"Northshire/{child}", pd.Timestamp(start))]


def excluded(account: Account, table: str) -> dict[str, int]:
    return {e.rule: e.rows for e in account.entries if e.stage == "excluded" and e.table == table}


def test_only_the_spells_expected_are_there(table: pd.DataFrame) -> None:
    starts = [(child[-1], f"{start:%Y-%m-%d}") for child, start in table.index]
    assert starts == [
        ("a", "2020-06-01"),
        ("a", "2021-06-01"),
        ("c", "2020-04-20"),
        ("c", "2020-06-10"),
        ("d", "2020-06-10"),
        ("e", "2020-04-10"),
    ]


def test_legal_temporary_and_same_carer_changes_do_not_end_a_spell(table: pd.DataFrame) -> None:
    row = spell(table, "a", "2020-06-01")
    assert (row["home"], row["end"], row["moved"]) == (HOME_A, pd.Timestamp("2021-06-01"), 1)
    assert row["days"] == 365


def test_an_open_spell_is_censored_on_the_last_day(table: pd.DataFrame) -> None:
    row = spell(table, "a", "2021-06-01")
    assert (row["end"], row["moved"]) == (pd.Timestamp("2022-03-31"), 0)
    assert row["ended_by"] == "end of the extract"


def test_history_is_frozen_at_the_first_home(table: pd.DataFrame) -> None:
    first, second = spell(table, "a", "2020-06-01"), spell(table, "a", "2021-06-01")
    assert (first["earlier_placements"], first["first_home_spell"]) == (1, 1)
    assert (second["earlier_placements"], second["first_home_spell"]) == (1, 0)


def test_history_counts_the_first_home_even_when_it_is_left_out(table: pd.DataFrame) -> None:
    row = spell(table, "d", "2020-06-10")
    assert (row["earlier_placements"], row["first_home_spell"]) == (0, 0)


def test_an_overlap_is_trimmed_and_short_breaks_are_no_history(table: pd.DataFrame) -> None:
    row = spell(table, "c", "2020-04-20")
    assert (row["end"], row["moved"], row["earlier_placements"]) == (
        pd.Timestamp("2020-06-10"), 1, 0,
    )  # fmt: skip


def test_a_transfer_to_another_authority_is_no_move(table: pd.DataFrame) -> None:
    row = spell(table, "c", "2020-06-10")
    assert (row["moved"], row["ended_by"]) == (0, "taken over by another authority")


def test_the_18th_birthday_ends_the_time_at_risk(table: pd.DataFrame) -> None:
    row = spell(table, "d", "2020-06-10")
    assert (row["end"], row["ended_by"], row["moved"]) == (
        pd.Timestamp("2021-09-15"), "18th birthday", 0,
    )  # fmt: skip


def test_a_temporary_placement_without_return_ends_the_spell(table: pd.DataFrame) -> None:
    row = spell(table, "e", "2020-04-10")
    assert (row["end"], row["moved"], row["ended_by"]) == (pd.Timestamp("2020-05-10"), 1, "moved")


def test_homes_are_described_as_they_were_when_the_spell_started(table: pd.DataFrame) -> None:
    early, late = spell(table, "a", "2020-06-01"), spell(table, "a", "2021-06-01")
    assert (early["home_type"], early["provider"]) == ("Private, solo", "First Owner")
    # home B is on the list of 2022 only, and its owner is not known
    assert late["home_type"] == "Private, small"
    assert late["provider"] == f"unrecorded owner of {HOME_B}"


def test_children_are_described(table: pd.DataFrame) -> None:
    row = spell(table, "a", "2020-06-01")
    assert (row["need_behaviour"], row["need_disability"], row["male"]) == (1, 0, 1)
    assert row["age_at_start"] == pytest.approx(12 + 31 / 365.25, abs=0.01)
    assert (row["year"], row["legal_status"]) == ("2020-21", "care order")
    assert spell(table, "d", "2020-06-10")["need_disability"] == 1


def test_every_exclusion_is_counted(account: Account) -> None:
    assert excluded(account, "chain of episodes") == {
        "open in one year's return, and returned again": 2,
        "series of short breaks (V3, V4)": 1,
    }
    assert excluded(account, "home spells") == {
        "the child's first record is not a start of care, so earlier placements are unknown": 2,
        "URN missing or not of Ofsted's form": 1,
        "URN not on the register of homes": 1,
    }
    assert account.total("kept", "home spells") == 6


OPEN_IN_2021 = f"f 2021 2020-05-01 S C2 K2 - - - ZZ2 {HOME_A}\n"
OTHER_HOME_BEFORE_2022 = f"f 2022 2021-02-01 P C2 K2 2021-06-01 E4A - ZZ4 {HOME_B}"
STARTS_AGAIN = f"f 2022 2020-09-01 S C2 K2 2021-06-01 E4A - ZZ4 {HOME_B}"
GOES_ON = f"f 2022 2021-05-01 S C2 K2 2021-07-01 X1 OTHER ZZ2 {HOME_A}\n"
SAME_HOME_AS_NEW = f"f 2022 2021-07-01 P C2 K2 2021-08-01 E4A - ZZ2 {HOME_A}"


@pytest.mark.parametrize(
    ("rows", "end", "moved", "ended_by"),
    [
        pytest.param(OPEN_IN_2021, "2021-03-31", 0, "not recorded", id="never returned again"),
        pytest.param(OPEN_IN_2021 + OTHER_HOME_BEFORE_2022, "2021-02-01", 1, "moved", id="moved"),
        pytest.param(
            OPEN_IN_2021 + STARTS_AGAIN, "2020-08-31", 0, "not recorded", id="starts care again"
        ),
        pytest.param(GOES_ON, "2021-07-01", 0, "not recorded", id="nothing follows X1"),
        pytest.param(GOES_ON + SAME_HOME_AS_NEW, "2021-08-01", 0, "left care", id="same home"),
    ],
)
def test_incomplete_returns(rows: str, end: str, moved: int, ended_by: str) -> None:
    histories, _ = placement_histories(returns(ROWS + rows), register(), minimum_homes=1)
    row = histories[histories["child"] == "Northshire/f"].iloc[0]
    assert (row["end"], row["moved"], row["ended_by"]) == (pd.Timestamp(end), moved, ended_by)


def test_spells_running_when_the_records_begin_are_left_out() -> None:
    rows = (
        f"f 2021 2019-05-01 S C2 K2 2020-05-01 X1 CARPL ZZ2 {HOME_A}\n"
        f"f 2021 2020-05-01 P C2 K2 2020-06-01 E4A - ZZ4 {HOME_B}"
    )
    histories, account = placement_histories(returns(ROWS + rows), register(), minimum_homes=1)
    own = histories[histories["child"] == "Northshire/f"]
    assert own["home"].tolist() == [HOME_B]
    assert own["earlier_placements"].tolist() == [1]
    assert excluded(account, "home spells")["already running when the records begin"] == 1


def test_no_spell_at_all_is_an_error_that_says_why() -> None:
    lonely = f"a 2021 2020-05-01 S C1 K2 2020-06-01 E4A - ZZ2 {HOME_C}"
    with pytest.raises(HistoriesError, match="URN not on the register of homes: 1"):
        placement_histories(returns(lonely), register())


def test_sample_returns_make_spells_with_an_account(reference: Path) -> None:
    records = read_ssda903(reference / "ssda903" / "cs_demand_model_samples")
    chain, account = chained_episodes(records)
    spells, _ = placement_spells(chain)
    left_out = excluded(account, "chain of episodes")
    assert left_out["series of short breaks (V3, V4)"] == 431
    assert account.total("kept", "chain of episodes") == 2_827 - 431
    assert (spells["end"] >= spells["start"]).all()
    after_start = spells["start"] >= spells.groupby("child")["end"].shift()
    assert after_start[spells.duplicated("child")].all()


def test_one_owner_spelt_two_ways_is_one_provider() -> None:
    homes = register().homes.assign(owner=["Acorn Care Limited", "ACORN CARE LTD.", None])
    register_ = OfstedRecords(homes, pd.DataFrame(), Account())
    histories, account = placement_histories(returns(), register_, minimum_homes=1)
    at_a = histories[histories["home"] == HOME_A]
    assert len(at_a) > 1
    assert set(at_a["provider"]) <= {"Acorn Care Limited", "ACORN CARE LTD."}
    assert len(set(at_a["provider"])) == 1
    assert "owner's name respelt as in most lists" in set(account.to_frame()["rule"])


# ---- how a stay ended, and since when it is followed ----

ENDINGS = f"""
a 2021 2020-05-01 S C2 K2 2020-06-01 X1 CARPL ZZ2 {HOME_A}
a 2021 2020-06-01 P C2 U6 2020-07-01 E4A - ZZ7 9999999
b 2021 2020-05-01 S C2 K2 2020-06-01 X1 OTHER ZZ2 {HOME_A}
b 2021 2020-06-01 P C2 K2 2020-07-01 X1 CREQB ZZ4 {HOME_B}
b 2021 2020-07-01 P C2 T0 2020-07-05 X1 CARPL - -
b 2021 2020-07-05 P C2 U6 2020-08-01 E4A - ZZ7 9999999
c 2021 2020-05-01 S C2 K2 2020-05-01 E4B - ZZ2 {HOME_A}
d 2021 2020-05-01 S C2 K2 2020-06-01 X1 CARPL ZZ2 {HOME_A}
d 2021 2020-06-01 T C2 K2 2020-07-01 E6 - ZZ4 {HOME_B}
e 2021 2020-05-01 S C2 Z1 2020-06-01 X1 PLACE ZZ2 -
e 2021 2020-06-01 T C2 K2 2020-07-01 X1 CHILD ZZ2 {HOME_A}
e 2021 2020-07-01 P C2 U6 2020-08-01 E4A - ZZ7 9999999
"""


@pytest.fixture(scope="module")
def endings() -> pd.DataFrame:
    table, _ = placement_histories(returns(ENDINGS), register(), minimum_homes=1)
    return table.set_index(["child", "start"])


@pytest.mark.parametrize(
    ("child", "start", "moved", "disrupted", "unplanned", "route"),
    [
        pytest.param("a", "2020-05-01", 1, 0, 0, "fostering", id="step forward"),
        pytest.param(
            "b", "2020-05-01", 1, 1, None, "another children's home or residential", id="OTHER"
        ),
        pytest.param("b", "2020-06-01", 1, 1, 1, "fostering", id="past a temporary placement"),
        pytest.param("c", "2020-05-01", 0, 0, 0, "return home, unplanned", id="left care"),
        pytest.param("d", "2020-05-01", 0, 0, 0, "censored", id="same carer, new home"),
        pytest.param(
            "d", "2020-06-01", 0, 0, 0, "supported or independent living", id="left the second"
        ),
        pytest.param("e", "2020-06-01", 1, 1, 1, "fostering", id="registered late"),
    ],
)
def test_how_each_stay_ended(
    endings: pd.DataFrame,
    child: str,
    start: str,
    moved: int,
    disrupted: int,
    unplanned: int | None,
    route: str,
) -> None:
    row = spell(endings, child, start)
    assert (row["moved"], row["disrupted"], row["exit_route"]) == (moved, disrupted, route)
    assert pd.isna(row["unplanned"]) if unplanned is None else row["unplanned"] == unplanned


def test_a_stay_of_no_day_has_half_a_day(endings: pd.DataFrame) -> None:
    assert spell(endings, "c", "2020-05-01")["days"] == 0.5


def test_reasons_are_usable_up_to_the_share_of_other() -> None:
    # of four moves from a placement to another, one is OTHER
    table, _ = placement_histories(returns(ENDINGS), register(), minimum_homes=1)
    assert table["reasons_usable"].eq(1).all()
    strict = HistoryPolicies(other_share=0.24)
    table, _ = placement_histories(returns(ENDINGS), register(), strict, minimum_homes=1)
    assert table["reasons_usable"].eq(0).all()


def test_homes_bring_their_authority_region_places_and_owner(table: pd.DataFrame) -> None:
    late = spell(table, "a", "2021-06-01")
    assert (late["home_authority"], late["places"]) == ("Southshire", 4)
    assert pd.isna(late["region"])
    assert late["owner_group"].startswith("Private")


def test_ends_that_were_not_recorded_are_marked() -> None:
    rows = ROWS + OPEN_IN_2021
    table, _ = placement_histories(returns(rows), register(), minimum_homes=1)
    marked = table.loc[table["imputed_end"].eq(1), "child"]
    assert marked.tolist() == ["Northshire/f"]


RUNNING = (
    f"f 2021 2020-03-02 P C2 K2 2020-05-01 X1 CARPL ZZ2 {HOME_A}\n"
    f"f 2021 2020-05-01 P C2 K2 2020-06-01 E4A - ZZ4 {HOME_B}\n"
    f"g 2021 2020-03-02 S C2 K2 2020-04-01 E4A - ZZ2 {HOME_A}"
)


def test_stays_already_running_enter_late_if_the_user_says_so() -> None:
    delayed = HistoryPolicies(entry="delayed")
    rows = returns(ROWS + RUNNING, born={**BORN, "g": "2008-05-01"})
    table, account = placement_histories(rows, register(), delayed, minimum_homes=1)
    own = table[table["child"].isin(["Northshire/f", "Northshire/g"])]
    assert own["child"].tolist() == ["Northshire/f"] * 2
    # 2 March to 31 March had passed; g left on the day the records begin
    assert own["entry_days"].tolist() == [30, 0]
    assert own["days"].tolist() == [60, 31]
    left_out = excluded(account, "home spells")
    assert left_out["no day at risk within the records"] == 1
    assert table.loc[table["child"].eq("Northshire/a"), "entry_days"].eq(0).all()


def test_needs_and_statements_are_added_as_of_the_first_home_and_of_each_stay() -> None:
    # d's first home (from 10 April) is left out of the table, but the history is frozen there
    children, days = ["a", "d", "d"], ["2020-06-01", "2020-04-10", "2020-05-10"]
    needs = pd.DataFrame({"CHILD": children, "NEED": ["drugs", "autism", "self_harm"]})
    needs = needs.assign(
        LA="Northshire", PRESENT=True, DATE=pd.to_datetime(days).astype("datetime64[ns]")
    )
    said = pd.DataFrame({"URN": [HOME_A, HOME_B], "NEED": "drugs", "STATED": True})
    said["FROM"] = pd.to_datetime([None, "2021-06-02"]).astype("datetime64[ns]")
    table, account = placement_histories(
        returns(), register(), minimum_homes=1, needs=needs, statements=said
    )
    table = table.set_index(["child", "start"])
    assert list(table.columns[-9:]) == [
        "born", "needs_known", "has_self_harm", "has_autism", "has_drugs", "statement_known",
        "meets_self_harm", "meets_autism", "meets_drugs",
    ]  # fmt: skip
    second = spell(table, "a", "2021-06-01")
    assert (second["has_drugs"], second["statement_known"]) == (1, 0)
    assert spell(table, "a", "2020-06-01")["meets_drugs"] == 1
    row = spell(table, "d", "2020-06-10")
    assert (row["needs_known"], row["has_autism"], row["has_self_harm"]) == (1, 1, 0)
    assert row["born"] == pd.Timestamp("2003-09-15")
    assert account.total("kept", "needs at the first home") == 2


def test_without_such_records_only_the_day_of_birth_is_added(table: pd.DataFrame) -> None:
    assert table.columns[-1] == "born"
    assert not [name for name in table if str(name).startswith(("has_", "meets_"))]


def test_prior_history_is_added_by_child() -> None:
    rows = returns()
    prior = pd.DataFrame({"child": ["Northshire/a"], "index_date": [None], "days_in_care": [31]})
    parts = _parts(rows)
    table, _ = placement_table(*parts, register(), prior=prior, minimum_homes=1)
    assert table.columns.tolist()[: len(PLACEMENTS.columns)] == list(PLACEMENTS.columns)
    known = table.set_index("child")["days_in_care"]
    assert known["Northshire/a"].eq(31).all()
    assert known.drop("Northshire/a").isna().all()


def _parts(rows: Ssda903Records) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    chain, _ = chained_episodes(rows)
    spells, _ = placement_spells(chain)
    at_home, _ = home_spells(chain, spells)
    return at_home, moves(spells)[0], exits(spells)[0]


def _children_before_urns(names: str, urn: str, end: str) -> str:
    rows = [f"{name} 2021 2020-04-10 S V2 K2 {end} E4A - ZZ5 {urn}" for name in names]
    return "\n".join(rows)


@pytest.mark.parametrize(("entry", "days"), [("inflow", []), ("delayed", [356.0])])
def test_a_stay_from_before_urns_were_collected_is_there_because_it_lasted(
    entry: str, days: list[float]
) -> None:
    # ten children leave before any home is named; h stays until the year in which homes are
    unnamed = _children_before_urns("jklmnopqrs", "-", "2020-09-01")
    lasted = _children_before_urns("h", HOME_A, "2021-06-01").replace(" 2021 2020", " 2022 2020")
    born = {**BORN, **dict.fromkeys("hjklmnopqrst", "2008-05-01")}
    later = f"t 2022 2021-05-01 S V2 K2 2021-07-01 E4A - ZZ5 {HOME_A}"
    rows = returns(f"{unnamed}\n{lasted}\n{later}", born=born)
    policies = HistoryPolicies.model_validate({"entry": entry})
    table, account = placement_histories(rows, register(), policies, minimum_homes=1)
    assert table.loc[table["child"].eq("Northshire/h"), "entry_days"].tolist() == days
    assert table["child"].eq("Northshire/t").sum() == 1
    why = "began before URNs were collected (01/04/2021), so seen because it lasted"
    assert excluded(account, "home spells").get(why, 0) == (entry == "inflow")


def test_a_few_unnamed_homes_do_not_mean_that_urns_came_later() -> None:
    unnamed = _children_before_urns("jkl", "-", "2020-09-01")
    lasted = _children_before_urns("h", HOME_A, "2021-06-01").replace(" 2021 2020", " 2022 2020")
    born = dict.fromkeys("hjkl", "2008-05-01")
    table, _ = placement_histories(
        returns(f"{unnamed}\n{lasted}", born=born), register(), minimum_homes=1
    )
    assert table["child"].tolist() == ["Northshire/h"]


def test_a_home_named_only_in_a_later_row_is_seen_because_the_stay_lasted() -> None:
    rows = """
    h 2021 2020-04-10 S C1 K2 2020-08-01 X1 - ZZ5 -
    h 2021 2020-08-01 L C2 K2 2020-12-01 E4A - ZZ5 SC111111
    t 2021 2020-04-10 S C1 K2 2020-12-01 E4A - ZZ5 SC111111
    """
    table, account = placement_histories(
        returns(rows, born=dict.fromkeys("ht", "2008-05-01")), register(), minimum_homes=1
    )
    assert table["child"].tolist() == ["Northshire/t"]
    why = "the home is named in a later row only, so the stay is seen because it lasted"
    assert excluded(account, "home spells")[why] == 1
