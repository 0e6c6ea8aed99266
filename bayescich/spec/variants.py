"""The same model asked in another way: what it is compared with in its own report."""

from __future__ import annotations

from collections.abc import Mapping

from bayescich.spec.model import (
    GroupEffectSpec,
    HomeTypeEffectSpec,
    ModelSpec,
    TypeNeedEffectSpec,
)
from bayescich.spec.outcomes import JointSpec

SCHEMES = ("equal", "recency", "first", "last")
"""Other ways to weigh the homes a child lived in."""

ALONE = "alone"
"""A joint model whose outcomes share nothing between homes."""


def variants(spec: ModelSpec, *, sensitivity: bool = False) -> Mapping[str, ModelSpec]:
    """Return the models that a model's report sets beside it, by name.

    Parameters
    ----------
    spec : ModelSpec
    sensitivity : bool
        Whether the homes lived in are also weighed in other ways, one more fit each.

    Examples
    --------
    >>> from bayescich.spec.loader import load_model_spec
    >>> spec, _ = load_model_spec("outcomes16", "offending")
    >>> tuple(variants(spec, sensitivity=True)), tuple(variants(spec))
    (('equal', 'recency', 'first', 'last'), ())
    """
    found: dict[str, ModelSpec] = {}
    if isinstance(spec.likelihood, JointSpec):
        found[ALONE] = _alone(spec)
    if sensitivity and spec.membership is not None:
        for scheme in SCHEMES:
            if scheme != spec.membership.scheme:
                found[scheme] = weighed(spec, scheme)
    return found


def weighed(spec: ModelSpec, scheme: str) -> ModelSpec:
    """Return the model with homes weighed otherwise; learnt weights leave needs in types out."""
    assert spec.membership is not None, "asked only of models of several homes a child"
    effects = tuple(
        e for e in spec.effects if scheme != "recency" or not isinstance(e, TypeNeedEffectSpec)
    )
    membership = spec.membership.model_copy(update={"scheme": scheme})
    return spec.model_copy(update={"membership": membership, "effects": effects})


def _alone(spec: ModelSpec) -> ModelSpec:
    kinds = (GroupEffectSpec, HomeTypeEffectSpec)
    effects = tuple(
        e.model_copy(update={"across_routes": "independent"}) if isinstance(e, kinds) else e
        for e in spec.effects
    )
    return spec.model_copy(update={"effects": effects})
