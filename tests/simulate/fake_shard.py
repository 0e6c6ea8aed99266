"""One small authority made by hand, so that a test knows who lived where and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from bayescich.histories.dates import birthday
from bayescich.simulate.draws import day
from bayescich.simulate.outcomes.effects import OutcomeEffects, draw_outcome_effects
from bayescich.simulate.settings import Settings
from bayescich.simulate.shapes import KINDS, NEEDS, NEVER, Authorities, Homes
from bayescich.simulate.shard import Shard

HOME_TYPES = ("Private, solo", "Private, solo", "Local authority, large", "", "Secure")


def homes() -> Homes:
    number = len(HOME_TYPES)
    frame = pd.DataFrame({"home_type": list(HOME_TYPES), "opened": 0, "closed": NEVER})
    registrations = pd.DataFrame(
        {
            "home": np.arange(number),
            "urn": [f"SC{900_000 + row}" for row in range(number)],
            "begins": 0,
            "ends": NEVER,
            "owner": [0, 1, 0, 2, 1],
        }
    )
    owners = np.array(["A", "B", "C"], dtype=object)
    return Homes(frame, registrations, owners, np.zeros((number, len(NEEDS)), dtype=bool))


def authorities(number: int = 3) -> Authorities:
    names = np.array([f"Testshire {row}" for row in range(number)], dtype=object)
    blank, none = np.array([""] * number, dtype=object), np.zeros(number)
    return Authorities(names, blank, none, none, none, none, blank, none.astype(np.int64))


def effects(seed: int = 4) -> OutcomeEffects:
    return draw_outcome_effects(np.random.default_rng(seed), homes(), 3)


def children(born: Sequence[str], **columns: Any) -> pd.DataFrame:
    number = len(born)
    dob = pd.Series(pd.to_datetime(list(born)).astype("datetime64[ns]"))
    days = dob.to_numpy().astype("datetime64[D]").astype(np.int64)
    frame = pd.DataFrame(
        {
            "CHILD": [f"{1_000_001 + row}" for row in range(number)],
            "person": np.arange(number) + 50,
            "UPN": [f"Z{row:012d}" for row in range(number)],
            "PMR": [f"P{row:09d}" for row in range(number)],
            "SEX": "M",
            "born": days,
            "adult": birthday(dob, 18).to_numpy().astype("datetime64[D]").astype(np.int64),
            "DOB": dob,
            "uasc": False,
            "arrived": days,
            "difficulties": 14.0,
            "ability": 0.0,
            "hidden": 0.0,
            "frailty": 1.0,
        }
    )
    return frame.assign(**columns)


def placements(rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    """Rows of child, start, end, kind, home (-1), then outcome and REC where they matter."""
    full = [(*row, *("moved", "X1")[len(row) - 5 :]) for row in rows]
    frame = pd.DataFrame(full, columns=["child", "start", "end", "kind", "home", "outcome", "REC"])
    frame["start"], frame["end"] = frame["start"].map(day), frame["end"].map(day)
    frame["kind"] = frame["kind"].map(KINDS.index)
    ends = ~frame["outcome"].eq("moved")
    period = ends.groupby(frame["child"]).cumsum() - ends
    return frame.assign(period=period, registration=frame["home"])


def shard(
    who: pd.DataFrame,
    where: pd.DataFrame,
    settings: Settings | None = None,
    own_effects: OutcomeEffects | None = None,
    needs: np.ndarray | None = None,
) -> Shard:
    return Shard(
        settings=settings or Settings(),
        number=1,
        children=who,
        needs=np.zeros((len(who), len(NEEDS)), dtype=bool) if needs is None else needs,
        placements=where,
        authorities=authorities(),
        homes=homes(),
        truth=SimpleNamespace(outcomes=own_effects or effects()),  # type: ignore[arg-type]
    )


def without_effects() -> OutcomeEffects:
    """Effects that are all zero, for tests that change one of them."""
    drawn = effects()
    arrays = {
        name: np.zeros_like(getattr(drawn, name))
        for name in ("home_type", "home", "owner", "authority", "setting", "leniency", "home_total")
    }
    return replace(drawn, **arrays)
