"""What is asked of a synthetic England."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast, get_args

from bayescich.errors import BayescichError
from bayescich.simulate.draws import day

Dirt = Literal["none", "realistic", "nasty"]
"""How badly authorities record: not at all, as they do, or worse than any should."""

SIZES = {"small": 2_000, "study": 40_000, "national": 600_000}
"""Children ever looked after, by name of the size; 600,000 is England itself."""

FEWEST_CHILDREN = 500
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
        if self.children < FEWEST_CHILDREN:
            raise BayescichError(
                f"A synthetic England of {self.children} children was asked for.",
                where="--children",
                why="too few children enter a home for any model to be tried",
                next_step=f"Ask for {FEWEST_CHILDREN} children or more, e.g. 2000.",
            )
        if not EARLIEST_YEAR <= self.first_year <= self.last_year <= LATEST_YEAR:
            raise BayescichError(
                f"The collection years {self.first_year}:{self.last_year} cannot be simulated.",
                where="--years",
                why="published figures to go by end with the year to March 2025",
                next_step=f"Name two years within {EARLIEST_YEAR}:{LATEST_YEAR}, the first one "
                "first, e.g. 2010:2025.",
            )
        if self.dirt not in get_args(Dirt):
            raise BayescichError(
                f"There is no dirt '{self.dirt}'.",
                where="--dirt",
                next_step="Use one of " + ", ".join(get_args(Dirt)) + ".",
            )
        if self.seed < 0 or self.confounding < 0 or self.hidden < 0:
            raise BayescichError(
                "A seed, a strength of confounding or of the hidden confounder is below zero.",
                where="--seed, --confounding, --hidden",
                next_step="Give figures of zero or more.",
            )

    @classmethod
    def asked(
        cls,
        size: str | None,
        children: int | None,
        years: str,
        seed: int,
        dirt: str,
        confounding: float,
        hidden: float,
    ) -> Settings:
        """Return the settings that a command line asks for.

        Parameters
        ----------
        size : str, optional
            One of `SIZES`; small if neither it nor `children` is given.
        children : int, optional
            Instead of a size.
        years : str
            Two years, as in ``2010:2025``.

        Examples
        --------
        >>> Settings.asked("study", None, "2015:2020", 1, "none", 1.0, 0.0).children
        40000
        """
        if size is not None and (size not in SIZES or children is not None):
            raise BayescichError(
                f"There is no size '{size}'."
                if size not in SIZES
                else "Both a size and a number of children were given.",
                where="--size, --children",
                next_step=f"Use one of {', '.join(SIZES)}, or --children alone.",
            )
        first, _, last = years.partition(":")
        if not (first.isdigit() and last.isdigit()):
            raise BayescichError(
                f"'{years}' are no collection years.",
                where="--years",
                next_step="Name the first and the last, e.g. 2010:2025.",
            )
        number = children if children is not None else SIZES[size or "small"]
        return cls(number, int(first), int(last), seed, cast(Dirt, dirt), confounding, hidden)

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
