"""Published counts by local authority: DfE's file on how stable placements are, as published.

Source: Department for Education, *Children looked after in England including adoptions*, data set
"CLA - placement stability - by local authority" (Open Government Licence v3.0). A file is known by
its columns, so any name will do, and a folder may hold several editions, overlapping or not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from bayescich.account import Account
from bayescich.errors import RecordsError
from bayescich.records.tabular import RawTable, read_tables, spreadsheet_files

TABLE = "authority counts"
"""Name of this table in the account."""

WHERE_DFE_PUBLISHES = (
    "DfE publishes it once a year: search GOV.UK for 'Children looked after in England including "
    "adoptions', follow it to explore-education-statistics.service.gov.uk and download the data "
    "set 'CLA - placement stability - by local authority' as CSV, or all data as ZIP. Put it into "
    "a folder, under any name, and run: make fit MODEL=la_stability DATA=<folder>"
)
"""Where a reader finds the file, in words."""

_GROUP, _WHAT = "cla_group", "placement_stability"
_COLUMNS = ("time_period", "geographic_level", "region_name", "la_name", "new_la_code", _GROUP,
            _WHAT)  # fmt: skip
_COUNT = ("children_count", "number")
"""Heading of the count from the edition of 2025, and before."""

_MEASURES: Mapping[tuple[str, str], str] = {
    ("CLA on 31 March", "Total children"): "children",
    ("CLA on 31 March", "With 3 or more placements during the year"): "moved",
    ("CLA 2 years on 31 March", "Total children"): "children_2yr",
    (
        "CLA 2 years on 31 March",
        "With 3 or more placements during the previous 2 years",
    ): "moved_2yr",
    (
        "Children looked after continuously for at least 2.5 years on 31 March aged under 16 years",
        "Total children",
    ): "children_long",
    (
        "Children looked after continuously for at least 2.5 years on 31 March aged under 16 years",
        "Living with the same carer for at least 2 years",
    ): "same_carer",
}
MEASURES = tuple(_MEASURES.values())
"""What is counted, by the names used here."""

SYMBOLS: Mapping[str, str] = {
    "c": "suppressed, because the number is small",
    "k": "above zero but rounds to zero",
    "x": "not available",
    "z": "not applicable: there was no such authority, or it had no such children",
    "~": "negligible",
    "": "blank",
}
"""What stands in place of a number, as DfE explains its symbols. None of them is a zero."""

COUNTS = pa.DataFrameSchema(
    {
        "code": pa.Column("str", description="nine-character code of the authority (ONS)"),
        "authority": pa.Column("str", description="name of the authority, as published"),
        "region": pa.Column("str", description="region; London is Inner and Outer London"),
        "year": pa.Column("int64", pa.Check.in_range(2000, 2100), description="year of 31 March"),
        "measure": pa.Column("str", pa.Check.isin(MEASURES), description="what is counted"),
        "number": pa.Column(
            "Int64", pa.Check.ge(0), nullable=True, description="children; blank for a symbol"
        ),
        "symbol": pa.Column(
            "str", pa.Check.isin(list(SYMBOLS)), description="what stands there instead"
        ),
    },
    unique=["code", "year", "measure"],
    strict=True,
    ordered=True,
    name="authority_counts",
    description="One row per authority, year and measure.",
)
"""Counts as published: one row per authority, year and measure."""


@dataclass(frozen=True)
class AuthorityCounts:
    """What DfE publishes of placement stability by authority."""

    counts: pd.DataFrame
    """As `COUNTS`."""
    account: Account
    """Rows read, repaired, noted and left out."""


def read_authority_counts(folder: Path) -> AuthorityCounts:
    """Read every edition of DfE's file in a folder, or one file.

    Parameters
    ----------
    folder : Path
        A folder of CSV files or workbooks, or one such file. Files that hold something else are
        passed over.

    Returns
    -------
    AuthorityCounts
        Where editions overlap, the newest is followed.

    Raises
    ------
    RecordsError
        If there is no such file, or a cell is neither a number nor one of DfE's symbols.
    """
    files = spreadsheet_files(folder)
    tables = [raw for path in files for raw in read_tables(path, is_stability_header)]
    if not tables:
        raise RecordsError(
            "DfE's file of placement stability by local authority was not found.",
            where=f"{folder}: {len(files)} spreadsheets, none with the columns "
            f"{', '.join(_COLUMNS)}",
            examples=[path.name for path in files],
            next_step=WHERE_DFE_PUBLISHES,
        )
    parts, account = [], Account()
    for raw in tables:
        rows, counted = _typed(raw)
        parts.append(rows)
        account += counted
    rows, counted = _newest(pd.concat(parts, ignore_index=True))
    account += counted + _symbols(rows)
    return AuthorityCounts(COUNTS.validate(rows), account.kept(TABLE, "counts", len(rows)))


def is_stability_header(cells: Sequence[str]) -> bool:
    """Say whether a row is the header of DfE's file.

    Examples
    --------
    >>> is_stability_header([*_COLUMNS, "children_count", "children_percent"])
    True
    """
    found = set(cells)
    return found.issuperset(_COLUMNS) and bool(found & set(_COUNT))


def _typed(raw: RawTable) -> tuple[pd.DataFrame, Account]:
    """Keep the authorities of one table, with the measures that are known."""
    cells = raw.frame.apply(lambda column: column.str.strip())
    account = Account().read(TABLE, raw.source, len(cells))
    local = cells["geographic_level"].eq("Local authority")
    account = account.excluded(TABLE, "sums of England and its regions", int((~local).sum()))
    cells = cells[local]
    pairs = pd.Series(list(zip(cells[_GROUP], cells[_WHAT], strict=True)), index=cells.index)
    measure = pairs.map(_MEASURES)
    unknown = measure.isna()
    rule = "a measure that is not read here"
    account = account.excluded(TABLE, rule, int(unknown.sum()), cells.loc[unknown, _WHAT].unique())
    cells, measure = cells[~unknown], measure[~unknown]
    number, symbol = _numbers(raw, cells)
    rows = pd.DataFrame(
        {
            "code": cells["new_la_code"],
            "authority": cells["la_name"],
            "region": cells["region_name"],
            "year": _years(raw, cells),
            "measure": measure,
            "number": number,
            "symbol": symbol,
        }
    )
    return rows.assign(edition=rows["year"].max()), account


def _numbers(raw: RawTable, cells: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return counts, and the symbols that stand in place of some."""
    written = cells[next(name for name in _COUNT if name in cells)].str.replace(",", "")
    is_number = written.str.fullmatch(r"\d+")
    symbol = written.mask(is_number, "")
    strange = ~symbol.isin(list(SYMBOLS))
    if strange.any():
        raise RecordsError(
            "A count is neither a whole number nor one of DfE's symbols.",
            where=f"{raw.source}, rows {', '.join(map(str, cells.index[strange][:5]))}",
            examples=sorted(symbol[strange].unique()),
            why=f"known symbols are {', '.join(s for s in SYMBOLS if s)}",
            next_step="Take the file as published, before a spreadsheet has changed it.",
        )
    return pd.to_numeric(written.where(is_number)).astype("Int64"), symbol.astype("str")


