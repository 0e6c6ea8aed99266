"""What every test may use: the reference data, and a machine that behaves the same everywhere."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# figures are drawn to files: no test may need a screen
os.environ.setdefault("MPLBACKEND", "Agg")

# one machine is slower than another and chance must not decide a pass
settings.register_profile("bayescich", deadline=None, derandomize=True)
settings.load_profile("bayescich")


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of reference data named by ``BAYESCICH_REFERENCE``; without one the test skips."""
    named = os.environ.get("BAYESCICH_REFERENCE")
    if not named:
        pytest.skip("needs reference data: BAYESCICH_REFERENCE names no folder")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"BAYESCICH_REFERENCE names {folder}, which is not a folder")
    return folder
