"""A model written as one formula, for Bambi: small tables of counts, nothing of our own.

The house's own models are made of effects (``spec/model.py``). Where a table is small and
aggregated, a formula says the same in one line and a formula package fits it well.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import field_validator, model_validator

from bayescich.spec.base import Strict

FORMULA_FUNCTIONS = ("trend",)
"""Functions of the package's own that a formula may call; ``trend`` is in ``model/formula.py``."""


class FormulaSpec(Strict):
    """Binomial counts by a formula of Bambi's, with common and group-specific terms.

    Examples
    --------
    >>> spec = FormulaSpec(
    ...     family="formula", outcome="moved", trials="children",
    ...     formula="0 + year + (1 + trend(year) | authority)", occasion="year")
    >>> spec.whole
    'p(moved, children) ~ 0 + year + (1 + trend(year) | authority)'
    >>> spec.group_terms
    ('1|authority', 'trend(year)|authority')
    """

    family: Literal["formula"]
    outcome: str
    """Column: successes."""
    trials: str
    """Column: out of how many."""
    formula: str
    """Right-hand side in Bambi's language."""
    occasion: str
    """Column in the formula: when a unit was seen, once on each occasion."""
    averages: tuple[str, ...] = ()
    """Columns in the formula whose levels are averaged over and compared, beside the occasion."""
    centred: tuple[str, ...] = ()
    """Group-specific terms, e.g. ``1|authority``, that are sampled centred."""

    @field_validator("formula")
    @classmethod
    def _formula_is_one(cls, formula: str) -> str:
        if "~" in formula:
            raise ValueError("give the right-hand side only; the outcome has its own key")
        _described(formula)
        return formula

    @model_validator(mode="after")
    def _columns_are_in_the_formula(self) -> FormulaSpec:
        absent = [c for c in (self.occasion, *self.averages) if c not in self.columns]
        if absent:
            raise ValueError(f"'{absent[0]}' is not in the formula, so no levels can be compared")
        if wrong := [term for term in self.centred if term not in self.group_terms]:
            known = ", ".join(self.group_terms) or "none"
            raise ValueError(f"centred: '{wrong[0]}' is no group-specific term; allowed: {known}")
        return self

    @property
    def whole(self) -> str:
        """The formula with its left-hand side, as Bambi takes it."""
        return f"p({self.outcome}, {self.trials}) ~ {self.formula}"

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns named on the right-hand side, in alphabetical order."""
        names = _described(self.formula).var_names
        return tuple(sorted(name for name in names if isinstance(name, str) and name))

    @property
    def compared(self) -> tuple[str, ...]:
        """Columns whose levels are averaged over and compared: the occasion first."""
        return tuple(dict.fromkeys((self.occasion, *self.averages)))

    @property
    def group_terms(self) -> tuple[str, ...]:
        """Names of the group-specific terms, such as ``1|authority``."""
        return tuple(term.name for term in _described(self.formula).group_terms)


def sd_roles(term: str) -> tuple[str, ...]:
    """Return the roles of the prior of a group-specific term's SD, from the narrowest.

    Examples
    --------
    >>> sd_roles("1|authority"), sd_roles("trend(year)|authority")
    (('authority.sd', 'group.sd'), ('trend(year)|authority.sd', 'group.sd'))
    """
    expression, factor = term.split("|")
    return (f"{factor if expression == '1' else term}.sd", "group.sd")


def _described(formula: str) -> Any:
    # formulae takes two seconds to import, and only models with a formula need it
    from formulae import model_description

    try:
        return model_description(formula)
    except Exception as error:  # noqa: BLE001 (formulae raises bare exceptions of many kinds)
        raise ValueError(f"the formula cannot be read: {' '.join(str(error).split())}") from None
