"""Needs in words, and who has them: what every table of needs shares."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from bayescich.design.labels import NOT_KNOWN
from bayescich.model.effects.needs import ALONE
from bayescich.records.code_sets import code_set
from bayescich.sampling.fit import Fit
from bayescich.spec.model import MatchingEffectSpec, ModelSpec, NeedsEffectSpec

WHEN = (
    "Needs are those recorded before the day from which a child is followed: that of its first "
    "stay in a home, or that on which its window opens. A need that was there and not recorded "
    "counts as none, so effects are drawn towards none."
)


@cache
def _labels(codes: str) -> dict[str, str]:
    table = code_set(codes)
    return dict(zip(table["code"], table["label"], strict=True))


def need_words(need: str) -> str:
    """Return a need in words.

    Examples
    --------
    >>> need_words("self_harm"), need_words("a_new_one")
    ('self-harm', 'a new one')
    """
    return _labels("needs").get(need, need.replace("_", " "))


def family_words(family: str) -> str:
    """Return a family of needs in words.

    Examples
    --------
    >>> family_words("aggression-and-harm"), family_words("all")
    ('aggression and harm to others', 'in no family')
    """
    if family == ALONE:
        return "in no family"
    return _labels("need_families").get(family, family.replace("-", " ").replace("_", " "))


def rows_with(fit: Fit, need: str, prefix: str, known: str | None) -> npt.NDArray[np.bool_]:
    """Return which rows of the table are of children with a need (or of whom none is known)."""
    if need == NOT_KNOWN and known is not None:
        return np.asarray(fit.table[known] == 0, dtype=np.bool_)
    # of several homes, what one of them says it meets is there for a part of the window
    return np.asarray(fit.table[f"{prefix}{need}"] > 0, dtype=np.bool_)


def about_claims(spec: ModelSpec, effect: NeedsEffectSpec) -> bool:
    """Return whether an effect of needs is about what homes say they meet, not what children have.

    It is when its columns are those that matching takes for what homes say.

    Examples
    --------
    >>> spec = ModelSpec.model_validate({
    ...     "name": "m", "title": "m", "unit": "child",
    ...     "likelihood": {"family": "gaussian", "outcome": "score"},
    ...     "effects": [{"kind": "needs"}, {"kind": "matching", "meets": "says_"},
    ...                 {"kind": "needs", "name": "claim", "columns": "says_"}],
    ... })
    >>> [about_claims(spec, spec.effects[place]) for place in (0, 2)]
    [False, True]
    """
    return effect.columns in {e.meets for e in spec.effects if isinstance(e, MatchingEffectSpec)}


def known_column(fit: Fit) -> str | None:
    """Return the column that says whether anybody looked for a child's needs, when there is one."""
    needs = [e for e in fit.spec.effects if isinstance(e, NeedsEffectSpec)]
    named = [e.known for e in needs if not about_claims(fit.spec, e)]
    return next((name for name in named if name in fit.table.columns), None)
