"""How one effect's values look from the levels of another, and layouts against dense matrices."""

import numpy as np
import pytest

from bayescich.design.core import LabelMatrix
from bayescich.model.terms import Covaried, Gathered, Labelled, Layout, averaged, labelled, stack

ROWS, HOMES, OTHERS = 40, 6, 4


def random_labels(seed: int, size: int) -> Labelled:
    """Up to three labels a row, each by a weight."""
    rng = np.random.default_rng(seed)
    dense = rng.random((ROWS, size)) * (rng.random((ROWS, size)) < 0.4)
    return labelled(LabelMatrix.of(dense, tuple(f"L{k}" for k in range(size))))


LAYOUTS: dict[str, Layout] = {
    "levels": Gathered(np.random.default_rng(1).integers(0, OTHERS, ROWS), OTHERS),
    "labels": random_labels(2, OTHERS),
    "numbers": Covaried(np.random.default_rng(3).normal(size=(ROWS, OTHERS))),
}


def dense(layout: Layout) -> np.ndarray:
    """Rows by values: what each value adds to each row."""
    return layout.apply(np.eye(layout.size)[None].transpose(1, 0, 2)[:, 0]).T


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("over", ["levels", "labels"])
def test_what_another_effect_does_is_made_up_for_by_regression(name: str, over: str) -> None:
    rng = np.random.default_rng(4)
    homes = random_labels(5, HOMES) if over == "labels" else Gathered(
        rng.integers(0, HOMES, ROWS), HOMES
    )  # fmt: skip
    weights = rng.uniform(0.2, 3.0, ROWS)
    values = rng.normal(size=OTHERS)
    away = dense(LAYOUTS[name]) @ values
    lived = dense(homes)
    # by least squares, a home at a time: by how much it would have to move
    root = np.sqrt(weights)
    moved = [
        np.linalg.lstsq((root * lived[:, [k]].T).T, root * away, rcond=None)[0][0]
        for k in range(HOMES)
    ]
    found = averaged(homes, LAYOUTS[name], weights).apply(values[None])[0]
    np.testing.assert_allclose(found, moved, rtol=1e-9, atol=1e-12)


def test_an_average_over_single_levels_is_the_weighted_mean() -> None:
    homes = Gathered(np.array([0, 0, 1]), 2)
    number = Covaried(np.array([[1.0], [4.0], [5.0]]))
    found = averaged(homes, number, np.array([2.0, 1.0, 7.0])).apply(np.ones((1, 1)))[0]
    np.testing.assert_allclose(found, [2.0, 5.0])


def test_nobody_there_is_no_company() -> None:
    homes = Gathered(np.array([0, 0, 1]), 3)
    found = averaged(homes, LAYOUTS["levels"].take(np.arange(3)), np.ones(3))
    assert found.apply(np.ones((1, OTHERS)))[0].tolist() == [1.0, 1.0, 0.0]


def test_terms_side_by_side_reach_the_rows_they_did() -> None:
    layouts = (*LAYOUTS.values(), random_labels(6, HOMES))
    rng = np.random.default_rng(7)
    values = [rng.normal(size=layout.size) for layout in layouts]
    eta = sum(layout.apply(v[None])[0] for layout, v in zip(layouts, values, strict=True))
    stacked = stack(layouts, ROWS)
    levels = np.concatenate([values[0], values[1], values[3]])
    by_row = levels[stacked.codes].sum(axis=1) + stacked.covariates @ values[2]
    for row in range(ROWS):
        own = slice(stacked.label_start[row], stacked.label_start[row + 1])
        by_row[row] += stacked.label_weight[own] @ levels[stacked.labels[own]]
    np.testing.assert_allclose(by_row, eta, rtol=1e-12)
    weights = rng.random((ROWS, 2))
    matrix = np.concatenate([dense(layouts[k]) for k in (0, 1, 3)], axis=1)
    np.testing.assert_allclose(stacked.level_sums(weights), matrix.T @ weights)
