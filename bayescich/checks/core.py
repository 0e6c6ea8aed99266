"""``Check``: may we believe the draws, and what is the figure that says so?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

Status = Literal["passed", "failed", "not applicable"]


@dataclass(frozen=True)
class Check:
    """The result of one check."""

    name: str
    """Short id in snake case, e.g. ``rhat``."""
    title: str
    """What a reader calls it, e.g. ``Chains agree (R-hat)``."""
    group: Literal["prior", "convergence", "predictive", "comparison"]
    status: Status
    sentence: str
    """One sentence in plain words with the figure in it."""
    gate: bool = False
    """Whether failing it makes the fit fail (exit status 1)."""
    value: float | None = None
    limit: float | None = None
    table: pd.DataFrame | None = None
    """Tidy, when there is more to see."""
    series: Mapping[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    """Arrays a figure is drawn from, by name."""
