"""Homes registered anew: each kind of evidence, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bayescich.account import Account
from bayescich.histories.succession import urn_succession
from bayescich.records.succession import SUCCESSION, read_succession

FIRST = "first registration"


def chain(*stories: str) -> pd.DataFrame:
    """Make a chain; a story is one child's episodes: URN, start, RNE, reason, postcode.

    An episode ends when the next one starts, the last on 31 March 2025.
    """
    rows = []
    for number, story in enumerate(stories):
        lines = [line.split() for line in story.strip().splitlines()]
        ends = [*(line[1] for line in lines[1:]), "2025-03-31"]
        rows += [[f"A/{number}", *line, end] for line, end in zip(lines, ends, strict=True)]
    columns = ["child", "URN", "DECOM", "RNE", "REASON_PLACE_CHANGE", "PL_POST", "DEC"]
    frame = pd.DataFrame(rows, columns=columns, dtype="str").replace("-", None).astype("str")
    dates = {name: pd.to_datetime(frame[name]).astype("datetime64[ns]") for name in columns[2::4]}
    home = frame["URN"].ne("AGENCY").map({True: "children's home", False: "foster"})
    return frame.assign(**dates, period=1, PLACE_CLASS=home.astype("str"))


def providers(*rows: tuple[str, str, str, str, str]) -> pd.DataFrame:
    """Make a look-up: URN, type, postcode, registered, closed."""
    columns = ["urn", "provider_type", "postcode", "registration_date", "closed_date"]
    frame = pd.DataFrame(rows, columns=columns, dtype="str").replace("-", None).astype("str")
    dates = {name: pd.to_datetime(frame[name]).astype("datetime64[ns]") for name in columns[3:]}
    return frame.assign(**dates)


def given(*pairs: tuple[str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(pairs, columns=["OLD_URN", "NEW_URN"], dtype="str")
    return frame.assign(DATE=pd.NaT, REASON=pd.Series(None, index=frame.index, dtype="str"))


def lists(*rows: tuple[str, int, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["urn", "snapshot", "status"])


def homes_of(table: pd.DataFrame) -> dict[str, str]:
    """Return the URNs that stand for another."""
    other = table[table["urn"].ne(table["home"])]
    return dict(zip(other["urn"], other["home"], strict=True))


def rules(account: Account, stage: str) -> dict[str, int]:
    return {entry.rule: entry.rows for entry in account.entries if entry.stage == stage}


RENAMED = """
    SC1 2020-05-01 S - AB1
    SC2 2021-05-01 T - AB1
