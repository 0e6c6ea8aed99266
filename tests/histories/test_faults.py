"""One tiny story per rule: one row at fault, and the same story told well."""

import pandas as pd
import pytest

from bayescich.account import Account
from bayescich.histories.faults import RULES, FaultTables, find_faults
from bayescich.records.ssda903 import Ssda903Records
from tests.histories.fault_stories import EXPECTED, LISTS, STORIES, records

BY_NAME = {rule.name: rule for rule in RULES}


def held(rule, tables):
    """The rows a rule finds, counted by the authority in which the story is told."""
    assert rule.applies(tables), "the stories lack what the rule is about"
    rows = tables.rows(rule.table)
    mask = rule.mask(tables)
    assert len(mask) == len(rows)
    names = rows["LA"] if rule.table == "authorities" else tables.children["LA"].iloc[rows.child]
    return names.str[1:].reset_index(drop=True)[mask.to_numpy(dtype=bool)].value_counts()


def at_fault(name, *stories):
    return int(held(BY_NAME[name], FaultTables(records(*stories), **LISTS)).sum())


@pytest.fixture(scope="module")
def found():
    """What each rule finds in the story at fault and in the sound one, all told side by side."""
    names = list(STORIES)
    tables = FaultTables(records(*(story for name in names for story in STORIES[name])), **LISTS)
    return {
        name: [int(counts.get(str(2 * n + part), 0)) for part in (0, 1)]
        for n, name in enumerate(names)
        for counts in [held(BY_NAME[name], tables)]
    }


def test_every_rule_has_a_story():
    assert set(STORIES) == set(BY_NAME)


def test_the_names_and_the_sentences_of_rules_are_their_own():
    assert len(BY_NAME) == len(RULES)
    keys = [(rule.table, rule.sentence) for rule in RULES]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("name", BY_NAME)
def test_the_rule_finds_its_fault_and_leaves_the_sound_story_alone(name, found):
    assert found[name] == [EXPECTED.get(name, 1), 0]


def test_a_look_up_without_a_single_readable_urn_dates_nothing():
    lookup = LISTS["lookup"].assign(urn=["BABABOOEY", None])
    bad, _ = STORIES["URN before registration"]
    found, _ = find_faults(records(bad), LISTS["register"], lookup)
    rows = found.set_index("rule")["rows"]
    assert rows[["URN before registration", "URN after closure"]].tolist() == [0, 0]


@pytest.mark.parametrize(
    "name", ["overlap", "jump", "T1 over 42 days", "PLACE differs between years"]
)
def test_the_order_of_rows_does_not_matter(name):
    bad, _ = STORIES[name]
    assert at_fault(name, bad[::-1]) == 1


def test_faults_are_counted_with_children_share_and_examples():
    bad, good = STORIES["overlap"]
    found, account = find_faults(records([*bad, *(good_of("B", good))]))
    row = found.set_index("rule").loc["overlap"]
    assert (row["rows"], row["children"], row["examples"], row["share"]) == (1, 1, "N0/A", 0.25)
    entry = next(e for e in account.entries if e.rule.startswith("The episode ends after"))
    assert (entry.stage, entry.rows, entry.examples) == ("noted", 1, ("N0/A",))


def good_of(child, rows):
    return [(table, row | {"CHILD": child}) for table, row in rows]


def test_what_there_is_no_table_for_is_listed_as_not_applicable():
    found, account = find_faults(records(STORIES["overlap"][1]))
    rules = found.set_index("rule")
    assert pd.isna(rules.loc["missing, overlap", "rows"])
    assert pd.isna(rules.loc["URN not on the register", "rows"])
    assert rules.loc["overlap", "rows"] == 0
    assert len(found) == len(RULES) + 1
    assert all(entry.stage == "noted" for entry in account.entries)


def test_the_last_row_counts_episodes_with_any_fault_once():
    story = STORIES["open with a reason"][0]
    found, _ = find_faults(records(story), rules=[BY_NAME["open with a reason"]])
    assert found.iloc[-1][["rule", "rows", "share"]].tolist() == ["any fault", 1, 1.0]


def test_no_returns_at_all_is_no_error():
    empty = records([])
    found, account = find_faults(empty)
    assert found["rows"].isna().all()
    assert account == Account()


def test_a_pupil_number_given_to_many_links_nobody():
    header, _, first, second = STORIES["teleport"][0]
    crowd = [pair for n in range(7) for pair in good_of(f"C{n}", [header, first])]
    assert at_fault("teleport", [header, first, second, *crowd]) == 0


def test_the_returns_are_not_changed():
    returns = records(STORIES["overlap"][0])
    before = returns.episodes.copy()
    find_faults(returns)
    pd.testing.assert_frame_equal(returns.episodes, before)
    assert isinstance(returns, Ssda903Records)
