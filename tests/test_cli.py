"""The command as a user runs it: messages, exit statuses, and what lies in the folder after."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from bayescich import cli, pipeline, synthetic
from bayescich.artefacts import load_inputs
from bayescich.design import build_design
from bayescich.errors import SamplingError
from bayescich.model import build_model, make_structure
from bayescich.runs import Run
from bayescich.sampling import SamplerSettings, sample_posterior
from bayescich.sampling.store import load_tree
from tests.own_table import (
    write_own_outcomes,
    write_own_priors,
    write_own_spec,
    write_own_table,
)

COMMAND = ("fit", "my_spec.yaml", "--data", "table.csv")
OUTCOMES = ("fit", "my_outcomes.yaml", "--data", "table.csv")
CHAINS = 3


def start(folder: Path, *arguments: str, code: str = "") -> "subprocess.Popen[str]":
    """Start the command in a folder, on one core: chains then end one after another."""
    program = f"import sys; sys.argv = ['bayescich', *{arguments!r}]; {code}"
    one_core = "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])"
    if hasattr(os, "sched_setaffinity"):
        program = f"{one_core}; {program}"
    return subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


RUN = "from bayescich.cli import main; main()"


@dataclass(frozen=True)
class Resumed:
    """A fit that was killed and run again."""

    folder: Path
    kept: dict[int, np.ndarray]
    after_kill: list[str]
    status: int
    out: str
    err: str


@pytest.fixture(scope="module")
def resumed(tmp_path_factory: pytest.TempPathFactory) -> Resumed:
    folder = tmp_path_factory.mktemp("own")
    write_own_table(folder)
    write_own_spec(folder, sampling={"chains": CHAINS, "draws": 3000, "tune": 500})
    process = start(folder, *COMMAND, code=RUN)
    deadline = time.monotonic() + 240
    while not (finished := sorted(folder.glob("runs/own/*/chains-draws/chain-?.nc"))):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    finished = sorted(folder.glob("runs/own/*/chains-draws/chain-?.nc"))
    kept = {int(p.stem[-1]): load_tree(p)["posterior"]["intercept"].values[0] for p in finished}
    after_kill = sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))
    again = start(folder, *COMMAND, code=RUN)
    out, err = again.communicate()
    return Resumed(folder, kept, after_kill, again.returncode, out, err)


def test_a_killed_fit_leaves_whole_chains_and_no_report(resumed: Resumed) -> None:
    assert 1 <= len(resumed.kept) < CHAINS
    assert all(len(draws) == 3000 for draws in resumed.kept.values())
    assert not [name for name in resumed.after_kill if name.startswith("reports")]
    assert not [name for name in resumed.after_kill if name.endswith(("latest", "draws.nc"))]


def test_the_next_call_samples_only_the_missing_chains(resumed: Resumed) -> None:
    assert "the last fit of these inputs was interrupted; going on with it" in resumed.err
    found = len(resumed.kept)
    assert f"{found} of {CHAINS} chains were finished before; sampling the rest" in resumed.err
    assert f"sampling {CHAINS - found} chains of 3,500 iterations" in resumed.err
    run = Run.latest("own", resumed.folder / "runs")
    assert run is not None
    draws = load_tree(run.folder / "draws.nc")["posterior"]["intercept"].values
    assert draws.shape == (CHAINS, 3000)
    for chain, values in resumed.kept.items():
        np.testing.assert_array_equal(draws[chain], values)
    # and the chains are chains of their own
    assert len({float(x) for x in draws[:, 0]}) == CHAINS


def test_another_process_draws_the_same_chains_bit_by_bit(resumed: Resumed, tmp_path: Path) -> None:
    run = Run.latest("own", resumed.folder / "runs")
    assert run is not None
    table, spec, priors = load_inputs(run)
    model = build_model(make_structure(spec), build_design(table.frame, spec), priors)
    ours = sample_posterior(model, SamplerSettings.from_spec(spec.sampling), tmp_path)
    theirs = load_tree(run.folder / "draws.nc")
    for name in ("intercept", "hospital_effect", "hospital_sd"):
        np.testing.assert_array_equal(
            ours["posterior"][name].values, theirs["posterior"][name].values
        )


def test_a_fit_ends_with_a_report_and_says_where(resumed: Resumed) -> None:
    assert resumed.status == 0, resumed.out + resumed.err
    run = Run.latest("own", resumed.folder / "runs")
    assert run is not None
    assert resumed.out == f"Report: reports/own/index.html\nRun:    runs/own/{run.run_id}\n"
    page = (resumed.folder / "reports/own/index.html").read_text(encoding="utf-8")
    assert "Deaths in eight hospitals" in page
    assert run.manifest()["gates_passed"] is True
    names = {p.name for p in run.folder.iterdir()}
    assert {"manifest.json", "table.parquet", "draws.nc", "checks.json", "estimates"} <= names
    assert not list(resumed.folder.rglob("*.partial"))
    assert not list(resumed.folder.rglob("chain-*.nc"))
    # every progress line is stamped, and none is a warning
    assert all(re.match(r"\[ *\d+\.\d s\] ", line) for line in resumed.err.splitlines())


def test_the_second_call_does_nothing_and_says_so(resumed: Resumed) -> None:
    code = (
        "from bayescich.cli import main\n"
        "try: main()\n"
        "finally: print(*{'pymc', 'jax', 'arviz', 'matplotlib'} & set(sys.modules), 'loaded')"
    )
    began = time.monotonic()
    program = start(resumed.folder, *COMMAND, code="pass\n" + code)
    out, err = program.communicate()
    assert program.returncode == 0
    assert re.match(r"Not refitted: nothing has changed since 20\d\d-", out)
    assert "Report: reports/own/index.html" in out
    assert out.splitlines()[-1].strip() == "loaded"
    assert err == ""
    assert time.monotonic() - began < 30


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    # the thread limits that the command sets are its own
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(variable, "1")
    write_own_table(tmp_path)
    write_own_outcomes(tmp_path)
    write_own_priors(tmp_path, "bold", sd=3.0)
    return tmp_path


@dataclass(frozen=True)
class Answer:
    status: int
    out: str
    err: str


Call = Callable[..., Answer]


@pytest.fixture
def call(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    def command(*arguments: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["bayescich", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        status = ended.value.code
        return Answer(status if isinstance(status, int) else 0, out, err)

    return command


def absent_column() -> None:
    write_own_spec(Path(), effects=[{"kind": "group", "by": "surgeon"}])


def wrong_key() -> None:
    write_own_spec(Path(), colour="red")


def unknown_prior_set() -> None:
    write_own_spec(Path(), prior_set="timid")


def missing_prior() -> None:
    Path("priors/bold.yaml").write_text("name: bold\ndescription: d\npriors: {}\n")
    write_own_spec(Path(), prior_set="bold")


def empty_table() -> None:
    Path("table.csv").write_bytes(b"")


def not_a_table() -> None:
    Path("table.csv").write_bytes(b"\x89PNG\r\n\xff\xfe\x00")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (absent_column, "The table has no column 'surgeon'"),
        (wrong_key, "'colour' is not a known key; allowed here: data, effects,"),
        (unknown_prior_set, "no prior set called 'timid'"),
        (missing_prior, "The prior set 'bold' has no prior for 'intercept'"),
        (empty_table, "The table cannot be read"),
        (not_a_table, "The table cannot be read"),
        (Path("table.csv").unlink, "There is nothing at 'table.csv'"),
        (Path("my_spec.yaml").unlink, "There is no file 'my_spec.yaml'"),
    ],
)
def test_bad_input_is_one_message_and_leaves_nothing(
    call: Call, fault: Callable[[], None], said: str
) -> None:
    fault()
    answer = call(*COMMAND)
    assert answer.status == 2
    assert answer.out == ""
    assert answer.err.count("bayescich: ") == 1
    assert said in answer.err
    assert "  next:  " in answer.err
    assert "Traceback" not in answer.err
    assert not Path("runs").exists()
    assert not Path("reports").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("fit", "quality"), "Ofsted publishes it once a year on GOV.UK"),
        (("fit", "la_stability"), "DfE publishes it once a year: search GOV.UK"),
        (("fit", "my_spec.yaml"), "needs data that does not come with the package"),
        (
            ("fit", "stabilty"),
            "Choose one of: disruptions, exits, joint, la_stability, outcomes16, outcomes18, ",
        ),
        (("fit", "quality", "--data", "."), "bayescich: "),
        ((*COMMAND, "--chains", "0"), "'chains' was 0: Input should be greater than or equal"),
        ((*COMMAND, "--sampler", "stan"), "'sampler' was 'stan': Input should be 'auto',"),
        ((*COMMAND, "--seed", "-1"), "'seed' was -1"),
        ((*COMMAND, "--priors", "nobody"), "no prior set called 'nobody'"),
        (("report", "own"), "There is no finished run of 'own'"),
        ((*OUTCOMES, "--outcome", "happiness"), "'happiness' is not an outcome of this model."),
        ((*OUTCOMES, "--outcome", "happiness"), "Choose one of: deaths, returns."),
        ((*COMMAND, "--outcome", "deaths"), "Choose none: leave the outcome out."),
        ((*COMMAND, "--weights", "equal"), "The model 'own' has one home a row"),
        ((*COMMAND, "--sensitivity"), "The model 'own' has one home a row"),
        ((*OUTCOMES, "--weights", "equal"), "The model 'own-deaths' has one home a row"),
        (("report", "own", "--outcome", "deaths"), "There is no finished run of 'own-deaths'"),
        (("report", "outcomes16"), "There is no finished run of 'outcomes16-attainment'"),
        (("fit", "outcomes16", "--weights", "heavy"), "'scheme' was 'heavy': Input should be"),
        (("simulate", "--out", "."), "is the current folder"),
        (("simulate", "--out", "table.csv/england"), "cannot be written"),
        (("simulate", "--processes", "0"), "0 processes cannot write anything"),
        (("simulate", "--seed", str(2**63)), "is too large for a seed"),
        (("simulate", "--hidden", "nan"), "is not a finite number"),
        (("simulate", "--check", "--out", "."), "is not a synthetic England"),
        (("simulate", "--check", "--out", "table.csv"), "is not a synthetic England"),
        (("simulate", "--size", "huge"), "There is no size 'huge'"),
        (("simulate", "--size", "small", "--children", "900"), "Both a size and a number"),
        (("simulate", "--children", "3"), "A synthetic England of 3 children"),
        (("simulate", "--years", "1990:1995"), "The collection years 1990:1995"),
        (("simulate", "--dirt", "filthy"), "There is no dirt 'filthy'"),
        (("simulate", "--hidden", "-1"), "is below zero"),
    ],
)
def test_wrong_arguments_are_one_message(call: Call, arguments: tuple[str, ...], said: str) -> None:
    before = sorted(Path().rglob("*"))
    answer = call(*arguments)
    assert answer.status == 2
    assert answer.err.count("bayescich: ") == 1
    assert said in answer.err
    assert sorted(Path().rglob("*")) == before


def test_a_synthetic_england_is_written_as_asked_and_checked(call: Call) -> None:
    asked = ("--children", "600", "--years", "2022:2025", "--seed", "5", "--dirt", "none")
    answer = call("simulate", *asked, "--out", "england")
    assert answer.status == 0
    assert answer.out == "Synthetic England: england\n"
    facts = json.loads(Path("england/synthetic.json").read_text(encoding="utf-8"))
    assert (facts["children"], facts["years"], facts["seed"]) == (600, "2022:2025", 5)
    years = {path.name for path in Path("england/ssda903").glob("*/*")}
    assert years == {"2021-22", "2022-23", "2023-24", "2024-25"}
    checked = call("simulate", "--check", "--out", "england")
    assert checked.status == 0
    assert re.search(r"\d+ of \d+", checked.out)
    assert "found exactly" in checked.out
    refused = call("simulate", "--check", "--out", "england", "--seed", "6")
    assert refused.status == 2
    assert "holds a synthetic England: it is checked as it is" in refused.err
    Path("england/truth/places.csv").unlink()
    assert "A file of the truth is missing" in call("simulate", "--check", "--out", "england").err
    Path("england/synthetic.json").write_text("{", encoding="utf-8")
    assert "cannot be read" in call("simulate", "--check", "--out", "england").err


def test_an_england_that_is_not_there_is_checked_as_asked(call: Call) -> None:
    asked = ("--children", "500", "--years", "2005:2005", "--seed", "5")
    checked = call("simulate", "--check", *asked)
    assert checked.status == 0
    assert "No published figure can be compared. " in checked.out
    assert "is not among the years simulated" in checked.out
    facts = json.loads(Path("data/synthetic/synthetic.json").read_text(encoding="utf-8"))
    assert (facts["children"], facts["years"], facts["seed"]) == (500, "2005:2005", 5)


@pytest.mark.parametrize("more", [(), ("--check",)])
def test_ctrl_c_while_simulating_is_one_line(
    call: Call, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(synthetic, "write_synthetic_england", interrupted)
    answer = call("simulate", "--out", "england", *more)
    assert answer.status == 130
    assert answer.err == "\nInterrupted. Nothing is half written: there is none in england.\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is no signal to a group there")
def test_ctrl_c_reaches_workers_without_a_trace(tmp_path: Path) -> None:
    # a shell's background jobs, and so their children, are started with SIGINT ignored
    program = (
        f"import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        f"sys.argv = ['bayescich', 'simulate', '--processes', '3', "
        f"'--children', '6000', '--out', 'england']; {RUN}"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob(".england-*/ssda903/*")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    err = process.communicate()[1]
    assert process.returncode == 130
    assert "Interrupted. Nothing is half written" in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_option_is_refused(call: Call) -> None:
    answer = call(*COMMAND, "--drws", "10")
    assert answer.status == 2
    assert "--drws" in answer.err


def test_a_sampler_that_stops_is_one_message(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(_: object) -> None:
        raise SamplingError("Chain 0 stopped.", next_step="Look.")

    monkeypatch.setattr(pipeline, "fit", stopped)
    answer = call(*COMMAND)
    assert (answer.status, answer.err) == (2, "bayescich: Chain 0 stopped.\n  next:  Look.\n")


@pytest.mark.parametrize(("passed", "status"), [(True, 0), (False, 1)])
def test_the_gates_decide_the_exit_status(
    call: Call, monkeypatch: pytest.MonkeyPatch, passed: bool, status: int
) -> None:
    outcome = pipeline.Outcome(
        Run(Path("runs/own/abc")), Path("reports/own/index.html"), passed, False, "nothing new"
    )
    monkeypatch.setattr(pipeline, "fit", lambda _: outcome)
    answer = call(*COMMAND)
    assert answer.status == status
    assert answer.out.startswith("Not refitted: nothing new.\nReport: reports/own/index.html\n")
    assert ("do not cite this fit" in answer.out) == (not passed)


def test_ctrl_c_says_that_chains_are_kept(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "fit", interrupted)
    answer = call(*COMMAND)
    assert answer.status == 130
    assert "Finished chains are kept" in answer.err


def test_options_reach_the_request(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[pipeline.Request] = []

    def remember(request: pipeline.Request) -> pipeline.Outcome:
        asked.append(request)
        return pipeline.Outcome(Run(Path("r")), Path("p"), True, True, "")

    monkeypatch.setattr(pipeline, "fit", remember)
    options = {"sampler": "blackjax", "chains": 3, "draws": 70, "tune": 80, "seed": 9}
    given = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    given += ["--priors", "bold"]
    assert call(*COMMAND, *given).status == 0
    sampling = asked[0].spec.sampling
    assert (sampling.sampler, sampling.chains, sampling.draws) == ("blackjax", 3, 70)
    assert (sampling.tune, sampling.seed) == (80, 9)
    assert asked[0].priors.name == "bold"
    assert asked[0].data == Path("table.csv")


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[pipeline.Request]:
    """What is asked of the pipeline, which answers at once."""
    asked: list[pipeline.Request] = []

    def remember(request: pipeline.Request) -> pipeline.Outcome:
        asked.append(request)
        failed = "returns" in request.spec.name
        page = Path("reports") / request.spec.name / "index.html"
        return pipeline.Outcome(Run(Path("runs") / request.spec.name), page, not failed, True, "")

    monkeypatch.setattr(pipeline, "fit", remember)
    return asked


def test_all_outcomes_of_a_file_are_fitted_unless_one_is_named(
    call: Call, requests: list[pipeline.Request]
) -> None:
    answer = call(*OUTCOMES)
    # one that may not be cited fails the command, and the others are fitted all the same
    assert answer.status == 1
    assert [request.spec.name for request in requests] == ["own-deaths", "own-returns"]
    assert answer.out.startswith("own-deaths: Deaths\nReport: reports/own-deaths/index.html\n")
    assert "own-returns: Returns\nReport: reports/own-returns/index.html\n" in answer.out
    assert answer.out.count("do not cite this fit") == 1
    one = call(*OUTCOMES, "--outcome", "deaths")
    assert one.status == 0
    assert [request.spec.name for request in requests[2:]] == ["own-deaths"]
    assert one.out.startswith("Report: reports/own-deaths/index.html\n")


def test_a_fault_in_one_outcome_is_said_before_any_is_fitted(
    call: Call, requests: list[pipeline.Request]
) -> None:
    wrong = {"title": "Wrong", "likelihood": {"family": "poisson", "outcome": "deaths"}}
    right = {"title": "Right", "likelihood": {"family": "gaussian", "outcome": "deaths"}}
    write_own_outcomes(Path(), outcomes={"right": right, "wrong": wrong})
    answer = call(*OUTCOMES)
    assert answer.status == 2
    assert "'likelihood.family' is 'poisson'; allowed:" in answer.err
    assert requests == []


def test_weights_and_sensitivity_reach_the_request(
    call: Call, requests: list[pipeline.Request]
) -> None:
    given = ("--outcome", "offending", "--data", "table.csv")
    assert call("fit", "outcomes16", *given).status == 0
    assert call("fit", "outcomes16", *given, "--weights", "first", "--sensitivity").status == 0
    schemes = [r.spec.membership.scheme for r in requests if r.spec.membership is not None]
    assert schemes == ["given", "first"]
    assert [r.sensitivity for r in requests] == [False, True]


def test_later_days_leave_needs_in_types_out(call: Call, requests: list[pipeline.Request]) -> None:
    call("fit", "outcomes16", "--outcome", "sdq", "--data", "table.csv", "--weights", "recency")
    kinds = [effect.kind for effect in requests[0].spec.effects]
    assert "type_need" not in kinds
    assert kinds.count("group") == 3


def test_models_are_listed_with_their_titles(call: Call) -> None:
    answer = call("models")
    assert answer.status == 0
    assert re.search(r"^outcomes16-attainment +Attainment 8 at 16$", answer.out, re.MULTILINE)
    assert re.search(r"^outcomes18-level3 +Level 3 by 19$", answer.out, re.MULTILINE)
    assert re.search(r"^joint +Outcomes at 16 together$", answer.out, re.MULTILINE)
    assert re.search(r"^quality +Overall judgement", answer.out, re.MULTILINE)
    assert re.search(r"^stability +Placement moves", answer.out, re.MULTILINE)


def test_help_is_quick_and_imports_nothing_heavy(here: Path) -> None:
    code = (
        "from bayescich.cli import main\n"
        "try: main()\n"
        "finally: print(sorted({'pymc', 'jax', 'arviz', 'pandas', 'scipy'} & set(sys.modules)))"
    )
    program = start(here, "--help", code="pass\n" + code)
    out, err = program.communicate()
    assert (program.returncode, err) == (0, "")
    assert {"fit", "report", "simulate", "models"} <= set(out.split())
    assert out.splitlines()[-1] == "[]"
