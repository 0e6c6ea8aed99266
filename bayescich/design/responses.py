"""Outcomes measured once a row: from columns to responses, with the faults named.

One outcome may be several responses: a stage that must be passed first, points above a floor and
how many, and whether the outcome is recorded at all.
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayescich.design.columns import column, fault, numbers, refuse
from bayescich.design.core import FloatArray, Response
from bayescich.spec.model import ModelSpec
from bayescich.spec.outcomes import (
    BernoulliSpec,
    BetaBinomialSpec,
    BinomialSpec,
    CategoricalSpec,
    GaussianSpec,
    HurdleBetaBinomialSpec,
    JointSpec,
    OrdinalSpec,
    ResponseSpec,
    parts_of,
)

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Measured:
    """One response with its arrays, each of shape (rows,)."""

    response: Response
    y: FloatArray
    size: FloatArray
    seen: Mask


def response_arrays(
    table: pd.DataFrame, spec: ModelSpec
) -> tuple[dict[str, npt.NDArray[Any]], dict[str, tuple[str, ...]], tuple[Response, ...]]:
    """Return the arrays, coordinates and responses of an outcome, or of several jointly.

    Raises
    ------
    DesignError
        When a column is missing or blank where it may not be, an outcome is outside its range, or
        it has one observed level.
    """
    likelihood = spec.likelihood
    found = list(_all(table, spec))
    arrays: dict[str, npt.NDArray[Any]] = {
        "y": np.stack([m.y for m in found], axis=1),
        "size": np.stack([m.size for m in found], axis=1),
        "seen": np.stack([m.seen for m in found], axis=1).astype(np.int8),
    }
    name = spec.report.outcome_name
    parts = parts_of(likelihood, name)
    coords = {"route": parts, "other_route": parts} if len(parts) > 1 else {}
    for measured in found:
        if measured.response.kind == "ordinal":
            kinds = measured.response.categories
            coords["threshold"] = tuple(f"{a} | {b}" for a, b in itertools.pairwise(kinds))
            coords["gap"] = kinds[1:-1]
    return arrays, coords, tuple(m.response for m in found)


def _all(table: pd.DataFrame, spec: ModelSpec) -> Iterator[Measured]:
    likelihood = spec.likelihood
    if not isinstance(likelihood, JointSpec):
        assert isinstance(likelihood, ResponseSpec), "hazards have arrays of their own"
        yield from _of_outcome(table, spec, likelihood, spec.report.outcome_name, 0)
        return
    at = 0
    for name, item in likelihood.responses.items():
        for measured in _of_outcome(table, spec, item.likelihood, name, at):
            turned = item.higher_is == "worse"
            yield replace(measured, response=replace(measured.response, turned=turned))
        at += len(parts_of(item.likelihood, name))


def _of_outcome(
    table: pd.DataFrame, spec: ModelSpec, item: ResponseSpec, name: str, at: int
) -> Iterator[Measured]:
    """Yield the responses of one outcome, whose linear predictors begin at ``at``."""
    reached: Mask = np.ones(len(table), dtype=np.bool_)
    known = table[item.outcome].notna().to_numpy() if item.outcome in table else reached
    if item.stage is not None:
        stage = _stage(table, spec, item, at)
        yield stage
        reached = stage.seen & (stage.y == 1.0)
        at += 1
        _refuse_beyond_stage(table, spec, item, known & ~reached)
    blank = item.missing != "refused" or item.stage is not None
    if item.missing == "refused" and item.stage is not None:
        refuse(table, spec, item.outcome, reached & ~known, "is blank though the stage was passed")
    own = _own(table, spec, item, blank, reached & known)
    if not (reached & known).any():
        raise fault(spec, item.outcome, "is blank in every row", "there is nothing to learn from")
    last = at
    for measured in own:
        last = at
        yield replace(measured, response=replace(measured.response, name=name, column=at))
        at += measured.response.width
    if item.missing == "modelled":
        asked = reached & ~_not_asked(table, spec, item)
        yield _recorded(spec, item, name, (at, last), (asked, known), own)


def _stage(table: pd.DataFrame, spec: ModelSpec, item: ResponseSpec, at: int) -> Measured:
    assert item.stage is not None, "asked only of outcomes with a stage"
    passed = numbers(table, item.stage.outcome, spec, blanks=True)
    seen = ~np.isnan(passed)
    _yes_or_no(table, spec, item.stage.outcome, passed, seen)
    response = Response(item.stage.name, "binomial", at, role="stage")
    return Measured(response, np.where(seen, passed, 0.0), np.ones(len(table)), seen)


def _refuse_beyond_stage(
    table: pd.DataFrame, spec: ModelSpec, item: ResponseSpec, beyond: Mask
) -> None:
    assert item.stage is not None, "asked only of outcomes with a stage"
    what = f"is there though '{item.stage.outcome}' is not 1"
    refuse(table, spec, item.outcome, beyond, what)


def _not_asked(table: pd.DataFrame, spec: ModelSpec, item: ResponseSpec) -> Mask:
    """Return the rows of which the outcome was not to be had, whoever the child."""
    if item.reason is None or not item.not_asked:
        return np.zeros(len(table), dtype=np.bool_)
    why = column(table, item.reason, spec, blanks=True).astype("string")
    given = [str(reason).lower() for reason in why.dropna().unique()]
    for reason in item.not_asked:
        near = difflib.get_close_matches(reason.lower(), given, n=1, cutoff=0.8)
        if near and not (why == reason).any():
            # a reason that is in no row is well; one that is misspelt is not
            raise fault(
                spec, item.reason, f"never gives the reason {reason}, but one much like it",
                "rows that were not asked would be taken for not recorded",
            )  # fmt: skip
    return why.isin(item.not_asked).to_numpy(dtype=np.bool_)


def _recorded(
    spec: ModelSpec,
    item: ResponseSpec,
    name: str,
    columns: tuple[int, int],
    masks: tuple[Mask, Mask],
    own: list[Measured],
) -> Measured:
    (at, last), (reached, known) = columns, masks
    if (known | ~reached).all():
        raise fault(
            spec, item.outcome, "is never blank", "that it is recorded says nothing; "
            "leave missing: modelled out",
        )  # fmt: skip
    coupled = -1 if own[-1].response.kind == "categorical" else last
    response = Response(f"{name} recorded", "binomial", at, coupled=coupled, role="recorded")
    return Measured(response, known.astype(np.float64), np.ones(len(known)), reached)


def _own(
    table: pd.DataFrame, spec: ModelSpec, item: ResponseSpec, blank: bool, seen: Mask
) -> list[Measured]:
    """Return the outcome's own responses; their columns are counted by the caller."""
    if isinstance(item, (OrdinalSpec, CategoricalSpec)):
        return [_categories(table, spec, item, blank, seen)]
    y = numbers(table, item.outcome, spec, blanks=blank)
    filled = np.where(seen, y, 0.0)
    ones = np.ones(len(table))
    if isinstance(item, GaussianSpec):
        size = ones
        if item.known_sd is not None:
            size = _sizes(table, spec, item.known_sd, seen)
        response = Response("", "normal", 0, known_sd=item.known_sd is not None)
        return [Measured(response, filled, size, seen)]
    if isinstance(item, HurdleBetaBinomialSpec):
        return _hurdle(table, spec, item, filled, seen)
    if isinstance(item, BernoulliSpec):
        _yes_or_no(table, spec, item.outcome, y, seen)
        if item.link == "logit":
            return [Measured(Response("", "binomial", 0, maximum=1), filled, ones, seen)]
        exposure = _sizes(table, spec, item.exposure, seen) if item.exposure else ones
        return [Measured(Response("", "cloglog", 0), filled, exposure, seen)]
    assert isinstance(item, (BinomialSpec, BetaBinomialSpec)), "no other family has one count"
    size, maximum = _trials(table, spec, item, seen)
    _counts(table, spec, item, filled, size, seen)
    kind: Any = "binomial" if isinstance(item, BinomialSpec) else "beta_binomial"
    return [Measured(Response("", kind, 0, maximum=maximum), filled, size, seen)]


