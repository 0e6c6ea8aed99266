"""Where the data came from and how the page was made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from bayescich.account import Account, Stage
from bayescich.report.blocks import Block, Details, Flow, FlowStep, Notes, Prose, Subhead, Table
from bayescich.report.content import AnyContent
from bayescich.report.estimate_blocks import HIERARCHY, titled_table
from bayescich.report.tables import words_table
from bayescich.report.words import count, plain, sentence_case

LICENCE = "Contains public sector information licensed under the Open Government Licence v3.0."

_FLOWS_OPEN = 4
"""Ways of tables that are not folded away: the last ones lead to the rows analysed."""
_UNFOLDED = 16
"""A longer part of the manifest is folded away."""


def data_blocks(content: AnyContent) -> tuple[Block, ...]:
    """Return the way of the rows from file to analysis, and the levels of the hierarchy."""
    hierarchy = content.estimate(HIERARCHY)
    found = flows(content.account)
    blocks: list[Block] = [Prose((_FLOW_WORDS,)), *_folded(found)] if found else []
    if hierarchy is not None:
        blocks += titled_table(hierarchy)
    return tuple(blocks)


def _folded(found: tuple[Flow, ...]) -> tuple[Block, ...]:
    """Return the last flows, which end in the rows analysed, after the others folded away."""
    if len(found) <= _FLOWS_OPEN:
        return found
    others = found[:-_FLOWS_OPEN]
    summary = f"The way of the {len(others)} other tables that were read"
    return (Details(summary, others), *found[-_FLOWS_OPEN:])


_FLOW_WORDS = (
    "Every row that was read is accounted for. A repaired row was changed by a rule and stays; an "
    "excluded one was left out for the reason given."
)


def flows(account: Account) -> tuple[Flow, ...]:
    """Return one flow per table: read, repaired, excluded, kept.

    Example ids stay in the account: a page that travels names no child and no home.

    Examples
    --------
    >>> account = Account().read("homes", "homes.csv", 120).kept("homes", "homes", 120)
    >>> [(step.stage, step.rows) for step in flows(account)[0].steps]
    [('read', 120), ('kept', 120)]
    """
    tables = dict.fromkeys(entry.table for entry in account.entries)
    return tuple(Flow(sentence_case(plain(table)), _steps(account, table)) for table in tables)


def _steps(account: Account, table: str) -> tuple[FlowStep, ...]:
    steps = []
    for stage in get_args(Stage):
        entries = [e for e in account.entries if e.stage == stage and e.table == table]
        if entries:
            reasons = tuple((e.rule, e.rows) for e in entries)
            steps.append(FlowStep(stage, account.total(stage, table), reasons))
    return tuple(steps)


def manifest_blocks(content: AnyContent) -> tuple[Block, ...]:
    """Return how to make the page again, the manifest, and what the page cannot tell."""
    return (
        Prose((f"The same inputs and the same seed give the same draws: {_command(content)}",)),
        *_manifest_blocks(content.manifest),
        Subhead("What this page cannot tell"),
        Notes(_caveats(content)),
    )


def _command(content: AnyContent) -> str:
    spec = content.fit.spec
    if spec.data == "table":
        return f"bayescich fit {spec.name}.yaml --data <your table>"
    return f"make fit MODEL={spec.name}" + ("" if content.synthetic else " DATA=<folder>")


def _manifest_blocks(manifest: Mapping[str, object], name: str = "run") -> list[Block]:
    """Return one table of the plain values, then the same for each mapping within."""
    single = {key: value for key, value in manifest.items() if not isinstance(value, Mapping)}
    caption = "The run" if name == "run" else sentence_case(plain(name))
    blocks: list[Block] = []
    if single:
        table = _manifest_table(name, caption, single)
        blocks.append(Details(caption, (table,)) if len(single) > _UNFOLDED else table)
    for key, value in manifest.items():
        if isinstance(value, Mapping):
            blocks += _manifest_blocks(value, str(key))
    return blocks


def _manifest_table(name: str, caption: str, values: Mapping[str, object]) -> Table:
    rows = [[str(key), _text(value)] for key, value in values.items()]
    return words_table(f"manifest-{name}", caption, ["What", "Value"], rows)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(_text(inner) for inner in value)
    return "none" if value is None else str(value)


def _caveats(content: AnyContent) -> tuple[str, ...]:
    spec = content.fit.spec
    home_types = () if spec.home_type is None else (
        ("Children are not placed in home types by lot. The model takes account of what is in its "
        "covariates; a difference between types may still be a difference between the children "
        "who were sent there."),
        ("This is not a league table. Ranks are uncertain, and a type that cannot be told apart "
        "from the average is not thereby shown to be average."),
    )  # fmt: skip
    published = spec.data in {"inspections", "authorities"} and not content.synthetic
    licence = (LICENCE,) if published else ()
    return (
        *home_types,
        (
            "Intervals hold 90% of the posterior probability, given the model, its priors and "
            f"{count(content.fit.rows)} rows; they do not cover errors in the records."
        ),
        *licence,
    )
