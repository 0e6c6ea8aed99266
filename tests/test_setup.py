"""The project comes up from nothing: its pins, its twin for conda, its commands, its imports."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import bayescich

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# conda-forge splits matplotlib: the base package has all but the desktop windows
CONDA_NAMES = {"matplotlib": "matplotlib-base"}
# what conda's own environment holds beside the packages
CONDA_ONLY = {"python", "pip"}

TEXTS = sorted(
    {
        *(ROOT / name for name in ("pyproject.toml", "requirements.lock", "environment.yml")),
        *(ROOT / name for name in ("Makefile", ".ci/run", "CITATION.cff")),
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
    }
)

PIN = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?: ; [^\\\n]+)?"
    r"(?P<hashes>(?: \\\n    --hash=\S+)*)$",
    re.MULTILINE,
)


def requirements() -> list[Requirement]:
    stated = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]
    return [Requirement(line) for line in stated]


def pins() -> dict[str, re.Match[str]]:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    found = list(PIN.finditer(lock))
    # every line that pins anything was understood
    assert len(found) == sum("==" in line for line in lock.splitlines() if line[:1].isalnum())
    return {canonicalize_name(pin["name"]): pin for pin in found}


def conda() -> dict[str, str]:
    """Return conda's packages and their bounds, ``{"numpy": ">=2.1", ...}``."""
    stated = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    split = [re.fullmatch(r"([\w.-]+?)((?:[<>=!].*)?)", line) for line in stated]
    return {line[1]: line[2] for line in split if line}


def clean_environment() -> dict[str, str]:
    """Return what a command needs and nothing that an outer ``make`` hands down."""
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )


def make(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    if shutil.which("make") is None:
        pytest.skip("needs make")
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )


class TestPins:
    def test_every_dependency_is_pinned_within_its_bound(self):
        pinned = pins()
        for requirement in requirements():
            version = pinned[canonicalize_name(requirement.name)]["version"]
            assert requirement.specifier.contains(version), f"{requirement} is locked at {version}"

    def test_every_pin_has_a_hash(self):
        without = [name for name, pin in pins().items() if "--hash=sha256:" not in pin["hashes"]]
        assert without == []

    def test_every_dependency_has_a_lower_bound(self):
        for requirement in requirements():
            bounds = [bound.operator for bound in requirement.specifier]
            assert bounds.count(">=") == 1, str(requirement)

    def test_the_default_python_is_one_the_package_allows(self):
        default = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
        allowed = Requirement(f"python{PROJECT['project']['requires-python']}").specifier
        assert allowed.contains(default)


class TestCondaTwin:
    def test_the_same_packages_with_the_same_bounds(self):
        stated = {
            CONDA_NAMES.get(requirement.name, canonicalize_name(requirement.name)): str(
                requirement.specifier
            )
            for requirement in requirements()
        }
        twin = {name: bound for name, bound in conda().items() if name not in CONDA_ONLY}
        assert twin == stated

    def test_the_same_python(self):
        assert conda()["python"] == PROJECT["project"]["requires-python"]


class TestCommittedText:
    @pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
    def test_names_no_registry_and_no_folder_of_one_machine(self, path):
        forbidden = re.compile(
            r"files\.pythonhosted|pypi\.org/simple|anaconda\.org|--(?:extra-|default-)?index-url"
            r"|file://|(?<![\w.])/(?:root|home|Users|work)/"
        )
        assert forbidden.findall(path.read_text(encoding="utf-8")) == []

    def test_one_version_everywhere(self):
        version = PROJECT["project"]["version"]
        citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
        assert bayescich.__version__ == version
        assert Version(str(citation["version"])) == Version(version)


class TestStart:
    HEAVY = ("arviz", "jax", "matplotlib", "numba", "pandas", "pymc", "pytensor", "scipy")

    def test_import_loads_no_room(self):
        ended = python(
            f"import sys, bayescich; print(sorted({{*{self.HEAVY}}} & {{*sys.modules}}))"
        )
        assert (ended.stdout.strip(), ended.stderr) == ("[]", "")

    def test_help_answers_without_the_samplers(self):
        ended = python(
            f"""
import sys
from bayescich.cli import main
sys.argv = ["bayescich", "--help"]
try:
    status = main()
except SystemExit as end:
    status = end.code
print("status:", status or 0, "loaded:", sorted({{*{self.HEAVY}}} & {{*sys.modules}}))
"""
        )
        assert "Usage" in ended.stdout, ended.stderr
        assert ended.stdout.splitlines()[-1] == "status: 0 loaded: []"


def test_the_rooms_import_only_left_to_right():
    ended = python(
        "from importlinter.cli import lint_imports; "
        "raise SystemExit(lint_imports(no_cache=True, no_logo=True))"
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


class TestMake:
    def test_help_lists_every_command(self):
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        phony = " ".join(re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)).split()
        listed = re.findall(r"^  make (\S+) +\S", make("help").stdout, re.MULTILINE)
        assert sorted(listed) == sorted(set(phony) - {"model-named"})

    @pytest.mark.parametrize("command", ["fit", "report"])
    def test_without_a_model_names_the_models_and_stops_before_any_installing(self, command):
        ended = make(command)
        models = sorted(path.stem for path in (ROOT / "models").glob("*.yaml"))
        assert ended.returncode == 2
        assert f"One of: {' '.join(models)}" in ended.stderr
        assert ended.stdout == ""

    def test_fit_passes_on_only_what_was_given(self):
        shown = make("-n", "fit", "MODEL=quality", "DATA=my returns", "SEED=7").stdout
        command = " ".join(shown.partition("bayescich fit")[2].replace("\\\n", " ").split())
        assert command == '"quality" --data "my returns" --seed "7"'

    def test_an_empty_folder_is_not_a_wheelhouse(self, tmp_path):
        for name in ("Makefile", ".python-version", "pyproject.toml", "requirements.lock"):
            shutil.copy(ROOT / name, tmp_path)
        ended = make("setup", f"WHEELHOUSE={tmp_path}", folder=tmp_path)
        assert ended.returncode == 2
        assert "is not a wheelhouse" in ended.stderr
        assert not (tmp_path / ".venv").exists()
