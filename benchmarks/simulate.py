"""How long a synthetic England takes, and how much memory.

``python benchmarks/simulate.py small study national`` prints seconds of simulating and of writing,
the peak memory of this process and of its largest worker, files and rows. The figures of record
are in ``docs/performance.md``.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from bayescich.simulate import SIZES, Settings, simulate_england, write_england

_MIB = 1024


def main(sizes: list[str]) -> None:
    """Time the sizes named, or all but the national one."""
    for size in sizes or ["small", "study"]:
        with tempfile.TemporaryDirectory() as folder:
            print(f"{size}: {measured(size, Path(folder) / 'england')}", flush=True)


def measured(size: str, folder: Path) -> str:
    """Simulate and write one England and say what it took."""
    start = time.perf_counter()
    england = simulate_england(Settings(children=SIZES[size]))
    simulated = time.perf_counter()
    write_england(england, folder)
    written = time.perf_counter()
    files = [path for path in folder.rglob("*") if path.is_file()]
    rows = sum(path.read_bytes().count(b"\n") - 1 for path in files if path.name == "episodes.csv")
    own, workers = (
        resource.getrusage(who).ru_maxrss / _MIB
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return (
        f"{simulated - start:.1f} s simulated, {written - simulated:.1f} s written; "
        f"{own:.0f} MiB here, {workers:.0f} MiB in the largest worker; {len(files):,} files, "
        f"{sum(path.stat().st_size for path in files) / 1e6:.0f} MB, {rows:,} episode rows"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
