"""What the tests of recovery find, seed by seed, and the page that is made of it.

A seed takes a minute or more, so its rows are kept under ``build/`` as soon as they are there: a
run that was cut short goes on where it stopped. Rows of other code are not used.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from bayescich.runs import code_digest, digest

ROOT = Path(__file__).parents[2]
STORE = ROOT / "build" / "recovery"
PAGE = ROOT / "docs" / "recovery.md"
ROOMS = ("checks", "design", "histories", "model", "records", "sampling", "simulate", "spec")
CHILDREN = 15_000

OPENING = """# Recovery of known truth

`make recovery` draws data from known values, fits them and looks whether the fit finds the values
again. A 90% interval should cover its truth nine times in ten. *Rank* is the share of the draws
that lie below the truth: a half on average, if the fit leans to neither side.
"""


def seeds() -> Iterable[int]:
    """Return the seeds to run: 1 to 20, or ``BAYESCICH_SEEDS=first:last``."""
    first, last = map(int, os.environ.get("BAYESCICH_SEEDS", "1:20").split(":"))
    return range(first, last + 1)


def row(seed: int, what: str, level: str, truth: float, draws: object) -> dict[str, object]:
    """Return truth, posterior mean, 90% interval and rank of one quantity."""
    values = np.asarray(draws, dtype=np.float64).ravel()
    low, high = np.quantile(values, [0.05, 0.95])
    return {
        "seed": seed,
        "what": what,
        "level": level,
        "truth": float(truth),
        "mean": values.mean(),
        "q05": low,
        "q95": high,
        "covered": bool(low <= truth <= high),
        "rank": float((values < truth).mean()),
    }


def rows_of(
    seed: int, what: str, truth: xr.DataArray, draws: xr.DataArray
) -> list[dict[str, object]]:
    """Return a row for each entry of a variable with labels."""
    dims = [str(d) for d in draws.dims if d not in ("chain", "draw")]
    if not dims:
        return [row(seed, what, "", float(truth), draws)]
    values = draws.transpose(*dims, "chain", "draw").to_numpy()
    true = truth.transpose(*dims).to_numpy()
    labels = [
        draws.coords[d].to_numpy() if d in draws.coords else range(draws.sizes[d]) for d in dims
    ]
    return [
        row(seed, what, " | ".join(map(str, names)), true[place], values[place])
        for place, names in zip(np.ndindex(true.shape), product(*labels), strict=True)
    ]


def gather(name: str, recover: Callable[[int], pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of every seed; seeds found before by the same code are not fitted again."""
    file, code = STORE / f"{name}.csv", _code()
    file.parent.mkdir(parents=True, exist_ok=True)
    kept = pd.read_csv(file) if file.is_file() else pd.DataFrame({"code": [], "seed": []})
    parts = [own for _, own in kept[kept["code"] == code].groupby("seed")]
    for seed in seeds():
        if seed not in {int(own["seed"].iloc[0]) for own in parts}:
            parts.append(recover(seed).assign(code=code))
            pd.concat(parts).to_csv(file, index=False)
    rows = pd.concat(parts, ignore_index=True).fillna({"level": ""})
    return rows[rows["seed"].isin(list(seeds()))]


def _code() -> str:
    tests = "".join(path.read_text("utf-8") for path in sorted(Path(__file__).parent.glob("*.py")))
    models = "".join(path.read_text("utf-8") for path in sorted((ROOT / "models").glob("*.yaml")))
    return code_digest(ROOMS)[:12] + digest((tests + models).encode())[:12]


def coverage(rows: pd.DataFrame) -> tuple[float, float]:
    """Return the share covered and its standard error; quantities of one seed hang together."""
    by_seed = rows.groupby("seed")["covered"].mean()
    spread = by_seed.std(ddof=1) / np.sqrt(len(by_seed)) if len(by_seed) > 1 else np.inf
    return float(rows["covered"].mean()), float(spread)


def write_section(title: str, before: str, rows: pd.DataFrame, after: str = "") -> None:
    """Exchange one section of the page; the others stay."""
    text = PAGE.read_text("utf-8") if PAGE.is_file() else ""
    sections = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    parts = [before, _table(rows), after]
    sections[title] = "\n" + "\n\n".join(part for part in parts if part) + "\n"
    body = [f"## {name}\n{words.rstrip()}\n" for name, words in sorted(sections.items())]
    PAGE.write_text("\n".join([OPENING, *body]), encoding="utf-8")


def _table(rows: pd.DataFrame) -> str:
    lines = [
        "| quantity | intervals | covered | mean truth | mean of posterior means | mean rank |",
        "|---|---|---|---|---|---|",
    ]
    for name, own in rows.groupby("what", sort=False):
        hits = f"{own['covered'].sum()} ({own['covered'].mean():.0%})"
        lines.append(
            f"| {name} | {len(own)} | {hits} | {own['truth'].mean():.3f} | "
            f"{own['mean'].mean():.3f} | {own['rank'].mean():.2f} |"
        )
    return "\n".join(lines)
