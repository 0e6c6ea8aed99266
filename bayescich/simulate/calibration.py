"""The figures a synthetic England is made from: one readable file, ``calibration.yaml``.

Every figure has a source: the key of a publication (listed under ``sources`` in the file), or
*judgement*, where nothing is published: those are the numbers to change when a better one is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

JUDGEMENT = "judgement"


@dataclass(frozen=True)
class Figure:
    """A figure and where it comes from."""

    value: Any
    """A number, a list, or a mapping; the unit is in its note."""
    source: str
    """Key of a publication, or *judgement*."""
    note: str = ""
    tolerance: float | None = None
    """For a published figure that is compared: how far the simulated one may be, in its unit."""
    unit: str = ""


@cache
def figures() -> dict[str, Figure]:
    """Return every figure by its full name, such as ``homes.sectors``.

    Examples
    --------
    >>> all(figure.source for figure in figures().values())
    True
    """
    return {
        f"{section}.{name}": Figure(**entry)
        for section, own in _file().items()
        if section != "sources"
        for name, entry in own.items()
    }


def sources() -> dict[str, str]:
    """Return what the key of each source stands for.

    Examples
    --------
    >>> sources()["D24"][:3]
    'DfE'
    """
    return dict(_file()["sources"])


def value(name: str) -> Any:
    """Return the value of a figure, for example that of ``homes.sectors``.

    Raises
    ------
    KeyError
        If the file has no such figure.
    """
    return figures()[name].value


@cache
def _file() -> dict[str, dict[str, Any]]:
    text = Path(__file__).with_name("calibration.yaml").read_text(encoding="utf-8")
    # the reader written in C where there is one: it is ten times as fast
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return dict(yaml.load(text, Loader=loader))
