"""docs/histories.md describes every option of HistoryPolicies, and its map is that of the codes."""

import re
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest

from bayescich.records.code_sets import code_set as table_of
from bayescich.records.ssda903_codes import code_set
from bayescich.spec.policies import HistoryPolicies

PAGE = (Path(__file__).parents[2] / "docs" / "histories.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """Return the first table after a heading, without its head."""
    after = PAGE.split(f" {heading}\n")[1]
    block = re.search(r"(?:^\|.*\n)+", after, re.MULTILINE)
    assert block
    rows = [line.strip("|\n ").split("|") for line in block[0].splitlines()]
    return [[cell.strip().replace("`", "") for cell in row] for row in rows[2:]]


def test_every_option_has_its_default_and_choices() -> None:
    described = {row[0]: row[1:3] for row in table("2. The options")}
    fields = HistoryPolicies.model_fields
    assert list(described) == list(fields)
    for name, field in fields.items():
        default, choices = described[name]
        assert default == ("none" if field.default is None else str(field.default)), name
        if get_origin(field.annotation) is Literal:
            assert choices.split(", ") == list(get_args(field.annotation)), name


@pytest.mark.parametrize("row", table("2. The options"), ids=lambda row: str(row[0]))
def test_every_option_names_a_section_that_is_there(row: list[str]) -> None:
    assert re.search(rf"^##+ {re.escape(row[4])}\.? ", PAGE, re.MULTILINE)


def spelt_out(text: str, known: list[str]) -> set[str]:
    """Return the codes named, ``E43 to E48`` in full, a clause after ; left out."""
    codes: set[str] = set()
    for part in filter(None, (p.strip() for p in text.partition(";")[0].split(","))):
        first, *last = part.split(" to ")
        codes |= {c for c in known if first <= c <= last[0]} if last else {first}
    return codes


def test_the_map_of_routes_is_that_of_the_code_tables() -> None:
    by_rec, by_place = table_of("exit_routes_rec"), table_of("exit_routes_place")
    groups = table_of("exit_routes").set_index("route")["route_group"].to_dict()
    recs, places = (list(code_set(name).table.index) for name in ("rec", "place"))
    described = table("6.1 The route map")
    assert {row[0]: row[3] for row in described} == groups
    for route, rec, place, _ in described:
        coded = set(by_rec.loc[by_rec["route"].eq(route), "code"]) - {"E14"}
        assert spelt_out(rec, recs) == coded, route
        classes = set(by_place.loc[by_place["route"].eq(route), "class"])
        assert {code_set("place").group[c] for c in spelt_out(place, places)} <= classes, route


def test_the_classes_of_reasons_are_those_of_the_code_tables() -> None:
    words = {"yes": "unplanned", "no": "planned", "": "not known"}
    coded = table_of("move_reasons").set_index("reason_class")["unplanned"].map(words).to_dict()
    group = code_set("reason_place_change").group
    for name, codes, planned in table("5.2 Planned and unplanned"):
        for part in name.split(", "):
            assert coded[part] == planned, part
        named = [code for code in codes.split(", ") if code != "blank"]
        assert {group[code] for code in named} <= set(name.split(", "))