"""


def test_a_child_who_stays_shows_that_the_home_was_registered_anew() -> None:
    table, account = urn_succession(chain(RENAMED, "SC3 2020-05-01 S - AB2"))
    assert table.to_dict("list") == {
        "urn": ["SC1", "SC2", "SC3"],
        "home": ["SC1", "SC1", "SC3"],
        "evidence": [FIRST, "returns", FIRST],
    }
    assert rules(account, "repaired") == {
        "a home's new URN taken for its first one; evidence: returns": 1
    }
    assert account.total("kept", "urn succession") == 3


def test_a_change_of_status_only_is_evidence_too() -> None:
    story = """
        SC1 2020-05-01 S PLACE AB1
        SC2 2021-05-01 P -     AB1
    """
    assert homes_of(urn_succession(chain(story))[0]) == {"SC2": "SC1"}


def test_what_is_no_evidence() -> None:
    new_carer = "SC1 2020-05-01 S - AB1\nSC2 2021-05-01 P CARPL AB1"
    elsewhere = "SC3 2020-05-01 S - AB1\nSC4 2021-05-01 T - AB2"
    no_postcode = "SC5 2020-05-01 S - -\nSC6 2021-05-01 T - -"
    not_inspected = "SC7 2020-05-01 S - AB1\nXXXXXXX 2021-05-01 T - AB1"
    no_home = "SC8 2020-05-01 S - AB1\nAGENCY 2021-05-01 T - AB1"
    stories = (new_carer, elsewhere, no_postcode, not_inspected, no_home)
    table, account = urn_succession(chain(*stories))
    assert homes_of(table) == {}
    assert table["urn"].tolist() == [f"SC{i}" for i in range(1, 9)]
    assert rules(account, "noted") == {}


def test_two_children_one_after_the_other_are_not_one_child() -> None:
    apart = chain("SC1 2020-05-01 S - AB1", "SC2 2020-05-01 T - AB1")
    apart["DEC"] = apart["DECOM"].iloc[1]
    assert homes_of(urn_succession(apart)[0]) == {}


def test_a_break_in_care_between_the_two_is_no_evidence() -> None:
    broken = chain(RENAMED).assign(period=[1, 2])
    assert homes_of(urn_succession(broken)[0]) == {}
    gap = chain(RENAMED)
    gap.loc[0, "DEC"] = pd.Timestamp(2021, 4, 1)
    assert homes_of(urn_succession(gap)[0]) == {}


def test_an_old_urn_that_children_still_enter_is_a_home_of_its_own() -> None:
    table, account = urn_succession(chain(RENAMED, "SC1 2021-05-02 S - AB1"))
    assert homes_of(table) == {}
    (noted,) = (e for e in account.entries if e.stage == "noted")
    assert noted.rule == (
        "not taken for one home registered anew: "
        "children enter the old URN after another took its place"
    )
    assert noted.examples == ("SC1 → SC2",)


def test_going_on_under_the_old_urn_is_no_new_entry() -> None:
    stays = "SC1 2020-05-01 S - AB1\nSC1 2022-01-01 L - AB1"
    assert homes_of(urn_succession(chain(RENAMED, stays))[0]) == {"SC2": "SC1"}


def test_a_new_urn_in_use_long_before_is_another_home() -> None:
    assert homes_of(urn_succession(chain(RENAMED, "SC2 2021-03-02 S - AB1"))[0]) == {"SC2": "SC1"}
    table, account = urn_succession(chain(RENAMED, "SC2 2021-03-01 S - AB1"))
    assert homes_of(table) == {}
    assert sum(rules(account, "noted").values()) == 1


def test_homes_on_one_list_together_are_two() -> None:
    together = lists(("SC1", 2021, "Active"), ("SC2", 2021, "Suspended"))
    assert homes_of(urn_succession(chain(RENAMED), together)[0]) == {}
    after = lists(("SC1", 2021, "Resigned"), ("SC2", 2021, "Active"), ("SC1", 2020, "Active"))
    table, _ = urn_succession(chain(RENAMED), after)
    assert homes_of(table) == {"SC2": "SC1"}


def test_urns_of_the_lists_are_mapped_too() -> None:
    table, _ = urn_succession(chain(RENAMED), lists(("SC0", 2021, "Active")))
    assert table["urn"].tolist() == ["SC0", "SC1", "SC2"]


def test_the_look_up_pairs_what_follows_at_one_postcode() -> None:
    kind = "Children's Home"
    rows = providers(
        ("SC10", kind, "AB1 1AA", "2010-01-01", "2020-01-31"),
        ("SC11", "Childrens home", "AB1 1AA", "2020-03-31", "-"),
        ("SC12", kind, "AB2 2AA", "2010-01-01", "2020-01-31"),
        ("SC13", kind, "AB2 2AA", "2020-04-01", "-"),
        ("SC14", kind, "AB3 3AA", "2010-01-01", "2020-01-31"),
        ("SC15", "Residential Family Centre", "AB3 3AA", "2020-01-31", "-"),
        ("SC16", kind, "-", "2010-01-01", "2020-01-31"),
        ("SC17", kind, "-", "2020-01-31", "-"),
        ("SC18", kind, "AB4 4AA", "2019-12-31", "2020-01-31"),
    )
    table, account = urn_succession(chain(RENAMED), lookup_providers=rows)
    # 60 days apart; 61 days; another kind; no postcode; its own registration
    assert homes_of(table) == {"SC11": "SC10", "SC2": "SC1"}
    assert rules(account, "repaired") == {
        "a home's new URN taken for its first one; evidence: look-up": 1,
        "a home's new URN taken for its first one; evidence: returns": 1,
    }


def test_a_chain_of_successions_ends_at_the_first() -> None:
    pairs = given(("SC3", "SC4"), ("SC1", "SC2"), ("SC2", "SC3"), ("SC4", "SC5"))
    table, _ = urn_succession(chain(RENAMED), given=pairs)
    assert homes_of(table) == {"SC2": "SC1", "SC3": "SC1", "SC4": "SC1", "SC5": "SC1"}
    assert table.set_index("urn")["evidence"].to_dict() == {
        "SC1": FIRST, "SC2": "given", "SC3": "given", "SC4": "given", "SC5": "given",
    }  # fmt: skip


def test_what_is_given_goes_before_what_is_inferred() -> None:
    table, account = urn_succession(chain(RENAMED), given=given(("SC0", "SC2")))
    assert homes_of(table) == {"SC2": "SC0"}
    assert rules(account, "excluded") == {
        "succession refused; evidence: returns: better evidence says otherwise": 1
    }


def test_the_same_succession_twice_is_one() -> None:
    twice = given(("SC1", "SC2"), ("SC1", "SC2"))
    table, account = urn_succession(chain(RENAMED), given=twice)
    assert homes_of(table) == {"SC2": "SC1"}
    assert rules(account, "excluded") == {}


def test_forks_and_circles_are_refused_and_counted() -> None:
    fork = given(("SC1", "SC2"), ("SC1", "SC3"), ("SC5", "SC7"), ("SC6", "SC7"))
    table, account = urn_succession(chain("SC9 2020-05-01 S - AB1"), given=fork)
    assert homes_of(table) == {}
    rule = "succession refused; evidence: given: a URN has two successors or predecessors"
    assert rules(account, "excluded") == {rule: 4}
    circle = given(("SC1", "SC2"), ("SC2", "SC3"), ("SC3", "SC1"), ("SC5", "SC6"))
    table, account = urn_succession(chain("SC9 2020-05-01 S - AB1"), given=circle)
    assert homes_of(table) == {"SC6": "SC5"}
    assert rules(account, "excluded") == {
        "succession refused: the URNs follow each other in a circle": 3
    }


def test_the_order_of_children_does_not_matter() -> None:
    stories = [RENAMED, "SC3 2020-05-01 S - AB2\nSC4 2021-05-01 U - AB2", "SC1 2019-01-01 S - AB1"]
    table, _ = urn_succession(chain(*stories))
    other, _ = urn_succession(chain(*reversed(stories)))
    pd.testing.assert_frame_equal(table, other)
    assert homes_of(table) == {"SC2": "SC1", "SC4": "SC3"}


def test_an_empty_chain_gives_an_empty_table() -> None:
    table, account = urn_succession(chain(RENAMED).head(0))
    assert list(table.columns) == ["urn", "home", "evidence"]
    assert table.empty
    assert account.total("kept", "urn succession") == 0


def test_the_table_given_by_the_user_is_read(tmp_path: Path) -> None:
    path = tmp_path / "succession.csv"
    path.write_text("Old URN,New URN,Date\nsc1,SC2,01/02/2021\nSC3,,\n")
    table, account = read_succession(path)
    assert table.loc[0, ["OLD_URN", "NEW_URN"]].tolist() == ["SC1", "SC2"]
    assert table["DATE"].tolist() == [pd.Timestamp(2021, 2, 1)]
    assert table["REASON"].isna().all()
    assert rules(account, "excluded") == {"NEW_URN is blank or cannot be read": 1}
    assert account.total("kept", SUCCESSION.name) == 1
    (tmp_path / "other.csv").write_text("CHILD,DOB\n1,2\n")
    assert read_succession(tmp_path / "other.csv")[0].empty
