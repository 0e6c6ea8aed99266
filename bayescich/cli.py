"""The command line: it parses, calls the rooms in order and prints; it computes nothing."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bayescich.errors import EXIT_BAD_INPUT, BayescichError

if TYPE_CHECKING:
    from bayescich.pipeline import Outcome

EXIT_GATES_FAILED = 1
EXIT_INTERRUPTED = 130

app = typer.Typer(
    name="bayescich",
    help="Bayesian multilevel models of children in children's homes: which kinds of home work "
    "for which children?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
records = typer.Typer(help="Look at returns before anything is fitted.", no_args_is_help=True)
app.add_typer(records, name="records")

Data = Annotated[
    Path | None,
    typer.Option(
        help="Folder with returns and register, or one CSV/Parquet file. Without it, the synthetic "
        "England is used where the model can."
    ),
]


@app.command()
def fit(  # noqa: PLR0913, PLR0917 - each is an option of the command
    model: Annotated[str, typer.Argument(help="A model's name (stability) or a YAML file.")],
    data: Data = None,
    priors: Annotated[str | None, typer.Option(help="A prior set's name or a YAML file.")] = None,
    sampler: Annotated[
        str | None, typer.Option(help="nutpie (default), numpyro, blackjax or pymc.")
    ] = None,
    chains: Annotated[int | None, typer.Option(help="Number of chains.")] = None,
    draws: Annotated[int | None, typer.Option(help="Draws per chain after warm-up.")] = None,
    tune: Annotated[int | None, typer.Option(help="Warm-up iterations per chain.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all random numbers.")] = None,
    outcome: Annotated[
        str | None, typer.Option(help="Which outcome, of a model that has several; else all.")
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(help="How homes lived in count: given, equal, first, last or recency."),
    ] = None,
    sensitivity: Annotated[
        bool,
        typer.Option(
            "--sensitivity", help="Weigh homes lived in in other ways, too: one more fit each."
        ),
    ] = False,
) -> None:
    """Fit a model and write its report; say why, when nothing had to be done.

    Exit status: 0 fitted and believable, 1 the convergence gates failed, 2 bad input.
    """
    from bayescich import pipeline

    sampling = {
        "sampler": sampler, "chains": chains, "draws": draws, "tune": tune, "seed": seed
    }  # fmt: skip
    # every spec is read before the first is fitted: what is wrong is said at once
    requests = [
        pipeline.make_request(model, data, priors, sampling, each, weights, sensitivity=sensitivity)
        for each in _asked(model, outcome)
    ]
    found = []
    for request in requests:
        if len(requests) > 1:
            print(f"{request.spec.name}: {request.spec.title}")
        try:
            done = pipeline.fit(request)
        except KeyboardInterrupt:
            print(
                "\nInterrupted. Finished chains are kept; the same command goes on.",
                file=sys.stderr,
            )
            raise typer.Exit(EXIT_INTERRUPTED) from None
        if not done.refitted:
            print(f"Not refitted: {done.reason}.")
        _tell(done)
        found.append(done)
    _refuse_failed(found)


def _asked(model: str, outcome: str | None) -> tuple[str | None, ...]:
    """Return the outcome asked for, or all of the model's."""
    from bayescich.spec import outcome_names

    return (outcome,) if outcome is not None else outcome_names(model) or (None,)


@app.command()
def report(
    model: Annotated[str, typer.Argument(help="A model's name.")],
    outcome: Annotated[
        str | None, typer.Option(help="Which outcome, of a model that has several; else all.")
    ] = None,
) -> None:
    """Write the report of a model's newest run again, from its stored draws."""
    from bayescich import pipeline

    names = [model if each is None else f"{model}-{each}" for each in _reported(model, outcome)]
    found = [pipeline.report(name) for name in names]
    for done in found:
        _tell(done)
    _refuse_failed(found)


def _reported(model: str, outcome: str | None) -> tuple[str | None, ...]:
    """Return the outcomes of which a report is asked; a run may be of a file that is gone."""
    from bayescich.errors import SpecError

    try:
        return _asked(model, outcome)
    except SpecError:
        return (outcome,)


