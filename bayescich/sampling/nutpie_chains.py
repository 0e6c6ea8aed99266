"""The default on a CPU: nutpie, one compiled model, one background sampler a chain."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pymc as pm

from bayescich.errors import SamplingError
from bayescich.progress import ChainReporter, say
from bayescich.sampling.chain import FinishedChain
from bayescich.sampling.settings import SamplerSettings, available_cores

if TYPE_CHECKING:
    from bayescich.sampling.compiled import Reported

_POLL_SECONDS = 0.05


def nutpie_chains(
    model: pm.Model, settings: SamplerSettings, chains: list[int]
) -> Iterator[FinishedChain]:
    """Sample these chains, as many side by side as there are cores; yield each when it ends.

    Each chain has a sampler and a seed of its own, so that its draws do not depend on which other
    chains run, and a chain that is missing can be sampled later, bit for bit the same.
    """
    import nutpie

    from bayescich.sampling.compiled import Reported, compile_density

    say("compiling the model")
    density = compile_density(model)
    reported = Reported.of(model)
    waiting = list(chains)
    running: dict[int, Any] = {}
    with ChainReporter(chains, settings.tune + settings.draws) as reporter:
        try:
            while waiting or running:
                while waiting and len(running) < available_cores():
                    chain = waiting.pop(0)
                    running[chain] = _start(nutpie, density.model, settings, chain, reporter)
                for chain in [k for k, sampler in running.items() if _is_finished(sampler, k)]:
                    yield _collect(running.pop(chain), chain, reported)
                    reporter.finish(chain)
                reporter.refresh()
                time.sleep(_POLL_SECONDS)
        finally:
            for sampler in running.values():
                sampler.cancel()


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


def _collect(sampler: Any, chain: int, reported: Reported) -> FinishedChain:
    try:
        tree = sampler.wait()
    except RuntimeError as error:
        raise _stopped(chain, error) from error
    points = tree["posterior"]["point"].to_numpy()[0]
    return FinishedChain(chain, reported.dataset(points), tree["sample_stats"].to_dataset())


def _stopped(chain: int, error: RuntimeError) -> SamplingError:
    reason = str(error).partition("Stack backtrace")[0]
    return SamplingError(
        f"Chain {chain} stopped: {' '.join(reason.split())}",
        why="the log-density could not be evaluated where the chain started or went",
        next_step="Look at the prior predictive check and at extreme values in the table; "
        "then run the same command again.",
    )
