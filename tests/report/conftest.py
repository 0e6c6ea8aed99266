"""A synthetic report with everything in it, and a reader of pages."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from bayescich.account import Account
from bayescich.checks import run_checks
from bayescich.estimates import run_estimates
from bayescich.report import ReportContent, write_report
from tests.tiny_fit import FRAILTY, HOME_SD, TYPE_EFFECTS, TYPES, hazard_fit

ACCOUNT = (
    Account()
    .read("episodes", "episodes.csv", 2000)
    .repaired("episodes", "Spaces removed from codes", 12, ["A/0001"])
    .excluded("episodes", "Short breaks", 450, ["A/0042"])
    .excluded("episodes", "No such home in the register", 50)
    .kept("episodes", "placements in homes", 1500)
)
MANIFEST = {
    "run_id": "20260331-ab12cd",
    "seed": 20260331,
    "inputs": {"spec": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
    "environment": {"python": "3.13.0", "packages": {"pymc": "6.4.0"}},
    "timings_seconds": {"sampling": 48.25},
}
TRUTH = pd.DataFrame(
    [
        *(("tiny_hazard", "home_type", t, v) for t, v in zip(TYPES, TYPE_EFFECTS, strict=True)),
        ("tiny_hazard", "home_sd", "", HOME_SD),
        ("tiny_hazard", "frailty_variance", "", FRAILTY),
    ],
    columns=["model", "variable", "level", "value"],
)


class Page(HTMLParser):
    """What a test asks of a page: tags with attributes, text, captions, cells by table."""

    def __init__(self, html):
        super().__init__()
        self.html = html
        self.tags, self.captions, self.tables, self.sections = [], [], {}, {}
        self._inside, self._table, self._section = [], None, None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag not in {"meta", "link", "img", "input", "br"}:
            self._inside.append(tag)
        if tag == "div" and (attributes.get("id") or "").startswith("table-"):
            self._table = self.tables.setdefault(attributes["id"].removeprefix("table-"), [])
        if tag == "section":
            self._section = self.sections.setdefault(attributes["id"], [])
        if tag == "tr" and self._table is not None:
            self._table.append([])
        if tag in {"td", "th"} and self._table is not None:
            self._table[-1].append([])
        if tag in {"caption", "figcaption"}:
            self.captions.append("")

    def handle_endtag(self, tag):
        if tag in self._inside:
            while self._inside.pop() != tag:
                pass
        if tag == "table":
            self._table = None
        if tag == "section":
            self._section = None

    def handle_data(self, data):
        text = " ".join(data.split())
        if not text or {"style", "script"} & set(self._inside):
            return
        if self._section is not None:
            self._section.append(text)
        if {"caption", "figcaption"} & set(self._inside):
            self.captions[-1] += f" {text}"
        elif {"td", "th"} & set(self._inside) and self._table:
            self._table[-1][-1].append(text)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    def text(self, section):
        return " ".join(self.sections[section])

    def cell(self, table, row, heading):
        """Return the texts of one cell: the number, then its interval."""
        rows = self.tables[table]
        column = next(i for i, cell in enumerate(rows[0]) if cell[0] == heading)
        return next(cells for cells in rows[1:] if cells[0][0] == row)[column]


@dataclass
class Written:
    content: ReportContent
    folder: Path
    page: Page = field(init=False)

    def __post_init__(self):
        path = write_report(self.content, self.folder)
        self.page = Page(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def content():
    fit = hazard_fit()
    return ReportContent(
        fit, run_checks(fit, 1), run_estimates(fit, TRUTH), ACCOUNT, MANIFEST, True
    )


@pytest.fixture(scope="session")
def written(content, tmp_path_factory):
    return Written(content, tmp_path_factory.mktemp("reports") / "tiny_hazard")


@pytest.fixture(scope="session")
def page(written):
    return written.page
