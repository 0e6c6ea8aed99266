"""Stories: a few rows of a return, and the history they are. One story per rule.

A story (``stories/*.yaml``) is written from the rules, by hand. Its parts:

``title``   the rule, in a sentence
``rows``    child, collection year, DECOM, RNE, LS, PLACE, URN, postcode, DEC, REC, reason; or -
``born``    dates of birth by child, 2008-05-01 if not given
``years``   other collection years in which the authority returned something
``policy``  choices that are not the default
``spells``  child, start, end, PLACE, how it ended (and days, where the story is about them)
``homes``   child, start, end, home, how it ended
``moves``   child, date, from > to, class of the reason, planned or not, disruption or step forward
``exits``   child, date, route or what censors, "near 18" if so
``account`` repairs and exclusions: stage, table, rule, rows. Over all stories there are no others.
``noted``   faults left as they are: table, rule, rows

No ``moves`` means that there are none; ``homes`` and ``exits`` are compared where given.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from bayescich.account import Account
from bayescich.histories.episodes import chained_episodes
from bayescich.histories.exits import exits
from bayescich.histories.home_spells import home_spells
from bayescich.histories.moves import moves
from bayescich.histories.spells import placement_spells
from bayescich.histories.succession import urn_succession
from bayescich.records.ssda903 import Ssda903Records
from bayescich.records.ssda903_codes import code_set
from bayescich.spec.policies import HistoryPolicies

STORIES = Path(__file__).parent / "stories"
COLUMNS = [
    "CHILD", "YEAR", "DECOM", "RNE", "LS", "PLACE", "URN", "PL_POST", "DEC", "REC",
    "REASON_PLACE_CHANGE",
]  # fmt: skip
KEYS = {
    "title", "rows", "born", "years", "policy", "spells", "homes", "moves", "exits", "account",
    "noted",
}  # fmt: skip
COUNTED = ("header", "collection years", "chain of episodes", "placement spells", "stays in homes")
BORN = "2008-05-01"
FILLER = "filler"


@dataclass(frozen=True)
class Told:
    """What the package makes of all stories of one policy."""

    spells: pd.DataFrame
    homes: pd.DataFrame
    moves: pd.DataFrame
    exits: pd.DataFrame
    account: Account


@cache
def stories() -> list[dict[str, Any]]:
    files = sorted(STORIES.glob("*.yaml"))
    return [
        story | {"file": file.stem}
        for file in files
        for story in yaml.safe_load(file.read_text(encoding="utf-8"))
    ]


def lines(text: str | None) -> list[list[str]]:
    """Split lines into cells, which are two spaces or more apart."""
    kept = [line.strip() for line in (text or "").splitlines()]
    return [re.split(r"\s{2,}", line) for line in kept if line]


def choices(story: dict[str, Any]) -> str:
    return json.dumps(story.get("policy", {}), sort_keys=True)


# ---- stories of one policy are told together, each in authorities and homes of its own ----


def rows_of(number: int, story: dict[str, Any]) -> pd.DataFrame:
    rows = [line.split() for line in story["rows"].strip().splitlines()]
    rows += [
        [FILLER, str(year), f"{year - 1}-05-01", "S", "C2", "U6", "-", "-", f"{year - 1}-05-02",
         "E8", "-"]
        for year in story.get("years", [])
    ]  # fmt: skip
    cells = pd.DataFrame(rows, columns=COLUMNS, dtype="str").replace("-", None).astype("str")
    named = cells["CHILD"].where(cells["CHILD"].str.contains("/"), "Northshire/" + cells["CHILD"])
    cells[["LA", "CHILD"]] = named.str.split("/", expand=True)
    born = cells["CHILD"].map(story.get("born", {})).astype("str").fillna(BORN)
    urn = cells["URN"].where(cells["URN"].eq("XXXXXXX"), cells["URN"] + f"#{number}")
    return cells.assign(LA=cells["LA"] + f"#{number}", URN=urn, DOB=born)


def returns(cells: pd.DataFrame) -> Ssda903Records:
    blank = pd.Series(None, index=cells.index, dtype="str")
    rows = cells.assign(
        YEAR=cells["YEAR"].astype("Int64"),
        DECOM=pd.to_datetime(cells["DECOM"]).astype("datetime64[ns]"),
        DEC=pd.to_datetime(cells["DEC"]).astype("datetime64[ns]"),
        DOB=pd.to_datetime(cells["DOB"].where(cells["DOB"].ne("unknown"))).astype("datetime64[ns]"),
        CIN=blank.fillna("N1"),
        PLACE_PROVIDER=blank.fillna("PR4"),
        HOME_POST=blank,
        PLACE_CLASS=cells["PLACE"].map(code_set("place").group).astype("str"),
        SEX=blank.fillna("M"),
        ETHNIC=blank.fillna("WBRI"),
        UPN=blank,
    )
    of_child = ["LA", "YEAR", "CHILD", "DOB", "SEX", "ETHNIC", "UPN"]
    header = rows[of_child].drop_duplicates(ignore_index=True)
    return Ssda903Records(header, rows.drop(columns=of_child[3:]), Account())


@cache
def told(policy: str) -> Told:
    policies = HistoryPolicies(**json.loads(policy))
    chosen = [rows_of(n, s) for n, s in enumerate(stories()) if choices(s) == policy]
    chain, account = chained_episodes(returns(pd.concat(chosen, ignore_index=True)), policies)
    succession, counted = urn_succession(chain)
    account += counted
    spells, counted = placement_spells(chain, policies)
    account += counted
    at_home, counted = home_spells(chain, spells, policies, succession)
    account += counted
    moved, counted = moves(spells, policies)
    account += counted
    ended, counted = exits(spells, policies)
    return Told(spells, at_home, moved, ended, account + counted)


def of_story(number: int, table: pd.DataFrame) -> pd.DataFrame:
    """Take the rows of a story, without the child that stands for other collection years."""
    own = table[table["child"].str.contains(f"#{number}/") & ~table["child"].str.endswith(FILLER)]
    child = own["child"].str.replace(f"#{number}", "").str.removeprefix("Northshire/")
    return own.assign(child=child)


def texts(number: int, table: pd.DataFrame) -> list[list[str]]:
    dates = table.select_dtypes("datetime").columns
    written = table.assign(**{d: table[d].dt.strftime("%Y-%m-%d") for d in dates})
    cells = written.fillna("-").to_numpy().tolist()
    return [[str(cell).replace(f"#{number}", "") for cell in row] for row in cells]


def spells_told(number: int, table: pd.DataFrame, columns: int) -> list[list[str]]:
    days = table["days"].map("{:g}".format)
    names = ["child", "start", "end", "PLACE", "ended_by", "days"][:columns]
    return texts(number, table.assign(days=days)[names])


def moves_told(number: int, table: pd.DataFrame) -> list[list[str]]:
    told_moves = table[["child", "date"]].assign(
        way=table["from_class"] + " > " + table["to_class"],
        reason=table["reason_class"],
        planned=table["unplanned"].map({True: "unplanned", False: "planned"}).fillna("unknown"),
        kind=table["disruption"].map({True: "disruption", False: "step forward"}),
    )
    return texts(number, told_moves)


def exits_told(number: int, table: pd.DataFrame) -> list[list[str]]:
    route = table["route"].fillna("censored: " + table["censored_by"])
    rows = texts(number, table[["child", "date"]].assign(route=route))
    marks = [["near 18"] if near else [] for near in table["near_18"]]
    return [row + mark for row, mark in zip(rows, marks, strict=True)]


CASES = [pytest.param(n, id=f"{s['file']}: {s['title']}") for n, s in enumerate(stories())]


@pytest.mark.parametrize("number", CASES)
def test_story(number: int) -> None:
    story = stories()[number]
    tables = told(choices(story))
    spells = lines(story["spells"])
    expected = {"spells": spells, "moves": lines(story.get("moves"))}
    found = {
        "spells": spells_told(number, of_story(number, tables.spells), len(spells[0])),
        "moves": moves_told(number, of_story(number, tables.moves)),
    }
    if "homes" in story:
        columns = ["child", "start", "end", "home", "ended_by"]
        expected["homes"] = lines(story["homes"])
        found["homes"] = texts(number, of_story(number, tables.homes)[columns])
    if "exits" in story:
        expected["exits"] = lines(story["exits"])
        found["exits"] = exits_told(number, of_story(number, tables.exits))
    assert found == expected


def counts(told_lines: list[list[str]]) -> Counter[tuple[str, ...]]:
    total: Counter[tuple[str, ...]] = Counter()
    for *rule, rows in told_lines:
        total[tuple(rule)] += int(rows)
    return total


POLICIES = sorted({choices(story) for story in stories()})


@pytest.mark.parametrize("policy", POLICIES)
def test_what_is_counted(policy: str) -> None:
    own = [story for story in stories() if choices(story) == policy]
    entries = [
        (e.stage, e.table, re.sub(r"#\d+", "", e.rule), str(e.rows))
        for e in told(policy).account.entries
    ]
    changes = [list(e) for e in entries if e[0] in ("repaired", "excluded") and e[1] in COUNTED]
    expected = [line for story in own for line in lines(story.get("account"))]
    assert counts(changes) == counts(expected)
    noted = counts(
        [[table, rule, rows] for stage, table, rule, rows in entries if stage == "noted"]
    )
    for (table, rule), rows in counts(
        [line for story in own for line in lines(story.get("noted"))]
    ).items():
        assert noted[table, rule] >= rows, (table, rule)


def test_stories_are_well_told() -> None:
    told_stories = stories()
    assert len(told_stories) >= 45
    assert len({story["title"] for story in told_stories}) == len(told_stories)
    for story in told_stories:
        assert set(story) <= KEYS | {"file"}, story["title"]
        assert story["title"].endswith("."), story["title"]


def test_every_policy_but_one_has_a_story() -> None:
    told_of = {option for story in stories() for option in story.get("policy", {})}
    # entry and transfer_days act later than the tables compared here
    later = {"entry", "transfer_days"}
    assert told_of == set(HistoryPolicies.model_fields) - later
