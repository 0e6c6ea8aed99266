"""The path of a model with a formula, where it differs from that of the house's own models.

Reading, the run, its manifest, the account and the page are the same; ``pipeline`` turns off here
for the rows, the draws and what is read out of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayescich.histories.analysis_table import AnalysisTable
from bayescich.progress import say
from bayescich.runs import Run
from bayescich.spec import ModelSpec, PriorSet
from bayescich.spec.formula import FormulaSpec

if TYPE_CHECKING:
    from bayescich.checks.core import Check
    from bayescich.estimates.core import Estimate
    from bayescich.sampling.formula_fit import FormulaFit

Results = tuple[tuple["Check", ...], tuple["Estimate", ...]]


def has_formula(spec: ModelSpec) -> bool:
    """Return whether a model is one formula, fitted through Bambi."""
    return isinstance(spec.likelihood, FormulaSpec)


def fitted_rows(table: AnalysisTable, spec: ModelSpec) -> AnalysisTable:
    """Return the rows that the formula can use; those left out are in the account."""
    from bayescich.design.formula import formula_rows

    frame, account = formula_rows(table.frame, spec)
    return replace(table, frame=frame, account=table.account + account)


def build(table: AnalysisTable, spec: ModelSpec, priors: PriorSet) -> Any:
    """Return Bambi's model; whatever is wrong with the formula is said here."""
    say("loading Bambi")
    from bayescich.model.formula import build_formula

    return build_formula(table.frame, spec, priors)


def sample(
    spec: ModelSpec, priors: PriorSet, table: AnalysisTable, run: Run, model: Any
) -> FormulaFit:
    """Load or sample the draws of a run."""
    from bayescich.sampling import SamplerSettings
    from bayescich.sampling.formula_fit import FormulaFit
    from bayescich.sampling.kept import kept_draws

    settings = SamplerSettings.from_spec(spec.sampling)
    graph = partial(getattr, model.backend, "model")
    tree = kept_draws(graph, settings, run.folder / "draws.nc", with_prior=True)
    return FormulaFit.of(spec, priors, table.frame, model, tree)


def read_out(fitted: FormulaFit) -> Results:
    """Return checks and estimates."""
    from bayescich.checks.formula import run_formula_checks
    from bayescich.estimates.formula import run_formula_estimates

    say("checks: convergence, prior and posterior predictive")
    checks = run_formula_checks(fitted, fitted.spec.sampling.seed)
    say("estimates: averages and comparisons through bambi.interpret")
    return checks, run_formula_estimates(fitted)


def write_page(
    fitted: FormulaFit,
    results: Results,
    table: AnalysisTable,
    manifest: Mapping[str, Any],
    folder: Path,
) -> None:
    """Write the report."""
    from bayescich.report import write_report
    from bayescich.report.content import FormulaContent

    checks, estimates = results
    content = FormulaContent(
        fit=fitted, checks=checks, estimates=estimates, account=table.account, manifest=manifest,
        synthetic=table.synthetic,
    )  # fmt: skip
    write_report(content, folder)
