"""Where a synthetic England may be written, and how it gets there: whole or not at all."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from bayescich.errors import RecordsError, RunError
from bayescich.records.sources import SYNTHETIC_MARK

WRITTEN_BY = "bayescich.simulate"
"""What the mark of a synthetic England names as its author."""

PARTS_FOLDER = "parts"
"""Holds authorities' parts of national tables until they are joined."""

_FOLDERS = frozenset(
    {"ssda903", "ofsted", "lookup", "npd", "needs", "statements", "costs", "truth", PARTS_FOLDER}
)
_FILES = frozenset({SYNTHETIC_MARK, "README.txt"})
_SUFFIXES = (".csv", ".xlsx")
_OF_THE_SYSTEM = re.compile(r"\.DS_Store|\.directory|\._.*|Thumbs\.db|desktop\.ini", re.IGNORECASE)
"""What file managers leave in any folder that is looked at."""

_SECONDS_OF_A_DAY = 86_400.0
_ASK_TO_STOP = ("SIGTERM", "SIGHUP")


def target_of(folder: Path) -> Path:
    """Return where an England named so is written; refuse what may not be replaced.

    An absent or an empty folder may be written to, and one that holds a synthetic England and
    nothing else; a link to one is followed. Nothing is left behind by asking.

    Raises
    ------
    RunError
        If anything else is there, or nothing can be written there.
    """
    with no_os_error(folder):
        target = folder.resolve()
        here = Path.cwd()
        if target in (here, *here.parents):
            raise _refused(folder, "is the current folder, or one around it")
        if target.is_symlink():
            raise _refused(folder, "is a link that leads nowhere")
        if target.exists():
            _refuse_others(folder, target)
        _try_to_write(target)
    return target


def mark_of(folder: Path) -> dict[str, Any] | None:
    """Return what ``synthetic.json`` says; None if the simulator has not written the folder.

    Raises
    ------
    RecordsError
        If the file is there and cannot be read.
    """
    file = folder / SYNTHETIC_MARK
    if not file.is_file():
        return None
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RecordsError(
            f"The mark of a synthetic England cannot be read: {error}.",
            where=str(file),
            next_step="Write the England again, into another folder.",
        ) from error
    ours = isinstance(said, dict) and said.get("synthetic") is True
    return said if ours and said.get("written by") == WRITTEN_BY else None


def holds_nothing(folder: Path) -> bool:
    """Say whether a folder is absent or empty but for what file managers leave."""
    with no_os_error(folder):
        return not folder.exists() or (folder.is_dir() and not _names(folder))


@contextmanager
def put_whole(target: Path) -> Iterator[Path]:
    """Lend a hidden folder beside the target that takes its place once it is written.

    If anything goes wrong, or the process is asked to end, the hidden folder is removed and an
    older England is where it was.

    Parameters
    ----------
    target : Path
        From `target_of`.
    """
    with ended_by_signals():
        _remove_stale(target)
        absent = [path for path in target.parents if not path.exists()]
        beside = _hidden(target)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            beside.mkdir()
            yield beside
            with undisturbed():
                _replace(target, beside)
        finally:
            with undisturbed():
                _leave_nothing(beside, absent)


