"""Write a synthetic England as authorities, Ofsted and the Department write theirs.

Authorities are written one by one, each by whichever process is free: what an authority's files
hold depends on its own random numbers alone.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
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
from bayescich.simulate.target import (
    PARTS_FOLDER,
    WRITTEN_BY,
    no_os_error,
    postponed,
    put_whole,
    target_of,
    undisturbed,
)

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
truth/                        what no return shows: docs/simulator.md
"""


def write_england(england: England, folder: Path, processes: int | None = None) -> None:
    """Write every file, the truth and ``synthetic.json``.

    Everything is written to a hidden folder beside and renamed when it is whole, so that a folder
    is either all there or not at all; a synthetic England that is already there is replaced.

    Parameters
    ----------
    england : England
    folder : Path
        Absent, empty or a synthetic England: see ``target.target_of``.
    processes : int, optional
        How many write at the same time; the files are the same whatever their number. If left
        out, one for a small England, else one per core.

    Raises
    ------
    RunError
        If the folder holds something else or cannot be written.
    BayescichError
        If a process was killed.
    """
    refuse_processes(processes)
    target = target_of(folder)
    asked = processes or _usual_processes(england)
    with no_os_error(folder), put_whole(target) as beside:
        _write_all(england, beside, min(asked, len(england.authorities.names)))


def refuse_processes(processes: int | None) -> None:
    """Refuse a number of processes that cannot write anything.

    Raises
    ------
    BayescichError
        If it is zero or less.
    """
    if processes is not None and processes < 1:
        raise BayescichError(
            f"{processes} processes cannot write anything.",
            where="--processes",
            next_step="Give 1 or more, or leave it out.",
        )


def _write_all(england: England, folder: Path, processes: int) -> None:
    for name in ("ssda903", "ofsted", "lookup", "statements", "costs", "truth", PARTS_FOLDER):
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
    try:
        with _pool(writer, processes) as pool:
            _hand_out(england, pool, processes)
    except BrokenProcessPool as error:
        raise BayescichError(
            "A process that wrote authorities was killed.",
            where=f"{processes} processes at the same time",
            why="most often the memory did not suffice for all of them",
            next_step="Run it again with --processes 1; the files do not depend on it.",
        ) from error


@contextmanager
def _pool(writer: AuthorityWriter, processes: int) -> Iterator[ProcessPoolExecutor]:
    """Lend processes that write; what they have not begun when it is left is not begun."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(
        processes, mp_context=context, initializer=_set_writer, initargs=(writer,)
    )
    try:
        yield pool
    finally:
        with undisturbed():
            pool.shutdown(wait=True, cancel_futures=True)


def _hand_out(england: England, pool: ProcessPoolExecutor, processes: int) -> None:
    running: set[Future[None]] = set()
    for number in range(len(england.authorities.names)):
        # only a few are handed out ahead: all of England would wait in the pipes
        if len(running) >= 2 * processes:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            _raise_what_failed(done)
        own = england.shard(number).only_its_own()
        with postponed(), _workers_uninterrupted():
            running.add(pool.submit(_write_one, own))
    _raise_what_failed(running)


@contextmanager
def _workers_uninterrupted() -> Iterator[None]:
    """Let processes started here never see Ctrl-C: the one that started them acts on it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _raise_what_failed(done: Iterable[Future[None]]) -> None:
    for future in done:
        future.result()


_OF_THIS_PROCESS: list[AuthorityWriter] = []
"""The writer that a worker was started with."""


def _set_writer(writer: AuthorityWriter) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
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
        join_parts([folder / PARTS_FOLDER / f"{path.stem}-{n}.csv" for n in numbers], path)
    shutil.rmtree(folder / PARTS_FOLDER)


def _write_providers(england: England, folder: Path) -> None:
    settings, homes, authorities = england.settings, england.homes, england.authorities
    write_register(settings, homes, authorities, folder / "ofsted")
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
        "written by": WRITTEN_BY,
    }
    (folder / "synthetic.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    note = _README.format(version=__version__, **vars(settings))
    (folder / "README.txt").write_text(note, encoding="utf-8")


def _usual_processes(england: England) -> int:
    few = england.settings.children < FEWEST_FOR_PROCESSES
    return 1 if few else max(1, os.cpu_count() or 1)
