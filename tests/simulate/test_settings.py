"""What may be asked of a synthetic England; a refusal names the one option at fault."""

import pytest

from bayescich.errors import BayescichError
from bayescich.simulate.settings import MOST_CHILDREN, Settings


def test_what_is_left_out_is_as_usual() -> None:
    assert Settings.asked() == Settings()
    assert Settings.asked(confounding=0.0).confounding == 0.0
    assert Settings.asked("study").children == 40_000
    asked = Settings.asked(None, 700, "2015:2015", 0, "nasty", 2.0, 10.0)
    assert asked == Settings(700, 2015, 2015, 0, "nasty", 2.0, 10.0)


@pytest.mark.parametrize(
    ("asked", "option", "said"),
    [
        ({"children": 499}, "--children", "500 children or more"),
        ({"children": MOST_CHILDREN + 1}, "--children", "2,000,000 children or fewer"),
        ({"years": "2010"}, "--years", "'2010' is not two collection years"),
        ({"years": "2010:2025:2030"}, "--years", "is not two collection years"),
        ({"years": "\u0662\u0660\u0661\u0660:2025"}, "--years", "is not two collection years"),
        ({"years": "\u00b2010:2025"}, "--years", "is not two collection years"),
        ({"years": "2020:2010"}, "--years", "the first year, 2020, is later than the last"),
        ({"years": "2004:2010"}, "--years", "2004 is before 2005"),
        ({"years": "2010:2026"}, "--years", "2026 is after 2025"),
        ({"seed": -1}, "--seed", "below zero"),
        ({"seed": 2**63}, "--seed", "too large"),
        ({"dirt": "filthy"}, "--dirt", "There is no dirt 'filthy'"),
        ({"confounding": float("nan")}, "--confounding", "nan is not a finite number"),
        ({"confounding": 10.5}, "--confounding", "is above 10"),
        ({"hidden": float("inf")}, "--hidden", "inf is not a finite number"),
        ({"hidden": -1.0}, "--hidden", "is below zero"),
    ],
)
def test_a_refusal_names_its_option(asked: dict[str, object], option: str, said: str) -> None:
    with pytest.raises(BayescichError) as caught:
        Settings.asked(**asked)
    assert caught.value.where == option
    assert said in str(caught.value)


def test_the_largest_seed_is_a_seed() -> None:
    assert Settings(seed=2**63 - 1).seed == 2**63 - 1
