"""The faults of the public samples, where they are: the counts that their authors state."""

import os
from functools import cache
from pathlib import Path

import pytest

from bayescich.histories.faults import RULES, find_faults
from bayescich.records.ssda903 import read_ssda903

REFERENCE = os.environ.get("BAYESCICH_REFERENCE")
pytestmark = pytest.mark.skipif(
    REFERENCE is None, reason="BAYESCICH_REFERENCE, the folder of public data, is not set"
)


@cache
def faults(sample):
    returns = read_ssda903(Path(str(REFERENCE)) / "ssda903" / sample)
    return find_faults(returns)[0].set_index("rule")


@pytest.mark.parametrize(
    ("rule", "table", "rows"),
    [
        ("overlap", "episodes", 40),
        ("open with a reason", "returned episodes", 996),
        ("short breaks", "episodes", 431),
        ("temporary, starts care", "episodes", 0),
        ("any fault", "episodes", 2264),
    ],
)
def test_the_linked_years_have_the_faults_they_are_said_to_have(rule, table, rows):
    row = faults("cs_demand_model_samples").loc[rule]
    assert (row["table"], row["rows"]) == (table, rows)


def test_open_rows_with_a_reason_are_counted_in_every_return():
    row = faults("cs_demand_model_samples").loc["open with a reason"]
    assert row["share"] == pytest.approx(996 / 3737)


def test_the_random_tables_break_nearly_every_rule_on_codes_that_go_together():
    found = faults("csc_validator_fake_data")
    assert found.loc["open with a reason", "rows"] == 1413
    assert found.loc["provider contradicts the placement", "rows"] > 500
    assert found.loc["URN must be blank", "rows"] > 500
    assert found.loc["any fault", "share"] > 0.9


def test_the_dirty_rows_are_found_and_all_rules_listed():
    found = faults("liia_samples")
    assert len(found) == len(RULES) + 1
    assert found.loc["overlap", "rows"] > 0
    assert found.loc["left open, never returned again", "rows"] > 0
