"""docs/records-check.md lists the rules as they are."""

from pathlib import Path

from bayescich.histories.faults import RULES

PAGE = (Path(__file__).parents[2] / "docs" / "records-check.md").read_text(encoding="utf-8")


def test_every_rule_is_listed_under_its_theme_in_order():
    _, faults = PAGE.split("\n## The faults\n")
    listed = [
        (section.split("\n")[0].lower(), *(cell.strip() for cell in line.strip("|").split("|")))
        for section in faults.split("\n### ")[1:]
        for line in section.splitlines()
        if line.startswith("| ") and not line.startswith("| Fault |")
    ]
    assert listed == [(r.theme.lower(), r.name, r.sentence, r.why, r.table) for r in RULES]


def test_the_numbers_of_rules_and_themes_are_stated():
    assert f"{len(RULES)} rules in {len({r.theme for r in RULES})} themes." in PAGE
