"""The one file of figures: each with a source, each used, and none said twice."""

from pathlib import Path

import pytest
import yaml

from bayescich.simulate.calibration import JUDGEMENT, figures, sources, value

ROOM = Path(__file__).parents[2] / "bayescich" / "simulate"
CODE = "\n".join(path.read_text(encoding="utf-8") for path in sorted(ROOM.rglob("*.py")))


def test_every_figure_has_a_source_that_is_listed() -> None:
    known = {*sources(), JUDGEMENT}
    strange = {name for name, figure in figures().items() if figure.source not in known}
    assert strange == set()


def test_every_source_is_used() -> None:
    assert set(sources()) - {figure.source for figure in figures().values()} == set()


def spellings(name: str) -> list[str]:
    """How a figure may stand in the code: whole, by its own part, or with that put together."""
    own = name.split(".", 1)[1]
    ends = ["_" + own.split("_", 1)[1]] if "_" in own else []
    return [f'"{name}"', f'"{own}"', f'"{own.replace("_", " ")}"', *(f'}}{e}"' for e in ends)]


def test_no_figure_lies_unused() -> None:
    own = [name for name in figures() if not name.startswith("published.")]
    unused = [name for name in own if not any(said in CODE for said in spellings(name))]
    assert unused == []


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
