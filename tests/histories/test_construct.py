"""The whole way in one call: what only shows when the steps meet."""

from __future__ import annotations

import pandas as pd
import pytest

from bayescich.histories.construct import construct
from bayescich.histories.schemas import SCHEMAS
from tests.histories.written_returns import written

STEP = """
a 2021 2020-05-01 S K2 2020-09-01 X1 CARPL AB1 SC000001
a 2021 2020-09-01 P K2 2021-01-01 E4A -     AB2 SC000002
"""


def homes(first: int, second: int) -> pd.DataFrame:
    return pd.DataFrame(
        {"urn": ["SC000001", "SC000002"], "snapshot": [2020, 2020], "places": [first, second]}
    )


@pytest.mark.parametrize(("first", "second", "disrupted"), [(2, 4, False), (4, 2, True)])
def test_a_planned_step_to_a_larger_home_is_no_disruption(
    first: int, second: int, disrupted: bool
) -> None:
    made = construct(written(STEP), homes=homes(first, second))
    assert made.moves["disruption"].tolist() == [disrupted]


def test_without_a_register_the_size_is_unknown_and_the_move_counts() -> None:
    assert construct(written(STEP)).moves["disruption"].tolist() == [True]


def test_every_table_is_there_and_nobody_is_lost() -> None:
    made = construct(written(STEP))
    assert {len(getattr(made, name)) > 0 for name in SCHEMAS} == {True}
    assert made.account.total("read", "placement spells") == 2
    assert made.prior["child"].tolist() == ["Northshire/a"]
