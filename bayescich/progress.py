"""What the user reads while something long runs: a bar on a terminal, lines in a log."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_START = time.monotonic()
_LINE_EVERY_SECONDS = 5.0


def say(message: str) -> None:
    """Print one progress line to standard error, stamped with the seconds since the start.

    Examples
    --------
    >>> say("reading the returns")
    """
    print(f"[{time.monotonic() - _START:6.1f} s] {message}", file=sys.stderr, flush=True)


class ChainReporter:
    """Progress of several chains: rich bars on a terminal, else one line every few seconds.

    ``update`` may be called from the samplers' threads; drawing happens in ``refresh``, which the
    waiting loop calls.
    """

    def __init__(self, chains: list[int], total: int) -> None:
        self._total = total
        self._state: dict[int, tuple[int, int]] = dict.fromkeys(chains, (0, 0))
        self._finished: set[int] = set()
        self._bars: Progress | None = None
        self._tasks: dict[int, TaskID] = {}
        self._last_line = time.monotonic()

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._open_bars()
        else:
            say(f"sampling {len(self._state)} chains of {self._total:,} iterations")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def update(self, chain: int, iterations: int, divergences: int) -> None:
        """Note how far a chain is."""
        self._state[chain] = (iterations, divergences)

    def finish(self, chain: int) -> None:
        """Note that a chain is finished and kept."""
        self._state[chain] = (self._total, self._state[chain][1])
        self._finished.add(chain)
        if self._bars is None:
            say(f"chain {chain} is finished and kept ({len(self._finished)} of {len(self._state)})")

    def refresh(self) -> None:
        """Draw the bars, or print a line when the last one is some seconds old."""
        if self._bars is not None:
            for chain, (done, divergences) in self._state.items():
                self._bars.update(self._tasks[chain], completed=done, divergences=divergences)
        elif time.monotonic() - self._last_line > _LINE_EVERY_SECONDS:
            self._last_line = time.monotonic()
            say(self._line())

    def _line(self) -> str:
        shown = [f"{len(self._finished)} finished"] if self._finished else []
        for chain, (done, divergences) in self._state.items():
            if done > 0 and chain not in self._finished:
                note = f" ({divergences} divergent)" if divergences else ""
                shown.append(f"chain {chain} {100 * done / self._total:.0f}%{note}")
        return "sampling: " + (" · ".join(shown) or "starting")

    def _open_bars(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._bars = Progress(
            TextColumn("chain {task.fields[chain]}"),
            BarColumn(),
            TextColumn("{task.percentage:3.0f}%"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[divergences]} divergent"),
            console=Console(stderr=True),
        )
        for chain in self._state:
            self._tasks[chain] = self._bars.add_task(
                "", total=self._total, chain=chain, divergences=0
            )
        self._bars.start()
