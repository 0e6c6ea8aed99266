"""How long, how carefully and with what to sample."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass

import numpy as np

from bayescich.spec.model import SamplerName, SamplingSpec


@dataclass(frozen=True)
class SamplerSettings:
    """Everything that decides the draws, given the model."""

    sampler: SamplerName
    chains: int
    draws: int
    tune: int
    target_accept: float
    seed: int

    @classmethod
    def from_spec(cls, spec: SamplingSpec) -> SamplerSettings:
        """Take the settings of a model file."""
        return cls(**spec.model_dump())

    def chain_seed(self, chain: int) -> int:
        """Return the seed of one chain: the same however many chains are run together."""
        return int(np.random.SeedSequence([self.seed, chain]).generate_state(1)[0])

    def as_dict(self) -> dict[str, object]:
        """Return the settings for the manifest."""
        return asdict(self)


def available_cores() -> int:
    """Return how many chains may run side by side."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
