"""What an outcome says on the scale people read: points, chances, shares.

One outcome may have several readings: whether there are any points, how many, and how many if any;
each activity; being in touch. Each is made of the linear predictors of all parts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import softmax

from bayescich.design.core import Design, Response
from bayescich.model.draws import Draws, FloatArray
from bayescich.model.response.densities import is_score, mean_of, with_first
from bayescich.sampling.fit import Fit


@dataclass(frozen=True)
class Reading:
    """One number of an outcome."""

    name: str
    scale: Literal["probability", "points", "value"]
    of: Callable[[Draws, FloatArray], FloatArray]
    """From draws and η by part, (samples, parts, ...), to (samples, ...)."""
    responses: tuple[int, ...] = ()
    """The responses it is seen in, for crude figures; none when it is made of several."""
    higher_is_better: bool | None = None


def readings_of(fit: Fit) -> tuple[Reading, ...]:
    """Return the readings of a model's outcome, the main one first.

    Parameters
    ----------
    fit : Fit
        Of an outcome with ``responses``.
    """
    design = fit.design
    found: list[Reading] = []
    for place, response in enumerate(design.responses):
        if response.role != "outcome":
            continue
        if response.kind == "categorical":
            found += _categories(design, place)
        elif response.kind == "truncated":
            found += _hurdle(design, place)
        elif not _before_points(design, place):
            found.append(_single(design, place))
    return (*found, *_whole(fit, found), *_others(design))


def _before_points(design: Design, place: int) -> bool:
    after = design.responses[place + 1 : place + 2]
    return bool(after) and after[0].kind == "truncated"


def _single(design: Design, place: int) -> Reading:
    response = design.responses[place]
    return Reading(
        _named(response),
        _scale(response),
        lambda draws, eta: mean_of(draws, eta, design, place),
        (place,),
    )


def _named(response: Response) -> str:
    if response.kind == "ordinal":
        return f"{response.categories[len(response.categories) // 2]} or better: {response.name}"
    return response.name


def _scale(response: Response) -> Literal["probability", "points", "value"]:
    if response.kind == "normal":
        return "value"
    return "points" if is_score(response) else "probability"


def _hurdle(design: Design, place: int) -> list[Reading]:
    name = design.responses[place].name

    def any_points(draws: Draws, eta: FloatArray) -> FloatArray:
        return mean_of(draws, eta, design, place - 1)

    def if_any(draws: Draws, eta: FloatArray) -> FloatArray:
        return mean_of(draws, eta, design, place)

    return [
        Reading(name, "points", lambda d, e: any_points(d, e) * if_any(d, e), (place - 1, place)),
        Reading(f"any {name}", "probability", any_points, (place - 1,)),
        Reading(f"{name}, if any", "points", if_any, (place,)),
    ]


def _categories(design: Design, place: int) -> list[Reading]:
    response = design.responses[place]

    def chance(which: tuple[int, ...]) -> Callable[[Draws, FloatArray], FloatArray]:
        def of(_: Draws, eta: FloatArray) -> FloatArray:
            every = softmax(with_first(eta, response), axis=1)
            return np.asarray(every[:, list(which)].sum(axis=1))

        return of

    each = [
        Reading(label, "probability", chance((k,)), (place,))
        for k, label in enumerate(response.categories)
    ]
    good = response.good
    if not good:
        return each
    words = " or ".join(response.categories[k] for k in good)
    others = [reading for reading in each if reading.name != words]
    return [Reading(words, "probability", chance(good), (place,)), *others]


def _whole(fit: Fit, found: list[Reading]) -> list[Reading]:
    """Return the main reading with its stage: in touch, and doing well."""
    design = fit.design
    stages = [k for k, r in enumerate(design.responses) if r.role == "stage"]
    if not stages or not found:
        return []
    stage, main = stages[0], found[0]
    name = design.responses[stage].name

    def both(draws: Draws, eta: FloatArray) -> FloatArray:
        return mean_of(draws, eta, design, stage) * main.of(draws, eta)

    return [Reading(f"{name}, and {main.name}", "probability", both)]


def _others(design: Design) -> list[Reading]:
    return [
        Reading(
            response.name,
            "probability",
            lambda draws, eta, place=place: mean_of(draws, eta, design, place),  # type: ignore[misc]
            (place,),
        )
        for place, response in enumerate(design.responses)
        if response.role != "outcome"
    ]
