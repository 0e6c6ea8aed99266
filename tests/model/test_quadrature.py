"""Nodes of the child effect: few do where they lie around the child's own."""

import numpy as np
import pytest
from scipy import stats

from bayescich.model.response.quadrature import (
    GRID,
    Nodes,
    common_nodes,
    from_slopes,
    own_nodes,
)
from tests.model.responses import response_toy

WHERE = np.array([-1.5, 0.0, 2.0])


def bump(c: np.ndarray, precision: float) -> np.ndarray:
    """Three children of whom the outcomes say that their effect lies at ``WHERE``."""
    return -0.5 * precision * (WHERE[:, None] - c) ** 2


def integral(rule: Nodes, precision: float) -> np.ndarray:
    return np.log(np.exp(rule.log_weights + bump(rule.points, precision)).sum(axis=1))


def exact(precision: float) -> np.ndarray:
    spread = 1.0 + 1.0 / precision
    return stats.norm.logpdf(WHERE, 0, np.sqrt(spread)) + 0.5 * np.log(2 * np.pi / precision)


@pytest.mark.parametrize("precision", [0.5, 3.0, 12.0])
def test_seven_own_nodes_do_what_seven_common_ones_cannot(precision: float) -> None:
    own = own_nodes(bump(GRID[None], precision), 7)
    np.testing.assert_allclose(integral(own, precision), exact(precision), atol=2e-5)
    if precision > 10:
        off = np.abs(integral(common_nodes(7), precision) - exact(precision))
        assert off.max() > 0.3


def test_of_many_nodes_the_integral_does_not_depend_on_where_they_are() -> None:
    elsewhere = own_nodes(bump(GRID[None], 3.0) + 0.4 * GRID, 41)
    np.testing.assert_allclose(integral(elsewhere, 6.0), exact(6.0), atol=1e-8)


def test_nodes_lie_around_the_mean_and_a_little_wider() -> None:
    rule = own_nodes(bump(GRID[None], 3.0), 7)
    np.testing.assert_allclose(rule.points[:, 3], WHERE * 0.75, atol=1e-3)
    x = common_nodes(7).points[0, -1]
    np.testing.assert_allclose((rule.points[:, -1] - rule.points[:, 3]) / x, 0.6, atol=1e-3)


def test_the_slope_is_summed_up_to_the_log_likelihood() -> None:
    found = from_slopes(lambda c: 3.0 * (WHERE - c))
    expected = bump(GRID[None], 3.0)
    np.testing.assert_allclose(found, expected - expected[:, :1], atol=1e-10)


def test_a_joint_model_is_sampled_at_nodes_of_its_own_rows() -> None:
    a_toy = response_toy("joint")
    pilot = a_toy.structure.pilot(a_toy.design)
    assert pilot is not None
    assert pilot.nodes is not None
    assert pilot.nodes.points.shape == (a_toy.design.rows, 41)
    middle = pilot.nodes.points[:, 20]
    # a child who did better than others by what is known of it lies to one side
    assert middle.std() > 0.05
    assert abs(middle.mean()) < middle.std()