def _years(raw: RawTable, cells: pd.DataFrame) -> pd.Series:
    years = cells["time_period"]
    wrong = ~years.str.fullmatch(r"20\d\d")
    if wrong.any():
        raise RecordsError(
            "A time period is not a year.",
            where=f"{raw.source}, column time_period",
            examples=sorted(years[wrong].unique()),
            next_step="Take the file as published, before a spreadsheet has changed it.",
        )
    return years.astype("int64")


def _newest(rows: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    """Keep one row per authority, year and measure: that of the newest edition."""
    key = ["code", "year", "measure"]
    ordered = rows.sort_values([*key, "edition"], kind="stable")
    groups = ordered.assign(number=ordered["number"].fillna(-1)).groupby(key)
    differs = groups["number"].nunique().gt(1)
    kept = ordered.drop_duplicates(key, keep="last").drop(columns="edition")
    # a name or a region spelt otherwise in an older edition would be another level
    latest = kept.sort_values("year", kind="stable").groupby("code")
    kept = kept.assign(**{c: latest[c].transform("last") for c in ("authority", "region")})
    changed = differs[differs].index.get_level_values("code").unique()
    account = (
        Account()
        .repaired(TABLE, "editions differ; the newest is followed", int(differs.sum()), changed)
        .excluded(TABLE, "the same count in an older edition", len(rows) - len(kept))
    )
    return kept.reset_index(drop=True), account


def _symbols(rows: pd.DataFrame) -> Account:
    """Count what stands in place of numbers, symbol by symbol: it is blank, never zero."""
    account = Account()
    missing = rows[rows["number"].isna()]
    for symbol, meaning in SYMBOLS.items():
        found = missing[missing["symbol"] == symbol]
        shown = f"“{symbol}” for a number" if symbol else "no number"
        account = account.noted(TABLE, f"{shown}: {meaning}", len(found), found["authority"])
    return account
