"""What the quick fit of responses says of each level, against maximising over that level alone."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit

from bayescich.design import build_design
from bayescich.model import Draws, make_structure
from bayescich.model.information import Information, Location
from tests.model.responses import MEMBERSHIP, OTHERS, OUTCOMES, response_spec, response_table

ROWS = 2500
HOME = {"kind": "group", "by": "home", "across_routes": "independent"}
TYPE = {"kind": "home_type"}
AREA = {"kind": "group", "by": "authority", "across_routes": "independent"}


@pytest.mark.parametrize("name", ["counts", "known error", "activity", "yes", "event"])
def test_the_information_of_a_level_is_what_its_rows_say(name: str) -> None:
    spec = response_spec(name, (HOME, TYPE, AREA))
    design = build_design(response_table(ROWS), spec)
    structure = make_structure(spec)
    pilot = structure.pilot(design)
    assert pilot is not None
    known = structure.known(design, pilot)
    routes = design.routes
    names = [effect.variable for effect in structure.effects]
    values = {
        effect: value[None] if routes else value[None, :, 0]
        for effect, value in zip(names, pilot.values, strict=True)
    }
    values["intercept"] = values["intercept"][:, 0]
    draws = Draws(values)

    def log_likelihood(effect: str, level: tuple[int, ...], at: float) -> float:
        moved = draws[effect].copy()
        moved[(0, *level)] = at
        changed = draws.replace(effect, moved)
        eta = structure.linear_predictor(changed, design)
        return float(structure.likelihood.row_log_likelihood(changed, eta, design).sum())

    for place, effect in ((1, "home_effect"), (3, "authority_effect")):
        information = known[place]
        assert isinstance(information, Information)
        for level in [(0,), (2,)] if not routes else [(0, 0), (1, 2)]:
            here = draws[effect][(0, *level)]
            best = minimize_scalar(
                lambda at, e=effect, k=level: -log_likelihood(e, k, at),
                bracket=(here - 0.1, here + 0.1),
            ).x  # fmt: skip
            step = 0.03
            around = [log_likelihood(effect, level, best + h) for h in (-step, 0.0, step)]
            curve = -(around[0] - 2 * around[1] + around[2]) / step**2
            precision = information.precision[level]
            assert precision == pytest.approx(curve, rel=0.1), (effect, level)
            # within a twentieth of how well it is known
            assert abs(information.estimate[level] - best) < 0.05 / np.sqrt(curve)


def test_counts_by_group_in_closed_form() -> None:
    spec = response_spec("counts", (AREA,), membership=None)
    design = build_design(response_table(ROWS), spec)
    structure = make_structure(spec)
    pilot = structure.pilot(design)
    assert pilot is not None
    level, areas = structure.known(design, pilot)
    assert isinstance(areas, Information)
    assert isinstance(level, Information)
    factor = design.factor("authority")
    y, n = (factor.sums(design.outcome[x][:, 0]) for x in ("y", "size"))
    intercept = pilot.values[0][0, 0]
    np.testing.assert_allclose(areas.estimate, logit(y / n) - intercept, atol=1e-3)
    np.testing.assert_allclose(areas.precision, y * (n - y) / n, rtol=2e-3)
    # each row by what it says of its linear predictor
    share = expit(intercept + pilot.values[1][factor.codes, 0])
    exact = design.outcome["size"][:, 0] * share * (1 - share)
    np.testing.assert_allclose(pilot.weights[:, 0], exact, rtol=2e-3)
    np.testing.assert_allclose(level.precision, [exact.sum()], rtol=2e-3)


def test_measurements_by_group_in_closed_form() -> None:
    spec = response_spec("measurement", (AREA,), membership=None)
    table = response_table(ROWS).assign(value=lambda t: 3.0 * t["value"] + (t["authority"] == "B"))
    design = build_design(table, spec)
    structure = make_structure(spec)
    pilot = structure.pilot(design)
    assert pilot is not None
    areas = structure.known(design, pilot)[1]
    assert isinstance(areas, Information)
    factor, y = design.factor("authority"), design.outcome["y"][:, 0]
    means = factor.sums(y) / factor.counts()
    np.testing.assert_allclose(areas.estimate, means - pilot.values[0][0, 0], atol=1e-3)
    residual = np.sqrt(np.mean((y - means[factor.codes]) ** 2))
    np.testing.assert_allclose(areas.precision, factor.counts() / residual**2, rtol=0.01)


def test_coefficients_are_located_where_a_regression_puts_them() -> None:
    fixed = {"kind": "fixed", "formula": "x + w"}
    spec = response_spec("known error", (fixed,), membership=None)
    table = response_table(ROWS).assign(value=lambda t: t["value"] + 0.3 * t["x"] - 0.5 * t["w"])
    design = build_design(table, spec)
    structure = make_structure(spec)
    pilot = structure.pilot(design)
    assert pilot is not None
    location = structure.known(design, pilot)[1]
    assert isinstance(location, Location)
    assert design.fixed is not None
    weight = design.outcome["size"][:, 0] ** -2.0
    matrix = design.fixed.values
    np.testing.assert_allclose(location.precision[0], (matrix.T * weight) @ matrix, rtol=1e-6)
    both = np.column_stack([np.ones(ROWS), matrix])
    exact = np.linalg.solve((both.T * weight) @ both, (both.T * weight) @ design.outcome["y"][:, 0])
    np.testing.assert_allclose(location.start[:, 0], exact[1:], atol=0.003)


@pytest.mark.parametrize("name", OUTCOMES)
def test_every_outcome_has_a_pilot_of_finite_numbers(name: str) -> None:
    spec = response_spec(name, ({"kind": "fixed", "formula": "x + z + w"}, *OTHERS))
    assert spec.membership is not None
    assert spec.membership.weights == MEMBERSHIP["weights"]
    design = build_design(response_table(), spec)
    structure = make_structure(spec)
    pilot = structure.pilot(design)
    assert pilot is not None
    assert pilot.weights.shape == (design.rows, max(len(design.routes), 1))
    assert (pilot.weights >= 0).all()
    # every linear predictor is said something of
    assert (pilot.weights.max(axis=0) > 0.05).all()
    for known in structure.known(design, pilot):
        if isinstance(known, Information):
            assert np.isfinite(known.estimate).all()
            assert (known.precision >= 0).all()
