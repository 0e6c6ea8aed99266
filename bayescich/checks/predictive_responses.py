"""Posterior predictive check of outcomes of one row: every response, observed and replicated.

A response is drawn again for the rows in which it was seen: the points of those whose points are
recorded, the activity of those in touch, being recorded of those who were asked. Blank covariates
and, in a joint model, the child's own effect are drawn anew with it. By home type and setting each
child counts by the part of its window lived there.

References
----------
Gelman, Meng & Stern (1996), Posterior predictive assessment, Statistica Sinica 6.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayescich.checks.core import Check
from bayescich.checks.levels import cells, pieces
from bayescich.checks.replicates import DRAWS, allowed_outside, compare, gathered, outside
from bayescich.design.core import Design, Grouping, Response
from bayescich.model.draws import FloatArray
from bayescich.model.effects.settings import SettingsEffect
from bayescich.model.likelihoods.responses import ResponseLikelihood
from bayescich.sampling.fit import Fit
from bayescich.spec.outcomes import JointSpec

EVERYONE = "everyone"
QUANTILES = {"lowest tenth below": 0.1, "half below": 0.5, "highest tenth above": 0.9}
FEW = 12
"""Up to so many statistics none may lie outside; of more, as many as chance alone puts there."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Shown:
    """One thing that is seen of a row: points, a category, whether it was recorded."""

    name: str
    places: tuple[int, ...]
    """The responses it is the product of: any points, and how many."""
    seen: Mask
    size: FloatArray
    """What a count is divided by, (rows,)."""
    categories: tuple[str, ...] = ()
    yes_or_no: bool = False
    counted: bool = False
    """Whether nought is a value of its own: not of a measurement."""

    def values(self, every: FloatArray) -> FloatArray:
        """Return it from all responses, (samples, responses, rows) to (samples, seen rows)."""
        whole = np.prod(every[:, list(self.places)], axis=1) / self.size
        return np.asarray(whole[:, self.seen])

    def averaged(self, values: FloatArray) -> dict[str, FloatArray]:
        """Return what is averaged over rows, by statistic, each shaped like ``values``."""
        if self.categories:
            labels = enumerate(self.categories)
            return {f"share: {label}": (values == k).astype(np.float64) for k, label in labels}
        if self.yes_or_no:
            return {"share": values}
        none = {"share of noughts": (values == 0).astype(np.float64)} if self.counted else {}
        return {"mean": values, **none}

    def spread(self, values: FloatArray) -> dict[str, FloatArray]:
        """Return what only all rows together show, by statistic, (samples,)."""
        if self.categories or self.yes_or_no:
            return {}
        found = np.quantile(values, list(QUANTILES.values()), axis=1)
        return {**dict(zip(QUANTILES, found, strict=True)), "SD": values.std(axis=1)}


def response_checks(fit: Fit, rng: np.random.Generator) -> tuple[Check, ...]:
    """Return ``ppc_outcomes`` for outcomes of one row, nothing for others.

    Nor where a row is a group with a size or an error of its own (deaths of a hospital, a study):
    ``ppc_homes`` is about just these.
    """
    likelihood, design = fit.structure.likelihood, fit.design
    if not isinstance(likelihood, ResponseLikelihood) or _grouped(design):
        return ()
    shown, places = things_shown(design), _places(fit)
    joint = isinstance(fit.spec.likelihood, JointSpec)

    def statistics(every: FloatArray) -> dict[str, FloatArray]:
        return dict(_statistics(shown, places, every, joint))

    def replicates() -> Iterator[Mapping[str, FloatArray]]:
        for draws in pieces(fit.posterior.thin(DRAWS), cells(design) + design.outcome["y"].size):
            eta = fit.structure.linear_predictor(draws, design)
            yield statistics(likelihood.replicate_all(draws, eta, design, rng))

    seen = statistics(np.moveaxis(design.outcome["y"], 1, 0)[None])
    return (_check(seen, gathered(replicates()), shown),)


def _grouped(design: Design) -> bool:
    first, *others = design.responses
    counts = first.kind == "binomial" and first.maximum is None
    return not others and (counts or first.known_sd)


def things_shown(design: Design) -> tuple[Shown, ...]:
    """Return what is seen of the responses; points and whether there are any are one thing."""
    found = []
    for place, response in enumerate(design.responses):
        after = design.responses[place + 1 : place + 2]
        if after and after[0].kind == "truncated":
            continue
        # how many points there are is drawn for everybody, and counts where there are any
        places = (place - 1, place) if response.kind == "truncated" else (place,)
        seen = design.outcome["seen"][:, places[0]] == 1
        found.append(_shown(design, response, places, seen))
    return tuple(found)


