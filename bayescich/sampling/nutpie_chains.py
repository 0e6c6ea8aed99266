"""The default on a CPU: nutpie, one compiled model, one background sampler a chain."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pymc as pm
from pytensor.configdefaults import config as pytensor_config

from bayescich.errors import SamplingError
from bayescich.model.draws import FloatArray
from bayescich.progress import ChainReporter, say
from bayescich.sampling.chain import FinishedChain, start_near_centre
from bayescich.sampling.settings import SamplerSettings, available_cores

_POLL_SECONDS = 0.05


def nutpie_chains(
    model: pm.Model, settings: SamplerSettings, chains: list[int]
) -> Iterator[FinishedChain]:
    """Sample these chains, as many side by side as there are cores; yield each when it ends.

    Each chain has a sampler and a seed of its own, so that its draws do not depend on which other
    chains run, and a chain that is missing can be sampled later, bit for bit the same.
    """
    import nutpie

    say("compiling the model")
    compiled = _compile(nutpie, model)
    waiting = list(chains)
    running: dict[int, Any] = {}
    with ChainReporter(chains, settings.tune + settings.draws) as reporter:
        try:
            while waiting or running:
                while waiting and len(running) < available_cores():
                    chain = waiting.pop(0)
                    running[chain] = _start(nutpie, compiled, settings, chain, reporter)
                for chain in [k for k, sampler in running.items() if _is_finished(sampler, k)]:
                    yield _collect(running.pop(chain), chain)
                    reporter.finish(chain)
                reporter.refresh()
                time.sleep(_POLL_SECONDS)
        finally:
            for sampler in running.values():
                sampler.cancel()


def _compile(nutpie: Any, model: pm.Model) -> Any:
    # With fastmath, code compiled now and the same code loaded from numba's cache round
    # differently, and a chain sampled after a crash would not be the one that was lost. It costs
    # nothing measurable (docs/performance.md section 4).
    with pytensor_config.change_flags(numba__fastmath=False):
        compiled = nutpie.compile_pymc_model(model, backend="numba")
    return dataclasses.replace(compiled, initial_point_func=_initial_points(model))


def _start(
    nutpie: Any, compiled: Any, settings: SamplerSettings, chain: int, reporter: ChainReporter
) -> Any:
    def report(progress: list[Any]) -> None:
        reporter.update(chain, progress[0].finished_draws, progress[0].divergences)

    return nutpie.sample(
        compiled,
        chains=1,
        cores=1,
        draws=settings.draws,
        tune=settings.tune,
        seed=settings.chain_seed(chain),
        target_accept=settings.target_accept,
        save_warmup=False,
        progress_bar=False,
        progress_callback=report,
        blocking=False,
    )


def _is_finished(sampler: Any, chain: int) -> bool:
    try:
        return bool(sampler.is_finished)
    except TimeoutError:
        # nutpie waits a moment for the chain's thread to answer and gives up while it is busy
        return False
    except RuntimeError as error:
        # asking tells of an error once; after that the chain would pass for an empty one
        raise _stopped(chain, error) from error


def _collect(sampler: Any, chain: int) -> FinishedChain:
    try:
        tree = sampler.wait()
    except RuntimeError as error:
        raise _stopped(chain, error) from error
    return FinishedChain(chain, tree["posterior"].to_dataset(), tree["sample_stats"].to_dataset())


def _stopped(chain: int, error: RuntimeError) -> SamplingError:
    reason = str(error).partition("Stack backtrace")[0]
    return SamplingError(
        f"Chain {chain} stopped: {' '.join(reason.split())}",
        why="the log-density could not be evaluated where the chain started or went",
        next_step="Look at the prior predictive check and at extreme values in the table; "
        "then run the same command again.",
    )


def _initial_points(model: pm.Model) -> Callable[[int | None], FloatArray]:
    # nutpie's own start jitters around prior draws in an order that is not fixed between processes
    def start(seed: int | None) -> FloatArray:
        parts = start_near_centre(model, None if seed is None else int(seed))
        return np.concatenate([np.ravel(part) for part in parts])

    return start
