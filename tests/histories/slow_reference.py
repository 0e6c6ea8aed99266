"""Histories written a second time: one child at a time, in plain Python, from the rules.

The package builds histories with whole columns at once, which is fast and hard to read. This is
the same in loops and dictionaries, written from ``docs/histories.md`` and not from that code, so
that an error would have to be made twice to go unseen. It is a test double: nothing else uses it.

Each step takes and returns lists of dictionaries whose keys are the package's columns. A blank is
None, a date is a ``datetime.date``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

import pandas as pd

from bayescich.records.code_sets import code_set as table_of
from bayescich.records.ssda903 import Ssda903Records
from bayescich.records.ssda903_codes import code_set
from bayescich.spec.policies import HistoryPolicies

Row = dict[str, Any]
Rows = list[Row]

HOME = ("children's home", "secure children's home")
TEMPORARY = "temporary"
NO_CLASS = {"family_type": "no", "intensity": "", "from_age": ""}
NOT_KNOWN = {"route": "other or not known"}
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Reference:
    """The tables of histories, as lists of rows."""

    chain: Rows
    spells: Rows
    home_spells: Rows
    moves: Rows
    exits: Rows


def reference(
    returns: Ssda903Records, policies: HistoryPolicies, succession: Mapping[str, str]
) -> Reference:
    """Build the histories of a few returns, slowly; `succession` maps URN to first URN."""
    chain, spells, stays = [], [], []
    episodes = [row for row in rows_of(returns.episodes) if row["DECOM"] and row["YEAR"]]
    collected = defaultdict(set)
    for row in episodes:
        collected[row["LA"]].add(row["YEAR"])
    known = facts_of_children(rows_of(returns.header))
    for child, own_rows in sorted(grouped(episodes, "child").items()):
        own = chain_of(own_rows, known.get(child, {}), collected[own_rows[0]["LA"]], policies)
        own_spells = spells_of(own, policies)
        chain += own
        spells += own_spells
        stays += stays_of(own_spells, policies, succession)
    exits = [exit_of(s) for s in spells if s["PLACE_CLASS"] in HOME]
    return Reference(chain, spells, stays, moves_of(spells, policies), exits)


# ---- rows ----


def rows_of(table: pd.DataFrame) -> Rows:
    """Return a table's rows, with ``child`` and blanks as None."""
    columns = {name: plain(table[name]) for name in table}
    columns["child"] = [
        None if None in (la, child) else f"{la}/{child}"
        for la, child in zip(columns["LA"], columns["CHILD"], strict=True)
    ]
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    return [row for row in rows if row["child"] is not None]


def plain(column: pd.Series) -> list[Any]:
    """Return a column's cells as plain Python, blanks as None."""
    dates = pd.api.types.is_datetime64_any_dtype(column)
    cells = (column.dt.date if dates else column).tolist()
    return [cell if there else None for cell, there in zip(cells, column.notna(), strict=True)]


def grouped(rows: Iterable[Row], key: str) -> dict[Any, Rows]:
    """Return rows by what they have in one column, in the order met."""
    groups: dict[Any, Rows] = defaultdict(list)
    for row in rows:
        groups[row[key]].append(row)
    return dict(groups)


def with_next[T](things: list[T]) -> list[tuple[T, Any]]:
    """Return each thing with the one after it, the last with None."""
    return list(zip(things, [*things[1:], None], strict=False))


def facts_of_children(header: Rows) -> dict[str, Row]:
    """Return born, sex and ethnic of each child, each from the latest Header row that has it."""
    names = {"DOB": "born", "SEX": "sex", "ETHNIC": "ethnic"}
    known: dict[str, Row] = {}
    for row in sorted(header, key=lambda row: row["YEAR"] or 0):
        facts = known.setdefault(row["child"], dict.fromkeys(names.values()))
        for column, name in names.items():
            facts[name] = facts[name] if row[column] is None else row[column]
    return known


