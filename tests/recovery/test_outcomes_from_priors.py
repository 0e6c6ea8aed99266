"""MODEL=outcomes16 finds parameters that were drawn from its priors (see ``drawn_outcomes.py``).

``test_outcomes.py`` has one truth, the simulator's; here every seed has another. Slow: run by
``make recovery``, which also writes ``docs/recovery.md``.
"""

import pandas as pd
import pytest

from tests.recovery.calibration import check_calibrated, check_middle, hits
from tests.recovery.drawn import ENGLAND
from tests.recovery.drawn_outcomes import calibrate
from tests.recovery.fitting import LENGTH
from tests.recovery.results import CHILDREN, write_section

pytestmark = pytest.mark.slow

TITLES = {
    "attainment": "Attainment at 16, drawn from the priors",
    "offending": "Offending at 16, drawn from the priors",
}


@pytest.fixture(scope="module", params=list(TITLES))
def recovered(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, pd.DataFrame]:
    """Outcome, and one row per seed and quantity."""
    return request.param, calibrate(request.param, tmp_path_factory.mktemp)


def test_intervals_cover_at_the_nominal_rate(recovered: tuple[str, pd.DataFrame]) -> None:
    outcome, rows = recovered
    write_section(TITLES[outcome], _words(outcome, rows), rows)
    check_calibrated(rows)


def test_no_quantity_leans_to_one_side(recovered: tuple[str, pd.DataFrame]) -> None:
    check_middle(recovered[1])


def _words(outcome: str, rows: pd.DataFrame) -> str:
    recorded = ", and whether they are recorded," if outcome == "attainment" else ""
    return (
        f"The children of one synthetic England ({CHILDREN:,} ever looked after, seed {ENGLAND}; "
        f"MODEL=outcomes16 OUTCOME={outcome}) are given new outcomes{recorded} drawn from "
        "parameters that were themselves drawn from the priors, anew for each seed; homes, weights "
        "and covariates stay, and what is blank of the covariates is imputed. The models of the "
        "blanks have their parameters drawn from what the known covariates say of them. "
        f"{LENGTH['chains']} chains of {LENGTH['draws']} draws. {hits(rows)}"
    )
