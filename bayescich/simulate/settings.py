"""What is asked of a synthetic England."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal, cast, get_args

from bayescich.errors import BayescichError
from bayescich.simulate.draws import day

Dirt = Literal["none", "realistic", "nasty"]
"""How badly authorities record: not at all, as they do, or worse than any should."""

SIZES = {"small": 2_000, "study": 40_000, "national": 600_000}
"""Children ever looked after, by name of the size; 600,000 is England itself."""

FEWEST_CHILDREN = 500
MOST_CHILDREN = 2_000_000
STRONGEST = 10.0
"""Of confounding: beyond it every child of the same needs is in the same type of home."""
SEEDS = 2**63
EARLIEST_YEAR = 2005
LATEST_YEAR = 2025


@dataclass(frozen=True)
class Settings:
    """A request: size, window, seed, recording and confounding.

    Parameters
    ----------
    children : int
        About so many are looked after at some time in the window.
    first_year, last_year : int
        Collection years that are returned, each by the year in which it ends.
    seed : int
        The same settings give the same files, byte for byte.
    dirt : {"none", "realistic", "nasty"}
        How the authorities record what happened.
    confounding : float
        How strongly a child's recorded needs lead the choice of home; 0 for not at all.
    hidden : float
        Strength of a confounder that no record shows, on the scale of `confounding`.

    Raises
    ------
    BayescichError
        If a figure is out of its range.

    Examples
    --------
    >>> Settings(first_year=2020).first_day
    17987
    """

    children: int = SIZES["small"]
    first_year: int = 2010
    last_year: int = 2025
    seed: int = 2026
    dirt: Dirt = "realistic"
    confounding: float = 1.0
    hidden: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be simulated."""
        _refuse_children(self.children)
        _refuse_years(self.first_year, self.last_year)
        _refuse_dirt(self.dirt)
        _refuse_seed(self.seed)
        _refuse_strength(self.confounding, "--confounding")
        _refuse_strength(self.hidden, "--hidden")

    @classmethod
    def asked(
        cls,
        size: str | None = None,
        children: int | None = None,
        years: str | None = None,
        seed: int | None = None,
        dirt: str | None = None,
        confounding: float | None = None,
        hidden: float | None = None,
    ) -> Settings:
        """Return the settings that a command line asks for; what it leaves out is as usual.

        Parameters
        ----------
        size : str, optional
            One of `SIZES`; small if neither it nor `children` is given.
        children : int, optional
            Instead of a size.
        years : str, optional
            Two years, as in ``2010:2025``.
        seed, dirt, confounding, hidden : optional
            As in `Settings`.

        Examples
        --------
        >>> Settings.asked("study", years="2015:2020").last_year
        2020
        """
        if size is not None and (size not in SIZES or children is not None):
            raise BayescichError(
                f"There is no size '{size}'."
                if size not in SIZES
                else "Both a size and a number of children were given.",
                where="--size, --children",
                next_step=f"Use one of {', '.join(SIZES)}, or --children alone.",
            )
        if dirt is not None:
            _refuse_dirt(dirt)
        first, last = _two_years(years) if years is not None else (cls.first_year, cls.last_year)
        return cls(
            children if children is not None else SIZES[size or "small"],
            first,
            last,
            cls.seed if seed is None else seed,
            cls.dirt if dirt is None else cast(Dirt, dirt),
            cls.confounding if confounding is None else confounding,
            cls.hidden if hidden is None else hidden,
        )

    @property
    def name(self) -> str:
        """Name of the size, or ``synthetic`` for another number of children."""
        return next((name for name, n in SIZES.items() if n == self.children), "synthetic")

    @property
    def first_day(self) -> int:
        """Day since 1970 on which the first collection year begins."""
        return day(f"{self.first_year - 1}-04-01")

    @property
    def last_day(self) -> int:
        """Day since 1970 on which the last collection year ends."""
        return day(f"{self.last_year}-03-31")

    @property
    def scale(self) -> float:
        """Children, as a share of England's."""
        return self.children / SIZES["national"]


def _refuse_children(children: int) -> None:
    asked = f"A synthetic England of {children:,} children was asked for."
    if children < FEWEST_CHILDREN:
        raise BayescichError(
            asked,
            where="--children",
            why="too few children enter a home for any model to be tried",
            next_step=f"Ask for {FEWEST_CHILDREN} children or more, e.g. 2000.",
        )
    if children > MOST_CHILDREN:
        raise BayescichError(
            asked,
            where="--children",
            why=f"England itself has about {SIZES['national']:,} in sixteen years, and no "
            "machine's memory would suffice",
            next_step=f"Ask for {MOST_CHILDREN:,} children or fewer.",
        )


def _two_years(years: str) -> tuple[int, int]:
    if not re.fullmatch(r"\d{4}:\d{4}", years, re.ASCII):
        raise BayescichError(
            f"'{years}' is not two collection years.",
            where="--years",
            next_step="Name the first and the last, e.g. 2010:2025.",
        )
    first, last = years.split(":")
    return int(first), int(last)


def _refuse_years(first: int, last: int) -> None:
    why = ""
    if first > last:
        why = f"the first year, {first}, is later than the last"
    elif first < EARLIEST_YEAR:
        why = f"{first} is before {EARLIEST_YEAR}, the first year that can be simulated"
    elif last > LATEST_YEAR:
        why = f"{last} is after {LATEST_YEAR}, the last year with published figures to go by"
    if why:
        raise BayescichError(
            f"The collection years {first}:{last} cannot be simulated.",
            where="--years",
            why=why,
            next_step=f"Name two years within {EARLIEST_YEAR}:{LATEST_YEAR}, the first one "
            "first, e.g. 2010:2025.",
        )


def _refuse_dirt(dirt: str) -> None:
    if dirt not in get_args(Dirt):
        raise BayescichError(
            f"There is no dirt '{dirt}'.",
            where="--dirt",
            next_step="Use one of " + ", ".join(get_args(Dirt)) + ".",
        )


def _refuse_seed(seed: int) -> None:
    if not 0 <= seed < SEEDS:
        raise BayescichError(
            f"The seed {seed} is below zero."
            if seed < 0
            else f"The seed {seed} is too large for a seed.",
            where="--seed",
            next_step="Give a whole number from 0 to 9223372036854775807, e.g. 2026.",
        )


def _refuse_strength(strength: float, option: str) -> None:
    if math.isfinite(strength) and 0 <= strength <= STRONGEST:
        return
    what = (
        "is not a finite number"
        if not math.isfinite(strength)
        else "is below zero"
        if strength < 0
        else f"is above {STRONGEST:g}"
    )
    raise BayescichError(
        f"The strength {strength:g} {what}.",
        where=option,
        next_step=f"Give a figure from 0 to {STRONGEST:g}: 0 for none, 1 for the usual.",
    )