@app.command()
def simulate(  # noqa: PLR0913, PLR0917 - each is an option of the command
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to; data/<size> if left out.")
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            help="small (2,000 children, the default), study (40,000), national (600,000)."
        ),
    ] = None,
    children: Annotated[
        int | None, typer.Option(help="Children ever looked after, instead of a size.")
    ] = None,
    years: Annotated[
        str | None,
        typer.Option(
            help="First and last collection year, each as the year it ends in.",
            show_default="2010:2025",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of all random numbers.", show_default="2026")
    ] = None,
    dirt: Annotated[
        str | None,
        typer.Option(
            help="How authorities record: none, realistic or nasty.", show_default="realistic"
        ),
    ] = None,
    confounding: Annotated[
        float | None,
        typer.Option(
            help="How far needs lead the choice of home, 0 (not at all) to 10.", show_default="1.0"
        ),
    ] = None,
    hidden: Annotated[
        float | None,
        typer.Option(
            help="Strength of a confounder that no record shows, 0 to 10.", show_default="0.0"
        ),
    ] = None,
    processes: Annotated[
        int | None, typer.Option(help="How many write at once; the files do not depend on it.")
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Compare the England in --out (else data/<size>, of the size study) with "
            "published figures; write it first, as the other options say, if nothing is there.",
        ),
    ] = False,
) -> None:
    """Write a synthetic England in the formats of the real returns, with its truth."""
    from bayescich import synthetic
    from bayescich.simulate.settings import Settings

    options = {
        "--size": size, "--children": children, "--years": years, "--seed": seed, "--dirt": dirt,
        "--confounding": confounding, "--hidden": hidden,
    }  # fmt: skip
    given = [name for name, value in options.items() if value is not None]
    if check and size is None and children is None:
        size = "study"
    settings = Settings.asked(size, children, years, seed, dirt, confounding, hidden)
    folder = out or Path("data") / settings.name
    try:
        if not check:
            synthetic.write_synthetic_england(folder, settings, processes)
            print(f"Synthetic England: {folder}")
            return
        if out is None:
            # the size has named the folder
            given = [name for name in given if name != "--size"]
        print(synthetic.check_synthetic_england(folder, settings, processes, given=given))
    except KeyboardInterrupt:
        print(f"\n{_interrupted(folder)}", file=sys.stderr)
        raise typer.Exit(EXIT_INTERRUPTED) from None


def _interrupted(folder: Path) -> str:
    whole = (folder / "synthetic.json").is_file()
    there = f"the England in {folder} is whole" if whole else f"there is none in {folder}"
    return f"Interrupted. Nothing is half written: {there}."


@records.command("check")
def records_check(
    source: Annotated[
        str | None,
        typer.Argument(help="A folder, a file or a database URL; else the synthetic England."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the page and its tables.")] = Path(
        "reports/records"
    ),
    policies: Annotated[
        Path | None, typer.Option(help="A model's YAML file whose `histories:` are followed.")
    ] = None,
    without_ids: Annotated[
        bool, typer.Option("--without-ids", help="No ids, no small counts: for output checkers.")
    ] = False,
) -> None:
    """Say what the returns hold, what is wrong in them and what becomes of every row."""
    from bayescich import records_check as check
    from bayescich import synthetic
    from bayescich.spec import load_model_spec, outcome_names

    check.refuse_unwritable(out)
    followed = None
    if policies:
        # what is said of histories is said of all outcomes of a file
        first = next(iter(outcome_names(str(policies))), None)
        followed = load_model_spec(str(policies), first)[0].histories
    try:
        found = check.check_records(source or synthetic.synthetic_england(), followed)
        page, account = check.write_check(found, out, without_ids=without_ids)
    except KeyboardInterrupt:
        print("\nInterrupted. Nothing is changed in the returns; run it again.", file=sys.stderr)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    print(account)
    print(f"\nPage: {page}")


@records.command("import")
def records_import(
    url: Annotated[str, typer.Argument(help="Of a database, e.g. sqlite:///returns.db.")],
    out: Annotated[Path, typer.Option(help="An empty or new folder.")],
) -> None:
    """Copy the tables of a database that are known here into Parquet files, once."""
    from bayescich import records_check as check

    account = check.import_records(url, out)
    for entry in account.entries:
        if entry.stage == "kept":
            print(f"{entry.rows:12,d}  rows of {entry.table} {entry.rule}")
    print(f"Imported to {out}; now: bayescich records check {out}")


def _tell(outcome: Outcome) -> None:
    print(f"Report: {outcome.report}")
    print(f"Run:    {outcome.run.folder}")
    if not outcome.gates_passed:
        print("The convergence gates FAILED: do not cite this fit. The report says which and why.")


def _refuse_failed(outcomes: list[Outcome]) -> None:
    if not all(outcome.gates_passed for outcome in outcomes):
        raise typer.Exit(EXIT_GATES_FAILED)


@app.command()
def models() -> None:
    """List the models that can be fitted, with the question each asks."""
    from bayescich.spec import load_model_spec, model_names, outcome_names

    for name in model_names():
        for outcome in outcome_names(name) or (None,):
            spec, _ = load_model_spec(name, outcome)
            print(f"{spec.name:26s} {spec.title}")


def main() -> None:
    """Run the command line; every error a user can cause is one message and exit status 2."""
    # chains run side by side, one thread each: more threads inside a chain only get in the way
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    try:
        app()
    except BayescichError as error:
        print(f"bayescich: {error}", file=sys.stderr)
        sys.exit(EXIT_BAD_INPUT)


if __name__ == "__main__":
    main()
