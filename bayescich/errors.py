"""One tree of errors: what, where, why it matters, what to do next."""

from __future__ import annotations

from collections.abc import Sequence

EXIT_BAD_INPUT = 2
"""Exit status of the command line for every error of this tree."""


class BayescichError(Exception):
    """The root: every message a user can cause comes from here.

    Parameters
    ----------
    what : str
        What was found, in one sentence.
    where : str, optional
        File, column or field path, and how many rows.
    why : str, optional
        Why it matters to the analysis.
    next_step : str, optional
        What the reader can do now.
    examples : sequence of str, optional
        Up to five example ids; the rest are counted, not listed.

    Examples
    --------
    >>> print(BayescichError("It is empty.", where="homes.csv", next_step="Download it again."))
    It is empty.
      where: homes.csv
      next:  Download it again.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        why: str | None = None,
        next_step: str | None = None,
        examples: Sequence[str] = (),
    ) -> None:
        self.what = what
        self.where = where
        self.why = why
        self.next_step = next_step
        self.examples = tuple(examples)
        super().__init__(self._message())

    def _message(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.examples:
            shown = ", ".join(self.examples[:5])
            more = len(self.examples) - 5
            lines.append(f"  for example: {shown}" + (f" and {more} more" if more > 0 else ""))
        if self.why:
            lines.append(f"  why:   {self.why}")
        if self.next_step:
            lines.append(f"  next:  {self.next_step}")
        return "\n".join(lines)


class SpecError(BayescichError):
    """A model or prior file says something that cannot be meant."""


class RecordsError(BayescichError):
    """A return, register or extract cannot be read as what it claims to be."""


class HistoriesError(BayescichError):
    """The records do not make a history: no usable spells, no register to type the homes."""


class DesignError(BayescichError):
    """The table does not hold what the spec asks of it."""


class SamplingError(BayescichError):
    """The sampler could not start or could not finish."""


class RunError(BayescichError):
    """A run folder is missing, unfinished or not what its manifest says."""


class ReportError(BayescichError):
    """A page, table or figure could not be made."""
