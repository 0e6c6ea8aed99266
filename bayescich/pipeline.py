"""``fit``: the rooms in order, from files to a report.

The command line parses and prints; what happens between lies here. Everything heavy (PyMC, JAX,
ArviZ) is imported only once a fit is really needed.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayescich import formula_path
from bayescich.artefacts import load_inputs, save_inputs, save_results
from bayescich.errors import RecordsError, RunError
from bayescich.formula_path import has_formula
from bayescich.histories.analysis_table import AnalysisTable, load_analysis_table
from bayescich.progress import say
from bayescich.records.authority_counts import WHERE_DFE_PUBLISHES
from bayescich.runs import (
    READING_ROOMS,
    Inputs,
    Run,
    code_digest,
    collect_inputs,
    environment,
    write_text,
)
from bayescich.spec import (
    ModelSpec,
    PriorSet,
    load_model_spec,
    load_prior_set,
    override_sampling,
    override_weights,
    refuse_unweighed,
)
from bayescich.spec.model import FROM_RETURNS
from bayescich.spec.variants import variants
from bayescich.synthetic import synthetic_england

if TYPE_CHECKING:
    from bayescich.checks.core import Check
    from bayescich.design import Design
    from bayescich.estimates.core import Estimate
    from bayescich.sampling import Fit
    from bayescich.sampling.formula_fit import AnyFit

WARNINGS_SHOWN = 5

WHERE_OFSTED_PUBLISHES = (
    "Ofsted publishes it once a year on GOV.UK: search for 'Children's social care in England' "
    "(statistics at 31 March) and download the provider-level data as CSV, e.g. "
    "'provider_level_at_31_march_2025.csv'. Put one or more years into a folder, under any name, "
    "and run: make fit MODEL=quality DATA=<folder>"
)


@dataclass(frozen=True)
class Request:
    """What the user asked for."""

    spec: ModelSpec
    spec_file: Path
    priors: PriorSet
    prior_file: Path
    data: Path
    runs: Path = Path("runs")
    reports: Path = Path("reports")
    sensitivity: bool = False
    """Whether the homes lived in are weighed in other ways, too: one more fit each."""


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    run: Run
    report: Path
    gates_passed: bool
    refitted: bool
    reason: str
    """Why it was or was not refitted, in words."""


def make_request(
    model: str,
    data: Path | None,
    priors: str | None,
    sampling: Mapping[str, object],
    outcome: str | None = None,
    weights: str | None = None,
    *,
    sensitivity: bool = False,
) -> Request:
    """Read spec and priors, apply the command line's settings, find the data.

    Parameters
    ----------
    model : str
        Name or path of a model.
    data : Path, optional
    priors : str, optional
        Name or path of a prior set.
    sampling : mapping
        Settings in the place of the spec's; None where not given.
    outcome : str, optional
        Which, where the model's file holds several.
    weights : str, optional
        How the homes a child lived in are weighed, in the place of the spec's scheme.
    sensitivity : bool
        Whether they are weighed in all other ways, too, beside the fit itself.

    Raises
    ------
    SpecError
        When a spec is wrong.
    RecordsError
        When the model needs data that only the user can give.
    """
    spec, spec_file = load_model_spec(model, outcome)
    spec = override_weights(spec, weights) if weights is not None else spec
    if sensitivity:
        refuse_unweighed(spec, "--sensitivity")
    given = {name: value for name, value in sampling.items() if value is not None}
    spec = override_sampling(spec, given)
    prior_set, prior_file = load_prior_set(priors or spec.prior_set)
    return Request(
        spec=spec,
        spec_file=spec_file,
        priors=prior_set.with_overrides(spec.priors),
        prior_file=prior_file,
        data=data if data is not None else _default_data(spec),
        sensitivity=sensitivity,
    )


def _default_data(spec: ModelSpec) -> Path:
    if spec.data in FROM_RETURNS:
        return synthetic_england()
    published = {"inspections": WHERE_OFSTED_PUBLISHES, "authorities": WHERE_DFE_PUBLISHES}
    own = "Give a CSV or Parquet file: bayescich fit my_spec.yaml --data my_table.csv"
    raise RecordsError(
        f"The model '{spec.name}' needs data that does not come with the package.",
        where="--data (DATA=) was not given",
        next_step=published.get(spec.data, own),
    )


def fit(request: Request) -> Outcome:
    """Fit a model, or find that nothing has changed since it was fitted."""
    settings = request.spec.sampling.model_dump()
    if request.spec.membership is not None:
        settings["weights"] = request.spec.membership.scheme
    inputs = collect_inputs(request.spec_file, request.prior_file, request.data, settings)
    run = Run.of(request.spec.name, inputs.run_id, request.runs)
    report = request.reports / request.spec.name / "index.html"
    reading_code = code_digest(READING_ROOMS)
    manifest = run.manifest()
    complete = not _companions_missing(request, run)
    if (
        run.finished
        and complete
        and manifest["reading_code"] == reading_code
        and _reports(run, report)
    ):
        run.point_latest()
        reason = f"nothing has changed since {manifest['finished_at']}"
        return Outcome(run, report, bool(manifest["gates_passed"]), False, reason)
    reason = _why(run, inputs, request)
    say(reason)
    return _fit(request, run, inputs, report, reading_code, reason)


def _companions_missing(request: Request, run: Run) -> bool:
    wanted = variants(request.spec, sensitivity=request.sensitivity)
    return any(not _companion_file(run, name).is_file() for name in wanted)


def _companion_file(run: Run, name: str) -> Path:
    return run.folder / f"companion-{name}.nc"


def _reports(run: Run, report: Path) -> bool:
    # the report of another run may lie there since
    page = report.parent / "run-id"
    return report.is_file() and page.is_file() and page.read_text("utf-8").strip() == run.run_id


def _why(run: Run, inputs: Inputs, request: Request) -> str:
    status = run.manifest().get("status")
    if status == "finished":
        return "the draws are kept; checks, estimates and report are made again"
    if status == "sampling":
        return "the last fit of these inputs was interrupted; going on with it"
    latest = Run.latest(request.spec.name, request.runs)
    if latest is None:
        return f"first fit of '{request.spec.name}'"
    changes = inputs.changed_since(latest.manifest().get("inputs", {}))
    shown = "; ".join(changes[:5]) + (f"; and {len(changes) - 5} more" if len(changes) > 5 else "")
    return f"refitting, because since the last run {shown}"


def _fit(
    request: Request, run: Run, inputs: Inputs, report: Path, reading_code: str, reason: str
) -> Outcome:
    clock = _Clock()
    # draws that are kept took the time they took, not the moment it takes to load them
    earlier = run.manifest().get("timings_seconds", {})
    table = clock.time("records and histories", lambda: _table(request))
    request, table = _as_the_table_allows(request, table)
    # a spec that does not match its table or its priors ends here, before anything is written
    design = clock.time("design", lambda: _design(table, request.spec, request.priors))
    if not has_formula(request.spec):
        _warn(design, request.spec)
        _try_model(request, design)
    run.write_manifest(_opening_manifest(request, run, inputs, table))
    save_inputs(table, request.spec, request.priors, run)
    spec, priors = request.spec, request.priors
    wanted = tuple(variants(spec, sensitivity=request.sensitivity))
    fitted = clock.time("sampling", lambda: _sample(spec, priors, table, design, run, wanted))
    manifest = run.manifest()
    manifest["timings_seconds"] = clock.seconds | earlier
    passed = _read_out(fitted, table, manifest, run, report, reading_code)
    return Outcome(run, report, passed, True, reason)


def report(model: str, runs: Path = Path("runs"), reports: Path = Path("reports")) -> Outcome:
    """Make checks, estimates and report of the newest run again, from its folder alone.

    Raises
    ------
    RunError
        When the model has no finished run.
    """
    run = Run.latest(model, runs)
    if run is None:
        raise RunError(
            f"There is no finished run of '{model}'.",
            where=str(runs / model),
            next_step=f"Fit it first: make fit MODEL={model}",
        )
    table, spec, priors = load_inputs(run)
    fitted = _sample(spec, priors, table, _design(table, spec, priors), run)
    page = reports / model / "index.html"
    passed = _read_out(fitted, table, run.manifest(), run, page, code_digest(READING_ROOMS))
    return Outcome(run, page, passed, True, "the report was made again from the stored draws")


def _read_out(
    fitted: AnyFit,
    table: AnalysisTable,
    manifest: dict[str, Any],
    run: Run,
    report: Path,
    reading_code: str,
) -> bool:
    checks, estimates = _checks_and_estimates(fitted, table)
    passed = not any(c.gate and c.status == "failed" for c in checks)
    manifest |= {
        "status": "finished",
        "finished_at": _now(),
        "gates_passed": passed,
        "reading_code": reading_code,
    }
    save_results(run, checks, estimates)
    _write_report(fitted, checks, estimates, table, manifest, report, run)
    run.write_manifest(manifest)
    run.point_latest()
    return passed


def _table(request: Request) -> AnalysisTable:
    say(f"reading {request.data}")
    table = load_analysis_table(request.spec.data, request.data, request.spec.histories)
    kind = "SYNTHETIC rows" if table.synthetic else "rows"
    say(f"{len(table.frame):,} {kind} for the analysis")
    return table


def _as_the_table_allows(request: Request, table: AnalysisTable) -> tuple[Request, AnalysisTable]:
    """Leave out optional effects without columns and routes without events; note it."""
    from bayescich.design.resolve import resolve_spec

    if has_formula(request.spec):
        return request, formula_path.fitted_rows(table, request.spec)
    resolved = resolve_spec(table.frame, request.spec)
    account = table.account
    for sentence in resolved.left_out:
        say(sentence)
        account = account.noted("the model", sentence, len(table.frame))
    return replace(request, spec=resolved.spec), replace(table, account=account)


def _design(table: AnalysisTable, spec: ModelSpec, priors: PriorSet) -> Any:
    """Return the ``Design``; of a model with a formula, Bambi's model."""
    from bayescich.design import build_design

    if has_formula(spec):
        return formula_path.build(table, spec, priors)
    return build_design(table.frame, spec)


