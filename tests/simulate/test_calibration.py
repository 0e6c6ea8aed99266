"""The one file of figures: each with a source, each used, and none said twice."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bayescich.simulate import Settings, calibration, simulate_england, write_england
from bayescich.simulate.calibration import JUDGEMENT, Figure, figures, sources, value

ROOT = Path(__file__).parents[2]
ROOM = ROOT / "bayescich" / "simulate"


def test_every_figure_has_a_source_that_is_listed() -> None:
    known = {*sources(), JUDGEMENT}
    strange = {name for name, figure in figures().items() if figure.source not in known}
    assert strange == set()


def test_every_source_is_used() -> None:
    assert set(sources()) - {figure.source for figure in figures().values()} == set()


class Asked(dict[str, Figure]):
    """The figures, and which of them were asked for."""

    names: set[str]

    def __getitem__(self, name: str) -> Figure:
        self.names.add(name)
        return super().__getitem__(name)


def test_no_figure_lies_unused(tmp_path: Path) -> None:
    # in a process of its own: some figures are asked for once and then remembered
    program = "from tests.simulate.test_calibration import names_asked_for as n; n()"
    answer = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "england")],
        capture_output=True, text=True, check=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": "."},
    )  # fmt: skip
    own = {name for name in figures() if not name.startswith("published.")}
    assert own - set(answer.stdout.split()) == set()


def names_asked_for() -> None:
    """Print the names of the figures that the nastiest England asks for."""
    asked = Asked(figures())
    asked.names = set()
    calibration.figures = lambda: asked
    write_england(simulate_england(Settings(children=4_000, dirt="nasty")), Path(sys.argv[1]))
    print(*sorted(asked.names))


def test_an_unknown_figure_is_an_error() -> None:
    with pytest.raises(KeyError):
        value("homes.colour")


def test_no_name_is_given_twice_in_a_section() -> None:
    class Strict(yaml.SafeLoader):
        """Refuses a key given twice, which YAML lets the last one win."""

    def mapping(loader: Strict, node: yaml.MappingNode) -> dict[object, object]:
        keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"twice: {keys}"
        return dict(zip(keys, [loader.construct_object(v, deep=True) for _, v in node.value],
                        strict=True))  # fmt: skip

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    text = (ROOM / "calibration.yaml").read_text(encoding="utf-8")
    assert len(yaml.load(text, Loader=Strict)) > 5


def test_published_figures_say_how_far_a_simulated_one_may_be() -> None:
    compared = [f for name, f in figures().items() if name.startswith("published.")]
    assert len(compared) > 300
    assert all(figure.tolerance is None or figure.tolerance > 0 for figure in compared)
    assert sum(figure.tolerance is not None for figure in compared) > 300
