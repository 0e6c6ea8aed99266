"""Homes by weight, in the model: one home of weight one is a plain group; shares are shares."""

import numpy as np
import pandas as pd
import pytest

from bayescich.model import Draws
from bayescich.model.effects.settings import SettingsEffect
from tests.model.responses import density_and_gradient, response_table, response_toy
from tests.model.toy import Toy

COMPANY = {"kind": "fixed", "formula": "x + w", "means_by": "home"}
EFFECTS = (
    COMPANY,
    {"kind": "home_type"},
    {"kind": "group", "by": "home"},
    {"kind": "group", "by": "authority", "across_routes": "independent"},
    {"kind": "needs", "known": None},
    {"kind": "type_need"},
)


def one_home() -> pd.DataFrame:
    """Every child lived in one home throughout, said both ways."""
    rng = np.random.default_rng(3)
    home = np.r_[np.arange(10), rng.integers(0, 10, 50)]
    table = response_table().assign(
        home=[f"H{h}" for h in home],
        home_type=np.array(["large", "small", "solo"])[home % 3],
        has_trauma=rng.integers(0, 2, 60),
        has_autism=rng.integers(0, 2, 60),
    )
    numbered = [f"{name}_{k}" for name in ("home", "home_type", "weight") for k in (1, 2, 3)]
    table = table.drop(columns=numbered)
    return table.assign(home_1=table["home"], home_type_1=table["home_type"], weight_1=1.0)


@pytest.mark.parametrize("name", ["counts", "hurdle"])
def test_one_home_of_weight_one_is_exactly_a_plain_group(name: str) -> None:
    columns = {"home": "home_", "home_type": "home_type_"}
    several, plain = (
        response_toy(name, EFFECTS, one_home(), look_at_data=False, membership=membership)
        for membership in ({"columns": columns, "weights": "weight_"}, None)
    )
    assert type(several.design.factors["home"]) is not type(plain.design.factors["home"])
    for seed in (1, 2):
        point = several.point(seed)
        ours, gradient = density_and_gradient(several, point)
        theirs, slopes = density_and_gradient(plain, point)
        assert ours == pytest.approx(theirs, rel=1e-12)
        for variable, found in gradient.items():
            np.testing.assert_allclose(found, slopes[variable], rtol=1e-9, atol=1e-9)
    # and the quick fit says the same of them
    known = [
        a_toy.structure.known(a_toy.design, a_toy.structure.pilot(a_toy.design))
        for a_toy in (several, plain)
    ]
    for one, other in zip(*known, strict=True):
        assert one is not None
        assert other is not None
        np.testing.assert_allclose(one.precision, other.precision, rtol=1e-3, atol=1e-6)


def test_the_linear_predictor_is_the_sum_of_shares() -> None:
    effects = (
        {"kind": "settings"}, {"kind": "home_type"}, {"kind": "group", "by": "home"},
        {"kind": "type_need"},
    )  # fmt: skip
    table = response_table().assign(has_trauma=np.arange(60) % 2, has_autism=np.arange(60) % 3 // 2)
    a_toy = response_toy("yes", effects, table)
    draws = a_toy.draws(a_toy.point(4))
    eta = a_toy.structure.linear_predictor(draws, a_toy.design)[0]

    def of(effect: str, *labels: object) -> float:
        coords = a_toy.model.coords
        dims = list(a_toy.model.named_vars_to_dims[effect])
        at = tuple(list(coords[d]).index(label) for d, label in zip(dims, labels, strict=True))
        return float(draws[effect][0][at])

    for row in range(len(table)):
        child = table.iloc[row]
        total = float(draws["intercept"][0])
        for k in (1, 2, 3):
            weight, setting = child[f"weight_{k}"], child[f"setting_{k}"]
            if setting != "foster":
                total += weight * of("setting_effect", setting)
            if setting == "home":
                kind = child[f"home_type_{k}"]
                total += weight * of("home_effect", child[f"home_{k}"])
                total += weight * of("home_type_effect", kind)
                for need in ("trauma", "autism"):
                    if child[f"has_{need}"]:
                        total += weight * of("type_need_effect", need, kind)
        left = 1.0 - sum(child[f"weight_{k}"] for k in (1, 2, 3))
        total += left * of("setting_effect", "not in care")
        assert eta[row] == pytest.approx(total, rel=1e-9), child["child"]


def settings_toy() -> Toy:
    return response_toy("yes", ({"kind": "settings"}, {"kind": "home_type"}))


def test_the_reference_setting_has_no_effect() -> None:
    a_toy = settings_toy()
    assert list(a_toy.model.coords["setting"]) == ["home", "kin", "not in care"]
    effect = SettingsEffect()
    layout = effect.layout(a_toy.design)
    lived = a_toy.design.factors["setting"].labels.matrix().toarray()  # type: ignore[union-attr]
    assert a_toy.design.factors["setting"].levels == ("foster", "home", "kin", "not in care")
    np.testing.assert_allclose(layout.matrix().toarray(), lived[:, 1:])
    other = SettingsEffect(reference="kin")
    assert other.coords(a_toy.design) == {"setting": ("foster", "home", "not in care")}
    np.testing.assert_allclose(other.layout(a_toy.design).matrix().toarray(), lived[:, [0, 1, 3]])


def test_settings_are_a_fixed_set_and_homes_are_not() -> None:
    a_toy = response_toy("yes", ({"kind": "settings"}, {"kind": "group", "by": "home"}))
    one = a_toy.draws(a_toy.point(5))
    draws = Draws({name: np.repeat(one[name], 5000, axis=0) for name in one.values})
    fresh = a_toy.structure.with_new_levels(draws, ("home",), np.random.default_rng(1))
    assert (fresh["setting_effect"] == draws["setting_effect"]).all()
    spread = fresh["home_effect"][:, 0].std()
    assert spread == pytest.approx(one["home_sd"][0], rel=0.05)
