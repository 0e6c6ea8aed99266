"""Which sampler ``auto`` is: nutpie on a processor, NumPyro where JAX sees a GPU."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from bayescich.errors import SamplingError
from bayescich.progress import say
from bayescich.sampling.settings import SamplerSettings
from bayescich.spec.model import SamplerName

GPU_PLUGINS = ("jax_cuda12_plugin", "jax_cuda13_plugin", "jax_rocm60_plugin", "jax_rocm7_plugin")
"""Packages without which JAX has no GPU: looked for before JAX, which takes a second to import."""

IN_JAX = ("numpyro", "blackjax")
"""Samplers that run where JAX runs."""

_SLOW = ((0, 10, 2), (0, 11, 0))
"""First and last jaxlib whose sums into few levels are up to 2000 times slower on CUDA."""


def choose_sampler(settings: SamplerSettings) -> SamplerName:
    """Return the sampler that is used: the one asked for, or for ``auto`` the one for the device.

    Raises
    ------
    SamplingError
        When a sampler that runs in JAX is asked for on a GPU with a version of JAX that is
        unusably slow there. ``auto`` says so and stays on the processor.

    Examples
    --------
    >>> choose_sampler(SamplerSettings("pymc", 4, 1000, 1000, 0.9, 1))
    'pymc'
    """
    if settings.sampler == "auto":
        if not gpu_seen():
            return "nutpie"
        if not slow_on_gpu():
            return "numpyro"
        say(f"there is a GPU, but jaxlib {_jaxlib()} is slow on it: sampling on the processor")
        return "nutpie"
    if settings.sampler in IN_JAX and gpu_seen() and slow_on_gpu():
        raise SamplingError(
            f"jaxlib {_jaxlib()} adds up into few levels up to 2000 times too slowly on a GPU.",
            where=f"sampling.sampler: {settings.sampler}",
            why="the gradient of every effect of few levels is such a sum (JAX issue 38806)",
            next_step="Install jaxlib 0.11.1 or newer, as requirements.lock does, or ask for "
            "sampler: nutpie.",
        )
    return settings.sampler


def gpu_seen() -> bool:
    """Return whether JAX would run on a GPU."""
    if not any(find_spec(name) for name in GPU_PLUGINS):
        return False
    import jax

    try:
        return bool(jax.devices()[0].platform != "cpu")
    except RuntimeError:
        # a plugin without a device or a driver
        return False


def slow_on_gpu() -> bool:
    """Return whether this jaxlib is one whose scatter is slow on a GPU."""
    numbers = re.findall(r"\d+", _jaxlib())[:3]
    found = tuple(int(number) for number in (*numbers, "0", "0", "0")[:3])
    return _SLOW[0] <= found <= _SLOW[1]


def _jaxlib() -> str:
    try:
        return version("jaxlib")
    except PackageNotFoundError:
        return "0"
