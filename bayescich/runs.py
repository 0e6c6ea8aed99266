"""A run: its inputs by hash, its folder, its manifest.

``runs/<model>/<run-id>/``, where the id is the hash of everything that decides the draws. The same
inputs find the same folder again: a finished run is reused, an unfinished one is taken up where it
stopped, and a new id can say which input differs from the last run.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from bayescich.errors import RunError

DRAWS_ROOMS = ("spec", "records", "histories", "design", "model", "sampling")
"""Rooms whose code decides the draws."""
READING_ROOMS = ("checks", "estimates", "report")
"""Rooms whose code only reads them: when it changes, draws are kept and the report is redone."""
PACKAGES = (
    "pymc",
    "pytensor",
    "nutpie",
    "numba",
    "jax",
    "numpyro",
    "blackjax",
    "bambi",
    "arviz",
    "numpy",
)
"""Packages recorded in the manifest; those that sample are part of the run's identity."""


_HASH_LENGTH = 64


@dataclass(frozen=True)
class Inputs:
    """What decides the draws, name by name: a spec, a prior set, each data file, code, settings."""

    hashes: Mapping[str, str]
    """SHA-256 of each file and of the code; the sampler's settings as they are."""

    @property
    def run_id(self) -> str:
        """Twelve hexadecimal digits; equal inputs give equal ids."""
        return digest(json.dumps(dict(self.hashes), sort_keys=True).encode())[:12]

    def changed_since(self, other: Mapping[str, str]) -> list[str]:
        """Name what differs from another run's inputs, in words.

        Examples
        --------
        >>> ours = Inputs({"a.yaml": "1" * 64, "b.csv": "2" * 64, "the setting draws": "1000"})
        >>> theirs = {"a.yaml": "0" * 64, "c.csv": "3" * 64, "the setting draws": "500"}
        >>> for change in ours.changed_since(theirs):
        ...     print(change)
        a.yaml has changed
        the setting draws has changed (500 to 1000)
        b.csv is new
        c.csv is gone
        """
        ours = self.hashes
        both = [n for n in ours if n in other and ours[n] != other[n]]
        changed = [f"{n} has changed{_shown(other[n], ours[n])}" for n in both]
        new = [f"{n} is new" for n in ours if n not in other]
        gone = [f"{n} is gone" for n in other if n not in ours]
        return changed + new + gone


def collect_inputs(
    spec_file: Path, prior_file: Path, data: Path, settings: Mapping[str, object]
) -> Inputs:
    """Hash everything that decides the draws."""
    hashes = {
        f"models/{spec_file.name}": file_digest(spec_file),
        f"priors/{prior_file.name}": file_digest(prior_file),
        **_data_hashes(data),
        "the package's code": code_digest(DRAWS_ROOMS),
        "the package versions": digest(json.dumps(package_versions()).encode()),
    }
    return Inputs(hashes | {f"the setting {name}": str(value) for name, value in settings.items()})


def _shown(before: str, now: str) -> str:
    # settings are kept as they are and can be shown; files are kept as hashes and cannot
    return f" ({before} to {now})" if max(len(before), len(now)) < _HASH_LENGTH else ""


def _data_hashes(data: Path) -> dict[str, str]:
    if data.is_file():
        return {f"data: {data.name}": file_digest(data)}
    files = sorted(p for p in data.rglob("*") if p.is_file() and not p.name.startswith("."))
    return {f"data: {p.relative_to(data)}": file_digest(p) for p in files}


def code_digest(rooms: Iterable[str]) -> str:
    """Hash the source of some rooms."""
    package = Path(__file__).parent
    parts: list[str] = []
    for room in rooms:
        parts += [
            f"{path.relative_to(package)} {file_digest(path)}"
            for path in sorted((package / room).rglob("*"))
            if path.suffix in {".py", ".csv", ".yaml", ".j2", ".css", ".js"}
        ]
    return digest("\n".join(parts).encode())


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that matter to the draws."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def environment() -> dict[str, object]:
    """Return where a run happened: package and Python versions, machine, cores."""
    return {
        "bayescich": metadata.version("bayescich"),
        "python": platform.python_version(),
        "packages": package_versions(),
        "machine": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
    }


@dataclass(frozen=True)
class Run:
    """One run's folder."""

    folder: Path

    @classmethod
    def of(cls, model: str, run_id: str, root: Path = Path("runs")) -> Run:
        """Return the folder of a model and a run id."""
        return cls(root / model / run_id)

    @classmethod
    def latest(cls, model: str, root: Path = Path("runs")) -> Run | None:
        """Return the newest finished run of a model, when there is one."""
        pointer = root / model / "latest"
        return cls(pointer.resolve()) if pointer.is_dir() else None

    @property
    def run_id(self) -> str:
        """The id: the name of the folder."""
        return self.folder.name

    @property
    def manifest_file(self) -> Path:
        """Where the manifest lies."""
        return self.folder / "manifest.json"

    def manifest(self) -> dict[str, Any]:
        """Read the manifest; empty when the run has not started."""
        if not self.manifest_file.is_file():
            return {}
        try:
            content = json.loads(self.manifest_file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise RunError(
                f"The manifest cannot be read: {error}",
                where=str(self.manifest_file),
                next_step="Delete the run folder and fit again.",
            ) from None
        return dict(content)

    def write_manifest(self, content: Mapping[str, Any]) -> None:
        """Write the manifest whole or not at all."""
        write_text(self.manifest_file, json.dumps(content, indent=2, default=str) + "\n")

    @property
    def finished(self) -> bool:
        """Whether draws, checks, estimates and report were all written."""
        return self.manifest().get("status") == "finished"

    def point_latest(self) -> None:
        """Make ``latest`` point here."""
        pointer = self.folder.parent / "latest"
        fresh = self.folder.parent / f".latest-{self.run_id}"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(self.run_id, target_is_directory=True)
        fresh.replace(pointer)


def write_text(path: Path, text: str) -> None:
    """Write a text file under a temporary name, then rename it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest(content: bytes) -> str:
    """Return the SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()
