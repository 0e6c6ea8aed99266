"""Inputs by hash, the run folder, the manifest and the pointer to the newest run."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayescich import runs
from bayescich.errors import RunError
from bayescich.runs import Inputs, Run, code_digest, collect_inputs, write_text

HASHES = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["1", "2", "3"]), max_size=6)


@given(HASHES, HASHES)
def test_the_run_id_is_the_same_exactly_when_nothing_changed(
    ours: dict[str, str], theirs: dict[str, str]
) -> None:
    changes = Inputs(ours).changed_since(theirs)
    assert (Inputs(ours).run_id == Inputs(theirs).run_id) == (not changes)
    reordered = dict(reversed(ours.items()))
    assert Inputs(reordered).run_id == Inputs(ours).run_id
    touched = {name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)}
    assert {change[0] for change in changes} == touched


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name in ("spec.yaml", "prior.yaml", "data/a.csv", "data/deep/b.csv", "data/.hidden"):
        write_text(tmp_path / name, name)
    return tmp_path


def collect(folder: Path, **settings: object) -> Inputs:
    given = {"draws": 100, **settings}
    return collect_inputs(folder / "spec.yaml", folder / "prior.yaml", folder / "data", given)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ("spec.yaml", ["models/spec.yaml has changed"]),
        ("prior.yaml", ["priors/prior.yaml has changed"]),
        ("data/a.csv", ["data: a.csv has changed"]),
        ("data/deep/b.csv", ["data: deep/b.csv has changed"]),
        ("data/c.csv", ["data: c.csv is new"]),
        ("data/.hidden", []),
    ],
)
def test_a_changed_file_is_named(files: Path, changed: str, said: list[str]) -> None:
    before = collect(files)
    assert collect(files).changed_since(before.hashes) == []
    write_text(files / changed, "other")
    after = collect(files)
    assert after.changed_since(before.hashes) == said
    assert (after.run_id != before.run_id) == bool(said)


def test_a_lost_file_and_a_changed_setting_are_named(files: Path) -> None:
    before = collect(files)
    (files / "data/a.csv").unlink()
    assert collect(files).changed_since(before.hashes) == ["data: a.csv is gone"]
    changes = collect(files, draws=200).changed_since(before.hashes)
    assert "the setting draws has changed (100 to 200)" in changes


def test_one_file_is_data_too(files: Path) -> None:
    inputs = collect_inputs(
        files / "spec.yaml", files / "prior.yaml", files / "data/a.csv", {"draws": 1}
    )
    assert "data: a.csv" in inputs.hashes


def test_other_package_versions_are_other_inputs(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = collect(files)
    monkeypatch.setattr(runs, "package_versions", lambda: {"pymc": "0"})
    assert collect(files).changed_since(before.hashes) == ["the package versions has changed"]


def test_code_is_hashed_room_by_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "bayescich"
    source = Path(runs.__file__).parent
    for room in ("model", "report"):
        shutil.copytree(source / room, package / room)
    monkeypatch.setattr(runs, "__file__", str(package / "runs.py"))
    model, report = code_digest(["model"]), code_digest(["report"])
    with (package / "report" / "page.py").open("a") as stream:
        stream.write("# changed\n")
    assert code_digest(["model"]) == model
    assert code_digest(["report"]) != report
    with (package / "model" / "likelihoods" / "hazard.py").open("a") as stream:
        stream.write("# changed\n")
    assert code_digest(["model"]) != model
    # what Python leaves beside the code is not code
    now = code_digest(["model"])
    write_text(package / "model" / "__pycache__" / "hazard.pyc", "x")
    assert code_digest(["model"]) == now


def test_every_room_is_either_drawing_or_reading_or_before_both() -> None:
    rooms = {p.parent.name for p in Path(runs.__file__).parent.glob("*/__init__.py")}
    # simulated data reach a run as files, which are hashed themselves
    assert rooms == {*runs.DRAWS_ROOMS, *runs.READING_ROOMS, "simulate"}


def test_a_run_knows_its_manifest(tmp_path: Path) -> None:
    run = Run.of("stability", "abc", tmp_path)
    assert run.manifest() == {}
    assert not run.finished
    run.write_manifest({"status": "sampling", "data": Path("x")})
    assert run.manifest() == {"status": "sampling", "data": "x"}
    assert not run.finished
    run.write_manifest({"status": "finished"})
    assert run.finished
    assert [p.name for p in run.folder.iterdir()] == ["manifest.json"]


@pytest.mark.parametrize("text", ["", "{", "\x00"])
def test_a_manifest_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    run = Run.of("stability", "abc", tmp_path)
    write_text(run.manifest_file, text)
    with pytest.raises(RunError) as caught:
        run.manifest()
    assert caught.value.where == str(run.manifest_file)
    assert "fit again" in str(caught.value)


def test_latest_points_at_the_newest(tmp_path: Path) -> None:
    assert Run.latest("stability", tmp_path) is None
    first, second = (Run.of("stability", name, tmp_path) for name in ("aaa", "bbb"))
    for run in (first, second, second):
        run.write_manifest({"status": "finished"})
        run.point_latest()
        latest = Run.latest("stability", tmp_path)
        assert latest is not None
        assert latest.run_id == run.run_id
    first.point_latest()
    assert json.loads((tmp_path / "stability/latest/manifest.json").read_text())
    assert Path(tmp_path / "stability" / "latest").readlink() == Path("aaa")
    assert sorted(p.name for p in (tmp_path / "stability").iterdir()) == ["aaa", "bbb", "latest"]


def test_latest_of_a_deleted_run_is_none(tmp_path: Path) -> None:
    run = Run.of("stability", "aaa", tmp_path)
    run.write_manifest({"status": "finished"})
    run.point_latest()
    shutil.rmtree(run.folder)
    assert Run.latest("stability", tmp_path) is None


def test_a_failed_write_leaves_the_old_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "manifest.json"
    write_text(path, "old")

    def full_disk(self: Path, *_: object, **__: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "write_text", full_disk)
    with pytest.raises(OSError, match="No space"):
        write_text(path, "new")
    monkeypatch.undo()
    assert path.read_text() == "old"
