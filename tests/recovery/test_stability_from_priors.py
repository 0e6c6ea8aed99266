"""MODEL=stability finds parameters that were drawn from its priors (see ``drawn.py``).

``test_stability.py`` has one truth, the simulator's; here every seed has another. Slow: run by
``make recovery``, which also writes ``docs/recovery.md``.
"""

import pandas as pd
import pytest

from tests.recovery.calibration import check_calibrated, check_middle, words
from tests.recovery.drawn import calibrate
from tests.recovery.results import write_section

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def recovered(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """One row per seed and quantity."""
    return calibrate("stability-from-priors", "stability", tmp_path_factory.mktemp)


def test_intervals_cover_at_the_nominal_rate(recovered: pd.DataFrame) -> None:
    write_section("Stability, drawn from the priors", words(recovered), recovered)
    check_calibrated(recovered)


def test_no_quantity_leans_to_one_side(recovered: pd.DataFrame) -> None:
    check_middle(recovered)
