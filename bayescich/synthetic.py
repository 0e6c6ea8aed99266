"""The synthetic England: the one that is fitted when no data are given, written and checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bayescich.errors import RunError
from bayescich.progress import say
from bayescich.records.sources import SYNTHETIC_MARK

if TYPE_CHECKING:
    from bayescich.simulate.settings import Settings

SYNTHETIC_FOLDER = Path("data/small")
"""The synthetic England that is fitted when no data are given; written when it is not there."""


def synthetic_england() -> Path:
    """Return the folder of the synthetic England, written first if it is not there."""
    if not (SYNTHETIC_FOLDER / SYNTHETIC_MARK).is_file():
        write_synthetic_england(SYNTHETIC_FOLDER)
    else:
        say(f"no DATA given: using the synthetic England in {SYNTHETIC_FOLDER}")
    return SYNTHETIC_FOLDER


def write_synthetic_england(
    folder: Path, settings: Settings | None = None, processes: int | None = None
) -> None:
    """Simulate and write a synthetic England, unless a real file would be overwritten.

    Parameters
    ----------
    folder : Path
        Where to; an older synthetic England there is replaced.
    settings : Settings, optional
        A small England if left out.
    processes : int, optional
        How many write at the same time; the files do not depend on it.

    Raises
    ------
    RunError
        If the folder is a file, holds anything else or cannot be written to.
    """
    from bayescich.simulate.england import simulate_england
    from bayescich.simulate.settings import Settings
    from bayescich.simulate.target import target_of
    from bayescich.simulate.write import refuse_processes, write_england

    # before the work, not after it
    refuse_processes(processes)
    target_of(folder)
    settings = settings or Settings()
    say(f"simulating an England of about {settings.children:,} children ever looked after")
    england = simulate_england(settings)
    children, authorities = england.children_in_window(), len(england.authorities.names)
    say(f"writing {children:,} children in {authorities} authorities to {folder}")
    write_england(england, folder, processes)


def check_synthetic_england(
    folder: Path,
    settings: Settings | None = None,
    processes: int | None = None,
    *,
    given: Sequence[str] = (),
) -> str:
    """Compare a synthetic England with the published figures and say what was found.

    Parameters
    ----------
    folder : Path
        A synthetic England; one is written there if nothing is there.
    settings : Settings, optional
        Of an England that has to be written; the size ``study`` if left out.
    processes : int, optional
        How many write it at the same time.
    given : sequence of str
        The options by which the settings were asked for, if any were.

    Returns
    -------
    str
        To read on a terminal: figures that miss their tolerance first, then what recording lost.

    Raises
    ------
    RunError
        If settings were asked for and there is an England already.
    RecordsError
        If the folder holds anything but a synthetic England, or one that is not complete.
    """
    from bayescich.simulate.checking.check import refuse_others, said
    from bayescich.simulate.settings import SIZES, Settings
    from bayescich.simulate.target import holds_nothing

    if holds_nothing(folder):
        settings = settings or Settings(children=SIZES["study"])
        write_synthetic_england(folder, settings, processes)
    else:
        refuse_others(folder)
        if given:
            raise RunError(
                f"'{folder}' holds a synthetic England: it is checked as it is.",
                where=", ".join(given),
                why="what is there may have been made with other settings",
                next_step="Leave these options out, or name another folder with --out.",
            )
    say(f"reading {folder} back and measuring what is published")
    return said(folder)
