"""One self-contained page from a fit, its checks and its estimates."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Container, Iterator, Sequence
from importlib import resources
from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from bayescich.errors import ReportError
from bayescich.report.blocks import Block, Details, Figure, Section
from bayescich.report.content import AnyContent, FormulaContent
from bayescich.report.formula_sections import formula_sections
from bayescich.report.sections import make_sections
from bayescich.report.words import number_word, readable

PAGE = "index.html"


def write_report(content: AnyContent, folder: Path) -> Path:
    """Write ``index.html``, ``tables/*.csv`` and ``figures/*.png`` into a folder.

    The page holds its figures, its style and its one script, and asks for nothing else. Each file
    is written under a temporary name and then renamed; the page comes last, and tables and figures
    of an earlier report are removed.

    Parameters
    ----------
    content : ReportContent or FormulaContent
    folder : Path
        Usually ``reports/<model>``; made when it is not there.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    ReportError
        When a figure cannot be drawn, or the folder cannot be written to.
    """
    sections = (
        formula_sections(content) if isinstance(content, FormulaContent) else make_sections(content)
    )
    page = render(content, sections)
    files = {f"tables/{n}.csv": t.to_csv(index=False).encode() for n, t in _tables(content)}
    files |= {f"figures/{f.name}.png": f.png for f in _figures(sections)}
    try:
        for name, content_of in {**files, PAGE: page.encode()}.items():
            write_file(folder / name, content_of)
        _tidy(folder, files)
    except OSError as error:
        raise ReportError(
            "The report could not be written.",
            where=str(folder),
            why=str(error),
            next_step="Check that the folder can be written to and that the disk has room.",
        ) from error
    return folder / PAGE


def render(content: AnyContent, sections: tuple[Section, ...]) -> str:
    """Return the page of a model as text."""
    spec = content.fit.spec
    return render_page(
        sections,
        title=spec.title,
        question=spec.question,
        kicker=f"bayescich · model “{spec.name}”{_run(content)}",
        footer=f"Made by bayescich from {content.fit.rows:,} rows{_run(content)}.",
        synthetic=content.synthetic,
        failed=[(check.title, readable(check.sentence)) for check in content.failed_gates],
    )


def render_page(
    sections: tuple[Section, ...],
    *,
    title: str,
    question: str | None,
    kicker: str,
    footer: str,
    synthetic: bool,
    failed: Sequence[tuple[str, str]] = (),
) -> str:
    """Return any self-contained page as text.

    Parameters
    ----------
    sections : tuple of Section
        The first is what a reader who skips the contents comes to.
    title, question, kicker, footer : str
        The words around them.
    synthetic : bool
        Whether every part is marked as about a simulated England.
    failed : sequence of (str, str)
        Gates that failed: title and sentence.
    """
    environment = Environment(
        loader=PackageLoader("bayescich.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    gates = "convergence gate" if len(failed) == 1 else "convergence gates"
    return environment.get_template("report.html.j2").render(
        title=title,
        question=question,
        kicker=kicker,
        footer=footer,
        synthetic=synthetic,
        failed=failed,
        failed_words=f"{number_word(len(failed))} {gates} failed",
        sections=sections,
        style=_asset("style.css"),
        script=_asset("table-sort.js"),
    )


def _run(content: AnyContent) -> str:
    run = content.manifest.get("run_id")
    return f" · run {run}" if run else ""


def _asset(name: str) -> str:
    return (resources.files("bayescich.report") / "templates" / name).read_text(encoding="utf-8")


def _tables(content: AnyContent) -> Iterator[tuple[str, pd.DataFrame]]:
    made = [(e.name, e.table) for e in content.estimates]
    made += [(c.name, c.table) for c in content.checks if c.table is not None]
    for name, table in made:
        # a copied file must not lose the mark
        yield name, table.assign(data="SYNTHETIC") if content.synthetic else table


def _figures(sections: tuple[Section, ...]) -> Iterator[Figure]:
    for section in sections:
        yield from _within(section.blocks)


def _within(blocks: tuple[Block, ...]) -> Iterator[Figure]:
    for block in blocks:
        if isinstance(block, Figure):
            yield block
        elif isinstance(block, Details):
            yield from _within(block.blocks)


def _tidy(folder: Path, made: Container[str]) -> None:
    """Remove what an earlier report left: an old table beside a new page would be taken for new."""
    for old in (*folder.glob("tables/*.csv"), *folder.glob("figures/*.png")):
        if old.relative_to(folder).as_posix() not in made:
            old.unlink()


def write_file(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, then rename it: it is never there in part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