def _hurdle(
    table: pd.DataFrame, spec: ModelSpec, item: HurdleBetaBinomialSpec, y: FloatArray, seen: Mask
) -> list[Measured]:
    size = np.full(len(y), float(item.maximum))
    _counts(table, spec, item, y, size, seen)
    some = seen & (y > 0)
    if not some.any() or (some == seen).all():
        raise fault(
            spec, item.outcome, f"is {'0' if not some.any() else 'above 0'} in every row",
            "whether there are any points is half of this outcome; a beta_binomial has none",
        )  # fmt: skip
    above = Response("", "binomial", 0, role="outcome", maximum=1)
    amount = Response("", "truncated", 0, maximum=item.maximum)
    return [
        Measured(above, some.astype(np.float64), np.ones(len(y)), seen),
        Measured(amount, y, size, some),
    ]


def _trials(
    table: pd.DataFrame, spec: ModelSpec, item: BinomialSpec | BetaBinomialSpec, seen: Mask
) -> tuple[FloatArray, int | None]:
    if isinstance(item.trials, int):
        return np.full(len(table), float(item.trials)), item.trials
    return _sizes(table, spec, item.trials, seen), None


def _sizes(table: pd.DataFrame, spec: ModelSpec, name: str, seen: Mask) -> FloatArray:
    """Return trials, exposures or errors, above zero; one where the outcome is not seen."""
    found = numbers(table, name, spec, blanks=not seen.all())
    refuse(table, spec, name, seen & ~(found > 0), "is not above zero")
    return np.where(seen, found, 1.0)


