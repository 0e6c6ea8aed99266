"""Side by side: bayescich and brms on outcomes of children who lived in several homes.

    .venv/bin/python benchmarks/outcomes.py [--children 3000] [--no-peers] [--only own,brms]

Every entry runs in a process of its own on the same simulated data, prints one JSON line and is
stopped at ``--limit`` seconds. What is missing on this machine (R, a package) is skipped and said
so. The least bulk effective sample size is over all reported parameters: standard deviations,
coefficients, settings, home types, intercepts. "ESS/s" is end to end: loading packages, compiling,
warm-up and draws. Run it on a machine that does nothing else.

brms is run on 3,000 children and no more unless it is named by ``--only``; ``points`` and ``joint``
have no peer here.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from event_history import Entry, Result, run, table
from outcomes_data import said, write

BASES = {"brms": "to brms"}
MOST_FOR_BRMS = 3_000
OWN = "own_outcomes.py"

ENTRIES: Mapping[str, Entry] = {
    # the same twice: with nothing compiled before, and with what that left for the next run
    "first": Entry(OWN, "bayescich, yes or no, first run", ("nutpie",), is_peer=False),
    "own": Entry(OWN, "bayescich, yes or no, next run", ("nutpie",), is_peer=False),
    "points": Entry(
        OWN, "bayescich, points with a hurdle", ("nutpie",), ("--outcome", "points"), is_peer=False
    ),
    "joint": Entry(
        OWN, "bayescich, eight outcomes together", ("nutpie",), ("--outcome", "joint"),
        is_peer=False,
    ),
    "brms": Entry("peers/brms_membership.R", "brms / rstan, yes or no", ("brms", "jsonlite")),
}  # fmt: skip
ASKED_BY_NAME = ("joint",)
"""Entries that take so long that they run only when named."""


def main() -> None:
    """Simulate, run what was asked for, and print the table."""
    asked = _arguments()
    kept = _kept(asked)
    with tempfile.TemporaryDirectory() as temporary:
        children = write(asked.children, Path(temporary), asked.seed, asked.homes)
        for name in _chosen(asked):
            print(f"==> {ENTRIES[name].what}", file=sys.stderr, flush=True)
            kept[name] = run(ENTRIES[name], Path(temporary), asked)
            if asked.results:
                asked.results.write_text(json.dumps({"asked": _size(asked), "entries": kept}))
    print(
        f"{asked.children:,} children, {said(children)}, {os.cpu_count()} cores, "
        f"{asked.chains} × ({asked.tune} + {asked.draws}) draws.\n"
    )
    print(table(kept, ENTRIES, BASES))


def _chosen(asked: argparse.Namespace) -> list[str]:
    if asked.only:
        return [name for name in ENTRIES if name in asked.only.split(",")]
    peers = asked.peers and asked.children <= MOST_FOR_BRMS
    chosen = [name for name, entry in ENTRIES.items() if peers or not entry.is_peer]
    return [name for name in chosen if name not in ASKED_BY_NAME]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--children", type=int, default=MOST_FOR_BRMS)
    parser.add_argument("--homes", type=int, help="a twelfth of the children, at most 5,000")
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--only", help=f"some of: {','.join(ENTRIES)}")
    parser.add_argument("--limit", type=int, default=3_600, help="seconds for each entry")
    for name, default in (("draws", 500), ("tune", 500), ("chains", 4), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument(
        "--results",
        type=Path,
        help="a JSON file that keeps the figures: entries not run now are shown from it",
    )
    asked = parser.parse_args()
    unknown = set((asked.only or "own").split(",")) - set(ENTRIES)
    if unknown:
        parser.error(f"--only: {', '.join(sorted(unknown))}; allowed: {', '.join(ENTRIES)}")
    return asked


def _size(asked: argparse.Namespace) -> dict[str, int | None]:
    names = ("children", "homes", "draws", "tune", "chains", "seed")
    return {name: getattr(asked, name) for name in names}


def _kept(asked: argparse.Namespace) -> dict[str, Result]:
    """Return earlier results of the very same size, when there are any."""
    if asked.results is None or not asked.results.exists():
        return {}
    stored = json.loads(asked.results.read_text())
    return stored["entries"] if stored["asked"] == _size(asked) else {}


if __name__ == "__main__":
    main()
