"""One small England, cleanly recorded, for all tests of this room."""

from pathlib import Path

import pytest

from bayescich.simulate import England, Settings, simulate_england, write_england


@pytest.fixture(scope="session")
def england() -> England:
    return simulate_england(Settings(children=3_000, seed=4, dirt="none"))


@pytest.fixture(scope="session")
def folder(england: England, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("data") / "synthetic"
    write_england(england, target)
    return target
