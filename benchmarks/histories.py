"""From CSV to spells: seconds and memory, from ten thousand episode rows to three million.

    .venv/bin/python benchmarks/histories.py [--rows 10000 100000 ...] [--layout stacked|folders]

Prints a Markdown table; each size runs in a process of its own, so that its peak of memory is its
own. The last column is the power of the number of rows with which the time grew since the size
before: 1 is linear.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = (10_000, 100_000, 1_000_000, 3_000_000)
STAGES = ("load packages", "read", "chain", "spells")

Result = dict[str, float]


def main() -> None:
    """Write returns of each size, time them in a fresh process, and print the table."""
    asked = _arguments()
    if asked.measure:
        print(json.dumps(measure(asked.measure)))
        return
    columns = ("episode rows", "children", *STAGES, "total s", "peak GB", "power")
    print("| " + " | ".join(columns) + " |")
    print("|" + " ---: |" * len(columns))
    before: Result | None = None
    for rows in asked.rows:
        result = _in_fresh_process(rows, asked.layout)
        print(_line(result, before), flush=True)
        before = result


def measure(folder: Path) -> Result:
    """Read, chain and cut into spells, stage by stage, in this process."""
    clock = [time.perf_counter()]
    from bayescich.histories.episodes import chained_episodes
    from bayescich.histories.spells import placement_spells
    from bayescich.records.ssda903 import read_ssda903
    from bayescich.spec.policies import HistoryPolicies

    policies = HistoryPolicies()
    clock.append(time.perf_counter())
    returns = read_ssda903(folder)
    rows = len(returns.episodes)
    clock.append(time.perf_counter())
    chain, _ = chained_episodes(returns, policies)
    clock.append(time.perf_counter())
    placement_spells(chain, policies)
    clock.append(time.perf_counter())
    seconds = {stage: clock[i + 1] - clock[i] for i, stage in enumerate(STAGES)}
    # kilobytes on Linux
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return seconds | {"rows": rows, "peak": peak}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=SIZES)
    parser.add_argument("--layout", choices=("stacked", "folders"), default="stacked")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _in_fresh_process(rows: int, layout: str) -> Result:
    # not needed where time and memory are measured
    from national_returns import national_returns, write_returns

    with tempfile.TemporaryDirectory() as folder:
        returns = national_returns(rows)
        write_returns(returns, Path(folder), layout)
        children = returns.children
        del returns
        run = [sys.executable, str(Path(__file__)), "--measure", folder]
        done = subprocess.run(run, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout) | {"children": children}


def _line(result: Result, before: Result | None) -> str:
    working = sum(result[stage] for stage in STAGES[1:])
    power = "" if before is None else f"{_power(result, before):.2f}"
    cells = [
        f"{result['rows']:,.0f}",
        f"{result['children']:,.0f}",
        *(f"{result[stage]:.1f}" for stage in STAGES),
        f"{working + result[STAGES[0]]:.1f}",
        f"{result['peak']:.2f}",
        power,
    ]
    return "| " + " | ".join(cells) + " |"


def _power(result: Result, before: Result) -> float:
    """Return the growth of the time without that of loading the packages."""
    seconds = [sum(each[stage] for stage in STAGES[1:]) for each in (result, before)]
    return math.log(seconds[0] / seconds[1]) / math.log(result["rows"] / before["rows"])


if __name__ == "__main__":
    main()
