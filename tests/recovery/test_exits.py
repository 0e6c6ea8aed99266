"""MODEL=exits finds parameters that were drawn from its priors (see ``drawn.py``).

The simulator's own routes of leaving care are not those of the histories one to one, so the truth
cannot be read off a synthetic England; its rows can be given new ends. Slow: run by
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
    return calibrate("exits", "exits", tmp_path_factory.mktemp)


def test_intervals_cover_at_the_nominal_rate(recovered: pd.DataFrame) -> None:
    write_section("Routes of exit, drawn from the priors", words(recovered), recovered)
    check_calibrated(recovered)


def test_no_quantity_leans_to_one_side(recovered: pd.DataFrame) -> None:
    check_middle(recovered)
