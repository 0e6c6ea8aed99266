"""What a model may and may not ask, and that what is shipped can be asked."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bayescich.spec import (
    ModelSpec,
    PriorSet,
    load_model_spec,
    load_prior_set,
    model_names,
    outcome_names,
)
from bayescich.spec.model import (
    ROLES,
    CompetingSpec,
    EffectSpec,
    HazardSpec,
    HazardTimesSpec,
    TypeNeedEffectSpec,
)
from bayescich.spec.outcomes import JointSpec

PRIOR_SETS = ("neutral", "sceptical")
FILES = sorted(path.stem for path in (Path(__file__).parents[2] / "models").glob("*.yaml"))
SHIPPED = [(name, outcome) for name in FILES for outcome in (outcome_names(name) or (None,))]
NORMAL = {"distribution": "normal", "mean": 0, "sd": 1, "reason": "long enough", "source": "here"}
HALF = {"distribution": "half_normal", "sd": 1, "reason": "long enough", "source": "here"}


def model(**changes: Any) -> ModelSpec:
    likelihood = {"family": "gaussian", "outcome": "y"}
    base = {"name": "toy", "title": "toy", "unit": "home", "likelihood": likelihood}
    return ModelSpec.model_validate(base | changes)


def needed_roles(spec: ModelSpec) -> list[tuple[str, ...]]:
    """List the priors a model asks for: each from the narrowest role to the widest."""
    routes = bool(spec.routes)
    roles: list[tuple[str, ...]] = []
    for effect in spec.effects:
        roles += roles_of(effect, routes)
    roles += [(role,) for role in own_roles(spec.likelihood)]
    if isinstance(spec.likelihood, HazardTimesSpec) and spec.likelihood.frailty:
        gamma = spec.likelihood.frailty_family == "gamma"
        roles.append(("frailty.variance" if gamma else "frailty.sd",))
    if isinstance(spec.likelihood, HazardTimesSpec) and spec.likelihood.baseline_by:
        roles.append(("baseline.departure_sd",))
    if isinstance(spec.likelihood, CompetingSpec) and spec.likelihood.recording:
        roles += [("recording.level",), ("recording.sd",), ("recording.shift",)]
    return roles


def own_roles(likelihood: Any) -> list[str]:
    """List those of the outcome itself."""
    own = {
        "hazard": ["baseline.level", "baseline.step_sd"],
        "competing": ["baseline.route_level", "baseline.step_sd"],
        "ordinal": ["cutpoint.first", "cutpoint.gap"],
        "gaussian": ["intercept", "residual.sd"],
        "beta_binomial": ["intercept", "dispersion"],
        "hurdle_beta_binomial": ["intercept", "dispersion"],
    }
    if isinstance(likelihood, JointSpec):
        each = likelihood.responses.values()
        roles = [role for item in each for role in own_roles(item.likelihood)]
        return [*roles, "child.loading"] if likelihood.child_effect else roles
    roles = own.get(likelihood.family, ["intercept"])
    if getattr(likelihood, "missing", "refused") == "modelled":
        roles = [*roles, "intercept", "recording.slope"]
    return roles


def roles_of(effect: EffectSpec, routes: bool) -> list[tuple[str, ...]]:
    if effect.kind == "fixed":
        return [("fixed",), *([("fixed.route_sd",)] if routes else [])]
    if effect.kind == "walk":
        return [(f"{effect.by}.step_sd", "walk.step_sd"), (f"fixed.{effect.by}", "fixed")]
    if effect.kind == "needs":
        return [("needs.mean",), (f"{effect.name}.sd", "needs.sd")]
    if effect.kind in {"type_need", "settings"}:
        return [("type_need.sd" if effect.kind == "type_need" else "setting",)]
    if effect.kind == "matching":
        return [("matching.mean",), ("matching.sd",)]
    return [(f"{effect.by}.sd", f"{effect.kind}.sd")]


@pytest.mark.parametrize("prior_set", PRIOR_SETS)
@pytest.mark.parametrize(("name", "outcome"), SHIPPED)
def test_every_prior_a_shipped_model_needs_is_in_both_sets(
    name: str, outcome: str | None, prior_set: str
) -> None:
    spec, _ = load_model_spec(name, outcome)
    priors, _ = load_prior_set(prior_set)
    chosen = priors.with_overrides(spec.priors)
    for roles in needed_roles(spec):
        assert chosen.role_of(*roles) in roles


@pytest.mark.parametrize("prior_set", PRIOR_SETS)
def test_a_shipped_prior_set_has_every_role_and_its_reasons(prior_set: str) -> None:
    priors, path = load_prior_set(prior_set)
    assert priors.name == prior_set == path.stem
    assert set(priors.priors) == set(ROLES)
    for role, prior in priors.priors.items():
        assert len(prior.reason.split()) >= 5, role
        assert not re.search(r"todo|tbc|xxx", prior.reason + prior.source, re.IGNORECASE), role


def test_the_sceptic_believes_less_than_the_neutral() -> None:
    neutral, sceptical = (load_prior_set(name)[0] for name in PRIOR_SETS)
    for role in ("fixed", "group.sd", "home_type.sd", "type_need.sd", "matching.mean"):
        assert sceptical.get(role).parameters()["sd"] < neutral.get(role).parameters()["sd"]


def test_the_shipped_models_ask_what_the_issue_asks() -> None:
    assert {"quality", "stability", "exits", "disruptions"} <= set(model_names())
    stability, _ = load_model_spec("stability")
    assert isinstance(stability.likelihood, HazardSpec)
    assert stability.likelihood.frailty == stability.unit == "child"
    assert stability.likelihood.cuts[0] == 7
    assert stability.group_columns == ("home_type", "home", "provider", "authority", "year")
    assert stability.home_type is not None
    assert stability.home_type.zero_sum
    crossed = [e for e in stability.effects if isinstance(e, TypeNeedEffectSpec)]
    assert [e.by for e in crossed] == [stability.home_type.by]
    exits, _ = load_model_spec("exits")
    assert len(exits.routes) == 7
    assert stability.routes == ()
    quality, _ = load_model_spec("quality")
    assert quality.likelihood.family == "ordinal"
    assert quality.unit == "home"
    # the quality model replaces one prior of the set and leaves the others
    priors, _ = load_prior_set(quality.prior_set)
    changed = priors.with_overrides(quality.priors)
    assert changed.get("home.sd", "group.sd").parameters() == {"sd": 1.5}
    assert changed.get("owner.sd", "group.sd").parameters() == {"sd": 0.5}
    assert priors.get("home.sd", "group.sd").parameters() == {"sd": 0.5}


def test_a_spec_is_frozen() -> None:
    spec = model()
    with pytest.raises(ValidationError, match="frozen"):
        spec.unit = "child"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        spec.sampling.draws = 5  # type: ignore[misc]


GROUP_HOME = {"kind": "group", "by": "home"}
HAZARD = {"family": "hazard", "event": "e", "time": "t", "cuts": [7]}
COMPETING = {"family": "competing", "event": "e", "time": "t", "cuts": [7], "routes": ["a", "b"]}
WALK = {"kind": "walk", "by": "year"}
NEEDS = {"kind": "needs"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"likelihood": {**COMPETING, "routes": ["a"]}}, "at least 2 items"),
        ({"likelihood": {**COMPETING, "routes": ["a", "b", "a"]}}, "each route stands once; twice"),
        ({"likelihood": {**COMPETING, "censored": "b"}}, "'b' is a route and cannot mean censored"),
        ({"likelihood": {**COMPETING, "unknown": "a"}}, "'a' is a route and cannot mean censored"),
        ({"likelihood": {**COMPETING, "recording": "la"}}, "recording needs unknown"),
        (
            {"likelihood": {**COMPETING, "unknown": "?", "recording_shift": True}},
            "recording_shift needs recording",
        ),
        (
            {"likelihood": {**COMPETING, "unknown": "censored"}},
            "'censored' cannot mean both censored and unknown",
        ),
        ({"likelihood": {**COMPETING, "unknown": "?", "collapse": True}}, "leave out unknown"),
        ({"likelihood": {**HAZARD, "collapse": True, "frailty": "home"}}, "leave the frailty out"),
        ({"likelihood": {**HAZARD, "collapse": True, "late_entry": "ratio"}}, "leave out collapse"),
        ({"effects": [WALK, {"kind": "group", "by": "year"}]}, "one group effect; twice: year"),
        ({"effects": [{**WALK, "by": "route"}]}, "rename the column route"),
        ({"effects": [{**WALK, "order": 3}]}, "Input should be 1 or 2"),
        ({"effects": [NEEDS, NEEDS]}, "effects of kind needs have a name each"),
        ({"effects": [{**NEEDS, "name": "band"}]}, "give the effect of needs 'band' another name"),
        ({"effects": [{**NEEDS, "name": "home"}, GROUP_HOME]}, "'home' another name"),
        ({"effects": [{"kind": "matching"}, {"kind": "matching"}]}, "one matching effect at most"),
        ({"effects": [{"kind": "type_need"}, {"kind": "type_need"}]}, "one type_need effect at"),
        # a misspelt role of a walk or of needs would leave the prior of the set in force
        ({"effects": [WALK], "priors": {"yaer.step_sd": HALF}}, "allowed: year.step_sd"),
        ({"effects": [WALK], "priors": {"year.sd": HALF}}, "allowed: year.step_sd"),
        ({"effects": [GROUP_HOME], "priors": {"home.step_sd": HALF}}, "allowed: home.sd"),
        ({"effects": [NEEDS], "priors": {"needd.sd": HALF}}, "allowed: need.sd"),
        ({"effects": [NEEDS], "priors": {"needs.sd": NORMAL}}, "'needs.sd' is above zero"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_of_a_history_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        model(**changes)
    assert said in str(caught.value)


def test_priors_of_walks_and_needs_are_allowed() -> None:
    effects = [WALK, NEEDS, {**NEEDS, "name": "history", "columns": "past_"}]
    spec = model(
        effects=effects, priors={"year.step_sd": HALF, "need.sd": HALF, "history.sd": HALF}
    )
    assert set(spec.priors) == {"year.step_sd", "need.sd", "history.sd"}


def test_an_effect_of_two_columns_is_one_group() -> None:
    spec = model(effects=[{"kind": "group", "by": "authority:year"}, WALK])
    assert spec.group_columns == ("authority:year", "year")


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=5))
def test_cuts_are_finite_positive_and_increasing_or_refused(cuts: list[float]) -> None:
    fields = {"family": "hazard", "event": "moved", "time": "days", "cuts": cuts}
    in_order = all(a < b for a, b in zip([0.0, *cuts], [*cuts, float("inf")], strict=True))
    if cuts and in_order:
        assert HazardSpec.model_validate(fields).cuts == tuple(cuts)
    else:
        with pytest.raises(ValidationError):
            HazardSpec.model_validate(fields)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"effects": [GROUP_HOME, GROUP_HOME]}, "one group effect; twice: home"),
        (
            {"effects": [{"kind": "home_type"}, {"kind": "group", "by": "home_type"}]},
            "one group effect; twice: home_type",
        ),
        (
            {"effects": [{"kind": "home_type"}, {"kind": "home_type", "by": "sector"}]},
            "one home_type effect at most",
        ),
        (
            {"effects": [{"kind": "fixed", "formula": x} for x in "ab"]},
            "one fixed effect at most",
        ),
        ({"effects": [{"kind": "group", "by": "band"}]}, "rename the column band"),
        ({"priors": {"slope": NORMAL}}, "unknown prior 'slope'; allowed: intercept, fixed"),
        ({"effects": [GROUP_HOME], "priors": {"hoem.sd": HALF}}, "allowed: home.sd"),
        ({"priors": {"home.sd": HALF}}, "allowed: none: no effect has groups"),
        ({"priors": {"intercept": {**NORMAL, "sd": float("inf")}}}, "finite number"),
        (
            {
                "likelihood": {
                    "family": "hazard", "event": "e", "time": "t", "cuts": [7], "frailty": "child",
                }
            },
            "likelihood.frailty was 'child'; allowed: the unit ('home') or none",
        ),
        (
            {"histories": {"entry": "delayed"}},
            "'histories' says how returns are read, and data is 'table'",
        ),
        (
            {
                "data": "placements",
                "histories": {"entry": "delayed"},
                "likelihood": {"family": "hazard", "event": "e", "time": "t", "cuts": [7]},
            },
            "likelihood.entry was left out with histories.entry: delayed",
        ),
        (
            {"likelihood": {"family": "ordinal", "outcome": "g", "categories": ["a", "b", "a"]}},
            "each category stands once; twice: a",
        ),
        (
            {"likelihood": {"family": "ordinal", "outcome": "g", "categories": ["a", "b"]}},
            "at least 3 items",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        model(**changes)
    assert said in str(caught.value)


def test_late_entry_is_allowed_where_its_days_are_named() -> None:
    hazard = {"family": "hazard", "event": "e", "time": "t", "cuts": [7], "entry": "entry_days"}
    spec = model(data="placements", histories={"entry": "delayed"}, likelihood=hazard)
    assert spec.histories.entry == "delayed"
    # an outcome that is no time has no time to take off
    assert model(data="placements", histories={"entry": "delayed"}).likelihood.family == "gaussian"


def test_a_prior_of_a_group_of_the_model_is_allowed() -> None:
    spec = model(effects=[GROUP_HOME], priors={"home.sd": HALF, "group.sd": HALF})
    assert set(spec.priors) == {"home.sd", "group.sd"}


def test_the_models_of_this_folder_are_those_that_are_found() -> None:
    shipped = Path(__file__).parents[2] / "models"
    assert {p.stem for p in shipped.glob("*.yaml")} <= set(model_names())


def test_overriding_makes_a_new_set() -> None:
    priors = PriorSet.model_validate(
        {"name": "p", "description": "d", "priors": {"intercept": NORMAL}}
    )
    narrow = model(priors={"intercept": {**NORMAL, "sd": 0.1}}).priors
    assert priors.with_overrides(narrow).get("intercept").sd == 0.1
    assert priors.get("intercept").sd == 1
