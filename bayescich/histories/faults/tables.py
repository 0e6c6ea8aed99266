"""Returns as the rules see them: numbered children, ordered rows, the row before and after.

One ordered copy serves every rule. Codes are categories, so that a comparison of three million
rows is one of small whole numbers; the row before and the row after are worked out once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from bayescich.histories.faults.known import in_groups
from bayescich.histories.faults.rows import Rows, as_category, ordered
from bayescich.histories.people import REAL_UPN
from bayescich.records.ssda903 import Ssda903Records

RETURNED = "returned episodes"
"""Every row of the Episodes tables: an open episode is there once for each year."""

EPISODES = "episodes"
"""Every episode once, as it was last returned."""

AUTHORITIES = "authorities"
REGISTER = "register"
LOOKUP = "look-up"

MODULES = {
    "header": "YEAR",
    "oc2": "YEAR",
    "oc3": "YEAR",
    "missing": "MIS_START",
    "reviews": "REVIEW",
    "uasc": "YEAR",
    "previous_permanence": "YEAR",
    "placed_for_adoption": "DATE_PLACED",
    "adoptions": "YEAR",
    "social_workers": "SW_DECOM",
    "deprivations": "DOLO_START",
}
"""The other tables of a return, and the column their rows are ordered by within a child."""

MOST_IDS = 6
"""A pupil number given to more children than this was made up, and says nothing of anybody."""

YEAR_KEY = 4096
"""More than any collection year: a number times this, plus the year, is a key of both."""

_EPISODE_CODES = (
    "RNE", "LS", "CIN", "PLACE", "PLACE_PROVIDER", "REC", "REASON_PLACE_CHANGE",
    "HOME_POST", "PL_POST", "URN",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class FaultTables:
    """Everything the rules read, each piece made when it is first asked for."""

    returns: Ssda903Records
    register: pd.DataFrame | None = None
    """Ofsted's register: ``urn``, and where known ``registration_date``."""
    lookup: pd.DataFrame | None = None
    """Ofsted's restricted look-up: ``urn``, and where known ``registration_date``,
    ``closed_date``, ``place_codes``, ``provider_codes`` and ``postcode``."""
    _made: dict[str, Rows] = field(default_factory=dict)
    _once: dict[str, pd.DataFrame] = field(default_factory=dict)

    def found(self, name: str) -> bool:
        """Say whether there is a table of this name with any row."""
        if name in {REGISTER, LOOKUP}:
            return bool(len(self._list(name)))
        if name == AUTHORITIES:
            return bool(len(self._frame("episodes")))
        return bool(len(self._frame("episodes" if name in {RETURNED, EPISODES} else name)))

    def rows(self, name: str) -> Rows:
        """Return a table, ordered by child and date.

        Parameters
        ----------
        name : str
            ``RETURNED``, ``EPISODES``, ``AUTHORITIES`` or a key of ``MODULES``.
        """
        if name not in self._made:
            made = {
                RETURNED: self._returned,
                EPISODES: self._latest,
                AUTHORITIES: self._authorities,
            }
            self._made[name] = made[name]() if name in made else self._module(name)
        return self._made[name]

    @property
    def returned(self) -> Rows:
        """Every row of the Episodes tables."""
        return self.rows(RETURNED)

    @property
    def episodes(self) -> Rows:
        """Every episode once, as last returned."""
        return self.rows(EPISODES)

    @cached_property
    def children(self) -> pd.DataFrame:
        """One row per child, in the order of their numbers: ``LA``, ``CHILD``."""
        return self._numbering[0]

    @cached_property
    def born(self) -> np.ndarray:
        """Date of birth by number of the child, of the latest Header row; NaT if there is none."""
        born = np.full(len(self.children), np.datetime64("NaT", "D"), dtype="datetime64[D]")
        order, numbers = self._header_in_order
        born[numbers] = self._frame("header")["DOB"].to_numpy().astype("datetime64[D]")[order]
        return born

    @cached_property
    def sex_of(self) -> np.ndarray:
        """Sex (M, F, U) by number of the child, of the latest Header row; blank if not known."""
        sex = np.full(len(self.children), "", dtype=object)
        order, numbers = self._header_in_order
        sex[numbers] = self._frame("header")["SEX"].to_numpy(dtype=object, na_value="")[order]
        return sex

    @cached_property
    def person(self) -> np.ndarray:
        """Number of the person by number of the child: one real UPN is one person.

        -1 for children under one id only, of whom nothing can be compared.
        """
        person = np.full(len(self.children), -1)
        order, numbers = self._header_in_order
        upn = self._frame("header")["UPN"]
        codes, _ = pd.factorize(upn.where(is_upn(upn)))
        known = codes[order] >= 0
        person[numbers[known]] = codes[order][known]
        ids = np.bincount(person[person >= 0], minlength=1)
        several = (ids > 1) & (ids <= MOST_IDS)
        return np.where((person >= 0) & several[person], person, -1)

    @property
    def authorities(self) -> np.ndarray:
        """The names of the authorities, in the order of their numbers."""
        return self._authority[1]

    @property
    def authority_of(self) -> np.ndarray:
        """Number of the authority by number of the child."""
        return self._authority[0]

    @cached_property
    def _authority(self) -> tuple[np.ndarray, np.ndarray]:
        numbers, names = pd.factorize(self.children["LA"])
        return numbers, np.asarray(names, dtype=object)

    @cached_property
    def returns_made(self) -> np.ndarray:
        """Every return, as number of the authority times `YEAR_KEY` plus collection year."""
        rows = self.returned
        return np.unique(self.authority_of[rows.child] * YEAR_KEY + rows["YEAR"].to_numpy())

    def child_year(self, rows: Rows, which: pd.Series | None = None) -> np.ndarray:
        """Return one number per child and collection year, from 0, of all or some of the rows."""
        first, years = self._span
        key = rows.child * years + (rows["YEAR"].to_numpy() - first)
        return key if which is None else key[which.to_numpy(dtype=bool)]

    def marked(self, keys: np.ndarray) -> np.ndarray:
        """Say of every child and year, by number, whether it is among those given."""
        found = np.zeros(len(self.children) * self._span[1], dtype=bool)
        found[keys] = True
        return found

    @cached_property
    def _span(self) -> tuple[int, int]:
        """First collection year of any table, and the number of years up to the last."""
        years = [_whole(self._frame(name)["YEAR"]) for name in ("episodes", *MODULES)]
        known = [(int(one.min()), int(one.max())) for one in years if len(one)]
        first = min((low for low, _ in known), default=0)
        return first, max((high for _, high in known), default=0) - first + 1

    @cached_property
    def _years_of_authority(self) -> tuple[np.ndarray, np.ndarray]:
        authority, year = np.divmod(self.returns_made, YEAR_KEY)
        # sorted, so that the first of an authority is its earliest return
        first = np.zeros(len(self.authorities), dtype="int64")
        last = first.copy()
        first[authority[::-1]], last[authority] = year[::-1], year
        return first, last

    @property
    def first_year(self) -> pd.Series:
        """First collection year of the authority of each episode."""
        episodes = self.episodes
        return episodes.series(self._years_of_authority[0][self.authority_of[episodes.child]])

    @property
    def last_year(self) -> pd.Series:
        """Last collection year of the authority of each episode."""
        episodes = self.episodes
        return episodes.series(self._years_of_authority[1][self.authority_of[episodes.child]])

    @cached_property
    def _header_in_order(self) -> tuple[np.ndarray, np.ndarray]:
        """Order the Header rows by year, and name their children in that order."""
        header = self._frame("header")
        order = np.argsort(_whole(header["YEAR"]), kind="stable")
        return order, self._numbering[1]["header"][order]

    @cached_property
    def short_breaks(self) -> pd.Series:
        """Whether each episode is of a series of short breaks."""
        return self.episodes["LS"].isin(in_groups("ssda903_ls", "respite"))

    @cached_property
    def of_episode(self) -> np.ndarray:
        """Number of the episode that each returned row is a return of."""
        rows = self.returned
        begins = ~(rows.same & rows["DECOM"].eq(rows.before("DECOM")).to_numpy())
        return np.cumsum(begins) - 1

    def once(self, name: str, make: Callable[[FaultTables], pd.DataFrame]) -> pd.DataFrame:
        """Return a table that several rules read, made the first time."""
        if name not in self._once:
            self._once[name] = make(self)
        return self._once[name]

    @cached_property
    def _numbering(self) -> tuple[pd.DataFrame, Mapping[str, np.ndarray]]:
        """Number the children over all tables, so that numbers can be compared across them."""
        names = ["episodes", *MODULES]
        keys = [self._frame(name)[["LA", "CHILD"]] for name in names]
        every = pd.concat(keys, ignore_index=True)
        authority, _ = pd.factorize(every["LA"])
        child, ids = pd.factorize(every["CHILD"])
        number, first = pd.factorize(authority.astype("int64") * (len(ids) + 1) + child)
        ends = np.cumsum([len(key) for key in keys])[:-1]
        seen = np.zeros(len(first), dtype="int64")
        seen[number[::-1]] = np.arange(len(number))[::-1]
        children = every.iloc[seen].reset_index(drop=True)
        return children, dict(zip(names, np.split(number, ends), strict=True))

    def _frame(self, name: str) -> pd.DataFrame:
        frame: pd.DataFrame = getattr(self.returns, name)
        return frame

    def _list(self, name: str) -> pd.DataFrame:
        found = self.register if name == REGISTER else self.lookup
        return pd.DataFrame() if found is None else found

    def _returned(self) -> Rows:
        frame = self._frame("episodes")
        columns = {name: as_category(frame[name]) for name in _EPISODE_CODES}
        wanted = frame[["DECOM", "DEC"]].assign(YEAR=_whole(frame["YEAR"]), **columns)
        return ordered(wanted, self._numbering[1]["episodes"], ("DECOM", "YEAR"), self.born)

    def _latest(self) -> Rows:
        rows = self.returned
        again = rows["DECOM"].eq(rows.after("DECOM")).to_numpy()
        return rows.only(~again)

    def _module(self, name: str) -> Rows:
        frame = self._frame(name).drop(columns=["LA", "CHILD"], errors="ignore")
        frame = frame.assign(YEAR=_whole(frame["YEAR"]))
        return ordered(frame, self._numbering[1][name], (MODULES[name], "YEAR"), self.born)

    def _authorities(self) -> Rows:
        frame = pd.DataFrame({"LA": self.authorities})
        return Rows(frame, np.full(len(frame), -1), self.born)


def is_upn(upn: pd.Series) -> pd.Series:
    """Say which cells hold a pupil number, rather than nothing or the reason for none.

    Examples
    --------
    >>> is_upn(pd.Series(["Z053273524673", "UN4", None], dtype="str")).tolist()
    [True, False, False]
    """
    return upn.str.fullmatch(REAL_UPN).eq(True)


def _whole(years: pd.Series) -> np.ndarray:
    return years.to_numpy(dtype="int64", na_value=0)