@contextmanager
def no_os_error(folder: Path) -> Iterator[None]:
    """Turn what the operating system refuses into a message."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "ymlink" not in str(error):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        named = getattr(error, "filename", None)
        raise RunError(
            "The synthetic England cannot be written.",
            where=str(folder),
            why=f"{reason}: {named}" if named else reason,
            next_step="Name a folder with --out that can be written to and has room "
            "(a small England takes some 20 MB, a national one several GB).",
        ) from error


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Leave by `SystemExit` when the process is asked to end, so that what was begun is undone."""

    def leave(number: int, _: object) -> None:
        for name in _ASK_TO_STOP:
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_IGN)
        raise SystemExit(128 + number)

    with _handled(_ASK_TO_STOP, leave):
        yield


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let no signal interrupt what is soon done."""
    with _handled(("SIGINT", *_ASK_TO_STOP), signal.SIG_IGN):
        yield


@contextmanager
def postponed() -> Iterator[None]:
    """Let a signal wait until what must not be cut in two is done."""
    seen: list[int] = []
    with _handled(("SIGINT", *_ASK_TO_STOP), lambda number, _: seen.append(number)):
        yield
    for number in seen[:1]:
        signal.raise_signal(number)


@contextmanager
def _handled(
    names: Sequence[str], handler: Callable[[int, Any], Any] | signal.Handlers
) -> Iterator[None]:
    """Handle signals in the main thread, those that are ignored (``nohup``) excepted."""
    before: dict[int, Any] = {}
    try:
        if threading.current_thread() is threading.main_thread():
            for number in [getattr(signal, name) for name in names if hasattr(signal, name)]:
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    before[number] = signal.signal(number, handler)
        yield
    finally:
        for number, usual in before.items():
            signal.signal(number, usual)


def _refuse_others(folder: Path, target: Path) -> None:
    if not target.is_dir():
        raise _refused(folder, "is a file")
    if not _names(target):
        return
    try:
        said = mark_of(target)
    except RecordsError:
        said = None
    if said is None:
        raise _refused(folder, "holds files that were not written by the simulator")
    if other := _not_written_here(target):
        raise _refused(folder, f"holds an England and something else: {other}")


def _refused(folder: Path, what: str) -> RunError:
    return RunError(
        f"'{folder}' {what}.",
        why="an England replaces what is there: real returns could be lost",
        next_step="Choose another folder with --out, or move what is there away.",
    )


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not _OF_THE_SYSTEM.fullmatch(path.name)}


def _not_written_here(folder: Path) -> str:
    """Name something in a folder that the simulator does not write; blank if there is none."""
    for place, folders, files in os.walk(folder):
        inside = Path(place).relative_to(folder)
        for name in sorted(folders):
            known = name in _FOLDERS if inside == Path() else inside.parts[0] == "ssda903"
            if not known or Path(place, name).is_symlink():
                return str(inside / name)
        for name in sorted(files):
            known = name in _FILES if inside == Path() else name.endswith(_SUFFIXES)
            if not known and not _OF_THE_SYSTEM.fullmatch(name):
                return str(inside / name)
    return ""


def _try_to_write(target: Path) -> None:
    """Write a file where the England would be, or in the nearest folder there is, and remove it."""
    there = target.parent
    while not there.exists():
        there = there.parent
    try:
        with tempfile.TemporaryFile(dir=there) as probe:
            probe.write(b"0" * 4096)
    except OSError as error:
        error.filename = str(there)
        raise
    if there == target.parent:
        # also says whether the name is too long
        _hidden(target, "old-").exists()


def _hidden(target: Path, kind: str = "") -> Path:
    return target.with_name(f".{target.name}-{kind}{secrets.token_hex(4)}")


def _replace(target: Path, whole: Path) -> None:
    """Move the older England aside, the new one in, and then delete the older."""
    if not target.exists():
        whole.rename(target)
        return
    aside = _hidden(target, "old-")
    target.rename(aside)
    try:
        whole.rename(target)
    except BaseException:
        aside.rename(target)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _leave_nothing(beside: Path, made: Sequence[Path]) -> None:
    """Remove the hidden folder, and the folders made for it that hold nothing now."""
    shutil.rmtree(beside, ignore_errors=True)
    for path in made:
        with suppress(OSError):
            path.rmdir()


def _remove_stale(target: Path) -> None:
    """Remove what killed runs have left beside the target more than a day ago."""
    left = re.compile(rf"\.{re.escape(target.name)}-(old-)?[a-z0-9_]{{8}}")
    if not target.parent.is_dir():
        return
    for path in target.parent.iterdir():
        found = left.fullmatch(path.name)
        # an older England put aside is the only one until another is there
        if found and not (found[1] and not target.exists()) and _is_stale(path):
            shutil.rmtree(path, ignore_errors=True)


def _is_stale(path: Path) -> bool:
    if path.is_symlink() or not path.is_dir() or _not_written_here(path):
        return False
    newest = max(entry.stat().st_mtime for entry in (path, *path.iterdir()))
    return time.time() - newest > _SECONDS_OF_A_DAY
