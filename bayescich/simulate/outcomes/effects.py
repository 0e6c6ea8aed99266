"""What homes, their owners, authorities and other settings do to outcomes: drawn once, then known.

The linear predictor of outcome ``q`` of child ``i``, placed by authority ``l``, is

    ``a_q + x_i'b_q + k_q c_i + r_lq + sum_j w_ij (theta_h(j)q + v_jq + u_k(j)q)
    + sum_s w_is xi_sq``

where ``w_ij`` is the share of the window's days lived in home ``j`` and ``w_is`` that of setting
``s``; days out of care count for nothing. The effect of a home is ``v_jq = l_q f_j + s_jq``: one
quality ``f_j`` that all its outcomes share, and a part of its own.

Every effect is on the link scale of the outcome as it is recorded (`OUTCOMES`), so that more
absence is a higher number, though it is worse; `better` says which way is good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayescich.simulate.calibration import value
from bayescich.simulate.draws import Floats, Ints, Texts
from bayescich.simulate.settings import EARLIEST_YEAR, LATEST_YEAR
from bayescich.simulate.shapes import HOME, KINDS, Authorities, Homes

OUTCOMES: Mapping[str, str] = {
    "attainment": "share of the 90 points of Attainment 8, of those with any (logit)",
    "english_maths": "grade 4 or above in English and mathematics (logit)",
    "sdq": "share of the 40 points of total difficulties (logit)",
    "absence": "share of sessions missed (logit)",
    "offending": "convicted or cautioned in a year (complementary log-log)",
    "missing": "times a child goes missing in a year, from the home it lives in (log)",
    "in_touch": "the authority is in touch with the care leaver (logit)",
    "activity": "in education, employment or training (logit)",
    "accommodation": "in suitable accommodation (logit)",
    "level3": "reaches Level 3 by 19 (logit)",
    "level2": "reaches Level 2 by 19 (logit)",
}
"""What each outcome is, and its link, in the order of all columns by outcome."""

POSITION: Mapping[str, int] = {name: position for position, name in enumerate(OUTCOMES)}
"""Column of each outcome."""

AT_18 = ("in_touch", "activity", "accommodation", "level3", "level2")
"""The outcomes of model ``outcomes18``; those before are of ``outcomes16``."""

_ADDED = ("level2",)
"""Outcomes that came after the others, the last of `OUTCOMES`: their numbers are drawn last, so
that an England of the same seed has the same effects on all others as it had before."""


@dataclass(frozen=True)
class OutcomeEffects:
    """One draw of every effect on outcomes; the last axis of each array is `OUTCOMES`."""

    types: tuple[str, ...]
    """Labels of the home types."""
    home_type: Floats
    """Shape (types, outcomes): a whole window in the type rather than in fostering."""
    home: Floats
    """Shape (homes, outcomes): departure of each physical home from its type."""
    owner: Floats
    """Shape (owners, outcomes)."""
    authority: Floats
    """Shape (authorities, outcomes): of placing authorities."""
    setting: Floats
    """Shape (kinds, outcomes): against fostering; the row of homes is not used."""
    leniency: Floats
    """By home: how much lower it scores its children (``sdq``, logit) than another home would."""
    home_total: Floats
    """Shape (homes, outcomes): type and home together; zero type for homes that have none."""

    def type_effect(self, label: str) -> Floats:
        """Return the effects of one home type, by outcome.

        Raises
        ------
        ValueError
            If there is no such type.
        """
        effect: Floats = self.home_type[self.types.index(label)]
        return effect

    def of_placements(self, kind: Ints, home: Ints, owner: Ints) -> Floats:
        """Return the effect of a whole window in each placement.

        Parameters
        ----------
        kind, home, owner : array of int, shape (rows,)
            Position of the kind, of the home and of its owner; -1 for a home or an owner that
            is not known, which has the effect of an average one.

        Returns
        -------
        array, shape (rows, outcomes)
        """
        effect = self.setting[kind]
        inside = np.flatnonzero(kind == HOME)
        average = self.home_type.mean(axis=0)
        known = home[inside]
        effect[inside] = np.where(known[:, None] >= 0, self.home_total[known], average)
        owned = inside[owner[inside] >= 0]
        effect[owned] += self.owner[owner[owned]]
        return effect

    def variance_of_new_home(self) -> Floats:
        """Return, by outcome, the variance between new homes of one type: home and owner."""
        home = (
            np.array(_by_outcome("home_loading")) ** 2 + np.array(_by_outcome("home_own_sd")) ** 2
        )
        total: Floats = home + np.array(_by_outcome("provider_sd")) ** 2
        return total

    def parameters(self) -> pd.DataFrame:
        """Return model, variable, level and value of all that is not one home, owner or authority.

        Returns
        -------
        DataFrame
            Variables ``<outcome>_home_type`` (level: the type), ``<outcome>_setting`` (level: the
            kind), ``<outcome>_fixed`` (level: the column), and single values
            ``<outcome>_home_mean``, ``_home_type_sd``, ``_home_loading``, ``_home_own_sd``,
            ``_home_sd``, ``_provider_sd``, ``_authority_sd``, ``_child_loading``, ``_better``,
            ``_intercept`` and ``_year`` (level: the year); of single outcomes
            ``<outcome>_dispersion``, ``sdq_leniency_sd``, ``sdq_returned_worse`` (what a logit of
            difficulties does to the log odds that a score is returned), ``any_points_intercept``
            and ``any_points_ratio`` (see ``npd_results``).
        """
        rows = [row for name in OUTCOMES for row in self._parameters_of(name)]
        some = value("outcomes.any_points")
        rows += [
            ("sdq", "sdq_leniency_sd", "", float(value("outcomes.leniency_sd"))),
            ("sdq", "sdq_returned_worse", "", float(value("outcomes.sdq_returned")["worse"])),
            *(("attainment", f"any_points_{name}", "", float(some[name])) for name in some),
        ]
        for name, spread in value("outcomes.dispersion").items():
            rows.append((name, f"{name}_dispersion", "", float(spread)))
        models = ["outcomes18" if name in AT_18 else "outcomes16" for name, *_ in rows]
        table = pd.DataFrame([row[1:] for row in rows], columns=["variable", "level", "value"])
        table.insert(0, "model", models)
        return table

    def _parameters_of(self, name: str) -> list[tuple[str, str, str, float]]:
        column = POSITION[name]
        rows = [
            *(
                ("home_type", label, row[column])
                for label, row in zip(self.types, self.home_type, strict=True)
            ),
            *(
                ("setting", kind, self.setting[place, column])
                for place, kind in enumerate(KINDS)
                if place != HOME
            ),
            *(("fixed", trait, slope) for trait, slope in value("outcomes.fixed")[name].items()),
            *(("year", str(year), np.interp(year, *_knots(name))) for year in _YEARS),
            *((single, "", value(f"outcomes.{single}")[name]) for single in _SINGLES),
            ("home_sd", "", self._home_sd(name)),
        ]
        return [
            (name, f"{name}_{variable}", level, float(number)) for variable, level, number in rows
        ]

    @staticmethod
    def _home_sd(name: str) -> float:
        return float(
            np.hypot(value("outcomes.home_loading")[name], value("outcomes.home_own_sd")[name])
        )

    def levels(self, homes: Homes, authorities: Authorities) -> pd.DataFrame:
        """Return variable, level and value of every home, owner and authority.

        Parameters
        ----------
        homes : Homes
            A home is named by its first URN.
        authorities : Authorities

        Returns
        -------
        DataFrame
            Variables ``<outcome>_home``, ``<outcome>_provider``, ``<outcome>_authority`` and
            ``sdq_leniency_home``.
        """
        first = homes.registrations.drop_duplicates("home")["urn"].to_numpy()
        groups = {
            "home": (first, self.home),
            "provider": (homes.owners, self.owner),
            "authority": (authorities.names, self.authority),
        }
        frames = [
            _levels(f"{name}_{group}", level, effects[:, column])
            for group, (level, effects) in groups.items()
            for column, name in enumerate(OUTCOMES)
        ]
        frames.append(_levels("sdq_leniency_home", first, self.leniency))
        return pd.concat(frames, ignore_index=True)


_SINGLES = (
    "home_mean", "home_type_sd", "home_loading", "home_own_sd", "provider_sd", "authority_sd",
    "child_loading", "better", "intercept",
)  # fmt: skip
_YEARS = range(EARLIEST_YEAR, LATEST_YEAR + 1)


def draw_outcome_effects(
    rng: np.random.Generator, homes: Homes, authorities: int
) -> OutcomeEffects:
    """Draw every effect on outcomes.

    Parameters
    ----------
    rng : Generator
    homes : Homes
        Physical homes with their type, and owners.
    authorities : int
        How many place children.

    Returns
    -------
    OutcomeEffects
        The effects of homes, owners and authorities, and the departures of types from their
        mean, each add up to zero over their levels.
    """
    label = homes.frame["home_type"].to_numpy(dtype=object)
    types = tuple(sorted(set(label) - {""}))
    levels = {
        "type": len(types), "home": len(label), "owner": len(homes.owners),
        "authority": authorities,
    }  # fmt: skip
    normal = _Normals(rng, levels)
    home_type = _types(normal)
    better, loading = np.array(_by_outcome("better")), np.array(_by_outcome("home_loading"))
    quality = _centred(normal.quality)[:, None] * (better * loading)
    home = quality + _scaled(normal.own["home"], "home_own_sd")
    position = {name: row for row, name in enumerate(types)}
    of_home = np.array([position.get(name, len(types)) for name in label], dtype=np.int64)
    with_none = np.vstack([home_type, np.zeros(len(OUTCOMES))])
    return OutcomeEffects(
        types=types,
        home_type=home_type,
        home=home,
        owner=_scaled(normal.own["owner"], "provider_sd"),
        authority=_scaled(normal.own["authority"], "authority_sd"),
        setting=_settings(),
        leniency=_centred(normal.leniency * value("outcomes.leniency_sd")),
        home_total=with_none[of_home] + home,
    )


class _Normals:
    """Standard normal numbers behind the effects, each drawn in its turn.

    Parameters
    ----------
    rng : Generator
    levels : mapping of str to int
        How many types, homes, owners and authorities there are, in this order.
    """

    def __init__(self, rng: np.random.Generator, levels: Mapping[str, int]) -> None:
        before = len(OUTCOMES) - len(_ADDED)
        self.shared: Floats = rng.normal(size=levels["type"])
        first = {"type": rng.normal(size=(levels["type"], before))}
        self.quality: Floats = rng.normal(size=levels["home"])
        for name in ("home", "owner", "authority"):
            first[name] = rng.normal(size=(levels[name], before))
        self.leniency: Floats = rng.normal(size=levels["home"])
        self.own: dict[str, Floats] = {
            name: np.hstack([first[name], rng.normal(size=(number, len(_ADDED)))])
            for name, number in levels.items()
        }


def _types(normal: _Normals) -> Floats:
    """Make the effects of types: half of their variance is a quality that outcomes share."""
    shared = _centred(normal.shared)[:, None] * np.array(_by_outcome("better"))
    own = _centred(normal.own["type"])
    departure = np.sqrt(0.5) * (shared + own) * np.array(_by_outcome("home_type_sd"))
    effects: Floats = departure + np.array(_by_outcome("home_mean"))
    return effects


def _settings() -> Floats:
    figures = value("outcomes.settings")
    return np.array([[figures[name].get(kind, 0.0) for name in OUTCOMES] for kind in KINDS])


def _scaled(normal: Floats, sd: str) -> Floats:
    return _centred(normal * np.array(_by_outcome(sd)))


def _knots(name: str) -> tuple[list[int], list[float]]:
    years = value("outcomes.years")[name]
    return [*years], [*years.values()]


def _by_outcome(figure: str) -> list[float]:
    figures = value(f"outcomes.{figure}")
    return [float(figures[name]) for name in OUTCOMES]


def _centred(drawn: Floats) -> Floats:
    centred: Floats = drawn - drawn.mean(axis=0)
    return centred


def _levels(variable: str, level: Sequence[str] | Texts, effect: Floats) -> pd.DataFrame:
    return pd.DataFrame({"variable": variable, "level": level, "value": effect})
