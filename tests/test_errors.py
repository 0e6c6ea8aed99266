"""Every message says what, where, why and what next, and all share one root."""

import inspect

import pytest

from bayescich import errors
from bayescich.errors import BayescichError, RecordsError


def test_every_error_of_the_package_has_the_one_root() -> None:
    classes = [c for _, c in inspect.getmembers(errors, inspect.isclass)]
    own = [c for c in classes if c.__module__ == errors.__name__]
    assert {"SpecError", "RecordsError", "DesignError", "RunError"} <= {c.__name__ for c in own}
    assert all(issubclass(c, BayescichError) for c in own)


def test_a_whole_message() -> None:
    error = RecordsError(
        "A column is missing.", where="homes.csv", why="homes are typed by it", next_step="Add it."
    )
    assert str(error).splitlines() == [
        "A column is missing.",
        "  where: homes.csv",
        "  why:   homes are typed by it",
        "  next:  Add it.",
    ]


def test_parts_that_are_not_given_leave_no_line() -> None:
    assert str(RecordsError("It is empty.")) == "It is empty."


@pytest.mark.parametrize(
    ("count", "line"),
    [
        (1, "  for example: c0"),
        (5, "  for example: c0, c1, c2, c3, c4"),
        (6, "  for example: c0, c1, c2, c3, c4 and 1 more"),
        (50, "  for example: c0, c1, c2, c3, c4 and 45 more"),
    ],
)
def test_five_examples_are_shown_and_the_rest_counted(count: int, line: str) -> None:
    error = RecordsError("Bad ids.", examples=[f"c{k}" for k in range(count)])
    assert str(error).splitlines()[1] == line
    assert len(error.examples) == count
