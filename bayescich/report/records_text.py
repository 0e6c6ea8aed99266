"""The account of a check of returns as plain text, for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from bayescich.account import Stage
from bayescich.histories.check import RecordsCheck
from bayescich.histories.faults import ANY_FAULT
from bayescich.report.records_sections import headline, stage_entries
from bayescich.report.release import Release
from bayescich.report.words import count, counted, sentence_case

WIDTH = 80

_STAGES: dict[Stage, str] = {
    "noted": "Noted and left as it is",
    "repaired": "Repaired",
    "excluded": "Left out",
}
_NUMBER = 12
_LISTED = 12
"""Faults, repairs and exclusions listed of each kind, the largest first."""


def print_records_account(content: RecordsCheck, *, without_ids: bool = False) -> str:
    """Return the account as plain text of at most 80 columns.

    Parameters
    ----------
    content : RecordsCheck
    without_ids : bool
        Write counts from one to nine as <10 and round the others to five.

    Returns
    -------
    str
        What was read, the faults found, the repairs, the exclusions and the flow.
    """
    release = Release(without_ids)
    parts = [_wrapped(headline(content, release))]
    parts += [_wrapped(f"Note: {warning}") for warning in content.warnings]
    if content.synthetic:
        parts.insert(0, "SYNTHETIC DATA - about a simulated England, not about real children")
    parts += [_heading(title, lines) for title, lines in _sections(content, release)]
    return "\n\n".join(parts) + "\n"


def _sections(content: RecordsCheck, release: Release) -> Iterator[tuple[str, list[str]]]:
    yield "Files", _files(content, release)
    yield "Faults in the returns as they came", _faults(content, release)
    for stage, title in _STAGES.items():
        entries = stage_entries(content, stage)
        lines = [(e.rows, f"{e.table}: {e.rule}") for e in entries]
        yield title, _largest(lines, release) or ["Nothing."]
    if content.flow:
        yield "From returns to histories", _flow(content, release)


def _heading(title: str, lines: Iterable[str]) -> str:
    return "\n".join([title, "-" * len(title), *lines])


def _files(content: RecordsCheck, release: Release) -> list[str]:
    files = content.files
    read = files[files["note"].fillna("").eq("")]
    by_table = read.groupby("table", sort=False)["rows"].agg(["size", "sum"])
    lines = [
        _line(release.number(rows), f"{table}, {counted(int(size), 'file')}")
        for table, size, rows in by_table.itertuples()
    ]
    left = files.loc[files["note"].fillna("").ne(""), ["file", "note"]]
    lines += [_line("not read", f"{file}: {note}")
              for file, note in left.head(_LISTED).itertuples(index=False)]  # fmt: skip
    more = len(left) - _LISTED
    return [
        *lines,
        *([_line("", f"and {count(more)} more files, in files.csv")] if more > 0 else []),
    ]


def _faults(content: RecordsCheck, release: Release) -> list[str]:
    rules = content.faults[content.faults["rule"].ne(ANY_FAULT)]
    lines: list[str] = []
    for theme, own in rules[rules["rows"].gt(0).fillna(value=False)].groupby("theme", sort=False):
        lines += [f"{sentence_case(str(theme))}"]
        lines += [
            _line(release.number(rows), f"{sentence_case(rule)}: {sentence}")
            for rule, rows, sentence in own[["rule", "rows", "sentence"]].itertuples(index=False)
        ]
    clean, unknown = int(rules["rows"].eq(0).sum()), int(rules["rows"].isna().sum())
    words = (
        f"{counted(clean, 'rule')} found nothing; {counted(unknown, 'rule')} could not be held, "
        "because the table they are about is not there."
    )
    return [*lines, _wrapped(words)]


def _flow(content: RecordsCheck, release: Release) -> list[str]:
    lines = []
    for step in content.flow:
        lines += [_line(f"- {release.number(rows)}", reason) for reason, rows in step.excluded]
        lines.append(_line(release.number(step.rows), f"{step.label} ({step.unit})"))
    return lines


def _largest(lines: list[tuple[int, str]], release: Release) -> list[str]:
    shown = [_line(release.number(rows), text) for rows, text in lines[:_LISTED]]
    return shown + _more(len(lines), "account.csv")


def _more(number: int, file: str) -> list[str]:
    more = number - _LISTED
    return [_line("", f"and {count(more)} more, in {file}")] if more > 0 else []


def _line(number: str, text: str) -> str:
    """Return a number on the right of its column and the words beside it."""
    wrapped = textwrap.wrap(_plain(text), WIDTH - _NUMBER - 2) or [""]
    after = ["\n" + " " * (_NUMBER + 2) + line for line in wrapped[1:]]
    return f"{number:>{_NUMBER}}  {wrapped[0]}" + "".join(after)


def _wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(_plain(text), WIDTH))


def _plain(text: str) -> str:
    """Take out what would steer a terminal: a file's name may hold anything."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
