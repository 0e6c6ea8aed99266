"""One Ofsted table, whatever its layout, into typed homes and inspections.

Ofsted's layouts differ by year and by sheet, so a table is known by its columns: the
spellings of each heading are in ``codes/ofsted_columns.csv`` and nowhere else.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import pandas as pd

from bayescich.account import Account
from bayescich.errors import RecordsError
from bayescich.records.code_sets import code_set
from bayescich.records.ofsted_lookup_schema import is_lookup
from bayescich.records.tabular import RawTable, label_key, parse_dates

KNOWN_HEADINGS_OF_A_LIST = 4
"""A row with so many of Ofsted's headings is taken for the header of one of its lists."""

_YEAR_OF_LIST = (r"31 March (20\d\d)", r"in year 20\d\d-(\d\d)", r"\b(20\d\d)\b")


@dataclass(frozen=True)
class OfstedTable:
    """The homes of one list: the columns that are known, under their own names, as text."""

    source: str
    """File, and sheet."""
    as_published: bool
    """Whether title rows stand above the header, as in Ofsted's own files."""
    headings: dict[str, str]
    """Name of a column here to its heading in the file."""
    cells: pd.DataFrame
    """Rows of children's homes, as text; the index is the row in the sheet."""
    snapshot: pd.Series
    """Year of the 31 March list each row belongs to."""


def is_ofsted_header(cells: Sequence[str]) -> bool:
    """Say whether a row is the header of a list of providers or inspections."""
    known = _name_of_heading()
    return len({known.get(label_key(cell), "") for cell in cells} - {""}) >= (
        KNOWN_HEADINGS_OF_A_LIST
    )


def ofsted_table(table: RawTable) -> tuple[OfstedTable | None, Account]:
    """Recognise a raw table and keep its children's homes.

    Returns
    -------
    OfstedTable or None
        None for a list that holds neither homes on a day nor inspections (leavers and joiners),
        and for the restricted look-up, which ``records.ofsted_lookup`` reads.
    Account
        Rows read, and those left out with the reason.

    Raises
    ------
    RecordsError
        If a column is missing, or the year of the list is nowhere given.
    """
    account = Account().read("homes", table.source, len(table.frame))
    headings = _headings(table)
    other = _other_list(table, headings)
    if other:
        return None, account.excluded("homes", other, len(table.frame))
    _require_columns(table, headings)
    cells = _cells(table, headings)
    homes, account = _only_homes(cells, account)
    snapshot = _snapshot(table, homes)
    return OfstedTable(table.source, bool(table.title), headings, homes, snapshot), account


def homes_of(table: OfstedTable) -> tuple[pd.DataFrame, Account]:
    """Type the attributes of the homes of one list.

    Returns
    -------
    DataFrame
        The columns of ``ofsted_schema.HOMES``; ``short_breaks`` is still blank where the list
        has no such column, and a home may be given more than once.
    Account
        Cells repaired.
    """
    cells = table.cells
    places, account = _places(cells)
    homes = pd.DataFrame(
        {
            "urn": cells["urn"].str.upper(),
            "snapshot": table.snapshot,
            "provision_type": _labels(table, "provision_type", "provision_types"),
            "sector": _labels(table, "sector", "sectors"),
            "places": places,
            "short_breaks": _short_breaks(table),
            "owner": _text(cells, "owner"),
            "authority": _text(cells, "authority"),
            "region": _regions(cells),
            "registration_date": parse_dates(_column(cells, "registration_date")),
            "status": _text(cells, "status"),
        }
    )
    return homes, account


def inspections_of(table: OfstedTable) -> tuple[pd.DataFrame, Account]:
    """Type the full inspections of one list: the latest and, where given, the one before.

    Returns
    -------
    DataFrame
        The columns of ``ofsted_schema.INSPECTIONS``, with ``as_published``; one inspection
        may be given more than once.
    Account
        Inspections read, repaired and left out.

    Raises
    ------
    RecordsError
        If a grade is none that Ofsted gives.
    """
    parts, account = [], Account()
    for prefix, of in (("", "inspections"), ("previous_", "previous inspections")):
        if prefix + "inspection_date" in table.cells.columns:
            part, counted = _inspections(table, prefix, of)
            parts.append(part)
            account += counted
    return (pd.concat(parts) if parts else pd.DataFrame()), account


@cache
def _name_of_heading() -> dict[str, str]:
    columns = code_set("ofsted_columns")
    return {
        label_key(heading): name
        for name, headings in zip(columns["name"], columns["headings"], strict=True)
        for heading in headings.split("|")
    }


def _spellings(name: str) -> list[str]:
    columns = code_set("ofsted_columns").set_index("name")
    return str(columns.loc[name, "headings"]).split("|")


def _headings(table: RawTable) -> dict[str, str]:
    """Map each known name to its heading in the file; the first spelling listed wins."""
    found = {label_key(heading): heading for heading in table.frame.columns}
    headings = {}
    for name in code_set("ofsted_columns")["name"]:
        present = [found[label_key(s)] for s in _spellings(name) if label_key(s) in found]
        if present:
            headings[name] = present[0]
    return headings


