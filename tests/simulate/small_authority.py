"""One authority made by hand: its returns as they should be, and the journeys they are of."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from zlib import crc32

import numpy as np
import pandas as pd

from bayescich.histories.dates import collection_year_of, first_of_april
from bayescich.histories.sorted_rows import dates_of
from bayescich.records.ssda903 import read_ssda903
from bayescich.records.ssda903_schema import EPISODE_COLUMNS
from bayescich.simulate.recording.record import Habits
from bayescich.simulate.settings import Settings

NAME = "Northshire"
URNS = [f"SC{100_001 + i}" for i in range(40)]
ROUTES = {
    "home": "another children's home or residential",
    "foster": "fostering",
    "kin": "permanence or kinship",
    "parents": "return home",
}
PLACES = {"home": "K2", "foster": "U6", "kin": "U3", "parents": "P1"}
REASONS = ("CARPL", "CREQB", "CREQO", "CHILD", "LAREQ")


@dataclass
class Authority:
    """What the tests need of one authority."""

    settings: Settings
    tables: dict[str, pd.DataFrame]
    journeys: pd.DataFrame

    @property
    def shard(self):
        registrations = pd.DataFrame({"urn": pd.Series(URNS, dtype=object)})
        settings = self.settings
        return SimpleNamespace(
            settings=settings,
            number=0,
            name=NAME,
            homes=SimpleNamespace(registrations=registrations),
            rng=lambda stream: np.random.default_rng([settings.seed, 0, crc32(stream.encode())]),
        )

    def habits(self, **rates):
        """Return habits with these faults only, underscores for spaces."""
        names = np.array([NAME], dtype=object)
        return Habits(names, {n.replace("_", " "): np.array([r]) for n, r in rates.items()})

    def authorities(self, number=1):
        names = [NAME, *(f"Authority {i}" for i in range(1, number))]
        size = np.linspace(1.0, 3.0, number)
        return SimpleNamespace(
            names=np.array(names, dtype=object), share_of_children=size / size.sum()
        )


def authority(children=200, *, seed=1, dirt="realistic", first_year=2010, last_year=2025):
    """Return an authority with stays, legal changes, changes of status and children who return."""
    settings = Settings(dirt=dirt, seed=seed, first_year=first_year, last_year=last_year)
    rng = np.random.default_rng(seed)
    episodes, journeys = [], []
    for number in range(children):
        child = str(5001 + number)
        own, stays = _life(rng, settings, child)
        episodes += own
        journeys += stays
    table = _yearly(pd.DataFrame(episodes), settings)
    first = pd.DataFrame(episodes).groupby("CHILD")["start"].min()
    header = table[["YEAR", "CHILD"]].drop_duplicates(ignore_index=True)
    born = header["CHILD"].map(first).to_numpy() - 2000
    header = header.assign(
        SEX="1", DOB=dates_of(born), ETHNIC="WBRI", UPN="A1234567" + header["CHILD"] + "9",
        MOTHER="", MC_DOB=pd.NaT,
    )  # fmt: skip
    missing = header[["YEAR", "CHILD", "DOB"]].assign(MISSING="M")
    missing = missing.assign(MIS_START=dates_of(first_of_april(missing["YEAR"].to_numpy()) - 9))
    missing = missing.assign(MIS_END=missing["MIS_START"] + pd.Timedelta(days=2))
    stays = pd.DataFrame(journeys)
    dates = {name: dates_of(stays[name].to_numpy()) for name in ("start", "end")}
    stays = stays.assign(**dates)
    return Authority(settings, {"episodes": table, "header": header, "missing": missing}, stays)


def _life(rng, settings, child):
    day_in = int(rng.integers(settings.first_day - 600, settings.last_day - 30))
    episodes, stays, begun, last = [], [], day_in, 0
    rne, ls = "S", str(rng.choice(["C2", "V2"]))
    for _ in range(int(rng.integers(1, 7))):
        if begun > settings.last_day or begun - day_in > 2500:
            break
        stay, own, rne, ls = _stay(rng, child, begun, rne, ls, last)
        last = URNS.index(stay["home"]) if stay["home"] else last
        if stays and stays[-1]["ended_by"] == "moved":
            stays[-1]["route"] = _route(stays[-1], ROUTES[stay["kind"]])
        stays.append(stay)
        episodes += own
        begun = own[-1]["end"]
        if own[-1]["REC"] != "X1":
            begun += int(rng.integers(20, 400))
    if episodes[-1]["REC"] == "X1":
        episodes[-1] |= {"REC": "E4A", "reason": ""}
        stays[-1] |= {"ended_by": "left care", "route": _route(stays[-1], "return home")}
    shown = [s for s in stays if s["end"] >= settings.first_day]
    recorded = [e for e in episodes if e["end"] >= settings.first_day]
    return recorded, [_seen(stay, settings) for stay in shown]


def _route(stay, route):
    return route if stay["kind"] == "home" else ""


def _seen(stay, settings):
    if stay["end"] <= settings.last_day:
        return stay
    return stay | {"end": settings.last_day, "ended_by": "end of the extract", "route": ""}


def _stay(rng, child, begun, rne, ls, last):
    kind = ["home", "home", "home", *PLACES][rng.integers(7)]
    home = (last + 1 + int(rng.integers(len(URNS) - 1))) % len(URNS)
    street = f"ZY{rng.integers(1, 99)} {rng.integers(1, 9)}BB"
    agency = "" if kind == "parents" else "SC900001"
    where = {
        "PLACE": PLACES[kind],
        "PLACE_PROVIDER": "PR0" if kind == "parents" else "PR4",
        "URN": URNS[home] if kind == "home" else agency,
        "PL_POST": f"ZZ{home + 1} 1AA" if kind == "home" else street,
    }
    end = begun + int(rng.integers(1, 700))
    cuts = sorted({int(c) for c in rng.integers(begun + 1, end + 1, rng.integers(0, 3)) if c < end})
    episodes, start = [], begun
    for cut in [*cuts, end]:
        said = {"RNE": rne, "LS": ls, "REC": "X1", "reason": "", **where}
        episodes.append({"CHILD": child, "start": start, "end": cut, **said})
        start = cut
        if cut == end:
            break
        if where["PLACE"] == "U6":
            episodes[-1]["reason"], rne = "PLACE", "T"
            where = where | {"PLACE": "U4"}
        else:
            rne, ls = "L", "C2" if ls == "V2" else "V2"
    leaves = rng.random() < 0.3
    episodes[-1] |= {"REC": "E4A", "reason": ""} if leaves else {"reason": str(rng.choice(REASONS))}
    stay = {
        "child": f"{NAME}/{child}",
        "start": begun,
        "end": end,
        "kind": kind,
        "home": where["URN"] if kind == "home" else "",
        "ended_by": "left care" if leaves else "moved",
        "in_window": True,
    }
    stay["route"] = _route(stay, "return home")
    return stay, episodes, "S" if leaves else "P", ls


def _yearly(episodes, settings):
    first = np.maximum(collection_year_of(episodes["start"].to_numpy()), settings.first_year)
    last = np.minimum(collection_year_of(episodes["end"].to_numpy()), settings.last_year)
    shown = first <= last
    episodes, first, last = episodes[shown].reset_index(drop=True), first[shown], last[shown]
    times = last - first + 1
    rows = episodes.loc[episodes.index.repeat(times)].reset_index(drop=True)
    passed = np.arange(len(rows)) - np.repeat(times.cumsum() - times, times)
    rows["YEAR"] = np.repeat(first, times) + passed
    still_open = (rows["end"] >= first_of_april(rows["YEAR"].to_numpy())).to_numpy()
    rows = rows.assign(
        DECOM=dates_of(rows["start"].to_numpy()),
        DEC=pd.Series(dates_of(rows["end"].to_numpy())).mask(still_open),
        CIN="N1", HOME_POST="ZZ1 1AA",
        REASON_PLACE_CHANGE=rows["reason"].mask(still_open, ""),
        REC=rows["REC"].mask(still_open, ""),
    )  # fmt: skip
    rows = rows.sort_values(["YEAR", "CHILD", "DECOM"], ignore_index=True)
    return rows[["YEAR", *EPISODE_COLUMNS]].astype(dict.fromkeys(("CHILD", "URN", "PLACE"), object))


def returns_of(tables, folder):
    """Write stacked files and return the records as they are read."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        origin = table.assign(LA=NAME)
        origin.to_csv(folder / f"{name}.csv", index=False, date_format="%d/%m/%Y")
    return read_ssda903(folder)
