"""Side by side: bayescich and its peers on recurrent placement moves, one after another.

    .venv/bin/python benchmarks/event_history.py [--children 2000] [--no-peers] [--only own,brms]

Every entry runs in a process of its own on the same simulated data, prints one JSON line and is
stopped at ``--limit`` seconds. What is missing on this machine (R, a package) is skipped and said
so. The least bulk effective sample size is over all reported parameters: standard deviations,
coefficients, baseline by band and home types. "ESS/s" is end to end: loading packages, compiling,
warm-up and draws. Run it on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from event_history_data import write

HERE = Path(__file__).parent
BASES = {"brms": "to brms", "pymc": "to PyMC textbook"}
"""Entries whose ESS/s the others are compared with."""

Result = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """One competitor: its script, what it needs, and options of its own."""

    script: str
    what: str
    needs: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    is_peer: bool = True

    @property
    def is_r(self) -> bool:
        """Whether R runs it."""
        return self.script.endswith(".R")

    def command(self, folder: Path, asked: argparse.Namespace) -> list[str]:
        """Return the command line."""
        length = [str(asked.draws), str(asked.tune), str(asked.chains), str(asked.seed)]
        script = str(HERE / self.script)
        if self.is_r:
            return ["Rscript", script, str(folder), *length]
        names = ("--draws", "--tune", "--chains", "--seed")
        pairs = [word for pair in zip(names, length, strict=True) for word in pair]
        return [sys.executable, script, str(folder), *pairs, *self.options]

    def missing(self) -> str | None:
        """Return why it cannot run here, or None."""
        if self.is_r and shutil.which("Rscript") is None:
            return "R is not installed"
        has = _has_r_package if self.is_r else importlib.util.find_spec
        absent = [name for name in self.needs if not has(name)]
        return f"{', '.join(absent)} is not installed" if absent else None


ENTRIES: Mapping[str, Entry] = {
    # the same twice: with nothing compiled before, and with what that left for the next run
    "first": Entry("own_moves.py", "bayescich, first run", ("nutpie",), is_peer=False),
    "own": Entry("own_moves.py", "bayescich, next run", ("nutpie",), is_peer=False),
    "numpyro": Entry("peers/numpyro_own_form.py", "NumPyro by hand, our form", ("numpyro",)),
    "nutpie": Entry(
        "peers/pymc_textbook.py", "PyMC with nutpie, textbook form", ("pymc", "nutpie"),
        ("--sampler", "nutpie"),
    ),
    "pymc": Entry("peers/pymc_textbook.py", "PyMC's own NUTS, textbook form", ("pymc",)),
    "glmmtmb": Entry("peers/glmmtmb_moves.R", "glmmTMB", ("glmmTMB", "jsonlite")),
    "brms": Entry("peers/brms_moves.R", "brms / rstan", ("brms", "jsonlite")),
}  # fmt: skip


def main() -> None:
    """Simulate, run what was asked for, and print the table."""
    asked = _arguments()
    kept = _kept(asked)
    with tempfile.TemporaryDirectory() as temporary:
        spells = write(asked.children, Path(temporary), asked.seed)
        for name in _chosen(asked):
            print(f"==> {ENTRIES[name].what}", file=sys.stderr, flush=True)
            kept[name] = run(ENTRIES[name], Path(temporary), asked)
            if asked.results:
                asked.results.write_text(json.dumps({"asked": _size(asked), "entries": kept}))
    print(
        f"{asked.children:,} children, {len(spells):,} spells in {spells['home'].nunique():,} "
        f"homes, {os.cpu_count()} cores, {asked.chains} × ({asked.tune} + {asked.draws}) draws.\n"
    )
    print(table(kept))


def run(entry: Entry, folder: Path, asked: argparse.Namespace) -> Result:
    """Run one entry in its own process and return its line, or ``trouble`` in words."""
    if reason := entry.missing():
        return {"who": entry.what, "trouble": f"skipped: {reason}"}
    process = subprocess.Popen(
        entry.command(folder, asked),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | ({} if entry.is_peer else _own_caches(folder)),
    )
    try:
        out, err = process.communicate(timeout=asked.limit)
    except subprocess.TimeoutExpired:
        _stop(process)
        return {"who": entry.what, "trouble": f"> {asked.limit:,} s, stopped"}
    except KeyboardInterrupt:
        _stop(process)
        raise
    lines = [text for text in out.splitlines() if text.startswith("{")]
    if process.returncode or not lines:
        last = (err.strip().splitlines() or ["no word"])[-1]
        return {"who": entry.what, "trouble": f"failed: {last}"}
    return json.loads(lines[-1]) | {"who": entry.what}


def _own_caches(folder: Path) -> dict[str, str]:
    """Return settings by which compiled code is kept in the folder and nowhere else."""
    return {
        "PYTENSOR_FLAGS": f"base_compiledir={folder / 'pytensor'}",
        "NUMBA_CACHE_DIR": str(folder / "numba"),
    }


def _stop(process: subprocess.Popen[str]) -> None:
    # its chains are processes too
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def table(
    results: Mapping[str, Result],
    entries: Mapping[str, Entry] = ENTRIES,
    bases: Mapping[str, str] = BASES,
) -> str:
    """Return the results as a Markdown table.

    Parameters
    ----------
    results : mapping
        By entry name: the entry's line, or ``who`` and ``trouble``.
    entries : mapping
        In the order of the rows.
    bases : mapping
        Entries whose ESS/s the others are compared with, and the head of that column.

    Examples
    --------
    >>> print(table({"brms": {"who": "brms", "trouble": "skipped: R is not installed"}}))
    | who | wall s | least bulk ESS | of | ESS/s | to brms | to PyMC textbook | divergent | note |
    |---|---:|---:|---|---:|---:|---:|---:|---|
    | brms | – | – | – | – | – | – | – | skipped: R is not installed |
    """
    heads = ("who", "wall s", "least bulk ESS", "of", "ESS/s", *bases.values(), "divergent", "note")
    lines = ["| " + " | ".join(heads) + " |"]
    lines += ["|---|---:|---:|---|---:|" + "---:|" * len(bases) + "---:|---|"]
    ordered = [results[name] for name in entries if name in results]
    lines += ["| " + " | ".join(_cells(result, results, bases)) + " |" for result in ordered]
    return "\n".join(lines)


def _cells(result: Result, results: Mapping[str, Result], bases: Mapping[str, str]) -> list[str]:
    speed = result.get("ess_per_s")
    compared = [results.get(name, {}).get("ess_per_s") for name in bases]
    ratios = [_ratio(speed / base) if speed and base else "–" for base in compared]
    return [
        result["who"],
        _shown(result.get("wall_s"), ",.0f"),
        _shown(result.get("min_ess_bulk"), ",.0f"),
        str(result.get("worst") or "–"),
        _shown(speed, ".3g"),
        *ratios,
        _shown(result.get("divergences"), ",d"),
        result.get("trouble") or result.get("note", ""),
    ]


def _ratio(value: float) -> str:
    return f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def _shown(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--children", type=int, default=2_000)
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--only", help=f"some of: {','.join(ENTRIES)}")
    parser.add_argument("--limit", type=int, default=1_800, help="seconds for each entry")
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


def _chosen(asked: argparse.Namespace) -> list[str]:
    if asked.only:
        return [name for name in ENTRIES if name in asked.only.split(",")]
    return [name for name, entry in ENTRIES.items() if asked.peers or not entry.is_peer]


def _size(asked: argparse.Namespace) -> dict[str, int]:
    return {name: getattr(asked, name) for name in ("children", "draws", "tune", "chains", "seed")}


def _kept(asked: argparse.Namespace) -> dict[str, Result]:
    """Return earlier results of the very same size, when there are any."""
    if asked.results is None or not asked.results.exists():
        return {}
    stored = json.loads(asked.results.read_text())
    return stored["entries"] if stored["asked"] == _size(asked) else {}


def _has_r_package(name: str) -> bool:
    test = f'quit(status = !requireNamespace("{name}", quietly = TRUE))'
    return subprocess.run(["Rscript", "-e", test], capture_output=True, check=False).returncode == 0


if __name__ == "__main__":
    main()
