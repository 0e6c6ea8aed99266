"""The data dictionary is complete, and the page in docs/ is the one generated."""

from pathlib import Path

import pytest

from bayescich.records.catalogue import TABLES_BY_ORIGIN
from bayescich.records.code_sets import code_set
from bayescich.records.dictionary import code_set_names, data_dictionary
from bayescich.records.fields import meaning_of

PAGE = Path(__file__).parents[2] / "docs" / "data-dictionary.md"


@pytest.fixture(scope="module")
def text() -> str:
    return data_dictionary()


def test_the_page_in_docs_is_the_generated_text(text: str) -> None:
    assert PAGE.read_text(encoding="utf-8") == text, "run `make docs`"


def test_every_table_and_code_set_has_its_heading_once(text: str) -> None:
    lines = text.splitlines()
    titles = [table.title for tables in TABLES_BY_ORIGIN.values() for table in tables]
    for title in (*titles, *code_set_names()):
        assert lines.count(f"### {title}") == 1, title


def test_every_code_set_named_by_a_column_exists() -> None:
    columns = [
        column
        for tables in TABLES_BY_ORIGIN.values()
        for table in tables
        for column in table.schema.columns.values()
    ]
    named = {meaning_of(column).code_set for column in columns} - {""}
    assert named <= set(code_set_names())


def test_rows_of_a_table_have_as_many_cells_as_its_header(text: str) -> None:
    width = 0
    for line in text.splitlines():
        cells = line.replace(r"\|", "").count("|")
        if not line.startswith("|"):
            width = 0
        else:
            assert width in (0, cells), line
            width = cells


def test_links_lead_to_headings(text: str) -> None:
    lines = text.splitlines()
    headings = {line.lstrip("# ").lower() for line in lines if line.startswith("#")}
    anchors = {"".join(c for c in h if c.isalnum() or c in " -_") for h in headings}
    anchors = {anchor.replace(" ", "-") for anchor in anchors}
    links = [part.split(")")[0] for part in text.split("](#")[1:]]
    assert len(links) > 50
    assert set(links) <= anchors


def test_a_column_says_type_unit_codes_and_headings(text: str) -> None:
    assert (
        "| `ATT8` | number | points, 0 to 90 | no | Attainment 8 (from 2016). | `KS4_ATT8` |"
    ) in text
    assert "[`ssda903_place`](#ssda903_place)" in text
    assert f"One column for each of the {len(code_set('needs'))} terms" in text
