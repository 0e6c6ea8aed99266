"""How a value is sampled decides speed only: the density of the value itself stays the same."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pymc as pm
import pytensor
import pytest
from pytensor.configdefaults import config
from scipy import stats

from bayescich.model.information import Information
from bayescich.sampling.chain import centre
from bayescich.sampling.compiled import Reported
from tests.model.history import history
from tests.model.toy import Toy

FIXED = {"kind": "fixed", "formula": "age + male"}
NEEDS = ({"kind": "needs"}, {"kind": "matching"})
CORRELATED = {"kind": "group", "by": "authority", "across_routes": "correlated"}


def effects(parametrisation: str) -> tuple[dict[str, Any], ...]:
    asked = {"parametrisation": parametrisation}
    return (
        FIXED,
        *NEEDS,
        {"kind": "home_type", **asked},
        {"kind": "group", "by": "home", "across_routes": "independent", **asked},
    )


MODELS: dict[str, dict[str, Any]] = {
    "hazard": {"frailty": "child"},
    "routes": {"competing": True, "unknown": None, "censored": "not known"},
}


def made(name: str, parametrisation: str = "auto", *, look_at_data: bool = True) -> Toy:
    options = dict(MODELS[name])
    table = None
    if options.get("competing"):
        from tests.model.history import history_table

        table = history_table().replace({"exit": {"censored": "not known"}})
    return history(effects(parametrisation), table=table, look_at_data=look_at_data, **options)


@pytest.fixture(scope="module", params=MODELS)
def known(request: pytest.FixtureRequest) -> Toy:
    return made(request.param)


def compiled(inputs: list[Any], outputs: Any) -> Callable[..., Any]:
    with config.change_flags(cxx=""):
        return pytensor.function(inputs, outputs, mode="FAST_COMPILE", on_unused_input="ignore")


def forwards(model: pm.Model) -> Callable[..., dict[str, np.ndarray]]:
    """Return the point of the sampler's space at which the variables have given values."""
    variables = model.free_RVs
    outputs = []
    for variable in variables:
        transform = model.rvs_to_transforms[variable]
        moved = (
            variable if transform is None else transform.forward(variable, *variable.owner.inputs)
        )
        outputs.append(moved)
    function = compiled(list(variables), outputs)
    names = [model.rvs_to_values[v].name for v in variables]

    def forward(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        found = function(*(values[v.name] for v in variables))
        return dict(zip(names, found, strict=True))

    return forward


def values_of(a_toy: Toy, point: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    draws = a_toy.draws(point)
    return {v.name: draws[v.name][0] for v in a_toy.model.free_RVs}


def test_forward_undoes_backward(known: Toy) -> None:
    for seed in (1, 2):
        point = known.point(seed)
        back = forwards(known.model)(values_of(known, point))
        for name, value in point.items():
            np.testing.assert_allclose(back[name], value, rtol=1e-8, atol=1e-8, err_msg=name)


def test_the_jacobian_is_the_determinant_of_the_map(known: Toy) -> None:
    model, point = known.model, known.point(3)
    for variable in model.free_RVs:
        transform = model.rvs_to_transforms[variable]
        if transform is None:
            continue
        value = model.rvs_to_values[variable]
        stated = [
            model.compile_logp(vars=[variable], jacobian=jacobian, mode="FAST_COMPILE")(point)
            for jacobian in (True, False)
        ]
        sampled = model.replace_rvs_by_values([variable])[0]
        evaluate = compiled(model.value_vars, sampled.ravel())

        def at(flat: np.ndarray, name: str = value.name, run: Any = evaluate) -> np.ndarray:
            moved = {**point, name: flat.reshape(np.shape(point[name]))}
            return run(*(moved[v.name] for v in model.value_vars))

        here = np.ravel(point[value.name])
        step = 1e-5
        columns = [
            (at(here + step * axis) - at(here - step * axis)) / (2 * step)
            for axis in np.eye(len(here))
        ]
        matrix = np.stack(columns, axis=1)
        # K levels that sum to zero are K - 1 coordinates: the volume they span
        _, volume = np.linalg.slogdet(matrix.T @ matrix)
        assert stated[0] - stated[1] == pytest.approx(volume / 2, rel=1e-5, abs=1e-5), value.name


@pytest.mark.parametrize("name", MODELS)
def test_the_density_of_the_values_does_not_depend_on_what_is_known(name: str) -> None:
    models = {
        "partial": made(name),
        "nothing known": made(name, look_at_data=False),
        "centred": made(name, "centred"),
        "noncentred": made(name, "noncentred"),
    }
    assert models["partial"].structure.parametrisations(models["partial"].design)["home"] == (
        "partial"
    )
    if name == "routes":
        # what is reported is what is sampled: levels of several routes that sum to zero
        said = {
            asked: a_toy.structure.parametrisations(a_toy.design)["home_type"]
            for asked, a_toy in models.items()
        }
        assert said["partial"] == "zero-sum, partial"
        assert said["centred"] == said["noncentred"] == "zero-sum, noncentred"
    values = values_of(models["partial"], models["partial"].point(4))
    densities = {}
    for asked, a_toy in models.items():
        own = dict(values)
        names = {v.name for v in a_toy.model.free_RVs}
        zero_sum = names & {"home_type_effect", "home_type_by_route_offset"}
        jacobian = 0.0
        if not zero_sum:
            # sampled as multiples of their SD: K - 1 free levels a route
            effect, sd = whole(values, models["partial"], "home_type"), values["home_type_sd"]
            own["home_type_offset"] = effect / sd if name == "hazard" else (effect / sd).T
            jacobian = float((2 * np.log(sd)).sum())
        point = forwards(a_toy.model)(own)
        with config.change_flags(cxx=""):
            logp = a_toy.model.compile_logp(jacobian=False, mode="FAST_COMPILE")(point)
        densities[asked] = float(logp) - jacobian
    np.testing.assert_allclose(list(densities.values()), densities["partial"], rtol=1e-9)


def whole(values: dict[str, np.ndarray], a_toy: Toy, column: str) -> np.ndarray:
    if f"{column}_effect" in values:
        return values[f"{column}_effect"]
    if f"{column}_by_route_offset" in values:
        return values[f"{column}_by_route_offset"].T
    sd = values[f"{column}_sd"]
    offset = values[f"{column}_offset"]
    return sd * (offset if offset.ndim == 1 else offset.T)


def test_normal_data_leave_a_standard_normal() -> None:
    # estimate û with precision I and prior N(0, sd²): v is standard normal whatever sd is
    rng = np.random.default_rng(5)
    information = Information(rng.normal(0, 1, 6), rng.gamma(2.0, 5.0, 6))
    for sd in (0.05, 0.5, 4.0):
        precision = information.precision + sd**-2
        mean = information.precision * information.estimate / precision
        m, s = told(information, sd)
        np.testing.assert_allclose(m, mean)
        np.testing.assert_allclose(s, precision**-0.5)


def told(information: Information, sd: float) -> tuple[np.ndarray, np.ndarray]:
    from bayescich.model.information import Informed

    with pm.Model() as model:
        scale = pm.HalfNormal("sd")
        pm.Normal(
            "u", Informed.mean(information), scale, shape=6, default_transform=None,
            transform=Informed(),
        )  # fmt: skip
    sampled = model.replace_rvs_by_values([model["u"]])[0]
    evaluate = compiled(model.value_vars, sampled)
    zero, one = (evaluate(np.log(sd), np.full(6, at)) for at in (0.0, 1.0))
    return zero, one - zero


@pytest.mark.parametrize("events", [0.0, 1.0, 400.0])
def test_counts_stand_for_a_normal(events: float) -> None:
    counts, expected = np.array([events, 30.0, 4.0]), np.array([2.0, 20.0, 8.0])
    known = Information.of_counts(counts, expected)
    assert np.isfinite(known.estimate).all()
    assert (known.precision > 0).all()
    if events == 400.0:
        # well known: the normal of the counts themselves
        assert known.estimate[0] == pytest.approx(np.log(200.0), abs=0.02)
        assert known.precision[0] == pytest.approx(400.0, rel=0.02)
    # more events than expected lie above zero, fewer below
    assert np.sign(known.estimate).tolist() == [np.sign(events - 2.0), 1.0, -1.0]


def test_correlated_routes_have_the_marginal_sd_of_each_route() -> None:
    a_toy = history((CORRELATED,), competing=True)
    draws = a_toy.draws(a_toy.point(6))
    sd, correlation = draws["authority_sd"][0], draws["authority_correlation"][0]
    np.testing.assert_allclose(np.diag(correlation), 1.0)
    assert np.linalg.eigvalsh(correlation).min() > 0
    # offsets of one make effects of the covariance that is reported
    values = values_of(a_toy, a_toy.point(6))
    offset = values["authority_offset"]
    root = np.linalg.cholesky(correlation) * sd[:, None]
    np.testing.assert_allclose(draws["authority_effect"][0], offset @ root.T)
    groups = a_toy.structure.groups[0]
    np.testing.assert_allclose(groups.correlation(draws, 3)[0], correlation, atol=1e-6)


def test_new_levels_keep_the_correlation_of_the_routes() -> None:
    a_toy = history((CORRELATED,), competing=True)
    one = a_toy.draws(a_toy.point(7))
    many = {name: np.repeat(one[name], 60_000, axis=0) for name in one.values}
    from bayescich.model import Draws

    fresh = a_toy.structure.with_new_levels(Draws(many), ("authority",), np.random.default_rng(1))[
        "authority_effect"
    ][:, 0]
    sd, correlation = one["authority_sd"][0], one["authority_correlation"][0]
    np.testing.assert_allclose(fresh.std(axis=0), sd, rtol=0.02)
    np.testing.assert_allclose(np.corrcoef(fresh.T), correlation, atol=0.02)


def test_many_routes_share_one_factor() -> None:
    from tests.model.history import history_table

    routes = [f"route {k}" for k in range(7)]
    table = history_table(140)
    table["exit"] = np.array(routes)[np.arange(140) % 7]
    group = {"kind": "group", "by": "home"}
    a_toy = history((group,), competing=True, table=table, routes=routes, unknown=None)
    point = a_toy.point(8)
    draws = a_toy.draws(point)
    common = draws["home_common"][0]
    assert (np.abs(common) < 1).all()
    # given the rest, effects have covariance sd sd' r r' and variance sd²: count it by simulation
    correlation = a_toy.structure.groups[0].correlation(draws, 7)[0]
    np.testing.assert_allclose(
        correlation, np.outer(common, common) + np.diag(1 - common**2), atol=1e-6
    )
    values = values_of(a_toy, point)
    own = values["home_own_offset"]
    shared = draws["home_sd"][0] * values["home_factor_offset"][:, None] * common
    np.testing.assert_allclose(draws["home_effect"][0], shared + own)
    density = a_toy.model.compile_logp(
        vars=[a_toy.model["home_own_offset"]], jacobian=False, mode="FAST_COMPILE"
    )(point)
    spread = draws["home_sd"][0] * np.sqrt(1 - common**2)
    assert density == pytest.approx(stats.norm.logpdf(own, 0, spread).sum())


@pytest.mark.parametrize("competing", [False, True])
def test_effects_too_mixed_to_average_home_by_home_move_all_homes(
    monkeypatch: pytest.MonkeyPatch, competing: bool
) -> None:
    groups = tuple(
        {"kind": "group", "by": column, "across_routes": "independent"}
        for column in ("authority", "home")
    )
    monkeypatch.setattr("bayescich.model.build.MOST_COMPANY", 0)
    model = history(groups, competing=competing).model
    reported, start = Reported.of(model), centre(model)
    sizes = {v.name: int(np.prod(start[v.name].shape)) for v in model.value_vars}
    points = np.random.default_rng(3).normal(0.0, 0.3, (4, sum(sizes.values())))
    homes = reported.dataset(points)["home_effect"].to_numpy()[0]
    # the same coordinates but higher authorities: every home lies lower
    names = list(sizes)
    before = sum(sizes[n] for n in names[: names.index("authority_effect_informed__")])
    points[:, before : before + sizes["authority_effect_informed__"]] += 1.0
    moved = reported.dataset(points)["home_effect"].to_numpy()[0]
    assert homes.shape[:2] == (4, 8)
    assert (moved < homes).all()
