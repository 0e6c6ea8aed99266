"""Later days count for more: weights fade, add up as before, and are interpolated closely."""

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from bayescich.design.membership import stays_of
from bayescich.design.recency import NODES, WIDTH, fading
from bayescich.model import Draws
from bayescich.model.effects.recency import VARIABLE, at_nodes, basis, spread_draws
from bayescich.spec import ModelSpec, load_model_spec, override_weights


def spec(scheme: str, *more: dict[str, object]) -> ModelSpec:
    return ModelSpec.model_validate(
        {
            "name": "toy",
            "title": "toy",
            "unit": "child",
            "likelihood": {"family": "gaussian", "outcome": "score"},
            "membership": {"columns": {"home": "home_"}, "weights": "weight_", "scheme": scheme},
            "effects": [{"kind": "group", "by": "home"}, *more],
        }
    )


TABLE = pd.DataFrame(
    {
        "child": ["a", "b"],
        "home_1": ["H1", "H2"],
        "home_2": ["H2", None],
        "weight_1": [0.5, 0.4],
        "weight_2": [0.25, np.nan],
        "began_1": [2.0, 1.0],
        "ended_1": [1.0, 0.2],
        "began_2": [0.5, np.nan],
        "ended_2": [0.0, np.nan],
    }
)


def weights(log_scale: float) -> np.ndarray:
    """Return child a's weights in its two homes, by hand."""
    raw = [np.exp(log_scale) * (np.exp(-e * r) - np.exp(-b * r)) for b, e in ((2, 1), (0.5, 0))
           for r in (np.exp(-log_scale),)]  # fmt: skip
    return 0.75 * np.array(raw) / np.sum(raw)


def test_a_stay_weighs_the_integral_over_its_days() -> None:
    days = np.linspace(1.0, 2.0, 100_001)
    area = np.trapezoid(np.exp(-days / np.exp(0.3)), days)
    assert fading(np.array([2.0]), np.array([1.0]), 0.3)[0] == pytest.approx(area, rel=1e-9)


@pytest.mark.parametrize("log_scale", [-1.3, 0.0, 0.77, 1.9])
def test_weights_between_the_nodes_are_interpolated(log_scale: float) -> None:
    homes = stays_of(TABLE, spec("recency")).membership("home")
    layout = at_nodes(homes.at_nodes)
    weight = basis(Draws({VARIABLE: np.array([log_scale])}))
    for home, expected in enumerate(weights(log_scale)):
        effect = np.zeros((1, 2))
        effect[0, home] = 1.0
        found = layout.apply(spread_draws(effect, weight))[0]
        assert found[0] == pytest.approx(expected, abs=2e-3)


def test_stays_add_up_to_what_they_did_by_days() -> None:
    homes = stays_of(TABLE, spec("recency")).membership("home")
    for labels in homes.at_nodes:
        assert labels.matrix().sum(axis=1).tolist() == pytest.approx([0.75, 0.4])
    assert len(homes.at_nodes) == len(NODES)
    assert homes.labels.matrix().toarray()[0].tolist() == pytest.approx([0.5, 0.25])


def test_at_a_node_the_weights_are_those_of_the_node_and_beyond_the_last_they_stay() -> None:
    at = basis(Draws({VARIABLE: np.array([NODES[3], WIDTH, WIDTH + 1.0])}))
    assert at[0].tolist() == pytest.approx([float(k == 3) for k in range(len(NODES))], abs=1e-9)
    assert at[1].tolist() == pytest.approx(at[2].tolist(), abs=1e-9)


def test_with_other_schemes_nothing_is_learnt() -> None:
    assert stays_of(TABLE, spec("given")).membership("home").at_nodes == ()


def test_needs_within_types_cannot_be_weighed_beforehand() -> None:
    with pytest.raises(ValidationError, match="leave type_need out"):
        spec("recency", {"kind": "type_need"})
    shipped, _ = load_model_spec("outcomes16", "sdq")
    kinds = [effect.kind for effect in override_weights(shipped, "recency").effects]
    assert "type_need" not in kinds
    assert "home_type" in kinds
