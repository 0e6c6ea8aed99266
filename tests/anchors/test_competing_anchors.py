"""AIDS or SI: cause-specific effects and incidence of competing routes, from a YAML spec.

Targets: Putter, Fiocco & Geskus (2007), Statistics in Medicine 26; Aalen & Johansen (1978).
"""

from pathlib import Path

import numpy as np
import pytest

from tests.anchors import tables
from tests.anchors.counting import aalen_johansen, cox
from tests.anchors.maximum import Estimates, anchor_spec, maximise

ROUTES = ("AIDS", "SI")
YEARS = np.array([5.0, 10.0, 13.0])
# WW then WM, AIDS then SI, at 5, 10 and 13 years
AALEN_JOHANSEN = np.array(
    [
        [[0.146, 0.391, 0.468], [0.161, 0.331, 0.367]],
        [[0.049, 0.120, 0.192], [0.148, 0.341, 0.400]],
    ]
)
PIECEWISE_WW = np.array([[0.147, 0.388, 0.471], [0.164, 0.337, 0.372]])


@pytest.fixture(scope="module")
def yearly(reference: Path) -> Estimates:
    return maximise(tables.aidssi(reference), anchor_spec("aidssi"))


def incidence(found: Estimates, ccr5: int = 0) -> np.ndarray:
    """Return the incidence of men with this gene, (routes, times)."""
    draws, fixed = found.draws(), found.design.fixed
    eta = np.zeros((1, len(ROUTES)))
    if fixed is not None:
        eta = (ccr5 - fixed.centres[0]) * draws["fixed"][:, 0]
    return found.structure.likelihood.incidence(draws, eta, YEARS * tables.DAYS_PER_YEAR)[0]


def test_cause_specific_effects_of_the_gene(yearly: Estimates) -> None:
    for route, target, error in [("AIDS", -1.240, 0.307), ("SI", -0.271, 0.238)]:
        estimate, se = yearly.of("ccr5", ROUTES.index(route))
        assert abs(estimate - target) < 0.02 * error
        assert se == pytest.approx(error, rel=0.02)


def test_they_are_those_of_cox(reference: Path, yearly: Estimates) -> None:
    table = tables.aidssi(reference)
    for route, published in [("AIDS", -1.236), ("SI", -0.254)]:
        event = (table["cause"] == route).to_numpy(float)
        estimate, _ = cox(table[["ccr5"]].to_numpy(float), table["time"].to_numpy(), event)
        assert estimate[0] == pytest.approx(published, abs=5e-4)
        assert yearly.of("ccr5", ROUTES.index(route))[0] == pytest.approx(estimate[0], abs=0.03)


@pytest.mark.parametrize("ccr5", [0, 1])
def test_incidence_is_that_of_aalen_and_johansen(reference: Path, ccr5: int) -> None:
    table = tables.aidssi(reference)
    men = table[table["ccr5"] == ccr5]
    cause = men["cause"].map({"AIDS": 0, "SI": 1, "event-free": -1}).to_numpy()
    free = aalen_johansen(men["time"].to_numpy(), cause, YEARS * tables.DAYS_PER_YEAR)
    assert free == pytest.approx(AALEN_JOHANSEN[ccr5], abs=1e-3)
    # men of one gene: nothing is assumed to be proportional, as nothing is there
    alone = maximise(men, anchor_spec("aidssi", formula=""))
    assert incidence(alone) == pytest.approx(free, abs=0.015)


def test_incidence_with_both_genes_in_one_model(yearly: Estimates) -> None:
    assert incidence(yearly) == pytest.approx(PIECEWISE_WW, abs=0.003)
    # one baseline for both is an assumption, and it shows a little
    assert incidence(yearly, 1) == pytest.approx(AALEN_JOHANSEN[1], abs=0.035)