def _warn(design: Design, spec: ModelSpec) -> None:
    """Say before compiling what has no finite estimate by itself."""
    from bayescich.design.separation import separated

    found = separated(design, spec)
    for sentence in found[:WARNINGS_SHOWN]:
        say(f"warning: {sentence}")
    if len(found) > WARNINGS_SHOWN:
        say(f"warning: and {len(found) - WARNINGS_SHOWN} more; the report has a table of them")


def _try_model(request: Request, design: Design) -> None:
    say("loading PyMC")
    from bayescich.model import build_model, make_structure

    build_model(make_structure(request.spec), design, request.priors)


def _opening_manifest(
    request: Request, run: Run, inputs: Inputs, table: AnalysisTable
) -> dict[str, Any]:
    return {
        "model": request.spec.name,
        "run_id": run.run_id,
        "status": "sampling",
        "synthetic": table.synthetic,
        "data": str(request.data),
        "rows": len(table.frame),
        "seed": request.spec.sampling.seed,
        "sampling": request.spec.sampling.model_dump(),
        "started_at": _now(),
        "environment": environment(),
        "inputs": dict(inputs.hashes),
    }


def _sample(
    spec: ModelSpec,
    priors: PriorSet,
    table: AnalysisTable,
    design: Any,
    run: Run,
    wanted: tuple[str, ...] = (),
) -> AnyFit:
    """Sample, or load, the model and what its report sets beside it."""
    from bayescich.model import build_model, make_structure
    from bayescich.sampling import Fit, SamplerSettings
    from bayescich.sampling.kept import kept_draws

    if has_formula(spec):
        return formula_path.sample(spec, priors, table, run, design)
    settings = SamplerSettings.from_spec(spec.sampling)
    structure = make_structure(spec)
    build = partial(build_model, structure, design, priors)
    tree = kept_draws(build, settings, run.folder / "draws.nc", with_prior=True)
    unpooled = None
    if spec.home_type is not None:
        # only means and intervals of home types are read from this one; those of a type that never
        # takes a route have long tails under a flat prior, and mix as slowly as their baseline
        fewer = replace(settings, chains=min(2, settings.chains), draws=min(2000, settings.draws))
        alone = partial(build_model, make_structure(spec, pool_home_types=False), design, priors)
        if not (run.folder / "unpooled.nc").is_file():
            say("the same model with home types not pooled, for comparison")
        unpooled = kept_draws(alone, fewer, run.folder / "unpooled.nc")
    return Fit(
        spec=spec,
        priors=priors,
        table=table.frame,
        design=design,
        structure=structure,
        tree=tree,
        unpooled=unpooled,
        companions=_companions(spec, priors, table, run, wanted),
    )


