"""What a page is made of: sections of paragraphs, tables, figures, flows and notes.

The template knows how to lay out each kind of block and nothing about models.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Literal

Align = Literal["text", "number"]
BadgeTone = Literal["good", "bad", "clear", "quiet"]


@dataclass(frozen=True)
class Cell:
    """One cell: what is read and what it is sorted by."""

    text: str
    sort: str
    """A number as text, or the text itself."""
    detail: str = ""
    """A second, quieter line: the interval."""
    tone: BadgeTone | None = None
    """Set for a badge such as passed or strong evidence."""
    share: float | None = None
    """Between 0 and 1 when a bar of that length is drawn under the number."""

    @property
    def unbroken(self) -> bool:
        """Whether it is one long word, such as a hash, that may be cut anywhere."""
        return len(self.text) > 30 and " " not in self.text


@dataclass(frozen=True)
class Heading:
    """One column heading."""

    text: str
    align: Align
    detail: str = ""
    """A second, quieter line: unit and interval."""


@dataclass(frozen=True)
class Table:
    """A table ready to lay out; the first cell of a row heads it."""

    name: str
    caption: str
    headings: tuple[Heading, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    download: str | None = None
    """File with all rows and columns, relative to the page."""
    kind: str = "table"

    @property
    def narrow(self) -> bool:
        """Whether its columns would lie too far apart over the whole width."""
        return len(self.headings) <= 3

    @property
    def sortable(self) -> bool:
        """Whether there is anything to sort: several rows and a column of numbers."""
        return len(self.rows) > 1 and any(h.align == "number" for h in self.headings)


@dataclass(frozen=True)
class Figure:
    """A drawn figure with its finding in words."""

    name: str
    caption: str
    alt: str
    """The finding, for readers who cannot see it."""
    png: bytes
    kind: str = "figure"

    @property
    def source(self) -> str:
        """The picture as a data address: the page needs no other file."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode('ascii')}"


@dataclass(frozen=True)
class Prose:
    """Paragraphs of plain text."""

    paragraphs: tuple[str, ...]
    lead: bool = False
    """Whether it is the answer of the page, set larger."""
    kind: str = "prose"


@dataclass(frozen=True)
class Subhead:
    """A heading within a section, with a badge when it heads a check."""

    text: str
    badge: Cell | None = None
    kind: str = "subhead"


@dataclass(frozen=True)
class FlowStep:
    """One stage of a flow: how many rows and why."""

    stage: str
    rows: int
    reasons: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Flow:
    """The way of one table's rows from the file to the analysis."""

    table: str
    steps: tuple[FlowStep, ...]
    kind: str = "flow"


@dataclass(frozen=True)
class CohortStep:
    """One box of a cohort flow, with what was left out on the way to it at its side."""

    label: str
    count: str
    """How many and of what, e.g. ``2,827 episodes``."""
    left_out: tuple[tuple[str, str], ...] = ()
    """Reason and count."""


@dataclass(frozen=True)
class Cohort:
    """The way from everything that was read to what is analysed, as STROBE draws it."""

    steps: tuple[CohortStep, ...]
    kind: str = "cohort"


@dataclass(frozen=True)
class Caution:
    """A notice set apart: what must not be done with the page."""

    title: str
    paragraphs: tuple[str, ...]
    kind: str = "caution"


@dataclass(frozen=True)
class Term:
    """One part of the model equation."""

    symbol: str
    meaning: str


@dataclass(frozen=True)
class Equation:
    """The linear predictor and what each part of it means."""

    left: str
    terms: tuple[Term, ...]
    kind: str = "equation"


@dataclass(frozen=True)
class Notes:
    """A list of remarks."""

    items: tuple[str, ...]
    kind: str = "notes"


@dataclass(frozen=True)
class Details:
    """Blocks that are folded away until asked for."""

    summary: str
    blocks: tuple[Table | Prose | Figure | Flow, ...]
    kind: str = "details"


Block = Table | Figure | Prose | Subhead | Flow | Cohort | Caution | Equation | Notes | Details


@dataclass(frozen=True)
class Section:
    """One entry of the table of contents."""

    id: str
    title: str
    blocks: tuple[Block, ...]
