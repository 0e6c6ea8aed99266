"""Journeys through care, drawn in rounds: the k-th placement of every child at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayescich.records.code_sets import code_set
from bayescich.simulate import calibration as published
from bayescich.simulate.draws import (
    YEAR,
    Flags,
    Floats,
    Ints,
    Texts,
    day,
    labels_by_group,
    piecewise_durations,
    weighted,
)
from bayescich.simulate.homes import Authorities
from bayescich.simulate.truth import CUTS, FIXED, FRAILTY_VARIANCE, Truth

HOME = published.KINDS.index("home")
_PROFILES = tuple(published.PREFERENCE.value)
_FAMILY = [published.KINDS.index(kind) for kind in ("foster", "kin")]
_MAY_RETURN = ("E4A", "E4B", "E13", "E8")


class HomeMarket:
    """Which homes a child may be offered, by authority and by what the child needs.

    The choice is led by recorded need: it depends on the category of need, on age and on
    earlier placements, and on nothing that the returns do not show.
    """

    def __init__(self, homes: pd.DataFrame, authorities: Authorities) -> None:
        self.registered = homes["registration_date"].to_numpy().astype("datetime64[D]")
        rows = [
            _inside_and_outside(homes, authorities, name, _preference(homes, profile))
            for name in authorities.names
            for profile in _PROFILES
        ]
        share = np.cumsum(np.array(rows), axis=1)
        self.cumulative = share / share[:, -1:]
        # every row in an interval of its own, so that one sorted search serves them all
        self.flat = (self.cumulative + np.arange(len(rows))[:, None]).ravel()

    def choose(
        self, rng: np.random.Generator, authority: Ints, profile: Ints, today: Ints, not_here: Ints
    ) -> Ints:
        """Choose a registered home for each child, other than the one it comes from."""
        row = authority * len(_PROFILES) + profile
        standing = np.searchsorted(self.registered.astype(np.int64), today, side="right")
        chosen = np.full(len(row), -1, dtype=np.int64)
        open_rows = np.arange(len(row))
        while len(open_rows):
            own = row[open_rows]
            reach = self.cumulative[own, standing[open_rows] - 1]
            aim = own + rng.random(len(open_rows)) * reach
            found = np.searchsorted(self.flat, aim, side="right") - own * self.cumulative.shape[1]
            chosen[open_rows] = np.minimum(found, standing[open_rows] - 1)
            open_rows = open_rows[chosen[open_rows] == not_here[open_rows]]
        return chosen


@dataclass
class _Travellers:
    """The children who start a placement in this round (arrays of one length)."""

    child: Ints
    start: Ints
    period: Ints
    """Number of the period of care, from 0."""
    earlier: Ints
    """Placements before this one."""
    at_first_home: Ints
    """Placements before the first children's home; -1 until there is one."""
    kind_before: Ints
    """Kind of the placement before in the same period of care, -1 for none."""
    home_before: Ints

    def take(self, rows: Flags) -> _Travellers:
        return _Travellers(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


class Travel:
    """Draws the placements of all children, round by round."""

    def __init__(
        self,
        rng: np.random.Generator,
        children: pd.DataFrame,
        homes: pd.DataFrame,
        types: pd.Series,
        truth: Truth,
        authorities: Authorities,
    ) -> None:
        self.rng = rng
        self.market = HomeMarket(homes, authorities)
        self.authority = children["authority"].to_numpy(np.int64)
        self.born = children["born"].to_numpy(np.int64)
        self.entry = children["entry"].to_numpy(np.int64)
        self.adult = children["adult"].to_numpy(np.int64)
        self.need = children["CIN"].to_numpy(dtype=object)
        self.frailty = rng.gamma(1 / FRAILTY_VARIANCE, FRAILTY_VARIANCE, len(children))
        male = (children["SEX"] == "M").to_numpy(np.float64)
        behaviour, disability = (self.need == "N6") * 1.0, (self.need == "N2") * 1.0
        self.child_effect = (
            FIXED["male"] * male
            + FIXED["need_behaviour"] * behaviour
            + FIXED["need_disability"] * disability
            + truth.authority.to_numpy()[self.authority]
        )
        self.home_effect = (
            types.map(truth.home_type).to_numpy()
            + homes["urn"].map(truth.home).to_numpy()
            + homes["owner"].map(truth.provider).to_numpy()
        )
        self.baseline = np.exp(truth.baseline)

    def placements(self) -> pd.DataFrame:
        """Draw every placement until each child has left care or the records end.

        Returns
        -------
        DataFrame
            One row per placement, ordered by child and start: child (row number), period,
            start, end (days from 1970; the last day of the records when open), kind, home (row
            number, -1 for none), at_first_home (placements
            before the first home), outcome (moved, left, birthday or open) and REC.
        """
        number = len(self.born)
        zero, none = np.zeros(number, dtype=np.int64), np.full(number, -1, dtype=np.int64)
        now = _Travellers(np.arange(number), self.entry, zero, zero, none, none, none)
        rounds = []
        while len(now.child):
            placed = self._round(now)
            rounds.append(placed)
            now = self._going_on(now, placed)
        journeys = pd.concat(rounds, ignore_index=True)
        return journeys.sort_values(["child", "start"], kind="stable", ignore_index=True)

    def _round(self, now: _Travellers) -> pd.DataFrame:
        age = (now.start - self.born[now.child]) / YEAR
        kind = self._kinds(now, age)
        home = self._homes(now, age, kind)
        first_home = (kind == HOME) & (now.at_first_home < 0)
        now.at_first_home = np.where(first_home, now.earlier, now.at_first_home)
        end, outcome = self._ends(now, age, kind, home)
        return pd.DataFrame(
            {
                "child": now.child,
                "period": now.period,
                "start": now.start,
                "end": end,
                "kind": kind,
                "home": home,
                "at_first_home": now.at_first_home,
                "outcome": outcome,
                "REC": self._exit_reasons(now, end, kind, outcome),
            }
        )

    def _kinds(self, now: _Travellers, age: Floats) -> Ints:
        group = np.searchsorted(published.AGE_GROUPS, age, side="right") - 1
        first = np.array(published.FIRST_PLACEMENT.value, dtype=np.float64)[group]
        after_home = np.array(published.NEXT_AFTER_HOME.value, dtype=np.float64)[group]
        after_other = np.array(published.NEXT_PLACEMENT.value, dtype=np.float64)[group]
        moved = np.where((now.kind_before == HOME)[:, None], after_home, after_other)
        weights = np.where((now.kind_before < 0)[:, None], first, moved)
        for need, factor in published.NEED_FAVOURS_HOME.value.items():
            weights[(self.need[now.child] == need) & (age >= 8), HOME] *= factor
        weights[age < published.YOUNGEST_IN_HOME.value, HOME] = 0
        return weighted(self.rng, weights)

    def _homes(self, now: _Travellers, age: Floats, kind: Ints) -> Ints:
        home = np.full(len(kind), -1, dtype=np.int64)
        at_home = np.flatnonzero(kind == HOME)
        need = self.need[now.child[at_home]]
        troubled = (need == "N6") | ((now.earlier[at_home] >= 5) & (age[at_home] >= 12))
        profile = np.select(
            [troubled, need == "N2", age[at_home] >= 15],
            [_PROFILES.index(name) for name in ("behaviour", "disability", "older")],
            _PROFILES.index("ordinary"),
        )
        home[at_home] = self.market.choose(
            self.rng,
            self.authority[now.child[at_home]],
            profile,
            now.start[at_home],
            now.home_before[at_home],
        )
        return home

    def _ends(self, now: _Travellers, age: Floats, kind: Ints, home: Ints) -> tuple[Ints, Texts]:
        """Let moving, leaving care, the 18th birthday and the end of the records compete."""
        move, leave = self._moves(now, age, kind, home), self._leaves(age, kind)
        lasted = np.ceil(np.minimum(move, leave)).astype(np.int64)
        adult, last = self.adult[now.child], day(published.LAST_DAY)
        end = np.minimum(now.start + lasted, np.minimum(adult, last))
        outcome = np.select(
            [now.start + lasted > np.minimum(adult, last), move < leave],
            [np.where(adult <= last, "birthday", "open"), "moved"],
            "left",
        )
        # on the birthday itself whatever else happens is leaving care at 18
        outcome[end == adult] = "birthday"
        return end, outcome.astype(object)

    def _moves(self, now: _Travellers, age: Floats, kind: Ints, home: Ints) -> Floats:
        to_go = self.rng.exponential(size=len(kind))
        days = np.empty(len(kind))
        at_home = kind == HOME
        who, where = now.child[at_home], home[at_home]
        effect = (
            self.child_effect[who]
            + self.home_effect[where]
            + FIXED["age_at_start"] * age[at_home]
            + FIXED["earlier_placements"] * now.at_first_home[at_home]
        )
        multiplier = self.frailty[who] * np.exp(effect)
        days[at_home] = piecewise_durations(to_go[at_home] / multiplier, CUTS, self.baseline)
        for name, rates in published.OTHER_KINDS_MOVE.value.items():
            rows = kind == published.KINDS.index(name)
            days[rows] = piecewise_durations(to_go[rows], CUTS, np.array(rates))
        return days

    def _leaves(self, age: Floats, kind: Ints) -> Floats:
        rates = np.array([published.LEAVE_CARE.value[name] for name in published.KINDS])
        younger, older = rates[kind].T / YEAR
        to_go = self.rng.exponential(size=len(kind))
        until_17 = np.maximum(17 - age, 0) * YEAR
        spent = younger * until_17
        later = until_17 + (to_go - spent) / older
        days: Floats = np.where(to_go <= spent, to_go / younger, later)
        return days

    def _exit_reasons(self, now: _Travellers, end: Ints, kind: Ints, outcome: Texts) -> Texts:
        shares = published.EXIT_REASONS.value
        group = (
            np.searchsorted(published.AGE_GROUPS, (end - self.born[now.child]) / YEAR, side="right")
            - 1
        )
        at_18 = np.where(np.isin(kind, _FAMILY), 3, 4)
        group = np.where(outcome == "birthday", at_18, group)
        reason = labels_by_group(self.rng, list(shares.values()), group)
        return np.select([outcome == "moved", outcome == "open"], ["X1", ""], reason)

    def _going_on(self, now: _Travellers, placed: pd.DataFrame) -> _Travellers:
        """Keep those who moved, and those who left and will come back into care."""
        end = placed["end"].to_numpy(np.int64)
        moved = (placed["outcome"] == "moved").to_numpy()
        home_again = ((placed["outcome"] == "left") & placed["REC"].isin(_MAY_RETURN)).to_numpy()
        returns = home_again & (self.rng.random(len(end)) < published.RETURNS_TO_CARE.value)
        gap = 14 + self.rng.exponential(200, len(end)).astype(np.int64)
        start = np.where(returns, end + gap, end)
        in_time = start < np.minimum(self.adult[now.child] - 30, day(published.LAST_DAY) - 30)
        following = _Travellers(
            now.child,
            start,
            now.period + returns,
            now.earlier + 1,
            now.at_first_home,
            np.where(returns, -1, placed["kind"]),
            np.where(returns, -1, placed["home"]),
        )
        return following.take(moved | (returns & in_time))


def _preference(homes: pd.DataFrame, profile: str) -> Floats:
    """Weigh every home for children of one profile."""
    *by_size, school, secure = published.PREFERENCE.value[profile]
    bands = code_set("size_bands")["least_places"].astype(int).to_numpy()
    places = homes["places"].to_numpy(np.int64)
    weight = np.array(by_size)[np.searchsorted(bands, places, side="right") - 1]
    kinds = code_set("provision_types").set_index("label")["class"]
    kind = homes["provision_type"].map(kinds)
    weight = np.select(
        [kind == "residential special school", kind == "secure"], [school, secure], weight
    )
    return np.where(homes["short_breaks"], 0.0, weight * places)


def _inside_and_outside(
    homes: pd.DataFrame, authorities: Authorities, authority: str, weight: Floats
) -> Floats:
    """Share the weights so that a third of children stay in their authority, if it has homes."""
    inside = (homes["authority"] == authority).to_numpy()
    region = (homes["region"] == authorities.region[authority]).to_numpy()
    council = (homes["sector"] == "Local authority").to_numpy()
    near = np.where(region, published.SAME_REGION.value, 1.0)
    # homes run by another council seldom take a child from elsewhere
    outside_weight = np.where(inside, 0.0, weight * near * np.where(council, 0.05, 1.0))
    inside_weight = np.where(inside, weight, 0.0)
    share = published.INSIDE_AUTHORITY.value
    shared: Floats = share * _proportion(inside_weight) + (1 - share) * _proportion(outside_weight)
    return shared


def _proportion(weight: Floats) -> Floats:
    total = weight.sum()
    return weight / total if total else weight