def _shown(design: Design, response: Response, places: tuple[int, ...], seen: Mask) -> Shown:
    counts = response.kind in {"binomial", "beta_binomial", "truncated"}
    out_of = counts and response.maximum is None and response.role == "outcome"
    size = design.outcome["size"][:, places[-1]] if out_of else np.ones(design.rows)
    return Shown(
        response.name, places, seen, size, response.categories,
        yes_or_no=_is_yes_or_no(response),
        counted=counts,
    )  # fmt: skip


def _is_yes_or_no(response: Response) -> bool:
    if response.kind == "cloglog" or response.role != "outcome":
        return True
    return response.kind == "binomial" and response.maximum == 1


def _places(fit: Fit) -> tuple[Grouping, ...]:
    """Return home types and settings, as far as the model has them."""
    effect = fit.structure.home_type
    found = [fit.design.factors[effect.column]] if effect is not None else []
    settings = [e for e in fit.structure.effects if isinstance(e, SettingsEffect)]
    return (*found, *(e.factor(fit.design) for e in settings))


def _statistics(
    shown: tuple[Shown, ...], places: tuple[Grouping, ...], every: FloatArray, joint: bool
) -> Iterator[tuple[str, FloatArray]]:
    """Yield what a row of the table is about, and its values, (samples,)."""
    for item in shown:
        values = item.values(every)
        averaged = item.averaged(values)
        for name, of in averaged.items():
            yield _key(item.name, name, EVERYONE), of.mean(axis=1)
        for name, found in item.spread(values).items():
            yield _key(item.name, name, EVERYONE), found
        for factor in places:
            yield from _by_level(item, factor, averaged)
    if joint:
        for one, other in itertools.combinations(shown, 2):
            found = _correlation(one, other, every)
            yield _key(one.name, f"correlation with {other.name}", EVERYONE), found


def _by_level(
    item: Shown, factor: Grouping, averaged: Mapping[str, FloatArray]
) -> Iterator[tuple[str, FloatArray]]:
    """Yield averages by level, each row by its weight there; levels with nobody are left out."""
    weight = factor.sums(item.seen.astype(np.float64))
    for name, of in averaged.items():
        whole = np.zeros((len(of), len(item.seen)))
        whole[:, item.seen] = of
        sums = factor.sums(whole)
        for level in np.flatnonzero(weight > 0):
            among = f"{factor.name.replace('_', ' ')}: {factor.levels[level]}"
            yield _key(item.name, name, among), sums[:, level] / weight[level]


def _correlation(one: Shown, other: Shown, every: FloatArray) -> FloatArray:
    """Return the correlation over the rows in which both are seen; none where one is constant."""
    both = one.seen & other.seen
    pairs = (item.values(every)[:, both[item.seen]] for item in (one, other))
    x, y = (values - values.mean(axis=1, keepdims=True) for values in pairs)
    scale = np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
    return np.asarray((x * y).sum(axis=1) / np.where(scale > 0, scale, 1.0))


_KEY = "\n"


def _key(response: str, statistic: str, among: str) -> str:
    return _KEY.join((response, statistic, among))


def _check(
    seen: Mapping[str, FloatArray], draws: Mapping[str, FloatArray], shown: tuple[Shown, ...]
) -> Check:
    words = pd.DataFrame([key.split(_KEY) for key in seen], columns=["outcome", "statistic", "of"])
    drawn = np.stack([draws[key] for key in seen], axis=1)
    table = compare(np.concatenate(list(seen.values())), drawn)
    table = pd.concat([words, table], axis=1).assign(judged=words["of"] == EVERYONE)
    table = table.sort_values("judged", ascending=False, kind="stable", ignore_index=True)
    overall, parts = table[table["judged"]], table[~table["judged"]]
    wrong, allowed = outside(overall["p_value"]), 0
    if len(overall) > FEW:
        allowed = allowed_outside(len(overall))
    sentence = (
        f"{len(overall) - wrong} of {len(overall)} overall statistics of "
        f"{' and '.join(_names(shown))} are such as the model makes"
    )
    if len(parts):
        covered = parts["observed"].between(parts["q05"], parts["q95"]).mean()
        sentence += (
            f"; {covered:.0%} of {len(parts)} by home type and setting lie in their 90% intervals"
        )
    return Check(
        "ppc_outcomes", "Outcomes, observed and replicated", "predictive",
        "passed" if wrong <= allowed else "failed", f"{sentence}.",
        value=float(wrong), limit=float(allowed), table=table,
        series={"replicated": drawn[:, [k for k, at in enumerate(words["of"]) if at == EVERYONE]]},
    )  # fmt: skip


def _names(shown: tuple[Shown, ...]) -> list[str]:
    return [f"'{item.name}'" for item in shown]