def _other_list(table: RawTable, headings: dict[str, str]) -> str:
    """Name what a list of Ofsted's is, if it is none of homes as published."""
    if "leaver_status" in headings:
        return "a list of leavers and joiners, which says nothing of homes on a given day"
    if is_lookup(table.frame.columns):
        return "the restricted look-up of providers, which is read on its own"
    return ""


def _cells(table: RawTable, headings: dict[str, str]) -> pd.DataFrame:
    """Take the known columns under their own names, trimmed, without rows that are all blank."""
    cells = table.frame[list(headings.values())].set_axis(list(headings), axis="columns")
    cells = cells.apply(lambda column: column.str.strip())
    return cells[cells.ne("").any(axis="columns")]


def _require_columns(table: RawTable, headings: dict[str, str]) -> None:
    columns = code_set("ofsted_columns")
    for need in ("always", "with inspections", "with previous inspections"):
        names = columns.loc[columns["needed"] == need, "name"]
        present = [name for name in names if name in headings]
        missing = [name for name in names if name not in headings]
        if missing and (present or need == "always"):
            raise _missing_column(table, missing[0], headings)


def _missing_column(table: RawTable, name: str, headings: dict[str, str]) -> RecordsError:
    spellings = _spellings(name)
    spare = {label_key(h): h for h in table.frame.columns if h not in headings.values()}
    near = {
        spare[key]: None
        for spelling in spellings
        for key in difflib.get_close_matches(label_key(spelling), list(spare), n=1, cutoff=0.5)
    }
    nearest = " or ".join(f'"{heading}"' for heading in near)
    allowed = " or ".join(f'"{spelling}"' for spelling in spellings)
    return RecordsError(
        f"A column is missing: {allowed}.",
        where=table.source,
        why="Without it the homes cannot be typed or their inspections read.",
        next_step=(f"The nearest heading in the file is {nearest}. " if nearest else "")
        + "Give the file as Ofsted publishes it, or rename the column.",
    )


def _only_homes(cells: pd.DataFrame, account: Account) -> tuple[pd.DataFrame, Account]:
    account = account.excluded("homes", "row without a URN", int(cells["urn"].eq("").sum()))
    cells = cells[cells["urn"].ne("")]
    homes = {label_key(label) for label in code_set("provision_types")["label"]}
    is_home = cells["provision_type"].map(label_key).isin(homes)
    other = cells[~is_home]
    for kind, rows in other.groupby("provision_type"):
        rule = f"not a children's home: {str(kind) or 'provision type blank'}"
        account = account.excluded("homes", rule, len(rows), rows["urn"].head())
    return cells[is_home], account


def _snapshot(table: RawTable, homes: pd.DataFrame) -> pd.Series:
    if "snapshot" in homes:
        return _years_given(table, homes)
    year = _year_in_words(table) or _year_of_last_inspection(homes)
    if year is None:
        raise RecordsError(
            "The year of the list is not given.",
            where=table.source,
            why="A home's size, sector and owner change from year to year.",
            next_step="Keep the title rows that Ofsted prints above the table, put the year in "
            'the file\'s name, or add a column "snapshot" with the year of the 31 March list.',
        )
    return pd.Series(year, index=homes.index, dtype="int64")


def _years_given(table: RawTable, homes: pd.DataFrame) -> pd.Series:
    years = pd.to_numeric(homes["snapshot"], errors="coerce")
    unread = homes[~years.between(2000, 2100)]
    if len(unread):
        raise RecordsError(
            f'"{unread["snapshot"].iloc[0]}" is not the year of a list.',
            where=f"{table.source}, column snapshot, {_rows(len(unread))}, "
            f"the first in row {unread.index[0]}",
            examples=[f"URN {urn}" for urn in unread["urn"]],
            next_step="Give the year of the 31 March list, for example 2025.",
        )
    return years.astype("int64")


def _rows(number: int) -> str:
    return f"{number} row{'' if number == 1 else 's'}"


def _year_in_words(table: RawTable) -> int | None:
    for words in (table.title, table.source):
        for pattern in _YEAR_OF_LIST:
            found = re.findall(pattern, words.replace("_", " "), flags=re.IGNORECASE)
            if found:
                return 2000 + int(found[-1]) % 100
    return None


def _year_of_last_inspection(homes: pd.DataFrame) -> int | None:
    last = parse_dates(_column(homes, "inspection_date")).max()
    return None if pd.isna(last) else int(last.year + (last.month > 3))


def _column(cells: pd.DataFrame, name: str) -> pd.Series:
    return cells[name] if name in cells else pd.Series("", index=cells.index, dtype="str")


def _text(cells: pd.DataFrame, name: str) -> pd.Series:
    column = _column(cells, name).str.split().str.join(" ").astype("str")
    return column.mask(column.eq(""))


