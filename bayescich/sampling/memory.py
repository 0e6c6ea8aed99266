"""Will the draws fit into memory? Said before anything is compiled."""

from __future__ import annotations

import numpy as np
import pymc as pm

from bayescich.errors import SamplingError
from bayescich.machine import free_memory
from bayescich.model.build import reported_variables
from bayescich.sampling.settings import SamplerSettings

COPIES = 4
"""Times a draw is held at once: by the sampler, as reported variables, joined, and in use."""


def draws_memory(model: pm.Model, settings: SamplerSettings) -> float:
    """Return about how many bytes the draws of all chains take while they are worked with."""
    lengths = {name: len(labels) for name, labels in model.coords.items() if labels is not None}
    reported = reported_variables(model)
    dims = [model.named_vars_to_dims.get(name, ()) for name in reported]
    numbers = sum(int(np.prod([lengths.get(dim, 1) for dim in own])) for own in dims)
    return 8.0 * COPIES * settings.chains * settings.draws * numbers


def refuse_too_large(model: pm.Model, settings: SamplerSettings) -> None:
    """Stop before compiling when the draws would not fit.

    Raises
    ------
    SamplingError
        Saying how much is needed and how many draws would fit.
    """
    needed, free = draws_memory(model, settings), free_memory()
    if free is None or needed < free:
        return
    fitting = int(settings.draws * free / needed)
    raise SamplingError(
        f"The draws would need about {needed / 1e9:.1f} GB of memory; {free / 1e9:.1f} are free.",
        where=f"{settings.chains} chains of {settings.draws:,} draws",
        why="every level's effect is kept in every draw",
        next_step=f"About {fitting:,} draws a chain would fit (DRAWS={fitting}); or leave out the "
        "group with most levels, or use a machine with more memory.",
    )
