"""One person under several ids: links by UPN, refusals, and transfers followed."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayescich.account import Account
from bayescich.histories.people import follow_transfers, link_people
from bayescich.spec.policies import HistoryPolicies

A_UPN, B_UPN, TEMPORARY = "A123456789012", "B123456789012", "T12345678901A"


def header(text: str) -> pd.DataFrame:
    rows = [line.split() for line in text.strip().splitlines()]
    frame = pd.DataFrame(rows, columns=["LA", "YEAR", "CHILD", "DOB", "SEX", "UPN"]).astype("str")
    return frame.assign(
        YEAR=frame["YEAR"].astype("Int64"),
        DOB=pd.to_datetime(frame["DOB"]).astype("datetime64[ns]"),
        UPN=frame["UPN"].replace("-", None),
    )


def chain(text: str) -> pd.DataFrame:
    rows = [line.split() for line in text.strip().splitlines()]
    frame = pd.DataFrame(rows, columns=["child", "period", "DECOM", "RNE", "DEC", "REC"])
    frame = frame.astype("str")
    return frame.assign(
        LA=frame["child"].str.split("/").str[0],
        period=frame["period"].astype(int),
        DECOM=pd.to_datetime(frame["DECOM"]).astype("datetime64[ns]"),
        DEC=pd.to_datetime(frame["DEC"]).astype("datetime64[ns]"),
        REC=frame["REC"].replace("-", None),
    )


def linked(text: str) -> tuple[dict[str, str], Account]:
    people, account = link_people(header(text))
    assert people["child"].is_monotonic_increasing
    return dict(zip(people["child"], people["person"], strict=True)), account


def noted(account: Account) -> dict[str, int]:
    return {e.rule: e.rows for e in account.entries if e.stage == "noted"}


def test_one_upn_and_date_of_birth_are_one_person() -> None:
    people, account = linked(
        f"""
        North 2021 1 2008-05-01 M {A_UPN}
        North 2022 1 2008-05-01 M {A_UPN}
        South 2022 9 2008-05-01 U {A_UPN}
        South 2022 1 2008-05-01 M {B_UPN}
        """
    )
    assert people == {"North/1": "North/1", "South/9": "North/1", "South/1": "South/1"}
    assert noted(account) == {"child in two authorities": 1}
    assert account.total("kept", "people") == 2


def test_ids_are_tied_through_a_temporary_number() -> None:
    people, account = linked(
        f"""
        North 2020 1 2008-05-01 F {TEMPORARY}
        North 2021 2 2008-05-01 F {TEMPORARY}
        North 2022 2 2008-05-01 F {A_UPN}
        South 2022 3 2008-05-01 F {A_UPN}
        North 2022 4 2008-05-01 F -
        """
    )
    assert people == {
        "North/1": "North/1", "North/2": "North/1", "South/3": "North/1", "North/4": "North/4",
    }  # fmt: skip
    assert noted(account)["child in two authorities"] == 1


@pytest.mark.parametrize("upn", ["UN1", "UN4", "UN5", "A12345", "I123456789012", "A1234567890123"])
def test_what_is_not_a_pupil_number_links_nobody(upn: str) -> None:
    people, account = linked(f"N 2022 1 2008-05-01 M {upn}\nS 2022 1 2008-05-01 M {upn}")

    assert people == {"N/1": "N/1", "S/1": "S/1"}
    assert noted(account) == {"no real UPN; cannot be linked to another authority": 2}


@pytest.mark.parametrize(
    ("born", "sex", "rule"),
    [
        ("2008-05-02", "M", "one UPN, two dates of birth; not linked (false match)"),
        ("2008-05-01", "F", "one UPN, two sexes; not linked (false match)"),
    ],
)
def test_a_false_match_is_refused_and_counted(born: str, sex: str, rule: str) -> None:
    people, account = linked(f"N 2022 1 2008-05-01 M {A_UPN}\nS 2022 1 {born} {sex} {A_UPN}")

    assert people == {"N/1": "N/1", "S/1": "S/1"}
    assert noted(account) == {rule: 1}


def test_a_date_of_birth_put_right_later_does_not_break_the_link() -> None:
    people, _ = linked(
        f"""
        N 2021 1 2008-01-05 M {A_UPN}
        N 2022 1 2008-05-01 M {A_UPN}
        S 2022 1 2008-05-01 M {A_UPN}
        """
    )
    assert people["S/1"] == "N/1"


def test_care_by_two_authorities_at_once_is_noted() -> None:
    both = header(f"N 2022 1 2008-05-01 M {A_UPN}\nS 2022 1 2008-05-01 M {A_UPN}")
    overlapping = chain(
        """
        N/1 1 2021-05-01 S 2021-06-01 X1
        N/1 1 2021-06-01 P 2021-09-01 E3
        S/1 2 2021-08-25 S 2021-12-01 X1
        S/1 2 2021-12-01 P 2022-03-31 -
        """
    )
    _, account = link_people(both, overlapping)
    assert noted(account)["looked after by two authorities at once; episodes that overlap"] == 1


TRANSFERRED = chain(
    """
    N/1 1 2021-05-01 S 2021-06-01 X1
    N/1 1 2021-06-01 P 2021-09-01 E3
    N/2 2 2021-05-01 S 2021-09-01 E3
    S/1 3 2021-09-05 S 2021-12-01 X1
    S/1 3 2021-12-01 P 2022-01-01 E4A
    S/1 4 2022-02-01 S 2022-03-31 -
    """
)
PEOPLE = pd.DataFrame({"child": ["N/1", "N/2", "S/1"], "person": ["N/1", "N/2", "N/1"]})


def test_a_child_taken_over_is_followed_for_that_period_of_care() -> None:
    followed, account = follow_transfers(TRANSFERRED, PEOPLE, HistoryPolicies())

    came_from = followed.set_index(["child", "DECOM"])["continues_from"].dropna()
    assert came_from.tolist() == ["N/1", "N/1"]
    assert set(followed.loc[followed["continues_from"].notna(), "period"]) == {3}
    assert followed["person"].tolist() == ["N/1", "N/1", "N/2", "N/1", "N/1", "N/1"]
    assert account.total("read", "people") == 2
    assert account.total("repaired", "people") == 1
    assert noted(account) == {"taken over by another authority and not found in its returns": 1}


@pytest.mark.parametrize(("days", "found"), [(3, 0), (4, 1), (None, 0)])
def test_only_within_the_days_allowed(days: int | None, found: int) -> None:
    _, account = follow_transfers(TRANSFERRED, PEOPLE, HistoryPolicies(transfer_days=days))
    assert account.total("repaired", "people") == found


def test_an_empty_header_and_chain_give_empty_tables() -> None:
    people, account = link_people(header("").reindex(columns=header("").columns))
    assert people.empty
    assert account.total("kept", "people") == 0
    followed, _ = follow_transfers(TRANSFERRED.head(0), people, HistoryPolicies())
    assert "continues_from" in followed


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["N", "S"]),
            st.sampled_from(["1", "2", "3"]),
            st.sampled_from([A_UPN, B_UPN, TEMPORARY, "UN1"]),
            st.sampled_from(["2008-05-01", "2009-05-01"]),
        ),
        min_size=1,
        max_size=10,
    ),
    st.randoms(use_true_random=False),
)
def test_links_do_not_depend_on_the_order_of_rows_and_never_join_two_birthdays(rows, order) -> None:
    born = {(la, child): dob for la, child, _, dob in rows}
    lines = [f"{la} 2022 {c} {born[la, c]} M {upn}" for la, c, upn, _ in rows]
    shuffled = list(lines)
    order.shuffle(shuffled)

    people, _ = linked("\n".join(lines))

    assert people == linked("\n".join(shuffled))[0]
    birthdays = {f"{la}/{c}": dob for (la, c), dob in born.items()}
    assert all(birthdays[child] == birthdays[person] for child, person in people.items())
