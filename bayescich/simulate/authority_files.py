"""The files of one authority: its returns, its part of the extracts and of the truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bayescich.records.ssda903 import collection_year_label
from bayescich.simulate.england import England
from bayescich.simulate.files import as_text, write_csv
from bayescich.simulate.outcomes.needs_audit import needs_audit, scores
from bayescich.simulate.providers.costs import placement_costs
from bayescich.simulate.recording.record import Habits, record
from bayescich.simulate.returns.yearly import RETURN_TABLES, return_tables
from bayescich.simulate.settings import Settings
from bayescich.simulate.shapes import Authorities, Homes
from bayescich.simulate.shard import Own, Shard
from bayescich.simulate.truth import Truth
from bayescich.simulate.truth_tables import children_table, counterfactual_table, journeys_table

PUPIL_TABLES = ("ks2", "ks4", "ks5", "ypmad", "absence", "exclusions", "census", "link")
"""Tables of the National Pupil Database."""

PARTS = (
    *(f"npd/{name}" for name in PUPIL_TABLES),
    "needs/needs_audit",
    "needs/scores",
    "costs/placement_prices",
    "truth/journeys",
    "truth/children",
    "truth/counterfactuals",
    "truth/recording",
)
"""National tables that every authority has a part of."""


@dataclass(frozen=True)
class AuthorityWriter:
    """Writes authorities, one after another; what they share stands here once."""

    settings: Settings
    authorities: Authorities
    homes: Homes
    truth: Truth
    habits: Habits
    folder: Path

    @classmethod
    def of(cls, england: England, folder: Path) -> AuthorityWriter:
        """Return a writer of an England's authorities into a folder."""
        return cls(
            england.settings,
            england.authorities,
            england.homes,
            england.truth,
            england.habits,
            folder,
        )

    def whole(self, own: Own) -> Shard:
        """Put what is an authority's own together with what all share."""
        return own.among(self.settings, self.authorities, self.homes, self.truth)

    def write(self, shard: Shard) -> None:
        """Write an authority's files."""
        clean = return_tables(shard)
        pupils = {f"npd/{name}": clean[name] for name in PUPIL_TABLES}
        recorded, causes = record(shard, self.habits, {t: clean[t] for t in RETURN_TABLES})
        self._write_returns(shard, recorded)
        parts = pupils | {
            "needs/needs_audit": needs_audit(shard),
            "needs/scores": scores(shard),
            "costs/placement_prices": placement_costs(shard),
            "truth/journeys": journeys_table(shard),
            "truth/children": children_table(shard),
            "truth/counterfactuals": counterfactual_table(shard),
            "truth/recording": causes,
        }
        for name in PARTS:
            path = self.folder / "parts" / f"{Path(name).name}-{shard.number}.csv"
            write_csv(as_text(parts[name]), path, header=shard.number == 0)

    def _write_returns(self, shard: Shard, tables: dict[str, pd.DataFrame]) -> None:
        """Write one folder per collection year; a table without rows is not returned."""
        for name, table in tables.items():
            if table.empty:
                continue
            frame = table.sort_values("YEAR", kind="stable")
            year = frame["YEAR"].to_numpy(np.int64)
            text = as_text(frame.drop(columns="YEAR"))
            found, first = np.unique(year, return_index=True)
            ends = np.append(first[1:], len(year))
            labels = collection_year_label(pd.Series(found))
            for label, begin, end in zip(labels, first, ends, strict=True):
                place = self.folder / "ssda903" / shard.name / str(label)
                place.mkdir(parents=True, exist_ok=True)
                write_csv(text.slice(begin, end - begin), place / f"{name}.csv")