def _places(cells: pd.DataFrame) -> tuple[pd.Series, Account]:
    number = pd.to_numeric(cells["places"].mask(cells["places"].eq("")), errors="coerce")
    usable = number.where((number > 0) & (number % 1 == 0))
    unusable = cells["places"].ne("") & usable.isna()
    rule = "places are no whole number above zero; taken as not recorded"
    account = Account().repaired("homes", rule, int(unusable.sum()), cells.loc[unusable, "urn"])
    return usable.astype("Int64"), account


def _short_breaks(table: OfstedTable) -> pd.Series:
    if "short_breaks" not in table.cells:
        return pd.Series(pd.NA, index=table.cells.index, dtype="boolean")
    return _labels(table, "short_breaks", "short_breaks").eq("yes").astype("boolean")


def _regions(cells: pd.DataFrame) -> pd.Series:
    """Spell the nine regions alike; Ofsted's merged region becomes blank, others stay."""
    regions = code_set("regions")
    known = dict(zip(regions["label"].map(label_key), regions["region"], strict=True))
    column = _column(cells, "region")
    named = column.map(lambda label: known.get(label_key(label), label))
    return named.mask(named.eq("")).astype("str")


def _labels(table: OfstedTable, name: str, codes: str) -> pd.Series:
    """Replace the labels of a column by those of a code set; ``""`` stays where it is a label."""
    known = code_set(codes)
    meaning = dict(zip(known["label"].map(label_key), known.iloc[:, 1], strict=True))
    keys = table.cells[name].map(label_key)
    _refuse_unknown(table, name, keys.isin(list(meaning)), known["label"])
    return keys.map(meaning).astype("str")


def _refuse_unknown(table: OfstedTable, name: str, known: pd.Series, allowed: pd.Series) -> None:
    unknown = table.cells[~known]
    if unknown.empty:
        return
    labels = unknown[name].value_counts()
    found = ", ".join(f'"{label}"' for label in labels.index[:3])
    choices = ", ".join(f'"{label}"' for label in allowed if label)
    raise RecordsError(
        f"{found} is not a label that Ofsted uses here.",
        where=f"{table.source}, column {table.headings[name]}, {_rows(len(unknown))}, "
        f"the first in row {unknown.index[0]}",
        examples=[f"URN {urn}" for urn in unknown["urn"]],
        why="A label that is guessed at, or left out, would bias what is said of these homes.",
        next_step=f"Correct it to one of: {choices}.",
    )


def _inspections(table: OfstedTable, prefix: str, of: str) -> tuple[pd.DataFrame, Account]:
    names = ["inspection_date", "event_number", "judgement"]
    given = (table.cells[[prefix + name for name in names]] != "").any(axis=1)
    cells = table.cells[given]
    account = Account().read("inspections", f"{table.source}: {of}", len(cells))
    kind = _column(cells, prefix + "event_type")
    full = kind.map(label_key).isin(["", "full inspection"])
    for label, rows in cells[~full].groupby(kind[~full]):
        account = account.excluded("inspections", f"not full: {label}", len(rows), rows["urn"])
    graded, account = _graded(table, cells[full], prefix + "judgement", account)
    inspections = pd.DataFrame(
        {
            "urn": graded["urn"].str.upper(),
            "event_number": _text(graded, prefix + "event_number"),
            "inspection_date": parse_dates(graded[prefix + "inspection_date"]),
            "judgement": graded["judgement_read"],
            "grade": graded["grade_read"].astype("int64"),
            "snapshot": table.snapshot.reindex(graded.index),
            "as_published": table.as_published,
        }
    )
    return _dated(inspections, account)


def _graded(
    table: OfstedTable, cells: pd.DataFrame, name: str, account: Account
) -> tuple[pd.DataFrame, Account]:
    codes = code_set("judgements")
    codes = codes.set_index(codes["label"].map(label_key))
    keys = cells[name].map(label_key)
    _refuse_unknown(replace(table, cells=cells), name, keys.isin(codes.index), codes["label"])
    judgement = keys.map(codes["judgement"])
    respelt = judgement.ne(cells[name]) & judgement.ne("")
    for label, rows in cells[respelt].groupby(name):
        meant = judgement[rows.index[0]]
        rule = f'grade "{label}" read as "{meant}"'
        account = account.repaired("inspections", rule, len(rows), rows["urn"])
    blank = cells.loc[judgement.eq(""), "urn"]
    account = account.excluded("inspections", "no grade given (not judged)", len(blank), blank)
    read = cells.assign(judgement_read=judgement.astype("str"), grade_read=keys.map(codes["grade"]))
    return read[judgement.ne("")], account


def _dated(inspections: pd.DataFrame, account: Account) -> tuple[pd.DataFrame, Account]:
    undated = inspections.loc[inspections["inspection_date"].isna(), "urn"]
    rule = "date of the inspection blank or unreadable"
    account = account.excluded("inspections", rule, len(undated), undated)
    return inspections[inspections["inspection_date"].notna()], account
