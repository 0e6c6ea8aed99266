"""The needs audit: which needs a child was recorded to have, when, and who said so.

Needs come as one row per child, need, date and source, or as one row per child and date with a
column of yes and no per need. The vocabulary is ``codes/needs.csv``. A need is used only with its
date, for what was recorded after a placement began cannot explain it. Scores on named scales (SDQ,
BERRI and its parts) stand beside the needs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from bayescich.account import Account
from bayescich.records.code_sets import code_set
from bayescich.records.fields import code, day, flag, identifier, number, text
from bayescich.records.sources import Reading, read_tables_of
from bayescich.records.tables import Table
from bayescich.records.tidying import coded, one_row_each, shown, with_authority
from bayescich.records.vocabulary import WideTable, melt_account, melted, term_columns, vocabulary

_CHILD_HEADINGS = ("CHILD_ID", "Child", "Child ID", "LA child ID")
_DATE_HEADINGS = ("DATE_RECORDED", "Date recorded", "Audit date", "Date of record")
_WHO_AND_WHEN = {
    "LA": text("local authority responsible for the child", needed=False, headings=("Authority",)),
    "CHILD": identifier("the authority's id of the child, as in SSDA903", headings=_CHILD_HEADINGS),
    "DATE": day("date of the document that records it", headings=_DATE_HEADINGS),
    "SOURCE": text(
        "kind of document, in the words of the code set need_sources",
        needed=False,
        headings=("Document", "Record type"),
    ),
}
_SEVERITIES = {label.upper(): grade for grade, label in code_set("need_severity").to_numpy()[:, :2]}

NEEDS = Table(
    "needs",
    "Needs audit, one row per need",
    pa.DataFrameSchema(
        {
            **_WHO_AND_WHEN,
            "NEED": text(
                "the need, in the words of the code set needs; several parted by ;",
                headings=("NEEDS", "Need recorded", "Category of need"),
            ),
            "SEVERITY": code(
                "how grave the need is",
                "need_severity",
                needed=False,
                headings=("Level", "Level of need"),
                recoded=_SEVERITIES,
            ),
            "PRESENT": flag(
                "whether the child has the need; blank is yes",
                needed=False,
                headings=("Has need",),
            ),
        },
        description="One row per child, need, date and source.",
    ),
    known_by=("CHILD", "NEED", "DATE"),
    key=("CHILD", "NEED", "DATE"),
)

NEEDS_WIDE = WideTable(
    "needs_wide",
    "Needs audit, one column per need",
    pa.DataFrameSchema(
        {**_WHO_AND_WHEN, **term_columns("needs", "whether the child has the need")},
        description="One row per child, date and source, with a column of yes and no per need.",
    ),
    known_by=("CHILD", "DATE"),
    key=("CHILD", "DATE"),
)

SCALE_SCORES = Table(
    "scale_scores",
    "Scores on scales of wellbeing",
    pa.DataFrameSchema(
        {
            **{name: _WHO_AND_WHEN[name] for name in ("LA", "CHILD", "DATE")},
            "SCALE": text("the scale, in the words of the code set scales", headings=("Measure",)),
            "SCORE": number("the score", "points"),
            "RATER": text(
                "who filled in the scale, in the words of the code set need_raters",
                needed=False,
                headings=("Informant", "Completed by"),
            ),
        },
        description="One row per child, scale, date and rater.",
    ),
    known_by=("CHILD", "SCALE", "SCORE", "DATE"),
    key=("CHILD", "SCALE", "SCORE", "DATE"),
)

NEEDS_TABLES: tuple[Table, ...] = (NEEDS, NEEDS_WIDE, SCALE_SCORES)
"""The tables of a needs audit."""


@dataclass(frozen=True)
class NeedsRecords:
    """What an audit of needs says."""

    needs: pd.DataFrame
    """One row per child, need, date and source: LA, CHILD, NEED (code), FAMILY (code of
    need_families), LARGER_CATEGORY (bool), DATE, SOURCE (code or blank), SEVERITY (1 low, 2
    medium, 3 high, or blank), PRESENT (False: looked at and not found)."""
    scores: pd.DataFrame
    """One row per child, scale, date and rater: LA, CHILD, SCALE (code), SCORE, DATE, RATER."""
    account: Account
    """What was read, repaired, left out and kept."""


def read_needs(source: Path | str) -> NeedsRecords:
    """Read a needs audit.

    Parameters
    ----------
    source : Path or str
        A folder, a file or an SQLAlchemy URL.

    Returns
    -------
    NeedsRecords

    Raises
    ------
    RecordsError
        If a file cannot be read as what its columns say it is.
    """
    reading = read_tables_of(source, NEEDS_TABLES)
    records = needs_records(reading)
    return replace(records, account=reading.account + records.account)


def needs_records(reading: Reading) -> NeedsRecords:
    """Make the needs audit of tables already read.

    Parameters
    ----------
    reading : Reading
        Made with `NEEDS_TABLES` among its tables.

    Returns
    -------
    NeedsRecords
        Its account begins where that of the reading ends.
    """
    needs, account = _needs(reading.tables["needs"], reading.tables["needs_wide"])
    scores, counted = _scores(reading.tables["scale_scores"])
    return NeedsRecords(needs, scores, account + counted)


def parted(frame: pd.DataFrame, table: str) -> tuple[pd.DataFrame, Account]:
    """Give each need its own row where a cell names several.

    Parameters
    ----------
    frame : DataFrame
        With a column NEED of words.
    table : str
        Name for the account.

    Returns
    -------
    DataFrame
    Account
        The rows added.
    """
    distinct = frame["NEED"].unique()
    terms = {cell: vocabulary("needs").terms_in(cell) for cell in distinct}
    several = frame["NEED"].isin([cell for cell in distinct if len(terms[cell]) > 1])
    if not several.any():
        return frame, Account()
    split = frame.assign(NEED=frame["NEED"].map(terms)).explode("NEED", ignore_index=True)
    rule = "rows added because one cell names several needs"
    added = len(split) - len(frame)
    examples = frame.loc[several, "NEED"].head()
    return split.astype({"NEED": "str"}), Account().repaired(table, rule, added, examples)


def with_families(needs: pd.DataFrame) -> pd.DataFrame:
    """Add the family of each need, and whether it is one of the larger categories.

    Parameters
    ----------
    needs : DataFrame
        With a column NEED of codes.

    Returns
    -------
    DataFrame
        The same rows with FAMILY and LARGER_CATEGORY after NEED.
    """
    terms = code_set("needs").set_index("code")
    place = list(needs.columns).index("NEED") + 1
    family = needs["NEED"].map(terms["family"]).astype("str")
    larger = needs["NEED"].map(terms["larger_category"].eq("yes")).astype("bool")
    added = needs.copy()
    added.insert(place, "FAMILY", family)
    added.insert(place + 1, "LARGER_CATEGORY", larger)
    return added


def _needs(long: pd.DataFrame, wide: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    long, parts = parted(long, "needs")
    long = long.assign(PRESENT=long["PRESENT"].fillna(value=True))
    melt = melted(wide, "needs", ("NEED", "PRESENT"))
    melt["SEVERITY"] = pd.Series(pd.NA, index=melt.index, dtype="str")
    account = melt_account(wide, melt, "needs_wide")
    needs = pd.concat([long, melt[list(long.columns)]], ignore_index=True)
    needs, authority = with_authority(needs, "needs")
    needs, terms = coded(needs, "NEED", "needs", "needs", required=True)
    needs, sources = coded(needs, "SOURCE", "need_sources", "needs", required=False)
    needs, once = _each_need_once(needs.astype({"SEVERITY": "Int64", "PRESENT": "bool"}))
    account = parts + account + authority + terms + sources + once
    return with_families(needs), account.kept("needs", "rows of child, need, date", len(needs))


def _each_need_once(needs: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    keys = ["LA", "CHILD", "NEED", "DATE", "SOURCE"]
    columns = ["LA", "CHILD", "NEED", "DATE", "SOURCE", "SEVERITY", "PRESENT"]
    rule = "the same need, date and source; yes goes before no, then the gravest"
    return one_row_each(needs[columns], keys, ["PRESENT", "SEVERITY"], "needs", rule)


def _scores(scores: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    name = "scale_scores"
    scores, authority = with_authority(scores, name)
    scores, scales = coded(scores, "SCALE", "scales", name, required=True)
    scores, raters = coded(scores, "RATER", "need_raters", name, required=False)
    outside = _outside_scale(scores)
    examples = shown(scores, ["LA", "CHILD", "SCALE", "SCORE"], outside)
    rule = "SCORE is outside the scale"
    account = authority + scales + raters
    account = account.excluded(name, rule, int(outside.sum()), examples)
    columns = ["LA", "CHILD", "SCALE", "SCORE", "DATE", "RATER"]
    keys = ["LA", "CHILD", "SCALE", "DATE", "RATER"]
    rule = "another score on the same scale, date and rater; the last row of the file is kept"
    scores, once = one_row_each(scores.loc[~outside, columns], keys, [], name, rule)
    return scores, (account + once).kept(name, "scores", len(scores))


def _outside_scale(scores: pd.DataFrame) -> pd.Series:
    limits = code_set("scales").set_index("code")[["low", "high"]].apply(pd.to_numeric)
    low = scores["SCALE"].map(limits["low"]).astype("float64")
    high = scores["SCALE"].map(limits["high"]).astype("float64")
    return (scores["SCORE"] < low) | (scores["SCORE"] > high)
