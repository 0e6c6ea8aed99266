"""Write a synthetic England as authorities, Ofsted and the Department write theirs.

Authorities are written one by one, each by whichever process is free: what an authority's files
hold depends on its own random numbers alone.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path

import pandas as pd

from bayescich import __version__
from bayescich.errors import BayescichError
from bayescich.simulate.authority_files import PARTS, AuthorityWriter
from bayescich.simulate.england import England
from bayescich.simulate.files import as_text, join_parts, write_csv
from bayescich.simulate.providers.costs import prices_by_type, section_251
from bayescich.simulate.providers.lookup import write_lookup
from bayescich.simulate.providers.places import places_table
from bayescich.simulate.providers.register import write_register
from bayescich.simulate.providers.statements import statements_table
from bayescich.simulate.shard import Own

FEWEST_FOR_PROCESSES = 20_000
"""Below so many children starting processes takes longer than they save."""

_README = """SYNTHETIC DATA: NO CHILD, HOME, OWNER OR AUTHORITY IN THESE FILES EXISTS.

Made by bayescich {version} with seed {seed} for about {children:,} children looked after in the
collection years {first_year} to {last_year}; recording: {dirt}.

ssda903/<authority>/<year>/   the SSDA903 return: header, episodes, OC2, OC3, missing and others
ofsted/                       the lists of homes at each 31 March, with inspections, as published
lookup/                       Ofsted's look-up workbook, as authorities receive it
npd/                          extracts of the National Pupil Database, and the link to them
needs/                        needs audit and scores on scales
statements/                   what homes say they offer
costs/                        prices of placements, by type of home, and of authorities
truth/                        what no return shows: docs/synthetic-england.md
"""


def write_england(england: England, folder: Path, processes: int | None = None) -> None:
    """Write every file, the truth and ``synthetic.json``.

    Everything is written to a temporary folder beside and renamed when it is whole, so that a
    folder is either all there or not at all; a synthetic England that is already there is
    replaced.

    Parameters
    ----------
    england : England
    folder : Path
    processes : int, optional
        How many write at the same time; the files are the same whatever their number. If left
        out, one for a small England, else one per core.

    Raises
    ------
    BayescichError
        If the folder exists and is not a synthetic England.
    """
    _refuse_other_data(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        _write_all(england, beside, processes or _usual_processes(england))
        beside.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _write_all(england: England, folder: Path, processes: int) -> None:
    for name in ("ssda903", "ofsted", "lookup", "statements", "costs", "truth", "parts"):
        (folder / name).mkdir()
    writer = AuthorityWriter.of(england, folder)
    _write_authorities(england, writer, processes)
    _join(england, folder)
    _write_providers(england, folder)
    _write_truth(england, folder / "truth")
    _write_notes(england, folder)


def _write_authorities(england: England, writer: AuthorityWriter, processes: int) -> None:
    numbers = range(len(england.authorities.names))
    if processes == 1:
        for number in numbers:
            writer.write(england.shard(number))
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        processes, mp_context=context, initializer=_set_writer, initargs=(writer,)
    ) as pool:
        running: set[Future[None]] = set()
        for number in numbers:
            # only a few are handed out ahead: all of England would wait in the pipes
            if len(running) >= 2 * processes:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                _raise_what_failed(done)
            running.add(pool.submit(_write_one, england.shard(number).only_its_own()))
        _raise_what_failed(running)


def _raise_what_failed(done: Iterable[Future[None]]) -> None:
    for future in done:
        future.result()


_OF_THIS_PROCESS: list[AuthorityWriter] = []
"""The writer that a worker was started with."""


def _set_writer(writer: AuthorityWriter) -> None:
    _OF_THIS_PROCESS[:] = [writer]


def _write_one(own: Own) -> None:
    writer = _OF_THIS_PROCESS[0]
    writer.write(writer.whole(own))


def _join(england: England, folder: Path) -> None:
    """Put the authorities' parts of national tables together, in the order of authorities."""
    numbers = range(len(england.authorities.names))
    for name in PARTS:
        path = folder / f"{name}.csv"
        path.parent.mkdir(exist_ok=True)
        join_parts([folder / "parts" / f"{path.stem}-{n}.csv" for n in numbers], path)
    shutil.rmtree(folder / "parts")


def _write_providers(england: England, folder: Path) -> None:
    settings, homes, authorities = england.settings, england.homes, england.authorities
    write_register(settings, homes, authorities, None, folder / "ofsted")
    write_lookup(settings, homes, authorities, folder / "lookup" / "ofsted_look_up.xlsx")
    tables = {
        "statements/statements_of_purpose": statements_table(settings, homes),
        "costs/prices_by_type": prices_by_type(settings, homes),
        "costs/section_251": section_251(settings, authorities),
    }
    for name, table in tables.items():
        write_csv(as_text(table), folder / f"{name}.csv")


def _write_truth(england: England, folder: Path) -> None:
    tables = {
        "parameters": england.truth.parameters(),
        "effects": england.truth.effects(england.homes, england.authorities),
        "homes": _homes_table(england),
        "places": places_table(england.authorities, england.homes),
        "recording_habits": england.habits.table(),
    }
    for name, table in tables.items():
        write_csv(as_text(table), folder / f"{name}.csv")


def _homes_table(england: England) -> pd.DataFrame:
    """Return one row per URN: the physical home, its type, owner and dates."""
    homes, registrations = england.homes.frame, england.homes.registrations
    first = registrations.drop_duplicates("home").set_index("home")["urn"]
    own = homes.iloc[registrations["home"]].reset_index(drop=True)
    return pd.DataFrame(
        {
            "urn": registrations["urn"].to_numpy(),
            "home": first.reindex(registrations["home"]).to_numpy(),
            "home_type": own["home_type"],
            "sector": own["sector"],
            "places": own["places"],
            "owner": england.homes.owners[registrations["owner"]],
            "authority": england.authorities.names[own["authority"]],
        }
    )


def _write_notes(england: England, folder: Path) -> None:
    settings = england.settings
    facts = {
        "synthetic": True,
        "children": settings.children,
        "years": f"{settings.first_year}:{settings.last_year}",
        "seed": settings.seed,
        "dirt": settings.dirt,
        "confounding": settings.confounding,
        "hidden": settings.hidden,
        "version": __version__,
        "written by": "bayescich.simulate",
    }
    (folder / "synthetic.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    note = _README.format(version=__version__, **vars(settings))
    (folder / "README.txt").write_text(note, encoding="utf-8")


def _usual_processes(england: England) -> int:
    few = england.settings.children < FEWEST_FOR_PROCESSES
    return 1 if few else max(1, os.cpu_count() or 1)


def _refuse_other_data(folder: Path) -> None:
    if folder.exists() and not (folder / "synthetic.json").is_file():
        raise BayescichError(
            "The folder for the synthetic England holds something else.",
            where=str(folder),
            why="it would be replaced",
            next_step="Name another folder, or move this one away.",
        )
