"""What stands on the page of a check of returns, section by section."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from bayescich.account import Entry, Stage
from bayescich.histories.check import RecordsCheck
from bayescich.histories.faults import ANY_FAULT
from bayescich.report.blocks import (
    Block,
    Caution,
    Cell,
    Cohort,
    CohortStep,
    Details,
    Heading,
    Notes,
    Prose,
    Section,
    Subhead,
    Table,
)
from bayescich.report.release import Release, blank
from bayescich.report.tables import SHOWN_ROWS
from bayescich.report.words import DASH, count, counted, listed, number_word, sentence_case

FILES, FAULTS, ACCOUNT = "files.csv", "faults.csv", "account.csv"
AUTHORITIES, MEASURES = "authorities.csv", "measures.csv"


def make_records_sections(content: RecordsCheck, release: Release) -> tuple[Section, ...]:
    """Return the sections of the page, in order."""
    sections = (
        Section("answer", "In short", _summary(content, release)),
        Section("files", "Files", _files(content, release)),
        Section("flow", "From returns to histories", _flow(content, release)),
        Section("faults", "Faults", _faults(content, release)),
        Section("noted", "Noted", _stage(content, release, "noted", _NOTED)),
        Section("repairs", "Repairs", _stage(content, release, "repaired", _REPAIRED)),
        Section("exclusions", "Exclusions", _stage(content, release, "excluded", _EXCLUDED)),
        Section("authorities", "Authorities that differ", _authorities(content, release)),
        Section("measures", "Published measures", _measures(content, release)),
        Section("reading", "How to read this page", _reading()),
    )
    return tuple(section for section in sections if section.blocks)


_NOTED = "Rows that are out of the ordinary and were left as they are."
_REPAIRED = "Rows that were changed by a rule and stay."
_EXCLUDED = "Rows that were left out, and why."


def headline(content: RecordsCheck, release: Release) -> str:
    """Return what was read, what is wrong with it and what goes on, in one paragraph."""
    scope = content.scope
    authorities = counted(scope.authorities, "authority", "authorities")
    read = (
        f"{release.number(scope.rows)} rows of episodes were read, of "
        f"{release.number(scope.children)} children in {authorities}, {_years(scope.years)}."
    )
    sentences = [read]
    any_fault = content.faults[content.faults["rule"].eq(ANY_FAULT)]
    if len(any_fault):
        rows, share = any_fault[["rows", "share"]].iloc[0]
        sentences.append(
            f"{release.share(share, rows)} of the episodes ({release.number(rows)}) have a fault "
            "of some kind, in any of their returns."
        )
    if content.flow:
        last = content.flow[-1]
        sentences.append(f"{release.number(last.rows)} {last.unit} remain: {last.label.lower()}.")
    return " ".join(sentences)


def _years(years: tuple[int, ...]) -> str:
    if not years:
        return "of no collection year"
    names = [f"{year - 1}-{year % 100:02d}" for year in (years[0], years[-1])]
    if len(years) == 1:
        return f"returned for {names[0]}"
    return f"returned for {number_word(len(years))} years from {names[0]} to {names[1]}"


def _summary(content: RecordsCheck, release: Release) -> tuple[Block, ...]:
    blocks: list[Block] = [Prose((headline(content, release),), lead=True)]
    blocks += [Caution("Read this first", content.warnings)] if content.warnings else []
    return (*blocks, _caution(release))


def _caution(release: Release) -> Caution:
    if release.without_ids:
        return Caution("Made for release: have it checked before it leaves", (_FOR_RELEASE,))
    return Caution("This page names children: it must not leave the secure room", (_INSIDE,))


_FOR_RELEASE = (
    "Ids are left out. Counts from one to nine are written as <10 and other counts are rounded to "
    "the nearest five. The rules of your room still apply: ask for the page to be checked."
)
_INSIDE = (
    "It holds ids of children and counts of fewer than ten. The option --without-ids writes a "
    "page without either."
)


def _files(content: RecordsCheck, release: Release) -> tuple[Block, ...]:
    files = content.files
    noted = files["note"].fillna("").ne("")
    read = files[~noted]
    tables, found = counted(len(read), "table"), counted(files["file"].nunique(), "file")
    left = number_word(int(noted.sum()))
    blocks: list[Block] = [Prose((f"{tables} read from {found}; {left} not read.",))]
    if noted.any():
        blocks.append(_file_table("files-not-read", "Not read, and why", files[noted], release))
    table = _file_table("files-read", "Read", read, release)
    folded = len(read) > 12 or noted.any()
    blocks.append(Details("Every table that was read", (table,)) if folded else table)
    return tuple(blocks) if len(files) else ()


def _file_table(name: str, caption: str, files: pd.DataFrame, release: Release) -> Table:
    wanted = {"file": "File", "table": "Table", "authority": "Authority", "year": "Year",
              "rows": "Rows", "note": "Note"}  # fmt: skip
    kept = {c: h for c, h in wanted.items() if any(map(blank, files[c]))}
    rows = [
        tuple(_file_cell(column, value, release)
              for column, value in zip(kept, row, strict=True))
        for row in files[list(kept)].head(SHOWN_ROWS).itertuples(index=False)
    ]  # fmt: skip
    headings = [Heading(h, "number" if c == "rows" else "text") for c, h in kept.items()]
    return Table(name, caption, tuple(headings), tuple(rows), _cut(len(files), FILES), FILES)


def _file_cell(column: str, value: object, release: Release) -> Cell:
    if column == "rows":
        return _count_cell(value, release)
    # a column of years with blanks among them may hold numbers with a fraction
    return _text(blank(value).removesuffix(".0") if column == "year" else value)


def _flow(content: RecordsCheck, release: Release) -> tuple[Block, ...]:
    steps = tuple(
        CohortStep(
            step.label,
            f"{release.number(step.rows)} {step.unit}",
            tuple((reason, release.number(rows)) for reason, rows in step.excluded),
        )
        for step in content.flow
    )
    return (Prose((_COHORT,)), Cohort(steps)) if steps else ()


_COHORT = (
    "Each box is what is there at that step; at its side, what was left out on the way to the "
    "next. Joining rows into spells makes fewer of them without leaving any out."
)


def _faults(content: RecordsCheck, release: Release) -> tuple[Block, ...]:
    rules = content.faults[content.faults["rule"].ne(ANY_FAULT)]
    found = rules[rules["rows"].gt(0).fillna(value=False)]
    clean = rules[rules["rows"].eq(0).fillna(value=False)]
    unknown = rules[rules["rows"].isna()]
    words = (
        f"{count(len(rules))} rules were held against the returns as they came: "
        f"{count(len(found))} found something, {count(len(clean))} found nothing and "
        f"{count(len(unknown))} could not be held, because the table they are about is not there. "
        "A fault is counted here and changes nothing; what was done about it is under repairs and "
        "exclusions."
    )
    blocks: list[Block] = [Prose((words,))]
    for number, (theme, own) in enumerate(found.groupby("theme", sort=False)):
        blocks += [Subhead(sentence_case(str(theme))), _fault_table(number, own, release)]
    if len(clean):
        blocks.append(Details("Nothing found", (_rule_list("faults-none", clean),)))
    if len(unknown):
        blocks.append(Details("Not applicable: nothing to check", (
            _rule_list("faults-unknown", unknown),)))  # fmt: skip
    return tuple(blocks)


def _fault_table(number: int, own: pd.DataFrame, release: Release) -> Table:
    headings = [Heading("Fault", "text"), Heading("Rows", "number"),
                Heading("Share", "number", "of the table"), Heading("Children", "number"),
                Heading("Why it matters", "text")]  # fmt: skip
    if not release.without_ids:
        headings.append(Heading("Examples", "text"))
    rows = tuple(_fault_row(row, release) for row in own.to_dict("records"))
    tables = listed(dict.fromkeys(str(name) for name in own["table"]))
    return Table(f"faults-{number}", f"Counted over: {tables}", tuple(headings), rows,
                 download=FAULTS)  # fmt: skip


def _fault_row(row: Mapping[Hashable, Any], release: Release) -> tuple[Cell, ...]:
    rows, share = float(row["rows"]), float(row["share"])
    told = release.share(share, rows)
    cells = (
        Cell(sentence_case(str(row["rule"])), str(row["rule"]), detail=str(row["sentence"])),
        _count_cell(row["rows"], release),
        Cell(told, "0") if release.hidden(rows) else _bar(share, told, release),
        _count_cell(row["children"], release),
        _text(row["why"]),
    )
    return cells if release.without_ids else (*cells, _text(row["examples"]))


def _rule_list(name: str, rules: pd.DataFrame) -> Table:
    rows = tuple(
        (
            Cell(sentence_case(str(row["rule"])), str(row["rule"]), detail=str(row["sentence"])),
            _text(row["theme"]),
            _text(row["table"]),
        )
        for row in rules.to_dict("records")
    )
    headings = tuple(Heading(text, "text") for text in ("Fault", "Theme", "Table"))
    return Table(name, "Rules", headings, rows)


def stage_entries(content: RecordsCheck, stage: Stage) -> list[Entry]:
    """Return the lines of one stage of the account, the largest first.

    What the rules on faults noted is left out: it stands under faults.
    """
    faults = set(content.faults["sentence"])
    entries = [e for e in content.account.added_up().entries if e.stage == stage]
    return sorted((e for e in entries if e.rule not in faults), key=lambda e: -e.rows)


def _stage(content: RecordsCheck, release: Release, stage: Stage, words: str) -> tuple[Block, ...]:
    entries = stage_entries(content, stage)
    if not entries:
        return (Prose((f"No row was {stage}.",)),)
    headings = [Heading("Rule", "text"), Heading("Table", "text"), Heading("Rows", "number")]
    if not release.without_ids:
        headings.append(Heading("Examples", "text"))
    rows = [
        (_text(sentence_case(e.rule)), _text(e.table), _count_cell(e.rows, release),
         *(() if release.without_ids else (_text(", ".join(e.examples)),)))
        for e in entries[:SHOWN_ROWS]
    ]  # fmt: skip
    return (Table(f"stage-{stage}", words, tuple(headings), tuple(rows),
                  _cut(len(entries), ACCOUNT), ACCOUNT),)  # fmt: skip


def _authorities(content: RecordsCheck, release: Release) -> tuple[Block, ...]:
    profile = content.authorities
    if not len(profile):
        return ()
    worst = profile[list(_SHARES)].max(axis=1)
    order = worst.sort_values(ascending=False, kind="stable").index
    table = Table(
        "authorities",
        "How each authority records, the most unlike first",
        _AUTHORITY_HEADINGS,
        tuple(_authority_row(row, release) for row in profile.loc[order].head(SHOWN_ROWS)
              .to_dict("records")),
        _cut(len(profile), AUTHORITIES),
        AUTHORITIES,
    )  # fmt: skip
    return (Prose((_UNLIKE,)), table)


_SHARES = {
    "other": ("moves", "Reason OTHER"),
    "status_only": ("moves", "Reason PLACE"),
    "no_reason": ("moves", "No reason"),
    "no_urn": ("home_episodes", "Homes without URN"),
}
_OF = {"moves": "of moves", "home_episodes": "of episodes in homes"}
_AUTHORITY_HEADINGS = (
    Heading("Authority", "text"),
    Heading("Children", "number"),
    Heading("Moves", "number"),
    *(Heading(text, "number", _OF[of]) for of, text in _SHARES.values()),
    Heading("Years missing", "number"),
)
_UNLIKE = (
    "An authority far from the others may record differently rather than care differently. Where "
    "OTHER is above 30%, planned and disrupted moves cannot be told apart."
)


def _authority_row(row: Mapping[Hashable, Any], release: Release) -> tuple[Cell, ...]:
    numbers = {column: float(str(row[column])) for pair in _SHARES.items()
               for column in (pair[0], pair[1][0])}  # fmt: skip
    return (
        _text(row["authority"]),
        _count_cell(row["children"], release),
        _count_cell(row["moves"], release),
        *(_share_cell(numbers[c], numbers[of], release) for c, (of, _) in _SHARES.items()),
        _text(row["missing_years"]),
    )


def _measures(content: RecordsCheck, release: Release) -> tuple[Block, ...]:
    measures = content.measures
    if measures is None or not len(measures):
        return ()
    headings = tuple(
        Heading(sentence_case(str(c)), "number" if c in _MEASURED else "text") for c in measures
    )
    rows = tuple(
        tuple(_measured(str(column), row, release) for column in measures)
        for row in measures.head(SHOWN_ROWS).to_dict("records")
    )
    caption = "Children are those the measure is about; counted, those of whom it is true"
    table = Table("measures", caption, headings,
                  rows, _cut(len(measures), MEASURES), MEASURES)  # fmt: skip
    words = "Measures that are published of every authority, from the same histories."
    return (Prose((words,)), table)


_MEASURED = ("children", "counted", "share")


def _measured(column: str, row: Mapping[Hashable, Any], release: Release) -> Cell:
    if column == "share":
        return _share_cell(float(row["share"]), float(row["children"]), release)
    return _count_cell(row[column], release) if column in _MEASURED else _text(row[column])


def _reading() -> tuple[Block, ...]:
    return (Notes(_READING),)


_READING = (
    (
        "Returned episodes are all rows of the Episodes tables: an episode open at the year's end "
        "is there again the year after. Episodes are these once each, as last returned."
    ),
    (
        "A share is of all rows of the table that is named over the faults, not of the rows that "
        "the rule is about."
    ),
    "A row may have several faults: the counts add up to more than the rows with any fault.",
    (
        "A rule that found nothing was held. A rule that is not applicable was not: the table or "
        "the list it needs is not there."
    ),
    (
        "Faults are found in the returns as they came. Repairs are made afterwards, each by a rule "
        "that can be changed in the model's file under histories."
    ),
    (
        "Not every fault is an error: some are unusual and true. Each is worth a look before a "
        "result leans on it."
    ),
)


def _count_cell(value: object, release: Release) -> Cell:
    text = release.number(value)
    # sorted by what is shown: the count itself may not be on the page
    return Cell(text, text.strip("<").replace(",", "") if text != DASH else "nan")


def _bar(share: float, text: str, release: Release) -> Cell:
    told = release.rounded(share)
    return Cell(text, f"{told:.6g}", share=told)


def _share_cell(share: float, whole: float, release: Release) -> Cell:
    # the count behind a share may be small although the whole is not
    behind = share * whole
    hidden = math.isnan(share) or release.hidden(behind) or release.hidden(whole)
    if hidden:
        return Cell(release.share(float("nan"), whole), "nan")
    return _bar(share, release.share(share, whole), release)


def _text(value: object) -> Cell:
    text = blank(value)
    return Cell(text, text)


def _cut(rows: int, download: str) -> tuple[str, ...]:
    shown = f"The first {SHOWN_ROWS} of {count(rows)} rows; {download} has all of them."
    return (shown,) if rows > SHOWN_ROWS else ()