def _counts(
    table: pd.DataFrame,
    spec: ModelSpec,
    item: BinomialSpec | BetaBinomialSpec | HurdleBetaBinomialSpec,
    y: FloatArray,
    size: FloatArray,
    seen: Mask,
) -> None:
    most = item.maximum if isinstance(item, HurdleBetaBinomialSpec) else item.trials
    words = f"'{most}'" if isinstance(most, str) else str(most)
    whole = (y == np.round(y)) & (size == np.round(size))
    bad = seen & (~whole | (y < 0) | (y > size))
    refuse(table, spec, item.outcome, bad, f"is not a whole number between 0 and {words}")


def _yes_or_no(
    table: pd.DataFrame, spec: ModelSpec, name: str, values: FloatArray, seen: Mask
) -> None:
    refuse(table, spec, name, seen & ~np.isin(values, (0, 1)), "is not 0 or 1")
    among = values[seen]
    if len(among) and among.min() == among.max():
        raise fault(
            spec,
            name,
            f"is {among[0]:g} in every row where it is known",
            "an outcome with one observed level says nothing about differences",
        )


def _categories(
    table: pd.DataFrame,
    spec: ModelSpec,
    item: OrdinalSpec | CategoricalSpec,
    blank: bool,
    seen: Mask,
) -> Measured:
    labels = column(table, item.outcome, spec, blanks=blank).astype("string")
    code = labels.map({label: place for place, label in enumerate(item.categories)})
    unknown = code.isna().to_numpy() & seen
    refuse(
        table, spec, item.outcome, unknown, f"is not one of: {', '.join(item.categories)}", labels
    )
    absent = [label for label in item.categories if label not in set(labels[seen])]
    if absent:
        raise fault(
            spec,
            item.outcome,
            f"never takes the category {', '.join(absent)}",
            "what no row holds is prior only; leave the category out or join it to another",
        )
    y = code.fillna(0).to_numpy(np.float64)
    ordered = isinstance(item, OrdinalSpec)
    chosen = () if isinstance(item, OrdinalSpec) else item.good
    good = tuple(k for k, label in enumerate(item.categories) if label in chosen)
    response = Response(
        "", "ordinal" if ordered else "categorical", 0,
        width=1 if ordered else len(item.categories) - 1, categories=item.categories, good=good,
    )  # fmt: skip
    return Measured(response, np.where(seen, y, 0.0), np.ones(len(y)), seen)
