"""When a fit is reused, what is done again, and that bad input leaves nothing behind.

Sampling, checks and the report have their own tests; here they only leave their traces.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayescich import pipeline, synthetic
from bayescich.account import Account
from bayescich.artefacts import load_inputs, save_inputs
from bayescich.errors import BayescichError, DesignError, RecordsError, RunError, SpecError
from bayescich.histories.analysis_table import AnalysisTable
from bayescich.pipeline import Outcome, make_request
from bayescich.runs import READING_ROOMS, Run, code_digest, write_text
from tests.own_table import (
    write_own_outcomes,
    write_own_priors,
    write_own_spec,
    write_own_table,
)


@dataclass
class Rooms:
    """Stand-ins for the rooms after design: what they were called for, and what they answer."""

    sampled: list[str] = field(default_factory=list)
    wanted: list[tuple[str, ...]] = field(default_factory=list)
    read: int = 0
    gate: str = "passed"
    interrupt: bool = False


@pytest.fixture
def rooms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rooms:
    made = Rooms()

    def sample(
        spec: Any, priors: Any, table: Any, design: Any, run: Run, wanted: tuple[str, ...] = ()
    ) -> Any:
        if made.interrupt:
            raise KeyboardInterrupt
        made.wanted.append(wanted)
        for name in wanted:
            write_text(run.folder / f"companion-{name}.nc", "draws")
        if not (run.folder / "draws.nc").is_file():
            write_text(run.folder / "draws.nc", "draws")
            made.sampled.append(run.run_id)
        return SimpleNamespace(spec=spec)

    def read_out(*_: Any) -> Any:
        made.read += 1
        check = SimpleNamespace(
            name="rhat", title="", group="", status=made.gate, gate=True, value=1.0, limit=1.01,
            sentence="",
        )  # fmt: skip
        estimate = SimpleNamespace(name="level", table=pd.DataFrame({"x": [1.0]}))
        return (check,), (estimate,)

    def report(*given: Any) -> None:
        page, run = given[5], given[6]
        write_text(page, run.run_id)
        write_text(page.parent / "run-id", run.run_id)

    monkeypatch.setattr(pipeline, "_sample", sample)
    monkeypatch.setattr(pipeline, "_checks_and_estimates", read_out)
    monkeypatch.setattr(pipeline, "_write_report", report)
    monkeypatch.chdir(tmp_path)
    write_own_table(tmp_path)
    write_own_spec(tmp_path)
    write_own_priors(tmp_path, "neutral", sd=1.0)
    write_own_priors(tmp_path, "bold", sd=3.0)
    return made


def fit(priors: str | None = None, **sampling: object) -> Outcome:
    return pipeline.fit(make_request("my_spec.yaml", Path("table.csv"), priors, sampling))


def test_the_second_fit_is_the_first(rooms: Rooms) -> None:
    first = fit()
    assert first.refitted
    assert first.reason == "first fit of 'own'"
    assert first.report == Path("reports/own/index.html")
    again = fit()
    assert not again.refitted
    assert again.reason.startswith("nothing has changed since 20")
    assert again.run == first.run
    assert len(rooms.sampled) == rooms.read == 1


def change_table() -> None:
    with Path("table.csv").open("a") as stream:
        stream.write("H8,5,60,9\n")


def change_spec() -> None:
    write_own_spec(Path(), title="Another title")


def change_prior() -> None:
    write_own_priors(Path(), "neutral", sd=2.0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (change_table, "data: table.csv has changed"),
        (change_spec, "models/my_spec.yaml has changed"),
        (change_prior, "priors/neutral.yaml has changed"),
    ],
)
def test_a_changed_file_is_named_and_the_model_refitted(
    rooms: Rooms, change: Callable[[], None], said: str
) -> None:
    first = fit()
    change()
    second = fit()
    assert second.refitted
    assert second.reason == f"refitting, because since the last run {said}"
    assert second.run != first.run
    assert rooms.sampled == [first.run.run_id, second.run.run_id]


def test_other_priors_and_settings_are_named(rooms: Rooms) -> None:
    fit()
    reason = fit(priors="bold").reason
    assert "priors/bold.yaml is new" in reason
    assert "priors/neutral.yaml is gone" in reason
    fit()
    assert "the setting draws has changed (50 to 60)" in fit(draws=60).reason


def test_going_back_finds_the_old_draws_and_writes_their_report(rooms: Rooms) -> None:
    first = fit()
    second = fit(draws=60)
    assert Run.latest("own") != first.run
    back = fit()
    # the draws are those of the first run, the page was the second's
    assert back.run == first.run
    assert back.reason == "the draws are kept; checks, estimates and report are made again"
    assert rooms.sampled == [first.run.run_id, second.run.run_id]
    assert back.report.read_text() == first.run.run_id
    latest = Run.latest("own")
    assert latest is not None
    assert latest.run_id == first.run.run_id


def test_a_lost_report_is_written_again_from_the_draws(rooms: Rooms) -> None:
    first = fit()
    first.report.unlink()
    manifest = first.run.manifest()
    manifest["timings_seconds"]["sampling"] = 123.4
    first.run.write_manifest(manifest)
    again = fit()
    # the draws took as long as they took
    assert again.run.manifest()["timings_seconds"]["sampling"] == 123.4
    assert again.report.is_file()
    assert "the draws are kept" in again.reason
    assert len(rooms.sampled) == 1
    assert rooms.read == 2


def test_new_code_of_the_reading_rooms_keeps_the_draws(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit()
    changed = {READING_ROOMS: "other"}
    monkeypatch.setattr(pipeline, "code_digest", lambda r: changed.get(r) or code_digest(r))
    assert "the draws are kept" in fit().reason
    assert (len(rooms.sampled), rooms.read) == (1, 2)
    assert not fit().refitted


def test_gates_that_failed_are_remembered(rooms: Rooms) -> None:
    rooms.gate = "failed"
    assert not fit().gates_passed
    again = fit()
    assert not again.refitted
    assert not again.gates_passed


def test_an_interrupted_fit_is_gone_on_with(rooms: Rooms) -> None:
    rooms.interrupt = True
    with pytest.raises(KeyboardInterrupt):
        fit()
    assert Run.latest("own") is None
    assert not Path("reports").exists()
    rooms.interrupt = False
    outcome = fit()
    assert outcome.reason == "the last fit of these inputs was interrupted; going on with it"
    assert outcome.gates_passed


def test_the_manifest_says_what_decided_the_draws(rooms: Rooms) -> None:
    manifest = fit(seed=5).run.manifest()
    assert manifest["status"] == "finished"
    assert manifest["rows"] == 8
    assert manifest["seed"] == manifest["sampling"]["seed"] == 5
    assert manifest["synthetic"] is False
    assert manifest["data"] == "table.csv"
    assert {"data: table.csv", "models/my_spec.yaml", "priors/neutral.yaml"} <= set(
        manifest["inputs"]
    )
    assert set(manifest["timings_seconds"]) == {"records and histories", "design", "sampling"}


def test_a_report_can_be_made_again_from_the_folder_alone(rooms: Rooms) -> None:
    first = fit()
    Path("table.csv").unlink()
    Path("my_spec.yaml").unlink()
    first.report.unlink()
    outcome = pipeline.report("own")
    assert outcome.report.read_text() == first.run.run_id
    assert len(rooms.sampled) == 1
    with pytest.raises(RunError, match="no finished run of 'other'"):
        pipeline.report("other")


def homes_spec(**changes: object) -> None:
    """Children who lived in two of six homes each, by the part of a window."""
    rng = np.random.default_rng(4)
    share = rng.uniform(0.2, 0.8, 40)
    table = pd.DataFrame(
        {
            "child": [f"C{k}" for k in range(40)], "at_school": rng.integers(0, 2, 40),
            "home_1": rng.choice(list("ABC"), 40), "home_2": rng.choice(list("DEF"), 40),
            "weight_1": share, "weight_2": 1 - share,
        }
    )  # fmt: skip
    table.to_csv("table.csv", index=False)
    write_own_spec(
        Path(), unit="child", likelihood={"family": "bernoulli", "outcome": "at_school"},
        effects=[{"kind": "group", "by": "home"}],
        membership={"columns": {"home": "home_"}, "weights": "weight_"}, **changes,
    )  # fmt: skip


def fit_homes(*, weights: str | None = None, sensitivity: bool = False) -> Outcome:
    return pipeline.fit(
        make_request(
            "my_spec.yaml", Path("table.csv"), None, {}, weights=weights, sensitivity=sensitivity
        )
    )


def test_other_weights_are_another_run_that_says_why(rooms: Rooms) -> None:
    homes_spec()
    first = fit_homes()
    assert rooms.wanted == [()]
    equal = fit_homes(weights="equal")
    assert "the setting weights has changed (given to equal)" in equal.reason
    assert equal.run != first.run
    assert len(rooms.sampled) == 2
    # what the spec says by itself is the run that is there
    assert fit_homes(weights="given").run == first.run


def test_sensitivity_goes_on_from_the_run_that_is_there(rooms: Rooms) -> None:
    homes_spec(report={"higher_is": "better"})
    first = fit_homes()
    more = fit_homes(sensitivity=True)
    assert more.run == first.run
    assert more.refitted
    assert more.reason == "the draws are kept; checks, estimates and report are made again"
    assert rooms.wanted == [(), ("equal", "recency", "first", "last")]
    assert rooms.sampled == [first.run.run_id]
    assert not fit_homes(sensitivity=True).refitted
    # and the weighings that are there stay, whether they are asked for or not
    assert not fit_homes().refitted
    (more.run.folder / "companion-last.nc").unlink()
    assert not fit_homes().refitted
    assert fit_homes(sensitivity=True).refitted


def test_weights_asked_for_are_not_made_twice(rooms: Rooms) -> None:
    homes_spec()
    fit_homes(weights="first", sensitivity=True)
    assert rooms.wanted == [("equal", "recency", "last")]


def test_one_home_a_row_has_no_weights(rooms: Rooms) -> None:
    with pytest.raises(SpecError, match="has one home a row, which has no weight"):
        fit_homes(weights="equal")
    homes_spec()
    with pytest.raises(SpecError, match="'scheme' was 'heaviest'"):
        fit_homes(weights="heaviest")


def test_an_outcome_of_several_is_a_model_of_its_own(rooms: Rooms) -> None:
    write_own_outcomes(Path())
    names = [
        make_request("my_outcomes.yaml", Path("table.csv"), None, {}, outcome).spec
        for outcome in ("deaths", "returns")
    ]
    assert [spec.name for spec in names] == ["own-deaths", "own-returns"]
    assert [spec.part_of for spec in names] == ["own", "own"]
    assert [spec.title for spec in names] == ["Deaths", "Returns"]
    assert [spec.likelihood.outcome for spec in names] == ["deaths", "returns"]
    assert names[0].effects == names[1].effects
    outcome = pipeline.fit(make_request("my_outcomes.yaml", Path("table.csv"), None, {}, "returns"))
    assert outcome.report == Path("reports/own-returns/index.html")


def absent_column() -> None:
    write_own_spec(Path(), effects=[{"kind": "group", "by": "surgeon"}])


def wrong_key() -> None:
    write_own_spec(Path(), colour="red")


def broken_table() -> None:
    Path("table.csv").write_bytes(b"\x89PNG\xff\xfe")


def impossible_count() -> None:
    Path("table.csv").write_text("hospital,deaths,operations\nH0,70,60\nH1,3,60\n")


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (absent_column, DesignError),
        (wrong_key, SpecError),
        (broken_table, RecordsError),
        (Path("table.csv").unlink, RecordsError),
        (impossible_count, DesignError),
    ],
)
def test_bad_input_leaves_nothing_behind(
    rooms: Rooms, fault: Callable[[], None], kind: type[BayescichError]
) -> None:
    fault()
    with pytest.raises(kind):
        fit()
    assert not Path("runs").exists()
    assert not Path("reports").exists()
    assert rooms.sampled == []


def test_bad_input_leaves_the_last_fit_as_it_was(rooms: Rooms) -> None:
    first = fit()
    page = first.report.read_text()
    impossible_count()
    with pytest.raises(DesignError):
        fit()
    latest = Run.latest("own")
    assert latest is not None
    assert latest.run_id == first.run.run_id
    assert latest.finished
    assert first.report.read_text() == page
    assert len(list(Path("runs/own").iterdir())) == 2  # the run and the pointer


def test_what_a_report_needs_survives_the_folder(tmp_path: Path) -> None:
    write_own_spec(tmp_path)
    priors = {"hospital.sd": {"distribution": "exponential", "mean": 0.3, "reason": "long enough",
                              "source": "here"}}  # fmt: skip
    spec = write_own_spec(tmp_path, priors=priors)
    request = make_request(str(spec), tmp_path / "table.csv", "sceptical", {"chains": 3})
    run = Run(tmp_path / "run")
    run.write_manifest({"synthetic": True})
    frame = pd.DataFrame(
        {
            "hospital": ["01", "1"],
            "day": pd.to_datetime(["2024-03-31", None]),
            "deaths": [1, 2],
            "kind": pd.Categorical(["b", "a"], categories=["b", "a"], ordered=True),
        }
    )
    account = Account().read("table", "table.csv", 3).excluded("table", "blank", 1, ["x"])
    truth = pd.DataFrame({"model": ["own"], "level": ["NA"], "value": [0.5]})
    save_inputs(AnalysisTable(frame, account, True, truth), request.spec, request.priors, run)
    table, spec_read, priors_read = load_inputs(run)
    pd.testing.assert_frame_equal(table.frame, frame)
    assert table.account == account
    assert table.synthetic
    pd.testing.assert_frame_equal(table.truth, truth)
    assert spec_read == request.spec
    assert spec_read.sampling.chains == 3
    assert priors_read == request.priors
    assert priors_read.get("hospital.sd", "group.sd").text() == "Exponential(mean=0.3)"


def test_settings_not_given_are_those_of_the_spec(rooms: Rooms) -> None:
    request = make_request("my_spec.yaml", Path("table.csv"), None, {"draws": None, "chains": 1})
    assert (request.spec.sampling.chains, request.spec.sampling.draws) == (1, 50)
    assert request.prior_file == Path("priors/neutral.yaml").resolve()


def test_a_model_of_real_inspections_says_where_they_are_published() -> None:
    with pytest.raises(RecordsError, match=r"GOV\.UK(.|\n)*provider_level_at_31_march_2025\.csv"):
        make_request("quality", None, None, {})


def test_an_own_model_needs_a_table(rooms: Rooms) -> None:
    with pytest.raises(RecordsError, match=r"bayescich fit my_spec\.yaml --data my_table\.csv"):
        make_request("my_spec.yaml", None, None, {})


def test_the_synthetic_england_is_written_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written: list[Path] = []

    def write(folder: Path) -> None:
        written.append(folder)
        write_text(folder / "synthetic.json", '{"synthetic": true}')

    monkeypatch.setattr(synthetic, "write_synthetic_england", write)
    assert make_request("stability", None, None, {}).data == Path("data/small")
    assert make_request("stability", None, None, {}).data == Path("data/small")
    assert written == [Path("data/small")]


def test_real_returns_are_never_overwritten(tmp_path: Path) -> None:
    write_text(tmp_path / "header.csv", "CHILD\n1\n")
    with pytest.raises(RunError, match="not written by the simulator"):
        synthetic.write_synthetic_england(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["header.csv"]
