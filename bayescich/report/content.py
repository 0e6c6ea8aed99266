"""``ReportContent``: everything a report is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bayescich.account import Account
from bayescich.checks.core import Check
from bayescich.estimates.core import Estimate
from bayescich.sampling.fit import Fit
from bayescich.sampling.formula_fit import FormulaFit


class Content:
    """What was checked and estimated, and where the data came from: whatever built the model."""

    checks: tuple[Check, ...]
    estimates: tuple[Estimate, ...]
    account: Account
    """Every row read, repaired, excluded and kept."""
    manifest: Mapping[str, object]
    """The run's manifest; nested mappings are laid out as tables of their own."""
    synthetic: bool
    """Whether the data were simulated: the word SYNTHETIC then stands on everything."""

    @property
    def failed_gates(self) -> tuple[Check, ...]:
        """The gates this fit did not pass."""
        return tuple(c for c in self.checks if c.gate and c.status == "failed")

    def estimate(self, name: str) -> Estimate | None:
        """Return one estimate by name, when it was made."""
        return next((e for e in self.estimates if e.name == name), None)

    def check(self, name: str) -> Check | None:
        """Return one check by name, when it was made."""
        return next((c for c in self.checks if c.name == name), None)

    def checks_of(self, *groups: str) -> tuple[Check, ...]:
        """Return the checks of these groups, in their own order."""
        return tuple(c for c in self.checks if c.group in groups)


@dataclass(frozen=True)
class ReportContent(Content):
    """Everything a report is made from: a fit of the house's own models, and what came of it."""

    fit: Fit
    checks: tuple[Check, ...]
    estimates: tuple[Estimate, ...]
    account: Account
    manifest: Mapping[str, object]
    synthetic: bool


@dataclass(frozen=True)
class FormulaContent(Content):
    """The same with a fit of a model with a formula."""

    fit: FormulaFit
    checks: tuple[Check, ...]
    estimates: tuple[Estimate, ...]
    account: Account
    manifest: Mapping[str, object]
    synthetic: bool


type AnyContent = ReportContent | FormulaContent
"""Everything a page is made from, whichever engine built the model."""