def reached(born: date, years: int, months: int = 0) -> date:
    """Return the day of an age; where the month has no such day, that many days into the next."""
    month = born.month - 1 + months
    first = date(born.year + years + month // 12, month % 12 + 1, 1)
    return first + (born.day - 1) * DAY


def last_day(year: int) -> date:
    """Return the last day of a collection year."""
    return date(year, 3, 31)


# ---- 3. one chain of episodes per child ----


def chain_of(rows: Rows, facts: Row, collected: set[int], policies: HistoryPolicies) -> Rows:
    """Return the chain of one child."""
    if facts.get("born") is None:
        return []
    records_end = last_day(max(collected))
    rows = [dict(row) for row in rows if row["DEC"] is None or row["DEC"] >= row["DECOM"]]
    rows = [return_followed(same, policies) for same in grouped(rows, "DECOM").values()]
    if policies.short_breaks == "exclude":
        rows = [row for row in rows if row["LS"] not in ("V3", "V4")]
    rows = [row for row in rows if facts["born"] <= row["DECOM"] <= records_end]
    rows.sort(key=lambda row: row["DECOM"])
    for row in rows:
        row.update(facts)
        row["records_begin"], row["records_end"] = date(min(collected) - 1, 4, 1), records_end
    rows = with_ends(rows, collected, policies)
    rows = without_overlaps(rows, policies)
    settle_gaps(rows, policies)
    number_periods(rows)
    return rows


def return_followed(same: Rows, policies: HistoryPolicies) -> Row:
    """Choose among the returns of one episode, and within one return the row that ends last."""
    if policies.returned_twice == "first":
        ended = [row for row in same if row["DEC"] is not None]
        year = min(row["YEAR"] for row in ended) if ended else max(row["YEAR"] for row in same)
        same = ended or same
    else:
        year = max(row["YEAR"] for row in same)
    return max((row for row in same if row["YEAR"] == year), key=ends_last)


def ends_last(row: Row) -> tuple[Any, ...]:
    """Return what rows of one return are chosen by: the end; lest chance decide, then all cells."""
    cells = [cell for name, cell in row.items() if name not in ("child", "DEC")]
    return (row["DEC"] or date.max, *((cell is not None, cell or "") for cell in cells))


def with_ends(rows: Rows, collected: set[int], policies: HistoryPolicies) -> Rows:
    """Give every episode an end (3.2)."""
    kept = []
    for row, following in with_next(rows):
        row["open"], row["imputed_end"] = False, row["REC"] == "E99"
        if row["DEC"] is not None and row["DEC"] <= row["records_end"]:
            kept.append(row)
            continue
        row["REC"], row["imputed_end"] = None, False
        if row["YEAR"] == max(collected) and following is None:
            row["open"], row["DEC"] = True, row["records_end"]
        elif policies.stale_open == "exclude":
            continue
        else:
            row["imputed_end"] = True
            close(row, following, collected)
        kept.append(row)
    return kept


def close(row: Row, following: Row | None, collected: set[int]) -> None:
    """Close a stale row where the records imply its end."""
    march = last_day(
        max(row["YEAR"], row["DECOM"].year + (row["DECOM"] > last_day(row["DECOM"].year)))
    )
    missing = row["YEAR"] < max(collected) and row["YEAR"] + 1 not in collected
    if following is None or (missing and following["DECOM"] > march):
        row["DEC"] = march
    elif following["RNE"] == "S":
        row["DEC"] = min(march, following["DECOM"] - DAY)
    else:
        row["DEC"], row["REC"] = following["DECOM"], "X1"


def without_overlaps(rows: Rows, policies: HistoryPolicies) -> Rows:
    """Cut, join or leave out what runs into the next (3.3)."""
    if policies.overlaps == "merge":
        return merged(rows)
    if policies.overlaps == "exclude":
        return [row for row, after in with_next(rows) if not runs_into(row, after)]
    for row, after in with_next(rows):
        if runs_into(row, after):
            row["DEC"], row["open"] = after["DECOM"], False
            if after["RNE"] != "S" or row["REC"] is None:
                row["REC"] = "X1"
    return rows


def runs_into(row: Row, after: Row | None) -> bool:
    """Say whether an episode ends after the next begins."""
    return after is not None and bool(row["DEC"] > after["DECOM"])


def merged(rows: Rows) -> Rows:
    """Join each run of overlapping episodes into its first, ending as the one that ends last."""
    kept: Rows = []
    for row in rows:
        if not kept or row["DECOM"] >= kept[-1]["DEC"]:
            kept.append(row)
        elif row["DEC"] >= kept[-1]["DEC"]:
            for name in ("DEC", "REC", "REASON_PLACE_CHANGE", "open", "imputed_end"):
                kept[-1][name] = row[name]
    return kept


def settle_gaps(rows: Rows, policies: HistoryPolicies) -> None:
    """Close gaps after X1, and make REC agree with what follows (3.3)."""
    limit = policies.gap_days_closed
    for row, following in with_next(rows):
        if following is not None and row["REC"] == "X1":
            gap = (following["DECOM"] - row["DEC"]).days
            within = limit is None or gap <= limit
            if within and (following["RNE"] != "S" or gap <= 1):
                row["DEC"] = following["DECOM"]
        meets = following is not None and row["DEC"] == following["DECOM"]
        if meets and row["REC"] is None and following["RNE"] != "S":
            row["REC"] = "X1"
        if not meets and row["REC"] == "X1":
            row["REC"] = None


def number_periods(rows: Rows) -> None:
    """Number the periods of care: one ends where an episode does not go on."""
    for before, row in zip([None, *rows], rows, strict=False):
        goes_on = before is not None and before["REC"] == "X1"
        row["period"] = before["period"] + (not goes_on) if before else 0
        if goes_on and row["RNE"] == "S":
            row["RNE"] = "P"


# ---- 4. stays ----


def place_is_same(one: Row, other: Row) -> bool | None:
    """Say whether two episodes are in one place; None where what is recorded does not tell."""
    urns, posts = (usable_urn(one), usable_urn(other)), (one["PL_POST"], other["PL_POST"])
    urns_differ = None not in urns and urns[0] != urns[1]
    alike = kind(one) == kind(other) and not urns_differ
    if kind(one) == kind(other) == "home" and None not in urns and urns[0] == urns[1]:
        return True
    if None in posts:
        return None if alike else False
    if posts[0] != posts[1]:
        return False
    return True if alike else None


def kind(row: Row) -> str:
    """Return the kind of placement; new names of a code (H5 to K3, Z1 to Z11) are one kind."""
    return "home" if row["PLACE_CLASS"] in HOME else str(row["PLACE_CLASS"])


def usable_urn(row: Row) -> str | None:
    """Return the URN, unless it names nobody."""
    return None if row["URN"] in (None, "XXXXXXX") else str(row["URN"])


def place_key(row: Row) -> str:
    """Return the name of a place: a home's URN; of any other its kind and postcode or agency."""
    urn = usable_urn(row)
    if row["PLACE_CLASS"] in HOME and urn:
        return urn
    named = [row["PLACE_CLASS"], row["PL_POST"] or urn]
    return " ".join(name for name in named if name)


def spells_of(chain: Rows, policies: HistoryPolicies) -> Rows:
    """Return the placement spells of one child, each with its episodes under ``episodes``."""
    spells: Rows = []
    for period in grouped(chain, "period").values():
        pieces = pieces_of(period, policies)
        spells += [spell_of(piece, after) for piece, after in with_next(pieces)]
        for spell in spells[-len(pieces) :]:
            spell["need"] = period[0]["CIN"]
    lasting = 0
    for spell, after in with_next(spells):
        spell["history_known"] = chain[0]["RNE"] == "S"
        spell["placements_before"] = lasting
        spell["after"] = after if after and after["period"] == spell["period"] else None
        lasting += policies.temporary == "placement" or spell["PLACE_CLASS"] != TEMPORARY
    adult = reached(chain[0]["born"], 18) if chain else date.max
    spells = [cut_at(adult, spell) for spell in spells if spell["start"] < adult]
    return with_days(spells, policies)


def pieces_of(period: Rows, policies: HistoryPolicies) -> list[Rows]:
    """Cut a period of care into the episodes of each spell."""
    bridged = bridged_rows(period) if policies.temporary == "bridge" else set()
    pieces: list[Rows] = []
    for number, row in enumerate(period):
        goes_on = number in bridged or (
            number > 0 and not is_move(period[number - 1], row, policies)
        )
        if goes_on:
            pieces[-1].append(row)
        else:
            pieces.append([row])
    return pieces


def bridged_rows(period: Rows) -> set[int]:
    """Return the rows that go on because of a temporary placement that interrupts a stay (4.2)."""
    bridged: set[int] = set()
    stayed = [n for n, row in enumerate(period) if row["PLACE_CLASS"] != TEMPORARY]
    adult = reached(period[0]["born"], 18)
    for before, after in with_next(stayed):
        if after is None:
            bridged |= set(range(before + 1, len(period)))
        elif after > before + 1:
            grown = period[after]["DECOM"] >= adult
            if grown or may_be_same(period[before], period[after]):
                bridged |= set(range(before + 1, after + 1))
    return bridged


def may_be_same(one: Row, other: Row) -> bool:
    """Say whether two episodes are in one place as far as is recorded: a return is expected."""
    posts_known = None not in (one["PL_POST"], other["PL_POST"])
    return place_is_same(one, other) is not False and not (
        posts_known and place_is_same(one, other) is None
    )


def is_move(before: Row, row: Row, policies: HistoryPolicies) -> bool:
    """Say whether an episode begins another stay than the one before (4.1)."""
    if before["PLACE_CLASS"] == TEMPORARY != row["PLACE_CLASS"]:
        return True
    if policies.status_only == "stay" and before["REASON_PLACE_CHANGE"] == "PLACE":
        return False
    same = place_is_same(before, row)
    new_carer = row["RNE"] in ("P", "B")
    same_carer = row["RNE"] in ("T", "U")
    if same_carer and policies.same_carer == "stay":
        return False
    if new_carer or same_carer:
        return same is not True
    return same is False


OF_FIRST = (
    "child", "born", "sex", "ethnic", "period", "PLACE", "PLACE_CLASS", "PLACE_PROVIDER", "URN",
    "PL_POST", "LS", "records_begin", "records_end",
)  # fmt: skip


def spell_of(piece: Rows, after: Rows | None) -> Row:
    """Return one spell of its episodes and those of the next in the period of care."""
    first, last = piece[0], piece[-1]
    spell = {name: first[name] for name in OF_FIRST}
    spell |= {
        "authority": first["LA"],
        "place": place_key(first),
        "episodes": piece,
        "start": first["DECOM"],
        "end": last["DEC"],
        "reason": last["REASON_PLACE_CHANGE"],
        "REC": last["REC"],
        "imputed_end": last["imputed_end"],
        "same_carer_changes": same_carer_changes(piece),
        "next_place": place_key(after[0]) if after else None,
        "next_class": after[0]["PLACE_CLASS"] if after else None,
        "next_urn": after[0]["URN"] if after else None,
    }
    return spell | {"ended_by": "moved" if after else how_care_ended(last)}


def same_carer_changes(piece: Rows) -> int:
    """Count the changes with the same carer of a child who is not yet 18."""
    adult = reached(piece[0]["born"], 18)
    return sum(row["RNE"] in ("T", "U") and row["DECOM"] < adult for row in piece[1:])


def how_care_ended(last: Row) -> str:
    """Say how the last spell of a period ended."""
    if last["open"]:
        return "end of the extract"
    if code_set("rec").group.get(last["REC"], "imputed") == "imputed":
        return "not recorded"
    return {"E2": "died", "E3": "taken over by another authority"}.get(last["REC"], "left care")


def cut_at(adult: date, spell: Row) -> Row:
    """End a spell at the 18th birthday, whatever is recorded on it or after."""
    if spell["end"] >= adult:
        spell |= {"end": adult, "ended_by": "18th birthday"}
        spell |= dict.fromkeys(("next_place", "next_class", "next_urn"))
    return spell


def with_days(spells: Rows, policies: HistoryPolicies) -> Rows:
    """Add days at risk; leave out spells of no day, if they are to be (4.4)."""
    for spell in spells:
        spell["days_away"] = sum(
            (min(row["DEC"], spell["end"]) - min(row["DECOM"], spell["end"])).days
            for row in spell["episodes"]
            if row["PLACE_CLASS"] == TEMPORARY
            and any(
                other["PLACE_CLASS"] != TEMPORARY and other["DECOM"] < row["DECOM"]
                for other in spell["episodes"]
            )
        )
        days = (spell["end"] - spell["start"]).days
        if policies.days_away == "removed":
            days -= spell["days_away"]
        spell["days"] = float(days) if days > 0 else policies.day_zero
    return [spell for spell in spells if spell["days"] > 0]


# ---- 4.3 stays in homes ----


def stays_of(spells: Rows, policies: HistoryPolicies, succession: Mapping[str, str]) -> Rows:
    """Return one child's stays in homes."""
    stays: Rows = []
    for spell in spells:
        for stay in stays_in(spell, policies, succession):
            before = stays[-1] if stays else None
            if (
                before is not None
                and before["home"] is not None
                and (before["home"], before["end"], before["period"])
                == (stay["home"], stay["start"], stay["period"])
            ):
                join(before, stay)
            else:
                stays.append(stay)
    return with_days(stays, policies)


def stays_in(spell: Row, policies: HistoryPolicies, succession: Mapping[str, str]) -> Rows:
    """Cut a spell into stays in homes, and keep those that are."""
    pieces: list[Rows] = []
    first, *later = spell["episodes"]
    for row in [first, *(row for row in later if row["DECOM"] < spell["end"])]:
        row["home"] = home_of(row, policies, succession)
        settled = [r for r in pieces[-1] if r["PLACE_CLASS"] != TEMPORARY] if pieces else []
        away = row["PLACE_CLASS"] == TEMPORARY
        if pieces and ((away and settled) or (settled and same_home(settled, row))):
            pieces[-1].append(row)
        else:
            pieces.append([row])
    return [
        stay_of(number, pieces, spell)
        for number, piece in enumerate(pieces)
        if piece[0]["PLACE_CLASS"] in HOME
    ]


def home_of(row: Row, policies: HistoryPolicies, succession: Mapping[str, str]) -> str | None:
    """Return the first URN of the home of an episode."""
    urn = usable_urn(row) if row["PLACE_CLASS"] in HOME else None
    if urn is None or policies.re_registered_homes == "as registered":
        return urn
    return succession.get(urn, urn)


def same_home(settled: Rows, row: Row) -> bool:
    """Say whether an episode is in the home of those before, or between homes like them."""
    before = settled[-1]
    if (before["PLACE_CLASS"] in HOME) != (row["PLACE_CLASS"] in HOME):
        return False
    if row["PLACE_CLASS"] not in HOME:
        return True
    if None not in (before["home"], row["home"]):
        return bool(before["home"] == row["home"])
    if None not in (before["PL_POST"], row["PL_POST"]):
        return bool(before["PL_POST"] == row["PL_POST"])
    known = next((r["home"] for r in reversed(settled) if r["home"]), None)
    return known is None or row["home"] is None or known == row["home"]


def stay_of(number: int, pieces: list[Rows], spell: Row) -> Row:
    """Return one stay in a home: as the spell ended if it is the last, else as what changed."""
    piece = pieces[number]
    stay = spell | {name: piece[0][name] for name in OF_FIRST} | {"episodes": piece}
    stay["start"], stay["place"] = piece[0]["DECOM"], place_key(piece[0])
    stay["home"] = next((row["home"] for row in piece if row["home"]), None)
    stay["same_carer_changes"] = same_carer_changes(piece)
    stay["registered_late"] = number > 0 and pieces[number - 1][-1]["PLACE_CLASS"] not in HOME
    if number + 1 < len(pieces):
        last, after = piece[-1], pieces[number + 1][0]
        to_home = after["PLACE_CLASS"] in HOME
        stay |= {
            "end": after["DECOM"],
            "ended_by": "same carer, " + ("new home" if to_home else "no longer a home"),
            "reason": last["REASON_PLACE_CHANGE"],
            "REC": last["REC"],
            "imputed_end": last["imputed_end"],
            "next_place": place_key(after),
            "next_class": after["PLACE_CLASS"],
            "next_urn": after["URN"],
        }
    return stay


def join(before: Row, stay: Row) -> None:
    """Let a stay go on as the one in the same home that follows without a day between."""
    before["episodes"] = before["episodes"] + stay["episodes"]
    before["same_carer_changes"] += stay["same_carer_changes"]
    for name in (
        "end", "ended_by", "reason", "REC", "imputed_end", "next_place", "next_class", "next_urn",
    ):  # fmt: skip
        before[name] = stay[name]


# ---- 5. moves ----


def next_lasting(spell: Row) -> tuple[Row, Row | None]:
    """Return the last of the temporary placements that follow, and where the child went then."""
    ending = spell
    while ending["ended_by"] == "moved":
        if ending["after"]["PLACE_CLASS"] != TEMPORARY:
            return ending, ending["after"]
        ending = ending["after"]
    return ending, None


def moves_of(spells: Rows, policies: HistoryPolicies) -> Rows:
    """List the moves; with temporary placements bridged, those without return are passed over."""
    moves = []
    pass_over = policies.temporary == "bridge"
    for spell in spells:
        if spell["ended_by"] != "moved" or (pass_over and spell["PLACE_CLASS"] == TEMPORARY):
            continue
        after = next_lasting(spell)[1] if pass_over else spell["after"]
        if after is not None:
            moves.append(move_of(spell, after))
    by_authority = grouped(moves, "authority")
    for own in by_authority.values():
        classes = Counter(move["reason_class"] for move in own)
        share = sum(classes[c] for c in ("unknown", "imputed", "not recorded")) / len(own)
        for move in own:
            move["other_share_of_authority"] = share
            move["reasons_usable"] = share <= policies.other_share
    return moves


def move_of(spell: Row, after: Row) -> Row:
    """Return one move."""
    reason_class = code_set("reason_place_change").group.get(spell["reason"], "not recorded")
    unplanned = looked_up("move_reasons", "reason_class")[reason_class]["unplanned"]
    intensity = looked_up("intensity", "class")
    family = intensity.get(after["PLACE_CLASS"], NO_CLASS)["family_type"] == "yes"
    forward = reason_class == "planned" and (family or is_less_intensive(spell, after, intensity))
    return {
        "child": spell["child"],
        "authority": spell["authority"],
        "period": spell["period"],
        "start": spell["start"],
        "date": spell["end"],
        "from_class": spell["PLACE_CLASS"],
        "to_class": after["PLACE_CLASS"],
        "from_place": spell["place"],
        "to_place": after["place"],
        "from_urn": spell["URN"],
        "to_urn": after["URN"],
        "reason": spell["reason"],
        "reason_class": reason_class,
        "unplanned": {"yes": True, "no": False}.get(unplanned),
        "disruption": not forward,
        "family_type_next": family,
    }


def is_less_intensive(spell: Row, after: Row, intensity: Mapping[str, Row]) -> bool:
    """Say whether a move goes to a less intensive class at an age at which it is lawful."""
    here, there = (intensity.get(s["PLACE_CLASS"], NO_CLASS) for s in (spell, after))
    if not here["intensity"] or not there["intensity"]:
        return False
    from_age = int(there["from_age"] or 0)
    lawful = spell["end"] >= reached(spell["born"], from_age)
    return lawful and int(there["intensity"]) < int(here["intensity"])


@cache
def routes_by_rec() -> dict[tuple[str, str], Row]:
    """Return the routes by REC and, where it matters, by group of legal status."""
    rows = table_of("exit_routes_rec").to_dict("records")
    return {(row["code"], row["legal_status_group"]): row for row in rows}


@cache
def looked_up(name: str, key: str) -> dict[str, Row]:
    """Return a code table's rows by one of its columns."""
    return {row[key]: row for row in table_of(name).to_dict("records")}


# ---- 6. exits ----


def exit_of(spell: Row) -> Row:
    """Say by which route a stay in a home ended, or what censors it."""
    ending, after = next_lasting(spell)
    censors = route = None
    if after is not None:
        route = looked_up("exit_routes_place", "class").get(after["PLACE_CLASS"], NOT_KNOWN)[
            "route"
        ]
    elif ending["ended_by"] == "left care":
        group = code_set("ls").group.get(spell["LS"])
        told = routes_by_rec()
        found = told.get((ending["REC"], group)) or told[ending["REC"], ""]
        route, censors = found["route"] or None, found["censored_by"] or None
    else:
        censors = ending["ended_by"]
    groups = looked_up("exit_routes", "route")
    return {
        "child": spell["child"],
        "period": spell["period"],
        "start": spell["start"],
        "date": spell["end"],
        "from_class": spell["PLACE_CLASS"],
        "to_class": after["PLACE_CLASS"] if after else None,
        "REC": ending["REC"],
        "route": route,
        "route_group": groups[route]["route_group"] if route else "censored",
        "censored_by": censors,
        "near_18": spell["end"] >= reached(reached(spell["born"], 17), 0, 11),
    }
