"""The account of a check of returns: what it shows, what it must not show, how it is saved."""

import csv
import io
from dataclasses import replace

import pandas as pd
import pytest

from bayescich.account import Account
from bayescich.errors import ReportError
from bayescich.histories.check import FlowStep, RecordsCheck, Scope
from bayescich.histories.faults import COLUMNS
from bayescich.report.records_page import print_records_account, write_records_account
from tests.report.conftest import Page

FAULTS = pd.DataFrame(
    [
        (
            "chain",
            "overlap",
            "episodes",
            40,
            25,
            "It overlaps.",
            "Twice.",
            "North/1, North/<b>2",
            0.02,
        ),
        ("chain", "jump", "episodes", 3, 3, "It jumps.", "Lost.", "North/77", 0.0015),
        ("chain", "gap", "episodes", 0, 0, "It gapes.", "Lost.", "", 0.0),
        (
            "URN",
            "not listed",
            "episodes",
            None,
            None,
            "Not on the list.",
            "Unknown.",
            "",
            float("nan"),
        ),
        ("all themes", "any fault", "episodes", 43, 26, "Any.", "Any.", "", 0.0215),
    ],
    columns=list(COLUMNS),
).astype({"rows": "Int64", "children": "Int64"})
FILES = pd.DataFrame(
    [
        ("2024/episodes.csv", "episodes", 2000, "North", 2024, ""),
        ("=cmd|'/C calc'!A0.csv", "", 0, "", None, "<script>alert(1)</script> not known"),
    ],
    columns=["file", "table", "rows", "authority", "year", "note"],
)
PROFILE = pd.DataFrame(
    {
        "authority": ["North", "South"],
        "children": [500, 320],
        "episodes": [1200, 800],
        "moves": [400, 20],
        "other": [0.1, 0.4],
        "status_only": [0.0, 0.0],
        "no_reason": [0.5, 0.0],
        "home_episodes": [90, 4],
        "no_urn": [0.25, 0.5],
        "missing_years": [0, 1],
    }
)
ACCOUNT = (
    Account()
    .read("episodes", "Episodes", 2000)
    .noted("episodes", "It overlaps.", 40, ["North/1"])
    .noted("header", "CHILD has strange characters", 12, ["North/<b>2"])
    .repaired("episodes", "overlaps the next; trimmed", 40, ["North/1"])
    .excluded("episodes", "series of short breaks", 431, ["North/555"])
    .excluded("episodes", "ends before it starts", 4, ["North/9"])
)
CHECK = RecordsCheck(
    files=FILES,
    account=ACCOUNT,
    faults=FAULTS,
    flow=(
        FlowStep("Children in the returns", 820, "children"),
        FlowStep(
            "One chain for each child",
            1565,
            "episodes",
            (("series of short breaks", 431), ("ends before it starts", 4)),
        ),
        FlowStep("Analysis table", 281, "placements"),
    ),
    scope=Scope(2000, 820, 2, (2023, 2024)),
    authorities=PROFILE,
    warnings=("No register was given.",),
)
TABLES = ("account.csv", "faults.csv", "files.csv", "flow.csv", "authorities.csv")


