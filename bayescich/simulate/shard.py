"""One authority of a synthetic England: all that its files are written from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
import pandas as pd

from bayescich.simulate.draws import Flags
from bayescich.simulate.settings import Settings
from bayescich.simulate.shapes import (
    ADOPTION,
    CUSTODY,
    DISTRICTS,
    FOSTER,
    HOME,
    KIN,
    KINDS,
    NEEDS,
    NEVER,
    OTHER,
    PARENTS,
    RESIDENTIAL,
    SUPPORTED,
    Authorities,
    Homes,
)  # fmt: skip

if TYPE_CHECKING:
    from bayescich.simulate.truth import Truth

__all__ = [
    "ADOPTION", "CUSTODY", "DISTRICTS", "FOSTER", "HOME", "KIN", "KINDS", "NEEDS", "NEVER",
    "OTHER", "PARENTS", "RESIDENTIAL", "SUPPORTED", "Authorities", "Homes", "Shard",
]  # fmt: skip


@dataclass(frozen=True)
class Shard:
    """One authority's children and their journeys, and what stands around them."""

    settings: Settings
    number: int
    """Position of the authority."""
    children: pd.DataFrame
    """One row per child id of the authority, ordered by CHILD."""
    needs: Flags
    """Shape (children, needs)."""
    placements: pd.DataFrame
    """One row per placement, also those before the window; ordered by child and start."""
    authorities: Authorities
    homes: Homes
    truth: Truth

    @property
    def name(self) -> str:
        """Name of the authority."""
        return str(self.authorities.names[self.number])

    def rng(self, stream: str) -> np.random.Generator:
        """Return the random numbers of one purpose, the same in whatever process asks.

        Parameters
        ----------
        stream : str
            What they are for, for example ``episodes``.
        """
        words = stream.encode()
        return np.random.default_rng([self.settings.seed, self.number, crc32(words)])

    def only_its_own(self) -> Own:
        """Return what is this authority's alone, to be sent to another process."""
        return Own(self.number, self.children, self.needs, self.placements)


@dataclass(frozen=True)
class Own:
    """What is one authority's alone; see `Shard`."""

    number: int
    children: pd.DataFrame
    needs: Flags
    placements: pd.DataFrame

    def among(
        self, settings: Settings, authorities: Authorities, homes: Homes, truth: Truth
    ) -> Shard:
        """Put it together with what all authorities share."""
        return Shard(
            settings, self.number, self.children, self.needs, self.placements, authorities, homes,
            truth,
        )  # fmt: skip