def _companions(
    spec: ModelSpec, priors: PriorSet, table: AnalysisTable, run: Run, wanted: tuple[str, ...]
) -> dict[str, Fit]:
    """Return the same model asked in other ways: those wanted, and those that are kept."""
    from bayescich.design import build_design
    from bayescich.model import build_model, make_structure
    from bayescich.sampling import Fit, SamplerSettings
    from bayescich.sampling.kept import kept_draws

    settings = SamplerSettings.from_spec(spec.sampling)
    fewer = replace(settings, draws=max(settings.draws // 2, 10))
    found = {}
    for name, other in variants(spec, sensitivity=True).items():
        file = _companion_file(run, name)
        if name not in wanted and not file.is_file():
            continue
        if not file.is_file():
            say(f"the same model, {name}, for comparison")
        design, structure = build_design(table.frame, other), make_structure(other)
        tree = kept_draws(partial(build_model, structure, design, priors), fewer, file)
        found[name] = Fit(other, priors, table.frame, design, structure, tree)
    return found


def _checks_and_estimates(
    fitted: AnyFit, table: AnalysisTable
) -> tuple[tuple[Check, ...], tuple[Estimate, ...]]:
    from bayescich.checks import run_checks
    from bayescich.estimates import run_estimates
    from bayescich.sampling.formula_fit import FormulaFit

    if isinstance(fitted, FormulaFit):
        return formula_path.read_out(fitted)
    say("checks: convergence, prior and posterior predictive, leave-one-out")
    checks = run_checks(fitted, fitted.spec.sampling.seed)
    say("estimates: shrinkage by home type")
    return checks, run_estimates(fitted, table.truth)


def _write_report(
    fitted: AnyFit,
    checks: tuple[Check, ...],
    estimates: tuple[Estimate, ...],
    table: AnalysisTable,
    manifest: Mapping[str, Any],
    report: Path,
    run: Run,
) -> None:
    from bayescich.report import ReportContent, write_report
    from bayescich.sampling.formula_fit import FormulaFit

    say(f"writing {report}")
    if isinstance(fitted, FormulaFit):
        formula_path.write_page(fitted, (checks, estimates), table, manifest, report.parent)
    else:
        content = ReportContent(
            fit=fitted,
            checks=checks,
            estimates=estimates,
            account=table.account,
            manifest=manifest,
            synthetic=table.synthetic,
        )
        write_report(content, report.parent)
    write_text(report.parent / "run-id", run.run_id + "\n")


class _Clock:
    """Seconds of each stage, for the manifest."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def time[T](self, stage: str, work: Callable[[], T]) -> T:
        start = time.monotonic()
        result = work()
        self.seconds[stage] = round(time.monotonic() - start, 1)
        return result


def _now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
