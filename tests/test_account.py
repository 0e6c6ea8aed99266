"""The account adds up and nothing is lost from it."""

from hypothesis import given
from hypothesis import strategies as st

from bayescich.account import Account, Entry

STAGES = ("read", "repaired", "excluded", "kept")
LINES = st.lists(
    st.tuples(st.sampled_from(STAGES), st.sampled_from("ab"), st.integers(0, 50)), max_size=12
)


def build(lines: list[tuple[str, str, int]]) -> Account:
    account = Account()
    for stage, table, rows in lines:
        account = getattr(account, stage)(table, "a rule", rows)
    return account


@given(LINES, LINES)
def test_totals_of_joined_accounts_add_up(
    first: list[tuple[str, str, int]], second: list[tuple[str, str, int]]
) -> None:
    joined = build(first) + build(second)
    for stage in STAGES:
        for table in "ab":
            expected = sum(n for s, t, n in first + second if (s, t) == (stage, table))
            assert joined.total(stage, table) == expected  # type: ignore[arg-type]
    assert len(joined.to_frame()) == len(joined.entries)


def test_a_rule_that_touched_nothing_is_left_out_but_a_file_of_no_rows_is_not() -> None:
    account = Account().read("homes", "homes.csv", 0).repaired("homes", "r", 0)
    account = account.excluded("homes", "e", 0).kept("homes", "k", 0)
    assert [entry.stage for entry in account.entries] == ["read", "kept"]


def test_an_account_does_not_change_when_it_is_added_to() -> None:
    empty = Account()
    empty.read("homes", "homes.csv", 3)
    assert empty.entries == ()


def test_five_example_ids_are_kept_as_text() -> None:
    account = Account().excluded("homes", "closed", 9, examples=range(9))
    assert account.entries == (Entry("excluded", "homes", "closed", 9, ("0", "1", "2", "3", "4")),)
    frame = account.to_frame()
    assert frame.columns.tolist() == ["stage", "table", "rule", "rows", "examples"]
    assert frame.iloc[0].tolist() == ["excluded", "homes", "closed", 9, "0, 1, 2, 3, 4"]
