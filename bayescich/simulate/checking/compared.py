"""A published figure beside the simulated one, or beside why it is not compared."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Compared:
    """A figure that is compared."""

    theme: str
    figure: str
    published: float
    simulated: float
    """Not a number where there is nothing to count."""
    tolerance: float
    """How far the simulated figure may be from the published one, in their unit."""
    unit: str
    source: str
    n: int
    """What the simulated figure is counted over."""
    note: str
    why: str
    """Why it is missed, where that is known; blank where it is not, or it is not missed."""

    @property
    def name(self) -> str:
        """Return theme and figure."""
        return f"{self.theme}: {self.figure}"

    @property
    def within(self) -> bool:
        """Say whether it is within its tolerance; what could not be counted is not."""
        return abs(self.simulated - self.published) <= self.tolerance

    @property
    def out(self) -> float:
        """Return how far out it is, in tolerances; infinity where there is nothing to count."""
        apart = abs(self.simulated - self.published)
        return apart / self.tolerance if self.tolerance and apart >= 0 else float("inf")


@dataclass(frozen=True)
class NotCompared:
    """A figure that is not compared."""

    theme: str
    figure: str
    published: float
    unit: str
    source: str
    why: str

    @property
    def name(self) -> str:
        """Return theme and figure."""
        return f"{self.theme}: {self.figure}"
