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
    found: dict[str, Figure] = {}
    for file in sorted(Path(__file__).parent.glob("calibration*.yaml")):
        sections = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        for section, own in sections.items():
            if section != "sources":
                found |= {f"{section}.{name}": Figure(**entry) for name, entry in own.items()}
    return found


@cache
def sources() -> dict[str, str]:
    """Return what each source's key stands for."""
    found: dict[str, str] = {}
    for file in sorted(Path(__file__).parent.glob("calibration*.yaml")):
        sections = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        found |= sections.get("sources", {})
    return found


def value(name: str) -> Any:
    """Return the value of a figure, for example that of ``homes.sectors``.

    Raises
    ------
    KeyError
        If the file has no such figure.
    """
    return figures()[name].value
