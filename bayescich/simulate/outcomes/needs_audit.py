"""The needs audit: what was written down of children's needs, by whom, and scores on scales.

Not every need is seen, and not every need that is written down is there. Words differ: half of
them are synonyms of the code set.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.records.code_sets import code_set
from bayescich.simulate.calibration import value
from bayescich.simulate.draws import YEAR, Floats, Ints, Texts, labels
from bayescich.simulate.providers.inspections import dates
from bayescich.simulate.shapes import HOME, NEEDS
from bayescich.simulate.shard import Shard

_PARTS_OF_SDQ = ("sdq_emotional", "sdq_conduct", "sdq_hyperactivity", "sdq_peer")
_PARTS_OF_BERRI = (
    "berri_behaviour", "berri_emotional_wellbeing", "berri_relationships", "berri_risk",
    "berri_indicators_of_distress",
)  # fmt: skip
_TOP_OF_PART = 10
"""Highest score of a part of the SDQ."""


def needs_audit(shard: Shard) -> pd.DataFrame:
    """Return the needs that were recorded at referrals to homes and, for some children, on entry.

    Returns
    -------
    DataFrame
        LA, CHILD, DATE, SOURCE, NEED (words) and SEVERITY (1 to 3), ordered by child and date. A
        need is recorded once in one document.
    """
    rng = shard.rng("needs audit")
    occasions = pd.concat([_referrals(rng, shard), _assessments(rng, shard)], ignore_index=True)
    occasions = occasions.sort_values(["child", "day"], kind="stable")
    occasions = occasions.drop_duplicates(ignore_index=True)
    child = occasions["child"].to_numpy()
    seen = np.array([value("audit.sensitivity")[kind] for kind in occasions["kind"]])
    chance = np.where(shard.needs[child], seen.reshape(-1, 1), value("audit.false_need"))
    row, need = np.nonzero(rng.random(chance.shape) < chance)
    recorded = occasions.iloc[row].reset_index(drop=True)
    return pd.DataFrame(
        {
            "LA": shard.name,
            "CHILD": shard.children["CHILD"].to_numpy()[child[row]],
            "DATE": dates(recorded["day"].to_numpy()),
            "SOURCE": _documents(rng, recorded["kind"]),
            "NEED": _words(rng, need),
            "SEVERITY": _severity(rng, shard, child[row]),
        }
    )


def scores(shard: Shard) -> pd.DataFrame:
    """Return scores: the SDQ with its parts on entry, BERRI some weeks into each stay in a home.

    Returns
    -------
    DataFrame
        LA, CHILD, DATE, SCALE (words), SCORE (points) and RATER (words), ordered by child, date
        and scale. A total is the sum of its parts.
    """
    rng = shard.rng("scale scores")
    parts = [_sdq(rng, shard), _berri(rng, shard)]
    found = pd.concat(parts, ignore_index=True)
    found = found.drop_duplicates(["child", "day", "scale"], ignore_index=True)
    label = code_set("scales").set_index("code")["label"]
    written = pd.DataFrame(
        {
            "LA": shard.name,
            "CHILD": shard.children["CHILD"].to_numpy()[found["child"]],
            "DATE": dates(found["day"].to_numpy()),
            "SCALE": found["scale"].map(label),
            "SCORE": found["score"],
            "RATER": found["rater"],
        }
    )
    return written.sort_values(["CHILD", "DATE", "SCALE"], kind="stable", ignore_index=True)


def stays_in_homes(shard: Shard) -> pd.DataFrame:
    """Return the placements in homes that overlap the window, by row of ``shard.placements``."""
    placements = shard.placements
    first, last = shard.settings.first_day, shard.settings.last_day
    in_window = (placements["end"] > first) & (placements["start"] <= last)
    return placements[in_window & placements["kind"].eq(HOME)]


def _referrals(rng: np.random.Generator, shard: Shard) -> pd.DataFrame:
    """A referral is written on the day of an emergency, else some weeks before the stay."""
    stays = stays_in_homes(shard)
    before = rng.geometric(1 / value("audit.referral_before"), len(stays)) - 1
    emergency = rng.random(len(stays)) < value("audit.emergencies")
    day = stays["start"].to_numpy() - np.where(emergency, 0, np.minimum(before, 60))
    return pd.DataFrame({"child": stays["child"].to_numpy(), "day": day, "kind": "referral"})


def _assessments(rng: np.random.Generator, shard: Shard) -> pd.DataFrame:
    """Some children who enter care in the window are assessed within 45 days."""
    child = _entered(shard)
    chosen = child[rng.random(len(child)) < value("audit.assessed_on_entry")]
    day = shard.children["arrived"].to_numpy()[chosen] + rng.integers(0, 46, len(chosen))
    kept = day <= shard.settings.last_day
    return pd.DataFrame({"child": chosen[kept], "day": day[kept], "kind": "entry"})


def _entered(shard: Shard) -> Ints:
    """Return the children who came into care in the window and have a placement in it."""
    arrived = shard.children["arrived"].to_numpy()
    placed = np.zeros(len(arrived), dtype=bool)
    placed[shard.placements["child"]] = True
    return np.flatnonzero(
        placed & (arrived >= shard.settings.first_day) & (arrived <= shard.settings.last_day)
    )


def _documents(rng: np.random.Generator, kind: pd.Series) -> Texts:
    """Name the document in words of the code set: a referral, or an assessment or care plan."""
    named = labels(rng, value("audit.entry_words"), len(kind))
    referral = np.flatnonzero(kind.eq("referral"))
    named[referral] = labels(rng, value("audit.referral_words"), len(referral))
    return named


def _words(rng: np.random.Generator, need: Ints) -> Texts:
    """Write each need as its label or as one of its synonyms."""
    terms = code_set("needs").set_index("code")
    drawn = np.empty(len(need), dtype=object)
    share = value("audit.synonyms")
    synonym = rng.random(len(need)) < share
    for position, code in enumerate(NEEDS):
        rows = np.flatnonzero(need == position)
        others = np.array(str(terms.loc[code, "synonyms"]).split("|"), dtype=object)
        written = others[rng.integers(0, len(others), len(rows))]
        drawn[rows] = terms.loc[code, "label"]
        drawn[rows[synonym[rows]]] = written[synonym[rows]]
    return drawn


def _severity(rng: np.random.Generator, shard: Shard, child: Ints) -> Ints:
    """Grade needs 1 to 3: the more difficulties a child has, the graver."""
    level = (shard.children["difficulties"].to_numpy()[child] - 14) / 7
    score = 0.6 * level + rng.normal(size=len(child))
    return 1 + np.searchsorted(value("audit.severity_cuts"), score).astype(np.int64)


def _sdq(rng: np.random.Generator, shard: Shard) -> pd.DataFrame:
    """Children of 4 to 16 who enter care, by the carer or a teacher; the parts make the total."""
    child = _entered(shard)
    arrived, born = (shard.children[name].to_numpy()[child] for name in ("arrived", "born"))
    age = (arrived - born) / YEAR
    day = arrived + rng.integers(14, 120, len(child))
    asked = (age >= 4) & (age < 17) & (day <= shard.settings.last_day)
    asked &= rng.random(len(child)) < value("audit.sdq_on_entry")
    child, day = child[asked], day[asked]
    level = shard.children["difficulties"].to_numpy()[child]
    total = level + value("audit.sdq_noise") * rng.normal(size=len(child))
    parts = _shared_out(rng, total, value("audit.sdq_parts"))
    prosocial = _whole(9.0 - level / 7 + 1.5 * rng.normal(size=len(child)))
    rater = labels(rng, value("audit.sdq_raters"), len(child))
    columns = {
        "sdq": parts.sum(axis=1),
        **dict(zip(_PARTS_OF_SDQ, parts.T, strict=True)),
        "sdq_prosocial": prosocial,
    }
    return _long(child, day, rater, columns)


def _berri(rng: np.random.Generator, shard: Shard) -> pd.DataFrame:
    """Stays in homes of the authorities that use BERRI, by key workers, 3 to 10 weeks in."""
    uses = shard.rng("uses berri").random() < value("audit.authorities_with_berri")
    stays = stays_in_homes(shard)
    day = stays["start"].to_numpy() + rng.integers(21, 71, len(stays))
    kept = (day < stays["end"].to_numpy()) & (day <= shard.settings.last_day)
    kept &= (rng.random(len(stays)) < value("audit.berri_done")) & uses
    child, day = stays["child"].to_numpy()[kept], day[kept]
    level = (shard.children["difficulties"].to_numpy()[child] - 14) / 7
    mean, spread = np.array(list(value("audit.berri").values())).T
    shared = 0.6 * level[:, None] + 0.4 * rng.normal(size=(len(child), 1))
    drawn = mean + spread * (shared + 0.7 * rng.normal(size=(len(child), len(mean))))
    parts = np.maximum(np.rint(drawn), 0).astype(np.int64)
    columns = {"berri": parts.sum(axis=1), **dict(zip(_PARTS_OF_BERRI, parts.T, strict=True))}
    return _long(child, day, np.full(len(child), "key worker", dtype=object), columns)


def _shared_out(rng: np.random.Generator, total: Floats, shares: list[float]) -> Ints:
    part = np.outer(total, shares) + 1.2 * rng.normal(size=(len(total), len(shares)))
    return _whole(part)


def _whole(score: Floats) -> Ints:
    return np.clip(np.rint(score), 0, _TOP_OF_PART).astype(np.int64)


def _long(child: Ints, day: Ints, rater: Texts, columns: dict[str, Ints]) -> pd.DataFrame:
    number = len(columns)
    return pd.DataFrame(
        {
            "child": np.repeat(child, number),
            "day": np.repeat(day, number),
            "scale": np.tile(np.array(list(columns), dtype=object), len(child)),
            "score": np.stack(list(columns.values()), axis=1).reshape(-1),
            "rater": np.repeat(rater, number),
        }
    )