@pytest.fixture(scope="module")
def inside(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inside")
    write_records_account(CHECK, folder)
    return folder


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outside")
    write_records_account(CHECK, folder, without_ids=True)
    return folder


def text_of(folder):
    return (folder / "index.html").read_text(encoding="utf-8")


def read(folder, name):
    return list(csv.DictReader(io.StringIO((folder / name).read_text(encoding="utf-8"))))


def test_the_page_says_what_was_read_what_is_wrong_and_what_goes_on(inside):
    text = text_of(inside)
    assert "2,000 rows of episodes were read, of 820 children in 2 authorities" in text
    assert "returned for two years from 2022-23 to 2023-24" in text
    assert "2.1% of the episodes (43)" in text or "2.2% of the episodes (43)" in text
    assert "281 placements remain: analysis table." in text
    assert "must not leave the secure room" in text


def test_the_sections_come_in_order(inside):
    ids = [a["id"] for a in Page(text_of(inside)).all("section")]
    assert ids == [
        "answer",
        "files",
        "flow",
        "faults",
        "noted",
        "repairs",
        "exclusions",
        "authorities",
        "reading",
    ]


def test_nothing_in_a_file_or_an_id_becomes_markup(inside):
    text = text_of(inside)
    assert "<script>alert" not in text
    assert "North/<b>2" not in text
    assert "North/&lt;b&gt;2" in text


def test_the_page_asks_for_no_other_file(inside):
    page = Page(text_of(inside))
    assert not [a for tag, a in page.tags if tag in {"script", "img"} and a.get("src")]
    assert sorted(p.name for p in inside.iterdir()) == sorted([*TABLES, "index.html"])


def test_a_rule_that_could_not_be_held_is_listed_apart(inside):
    tables = Page(text_of(inside)).tables
    assert any("Not listed" in str(row) for row in tables["faults-unknown"])
    assert any("Gap" in str(row) for row in tables["faults-none"])
    assert not any("Gap" in str(row) for row in tables["faults-0"])


def test_the_flow_shows_what_was_left_out_at_each_step(inside):
    text = text_of(inside)
    assert "<strong>431</strong> series of short breaks" in text
    assert "<strong>1,565 episodes</strong>" in text


def test_a_cell_that_is_a_formula_is_saved_as_text(inside):
    assert read(inside, "files.csv")[1]["file"] == "'=cmd|'/C calc'!A0.csv"


def test_the_tables_hold_every_row_with_its_ids(inside):
    faults = read(inside, "faults.csv")
    assert [row["rows"] for row in faults] == ["40", "3", "0", "", "43"]
    assert faults[1]["examples"] == "North/77"
    flow = read(inside, "flow.csv")
    assert [(row["what"], row["rows"]) for row in flow] == [
        ("there", "820"),
        ("left out", "431"),
        ("left out", "4"),
        ("there", "1565"),
        ("there", "281"),
    ]


@pytest.mark.parametrize("secret", ["North/1", "North/77", "North/555", "North/9", ">3<", ">4<"])
def test_no_id_and_no_small_count_is_released(outside, secret):
    for path in outside.iterdir():
        assert secret not in path.read_text(encoding="utf-8"), path.name


def test_small_counts_are_hidden_and_others_rounded(outside):
    assert [row["rows"] for row in read(outside, "faults.csv")] == ["40", "<10", "0", "", "45"]
    assert [row["share"] for row in read(outside, "faults.csv")][:2] == ["2%", "–"]
    rows = [row["rows"] for row in read(outside, "account.csv")]
    assert rows == ["2000", "40", "10", "40", "430", "<10"]
    assert [row["rows"] for row in read(outside, "flow.csv")] == [
        "820",
        "430",
        "<10",
        "1565",
        "280",
    ]
    assert [row["step"] for row in read(outside, "flow.csv")] == ["1", "2", "2", "2", "3"]


def test_no_exact_share_gives_a_count_away(outside):
    sorts = [a["data-sort"] for _, a in Page(text_of(outside)).tags if "data-sort" in a]
    assert "0.02" in sorts
    assert not [value for value in sorts if value.startswith("0.") and len(value) > 4]


def test_a_share_of_few_is_hidden_too(outside):
    south = read(outside, "authorities.csv")[1]
    assert (south["home_episodes"], south["no_urn"], south["other"]) == ("<10", "–", "–")
    assert read(outside, "authorities.csv")[0]["other"] == "10%"


def test_synthetic_returns_are_marked_everywhere(tmp_path):
    write_records_account(replace(CHECK, synthetic=True), tmp_path)
    assert "SYNTHETIC DATA" in text_of(tmp_path)
    assert {row["data"] for row in read(tmp_path, "faults.csv")} == {"SYNTHETIC"}


def test_measures_are_shown_with_their_year_as_a_year(tmp_path):
    measures = pd.DataFrame(
        {
            "year": [2024],
            "measure": ["three or more"],
            "children": [1200],
            "counted": [120],
            "share": [0.1],
        }
    )
    write_records_account(replace(CHECK, measures=measures), tmp_path)
    row = Page(text_of(tmp_path)).tables["measures"][1]
    assert [cell[0] if isinstance(cell, list) else cell for cell in row][:2] == [
        "2024",
        "three or more",
    ]
    assert read(tmp_path, "measures.csv")[0]["counted"] == "120"


def test_no_share_of_a_measure_gives_a_small_count_away(tmp_path):
    measures = pd.DataFrame(
        {
            "year": 2024,
            "measure": ["three or more", "same carer", "two moves"],
            "children": [36, 8, 240],
            "counted": [3, 8, 31],
            "share": [3 / 36, 1.0, 31 / 240],
        }
    )
    write_records_account(replace(CHECK, measures=measures), tmp_path, without_ids=True)
    saved = read(tmp_path, "measures.csv")
    assert [row["share"] for row in saved] == ["–", "–", "13%"]
    assert [row["counted"] for row in saved] == ["<10", "<10", "30"]


def test_a_folder_that_cannot_be_written_to_is_said_so(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ReportError) as error:
        write_records_account(CHECK, tmp_path / "taken")
    assert "could not be written" in str(error.value)


def test_the_terminal_gets_every_part_within_80_columns():
    text = print_records_account(CHECK)
    assert max(map(len, text.splitlines())) <= 80
    for words in (
        "2,000 rows of episodes",
        "Overlap: It overlaps.",
        "1 rule could not be held",
        "431  episodes: series of short breaks",
        "281  Analysis table (placements)",
        "Note: No register was given.",
    ):
        assert words in text
    assert text.index("Files") < text.index("Faults in") < text.index("Repaired")


def test_what_is_noted_is_told_once():
    text = print_records_account(CHECK)
    assert "12  header: CHILD has strange characters" in text
    assert "episodes: It overlaps." not in text


def test_nothing_read_can_steer_the_terminal():
    files = FILES.assign(note=["", "\x1b[31mred\nNew line"])
    text = print_records_account(replace(CHECK, files=files))
    assert "\x1b" not in text
    assert "red New line" in text


def test_the_terminal_hides_small_counts_when_asked():
    text = print_records_account(CHECK, without_ids=True)
    assert "<10  episodes: ends before it starts" in text
    assert " 3  Jump" not in text


def test_one_return_of_one_year_reads_as_a_sentence():
    text = print_records_account(replace(CHECK, scope=Scope(5, 1, 1, (2024,)), flow=()))
    assert "children in 1 authority, returned for 2023-24." in " ".join(text.split())
